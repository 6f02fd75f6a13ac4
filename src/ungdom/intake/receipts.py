"""The receipt: what came of a message, what changed, which deadlines moved, and what the sender should do."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from pydantic_core import to_json

from ungdom import texts
from ungdom.intake.words import ADVICE, Advice, Outcome, Reason, Told
from ungdom.store.inbox import Arrival
from ungdom.texts.places import field_problem
from ungdom.workflow.case import Case
from ungdom.workflow.deadlines import Deadline, deadlines
from ungdom.workflow.errors import Problem
from ungdom.workflow.events import Corrected, Event
from ungdom.workflow.guards.core import Unmet


def write(language: texts.Language, arrival: Arrival, told: Told, day: date) -> bytes:
    """The receipt as it goes out and is kept. `day`: the Oslo day, by which deadlines are looked at."""
    stored, after = told.stored, told.after
    body: dict[str, Any] = {
        "id": arrival.message_id,
        "decision_id": arrival.decision_id,
        "version": arrival.version,
        "kind": arrival.kind,
        "received_at": arrival.received_at,
        "outcome": told.outcome,
        "outcome_label": texts.label(language, told.outcome),
        "reason": reason(language, told.reason),
        "case": {"id": stored.case_id, "reference": stored.reference} if stored and after else None,
        "state_before": told.before.state if told.before else None,
        "state_after": after.state if after else None,
        "events": [_event(event) for event in told.events],
        "deadlines": list(moved(language, told.before, after, day)) if told.events else [],
        "unmet": [unmet(language, no) for no in told.unmet],
        "remarks": [{"code": one, "message": texts.text(language, "remark", one)} for one in told.remarks],
        "sender_should": advice(language, told.reason),
        "status": f"/v1/decisions/{arrival.message_id}",
    }
    return to_json(body)


def refused(
    language: texts.Language, why: Reason, problems: tuple[Problem, ...] = (), line: int | None = None, **known: Any
) -> bytes:
    """The receipt of a line that is not a message: nothing of it is kept. `known`: what could be read of it."""
    body = {
        "id": None,
        "decision_id": known.get("decision_id"),
        "version": known.get("version"),
        "kind": known.get("kind"),
        "line": line,
        "outcome": Outcome.REJECTED,
        "outcome_label": texts.label(language, Outcome.REJECTED),
        "reason": reason(language, why),
        "errors": [problem(language, one) for one in problems],
        "sender_should": advice(language, why),
    }
    return to_json(body)


def reason(language: texts.Language, why: Reason | None) -> dict[str, str] | None:
    """Why the message was not applied, and what would resolve it."""
    if why is None:
        return None
    says = {part: texts.text(language, "decision_reason", f"{why}.{part}") for part in ("message", "resolve")}
    return {"code": why, **says}


def advice(language: texts.Language, why: Reason | None) -> dict[str, str]:
    """What the sender should do."""
    what = ADVICE[why] if why else Advice.NOTHING
    return {"code": what, "message": texts.text(language, "advice", what)}


def problem(language: texts.Language, one: Problem) -> dict[str, str | list[str]]:
    """One place that is wrong, in the language of the sender."""
    return field_problem(language, one.pointer, one.kind, one.allowed, one.values)


def unmet(language: texts.Language, no: Unmet) -> dict[str, Any]:
    """An unmet condition with its sentence."""
    return {
        "code": no.code,
        "message": texts.refusal(language, no.code, no.current, no.needed, no.earliest),
        "law": no.law,
        "current": no.current,
        "needed": no.needed,
        "who_can_fix": list(no.who_can_fix),
        "earliest": no.earliest,
    }


def moved(language: texts.Language, before: Case | None, after: Case | None, day: date) -> Iterator[dict[str, Any]]:
    """Each deadline that is not as it was: when it was due and is due, and how it stood and stands."""
    was, now = _clocks(before, day), _clocks(after, day)
    for key in [*was, *(key for key in now if key not in was)]:
        old, new = was.get(key), now.get(key)
        if _told(old) != _told(new):
            found = new or old
            yield {
                "code": key[0],
                "label": texts.text(language, "deadline", key[0]),
                "law": found.law if found else "",
                "from": old.due if old else None,
                "to": new.due if new else None,
                "status_before": old.status if old else None,
                "status_after": new.status if new else None,
            }


def _clocks(case: Case | None, day: date) -> dict[tuple[str, int], Deadline]:
    """The clocks of a case by code and, of several with one code, by their order."""
    found: dict[tuple[str, int], Deadline] = {}
    for clock in deadlines(case, day) if case else ():
        n = sum(1 for code, _ in found if code == clock.code)
        found[clock.code, n] = clock
    return found


def _told(clock: Deadline | None) -> tuple[object, ...] | None:
    return (clock.due, clock.status) if clock else None


def _event(event: Event) -> dict[str, Any]:
    said = event.details
    corrects = {"corrects": said.corrects} if isinstance(said, Corrected) else {}
    return {"seq": event.seq, "type": event.type, "occurred_on": event.occurred_on, **corrects}

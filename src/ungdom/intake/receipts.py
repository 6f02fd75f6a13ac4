"""The receipt: the outcome of a message, what changed, which deadlines moved, and what the sender should do."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from pydantic_core import to_json

from ungdom import texts
from ungdom.intake.identity import IdentityPart
from ungdom.intake.models import ADVICE, Advice, Outcome, ProcessingResult, Reason
from ungdom.store.inbox import InboundMessage
from ungdom.texts.places import field_problem
from ungdom.workflow.case import Case
from ungdom.workflow.errors import Problem
from ungdom.workflow.events import Corrected
from ungdom.workflow.guards.core import UnmetCondition
from ungdom.workflow.rules.deadlines import Deadline, deadlines


def write(language: texts.Language, arrival: InboundMessage, result: ProcessingResult, day: date) -> bytes:
    """The receipt as sent and stored, as JSON. `day`: the day in Oslo for the status of deadlines."""
    stored, after = result.stored, result.after
    events = [
        {"seq": event.seq, "type": event.type, "occurred_on": event.occurred_on}
        | ({"corrects": event.details.corrects} if isinstance(event.details, Corrected) else {})
        for event in result.events
    ]
    body: dict[str, Any] = {
        "id": arrival.message_id,
        "decision_id": arrival.decision_id,
        "version": arrival.version,
        "kind": arrival.kind,
        "received_at": arrival.received_at,
        "outcome": result.outcome,
        "outcome_label": texts.label(language, result.outcome),
        "reason": reason(language, result.reason),
        "case": {"id": stored.case_id, "reference": stored.reference} if stored and after else None,
        "state_before": result.before.state if result.before else None,
        "state_after": after.state if after else None,
        "events": events,
        "deadlines": list(moved_deadlines(language, result.before, after, day)) if result.events else [],
        "unmet": [unmet(language, condition) for condition in result.unmet],
        "contradictions": [contradiction(language, part) for part in result.contradictions],
        "remarks": [{"code": remark, "message": texts.text(language, "remark", remark)} for remark in result.remarks],
        "sender_should": advice(language, result.reason),
        "status": f"/v1/decisions/{arrival.message_id}",
    }
    return to_json(body)


def refusal(
    language: texts.Language, why: Reason, problems: tuple[Problem, ...] = (), line: int | None = None, **known: Any
) -> bytes:
    """The receipt of input that is not stored, as JSON. `known`: decision_id, version and kind as far as readable."""
    body = {
        "id": None,
        "decision_id": known.get("decision_id"),
        "version": known.get("version"),
        "kind": known.get("kind"),
        "line": line,
        "outcome": Outcome.REJECTED,
        "outcome_label": texts.label(language, Outcome.REJECTED),
        "reason": reason(language, why),
        "errors": [problem(language, error) for error in problems],
        "sender_should": advice(language, why),
    }
    return to_json(body)


def reason(language: texts.Language, why: Reason | None) -> dict[str, str] | None:
    """Why the message was not applied, and what would resolve it."""
    if why is None:
        return None
    sentences = {part: texts.text(language, "decision_reason", f"{why}.{part}") for part in ("message", "resolve")}
    return {"code": why, **sentences}


def advice(language: texts.Language, why: Reason | None) -> dict[str, str]:
    """What the sender should do."""
    what = ADVICE[why] if why else Advice.NOTHING
    return {"code": what, "message": texts.text(language, "advice", what)}


def problem(language: texts.Language, error: Problem) -> dict[str, str | list[str]]:
    """One invalid place, in the language of the sender."""
    return field_problem(language, error.pointer, error.kind, error.allowed, error.values)


def unmet(language: texts.Language, condition: UnmetCondition) -> dict[str, Any]:
    """An unmet condition with its sentence."""
    return {
        "code": condition.code,
        "message": texts.refusal(language, condition.code, condition.current, condition.needed, condition.earliest),
        "law": condition.law,
        "current": condition.current,
        "needed": condition.needed,
        "who_can_fix": list(condition.who_can_fix),
        "earliest": condition.earliest,
    }


def contradiction(language: texts.Language, part: IdentityPart) -> dict[str, str]:
    """A part of the person that contradicts. Neither value is told."""
    return {"part": part, "message": texts.text(language, "contradiction", part)}


def moved_deadlines(
    language: texts.Language, before: Case | None, after: Case | None, day: date
) -> Iterator[dict[str, Any]]:
    """Each deadline that changed: its due date and its status, before and after."""
    was, now = _deadlines_by_key(before, day), _deadlines_by_key(after, day)
    for key in [*was, *(key for key in now if key not in was)]:
        old, new = was.get(key), now.get(key)
        if _due_and_status(old) != _due_and_status(new):
            deadline = new or old
            yield {
                "code": key[0],
                "label": texts.text(language, "deadline", key[0]),
                "law": deadline.law if deadline else "",
                "from": old.due if old else None,
                "to": new.due if new else None,
                "status_before": old.status if old else None,
                "status_after": new.status if new else None,
            }


def _deadlines_by_key(case: Case | None, day: date) -> dict[tuple[str, int], Deadline]:
    """The deadlines of a case by code and by ordinal among those of the same code."""
    by_key: dict[tuple[str, int], Deadline] = {}
    for clock in deadlines(case, day) if case else ():
        n = sum(1 for code, _ in by_key if code == clock.code)
        by_key[clock.code, n] = clock
    return by_key


def _due_and_status(clock: Deadline | None) -> tuple[object, ...] | None:
    return (clock.due, clock.status) if clock else None

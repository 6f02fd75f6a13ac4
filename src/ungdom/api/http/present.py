"""From domain objects to the schemas that several resources and the problem details share."""

from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel

from ungdom import texts
from ungdom.api.http.schemas import BrokenOut, CaseInTheWay, UnmetOut
from ungdom.cases.youth import YouthImpact
from ungdom.retention.holds import ErasureHold
from ungdom.workflow.answers import IllegalStep
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import UnmetCondition

S = TypeVar("S", bound=BaseModel)


def from_source(schema: type[S], source: object, /, **overrides: Any) -> S:
    """The schema with these overrides; every other field has the value of the same name in the source.

    For schemas that everybody who gets the source may read: a field that depends on the viewer and is forgotten here
    would be copied. Raises `TypeError` for an override that is no field, `AttributeError` for a field without a source.
    """
    if unknown := overrides.keys() - schema.model_fields.keys():
        raise TypeError(f"{schema.__name__} has no field {', '.join(sorted(unknown))}")
    copied = {name: getattr(source, name) for name in schema.model_fields if name not in overrides}
    return schema(**copied, **overrides)


def event_line(event: Event) -> dict[str, Any]:
    """An event in one line: number, type and times."""
    return {
        "seq": event.seq,
        "type": event.type,
        "occurred_on": event.occurred_on,
        "recorded_at": event.recorded_at,
    }


def unmet_out(language: texts.Language, condition: UnmetCondition) -> UnmetOut:
    """An unmet condition, with its sentence."""
    return from_source(
        UnmetOut,
        condition,
        message=texts.refusal(
            language,
            condition.code,
            condition.current,
            condition.needed,
            condition.earliest,
            condition.leads_there,
            condition.because,
        ),
    )


def in_the_way_out(language: texts.Language, impacts: Iterable[YouthImpact]) -> list[CaseInTheWay]:
    """By case, the events that corrected facts about the youth would make illegal."""
    return [
        CaseInTheWay(
            case_id=impact.case_id,
            reference=impact.reference,
            events=[broken_out(language, step) for step in impact.broken],
        )
        for impact in impacts
        if impact.broken
    ]


def holds_out(language: texts.Language, reasons: Iterable[ErasureHold]) -> list[dict[str, str | None]]:
    """Each reason why a person may not be erased yet, in words; `until` is null without an end."""
    return [
        {
            "reason": hold.reason,
            "case_id": str(hold.case_id) if hold.case_id else None,
            "rule": hold.rule,
            "until": str(hold.until) if hold.until else None,
            "message": _hold_message(language, hold),
        }
        for hold in reasons
    ]


def _hold_message(language: texts.Language, hold: ErasureHold) -> str:
    key: str = hold.reason
    if hold.rule is not None:
        key = f"{hold.reason}.until" if hold.until else f"{hold.reason}.no_end"
    rule = texts.render(language, hold.rule) if hold.rule else ""
    return texts.text(language, "erasure_hold", key, rule=rule, until=texts.render(language, hold.until))


def broken_out(language: texts.Language, step: IllegalStep) -> BrokenOut:
    """A step that is not allowed where it stands, with every condition it does not meet."""
    return BrokenOut(seq=step.seq, event=step.event, unmet=[unmet_out(language, condition) for condition in step.unmet])

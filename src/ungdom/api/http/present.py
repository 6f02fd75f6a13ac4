"""From domain objects to the schemas that several resources and the problem details share."""

from typing import Any, TypeVar

from pydantic import BaseModel

from ungdom import texts
from ungdom.api.http.schemas import BrokenOut, UnmetOut
from ungdom.workflow.answers import IllegalStep
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import UnmetCondition

S = TypeVar("S", bound=BaseModel)


def filled(schema: type[S], source: object, /, **given: Any) -> S:
    """The schema with the values that are given, and every other field as the source has it under the same name."""
    return schema(**{name: getattr(source, name) for name in schema.model_fields if name not in given}, **given)


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
    return filled(
        UnmetOut,
        condition,
        message=texts.refusal(language, condition.code, condition.current, condition.needed, condition.earliest),
    )


def broken_out(language: texts.Language, step: IllegalStep) -> BrokenOut:
    """A step that is not allowed where it stands, with every condition it does not meet."""
    return BrokenOut(seq=step.seq, event=step.event, unmet=[unmet_out(language, condition) for condition in step.unmet])

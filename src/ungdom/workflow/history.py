"""A history as it now reads: what corrections replace or annul is put in its place or left out."""

from collections.abc import Sequence
from dataclasses import replace

from ungdom.workflow.events import Corrected, Event, read_details
from ungdom.workflow.vocabulary import EventType


def effective(events: Sequence[Event]) -> list[Event]:
    """The history as it now reads: corrected events replaced in their place, annulled ones and corrections left out."""
    corrections = {e.details.corrects: e for e in events if isinstance(e.details, Corrected)}
    if not corrections:
        return list(events)
    corrected = (
        _corrected(event, corrections.get(event.seq)) for event in events if event.type is not EventType.CORRECTED
    )
    return [event for event in corrected if event is not None]


def _corrected(event: Event, correction: Event | None) -> Event | None:
    if correction is None:
        return event
    details = correction.details
    if not isinstance(details, Corrected) or details.replacement is None:
        return None
    new = details.replacement
    return replace(
        event,
        type=new.type,
        occurred_on=new.occurred_on,
        occurred_at=None,
        details=read_details(new.type, new.details),
        recorded_at=correction.recorded_at,
        corrected_by=correction.seq,
    )

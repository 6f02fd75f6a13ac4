"""A history as it now reads: what corrections replace, annul or insert is put in its place or left out."""

from collections.abc import Sequence
from dataclasses import replace

from ungdom.workflow.events import Corrected, Event, Insertion, Replacement, read_details
from ungdom.workflow.vocabulary import MOVING, EventType


def effective(events: Sequence[Event]) -> list[Event]:
    """The history as it now reads.

    Corrected events are replaced in their place, forgotten ones put in where they happened; annulled ones and
    corrections are left out. An event that was inserted has the number of its correction, and may be corrected by it.
    """
    corrections = {e.details.corrects: e for e in events if isinstance(e.details, Corrected)}
    if not corrections:
        return list(events)
    history = [
        corrected
        for event in events
        if event.type is not EventType.CORRECTED
        and (corrected := _corrected(event, corrections.get(event.seq))) is not None
    ]
    insertions = [e for e in events if isinstance(e.details, Corrected) and e.details.insert is not None]
    if not insertions:
        return history
    for correction in insertions:
        new = _insertion(correction)
        forgotten = replace(_with_facts(correction, new), actor=new.actor)  # under the number of the correction
        inserted = _corrected(forgotten, corrections.get(correction.seq))
        if inserted is not None:
            history.insert(_place_of(history, inserted, new.after_seq), inserted)
    return [replace(event, place=place) for place, event in enumerate(history, start=1)]


def _corrected(event: Event, correction: Event | None) -> Event | None:
    if correction is None:
        return event
    details = correction.details
    if not isinstance(details, Corrected) or details.replacement is None:
        return None
    new = details.replacement
    return replace(_with_facts(event, new), recorded_at=correction.recorded_at, corrected_by=correction.seq)


def _with_facts(event: Event, new: Replacement | Insertion) -> Event:
    """The event with type, day and details of what replaces or inserts it."""
    details = read_details(new.type, new.details)
    return replace(event, type=new.type, occurred_on=new.occurred_on, occurred_at=None, details=details)


def _insertion(correction: Event) -> Insertion:
    details = correction.details
    if not isinstance(details, Corrected) or details.insert is None:
        raise TypeError(f"event {correction.seq} inserts nothing")
    return details.insert


def _place_of(history: Sequence[Event], inserted: Event, after_seq: int | None) -> int:
    """The index at which the event goes in.

    After the event that it names if they share the day. Otherwise after the last move of its day or an earlier day, and
    after the facts up to its day that follow that move: facts may have been recorded late, moves are in order.
    """
    named = next((place for place, event in enumerate(history) if event.seq == after_seq), None)
    if named is not None and history[named].occurred_on == inserted.occurred_on:
        return named + 1
    day = inserted.occurred_on
    moves = (place for place, event in enumerate(history) if event.type in MOVING and event.occurred_on <= day)
    after_move = max(moves, default=0) + 1
    later = (place for place, event in enumerate(history) if place >= after_move and event.occurred_on > day)
    return next(later, len(history))

"""What others are told of an event: that it was recorded, and what the sector's official status message says of it.

A correction changes what has been told. Whatever the official message would now say otherwise is promised anew, under
the number of the correction: a part with other content, a part that the event did not give before, and a part that it
gives no longer. A correction may change what other events say as well: without the breach, the case closed for another
reason. What really has to go out is decided when it is sent (`exchange.composing`): what the partner knows already is
not told twice, and for what never was there is no message.
"""

from collections.abc import Sequence

from ungdom.esas import status
from ungdom.store import outbox
from ungdom.store.journal import StoredCase
from ungdom.store.outbox import OutboxMessage
from ungdom.workflow import engine
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import EventType

_REWRITES_HISTORY = (EventType.CORRECTED, EventType.RULES_MIGRATED)
"""After these the whole history may say something else than it did."""


def messages_for(stored: StoredCase, after: Case, event: Event) -> list[OutboxMessage]:
    """What others are told of this event. `stored`: the case as it was before; `after`: as it is after it."""
    recorded = outbox.event_message(stored.case_id, event)
    if event.type in _REWRITES_HISTORY:
        return [recorded, *_corrected_status_messages(stored, event)]
    if event.type is EventType.REOPENED:
        return [recorded, *_reopening_messages(stored, after, event)]
    status_parts = zip(outbox.STATUS_KINDS, status.official_status(after, event), strict=False)
    return [recorded, *(outbox.event_message(stored.case_id, event, kind) for kind, _ in status_parts)]


def replay_events(youth: Youth, events: Sequence[Event], version: str | None = None) -> list[tuple[Event, Case]]:
    """Each event of the history as it now reads, with the case right after it.

    `version`: of the table; None: the one that these events say the case runs under.
    """
    effective_events = engine.effective(events)
    table = version or engine.version_of(effective_events)
    case = engine.fold(youth, effective_events[:1], table)
    replayed = [(effective_events[0], case)]
    for n, event in enumerate(effective_events[1:], start=2):
        moved = event.type is EventType.RULES_MIGRATED
        case = engine.fold(youth, effective_events[:n], table) if moved else engine.apply(case, event)
        replayed.append((event, case))
    return replayed


def _reopening_messages(stored: StoredCase, after: Case, reopening: Event) -> list[OutboxMessage]:
    """A message for each part that told of the closing. There is none in the contract: it waits for a person.

    One that has not been sent yet never is (`exchange.composing`).
    """
    closing = after.intervals[-2].seq
    parts = [part for seq, part in _status_lines(stored.youth, stored.events) if seq == closing]
    return [
        outbox.corrected_status_message(stored.case_id, reopening, n, closing, part)
        for n, part in enumerate(parts, start=1)
    ]


def _corrected_status_messages(stored: StoredCase, correction: Event) -> list[OutboxMessage]:
    """A message for each part that reads otherwise now. Of one event, what it says now comes before what it said."""
    before = _status_lines(stored.youth, stored.events)
    now = _status_lines(stored.youth, [*stored.events, correction])
    changed = [about for about in {**now, **before} if now.get(about) != before.get(about)]
    ordered = sorted(changed, key=lambda about: about[0])
    return [
        outbox.corrected_status_message(stored.case_id, correction, n, *about)
        for n, about in enumerate(ordered, start=1)
    ]


def _status_lines(youth: Youth, events: Sequence[Event]) -> dict[tuple[int, str], str]:
    """What the official message says, by the number of the event and the part."""
    replayed = replay_events(youth, events)
    lines = ((replayed[place][0].seq, status.status_lines(replayed, place)) for place in range(len(replayed)))
    return {(seq, part): line for seq, parts in lines for part, line in parts.items()}

"""The outbox entries of an event: that it was recorded, and the parts of the sector's official status message.

A correction may change earlier status messages: a part has other content, is new, or is left out. Each changed part
gets an outbox entry under the number of the correction. A correction may change the parts of other events as well:
without the breach, the case was closed for another reason. `exchange.outbound_compose` decides when sending what is
really sent: nothing that the partner has already, and nothing about a part that was never sent.
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
"""After these events the status messages of the whole history may change."""


def messages_for(stored: StoredCase, after: Case, event: Event) -> list[OutboxMessage]:
    """The outbox entries of this event. `stored`: the case before the event; `after`: the case with it."""
    recorded = outbox.event_message(stored.case_id, event)
    if event.type in _REWRITES_HISTORY:
        return [recorded, *_corrected_status_messages(stored, event)]
    if event.type is EventType.REOPENED:
        return [recorded, *_reopening_messages(stored, after, event)]
    status_parts = zip(outbox.STATUS_KINDS, status.official_status(after, event), strict=False)
    return [recorded, *(outbox.event_message(stored.case_id, event, kind) for kind, _ in status_parts)]


def replay_events(youth: Youth, events: Sequence[Event], version: str | None = None) -> list[tuple[Event, Case]]:
    """Each event of the corrected history, with the case right after it.

    `version`: of the table; None: the version that these events name.
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
    """An entry for each status part of the undone closing. The contract has no such message: a person handles it.

    A part that has not been sent yet is never sent (`exchange.outbound_compose`).
    """
    closing = after.intervals[-2].seq
    parts = [part for seq, part in _status_lines(stored.youth, stored.events) if seq == closing]
    return [
        outbox.corrected_status_message(stored.case_id, reopening, n, closing, part)
        for n, part in enumerate(parts, start=1)
    ]


def _corrected_status_messages(stored: StoredCase, correction: Event) -> list[OutboxMessage]:
    """An entry for each changed part. For one event, the parts it has now come before those it had."""
    before = _status_lines(stored.youth, stored.events)
    now = _status_lines(stored.youth, [*stored.events, correction])
    changed = [about for about in {**now, **before} if now.get(about) != before.get(about)]
    ordered = sorted(changed, key=lambda about: about[0])
    return [
        outbox.corrected_status_message(stored.case_id, correction, n, *about)
        for n, about in enumerate(ordered, start=1)
    ]


def _status_lines(youth: Youth, events: Sequence[Event]) -> dict[tuple[int, str], str]:
    """The content of the official message by event number and part."""
    replayed = replay_events(youth, events)
    lines = ((replayed[place][0].seq, status.status_lines(replayed, place)) for place in range(len(replayed)))
    return {(seq, part): line for seq, parts in lines for part, line in parts.items()}

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
from ungdom.store.journal import Stored
from ungdom.store.outbox import Message
from ungdom.workflow import engine
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import EventType

_READ_ANEW = (EventType.CORRECTED, EventType.RULES_MIGRATED)
"""After these the whole history may say something else than it did."""


def promises(stored: Stored, after: Case, event: Event) -> list[Message]:
    """What others are told of this event. `stored`: the case as it was before; `after`: as it is after it."""
    recorded = outbox.tell(stored.case_id, event)
    if event.type in _READ_ANEW:
        return [recorded, *_told_anew(stored, event)]
    if event.type is EventType.REOPENED:
        return [recorded, *_closing_taken_back(stored, after, event)]
    told = zip(outbox.STATUS_KINDS, status.official_status(after, event), strict=False)
    return [recorded, *(outbox.tell(stored.case_id, event, kind) for kind, _ in told)]


def steps(youth: Youth, events: Sequence[Event], version: str | None = None) -> list[tuple[Event, Case]]:
    """Each event of the history as it now reads, with the case right after it.

    `version`: of the table; None: the one that these events say the case runs under.
    """
    kept = engine.effective(events)
    table = version or engine.version_of(kept)
    case = engine.fold(youth, kept[:1], table)
    told = [(kept[0], case)]
    for n, event in enumerate(kept[1:], start=2):
        moved = event.type is EventType.RULES_MIGRATED
        case = engine.fold(youth, kept[:n], table) if moved else engine.apply(case, event)
        told.append((event, case))
    return told


def _closing_taken_back(stored: Stored, after: Case, reopening: Event) -> list[Message]:
    """A message for each part that told of the closing. There is none in the contract: it waits for a person.

    One that has not been sent yet never is (`exchange.composing`).
    """
    closing = after.stints[-2].seq
    parts = [part for seq, part in _said(stored.youth, stored.events) if seq == closing]
    return [outbox.tell_anew(stored.case_id, reopening, n, closing, part) for n, part in enumerate(parts, start=1)]


def _told_anew(stored: Stored, correction: Event) -> list[Message]:
    """A message for each part that reads otherwise now. Of one event, what it says now comes before what it said."""
    before = _said(stored.youth, stored.events)
    now = _said(stored.youth, [*stored.events, correction])
    changed = [about for about in {**now, **before} if now.get(about) != before.get(about)]
    ordered = sorted(changed, key=lambda about: about[0])
    return [outbox.tell_anew(stored.case_id, correction, n, *about) for n, about in enumerate(ordered, start=1)]


def _said(youth: Youth, events: Sequence[Event]) -> dict[tuple[int, str], str]:
    """What the official message says, by the number of the event and the part."""
    told = steps(youth, events)
    lines = ((told[place][0].seq, status.said(told, place)) for place in range(len(told)))
    return {(seq, part): line for seq, parts in lines for part, line in parts.items()}

"""Folded cases in the memory of this process: what the history of a case results in is derived once, not per request.

A kept case is used only if the stored history still begins with the very events that it was folded from: the number and
the link of its last event are those of the row in the database. A link covers the whole history before it (see
`chain_events`), so that no other history has it: not one that was rolled back, of another database, or written by
another process. Kept is what events and the dates of the youth determine, nothing else: who may see the case,
protection, alerts and the record of the person are read with every request.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import UUID

from ungdom.store.chain_events import ChainHead
from ungdom.workflow import engine
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.errors import IllegalHistory
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import EventType

MOST_CASES = 256
"""Cases kept by a process; the one that was used least recently makes way."""
MOST_DERIVED = 200
"""Things derived from one case that are kept with it; then all of them are dropped, and derived anew when needed."""

_REWRITES_HISTORY = frozenset({EventType.CORRECTED, EventType.RULES_MIGRATED})
"""After these events the case is folded anew from its whole history."""


@dataclass(frozen=True, slots=True)
class KeptCase:
    """A case, and the history that it was folded from. `head`: the number and the link of its last event."""

    head: ChainHead
    events: tuple[Event, ...]
    case: Case

    def is_continued_by(self, rows: Sequence[Any]) -> bool:
        """Whether these rows of `event` begin with the last one of this history."""
        return bool(rows) and (rows[0].seq, rows[0].link) == self.head

    def case_after(self, youth: Youth, events: Sequence[Event]) -> Case | None:
        """The case of this youth with these events; None if it has to be folded anew."""
        known = len(self.events)
        if youth != self.case.youth or len(events) < known or events[known - 1] is not self.events[-1]:
            return None
        if len(events) == known:
            return self.case
        if not _REWRITES_HISTORY.isdisjoint([event.type for event in events]):
            return None
        case = self.case
        try:
            for event in events[known:]:
                case = engine.apply(case, event)
        except IllegalHistory:
            return None
        return case


_kept: OrderedDict[UUID, KeptCase] = OrderedDict()
_lock = Lock()


def find(case_id: UUID) -> KeptCase | None:
    """What is kept of this case; it may be out of date."""
    with _lock:
        if case_id not in _kept:
            return None
        _kept.move_to_end(case_id)
        kept_case = _kept[case_id]
    if len(kept_case.case.derived) > MOST_DERIVED:
        kept_case.case.derived.clear()
    return kept_case


def keep(case_id: UUID, head: ChainHead, events: Sequence[Event], case: Case) -> None:
    """Keeps a case that was folded from these events. `head`: the number and the link of the last one.

    May be called before the events are committed: if they never are, no stored history has that link.
    """
    with _lock:
        _kept[case_id] = KeptCase(head, tuple(events), case)
        _kept.move_to_end(case_id)
        while len(_kept) > MOST_CASES:
            _kept.popitem(last=False)


def forget(case_id: UUID) -> None:
    """Drops what is kept of a case that is no longer stored, or whose stored history is another one."""
    with _lock:
        _kept.pop(case_id, None)


def keep_after(case_id: UUID, head: ChainHead, events: Sequence[Event], case: Case) -> None:
    """Keeps the case that an appended event has given. One whose history was rewritten is folded when it is read."""
    if not _REWRITES_HISTORY.isdisjoint([event.type for event in events]):
        forget(case_id)
    else:
        keep(case_id, head, events, case)

"""Events of one case that are recorded one after the other and written together, the current row once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ungdom.cases.outgoing_messages import messages_for
from ungdom.cases.record import write_event
from ungdom.store import journal
from ungdom.store.journal import EventBatch, StoredCase
from ungdom.store.outbox import OutboxMessage
from ungdom.store.schema.cases import NumberKind
from ungdom.store.session import Connection
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event


@dataclass(slots=True)
class PendingEvents:
    """Events that are not written yet. `numbers`: of the police and the court, for a new case.

    `add` is given to `cases.record_loaded` and `cases.open_case` in place of what writes at once.
    """

    numbers: Sequence[tuple[NumberKind, str]] = ()
    _before: list[StoredCase] = field(default_factory=list)
    _events: list[Event] = field(default_factory=list)
    _after: list[Case] = field(default_factory=list)
    _messages: list[OutboxMessage] = field(default_factory=list)

    def add(self, _tx: Connection, stored: StoredCase, event: Event, after: Case) -> None:
        """One more event. `stored`: the case before it, with those that are not written yet."""
        self._before.append(stored)
        self._events.append(event)
        self._after.append(after)
        self._messages += messages_for(stored, after, event)

    def write(self, tx: Connection) -> None:
        """Write them, with projection and outbox entries. Raises the store's `Stale`."""
        if len(self._events) == 1:
            write_event(tx, self._before[0], self._events[0], self._after[0], self.numbers)
        elif self._events:
            first = self._before[0]
            stored = first if first.version else replace(first, events=[])
            batch = EventBatch(stored, self._events, self._after[-1], self._messages, self.numbers)
            journal.append_many(tx, [batch])
        self._before, self._events, self._after, self._messages = [], [], [], []

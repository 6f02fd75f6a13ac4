"""Cases moved to a newer version of the table: looked at first, then each in a transaction of its own.

What is looked at and what is done is the same function (`workflow.migration.preview`); a case of which it says
something else when its turn comes is left alone and named.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from ungdom.casework.promising import promises
from ungdom.clock import Clock
from ungdom.store import bulk, journal, reading
from ungdom.store.errors import Stale
from ungdom.store.journal import Stored
from ungdom.store.session import Connection, Database
from ungdom.workflow import details as d
from ungdom.workflow import engine
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import Step
from ungdom.workflow.migration import Outcome, Verdict, preview, standing
from ungdom.workflow.vocabulary import Actor, EventType, Role

Report = Callable[[int, int], object]
"""Called with how many cases are done, and how many there are."""

BATCH = 200
"""Cases read at once."""
SUBJECT = "migrate-cases"
"""In whose name cases are moved."""


class Done(StrEnum):
    """What came of moving one case: exactly one of these."""

    MOVED = "moved"  # it runs under the newer version, and stands as was foretold
    ALREADY = "already"  # it runs under it since before: by an earlier run, or by another that goes on now
    BLOCKED = "blocked"  # it stays under its old version, and goes on there
    CHANGED = "changed"  # something has happened in it since it was looked at: look again
    OTHERWISE = "otherwise"  # it did not come to stand as was foretold; nothing was written


@dataclass(frozen=True, slots=True)
class Looked:
    """What becomes of one case, and on which version of it that was said. `already`: it has been moved by now.

    `outcome` None: its history cannot be read as it is; `error` then says how it fails.
    """

    case_id: UUID
    reference: str
    version: int
    table: str
    already: bool
    outcome: Outcome | None
    error: str = ""

    @property
    def blocked(self) -> bool:
        """Whether it cannot be moved."""
        return self.outcome is None or self.outcome.verdict is Verdict.BLOCKED


def look(db: Database, to: str, now: datetime, konfliktrad: str | None, report: Report) -> Iterator[Looked]:
    """What becomes of every open case that runs under an older version than `to`, in the order of their ids.

    A case whose last event is that it was moved there counts as it was before: a run that was broken off, and the
    rest of it, say the same of every case.
    """
    with db.reading() as tx:
        ids = reading.open_cases(tx, konfliktrad)
    for number, batch in enumerate(bulk.batches(ids, BATCH)):
        with db.reading() as tx:
            found = list(journal.load_many(tx, batch))
        yield from (one for stored in found if (one := _looked(stored, to, now)) is not None)
        report(min(len(ids), (number + 1) * BATCH), len(ids))


def digest(looked: Iterable[Looked]) -> str:
    """A short word for all that was foretold: another word when anything of it is another."""
    told = sha256()
    for one in looked:
        told.update(f"{one.case_id} {one.version} {one.outcome.text if one.outcome else one.error}\n".encode())
    return told.hexdigest()[:16]


def move(db: Database, one: Looked, to: str, now: Clock) -> Done:
    """Move one case, unless it has been, is blocked, or has changed; what came of it."""
    if one.already:
        return Done.ALREADY
    if one.blocked:
        return Done.BLOCKED
    try:
        with db.writing() as tx:
            return _move(tx, one, to, now())
    except Stale:
        with db.reading() as tx:
            stored = journal.load(tx, one.case_id)
        return Done.ALREADY if stored and _moved_to(stored, to) else Done.CHANGED


def _looked(stored: Stored, to: str, now: datetime) -> Looked | None:
    already = _moved_to(stored, to)
    before = replace(stored, events=stored.events[:-1], version=stored.version - 1) if already else stored
    if before.table >= to:
        return None
    outcome, error = None, ""
    try:
        outcome = preview(before.youth, before.events, to, oslo_date(now))
    except Exception as failed:  # noqa: BLE001  # one case that cannot be read must not keep the others from being told
        error = type(failed).__name__
    return Looked(stored.case_id, stored.reference, before.version, before.table, already, outcome, error)


def _moved_to(stored: Stored, to: str) -> bool:
    last = stored.events[-1].details
    return isinstance(last, d.RulesMigrated) and last.table == to


def _move(tx: Connection, one: Looked, to: str, now: datetime) -> Done:
    stored = journal.load(tx, one.case_id)
    if stored is None or stored.version != one.version:
        return Done.ALREADY if stored and _moved_to(stored, to) else Done.CHANGED
    day = oslo_date(now)
    foretold = preview(stored.youth, stored.events, to, day)
    if one.outcome is None or foretold.text != one.outcome.text:
        return Done.CHANGED
    event = _event(stored.version + 1, to, now)
    there = engine.fold(stored.youth, stored.events, to)
    step = Step(event.type, event.occurred_on, day, event.details, event.role, event.subject)
    after = engine.fold(stored.youth, [*stored.events, event]) if engine.decide(there, step).allowed else None
    if after is None or after.table != to or standing(after, day) != foretold.after:
        return Done.OTHERWISE
    journal.append(tx, stored, event, after, promises(stored, after, event))
    return Done.MOVED


def _event(seq: int, to: str, now: datetime) -> Event:
    return Event(
        seq=seq,
        type=EventType.RULES_MIGRATED,
        occurred_on=oslo_date(now),
        recorded_at=now,
        actor=Actor.SYSTEM,
        role=Role.SYSTEM,
        subject=SUBJECT,
        source=SUBJECT,
        details=d.RulesMigrated(table=to),
    )

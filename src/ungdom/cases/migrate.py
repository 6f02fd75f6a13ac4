"""Migrating cases to a newer version of the table: previewed first, then each in its own transaction.

Preview and migration use the same function (`workflow.migration.preview`). A case whose preview has changed when its
turn comes is left as it is and reported.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from ungdom.cases.record import recording_time, write_event
from ungdom.clock import Clock
from ungdom.store import bulk, case_queries, journal
from ungdom.store.errors import Stale
from ungdom.store.journal import StoredCase
from ungdom.store.session import Connection, Database
from ungdom.workflow import engine
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.errors import IllegalHistory, UnreadableHistory
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import ProposedEvent
from ungdom.workflow.migration import MigrationOutcome, MigrationVerdict, preview, snapshot_of
from ungdom.workflow.vocabulary import Actor, EventType, Role

Report = Callable[[int, int], object]
"""Called with the number of cases done and the number of all cases."""

BATCH = 200
"""Cases per query."""
SUBJECT = "migrate-cases"
"""The subject in whose name cases are migrated."""


class Done(StrEnum):
    """The result of migrating one case."""

    MOVED = "moved"  # it runs under the newer version, in the previewed state
    ALREADY = "already"  # an earlier run, or a concurrent one, has migrated it
    BLOCKED = "blocked"  # it stays under its old version
    CHANGED = "changed"  # it has changed since the preview: preview again
    OTHERWISE = "otherwise"  # the result differs from the preview; nothing was written


@dataclass(frozen=True, slots=True)
class MigrationCandidate:
    """The preview of one case, and the version of the case that it is of. `already_moved`: it has been migrated since.

    `outcome` None: its history cannot be read or folded; `error` then says why.
    """

    case_id: UUID
    reference: str
    version: int
    table: str
    already_moved: bool
    outcome: MigrationOutcome | None
    error: str = ""

    @property
    def blocked(self) -> bool:
        """Whether it cannot be migrated."""
        return self.outcome is None or self.outcome.verdict is MigrationVerdict.BLOCKED


def find_candidates(
    db: Database, to: str, now: datetime, konfliktrad: str | None, report: Report
) -> Iterator[MigrationCandidate]:
    """The preview of every open case under an older version than `to`, ordered by id.

    In each batch those that cannot be read come first.
    A case whose last event is this migration is previewed as it was before it, so that an interrupted run and its
    continuation report the same.
    """
    with db.reading() as tx:
        ids = case_queries.open_cases(tx, konfliktrad)
    for number, batch in enumerate(bulk.batches(ids, BATCH)):
        unreadable: list[UnreadableHistory] = []
        with db.reading() as tx:
            stored_cases = list(journal.load_many(tx, batch, None, unreadable))
        yield from map(_unreadable_candidate, unreadable)
        yield from (candidate for stored in stored_cases if (candidate := _candidate_of(stored, to, now)) is not None)
        report(min(len(ids), (number + 1) * BATCH), len(ids))


def digest(candidates: Iterable[MigrationCandidate]) -> str:
    """A short hash of all previews, to detect that any has changed."""
    hasher = sha256()
    for candidate in candidates:
        outcome = candidate.outcome.text if candidate.outcome else candidate.error
        hasher.update(f"{candidate.case_id} {candidate.version} {outcome}\n".encode())
    return hasher.hexdigest()[:16]


def move(db: Database, candidate: MigrationCandidate, to: str, now: Clock) -> Done:
    """Migrate one case unless it is migrated, blocked or changed; the result."""
    if candidate.already_moved:
        return Done.ALREADY
    if candidate.blocked:
        return Done.BLOCKED
    try:
        with db.writing() as tx:
            return _move(tx, candidate, to, now())
    except Stale:
        with db.reading() as tx:
            stored = journal.load(tx, candidate.case_id)
        return Done.ALREADY if stored and _moved_to(stored, to) else Done.CHANGED


def _unreadable_candidate(error: UnreadableHistory) -> MigrationCandidate:
    return MigrationCandidate(error.case_id, error.reference, 0, "", False, None, str(error))


def _candidate_of(stored: StoredCase, to: str, now: datetime) -> MigrationCandidate | None:
    already_moved = _moved_to(stored, to)
    before = replace(stored, events=stored.events[:-1], version=stored.version - 1) if already_moved else stored
    if before.table >= to:
        return None
    outcome, error = None, ""
    try:
        outcome = preview(before.youth, before.events, to, oslo_date(now))
    except Exception as failed:  # noqa: BLE001  # one case that cannot be read must not hide the others
        error = str(failed) if isinstance(failed, IllegalHistory) else type(failed).__name__
    return MigrationCandidate(
        stored.case_id, stored.reference, before.version, before.table, already_moved, outcome, error
    )


def _moved_to(stored: StoredCase, to: str) -> bool:
    last = stored.events[-1].details
    return isinstance(last, d.RulesMigrated) and last.table == to


def _move(tx: Connection, candidate: MigrationCandidate, to: str, now: datetime) -> Done:
    stored = journal.load(tx, candidate.case_id)
    if stored is None or stored.version != candidate.version:
        return Done.ALREADY if stored and _moved_to(stored, to) else Done.CHANGED
    day = oslo_date(now)
    current_preview = preview(stored.youth, stored.events, to, day)
    if candidate.outcome is None or current_preview.text != candidate.outcome.text:
        return Done.CHANGED
    event = _event(stored.version + 1, to, recording_time(stored, now))
    under_new_table = engine.fold(stored.youth, stored.events, to)
    step = ProposedEvent(event.type, event.occurred_on, day, event.details, event.role, event.subject)
    after = engine.fold(stored.youth, [*stored.events, event]) if engine.decide(under_new_table, step).allowed else None
    if after is None or after.table != to or snapshot_of(after, day) != current_preview.after:
        return Done.OTHERWISE
    write_event(tx, stored, event, after)
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

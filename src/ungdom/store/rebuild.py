"""Rebuilds projections from the events, and finds those that differ (`ungdom db check`)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, delete, func, or_, select

from ungdom.store import bulk, case_queries, journal
from ungdom.store.journal import StoredCase
from ungdom.store.projection import row_of
from ungdom.store.records import record
from ungdom.store.replaying import replayed
from ungdom.store.schema.cases import case_current, case_file
from ungdom.store.schema.figures import case_figures
from ungdom.store.schema.persons import person
from ungdom.store.session import Database
from ungdom.workflow.case import Case
from ungdom.workflow.errors import IllegalHistory, UnreadableHistory

Progress = Callable[[int, int], object]
"""Called with the number of cases done and in total."""

_ADVANCED_SEPARATELY = frozenset({"look_on"})
"""Columns that the nightly sweep advances beyond the fold; after a rebuild the sweep checks the case once more."""

BATCH = 200
"""Cases in one transaction."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A column of a projection that differs from the fold; `history` if the events cannot be folded."""

    case_id: UUID
    column: str
    found: Any
    folded: Any


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """The number of cases that were rebuilt, and the errors of those that cannot be read: their rows are as before."""

    cases: int
    unreadable: tuple[UnreadableHistory, ...]


def rebuild(db: Database, progress: Progress = lambda _done, _all: None) -> RebuildResult:
    """Rebuilds all projections and teams, `BATCH` cases per transaction.

    Rows are locked while they are folded, so that the service can run meanwhile.
    """
    done, unreadable = 0, []
    for batch, total in _batches(db):
        unreadable += _refold_readable(db, batch)
        done += len(batch)
        progress(done, total)
    return RebuildResult(done - len(unreadable), tuple(unreadable))


def backfill(db: Database, progress: Progress = lambda _done, _all: None) -> RebuildResult:
    """Rebuilds the cases with tasks, or with a wait, whose columns of newer versions are empty. Repeatable.

    Every open case has a task, and each task has `dated_on` or `undated_on`, and a kind in `task_kinds`; who waits
    for a party has `waiting_since`.
    """
    c = case_current.c
    has_task = or_(c.closed_on.is_(None), c.act_on.is_not(None))
    without_task_day = and_(has_task, c.dated_on.is_(None), c.undated_on.is_(None))
    without_wait_day = and_(c.closed_on.is_(None), c.waiting_for.is_not(None), c.waiting_since.is_(None))
    without_kinds = and_(c.duties.is_not(None), c.task_kinds.is_(None))
    incomplete = or_(without_task_day, without_wait_day, without_kinds)
    query = select(case_current.c.case_id).where(incomplete).order_by(case_current.c.case_id).limit(BATCH)
    with db.reading() as tx:
        total = tx.scalar(select(func.count()).select_from(case_current).where(incomplete)) or 0
    done, after, unreadable = 0, None, []
    while batch := _ids(db, query if after is None else query.where(case_current.c.case_id > after)):
        unreadable += _refold_readable(db, batch)
        done, after = done + len(batch), batch[-1]
        progress(done, total)
    return RebuildResult(done - len(unreadable), tuple(unreadable))


def _refold_readable(db: Database, case_ids: Sequence[UUID]) -> list[UnreadableHistory]:
    """Rebuilds the projections of these cases; the errors of those that cannot be read."""
    try:
        with db.writing() as tx:
            refold(tx, case_ids)
    except (UnreadableHistory, ValueError) as error:  # ValueError: an unknown type of event
        if len(case_ids) == 1:
            (case_id,) = case_ids
            return [error if isinstance(error, UnreadableHistory) else UnreadableHistory(case_id, str(case_id), 0, "")]
        return [failed for case_id in case_ids for failed in _refold_readable(db, [case_id])]
    return []


def refold(tx: Connection, case_ids: Sequence[UUID]) -> None:
    """Rebuilds the projections of these cases. Raises `UnreadableHistory`, or `ValueError` for an unknown type."""
    current = case_current.c.case_id
    tx.execute(select(current).where(current.in_(case_ids)).order_by(current).with_for_update())
    cases = {stored.case_id: (stored, replayed(stored)) for stored in journal.load_many(tx, case_ids)}
    rows = [_row_of(stored, case) for stored, case in cases.values()]
    bulk.upsert(tx, case_current, rows)
    journal.set_teams(tx, {case_id: case for case_id, (_, case) in cases.items()})


def _row_of(stored: StoredCase, case: Case) -> dict[str, Any]:
    last = stored.events[-1]
    return row_of(stored.identity, case, last) | {"updated_at": stored.changed_at(last)}


def forget_figures(tx: Connection, case_ids: Sequence[UUID]) -> None:
    """Removes the stored figures of these cases: they are computed anew at the next request or night."""
    tx.execute(delete(case_figures).where(case_figures.c.case_id.in_(case_ids)))


def check(db: Database, progress: Progress = lambda _done, _all: None) -> list[Difference]:
    """Every difference between projections and events. Changes nothing."""
    result: list[Difference] = []
    done = 0
    for batch, total in _batches(db):
        with db.reading() as tx:
            result += differences(tx, batch)
        done += len(batch)
        progress(done, total)
    return result


def differences(tx: Connection, case_ids: Sequence[UUID]) -> list[Difference]:
    """The differences of these cases. A case whose events cannot be parsed has a difference in `history`."""
    try:
        return list(_differences(tx, case_ids))
    except (UnreadableHistory, ValueError):
        if len(case_ids) == 1:
            return [Difference(case_ids[0], "history", None, None)]
        return [difference for case_id in case_ids for difference in differences(tx, [case_id])]


def _batches(db: Database) -> Iterator[tuple[list[UUID], int]]:
    with db.reading() as tx:
        total = tx.scalar(select(func.count()).select_from(case_file)) or 0
    query = select(case_file.c.case_id).order_by(case_file.c.case_id).limit(BATCH)
    after: UUID | None = None
    while batch := _ids(db, query if after is None else query.where(case_file.c.case_id > after)):
        yield batch, total
        after = batch[-1]


def _ids(db: Database, query: Any) -> list[UUID]:
    with db.reading() as tx:
        return list(tx.scalars(query))


def _differences(tx: Connection, case_ids: Sequence[UUID]) -> Iterator[Difference]:
    query = select(case_current).where(case_current.c.case_id.in_(case_ids))
    rows = {row["case_id"]: dict(row) for row in tx.execute(query).mappings()}
    teams = case_queries.teams_of(tx, case_ids)
    known = {stored.case_id: stored for stored in journal.load_many(tx, case_ids)}
    yield from _chained_records(tx, case_ids)
    for case_id in case_ids:
        current = {**rows.get(case_id, {}), "team": frozenset(teams.get(case_id, ()))}
        yield from _compare(case_id, current, known.get(case_id))


def _chained_records(tx: Connection, case_ids: Sequence[UUID]) -> Iterator[Difference]:
    """The cases on a record whose canonical record refers to yet another record."""
    main = person.alias("main")
    query = (
        select(case_file.c.case_id, record.c.same_as, main.c.same_as.label("counts"))
        .join(record, record.c.person_id == case_file.c.person_id)
        .join(main, main.c.person_id == record.c.same_as)
        .where(case_file.c.case_id.in_(case_ids), main.c.same_as.is_not(None))
    )
    for row in tx.execute(query.order_by(case_file.c.case_id)):
        yield Difference(row.case_id, "same_as", row.same_as, row.counts)


def _compare(case_id: UUID, current: dict[str, Any], stored: StoredCase | None) -> Iterator[Difference]:
    if stored is None:
        yield Difference(case_id, "history", None, None)
        return
    try:
        case = replayed(stored)
    except IllegalHistory as error:
        yield Difference(case_id, "history", error.event_type, error.state)
        return
    folded = {**_row_of(stored, case), "team": case.team}
    for column, value in folded.items():
        if column not in _ADVANCED_SEPARATELY and current.get(column) != value:
            yield Difference(case_id, column, current.get(column), value)

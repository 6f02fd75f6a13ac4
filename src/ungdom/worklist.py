"""Lists across cases: as they stand now from the current rows, or as they stood once, told from the events."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from ungdom.store import journal, reading
from ungdom.store.current import mark, read_work, row_of
from ungdom.store.journal import Stored
from ungdom.store.reading import Filters
from ungdom.store.tables import case_current, event
from ungdom.workflow import delay, engine
from ungdom.workflow.case import Case
from ungdom.workflow.delay import Delay, Group
from ungdom.workflow.errors import IllegalHistory
from ungdom.workflow.events import Event
from ungdom.workflow.permissions import Fact, Viewer
from ungdom.workflow.tasks import Task, TaskKind, tasks
from ungdom.workflow.vocabulary import Actor, EventType

CHUNK = 200
SCAN_AT_MOST = 2_000
"""Cases told anew for one page of a list of the past; a page may be short and still have a following one."""

EXPLAINED_AT_MOST = 1_000
"""Cases told anew for one answer on delays: about two milliseconds of processor time each."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as asked for. `after`: the key a page ended with, in the words of `store.reading`."""

    filters: Filters
    sort: str
    after: str | None
    limit: int
    valid_at: date | None
    known_at: datetime | None

    @property
    def of_the_past(self) -> bool:
        """Whether the list is told from the events."""
        return self.valid_at is not None or self.known_at is not None


def page(tx: Connection, viewer: Viewer, asked: Asked) -> tuple[Sequence[Any], str | None]:
    """One page of rows, and the key of its end: None when nothing follows. Raises `ValueError` for a key not ours."""
    if asked.of_the_past:
        return _past(tx, viewer, asked)
    after = reading.read_key(asked.sort, asked.after) if asked.after else None
    rows, last = reading.list_cases(tx, viewer, asked.filters, asked.sort, after, asked.limit)
    return rows, str(last) if last else None


def work(tx: Connection, viewer: Viewer, asked: Asked, day: date) -> tuple[list[tuple[Any, list[Task]]], str | None]:
    """One page of cases with something to do, each with its tasks as they stand on that day; and the key of its end.

    The tasks are those kept beside the case; told anew where they have turned by themselves since. Raises `ValueError`
    for a key not ours.
    """
    rows, last = page(tx, viewer, asked)
    kept = {row.case_id: read_work(row.tasks) for row in rows}
    stale = [case_id for case_id, one in kept.items() if one.turns_on and one.turns_on <= day]
    anew = {s.case_id: tasks(engine.fold(s.youth, s.events), day) for s in _again(tx, stale, asked)}
    return [(row, anew.get(row.case_id) or list(kept[row.case_id].tasks)) for row in rows], last


def _again(tx: Connection, case_ids: list[UUID], asked: Asked) -> Iterator[Stored]:
    return journal.load_many(tx, [] if asked.of_the_past else case_ids)


def with_task(tx: Connection, kind: TaskKind, actor: Actor) -> list[UUID]:
    """The cases in which that is to be done in that name, in order of pressing; for jobs, whoever may see them."""
    c = case_current.c
    wanted = (c.act_on.is_not(None), c.duties.contains(mark(kind, actor), autoescape=True))
    return list(tx.scalars(select(c.case_id).where(*wanted).order_by(c.act_on, c.case_id)))


def counts(tx: Connection, viewer: Viewer, day: date) -> dict[str, tuple[int, int]]:
    """In how many cases that the viewer sees each kind of task waits, and in how many of them a clock has passed."""
    c = case_current.c
    late = case((c.next_due_on < day, 1), else_=0)
    query = select(c.duties, func.count(), func.sum(late)).where(c.act_on.is_not(None), reading.visible_to(viewer))
    found: dict[str, tuple[int, int]] = {}
    for duties, cases, overdue in tx.execute(query.group_by(c.duties)):
        for kind in {one.partition(":")[0] for one in duties.split("|") if one}:
            before = found.get(kind, (0, 0))
            found[kind] = (before[0] + cases, before[1] + overdue)
    return found


def holding(
    tx: Connection, viewer: Viewer, asked: Asked, kinds: Collection[EventType]
) -> tuple[list[Stored], str | None]:
    """One page of the cases that have an event of these types, whole as known then; and the key of its end.

    In the order they were opened. Of the past no filter is asked: the current rows know nothing of it.
    """
    column, told = case_current.c.case_id, reading.learnt_by(viewer, Fact.LISTED)
    has = select(event.c.case_id).where(event.c.case_id == column, event.c.type.in_(kinds)).correlate(case_current)
    wanted = [] if asked.of_the_past else reading.conditions(asked.filters, told)
    query = select(column).where(reading.visible_to(viewer), has.exists(), *wanted)
    if asked.after:
        query = query.where(column > UUID(asked.after))
    found = list(tx.scalars(query.order_by(column).limit(asked.limit + 1)))
    last = str(found[asked.limit - 1]) if len(found) > asked.limit else None
    return list(journal.load_many(tx, found[: asked.limit], asked.known_at)), last


def delays(
    tx: Connection, viewer: Viewer, asked: Asked, period: tuple[date, date], day: date
) -> tuple[Group, str | None]:
    """What delayed the cases that started or were received in the period, both days included, as it stands that day.

    At most `asked.limit` cases are told anew; the key of the last one where more may follow, otherwise None.
    """
    found: list[Delay] = []
    for seen, (stored, placed) in enumerate(_told(tx, viewer, asked, *_counted(viewer, asked, period)), start=1):
        cut = _cut(stored, asked.valid_at)
        if cut and _of_the_group(cut[0], placed, asked.filters) and _in_the_period(cut[0], period):
            found.append(delay.of_start(cut[0], day))
        if seen == asked.limit:
            return delay.together(found), str(stored.case_id)
    return delay.together(found), None


def _counted(viewer: Viewer, asked: Asked, period: tuple[date, date]) -> list[ColumnElement[bool]]:
    """Of an office only its own cases: one that is on its way to another counts where it still is."""
    return [reading.counted_for(viewer), *_in_the_rows(asked, period)]


def _in_the_rows(asked: Asked, period: tuple[date, date]) -> list[ColumnElement[bool]]:
    """The same conditions on the current rows, which spares telling the other cases; of the past they know nothing."""
    if asked.of_the_past:
        return []
    c, sanction = case_current.c, asked.filters.sanction
    narrowed = [or_(c.started_on.between(*period), c.received_on.between(*period))]
    return [*narrowed, c.sanction == sanction] if sanction else narrowed


def _of_the_group(case: Case, placed: bool, filters: Filters) -> bool:
    here = filters.konfliktrad is None or (placed and case.konfliktrad == filters.konfliktrad)
    return here and filters.sanction in (None, case.sanction)


def _in_the_period(case: Case, period: tuple[date, date]) -> bool:
    received, start = case.first(EventType.RECEIVED), case.start
    days = [received.occurred_on] if received else []
    return any(period[0] <= day <= period[1] for day in [*days, *([start.on] if start else [])])


def _past(tx: Connection, viewer: Viewer, asked: Asked) -> tuple[Sequence[Any], str | None]:
    found: list[Any] = []
    for seen, (stored, placed) in enumerate(_told(tx, viewer, asked), start=1):
        row = _row(stored, asked, placed)
        if row is not None and _fits(row, asked.filters):
            found.append(row)
        if len(found) == asked.limit or seen == SCAN_AT_MOST:
            return found, str(stored.case_id)
    return found, None


def _told(
    tx: Connection, viewer: Viewer, asked: Asked, *narrowed: ColumnElement[bool]
) -> Iterator[tuple[Stored, bool]]:
    """The cases that the viewer may see now, each with whether a list may tell them where it is."""
    after = UUID(asked.after) if asked.after else None
    while placed := _visible(tx, viewer, asked.filters, after, *narrowed):
        for stored in journal.load_many(tx, placed, asked.known_at):
            yield stored, placed[stored.case_id]
        if len(placed) < CHUNK:
            return
        after = list(placed)[-1]


def _visible(
    tx: Connection, viewer: Viewer, filters: Filters, after: UUID | None, *narrowed: ColumnElement[bool]
) -> dict[UUID, bool]:
    column = case_current.c.case_id
    query = select(column, reading.learnt_by(viewer, Fact.LISTED)).where(reading.visible_to(viewer), *narrowed)
    if filters.q:
        query = query.where(reading.called(filters.q))
    if after is not None:
        query = query.where(column > after)
    return {case_id: bool(placed) for case_id, placed in tx.execute(query.order_by(column).limit(CHUNK))}


def _row(stored: Stored, asked: Asked, placed: bool) -> Any:
    cut = _cut(stored, asked.valid_at)
    hidden: dict[str, Any] = {} if placed else dict.fromkeys(reading.PLACE)
    return cut and SimpleNamespace(**row_of(stored.identity, cut[0], cut[1]) | hidden)


def _cut(stored: Stored, valid_at: date | None) -> tuple[Case, Event] | None:
    kept = [e for e in engine.effective(stored.events) if valid_at is None or e.occurred_on <= valid_at]
    try:
        return engine.fold(stored.youth, kept, stored.table), stored.events[-1]
    except IllegalHistory:
        return None


_SAME = ("state", "phase", "sanction", "konfliktrad", "coordinator", "waiting_for")


def _fits(row: Any, filters: Filters) -> bool:
    same = all(getattr(filters, name) in (None, getattr(row, name)) for name in _SAME)
    late, in_time = filters.overdue_on, filters.not_overdue_on
    same = same and (filters.duty is None or (row.duties is not None and filters.duty in row.duties))
    return same and (late is None or _overdue(row, late)) and (in_time is None or not _overdue(row, in_time))


def _overdue(row: Any, day: date) -> bool:
    return row.closed_on is None and row.next_due_on is not None and row.next_due_on < day

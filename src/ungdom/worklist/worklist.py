"""Lists across cases: current ones from the projection, historical ones replayed from the events."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from ungdom.store import case_queries, journal
from ungdom.store.case_queries import Filters
from ungdom.store.journal import StoredCase
from ungdom.store.projection import duty_pattern, read_work, row_of
from ungdom.store.schema.cases import case_current, event
from ungdom.store.viewer_knowledge import knowledge_of
from ungdom.workflow import engine, redaction
from ungdom.workflow.case import Case
from ungdom.workflow.errors import IllegalHistory
from ungdom.workflow.events import Event
from ungdom.workflow.rules.permissions import NATIONAL, OF_THE_OFFICE, Disclosure, Viewer
from ungdom.workflow.views import delay
from ungdom.workflow.views.delay import Delay, DelaySummary
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.views.tasks import Task, tasks
from ungdom.workflow.vocabulary import Actor, EventType

CHUNK = 200
SCAN_AT_MOST = 2_000
"""Cases replayed per page of a historical list; a page may be short and still have a next page."""

EXPLAINED_AT_MOST = 1_000
"""Cases replayed per response on delays: about two milliseconds of processor time each."""


@dataclass(frozen=True, slots=True)
class WorklistQuery:
    """The parameters of a list. `after`: the key of the previous page, see `case_queries.read_key`."""

    filters: Filters
    sort: str
    after: str | None
    limit: int
    valid_at: date | None
    known_at: datetime | None

    @property
    def is_historical(self) -> bool:
        """Whether the list is replayed from the events."""
        return self.valid_at is not None or self.known_at is not None


def page(tx: Connection, viewer: Viewer, list_query: WorklistQuery) -> tuple[Sequence[Any], str | None]:
    """One page of rows, and the key of its last row: None on the last page. Raises `ValueError` for an invalid key."""
    if list_query.is_historical:
        return _historical_page(tx, viewer, list_query)
    after = case_queries.read_key(list_query.sort, list_query.after) if list_query.after else None
    rows, last = case_queries.list_cases(tx, viewer, list_query.filters, list_query.sort, after, list_query.limit)
    return rows, str(last) if last else None


def work_page(
    tx: Connection, viewer: Viewer, list_query: WorklistQuery, day: date
) -> tuple[list[tuple[Any, list[Task]]], str | None]:
    """One page of cases with tasks on that day, and the key of its last row.

    The tasks are read from the projection, or recomputed if they have changed by the passage of time. Raises
    `ValueError` for an invalid key.
    """
    rows, last = page(tx, viewer, list_query)
    stored_work = {row.case_id: read_work(row.tasks) for row in rows}
    stale = [case_id for case_id, entry in stored_work.items() if entry.turns_on and entry.turns_on <= day]
    reloaded = journal.load_many(tx, [] if list_query.is_historical else stale)
    recomputed = {stored.case_id: tasks(engine.fold(stored.youth, stored.events), day) for stored in reloaded}
    return [(row, recomputed.get(row.case_id) or list(stored_work[row.case_id].tasks)) for row in rows], last


def cases_with_task(tx: Connection, kind: TaskKind, actor: Actor) -> list[UUID]:
    """The cases with a task of this kind and actor, most urgent first. For jobs: without a check of visibility."""
    c = case_current.c
    wanted = (c.act_on.is_not(None), c.duties.contains(duty_pattern(kind, actor), autoescape=True))
    return list(tx.scalars(select(c.case_id).where(*wanted).order_by(c.act_on, c.case_id)))


def task_counts(tx: Connection, viewer: Viewer, day: date) -> dict[str, tuple[int, int]]:
    """Per kind of task the number of visible cases with such a task, and of those that are overdue."""
    c = case_current.c
    late = case((c.next_due_on < day, 1), else_=0)
    query = select(c.duties, func.count(), func.sum(late)).where(c.act_on.is_not(None), case_queries.visible_to(viewer))
    totals: dict[str, tuple[int, int]] = {}
    for duties, cases, overdue in tx.execute(query.group_by(c.duties)):
        for kind in {duty.partition(":")[0] for duty in duties.split("|") if duty}:
            before = totals.get(kind, (0, 0))
            totals[kind] = (before[0] + cases, before[1] + overdue)
    return totals


def cases_with_events(
    tx: Connection, viewer: Viewer, list_query: WorklistQuery, kinds: Collection[EventType]
) -> tuple[list[StoredCase], str | None]:
    """One page of the cases with an event of these types, as known then, and the key of the last case.

    In the order they were opened. Filters apply to current lists only: projections have no history.
    """
    column, place_visible = case_current.c.case_id, case_queries.disclosable_to(viewer, Disclosure.LISTED)
    has = select(event.c.case_id).where(event.c.case_id == column, event.c.type.in_(kinds)).correlate(case_current)
    wanted = [] if list_query.is_historical else case_queries.conditions(list_query.filters, place_visible)
    query = select(column).where(case_queries.visible_to(viewer), has.exists(), *wanted)
    if list_query.after:
        query = query.where(column > UUID(list_query.after))
    case_ids = list(tx.scalars(query.order_by(column).limit(list_query.limit + 1)))
    last = str(case_ids[list_query.limit - 1]) if len(case_ids) > list_query.limit else None
    return list(journal.load_many(tx, case_ids[: list_query.limit], list_query.known_at)), last


def delays(
    tx: Connection, viewer: Viewer, list_query: WorklistQuery, period: tuple[date, date], day: date, today: date
) -> tuple[DelaySummary, str | None]:
    """The causes of delay, as of `day`, of the cases that started or were received in the period (inclusive).

    Of cases whose lead time the viewer may learn today; of each as far as they may learn of it.
    Replays at most `list_query.limit` cases; returns the key of the last one if more may follow, otherwise None.
    """
    case_delays: list[Delay] = []
    conditions = [case_queries.counted_for(viewer), *_row_conditions(list_query, period)]
    for seen, (stored, placed) in enumerate(_replayed_cases(tx, viewer, list_query, *conditions), start=1):
        cut = _case_as_of(stored, list_query.valid_at)
        if cut and _is_in_scope(cut[0], placed, list_query.filters) and _is_in_period(cut[0], period):
            case_delays += _learnt_delay(tx, viewer, stored.case_id, cut[0], (day, today))
        if seen == list_query.limit:
            return delay.summarise(case_delays), str(stored.case_id)
    return delay.summarise(case_delays), None


def _learnt_delay(tx: Connection, viewer: Viewer, case_id: UUID, then: Case, days: tuple[date, date]) -> list[Delay]:
    """The delay of this case as of the first day; none if the viewer may not learn the lead time on the second."""
    if viewer.role in OF_THE_OFFICE | NATIONAL:
        return [delay.start_delay(then, days[0])]
    knowledge = knowledge_of(tx, viewer, [case_id], days[1]).get(case_id)
    if knowledge is None or not redaction.may_learn_deadline(knowledge, delay.HEADLINE):
        return []
    return [delay.start_delay(redaction.as_learnt(knowledge, then), days[0])]


def _row_conditions(list_query: WorklistQuery, period: tuple[date, date]) -> list[ColumnElement[bool]]:
    """The same conditions on projections, so that fewer cases are replayed; none for historical lists."""
    if list_query.is_historical:
        return []
    c, sanction = case_current.c, list_query.filters.sanction
    conditions = [or_(c.started_on.between(*period), c.received_on.between(*period))]
    return [*conditions, c.sanction == sanction] if sanction else conditions


def _is_in_scope(case: Case, placed: bool, filters: Filters) -> bool:
    here = filters.konfliktrad is None or (placed and case.konfliktrad == filters.konfliktrad)
    return here and filters.sanction in (None, case.sanction)


def _is_in_period(case: Case, period: tuple[date, date]) -> bool:
    received, start = case.first(EventType.RECEIVED), case.start
    days = (received.occurred_on if received else None, start.on if start else None)
    return any(day is not None and period[0] <= day <= period[1] for day in days)


def _historical_page(tx: Connection, viewer: Viewer, list_query: WorklistQuery) -> tuple[Sequence[Any], str | None]:
    rows: list[Any] = []
    for seen, (stored, placed) in enumerate(_replayed_cases(tx, viewer, list_query), start=1):
        cut = _case_as_of(stored, list_query.valid_at)
        hidden: dict[str, Any] = {} if placed else dict.fromkeys(case_queries.LOCATION_COLUMNS)
        row = cut and SimpleNamespace(**row_of(stored.identity, *cut) | hidden)
        if row is not None and fits(row, list_query.filters):
            rows.append(row)
        if len(rows) == list_query.limit or seen == SCAN_AT_MOST:
            return rows, str(stored.case_id)
    return rows, None


def _replayed_cases(
    tx: Connection, viewer: Viewer, list_query: WorklistQuery, *conditions: ColumnElement[bool]
) -> Iterator[tuple[StoredCase, bool]]:
    """The cases that the viewer may see now, each with whether its location may be listed."""
    after = UUID(list_query.after) if list_query.after else None
    while placed := _visible_cases(tx, viewer, list_query.filters, after, *conditions):
        for stored in journal.load_many(tx, placed, list_query.known_at):
            yield stored, placed[stored.case_id]
        if len(placed) < CHUNK:
            return
        after = list(placed)[-1]


def _visible_cases(
    tx: Connection, viewer: Viewer, filters: Filters, after: UUID | None, *conditions: ColumnElement[bool]
) -> dict[UUID, bool]:
    column = case_current.c.case_id
    query = select(column, case_queries.disclosable_to(viewer, Disclosure.LISTED)).where(
        case_queries.visible_to(viewer), *conditions
    )
    if filters.q:
        query = query.where(case_queries.matches_search(filters.q))
    if after is not None:
        query = query.where(column > after)
    return {case_id: bool(placed) for case_id, placed in tx.execute(query.order_by(column).limit(CHUNK))}


def _case_as_of(stored: StoredCase, valid_at: date | None) -> tuple[Case, Event] | None:
    events = [e for e in engine.effective(stored.events) if valid_at is None or e.occurred_on <= valid_at]
    try:
        return engine.fold(stored.youth, events, stored.table), stored.events[-1]
    except IllegalHistory:
        return None


_SAME = ("state", "phase", "sanction", "konfliktrad", "coordinator", "waiting_for")


def fits(row: Any, filters: Filters) -> bool:
    """Whether the row is one that the filters ask for."""
    same = all(getattr(filters, name) in (None, getattr(row, name)) for name in _SAME)
    late, in_time = filters.overdue_on, filters.not_overdue_on
    same = same and (filters.duty is None or (row.duties is not None and filters.duty in row.duties))
    return same and (late is None or _overdue(row, late)) and (in_time is None or not _overdue(row, in_time))


def _overdue(row: Any, day: date) -> bool:
    return row.closed_on is None and row.next_due_on is not None and row.next_due_on < day

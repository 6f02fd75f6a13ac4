"""Lists across cases: current ones from the projection, historical ones replayed from the events."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select
from sqlalchemy.sql.functions import aggregate_strings

from ungdom.store import case_lists, case_queries, journal
from ungdom.store.case_lists import BACK, ON, Segment
from ungdom.store.case_queries import Filters
from ungdom.store.duties import NOBODY, TaskFilter, kinds_of, kinds_of_all
from ungdom.store.journal import StoredCase
from ungdom.store.projection import read_work, row_of
from ungdom.store.replaying import readable_cases
from ungdom.store.schema.cases import case_current, event
from ungdom.store.viewer_knowledge import knowledge_of
from ungdom.workflow import engine, redaction
from ungdom.workflow.case import Case
from ungdom.workflow.errors import IllegalHistory
from ungdom.workflow.events import Event
from ungdom.workflow.rules.deadlines import HEADLINE
from ungdom.workflow.rules.permissions import NATIONAL, OF_THE_OFFICE, Disclosure, Viewer
from ungdom.workflow.views import delay
from ungdom.workflow.views.delay import Delay, DelaySummary
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.views.tasks import Task, by_urgency, tasks
from ungdom.workflow.vocabulary import Actor, EventType

CHUNK = 200
SCAN_AT_MOST = 2_000
"""Cases replayed per page of a historical list; a page may be short and still have a next page."""

EXPLAINED_AT_MOST = 1_000
"""Cases replayed per response on delays: about two milliseconds of processor time each."""


PRESSING, DUE = "pressing", "due"
"""Orders of the worklist: the most pressing first, and by the due day of the selected tasks."""


@dataclass(frozen=True, slots=True)
class WorklistQuery:
    """The parameters of a list. `after`: where the page begins, as the page before or after it named it.

    `count`: also count the whole list, unless it is historical.
    """

    filters: Filters
    sort: str
    after: str | None
    limit: int
    valid_at: date | None
    known_at: datetime | None
    count: bool = False

    @property
    def is_historical(self) -> bool:
        """Whether the list is replayed from the events."""
        return self.valid_at is not None or self.known_at is not None


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page. `previous`, `following`: where the neighbouring pages begin; None where there is none.

    `total`: the number of rows of the whole list; None if it was not counted.
    """

    rows: Sequence[Any]
    previous: str | None
    following: str | None
    total: int | None = None


def page(tx: Connection, viewer: Viewer, list_query: WorklistQuery, day: date) -> ListPage:
    """One page of rows. `day`: of the order `PRESSING`. Raises `ValueError` for an invalid place or sort."""
    if list_query.is_historical:
        return _historical_page(tx, viewer, list_query)
    filters, place = list_query.filters, list_query.after
    if list_query.sort == PRESSING and place:  # the pages of one list keep its day, also after midnight
        written, _, place = place.partition(" ")
        day = date.fromisoformat(written)
    order = _order(list_query, day)
    position = case_lists.read_position(order, place) if place else None
    cases = case_lists.page(tx, viewer, filters, order, position, list_query.limit, list_query.count)
    start = f"{day} " if list_query.sort == PRESSING else ""
    previous, following = (f"{start}{end}" if end else None for end in (cases.previous, cases.following))
    return ListPage(cases.rows, previous, following, cases.total)


def _order(list_query: WorklistQuery, day: date) -> Sequence[Segment]:
    if list_query.sort == PRESSING:
        return case_lists.most_pressing_first(day)
    if list_query.sort.removeprefix("-") == DUE:
        return case_lists.first_due_first(list_query.filters.task, list_query.sort.startswith("-"))
    return case_lists.sorted_by(list_query.sort)


def task_filter(viewer: Viewer, task: TaskFilter) -> TaskFilter:
    """The filter, for roles that learn of the tasks of some actors only narrowed to these."""
    actors = redaction.actors_of_visible_tasks(viewer.role)
    if actors is None:
        return task
    own = sorted({str(actor) for actor in actors} & set(task.who or actors))
    return replace(task, who=tuple(own) or (NOBODY,))


@dataclass(frozen=True, slots=True)
class Work:
    """A case of the worklist: its row, its tasks that the viewer learns of, and which of them the filter selects."""

    row: Any
    tasks: list[Task]
    selected: tuple[Task, ...]


def work_page(tx: Connection, viewer: Viewer, list_query: WorklistQuery, day: date) -> tuple[list[Work], ListPage]:
    """One page of cases with tasks on that day, and the page as it was read.

    The tasks are read from the projection, or recomputed if they have changed by the passage of time. A case in which
    nothing is left that the filter selects and the viewer learns of is left out, so that a page may be short. Raises
    `ValueError` for an invalid place.
    """
    listed = page(tx, viewer, list_query, day)
    selects = list_query.filters.task or TaskFilter()
    work = []
    for row, case_tasks in _tasks_of(tx, listed.rows, list_query, day):
        visible = by_urgency(redaction.visible_tasks(case_tasks, viewer, row.transfer_to), day)
        selected = tuple(task for task in visible if selects.matches(task))
        if selected:
            work.append(Work(row, visible, selected))
    return work, listed


def _tasks_of(
    tx: Connection, rows: Sequence[Any], list_query: WorklistQuery, day: date
) -> Iterator[tuple[Any, Sequence[Task]]]:
    stored_work = {row.case_id: read_work(row.tasks) for row in rows}
    stale = [case_id for case_id, entry in stored_work.items() if entry.turns_on and entry.turns_on <= day]
    reloaded = readable_cases(tx, [] if list_query.is_historical else stale)
    recomputed = {stored.case_id: tasks(case, day) for stored, case in reloaded}
    for row in rows:
        yield row, recomputed.get(row.case_id, stored_work[row.case_id].tasks)


def cases_with_task(tx: Connection, kind: TaskKind, actor: Actor) -> list[UUID]:
    """The cases with a task of this kind and actor, most urgent first. For jobs: without a check of visibility."""
    c = case_current.c
    has_task = TaskFilter(kind=kind, who=(actor,)).condition(c.duties)
    return list(tx.scalars(select(c.case_id).where(has_task).order_by(c.act_on, c.case_id)))


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """How many cases have a task. `kinds`: per kind, all of them and those in which it is overdue; `cases`: of any."""

    kinds: dict[str, tuple[int, int]]
    cases: int

    def total(self, kind: str, overdue: bool | None) -> int | None:
        """The length of the list of this kind, of any if empty; None where the counts do not say it."""
        if not kind:
            return self.cases if overdue is None else None
        cases, late = self.kinds.get(kind, (0, 0))
        return {None: cases, True: late, False: cases - late}[overdue]


def task_counts(tx: Connection, viewer: Viewer, day: date, filters: Filters) -> TaskCounts:
    """Of the visible cases that meet the filters, and of the tasks that the viewer learns of; overdue on that day."""
    c, place_visible = case_current.c, case_queries.disclosable_to(viewer, Disclosure.LISTED)
    wanted = case_queries.conditions(filters, place_visible)
    where = (case_queries.visible_to(viewer), *wanted)
    who = task_filter(viewer, TaskFilter()).who
    if who:
        written_duties = tx.scalars(select(c.duties).where(c.duties.is_not(None), *where))
        each = [tuple(kinds_of(duties, who)) for duties in written_duties]
        cases, counts = sum(map(bool, each)), Counter(pair for kinds in each for pair in kinds)
    else:
        together = select(func.count(), aggregate_strings(c.task_kinds, ""))
        cases, written_kinds = tx.execute(together.where(c.task_kinds.is_not(None), *where)).one()
        counts = kinds_of_all(written_kinds or "")
    kinds: dict[str, tuple[int, int]] = {}
    for (kind, due), count in counts.items():
        before, overdue = kinds.get(kind, (0, 0))
        kinds[kind] = (before + count, overdue + (count if due < day.isoformat() else 0))
    return TaskCounts(kinds, cases)


def cases_with_events(
    tx: Connection, viewer: Viewer, list_query: WorklistQuery, kinds: Collection[EventType]
) -> ListPage:
    """One page of the stored cases with an event of these types, as known then.

    In the order they were opened. Filters apply to current lists only: projections have no history.
    """
    column, place_visible = case_current.c.case_id, case_queries.disclosable_to(viewer, Disclosure.LISTED)
    has = select(event.c.case_id).where(event.c.case_id == column, event.c.type.in_(kinds)).correlate(case_current)
    wanted = [] if list_query.is_historical else case_queries.conditions(list_query.filters, place_visible)
    query = select(column).where(case_queries.visible_to(viewer), has.exists(), *wanted)
    back, beyond = _place_of(list_query)
    if beyond is not None:
        query = query.where(column < beyond if back else column > beyond)
    ordered = query.order_by(column.desc() if back else column)
    cases = journal.load_selected(tx, ordered.limit(list_query.limit + 1), list_query.known_at)
    more = len(cases) > list_query.limit
    cases = cases[1:] if more and back else cases[: list_query.limit]
    case_ids = [row.case_id for row, _ in cases]
    previous, following = _neighbours(case_ids, more if back else beyond is not None, back or more)
    return ListPage([stored for _, stored in cases if stored is not None], previous, following)


def _place_of(list_query: WorklistQuery) -> tuple[bool, UUID | None]:
    """Whether the page goes back, and the case before or after which it lies, in a list by case id."""
    place = list_query.after or ""
    return place.startswith(BACK), UUID(place[1:]) if place else None


def _neighbours(case_ids: Sequence[UUID], earlier: bool, further: bool) -> tuple[str | None, str | None]:
    """Where the pages before and after these cases begin. `earlier`, `further`: whether there is one."""
    previous = f"{BACK}{case_ids[0]}" if case_ids and earlier else None
    return previous, f"{ON}{case_ids[-1]}" if case_ids and further else None


def delays(
    tx: Connection, viewer: Viewer, list_query: WorklistQuery, period: tuple[date, date], day: date, today: date
) -> tuple[DelaySummary, str | None]:
    """The causes of delay, as of `day`, of the cases that started or were received in the period (inclusive).

    Of cases whose lead time the viewer may learn today; of each as far as they may learn of it.
    Replays at most `list_query.limit` cases; returns the key of the last one if more may follow, otherwise None.
    """
    case_delays: list[Delay] = []
    conditions = [case_queries.counted_for(viewer), *_row_conditions(list_query, period)]
    beyond = UUID(list_query.after) if list_query.after else None
    for seen, (stored, placed) in enumerate(
        _replayed_cases(tx, viewer, list_query, beyond, False, *conditions), start=1
    ):
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
    if knowledge is None or not redaction.may_learn_deadline(knowledge, HEADLINE):
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


def _historical_page(tx: Connection, viewer: Viewer, list_query: WorklistQuery) -> ListPage:
    """In the order in which the cases were opened. The neighbouring pages are named by the first and last case seen."""
    back, beyond = _place_of(list_query)
    rows: list[Any] = []
    seen: list[UUID] = []
    for stored, placed in _replayed_cases(tx, viewer, list_query, beyond, back):
        seen.append(stored.case_id)
        cut = _case_as_of(stored, list_query.valid_at)
        hidden: dict[str, Any] = {} if placed else dict.fromkeys(case_queries.LOCATION_COLUMNS)
        row = cut and SimpleNamespace(**row_of(stored.identity, *cut) | hidden)
        if row is not None and fits(row, list_query.filters):
            rows.append(row)
        if len(rows) == list_query.limit or len(seen) == SCAN_AT_MOST:
            break
    whole = len(rows) < list_query.limit and len(seen) < SCAN_AT_MOST
    if back:
        rows.reverse()
        seen.reverse()
    previous, following = _neighbours(seen, not whole if back else beyond is not None, back or not whole)
    return ListPage(rows, previous, following)


def _replayed_cases(
    tx: Connection,
    viewer: Viewer,
    list_query: WorklistQuery,
    beyond: UUID | None,
    back: bool,
    *conditions: ColumnElement[bool],
) -> Iterator[tuple[StoredCase, bool]]:
    """The cases that the viewer may see now, each with whether its location may be listed. `back`: the last first."""
    while True:
        selection = _visible_cases(viewer, list_query.filters, beyond, back, *conditions)
        cases = journal.load_selected(tx, selection, list_query.known_at)
        for row, stored in reversed(cases) if back else cases:
            if stored is not None:
                yield stored, bool(row.placed)
        if len(cases) < CHUNK:
            return
        beyond = cases[0 if back else -1][0].case_id


def _visible_cases(
    viewer: Viewer, filters: Filters, beyond: UUID | None, back: bool, *conditions: ColumnElement[bool]
) -> Select[Any]:
    column, placed = case_current.c.case_id, case_queries.disclosable_to(viewer, Disclosure.LISTED).label("placed")
    query = select(column, placed).where(case_queries.visible_to(viewer), *conditions)
    if filters.q:
        query = query.where(case_queries.matches_search(filters.q))
    if beyond is not None:
        query = query.where(column < beyond if back else column > beyond)
    return query.order_by(column.desc() if back else column).limit(CHUNK)


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
    same = same and (filters.task is None or filters.task.fits(row.duties))
    return same and (late is None or _overdue(row, late)) and (in_time is None or not _overdue(row, in_time))


def _overdue(row: Any, day: date) -> bool:
    return row.closed_on is None and row.next_due_on is not None and row.next_due_on < day

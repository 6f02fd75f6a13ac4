"""Which cases will be late, by week: those whose first due task falls in it and is not settled by then."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from ungdom.store.case_queries import Filters, conditions, disclosable_to, visible_to
from ungdom.store.duties import NO_DAY, TaskFilter
from ungdom.store.schema.cases import case_current
from ungdom.workflow.rules.permissions import Disclosure, Viewer
from ungdom.worklist.worklist import DUE, ListPage, Work, WorklistQuery, task_filter, work_page

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class LateWeek:
    """One ISO week, from Monday to Sunday, and the number of cases whose first due day falls in it."""

    since: date
    until: date
    cases: int

    @property
    def name(self) -> str:
        """The week in ISO 8601: `2026-W05`."""
        return week_name(self.since)


@dataclass(frozen=True, slots=True)
class LateForecast:
    """The weeks, beginning with that of the day; and the number of cases beside them.

    `late`: the first due day is past already; `later`: it falls after the last week; `undated`: no task has a due day.
    """

    weeks: tuple[LateWeek, ...]
    late: int
    later: int
    undated: int


def week_name(day: date) -> str:
    """The ISO 8601 week of a day."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def late_by_week(tx: Connection, viewer: Viewer, filters: Filters, day: date, weeks: int) -> LateForecast:
    """The number of cases by the week in which they will be late if nothing more is done in them."""
    task = task_filter(viewer, filters.task or TaskFilter())
    due = task.earliest_due(case_current.c.duties).label("due")
    listable = disclosable_to(viewer, Disclosure.LISTED)
    where = (visible_to(viewer), *conditions(replace(filters, task=task), listable))
    counts = Counter(
        {row.due: row.cases for row in tx.execute(select(due, func.count().label("cases")).where(*where).group_by(due))}
    )
    undated = counts.pop(NO_DAY, 0)
    days = Counter({date.fromisoformat(text): cases for text, cases in counts.items()})
    monday = day - timedelta(days=day.weekday())
    starts = [monday + n * WEEK for n in range(weeks)]
    end = monday + weeks * WEEK
    return LateForecast(
        weeks=tuple(
            LateWeek(start, start + WEEK - timedelta(days=1), _between(days, max(start, day), start + WEEK))
            for start in starts
        ),
        late=_between(days, date.min, day),
        later=_between(days, end, date.max),
        undated=undated,
    )


def cases_to_be_late(
    tx: Connection, viewer: Viewer, list_query: WorklistQuery, day: date, weeks: int
) -> tuple[Sequence[Work], ListPage]:
    """One page of the cases of these weeks, by their first due day."""
    end = day - timedelta(days=day.weekday()) + weeks * WEEK
    task = task_filter(viewer, list_query.filters.task or TaskFilter())
    inside = replace(task, not_due_before=day, due_before=end)
    return work_page(tx, viewer, replace(list_query, filters=replace(list_query.filters, task=inside), sort=DUE), day)


def _between(days: Counter[date], since: date, before: date) -> int:
    return sum(cases for day, cases in days.items() if since <= day < before)

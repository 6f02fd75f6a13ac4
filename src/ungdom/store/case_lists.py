"""Pages of lists of cases, forwards and backwards, in one statement whatever their order.

An order consists of segments, one after the other: rows that meet a condition, sorted by one value and then by case id.
Most orders have one segment. Each segment is read from its own index, and only as many rows of it as the page has.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, or_, select, true, union_all

from ungdom.store.case_queries import (
    LOCATION_COLUMNS,
    C,
    CaseCurrentRow,
    Filters,
    conditions,
    disclosable_to,
    visible_to,
)
from ungdom.store.duties import TaskFilter
from ungdom.store.schema.cases import case_current
from ungdom.workflow.rules.permissions import Disclosure, Viewer

SORTS = (
    "registered_on",
    "received_on",
    "next_due_on",
    "adjusted_end",
    "closed_on",
    "turns_18_on",
    "reference",
    "updated_at",
)
"""Columns by which a list can be sorted; a leading `-` sorts descending. Rows without a value come last in both."""

BACK, ON = "<", ">"
"""The first character of the text of a position: the page before it, or the page after it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of an order: the rows that meet the condition, by this value and then by case id, those without it last.

    `read`: converts the text of a value, as a position holds it.
    """

    condition: ColumnElement[bool]
    value: ColumnElement[Any]
    read: Callable[[str], Any]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """The place of a row in a list, from which a page goes on or, with `back`, ends.

    `segment`: the number of the segment. `value`: of the row; None without one.
    """

    segment: int
    value: date | datetime | str | None
    case_id: UUID
    back: bool = False

    def __str__(self) -> str:
        value = self.value.isoformat() if isinstance(self.value, date) else self.value
        ending = "" if value is None else f" {value}"
        return f"{BACK if self.back else ON}{self.segment} {self.case_id}{ending}"


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of a list of cases. `previous`, `following`: where the neighbouring pages are; None where there is none.

    `total`: the number of cases in the whole list; None if it was not counted.
    """

    rows: list[CaseCurrentRow]
    previous: Position | None
    following: Position | None
    total: int | None = None


def sorted_by(sort: str) -> tuple[Segment, ...]:
    """The order of this sort key. Raises `ValueError` for one that is not in `SORTS`."""
    name = sort.removeprefix("-")
    if name not in SORTS:
        raise ValueError(f"cannot sort by {sort}")
    kind = C[name].type.python_type
    read = kind.fromisoformat if issubclass(kind, date) else str
    return (Segment(true(), C[name], read, sort.startswith("-")),)


@lru_cache(maxsize=16)
def most_pressing_first(day: date) -> tuple[Segment, ...]:
    """The order of the worklist on that day: what is due or soon, then what has no due day, then what is due later.

    Due days are moved earlier for urgent tasks, see `task_rules.TaskRule`. A task without a due day therefore never
    stands above one that is late, however long ago it was needed.
    """
    later = or_(C.dated_on.is_(None), C.dated_on > day)
    return (
        Segment(C.dated_on <= day, C.dated_on, date.fromisoformat),
        Segment(and_(later, C.undated_on.is_not(None)), C.undated_on, date.fromisoformat),
        Segment(and_(C.dated_on > day, C.undated_on.is_(None)), C.dated_on, date.fromisoformat),
    )


def first_due_first(task: TaskFilter | None, descending: bool = False) -> tuple[Segment, ...]:
    """The order by the earliest due day of the tasks that the filter selects; of all tasks without a filter."""
    return (Segment(C.duties.is_not(None), (task or TaskFilter()).earliest_due(C.duties), str, descending),)


def read_position(order: Sequence[Segment], text: str) -> Position:
    """The position that was written as text in this order. Raises `ValueError`."""
    number, case_id, *value = text[1:].split(" ", 2)
    segment = int(number)
    if text[0] not in (BACK, ON) or not 0 <= segment < len(order):
        raise ValueError(f"no position: {text}")
    return Position(segment, order[segment].read(value[0]) if value else None, UUID(case_id), back=text[0] == BACK)


EVERY_CASE = Filters()
BY_REGISTRATION = sorted_by("registered_on")


def page(
    tx: Connection,
    viewer: Viewer,
    filters: Filters = EVERY_CASE,
    order: Sequence[Segment] = BY_REGISTRATION,
    position: Position | None = None,
    limit: int = 50,
    count: bool = False,
) -> CasePage:
    """One page of the cases the viewer may see. `count`: also count the whole list, in the same statement."""
    statement = page_statement(viewer, filters, tuple(order), position, limit, count)
    rows = [dict(row) for row in tx.execute(statement).mappings()]
    beyond, rows = len(rows) > limit, rows[:limit]
    back = position is not None and position.back
    if back:
        rows.reverse()
    total = rows[0]["total"] if rows and count else None
    if count and total is None:
        total = tx.scalar(_count(viewer, filters, order))
    ends = [Position(row["segment"], row["sort_value"], row["case_id"]) for row in (rows[:1] + rows[-1:])]
    earlier, further = (beyond, True) if back else (position is not None, beyond)
    return CasePage(
        rows=[_case_list_item(**{name: row[name] for name in (*case_current.c.keys(), "placed")}) for row in rows],
        previous=Position(ends[0].segment, ends[0].value, ends[0].case_id, back=True) if ends and earlier else None,
        following=ends[1] if ends and further else None,
        total=total,
    )


@lru_cache(maxsize=64)
def page_statement(
    viewer: Viewer,
    filters: Filters,
    order: Sequence[Segment],
    position: Position | None,
    limit: int,
    count: bool = False,
) -> Select[Any]:
    """The statement of a page; one row more than `limit` if the list goes on. Backwards in reverse order.

    Kept for the lists that are read again and again: to build one takes longer than to execute it.
    """
    back = position is not None and position.back
    numbers = [
        n for n in range(len(order)) if position is None or (n <= position.segment if back else n >= position.segment)
    ]
    parts = [_part(viewer, filters, order, number, position).limit(limit + 1).subquery() for number in numbers]
    rows = union_all(*(select(part) for part in parts)).subquery() if len(parts) > 1 else parts[0]
    more = [_count(viewer, filters, order).scalar_subquery().label("total")] if count else []
    statement = select(rows, *more)
    segment = rows.c.segment.desc() if back else rows.c.segment
    return statement.order_by(segment, *_ordering(rows.c, order[0].descending, back)).limit(limit + 1)


def _part(
    viewer: Viewer, filters: Filters, order: Sequence[Segment], number: int, position: Position | None
) -> Select[Any]:
    """The rows of one segment, in its order, from the position on."""
    segment = order[number]
    listable = disclosable_to(viewer, Disclosure.LISTED)
    columns = (listable.label("placed"), literal(number).label("segment"), segment.value.label("sort_value"))
    where = [visible_to(viewer), segment.condition, *conditions(filters, listable)]
    back = position is not None and position.back
    if position is not None and position.segment == number:
        where.append(_beyond(segment, position))
    value: Any = {"sort_value": segment.value, "case_id": C.case_id}
    return select(case_current, *columns).where(*where).order_by(*_ordering(value, segment.descending, back))


def _ordering(columns: Any, descending: bool, back: bool) -> list[ColumnElement[Any]]:
    value, case_id = columns["sort_value"], columns["case_id"]
    ordered = value.desc() if descending is not back else value.asc()
    return [ordered.nulls_first(), case_id.desc()] if back else [ordered.nulls_last(), case_id]


def _beyond(segment: Segment, position: Position) -> ColumnElement[bool]:
    """The rows of the segment after the position; before it, if the page goes back."""
    value, back = segment.value, position.back
    neighbours = C.case_id < position.case_id if back else C.case_id > position.case_id
    if position.value is None:
        missing = and_(value.is_(None), neighbours)
        return or_(missing, value.is_not(None)) if back else missing
    further = value < position.value if segment.descending is not back else value > position.value
    rest = or_(further, and_(value == position.value, neighbours))
    return rest if back else or_(rest, value.is_(None))


def _count(viewer: Viewer, filters: Filters, order: Sequence[Segment]) -> Select[Any]:
    """The number of rows in all segments, of which no row is in two."""
    inside = or_(*(segment.condition for segment in order))
    where = [visible_to(viewer), inside, *conditions(filters, disclosable_to(viewer, Disclosure.LISTED))]
    return select(func.count()).select_from(case_current).where(*where).correlate(None)


def _case_list_item(placed: bool, **row: Any) -> CaseCurrentRow:
    return CaseCurrentRow(**row if placed else row | dict.fromkeys((*LOCATION_COLUMNS, "transfer_to")))

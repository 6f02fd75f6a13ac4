"""The extract of events for millions of them: the rows of `event_rows`, told set by set instead of case by case.

A few thousand cases are asked for at a time, in the order of the extract, while the set before is being written. What
is told of a case, its pseudonym among it, is worked out once a case and dealt to its rows. Two things are told as
everywhere else: events that a correction has to do with, by `event_rows`; and cases that have gone on since the instant
or the day that is asked, by `rows`, because their current row is another one by then. So the rows are the same, byte
for byte, as long as every history can be read: one that cannot is left out there, and stands here as it is recorded.

Connection: the service's own database and user, in sessions that may only read (`arrows`). Each set is a transaction of
its own: what was recorded until the instant that is asked does not change any more (`orders.SETTLED`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import select, tuple_

from ungdom.extracts import event_rows, rows
from ungdom.extracts.arrows import opened
from ungdom.extracts.columns import ColumnType, Dates, Shown, coarse
from ungdom.extracts.errors import NotAsDeclared
from ungdom.extracts.event_rows import EventRow, RecordStatus
from ungdom.extracts.orders import Order
from ungdom.extracts.rows import Tally
from ungdom.store import bulk, journal
from ungdom.store.session import Connection, Database
from ungdom.store.tables import event
from ungdom.workflow.daycount import OSLO, last_moment
from ungdom.workflow.events import Corrected, Event
from ungdom.workflow.vocabulary import EventType

CASES = 2_000
"""Cases asked for at a time: with what is read ahead about a hundred thousand events in memory."""
_AT_ONCE = 400
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_DAY = 86_400_000_000

Asked = Sequence[bytes]
"""Cases as `rows.ranked` gives them: a pseudonym, then the id."""


def batches(
    db: Database,
    order: Order,
    cases: Asked,
    tally: Tally,
    report: Callable[[int], object] = lambda _: None,
    without: frozenset[str] = frozenset(),
) -> Iterator[pa.RecordBatch]:
    """The rows of these cases, as `rows.batches` gives them. Raises `NotAsDeclared`."""
    columns = [one for one in order.columns if one.name not in without]
    with opened(db) as source, ThreadPoolExecutor(1) as ahead:

        def read(asked: Asked) -> tuple[Asked, pa.Table, pa.Table]:
            return asked, *source.read([_id(one) for one in asked], order.known_at)

        for asked, told_cases, told_events in _read_ahead(ahead, read, list(bulk.batches(cases, CASES))):
            one = _Set(db, order, asked, told_cases, told_events)
            yield from _told(one, columns, tally, without)
            report(len(asked))


def _read_ahead(ahead: ThreadPoolExecutor, read: Callable[[Asked], Any], sets: Sequence[Asked]) -> Iterator[Any]:
    """What is read for each set; the next one is read meanwhile."""
    coming = [ahead.submit(read, one) for one in sets[:1]]
    for following in [*sets[1:], None]:
        found = coming.pop().result() if coming else None
        if following is not None:
            coming.append(ahead.submit(read, following))
        if found is not None:
            yield found


def _told(one: "_Set", columns: Sequence[Shown], tally: Tally, without: frozenset[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a set in order: stretches of cases that are told at once, and those that are told one by one."""
    later, corrected = one.later(), one.corrected()
    later |= {place for place, (events, told) in corrected.items() if len(events) != len(told)}
    batch = one.batch(columns, {place: told for place, (_, told) in corrected.items()})
    ends = np.searchsorted(one.place, np.arange(len(one.asked) + 1))
    tally.cases += len(set(np.unique(one.place).tolist()) - later)
    for by_itself, run in groupby(range(len(one.asked)), later.__contains__):
        places = list(run)
        if by_itself:
            yield from rows.batches(one.db, one.order, [one.asked[place] for place in places], tally, without=without)
        else:
            first = int(ends[places[0]])
            yield batch.slice(first, int(ends[places[-1] + 1]) - first)


@dataclass(frozen=True)
class _Set:
    """What was read of some cases. `asked`: the cases; the tables name them by their place among these."""

    db: Database
    order: Order
    asked: Asked
    cases: pa.Table
    events: pa.Table

    @cached_property
    def place(self) -> "np.ndarray[Any, np.dtype[np.int32]]":
        """Of each event the place of its case."""
        return np.asarray(self.events.column("place"))

    def later(self) -> set[int]:
        """The places of cases that have gone on since the instant, or beyond the day, that is asked."""
        settled = min(self.order.known_at, last_moment(self.order.day)).astimezone(UTC).replace(tzinfo=None)
        gone_on = pc.greater(self.cases.column("updated_at"), pa.scalar(settled, pa.timestamp("us")))
        to_come = pc.greater(self.events.column("occurred_on"), pa.scalar(self.order.day, pa.date32()))
        found = pa.chunked_array(
            [*self.cases.filter(gone_on).column("place").chunks, *self.events.filter(to_come).column("place").chunks],
            pa.int32(),
        )
        return set(found.to_pylist())

    def corrected(self) -> dict[int, tuple[list[Event], list[EventRow]]]:
        """By place: the corrections, with what they correct, and the rows of these."""
        mine = self.events.filter(pc.equal(self.events.column("type"), EventType.CORRECTED.value))
        places, numbers = (mine.column(name).to_pylist() for name in ("place", "seq"))
        if not places:
            return {}
        place_of = {_id(self.asked[place]): place for place in places}
        with self.db.reading() as tx:
            found = _with_corrected(tx, [(_id(self.asked[p]), n) for p, n in zip(places, numbers, strict=True)])
        return {place_of[i]: (told, list(event_rows.rows(told, self.order.day))) for i, told in found.items()}

    def batch(self, columns: Sequence[Shown], corrected: dict[int, list[EventRow]]) -> pa.RecordBatch:
        """Every row, in order. Raises `NotAsDeclared`."""
        at = {name: _COLUMNS[name] for name in (one.name for one in columns)}
        mask, changed = self._places_of(corrected)
        arrays = [self._column(one, at[one.name], mask, changed) for one in columns]
        return pa.RecordBatch.from_arrays(arrays, schema=rows.schema(columns))

    def _places_of(self, corrected: dict[int, list[EventRow]]) -> tuple[pa.Array, list[EventRow]]:
        """Which rows `event_rows` tells, and these rows, in order."""
        told = [(place, row) for place in sorted(corrected) for row in corrected[place]]
        key = self.place.astype(np.int64) << 32 | np.asarray(self.events.column("seq")).astype(np.int64)
        mask = np.zeros(len(key), dtype=bool)
        mask[np.searchsorted(key, [place << 32 | row.event.seq for place, row in told])] = True
        return pa.array(mask), [row for _, row in told]

    def _column(self, one: Shown, of: "_Of", mask: pa.Array, changed: list[EventRow]) -> pa.Array:
        found = of(self)
        if changed and one.name not in OF_THE_CASE:
            found = pc.replace_with_mask(found, mask, pa.array([one.column.of(row) for row in changed], found.type))
        if one.column.type is ColumnType.DATE:
            found = self._as_exactly(found, one.dates)
        _declared(self.order, one, found)
        return found.cast(rows.arrow_type(one.type))

    def _as_exactly(self, days: pa.Array, dates: Dates) -> pa.Array:
        if dates is Dates.DAY:
            return days
        if dates is Dates.OFFSET:
            return pc.subtract(days.cast(pa.int32()), self.of_case("last_offence").cast(pa.int32()))
        known = days.dictionary_encode()
        said = [coarse(day, dates, day) for day in known.dictionary.to_pylist()]
        return pa.array(said, pa.string()).take(known.indices)

    def of_case(self, name: str) -> pa.Array:
        """Of each event what this column says of its case."""
        whole = pa.nulls(len(self.asked), self.cases.schema.field(name).type)
        mask = np.zeros(len(self.asked), dtype=bool)
        mask[np.asarray(self.cases.column("place"))] = True
        return pc.replace_with_mask(whole, mask, self.cases.column(name).combine_chunks()).take(pa.array(self.place))

    def said(self, name: str) -> pa.Array:
        """This column of the events."""
        return self.events.column(name).combine_chunks()

    def same(self, value: str | None, kind: pa.DataType) -> pa.Array:
        """The same in each row."""
        return pa.repeat(pa.scalar(value, kind), self.events.num_rows)

    @cached_property
    def recorded(self) -> pa.Array:
        """The day in Norway on which each event was recorded."""
        since, shift = _shifts()
        at = np.asarray(self.said("recorded_at").cast(pa.int64()))
        local = at + shift[np.searchsorted(since, at, side="right") - 1]
        return pa.array((local // _DAY).astype(np.int32)).cast(pa.date32())


_Of = Callable[[_Set], pa.Array]


def _days_after(one: _Set) -> pa.Array:
    return pc.subtract(one.recorded.cast(pa.int32()), one.said("occurred_on").cast(pa.int32()))


_TEXT, _WHOLE = pa.string(), pa.int32()
OF_THE_CASE = frozenset({"case", "year", "konfliktrad", "sanction"})
"""The columns that no correction of an event changes here: they are told of the case as it now reads."""
_COLUMNS: dict[str, _Of] = {
    "case": lambda one: pa.array([name[:-16].decode() for name in one.asked]).take(pa.array(one.place)),
    "year": lambda one: pc.year(one.of_case("registered_on")),
    "konfliktrad": lambda one: one.of_case("konfliktrad"),
    "sanction": lambda one: one.of_case("sanction"),
    "seq": lambda one: one.said("seq"),
    "type": lambda one: one.said("type"),
    "occurred_on": lambda one: one.said("occurred_on"),
    "recorded_on": lambda one: one.recorded,
    "recorded_after": _days_after,
    "actor": lambda one: one.said("actor"),
    "role": lambda one: one.said("role"),
    "status": lambda one: one.same(RecordStatus.STANDS, _TEXT),
    "corrected_by": lambda one: one.same(None, _WHOLE),
    "corrects": lambda one: one.same(None, _WHOLE),
    "correction_reason": lambda one: one.same(None, _TEXT),
    "effective_type": lambda one: one.said("type"),
    "effective_on": lambda one: one.said("occurred_on"),
    "party": lambda one: one.said("party"),
    "reason": lambda one: one.said("reason"),
    "outcome": lambda one: one.said("outcome"),
}
"""How each column is told of a set whose events nobody has corrected."""


def _declared(order: Order, one: Shown, found: pa.Array) -> None:
    """Nothing when every value is one that the column may have. Raises `NotAsDeclared`."""
    column = one.column
    open_text = column.type is not ColumnType.STRING or column.named is not None
    words = () if open_text else found.unique().drop_null().to_pylist()
    if (found.null_count and not column.nullable) or not set(words) <= set(column.values):
        raise NotAsDeclared(order.extract.name, column.name)


def _with_corrected(tx: Connection, keys: Sequence[tuple[UUID, int]]) -> dict[UUID, list[Event]]:
    """These corrections and the events that they correct, by case, in the order recorded."""
    found = _events(tx, keys)
    corrections = [(case_id, e.details) for case_id, told in found.items() for e in told]
    wanted = {(case_id, said.corrects) for case_id, said in corrections if isinstance(said, Corrected)}
    for case_id, told in _events(tx, sorted(wanted - set(keys))).items():
        found[case_id] += told
    return {case_id: sorted(told, key=lambda one: one.seq) for case_id, told in found.items()}


def _events(tx: Connection, keys: Sequence[tuple[UUID, int]]) -> defaultdict[UUID, list[Event]]:
    """The events of these numbers, by case."""
    found: defaultdict[UUID, list[Event]] = defaultdict(list)
    for some in bulk.batches(keys, _AT_ONCE):
        for row in tx.execute(select(event).where(tuple_(event.c.case_id, event.c.seq).in_(some))):
            found[row.case_id].append(journal.event_of(row))
    return found


@cache
def _shifts() -> tuple["np.ndarray[Any, np.dtype[np.int64]]", "np.ndarray[Any, np.dtype[np.int64]]"]:
    """From which instant (microseconds since 1970) Norwegian clocks are how far ahead of UTC."""
    first = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC)
    days = (date(_LAST_YEAR, 1, 1) - first.date()).days
    ahead = [(first + timedelta(days=n)).astimezone(OSLO).utcoffset() for n in range(days)]
    changed = [n for n, (before, after) in enumerate(pairwise(ahead)) if before != after]
    moments = [first, *(_moment(first + timedelta(days=n)) for n in changed)]
    micro = timedelta(microseconds=1)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    shift = [(one.astimezone(OSLO).utcoffset() or timedelta()) // micro for one in moments]
    return np.array([(one - epoch) // micro for one in moments]), np.array(shift)


def _moment(before: datetime) -> datetime:
    """The hour, within a day of that instant, at which the clocks are changed."""
    hours = [before + timedelta(hours=n) for n in range(25)]
    return next(b for a, b in pairwise(hours) if a.astimezone(OSLO).utcoffset() != b.astimezone(OSLO).utcoffset())


def _id(one: bytes) -> UUID:
    return UUID(bytes=one[-16:])

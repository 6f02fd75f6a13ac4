"""The extract of events for millions of rows: converts events in bulk instead of case by case.

A few thousand cases are read at a time, in the order of the extract, while the previous set is written. Columns of the
case, the pseudonym among them, are computed once per case and repeated for its rows. Two kinds fall back to the
row-by-row code: events that are corrected or are corrections (`columns.events`), and cases that changed after
`known_at` or the day of the order (`rows`), whose current row is no longer valid. The output is the same, byte for
byte, as long as every history is legal: an illegal one is left out by `rows`, but is written here as recorded.

Connection: the database and user of the service, in read-only sessions (`arrow_queries`). Each set is read in its own
transaction: events recorded before `known_at` no longer change (`store.settled`).
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

from ungdom.extracts import rows
from ungdom.extracts.arrow_queries import open_source
from ungdom.extracts.columns import events as event_rows
from ungdom.extracts.columns.column import ColumnType, Dates, PurposeColumn, coarsen_date
from ungdom.extracts.columns.events import EventRow, RecordStatus
from ungdom.extracts.errors import NotAsDeclared
from ungdom.extracts.order import Order
from ungdom.extracts.rows import ExtractCounts
from ungdom.store import bulk, journal
from ungdom.store.schema.cases import event
from ungdom.store.session import Connection, Database
from ungdom.workflow.calendar import OSLO, last_moment
from ungdom.workflow.events import Corrected, Event
from ungdom.workflow.vocabulary import EventType

CASES = 2_000
"""Cases per query. With one set read ahead, about a hundred thousand events are in memory."""
_KEYS_PER_QUERY = 400
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_DAY = 86_400_000_000

RankedCases = Sequence[bytes]
"""Cases as returned by `rows.ranked`: pseudonym, then id."""


def batches(
    db: Database,
    order: Order,
    cases: RankedCases,
    counts: ExtractCounts,
    report: Callable[[int], object] = lambda _: None,
    without: frozenset[str] = frozenset(),
) -> Iterator[pa.RecordBatch]:
    """The same rows as `rows.batches`. Raises `NotAsDeclared`."""
    columns = [column for column in order.columns if column.name not in without]
    with open_source(db) as source, ThreadPoolExecutor(1) as ahead:

        def read(chunk: RankedCases) -> tuple[RankedCases, pa.Table, pa.Table]:
            return chunk, *source.read([_case_id(ranked) for ranked in chunk], order.known_at)

        for chunk, case_table, event_table in _read_ahead(ahead, read, list(bulk.batches(cases, CASES))):
            case_set = _CaseSet(db, order, chunk, case_table, event_table)
            yield from _set_batches(case_set, columns, counts, without)
            report(len(chunk))


def _read_ahead(
    ahead: ThreadPoolExecutor, read: Callable[[RankedCases], Any], chunks: Sequence[RankedCases]
) -> Iterator[Any]:
    """The tables of each set; the next set is read in a thread meanwhile."""
    coming = [ahead.submit(read, chunk) for chunk in chunks[:1]]
    for following in [*chunks[1:], None]:
        result = coming.pop().result() if coming else None
        if following is not None:
            coming.append(ahead.submit(read, following))
        if result is not None:
            yield result


def _set_batches(
    case_set: "_CaseSet", columns: Sequence[PurposeColumn], counts: ExtractCounts, without: frozenset[str]
) -> Iterator[pa.RecordBatch]:
    """The rows of a set in order: consecutive cases in bulk, changed cases row by row."""
    later, corrected = case_set.changed_later(), case_set.corrected_rows()
    later |= {place for place, (events, extract_rows) in corrected.items() if len(events) != len(extract_rows)}
    batch = case_set.batch(columns, {place: extract_rows for place, (_, extract_rows) in corrected.items()})
    ends = np.searchsorted(case_set.place, np.arange(len(case_set.ranked) + 1))
    counts.cases += len(set(np.unique(case_set.place).tolist()) - later)
    for by_itself, run in groupby(range(len(case_set.ranked)), later.__contains__):
        places = list(run)
        if by_itself:
            yield from rows.batches(
                case_set.db, case_set.order, [case_set.ranked[place] for place in places], counts, without=without
            )
        else:
            first = int(ends[places[0]])
            yield batch.slice(first, int(ends[places[-1] + 1]) - first)


@dataclass(frozen=True)
class _CaseSet:
    """The tables read for some cases. `ranked`: the cases; the tables refer to them by index into this list."""

    db: Database
    order: Order
    ranked: RankedCases
    cases: pa.Table
    events: pa.Table

    @cached_property
    def place(self) -> "np.ndarray[Any, np.dtype[np.int32]]":
        """The index of the case of each event."""
        return np.asarray(self.events.column("place"))

    def changed_later(self) -> set[int]:
        """The indices of cases that changed after `known_at`, or have events after the day of the order."""
        settled = min(self.order.known_at, last_moment(self.order.day)).astimezone(UTC).replace(tzinfo=None)
        gone_on = pc.greater(self.cases.column("updated_at"), pa.scalar(settled, pa.timestamp("us")))
        to_come = pc.greater(self.events.column("occurred_on"), pa.scalar(self.order.day, pa.date32()))
        places = pa.chunked_array(
            [*self.cases.filter(gone_on).column("place").chunks, *self.events.filter(to_come).column("place").chunks],
            pa.int32(),
        )
        return set(places.to_pylist())

    def corrected_rows(self) -> dict[int, tuple[list[Event], list[EventRow]]]:
        """By index of the case: the corrections with the events that they correct, and their rows."""
        corrections = self.events.filter(pc.equal(self.events.column("type"), EventType.CORRECTED.value))
        places, numbers = (corrections.column(name).to_pylist() for name in ("place", "seq"))
        if not places:
            return {}
        place_of = {_case_id(self.ranked[place]): place for place in places}
        with self.db.reading() as tx:
            events_by_case = _with_corrected(
                tx, [(_case_id(self.ranked[p]), n) for p, n in zip(places, numbers, strict=True)]
            )
        return {
            place_of[i]: (case_events, list(event_rows.rows_of_events(case_events, self.order.day)))
            for i, case_events in events_by_case.items()
        }

    def batch(self, columns: Sequence[PurposeColumn], corrected: dict[int, list[EventRow]]) -> pa.RecordBatch:
        """Every row, in order. Raises `NotAsDeclared`."""
        readers = {name: _COLUMNS[name] for name in (column.name for column in columns)}
        mask, changed = self._corrected_mask(corrected)
        arrays = [self._column(column, readers[column.name], mask, changed) for column in columns]
        return pa.RecordBatch.from_arrays(arrays, schema=rows.schema(columns))

    def _corrected_mask(self, corrected: dict[int, list[EventRow]]) -> tuple[pa.Array, list[EventRow]]:
        """A mask of the rows that `columns.events` computes, and these rows, in order."""
        placed = [(place, row) for place in sorted(corrected) for row in corrected[place]]
        key = self.place.astype(np.int64) << 32 | np.asarray(self.events.column("seq")).astype(np.int64)
        mask = np.zeros(len(key), dtype=bool)
        mask[np.searchsorted(key, [place << 32 | row.event.seq for place, row in placed])] = True
        return pa.array(mask), [row for _, row in placed]

    def _column(
        self, purpose_column: PurposeColumn, reader: "_ColumnReader", mask: pa.Array, changed: list[EventRow]
    ) -> pa.Array:
        values = reader(self)
        if changed and purpose_column.name not in OF_THE_CASE:
            values = pc.replace_with_mask(
                values, mask, pa.array([purpose_column.column.value_of(row) for row in changed], values.type)
            )
        if purpose_column.column.type is ColumnType.DATE:
            values = self._coarsened(values, purpose_column.dates)
        _check_declared(self.order, purpose_column, values)
        return values.cast(rows.arrow_type(purpose_column.type))

    def _coarsened(self, days: pa.Array, dates: Dates) -> pa.Array:
        if dates is Dates.DAY:
            return days
        if dates is Dates.OFFSET:
            return pc.subtract(days.cast(pa.int32()), self.of_case("last_offence").cast(pa.int32()))
        encoded = days.dictionary_encode()
        labels = [coarsen_date(day, dates, day) for day in encoded.dictionary.to_pylist()]
        return pa.array(labels, pa.string()).take(encoded.indices)

    def of_case(self, name: str) -> pa.Array:
        """This column of the cases, repeated for each event."""
        whole = pa.nulls(len(self.ranked), self.cases.schema.field(name).type)
        mask = np.zeros(len(self.ranked), dtype=bool)
        mask[np.asarray(self.cases.column("place"))] = True
        return pc.replace_with_mask(whole, mask, self.cases.column(name).combine_chunks()).take(pa.array(self.place))

    def event_column(self, name: str) -> pa.Array:
        """This column of the events."""
        return self.events.column(name).combine_chunks()

    def constant_column(self, value: str | None, kind: pa.DataType) -> pa.Array:
        """The same value in each row."""
        return pa.repeat(pa.scalar(value, kind), self.events.num_rows)

    @cached_property
    def recorded(self) -> pa.Array:
        """The day in Norway on which each event was recorded."""
        since, shift = _utc_offsets()
        at = np.asarray(self.event_column("recorded_at").cast(pa.int64()))
        local = at + shift[np.searchsorted(since, at, side="right") - 1]
        return pa.array((local // _DAY).astype(np.int32)).cast(pa.date32())


_ColumnReader = Callable[[_CaseSet], pa.Array]


_TEXT, _WHOLE = pa.string(), pa.int32()
OF_THE_CASE = frozenset({"case", "year", "konfliktrad", "sanction"})
"""The columns that describe the case: corrections of single events do not change them."""
_COLUMNS: dict[str, _ColumnReader] = {
    "case": lambda case_set: pa.array([name[:-16].decode() for name in case_set.ranked]).take(pa.array(case_set.place)),
    "year": lambda case_set: pc.year(case_set.of_case("registered_on")),
    "konfliktrad": lambda case_set: case_set.of_case("konfliktrad"),
    "sanction": lambda case_set: case_set.of_case("sanction"),
    "seq": lambda case_set: case_set.event_column("seq"),
    "type": lambda case_set: case_set.event_column("type"),
    "occurred_on": lambda case_set: case_set.event_column("occurred_on"),
    "recorded_on": lambda case_set: case_set.recorded,
    "recorded_after": lambda case_set: pc.subtract(
        case_set.recorded.cast(pa.int32()), case_set.event_column("occurred_on").cast(pa.int32())
    ),
    "actor": lambda case_set: case_set.event_column("actor"),
    "role": lambda case_set: case_set.event_column("role"),
    "status": lambda case_set: case_set.constant_column(RecordStatus.STANDS, _TEXT),
    "corrected_by": lambda case_set: case_set.constant_column(None, _WHOLE),
    "corrects": lambda case_set: case_set.constant_column(None, _WHOLE),
    "correction_reason": lambda case_set: case_set.constant_column(None, _TEXT),
    "effective_type": lambda case_set: case_set.event_column("type"),
    "effective_on": lambda case_set: case_set.event_column("occurred_on"),
    "party": lambda case_set: case_set.event_column("party"),
    "reason": lambda case_set: case_set.event_column("reason"),
    "outcome": lambda case_set: case_set.event_column("outcome"),
}
"""How each column is read from a set without corrections."""


def _check_declared(order: Order, purpose_column: PurposeColumn, values: pa.Array) -> None:
    """Raises `NotAsDeclared` for a value that the column does not declare."""
    column = purpose_column.column
    open_text = column.type is not ColumnType.STRING or column.named is not None
    words = () if open_text else values.unique().drop_null().to_pylist()
    if (values.null_count and not column.nullable) or not set(words) <= set(column.values):
        raise NotAsDeclared(order.extract.name, column.name)


def _with_corrected(tx: Connection, keys: Sequence[tuple[UUID, int]]) -> dict[UUID, list[Event]]:
    """These corrections and the events that they correct, by case, in the order recorded."""
    events_by_case = _events(tx, keys)
    corrections = [(case_id, e.details) for case_id, case_events in events_by_case.items() for e in case_events]
    wanted = {(case_id, details.corrects) for case_id, details in corrections if isinstance(details, Corrected)}
    for case_id, case_events in _events(tx, sorted(wanted - set(keys))).items():
        events_by_case[case_id] += case_events
    return {case_id: sorted(case_events, key=lambda item: item.seq) for case_id, case_events in events_by_case.items()}


def _events(tx: Connection, keys: Sequence[tuple[UUID, int]]) -> defaultdict[UUID, list[Event]]:
    """The events with these numbers, by case."""
    events_by_case: defaultdict[UUID, list[Event]] = defaultdict(list)
    for chunk in bulk.batches(keys, _KEYS_PER_QUERY):
        for row in tx.execute(select(event).where(tuple_(event.c.case_id, event.c.seq).in_(chunk))):
            events_by_case[row.case_id].append(journal.event_of(row))
    return events_by_case


@cache
def _utc_offsets() -> tuple["np.ndarray[Any, np.dtype[np.int64]]", "np.ndarray[Any, np.dtype[np.int64]]"]:
    """The instants (microseconds since 1970) from which the Norwegian offset from UTC applies, and these offsets."""
    first = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC)
    days = (date(_LAST_YEAR, 1, 1) - first.date()).days
    ahead = [(first + timedelta(days=n)).astimezone(OSLO).utcoffset() for n in range(days)]
    changed = [n for n, (before, after) in enumerate(pairwise(ahead)) if before != after]
    moments = [first, *(_offset_change(first + timedelta(days=n)) for n in changed)]
    micro = timedelta(microseconds=1)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    shift = [(instant.astimezone(OSLO).utcoffset() or timedelta()) // micro for instant in moments]
    return np.array([(instant - epoch) // micro for instant in moments]), np.array(shift)


def _offset_change(before: datetime) -> datetime:
    """The hour within a day after that instant at which the offset changes."""
    hours = [before + timedelta(hours=n) for n in range(25)]
    return next(b for a, b in pairwise(hours) if a.astimezone(OSLO).utcoffset() != b.astimezone(OSLO).utcoffset())


def _case_id(ranked: bytes) -> UUID:
    return UUID(bytes=ranked[-16:])

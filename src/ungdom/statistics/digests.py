"""What figures need of each case, counted from its history alone, and kept until the history goes on.

Reading all cases anew takes many seconds; so each case is told once, by the nightly run, and its digest kept in
`case_figures` beside the version it was told from. A request takes the digests as they are kept and tells anew only the
cases that have changed since, or that are asked about as they were before their last event: what it answers is never
older than the events. A digest holds days, codes and who coordinates; nothing of the youth.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Row, Select, or_, select

import ungdom
from ungdom.statistics import case_rows
from ungdom.statistics.case_rows import CaseRow
from ungdom.statistics.indicators import INDICATORS
from ungdom.statistics.indicators.marks import Count, Span
from ungdom.statistics.past import Report
from ungdom.store import bulk, current, journal
from ungdom.store.figure_tables import case_figures
from ungdom.store.journal import Stored
from ungdom.store.session import Connection, Database
from ungdom.store.tables import case_current, case_file
from ungdom.workflow.case import Case
from ungdom.workflow.daycount import last_moment, oslo_date
from ungdom.workflow.engine import effective, fold
from ungdom.workflow.errors import IllegalHistory
from ungdom.workflow.table import VERSION
from ungdom.workflow.vocabulary import EventType, Sanction, State

C, F = case_current.c, case_figures.c
BATCH = 200
DAY = timedelta(days=1)

SHAPE = 2
"""Raised when what a digest or a row (`case_rows`) holds is changed, other than by a new version of an indicator."""


def _mark() -> str:
    told = [SHAPE, ungdom.__version__, VERSION, [(one.code, one.version) for one in INDICATORS]]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


DEFINED = _mark()
"""By which definitions a digest was told; of others it is told anew."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay in one state: since when, and on which day that was known."""

    state: State
    since: date
    known: date


@dataclass(frozen=True, slots=True)
class Digest:
    """One case. `coordinator`: assigned last. `met`: the first plan meeting, or in R0 the plan signed.

    `stays`: those before the case was received or left, and the last one.
    """

    sanction: Sanction
    konfliktrad: str
    coordinator: str | None
    registered: date
    received: date | None
    started: date | None
    met: date | None
    closed: date | None
    stays: tuple[Stay, ...]
    counts: dict[str, list[Count]] = field(default_factory=dict)
    spans: dict[str, list[Span]] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """The state it is in."""
        return self.stays[-1].state


@dataclass(slots=True)
class Asked:
    """Which cases, as they were when. `since`: cases closed before, with nothing recorded since, are left out.

    `at_most`: as many cases as may be told anew; None: any number. `unread`: counts those whose history is no legal
    walk.
    """

    valid_at: date | None = None
    known_at: datetime | None = None
    since: date | None = None
    sanction: Sanction | None = None
    at_most: int | None = None
    unread: int = 0


class TooManyCases(Exception):
    """More cases have to be told anew than one request may."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


def digest(case: Case, told: CaseRow | None = None) -> Digest:
    """What figures need of this case. `told`: its row, on whichever day; without it, it is told here."""
    received = case.first(EventType.RECEIVED)
    met = case.first(EventType.PLAN_MEETING_HELD, EventType.PLAN_SIGNED)
    counts: dict[str, list[Count]] = {}
    spans: dict[str, list[Span]] = {}
    told = told or case_rows.row(case, date.max)
    for one in INDICATORS:
        for mark in one.marks(case, told):
            if isinstance(mark, Count):
                counts.setdefault(one.code, []).append(mark)
            else:
                spans.setdefault(one.code, []).append(mark)
    return Digest(
        sanction=case.sanction,
        konfliktrad=case_rows.office(case),
        coordinator=current.coordinator(case),
        registered=case.registered_on,
        received=received.occurred_on if received else None,
        started=case.start.on if case.start else None,
        met=met.occurred_on if met else None,
        closed=case.closed_on,
        stays=tuple(_stays(case, received.seq if received else None)),
        counts=counts,
        spans=spans,
    )


def _stays(case: Case, received: int | None) -> Iterator[Stay]:
    recorded = {event.seq: event.recorded_at for event in case.events}
    last = case.stints[-1]
    for stint in case.stints:
        if received is None or stint.seq < received or stint is last:
            yield Stay(stint.state, stint.since, oslo_date(recorded[stint.seq]))


# --- reading ------------------------------------------------------------------------------------------------


def read(tx: Connection, asked: Asked) -> Iterator[Digest]:
    """The digest of every case asked for, one after the other: in memory is one, and the ids of those told anew.

    Raises `TooManyCases`.
    """
    anew: list[UUID] = []
    for row in tx.execute(query(asked, F.body), execution_options={"yield_per": BATCH}):
        if holds(row, asked):
            yield load(row.body)
        else:
            anew.append(row.case_id)
    if asked.at_most is not None and len(anew) > asked.at_most:
        raise TooManyCases(asked.at_most)
    for batch in bulk.batches(anew, BATCH):
        for stored in journal.load_many(tx, batch, asked.known_at):
            case = folded(stored, asked)
            if case:
                yield digest(case, _row_of(stored, case))


def query(asked: Asked, *more: Column[Any]) -> Select[Any]:
    """The cases asked for, with what `holds` looks at and these columns."""
    columns = (C.case_id, C.version.label("now"), C.updated_at, F.version, F.defined, F.last_on, *more)
    asks = select(*columns).outerjoin(case_figures, F.case_id == C.case_id)
    if asked.since is not None:
        asks = asks.where(or_(C.closed_on.is_(None), C.updated_at >= last_moment(asked.since - DAY)))
    if asked.sanction is not None:
        asks = asks.where(C.sanction == asked.sanction)
    if asked.known_at is not None:
        asks = asks.join(case_file, case_file.c.case_id == C.case_id).where(case_file.c.opened_at <= asked.known_at)
    return asks


def holds(row: Row[Any], asked: Asked) -> bool:
    """Whether what is kept is the one asked for."""
    fresh = row.version == row.now and row.defined == DEFINED
    known = asked.known_at is None or row.updated_at <= asked.known_at
    return bool(fresh and known and (asked.valid_at is None or row.last_on <= asked.valid_at))


def folded(stored: Stored, asked: Asked) -> Case | None:
    """The case as it is asked about; None: nothing had happened yet, or the history is no legal walk (`unread`)."""
    events = effective(stored.events)
    kept = [event for event in events if asked.valid_at is None or event.occurred_on <= asked.valid_at]
    try:
        return fold(stored.youth, kept) if kept else None
    except IllegalHistory:
        asked.unread += 1
        return None


# --- keeping ------------------------------------------------------------------------------------------------


def refresh(db: Database, report: Report = lambda _done, _all: None) -> dict[str, int]:
    """Tell anew the cases that have changed since they were told last; how many, and how many could not be."""
    with db.reading() as tx:
        ids = _stale(tx)
    unread = 0
    for number, batch in enumerate(bulk.batches(ids, BATCH)):
        with db.reading() as tx:
            rows = [_row(stored) for stored in journal.load_many(tx, batch)]
        with db.writing() as tx:
            bulk.upsert(tx, case_figures, [row for row in rows if row])
        unread += sum(row is None for row in rows)
        report(min(len(ids), (number + 1) * BATCH), len(ids))
    return {"cases": len(ids) - unread} | ({"unread": unread} if unread else {})


def _stale(tx: Connection) -> Sequence[UUID]:
    query = select(C.case_id).outerjoin(case_figures, F.case_id == C.case_id)
    changed = or_(F.version.is_(None), F.version != C.version, F.defined != DEFINED)
    return tx.scalars(query.where(changed).order_by(C.case_id)).all()


def _row(stored: Stored) -> dict[str, Any] | None:
    try:
        case = fold(stored.youth, stored.events)
    except IllegalHistory:
        return None
    last_on = max(event.occurred_on for event in stored.events)
    told = _row_of(stored, case)
    return {
        "case_id": stored.case_id,
        "version": stored.version,
        "defined": DEFINED,
        "last_on": last_on,
        "body": dump(digest(case, told)),
        "row": case_rows.dump(told),
    }


def _row_of(stored: Stored, case: Case) -> CaseRow:
    """Its row, on a day that does not matter here."""
    return case_rows.row(case, date.max, opened=oslo_date(stored.opened_at))


def dump(one: Digest) -> str:
    """A digest as compact JSON; days are numbers of days since the year 1."""
    plain = [
        [one.sanction, one.konfliktrad, one.coordinator],
        [_number(day) for day in (one.registered, one.received, one.started, one.met, one.closed)],
        [[stay.state, _number(stay.since), _number(stay.known)] for stay in one.stays],
        {code: [[_number(on), hit, part] for on, hit, part in marks] for code, marks in one.counts.items()},
        {
            code: [[*map(_number, span[:3]), span.ended, _number(span.seen)] for span in found]
            for code, found in one.spans.items()
        },
    ]
    return json.dumps(plain, separators=(",", ":"))


def load(text: str) -> Digest:
    """The digest written by `dump`."""
    (sanction, konfliktrad, coordinator), days, stays, counts, spans = json.loads(text)
    received, started, met, closed = map(_day, days[1:])
    return Digest(
        Sanction(sanction),
        konfliktrad,
        coordinator,
        date.fromordinal(days[0]),
        received,
        started,
        met,
        closed,
        tuple(Stay(State(state), date.fromordinal(s), date.fromordinal(known)) for state, s, known in stays),
        {code: [Count(date.fromordinal(on), hit, part) for on, hit, part in marks] for code, marks in counts.items()},
        {
            code: [
                Span(date.fromordinal(on), date.fromordinal(s), _day(over), ended, _day(seen))
                for on, s, over, ended, seen in found
            ]
            for code, found in spans.items()
        },
    )


def _number(day: date | None) -> int | None:
    return None if day is None else day.toordinal()


def _day(number: int | None) -> date | None:
    return None if number is None else date.fromordinal(number)

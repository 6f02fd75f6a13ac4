"""Recidivism read from the database: people one after the other, and the exact answers of those who may have them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, or_

from ungdom.statistics import case_rows, cases, digests
from ungdom.statistics.cubes import Cube
from ungdom.statistics.digests import Asked, TooManyCases
from ungdom.statistics.frames import BY, UNKNOWN, Subject
from ungdom.statistics.recidivism import DEFINITIONS, Recidivism, matters
from ungdom.statistics.recidivism.cubes import gather, table
from ungdom.statistics.recidivism.spells import Life, SeenCase, Spell, spells
from ungdom.store import bulk, journal, observations, people
from ungdom.store.figure_tables import case_figures
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection
from ungdom.store.tables import case_current
from ungdom.workflow.daycount import oslo_date

C, F = case_current.c, case_figures.c
PAGE = 1_000
PEOPLE = 500
AT_MOST = 2_000
"""Cases told anew for one request; the nightly run has told the others. docs/decisions/0011-lists-of-the-past.md."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `since`, `until`: origins from and to these days; `day`: the day of observation.

    `by`: what it is told apart by. `only`: values that the case of the origin has to have, by dimension.
    """

    day: date
    since: date | None = None
    until: date | None = None
    by: tuple[str, ...] = ()
    only: tuple[tuple[str, str], ...] = ()
    valid_at: date | None = None
    known_at: datetime | None = None
    at_most: int | None = AT_MOST

    @property
    def needs_sex(self) -> bool:
        """Whether what is sealed with people has to be looked up."""
        return "sex" in self.by or any(code == "sex" for code, _ in self.only)


@dataclass(frozen=True, slots=True)
class Answer:
    """The three definitions, each with its table; how many people were read, and how many cases could not be."""

    tables: tuple[tuple[Recidivism, Cube], ...]
    people: int
    unread: int


def day_of(valid_at: date | None, known_at: datetime | None, now: datetime) -> date:
    """The day of observation: of validity, of knowledge, or today."""
    return valid_at or oslo_date(known_at or now)


def found(tx: Connection, keys: Keys, asked: Question) -> Answer:
    """The exact answer, read in one snapshot. Raises `TooManyCases`."""
    reading = Asked(asked.valid_at, asked.known_at, at_most=asked.at_most)
    read = 0
    kept: list[Spell] = []
    sexes: dict[UUID, str] = {}
    for batch in bulk.batches(lives(tx, reading, asked.day), PEOPLE):
        read += len(batch)
        told = [one for one in spells(batch, asked.day) if _asked_for(one, asked)]
        if asked.needs_sex:
            sexes |= people.sexes(tx, keys, list({one.person_id for one in told}))
        kept += [one for one in told if _chosen(one, sexes.get(one.person_id, UNKNOWN), asked)]
    gathered = gather(kept, asked.by, DEFINITIONS, sexes)
    return Answer(tuple((one.definition, table(one, asked.by, asked.day)) for one in gathered), read, reading.unread)


def _asked_for(spell: Spell, asked: Question) -> bool:
    return (asked.since or date.min) <= spell.origin <= (asked.until or date.max)


def _chosen(spell: Spell, sex: str, asked: Question) -> bool:
    subject = Subject(spell.row, sex)
    return all(BY[code](subject) == value for code, value in asked.only)


# --- reading people ---------------------------------------------------------------------------------------------


def lives(tx: Connection, asked: Asked, day: date) -> Iterator[Life]:
    """Everybody who has a case, as they stood on that day, in the order of their ids: in memory is one page.

    Raises `TooManyCases` in the midst of it.
    """
    for batch in bulk.batches(_people(tx, asked, day), PEOPLE):
        beside = observations.of_people(tx, [person_id for person_id, _ in batch], asked.known_at)
        for person_id, known in batch:
            seen = tuple(one for one in beside.get(person_id, ()) if one.occurred_on <= day)
            yield Life(person_id, tuple(known), seen)


def _people(tx: Connection, asked: Asked, day: date) -> Iterator[tuple[UUID, list[SeenCase]]]:
    for person_id, cases_of in groupby(_cases(tx, asked, day), key=lambda one: one[0]):
        yield person_id, [case for _, case in cases_of]


def _cases(tx: Connection, asked: Asked, day: date) -> Iterator[tuple[UUID, SeenCase]]:
    districts = cases.police_districts(tx)
    anew, last = 0, None
    while page := _page(tx, asked, last):
        stale = [row.case_id for row in page if not digests.holds(row, asked)]
        anew += len(stale)
        if asked.at_most is not None and anew > asked.at_most:
            raise TooManyCases(asked.at_most)
        told = _told(tx, stale, asked, day, districts)
        for row in page:
            if digests.holds(row, asked):
                kept = SeenCase(row.case_id, case_rows.load(row.row, day, districts), matters.load(row.trace))
                yield row.person_id, kept
            elif row.case_id in told:
                yield row.person_id, told[row.case_id]
        last = page[-1]


def _page(tx: Connection, asked: Asked, last: Row[Any] | None) -> Sequence[Row[Any]]:
    query = digests.query(asked, C.person_id, F.row, F.trace).order_by(C.person_id, C.case_id).limit(PAGE)
    if last is not None:
        same = and_(C.person_id == last.person_id, C.case_id > last.case_id)
        query = query.where(or_(C.person_id > last.person_id, same))
    return tx.execute(query).all()


def _told(
    tx: Connection, case_ids: Sequence[UUID], asked: Asked, day: date, districts: dict[str, str]
) -> dict[UUID, SeenCase]:
    """Those told anew from the events."""
    found = {}
    for stored in journal.load_many(tx, case_ids, asked.known_at):
        case = digests.folded(stored, asked)
        if case:
            row = case_rows.row(case, day, districts, oslo_date(stored.opened_at))
            found[stored.case_id] = SeenCase(stored.case_id, row, matters.trace(case))
    return found

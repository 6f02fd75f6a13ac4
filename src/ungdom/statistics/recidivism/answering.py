"""Recidivism read from the database: people one after the other, and the exact answers of those who may have them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, or_

from ungdom.statistics import case_rows, cases, digests
from ungdom.statistics.definitions import RECIDIVISM_BY_CODE
from ungdom.statistics.digests import Asked, TooManyCases
from ungdom.statistics.exact import Found, Question, known_values
from ungdom.statistics.frames import BY, UNKNOWN, Subject
from ungdom.statistics.recidivism import matters
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


def recidivism(tx: Connection, keys: Keys, asked: Question, now: datetime) -> Found:
    """The recidivism asked for, read in one snapshot; `read`: people. Raises `TooManyCases`."""
    day = asked.day(now)
    reading = Asked(asked.valid_at, asked.known_at, at_most=asked.at_most)
    definitions = [RECIDIVISM_BY_CODE[code] for code in asked.codes]
    gathered = gather(asked.by, definitions, known_values(tx))
    read = 0
    for batch in bulk.batches(lives(tx, reading, day), PEOPLE):
        read += len(batch)
        told = [one for one in spells(batch, day, definitions) if asked.since <= one.origin <= asked.until]
        for spell, sex in with_sex(tx, keys if asked.of_sex else None, told):
            if all(BY[code](Subject(spell.row, sex)) == value for code, value in asked.where.items()):
                gathered[spell.definition].add(spell, sex)
    tables = tuple(table(gathered[code], asked.by, day, (asked.since, asked.until)) for code in asked.codes)
    return Found(day, tables, {}, read, reading.unread)


def with_sex(tx: Connection, keys: Keys | None, told: Iterable[Spell]) -> Iterator[tuple[Spell, str]]:
    """Each spell with the sex of the person, looked up with the keys; without keys it is unknown."""
    kept = list(told)
    sexes = people.read_sexes(tx, keys, list({one.person_id for one in kept})) if keys else {}
    return ((one, sexes.get(one.person_id, UNKNOWN)) for one in kept)


# --- reading people ---------------------------------------------------------------------------------------------


def lives(tx: Connection, asked: Asked, day: date) -> Iterator[Life]:
    """Everybody who has a case, as they stood on that day, in the order of their ids: in memory is one page.

    Raises `TooManyCases` in the midst of it.
    """
    for batch in bulk.batches(_people(tx, asked, day), PEOPLE):
        beside = observations.of_people(tx, [person_id for person_id, _ in batch], asked.known_at)
        for person_id, known in batch:
            yield Life(person_id, tuple(known), tuple(beside.get(person_id, ())))


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

"""Recidivism computed from the current cases, exact; person histories are streamed from the database."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import and_, or_

from ungdom.analytics import case_cache, case_facts, case_reader
from ungdom.analytics.case_cache import CaseSelection, TooManyCases
from ungdom.analytics.definitions import RECIDIVISM_BY_CODE
from ungdom.analytics.dimensions import DIMENSION_READERS, UNKNOWN, Subject
from ungdom.analytics.queries.statistics import CubeQuery, CubeResult, values_of
from ungdom.analytics.recidivism import offences
from ungdom.analytics.recidivism.cubes import spell_columns, table
from ungdom.analytics.recidivism.spells import PersonHistory, RecidivismSpell, SeenCase, recidivism_spells
from ungdom.store import bulk, observations, people
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.figures import case_figures
from ungdom.store.session import Connection

C, F = case_current.c, case_figures.c
PAGE = 1_000
PEOPLE = 500


def recidivism(tx: Connection, keys: EncryptionKeys, query: CubeQuery, now: datetime) -> CubeResult:
    """The cubes of recidivism, read in one snapshot; `read`: number of people. Raises `TooManyCases`."""
    day = query.day(now)
    selection = CaseSelection(query.valid_at, query.known_at, at_most=query.at_most)
    definitions = [RECIDIVISM_BY_CODE[code] for code in query.codes]
    districts = case_reader.police_districts(tx)
    columns = spell_columns(query.by, definitions, values_of(districts))
    read = 0
    for batch in bulk.batches(person_histories(tx, selection, day, districts), PEOPLE):
        read += len(batch)
        selected = [
            candidate
            for candidate in recidivism_spells(batch, day, definitions)
            if query.since <= candidate.index_date <= query.until
        ]
        for spell, sex in with_sex(tx, keys if query.needs_sex else None, selected):
            if all(DIMENSION_READERS[code](Subject(spell.facts, sex)) == value for code, value in query.where.items()):
                columns[spell.definition].add(spell, sex)
    tables = tuple(table(columns[code], query.by, day, (query.since, query.until)) for code in query.codes)
    return CubeResult(day, tables, {}, read, selection.unread)


def with_sex(
    tx: Connection, keys: EncryptionKeys | None, spells: Iterable[RecidivismSpell]
) -> Iterator[tuple[RecidivismSpell, str]]:
    """Each spell with the sex of the person; without keys it is unknown."""
    spell_list = list(spells)
    sexes = people.read_sexes(tx, keys, list({spell.person_id for spell in spell_list})) if keys else {}
    return ((spell, sexes.get(spell.person_id, UNKNOWN)) for spell in spell_list)


# --- reading people ---------------------------------------------------------------------------------------------


def person_histories(
    tx: Connection, selection: CaseSelection, day: date, districts: Mapping[str, str] | None = None
) -> Iterator[PersonHistory]:
    """Every person who has a case, as of that day, in the order of person ids; streamed a page at a time.

    `districts`: as from `police_districts`, read here if not given. Raises `TooManyCases` while iterating.
    """
    districts = case_reader.police_districts(tx) if districts is None else districts
    by_person = groupby(_cases(tx, selection, day, districts), key=lambda pair: pair[0])
    for batch in bulk.batches(((person_id, [case for _, case in cases]) for person_id, cases in by_person), PEOPLE):
        beside = observations.of_people(tx, [person_id for person_id, _ in batch], selection.known_at)
        for person_id, known in batch:
            yield PersonHistory(person_id, tuple(known), tuple(beside.get(person_id, ())))


def _cases(
    tx: Connection, selection: CaseSelection, day: date, districts: Mapping[str, str]
) -> Iterator[tuple[UUID, SeenCase]]:
    query = case_cache.query(selection, C.person_id, F.row, F.trace).order_by(C.person_id, C.case_id).limit(PAGE)
    anew, rest = 0, query
    while page := tx.execute(rest).all():
        stale = [row.case_id for row in page if not case_cache.is_current(row, selection)]
        anew += len(stale)
        if selection.at_most is not None and anew > selection.at_most:
            raise TooManyCases(selection.at_most)
        recomputed = {
            case_id: SeenCase(case_id, facts, offences.case_offences(case))
            for case_id, case, facts in case_reader.recompute(tx, stale, selection, day, districts)
        }
        for row in page:
            if case_cache.is_current(row, selection):
                case = SeenCase(row.case_id, case_facts.load(row.row, day, districts), offences.load(row.trace))
                yield row.person_id, case
            elif row.case_id in recomputed:
                yield row.person_id, recomputed[row.case_id]
        person_id, case_id = page[-1].person_id, page[-1].case_id
        rest = query.where(or_(C.person_id > person_id, and_(C.person_id == person_id, C.case_id > case_id)))

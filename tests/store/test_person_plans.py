"""Whoever asks for a person, or for what is kept of one, is answered by index: no statement reads everybody."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, event, select, true, update

from tests import pg
from tests.store import cases
from tests.store.conftest import upgrade
from ungdom.extracts import snapshots
from ungdom.store import bulk, journal, observations, people, person_candidates
from ungdom.store.journal import EventBatch, StoredCase
from ungdom.store.observations import Observation
from ungdom.store.person_candidates import Particulars
from ungdom.store.personalia import Personalia
from ungdom.store.records import CANONICAL_ID, record
from ungdom.store.schema import persons as person_tables
from ungdom.store.schema.cases import NumberKind
from ungdom.store.schema.persons import person_version
from ungdom.store.session import Database
from ungdom.workflow.vocabulary import ObservationKind, Protection

PEOPLE = 4_000
NUMBER = "17850998027"
FIRST_NUMBER = 15_000_000
LATER = datetime(2027, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Crowd:
    """A database with some thousand people. `other`: a second record of `person`. Each record has a case."""

    tx: Connection
    person: UUID
    other: UUID
    case_id: UUID
    other_case: UUID


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def crowd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    databases: pg.Databases = request.getfixturevalue("pg_databases")
    libpq = databases.create(upgrade)
    on_sqlite = request.param == "sqlite"
    url = pg.sqlite_url(tmp_path_factory.mktemp("crowd")) if on_sqlite else pg.sqlalchemy_url(libpq)
    db = Database.open(url)
    if on_sqlite:
        db.upgrade()
    with db.writing() as tx:
        yield _filled(tx)
    db.close()
    databases.drop(libpq)


def _filled(tx: Connection) -> Crowd:
    ids = [uuid4() for _ in range(PEOPLE)]
    person, other = ids[:2]
    bulk.add(tx, person_tables.person, [_person(one) for one in ids])
    bulk.add(tx, person_version, [_version(one, n) for n, one in enumerate(ids)])
    histories = [cases.told(1, one) for one in ids]
    journal.append_many(tx, [_chapter(stored, str(n)) for n, stored in enumerate(histories, FIRST_NUMBER)])
    known = Personalia(given_name="Prikkete", family_name="Gulrot", national_id=NUMBER)
    secrets = people._encrypted_columns(cases.KEYS, other, known)
    second = {**secrets, "same_as": person}
    tx.execute(update(person_tables.person).where(person_tables.person.c.person_id == other).values(second))
    observations.add_many(tx, [_death(one) for one in ids[1:]])
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("ANALYZE")
    return Crowd(tx, person, other, histories[0].case_id, histories[1].case_id)


def _person(person_id: UUID) -> dict[str, Any]:
    return {
        "person_id": person_id, "number_hash": sha256(person_id.bytes).digest(), "protection": Protection.NONE,
        "created_at": cases.NOON, "updated_at": cases.NOON,
    }  # fmt: skip


def _version(person_id: UUID, n: int) -> dict[str, Any]:
    born = cases.YOUTH.born + timedelta(days=n)
    return {"person_id": person_id, "version": 1, "recorded_at": cases.NOON, "born": born, "guardians": 2}


def _chapter(stored: StoredCase, number: str) -> EventBatch:
    numbers = [(NumberKind.POLICE, number)]
    return EventBatch(replace(stored, events=[], version=0), stored.events, cases.folded(stored), (), numbers)


def _death(person_id: UUID) -> Observation:
    return Observation(
        observation_id=uuid4(), n=1, person_id=person_id, kind=ObservationKind.DEATH, occurred_on=cases.FIRST_DAY,
        recorded_at=cases.NOON, source="tests", subject="kari",
    )  # fmt: skip


# --- who asks -----------------------------------------------------------------------------------------------


STRANGER = Particulars(None, date(1900, 1, 1), None, None)
NUMBERED = replace(STRANGER, national_id=NUMBER)


def found_by(crowd: Crowd, given: Particulars, *numbers: int) -> set[UUID]:
    found = person_candidates.candidates(crowd.tx, cases.KEYS, given, [str(number) for number in numbers], true())
    return {one.person.person_id for one in found if one.canonical_id == crowd.person}


def by_number(crowd: Crowd) -> set[UUID]:
    return found_by(crowd, NUMBERED)


def by_case_number(crowd: Crowd) -> set[UUID]:
    return found_by(crowd, STRANGER, FIRST_NUMBER)


def by_both(crowd: Crowd) -> set[UUID]:
    return found_by(crowd, NUMBERED, FIRST_NUMBER)


def by_name(crowd: Crowd) -> set[UUID]:
    return found_by(crowd, replace(STRANGER, given_name="Gulrot", family_name="Prikkete"))


def by_birth(crowd: Crowd) -> set[UUID]:
    return found_by(crowd, replace(STRANGER, born=cases.YOUTH.born + timedelta(days=1)))


def their_cases(crowd: Crowd) -> set[UUID]:
    return set(journal.cases_of_person(crowd.tx, crowd.other))


def their_observations(crowd: Crowd) -> set[UUID]:
    found = observations.of_people(crowd.tx, [crowd.person])
    return {one.person_id for one in found[crowd.person]}


def what_people_recorded(crowd: Crowd) -> set[UUID]:
    return {one.person_id for one in observations.by_hand(crowd.tx, crowd.person)}


def their_life(crowd: Crowd) -> set[UUID]:
    found, _ = snapshots.read(crowd.tx, [crowd.case_id], cases.FIRST_DAY, LATER, person_histories=True)
    return {one.case_id for case in found if case.person_history for one in case.person_history.cases}


ASKING: dict[Callable[[Crowd], set[UUID]], Callable[[Crowd], set[UUID]]] = {
    by_number: lambda crowd: {crowd.person, crowd.other},
    by_case_number: lambda crowd: {crowd.person, crowd.other},
    by_both: lambda crowd: {crowd.person, crowd.other},
    by_name: lambda crowd: {crowd.person, crowd.other},
    by_birth: lambda crowd: {crowd.person, crowd.other},
    their_cases: lambda crowd: {crowd.case_id, crowd.other_case},
    their_observations: lambda crowd: {crowd.person},
    what_people_recorded: lambda crowd: {crowd.person},
    their_life: lambda crowd: {crowd.case_id, crowd.other_case},
}
"""Each question, with what is found: what is kept of either record is of the person that counts."""


@pytest.mark.parametrize("asking", ASKING, ids=lambda asking: asking.__name__)
def test_no_statement_reads_what_is_kept_of_everybody(crowd: Crowd, asking: Callable[[Crowd], set[UUID]]) -> None:
    with executed() as statements:
        found = asking(crowd)

    assert found == ASKING[asking](crowd)
    assert statements
    assert [line for one in statements for line in whole_reads(crowd.tx, *one)] == []


def test_a_statement_that_reads_all_people_is_seen(crowd: Crowd) -> None:
    query = select(record.c.person_id).where(crowd.person == CANONICAL_ID)
    with executed() as statements:
        assert set(crowd.tx.scalars(query)) == {crowd.person, crowd.other}
    [one] = statements
    assert whole_reads(crowd.tx, *one)


@contextmanager
def executed() -> Iterator[list[tuple[str, Any]]]:
    """Every statement executed meanwhile, with its parameters."""
    statements: list[tuple[str, Any]] = []

    def add(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        statements.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", add)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", add)


def whole_reads(tx: Connection, statement: str, parameters: Any) -> list[str]:
    """The steps of the database's plan that read a large table from one end to the other."""
    explain = "EXPLAIN QUERY PLAN" if tx.dialect.name == "sqlite" else "EXPLAIN"
    plan = [str(row[-1]) for row in tx.exec_driver_sql(f"{explain} {statement}", parameters)]
    return [line for line in plan if reads_all(line, statement)]


def reads_all(line: str, statement: str) -> bool:
    """Whether this step reads one of `LARGE` from one end to the other, under any name the statement gives it."""
    aliases = re.findall(rf"\b(?:{'|'.join(LARGE)}) AS (\w+)", statement)
    read = re.search(r"\bSeq Scan on (\w+)|\bSCAN (\w+)", line)
    return read is not None and (read[1] or read[2]) in {*LARGE, *aliases}


LARGE = ("person", "person_version", "case_file", "case_current", "case_number", "event", "observation")
"""The tables that grow with the number of people."""

"""The synthetic case load on a database: the same seed gives the same rows, and nobody real is in it."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from tests import pg
from ungdom.analytics.surveys import QUESTIONNAIRES, SurveyKind, results
from ungdom.demo import catalogue, people
from ungdom.demo.load import load
from ungdom.message.national_id import Series
from ungdom.store import surveys
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import DuplicateKey
from ungdom.store.people import read_person
from ungdom.store.schema import metadata
from ungdom.store.schema import persons as person_tables
from ungdom.store.schema.audit import audit_change
from ungdom.store.schema.cases import case_current, event
from ungdom.store.schema.catalogue import measure_availability
from ungdom.store.schema.staff import staff
from ungdom.store.session import Database

TODAY = date(2026, 11, 20)
KEYS = EncryptionKeys([b64encode(b"demo" * 8).decode()])


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made.append(Database.open(pg.sqlite_url(tmp_path / name)))
        made[-1].upgrade()
    yield made[0], made[1]
    for db in made:
        db.close()


def rows(tx: Connection) -> Iterator[tuple[Any, ...]]:
    for table in metadata.sorted_tables:
        columns = [column for column in table.c if column.name != "sealed"]
        yield from (tuple(row) for row in tx.execute(select(*columns).order_by(*table.primary_key)))
    for person_id in tx.scalars(select(person_tables.person.c.person_id).order_by(person_tables.person.c.person_id)):
        found = read_person(tx, KEYS, person_id)
        assert found is not None
        yield (found.personalia,)


def digest(db: Database) -> str:
    total = sha256()
    with db.reading() as tx:
        for row in rows(tx):
            total.update(repr(row).encode())
    return total.hexdigest()


def test_the_same_seed_gives_the_same_rows(two: tuple[Database, Database]) -> None:
    first, second = (load(db, KEYS, cases=60, seed=7, today=TODAY) for db in two)

    assert first == second
    assert digest(two[0]) == digest(two[1])


def test_one_process_and_two_make_the_same_rows(two: tuple[Database, Database]) -> None:
    for processes, db in zip((1, 2), two, strict=True):
        load(db, KEYS, cases=450, seed=7, today=TODAY, processes=processes)

    assert digest(two[0]) == digest(two[1])


def test_either_database_takes_the_load(database_url: str) -> None:
    db = Database.open(database_url)
    db.upgrade()
    summary = load(db, KEYS, cases=40, today=TODAY)
    with db.reading() as tx:
        assert tx.scalar(select(func.count()).select_from(event)) == summary.events
    db.close()


def test_another_seed_gives_other_rows(two: tuple[Database, Database]) -> None:
    for seed, db in enumerate(two):
        load(db, KEYS, cases=20, seed=seed, today=TODAY)

    assert digest(two[0]) != digest(two[1])


def test_progress_ends_with_all_of_them_and_a_second_load_is_refused(two: tuple[Database, Database]) -> None:
    seen: list[tuple[int, int]] = []
    summary = load(two[0], KEYS, cases=230, today=TODAY, progress=lambda done, of: seen.append((done, of)))

    assert seen == [(200, 230), (230, 230)]
    assert summary.cases == 230
    assert ("cases", "230") in summary.rows()
    with pytest.raises(DuplicateKey):
        load(two[0], KEYS, cases=230, today=TODAY)


def test_people_are_invented_and_their_numbers_synthetic(two: tuple[Database, Database]) -> None:
    load(two[0], KEYS, cases=400, today=TODAY)
    with two[0].reading() as tx:
        found = [read_person(tx, KEYS, id) for id in tx.scalars(select(person_tables.person.c.person_id))]

    looks = [person.number for person in found if person and person.number]
    given = {person.personalia.given_name for person in found if person and person.personalia}
    assert len(looks) < len(found) == 400
    assert {look.series for look in looks} == {Series.TENOR}
    assert all(look.is_well_formed and len(look.flags) == 1 for look in looks)
    assert len({look.digits for look in looks}) == len(looks)
    assert given <= set(people.name_lists().given)


def test_every_office_has_a_leader_and_two_to_five_coordinators() -> None:
    by_office: dict[str | None, list[str]] = {}
    for one in people.staff():
        by_office.setdefault(one.konfliktrad, []).extend(one.roles)

    assert by_office.pop(None) == ["secretariat"]
    assert len(by_office) == 12
    assert all(roles.count("leader") == 1 and 2 <= roles.count("coordinator") <= 5 for roles in by_office.values())


def test_a_coordinator_named_in_a_case_is_one_of_the_office(two: tuple[Database, Database]) -> None:
    load(two[0], KEYS, cases=120, today=TODAY)
    with two[0].reading() as tx:
        known = set(tx.scalars(select(staff.c.subject)))
        named = set(tx.scalars(select(case_current.c.coordinator)))

    assert named - {None} <= known


def test_the_catalogue_is_written_twice_and_its_rows_are_recorded_once(database_url: str) -> None:
    """The rows of `measure_availability` are only ever added, also where the same rows are written again."""
    db = Database.open(database_url)
    db.upgrade()
    counts = []
    for _ in range(2):
        with db.writing() as tx:
            catalogue.write(tx, TODAY)
        with db.reading() as tx:
            recorded = (
                select(func.count()).select_from(audit_change).where(audit_change.c.source == measure_availability.name)
            )
            counts.append((tx.scalar(select(func.count()).select_from(measure_availability)), tx.scalar(recorded)))
    db.close()
    assert counts[0] == counts[1]
    assert counts[0][0] == counts[0][1] > 0


def test_surveys_of_the_demo_are_answered_and_hold_no_person(two: tuple[Database, Database]) -> None:
    """Results of the country are shown, and every answer is of a questionnaire and a group that was invited."""
    db, _ = two
    load(db, KEYS, cases=300, seed=7, today=TODAY)
    with db.reading() as tx:
        counted = surveys.counts(tx, date(2024, 1, 1), TODAY)
        given = surveys.answers(tx, date(2024, 1, 1), TODAY)
    assert sum(row.answered for row in counted) == len(given) > 0
    assert all(0 <= row.answered <= row.invited for row in counted)
    assert {answer.group for answer in given} <= {row.group for row in counted}
    questions = {one.kind: set(one.questions) for one in QUESTIONNAIRES}
    assert all(set(answer.grades) == questions[SurveyKind(answer.group.kind)] for answer in given)
    figures = results.figures(results.cells(counted, given), [None])
    assert any(figure.value for figure in figures)

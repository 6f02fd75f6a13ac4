"""What never leaves: who anybody is, what a case is called elsewhere, what somebody wrote, when it was opened."""

import json
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.extracts import world
from tests.extracts.world import NAMES, OF_CASES
from tests.statistics import waits
from ungdom.extracts.catalogue import EXTRACTS
from ungdom.extracts.columns.column import Column, ColumnType, Dates
from ungdom.extracts.columns.shared import CASE
from ungdom.extracts.errors import NotAsDeclared
from ungdom.extracts.order import Order
from ungdom.extracts.pseudonyms import PseudonymKind
from ungdom.extracts.writers import Form
from ungdom.store.people import read_person
from ungdom.store.personalia import Personalia
from ungdom.store.schema.cases import case_file, case_number, event, note
from ungdom.store.schema.coordination_groups import coordination_contact
from ungdom.store.schema.persons import person
from ungdom.store.schema.staff import staff
from ungdom.store.session import Connection, Database

every_extract = pytest.mark.parametrize("name", NAMES)
PLACES = "row"
"""Numbered from 1: sooner or later any number stands there."""
LONG = 6
"""A secret of so many letters is looked for anywhere, a shorter one as a value of its own."""


def of_person(one: Personalia) -> Iterator[str | None]:
    yield from (one.given_name, one.family_name, one.national_id, one.municipality)
    reach = [one.contact, *(guardian.contact for guardian in one.guardians)]
    yield from (word for each in reach for word in (each.telephone, each.email, each.address))
    yield from (guardian.name for guardian in one.guardians)
    yield from (former.number for former in one.former_numbers)


def secrets(tx: Connection) -> Iterator[str]:
    """Every name, number, reference, id and note, and whatever a history holds that is none of our words."""
    for query in (
        select(case_file.c.case_id, case_file.c.person_id, case_file.c.reference),
        select(case_number.c.number),
        select(staff.c.subject, staff.c.display_name),
        select(coordination_contact.c.subject, coordination_contact.c.name),
        select(event.c.subject, event.c.source),
        select(note.c.note_id, note.c.created_by),
    ):
        for row in tx.execute(query):
            yield from (one.hex if isinstance(one, UUID) else str(one) for one in row)
            yield from (str(one) for one in row)
    for person_id in tx.scalars(select(person.c.person_id)):
        found = read_person(tx, waits.KEYS, person_id)
        if found and found.personalia:
            yield from (word for word in of_person(found.personalia) if word)
    for raw in tx.scalars(select(event.c.details)):
        said = json.loads(raw)
        names = ("coordinator", "member", "measure", "provider", "note", "person", "explained_by", "statute")
        yield from (str(said[name]) for name in names if said.get(name))


@pytest.fixture(scope="module")
def known_secrets(db: Database) -> set[str]:
    with db.reading() as tx:
        return {secret.lower() for secret in secrets(tx) if secret not in ("api", "nightly")}


@every_extract
def test_no_name_number_reference_id_or_note_is_in_any_extract(
    name: str, db: Database, known_secrets: set[str]
) -> None:
    assert len(known_secrets) > 1_000
    text = world.raw(db, world.order(name), Form.CSV).decode().lower()
    values = world.cells(text, PLACES)
    words = {word for one in EXTRACTS for column in one.columns for word in (column.name, *column.values)}
    assert {one for one in known_secrets - words if one in values or (len(one) >= LONG and one in text)} == set()


@every_extract
def test_the_search_would_find_them(name: str, db: Database, known_secrets: set[str]) -> None:
    with db.reading() as tx:
        reference = tx.scalar(select(case_file.c.reference))
    text = world.raw(db, world.order(name), Form.CSV).decode() + f"\n{reference}"
    assert any(len(one) >= LONG and one in text.lower() for one in known_secrets)


@pytest.mark.parametrize("name", OF_CASES)
def test_rows_stand_in_the_order_of_pseudonyms_and_not_of_opening(name: str, db: Database) -> None:
    cases = list(dict.fromkeys(row["case"] for row in world.rows(db, world.order(name))))
    assert cases == sorted(cases)


def test_cases_of_one_purpose_join_and_those_of_another_do_not(db: Database) -> None:
    found = {
        (name, purpose): {row["case"] for row in world.rows(db, world.order(name, of=world.purpose(purpose)))}
        for name in ("cases", "measures")
        for purpose in ("p", "q")
    }
    assert found["measures", "p"] <= found["cases", "p"]
    assert found["measures", "q"] <= found["cases", "q"]
    assert found["cases", "p"] & found["cases", "q"] == set()


def test_a_person_has_nothing_in_common_with_their_cases(db: Database) -> None:
    found = world.rows(db, world.order("cases"))
    assert {row["case"] for row in found} & {row["person"] for row in found} == set()


def with_column(asked: Order, column: Column) -> Order:
    """The order of an extract that has this column as well."""
    changed = object.__new__(type(asked.extract))
    changed.__dict__.update(asked.extract.__dict__, columns=(CASE, column))
    return Order(changed, asked.purpose, asked.pseudonyms, asked.known_at, asked.day)


def test_a_value_that_is_not_on_the_list_of_its_column_breaks_the_extract_off(db: Database) -> None:
    reference = Column(
        "told", ColumnType.STRING, "d", "s", lambda row: row.snapshot.stored.reference, vocabulary=("x",)
    )
    missing = Column("told", ColumnType.INTEGER, "d", "s", lambda _row: None)
    for column in (reference, missing):
        with pytest.raises(NotAsDeclared, match=r"cases\.told"):
            world.raw(db, with_column(world.order("cases"), column))


def test_days_are_as_coarse_as_ordered(db: Database) -> None:
    ways = {way: world.rows(db, world.order("cases", of=world.purpose(dates=way))) for way in Dates}
    days = [one.name for one in world.order("cases").columns if one.type is ColumnType.DATE]
    assert {"last_offence_on", "started_on", "received_on"} <= {*days}
    assert ways[Dates.DAY]
    for exact, month, quarter, offset in zip(*ways.values(), strict=True):
        for name in days:
            if (on := exact[name]) is None:
                assert month[name] is quarter[name] is offset[name] is None
                continue
            assert month[name] == on[:7]
            assert quarter[name] == f"{on[:4]}Q{(int(on[5:7]) + 2) // 3}"
        assert offset["last_offence_on"] == 0
        assert (offset["started_on"], offset["received_on"]) == (exact["p3_days"], exact["p1_days"])


def test_a_purpose_does_not_get_the_columns_it_is_without(db: Database) -> None:
    [first, *_] = world.rows(db, world.order("cases", of=world.purpose(without=frozenset({"person", "age"}))))
    assert {"person", "age"} & set(first) == set()
    assert PseudonymKind.CASE in first

"""People and notes: sealed, found again, sealed anew under another key, erased."""

from base64 import b64encode, urlsafe_b64encode
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, select, true, update
from sqlalchemy.exc import IntegrityError

from tests.store import cases
from ungdom import message
from ungdom.intake import identity
from ungdom.intake.identity import Likeness
from ungdom.message.national_id import NationalIdFlag, Series
from ungdom.store import notes, people, person_erasure, resealing
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import CannotOpen, Stale
from ungdom.store.notes import Note
from ungdom.store.personalia import ContactDetails, Personalia, PersonGuardian
from ungdom.store.schema import persons as person_tables
from ungdom.store.session import Database
from ungdom.workflow.case import Youth
from ungdom.workflow.vocabulary import Protection

OLD, NEW = b64encode(b"o" * 32).decode(), urlsafe_b64encode(b"\xff" * 32).decode()
BORN = date(2009, 5, 17)
NUMBER = "17850998027"  # Tenor's synthetic series
WHO = Personalia(
    given_name="Prikkete",
    family_name="Gulrot",
    national_id=NUMBER,
    sex="f",
    municipality="0301",
    contact=ContactDetails(email="prikkete@example.org"),
    guardians=(PersonGuardian(reference="g1", name="Stripete Gulrot"),),
)


def test_a_person_is_read_as_written(db: Database) -> None:
    with db.writing() as tx:
        person = people.create_person(tx, cases.KEYS, WHO, Youth(BORN, 2), cases.NOON, Protection.STRICTLY_CONFIDENTIAL)
        found = people.read_person(tx, cases.KEYS, person)

    assert found is not None
    assert found.personalia == WHO
    assert (found.youth, found.version) == (Youth(BORN, 2), 1)
    assert found.protection is Protection.STRICTLY_CONFIDENTIAL
    assert found.number is not None
    assert found.number.series is Series.TENOR


def test_nothing_about_a_person_stands_open(db: Database) -> None:
    with db.writing() as tx:
        people.create_person(tx, cases.KEYS, WHO, Youth(BORN, 2), cases.NOON)
        [row] = cases.rows(tx, person_tables.person)

    stored = row["sealed"] + row["number_hash"]
    assert not any(word.encode() in stored for word in ("Prikkete", "Gulrot", NUMBER, "example", "0301"))


def test_an_odd_number_is_kept_and_flagged(db: Database) -> None:
    with db.writing() as tx:
        odd = Personalia(national_id="17850998028")
        person = people.create_person(tx, cases.KEYS, odd, Youth(date(2008, 1, 1), 1), cases.NOON)
        found = people.read_person(tx, cases.KEYS, person)

    assert found is not None
    assert found.number is not None
    assert found.number.flags == {
        NationalIdFlag.WRONG_CONTROL_DIGITS,
        NationalIdFlag.SYNTHETIC,
        NationalIdFlag.OTHER_BIRTH_DATE,
    }


def found_by(tx: Connection, keys: EncryptionKeys, number: str | None, born: date) -> UUID | None:
    """Who agrees with this number and day of birth, whoever may see them."""
    given = message.Person(born=born, family_name="?", national_id=number)
    found = identity.match_person(tx, keys, given, (), true()).resembling
    return next((one.person_id for one in found if one.how is Likeness.SAME), None)


def test_a_person_is_found_by_number_and_day_of_birth_together(db: Database) -> None:
    with db.writing() as tx:
        first = people.create_person(tx, cases.KEYS, WHO, Youth(BORN, 2), cases.NOON)
        people.create_person(tx, cases.KEYS, WHO, Youth(BORN, 2), cases.NOON + timedelta(days=1))
        people.create_person(tx, cases.KEYS, Personalia(), Youth(BORN, 2), cases.NOON)

        assert found_by(tx, cases.KEYS, "178509 98027", BORN) == first
        assert found_by(tx, cases.KEYS, NUMBER, date(2009, 5, 18)) is None
        assert found_by(tx, cases.KEYS, None, BORN) is None
        assert found_by(tx, cases.KEYS, "03911077581", BORN) is None


def test_a_person_is_found_by_the_day_of_birth_known_now(db: Database) -> None:
    with db.writing() as tx:
        person = people.create_person(tx, cases.KEYS, WHO, Youth(date(2009, 5, 1), 2), cases.NOON)
        assert people.add_version(tx, person, Youth(BORN, 1), cases.NOON) == 2

        assert found_by(tx, cases.KEYS, NUMBER, BORN) == person
        assert found_by(tx, cases.KEYS, NUMBER, date(2009, 5, 1)) is None


def test_a_person_changes(db: Database) -> None:
    with db.writing() as tx:
        person = people.create_person(tx, cases.KEYS, WHO, Youth(BORN, 2), cases.NOON)
        later = cases.NOON + timedelta(days=1)
        new = Personalia(given_name="Rutete")

        before = people.read_person(tx, cases.KEYS, person)
        assert before is not None
        assert people.change_person(tx, cases.KEYS, before, new, Protection.CONFIDENTIAL, later, reviewed=False) == 2
        found = people.read_person(tx, cases.KEYS, person)
        assert found is not None
        assert (found.personalia, found.updated_at, found.revision) == (new, later, 2)
        assert found_by(tx, cases.KEYS, NUMBER, BORN) is None
        with pytest.raises(Stale):
            people.change_person(tx, cases.KEYS, before, new, Protection.NONE, later, reviewed=False)


def test_an_erased_person_leaves_what_the_rules_need(db: Database) -> None:
    with db.writing() as tx:
        person = people.create_person(tx, cases.KEYS, WHO, Youth(BORN, 2), cases.NOON)

        assert person_erasure.erase_records(tx, cases.KEYS, [person], cases.NOON)["person"] == 1
        found = people.read_person(tx, cases.KEYS, person)
        assert found is not None
        assert (found.personalia, found.number) == (None, None)
        assert found.youth == Youth(BORN, 2)
        assert found_by(tx, cases.KEYS, NUMBER, BORN) is None
        assert people.read_names(tx, cases.KEYS, [person]) == {person: None}
        assert people.read_sexes(tx, cases.KEYS, [person]) == {person: WHO.sex}
        assert not person_erasure.erase_records(tx, cases.KEYS, [uuid4(), person], cases.NOON)


def test_an_unknown_person_is_none(db: Database) -> None:
    with db.reading() as tx:
        assert people.read_person(tx, cases.KEYS, uuid4()) is None


def test_keys_are_changed_without_losing_anybody(db: Database) -> None:
    old, both, new = EncryptionKeys([OLD]), EncryptionKeys([NEW, OLD, cases.SECRET]), EncryptionKeys([NEW])
    with db.writing() as tx:
        ids = [people.create_person(tx, old, WHO, Youth(BORN, 2), cases.NOON) for _ in range(5)]
        person_erasure.erase_records(tx, old, [ids[4]], cases.NOON)
        case = cases.opened(tx)
        note = Note(uuid4(), case.case_id, "Ringte skolen.", cases.NOON, "kari")
        notes.write_note(tx, old, note)
        assert found_by(tx, both, NUMBER, BORN) == min(ids[:4])

    resealed = {result.table: result.resealed for result in resealing.reseal(db, both)}
    assert (resealed["person"], resealed["note"]) == (5, 1)  # four, and the youth of the case
    with db.reading() as tx:
        found = people.read_person(tx, new, ids[0])
        assert found is not None
        assert found.personalia == WHO
        assert found_by(tx, new, NUMBER, BORN) == min(ids[:4])
        assert list(notes.notes_of(tx, new, case.case_id)) == [note]
        with pytest.raises(CannotOpen, match="not here"):
            people.read_person(tx, old, ids[0])
    assert {result.resealed for result in resealing.reseal(db, new)} == {0}


def test_text_moved_to_another_person_does_not_open(db: Database) -> None:
    with db.writing() as tx:
        first, second = (people.create_person(tx, cases.KEYS, WHO, Youth(BORN, 2), cases.NOON) for _ in range(2))
        stolen = (
            select(person_tables.person.c.sealed).where(person_tables.person.c.person_id == first).scalar_subquery()
        )
        tx.execute(update(person_tables.person).where(person_tables.person.c.person_id == second).values(sealed=stolen))

        with pytest.raises(CannotOpen, match="another record"):
            people.read_person(tx, cases.KEYS, second)


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x02" + bytes(40)])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(CannotOpen):
        cases.KEYS.decrypt(sealed, "person:1")


def test_keys_say_nothing_of_themselves_and_have_their_length() -> None:
    assert repr(EncryptionKeys([OLD, NEW])) == "Keys(2)"
    for wrong in ([], ["AAAA"], ["not base64!"]):
        with pytest.raises(ValueError):  # noqa: PT011  # base64 and we say it differently
            EncryptionKeys(wrong)


def test_notes_are_read_in_order_and_erased(db: Database) -> None:
    with db.writing() as tx:
        case = cases.opened(tx)
        written = [
            Note(uuid4(), case.case_id, text, cases.NOON + timedelta(hours=n), "kari") for n, text in enumerate("ab")
        ]
        for note in reversed(written):
            notes.write_note(tx, cases.KEYS, note)
        assert list(notes.notes_of(tx, cases.KEYS, case.case_id)) == written

        assert notes.erase_note(tx, written[0].note_id)
        assert [note.text for note in notes.notes_of(tx, cases.KEYS, case.case_id)] == [None, "b"]
        assert not notes.erase_note(tx, uuid4())


@pytest.mark.parametrize("names", ["itself", "nobody"])
def test_a_record_counts_as_another_stored_one(db: Database, names: str) -> None:
    with db.writing() as tx:
        record = people.create_person(tx, cases.KEYS, WHO, Youth(BORN, 2), cases.NOON)
    same_as = record if names == "itself" else uuid4()
    with pytest.raises(IntegrityError), db.writing() as tx:
        tx.execute(
            update(person_tables.person).where(person_tables.person.c.person_id == record).values(same_as=same_as)
        )

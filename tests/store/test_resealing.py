"""Encrypting everything with a new key: the list of columns is whole, nothing is overwritten, what is left is shown."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import LargeBinary, insert, select, update

from tests.store import cases, sealed_rows
from ungdom.store import case_imports, idempotency, key_usage, notes, resealing
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import MissingKeys
from ungdom.store.key_usage import KeyUsage
from ungdom.store.notes import Note
from ungdom.store.schema import metadata
from ungdom.store.schema.cases import case_import
from ungdom.store.schema.idempotency import idempotency as stored_answers
from ungdom.store.schema.inbox import decision_wait
from ungdom.store.sealed import NOTE, SEALED_COLUMNS, SealedColumn
from ungdom.store.session import MIGRATIONS, Connection, Database

OLD, NEW = cases.SECRET, "5OLU8MyW3kICvatAfgglWm0Nycjhj/eZ5Nx6lGXi4n8="
OLD_KEYS, BOTH, NEW_KEYS = EncryptionKeys([OLD]), EncryptionKeys([NEW, OLD]), EncryptionKeys([NEW])
DIGESTS_OF_SEALED = frozenset(
    {"person.number_hash", "person.name_hash", "person_number.number_hash", "idempotency.key_hash"}
)
"""Columns of keyed hashes for lookups, which are made anew together with the encrypted value of their row."""
CHAIN = {"link", "root", "shown"}
"""Names of columns of hash chains, over rows without what is encrypted."""
NOT_ENCRYPTED = {
    "access_log.entries": "ids of cases, persons and messages",
    "calendar_feed.secret_hash": "a hash of 256 random bits",
    "decision_receipt.body": "a receipt, which names no person",
    "survey_invitation.token_hash": "a hash of 256 random bits",
    "web_session.session_hash": "a hash of 256 random bits",
}
"""Columns of bytes that hold nothing of a person."""


def filled(url: str) -> None:
    with closing(Database.open(url)) as db:
        db.upgrade()
        sealed_rows.fill(db, OLD_KEYS)


@pytest.fixture
def world(database_url: str) -> Iterator[Database]:
    """A database of either kind with rows in every encrypted column."""
    filled(database_url)
    with closing(Database.open(database_url)) as db:
        yield db


def keys_of(tx: Connection, keys: EncryptionKeys) -> dict[str, set[str]]:
    """The ids of the keys of each table."""
    usage = key_usage.usage(tx, keys)
    return {table: {row.key_id for row in usage if row.table == table} for table in {row.table for row in usage}}


def test_every_column_of_bytes_is_on_the_list_or_holds_nothing_of_a_person() -> None:
    columns = {f"{table.name}.{column.name}" for table in metadata.tables.values() for column in table.columns
               if isinstance(column.type, LargeBinary)}  # fmt: skip
    listed = {str(sealed.column) for sealed in SEALED_COLUMNS}
    assert listed.isdisjoint(DIGESTS_OF_SEALED | NOT_ENCRYPTED.keys())
    assert listed | DIGESTS_OF_SEALED | NOT_ENCRYPTED.keys() <= columns
    others = columns - listed - DIGESTS_OF_SEALED - NOT_ENCRYPTED.keys()
    assert {name for name in others if name.partition(".")[2] not in CHAIN} == set()


def test_no_encrypted_value_stands_in_a_row_that_a_trigger_protects() -> None:
    migrations = "\n".join(path.read_text() for path in sorted((MIGRATIONS / "versions").glob("*.py")))
    sealed_tables = {sealed.table.name for sealed in SEALED_COLUMNS}
    assert "_is_only_added BEFORE UPDATE" in migrations
    assert [table for table in sealed_tables if f"{table}_is_only_added" in migrations] == []


def test_everything_is_encrypted_with_the_new_key_and_found_by_what_it_was_found_by(world: Database) -> None:
    with world.writing() as tx:
        before, name = sealed_rows.opened(tx, OLD_KEYS), sealed_rows.pseudonym(tx, OLD_KEYS)
        sealed_rows.assert_found(tx, BOTH)
    assert set(before) == {str(sealed.column) for sealed in SEALED_COLUMNS}
    assert all(before.values())
    resealing.reseal(world, BOTH)
    with world.writing() as tx:
        assert sealed_rows.opened(tx, NEW_KEYS) == before
        assert sealed_rows.pseudonym(tx, NEW_KEYS) == name
        sealed_rows.assert_found(tx, NEW_KEYS)
        assert sealed_rows.openable(tx, OLD_KEYS) == 0
        assert {frozenset(ids) for ids in keys_of(tx, BOTH).values()} == {frozenset(NEW_KEYS.ids)}
        key_usage.require_keys(tx, NEW_KEYS)
        with pytest.raises(MissingKeys) as missing:
            key_usage.require_keys(tx, OLD_KEYS)
        assert missing.value.tables == {NEW_KEYS.ids[0]: [sealed.table.name for sealed in SEALED_COLUMNS]}
        key_usage.require_keys(tx, EncryptionKeys([OLD], NEW_KEYS.ids))


# --- beside others ------------------------------------------------------------------------------------------


def written(db: Database, number: int) -> list[UUID]:
    """So many notes of a case under the old key."""
    with db.writing() as tx:
        case, ids = cases.opened(tx), [uuid4() for _ in range(number)]
        for note_id in ids:
            notes.write_note(tx, OLD_KEYS, Note(note_id, case.case_id, "Ringte skolen.", cases.NOON, "kari"))
    return ids


def resealed_notes(db: Database) -> int:
    return next(result.resealed for result in resealing.reseal(db, BOTH) if result.table == "note")


def test_what_another_erased_meanwhile_stays_erased(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row is changed between the moment it was read and the moment it would be written."""
    first, *_ = written(db, 3)
    plain = resealing._reseal_value

    def late(tx: Connection, keys: EncryptionKeys, column: SealedColumn, row: Any) -> bool:
        if column is NOTE and row.note_id == first:
            assert notes.erase_note(tx, first)
        return plain(tx, keys, column, row)

    monkeypatch.setattr(resealing, "_reseal_value", late)
    assert resealed_notes(db) == 2
    with db.reading() as tx:
        assert tx.scalar(select(NOTE.column).where(NOTE.table.c.note_id == first)) is None


def test_an_erased_hash_is_under_no_key_and_matches_nothing(db: Database) -> None:
    with db.writing() as tx:
        row = {"source": "gammelt", "key": "1", "case_id": cases.opened(tx).case_id, "imported_at": cases.NOON}
        tx.execute(insert(case_import), {**row, "fingerprint": b""})
        earlier = case_imports.find(tx, "gammelt", "1")
        assert earlier is not None
        assert not earlier.is_of(tx, BOTH, "")
        assert "case_import" not in keys_of(tx, BOTH)
        key_usage.require_keys(tx, EncryptionKeys([NEW], OLD_KEYS.ids))
    resealing.reseal(db, BOTH)
    with db.reading() as tx:
        assert tx.scalar(select(case_import.c.fingerprint)) == b""


def test_two_runs_at_once_encrypt_each_record_once(db: Database) -> None:
    written(db, 150)
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(resealed_notes, [db, db])) == 150
    with db.reading() as tx:
        assert keys_of(tx, BOTH)["note"] == {NEW_KEYS.ids[0]}


def test_a_record_that_another_has_locked_is_left_for_later(
    postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, *_ = written(postgresql, 3)
    monkeypatch.setattr(resealing, "PASSES", 2)
    with postgresql.writing() as tx:
        tx.execute(select(NOTE.table).where(NOTE.table.c.note_id == locked).with_for_update()).one()
        assert resealed_notes(postgresql) == 2
    with postgresql.reading() as tx:
        assert keys_of(tx, BOTH)["note"] == {NEW_KEYS.ids[0], OLD_KEYS.ids[0]}
    assert resealed_notes(postgresql) == 1


def test_a_record_that_does_not_open_holds_nothing_up_and_is_counted(db: Database) -> None:
    spoiled, *_ = written(db, 3)
    with db.writing() as tx:
        tx.execute(update(NOTE.table).where(NOTE.table.c.note_id == spoiled).values(sealed=OLD_KEYS.encrypt(b"", "x")))
    (result,) = (result for result in resealing.reseal(db, BOTH) if result.table == "note")
    assert (result.resealed, result.unopened) == (2, 1)
    with db.reading() as tx:
        assert KeyUsage("note", OLD_KEYS.ids[0], 1) in key_usage.usage(tx, BOTH)


# --- hashes -------------------------------------------------------------------------------------------------


def test_of_two_answers_to_one_request_under_two_keys_the_first_is_kept(db: Database) -> None:
    later = replace(sealed_rows.ANSWER, body=b"{}", created_at=cases.NOON + timedelta(hours=1))
    orders = (((OLD_KEYS, sealed_rows.ANSWER), (NEW_KEYS, later)), ((OLD_KEYS, later), (NEW_KEYS, sealed_rows.ANSWER)))
    for order in orders:
        with db.writing() as tx:
            tx.execute(stored_answers.delete())
            for keys, answer in order:
                idempotency.store_response(tx, keys, sealed_rows.REQUEST, answer)
        resealing.reseal(db, BOTH)
        with db.reading() as tx:
            assert idempotency.find_response(tx, NEW_KEYS, sealed_rows.REQUEST) == sealed_rows.ANSWER
            assert keys_of(tx, BOTH)["idempotency"] == {NEW_KEYS.ids[0]}


def test_hashes_of_an_earlier_version_are_encrypted_and_still_tell_a_repeat(db: Database) -> None:
    line = "sak 1;Prikkete;Gulrot"
    with db.writing() as tx:
        row = {"source": "gammelt", "key": "1", "case_id": cases.opened(tx).case_id, "imported_at": cases.NOON}
        tx.execute(insert(case_import), {**row, "fingerprint": OLD_KEYS.digest(line)})
    with db.reading() as tx:
        assert keys_of(tx, BOTH)["case_import"] == {key_usage.NOT_ENCRYPTED}
        key_usage.require_keys(tx, EncryptionKeys([NEW], OLD_KEYS.ids))
    for keys in (BOTH, NEW_KEYS):
        with db.writing() as tx:
            earlier = case_imports.find(tx, "gammelt", "1")
            assert earlier is not None
            assert [earlier.is_of(tx, keys, text) for text in (line, "sak 2")] == [True, False]
        resealing.reseal(db, BOTH)


def test_a_message_that_waits_under_both_hashes_waits_under_the_new_one(db: Database) -> None:
    with db.writing() as tx:
        sealed_rows.parked(tx, OLD_KEYS, "D-1")
        (wait,) = key_usage.person_waits(tx, BOTH)
        tx.execute(insert(decision_wait), {"message_id": wait.message_id, "waits_for": wait.renewed})
        assert keys_of(tx, BOTH)["decision_wait"] == {*BOTH.ids}
    resealing.reseal(db, BOTH)
    with db.reading() as tx:
        assert [found.waits_for for found in key_usage.person_waits(tx, NEW_KEYS)] == [wait.renewed]

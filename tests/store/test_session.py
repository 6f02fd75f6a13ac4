"""Transactions: all or nothing, read only where it says so, and failures by their names."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import QueuePool, event, insert, select, text
from sqlalchemy.exc import DBAPIError

from tests import pg
from tests.store import cases
from ungdom.store.errors import DuplicateKey, StoreError, Unavailable
from ungdom.store.schema import persons as person_tables
from ungdom.store.schema.persons import person_version
from ungdom.store.schema.reference import police_district
from ungdom.store.schema.staff import staff
from ungdom.store.session import READER_CACHE_KIB, Database

STAFFED = {"code": "x", "name_nb": "x", "name_nn": "x", "name_en": "x"}


def add(db: Database, code: str) -> None:
    with db.writing() as tx:
        tx.execute(insert(police_district), {**STAFFED, "code": code})


def codes(db: Database) -> set[str]:
    with db.reading() as tx:
        return set(tx.scalars(select(police_district.c.code)))


def test_what_is_written_is_there(db: Database) -> None:
    add(db, "new")
    assert "new" in codes(db)


def test_an_exception_takes_everything_back(db: Database) -> None:
    def write_and_fail() -> None:
        with db.writing() as tx:
            tx.execute(insert(police_district), {**STAFFED, "code": "new"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()

    assert "new" not in codes(db)


DEFER = {
    "sqlite": "PRAGMA defer_foreign_keys = ON",
    "postgresql": "ALTER TABLE staff ALTER CONSTRAINT fk_staff_konfliktrad_konfliktrad DEFERRABLE INITIALLY DEFERRED",
}
STRAY = {"subject": "kari", "konfliktrad": "nowhere", "roles": ("coordinator",), "display_name": "Kari"}


def test_a_commit_that_fails_leaves_nothing(db: Database) -> None:
    """A reference to nobody, asked about at the commit only; the connection is not used again."""
    before = codes(db)
    reached: list[str] = []

    def write_what_cannot_be_committed() -> None:
        with db.writing() as tx:
            tx.exec_driver_sql(DEFER[db.writer.dialect.name])
            tx.execute(insert(police_district), {**STAFFED, "code": "new"})
            tx.execute(insert(staff), {**STRAY, "active_from": cases.FIRST_DAY, "active_to": None})
            reached.append("the end")

    with pytest.raises(DBAPIError):
        write_what_cannot_be_committed()

    assert reached == ["the end"]
    assert codes(db) == before
    add(db, "next")
    assert codes(db) == before | {"next"}


def test_reading_writes_nothing(db: Database) -> None:
    with pytest.raises((DBAPIError, StoreError)), db.reading() as tx:
        tx.execute(insert(police_district), {**STAFFED, "code": "new"})

    assert "new" not in codes(db)


def test_reading_is_one_snapshot(db: Database) -> None:
    count = select(police_district.c.code)
    with db.reading() as tx:
        before = tx.scalars(count).all()
        add(db, "new")
        assert tx.scalars(count).all() == before


def test_a_key_that_is_there_already_is_named(db: Database) -> None:
    with pytest.raises(DuplicateKey) as caught:
        add(db, "p01")

    assert "police_district" in caught.value.constraint


def test_references_are_kept(db: Database) -> None:
    with pytest.raises(DBAPIError), db.writing() as tx:
        tx.execute(insert(person_version), _version_of_nobody())


def test_an_exhausted_pool_is_unavailable(db_url: str) -> None:
    db = Database.open(db_url, pool_size=1, wait_seconds=0.1)
    with db.reading(), pytest.raises(Unavailable, match="pool_exhausted"), db.reading():
        pass
    db.close()


def test_sqlite_opens_its_readers_at_once_and_uses_few_of_them(tmp_path: Path) -> None:
    db = Database.open(pg.sqlite_url(tmp_path), pool_size=4)
    opened: list[object] = []
    event.listen(db.reader, "connect", lambda connection, _record: opened.append(connection))
    db.open_readers()
    used = set()
    for _ in range(8):
        with db.reading() as tx:
            used.add(tx.connection.driver_connection)
            cache = tx.exec_driver_sql("PRAGMA cache_size").scalar()
    with db.reading(), db.reading(), db.reading(), db.reading():
        pass
    assert (len(opened), len(used), cache) == (4, 1, -READER_CACHE_KIB)
    db.open_readers()
    assert len(opened) == 4
    db.close()


def test_readers_of_postgresql_are_opened_as_they_are_needed(postgresql: Database) -> None:
    postgresql.open_readers()
    pool = postgresql.reader.pool
    assert isinstance(pool, QueuePool)
    assert (pool.checkedin(), pool.checkedout()) == (0, 0)


def test_the_writer_who_waits_too_long_for_a_turn_is_told(tmp_path: Path) -> None:
    db = Database.open(pg.sqlite_url(tmp_path), wait_seconds=0.1)
    same = Database.open(pg.sqlite_url(tmp_path), wait_seconds=0.1)
    with db.writing(), pytest.raises(Unavailable, match="writer_busy"), same.writing():
        pass
    db.close()


def test_a_lock_of_another_process_is_unavailable(sqlite_template: Path, tmp_path: Path) -> None:
    copy = tmp_path / "ungdom.sqlite"
    copy.write_bytes(sqlite_template.read_bytes())
    db = Database.open(pg.sqlite_url(tmp_path), wait_seconds=0.1)
    with db.writer.connect() as other:
        other.exec_driver_sql("SELECT 1")
        stranger = Database.open(f"sqlite:///{copy}", wait_seconds=0.1)
        with pytest.raises(Unavailable, match="sqlite_busy"), stranger.writing() as tx:
            tx.execute(select(1))
        stranger.close()
    db.close()


def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    db = Database.open(f"sqlite:///{tmp_path / 'none' / 'x.sqlite'}")
    with pytest.raises(Unavailable, match="sqlite_cantopen"):
        db.current()
    db.close()


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    db = Database.open(f"postgresql://nobody@/nothing?host={tmp_path}")
    with pytest.raises(Unavailable, match="connection_lost"):
        db.current()
    db.close()


def test_a_lost_connection_is_unavailable_once(postgresql: Database) -> None:
    def lose_it() -> None:
        with postgresql.writing() as tx, postgresql.writing() as other:
            number = other.scalar(text("SELECT pg_backend_pid()"))
            tx.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number})
            other.execute(select(1))

    with pytest.raises(Unavailable):
        lose_it()

    with postgresql.reading() as tx:
        assert tx.scalar(select(1)) == 1


def test_a_statement_that_takes_too_long_is_unavailable(postgresql: Database) -> None:
    url = postgresql.writer.url.render_as_string(hide_password=False)
    hasty = Database.open(url, statement_seconds=0.02)
    with pytest.raises(Unavailable, match="57014"), hasty.writing() as tx:
        tx.exec_driver_sql("SELECT pg_sleep(5)")
    hasty.close()


def test_a_wrong_statement_is_nobody_elses_fault(db: Database) -> None:
    with pytest.raises(DBAPIError), db.reading() as tx:
        tx.exec_driver_sql("SELECT nothing FROM nowhere")


def test_writers_of_one_file_take_turns(db: Database) -> None:
    def write(number: int) -> None:
        add(db, f"n{number}")

    threads = [threading.Thread(target=write, args=(n,), daemon=True) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {f"n{n}" for n in range(20)} <= codes(db)


def test_sqlite_survives_a_power_cut_unless_told_otherwise(tmp_path: Path) -> None:
    db = Database.open(pg.sqlite_url(tmp_path))
    with db.writing() as tx:
        said = {
            name: tx.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert said == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    db.close()


def test_an_instant_needs_a_zone_and_comes_back_in_utc(db: Database) -> None:
    with db.writing() as tx:
        person = cases.somebody(tx, at=cases.NOON)
        found = tx.scalar(select(person_tables.person.c.created_at).where(person_tables.person.c.person_id == person))
        assert found == cases.NOON
        assert str(found) == "2026-01-05 12:00:00+00:00"

    with pytest.raises(Exception, match="needs a time zone"), db.writing() as tx:
        cases.somebody(tx, at=cases.NOON.replace(tzinfo=None))


def _version_of_nobody() -> dict[str, object]:
    return {
        "person_id": cases.told(1).person_id,
        "version": 1,
        "recorded_at": cases.NOON,
        "born": cases.FIRST_DAY,
        "guardians": 1,
    }

"""The ground the other tests stand on: both databases are real, empty and the test's own."""

import os
import tempfile
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, text

from tests import memory, pg


def _ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def _with_a_table(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE thing (id int)")
        connection.execute("INSERT INTO thing VALUES (7)")


def test_the_server_is_postgresql(pg_server: str) -> None:
    assert str(_ask(pg_server, "SELECT version()")).startswith("PostgreSQL ")


def test_databases_do_not_see_each_other(pg_database: pg.MakeDatabase) -> None:
    first, second = pg_database(), pg_database()
    _with_a_table(first)
    assert _ask(second, "SELECT to_regclass('thing')") is None


def test_a_filled_database_is_a_copy_of_its_own(pg_database: pg.MakeDatabase) -> None:
    first, second = pg_database(_with_a_table), pg_database(_with_a_table)
    with psycopg.connect(first) as connection:
        connection.execute("DELETE FROM thing")
    assert _ask(second, "SELECT id FROM thing") == 7


def test_a_lent_database_has_its_rows_again_whatever_was_done_to_them(pg_databases: pg.Databases) -> None:
    with pg_databases.lent(_with_a_table) as first, psycopg.connect(first, autocommit=True) as connection:
        connection.execute("UPDATE thing SET id = 8")
    with pg_databases.lent(_with_a_table) as second:
        assert (second, _ask(second, "SELECT array_agg(id) FROM thing")) == (first, [7])


def test_a_lent_database_whose_schema_has_changed_is_not_lent_again(pg_databases: pg.Databases) -> None:
    with pg_databases.lent(_with_a_table) as first, psycopg.connect(first) as connection:
        connection.execute("ALTER TABLE thing ADD COLUMN name text")
    with pg_databases.lent(_with_a_table) as second:
        assert second != first
        assert (
            _ask(second, "SELECT count(*) FROM pg_attribute WHERE attname = 'name' AND attrelid = 'thing'::regclass")
            == 0
        )


def test_whoever_is_still_connected_to_a_lent_database_is_cut_off(pg_databases: pg.Databases) -> None:
    with pg_databases.lent(_with_a_table) as first:
        left = psycopg.connect(first)
        left.execute("DELETE FROM thing")
    with left, pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    assert _ask(first, "SELECT id FROM thing") == 7


def test_a_dropped_database_is_gone(pg_databases: pg.Databases) -> None:
    url = pg_databases.create()
    pg_databases.drop(url)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_sqlalchemy_reaches_an_empty_database_of_either_kind(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
        assert inspect(connection).get_table_names() == []
        connection.execute(text("CREATE TABLE thing (id int)"))
    engine.dispose()


def test_a_server_that_cannot_start_fails_loudly() -> None:
    with tempfile.TemporaryDirectory(prefix="ungdom-") as folder:
        (Path(folder) / "data").write_text("a file where the cluster should go")
        with pytest.raises(pg.ServerDidNotStart, match="initdb failed"):
            pg.Server(Path(folder)).ensure_started()


def test_temporary_files_lie_in_memory_while_a_run_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(memory.VARIABLE, "before")
    monkeypatch.setattr(memory, "ROOM", 0)

    files = memory.TemporaryFiles(tmp_path)
    (during,) = tmp_path.iterdir()
    assert os.environ[memory.VARIABLE] == str(during)
    files.close()

    assert os.environ[memory.VARIABLE] == "before"
    assert list(tmp_path.iterdir()) == []


def test_temporary_files_stay_where_they_are_without_room_in_memory(tmp_path: Path) -> None:
    before = os.environ.get(memory.VARIABLE)

    memory.TemporaryFiles(tmp_path / "nowhere").close()

    assert os.environ.get(memory.VARIABLE) == before
    assert not memory.suitable(tmp_path / "nowhere")

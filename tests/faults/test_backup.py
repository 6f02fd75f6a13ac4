"""A backup made while the service writes, restored elsewhere: equal row hashes, and nothing acknowledged lost."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from typer.testing import CliRunner

from tests import pg, process, service
from tests.faults.writers import Written, writing
from tests.service import Service
from ungdom.cli import app
from ungdom.cli.failures import sentence
from ungdom.cli.terminal import UnusableDemo
from ungdom.store import rebuild
from ungdom.store.backup import CannotBackUp, manifest_of, read_tables
from ungdom.store.session import Database

PG_DUMP, PG_RESTORE = (str(pg.shipped_binaries() / "bin" / name) for name in ("pg_dump", "pg_restore"))
NOTES = 40


def command(url: str, folder: Path, *words: str, code: int = 0) -> str:
    """The output of the command on this database."""
    env = process.environment(url, folder) | {
        "UNGDOM_PEOPLE_KEYS": service.KEY,
        "UNGDOM_CURSOR_KEY": service.CURSOR_KEY,
    }
    done = CliRunner().invoke(app, words, env=env)
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def backed_up(url: str, folder: Path, file: Path) -> Written:
    """Back up while clients write; what had been acknowledged when the backup began."""
    with Service(url, folder) as running, writing(running) as written:
        written.wait_for(NOTES)
        before = Written(acknowledged=dict(written.acknowledged))
        command(url, folder, "db", "backup", str(file), "--pg-dump", PG_DUMP)
        written.wait_for(written.notes + NOTES)
    assert written.refused == []
    return before


def assert_holds(url: str, before: Written) -> None:
    """What was acknowledged before the backup is in it, whole; and it has current rows that agree with the events."""
    db = Database.open(url)
    with db.reading() as tx:
        rows = tx.exec_driver_sql("select case_id, count(*), max(seq) from event group by case_id")
        events = {str(case).replace("-", ""): (number, last) for case, number, last in rows}
    assert rebuild.check(db) == []
    db.close()
    for case, version in before.acknowledged.items():
        number, last = events[case.replace("-", "")]
        assert number == last >= version


def test_a_sqlite_backup_made_while_writing_is_restored_with_equal_row_hashes(
    sqlite_template: Path, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    (tmp_path / "live").mkdir()
    url, file = service.sqlite_copy(sqlite_template, tmp_path / "live"), tmp_path / "backup.sqlite"
    before = backed_up(url, tmp_path, file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert manifest_of(file).stat().st_mode & 0o777 == 0o600

    (tmp_path / "other").mkdir()
    place = pg.sqlite_url(tmp_path / "other")
    assert "0 table(s) differ" in command(place, tmp_path, "db", "restore", str(file))
    assert_holds(place, before)
    command(place, tmp_path, "db", "fingerprint", "--compare", str(manifest_of(file)))
    assert "event" in command(url, tmp_path, "db", "fingerprint", "--compare", str(manifest_of(file)), code=1)
    assert "0 table(s) differ" in command(url, tmp_path, "db", "restore", str(file), "--replace")
    assert len(list((tmp_path / "live").glob("*.replaced-1"))) == 1
    figure(f"T25 SQLite, backup while writing ({before.notes} notes before it): restored, 0 tables differ, 0 lost")


def test_a_postgresql_backup_made_while_writing_is_restored_with_equal_row_hashes(
    pg_database: pg.MakeDatabase, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    libpq, file = pg_database(service.fill), tmp_path / "backup.dump"
    before = backed_up(pg.sqlalchemy_url(libpq), tmp_path, file)

    other = pg_database()
    options = ["--no-owner", "--no-privileges", "--exit-on-error", f"--dbname={other}"]
    done = subprocess.run([PG_RESTORE, *options, str(file)], check=False)
    assert done.returncode == 0
    restored = pg.sqlalchemy_url(other)
    found = command(restored, tmp_path, "db", "fingerprint", "--compare", str(manifest_of(file)))
    assert found == "0 table(s) differ\n"
    assert_holds(restored, before)
    with psycopg.connect(other) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute("DELETE FROM event")
    figure(f"T25 PostgreSQL, backup while writing ({before.notes} notes before it): restored, 0 tables differ, 0 lost")
    assert urlsplit(other).path != urlsplit(libpq).path


def test_a_backup_replaces_nothing_and_a_restore_refuses_what_is_no_backup(
    sqlite_template: Path, tmp_path: Path
) -> None:
    url, file = service.sqlite_copy(sqlite_template, tmp_path), tmp_path / "backup.sqlite"
    command(url, tmp_path, "db", "backup", str(file))
    db = Database.open(url)
    with db.reading() as tx:
        tx.exec_driver_sql("SELECT 1 FROM alembic_version")
        done = CliRunner().invoke(
            app, ["db", "restore", str(file), "--replace"], env=process.environment(url, tmp_path)
        )
    db.close()
    assert "is open in another program" in str(done.exception)

    runs = {
        ("backup", str(file)): "is there already",
        ("backup", str(tmp_path / "none" / "x")): "cannot be written",
        ("restore", str(file)): "--replace sets it aside",
        ("restore", str(tmp_path / "nothing"), "--replace"): "is no manifest of a backup",
    }
    for words, reason in runs.items():
        done = CliRunner().invoke(app, ["db", *words], env=process.environment(url, tmp_path))
        assert reason in str(done.exception), (words, done.output)


@pytest.mark.parametrize("content", ["", "no JSON", "[]", "3", "{}", '{"tables": 4}'])
def test_what_is_no_manifest_is_named_without_words_of_a_program(tmp_path: Path, content: str) -> None:
    file = tmp_path / "backup.json"
    file.write_text(content)
    with pytest.raises(CannotBackUp, match=r"backup\.json is no manifest of a backup\. The manifest is the file"):
        read_tables(file)
    with pytest.raises(CannotBackUp, match=r"gone\.json is no manifest of a backup: No such file or directory"):
        read_tables(tmp_path / "gone.json")


@pytest.mark.parametrize("words", [("check",), ("rebuild",), ("fingerprint",), ("backup", "copy")])
def test_a_command_of_the_database_takes_the_demo_and_says_how_to_make_it(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    environment = {"UNGDOM_DATA_DIR": str(tmp_path), "UNGDOM_DATABASE_URL": None, "UNGDOM_ENV": None}
    done = CliRunner().invoke(app, ["db", *words, "--demo"], env=environment)

    assert isinstance(done.exception, UnusableDemo)
    assert "`ungdom demo` makes it" in sentence(done.exception)

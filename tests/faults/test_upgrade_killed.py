"""`ungdom db upgrade` is killed on its way: nothing of it is there by half, and the next one finishes it."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, insert

from tests import fork, service
from tests.process import UNGDOM, environment
from tests.store.test_migrations import _ROWS, _old_rows
from tests.store.test_rolling_upgrade import LAST_RELEASE
from ungdom.store.schema import metadata
from ungdom.store.session import Database, _alembic

ROOT = Path(__file__).parents[2]
PLACES = {
    "after the first migration": ("after:alembic.runtime.migration:HeadMaintainer.update_to_step", False),
    "before the commit": ("ungdom.store.session:_commit", False),
    "after the commit": ("after:ungdom.store.session:_commit", True),
    "before current rows are filled": ("ungdom.store.rebuild:backfill", True),
}
"""Where the upgrade is killed, and whether the new schema is there then."""


def test_an_upgrade_that_is_killed_anywhere_is_finished_by_the_next_one(
    database_url: str, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    db = Database.open(database_url)
    for place, whole in PLACES.values():
        earlier(db)
        with db.reading() as tx:
            before = _old_rows(tx)
        killed = [sys.executable, "-m", "tests.killed_at", place, "db", "upgrade"]
        assert upgrade(database_url, tmp_path, killed) == -signal.SIGKILL
        assert db.is_current() is whole
        if not whole:
            with db.reading() as tx:
                assert _old_rows(tx) == before
        assert upgrade(database_url, tmp_path, [str(UNGDOM), "db", "upgrade"]) == 0
        with db.reading() as tx:
            assert compare_metadata(MigrationContext.configure(tx), metadata) == []
            kept = _old_rows(tx)
        assert {name: len(rows) for name, rows in kept.items()} == {name: len(rows) for name, rows in before.items()}
    db.close()
    kind = database_url.split(":", maxsplit=1)[0]
    figure(f"upgrade killed at {len(PLACES)} places, {kind}: nothing by half, each finished by the next upgrade")


def earlier(db: Database) -> None:
    """The database of the last release, with a row in the tables of a case."""
    with db.writing() as tx:
        found = MetaData()
        found.reflect(tx)
        found.drop_all(tx)
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql("DROP FUNCTION IF EXISTS refuse_change CASCADE")
        command.upgrade(_alembic(tx), LAST_RELEASE)
        old = MetaData()
        old.reflect(tx)
        for name, row in _ROWS:
            tx.execute(insert(old.tables[name]), plain(tx.dialect.name, row))


def plain(dialect: str, row: dict[str, object]) -> dict[str, object]:
    """The row as a reflected table of this dialect takes it."""
    return {k: getattr(v, "hex", v) if dialect == "sqlite" and hasattr(v, "hex") else v for k, v in row.items()}


def upgrade(url: str, folder: Path, words: list[str]) -> int:
    """The exit code of an upgrade in a process of its own."""
    env = environment(url, folder) | {"UNGDOM_PEOPLE_KEYS": service.KEY, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    return fork.run(words, env=env, cwd=ROOT, timeout=120).returncode

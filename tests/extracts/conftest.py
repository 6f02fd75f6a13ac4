"""The load on SQLite, written once a run; each test that writes has a copy of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import pg
from tests.extracts import world
from tests.service import sqlite_copy
from ungdom.store.session import Database


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with the load until today."""
    folder = tmp_path_factory.mktemp("extracts")
    world.until_today(pg.sqlite_url(folder))
    return folder / "ungdom.sqlite"


@pytest.fixture(scope="session")
def db(written: Path) -> Iterator[Database]:
    """That database, to be read."""
    made = Database.open(pg.sqlite_url(written.parent))
    yield made
    made.close()


@pytest.fixture
def copy_url(written: Path, tmp_path: Path) -> str:
    """A copy of it, to be written to."""
    return sqlite_copy(written, tmp_path)

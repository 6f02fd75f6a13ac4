"""A database of either kind with the newest schema, copied from one that was upgraded once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import pg
from ungdom.store.session import Database


def upgrade(url: str) -> None:
    """Bring the database at this libpq URL up to date, and leave no connection open."""
    db = Database.open(url)
    db.upgrade()
    db.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    upgrade(pg.sqlite_url(folder))
    return folder / "ungdom.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database with the newest schema; a test that asks for it, or for `db`, runs twice."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "ungdom.sqlite")
        yield pg.sqlite_url(tmp_path)
        return
    databases: pg.Databases = request.getfixturevalue("pg_databases")
    with databases.lent(upgrade) as url:
        yield pg.sqlalchemy_url(url)


@pytest.fixture
def db(db_url: str) -> Iterator[Database]:
    database = Database.open(db_url)
    yield database
    database.close()


@pytest.fixture
def postgresql(pg_databases: pg.Databases) -> Iterator[Database]:
    """A PostgreSQL database, for what only exists there. Twelve connections."""
    with pg_databases.lent(upgrade) as url:
        database = Database.open(pg.sqlalchemy_url(url), pool_size=12, wait_seconds=20)
        yield database
        database.close()

"""Databases of either kind, with schema, reference data and staff: one, or as many as a test compares."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import pg, service
from ungdom.store.session import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """`new_url()` gives the URL of another database of that kind; a test that asks for it, or for `db`, runs twice."""
    made: list[Path] = []

    def sqlite() -> str:
        made.append(tmp_path / f"database-{len(made)}")
        made[-1].mkdir()
        return service.sqlite_copy(request.getfixturevalue("sqlite_template"), made[-1])

    def postgresql() -> str:
        make: pg.MakeDatabase = request.getfixturevalue("pg_database")
        return pg.sqlalchemy_url(make(service.fill))

    return sqlite if request.param == "sqlite" else postgresql


@pytest.fixture
def opened() -> Iterator[Callable[[str], Database]]:
    """`opened(url)` opens a database, closed again when the test ends."""
    made: list[Database] = []

    def make(url: str) -> Database:
        made.append(Database.open(url))
        return made[-1]

    yield make
    for db in made:
        db.close()


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()


@pytest.fixture
def db(url: str, opened: Callable[[str], Database]) -> Database:
    return opened(url)

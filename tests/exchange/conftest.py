"""Databases with staff, a partner's receiver, and a message broker: RabbitMQ where there is one."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import pg, service
from tests.exchange import rabbit, world
from tests.exchange.broker import Broker
from tests.exchange.queue import Line
from tests.exchange.wire import Cable, Receiver
from ungdom.store.session import Database


@pytest.fixture(scope="session")
def filled_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exchange")
    world.fill(pg.sqlite_url(folder))
    return folder / "ungdom.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of either kind with schema, reference data and staff."""
    if request.param == "sqlite":
        return service.sqlite_copy(request.getfixturevalue("filled_sqlite"), tmp_path)
    return pg.sqlalchemy_url(request.getfixturevalue("pg_database")(world.fill))


@pytest.fixture
def both(url: str) -> Iterator[Database]:
    """The same, open; a test that asks for it runs twice."""
    database = Database.open(url, synchronous="NORMAL")
    yield database
    database.close()


@pytest.fixture
def db(filled_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """One on SQLite, for what does not depend on the database."""
    shutil.copy(filled_sqlite, tmp_path / "ungdom.sqlite")
    database = Database.open(pg.sqlite_url(tmp_path), synchronous="NORMAL")
    yield database
    database.close()


@pytest.fixture
def postgresql(pg_database: pg.MakeDatabase) -> Iterator[Database]:
    """One on PostgreSQL, for what only exists there."""
    database = Database.open(pg.sqlalchemy_url(pg_database(world.fill)), pool_size=12, wait_seconds=20)
    yield database
    database.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A partner's receiver that takes everything."""
    with Receiver() as running:
        yield running


@pytest.fixture
def other_receiver() -> Iterator[Receiver]:
    """Another one."""
    with Receiver() as running:
        yield running


@pytest.fixture(scope="session")
def _broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    if named := os.environ.get(rabbit.OWN_BROKER_URL):
        yield named, "the RabbitMQ that was named"
    elif rabbit.found():
        with rabbit.running(tmp_path_factory.mktemp("rabbitmq")) as address:
            yield address, "a RabbitMQ of its own"
    else:
        own = Broker()
        yield own.url, "a broker in the test's own process"
        own.close()


@pytest.fixture
def broker(_broker: tuple[str, str]) -> str:
    """The address of a message broker."""
    return _broker[0]


@pytest.fixture
def broker_kind(_broker: tuple[str, str]) -> str:
    """Which broker it is."""
    return _broker[1]


@pytest.fixture
def line(broker: str) -> Iterator[Line]:
    """An exchange and a queue of its own, with dead letters, gone after the test."""
    with Line(broker) as own:
        yield own


@pytest.fixture
def cable(broker: str) -> Iterator[Cable]:
    """A way to the broker that can be cut."""
    found = Cable(urlsplit(broker).port or 5672)
    yield found
    found.close()

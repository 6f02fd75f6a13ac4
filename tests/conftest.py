"""What every test may ask for: databases of both kinds, and how hard hypothesis looks."""

import gc
import os
import signal
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import memory, pg, service
from tests.figures import FIGURE, figure  # noqa: F401  # the fixture of every test
from ungdom.store.session import Database

TEMPORARY = pytest.StashKey[memory.TemporaryFiles]()

WAITING = (
    "tests/faults/test_intake_killed.py",
    "tests/faults/test_killed.py",
    "tests/exchange/test_killed_worker.py",
    "tests/notices/test_killed.py",
    "tests/extracts/test_jobs.py",
    "tests/faults/test_every_commit.py",
    "tests/faults/test_database_away.py",
    "tests/faults/test_failover.py",
    "tests/faults/test_upgrade_killed.py",
)
"""Where tests wait for processes that they start, kill and start again: they need little of a processor."""

LONG = (
    "tests/model/test_time.py",
    "tests/model/test_model.py",
    "tests/model/test_tasks.py",
    "tests/api/test_door.py",
    "tests/api/test_object_access.py",
    "tests/stories/test_options_agree.py",
    "tests/stories/test_who_is_who.py",
    "tests/intake/test_order.py",
    "tests/intake/test_import.py",
    "tests/test_analyst_guide.py",
    "tests/api/test_known_then.py",
    "tests/extracts/test_rebuild.py",
    "tests/api/test_concurrency.py",
    "tests/store/test_grants.py",
    "tests/api/test_fuzz.py",
    "tests/api/test_generated_client.py",
    "tests/recipes/test_add_an_event.py",
    "tests/recipes/test_add_a_guard.py",
    "tests/recipes/test_add_an_indicator.py",
    "tests/recipes/test_add_a_language.py",
    "tests/recipes/test_add_a_column.py",
    "tests/recipes/test_change_a_deadline.py",
    "tests/recipes/test_add_a_message.py",
)
"""Where the tests are that take longest of a processor."""

REUSED_SQLITE: list[tuple[Path, Database]] = []
REUSED_POSTGRESQL: dict[str, Database] = {}
"""Where a test had its database, and the closed `Database`: for the next test, on a database as new in the same place.

SQLAlchemy keeps compiled statements per engine; with an engine per test, every test would compile them anew.
"""

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default"))


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # a terminated run stops its server too
        pg.open_run_folder()
        config.stash[TEMPORARY] = memory.TemporaryFiles()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest first: one that is met last keeps one worker busy and the others waiting.

    The first worker begins with the tests that wait for other processes, the others with those that need a processor,
    each with as many items as the others: the list is cut in equal pieces, and who is done early takes from the rest.
    """
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    waiting, long = ([item for item in items if _file(item) in files] for files in (WAITING, LONG))
    rest = iter([item for item in items if _file(item) not in (*WAITING, *LONG)])
    others = workers - 1
    heads = [waiting, *(_by_file(long, n, others) for n in range(others))] if others else [[*waiting, *long]]
    size = len(items) // workers
    shares = [[*head, *islice(rest, max(size - len(head), 0))] for head in heads]
    items[:] = [*(item for share in shares for item in share), *rest]


def pytest_collection_finish() -> None:
    """What is imported and collected stays for the whole run: the garbage collector need not go through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _by_file(items: list[pytest.Item], number: int, shares: int) -> list[pytest.Item]:
    """This share of the items, whole files together: what a file sets up is set up once."""
    files = list(dict.fromkeys(map(_file, items)))[number::shares]
    return sorted((item for item in items if _file(item) in files), key=lambda item: LONG.index(_file(item)))


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        pg.close_run_folder()
        config.stash[TEMPORARY].close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests measured, from whichever worker, above pytest's closing line."""
    reports = [r for group in terminalreporter.stats.values() for r in group if isinstance(r, pytest.TestReport)]
    figures = [str(text) for r in reports if r.when == "call" for name, text in r.user_properties if name == FIGURE]
    if figures:
        terminalreporter.section("measured")
        for text in sorted(figures):
            terminalreporter.write_line(text)


@pytest.fixture(scope="session")
def pg_server() -> str:
    """libpq URL of a running PostgreSQL, shared by all workers of the run."""
    return pg.server_url()


@pytest.fixture(scope="session")
def pg_databases(pg_server: str) -> Iterator[pg.Databases]:
    """Makes and drops databases on that server: for fixtures that keep one longer than a test."""
    databases = pg.Databases(pg_server)
    yield databases
    databases.close()


@pytest.fixture
def pg_database(pg_databases: pg.Databases) -> Iterator[pg.MakeDatabase]:
    """`pg_database()` gives the libpq URL of a new database, `pg_database(fill)` of a filled copy."""
    made: list[str] = []

    def make(fill: pg.Fill | None = None) -> str:
        made.append(pg_databases.create(fill))
        return made[-1]

    yield make
    for url in made:
        pg_databases.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLAlchemy URL of an empty database of either kind; a test that asks for it runs twice."""
    if request.param == "sqlite":
        return pg.sqlite_url(tmp_path)
    make: pg.MakeDatabase = request.getfixturevalue("pg_database")
    return pg.sqlalchemy_url(make())


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with schema, reference data and staff."""
    folder = tmp_path_factory.mktemp("template")
    service.fill(pg.sqlite_url(folder))
    return folder / "ungdom.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[service.Service]:
    """The service on either database; a test that asks for it runs twice."""
    if request.param == "sqlite":
        yield request.getfixturevalue("one")
        return
    databases: pg.Databases = request.getfixturevalue("pg_databases")
    with databases.lent(service.fill) as url:
        with service.Service(pg.sqlalchemy_url(url), tmp_path, REUSED_POSTGRESQL.get(url)) as running:
            yield running
        REUSED_POSTGRESQL[url] = running.db


@pytest.fixture
def one(sqlite_template: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[service.Service]:
    """The service on SQLite: for what does not depend on the database."""
    folder, db = REUSED_SQLITE.pop() if REUSED_SQLITE else (tmp_path_factory.mktemp("database"), None)
    with service.Service(service.sqlite_copy(sqlite_template, folder), tmp_path, db) as running:
        yield running
    for file in folder.iterdir():
        file.unlink()
    REUSED_SQLITE.append((folder, running.db))

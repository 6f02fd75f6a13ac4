"""What every test may ask for: databases of both kinds, and how hard hypothesis looks."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import memory, pg, service

FIGURE = "figure"
TEMPORARY = pytest.StashKey[memory.TemporaryFiles]()

LONG = (
    "tests/faults/test_intake_killed.py",
    "tests/faults/test_killed.py",
    "tests/intake/test_order.py",
    "tests/intake/test_import.py",
    "tests/test_analyst_guide.py",
    "tests/api/test_known_then.py",
    "tests/exchange/test_killed_worker.py",
    "tests/notices/test_killed.py",
    "tests/extracts/test_jobs.py",
    "tests/extracts/test_rebuild.py",
    "tests/stories/test_options_agree.py",
    "tests/api/test_concurrency.py",
    "tests/api/test_fuzz.py",
    "tests/api/test_generated_client.py",
    "tests/workflow/test_model.py",
    "tests/workflow/test_time.py",
)
"""Where the tests are that take longest."""

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
    """The longest first, dealt among the workers: one that is met last keeps one of them busy and the others waiting.

    Each worker begins with its share of the list, cut in as many pieces as there are workers.
    """
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    long = [item for item in items if item.nodeid.partition("::")[0] in LONG]
    rest = [item for item in items if item.nodeid.partition("::")[0] not in LONG]
    ends = [len(rest) * n // workers for n in range(workers + 1)]
    items[:] = [item for n in range(workers) for item in (*long[n::workers], *rest[ends[n] : ends[n + 1]])]


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


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """`figure("10 000 walks, 0 divergences")` shows a line in the summary of the run."""
    return lambda text: record_property(FIGURE, text)


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
        url = service.sqlite_copy(request.getfixturevalue("sqlite_template"), tmp_path)
    else:
        url = pg.sqlalchemy_url(request.getfixturevalue("pg_database")(service.fill))
    with service.Service(url, tmp_path) as running:
        yield running


@pytest.fixture
def one(sqlite_template: Path, tmp_path: Path) -> Iterator[service.Service]:
    """The service on SQLite: for what does not depend on the database."""
    with service.Service(service.sqlite_copy(sqlite_template, tmp_path), tmp_path) as running:
        yield running

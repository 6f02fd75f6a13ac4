"""A streaming replica: figures and extracts are read from it, and it is promoted when the primary is lost."""

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event
from typer.testing import CliRunner

from tests import pg, service
from tests.faults import standby
from tests.faults.standby import Pair
from tests.faults.writers import assert_kept, opened, writing
from tests.service import Service
from ungdom.cli import app
from ungdom.cli.replicas import warn_of_replica
from ungdom.observability.collectors import FigureCollector, ServiceFigures
from ungdom.settings import BadSettings
from ungdom.store import replica
from ungdom.store.errors import Unavailable
from ungdom.store.service_figures import read_figures
from ungdom.store.session import Database

CASELOAD = "/v1/statistics/caseload"
PAUSE, RESUME = "SELECT pg_wal_replay_pause()::text", "SELECT pg_wal_replay_resume()::text"
PATIENCE = 30.0
SETTLED = date(2026, 1, 7)
"""A day on which what was recorded on the first day of the tests is settled, and in extracts."""


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    with standby.pair() as started:
        service.fill(started.both)
        yield started


@pytest.fixture
def running(servers: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A service with the replica as its setting; one that was avoided is tried again at once."""
    monkeypatch.setattr(replica, "AVOIDED_SECONDS", 0.0)
    db = Database.open(servers.both, pool_size=6, wait_seconds=1)
    with Service(servers.both, tmp_path, db, replica_url=servers.replica) as started:
        yield started


@pytest.fixture
def statements(running: Service) -> Iterator[list[str]]:
    """Every statement that the service executes on the replica, but those about its position."""
    executed: list[str] = []
    engine = running.app.state.figures.replica.writer

    @event.listens_for(engine, "before_cursor_execute")
    def executing(_tx: object, _cursor: object, statement: str, *_: object) -> None:
        executed.extend([] if "pg_last_wal_replay_lsn" in statement else [statement])

    yield executed
    event.remove(engine, "before_cursor_execute", executing)


def open_cases(running: Service, office: str = "oslo") -> int:
    """How many open cases the figures of the office count."""
    answer = running.as_("leader", office).get(CASELOAD)
    assert answer.status_code == 200, answer.text
    (item,) = [item for item in answer.json()["items"] if item["konfliktrad"] == office]
    return int(item["load"]["cases"])


def extracted(running: Service, name: str) -> list[dict[str, str]]:
    """The rows of an extract."""
    answer = running.as_("analyst").get(f"/v1/extracts/{name}", purpose="demo", format="csv")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def metrics(running: Service) -> ServiceFigures:
    return read_figures(running.app.state.figures, running.clock())


def readiness(running: Service) -> dict[str, str]:
    """What `/health/ready` says, which is never red because of the replica."""
    answer = running.send("GET", "/health/ready")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_figures_and_extracts_come_from_the_replica_and_miss_nothing_when_it_is_behind(
    running: Service, servers: Pair, statements: list[str], figure: Callable[[str], None]
) -> None:
    coordinator = running.as_("coordinator", "oslo")
    before = open_cases(running)
    opened(coordinator)
    statements.clear()
    assert open_cases(running) == before + 1  # what was just committed is there
    assert statements
    assert readiness(running)["replica"] == "ok"
    assert metrics(running).values["ungdom_replica_lag_seconds"] == 0
    served = {metric.name for metric in FigureCollector(lambda: metrics(running)).collect()}
    assert {"ungdom_replica_up", "ungdom_replica_lag_seconds"} <= served

    servers.on_standby(PAUSE)
    opened(coordinator)
    time.sleep(1.1)
    assert readiness(running)["replica"].endswith("s behind: the primary is read until it has caught up")
    lag = metrics(running).values["ungdom_replica_lag_seconds"]
    assert lag is not None
    assert 1 < lag < PATIENCE
    running.clock.turn_to(SETTLED)
    statements.clear()
    assert open_cases(running) == before + 2  # from the primary
    assert len(extracted(running, "cases")) == before + 2
    assert len(extracted(running, "events")) == before + 2
    assert statements == []

    servers.on_standby(RESUME)
    assert open_cases(running) == before + 2
    assert len(extracted(running, "cases")) == before + 2
    assert len(extracted(running, "events")) == before + 2
    assert statements
    figure(
        f"replica: {len(statements)} statements of figures and extracts on it; lag seen while it was held {lag:.1f} s"
    )


def test_a_read_that_the_replica_breaks_off_is_answered_by_the_primary(running: Service, servers: Pair) -> None:
    pool = running.app.state.figures.replica.writer

    @event.listens_for(pool, "before_cursor_execute")
    def breaking(_tx: object, _cursor: object, statement: str, *_: object) -> None:
        if "staff" in statement:
            broken_off.append(statement)
            servers.on_standby(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    broken_off: list[str] = []
    assert open_cases(running, "vest") == 0
    assert len(broken_off) == 1
    event.remove(pool, "before_cursor_execute", breaking)
    assert readiness(running)["replica"] == "ok"


def test_what_the_replica_breaks_off_is_done_again_on_the_primary(running: Service) -> None:
    figures = running.app.state.figures
    tried: list[Database] = []

    def read(db: Database) -> int:
        tried.append(db)
        if db is figures.replica:
            raise Unavailable("40001")
        return len(tried)

    until = time.monotonic() + PATIENCE
    while figures.current() is figures.primary and time.monotonic() < until:
        time.sleep(0.05)
    assert figures.read(read) == 2
    assert tried == [figures.replica, figures.primary]


def test_a_replica_whose_machine_no_longer_answers_is_given_up() -> None:
    opened = replica.open_replica("postgresql://me@a/b?keepalives_idle=60", 1)
    assert opened is not None
    with closing(opened):
        _, options = opened.writer.dialect.create_connect_args(opened.writer.url)
    assert (options["tcp_user_timeout"], options["keepalives_idle"]) == ("5000", "60")


def examined(servers: Pair, folder: Path, replica_url: str) -> dict[str, str]:
    """What `ungdom doctor` says of this replica."""
    given = {"UNGDOM_ENV": "development", "UNGDOM_DATA_DIR": str(folder), "UNGDOM_DATABASE_URL": servers.both}
    result = CliRunner().invoke(app, ["doctor", "--json"], env=given | {"UNGDOM_REPLICA_URL": replica_url})
    (check,) = [check for check in json.loads(result.stdout)["checks"] if check["check"] == "replica"]
    return dict(check)


def test_doctor_says_how_far_the_replica_is_and_a_foreign_one_is_refused_at_the_start(
    servers: Pair, tmp_path: Path, pg_database: pg.MakeDatabase
) -> None:
    good = examined(servers, tmp_path, servers.replica)
    assert (good["verdict"], good["seen"]) == ("ok", "it has replayed everything (0 s behind)")
    away = examined(servers, tmp_path, servers.replica.replace(str(standby.STANDBY_PORT), "5439"))
    assert (away["verdict"], away["seen"].split(":")[0]) == ("warning", "it cannot be reached")
    itself = examined(servers, tmp_path, servers.replica.replace(str(standby.STANDBY_PORT), "5432"))
    assert (itself["verdict"], itself["seen"].split("(")[0].strip()) == ("warning", "it is no standby")
    foreign = pg.sqlalchemy_url(pg_database())
    assert examined(servers, tmp_path, foreign)["verdict"] == "fault"

    with closing(Database.open(servers.both)) as db, closing(Database.open(foreign)) as other:
        source = replica.ReadSource(db, other)
        with pytest.raises(BadSettings, match="UNGDOM_REPLICA_URL is not a replica of the database"):
            warn_of_replica(source)
        assert source.current() is db


def test_a_write_to_a_server_that_has_become_a_standby_is_unavailable(servers: Pair) -> None:
    with closing(Database.open(servers.replica, pool_size=1)) as demoted:
        with pytest.raises(Unavailable), demoted.writing() as tx:
            tx.exec_driver_sql("CREATE TABLE nothing ()")
        with demoted.reading() as tx:
            assert tx.exec_driver_sql("SELECT pg_is_in_recovery()").scalar()
        with pytest.raises(Unavailable), demoted.writing() as tx:
            tx.exec_driver_sql("SELECT 1")  # the connection has been read only: its BEGIN says otherwise now


def test_when_the_primary_is_lost_the_promoted_replica_has_everything_that_was_acknowledged(
    running: Service, servers: Pair, figure: Callable[[str], None]
) -> None:
    """The service is not restarted: it finds whichever of the two servers can be written."""
    with writing(running) as written:
        written.wait_for(40)
        servers.crash_primary()
        lost = time.monotonic()
        written.wait_until_unavailable(4)
        servers.promote()
        written.wait_for(written.notes + 20)
        away = time.monotonic() - lost
    assert_kept(running, written)
    assert readiness(running)["replica"].startswith("is no standby")
    assert open_cases(running) >= len(written.acknowledged)  # from the new primary
    figure(
        f"failover to a promoted replica under load: {written.notes} acknowledged, 0 lost, {written.unavailable}"
        f" answers 503 with Retry-After, 20 further ones acknowledged {away:.1f} s after the crash"
    )

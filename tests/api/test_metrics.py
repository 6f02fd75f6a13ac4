"""Metrics for Prometheus: each in the table, few values per label, none of one office, right over several workers."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select
from typer.testing import CliRunner

from tests import pg, process, service
from tests.api.build import case_at
from tests.api.observed import ROUTES, STATUS, send_each_kind
from tests.service import OFFICES, Service
from ungdom import cli
from ungdom.jobs import nightly
from ungdom.observability import exposition
from ungdom.observability.collectors import FigureCollector, ProcessCollector, ServiceFigures
from ungdom.observability.metric_table import METRICS
from ungdom.observability.metrics import WorkerMetrics
from ungdom.store.errors import Unavailable
from ungdom.store.schema.alerts import alert
from ungdom.store.service_figures import count_connections, read_figures

PATIENCE = 60.0
OF_A_REPLICA = {"ungdom_replica_up", "ungdom_replica_lag_seconds"}
"""Missing where no replica is set; `tests/faults/test_failover.py` has one."""
GRADED = {
    "given_name": "Vimsete", "family_name": "Paraplystativ", "born": "2009-03-12",
    "protection": "strictly_confidential", "guardians": [{"name": "Sindig Paraplystativ"}],
}  # fmt: skip
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples_of(text: str) -> Samples:
    """Name and labels → value."""
    families = text_string_to_metric_families(text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def labels_of(samples: Samples, label: str) -> set[str]:
    return {text for _, labels in samples for name, text in labels if name == label}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def scraped(port: int, path: str = "/metrics") -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=10)


@pytest.fixture
def measured(sqlite_template: Path, tmp_path: Path) -> Iterator[Service]:
    """A service that counts."""
    with Service(service.sqlite_copy(sqlite_template, tmp_path), tmp_path, metrics_port=1) as running:
        yield running


def live_alerts(running: Service) -> int:
    with running.db.reading() as tx:
        return sum(row.cleared_at is None for row in tx.execute(select(alert)))


def figures(running: Service) -> FigureCollector:
    return FigureCollector(lambda: read_figures(running.app.state.figures, running.clock()))


def test_the_port_serves_every_metric_of_the_table_and_no_other(measured: Service) -> None:
    measured.send("GET", "/health/live")
    nightly.run(measured.db, measured.clock)
    worker, port = WorkerMetrics(), free_port()
    worker.round_ended("notices", {"sent": 2}, 1_770_000_000.0)
    sources = [measured.app.state.metrics.registry, worker.registry, figures(measured), ProcessCollector("1.2", tuple)]
    with exposition.serving("127.0.0.1", port, sources):
        answer = scraped(port)
        assert [scraped(port, path).status_code for path in ("/", "/metrics/x", "/metrics?a=b")] == [404, 404, 200]
    assert answer.headers["Content-Type"].startswith("text/plain; version=1.0.0")
    assert "Server" not in answer.headers
    names = {f"{m.name}_total" if m.type == "counter" else m.name for m in text_string_to_metric_families(answer.text)}
    assert names == set(METRICS) - OF_A_REPLICA
    samples = samples_of(answer.text)
    for name, info in ((name, METRICS[name]) for name in names):
        found = [set(dict(labels)) - {"le"} for sample, labels in samples if sample.removesuffix("_bucket") == name]
        assert found
        assert all(labels == set(info.labels) for labels in found), name
    assert value(samples, "ungdom_nightly_result", status="ok") == 1
    assert value(samples, "ungdom_deliveries_total", channel="notices", outcome="sent") == 2
    assert value(samples, "ungdom_process_resident_memory_bytes", pid=str(os.getpid())) > 10_000_000


def test_requests_are_counted_by_the_template_of_their_route_and_hold_no_secret(
    measured: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = measured.app.state.metrics.registry
    sent = send_each_kind(measured, monkeypatch)
    before = samples_of(exposition.as_text(registry).decode())
    for number in range(50):
        measured.send("GET", f"/v1/made-up/{number}")
        measured.send(f"BREW{number}", f"/v1/cases/{number}")
    text = exposition.as_text(registry).decode()
    samples = samples_of(text)

    assert [secret for secret in sent.secrets if secret in text] == []
    for name, route in ROUTES.items():
        assert any({("route", route), ("status", str(STATUS[name]))} <= labels for _, labels in samples), name
    assert labels_of(samples, "route") == labels_of(before, "route")
    assert labels_of(samples, "method") <= {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"}
    assert value(samples, "ungdom_requests_total", method="GET", route="unmatched", status="401") == 50
    assert value(samples, "ungdom_requests_in_progress") == 0
    assert value(samples, "ungdom_database_connections_in_use") == 0
    counted = sum(n for (name, _), n in samples.items() if name == "ungdom_requests_total")
    assert counted == sum(n for (name, _), n in samples.items() if name == "ungdom_request_duration_seconds_count")


def test_connections_in_use_are_those_that_were_taken(served: Service) -> None:
    taken: list[int] = []
    count_connections(served.db, taken.append)
    with served.db.reading():
        assert sum(taken) == 1
        with served.db.writing():
            assert sum(taken) == 2
    with suppress(ZeroDivisionError), served.db.writing():
        raise ZeroDivisionError
    assert sum(taken) == 0
    assert len(taken) == 6


def test_the_figures_are_those_of_the_database_and_of_no_office(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    empty = read_figures(served.app.state.figures, served.clock())
    assert (empty.values["ungdom_nightly_age_seconds"], empty.values["ungdom_alerts_open"]) == (None, 0)
    case_at(client, "executing", person=GRADED)
    case_at(client, "assessment")
    served.clock.turn_to(date(2026, 6, 1))
    nightly.run(served.db, served.clock)
    served.clock.turn_to(date(2026, 6, 2))

    read = read_figures(served.app.state.figures, served.clock())
    assert read.values["ungdom_alerts_open"] == live_alerts(served)
    text = exposition.as_text(figures(served)).decode()
    assert [office for office in OFFICES if f'"{office}"' in text] == []
    assert 23 * 3600 < (read.values["ungdom_nightly_age_seconds"] or 0) < 25 * 3600


def test_without_a_database_what_the_process_counts_is_served_all_the_same() -> None:
    asked: list[int] = []

    def away() -> ServiceFigures:
        asked.append(1)
        raise Unavailable("connection_lost")

    source = FigureCollector(away)
    samples = [samples_of(exposition.as_text(source).decode()) for _ in range(3)]
    assert samples == [{("ungdom_database_up", frozenset()): 0.0}] * 3
    assert len(asked) == 1


def test_metrics_are_off_unless_a_port_is_set(one: Service) -> None:
    assert one.app.state.metrics is None


def test_the_nightly_run_writes_a_file_for_the_textfile_collector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    service.fill(url)
    for name, text in process.environment(url, tmp_path).items():
        monkeypatch.setenv(name, text)
    monkeypatch.setattr("ungdom.cli.observing.log_as_set", lambda *_: None)
    done = CliRunner().invoke(cli.app, ["nightly", "--metrics-file", str(tmp_path / "ungdom.prom")])
    assert done.exit_code == 0, done.output
    samples = samples_of((tmp_path / "ungdom.prom").read_text())
    assert value(samples, "ungdom_nightly_result", status="ok") == 1
    done = CliRunner().invoke(cli.app, ["nightly", "--metrics-file", str(tmp_path / "none" / "ungdom.prom")])
    assert "cannot be written" in str(done.exception)


def test_a_server_of_one_process_serves_what_it_counts(one: service.Service, tmp_path: Path) -> None:
    port = free_port()
    with process.serving(one.settings.database_url, tmp_path, UNGDOM_METRICS_PORT=str(port)) as (base, _):
        assert httpx.get(f"{base}/v1/problems/not_found").status_code == 200
        samples = samples_of(scraped(port).text)
    route = {"method": "GET", "route": "/v1/problems/{code}", "status": "200"}
    assert value(samples, "ungdom_requests_total", **route) == 1


# --- several worker processes -------------------------------------------------------------------------------


@contextmanager
def two_workers(url: str, folder: Path) -> Iterator[tuple[str, int, subprocess.Popen[str]]]:
    """A server with two workers and a port of metrics, its lines in `server.log`."""
    port, metrics = free_port(), free_port()
    env = process.environment(url, folder) | {"UNGDOM_LOG_FORMAT": "json", "TMPDIR": str(folder)}
    command = [str(process.UNGDOM), "serve", "--workers", "2", "--port", str(port), "--metrics-port", str(metrics)]
    log = (folder / "server.log").open("w")
    with log, subprocess.Popen(command, env=env, stderr=log, text=True, start_new_session=True) as parent:
        try:
            process.wait_until_ready(f"http://127.0.0.1:{port}", parent)
            yield f"http://127.0.0.1:{port}", metrics, parent
        finally:
            with suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)


def until(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def workers_in(samples: Samples, parent: int) -> set[int]:
    named = {dict(labels)["pid"] for name, labels in samples if name == "ungdom_process_resident_memory_bytes"}
    return {int(pid) for pid in named} - {parent}


def test_the_parent_serves_what_all_workers_count_and_leaves_nothing_behind(
    tmp_path: Path, pg_database: pg.MakeDatabase, figure: Callable[[str], None]
) -> None:
    left = tmp_path / "ungdom-metrics-4194303-left"
    left.mkdir()
    url = pg.sqlalchemy_url(pg_database(service.fill))
    with two_workers(url, tmp_path) as (base, port, parent):
        for _ in range(40):
            assert httpx.get(f"{base}/v1/problems/not_found").status_code == 200
        samples = samples_of(scraped(port).text)
        route = {"method": "GET", "route": "/v1/problems/{code}", "status": "200"}
        assert value(samples, "ungdom_requests_total", **route) == 40
        assert value(samples, "ungdom_database_up") == 1
        workers = workers_in(samples, parent.pid)
        assert len(workers) == 2
        os.kill(min(workers), signal.SIGKILL)
        assert until(lambda: min(workers) not in workers_in(samples_of(scraped(port).text), parent.pid))
        samples = samples_of(scraped(port).text)
        assert value(samples, "ungdom_requests_total", **route) == 40
        assert value(samples, "ungdom_requests_in_progress") == 0
        parent.send_signal(signal.SIGTERM)
        assert parent.wait(PATIENCE) == 0
    lines = (tmp_path / "server.log").read_text().splitlines()
    events = [line for line in lines if '"event": "request.finished"' in line and "/v1/problems/{code}" in line]
    assert len(events) == 40
    assert all(line.startswith('{"time": "') for line in lines), lines
    assert '"event": "process.stopped"' in lines[-1]
    assert list(tmp_path.glob("ungdom-metrics-*")) == []
    figure(f"2 workers: {len(events)} requests in one count, one worker killed, no folder left")

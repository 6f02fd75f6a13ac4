"""Sets up the log of a command, and serves its metrics."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import ungdom
from ungdom import clock
from ungdom.lazy import lazy
from ungdom.observability import logs
from ungdom.observability.logger import EventLogger
from ungdom.settings.errors import BadSettings
from ungdom.settings.forms import DEVELOPMENT, LOG_FORMATS, LOG_LEVELS

if TYPE_CHECKING:
    from ungdom.exchange.delivery import ExchangeDeliveryCounts
    from ungdom.observability import collectors, exposition, metrics
    from ungdom.observability.exposition import MetricSource
    from ungdom.settings import Settings
    from ungdom.store import replica, service_figures, session
    from ungdom.store.replica import ReadSource
    from ungdom.store.session import Database
else:
    collectors = lazy("ungdom.observability.collectors")
    exposition = lazy("ungdom.observability.exposition")
    metrics = lazy("ungdom.observability.metrics")
    replica = lazy("ungdom.store.replica")
    service_figures = lazy("ungdom.store.service_figures")
    session = lazy("ungdom.store.session")

log = EventLogger("ungdom.process")

RUNNING, BRIEF = "info", "warning"
"""The level of a command that runs unattended, and of one whose result is printed."""

DATABASE_WAIT = 2.0
"""Seconds that Prometheus waits for the figures of a database that is busy."""

MetricsPort = Annotated[
    int | None, typer.Option("--metrics-port", min=1, max=65_535, help="Port for Prometheus, at /metrics.")
]


def log_as_started(level: str = BRIEF) -> None:
    """Log as the variables say, before they are validated: a command that cannot read its settings logs as well."""
    given, chosen = os.environ.get("UNGDOM_LOG_FORMAT"), os.environ.get("UNGDOM_LOG_LEVEL")
    development = os.environ.get("UNGDOM_ENV", DEVELOPMENT) == DEVELOPMENT
    usual = "text" if development else "json"
    logs.configure(given if given in LOG_FORMATS else usual, chosen if chosen in LOG_LEVELS else level)


def log_as_set(config: Settings, level: str = RUNNING) -> None:
    """Log as the settings say; `level`: where they say none."""
    logs.configure(config.log_format or ("text" if config.development else "json"), config.log_level or level)


class WorkerCounts:
    """What the worker hands on after each round, to be counted where metrics are served."""

    def __init__(self, *, counting: bool) -> None:
        self._metrics = metrics.WorkerMetrics() if counting else None

    @property
    def source(self) -> MetricSource | None:
        """The metrics to serve; None without any."""
        return self._metrics.registry if self._metrics else None

    def exchange(self, counts: ExchangeDeliveryCounts) -> None:
        """A round of official messages ended."""
        self._round("exchange", asdict(counts))

    def notices(self, counts: Mapping[str, int]) -> None:
        """A round of notices ended."""
        self._round("notices", counts)

    def _round(self, work: str, counts: Mapping[str, int]) -> None:
        if self._metrics is not None:
            self._metrics.round_ended(work, counts, clock.now().timestamp())


@contextmanager
def running(command: str, config: Settings) -> Iterator[None]:
    """Log the start and the end of a command that stays."""
    log_as_set(config)
    log.info("process.started", command=command, version=ungdom.__version__)
    try:
        yield
    finally:
        log.info("process.stopped", command=command)


@contextmanager
def metrics_of_process(config: Settings, port: int | None, counted: MetricSource | None) -> Iterator[None]:
    """Serve the metrics of this process inside the `with` statement; nothing without a port."""
    if port is None or counted is None:
        yield
        return
    served = partial(exposition.serving, config.metrics_host, port)
    with _figures_source(config) as source, served([counted, *_sources(source)]):
        yield


@contextmanager
def metrics_of_workers(config: Settings) -> Iterator[None]:
    """Serve the metrics of the worker processes that are started inside the `with` statement, if on any port."""
    if config.metrics_port is None:
        yield
        return
    with exposition.shared_folder() as folder, _figures_source(config) as source:
        sources = [folder, *_sources(source, folder.pids)]
        with exposition.serving(config.metrics_host, config.metrics_port, sources):
            yield


def write_metrics(db: Database, file: Path) -> None:
    """Write the figures of the database to a file, for the textfile collector. Raises `BadSettings`."""
    try:
        exposition.write_file(file, _sources(replica.ReadSource(db, None)))
    except OSError as error:
        raise BadSettings(f"{file} cannot be written: {error.strerror}") from None


@contextmanager
def _figures_source(config: Settings) -> Iterator[ReadSource]:
    """Connections of their own: figures are there also when the requests have taken every other."""
    db = session.Database.open(config.database_url, pool_size=1, wait_seconds=DATABASE_WAIT)
    beside = replica.open_replica(config.replica_url, 1, DATABASE_WAIT)
    with closing(db), closing(replica.ReadSource(db, beside)) as source:
        yield source


def _sources(source: ReadSource, pids: Callable[[], Iterable[int]] = tuple) -> list[MetricSource]:
    figures = collectors.FigureCollector(lambda: service_figures.read_figures(source, clock.now()))
    return [collectors.ProcessCollector(ungdom.__version__, pids), figures]

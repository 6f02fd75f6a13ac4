"""Metrics that are read when Prometheus asks: figures of the database, memory of the processes, the version."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from ungdom.lazy import lazy
from ungdom.observability.logger import EventLogger
from ungdom.observability.metric_table import METRICS

if TYPE_CHECKING:
    from prometheus_client import core
else:
    core = lazy("prometheus_client.core")

log = EventLogger("ungdom.metrics")

KEPT_SECONDS = 5.0
"""Seconds for which figures of the database are given again, whoever asks how often."""
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """What waits and what is wrong, for the whole service. A metric that has no value is left out."""

    values: Mapping[str, float | None]
    nightly_result: Mapping[str, float]
    extract_jobs: Mapping[str, float]


class FigureCollector:
    """The figures of the database, read at most once in `KEPT_SECONDS`."""

    def __init__(self, read: Callable[[], ServiceFigures]) -> None:
        self._read = read
        self._lock = Lock()
        self._known: tuple[float, ServiceFigures | None] | None = None

    def collect(self) -> Iterator[core.Metric]:
        """`ungdom_database_up`, and the figures unless the database could not be read."""
        figures = self._figures()
        yield gauge("ungdom_database_up", {(): float(figures is not None)})
        if figures is None:
            return
        for name, value in figures.values.items():
            if value is not None:
                yield gauge(name, {(): value})
        yield gauge("ungdom_nightly_result", {(status,): value for status, value in figures.nightly_result.items()})
        yield gauge("ungdom_extract_jobs", {(status,): value for status, value in figures.extract_jobs.items()})

    def _figures(self) -> ServiceFigures | None:
        with self._lock:
            if self._known is None or time.monotonic() - self._known[0] > KEPT_SECONDS:
                self._known = (time.monotonic(), self._read_or_none())
            return self._known[1]

    def _read_or_none(self) -> ServiceFigures | None:
        try:
            return self._read()
        except Exception as error:  # noqa: BLE001  # what the processes count is given all the same
            log.warning("metrics.database_unreadable", error=error)
            return None


class ProcessCollector:
    """Version, and memory and open files of these processes, on systems that have `/proc`."""

    def __init__(self, version: str, pids: Callable[[], Iterable[int]]) -> None:
        self._version = version
        self._pids = pids

    def collect(self) -> Iterator[core.Metric]:
        """The version and, per process, its memory and files."""
        yield gauge("ungdom_build_info", {(self._version, platform.python_version()): 1.0})
        pids = sorted({os.getpid(), *self._pids()})
        memory = {(str(pid),): size for pid in pids if (size := _memory(pid)) is not None}
        files = {(str(pid),): count for pid in pids if (count := _open_files(pid)) is not None}
        yield gauge("ungdom_process_resident_memory_bytes", memory)
        yield gauge("ungdom_process_open_files", files)


def gauge(name: str, values: Mapping[Any, float]) -> core.Metric:
    """A gauge with these values by the tuple of their labels, as the table describes it."""
    info = METRICS[name]
    family = core.GaugeMetricFamily(name, info.meaning, labels=info.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


def _memory(pid: int) -> float | None:
    """Bytes of memory that a process occupies; None if it is gone, or the system does not say."""
    try:
        pages = int((_PROC / str(pid) / "statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return float(pages * os.sysconf("SC_PAGE_SIZE"))


def _open_files(pid: int) -> float | None:
    try:
        return float(len(list((_PROC / str(pid) / "fd").iterdir())))
    except OSError:
        return None

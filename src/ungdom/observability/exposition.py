"""Serves `/metrics` on a port of its own, and shares the metrics of several worker processes in a folder."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol

from ungdom.lazy import lazy
from ungdom.observability.logger import EventLogger

if TYPE_CHECKING:
    import prometheus_client
    from prometheus_client import core, multiprocess
else:
    prometheus_client = lazy("prometheus_client")
    multiprocess = lazy("prometheus_client.multiprocess")

log = EventLogger("ungdom.metrics")

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus_client finds the shared folder, in each worker process."""
_FOLDER = "ungdom-metrics-"
PATH = "/metrics"
PATIENCE = 10
"""Seconds that a client may take to ask."""


class MetricSource(Protocol):
    """Anything that yields metrics when it is asked."""

    def collect(self) -> Iterable[core.Metric]:
        """The metrics as they stand."""
        ...


class WorkerFolder:
    """The metrics of all worker processes of a server, in files of a folder that its parent makes and removes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def collect(self) -> Iterable[core.Metric]:
        """Counters of all workers so far; gauges of those that live."""
        for pid, file in self._files():
            if file.name.startswith("gauge_live") and not _lives(pid):
                file.unlink(missing_ok=True)
        collector: Any = multiprocess.MultiProcessCollector(None, str(self.path))  # type: ignore[no-untyped-call]
        metrics: Iterable[core.Metric] = collector.collect()
        return metrics

    def pids(self) -> set[int]:
        """The worker processes that live."""
        return {pid for pid, _ in self._files() if _lives(pid)}

    def _files(self) -> list[tuple[int, Path]]:
        named = ((file.stem.rpartition("_")[2], file) for file in self.path.glob("*_*.db"))
        return [(int(pid), file) for pid, file in named if pid.isdecimal()]


@contextmanager
def shared_folder() -> Iterator[WorkerFolder]:
    """A folder for the metrics of worker processes that are started inside the `with` statement.

    Folders of servers that were killed are removed on the way.
    """
    _remove_left_behind()
    path = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-"))
    os.environ[FOLDER_VARIABLE] = str(path)
    try:
        yield WorkerFolder(path)
    finally:
        del os.environ[FOLDER_VARIABLE]
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def serving(host: str, port: int, sources: Iterable[MetricSource]) -> Iterator[None]:
    """Serve these metrics inside the `with` statement. Raises `OSError` when the port cannot be taken."""
    registry = prometheus_client.CollectorRegistry()
    for source in sources:
        registry.register(source)
    server = _server(host, port, registry)
    thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    log.info("metrics.served", host=host, port=server.server_address[1])
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def write_file(path: Path, sources: Iterable[MetricSource]) -> None:
    """Write these metrics to a file that node_exporter reads. It is replaced as a whole. Raises `OSError`."""
    registry = prometheus_client.CollectorRegistry()
    for source in sources:
        registry.register(source)
    prometheus_client.write_to_textfile(str(path), registry)


def as_text(registry: Any) -> bytes:
    """All metrics of a registry or source in the format of Prometheus."""
    return prometheus_client.generate_latest(registry)


def _server(host: str, port: int, registry: prometheus_client.CollectorRegistry) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE

        def do_GET(self) -> None:  # the name that http.server calls
            known = self.path.partition("?")[0] == PATH
            body = as_text(registry) if known else b""
            self.send_response_only(200 if known else 404)
            self.send_header("Content-Type", prometheus_client.CONTENT_TYPE_LATEST)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # as http.server calls it
            """Nothing is logged: the address is what a client sent."""

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    return Server((host, port), Handler)


def _remove_left_behind() -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
        pid = path.name.removeprefix(_FOLDER).partition("-")[0]
        with suppress(OSError):
            if pid.isdecimal() and not _lives(int(pid)) and path.stat().st_uid == os.getuid():
                shutil.rmtree(path, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

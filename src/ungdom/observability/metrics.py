"""The metrics that a process counts itself. Nothing is loaded or counted unless somebody asked for metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ungdom.lazy import lazy
from ungdom.observability.metric_table import METRICS, MetricKind

if TYPE_CHECKING:
    import prometheus_client
else:
    prometheus_client = lazy("prometheus_client")

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Upper bounds of the classes of the duration of requests, in seconds."""


class RequestMetrics:
    """Requests and connections of one server process; with several workers, of all that share its folder."""

    def __init__(self) -> None:
        self.registry = prometheus_client.CollectorRegistry()
        self._requests = _metric(self.registry, "ungdom_requests_total")
        self._durations = _metric(self.registry, "ungdom_request_duration_seconds")
        self._in_progress = _metric(self.registry, "ungdom_requests_in_progress")
        self._connections = _metric(self.registry, "ungdom_database_connections_in_use")

    def begin(self) -> None:
        """A request is being answered."""
        self._in_progress.inc()

    def end(self, method: str, route: str, status: int, seconds: float) -> None:
        """It was answered, or the caller went away."""
        self._in_progress.dec()
        self._requests.labels(method, route, status).inc()
        self._durations.labels(method, route).observe(seconds)

    def connections_changed(self, by: int) -> None:
        """So many more connections of the pools are in use."""
        self._connections.inc(by)


class WorkerMetrics:
    """What the worker delivers."""

    def __init__(self) -> None:
        self.registry = prometheus_client.CollectorRegistry()
        self._deliveries = _metric(self.registry, "ungdom_deliveries_total")
        self._rounds = _metric(self.registry, "ungdom_worker_last_round_timestamp_seconds")

    def round_ended(self, work: str, counts: Mapping[str, int], at: float) -> None:
        """A round of this work ended, at this Unix time. `counts`: deliveries by outcome."""
        for outcome, count in counts.items():
            self._deliveries.labels(work, outcome).inc(count)
        self._rounds.labels(work).set(at)


def _metric(registry: prometheus_client.CollectorRegistry, name: str) -> Any:
    """The metric of this name, as the table describes it; without a series that says when it was created."""
    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types
    info = METRICS[name]
    if info.kind is MetricKind.COUNTER:
        return prometheus_client.Counter(name, info.meaning, info.labels, registry=registry)
    if info.kind is MetricKind.HISTOGRAM:
        return prometheus_client.Histogram(name, info.meaning, info.labels, registry=registry, buckets=BUCKETS)
    # a gauge is the sum over the worker processes that live
    return prometheus_client.Gauge(name, info.meaning, info.labels, registry=registry, multiprocess_mode="livesum")

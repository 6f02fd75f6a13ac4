"""Every metric: kind, meaning and labels. A label has few values, and none is an office, a person or an address."""

from dataclasses import dataclass
from enum import StrEnum


class MetricKind(StrEnum):
    """What Prometheus makes of a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class MetricInfo:
    """What a metric counts. `served_by`: the commands whose port has it."""

    kind: MetricKind
    meaning: str
    labels: tuple[str, ...] = ()
    served_by: str = "`serve`, `worker`"


_COUNTER, _GAUGE, _HISTOGRAM = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.HISTOGRAM

METRICS: dict[str, MetricInfo] = {
    "ungdom_requests_total": MetricInfo(
        _COUNTER,
        "Requests answered. `route` is the template of the address, `unmatched` where no route fits; status 499: the"
        " caller went away before an answer.",
        ("method", "route", "status"),
        "`serve`",
    ),
    "ungdom_request_duration_seconds": MetricInfo(
        _HISTOGRAM, "Time from the head of a request to the end of its answer.", ("method", "route"), "`serve`"
    ),
    "ungdom_requests_in_progress": MetricInfo(_GAUGE, "Requests being answered, over all processes.", (), "`serve`"),
    "ungdom_database_connections_in_use": MetricInfo(
        _GAUGE, "Connections that requests have taken from the pools, over all processes.", (), "`serve`"
    ),
    "ungdom_deliveries_total": MetricInfo(
        _COUNTER,
        "What became of outgoing messages. `channel`: `exchange` (official messages) or `notices`. `outcome`: as"
        " counted by `ungdom deliver` and `ungdom notices deliver`.",
        ("channel", "outcome"),
        "`worker`",
    ),
    "ungdom_worker_last_round_timestamp_seconds": MetricInfo(
        _GAUGE, "When the worker last completed a round of this work, in Unix time.", ("work",), "`worker`"
    ),
    "ungdom_build_info": MetricInfo(_GAUGE, "1; the version of the program and of Python.", ("version", "python")),
    "ungdom_process_resident_memory_bytes": MetricInfo(_GAUGE, "Memory of each process, on Linux.", ("pid",)),
    "ungdom_process_open_files": MetricInfo(_GAUGE, "Open files and sockets of each process, on Linux.", ("pid",)),
    "ungdom_database_up": MetricInfo(
        _GAUGE, "1 when the figures below were read from the database, 0 when it could not be: they are missing then."
    ),
    "ungdom_replica_up": MetricInfo(
        _GAUGE,
        "1 when the streaming replica can be read, 0 when not or when it is no standby of this database; missing"
        " where none is set.",
    ),
    "ungdom_replica_lag_seconds": MetricInfo(
        _GAUGE,
        "0 when the replica has replayed everything, otherwise the age of the last transaction that it has replayed;"
        " missing while it cannot be read.",
    ),
    "ungdom_outbox_waiting": MetricInfo(_GAUGE, "Official messages that have not arrived, dead letters not counted."),
    "ungdom_outbox_oldest_age_seconds": MetricInfo(_GAUGE, "Age of the oldest of them; 0 without one."),
    "ungdom_outbox_dead_letters": MetricInfo(_GAUGE, "Official messages that were given up."),
    "ungdom_notices_waiting": MetricInfo(_GAUGE, "Notices that have not arrived, dead letters not counted."),
    "ungdom_notices_dead_letters": MetricInfo(_GAUGE, "Notices that were given up."),
    "ungdom_alerts_open": MetricInfo(_GAUGE, "Alerts that have not been cleared, in the whole country."),
    "ungdom_decisions_parked": MetricInfo(_GAUGE, "Pushed messages that wait for something or somebody."),
    "ungdom_nightly_age_seconds": MetricInfo(
        _GAUGE, "Time since the last completed nightly run ended; missing before the first."
    ),
    "ungdom_nightly_result": MetricInfo(
        _GAUGE, "1 for the status of the newest nightly run that ended, 0 for the others.", ("status",)
    ),
    "ungdom_nightly_failed_cases": MetricInfo(_GAUGE, "Cases that the newest nightly run could not examine."),
    "ungdom_jobs_running": MetricInfo(_GAUGE, "Runs of jobs that have begun and not ended."),
    "ungdom_extract_jobs": MetricInfo(_GAUGE, "Extract jobs that are not done.", ("status",)),
}
"""Metric → what it is. `tests/api/test_metrics.py` compares it with what is served."""

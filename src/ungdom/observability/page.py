"""The page on log lines, metrics and traces, made of their tables."""

from ungdom.observability.event_table import EVENTS, LogEvent
from ungdom.observability.metric_table import METRICS, MetricInfo

_LINES = """\
What a process of ungdom tells whoever operates it. This page is made from `src/ungdom/observability/`; why it is so:
[decision 0049](decisions/0049-logs-metrics-traces.md). How to collect it: [operations](operations.md).

No line, metric, span or error holds a name, an identity number, an address, a secret or a token, and none says who
asked for what: that stands in the access log of the database alone. Three rules keep it so:

* An event has fields from a closed list: ids, codes, numbers and times. Ids of cases are among them, addresses of
  requests and query strings never.
* An exception is logged with its type, the types of its causes and the places it passed, without its text.
* Whatever looks like an identity number, a token, a password, a key, an e-mail address or the secret of a calendar,
  survey or webhook is replaced before a line is written, in the lines of libraries too.
"""
_LOG = """\

## Log lines

One line per event on standard error: JSON, or in development `name=value` without colours
(`UNGDOM_LOG_FORMAT`). Lines of uvicorn, SQLAlchemy and other libraries have the same form, and are written from
level warning on, whatever `UNGDOM_LOG_LEVEL` says: below it libraries log rows and addresses.

On every line stand `time` (UTC, ISO 8601), `level`, `event`, `logger` and `pid`; on those written while a request is
answered also `request_id` and `trace_id`. With an exception: `error`, `causes` and `frames`.

* `request_id` is that of the header `X-Request-Id` if it has 16 to 64 hexadecimal digits and hyphens, otherwise a new
  one. Every answer gives it back.
* `trace_id` is that of the current span, of a valid `traceparent`, or a new one. It stands in every problem that the
  service answers with.

| event | meaning | fields |
|---|---|---|
"""
_METRICS = """\

## Metrics

`GET /metrics` on a port of its own, in the format of Prometheus: `ungdom serve --metrics-port 9464`, `ungdom worker
--metrics-port 9465`, or the settings. Without a port nothing is counted. The port listens on the loopback address
unless `UNGDOM_METRICS_HOST` says otherwise, and needs no token: keep it inside the network. The parent of several
worker processes serves the metrics of all. `ungdom nightly --metrics-file` writes the figures of the database to a
file for the textfile collector of node_exporter.

Figures of the database are those of the whole service: `serve` and `worker` give the same, so take the maximum, not
the sum. No metric is of one konfliktråd: it could tell where somebody with a graded address is.

| metric | kind | labels | meaning | on the port of |
|---|---|---|---|---|
"""
_TRACES = """\

## Traces

Where an OpenTelemetry SDK is installed and set up (`opentelemetry-instrument ungdom serve`, or code that sets a tracer
provider), each request is a span: its name is method and template of the route, its attributes are
`http.request.method`, `http.route`, `http.response.status_code`, `url.scheme`, `network.protocol.version` and, after an
error, `error.type`. Address, query string, headers and the text of exceptions are in none. The spans of
`opentelemetry-instrumentation-fastapi`, which would have them, are not made. Leave the instrumentation of httpx off:
its spans hold the addresses that webhooks are sent to.
"""


def page() -> str:
    """The page as Markdown."""
    events = "".join(_event_row(name, event) for name, event in EVENTS.items())
    metrics = "".join(_metric_row(name, info) for name, info in METRICS.items())
    return "".join(("# Logs, metrics and traces\n\n", _LINES, _LOG, events, _METRICS, metrics, _TRACES))


def _event_row(name: str, event: LogEvent) -> str:
    fields = ", ".join(f"`{field}`" for field in event.fields + (("error",) if event.error else ()))
    return f"| `{name}` | {event.meaning} | {fields} |\n"


def _metric_row(name: str, info: MetricInfo) -> str:
    labels = ", ".join(f"`{label}`" for label in info.labels)
    return f"| `{name}` | {info.kind.value} | {labels} | {info.meaning} | {info.served_by} |\n"

"""Traces of requests that hold the template of the route, and neither address nor query.

FastAPI makes a span per request as soon as an OpenTelemetry SDK is installed and set up. Its attributes `url.path` and
`url.query` would hold the secrets in the addresses of calendars and surveys; `server.address` and the original method
are what the caller sent. Its log records would hold the text of exceptions. So FastAPI is handed a provider of tracers
that lets the attributes in `SPAN_ATTRIBUTES` through at the start of a span, and its log records and metrics are off.
"""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TypedDict

from opentelemetry import trace

SPAN_ATTRIBUTES = frozenset({"http.request.method", "url.scheme", "network.protocol.version"})
"""Attributes a span may start with. FastAPI adds `http.route`, `http.response.status_code` and `error.type` later."""


class TelemetrySettings(TypedDict):
    """What FastAPI is told of tracing."""

    tracer_provider: trace.TracerProvider
    metrics: bool
    logs: bool
    operation_spans: bool
    auto_configure: bool
    exclude: Callable[[MutableMapping[str, Any]], bool]


class RouteOnlyTracer(trace.Tracer):
    """A tracer whose spans start with the attributes in `SPAN_ATTRIBUTES` alone."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    def start_span(self, name: str, *args: Any, **named: Any) -> trace.Span:
        return self._tracer.start_span(name, *args, **named | {"attributes": _allowed(named.get("attributes"))})

    def start_as_current_span(self, name: str, *args: Any, **named: Any) -> Any:
        attributes = _allowed(named.get("attributes"))
        return self._tracer.start_as_current_span(name, *args, **named | {"attributes": attributes})


class RouteOnlyTracers(trace.TracerProvider):
    """The tracers of the provider that the process has set up, each limited to the template of the route."""

    def get_tracer(self, instrumenting_module_name: str, *args: Any, **named: Any) -> trace.Tracer:
        return RouteOnlyTracer(trace.get_tracer_provider().get_tracer(instrumenting_module_name, *args, **named))


def telemetry() -> TelemetrySettings:
    """The settings of FastAPI: spans with the template of the route, where an SDK is set up; nothing else."""
    return {
        "tracer_provider": RouteOnlyTracers(),
        "metrics": False,
        "logs": False,
        "operation_spans": False,
        "auto_configure": False,
        "exclude": lambda _scope: isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider),
    }


def _allowed(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (attributes or {}).items() if name in SPAN_ATTRIBUTES}

"""One log line per request, its ids, and its metrics: outside of everything else that answers. Plain ASGI."""

import logging
from collections.abc import Iterable
from time import perf_counter
from typing import Any, cast

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ungdom.observability.logger import EventLogger
from ungdom.observability.metrics import RequestMetrics
from ungdom.observability.request_context import answering, ids_of
from ungdom.observability.tracing import telemetry

log = EventLogger("ungdom.requests")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD = "other"
UNMATCHED = "unmatched"
"""The route of a request that no route fits: an address that anybody can make up is no label."""
OPEN_ROUTES = "/health/"
_SERVER_ERROR = 500
_CLOSED = 499
"""The status that is counted where the caller went away before an answer began, as web servers commonly do."""


class RouteTemplates:
    """The templates of all routes, for requests that are answered before one is chosen."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        known = [(getattr(route, "path_regex", None), getattr(route, "path", "")) for route in routes]
        self._routes = [(pattern, template) for pattern, template in known if pattern is not None]

    def of(self, scope: Scope) -> str:
        """The template of the route of a request; `UNMATCHED` where there is none."""
        chosen = getattr(scope.get("route"), "path", None)
        if isinstance(chosen, str):
            return chosen
        path = scope["path"]
        return next((template for pattern, template in self._routes if pattern.match(path)), UNMATCHED)


class RequestObserver:
    """Gives every request its ids, counts it, and logs it once it is answered."""

    def __init__(self, app: ASGIApp, templates: RouteTemplates, metrics: RequestMetrics | None) -> None:
        self.app = app
        self.templates = templates
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with `X-Request-Id`. The ids are in `scope["state"]`, and on every log line meanwhile."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = perf_counter(), _CLOSED
        ids = ids_of(scope["headers"])
        scope.setdefault("state", {})["trace_id"] = ids.trace_id
        header = (b"x-request-id", ids.request_id.encode("ascii"))

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        if self.metrics is not None:
            self.metrics.begin()
        with answering(ids):
            try:
                await self.app(scope, receive, send_with_id)
            finally:
                self._finish(scope, status, perf_counter() - began)

    def _finish(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
        route = self.templates.of(scope)
        if self.metrics is not None:
            self.metrics.end(method, route, status, seconds)
        principal = scope["state"].get("principal")
        log.log(
            _level(route, status),
            "request.finished",
            method=method,
            route=route,
            status=status,
            duration_ms=round(seconds * 1000, 1),
            role=principal.viewer.role.value if principal is not None else None,
        )


class ObservedApp(FastAPI):
    """The service inside a `RequestObserver`, which no answer passes by, an internal error included.

    `routes`: those of the service. `metrics`: None where nobody asked for metrics.
    """

    def __init__(self, observed: Iterable[BaseRoute], metrics: RequestMetrics | None, **given: Any) -> None:
        super().__init__(telemetry=cast(TelemetryConfig, telemetry()), **given)
        self._templates = RouteTemplates(observed)
        self._metrics = metrics

    def build_middleware_stack(self) -> ASGIApp:
        """The stack of FastAPI, observed.

        OpenTelemetry's own instrumentation of FastAPI, whose spans hold addresses, leaves such a stack alone.
        """
        return RequestObserver(super().build_middleware_stack(), self._templates, self._metrics)


def _level(route: str, status: int) -> int:
    """Warning for what went wrong here, debug for what a load balancer asks all the time."""
    if status >= _SERVER_ERROR:
        return logging.WARNING
    return logging.DEBUG if route.startswith(OPEN_ROUTES) else logging.INFO

"""Middleware: nothing is served before what was erased is erased from a restored database as well. Plain ASGI."""

from anyio import to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

from ungdom.api.http.problems import problem_response
from ungdom.observability.logger import EventLogger
from ungdom.retention.journal import UNREADABLE_JOURNAL
from ungdom.retention.replay import ErasureGate
from ungdom.store.errors import StoreError, Unavailable

LOG = EventLogger("ungdom.api")


class ErasuresFirst:
    """Opens the gate of erasures before a request that may read the database. 503 while that fails."""

    def __init__(self, app: ASGIApp, gate: ErasureGate) -> None:
        self.app = app
        self.gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on once nothing is left to erase."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/") or self.gate.is_open():
            await self.app(scope, receive, send)
            return
        try:
            await to_thread.run_sync(self.gate.open)
        except StoreError as error:
            LOG.warning("erasures.not_carried_out", reason=type(error).__name__)
            database_is_away = isinstance(error, Unavailable) and error.reason != UNREADABLE_JOURNAL
            part = "detail" if database_is_away else "erasures"  # otherwise an operator has to do something
            language = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
            trace_id = scope["state"]["trace_id"]
            response = problem_response(503, "unavailable", language, trace_id, None, {"Retry-After": "2"}, part)
            await response(scope, receive, send)
            return
        await self.app(scope, receive, send)

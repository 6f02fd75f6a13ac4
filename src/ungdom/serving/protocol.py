"""HTTP/1.1 of uvicorn with the limits that it lacks: time for header, body and answer, size of a header, connections.

uvicorn closes an idle connection after a request, and waits for everything else for ever. Here each connection is in
one of these phases, and each phase ends in bounded time:

| phase | ends | otherwise |
|---|---|---|
| header | `header_seconds` after the connection was made, or after a first byte between requests | 408, closed |
| body | every `body_seconds` at least 500 bytes a second have arrived | 408, closed |
| answer | the application answers | it has limits of its own |
| reading | every `body_seconds` the client has read as much of a large answer | cut off |
| idle | `idle_seconds` after an answer | closed |

The body of a batch has no rate: something has to arrive every `idle_seconds`. Time in which this process reads no more
of a body, because the application is behind, does not count.
"""

import asyncio
from typing import Any, cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from ungdom.api.http.closing import BusyServer, raw_problem
from ungdom.api.http.headers import RawHeaders
from ungdom.serving.connections import STATE_KEY, ConnectionLimits

LEAST_RATE = 500
"""Bytes a second of a body that arrives, or of an answer that is read."""
HEAD_BYTES = 64 * 1024
"""Bytes of the first line and the headers of a request, together."""
HEAD_FIELDS = 100
"""Headers of a request, and trailers of its body."""
PIPELINED = 32
"""Requests that a client may send before it has read the answers."""
RESERVED = 16
"""Connections above the limit on which health is answered: a full service must not look like a dead one."""
LINGER_SECONDS = 5
"""Seconds for the rest of a request that was answered before it was read, and for the last bytes of an answer."""
STREAMED = "/v1/decisions/batch"


class TooLarge(ValueError):
    """The first line and the headers of a request are too large or too many."""


class ResumedFlow(FlowControl):
    """Remembers when reading went on, so that a pause of this process is not held against the client."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(transport)
        self._loop = loop
        self.resumed_at = 0.0

    def resume_reading(self) -> None:
        """Read on."""
        if self.read_paused:
            self.resumed_at = self._loop.time()
        super().resume_reading()


class LimitedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits: ConnectionLimits = app_state.get(STATE_KEY) or ConnectionLimits()
        self.timeout_keep_alive = cast(int, self.limits.idle_seconds)
        self.idle_since = 0.0
        self._in_head, self._in_body = False, False
        self._head_began_now = False
        self._head_bytes = self._head_fields = 0
        self._window_bytes, self._window_began = 0, 0.0
        self._too_large = False
        self._ends_after_answers = False
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None

    # --- the connection -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take the connection, or close another one that is idle for it, or refuse it."""
        super().connection_made(transport)
        self.flow = ResumedFlow(transport, self.loop)
        self._reading = self.loop.call_later(self.limits.header_seconds, self._head_is_late)
        beyond = len(self.connections) - self.limits.connections
        if beyond > 0 and not self._close_one_that_is_idle():
            self.app = BusyServer(self.app, self.limits.headers)
            if beyond > RESERVED:
                self._end_with(503, "overloaded", "connections")

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone: nothing is waited for any more."""
        for timer in (self._reading, self._writing):
            if timer is not None:
                timer.cancel()
        self._reading = self._writing = None
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def _close_one_that_is_idle(self) -> bool:
        """Close the connection that has been idle for longest; False when none is."""
        idle = [other for other in self.connections if isinstance(other, LimitedProtocol) and other.is_idle]
        if not idle:
            return False
        min(idle, key=lambda other: other.idle_since).transport.close()
        return True

    @property
    def is_idle(self) -> bool:
        """Whether an answer has been sent and nothing has arrived since."""
        return self.timeout_keep_alive_task is not None and not self.transport.is_closing()

    # --- what arrives ---------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Parse, and watch how what is missing arrives."""
        if self._ends_after_answers or self.transport.is_closing():
            return
        self._head_began_now = False
        super().data_received(data)
        if self._in_head and not self._head_began_now and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._too_large = True
                self.send_400_response("")
        self._watch_reading()

    def _watch_reading(self) -> None:
        """Have the timer that belongs to the phase, or none while the application answers."""
        if self.transport.is_closing():
            return
        waits = self._in_head or self._in_body or self._is_quiet
        if waits and self._reading is None:
            if self._in_body:
                self._reading = self.loop.call_later(self._window, self._body_is_late)
            else:
                self._reading = self.loop.call_later(self.limits.header_seconds, self._head_is_late)
        elif not waits and self._reading is not None:
            self._reading.cancel()
            self._reading = None

    @property
    def _is_quiet(self) -> bool:
        """Whether nothing is asked and no idle timer runs: bytes have arrived that begin no request."""
        return self.timeout_keep_alive_task is None and not self._answers

    @property
    def _answers(self) -> bool:
        """Whether an answer is owed."""
        return bool(self.pipeline) or (self._latest is not None and not self._latest.response_complete)

    @property
    def _latest(self) -> RequestResponseCycle | None:
        """The newest request whose headers have arrived, in progress or answered."""
        return cast(RequestResponseCycle | None, self.cycle)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head, self._in_body = True, False
        self._head_began_now = True
        self._head_bytes = self._head_fields = 0

    def on_url(self, url: bytes) -> None:
        """Part of the address."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header. A trailer of the body is none: it must not change what was decided by the headers."""
        self._head_fields += 1
        self._count_head(len(name) + len(value) + 4)
        if not self._in_body:
            super().on_header(name, value)

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES or self._head_fields > HEAD_FIELDS:
            self._too_large = True
            raise TooLarge

    def on_headers_complete(self) -> None:
        """The body begins, if there is one."""
        if len(self.pipeline) >= PIPELINED:
            raise httptools.HttpParserError("too many requests at once")
        super().on_headers_complete()
        self._in_head, self._in_body = False, True
        self._window_bytes, self._window_began = 0, self.loop.time()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def on_body(self, body: bytes) -> None:
        """Part of the body."""
        self._window_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._in_head = self._in_body = False
        super().on_message_complete()

    # --- what is late ---------------------------------------------------------------------------------------

    @property
    def _window(self) -> float:
        """Seconds after which it is looked at how much of a body has arrived."""
        return self.limits.idle_seconds if self._is_streamed else self.limits.body_seconds

    @property
    def _is_streamed(self) -> bool:
        return self.scope.get("path") == STREAMED

    def _head_is_late(self) -> None:
        self._reading = None
        if self._answers:  # the next request may wait as long as this one is answered
            self._watch_reading()
        elif self._in_head:
            self._end_with(408, "request_timeout")
        else:
            self._end()

    def _body_is_late(self) -> None:
        self._reading = None
        needed = 1 if self._is_streamed else LEAST_RATE * self._window
        paused = self.flow.read_paused or cast(ResumedFlow, self.flow).resumed_at > self._window_began
        if self._window_bytes >= needed or paused or self.cycle.body:
            self._window_bytes, self._window_began = 0, self.loop.time()
            self._watch_reading()
        elif self.cycle.response_started:
            self._end()
        else:
            self._end_with(408, "request_timeout")

    # --- what is answered -----------------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """An answer is sent: the next request, or the end of the connection."""
        self.idle_since = self.loop.time()
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch_writing()
            return
        if self._answers:
            if self.pipeline:  # uvicorn reads on, and would queue more requests with each answer
                self.flow.pause_reading()
        elif self._ends_after_answers:
            self._end_with(400, "invalid_http")
        elif self._in_body:
            self._unset_keepalive_if_required()
            if self._reading is not None:
                self._reading.cancel()
            self._reading = self.loop.call_later(LINGER_SECONDS, self._end)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's sentence; ours is a problem
        """Answer what cannot be read, after the answers that are owed to what could be read before it."""
        if self._in_head and self._answers and not self._too_large:
            self._ends_after_answers = True
            self.flow.pause_reading()
        elif self._too_large:
            self._end_with(431, "headers_too_large")
        else:
            self._end_with(400, "invalid_http")

    def _end_with(self, status: int, code: str, part: str = "detail") -> None:
        """Send this problem as the last answer, unless another one has begun, and close the connection."""
        latest = self._latest
        begun = latest is not None and latest.response_started and not latest.response_complete
        if not begun:
            headers = (*self.server_state.default_headers, *self.limits.headers)
            self.transport.write(raw_problem(status, code, part, headers, self._language))
        self._ends_after_answers = True
        self._end()

    @property
    def _language(self) -> str | None:
        """The header Accept-Language of the request that is being read, as far as it has arrived."""
        sent = dict(cast(RawHeaders | None, self.headers) or ())
        return sent[b"accept-language"].decode("latin-1") if b"accept-language" in sent else None

    def _end(self) -> None:
        """Close the connection; what the client does not read is dropped."""
        self.transport.close()
        self._watch_writing()

    def timeout_keep_alive_handler(self) -> None:
        """The connection was idle for too long."""
        self._end()

    # --- what is read -----------------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        """The client reads more slowly than the application writes."""
        super().pause_writing()
        self._watch_writing()

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        if self._writing is not None and not self.transport.is_closing():
            self._writing.cancel()
            self._writing = None

    def _watch_writing(self) -> None:
        """Look in a while at how much the client has read."""
        if self._writing is None:
            closing = self.transport.is_closing()
            seconds = LINGER_SECONDS if closing else self.limits.body_seconds
            unread = self.transport.get_write_buffer_size()
            self._writing = self.loop.call_later(seconds, self._reader_is_late, unread, seconds)

    def _reader_is_late(self, unread: int, seconds: float) -> None:
        self._writing = None
        left = self.transport.get_write_buffer_size()
        if not left or unread - left < LEAST_RATE * seconds:
            self.transport.abort()
        else:
            self._watch_writing()

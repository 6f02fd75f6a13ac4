"""The ids of the request that is being answered: they stand on each log line that is written meanwhile."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from secrets import token_hex

from opentelemetry import trace

REQUEST_ID = re.compile(rb"[0-9A-Fa-f][0-9A-Fa-f-]{14,62}[0-9A-Fa-f]")
"""A request id of others that is taken over: 16 to 64 hexadecimal digits and hyphens, as proxies make them."""
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
_VERSION_ZERO = b"00-"


@dataclass(frozen=True, slots=True)
class RequestIds:
    """`request_id`: given back in `X-Request-Id`. `trace_id`: 32 hexadecimal digits, named in every problem."""

    request_id: str
    trace_id: str


CURRENT: ContextVar[RequestIds | None] = ContextVar("ungdom_request", default=None)


@contextmanager
def answering(ids: RequestIds) -> Iterator[None]:
    """Log lines inside the `with` statement carry these ids, those of its threads as well."""
    token = CURRENT.set(ids)
    try:
        yield
    finally:
        CURRENT.reset(token)


def ids_of(headers: list[tuple[bytes, bytes]]) -> RequestIds:
    """The ids of a request with these headers: those that came with it in a sound form, otherwise new ones."""
    given = [value for name, value in headers if name == b"x-request-id"]
    sound = len(given) == 1 and REQUEST_ID.fullmatch(given[0]) is not None
    request_id = given[0].decode("ascii") if sound else token_hex(16)
    span = trace.get_current_span().get_span_context()
    of_span = trace.format_trace_id(span.trace_id) if span.is_valid else None
    return RequestIds(request_id, of_span or _of_parent(headers) or token_hex(16))


def _of_parent(headers: list[tuple[bytes, bytes]]) -> str | None:
    """The trace id of the header `traceparent` (W3C Trace Context § 3.2); None unless there is one, and it is valid."""
    given = [value for name, value in headers if name == b"traceparent"]
    match = _TRACEPARENT.fullmatch(given[0]) if len(given) == 1 else None
    if match is None or (match[2] is not None and given[0].startswith(_VERSION_ZERO)):
        return None
    return match[1].decode("ascii")

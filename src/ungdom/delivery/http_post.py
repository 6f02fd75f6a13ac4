"""One message as one HTTP POST: for webhooks, and for official messages to partners that take them over HTTP."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from threading import Timer
from typing import TYPE_CHECKING, Any

from ungdom.delivery.engine import NotDelivered
from ungdom.lazy import lazy

if TYPE_CHECKING:
    import httpx
else:
    httpx = lazy("httpx")


TOTAL_TIMEOUT = 30.0
"""Longest duration of one POST in seconds, whatever the recipient does."""

_RETRYABLE = frozenset({408, 429})


def default_timeouts() -> httpx.Timeout:
    """5 seconds to connect, 10 seconds between two parts of the response."""
    return httpx.Timeout(10, connect=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPost:
    """One POST. `trust`: the trusted certificates; None for a connection without TLS. `extensions`: those of httpx.

    `total_timeout`: in seconds. `retry_all_failures`: whether a retry may succeed after any status of failure.
    """

    url: str
    body: str | bytes
    headers: Mapping[str, str]
    trust: ssl.SSLContext | None
    timeouts: httpx.Timeout = field(default_factory=default_timeouts)
    total_timeout: float = TOTAL_TIMEOUT
    extensions: Mapping[str, Any] | None = None
    retry_all_failures: bool = False


def send_post(request: HttpPost) -> None:
    """Send the request; a status 2xx means received, and the body of the response is not read. Raises `NotDelivered`.

    Redirects are refused: a message about a child is sent to its configured address only.
    """
    try:
        with (
            _client(request) as client,
            client.stream(
                "POST",
                request.url,
                content=request.body,
                headers=dict(request.headers),
                extensions=dict(request.extensions or {}),
            ) as response,
        ):
            _check_status(response, request.retry_all_failures)
    except httpx.TimeoutException:
        raise NotDelivered("timeout", retryable=True) from None
    except (httpx.HTTPError, httpx.StreamError, RuntimeError):
        raise NotDelivered("unreachable", retryable=True) from None


@contextmanager
def _client(request: HttpPost) -> Iterator[httpx.Client]:
    """A client for one request, closed after `total_timeout`. Ignores proxy and netrc settings of the environment."""
    trust = request.trust or False
    client = httpx.Client(timeout=request.timeouts, verify=trust, follow_redirects=False, trust_env=False)
    guard = Timer(request.total_timeout, client.close)
    guard.start()
    try:
        yield client
    finally:
        guard.cancel()
        client.close()


def _check_status(answer: httpx.Response, retry_all_failures: bool) -> None:
    if answer.is_success:
        return
    if answer.is_redirect:
        raise NotDelivered("redirect", retryable=False)
    refused = answer.is_client_error and answer.status_code not in _RETRYABLE and not retry_all_failures
    raise NotDelivered(
        f"status_{answer.status_code}", retryable=not refused, retry_after=None if refused else _retry_after(answer)
    )


def _retry_after(answer: httpx.Response) -> float | None:
    """`Retry-After` in seconds; a date is counted from the `Date` of the response. RFC 9110 § 10.2.3."""
    header = answer.headers.get("Retry-After", "").strip()
    if header.isascii() and header.isdigit():
        return float(header[:9])
    try:
        server_time = parsedate_to_datetime(answer.headers["Date"])
        return max(0.0, (parsedate_to_datetime(header) - server_time).total_seconds())
    except (KeyError, ValueError, TypeError):
        return None

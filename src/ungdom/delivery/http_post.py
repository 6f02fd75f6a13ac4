"""What everything that is sent outwards has in common: how long a try lasts, when the next one is, one POST.

Official messages and webhooks are both delivered at least once, under an id that stays.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from threading import Timer
from typing import TYPE_CHECKING, Any

from ungdom.lazy import lazy

if TYPE_CHECKING:
    import httpx
else:
    httpx = lazy("httpx")


LEASE = timedelta(minutes=2)
"""How long one try may last at most; then another worker may take the message. Longer than any road waits."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
"""Before the second try, doubled for each one after it, and shortened by chance to as little as half."""
LONGEST_RETRY_AFTER = timedelta(days=1)
"""A receiver that asks to be left alone longer than this is asked again after it."""
TOTAL_TIMEOUT = 30.0
"""Seconds for one message, whatever the receiver does meanwhile."""

_MAX_DOUBLINGS = 12
_RETRYABLE = frozenset({408, 429})


class NotDelivered(Exception):
    """The message did not arrive, as far as is known. `again`: whether trying again may help.

    `after`: seconds that the receiver asks to be left alone, where it does.
    """

    def __init__(self, reason: str, again: bool, after: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.again, self.after = reason, again, after


def default_timeouts() -> httpx.Timeout:
    """Seconds to connect, and between two parts of the answer."""
    return httpx.Timeout(10, connect=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPost:
    """One POST. `trust`: whose certificates are believed; None: it goes without TLS. `extensions`: httpx's own.

    `retry_all_failures`: any status that tells of a failure may be another one next time.
    """

    url: str
    body: str | bytes
    headers: Mapping[str, str]
    trust: ssl.SSLContext | None
    timeouts: httpx.Timeout = field(default_factory=default_timeouts)
    total_timeout: float = TOTAL_TIMEOUT
    extensions: Mapping[str, Any] | None = None
    retry_all_failures: bool = False


def retry_delay(attempts: int, retry_after: float | None, jitter: float) -> timedelta:
    """How long to wait after that many tries; at least as long as the receiver asks, within bounds."""
    doubled: int = 2 ** min(attempts - 1, _MAX_DOUBLINGS)
    longest = min(FIRST_WAIT * doubled, LONGEST_WAIT)
    backoff = longest * (0.5 + 0.5 * jitter)
    return backoff if retry_after is None else max(backoff, min(timedelta(seconds=retry_after), LONGEST_RETRY_AFTER))


def send_post(request: HttpPost) -> None:
    """Send it; 2xx is taken as received, what else the answer holds is not read. Raises `NotDelivered`.

    Redirects are refused: what concerns a child goes where it is addressed or nowhere.
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
        raise NotDelivered("timeout", again=True) from None
    except (httpx.HTTPError, httpx.StreamError, RuntimeError):
        raise NotDelivered("unreachable", again=True) from None


@contextmanager
def _client(request: HttpPost) -> Iterator[httpx.Client]:
    """A connection for one message, cut off when it takes too long. No proxy or password of the environment's."""
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
        raise NotDelivered("redirect", again=False)
    refused = answer.is_client_error and answer.status_code not in _RETRYABLE and not retry_all_failures
    raise NotDelivered(
        f"status_{answer.status_code}", again=not refused, after=None if refused else _retry_after(answer)
    )


def _retry_after(answer: httpx.Response) -> float | None:
    """Retry-After in seconds; a date is counted from the receiver's own Date. RFC 9110 § 10.2.3."""
    header = answer.headers.get("Retry-After", "").strip()
    if header.isascii() and header.isdigit():
        return float(header[:9])
    try:
        server_time = parsedate_to_datetime(answer.headers["Date"])
        return max(0.0, (parsedate_to_datetime(header) - server_time).total_seconds())
    except (KeyError, ValueError, TypeError):
        return None

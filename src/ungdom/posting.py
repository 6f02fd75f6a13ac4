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
LONGEST_ASKED = timedelta(days=1)
"""A receiver that asks to be left alone longer than this is asked again after it."""
LONGEST = 30.0
"""Seconds for one message, whatever the receiver does meanwhile."""

_DOUBLINGS = 12
_TRY_AGAIN = frozenset({408, 429})


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
class Post:
    """One POST. `trust`: whose certificates are believed; None: it goes without TLS. `extensions`: httpx's own.

    `patient`: any status that tells of a failure may be another one next time.
    """

    url: str
    body: str | bytes
    headers: Mapping[str, str]
    trust: ssl.SSLContext | None
    timeouts: httpx.Timeout = field(default_factory=default_timeouts)
    longest: float = LONGEST
    extensions: Mapping[str, Any] | None = None
    patient: bool = False


def wait(attempts: int, asked: float | None, chance: float) -> timedelta:
    """How long to wait after that many tries; at least as long as the receiver asks, within bounds."""
    doubled: int = 2 ** min(attempts - 1, _DOUBLINGS)
    longest = min(FIRST_WAIT * doubled, LONGEST_WAIT)
    own = longest * (0.5 + 0.5 * chance)
    return own if asked is None else max(own, min(timedelta(seconds=asked), LONGEST_ASKED))


def post(parcel: Post) -> None:
    """Send it; 2xx is taken as received, what else the answer holds is not read. Raises `NotDelivered`.

    Redirects are refused: what concerns a child goes where it is addressed or nowhere.
    """
    try:
        with (
            _client(parcel) as client,
            client.stream(
                "POST",
                parcel.url,
                content=parcel.body,
                headers=dict(parcel.headers),
                extensions=dict(parcel.extensions or {}),
            ) as said,
        ):
            _judge(said, parcel.patient)
    except httpx.TimeoutException:
        raise NotDelivered("timeout", again=True) from None
    except (httpx.HTTPError, httpx.StreamError, RuntimeError):
        raise NotDelivered("unreachable", again=True) from None


@contextmanager
def _client(parcel: Post) -> Iterator[httpx.Client]:
    """A connection for one message, cut off when it takes too long. No proxy or password of the environment's."""
    trust = parcel.trust or False
    client = httpx.Client(timeout=parcel.timeouts, verify=trust, follow_redirects=False, trust_env=False)
    guard = Timer(parcel.longest, client.close)
    guard.start()
    try:
        yield client
    finally:
        guard.cancel()
        client.close()


def _judge(answer: httpx.Response, patient: bool) -> None:
    if answer.is_success:
        return
    if answer.is_redirect:
        raise NotDelivered("redirect", again=False)
    refused = answer.is_client_error and answer.status_code not in _TRY_AGAIN and not patient
    raise NotDelivered(f"status_{answer.status_code}", again=not refused, after=None if refused else _after(answer))


def _after(answer: httpx.Response) -> float | None:
    """Retry-After in seconds; a date is counted from the receiver's own Date. RFC 9110 § 10.2.3."""
    asked = answer.headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    try:
        there = parsedate_to_datetime(answer.headers["Date"])
        return max(0.0, (parsedate_to_datetime(asked) - there).total_seconds())
    except (KeyError, ValueError, TypeError):
        return None

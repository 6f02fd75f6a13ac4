"""Messages over HTTP: one POST each, the JWS as body, the headers as the exchange has them."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Timer

import httpx

from ungdom.exchange.transport import NotDelivered, Parcel

CONTENT_TYPE = "application/jose"
TIMEOUTS = httpx.Timeout(10, connect=5)
LONGEST = 30.0
"""Seconds for one message, whatever the receiver does meanwhile."""

_TRY_AGAIN = frozenset({408, 429})


class HttpTransport:
    """Posts to one address. Redirects are refused: a message about a child goes where it is addressed or nowhere."""

    def __init__(
        self, url: str, ca_file: Path | None = None, timeouts: httpx.Timeout = TIMEOUTS, longest: float = LONGEST
    ) -> None:
        self._url, self._timeouts, self._longest = url, timeouts, longest
        self._trust = _trust(ca_file) if url.startswith("https:") else False

    def send(self, parcel: Parcel) -> None:
        """Deliver; 2xx is taken as received. Raises `NotDelivered`."""
        headers = {**parcel.headers, "Content-Type": CONTENT_TYPE}
        try:
            with (
                self._client() as client,
                client.stream("POST", self._url, content=parcel.token, headers=headers) as said,
            ):
                _judge(said)
        except httpx.TimeoutException:
            raise NotDelivered("timeout", again=True) from None
        except (httpx.HTTPError, httpx.StreamError, RuntimeError):
            raise NotDelivered("unreachable", again=True) from None

    def close(self) -> None:
        """Nothing is kept open."""

    @contextmanager
    def _client(self) -> Iterator[httpx.Client]:
        """A connection for one message, cut off when it takes too long. No proxy or password of the environment's."""
        client = httpx.Client(timeout=self._timeouts, verify=self._trust, follow_redirects=False, trust_env=False)
        guard = Timer(self._longest, client.close)
        guard.start()
        try:
            yield client
        finally:
            guard.cancel()
            client.close()


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))


def _judge(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    if answer.is_redirect:
        raise NotDelivered("redirect", again=False)
    refused = answer.is_client_error and answer.status_code not in _TRY_AGAIN
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

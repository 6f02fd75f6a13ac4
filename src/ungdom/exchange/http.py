"""The transport over HTTP: one POST per message, with the JWS as body and the headers of the exchange."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from ungdom.delivery import http_post
from ungdom.exchange.transport import SignedMessage
from ungdom.lazy import lazy

if TYPE_CHECKING:
    import httpx
else:
    httpx = lazy("httpx")

CONTENT_TYPE = "application/jose"


class HttpTransport:
    """Posts to one URL. Redirects are refused."""

    def __init__(
        self,
        url: str,
        ca_file: Path | None = None,
        timeouts: httpx.Timeout | None = None,
        total_timeout: float = http_post.TOTAL_TIMEOUT,
    ) -> None:
        self._url, self._timeouts, self._total_timeout = url, timeouts or http_post.default_timeouts(), total_timeout
        self._trust = _trust(ca_file) if url.startswith("https:") else None

    def send(self, message: SignedMessage) -> None:
        """Send the message; a status 2xx means received. Raises `NotDelivered`."""
        http_post.send_post(
            http_post.HttpPost(
                url=self._url,
                body=message.token,
                headers={**message.headers, "Content-Type": CONTENT_TYPE},
                trust=self._trust,
                timeouts=self._timeouts,
                total_timeout=self._total_timeout,
            )
        )

    def close(self) -> None:
        """Nothing is kept open."""


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))

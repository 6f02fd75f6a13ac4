"""Fetch and parse the key set of an issuer: only public keys that can verify signatures are used."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from ungdom.api.http.auth.keys import KeySet, NotFetched, PublicKey
from ungdom.lazy import lazy
from ungdom.message.sound import read_strict

if TYPE_CHECKING:
    import httpx
else:
    httpx = lazy("httpx")

FETCH_TIMEOUT = 5.0
"""Seconds for one fetch, whatever the issuer does meanwhile."""

MAX_KEY_SET_BYTES = 256 * 1024
"""Bytes of a key set."""

MAX_KEYS = 100
MIN_RSA_BITS = 2048

_KEY_TYPES: Mapping[str, type[RSAKey] | type[ECKey]] = {"RSA": RSAKey, "EC": ECKey}
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class KeyEndpoint:
    """How an issuer is reached. `trust`: whose certificates are believed. Nothing comes from the environment."""

    url: str
    proxy: str | None = None
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    timeout: float = FETCH_TIMEOUT

    async def fetch(self) -> KeySet:
        """The keys as they are published now. Redirects are refused. Raises `NotFetched`."""
        try:
            with anyio.fail_after(self.timeout, shield=True):
                return key_set(await self._body())
        except TimeoutError:
            raise NotFetched("timeout") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            raise NotFetched(type(error).__name__) from None

    async def _body(self) -> bytes:
        options: dict[str, Any] = {"timeout": self.timeout, "follow_redirects": False, "trust_env": False}
        async with (
            httpx.AsyncClient(verify=self.trust, proxy=self.proxy, headers=_HEADERS, **options) as client,
            client.stream("GET", self.url) as response,
        ):
            if response.status_code != httpx.codes.OK or "Content-Encoding" in response.headers:
                raise NotFetched(f"status {response.status_code}")
            return await _read_limited(response)


async def _read_limited(response: httpx.Response) -> bytes:
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > MAX_KEY_SET_BYTES:
            raise NotFetched("too large")
    return bytes(body)


def ssl_context_for(ca_file: Path | None) -> ssl.SSLContext:
    """The certificates in this file; the machine's own when there is none. Raises OSError."""
    return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))


def key_set(raw: bytes) -> KeySet:
    """The keys of a JWK Set (RFC 7517) by their ids. One that cannot be used takes no other with it.

    Raises `NotFetched` when it is no key set, or holds no key that can be used.
    """
    try:
        document = read_strict(raw)
    except ValueError:
        raise NotFetched("not JSON") from None
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise NotFetched("no key set")
    keys = {key.kid: key for key in map(_usable_key, entries[:MAX_KEYS]) if key is not None and key.kid}
    if not keys:
        raise NotFetched("no key that can be used")
    return keys


def _usable_key(jwk: Any) -> PublicKey | None:
    """A public key for signatures, with an id and of a size that holds."""
    kind = _KEY_TYPES.get(str(jwk.get("kty"))) if isinstance(jwk, dict) else None
    if kind is None or not isinstance(jwk.get("kid"), str) or jwk.get("use", "sig") != "sig":
        return None
    try:
        key = kind.import_key(jwk)
    except (JoseError, ValueError, TypeError, LookupError):
        return None
    too_small = isinstance(key, RSAKey) and key.public_key.key_size < MIN_RSA_BITS
    return None if too_small or key.is_private else key

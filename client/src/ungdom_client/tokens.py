"""Tokens: a given one, or got from an issuer, used until shortly before it expires, and then got anew."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx

from ungdom_client.core import Flow
from ungdom_client.problems import NotAuthenticated

MARGIN = 30.0
"""A token is renewed so many seconds before it expires."""
UNKNOWN_LIFETIME = 60.0
"""Seconds that a token is used whose issuer does not say how long it holds."""
ASSERTION_LIFETIME = 100
"""Seconds that an assertion to Maskinporten holds: at most 120."""
_OK = 200
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


@dataclass(frozen=True)
class Token:
    """A token that somebody else looks after."""

    text: str = field(repr=False)

    def token(self, renew: bool) -> Flow[str]:  # noqa: ARG002 - it is the only one
        """The token."""
        yield from ()
        return self.text


@dataclass
class _Granted:
    """A token of an issuer, and until when it is used (`time.monotonic`)."""

    token_url: str
    _text: str | None = field(default=None, init=False, repr=False)
    _until: float = field(default=0.0, init=False, repr=False)

    def token(self, renew: bool) -> Flow[str]:
        """The token, got anew where it has expired or the service has refused it. Raises `NotAuthenticated`."""
        if self._text is None or renew or time.monotonic() >= self._until:
            granted = yield from self._ask()
            self._text = str(granted["access_token"])
            holds = float(granted.get("expires_in", UNKNOWN_LIFETIME + MARGIN))
            self._until = time.monotonic() + max(holds - MARGIN, holds / 2)
            self._granted(granted)
        return self._text

    def _ask(self) -> Flow[dict[str, Any]]:
        content = urlencode(self._form()).encode()
        answer = yield httpx.Request("POST", self.token_url, headers=_FORM, content=content)
        if not isinstance(answer, httpx.Response):
            raise NotAuthenticated(f"{self.token_url} did not answer: {type(answer).__name__}")
        try:
            said = answer.json()
        except ValueError:
            said = {}
        if answer.status_code != _OK or "access_token" not in said:
            why = " ".join(str(said[name]) for name in ("error", "error_description") if name in said)
            raise NotAuthenticated(f"{self.token_url} gave no token: {answer.status_code} {why}".strip())
        result: dict[str, Any] = said
        return result

    def _form(self) -> Mapping[str, str]:
        raise NotImplementedError

    def _granted(self, granted: Mapping[str, Any]) -> None:
        """Something has been granted."""


@dataclass
class ClientCredentials(_Granted):
    """A system, by its id and secret (OAuth 2.0, client credentials)."""

    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""

    def _form(self) -> Mapping[str, str]:
        form = {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.client_secret}
        return form | ({"scope": self.scope} if self.scope else {})


@dataclass
class RefreshToken(_Granted):
    """A person who has signed in by OpenID Connect, as long as the refresh token holds.

    `keep`: called with each new refresh token, where the issuer exchanges them. Parallel calls of one client use each
    refresh token once; two clients need one each.
    """

    client_id: str
    refresh_token: str = field(repr=False)
    client_secret: str | None = field(default=None, repr=False)
    keep: Callable[[str], None] | None = None

    def _form(self) -> Mapping[str, str]:
        form = {"grant_type": "refresh_token", "client_id": self.client_id, "refresh_token": self.refresh_token}
        return form | ({"client_secret": self.client_secret} if self.client_secret else {})

    def _granted(self, granted: Mapping[str, Any]) -> None:
        new = granted.get("refresh_token")
        if new and new != self.refresh_token:
            self.refresh_token = str(new)
            if self.keep is not None:
                self.keep(self.refresh_token)


@dataclass
class Maskinporten(_Granted):
    """A system of an organisation, by a key that is registered at Maskinporten (RFC 7523).

    `audience`: the issuer, for example `https://maskinporten.no/`. `key`: private RSA key as PEM, `kid` its id there.
    `resource`: the service the token is for. `on_behalf_of`: the organisation that has delegated the access. Needs
    `ungdom-client[maskinporten]`, which signs.
    """

    audience: str
    client_id: str
    scope: str
    key: bytes = field(repr=False)
    kid: str
    resource: str | None = None
    on_behalf_of: str | None = None

    def _form(self) -> Mapping[str, str]:
        return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": self._assertion()}

    def _assertion(self) -> str:
        now = int(time.time())
        claims = {
            "aud": self.audience,
            "iss": self.client_id,
            "scope": self.scope,
            "iat": now,
            "exp": now + ASSERTION_LIFETIME,
            "jti": str(uuid4()),
        }
        claims |= {"resource": self.resource} if self.resource else {}
        claims |= {"consumer_org": self.on_behalf_of} if self.on_behalf_of else {}
        return _signed({"alg": "RS256", "kid": self.kid}, claims, self.key)


def _signed(header: Mapping[str, Any], claims: Mapping[str, Any], key: bytes) -> str:
    """A JWS (compact) with RS256."""
    try:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise NotAuthenticated("Maskinporten needs a library that signs: install ungdom-client[maskinporten]") from None
    private = load_pem_private_key(key, None)
    if not isinstance(private, RSAPrivateKey):
        raise NotAuthenticated("the key for Maskinporten is no RSA key")
    signed = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}"
    return f"{signed}.{_encoded(private.sign(signed.encode(), PKCS1v15(), hashes.SHA256()))}"


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()

"""The checks of a token, in order, and the cache of valid tokens.

The issuer that a token names is only looked up among those that are trusted; nothing else of it is believed before its
signature holds. Keys or addresses of keys in the header are never looked at.
"""

import re
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from ungdom.api.http.auth.keys import IssuerKeys
from ungdom.api.http.auth.principal import AccessError, BadToken, Principal, TokenSummary, loggable
from ungdom.message.sound import read_strict
from ungdom.observability.logger import EventLogger

log = EventLogger("ungdom.access")

MAX_TOKEN_LENGTH = 8192
"""Characters of a token."""

MAX_CACHED_TOKENS = 4096
"""As many tokens that passed are remembered, the latest ones."""

Claims = dict[str, Any]

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_REFUSED_IN_HEADER = ("crit", "b64")


@dataclass(frozen=True, slots=True)
class IssuerPolicy:
    """An issuer as it is trusted here. `principal`: who its claims speak for; raises `BadToken` or `NotLetIn`.

    `leeway`: seconds by which its clock may be ahead of ours.
    """

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    leeway: int
    keys: IssuerKeys
    principal: Callable[[Claims], Principal]


@dataclass(frozen=True, slots=True)
class _VerifiedToken:
    """Held only as long as the keys of the issuer are the ones it passed with."""

    principal: Principal
    keys: IssuerKeys
    version: int | None


class Verifier:
    """Verifies tokens. A valid token is cached by its hash until it expires or a key of its issuer changes."""

    def __init__(self, issuers: tuple[IssuerPolicy, ...], size: int = MAX_CACHED_TOKENS) -> None:
        self._issuers: Mapping[str, IssuerPolicy] = {issuer.issuer: issuer for issuer in issuers}
        self._size = size
        self._passed: OrderedDict[bytes, _VerifiedToken] = OrderedDict()

    async def check(self, token: str, now: datetime) -> Principal:
        """The principal of the token. Raises `BadToken`, `NotLetIn` or `KeysUnavailable`."""
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        verified = self._cached(digest, now) or await self._verify(token, now)
        self._passed[digest] = verified
        self._passed.move_to_end(digest)
        while len(self._passed) > self._size:
            self._passed.popitem(last=False)
        return verified.principal

    def _cached(self, digest: bytes, now: datetime) -> _VerifiedToken | None:
        cached = self._passed.get(digest)
        if cached is None:
            return None
        version = cached.keys.version(now)
        if version is not None and version == cached.version and cached.principal.expires_at > now.timestamp():
            return cached
        del self._passed[digest]
        return None

    async def _verify(self, token: str, now: datetime) -> _VerifiedToken:
        signed, claims = _parse(token)
        issuer = self._issuers.get(str(claims.get("iss")))
        if issuer is None:
            raise BadToken("issuer is not trusted")
        await _check_signature(signed, issuer, now)
        summary = TokenSummary(issuer.issuer, loggable(claims.get("jti")), loggable(claims.get("client_id")))
        try:
            _check_claims(claims, issuer, now)
            principal = issuer.principal(claims)
        except AccessError as error:
            error.about = replace(summary, organisation=error.about.organisation, supplier=error.about.supplier)
            raise
        about = replace(summary, organisation=principal.organisation, supplier=principal.supplier)
        log.info("token.accepted", about=about)
        return _VerifiedToken(principal, issuer.keys, issuer.keys.version(now))


def _parse(token: str) -> tuple[jws.CompactSignature, Claims]:
    """The signed parts and claims of the token, not yet verified. Raises `BadToken`."""
    if len(token) > MAX_TOKEN_LENGTH:
        raise BadToken("too large")
    if not _COMPACT.fullmatch(token):
        raise BadToken("not a signed token")
    try:
        read_strict(urlsafe_b64decode(token.partition(".")[0] + "=="))  # no name twice in the header either
        signed = jws.extract_compact(token.encode())
        claims = read_strict(signed.payload or b"")
    except (JoseError, ValueError, TypeError, RecursionError):
        raise BadToken("cannot be read") from None
    if not isinstance(claims, dict) or not isinstance(signed.protected, dict):
        raise BadToken("no claims")
    return signed, claims


async def _check_signature(signed: jws.CompactSignature, issuer: IssuerPolicy, now: datetime) -> None:
    header = signed.protected
    if header.get("alg") not in issuer.algorithms:
        raise BadToken("algorithm is not allowed")
    if any(name in header for name in _REFUSED_IN_HEADER):
        raise BadToken("header asks for what is not understood")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise BadToken("no kid")
    key = await issuer.keys.find(kid, now)
    registry = jws.JWSRegistry(algorithms=issuer.algorithms, strict_check_header=False)
    try:
        valid = jws.validate_compact(signed, key, registry=registry)
    except (JoseError, ValueError, TypeError):
        valid = False
    if not valid:
        raise BadToken("signature does not hold")


def _check_claims(claims: Claims, issuer: IssuerPolicy, now: datetime) -> None:
    rules = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=issuer.leeway,
        iss={"essential": True, "value": issuer.issuer},
        aud={"essential": True, "value": issuer.audience},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        rules.validate(claims)
    except JoseError as error:
        raise BadToken(error.description) from None
    if claims["exp"] <= now.timestamp():  # no leeway here: a token is renewed before it ends
        raise BadToken("expired")

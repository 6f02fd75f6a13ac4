"""The development issuer: it makes tokens for anybody, and refuses to exist outside development."""

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from ungdom.api.http.auth.claims import Claims, expiry_of, scopes_of, strings_at
from ungdom.api.http.auth.keys import FixedKeys
from ungdom.api.http.auth.principal import (
    NEEDS_OFFICE,
    PEOPLE_SOURCE,
    SCOPES,
    SUBJECT,
    SYSTEM_AUTHORITIES,
    BadToken,
    Principal,
)
from ungdom.api.http.auth.verify import IssuerPolicy
from ungdom.settings import BadSettings, Settings, read_or_create
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Actor, Role

ISSUER = "urn:ungdom:development"
AUDIENCE = "ungdom"
ALGORITHM = "ES256"
LEEWAY = 10
KEY_PREFIX = "development-"
"""What the id of a development issuer's key begins with, so that nobody else trusts it."""
SOURCE_PREFIX = "development-"

_NEEDS_OFFICE = NEEDS_OFFICE - {Role.PROSECUTION}
"""The prosecution stands for a system here, and a national system has no office."""


class Issuer:
    """The development issuer: its key lies in the data directory. It refuses to exist outside development."""

    def __init__(self, settings: Settings) -> None:
        if not settings.development:
            raise BadSettings(f"the development issuer does not start when UNGDOM_ENV is {settings.env}")
        path = settings.data_dir / "development-issuer.jwk"
        self.key = ECKey.import_key(json.loads(read_or_create(path, _new_key)))

    def issue(
        self,
        viewer: Viewer,
        now: datetime,
        lifetime: timedelta,
        source: str | None = None,
        authorities: Collection[Actor] = (),
    ) -> str:
        """A token for this role, person and office; for the prosecution also a source and whose acts it may tell of.

        Raises `BadSettings` for the system role, a missing office, or what only the prosecution's token can say.
        """
        _require_issuable(viewer, source, authorities)
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": viewer.subject,
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "scope": " ".join(SCOPES[viewer.role]),
            "role": viewer.role.value,
            "konfliktrad": viewer.konfliktrad,
        }
        claims |= {"source": source} if source else {}
        claims |= {"authorities": sorted(authorities)} if authorities else {}
        return jwt.encode({"alg": ALGORITHM, "kid": self.key.kid}, claims, self.key)

    def policy(self) -> IssuerPolicy:
        """This issuer as the verifier of its own installation trusts it."""
        public = ECKey.import_key(self.key.as_dict(private=False))
        return IssuerPolicy(ISSUER, AUDIENCE, (ALGORITHM,), LEEWAY, FixedKeys({str(public.kid): public}), principal_of)


def principal_of(claims: Claims) -> Principal:
    """The principal of a development token. Raises `BadToken`."""
    role, subject, office = _role(claims), claims.get("sub"), claims.get("konfliktrad") or None
    if not isinstance(subject, str) or not SUBJECT.fullmatch(subject):
        raise BadToken("subject is malformed")
    if not isinstance(office, str | None) or (role in _NEEDS_OFFICE and office is None):
        raise BadToken("konfliktrad is missing or malformed")
    source, authorities = _source_and_authorities(role, subject, claims)
    scopes = frozenset(SCOPES[role]) & scopes_of(claims.get("scope"))
    return Principal(Viewer(role, subject, office), scopes, expiry_of(claims), source, authorities)


def _role(claims: Claims) -> Role:
    role = claims.get("role")
    if not isinstance(role, str) or role not in SCOPES:
        raise BadToken("role is missing or unknown")
    return Role(role)


def _source_and_authorities(role: Role, subject: str, claims: Claims) -> tuple[str, frozenset[Actor]]:
    if role is not Role.PROSECUTION:
        return PEOPLE_SOURCE, frozenset()
    source, authorities = claims.get("source", f"{SOURCE_PREFIX}{subject}"), strings_at(claims, ("authorities",))
    if not isinstance(source, str) or not SUBJECT.fullmatch(source) or not SYSTEM_AUTHORITIES.issuperset(authorities):
        raise BadToken("source or authorities are malformed")
    return source, frozenset(map(Actor, authorities)) or SYSTEM_AUTHORITIES


def _require_issuable(viewer: Viewer, source: str | None, authorities: Collection[Actor]) -> None:
    if viewer.role not in SCOPES:
        raise BadSettings(f"no token is issued for the role {viewer.role}")
    if viewer.role in _NEEDS_OFFICE and not viewer.konfliktrad:
        raise BadSettings(f"the role {viewer.role} needs a konfliktråd")
    if viewer.role is not Role.PROSECUTION and (source or authorities):
        raise BadSettings("only the role prosecution stands for a system with a source and authorities")
    if not SYSTEM_AUTHORITIES.issuperset(authorities):
        raise BadSettings(f"a system tells of the acts of {', '.join(sorted(SYSTEM_AUTHORITIES))} only")


def _new_key() -> str:
    key = ECKey.generate_key("P-256")
    return json.dumps(key.as_dict(private=True) | {"kid": KEY_PREFIX + key.thumbprint()})

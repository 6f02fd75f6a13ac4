"""The development issuer: it makes tokens for anybody, and refuses to exist outside development."""

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from ungdom.api.access.claims import Claims, scopes_of, until, words_at
from ungdom.api.access.keys import FixedKeys
from ungdom.api.access.principal import (
    NEEDS_OFFICE,
    PEOPLE,
    SCOPES,
    SUBJECT,
    TOLD_OF_BY_SYSTEMS,
    BadToken,
    Principal,
)
from ungdom.api.access.verify import Trusted
from ungdom.settings import BadSettings, Settings, kept
from ungdom.workflow.permissions import Viewer
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
        self.key = _kept_key(settings.data_dir / "development-issuer.jwk")

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
        _check(viewer, source, authorities)
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

    def trusted(self) -> Trusted:
        """This issuer as the verifier of its own installation trusts it."""
        public = ECKey.import_key(self.key.as_dict(private=False))
        return Trusted(ISSUER, AUDIENCE, (ALGORITHM,), LEEWAY, FixedKeys({str(public.kid): public}), principal_of)


def principal_of(claims: Claims) -> Principal:
    """Who a development token speaks for. Raises `BadToken`."""
    role, subject, office = _role(claims), claims.get("sub"), claims.get("konfliktrad") or None
    if not isinstance(subject, str) or not SUBJECT.fullmatch(subject):
        raise BadToken("subject is malformed")
    if not isinstance(office, str | None) or (role in _NEEDS_OFFICE and office is None):
        raise BadToken("konfliktrad is missing or malformed")
    source, authorities = _system(role, subject, claims)
    scopes = frozenset(SCOPES[role]) & scopes_of(claims.get("scope"))
    return Principal(Viewer(role, subject, office), scopes, until(claims), source, authorities)


def _role(claims: Claims) -> Role:
    found = claims.get("role")
    if not isinstance(found, str) or found not in SCOPES:
        raise BadToken("role is missing or unknown")
    return Role(found)


def _system(role: Role, subject: str, claims: Claims) -> tuple[str, frozenset[Actor]]:
    if role is not Role.PROSECUTION:
        return PEOPLE, frozenset()
    source, told = claims.get("source", f"{SOURCE_PREFIX}{subject}"), words_at(claims, ("authorities",))
    if not isinstance(source, str) or not SUBJECT.fullmatch(source) or not TOLD_OF_BY_SYSTEMS.issuperset(told):
        raise BadToken("source or authorities are malformed")
    return source, frozenset(map(Actor, told)) or TOLD_OF_BY_SYSTEMS


def _check(viewer: Viewer, source: str | None, authorities: Collection[Actor]) -> None:
    if viewer.role not in SCOPES:
        raise BadSettings(f"no token is issued for the role {viewer.role}")
    if viewer.role in _NEEDS_OFFICE and not viewer.konfliktrad:
        raise BadSettings(f"the role {viewer.role} needs a konfliktråd")
    if viewer.role is not Role.PROSECUTION and (source or authorities):
        raise BadSettings("only the role prosecution stands for a system with a source and authorities")
    if not TOLD_OF_BY_SYSTEMS.issuperset(authorities):
        raise BadSettings(f"a system tells of the acts of {', '.join(sorted(TOLD_OF_BY_SYSTEMS))} only")


def _kept_key(path: Path) -> ECKey:
    return ECKey.import_key(json.loads(kept(path, _new_key)))


def _new_key() -> str:
    key = ECKey.generate_key("P-256")
    return json.dumps(key.as_dict(private=True) | {"kid": KEY_PREFIX + key.thumbprint()})

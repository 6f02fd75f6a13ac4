"""Access tokens: the development issuer that makes them, and the check that every request passes."""

import json
import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from ungdom.settings import BadSettings, Settings, kept
from ungdom.workflow.permissions import Viewer
from ungdom.workflow.vocabulary import Actor, Role

ISSUER = "urn:ungdom:development"
AUDIENCE = "ungdom"
ALGORITHM = "ES256"
MAX_TOKEN = 8192
PREFIX = "konfliktraadet:ungdom/"
READ, WRITE = f"{PREFIX}cases.read", f"{PREFIX}cases.write"
DECISIONS, STATUS = f"{PREFIX}decisions.write", f"{PREFIX}status.read"

SCOPES: dict[Role, tuple[str, ...]] = {
    Role.COORDINATOR: (READ, WRITE, STATUS),
    Role.LEADER: (READ, WRITE, STATUS),
    Role.SECRETARIAT: (READ, WRITE, STATUS),
    Role.TEAM_MEMBER: (READ,),
    Role.PROSECUTION: (READ, WRITE, DECISIONS, STATUS),
    Role.ANALYST: (f"{PREFIX}extracts.read",),
    Role.AUDITOR: (STATUS,),
    Role.ADMIN: (f"{PREFIX}admin",),
}
"""The scopes each role's token carries. There is no entry for the system role: no token is issued for it."""

SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")
"""A subject as OpenID Connect has it: visible ASCII, at most 255 characters."""

NEEDS_OFFICE = frozenset({Role.COORDINATOR, Role.LEADER, Role.PROSECUTION})


class BadToken(Exception):
    """The token does not let anybody in: missing, malformed, forged, expired, or not for this service."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a token speaks for, with which scopes, until when."""

    viewer: Viewer
    scopes: frozenset[str]
    expires_at: int
    source: str = "api"
    authorities: frozenset[Actor] = frozenset()


class Issuer:
    """The development issuer: its key lies in the data directory. It refuses to exist outside development."""

    def __init__(self, settings: Settings) -> None:
        if not settings.development:
            raise BadSettings(f"the development issuer does not start when UNGDOM_ENV is {settings.env}")
        self.key = _kept_key(settings.data_dir / "development-issuer.jwk")

    def issue(self, viewer: Viewer, now: datetime, lifetime: timedelta) -> str:
        """A token for this role, person and office. Raises `BadSettings` for the system role or a missing office."""
        if viewer.role not in SCOPES:
            raise BadSettings(f"no token is issued for the role {viewer.role}")
        if viewer.role in NEEDS_OFFICE and not viewer.konfliktrad:
            raise BadSettings(f"the role {viewer.role} needs a konfliktråd")
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": viewer.subject,
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "scope": " ".join(SCOPES[viewer.role]),
            "role": viewer.role.value,
            "konfliktrad": viewer.konfliktrad,
        }
        return jwt.encode({"alg": ALGORITHM, "kid": self.key.kid}, claims, self.key)


class Verifier:
    """Checks tokens; a checked one is remembered until it expires, at most `size` of them."""

    def __init__(self, key: ECKey, size: int = 4096) -> None:
        self._key = key
        self._size = size
        self._known: OrderedDict[bytes, Principal] = OrderedDict()

    def check(self, token: str, now: datetime) -> Principal:
        """Who the token speaks for. Raises `BadToken`."""
        mark = sha256(token.encode()).digest()
        principal = self._known.get(mark) or self._verified(token, now)
        if principal.expires_at <= now.timestamp():
            self._known.pop(mark, None)
            raise BadToken
        self._known[mark] = principal
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return principal

    def _verified(self, token: str, now: datetime) -> Principal:
        if len(token) > MAX_TOKEN:
            raise BadToken
        rules = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=30,
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            sub={"essential": True},
            exp={"essential": True},
            role={"essential": True, "values": [role.value for role in SCOPES]},
        )
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
            rules.validate(claims)
            return _principal(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise BadToken from error


def _principal(claims: dict[str, object]) -> Principal:
    role = Role(str(claims["role"]))
    subject, office = str(claims["sub"]), claims.get("konfliktrad")
    if (role in NEEDS_OFFICE and not office) or not SUBJECT.fullmatch(subject):
        raise BadToken
    viewer = Viewer(role, subject, str(office) if office else None)
    scopes, expires = frozenset(str(claims.get("scope", "")).split()), int(float(str(claims["exp"])))
    if role is not Role.PROSECUTION:
        return Principal(viewer, scopes, expires)
    told = {Actor.POLICE, Actor.PROSECUTION, Actor.COURT, Actor.CORRECTIONAL_SERVICE}
    return Principal(viewer, scopes, expires, f"development-{subject}", frozenset(told))


def _kept_key(path: Path) -> ECKey:
    return ECKey.import_key(json.loads(kept(path, _new_key)))


def _new_key() -> str:
    return json.dumps(ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True))

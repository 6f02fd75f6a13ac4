"""The principal and scopes of a token, and the errors of a token that is refused."""

import re
from dataclasses import dataclass

from ungdom.workflow.patterns import holds_identity_number
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Actor, Role

PREFIX = "konfliktraadet:ungdom/"
READ, WRITE = f"{PREFIX}cases.read", f"{PREFIX}cases.write"
DECISIONS, STATUS = f"{PREFIX}decisions.write", f"{PREFIX}status.read"
EXTRACTS, ADMIN = f"{PREFIX}extracts.read", f"{PREFIX}admin"

SCOPES: dict[Role, tuple[str, ...]] = {
    Role.COORDINATOR: (READ, WRITE, STATUS),
    Role.LEADER: (READ, WRITE, STATUS),
    Role.SECRETARIAT: (READ, WRITE, STATUS),
    Role.TEAM_MEMBER: (READ,),
    Role.PROSECUTION: (READ, WRITE, DECISIONS, STATUS),
    Role.ANALYST: (EXTRACTS,),
    Role.AUDITOR: (STATUS,),
    Role.ADMIN: (ADMIN,),
}
"""The most that each role may be given. There is no entry for the system role: no token is accepted for it."""

NEEDS_OFFICE = frozenset({Role.COORDINATOR, Role.LEADER, Role.PROSECUTION})
"""Who sees by konfliktråd. A person of these roles without one is not let in; a national system may have none."""

SYSTEM_AUTHORITIES = frozenset({Actor.POLICE, Actor.PROSECUTION, Actor.COURT, Actor.CORRECTIONAL_SERVICE})
"""Whose acts a system may tell of."""

PEOPLE_SOURCE = "api"
"""The source of what people do through the interface; systems have names of their own."""

SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")
"""A subject as OpenID Connect has it: visible ASCII, at most 255 characters."""

_PLAIN = re.compile(r"[A-Za-z0-9._:/@=+-]{1,128}")


@dataclass(frozen=True, slots=True)
class Principal:
    """The viewer of a token, its scopes, and its expiry (seconds since 1970).

    `source`: the system under which its messages are stored. `authorities`: in whose name a system may report acts;
    empty for people. `organisation` and `supplier`: for whom the token was made, and who carries it for them.
    """

    viewer: Viewer
    scopes: frozenset[str]
    expires_at: int
    source: str = PEOPLE_SOURCE
    authorities: frozenset[Actor] = frozenset()
    organisation: str | None = None
    supplier: str | None = None
    client: str | None = None


@dataclass(frozen=True, slots=True)
class TokenSummary:
    """What may be logged of a token whose signature holds: never the token itself, never a person."""

    issuer: str | None = None
    jti: str | None = None
    client: str | None = None
    organisation: str | None = None
    supplier: str | None = None

    def __str__(self) -> str:
        values = {slot: getattr(self, slot) for slot in self.__slots__}
        return " ".join(f"{name}={value}" for name, value in values.items() if value is not None)


class AccessError(Exception):
    """The token is refused.

    AccessError
    ├── NoToken           there is none
    ├── BadToken          malformed, forged, expired, or not for this service
    ├── NotLetIn          the token holds, but the organisation or person is not on our list
    └── KeysUnavailable   its issuer cannot be asked for keys, so that nobody knows
    """

    def __init__(self, reason: str, about: TokenSummary | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.about = about or TokenSummary()


class NoToken(AccessError):
    """There is no token to be checked."""

    def __init__(self) -> None:
        super().__init__("no token")


class BadToken(AccessError):
    """The token does not hold. `reason` is for the log only."""


class NotLetIn(AccessError):
    """The token is valid, but its subject is not in the access file. `code`: of the problem in the response."""

    def __init__(self, code: str, reason: str, about: TokenSummary | None = None) -> None:
        super().__init__(f"{code}: {reason}", about)
        self.code = code


class KeysUnavailable(AccessError):
    """The keys of the issuer cannot be fetched now. `retry_after`: seconds until it is worth trying again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("no keys of its issuer")
        self.retry_after = retry_after


def loggable(value: object) -> str | None:
    """A name out of a token as a log may hold it: short, plain, no identity number; otherwise None."""
    if not isinstance(value, str) or not _PLAIN.fullmatch(value) or holds_identity_number(value):
        return None
    return value

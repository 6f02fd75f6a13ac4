"""Tokens of people, made by an OpenID Connect issuer: what its claims mean here. What is missing gives no access."""

from typing import Any

from ungdom.api.access.claims import Claims, at, scopes_of, until, words_at
from ungdom.api.access.file import Authorization, People
from ungdom.api.access.organisation import AUTHORITY
from ungdom.api.access.principal import (
    NEEDS_OFFICE,
    SCOPES,
    SUBJECT,
    SYSTEM_SUBJECT,
    BadToken,
    NotLetIn,
    Principal,
    is_identity_number,
    loggable,
)
from ungdom.workflow.permissions import Viewer
from ungdom.workflow.vocabulary import Role


def person_principal(people: People, offices: frozenset[str], claims: Claims) -> Principal:
    """The person who has logged in, with role and konfliktråd. `offices`: the codes of every konfliktråd.

    Raises `BadToken` when a claim is malformed, `NotLetIn` when the log-in, an authorization, the role or the
    konfliktråd does not suffice.
    """
    subject = _subject(people, claims)
    if people.acr and claims.get("acr") not in people.acr:
        raise NotLetIn("login_level_too_low", "acr")
    if people.authorization and not _is_authorized(people.authorization, claims.get("authorization_details")):
        raise NotLetIn("person_not_let_in", "authorization_details")
    role = _role(people, claims)
    office = _office(people, offices, claims) if role in NEEDS_OFFICE else None
    return Principal(
        viewer=Viewer(role, subject, office),
        scopes=_scopes(people, role, claims),
        expires_at=until(claims),
        client=loggable(claims.get("client_id", claims.get("azp"))),
    )


def _subject(people: People, claims: Claims) -> str:
    found = at(claims, people.subject)
    if not isinstance(found, str) or not found:
        raise BadToken("no subject")
    subject = f"{people.subject_prefix}{found}"
    if not SUBJECT.fullmatch(subject) or subject.startswith(SYSTEM_SUBJECT) or is_identity_number(found):
        raise BadToken("subject is malformed")
    return subject


def _role(people: People, claims: Claims) -> Role:
    held = words_at(claims, people.role)
    for word, role in people.roles.items():
        if word in held:
            return role
    raise NotLetIn("person_not_let_in", "role")


def _office(people: People, offices: frozenset[str], claims: Claims) -> str:
    """The one konfliktråd that is named; somebody of several has to log in for one of them."""
    named = words_at(claims, people.konfliktrad or ())
    known = {people.offices.get(word, word) for word in named} & offices
    if len(known) != 1:
        raise NotLetIn("person_not_let_in", "konfliktrad")
    return known.pop()


def _scopes(people: People, role: Role, claims: Claims) -> frozenset[str]:
    most = frozenset(SCOPES[role])
    return most if people.scopes_from == "role" else most & scopes_of(at(claims, people.scope))


def _is_authorized(wanted: Authorization, details: Any) -> bool:
    return isinstance(details, list) and any(_meets(wanted, detail) for detail in details)


def _meets(wanted: Authorization, detail: Any) -> bool:
    if not isinstance(detail, dict) or detail.get("type") != wanted.type:
        return False
    if wanted.resource is not None and detail.get("resource") != wanted.resource:
        return False
    reportees = detail.get("reportees")
    allowed = [f"0192:{number}" for number in wanted.organisations]
    return isinstance(reportees, list) and any(
        isinstance(one, dict) and one.get("Authority") == AUTHORITY and one.get("ID") in allowed for one in reportees
    )

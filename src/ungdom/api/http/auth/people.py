"""Tokens of people, made by an OpenID Connect issuer: what its claims mean here. What is missing gives no access."""

from typing import Any

from ungdom.api.http.auth.claims import Claims, claim_at, expiry_of, scopes_of, strings_at
from ungdom.api.http.auth.file import Authorization, PersonClaimMapping
from ungdom.api.http.auth.organisation import AUTHORITY
from ungdom.api.http.auth.principal import (
    NEEDS_OFFICE,
    SCOPES,
    SUBJECT,
    BadToken,
    NotLetIn,
    Principal,
    loggable,
)
from ungdom.workflow.patterns import holds_identity_number
from ungdom.workflow.rules.alert_permissions import CONTACT_SUBJECT
from ungdom.workflow.rules.permissions import SYSTEM_SUBJECT, Viewer
from ungdom.workflow.vocabulary import Role


def person_principal(people: PersonClaimMapping, offices: frozenset[str], claims: Claims) -> Principal:
    """The person who has logged in, with role and konfliktråd. `offices`: the codes of every konfliktråd.

    Raises `BadToken` when a claim is malformed, `NotLetIn` when the log-in, an authorization, the role or the
    konfliktråd does not suffice.
    """
    subject = _subject(people, claims)
    if people.acr and claims.get("acr") not in people.acr:
        raise NotLetIn("login_level_too_low", "acr")
    needed, details = people.authorization, claims.get("authorization_details")
    if needed and not (isinstance(details, list) and any(_satisfies(needed, detail) for detail in details)):
        raise NotLetIn("person_not_let_in", "authorization_details")
    role = _role(people, claims)
    office = _office(people, offices, claims) if role in NEEDS_OFFICE else None
    allowed = frozenset(SCOPES[role])
    return Principal(
        viewer=Viewer(role, subject, office),
        scopes=allowed if people.scopes_from == "role" else allowed & scopes_of(claim_at(claims, people.scope)),
        expires_at=expiry_of(claims),
        client=loggable(claims.get("client_id", claims.get("azp"))),
    )


def _subject(people: PersonClaimMapping, claims: Claims) -> str:
    value = claim_at(claims, people.subject)
    if not isinstance(value, str) or not value:
        raise BadToken("no subject")
    subject = f"{people.subject_prefix}{value}"
    reserved = subject.startswith((SYSTEM_SUBJECT, CONTACT_SUBJECT))
    if not SUBJECT.fullmatch(subject) or reserved or holds_identity_number(value):
        raise BadToken("subject is malformed")
    return subject


def _role(people: PersonClaimMapping, claims: Claims) -> Role:
    values = strings_at(claims, people.role)
    for word, role in people.roles.items():
        if word in values:
            return role
    raise NotLetIn("person_not_let_in", "role")


def _office(people: PersonClaimMapping, offices: frozenset[str], claims: Claims) -> str:
    """The one konfliktråd that the claims name. Raises `NotLetIn` for none and for several."""
    named = strings_at(claims, people.konfliktrad or ())
    known = {people.offices.get(word, word) for word in named} & offices
    if len(known) != 1:
        raise NotLetIn("person_not_let_in", "konfliktrad")
    return known.pop()


def _satisfies(required: Authorization, detail: Any) -> bool:
    if not isinstance(detail, dict) or detail.get("type") != required.type:
        return False
    if required.resource is not None and detail.get("resource") != required.resource:
        return False
    reportees = detail.get("reportees")
    allowed = [f"0192:{number}" for number in required.organisations]
    return isinstance(reportees, list) and any(
        isinstance(reportee, dict) and reportee.get("Authority") == AUTHORITY and reportee.get("ID") in allowed
        for reportee in reportees
    )

"""What no single value of the access file shows: what contradicts something else, or cannot be meant so."""

from collections.abc import Iterable, Iterator
from itertools import combinations
from urllib.parse import urlsplit

from ungdom.api.http.auth.development import ISSUER, SOURCE_PREFIX
from ungdom.api.http.auth.file import (
    ALGORITHMS,
    AccessFile,
    PersonClaimMapping,
    RegisteredSystem,
    TrustedIssuer,
)
from ungdom.api.http.auth.principal import NEEDS_OFFICE, PEOPLE_SOURCE, SCOPES
from ungdom.workflow.rules.permissions import SYSTEM_SUBJECT
from ungdom.workflow.vocabulary import Role

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
"""Where keys may be fetched from unencrypted, in development."""

TEST_ISSUERS = frozenset({"test.maskinporten.no", "test.idporten.no", "test.ansattporten.no"})
"""Anybody gets a token there. Never trusted where `env` is production."""


def contradictions(access_file: AccessFile, env: str, offices: frozenset[str]) -> Iterator[str]:
    """Each with its place, in words for whoever set it. `offices`: the codes of every konfliktråd."""
    if not access_file.issuer:
        yield "issuer: there has to be one at least"
    for issuer in access_file.issuer:
        yield from (f"issuer {issuer.issuer}: {problem}" for problem in _issuer_problems(issuer, env, offices))
    for system in access_file.system:
        yield from (f"system {system.source}: {problem}" for problem in _system_problems(system, offices))
    yield from _problems_between_entries(access_file)


def _issuer_problems(issuer: TrustedIssuer, env: str, offices: frozenset[str]) -> Iterator[str]:
    yield from _key_problems(issuer, env)
    forbidden = [name for name in issuer.allowed_algorithms if name not in ALGORITHMS[issuer.kind]]
    if forbidden:
        allowed = ", ".join(ALGORITHMS[issuer.kind])
        yield f"algorithms: {', '.join(forbidden)} not allowed for {issuer.kind}; choose from {allowed}"
    if issuer.issuer == ISSUER:
        yield "this is the development issuer's name; it is never configured"
    if env == "production" and urlsplit(issuer.issuer).hostname in TEST_ISSUERS:
        yield "is a test issuer, which production never accepts"
    if (issuer.kind == "openid") != (issuer.people is not None):
        yield "people: has to be given for the kind openid, and for no other"
    if issuer.people:
        yield from _people_problems(issuer.people, offices)


def _key_problems(issuer: TrustedIssuer, env: str) -> Iterator[str]:
    if (issuer.jwks_uri is None) == (issuer.jwks_file is None):
        yield "give either jwks_uri or jwks_file"
    if issuer.jwks_uri is None and (issuer.ca_file or issuer.proxy):
        yield "ca_file and proxy go with jwks_uri only"
    if issuer.jwks_uri is not None and not _is_safe(issuer.jwks_uri, env):
        yield f"jwks_uri: has to begin with https://{_IN_DEVELOPMENT if env == 'development' else ''}"
    if issuer.proxy is not None and urlsplit(issuer.proxy).scheme not in ("http", "https"):
        yield "proxy: has to begin with http:// or https://"


_IN_DEVELOPMENT = ", or with http:// on this machine"


def _is_safe(url: str, env: str) -> bool:
    try:
        parts = urlsplit(url)
        here = env == "development" and parts.scheme == "http" and parts.hostname in LOCAL
        return bool(parts.hostname) and parts.username is None and (parts.scheme == "https" or here)
    except ValueError:
        return False


def _people_problems(people: PersonClaimMapping, offices: frozenset[str]) -> Iterator[str]:
    unknown = sorted(set(people.offices.values()) - offices)
    if unknown:
        yield f"people.offices: there is no konfliktråd {', '.join(unknown)}; there are {', '.join(sorted(offices))}"
    roles_with_office = sorted(NEEDS_OFFICE & set(people.roles.values()))
    if roles_with_office and people.konfliktrad is None:
        roles = ", ".join(roles_with_office)
        yield f"people.konfliktrad: the claim has to be named, as {roles} belong to a konfliktråd"
    if people.subject_prefix.startswith(SYSTEM_SUBJECT):
        yield f"people.subject_prefix: {SYSTEM_SUBJECT} is what subjects of systems begin with"


def _system_problems(system: RegisteredSystem, offices: frozenset[str]) -> Iterator[str]:
    excessive = sorted(system.scopes - set(SCOPES[system.role]))
    if excessive:
        yield f"scopes: {', '.join(excessive)} not for {system.role}; choose from {', '.join(SCOPES[system.role])}"
    if (system.role is Role.PROSECUTION) != bool(system.authorities):
        yield "authorities: have to be given for the role prosecution, and for no other"
    if system.source == PEOPLE_SOURCE or system.source.startswith(SOURCE_PREFIX):
        yield "source: this name is taken; choose another"
    if system.konfliktrad is not None and system.konfliktrad not in offices:
        yield f"konfliktrad: there is no {system.konfliktrad}; there are {', '.join(sorted(offices))}"
    if system.organisation in system.suppliers:
        yield "suppliers: an organisation is not its own supplier"


def _problems_between_entries(access_file: AccessFile) -> Iterator[str]:
    yield from _duplicates("issuer", (entry.issuer for entry in access_file.issuer))
    yield from _duplicates("system.organisation", (entry.organisation for entry in access_file.system))
    yield from _duplicates("system.source", (entry.source for entry in access_file.system))
    machines = any(entry.kind == "maskinporten" for entry in access_file.issuer)
    if machines != bool(access_file.system):
        yield "an issuer of the kind maskinporten and the systems that it lets in go together; one of them is missing"
    prefixes = [entry.people.subject_prefix for entry in access_file.issuer if entry.people]
    if any(a.startswith(b) or b.startswith(a) for a, b in combinations(prefixes, 2)):
        yield "people.subject_prefix: subjects of two issuers could be equal; give each one that begins no other"


def _duplicates(where: str, names: Iterable[str]) -> Iterator[str]:
    given = list(names)
    yield from (f"{where}: {name} stands twice" for name in sorted(set(given)) if given.count(name) > 1)

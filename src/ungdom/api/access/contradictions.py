"""What no single value of the access file shows: what contradicts something else, or cannot be meant so."""

from collections.abc import Iterable, Iterator
from itertools import combinations
from urllib.parse import urlsplit

from ungdom.api.access.development import ISSUER, SOURCE_PREFIX
from ungdom.api.access.file import ALGORITHMS, AccessFile, People, System, TrustedIssuer
from ungdom.api.access.principal import NEEDS_OFFICE, PEOPLE, SCOPES, SYSTEM_SUBJECT
from ungdom.workflow.vocabulary import Role

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
"""Where keys may be fetched from unencrypted, in development."""

TEST_ISSUERS = frozenset({"test.maskinporten.no", "test.idporten.no", "test.ansattporten.no"})
"""Anybody gets a token there. Never trusted where `env` is production."""


def contradictions(found: AccessFile, env: str, offices: frozenset[str]) -> Iterator[str]:
    """Each with its place, in words for whoever set it. `offices`: the codes of every konfliktråd."""
    if not found.issuer:
        yield "issuer: there has to be one at least"
    for issuer in found.issuer:
        yield from (f"issuer {issuer.issuer}: {problem}" for problem in _of_issuer(issuer, env, offices))
    for system in found.system:
        yield from (f"system {system.source}: {problem}" for problem in _of_system(system, offices))
    yield from _between(found)


def _of_issuer(issuer: TrustedIssuer, env: str, offices: frozenset[str]) -> Iterator[str]:
    yield from _of_keys(issuer, env)
    forbidden = [name for name in issuer.allowed if name not in ALGORITHMS[issuer.kind]]
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
        yield from _of_people(issuer.people, offices)


def _of_keys(issuer: TrustedIssuer, env: str) -> Iterator[str]:
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


def _of_people(people: People, offices: frozenset[str]) -> Iterator[str]:
    unknown = sorted(set(people.offices.values()) - offices)
    if unknown:
        yield f"people.offices: there is no konfliktråd {', '.join(unknown)}; there are {', '.join(sorted(offices))}"
    need = sorted(NEEDS_OFFICE & set(people.roles.values()))
    if need and people.konfliktrad is None:
        yield f"people.konfliktrad: the claim has to be named, as {', '.join(need)} belong to a konfliktråd"
    if people.subject_prefix.startswith(SYSTEM_SUBJECT):
        yield f"people.subject_prefix: {SYSTEM_SUBJECT} is what subjects of systems begin with"


def _of_system(system: System, offices: frozenset[str]) -> Iterator[str]:
    beyond = sorted(system.scopes - set(SCOPES[system.role]))
    if beyond:
        yield f"scopes: {', '.join(beyond)} not for {system.role}; choose from {', '.join(SCOPES[system.role])}"
    if (system.role is Role.PROSECUTION) != bool(system.authorities):
        yield "authorities: have to be given for the role prosecution, and for no other"
    if system.source == PEOPLE or system.source.startswith(SOURCE_PREFIX):
        yield "source: this name is taken; choose another"
    if system.konfliktrad is not None and system.konfliktrad not in offices:
        yield f"konfliktrad: there is no {system.konfliktrad}; there are {', '.join(sorted(offices))}"
    if system.organisation in system.suppliers:
        yield "suppliers: an organisation is not its own supplier"


def _between(found: AccessFile) -> Iterator[str]:
    yield from _twice("issuer", (one.issuer for one in found.issuer))
    yield from _twice("system.organisation", (one.organisation for one in found.system))
    yield from _twice("system.source", (one.source for one in found.system))
    machines = any(one.kind == "maskinporten" for one in found.issuer)
    if machines != bool(found.system):
        yield "an issuer of the kind maskinporten and the systems that it lets in go together; one of them is missing"
    prefixes = [one.people.subject_prefix for one in found.issuer if one.people]
    if any(a.startswith(b) or b.startswith(a) for a, b in combinations(prefixes, 2)):
        yield "people.subject_prefix: subjects of two issuers could be equal; give each one that begins no other"


def _twice(where: str, names: Iterable[str]) -> Iterator[str]:
    given = list(names)
    yield from (f"{where}: {name} stands twice" for name in sorted(set(given)) if given.count(name) > 1)

"""The verifier of an installation, composed of its access file and, in development, the built-in issuer."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from ungdom.api.http.auth.contradictions import contradictions
from ungdom.api.http.auth.development import KEY_PREFIX, Issuer
from ungdom.api.http.auth.fetching import KeyEndpoint, key_set, ssl_context_for
from ungdom.api.http.auth.file import RegisteredSystem, TrustedIssuer, read_access_file
from ungdom.api.http.auth.keys import FetchedKeys, FixedKeys, IssuerKeys, NotFetched
from ungdom.api.http.auth.people import person_principal
from ungdom.api.http.auth.systems import system_principal
from ungdom.api.http.auth.verify import IssuerPolicy, Verifier
from ungdom.settings import BadSettings, Settings
from ungdom.settings.forms import DEVELOPMENT
from ungdom.store import reference
from ungdom.store.schema.reference import konfliktrad


def verifier(settings: Settings) -> Verifier:
    """Whose tokens this installation believes. Raises `BadSettings` that names the place in the access file."""
    built_in = (Issuer(settings).policy(),) if settings.development else ()
    return Verifier(built_in + (issuer_policies(settings.access_file, settings.env) if settings.access_file else ()))


def issuer_policies(path: Path, env: str) -> tuple[IssuerPolicy, ...]:
    """The issuers of the access file. Raises `BadSettings` that names the place."""
    access_file = read_access_file(path)
    offices = frozenset(str(row["code"]) for row in reference.read(konfliktrad))
    problems = list(contradictions(access_file, env, offices))
    if problems:
        raise BadSettings(f"{path}: {'; '.join(problems)}")
    systems = {entry.organisation: entry for entry in access_file.system}
    issuers = tuple(_issuer_policy(path, entry, systems, offices) for entry in access_file.issuer)
    for issuer in issuers if env != DEVELOPMENT else ():
        if isinstance(issuer.keys, FixedKeys) and any(kid.startswith(KEY_PREFIX) for kid in issuer.keys.ids):
            raise BadSettings(f"{path}: issuer {issuer.issuer}: jwks_file holds the key of a development issuer")
    return issuers


@dataclass(frozen=True, slots=True)
class SignInIssuer:
    """The issuer by whom people sign in to the pages, and how it is reached. `trust`: whose certificates are believed.

    `policy`: of identity tokens, whose audience is the client. They carry no scopes: a person gets those of the role.
    """

    policy: IssuerPolicy
    proxy: str | None
    trust: ssl.SSLContext


def sign_in_issuer(path: Path, env: str, issuer: str, client_id: str) -> SignInIssuer | None:
    """The issuer of that name, of the access file; None if it names no such one. Raises `BadSettings`."""
    issuer_policies(path, env)
    entry = next((entry for entry in read_access_file(path).issuer if entry.issuer == issuer), None)
    if entry is None:
        return None
    offices = frozenset(str(row["code"]) for row in reference.read(konfliktrad))
    people = replace(entry.people, scopes_from="role") if entry.people else None
    policy = _issuer_policy(path, replace(entry, audience=client_id, people=people), {}, offices)
    return SignInIssuer(policy, entry.proxy, ssl_context_for(_ca_file(path, entry)))


def _issuer_policy(
    path: Path, issuer: TrustedIssuer, systems: Mapping[str, RegisteredSystem], offices: frozenset[str]
) -> IssuerPolicy:
    people = issuer.people
    principal = partial(person_principal, people, offices) if people else partial(system_principal, systems)
    keys = _issuer_keys(path, issuer)
    return IssuerPolicy(
        issuer.issuer, issuer.audience, issuer.allowed_algorithms, issuer.leeway_seconds, keys, principal
    )


def _issuer_keys(path: Path, issuer: TrustedIssuer) -> IssuerKeys:
    try:
        if issuer.jwks_file is not None:
            return FixedKeys(key_set((path.parent / issuer.jwks_file).read_bytes()))
        endpoint = KeyEndpoint(str(issuer.jwks_uri), issuer.proxy, ssl_context_for(_ca_file(path, issuer)))
    except NotFetched as error:
        raise BadSettings(f"{path}: issuer {issuer.issuer}: jwks_file: {error.reason}") from None
    except OSError as error:
        raise BadSettings(f"{path}: issuer {issuer.issuer}: jwks_file or ca_file: {error}") from None
    return FetchedKeys(issuer.issuer, endpoint.fetch, timedelta(hours=issuer.keys_longest_hours))


def _ca_file(path: Path, issuer: TrustedIssuer) -> Path | None:
    return path.parent / issuer.ca_file if issuer.ca_file else None

"""The verifier of an installation, composed of its access file and, in development, the built-in issuer."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

from ungdom.api.access.contradictions import contradictions
from ungdom.api.access.development import KEY_PREFIX, Issuer
from ungdom.api.access.fetching import Road, key_set, trust_of
from ungdom.api.access.file import System, TrustedIssuer, read
from ungdom.api.access.keys import FetchedKeys, FixedKeys, Keys, NotFetched
from ungdom.api.access.people import person_principal
from ungdom.api.access.systems import system_principal
from ungdom.api.access.verify import Trusted, Verifier
from ungdom.settings import BadSettings, Settings
from ungdom.settings.model import DEVELOPMENT
from ungdom.store import reference, tables


def verifier(settings: Settings) -> Verifier:
    """Whose tokens this installation believes. Raises `BadSettings` that names the place in the access file."""
    built_in = (Issuer(settings).trusted(),) if settings.development else ()
    return Verifier(built_in + (trusted(settings.access_file, settings.env) if settings.access_file else ()))


def trusted(path: Path, env: str) -> tuple[Trusted, ...]:
    """The issuers of the access file. Raises `BadSettings` that names the place."""
    found = read(path)
    offices = frozenset(str(row["code"]) for row in reference.read(tables.konfliktrad))
    wrong = list(contradictions(found, env, offices))
    if wrong:
        raise BadSettings(f"{path}: {'; '.join(wrong)}")
    systems = {one.organisation: one for one in found.system}
    issuers = tuple(_trusted(path, one, systems, offices) for one in found.issuer)
    for issuer in issuers if env != DEVELOPMENT else ():
        if isinstance(issuer.keys, FixedKeys) and any(kid.startswith(KEY_PREFIX) for kid in issuer.keys.ids):
            raise BadSettings(f"{path}: issuer {issuer.issuer}: jwks_file holds the key of a development issuer")
    return issuers


def _trusted(path: Path, issuer: TrustedIssuer, systems: Mapping[str, System], offices: frozenset[str]) -> Trusted:
    people = issuer.people
    principal = partial(person_principal, people, offices) if people else partial(system_principal, systems)
    keys = _keys(path, issuer)
    return Trusted(issuer.issuer, issuer.audience, issuer.allowed, issuer.leeway_seconds, keys, principal)


def _keys(path: Path, issuer: TrustedIssuer) -> Keys:
    try:
        if issuer.jwks_file is not None:
            return FixedKeys(key_set((path.parent / issuer.jwks_file).read_bytes()))
        ca_file = path.parent / issuer.ca_file if issuer.ca_file else None
        road = Road(str(issuer.jwks_uri), issuer.proxy, trust_of(ca_file))
    except NotFetched as error:
        raise BadSettings(f"{path}: issuer {issuer.issuer}: jwks_file: {error.reason}") from None
    except OSError as error:
        raise BadSettings(f"{path}: issuer {issuer.issuer}: jwks_file or ca_file: {error}") from None
    return FetchedKeys(issuer.issuer, road.fetch, timedelta(hours=issuer.keys_longest_hours))

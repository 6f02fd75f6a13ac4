"""The access file, read strictly: whose tokens are trusted, and which systems are let in.

TOML, named by the setting `access_file`; `docs/access.md` explains each word of it.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import to_json

from ungdom.api.http.auth.organisation import is_organisation_number
from ungdom.api.http.auth.principal import SCOPES, SYSTEM_AUTHORITIES
from ungdom.settings import BadSettings
from ungdom.workflow.vocabulary import Actor, Role

_STRICT = ConfigDict(extra="forbid", strict=True)

RSA = ("RS256", "RS384", "RS512")
ALGORITHMS: dict[str, tuple[str, ...]] = {"maskinporten": RSA, "openid": (*RSA, "ES256", "PS256")}
"""The signatures that each kind of issuer may use. Nothing with a shared secret is among them."""

UNRESTRICTED = "unspecified"
"""What Maskinporten writes where a token is restricted to no audience."""


def _check_organisation_number(text: str) -> str:
    if not is_organisation_number(text):
        raise ValueError("is no organisation number: nine digits, the last of which is a control digit")
    return text


def _check_audience(text: str) -> str:
    if text == UNRESTRICTED:
        raise ValueError("restricts nothing; ask the issuer for an audience of this service's own")
    return text


def _claim_path(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _check_subject_path(path: tuple[str, ...]) -> tuple[str, ...]:
    if path[-1] == "pid":
        raise ValueError("a national identity number is no subject; choose a claim that is none")
    return path


def _check_authorities(actors: frozenset[Actor]) -> frozenset[Actor]:
    if not actors <= SYSTEM_AUTHORITIES:
        raise ValueError(f"choose from {', '.join(sorted(SYSTEM_AUTHORITIES))}")
    return actors


def _check_role(role: Role) -> Role:
    if role not in SCOPES:
        raise ValueError("nobody is given this role by a token")
    return role


NonEmptyText = Annotated[str, Field(min_length=1, max_length=300)]
NonEmptyTexts = Annotated[tuple[NonEmptyText, ...], Field(min_length=1)]
OrganisationNumber = Annotated[str, AfterValidator(_check_organisation_number)]
Audience = Annotated[NonEmptyText, AfterValidator(_check_audience)]
SourceName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Seconds = Annotated[int, Field(ge=0, le=30)]
GrantableRole = Annotated[Role, AfterValidator(_check_role)]
SystemRole = Literal[Role.PROSECUTION, Role.ANALYST, Role.AUDITOR, Role.ADMIN]
ClaimPath = Annotated[NonEmptyTexts, BeforeValidator(_claim_path)]
"""Where in the token a claim stands: its name, or the names on the way into nested objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """What `authorization_details` has to hold (RFC 9396, as Ansattporten writes it): one of these organisations."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    type: NonEmptyText
    organisations: Annotated[tuple[OrganisationNumber, ...], Field(min_length=1)]
    resource: NonEmptyText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonClaimMapping:
    """Where an OpenID Connect issuer writes who somebody is. `roles`, `offices`: its words and ours, first match first.

    `acr`: the levels of log-in that suffice. `subject_prefix` keeps people of several issuers apart.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    role: ClaimPath
    roles: Annotated[dict[NonEmptyText, GrantableRole], Field(min_length=1)]
    konfliktrad: ClaimPath | None = None
    offices: dict[NonEmptyText, NonEmptyText] = field(default_factory=dict)
    subject: Annotated[ClaimPath, AfterValidator(_check_subject_path)] = ("sub",)
    subject_prefix: Annotated[str, Field(pattern=r"^[a-z0-9:._-]{0,64}$")] = ""
    scopes_from: Literal["token", "role"] = "token"
    scope: ClaimPath = ("scope",)
    acr: tuple[NonEmptyText, ...] = ()
    authorization: Authorization | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIssuer:
    """One issuer. Its keys are fetched from `jwks_uri`, or lie in `jwks_file` beside this file.

    `keys_longest_hours`: how long known keys are used while the issuer cannot be reached.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    issuer: NonEmptyText
    kind: Literal["maskinporten", "openid"]
    audience: Audience
    algorithms: NonEmptyTexts | None = None
    leeway_seconds: Seconds = 10
    jwks_uri: NonEmptyText | None = None
    jwks_file: NonEmptyText | None = None
    ca_file: NonEmptyText | None = None
    proxy: NonEmptyText | None = None
    keys_longest_hours: Annotated[int, Field(ge=25, le=720)] = 72
    people: PersonClaimMapping | None = None

    @property
    def allowed_algorithms(self) -> tuple[str, ...]:
        """The algorithms that it may sign with."""
        return self.algorithms or ALGORITHMS[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredSystem:
    """One organisation that a system is let in for. `source`: the name that what it sends is kept under.

    `suppliers`: organisations that may carry its tokens. `authorities`: whose acts it may tell of.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    organisation: OrganisationNumber
    source: SourceName
    role: SystemRole
    scopes: Annotated[frozenset[NonEmptyText], Field(min_length=1)]
    authorities: Annotated[frozenset[Actor], AfterValidator(_check_authorities)] = frozenset()
    konfliktrad: NonEmptyText | None = None
    suppliers: frozenset[OrganisationNumber] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFile:
    """The file as it is written."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    issuer: tuple[TrustedIssuer, ...]
    system: tuple[RegisteredSystem, ...] = ()


def read_access_file(path: Path) -> AccessFile:
    """The file. Raises `BadSettings` that names every place that is not as it has to be."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return _ADAPTER.validate_json(to_json(document), strict=True)
    except OSError as error:
        raise BadSettings(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: {error}") from None
    except ValidationError as error:
        problems = (
            f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg'].removeprefix('Value error, ')}"
            for detail in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise BadSettings(f"{path}: {'; '.join(problems)}") from None


_ADAPTER = TypeAdapter(AccessFile)

"""The access file, read strictly: whose tokens are trusted, and which systems are let in.

TOML, named by the setting `access_file`; `docs/access.md` explains each word of it.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import to_json

from ungdom.api.access.organisation import is_organisation_number
from ungdom.api.access.principal import SCOPES, TOLD_OF_BY_SYSTEMS
from ungdom.settings import BadSettings
from ungdom.workflow.vocabulary import Actor, Role

_STRICT = ConfigDict(extra="forbid", strict=True)

RSA = ("RS256", "RS384", "RS512")
ALGORITHMS: dict[str, tuple[str, ...]] = {"maskinporten": RSA, "openid": (*RSA, "ES256", "PS256")}
"""The signatures that each kind of issuer may use. Nothing with a shared secret is among them."""

UNRESTRICTED = "unspecified"
"""What Maskinporten writes where a token is restricted to no audience."""


def _numbered(text: str) -> str:
    if not is_organisation_number(text):
        raise ValueError("is no organisation number: nine digits, the last of which is a control digit")
    return text


def _restricted(text: str) -> str:
    if text == UNRESTRICTED:
        raise ValueError("restricts nothing; ask the issuer for an audience of this service's own")
    return text


def _path(written: Any) -> Any:
    return (written,) if isinstance(written, str) else tuple(written) if isinstance(written, list) else written


def _not_the_number(path: tuple[str, ...]) -> tuple[str, ...]:
    if path[-1] == "pid":
        raise ValueError("a national identity number is no subject; choose a claim that is none")
    return path


def _told_of(actors: frozenset[Actor]) -> frozenset[Actor]:
    if not actors <= TOLD_OF_BY_SYSTEMS:
        raise ValueError(f"choose from {', '.join(sorted(TOLD_OF_BY_SYSTEMS))}")
    return actors


def _given(role: Role) -> Role:
    if role not in SCOPES:
        raise ValueError("nobody is given this role by a token")
    return role


Word = Annotated[str, Field(min_length=1, max_length=300)]
Words = Annotated[tuple[Word, ...], Field(min_length=1)]
Number = Annotated[str, AfterValidator(_numbered)]
Audience = Annotated[Word, AfterValidator(_restricted)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Seconds = Annotated[int, Field(ge=0, le=30)]
Given = Annotated[Role, AfterValidator(_given)]
SystemRole = Literal[Role.PROSECUTION, Role.ANALYST, Role.AUDITOR, Role.ADMIN]
ClaimPath = Annotated[Words, BeforeValidator(_path)]
"""Where in the token a claim stands: its name, or the names on the way into nested objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """What `authorization_details` has to hold (RFC 9396, as Ansattporten writes it): one of these organisations."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    type: Word
    organisations: Annotated[tuple[Number, ...], Field(min_length=1)]
    resource: Word | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Where an OpenID Connect issuer writes who somebody is. `roles`, `offices`: its words and ours, first match first.

    `acr`: the levels of log-in that suffice. `subject_prefix` keeps people of several issuers apart.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    role: ClaimPath
    roles: Annotated[dict[Word, Given], Field(min_length=1)]
    konfliktrad: ClaimPath | None = None
    offices: dict[Word, Word] = field(default_factory=dict)
    subject: Annotated[ClaimPath, AfterValidator(_not_the_number)] = ("sub",)
    subject_prefix: Annotated[str, Field(pattern=r"^[a-z0-9:._-]{0,64}$")] = ""
    scopes_from: Literal["token", "role"] = "token"
    scope: ClaimPath = ("scope",)
    acr: tuple[Word, ...] = ()
    authorization: Authorization | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIssuer:
    """One issuer. Its keys are fetched from `jwks_uri`, or lie in `jwks_file` beside this file.

    `keys_longest_hours`: as long keys are used while the issuer cannot be asked for new ones.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    issuer: Word
    kind: Literal["maskinporten", "openid"]
    audience: Audience
    algorithms: Words | None = None
    leeway_seconds: Seconds = 10
    jwks_uri: Word | None = None
    jwks_file: Word | None = None
    ca_file: Word | None = None
    proxy: Word | None = None
    keys_longest_hours: Annotated[int, Field(ge=25, le=720)] = 72
    people: People | None = None

    @property
    def allowed(self) -> tuple[str, ...]:
        """The algorithms that it may sign with."""
        return self.algorithms or ALGORITHMS[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One organisation that a system is let in for. `source`: the name that what it sends is kept under.

    `suppliers`: organisations that may carry its tokens. `authorities`: whose acts it may tell of.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    organisation: Number
    source: Name
    role: SystemRole
    scopes: Annotated[frozenset[Word], Field(min_length=1)]
    authorities: Annotated[frozenset[Actor], AfterValidator(_told_of)] = frozenset()
    konfliktrad: Word | None = None
    suppliers: frozenset[Number] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFile:
    """The file as it is written."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    issuer: tuple[TrustedIssuer, ...]
    system: tuple[System, ...] = ()


def read(path: Path) -> AccessFile:
    """The file. Raises `BadSettings` that names every place that is not as it has to be."""
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        return _READER.validate_json(to_json(written), strict=True)
    except OSError as error:
        raise BadSettings(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: {error}") from None
    except ValidationError as error:
        raise BadSettings(f"{path}: {'; '.join(_problems(error))}") from None


def _problems(error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False, include_input=False, include_context=False):
        yield f"{'.'.join(str(part) for part in one['loc'])}: {one['msg'].removeprefix('Value error, ')}"


_READER = TypeAdapter(AccessFile)

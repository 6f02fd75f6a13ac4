"""The partners of the exchange: the partners file and its strict validation.

TOML, named by the setting `exchange_file`; `docs/exchange.md` explains each key. Without a file there are no partners:
nothing is sent, and messages wait in the outbox.
"""

import tomllib
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from ungdom.settings import BadSettings
from ungdom.store import reference
from ungdom.store.schema.reference import konfliktrad, police_district

SigningKey = RSAKey | ECKey

_STRICT = ConfigDict(extra="forbid", strict=True)
_LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
_ENCRYPTED_SCHEMES = {"http": "https", "amqp": "amqps"}
_SMALLEST_RSA = 2048


def _encrypted(url: str) -> str:
    """The URL, if it is encrypted or local: a message is signed, not encrypted. Raises `ValueError`."""
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError("names no host")
    if parts.scheme in _ENCRYPTED_SCHEMES and parts.hostname not in _LOCAL_HOSTS:
        raise ValueError(f"has to begin with {_ENCRYPTED_SCHEMES[parts.scheme]}://")
    return url


ShortText = Annotated[str, Field(min_length=1, max_length=200)]
OrgNumber = Annotated[str, Field(pattern=r"^[0-9]{9}$")]
Telephone = Annotated[str, Field(min_length=1, max_length=30)]
HttpAddress = Annotated[str, Field(pattern="^https?://"), AfterValidator(_encrypted)]
AmqpAddress = Annotated[str, Field(pattern="^amqps?://"), AfterValidator(_encrypted)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """Messages are posted to this address. `ca_file`: certificates to trust instead of the machine's own."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["http"]
    url: HttpAddress
    ca_file: ShortText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A message broker: its address, with user and virtual host. The password may stand in a file of its own."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    url: AmqpAddress = field(repr=False)
    password_file: ShortText | None = None
    ca_file: ShortText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amqp(Broker):
    """Messages are published to this exchange of the broker."""

    kind: Literal["amqp"]
    exchange: ShortText
    routing_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox(Broker):
    """A queue that this service consumes."""

    queue: ShortText


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeOverride:
    """Values of one konfliktråd that differ from those of the organisation."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    organisation_number: OrgNumber | None = None
    telephone: Telephone | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOrganisation:
    """This organisation. `sender_word`: its header senderOrganization. `key_file`: private JWK with a `kid`."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    organisation_number: OrgNumber
    name: ShortText
    sender_word: ShortText
    key_file: ShortText
    telephone: Telephone
    offices: dict[str, OfficeOverride] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """One organisation. `kinds`: the message types that it may send, by SchemaName.

    `source`: the source of its messages, by default its number. `authorities`: whose acts it may report.
    `status_variant`: the variant of `oppdatertSaksstatus` that it takes; None if it takes none. `districts`: the police
    districts that it represents.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    name: ShortText
    organisation_number: OrgNumber
    sender_words: tuple[ShortText, ...]
    keys_file: ShortText
    kinds: tuple[ShortText, ...] = ()
    source: ShortText | None = None
    authorities: tuple[Literal["police", "prosecution", "court", "correctional_service"], ...] = ()
    status_variant: Literal["1.0", "maven"] | None = None
    districts: tuple[ShortText, ...] = ()
    transport: Annotated[Http | Amqp, Field(discriminator="kind")] | None = None

    @property
    def known_as(self) -> str:
        """The source under which its messages are stored."""
        return self.source or self.organisation_number


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLimits:
    """`attempts`: number after which a message is a dead letter. `patience_hours`: an older message is late."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    attempts: Annotated[int, Field(ge=1, le=1_000)] = 100
    patience_hours: Annotated[int, Field(ge=1, le=10_000)] = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnersFile:
    """The content of the file."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    own: OwnOrganisation
    partner: tuple[Partner, ...] = ()
    inbox: tuple[Inbox, ...] = ()
    delivery: DeliveryLimits = DeliveryLimits()


@dataclass(frozen=True, slots=True)
class Partners:
    """The validated file. `key`: our signing key. `keys`: public keys per partner, by its name.

    `folder`: that of the file, for relative paths. `fingerprint`: a hash that changes with the file and its keys.
    """

    own: OwnOrganisation | None = None
    partner: tuple[Partner, ...] = ()
    inbox: tuple[Inbox, ...] = ()
    limits: DeliveryLimits = DeliveryLimits()
    folder: Path = Path()
    key: SigningKey | None = field(default=None, repr=False)
    keys: dict[str, KeySet] = field(default_factory=dict, repr=False)
    fingerprint: str = ""

    def of_district(self, code: str) -> Partner | None:
        """The partner that is told of the cases of this police district."""
        return next((partner for partner in self.partner if partner.status_variant and code in partner.districts), None)

    def of_token(self, source: str, organisation: str | None) -> Partner | None:
        """The partner that a token stands for: by the organisation it was issued to, or the source it sends as.

        None where it stands for no partner, or the two name different ones.
        """
        named = [
            partner
            for partner in self.partner
            if organisation == partner.organisation_number or source == partner.known_as
        ]
        return named[0] if len(named) == 1 else None

    def is_called(self, partner: Partner, word: str) -> bool:
        """Whether the partner may use this word in the header senderOrganization."""
        return partner in self.called(word)

    def called(self, word: str) -> tuple[Partner, ...]:
        """The partners with this source, organisation number or name; where there is none, with this sender word."""
        matching = tuple(
            partner for partner in self.partner if word in (partner.source, partner.organisation_number, partner.name)
        )
        return matching or tuple(partner for partner in self.partner if word in partner.sender_words)


def load(path: Path | None) -> Partners:
    """The partners in this file; none without a file. Raises `BadSettings`, which names the place."""
    if path is None:
        return Partners()
    contents = _read(path)
    _check(path, contents)
    folder = path.parent
    for item in (*contents.inbox, *(partner.transport for partner in contents.partner)):
        _check_files(path, item)
    key = _signing_key(path, folder / contents.own.key_file)
    keys = {item.name: _key_set(path, folder / item.keys_file) for item in contents.partner}
    return Partners(
        contents.own, contents.partner, contents.inbox, contents.delivery, folder, key, keys, fingerprint(path)
    )


def fingerprint(path: Path | None) -> str:
    """A hash of the file and of the keys it names; empty without a file. Raises `BadSettings`."""
    if path is None:
        return ""
    contents = _read(path)
    named = [contents.own.key_file, *(partner.keys_file for partner in contents.partner)]
    files = [path, *(path.parent / name for name in named)]
    return sha256(b"".join(sha256(_bytes(path, file)).digest() for file in files)).hexdigest()


def secret(partners: Partners, broker: Broker) -> str | None:
    """The password in the broker's password file; None without such a file. Raises `BadSettings`."""
    if broker.password_file is None:
        return None
    file = partners.folder / broker.password_file
    return _bytes(file, file).decode().strip()


def _read(path: Path) -> PartnersFile:
    try:
        return _PARTNERS_FILE.validate_json(to_json(tomllib.loads(_bytes(path, path).decode())), strict=True)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: {error}") from None
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        problems = (f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in details)
        raise BadSettings(f"{path}: {'; '.join(problems)}") from None


def _check(path: Path, contents: PartnersFile) -> None:
    """Check that names, numbers and districts are unique and codes are known. Raises `BadSettings`."""
    known = {str(row["code"]) for row in reference.read(police_district)}
    offices = {str(row["code"]) for row in reference.read(konfliktrad)}
    names = [partner.name for partner in contents.partner]
    numbers = [partner.organisation_number for partner in contents.partner]
    districts = [code for partner in contents.partner if partner.status_variant for code in partner.districts]
    for what, given in (("name", names), ("organisation_number", numbers), ("districts", districts)):
        if repeated := sorted({value for value in given if given.count(value) > 1}):
            raise BadSettings(f"{path}: partner.{what}: {', '.join(repeated)} stands twice")
    _check_known(path, "partner.districts", {code for partner in contents.partner for code in partner.districts}, known)
    _check_known(path, "own.offices", set(contents.own.offices), offices)
    for partner in contents.partner:
        if partner.status_variant and partner.transport is None:
            raise BadSettings(f"{path}: partner {partner.name} takes oppdatertSaksstatus and has no transport")


def _check_files(path: Path, transport: Http | Broker | None) -> None:
    """Check that the files of a transport can be read. Raises `BadSettings`."""
    named = [transport.ca_file] if transport else []
    if isinstance(transport, Broker):
        named.append(transport.password_file)
    for name in named:
        if name is not None:
            _bytes(path, path.parent / name)


def _check_known(path: Path, where: str, given: set[str], known: set[str]) -> None:
    if given - known:
        raise BadSettings(f"{path}: {where}: there is no {', '.join(sorted(given - known))}; there are {sorted(known)}")


def _signing_key(path: Path, file: Path) -> SigningKey:
    raw = _json(path, file)
    try:
        key = (RSAKey if raw.get("kty") == "RSA" else ECKey).import_key(raw)
    except (JoseError, ValueError, TypeError) as error:
        raise BadSettings(f"{path}: own.key_file: {file} holds no key that can be used: {error}") from None
    if not key.is_private or not key.kid:
        raise BadSettings(f"{path}: own.key_file: {file} has to hold a private key with a kid")
    if isinstance(key, RSAKey) and key.public_key.key_size < _SMALLEST_RSA:
        raise BadSettings(f"{path}: own.key_file: {file} holds an RSA key of less than {_SMALLEST_RSA} bits")
    return key


def _key_set(path: Path, file: Path) -> KeySet:
    try:
        key_set = KeySet.import_key_set(_json(path, file))  # type: ignore[arg-type]  # its shape is what is tried here
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadSettings(f"{path}: keys_file: {file} holds no key set that can be used: {error}") from None
    if any(key.is_private or key.key_type not in ("RSA", "EC") or not key.kid for key in key_set.keys):
        raise BadSettings(f"{path}: keys_file: {file} has to hold public RSA or EC keys, each with a kid")
    return key_set


def _json(path: Path, file: Path) -> dict[str, Any]:
    try:
        content = from_json(_bytes(path, file))
    except ValueError as error:
        raise BadSettings(f"{path}: {file} is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise BadSettings(f"{path}: {file} holds no JSON object")
    return content


def _bytes(path: Path, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadSettings(f"{path}: {file} cannot be read: {error.strerror}") from None


_PARTNERS_FILE = TypeAdapter(PartnersFile)

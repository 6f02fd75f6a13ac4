"""The table of settings: name, type, meaning, shape, default and example of each, and the rules between them.

The rules are validators of the fields, so that one validation reports every setting that is missing or wrong. A rule
reads only fields defined above its own.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from ungdom.settings import keys
from ungdom.settings.addresses import database_kind, host_of, is_loopback, sqlite_file
from ungdom.settings.forms import (
    DEVELOPMENT,
    NOT_SET,
    ExistingFile,
    Number,
    Port,
    Secret,
    SecretText,
    SettingInfo,
    environment_name,
    key_id,
    log_format_name,
    log_level_name,
    network,
    split_list,
)
from ungdom.settings.mail import MailSettings
from ungdom.settings.norms import NormSettings
from ungdom.settings.sign_in import SignInSettings

PUBLIC_URL = "http://127.0.0.1:8000"
"""The address of a development installation if no other is set."""
EXAMPLE_URL = "https://ungdom.example.no"
"""A public address as it should be. Pages, cookies and sign-in are at the root of a host name."""

DATA_DIR = Path(".ungdom")
DEMO_FILE = "demo.db"
"""The database file of the demo, in the data folder."""

_KEY_DEFAULT = "made on first use in development; required elsewhere"
_KEY = "base64 of 32 random bytes"


class Settings(SignInSettings, MailSettings, NormSettings):
    """What an installation sets. Built in code it takes the same values as read from the environment.

    Raises `pydantic.ValidationError`; `from_environment` raises `BadSettings` instead.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)

    env: Annotated[
        str,
        AfterValidator(environment_name),
        SettingInfo("`development`, `production`, or another name, such as `staging`", default="none: required"),
    ] = Field(
        description="The kind of installation. `development` also trusts the built-in issuer of tokens; every other"
        " name has the rules of production, but only `production` refuses the test issuers of Digdir.",
        examples=["production"],
    )
    data_dir: Annotated[Path, SettingInfo("a folder")] = Field(
        default=DATA_DIR,
        description="Folder of the SQLite database, of extract files, and of what a development installation makes for"
        " itself. Mode 700.",
        examples=["/var/lib/ungdom"],
    )
    allow_sqlite: Annotated[bool, SettingInfo("`yes` or `no`", default="no")] = Field(
        default=False,
        description="Outside development: whether the database may be SQLite, which one process on one machine writes.",
        examples=["yes"],
    )
    database_url: Annotated[
        Secret,
        SettingInfo(
            "`postgresql://user:password@host/database`, or `sqlite:////path/to/file`",
            default="in development `ungdom.db` in the data folder; required elsewhere",
            secret=True,
        ),
    ] = Field(
        default="",
        description="The database. An address without a password uses what libpq finds (`~/.pgpass`, peer). Several"
        " hosts, and `pooler=transaction` for PgBouncer: [operations](operations.md#more-than-one-machine).",
        examples=["postgresql://ungdom@db.example.no/ungdom"],
    )
    replica_url: Annotated[
        Secret | None,
        SettingInfo(
            "`postgresql://user:password@host/database` of a streaming replica",
            default="none: the database itself",
            secret=True,
        ),
    ] = Field(
        default=None,
        description="A streaming replica of that database, from which statistics, released figures and extracts are"
        " read ([operations](operations.md#a-replica-for-figures-and-extracts)).",
        examples=["postgresql://ungdom@replica.example.no/ungdom"],
    )
    database_application_role: Annotated[
        str | None, SettingInfo("the name of a PostgreSQL role", default="none: `db upgrade` grants nothing")
    ] = Field(
        default=None,
        description="The role that the service connects as. `ungdom db upgrade` and `ungdom db grants`, run as owner,"
        " give it what it needs and no more ([operations](operations.md#database-roles)).",
        examples=["ungdom_app"],
    )
    database_analyst_role: Annotated[
        str | None, SettingInfo("the name of a PostgreSQL role", default="none: no views are made")
    ] = Field(
        default=None,
        description="The role that reads released figures and reference lists as views, and nothing else.",
        examples=["ungdom_analyst"],
    )
    people_keys: Annotated[
        tuple[Secret, ...],
        BeforeValidator(split_list),
        SettingInfo(f"{_KEY}; several with commas between", _KEY_DEFAULT, "ungdom keys new --for people", secret=True),
    ] = Field(
        default=(),
        description="Encrypt names, contacts and identity numbers. The first encrypts, all of them decrypt.",
        examples=["NEW,OLD"],
    )
    lost_keys: Annotated[
        tuple[Annotated[str, AfterValidator(key_id)], ...],
        BeforeValidator(split_list),
        SettingInfo("short ids of keys, with commas between", default="none"),
    ] = Field(
        default=(),
        description="Keys of `UNGDOM_PEOPLE_KEYS` that are lost for good: the service starts although records that only"
        " they open cannot be read ([keys](keys.md)).",
        examples=["5d1c09aa"],
    )
    cursor_key: Annotated[Secret, SettingInfo(_KEY, _KEY_DEFAULT, "ungdom keys new --for cursor", secret=True)] = Field(
        default="",
        description="Signs the cursors of lists and encrypts those of the change feed. Of several with commas between, "
        "the first is used for new ones and all are accepted.",
        examples=["NEW,OLD"],
    )
    extract_keys: Annotated[
        tuple[Secret, ...],
        BeforeValidator(split_list),
        SettingInfo(
            f"`version:` and {_KEY}; several with commas between",
            "made on first use in development; elsewhere none: no extracts",
            "ungdom keys new --for extracts",
            secret=True,
        ),
    ] = Field(
        default=(),
        description="Pseudonyms of extracts are derived from the key with the highest version; older ones rebuild older"
        " extracts.",
        examples=["2:NEW,1:OLD"],
    )
    public_url: Annotated[
        str,
        SettingInfo(
            "`https://host` without a path; `http://` in development or on a loopback address only",
            default="in development the address and port that are served; required elsewhere",
        ),
    ] = Field(
        default="",
        description="Where people reach the service. Links begin with it; it is the `source` of webhooks.",
        examples=[EXAMPLE_URL],
    )
    access_file: Annotated[
        ExistingFile | None, SettingInfo("a TOML file", default="none; required outside development")
    ] = Field(
        default=None,
        description="Issuers of tokens and organisations that are let in ([access](access.md)).",
        examples=["/etc/ungdom/access.toml"],
    )
    exchange_file: Annotated[ExistingFile | None, SettingInfo("a TOML file", default="none: no partners")] = Field(
        default=None,
        description="Partners that official messages are exchanged with ([exchange](exchange.md)).",
        examples=["/etc/ungdom/partners.toml"],
    )
    purposes_file: Annotated[
        ExistingFile | None, SettingInfo("a TOML file", default="none: in development the purpose `demo`")
    ] = Field(
        default=None,
        description="What extracts have been ordered for ([extracts](extracts.md)).",
        examples=["/etc/ungdom/purposes.toml"],
    )
    extracts_dir: Annotated[Path | None, SettingInfo("a folder", default="`extracts` in the data folder")] = Field(
        default=None,
        description="Where the files of extract jobs lie; machines that make or hand them out share it.",
        examples=["/srv/ungdom/extracts"],
    )
    extracts_kept_days: Annotated[Number, SettingInfo("a whole number above 0")] = Field(
        default=30, description="Days after which the files of an extract job are deleted.", examples=["14"]
    )
    erasure_journal: Annotated[
        Path | None, SettingInfo("a file, perhaps not there yet", default="`erasures.ndjson` in the data folder")
    ] = Field(
        default=None,
        description="What was erased, so that it is erased again after a restored backup ([retention](retention.md))."
        " All processes of an installation share it; it is backed up apart from the database, and never restored to an"
        " earlier state. The demo database always has its own, `demo-erasures.ndjson` in the data folder.",
        examples=["/srv/ungdom/erasures.ndjson"],
    )
    anchor_dir: Annotated[Path | None, SettingInfo("a folder", default="`anchors` in the data folder")] = Field(
        default=None,
        description="Where the seals of the hash chains are exported each night; best a disk to which whoever owns the"
        " database cannot write ([audit](audit.md)). The demo database always has its own, `demo-anchors` in the data"
        " folder.",
        examples=["/mnt/anchors"],
    )
    webhook_allow: Annotated[
        tuple[Annotated[str, AfterValidator(network)], ...],
        BeforeValidator(split_list),
        SettingInfo("networks with commas between", default="none: the public internet only"),
    ] = Field(
        default=(),
        description="Networks that webhooks may lead to beside the public internet; only there may it be `http`.",
        examples=["10.20.0.0/16,127.0.0.0/8"],
    )
    log_format: Annotated[
        str | None,
        AfterValidator(log_format_name),
        SettingInfo("`json` or `text`", default="`text` in development, else `json`"),
    ] = Field(
        default=None,
        description="How log lines are written to standard error ([logs and metrics](logs-and-metrics.md)).",
        examples=["json"],
    )
    log_level: Annotated[
        str | None,
        AfterValidator(log_level_name),
        SettingInfo(
            "`debug`, `info`, `warning` or `error`",
            default="`info` for `serve`, `worker` and `nightly`, `warning` for other commands",
        ),
    ] = Field(default=None, description="From which level on our own events are logged.", examples=["warning"])
    metrics_port: Annotated[Port | None, SettingInfo("a port", default="none: no metrics")] = Field(
        default=None,
        description="Port on which `ungdom serve` gives metrics to Prometheus, at `/metrics`, without a token.",
        examples=["9464"],
    )
    worker_metrics_port: Annotated[Port | None, SettingInfo("a port", default="none: no metrics")] = Field(
        default=None, description="The same for `ungdom worker`.", examples=["9465"]
    )
    metrics_host: Annotated[str, SettingInfo("an address of this machine")] = Field(
        default="127.0.0.1",
        description="Address that the ports of metrics listen on. Whoever reaches it reads the metrics.",
        examples=["10.20.0.7"],
    )
    threads: Annotated[Number, SettingInfo("a whole number above 0")] = Field(
        default=4, description="Request threads per worker process.", examples=["8"]
    )
    body_limit: Annotated[Number, SettingInfo("a whole number above 0")] = Field(
        default=256 * 1024, description="Bytes that the body of a request may have.", examples=["524288"]
    )
    exchange_body_limit: Annotated[Number, SettingInfo("a whole number above 0")] = Field(
        default=2 * 1024 * 1024, description="Bytes that an official message may have.", examples=["4194304"]
    )

    @property
    def cursor_keys(self) -> tuple[str, ...]:
        """The keys of cursors: the first signs, all of them are accepted."""
        return cursor_keys_in(self.cursor_key)

    @property
    def is_demo(self) -> bool:
        """Whether the database is the demo's own file."""
        return self.development and sqlite_file(self.database_url) == (self.data_dir / DEMO_FILE).resolve()

    @property
    def erasures(self) -> Path:
        """The file of the journal of erasures of this database."""
        if self.is_demo:
            return self.data_dir / "demo-erasures.ndjson"
        return self.erasure_journal or self.data_dir / "erasures.ndjson"

    @property
    def anchors(self) -> Path:
        """The folder of the anchor files of this database."""
        return self.data_dir / "demo-anchors" if self.is_demo else self.anchor_dir or self.data_dir / "anchors"

    @property
    def development(self) -> bool:
        """Whether this is a development installation, in which the built-in issuer may run."""
        return self.env == DEVELOPMENT

    # --- rules ----------------------------------------------------------------------------------------------

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str, info: ValidationInfo) -> str:
        if not value and "data_dir" in info.data and not _strict(info):
            return SecretText(f"sqlite:///{info.data['data_dir'] / 'ungdom.db'}")
        if not value:
            raise ValueError(NOT_SET)
        if database_kind(value) == "sqlite" and _strict(info) and not info.data.get("allow_sqlite"):
            raise ValueError(
                f"names SQLite, which one process on one machine writes; with UNGDOM_ENV={_kind(info)} that needs"
                " UNGDOM_ALLOW_SQLITE=yes"
            )
        return value

    @field_validator("replica_url")
    @classmethod
    def _replica(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return value
        if database_kind(value) == "sqlite":
            raise ValueError("names SQLite, which has no streaming replica")
        database_url = info.data.get("database_url")
        if database_url is not None and database_kind(database_url) == "sqlite":
            raise ValueError("is set, and UNGDOM_DATABASE_URL names SQLite, which has no streaming replica")
        if value == database_url:
            raise ValueError("is the address in UNGDOM_DATABASE_URL: the replica is another server")
        return value

    @field_validator("people_keys")
    @classmethod
    def _people(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not value:
            raise ValueError(NOT_SET)
        _check_keys([keys.decode_key(key) for key in value], info)
        return value

    @field_validator("cursor_key")
    @classmethod
    def _cursor(cls, value: str, info: ValidationInfo) -> str:
        if not value:
            raise ValueError(NOT_SET)
        _check_keys([keys.decode_key(key) for key in cursor_keys_in(value)], info)
        return value

    @field_validator("extract_keys")
    @classmethod
    def _extracts(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        pairs = [keys.parse_versioned_key(key) for key in value]
        if len({version for version, _ in pairs}) < len(pairs):
            raise ValueError("has a version twice")
        _check_keys([raw for _, raw in pairs], info)
        return value

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str, info: ValidationInfo) -> str:
        if not value and _strict(info):
            raise ValueError(NOT_SET)
        address = (value or PUBLIC_URL).rstrip("/")
        name = host_of(address)
        if _strict(info) and not address.startswith("https://") and not is_loopback(name):
            raise ValueError(f"{value!r} is not https")
        if address.partition("://")[2].count("/"):
            raise ValueError(f"{value!r} has a path: give the service a host name of its own, as {EXAMPLE_URL}")
        return address

    @field_validator("access_file")
    @classmethod
    def _access(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None and _strict(info):
            raise ValueError(f"{NOT_SET}: with UNGDOM_ENV={_kind(info)} no token would be believed")
        return value


def cursor_keys_in(value: str) -> tuple[str, ...]:
    """The keys in the setting of cursor keys."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def setting_info(name: str) -> SettingInfo:
    """The description of the setting of this field."""
    return next(item for item in Settings.model_fields[name].metadata if isinstance(item, SettingInfo))


def _strict(info: ValidationInfo) -> bool:
    """Whether the rules of production apply: in every kind of installation except development, and if it is unknown."""
    return info.data.get("env") != DEVELOPMENT


def _kind(info: ValidationInfo) -> str:
    """The kind of installation as shown in a message."""
    return str(info.data.get("env", "production"))


def _check_keys(given: Sequence[bytes], info: ValidationInfo) -> None:
    """Checks that keys are strong, of this kind of installation, and used once. Raises `ValueError`."""
    for raw in given:
        keys.check_strength(raw)
        if _strict(info) and keys.is_development_key(raw):
            raise ValueError("is a key of a development installation")
    if len(set(given)) < len(given):
        raise ValueError("has the same key twice")
    for name, used in _keys_above(info.data).items():
        if used & set(given):
            raise ValueError(f"has a key that UNGDOM_{name.upper()} has as well: each purpose needs its own")


def _keys_above(data: dict[str, Any]) -> dict[str, set[bytes]]:
    """The keys of other purposes that have been validated so far, by field."""
    people = {keys.decode_key(key) for key in data.get("people_keys", ())}
    cursor = {keys.decode_key(key) for key in cursor_keys_in(data.get("cursor_key", ""))}
    return {"people_keys": people, "cursor_key": cursor}

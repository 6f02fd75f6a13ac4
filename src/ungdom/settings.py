"""What an installation sets, read once from the environment. Every name begins with `UNGDOM_`."""

import os
import re
import secrets
import tempfile
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

PUBLIC_URL = "http://127.0.0.1:8000"
"""Where the service is found when nothing else is said."""


class BadSettings(Exception):
    """A setting is missing or not as it has to be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`env`: development or another word for production. `threads`: request threads a worker process.

    `people_keys`: base64 keys of 32 bytes; the first seals, all of them open. `cursor_key` signs list cursors.
    `access_file`: TOML of the issuers of tokens and the organisations let in. `exchange_file`: TOML of the partners
    that official messages are exchanged with. `body_limit`, `exchange_body_limit`: bytes of a request, and of an
    official message. `public_url`: where people reach the service, without a slash at its end. `smtp_url`, `mail_from`:
    the relay that e-mail is handed to, and whom it is from. `webhook_allow`: networks that webhooks may lead to beside
    the public internet. `extract_keys`: what the pseudonyms of extracts are made from, as `version:base64 of 32 bytes`;
    `purposes_file`: TOML of what extracts have been ordered for. `extracts_dir`: where the files of extract jobs lie;
    None: `extracts` in the data directory. `extracts_kept_days`: how many days they lie there.
    """

    env: str
    database_url: str
    data_dir: Path
    people_keys: tuple[str, ...]
    cursor_key: str
    threads: int = 4
    body_limit: int = 256 * 1024
    exchange_body_limit: int = 2 * 1024 * 1024
    access_file: Path | None = None
    exchange_file: Path | None = None
    public_url: str = PUBLIC_URL
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str | None = None
    webhook_allow: tuple[str, ...] = ()
    extract_keys: tuple[str, ...] = field(default=(), repr=False)
    purposes_file: Path | None = None
    extracts_dir: Path | None = None
    extracts_kept_days: int = 30

    @property
    def development(self) -> bool:
        """Whether the development issuer may run."""
        return self.env == "development"


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises `BadSettings`: outside development every secret has to be given."""
    env = os.environ if environ is None else environ
    data_dir = Path(env.get("UNGDOM_DATA_DIR", ".ungdom"))
    mode = env.get("UNGDOM_ENV", "development")
    return Settings(
        env=mode,
        database_url=env.get("UNGDOM_DATABASE_URL", f"sqlite:///{data_dir / 'ungdom.db'}"),
        data_dir=data_dir,
        people_keys=tuple(_secret(env, mode, data_dir, "UNGDOM_PEOPLE_KEYS").split(",")),
        cursor_key=_secret(env, mode, data_dir, "UNGDOM_CURSOR_KEY"),
        threads=_number(env, "UNGDOM_THREADS", 4),
        exchange_body_limit=_number(env, "UNGDOM_EXCHANGE_BODY_LIMIT", 2 * 1024 * 1024),
        access_file=_file(env, "UNGDOM_ACCESS_FILE"),
        exchange_file=_file(env, "UNGDOM_EXCHANGE_FILE"),
        public_url=_address(env, "UNGDOM_PUBLIC_URL", PUBLIC_URL),
        smtp_url=env.get("UNGDOM_SMTP_URL") or None,
        mail_from=env.get("UNGDOM_MAIL_FROM") or None,
        webhook_allow=_networks(env, "UNGDOM_WEBHOOK_ALLOW"),
        extract_keys=_extract_keys(env, mode, data_dir),
        purposes_file=_file(env, "UNGDOM_PURPOSES_FILE"),
        extracts_dir=Path(env["UNGDOM_EXTRACTS_DIR"]) if env.get("UNGDOM_EXTRACTS_DIR") else None,
        extracts_kept_days=_number(env, "UNGDOM_EXTRACTS_KEPT_DAYS", 30),
    )


def _address(env: Mapping[str, str], name: str, usual: str) -> str:
    given = (env.get(name) or usual).rstrip("/")
    if not re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+(/[A-Za-z0-9._~/-]*)?", given):
        raise BadSettings(f"{name} has to be an address like https://ungdom.example.no, not {given!r}")
    return given


def _number(env: Mapping[str, str], name: str, usual: int) -> int:
    given = env.get(name, str(usual))
    if not (given.isascii() and given.isdigit()) or int(given) == 0:
        raise BadSettings(f"{name} has to be a whole number above 0, not {given!r}")
    return int(given)


def _networks(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Networks between commas, as `10.0.0.0/8`."""
    given = tuple(one.strip() for one in env.get(name, "").split(",") if one.strip())
    for one in given:
        try:
            ip_network(one)
        except ValueError as error:
            raise BadSettings(f"{name}: {error}") from None
    return given


def _file(env: Mapping[str, str], name: str) -> Path | None:
    given = env.get(name)
    if given and not Path(given).is_file():
        raise BadSettings(f"{name}: there is no file {given}")
    return Path(given) if given else None


def _secret(env: Mapping[str, str], mode: str, data_dir: Path, name: str) -> str:
    given = env.get(name)
    if given:
        return given
    if mode != "development":
        raise BadSettings(f"{name} has to be set when UNGDOM_ENV is {mode}")
    return kept_secret(data_dir / f"{name.lower()}.key")


def _extract_keys(env: Mapping[str, str], mode: str, data_dir: Path) -> tuple[str, ...]:
    """Without them no extract can be made; everything else can."""
    if not env.get("UNGDOM_EXTRACT_KEYS") and mode != "development":
        return ()
    return tuple(_secret(env, mode, data_dir, "UNGDOM_EXTRACT_KEYS").split(","))


def kept_secret(path: Path) -> str:
    """A secret of the development installation: made at first use, then read from its file (mode 600)."""
    return kept(path, lambda: b64encode(secrets.token_bytes(32)).decode())


def kept(path: Path, make: Callable[[], str]) -> str:
    """What stands in this file, made at first use. Of several processes that begin at once one makes it for all."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_once(path, make())
    return path.read_text(encoding="ascii").strip()


def _write_once(path: Path, text: str) -> None:
    """The file appears whole or not at all, and is never written over."""
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        Path(draft).unlink()

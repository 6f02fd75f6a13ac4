"""What an installation sets, read once from the environment. Every name begins with `UNGDOM_`."""

import os
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class BadSettings(Exception):
    """A setting is missing or not as it has to be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`env`: development or another word for production. `threads`: request threads a worker process.

    `people_keys`: base64 keys of 32 bytes; the first seals, all of them open. `cursor_key` signs list cursors.
    """

    env: str
    database_url: str
    data_dir: Path
    people_keys: tuple[str, ...]
    cursor_key: str
    threads: int = 4
    body_limit: int = 256 * 1024

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
        threads=int(env.get("UNGDOM_THREADS", "4")),
    )


def _secret(env: Mapping[str, str], mode: str, data_dir: Path, name: str) -> str:
    given = env.get(name)
    if given:
        return given
    if mode != "development":
        raise BadSettings(f"{name} has to be set when UNGDOM_ENV is {mode}")
    return kept_secret(data_dir / f"{name.lower()}.key")


def kept_secret(path: Path) -> str:
    """A secret of the development installation: made at first use, then read from its file (mode 600)."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_once(path, b64encode(secrets.token_bytes(32)).decode())
    return path.read_text(encoding="ascii").strip()


def _write_once(path: Path, secret: str) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secret + "\n")
    except FileExistsError:
        return

"""Files of an installation that only its own user may read."""

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from ungdom.settings.errors import BadSettings
from ungdom.settings.keys import new_development_key

OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""The permission bits of everybody but the owner."""
NOT_PRIVATE = (
    "{path} can be read or changed by others and is not this user's alone: "
    "give ungdom a file in a folder of its own (UNGDOM_DATA_DIR), for instance a new one below it"
)
"""Why a folder is refused, and what would help."""


def read_or_create_secret(path: Path) -> str:
    """A secret of a development installation: made at first use, then read from its file (mode 600)."""
    return read_or_create(path, new_development_key)


def read_or_create(path: Path, make: Callable[[], str]) -> str:
    """The text of this file, made at first use. Of several processes that start at once one makes it for all."""
    if not path.exists():
        private_folder(path.parent)
        _write_once(path, make())
    return path.read_text(encoding="ascii").strip()


def private_folder(path: Path) -> None:
    """Creates this folder with mode 700, or takes the rights of others away from it. Raises `BadSettings`."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        restrict_to_owner(path)
    except OSError as error:
        raise BadSettings(f"UNGDOM_DATA_DIR: {path} cannot be used: {error.strerror}") from None


def refuse_shared(folder: Path) -> None:
    """Nobody but its owner, a group of theirs and root may write to this folder, which is left as it is.

    For a folder that is not the program's own: it may hold other files. Raises `BadSettings`.
    """
    try:
        status = folder.stat()
    except OSError:
        return  # whoever opens a file there is answered
    mode = stat.S_IMODE(status.st_mode)
    if mode & (stat.S_IWOTH | stat.S_ISVTX) or (mode & OTHERS and status.st_uid not in (0, os.geteuid())):
        raise BadSettings(NOT_PRIVATE.format(path=folder))


def restrict_to_owner(path: Path) -> None:
    """Only the owner may read and write this file or folder from now on. Raises `BadSettings` where that is refused.

    A folder that users share (sticky, as `/tmp`) or that belongs to somebody else is never changed.
    """
    status = path.stat()
    mode = stat.S_IMODE(status.st_mode)
    if not mode & OTHERS:
        return
    if mode & stat.S_ISVTX or status.st_uid != os.geteuid():
        raise BadSettings(NOT_PRIVATE.format(path=path))
    try:
        path.chmod(mode & ~OTHERS)
    except OSError as error:
        raise BadSettings(f"{path} can be read by others, and that cannot be changed: {error.strerror}") from None


def _write_once(path: Path, text: str) -> None:
    """The file appears whole or not at all, and is never overwritten."""
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        Path(draft).unlink()

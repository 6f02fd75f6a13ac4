"""Files of an installation that only its own user may read."""

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from ungdom.settings.errors import BadSettings
from ungdom.settings.keys import new_development_key

OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""The permission bits of everybody except the owner."""
NOT_PRIVATE = (
    "{path} can be read or changed by others and is not this user's alone: "
    "give ungdom a file in a folder of its own (UNGDOM_DATA_DIR), for instance a new one below it"
)
"""The message for a folder that is refused: the reason, and what would help."""


def read_or_create_secret(path: Path) -> str:
    """A secret of a development installation: created at first use, then read from its file (mode 600)."""
    return read_or_create(path, new_development_key)


def read_or_create(path: Path, make: Callable[[], str]) -> str:
    """The text of this file, created at first use. If several processes start at once, one creates it for all."""
    if not path.exists():
        private_folder(path.parent)
        _write_once(path, make())
    return path.read_text(encoding="ascii").strip()


def private_folder(path: Path) -> None:
    """Creates this folder with mode 700, or removes the permissions of others. Raises `BadSettings`."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        restrict_to_owner(path)
    except OSError as error:
        raise BadSettings(f"UNGDOM_DATA_DIR: {path} cannot be used: {error.strerror}") from None


def refuse_shared(folder: Path) -> None:
    """Raises `BadSettings` if somebody other than its owner, a group of theirs and root may write to this folder.

    For a folder that is not the program's own and may hold other files. The folder is not changed.
    """
    try:
        status = folder.stat()
    except OSError:
        return  # reported when a file in it is opened
    mode = stat.S_IMODE(status.st_mode)
    if mode & (stat.S_IWOTH | stat.S_ISVTX) or (mode & OTHERS and status.st_uid not in (0, os.geteuid())):
        raise BadSettings(NOT_PRIVATE.format(path=folder))


def restrict_to_owner(path: Path) -> None:
    """Restricts this file or folder to its owner. Raises `BadSettings` if the permissions cannot be changed.

    A folder shared by users (sticky, such as `/tmp`) or owned by somebody else is never changed.
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
    """Writes the file atomically: it appears complete or not at all, and is never overwritten."""
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        Path(draft).unlink()

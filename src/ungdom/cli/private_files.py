"""Files of persons' data that a command writes: logged as read, for their owner only, whole or not at all."""

import errno
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from ungdom import clock
from ungdom.cli.reading import log_broken_off, log_read
from ungdom.new_files import name_new
from ungdom.settings import BadSettings
from ungdom.store.session import Database
from ungdom.workflow.rules.sharing import Matter

_LEFT_AFTER = timedelta(days=1)
"""No command writes that long: an unfinished file that is older is one of a command that was killed."""


def write_logged(db: Database, path: Path, content: bytes, command: str, ids: Collection[UUID]) -> None:
    """Write a new file with the data of these cases and persons, once the access log has it.

    Raises `BadSettings` where the file is there already or cannot be written, and `Unavailable`.
    """
    with logged_file(db, path, command, ids, tuple(Matter)) as unfinished:
        unfinished.write_bytes(content)


@contextmanager
def logged_file(
    db: Database, path: Path, command: str, ids: Collection[UUID] | None, matters: tuple[Matter, ...]
) -> Iterator[Path]:
    """Give a file for what is read of these cases and persons, once the access log has it.

    Only its owner reads it. It has its name `path` once it is whole, and is deleted otherwise. `ids`, `matters`: as
    `log_read`. Raises `BadSettings` where there is a file of that name or it cannot be written, and `Unavailable`.
    """
    try:
        with _unfinished_file(path) as unfinished:
            logged = log_read(db, command, ids, matters)
            try:
                yield unfinished
                with unfinished.open("rb") as file:
                    os.fsync(file.fileno())
                name_new(unfinished, path)
            except OSError:
                if logged is not None:
                    log_broken_off(db, logged)
                raise
    except OSError as error:
        raise BadSettings(f"{path} cannot be written: {error.strerror}") from None


@contextmanager
def _unfinished_file(path: Path) -> Iterator[Path]:
    """An empty file beside this one, of mode 600 and under a name of its own, which is deleted at the end."""
    if path.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    _delete_left(path)
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}.part")
    unfinished.touch(mode=0o600, exist_ok=False)
    try:
        yield unfinished
    finally:
        unfinished.unlink(missing_ok=True)


def _delete_left(path: Path) -> None:
    """Delete what commands that were killed have left of this file."""
    before = (clock.now() - _LEFT_AFTER).timestamp()
    prefix = f".{path.name}."
    for file in path.parent.glob("*.part"):
        if file.name.startswith(prefix) and file.stat().st_mtime < before:
            file.unlink(missing_ok=True)

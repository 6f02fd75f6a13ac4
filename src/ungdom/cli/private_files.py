"""Files of persons' data that a command writes: logged as read, for their owner only, whole or not at all."""

import errno
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from ungdom.cli.reading import log_broken_off, log_read
from ungdom.settings import BadSettings
from ungdom.store.session import Database
from ungdom.workflow.rules.sharing import Matter


def write_logged(db: Database, path: Path, content: bytes, command: str, ids: Collection[UUID]) -> None:
    """Write a new file with the data of these cases and persons, once the access log has it.

    Raises `BadSettings` where the file is there already or cannot be written, and `Unavailable`.
    """
    with _new_private_file(path) as write:
        logged = log_read(db, command, ids, tuple(Matter))
        try:
            write(content)
        except OSError:
            if logged is not None:
                log_broken_off(db, logged)
            raise


@contextmanager
def _new_private_file(path: Path) -> Iterator[Callable[[bytes], None]]:
    """Give what writes the content of a file that only its owner reads; it has its name once it is whole.

    Raises `BadSettings` where it is there already, or cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.part")

    def write(content: bytes) -> None:
        unfinished.write_bytes(content)
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.rename(path)

    try:
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        unfinished.unlink(missing_ok=True)  # of a command that was killed
        unfinished.touch(mode=0o600, exist_ok=False)
        try:
            yield write
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise BadSettings(f"{path} cannot be written: {error.strerror}") from None

"""The journal of erasures: a file outside the database, which a restored backup does not bring back.

One JSON object per line: which erasure, when and by which rule it was decided, and the ids of what is erased; no
personal data. A line is on the disk before the erasure is committed. A line that was written is carried out, also if
the transaction that wrote it was lost.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from ungdom.store.errors import StoreError

UNREADABLE_JOURNAL = "erasure_journal"
"""The reason of `Unavailable` where the file cannot be read or written."""
REQUEST = "request"
"""In place of a rule: an erasure that two people decided for one person."""


class ErasureKind(StrEnum):
    """What the ids of an erasure name."""

    PERSON = "person"  # the records of one person
    MESSAGES = "messages"  # pushed messages
    OFFICIAL_MESSAGES = "official_messages"
    REGISTER_EVENTS = "register_events"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureLine:
    """One erasure. `rule`: code of the rule, or `REQUEST`. `proposal_id`: by which two people decided it."""

    erasure_id: UUID
    kind: ErasureKind
    rule: str
    decided_at: datetime
    ids: tuple[UUID, ...]
    proposal_id: UUID | None = None

    @property
    def text(self) -> str:
        """As it stands in the journal."""
        return _LINE.dump_json(self, exclude_none=True).decode()


class BadErasureJournal(StoreError):
    """A line of the journal of erasures cannot be read. `number`: of the line, from 1."""

    def __init__(self, path: Path, number: int) -> None:
        super().__init__(
            f"line {number} of {path} is no erasure: correct it, or bring the file back from its copy. Until then"
            " nothing is read or served, because erased data might come back"
        )
        self.path = path
        self.number = number


_LINE = TypeAdapter(ErasureLine)


def parse_line(text: str | bytes) -> ErasureLine:
    """The erasure of one line. Raises `ValueError`."""
    return _LINE.validate_json(text)


_FileVersion = tuple[int, int, int]
"""Inode, bytes, and time of the last change in nanoseconds."""


class ErasureJournal:
    """The journal in this file, which is created at the first erasure. Several processes may write to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[_FileVersion, list[ErasureLine]] | None = None

    def size(self) -> int:
        """Bytes of the file: it grows with every erasure. 0 without a file. Raises `OSError`."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def lines(self) -> list[ErasureLine]:
        """Every erasure, the oldest first. A last line without its end was never finished and is left out.

        The file is read again only when it has changed. Raises `BadErasureJournal`, or `OSError` where it cannot be
        read.
        """
        try:
            with self.path.open("rb") as file:
                state = os.fstat(file.fileno())  # before the content: what is written meanwhile is read the next time
                version = (state.st_ino, state.st_size, state.st_mtime_ns)
                if self._read is None or self._read[0] != version:
                    *complete, _unfinished = file.read().split(b"\n")
                    self._read = (version, list(self._parsed(complete)))
                return self._read[1]
        except FileNotFoundError:
            return []

    def append(self, line: ErasureLine) -> None:
        """Writes one erasure; it is on the disk when this returns. Raises `OSError`."""
        with self._locked() as file:
            _cut_unfinished(file)
            file.write(line.text.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _parsed(self, complete: list[bytes]) -> Iterator[ErasureLine]:
        for number, text in enumerate(complete, start=1):
            try:
                yield parse_line(text)
            except ValidationError:
                raise BadErasureJournal(self.path, number) from None

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        """The file, open for appending, while no other process writes to it."""
        new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if new:
                _sync_folder(self.path.parent)
            file.seek(0, os.SEEK_END)
            yield file


def _cut_unfinished(file: BinaryIO) -> None:
    """Removes a last line without its end, which a process left that was killed while it wrote."""
    size = file.tell()
    file.seek(max(size - 1, 0))
    if file.read() in (b"", b"\n"):
        return
    file.seek(0)
    content = file.read()
    end = content.rfind(b"\n") + 1
    if end < size:
        file.truncate(end)
    file.seek(end)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Rows of the access log as the content that their links cover, and the entries of a long answer in packed form."""

from collections.abc import Iterator, Mapping
from struct import Struct
from typing import Any, Self
from uuid import UUID

from ungdom.audit.content import encode, plain

ANSWER_CONTENT = (
    "access_id",
    "at",
    "kind",
    "subject",
    "role",
    "konfliktrad",
    "system",
    "organisation",
    "route",
    "matters",
    "purpose",
    "criteria",
    "hits",
    "about",
    "shown",
)
"""The columns of `access_log` that its link covers. Fixed: a change breaks every chain."""

ENTRY_CONTENT = ("case_id", "person_id", "message_id")
"""The columns of `access_entry` that the hash `shown` of its answer covers, in the order of `place`. Fixed as well."""


def answer_content(row: Mapping[str, Any]) -> bytes:
    """A row of `access_log` as the content that its link covers."""
    return encode(plain(row[name]) for name in ANSWER_CONTENT)


# --- packed entries ------------------------------------------------------------------------------------------------

_ID_BYTES = 16
_EVERY_ID = 0b111
_CASE_BYTE = bytes((0b011,))
"""The first byte of the usual entry: a case and the record of its person."""
_CASE_BYTES = 1 + 2 * _ID_BYTES
_CASE_DIGITS = Struct("2x" + 2 * "8s4s4s4s12s")
"""The parts of both ids in the hexadecimal digits of a packed case."""
_CASE_CONTENT = b'["%b-%b-%b-%b-%b","%b-%b-%b-%b-%b",null]'


class AccessEntry(bytes):
    """A case, person or message in an answer, as it is packed: a byte that says which of its ids follow, and those.

    The lowest bit stands for the first. A list has hundreds of entries, which are packed and hashed and mostly read
    by nobody: they are not taken apart before somebody asks for an id.
    """

    __slots__ = ()

    def __new__(cls, case_id: UUID | None, person_id: UUID | None, message_id: UUID | None = None) -> Self:
        """The entry. `person_id`: the record of the person; `message_id`: a message about somebody without case."""
        return cls.of_digits(*(None if id is None else id.hex for id in (case_id, person_id, message_id)))

    @classmethod
    def of_digits(cls, case: str | None, person: str | None, message: str | None) -> Self:
        """The entry with these ids, each as its 32 hexadecimal digits."""
        if case is not None and person is not None and message is None:
            return bytes.__new__(cls, _CASE_BYTE + bytes.fromhex(case + person))
        ids = (case, person, message)
        given = sum(1 << place for place, id in enumerate(ids) if id is not None)
        return bytes.__new__(cls, bytes.fromhex(f"{given:02x}{''.join(filter(None, ids))}"))

    def __repr__(self) -> str:
        """The ids, which the bytes do not show."""
        return f"AccessEntry{self.ids}"

    @property
    def ids(self) -> tuple[UUID | None, UUID | None, UUID | None]:
        """Case, person and message, in the order of `ENTRY_CONTENT`."""
        given, ids = self[0], iter(range(1, len(self), _ID_BYTES))
        case_id, person_id, message_id = (
            UUID(bytes=self[(start := next(ids)) : start + _ID_BYTES]) if given >> place & 1 else None
            for place in range(len(ENTRY_CONTENT))
        )
        return case_id, person_id, message_id

    @property
    def case_id(self) -> UUID | None:
        """The case."""
        return self.ids[0]

    @property
    def person_id(self) -> UUID | None:
        """The record of the person."""
        return self.ids[1]

    @property
    def message_id(self) -> UUID | None:
        """The message, of one about somebody who has no case."""
        return self.ids[2]


def are_cases(packed: bytes) -> bool:
    """Whether these packed entries are all cases with the record of their person, and nothing else."""
    number, rest = divmod(len(packed), _CASE_BYTES)
    return rest == 0 and packed[::_CASE_BYTES] == _CASE_BYTE * number  # each entry begins at one of these bytes


def packed_contents(packed: bytes) -> list[bytes]:
    """The contents of packed entries, as `entry_content` of what `unpack` reads; of cases alone without reading ids."""
    if are_cases(packed):
        return [_CASE_CONTENT % parts for parts in _CASE_DIGITS.iter_unpack(packed.hex().encode("ascii"))]
    return [entry_content(entry) for entry in unpack(packed)]


def entry_content(entry: AccessEntry) -> bytes:
    """An entry as the content that the hash of its answer covers."""
    return encode(map(plain, entry.ids))


def unpack(packed: bytes) -> Iterator[AccessEntry]:
    """The entries. What is left at the end of damaged bytes is no entry; the hash of the rest differs."""
    start = 0
    while start < len(packed):
        end = start + 1 + _ID_BYTES * (packed[start] & _EVERY_ID).bit_count()
        if end > len(packed):
            return
        yield bytes.__new__(AccessEntry, packed[start:end])
        start = end

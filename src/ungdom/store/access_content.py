"""Rows of the access log as the content that their links cover, and the entries of a long answer in packed form."""

from collections.abc import Iterable, Iterator, Mapping
from struct import Struct
from typing import Any
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

Ids = tuple[UUID | None, UUID | None, UUID | None]
"""Case, person and message of an entry, in the order of `ENTRY_CONTENT`."""


def answer_content(row: Mapping[str, Any]) -> bytes:
    """A row of `access_log` as the content that its link covers."""
    return encode(plain(row[name]) for name in ANSWER_CONTENT)


def entry_content(ids: Ids) -> bytes:
    """An entry as the content that the hash of its answer covers: as `encode` writes it, and faster."""
    case_id, person_id, message_id = ids
    return f"[{_text(case_id)},{_text(person_id)},{_text(message_id)}]".encode("ascii")


def _text(id: UUID | None) -> str:
    return "null" if id is None else f'"{id}"'


# --- packed entries ------------------------------------------------------------------------------------------------

_ID_BYTES = 16
_CASE = 0b011
"""The first byte of the usual entry: a case and the record of its person."""
_CASE_BYTES = 1 + 2 * _ID_BYTES
_CASE_DIGITS = Struct("2x" + 2 * "8s4s4s4s12s")
"""The parts of both ids in the hexadecimal digits of a packed case."""
_CASE_CONTENT = b'["%b-%b-%b-%b-%b","%b-%b-%b-%b-%b",null]'


def pack(entries: Iterable[Ids]) -> bytes:
    """The entries of an answer: of each one byte that says which of its ids follow, the first by the lowest bit."""
    return b"".join([_packed(*ids) for ids in entries])


def _packed(case_id: UUID | None, person_id: UUID | None, message_id: UUID | None) -> bytes:
    if case_id is not None and person_id is not None and message_id is None:
        return (_CASE << 256 | case_id.int << 128 | person_id.int).to_bytes(_CASE_BYTES)
    ids: Ids = (case_id, person_id, message_id)
    given = sum(1 << place for place, id in enumerate(ids) if id is not None)
    return bytes((given,)) + b"".join(id.bytes for id in ids if id is not None)


def packed_contents(packed: bytes) -> list[bytes]:
    """The contents of packed entries, as `entry_content` of what `unpack` reads; of cases alone without reading ids."""
    number, rest = divmod(len(packed), _CASE_BYTES)
    if rest == 0 and packed[::_CASE_BYTES] == bytes((_CASE,)) * number:  # so that each entry begins at one of these
        return [_CASE_CONTENT % parts for parts in _CASE_DIGITS.iter_unpack(packed.hex().encode("ascii"))]
    return [entry_content(ids) for ids in unpack(packed)]


def unpack(packed: bytes) -> Iterator[Ids]:
    """The ids of the entries. What is left at the end of damaged bytes is no entry; the hash of the rest differs."""
    start = 0
    while start < len(packed):
        ids: list[UUID | None] = []
        given, start = packed[start], start + 1
        for place in range(len(ENTRY_CONTENT)):
            present = given >> place & 1
            if present and start + _ID_BYTES > len(packed):
                return
            ids.append(UUID(bytes=packed[start : start + _ID_BYTES]) if present else None)
            start += _ID_BYTES * present
        case_id, person_id, message_id = ids
        yield case_id, person_id, message_id

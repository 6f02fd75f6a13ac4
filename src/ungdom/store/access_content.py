"""Rows of the access log as the content that their links cover, and the entries of a long answer in packed form."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Protocol
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
MOST_KEPT = 1_024
"""Entries whose bytes a process keeps, several pages of a list: more would fill for hours and look like a leak."""


class ShownIds(Hashable, Protocol):
    """An entry of an answer."""

    @property
    def case_id(self) -> UUID | None:
        """The case."""

    @property
    def person_id(self) -> UUID | None:
        """The record of the person."""

    @property
    def message_id(self) -> UUID | None:
        """The message about somebody who has no case."""


def answer_content(row: Mapping[str, Any]) -> bytes:
    """A row of `access_log` as the content that its link covers."""
    return encode(plain(row[name]) for name in ANSWER_CONTENT)


@lru_cache(maxsize=MOST_KEPT)
def entry_content(entry: ShownIds) -> bytes:
    """An entry as the content that the hash of its answer covers. Lists show the same ones again and again."""
    return encode(plain(getattr(entry, name)) for name in ENTRY_CONTENT)


# --- packed entries ------------------------------------------------------------------------------------------------

_ID_BYTES = 16
Ids = tuple[UUID | None, ...]
"""Case, person and message of an entry, in the order of `ENTRY_CONTENT`."""


def pack(entries: Iterable[ShownIds]) -> bytes:
    """The entries of an answer: of each one byte that says which of its ids follow, the first by the lowest bit."""
    return b"".join(_packed(entry) for entry in entries)


@lru_cache(maxsize=MOST_KEPT)
def _packed(entry: ShownIds) -> bytes:
    ids: Ids = (entry.case_id, entry.person_id, entry.message_id)
    given = sum(1 << place for place, id in enumerate(ids) if id is not None)
    return bytes((given,)) + b"".join(id.bytes for id in ids if id is not None)


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
        yield tuple(ids)


def packed_content(ids: Ids) -> bytes:
    """A packed entry as the content that the hash of its answer covers."""
    return encode(map(plain, ids))

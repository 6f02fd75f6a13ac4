"""Rows of the access log as the content that their links cover."""

from collections.abc import Mapping
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


class ShownIds(Protocol):
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


@lru_cache(maxsize=20_000)
def entry_content(entry: ShownIds) -> bytes:
    """An entry as the content that the hash of its answer covers. Lists show the same ones again and again."""
    return encode(plain(getattr(entry, name)) for name in ENTRY_CONTENT)

"""The error hierarchy of the store.

StoreError
├── Stale          the case has changed since it was read, or two transactions conflicted
├── DuplicateKey   a row with this key exists
├── InFlight       the same request is being processed
├── CannotOpen     an encrypted value has an unknown key, belongs to another record, or was changed
│   └── KeyLost    its key is declared lost for good
├── DamagedValue   a stored value is not of the form in which it was written
├── MissingKeys    stored values are encrypted with keys that are not in the settings
└── Unavailable    the database cannot be reached, is full, or is too busy: retry later
"""

from collections.abc import Mapping, Sequence


class StoreError(Exception):
    """Reading or writing the database failed in a way that callers can handle."""


class Stale(StoreError):
    """The case has changed since it was read, or two transactions conflicted: read it again and retry.

    `expected` and `actual`: the version of the case as read and as stored now; None if unknown.
    """

    def __init__(self, expected: int | None, actual: int | None) -> None:
        super().__init__(f"expected version {expected}, found {actual}")
        self.expected = expected
        self.actual = actual


class DuplicateKey(StoreError):
    """A row with this key exists. `constraint`: the name of the constraint, or its columns on SQLite."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class InFlight(StoreError):
    """The same request, from the same sender, is being processed."""


class MissingKeys(StoreError):
    """Stored values are encrypted with keys that are not in the settings. `tables`: their tables, by short key id."""

    def __init__(self, tables: Mapping[str, Sequence[str]]) -> None:
        super().__init__(", ".join(tables))
        self.tables = tables


class CannotOpen(StoreError):
    """An encrypted value has an unknown key, belongs to another record, or was changed."""


class KeyLost(CannotOpen):
    """The key of an encrypted value is declared lost for good. `key_id`: its short id."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"sealed under key {key_id}, which is declared lost")
        self.key_id = key_id


class DamagedValue(StoreError, ValueError):
    """A stored value is not of the form in which this program writes it: it was changed, or is of another version."""


class Unavailable(StoreError):
    """The database cannot be reached, is full, or is too busy. Nothing was written; a later retry may succeed.

    `reason`: pool_exhausted, connection_lost, writer_busy, or the error code of the database.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

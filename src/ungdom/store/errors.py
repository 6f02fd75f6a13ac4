"""The errors of the store, drawn whole.

StoreError
├── Stale          the case has moved on since it was read, or two transactions stood in each other's way
├── DuplicateKey   a row with this key is there already
├── InFlight       the same request is being answered right now
├── CannotOpen     sealed text was sealed with a key not given here, for another record, or was changed
└── Unavailable    the database cannot be reached, is full, or was too busy: try again later
"""


class StoreError(Exception):
    """Something about the stored data is not as it has to be."""


class Stale(StoreError):
    """The case has moved on since it was read, or two transactions stood in each other's way: ask again.

    `expected` and `actual`: the version of the case then and now, if known.
    """

    def __init__(self, expected: int | None, actual: int | None) -> None:
        super().__init__(f"expected version {expected}, found {actual}")
        self.expected = expected
        self.actual = actual


class DuplicateKey(StoreError):
    """A row with this key is there already. `constraint`: the name of the constraint, or its columns on SQLite."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class InFlight(StoreError):
    """The same request, from the same sender, is being answered right now."""


class CannotOpen(StoreError):
    """Sealed text was sealed with a key not given here, for another record, or was changed."""


class Unavailable(StoreError):
    """The database cannot be reached, is full, or was too busy. Nothing was written; trying again later may help.

    `reason`: pool_exhausted, connection_lost, writer_busy, or the code of the database.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

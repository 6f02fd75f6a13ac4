"""What the interface itself refuses, before or beside what the layers below refuse. `handlers` has the answers."""

from enum import StrEnum


class ApiError(Exception):
    """The request cannot be answered as asked.

    ApiError
    ├── LacksScope            the token does not carry the scope
    ├── NotASystem            only systems do this, and the token is a person's
    ├── BadIfMatch            `If-Match` is neither `*` nor a list of entity tags
    ├── IdempotencyMismatch   the key was used for another request
    ├── ResponseWithheld      the stored response tells what its caller may not learn any more
    ├── NoFeed                calendar feeds are not for this role
    ├── BadCursor             the cursor is broken, of another list, or not ours
    ├── ContactIsStaff        a standing contact of another agency is on the staff list
    ├── ContactOfOthers       a standing contact of another konfliktråd would be reached otherwise
    ├── ContactNamedTwice     a standing contact is named twice for one agency
    └── NothingReleased       no released table has what is asked for
    """


class LacksScope(ApiError):
    """The token does not carry the scope that this needs."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


class NotASystem(ApiError):
    """Only systems of other authorities do this, and the token is a person's."""


class BadIfMatch(ApiError):
    """`If-Match` is neither `*` nor a list of entity tags."""


class IdempotencyMismatch(ApiError):
    """The key has been used for another request."""


class ResponseWithheld(ApiError):
    """The stored response of a repeated request tells what its caller may not learn any more. frl § 10-4."""


class NoFeed(ApiError):
    """Calendar feeds are for coordinators and leaders on the staff of a konfliktråd."""


class BadCursor(ApiError):
    """The cursor is broken, belongs to another list, or was not made here."""


class ContactIsStaff(ApiError):
    """A standing contact of another agency is on the staff list of a konfliktråd. `subjects`: those who are."""

    def __init__(self, subjects: list[str]) -> None:
        super().__init__(subjects)
        self.subjects = subjects


class ContactOfOthers(ApiError):
    """A standing contact is one of another konfliktråd as well, and how they are reached would change."""

    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self.subject = subject


class ContactNamedTwice(ApiError):
    """A standing contact is named twice for one agency."""


class Unreleased(StrEnum):
    """Why no released table has it. `WITHHELD`: the figure would disclose small counts."""

    NO_RELEASE = "no_release"
    WITHHELD = "withheld"
    COMBINATION = "combination"
    FORM = "form"


class NothingReleased(ApiError):
    """No released table answers the query. `released`: the figures that are released, each with its dimensions."""

    def __init__(self, why: Unreleased, released: list[list[str]] | None = None) -> None:
        super().__init__(why, released)
        self.why = why
        self.released = released or []

"""The metadata that every table belongs to, and the column types they share."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, Text, TypeDecorator

from ungdom.store.errors import DamagedValue

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints and indexes, so that migrations can name them on both databases."""

metadata = MetaData(naming_convention=NAMING_CONVENTION)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, stored and returned in UTC. A time without a zone raises `ValueError`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """An instant is a `datetime`."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Converts to UTC; SQLite stores no zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Converts a stored value to UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class EnumText(TypeDecorator[StrEnum]):
    """A member of a string enum, stored as text. Another text raises `ValueError`; on reading as `DamagedValue`."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's
        """Converts a member to text."""
        return None if value is None else str(self.kind(value))

    def process_result_value(self, value: Any | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002  # the same
        """Converts text to a member."""
        return None if value is None else _member(self.kind, value)


def _member(kind: type[StrEnum], text: str) -> StrEnum:
    try:
        return kind(text)
    except ValueError:
        raise DamagedValue(f"a stored text is no {kind.__name__}") from None


class EnumSet(TypeDecorator[tuple[StrEnum, ...]]):
    """Members of a string enum in the order of the enum, stored as text: `|coordinator|leader|`.

    `EnumSet.pattern` is the text to look for one member. Another text raises `ValueError`; on reading as
    `DamagedValue`.
    """

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    @staticmethod
    def pattern(member: StrEnum) -> str:
        """The text that a stored value contains if it has this member."""
        return f"|{member}|"

    def coerce_compared_value(self, op: Any, value: Any) -> Any:  # noqa: ARG002  # SQLAlchemy's
        """A pattern is compared as text."""
        return self.impl_instance

    def process_bind_param(self, value: Iterable[Any] | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # the same
        """Converts members to text."""
        if value is None:
            return None
        given = {self.kind(member) for member in value}
        return "|".join(["", *(member for member in self.kind if member in given), ""])

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[StrEnum, ...] | None:  # noqa: ARG002  # the same
        """Converts text to members."""
        return None if value is None else tuple(_member(self.kind, name) for name in value.split("|") if name)

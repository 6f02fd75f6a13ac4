"""Rows as dataclasses whose fields have the names of the columns."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Row

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def from_row(kind: type[T], row: Row[*tuple[Any, ...]], /, **values: Any) -> T:
    """The dataclass with these values; every other field has the value of the column of the same name.

    Raises `TypeError` for a value that is no field, `AttributeError` for a field without a column.
    """
    columns = {field.name: getattr(row, field.name) for field in fields(kind) if field.name not in values}
    return kind(**columns, **values)

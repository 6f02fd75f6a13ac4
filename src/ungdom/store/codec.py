"""Typed values as compact JSON text, for columns that hold JSON.

Named tuples and tuples are arrays, and a `Day` is its ordinal since the year 1: without field names and dashes, columns
with hundreds of thousands of values stay small. A change of such a type changes the stored format.
"""

import json
from datetime import date
from typing import Annotated, Any, Generic, TypeVar

from pydantic import GetPydanticSchema, TypeAdapter, ValidationError
from pydantic_core import core_schema

from ungdom.store.errors import DamagedValue

T = TypeVar("T")
_ORDINAL = core_schema.no_info_after_validator_function(
    date.fromordinal,
    core_schema.int_schema(),
    serialization=core_schema.plain_serializer_function_ser_schema(
        date.toordinal, return_schema=core_schema.int_schema()
    ),
)
Day = Annotated[date, GetPydanticSchema(lambda _type, _handler: _ORDINAL)]
"""A date, stored as its proleptic Gregorian ordinal."""


class Codec(Generic[T]):
    """Writes and reads the values of one type.

    `load` takes what pydantic converts to the type, and raises `DamagedValue` for any other value.
    """

    def __init__(self, of: type[T]) -> None:
        self._adapter = TypeAdapter(of)

    def dump(self, value: T) -> str:
        """The value as JSON without white space."""
        return self._adapter.dump_json(value).decode()

    def load(self, text: str) -> T:
        """The value that `dump` wrote."""
        try:
            return self._adapter.validate_json(text)
        except ValidationError as error:
            raise DamagedValue(f"{error.error_count()} fault(s) in a stored value of the type {error.title}") from None


def stored_json(text: str | bytes) -> Any:
    """The value of a column that holds JSON. Raises `DamagedValue`."""
    try:
        return json.loads(text)
    except ValueError:
        raise DamagedValue("a stored text is no JSON") from None

"""The content of a row as bytes, in a form that never changes for the same values: a JSON array in ASCII.

The same form is written when a row is linked, read from either database, and written to an export:

* an id as `01890a5d-ac96-774b-bcce-b302099a8057`
* a day as `2026-11-30`, an instant in UTC as `2026-11-30 03:00:00.000000`
* bytes as hexadecimal digits, a yes or no as 1 or 0, a set of words as it is stored: `|coordinator|leader|`
* a text, a whole number and null as they are
"""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

Plain = str | int | None
"""A value in this form."""


def plain(value: Any) -> Plain:
    """The value of a column in this form. Raises `TypeError` for a type that no linked column has."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if isinstance(value, tuple):
        return "|".join(["", *map(str, value), ""])
    return _plain_scalar(value)


def encode(values: Iterable[Any]) -> bytes:
    """The bytes of the values of a row, which are in this form already. Another value gives bytes that no row has."""
    parts = [_quoted(v) if isinstance(v, str) else "null" if v is None else _number(v) for v in values]
    return f"[{','.join(parts)}]".encode("ascii")


def _number(value: Any) -> str:
    """A whole number; anything else, which was not written by the service, as what no value is written as."""
    return str(int(value)) if isinstance(value, int) else json.dumps({"unexpected": repr(value)})


def _plain_scalar(value: Any) -> Plain:
    if value is None:
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no form in a hash chain")


_quoted = json.encoder.encode_basestring_ascii  # the function of `json.dumps` for a text: ASCII only

"""JSON that every reader takes for the same value (RFC 7493): UTF-8, no name twice, no NaN, whole characters.

Python's own reader takes UTF-16, lets the last of two equal names win, and knows NaN and halves of characters.
"""

import json
import math
from typing import Any

DEEPEST = 32
"""Objects and lists inside each other: JSON nested deeper is not read."""


class UnsoundJson(ValueError):
    """Readers could differ about it. `kind`: why, by the name of its sentence (`invalid` in the texts)."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def read_sound(raw: bytes) -> Any:
    """The value. Raises ValueError when it is no JSON, `UnsoundJson` when readers could differ about it."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
        _sound(value, DEEPEST)
    except UnicodeDecodeError:
        raise UnsoundJson("json_encoding") from None
    except UnicodeEncodeError:
        raise UnsoundJson("json_text") from None
    except RecursionError:
        raise UnsoundJson("json_too_deep") from None
    return value


def json_fault(raw: bytes) -> str | None:
    """Why it is not sound JSON, by the name of the sentence for it; None when it is."""
    try:
        read_sound(raw)
    except UnsoundJson as error:
        return error.kind
    except ValueError:
        return "json_invalid"
    return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnsoundJson("json_repeated_name")
    return found


def _no_constant(_name: str) -> None:
    raise UnsoundJson("json_number")


def _sound(value: object, left: int) -> None:
    if left < 0:
        raise UnsoundJson("json_too_deep")
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for inner in value:
            _sound(inner, left - 1)
    elif isinstance(value, str):
        value.encode()  # half of a surrogate pair cannot be: UnicodeEncodeError is a ValueError
    elif isinstance(value, float) and not math.isfinite(value):
        raise UnsoundJson("json_number")

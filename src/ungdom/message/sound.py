"""JSON that every reader takes for the same value (RFC 7493): UTF-8, no name twice, no NaN, whole characters.

Python's own reader takes UTF-16, lets the last of two equal names win, and knows NaN and halves of characters.
"""

import json
import math
from typing import Any

MAX_DEPTH = 32
"""Objects and lists inside each other: JSON nested deeper is not read."""


class StrictJsonError(ValueError):
    """Readers could differ about it. `kind`: why, by the name of its sentence (`invalid` in the texts)."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def read_strict(raw: bytes) -> Any:
    """The value. Raises ValueError when it is no JSON, `StrictJsonError` when readers could differ about it."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_unique_names, parse_constant=_no_constant)
        _check_value(value, MAX_DEPTH)
    except UnicodeDecodeError:
        raise StrictJsonError("json_encoding") from None
    except UnicodeEncodeError:
        raise StrictJsonError("json_text") from None
    except RecursionError:
        raise StrictJsonError("json_too_deep") from None
    return value


def json_fault(raw: bytes) -> str | None:
    """Why it is not sound JSON, by the name of the sentence for it; None when it is."""
    try:
        read_strict(raw)
    except StrictJsonError as error:
        return error.kind
    except ValueError:
        return "json_invalid"
    return None


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise StrictJsonError("json_repeated_name")
    return value


def _no_constant(_name: str) -> None:
    raise StrictJsonError("json_number")


def _check_value(value: object, left: int) -> None:
    if left < 0:
        raise StrictJsonError("json_too_deep")
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for inner in value:
            _check_value(inner, left - 1)
    elif isinstance(value, str):
        value.encode()  # half of a surrogate pair cannot be: UnicodeEncodeError is a ValueError
    elif isinstance(value, float) and not math.isfinite(value):
        raise StrictJsonError("json_number")

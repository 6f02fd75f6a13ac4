"""JSON that every reader takes for the same value (RFC 7493): UTF-8, no name twice, no NaN, whole characters.

Python's own reader takes UTF-16, lets the last of two equal names win, and knows NaN and halves of characters.
"""

import json
import math
from typing import Any

DEEPEST = 32
"""Objects and lists inside each other: JSON nested deeper is not read."""


def read_sound(raw: bytes) -> Any:
    """The value. Raises ValueError when it is no JSON, or when readers could differ about it."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
        _sound(value, DEEPEST)
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value


def is_sound_json(raw: bytes) -> bool:
    """Whether every reader takes it for the same JSON."""
    try:
        read_sound(raw)
    except ValueError:
        return False
    return True


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _sound(value: object, left: int) -> None:
    if left < 0:
        raise ValueError("nested too deep")
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for inner in value:
            _sound(inner, left - 1)
    elif isinstance(value, str):
        value.encode()  # half of a surrogate pair cannot be: UnicodeEncodeError is a ValueError
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("is no number")

"""Strict JSON that every parser interprets identically (RFC 7493): UTF-8, unique names, no NaN, no lone surrogates.

Python's own parser accepts UTF-16, keeps the last of two equal names, and accepts NaN and lone surrogates.
"""

import json
import math
from typing import Any

MAX_DEPTH = 32
"""The maximum nesting depth of objects and lists."""


class StrictJsonError(ValueError):
    """Parsers could interpret it differently. `kind`: the reason, as a key of the section `invalid` of the texts."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def read_strict(raw: bytes) -> Any:
    """The parsed value. Raises ValueError for invalid JSON, `StrictJsonError` if parsers could read it differently."""
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
    """The reason why it is not strict JSON, as a key of the section `invalid` of the texts; None if it is strict."""
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
        value.encode()  # fails for half of a surrogate pair: UnicodeEncodeError is a ValueError
    elif isinstance(value, float) and not math.isfinite(value):
        raise StrictJsonError("json_number")

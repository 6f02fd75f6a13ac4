"""An exception as it is logged: its type, its causes and the places it passed. Its text may hold values: left out."""

import traceback
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePath

MOST_FRAMES = 12
"""Places of an exception that are logged, the innermost last."""
MOST_CAUSES = 5


def described(error: BaseException) -> dict[str, object]:
    """The fields `error`, `causes` and `frames` of a log line.

    `error`: the dotted type. `causes`: the types of the exceptions it came from, the nearest first. `frames`: file,
    line and function of each place, of the innermost exception that has any.
    """
    causes = list(islice(_causes(error), MOST_CAUSES))
    innermost = next((cause for cause in reversed(causes) if cause.__traceback__ is not None), error)
    frames = traceback.extract_tb(innermost.__traceback__)[-MOST_FRAMES:]
    fields: dict[str, object] = {
        "error": _type_of(error),
        "frames": [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames],
    }
    return fields | ({"causes": [_type_of(cause) for cause in causes]} if causes else {})


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exceptions that led to this one, as a traceback would show them."""
    seen = {id(error)}
    while True:
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None or id(cause) in seen:
            return
        seen.add(id(cause))
        yield cause
        error = cause


def _type_of(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _short(filename: str) -> str:
    """The file from its package on: where a package is installed is nobody's business."""
    parts = PurePath(filename).parts
    for anchor in ("site-packages", "src", "lib"):
        if anchor in parts:
            return "/".join(parts[len(parts) - parts[::-1].index(anchor) :])
    return PurePath(filename).name

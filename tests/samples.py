"""How much of what is alike is looked at: everything with the thorough profile (`make thorough`), else a sample."""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"


def sampled(items: Sequence[T], every: int) -> list[T]:
    """Each item with the thorough profile; otherwise every so many, from the first."""
    return list(items if THOROUGH else items[::every])

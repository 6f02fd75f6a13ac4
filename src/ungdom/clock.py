"""The only module that reads the system clock. Other functions take the day or instant as an argument."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present instant, UTC."""


def now() -> datetime:
    """The present instant, UTC."""
    return datetime.now(UTC)

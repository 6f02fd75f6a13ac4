"""The one place that reads the clock. Everything below is told what day it is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present instant, UTC."""


def now() -> datetime:
    """The present instant, UTC."""
    return datetime.now(UTC)

"""A clock that can be moved forward, and goes on from there."""

from datetime import datetime, timedelta

from ungdom import clock
from ungdom.clock import Clock

LONGEST_MOVE_DAYS = 366
"""Days of the longest single move: the nightly run catches up with as many nights."""


class ClockInThePast(Exception):
    """The clock is not moved back: events are recorded in the order of time. A reset gives the present time again."""


class ClockTooFarAhead(Exception):
    """The clock is moved by at most `LONGEST_MOVE_DAYS` at a time."""


class MovableClock:
    """Returns the present instant, UTC, plus the time by which it was moved. `now`: the clock that it follows."""

    def __init__(self, now: Clock = clock.now) -> None:
        self._now = now
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        return self._now() + self._ahead

    def move_to(self, instant: datetime) -> None:
        """Move to this instant, which has a time zone. Raises `ClockInThePast` or `ClockTooFarAhead`."""
        move = instant - self()
        if move < timedelta(0):
            raise ClockInThePast
        if move > timedelta(days=LONGEST_MOVE_DAYS):
            raise ClockTooFarAhead
        self._ahead += move

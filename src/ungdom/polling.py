"""The loop of everything that looks for work at an interval: delivery, retries, the nightly run, extract jobs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from logging import Logger
from threading import Event

from ungdom.store.errors import Unavailable

LONGEST_WAIT = 60.0
"""Upper bound of the wait after failed rounds, in seconds; an interval above it is kept."""

_MAX_DOUBLINGS = 12


@dataclass(slots=True)
class PollingRound:
    """One round of the loop. `attempts`: number of parts begun; `failures`: number of those that failed."""

    log: Logger
    attempts: int = 0
    failures: int = 0

    @contextmanager
    def attempt(self, what: str) -> Iterator[None]:
        """Run one part of the round. Its failure is logged with this name and ends neither the round nor the loop."""
        self.attempts += 1
        try:
            yield
        except Unavailable as error:
            self.failures += 1
            self.log.warning("the database is away: %s", error)
        except Exception:  # whatever it is, the next round tries again: no other process may be there to do the work
            self.failures += 1
            self.log.exception("%s failed", what)


def rounds(stop: Event, every: float, log: Logger) -> Iterator[PollingRound]:
    """One round at once, and one after each interval of `every` seconds, until `stop` is set.

    When every part of a round has failed, the wait doubles, up to `LONGEST_WAIT`. Setting `stop` ends a wait.
    """
    failed = 0
    while not stop.is_set():
        current = PollingRound(log)
        yield current
        failed = failed + 1 if 0 < current.attempts == current.failures else 0
        stop.wait(max(every, min(every * 2 ** min(failed, _MAX_DOUBLINGS), LONGEST_WAIT)))

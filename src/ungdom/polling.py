"""The loop of everything that looks for work at an interval: delivery, retries, the nightly run, extract jobs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from logging import Logger
from threading import Event

from ungdom.store.errors import Unavailable


@dataclass(frozen=True, slots=True)
class PollingRound:
    """One round of the loop. `tracebacks`: whether the log may contain the text of an unexpected error."""

    log: Logger
    tracebacks: bool = True

    @contextmanager
    def attempt(self, what: str) -> Iterator[None]:
        """Run one part of the round. Its failure is logged with this name and ends neither the round nor the loop."""
        try:
            yield
        except Unavailable as error:
            self.log.warning("the database is away: %s", error)
        except Exception as error:  # the next round tries again: no other process may be there to do the work
            if self.tracebacks:
                self.log.exception("%s failed", what)
            else:
                self.log.warning("%s failed: %s", what, type(error).__name__)


def rounds(stop: Event, every: float, log: Logger, *, tracebacks: bool = True) -> Iterator[PollingRound]:
    """One round at once and one after each wait of `every` seconds, until `stop` is set. Setting it ends a wait."""
    while not stop.is_set():
        yield PollingRound(log, tracebacks)
        stop.wait(every)

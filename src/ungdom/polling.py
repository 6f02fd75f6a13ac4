"""The loop of everything that looks for work at an interval: delivery, retries, the nightly run, extract jobs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

from ungdom.observability.logger import EventLogger
from ungdom.store.errors import Unavailable


@dataclass(frozen=True, slots=True)
class PollingRound:
    """One round of the loop."""

    log: EventLogger

    @contextmanager
    def attempt(self, what: str) -> Iterator[None]:
        """Run one part of the round. Its failure is logged with this name, and ends neither the round nor the loop."""
        try:
            yield
        except Unavailable as error:
            self.log.warning("work.database_away", work=what, reason=error.reason)
        except Exception as error:  # noqa: BLE001  # the next round tries again: no other process may be there
            self.log.error("work.failed", error=error, work=what)


def rounds(stop: Event, every: float, log: EventLogger) -> Iterator[PollingRound]:
    """One round at once and one after each wait of `every` seconds, until `stop` is set. Setting it ends a wait."""
    while not stop.is_set():
        yield PollingRound(log)
        stop.wait(every)

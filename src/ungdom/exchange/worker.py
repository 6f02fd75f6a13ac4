"""The process that keeps official messages moving: delivers what is owed, takes what arrives, until told to stop."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

from ungdom.exchange import partners as files
from ungdom.exchange.arriving import handler
from ungdom.exchange.delivery import Counts, Work, deliver
from ungdom.exchange.partners import Partners
from ungdom.exchange.queues import consume
from ungdom.exchange.roads import address_of
from ungdom.intake.catching_up import catch_up
from ungdom.settings import BadSettings
from ungdom.store.errors import Unavailable

LOG = logging.getLogger("ungdom.exchange")

OVERLAP = timedelta(minutes=1)
"""How far back events are looked for that a transaction may have written late."""
LONGEST_FAREWELL = 30.0
"""Seconds that the message in hand may take when the worker is told to stop."""


@dataclass(slots=True)
class Consumers:
    """The threads that take messages from our queues, and what tells them to stop."""

    stop: Event
    threads: list[Thread]

    def end(self) -> None:
        """Stop after the messages in hand."""
        self.stop.set()
        for thread in self.threads:
            thread.join(LONGEST_FAREWELL)

    @property
    def alive(self) -> bool:
        """Whether all of them are still at it."""
        return all(thread.is_alive() for thread in self.threads)


def keep_on(
    work: Work,
    path: Path | None,
    stop: Event,
    every: float,
    report: Callable[[Counts], None] = lambda _: None,
    also: Sequence[Callable[[], object]] = (),
) -> None:
    """Deliver every few seconds and take what arrives, until told to stop; `report` is told what each round came to.

    `also`: what else is done every round.

    The partners file is read again when it or a key has been changed; one that cannot be read changes nothing. While
    the database is away it waits. `every`: seconds between two rounds.
    """
    since: datetime | None = None
    consumers = _consumers(work)
    try:
        while not stop.is_set():
            changed = _changed(path, work.partners)
            if changed is not None or not consumers.alive:
                consumers.end()
                work, since = replace(work, partners=changed or work.partners), None
                consumers = _consumers(work)
            since = _round(work, since, report)
            _besides(also)
            stop.wait(every)
    finally:
        consumers.end()


def _round(work: Work, since: datetime | None, report: Callable[[Counts], None]) -> datetime | None:
    """One round; from when on events are new for the next one. Decisions that are due are tried first, then told of."""
    begun = work.now()
    try:
        catch_up(work.db, work.keys, work.now, work.stop)
        report(deliver(work, since))
    except Unavailable as error:
        LOG.warning("the database is away: %s", error)
        return since
    except Exception:  # whatever it is, the next round is tried: nobody else brings the messages
        LOG.exception("the round failed")
        return since
    return begun - OVERLAP


def _besides(also: Sequence[Callable[[], object]]) -> None:
    for use in also:
        try:
            use()
        except Unavailable as error:
            LOG.warning("the database is away: %s", error)
        except Exception:  # it is tried again the next round, and must not end the others
            LOG.exception("a part of the round failed")


def _changed(path: Path | None, known: Partners) -> Partners | None:
    """The partners as they are now; None when nothing has changed, or what stands there cannot be used."""
    try:
        return files.load(path) if files.fingerprint(path) != known.fingerprint else None
    except BadSettings as error:
        LOG.error("%s; the partners stay as they were", error)
        return None


def _consumers(work: Work) -> Consumers:
    stop = Event()
    handle = handler(work.db, work.keys, work.partners, work.now)
    made = [
        Thread(
            target=consume, args=(address_of(work.partners, box), box.queue, handle, stop), name=f"queue {box.queue}"
        )
        for box in work.partners.inbox
    ]
    for thread in made:
        thread.start()
    return Consumers(stop, made)

"""The process that keeps official messages moving: delivers what is owed, takes what arrives, until told to stop."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

from ungdom.exchange import partners as files
from ungdom.exchange.acknowledged import handler
from ungdom.exchange.delivery import ExchangeDeliveryContext, ExchangeDeliveryCounts, deliver
from ungdom.exchange.partners import Partners
from ungdom.exchange.queues import consume
from ungdom.exchange.transports import address_of
from ungdom.intake.retry import retry_due
from ungdom.settings import BadSettings
from ungdom.store.errors import Unavailable

LOG = logging.getLogger("ungdom.exchange")

OVERLAP = timedelta(minutes=1)
"""How far back events are looked for that a transaction may have written late."""
SHUTDOWN_TIMEOUT = 30.0
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
            thread.join(SHUTDOWN_TIMEOUT)

    @property
    def alive(self) -> bool:
        """Whether all of them are still at it."""
        return all(thread.is_alive() for thread in self.threads)


def run_worker(
    context: ExchangeDeliveryContext,
    path: Path | None,
    stop: Event,
    every: float,
    report: Callable[[ExchangeDeliveryCounts], None] = lambda _: None,
    also: Sequence[Callable[[], object]] = (),
) -> None:
    """Deliver every few seconds and take what arrives, until told to stop; `report` is told what each round came to.

    `also`: what else is done every round.

    The partners file is read again when it or a key has been changed; one that cannot be read changes nothing. While
    the database is away it waits. `every`: seconds between two rounds.
    """
    since: datetime | None = None
    consumers = _start_consumers(context)
    try:
        while not stop.is_set():
            changed = _reloaded_partners(path, context.partners)
            if changed is not None or not consumers.alive:
                consumers.end()
                context, since = replace(context, partners=changed or context.partners), None
                consumers = _start_consumers(context)
            since = _run_round(context, since, report)
            _run_extra_tasks(also)
            stop.wait(every)
    finally:
        consumers.end()


def _run_round(
    context: ExchangeDeliveryContext, since: datetime | None, report: Callable[[ExchangeDeliveryCounts], None]
) -> datetime | None:
    """One round; from when on events are new for the next one. Decisions that are due are tried first, then told of."""
    begun = context.now()
    try:
        retry_due(context.db, context.keys, context.now, context.stop)
        report(deliver(context, since))
    except Unavailable as error:
        LOG.warning("the database is away: %s", error)
        return since
    except Exception:  # whatever it is, the next round is tried: nobody else brings the messages
        LOG.exception("the round failed")
        return since
    return begun - OVERLAP


def _run_extra_tasks(also: Sequence[Callable[[], object]]) -> None:
    for task in also:
        try:
            task()
        except Unavailable as error:
            LOG.warning("the database is away: %s", error)
        except Exception:  # it is tried again the next round, and must not end the others
            LOG.exception("a part of the round failed")


def _reloaded_partners(path: Path | None, known: Partners) -> Partners | None:
    """The partners as they are now; None when nothing has changed, or what stands there cannot be used."""
    try:
        return files.load(path) if files.fingerprint(path) != known.fingerprint else None
    except BadSettings as error:
        LOG.error("%s; the partners stay as they were", error)
        return None


def _start_consumers(context: ExchangeDeliveryContext) -> Consumers:
    stop = Event()
    handle = handler(context.db, context.keys, context.partners, context.now)
    threads = [
        Thread(
            target=consume,
            args=(address_of(context.partners, queue_settings), queue_settings.queue, handle, stop),
            name=f"queue {queue_settings.queue}",
        )
        for queue_settings in context.partners.inbox
    ]
    for thread in threads:
        thread.start()
    return Consumers(stop, threads)

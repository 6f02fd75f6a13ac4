"""The worker of the exchange: delivers official messages and consumes our queues until it is stopped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

from ungdom import polling
from ungdom.exchange import partners as files
from ungdom.exchange.acknowledged import handler
from ungdom.exchange.delivery import ExchangeDeliveryContext, ExchangeDeliveryCounts, deliver
from ungdom.exchange.partners import Partners
from ungdom.exchange.queues import consume
from ungdom.exchange.transports import address_of
from ungdom.intake.retry import retry_due
from ungdom.observability.logger import EventLogger
from ungdom.settings import BadSettings

LOG = EventLogger("ungdom.exchange")

OVERLAP = timedelta(minutes=1)
"""Margin for events that a transaction commits later than their time says."""
SHUTDOWN_TIMEOUT = 30.0
"""Seconds that the message in hand may take when the worker is stopped."""


@dataclass(slots=True)
class Consumers:
    """The threads that consume our queues. `stop`: ends them after the message in hand."""

    stop: Event
    threads: list[Thread]

    def end(self) -> None:
        """Stop and join the threads; each finishes the message in hand."""
        self.stop.set()
        for thread in self.threads:
            thread.join(SHUTDOWN_TIMEOUT)

    @property
    def alive(self) -> bool:
        """Whether every thread is running."""
        return all(thread.is_alive() for thread in self.threads)


def run_worker(
    context: ExchangeDeliveryContext,
    path: Path | None,
    stop: Event,
    every: float,
    report: Callable[[ExchangeDeliveryCounts], None] = lambda _: None,
    also: Sequence[Callable[[], object]] = (),
) -> None:
    """Deliver every `every` seconds and consume our queues until `stop` is set. `report` gets the counts of each round.

    `also`: further tasks of each round. The partners file is read again when the file or a key has changed; a file that
    cannot be read changes nothing.
    """
    since: datetime | None = None
    consumers = _start_consumers(context)
    try:
        for current in polling.rounds(stop, every, LOG):
            changed = _reloaded_partners(path, context.partners)
            if changed is not None or not consumers.alive:
                consumers.end()
                context, since = replace(context, partners=changed or context.partners), None
                consumers = _start_consumers(context)
            begun = context.now()
            with current.attempt("the delivery of official messages"):
                retry_due(context.db, context.keys, context.now, context.stop)
                report(deliver(context, since))
                since = begun - OVERLAP
            for task in also:
                with current.attempt("a further task of the round"):
                    task()
    finally:
        consumers.end()


def _reloaded_partners(path: Path | None, known: Partners) -> Partners | None:
    """The partners as the file has them now; None when nothing has changed or the file cannot be used."""
    try:
        return files.load(path) if files.fingerprint(path) != known.fingerprint else None
    except BadSettings as error:
        LOG.error("exchange.partners_not_read", reason=error)
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

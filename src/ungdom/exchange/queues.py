"""A consumer of a broker's queue: one message at a time, acknowledged once it has been handled."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import Any

from ungdom.exchange.amqp import FAILURES, BrokerAddress, connected, reason_code, require
from ungdom.observability.logger import EventLogger
from ungdom.store.errors import Unavailable

LOG = EventLogger("ungdom.exchange")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before the next connection, doubled after each failure in a row."""
_LOOK = 1.0
_CONNECTION_ERRORS: tuple[type[Exception], ...] = (*FAILURES, Unavailable)


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message from a queue. `redelivered`: the broker has delivered it before."""

    headers: Mapping[str, str]
    body: bytes
    redelivered: bool


class NeverHandled(Exception):
    """No retry can handle this message: it is rejected to the dead letters of its queue."""


MessageHandler = Callable[[QueueMessage], None]
"""Handles a message and commits before it returns. Raises `NeverHandled`, `Unavailable` or another exception."""


def consume(
    address: BrokerAddress, queue: str, handle: MessageHandler, stop: Event, first_pause: float = FIRST_PAUSE
) -> None:
    """Consume the queue until `stop` is set; reconnect when the broker is away. Raises `BadSettings`.

    A message is acknowledged when `handle` returns, and rejected to the dead letters on `NeverHandled`. On another
    error it is requeued once and rejected the second time. While the database is away messages stay in the queue.
    """
    require()
    pause = first_pause
    while not stop.is_set():
        settled: list[str] = []
        try:
            _consume_connection(address, queue, handle, stop, settled)
        except _CONNECTION_ERRORS as error:
            pause = first_pause if settled else min(pause * 2, LONGEST_PAUSE)
            reason = "the database is away" if isinstance(error, Unavailable) else reason_code(error)
            LOG.warning("exchange.queue_lost", queue=queue, reason=reason, seconds=pause)
            stop.wait(pause)


def _consume_connection(
    address: BrokerAddress, queue: str, handle: MessageHandler, stop: Event, settled: list[str]
) -> None:
    """Consume over one connection. A message delivered while it is being closed returns to the queue."""
    with connected(address) as link:
        channel = link.channel()
        taking = True

        def settle(message: Any) -> None:
            if taking and not stop.is_set():
                settled.append(_settle(channel, message, handle))
                if settled[-1] == "put back":
                    stop.wait(FIRST_PAUSE)

        channel.basic_qos(prefetch_size=0, prefetch_count=1, a_global=False)
        channel.basic_consume(queue, callback=settle)
        try:
            while not stop.is_set():
                with suppress(TimeoutError):
                    link.drain_events(timeout=_LOOK)
                link.heartbeat_tick()
        finally:
            taking = False


def _settle(channel: Any, message: Any, handle: MessageHandler) -> str:
    """Handle one message and acknowledge or reject it. Raises `Unavailable`: the message stays in the queue."""
    received, tag = _queue_message(message), message.delivery_info["delivery_tag"]
    message_id = received.headers.get("messageId", "without id")
    try:
        handle(received)
    except NeverHandled as error:
        LOG.error("exchange.rejected", message_id=message_id, reason=error)
        channel.basic_reject(tag, requeue=False)
        return "rejected"
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, this message delays no other
        outcome = "rejected" if received.redelivered else "put back"
        LOG.error("exchange.message_failed", error=error, message_id=message_id, outcome=outcome)
        channel.basic_reject(tag, requeue=not received.redelivered)
        return outcome
    channel.basic_ack(tag)
    return "taken"


def _queue_message(message: Any) -> QueueMessage:
    """The message with every header value as text: AMQP has several types, and the sender chooses."""
    body = message.body.encode() if isinstance(message.body, str) else bytes(message.body)
    headers = message.properties.get("application_headers") or {}
    redelivered = bool(message.delivery_info["redelivered"])
    return QueueMessage({str(name): str(value) for name, value in headers.items()}, body, redelivered)

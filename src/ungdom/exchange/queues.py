"""Messages taken from the queue of a broker, one at a time, and settled when they have been handled."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import Any

from ungdom.exchange.amqp import FAILURES, BrokerAddress, connected, reason_code, require
from ungdom.store.errors import Unavailable

LOG = logging.getLogger("ungdom.exchange")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before the next try, doubled each time in a row."""
_LOOK = 1.0
_CONNECTION_ERRORS: tuple[type[Exception], ...] = (*FAILURES, Unavailable)


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message taken from a queue. `redelivered`: the broker has handed it out before."""

    headers: Mapping[str, str]
    body: bytes
    redelivered: bool


class NeverHandled(Exception):
    """This message can never be handled, whoever tries: it goes to the dead letters of its queue."""


MessageHandler = Callable[[QueueMessage], None]
"""Takes a message; when it returns, what it wrote has been committed. Raises `NeverHandled`, `Unavailable` or worse."""


def consume(
    address: BrokerAddress, queue: str, handle: MessageHandler, stop: Event, first_pause: float = FIRST_PAUSE
) -> None:
    """Take messages until told to stop, and connect again whenever the broker has gone. Raises `BadSettings`.

    A message is acknowledged when `handle` has returned. What can never be handled is rejected to the dead letters.
    What fails is put back once and rejected the second time. While the database is away nothing is rejected: the
    messages stay in the queue.
    """
    require()
    pause = first_pause
    while not stop.is_set():
        settled: list[str] = []
        try:
            _consume_connection(address, queue, handle, stop, settled)
        except _CONNECTION_ERRORS as error:
            pause = first_pause if settled else min(pause * 2, LONGEST_PAUSE)
            LOG.warning("queue %s: %s; trying again in %g s", queue, _reason_text(error), pause)
            stop.wait(pause)


def _consume_connection(
    address: BrokerAddress, queue: str, handle: MessageHandler, stop: Event, settled: list[str]
) -> None:
    """Take messages over one connection. What is handed out while it is being closed goes back to the queue."""
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
    """Handle one message and tell the broker what became of it. Raises `Unavailable`: then it stays in the queue."""
    received, tag = _queue_message(message), message.delivery_info["delivery_tag"]
    message_id = received.headers.get("messageId", "without id")
    try:
        handle(received)
    except NeverHandled as error:
        LOG.error("message %s can never be handled: %s; rejected", message_id, error)
        channel.basic_reject(tag, requeue=False)
        return "rejected"
    except Unavailable:
        raise
    except Exception:  # whatever it is: this message must not hold up the others
        LOG.exception("message %s failed; %s", message_id, "rejected" if received.redelivered else "put back")
        channel.basic_reject(tag, requeue=not received.redelivered)
        return "rejected" if received.redelivered else "put back"
    channel.basic_ack(tag)
    return "taken"


def _queue_message(message: Any) -> QueueMessage:
    """Every header as text, so that nobody has to ask what kind of value the sender chose."""
    body = message.body.encode() if isinstance(message.body, str) else bytes(message.body)
    headers = message.properties.get("application_headers") or {}
    redelivered = bool(message.delivery_info["redelivered"])
    return QueueMessage({str(name): str(value) for name, value in headers.items()}, body, redelivered)


def _reason_text(error: Exception) -> str:
    return "the database is away" if isinstance(error, Unavailable) else reason_code(error)

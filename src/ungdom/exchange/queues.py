"""Messages taken from the queue of a broker, one at a time, and settled when they have been handled."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import Any

from ungdom.exchange.amqp import FAILURES, Address, connected, reason, require
from ungdom.store.errors import Unavailable

LOG = logging.getLogger("ungdom.exchange")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before the next try, doubled each time in a row."""
_LOOK = 1.0
_BROKEN_OFF: tuple[type[Exception], ...] = (*FAILURES, Unavailable)


@dataclass(frozen=True, slots=True)
class Taken:
    """A message taken from a queue. `again`: the broker has handed it out before."""

    headers: Mapping[str, str]
    body: bytes
    again: bool


class NeverHandled(Exception):
    """This message can never be handled, whoever tries: it goes to the dead letters of its queue."""


Handle = Callable[[Taken], None]
"""Takes a message; when it returns, what it wrote has been committed. Raises `NeverHandled`, `Unavailable` or worse."""


def consume(address: Address, queue: str, handle: Handle, stop: Event, first_pause: float = FIRST_PAUSE) -> None:
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
            _take(address, queue, handle, stop, settled)
        except _BROKEN_OFF as error:
            pause = first_pause if settled else min(pause * 2, LONGEST_PAUSE)
            LOG.warning("queue %s: %s; trying again in %g s", queue, _why(error), pause)
            stop.wait(pause)


def _take(address: Address, queue: str, handle: Handle, stop: Event, settled: list[str]) -> None:
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


def _settle(channel: Any, message: Any, handle: Handle) -> str:
    """Handle one message and tell the broker what became of it. Raises `Unavailable`: then it stays in the queue."""
    taken, tag = _taken(message), message.delivery_info["delivery_tag"]
    called = taken.headers.get("messageId", "without id")
    try:
        handle(taken)
    except NeverHandled as error:
        LOG.error("message %s can never be handled: %s; rejected", called, error)
        channel.basic_reject(tag, requeue=False)
        return "rejected"
    except Unavailable:
        raise
    except Exception:  # whatever it is: this message must not hold up the others
        LOG.exception("message %s failed; %s", called, "rejected" if taken.again else "put back")
        channel.basic_reject(tag, requeue=not taken.again)
        return "rejected" if taken.again else "put back"
    channel.basic_ack(tag)
    return "taken"


def _taken(message: Any) -> Taken:
    """Every header as text, so that nobody has to ask what kind of value the sender chose."""
    body = message.body.encode() if isinstance(message.body, str) else bytes(message.body)
    headers = message.properties.get("application_headers") or {}
    again = bool(message.delivery_info["redelivered"])
    return Taken({str(name): str(value) for name, value in headers.items()}, body, again)


def _why(error: Exception) -> str:
    return "the database is away" if isinstance(error, Unavailable) else reason(error)

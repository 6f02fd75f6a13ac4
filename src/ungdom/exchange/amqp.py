"""The transport over AMQP 0-9-1 as implemented by RabbitMQ, with publisher confirms.

Needs the extra `amqp` where a broker is configured. ADR 0014 explains the choice of library.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ungdom.delivery.engine import NotDelivered
from ungdom.exchange.http import CONTENT_TYPE
from ungdom.exchange.transport import SignedMessage
from ungdom.settings import BadSettings

try:
    import amqp  # type: ignore[import-untyped]  # the library has no annotations
except ModuleNotFoundError:  # pragma: no cover - the extra is not installed
    amqp = None

HEARTBEAT = 60
"""Seconds without a heartbeat after which a side closes the connection."""
TIMEOUT = 15.0
"""Seconds to wait for a response of the broker; shorter than the interval of heartbeats."""

_PERSISTENT = 2
_PORTS = {"amqp": 5672, "amqps": 5671}
_REASONS = {
    "AccessRefused": "access_refused",
    "MessageNacked": "nacked",
    "NotFound": "not_found",
    "PreconditionFailed": "refused_by_broker",
}
PROTOCOL_ERRORS = (struct.error, ValueError, LookupError)
"""Errors of the library when the other side does not speak AMQP."""
FAILURES: tuple[type[Exception], ...] = (
    (OSError, *PROTOCOL_ERRORS)
    if amqp is None
    else (OSError, *PROTOCOL_ERRORS, amqp.AMQPError, amqp.exceptions.MessageNacked)
)


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Address and credentials of a broker. `password`: replaces the one in the URL."""

    url: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None


class AmqpTransport:
    """Publishes to one exchange. The connection is kept between messages and opened again after it has been lost.

    Raises `BadSettings` when the library is not installed.
    """

    def __init__(self, address: BrokerAddress, exchange: str, routing_key: str, timeout: float = TIMEOUT) -> None:
        require()
        self._address, self._exchange, self._routing_key = address, exchange, routing_key
        self._timeout = timeout
        self._link: Any = None
        self._channel: Any = None
        self._returned: list[object] = []

    def send(self, message: SignedMessage) -> None:
        """Send the message and wait until the broker confirms that a queue has it. Raises `NotDelivered`."""
        reused = self._channel is not None
        try:
            self._publish(message)
        except NotDelivered as error:
            if not reused or error.reason != "unreachable":
                raise
            self._publish(message)  # the connection had been lost since the last message

    def close(self) -> None:
        """Close the connection, if there is one."""
        link, self._link, self._channel = self._link, None, None
        if link is not None:
            close_quietly(link)

    def _publish(self, message: SignedMessage) -> None:
        try:
            self._open().basic_publish_confirm(
                _amqp_message(message),
                self._exchange,
                self._routing_key,
                mandatory=True,
                confirm_timeout=self._timeout,
            )
        except FAILURES as error:
            self.close()
            raise NotDelivered(reason_code(error), retryable=not isinstance(error, amqp.PreconditionFailed)) from None
        if self._returned:
            self._returned.clear()
            raise NotDelivered("unroutable", retryable=True)

    def _open(self) -> Any:
        if self._channel is None:
            self._link = connect(self._address, self._timeout)
            self._channel = self._link.channel()
            self._channel.events["basic_return"].add(lambda *returned: self._returned.append(returned))
        return self._channel


def _amqp_message(message: SignedMessage) -> Any:
    return amqp.Message(
        message.token,
        content_type=CONTENT_TYPE,
        delivery_mode=_PERSISTENT,
        message_id=message.message_id,
        application_headers=message.headers,
    )


# --- the connection -----------------------------------------------------------------------------------------


def require() -> None:
    """Raises `BadSettings` when the library is not installed."""
    if amqp is None:
        raise BadSettings("a message broker is configured and the extra for it is not installed: ungdom[amqp]")


@contextmanager
def connected(address: BrokerAddress) -> Iterator[Any]:
    """A connection to the broker, closed on exit. Raises the errors in `FAILURES`."""
    link = connect(address)
    try:
        yield link
    finally:
        close_quietly(link)


def connect(address: BrokerAddress, timeout: float = TIMEOUT) -> Any:
    """A new connection to the broker. Raises the errors in `FAILURES`."""
    where = urlsplit(address.url)
    trust = {"check_hostname": True, "cafile": None if address.ca_file is None else str(address.ca_file)}
    link = amqp.Connection(
        host=f"{where.hostname}:{where.port or _PORTS[where.scheme]}",
        userid=unquote(where.username or "guest"),
        password=address.password or unquote(where.password or "guest"),
        login_method="PLAIN",
        virtual_host=unquote(where.path.removeprefix("/")) or "/",
        ssl={"context": trust, "server_hostname": where.hostname} if where.scheme == "amqps" else False,
        heartbeat=HEARTBEAT,
        connect_timeout=timeout,
        read_timeout=timeout,
        write_timeout=timeout,
    )
    try:
        link.connect()
    except FAILURES:
        close_quietly(link)
        raise
    return link


def close_quietly(link: Any) -> None:
    """Close the connection, whatever state it is in."""
    with suppress(*FAILURES):
        link.close()
    with suppress(*FAILURES):
        link.collect()


def reason_code(error: Exception) -> str:
    """The reason code of this error."""
    return "timeout" if isinstance(error, TimeoutError) else _REASONS.get(type(error).__name__, "unreachable")

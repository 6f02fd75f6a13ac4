"""A line of a broker as a test sees it: an exchange, the queue behind it, and the dead letters of the queue."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import amqp

from ungdom.exchange.amqp import BrokerAddress, close_quietly, connect


@dataclass
class Line:
    """Opened with its exchange and queues declared."""

    url: str
    exchange: str = field(default_factory=lambda: f"exchange-{uuid4().hex[:8]}")
    name: str = field(default_factory=lambda: f"queue-{uuid4().hex[:8]}")
    ca_file: Path | None = None

    def __enter__(self) -> Self:
        self._link = connect(BrokerAddress(self.url, ca_file=self.ca_file))
        self.channel: Any = self._link.channel()
        self.declare(self.dead)
        self.declare(self.name, {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": self.dead})
        self.channel.exchange_declare(self.exchange, type="direct", durable=True, auto_delete=True)
        self.channel.queue_bind(self.name, self.exchange, "key")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        close_quietly(self._link)

    @property
    def dead(self) -> str:
        return f"{self.name}-dead"

    def declare(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """A queue that is gone a minute after its last use."""
        expiring = {"x-expires": 60_000, **(arguments or {})}
        self.channel.queue_declare(name, durable=True, auto_delete=False, arguments=expiring)

    def put(self, body: bytes | str, **headers: str) -> None:
        """A message into the queue."""
        self.channel.basic_publish(amqp.Message(body, application_headers=headers, delivery_mode=2), "", self.name)

    def took(self, name: str | None = None) -> list[Any]:
        """The messages that are in the queue now, taken out."""
        return list(self._all(name or self.name))

    def wait(self, name: str, count: int) -> list[Any]:
        """As many messages of the queue, when they are there."""
        found: list[Any] = []
        for _ in range(200):
            found += self.took(name)
            if len(found) >= count:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{len(found)} of {count} messages in {name}")

    def _all(self, name: str) -> Iterator[Any]:
        while (message := self.channel.basic_get(name, no_ack=True)) is not None:
            yield message

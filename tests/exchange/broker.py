"""As much of a message broker (AMQP 0-9-1) as the tests need where no RabbitMQ is at hand, in this process.

Direct exchanges, queues with a length and dead letters, confirms, mandatory, prefetch, requeueing. Frames are read and
written by pamqp.
"""

import itertools
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from pamqp import commands as c
from pamqp.body import ContentBody
from pamqp.exceptions import UnmarshalingException
from pamqp.frame import marshal, unmarshal
from pamqp.header import ContentHeader, ProtocolHeader
from pamqp.heartbeat import Heartbeat

NO_ROUTE, NOT_FOUND, ACCESS_REFUSED = 312, 404, 403
USER, PASSWORD = "guest", "guest"


@dataclass(frozen=True)
class Message:
    exchange: str
    routing_key: str
    header: ContentHeader
    body: bytes
    redelivered: bool = False


@dataclass
class Queue:
    arguments: dict[str, Any]
    messages: deque[Message] = field(default_factory=deque)

    def takes(self) -> bool:
        longest = self.arguments.get("x-max-length")
        return longest is None or len(self.messages) < longest


class Broker:
    """Listens on a free port of 127.0.0.1."""

    def __init__(self, trust: ssl.SSLContext | None = None) -> None:
        self._trust = trust
        self.lock = threading.RLock()
        self.queues: dict[str, Queue] = {}
        self.bindings: dict[str, dict[str, set[str]]] = {}
        self.links: set[Link] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closed = False
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"amqp{'s' if self._trust else ''}://{USER}:{PASSWORD}@127.0.0.1:{self.port}/"

    def close(self) -> None:
        self._closed = True
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for link in list(self.links):
            link.cut()

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._trust is not None:
                try:
                    connection = self._trust.wrap_socket(connection, server_side=True)
                except OSError:
                    continue
            link = Link(self, connection)
            with self.lock:
                self.links.add(link)
            threading.Thread(target=link.serve, daemon=True).start()

    def route(self, message: Message) -> list[Queue] | None:
        """The queues that a message goes to; None when there is no such exchange."""
        if message.exchange == "":
            names = {message.routing_key} & set(self.queues)
        elif message.exchange in self.bindings:
            names = self.bindings[message.exchange].get(message.routing_key, set())
        else:
            return None
        return [self.queues[name] for name in sorted(names)]

    def bury(self, queue: Queue, message: Message) -> None:
        """To the dead letters of the queue, where it has some."""
        exchange = queue.arguments.get("x-dead-letter-exchange")
        if exchange is not None:
            key = queue.arguments.get("x-dead-letter-routing-key", message.routing_key)
            for there in self.route(replace(message, exchange=exchange, routing_key=key, redelivered=False)) or []:
                there.messages.append(replace(message, redelivered=False))

    def hand_out(self) -> None:
        """Give every consumer that has nothing in hand its next message."""
        for link in list(self.links):
            link.hand_out()


class Closed(Exception):
    """A channel was closed by the broker."""


class Link:
    """One connection of a client, with one channel or several."""

    def __init__(self, broker: Broker, connection: socket.socket) -> None:
        self.broker, self.connection = broker, connection
        self.writing = threading.Lock()
        self.consumers: dict[int, tuple[str, str]] = {}
        self.unsettled: dict[tuple[int, int], tuple[Queue, Message]] = {}
        self.tags: dict[int, Iterator[int]] = {}
        self.confirms: dict[int, Iterator[int]] = {}
        self.incoming: dict[int, list[Any]] = {}

    def cut(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    def serve(self) -> None:
        with suppress(OSError, UnmarshalingException):
            for channel, frame in self._frames():
                with self.broker.lock:
                    self._take(channel, frame)
        with self.broker.lock:
            self.broker.links.discard(self)
            self._give_back(list(self.unsettled))
            self.broker.hand_out()
        self.connection.close()

    def _frames(self) -> Iterator[tuple[int, Any]]:
        buffer = b""
        while chunk := self.connection.recv(65536):
            buffer += chunk
            while buffer:
                try:
                    used, channel, frame = unmarshal(buffer)
                except UnmarshalingException:
                    break
                buffer = buffer[used:] if not isinstance(frame, Heartbeat) else buffer[8:]
                yield channel, frame

    def _take(self, channel: int, frame: Any) -> None:
        if isinstance(frame, ProtocolHeader):
            self.send(0, c.Connection.Start(0, 9, {"capabilities": {"publisher_confirms": True}}, "PLAIN", "en_US"))
        elif isinstance(frame, ContentHeader | ContentBody):
            self._content(channel, frame)
        elif not isinstance(frame, Heartbeat):
            try:
                ANSWERS[frame.name](self, channel, frame)
            except Closed as why:
                code, text = why.args
                self.send(channel, c.Channel.Close(code, text, 0, 0))

    def send(self, channel: int, *frames: Any) -> None:
        with self.writing, suppress(OSError):
            self.connection.sendall(b"".join(marshal(frame, channel) for frame in frames))

    # --- publishing ---

    def publish(self, channel: int, frame: c.Basic.Publish) -> None:
        self.incoming[channel] = [frame]

    def _content(self, channel: int, frame: ContentHeader | ContentBody) -> None:
        parts = self.incoming[channel]
        parts.append(frame)
        header: ContentHeader = parts[1]
        body = b"".join(part.value for part in parts[2:])
        if len(body) == header.body_size:
            del self.incoming[channel]
            self._published(channel, parts[0], Message(parts[0].exchange, parts[0].routing_key, header, body))

    def _published(self, channel: int, frame: c.Basic.Publish, message: Message) -> None:
        queues = self.broker.route(message)
        if queues is None:
            self.send(channel, c.Channel.Close(NOT_FOUND, f"NOT_FOUND - no exchange '{message.exchange}'", 60, 40))
            return
        if not queues and frame.mandatory:
            said = c.Basic.Return(NO_ROUTE, "NO_ROUTE", message.exchange, message.routing_key)
            self.send(channel, said, message.header, ContentBody(message.body))
        taken = all(queue.takes() for queue in queues)
        for queue in queues if taken else []:
            queue.messages.append(message)
        if channel in self.confirms:
            tag = next(self.confirms[channel])
            self.send(channel, c.Basic.Ack(tag) if taken else c.Basic.Nack(tag))
        self.broker.hand_out()

    # --- consuming ---

    def hand_out(self) -> None:
        for channel, (tag, name) in list(self.consumers.items()):
            busy = any(where == channel for where, _ in self.unsettled)
            queue = self.broker.queues.get(name)
            if busy or queue is None or not queue.messages:
                continue
            number, message = self._hand(channel, queue)
            said = c.Basic.Deliver(tag, number, message.redelivered, message.exchange, message.routing_key)
            self.send(channel, said, message.header, ContentBody(message.body))

    def _hand(self, channel: int, queue: Queue) -> tuple[int, Message]:
        message = queue.messages.popleft()
        number = next(self.tags.setdefault(channel, itertools.count(1)))
        self.unsettled[channel, number] = (queue, message)
        return number, message

    def get(self, channel: int, frame: c.Basic.Get) -> None:
        queue = self._queue(frame.queue)
        if not queue.messages:
            self.send(channel, c.Basic.GetEmpty())
            return
        number, message = self._hand(channel, queue)
        said = c.Basic.GetOk(number, message.redelivered, message.exchange, message.routing_key, len(queue.messages))
        self.send(channel, said, message.header, ContentBody(message.body))
        if frame.no_ack:
            del self.unsettled[channel, number]

    def consume(self, channel: int, frame: c.Basic.Consume) -> None:
        self._queue(frame.queue)
        self.consumers[channel] = (frame.consumer_tag or "tag", frame.queue)
        self.send(channel, c.Basic.ConsumeOk(frame.consumer_tag or "tag"))
        self.hand_out()

    def cancel(self, channel: int, frame: c.Basic.Cancel) -> None:
        self.consumers.pop(channel, None)
        self.send(channel, c.Basic.CancelOk(frame.consumer_tag))

    def ack(self, channel: int, frame: c.Basic.Ack) -> None:
        self.unsettled.pop((channel, frame.delivery_tag), None)
        self.broker.hand_out()

    def reject(self, channel: int, frame: c.Basic.Reject) -> None:
        if frame.requeue:
            self._give_back([(channel, frame.delivery_tag)])
        else:
            self.broker.bury(*self.unsettled.pop((channel, frame.delivery_tag)))
        self.broker.hand_out()

    def _give_back(self, places: list[tuple[int, int]]) -> None:
        for place in sorted(places, reverse=True):
            queue, message = self.unsettled.pop(place)
            queue.messages.appendleft(replace(message, redelivered=True))

    # --- everything else ---

    def _queue(self, name: str) -> Queue:
        if name not in self.broker.queues:
            raise Closed(NOT_FOUND, f"NOT_FOUND - no queue '{name}'")
        return self.broker.queues[name]

    def start_ok(self, channel: int, frame: c.Connection.StartOk) -> None:
        if frame.response.split("\0")[1:] != [USER, PASSWORD]:
            self.send(0, c.Connection.Close(ACCESS_REFUSED, "ACCESS_REFUSED", 10, 11))
            return
        self.send(channel, c.Connection.Tune(2047, 131072, 60))

    def close(self, channel: int, _frame: c.Connection.Close) -> None:
        self.send(channel, c.Connection.CloseOk())
        self.cut()

    def channel_closed(self, channel: int, _frame: Any) -> None:
        self.consumers.pop(channel, None)
        self.confirms.pop(channel, None)
        self.incoming.pop(channel, None)
        self._give_back([place for place in self.unsettled if place[0] == channel])

    def channel_close(self, channel: int, frame: c.Channel.Close) -> None:
        self.channel_closed(channel, frame)
        self.send(channel, c.Channel.CloseOk())
        self.broker.hand_out()

    def confirm(self, channel: int, _frame: c.Confirm.Select) -> None:
        self.confirms[channel] = itertools.count(1)
        self.send(channel, c.Confirm.SelectOk())

    def declare_queue(self, channel: int, frame: c.Queue.Declare) -> None:
        if frame.passive:
            self._queue(frame.queue)
        queue = self.broker.queues.setdefault(frame.queue, Queue(dict(frame.arguments or {})))
        self.send(channel, c.Queue.DeclareOk(frame.queue, len(queue.messages), 0))

    def declare_exchange(self, channel: int, frame: c.Exchange.Declare) -> None:
        self.broker.bindings.setdefault(frame.exchange, {})
        self.send(channel, c.Exchange.DeclareOk())

    def bind(self, channel: int, frame: c.Queue.Bind) -> None:
        self.broker.bindings[frame.exchange].setdefault(frame.routing_key, set()).add(frame.queue)
        self.send(channel, c.Queue.BindOk())


def _says(frame: Callable[[], Any]) -> Callable[[Link, int, Any], None]:
    return lambda link, channel, _asked: link.send(channel, frame())


def _nothing(_link: Link, _channel: int, _frame: Any) -> None:
    """No answer is wanted."""


ANSWERS: dict[str, Callable[[Link, int, Any], None]] = {
    c.Connection.StartOk.name: Link.start_ok,
    c.Connection.TuneOk.name: _nothing,
    c.Connection.Open.name: _says(c.Connection.OpenOk),
    c.Connection.Close.name: Link.close,
    c.Connection.CloseOk.name: _nothing,
    c.Channel.Open.name: _says(c.Channel.OpenOk),
    c.Channel.Close.name: Link.channel_close,
    c.Channel.CloseOk.name: Link.channel_closed,
    c.Confirm.Select.name: Link.confirm,
    c.Queue.Declare.name: Link.declare_queue,
    c.Queue.Bind.name: Link.bind,
    c.Exchange.Declare.name: Link.declare_exchange,
    c.Basic.Qos.name: _says(c.Basic.QosOk),
    c.Basic.Publish.name: Link.publish,
    c.Basic.Consume.name: Link.consume,
    c.Basic.Cancel.name: Link.cancel,
    c.Basic.Get.name: Link.get,
    c.Basic.Ack.name: Link.ack,
    c.Basic.Reject.name: Link.reject,
}

"""Taking messages from a queue: settled when handled, never lost, never in a circle."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import amqp
import pytest

from tests.exchange.queue import Line
from tests.exchange.wire import Cable
from ungdom.exchange import queues
from ungdom.exchange.amqp import BrokerAddress
from ungdom.exchange.queues import MessageHandler, NeverHandled, QueueMessage, consume
from ungdom.store.errors import Unavailable

SECONDS = 20


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(queues, "_LOOK", 0.1)


@contextmanager
def consuming(url: str, queue: str, handle: MessageHandler) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=consume, args=(BrokerAddress(url), queue, handle, stop, 0.05), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(SECONDS)
        assert not thread.is_alive()


class Desk:
    """Takes messages as it was told to, and remembers them."""

    def __init__(self, *ways: Callable[[QueueMessage], None]) -> None:
        self.ways = list(ways)
        self.seen: list[QueueMessage] = []
        self.enough = threading.Event()

    def __call__(self, taken: QueueMessage) -> None:
        self.seen.append(taken)
        way = self.ways.pop(0) if self.ways else None
        if not self.ways:
            self.enough.set()
        if way is not None:
            way(taken)

    def wait(self) -> None:
        assert self.enough.wait(SECONDS)


def fine(_taken: QueueMessage) -> None:
    """Handled."""


def never(_taken: QueueMessage) -> None:
    raise NeverHandled("not for us")


def broken(_taken: QueueMessage) -> None:
    raise RuntimeError("a fault of ours")


def away(_taken: QueueMessage) -> None:
    raise Unavailable("connection_lost")


def test_a_message_is_handed_over_as_it_came_and_is_gone_when_it_was_handled(line: Line) -> None:
    line.put("hode.æøå.signatur", messageId="m-1", SchemaName="overfoereSak")
    desk = Desk(fine)

    with consuming(line.url, line.name, desk):
        desk.wait()

    assert desk.seen == [
        QueueMessage({"messageId": "m-1", "SchemaName": "overfoereSak"}, "hode.æøå.signatur".encode(), False)
    ]
    assert line.took() == line.took(line.dead) == []


def test_bytes_that_are_no_text_are_handed_over_too(line: Line) -> None:
    line.put(b"\xff\x00\x80")
    desk = Desk(fine)
    with consuming(line.url, line.name, desk):
        desk.wait()
    assert (desk.seen[0].body, dict(desk.seen[0].headers)) == (b"\xff\x00\x80", {})


def test_what_can_never_be_handled_goes_to_the_dead_letters_at_once(line: Line) -> None:
    line.put("x", messageId="m-1")
    line.put("y", messageId="m-2")
    desk = Desk(never, fine)

    with consuming(line.url, line.name, desk):
        desk.wait()
        [dead] = line.wait(line.dead, 1)

    assert dead.body in ("x", b"x")
    assert len(desk.seen) == 2


def test_what_fails_is_put_back_once(line: Line) -> None:
    line.put("x", messageId="m-1")
    desk = Desk(broken, fine)

    with consuming(line.url, line.name, desk):
        desk.wait()

    assert [taken.redelivered for taken in desk.seen] == [False, True]
    assert line.took() == line.took(line.dead) == []


def test_what_fails_twice_goes_to_the_dead_letters_and_the_next_one_is_taken(line: Line) -> None:
    line.put("x", messageId="m-1")
    line.put("y", messageId="m-2")
    desk = Desk(broken, broken, fine)

    with consuming(line.url, line.name, desk):
        desk.wait()
        dead = line.wait(line.dead, 1)

    assert [message.body for message in dead] in (["x"], [b"x"])
    assert [taken.headers["messageId"] for taken in desk.seen] == ["m-1", "m-1", "m-2"]


def test_while_the_database_is_away_the_message_stays_in_the_queue(line: Line) -> None:
    line.put("x", messageId="m-1")
    desk = Desk(away, away, away, fine)

    with consuming(line.url, line.name, desk):
        desk.wait()

    assert len(desk.seen) == 4
    assert line.took() == line.took(line.dead) == []


def test_a_lost_connection_loses_no_message(line: Line, cable: Cable) -> None:
    desk = Desk(lambda _: cable.cut(), fine)
    line.put("x", messageId="m-1")
    guest = f"amqp://guest:guest@127.0.0.1:{cable.port}/"

    with consuming(guest, line.name, desk):
        desk.wait()

    assert [taken.headers["messageId"] for taken in desk.seen] == ["m-1", "m-1"]
    assert line.took() == line.took(line.dead) == []


def test_a_queue_that_does_not_exist_yet_is_waited_for(line: Line) -> None:
    later = f"{line.name}-later"
    desk = Desk(fine)

    with consuming(line.url, later, desk):
        line.declare(later)
        line.channel.basic_publish(amqp.Message("x"), "", later)
        desk.wait()

    assert len(desk.seen) == 1


def test_messages_are_taken_one_at_a_time_and_the_rest_left_when_told_to_stop(line: Line) -> None:
    for number in range(5):
        line.put("x", messageId=f"m-{number}")
    stop = threading.Event()

    def last(_taken: QueueMessage) -> None:
        stop.set()

    desk = Desk(last)
    thread = threading.Thread(target=consume, args=(BrokerAddress(line.url), line.name, desk, stop), daemon=True)
    thread.start()
    thread.join(SECONDS)

    assert not thread.is_alive()
    assert len(desk.seen) == 1
    left = line.wait(line.name, 4)
    assert {message.properties["application_headers"]["messageId"] for message in left} == {"m-1", "m-2", "m-3", "m-4"}


def test_a_broker_that_is_not_there_is_waited_for_without_haste(caplog: pytest.LogCaptureFixture) -> None:
    stop = threading.Event()
    thread = threading.Thread(
        target=consume, args=(BrokerAddress("amqp://127.0.0.1:9/"), "q", fine, stop, 0.1), daemon=True
    )
    thread.start()
    threading.Event().wait(1.0)
    stop.set()
    thread.join(SECONDS)

    assert not thread.is_alive()
    tries = [record for record in caplog.records if record.getMessage().startswith("exchange.queue_lost")]
    assert 2 <= len(tries) <= 4

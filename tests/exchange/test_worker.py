"""The worker: goes on by itself, sees what was changed, and ends when it is told to."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.esas import official
from tests.exchange import world
from tests.exchange.queue import Line
from tests.exchange.test_arriving import HEADERS, kept, signed
from tests.exchange.wire import Receiver, status
from tests.exchange.world import Told, case, over_http, partner, standings, work, write
from tests.service import Clock
from ungdom.exchange import queues
from ungdom.exchange.delivery import ExchangeDeliveryContext, ExchangeDeliveryCounts
from ungdom.exchange.worker import run_worker
from ungdom.store.errors import Unavailable
from ungdom.store.session import Database

SECONDS = 30


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(queues, "_LOOK", 0.1)


@contextmanager
def working(
    run: ExchangeDeliveryContext, path: Path | None, report: Callable[[ExchangeDeliveryCounts], None] = lambda _: None
) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run_worker, args=(run, path, stop, 0.05, report), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(SECONDS)
        assert not thread.is_alive()


def until(holds: Callable[[], bool]) -> None:
    for _ in range(SECONDS * 20):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come about")


def test_what_is_promised_meanwhile_is_delivered(db: Database, receiver: Receiver, tmp_path: Path) -> None:
    path = write(tmp_path, partner("oslo", over_http(receiver.url)))
    with working(work(db, path), path):
        case(db, Told((world.ASSIGNED,)))
        until(lambda: len(receiver.got) == 1)
        case(db, Told((world.ASSIGNED,)))
        until(lambda: len(receiver.got) == 2)
    assert standings(db) == ["delivered"] * 2


def test_partners_that_are_added_are_told_without_a_restart(db: Database, receiver: Receiver, tmp_path: Path) -> None:
    path = write(tmp_path, partner("ost", over_http(receiver.url), "1.0", ("p02",)))
    case(db, Told((world.ASSIGNED,)))
    with working(work(db, path), path):
        until(lambda: standings(db) == ["lacks.no_receiver"])
        write(tmp_path, partner("oslo", over_http(receiver.url)))
        until(lambda: standings(db) == ["delivered"])


def test_a_partners_file_that_cannot_be_read_changes_nothing(
    db: Database, receiver: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path, partner("oslo", over_http(receiver.url)))
    with working(work(db, path), path):
        path.write_text("[own", encoding="utf-8")
        until(lambda: "exchange.partners_not_read" in caplog.text)
        case(db, Told((world.ASSIGNED,)))
        until(lambda: len(receiver.got) == 1)


def test_what_lacks_something_goes_out_as_soon_as_its_case_has_it(
    db: Database, receiver: Receiver, tmp_path: Path
) -> None:
    path = write(tmp_path, partner("oslo", over_http(receiver.url), "maven"))
    stored = case(db, Told((world.ASSIGNED, world.PLAN_HELD, world.SIGNED)))
    clock = Clock(stored.events[-1].recorded_at)
    with working(work(db, path, clock), path):
        until(lambda: standings(db) == ["delivered", "lacks.restorative_meeting_date"])
        world.go_on(db, stored, world.MET)
        until(lambda: standings(db) == ["delivered"] * 2)


@pytest.mark.parametrize("fault", [Unavailable("connection_lost"), RuntimeError("a fault of ours")])
def test_a_round_that_fails_is_followed_by_another(
    db: Database, receiver: Receiver, tmp_path: Path, fault: Exception
) -> None:
    path = write(tmp_path, partner("oslo", over_http(receiver.url)))
    case(db, Told((world.ASSIGNED,)))
    faults = [fault, fault]

    def report(_counts: ExchangeDeliveryCounts) -> None:
        if faults:
            raise faults.pop()

    with working(work(db, path), path, report):
        until(lambda: not faults)
        until(lambda: standings(db) == ["delivered"])


def test_messages_in_our_queue_are_taken_and_answered(
    db: Database, receiver: Receiver, line: Line, tmp_path: Path
) -> None:
    inbox = f'[[inbox]]\nurl = "{line.url}"\nqueue = "{line.name}"\n'
    path = write(tmp_path, partner("oslo", over_http(receiver.url)), more=inbox)
    body = signed(official.overfoere_sak("ST"))
    line.put(body.decode(), **HEADERS)
    line.put("no message", **HEADERS)
    with working(work(db, path), path):
        until(lambda: len(receiver.got) == 2)
        line.wait(line.dead, 1)
    assert [one.status for one in kept(db)] == ["MOTTATT"]
    assert [world.opened(got.body)["status"] for got in receiver.got] == ["UNDER_MOTTAK", "MOTTATT"]


def test_a_partner_that_is_down_is_tried_again_by_itself(db: Database, receiver: Receiver, tmp_path: Path) -> None:
    path = write(tmp_path, partner("oslo", over_http(receiver.url)))
    receiver.say = status(503)
    case(db, Told((world.ASSIGNED,)))
    clock = world.later()
    with working(work(db, path, clock), path):
        until(lambda: standings(db) == ["again.status_503"])
        receiver.say = status(200)
        clock.instant += timedelta(minutes=2)
        until(lambda: standings(db) == ["delivered"])

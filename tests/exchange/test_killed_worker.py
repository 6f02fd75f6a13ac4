"""The worker is killed while it delivers: every promise arrives, in order, under the id it had from the beginning."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests import fork, service
from tests.exchange import world
from tests.exchange.wire import Receiver, slow, status
from tests.exchange.world import Told, case, over_http, partner, standings, work, write
from tests.process import UNGDOM, environment
from tests.service import Clock
from ungdom.delivery.engine import LEASE
from ungdom.exchange.delivery import deliver
from ungdom.notices.dispatch import dispatch
from ungdom.store import outbox
from ungdom.store.journal import StoredCase
from ungdom.store.session import Database

MOMENTS = (0.01, 0.07, 0.13)
"""Seconds after the first message of a round in which the worker is killed."""
CASES, SECONDS = 5, 60
ROOT = Path(__file__).parents[2]


def settings(url: str, folder: Path, path: Path) -> dict[str, str]:
    given = {"UNGDOM_EXCHANGE_FILE": str(path), "UNGDOM_PEOPLE_KEYS": service.KEY}
    return environment(url, folder) | given


@contextmanager
def worker(url: str, folder: Path, path: Path, *program: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own, killed in the end if it still runs. `program`: another one than ours."""
    command = [*(program or (str(UNGDOM),)), "worker", "--every", "0.1"]
    env = settings(url, folder, path)
    with (folder / "worker.log").open("ab") as log, fork.Fork(command, env=env, stderr=log, cwd=ROOT) as process:
        try:
            yield process
        except AssertionError as error:
            error.add_note(f"The log of the worker:\n{(folder / 'worker.log').read_text()}")
            raise
        finally:
            process.kill()


def after_the_lease() -> Clock:
    """A clock that stands where every try in hand has run out."""
    return Clock(datetime.now(UTC) + LEASE + timedelta(minutes=1))


def promised(stored: StoredCase) -> list[str]:
    """The ids of the status messages of a whole case, in order."""
    telling = ("assigned", "plan_signed", "interrupted", "resumed", "transfer_accepted", "completed")
    told = [event for event in stored.events if event.type in telling]
    return [str(outbox.event_message(stored.case_id, event, "esas.status").message_id) for event in told]


def first_seen(ids: list[str], mine: list[str]) -> list[str]:
    return [one for one in dict.fromkeys(ids) if one in mine]


def plain(body: dict[str, Any]) -> str:
    return json.dumps({**body, "forsendelse": body["forsendelse"] | {"sendtTid": ""}}, sort_keys=True)


def test_a_worker_killed_before_it_has_sent_leaves_a_message_that_arrives(
    both: Database, url: str, tmp_path: Path, receiver: Receiver
) -> None:
    stored = case(both, Told((world.ASSIGNED, world.PLAN_HELD, world.SIGNED)))
    path = write(tmp_path, partner("oslo", over_http(receiver.url)))
    mine = promised(stored)

    with held_back(receiver) as taken, worker(url, tmp_path, path) as process:
        taken(both, mine[0])
        os.kill(process.pid, signal.SIGKILL)
        process.wait(SECONDS)

    assert receiver.got == []
    assert deliver(work(both, path, after_the_lease())).sent == 2
    assert receiver.ids == mine


def test_a_worker_killed_before_it_could_write_that_a_message_arrived_sends_it_again_with_its_id(
    both: Database, url: str, tmp_path: Path, receiver: Receiver
) -> None:
    stored = case(both, Told((world.ASSIGNED, world.PLAN_HELD, world.SIGNED)))
    path = write(tmp_path, partner("oslo", over_http(receiver.url)))
    there, killed = threading.Event(), threading.Event()

    def keep_waiting(_request: BaseHTTPRequestHandler) -> None:
        there.set()
        killed.wait(SECONDS)

    receiver.say = keep_waiting
    with worker(url, tmp_path, path) as process:
        assert there.wait(SECONDS)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(SECONDS)
    killed.set()
    receiver.say = status(200)

    assert deliver(work(both, path, after_the_lease())).sent == 2
    mine = promised(stored)
    assert receiver.ids == [mine[0], *mine]
    first, again, _ = [world.opened(got.body) for got in receiver.got]
    assert plain(first) == plain(again)


PLACES = {
    "before the claim is committed": ("after:ungdom.store.outbox:claim", 200, (0, 0)),
    "after the claim": ("ungdom.exchange.http:HttpTransport.send", 200, (0, 1)),
    "after the send": ("after:ungdom.exchange.http:HttpTransport.send", 200, (1, 1)),
    "before the arrival is committed": ("after:ungdom.store.outbox:mark_delivered", 200, (1, 1)),
    "after a failed send": ("ungdom.store.outbox:set_status", 503, (1, 1)),
    "before the failure is committed": ("after:ungdom.store.outbox:set_status", 503, (1, 1)),
}
"""Where the worker is killed, what the receiver answers, and how many requests and counted attempts that leaves."""


@pytest.mark.parametrize("moment", PLACES)
def test_wherever_the_worker_is_killed_the_message_arrives_under_its_id_and_the_attempt_counts(
    both: Database, url: str, tmp_path: Path, receiver: Receiver, moment: str
) -> None:
    place, answer, left = PLACES[moment]
    stored = case(both, Told((world.ASSIGNED, world.PLAN_HELD, world.SIGNED)))
    path = write(tmp_path, partner("oslo", over_http(receiver.url)))
    mine = promised(stored)
    dispatch(both, world.KEYS, datetime.now(UTC))  # so that the thread of the notices has nothing to write
    receiver.say = status(answer)
    with worker(url, tmp_path, path, sys.executable, "-m", "tests.killed_at", place) as process:
        assert process.wait(SECONDS) == -signal.SIGKILL

    with both.reading() as tx:
        entry = outbox.find(tx, UUID(mine[0]))
    assert entry is not None
    assert (len(receiver.got), entry.attempts) == left
    assert (entry.held, entry.delivered_at) == (None, None)

    receiver.say = status(200)
    if left[1]:
        assert deliver(work(both, path, Clock(datetime.now(UTC)))).sent == 0
    assert deliver(work(both, path, after_the_lease())).sent == 2
    assert receiver.ids == [mine[0]] * left[0] + mine


def test_a_worker_killed_again_and_again_loses_nothing_and_keeps_the_order(
    both: Database, url: str, tmp_path: Path, receiver: Receiver, figure: Callable[[str], None]
) -> None:
    told = [case(both) for _ in range(CASES)]
    path = write(tmp_path, partner("oslo", over_http(receiver.url)))
    receiver.say = slow(0.03, status(200))

    for moment in MOMENTS:
        before = len(receiver.got)
        with worker(url, tmp_path, path) as process:
            wait_for(lambda n=before: len(receiver.got) > n)
            time.sleep(moment)
            os.kill(process.pid, signal.SIGKILL)
            process.wait(SECONDS)
    deliver(work(both, path, after_the_lease()))

    assert set(standings(both)) == {"delivered"}
    bodies: dict[str, set[str]] = {}
    for got in receiver.got:
        body = world.opened(got.body)
        bodies.setdefault(got.headers["messageId"], set()).add(plain(body))
    assert {len(different) for different in bodies.values()} == {1}
    for stored in told:
        mine = promised(stored)
        assert len(mine) == 7
        assert first_seen(receiver.ids, mine) == mine
    twice = len(receiver.ids) - len(set(receiver.ids))
    killed = f"worker killed {len(MOMENTS)} times, {both.reader.dialect.name}"
    figure(f"{killed}: {7 * CASES} messages, 0 lost, {twice} came again under their id")


def test_a_worker_that_is_told_to_stop_ends_after_the_message_in_hand(
    both: Database, url: str, tmp_path: Path, receiver: Receiver
) -> None:
    stored = case(both)
    path = write(tmp_path, partner("oslo", over_http(receiver.url)))
    receiver.say = slow(0.5, status(200))
    with worker(url, tmp_path, path) as process:
        wait_for(lambda: len(receiver.got) > 0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0

    assert receiver.ids == promised(stored)[: len(receiver.ids)]
    assert len(receiver.ids) < 7
    assert standings(both).count("delivered") == len(receiver.ids)


def wait_for(holds: Callable[[], bool]) -> None:
    for _ in range(SECONDS * 50):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come about")


@contextmanager
def held_back(receiver: Receiver) -> Iterator[Callable[[Database, str], None]]:
    """Nobody answers at the receiver's door; gives what waits until the worker has taken a message to bring there."""
    receiver.pause()

    def taken(db: Database, message_id: str) -> None:
        def is_taken() -> bool:
            with db.reading() as tx:
                found = outbox.find(tx, UUID(message_id))
            return found is not None and found.attempts == 1

        wait_for(is_taken)

    try:
        yield taken
    finally:
        receiver.resume()

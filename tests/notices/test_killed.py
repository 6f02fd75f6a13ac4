"""A worker is killed while it tells: nothing is lost, nobody sees another key, and several workers tell each once."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests import fork, service
from tests.exchange.test_killed_worker import SECONDS, after_the_lease, wait_for
from tests.exchange.wire import Receiver, slow, status
from tests.exchange.world import KEYS
from tests.notices.build import COORDINATOR, MORNING, RAISED, hook, keys_of, late, reached, said, standings, work
from tests.notices.post_office import PostOffice
from tests.process import UNGDOM, environment
from tests.service import Clock
from ungdom.delivery.engine import LEASE
from ungdom.notices.delivery import deliver
from ungdom.notices.dispatch import dispatch
from ungdom.store import deliveries
from ungdom.store.session import Database

ROOT = Path(__file__).parents[2]


@contextmanager
def worker(url: str, folder: Path, *program: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own, killed in the end if it still runs. `program`: another one than `worker.py`.

    `more`: settings besides.
    """
    given = {"UNGDOM_WEBHOOK_ALLOW": "127.0.0.0/8", "UNGDOM_PUBLIC_URL": "https://ungdom.test"}
    env = environment(url, folder) | given | {"UNGDOM_PEOPLE_KEYS": service.KEY} | more
    command = program or (sys.executable, "-m", "tests.notices.worker")
    with (folder / "worker.log").open("ab") as log, fork.Fork(command, env=env, stderr=log, cwd=ROOT) as process:
        try:
            yield process
        except AssertionError as error:
            error.add_note(f"The log of the worker:\n{(folder / 'worker.log').read_text()}")
            raise
        finally:
            process.kill()


def killed(process: subprocess.Popen[bytes]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait(SECONDS)


def test_a_worker_killed_before_it_has_sent_leaves_a_message_that_arrives(
    both: Database, url: str, tmp_path: Path, receiver: Receiver
) -> None:
    late(both)
    hook(both, receiver.url)
    receiver.pause()
    with worker(url, tmp_path) as process:
        wait_for(lambda: tried(both) == 1)
        killed(process)
    receiver.resume()

    assert receiver.got == []
    assert deliver(work(both, after_the_lease())).sent == 8
    assert [said(one)["data"].get("seq") for one in receiver.got] == [*range(1, 8), None]


def test_a_worker_killed_before_it_could_write_that_it_has_sent_sends_again_under_the_same_key(
    both: Database, url: str, tmp_path: Path, receiver: Receiver, figure: Callable[[str], None]
) -> None:
    late(both)
    hook(both, receiver.url)
    third, over = threading.Event(), threading.Event()

    def waits_at_the_third(request: BaseHTTPRequestHandler) -> None:
        if len(receiver.got) == 3:
            third.set()
            over.wait(SECONDS)
        status(200)(request)

    receiver.say = waits_at_the_third
    with worker(url, tmp_path) as process:
        assert third.wait(SECONDS)
        killed(process)
    over.set()
    receiver.say = status(200)

    deliver(work(both, after_the_lease()))
    keys = keys_of(receiver)
    assert (len(keys), len(set(keys))) == (9, 8)
    assert keys[2] == keys[3]
    assert receiver.got[2].body == receiver.got[3].body
    assert set(standings(both)) == {"delivered"}
    figure(f"T20 worker killed, {both.reader.dialect.name}: 8 messages, 0 lost, 1 came again under its key")


PLACES = {
    "before the rows of the receivers are committed": ("after:ungdom.store.deliveries:add", 200, (0, 0)),
    "before the message is taken from the outbox": ("ungdom.store.outbox:mark_delivered", 200, (0, 0)),
    "before the claim is committed": ("after:ungdom.store.deliveries:claim", 200, (0, 0)),
    "after the claim": ("ungdom.notices.webhooks:send", 200, (0, 1)),
    "after the send": ("after:ungdom.notices.webhooks:send", 200, (1, 1)),
    "before the arrival is committed": ("after:ungdom.store.deliveries:mark_delivered", 200, (1, 1)),
    "after a failed send": ("ungdom.store.deliveries:set_status", 503, (1, 1)),
    "before the failure is committed": ("after:ungdom.store.deliveries:set_status", 503, (1, 1)),
}
"""Where the worker is killed, what the receiver answers, and how many requests and counted attempts that leaves."""


@pytest.mark.parametrize("moment", PLACES)
def test_wherever_the_worker_is_killed_the_message_arrives_under_its_key_and_the_attempt_counts(
    both: Database, url: str, tmp_path: Path, receiver: Receiver, moment: str
) -> None:
    place, answer, left = PLACES[moment]
    late(both)
    hook(both, receiver.url)
    receiver.say = status(answer)
    with worker(url, tmp_path, sys.executable, "-m", "tests.notices.worker", place) as process:
        assert process.wait(SECONDS) == -signal.SIGKILL
    assert (len(receiver.got), tried(both)) == left

    receiver.say = status(200)
    if left[1]:
        assert deliver(work(both, Clock(datetime.now(UTC)))).sent == 0
    assert deliver(work(both, after_the_lease())).sent == 8
    keys = keys_of(receiver)
    assert (len(keys), len(set(keys))) == (8 + left[0], 8)
    assert [said(one)["data"].get("seq") for one in receiver.got[left[0] :]] == [*range(1, 8), None]
    assert set(standings(both)) == {"delivered"}


@pytest.mark.parametrize(
    ("place", "mails"),
    [
        ("after:ungdom.store.notices:create_digest", 0),
        ("ungdom.notices.mail:send", 0),
        ("after:ungdom.notices.mail:send", 1),
        ("after:ungdom.store.deliveries:mark_delivered", 1),
    ],
)
def test_a_mail_in_hand_when_the_worker_is_killed_is_sent_again_under_its_id(
    both: Database, url: str, tmp_path: Path, post_office: PostOffice, place: str, mails: int
) -> None:
    reached(both, COORDINATOR)
    late(both)
    morning = Clock(datetime(2026, 3, 3, 9, tzinfo=UTC))
    relay = {
        "UNGDOM_SMTP_URL": f"smtp+plain://127.0.0.1:{post_office.port}",
        "UNGDOM_MAIL_FROM": "Konfliktrådet <varsel@konfliktraadet.test>",
    }
    program = (sys.executable, "-m", "tests.notices.worker", place, morning.instant.isoformat())
    with worker(url, tmp_path, *program, **relay) as process:
        assert process.wait(SECONDS) == -signal.SIGKILL
    assert len(post_office.got) == mails

    morning.instant += LEASE + timedelta(minutes=1)
    assert deliver(work(both, morning, relay=post_office.relay())).sent == 1
    assert deliver(work(both, morning, relay=post_office.relay())).sent == 0
    assert len(post_office.got) == mails + 1
    assert len({one["Message-ID"] for one in post_office.got}) == 1


def test_four_workers_on_postgresql_bring_each_message_once_and_in_order(
    postgresql: Database, receiver: Receiver, figure: Callable[[str], None]
) -> None:
    receiver.say = slow(0.005, status(200))
    paths = [f"/inn/{n}" for n in range(8)]
    for path in paths:
        hook(postgresql, receiver.url.replace("/inn", path))
    wanted = [late(postgresql) for _ in range(3)] and 3 * 8
    opened = [Database.open(str(postgresql.writer.url), pool_size=6, wait_seconds=20) for _ in range(4)]
    assert dispatch(opened[0], KEYS, MORNING) == wanted
    with ThreadPoolExecutor(4) as workers:
        counts = list(workers.map(lambda db: deliver(work(db, threads=2)), opened))
    for db in opened:
        db.close()

    by_path = {path: [got for got in receiver.got if got.path == path] for path in paths}
    [order] = {tuple(said(got)["id"] for got in came) for came in by_path.values()}
    assert len(set(order)) == len(order) == wanted
    assert len(set(keys_of(receiver))) == len(keys_of(receiver)) == 8 * wanted
    assert sum(count.sent for count in counts) == 8 * wanted
    busy = sum(count.sent > 0 for count in counts)
    assert busy > 1
    figure(f"T20 4 workers, 8 receivers: {8 * wanted} deliveries, each once and in order, by {busy} of them")


def tried(db: Database) -> int:
    with db.reading() as tx:
        return Counter(one.attempts for one in deliveries.undelivered(tx))[1]


def test_the_worker_of_an_installation_tells_of_notices_and_ends_when_it_is_told_to(
    db: Database, tmp_path: Path, receiver: Receiver
) -> None:
    late(db)
    hook(db, receiver.url, kinds=RAISED)
    url = str(db.writer.url)
    with worker(url, tmp_path, str(UNGDOM), "worker", "--every", "0.1") as process:
        wait_for(lambda: "delivered" in standings(db) or process.poll() is not None)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    keys = keys_of(receiver)  # more than one where the night that is due has raised an alert meanwhile
    assert set(standings(db)) <= {"delivered", "waiting"}
    assert len(keys) == len(set(keys)) == standings(db).count("delivered") >= 1


def test_the_alert_alone_is_told_when_only_that_is_wanted(both: Database, receiver: Receiver) -> None:
    late(both)
    hook(both, receiver.url, kinds=RAISED)
    assert deliver(work(both)).sent == 1

"""T36: `ungdom keys rotate` is killed at each commit, and at any moment while others write: every record opens."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

import pytest

from tests import fork, pg, process, service
from tests.faults import frozen_server
from tests.service import Service, new_case
from tests.store import sealed_rows
from ungdom.store import resealing
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Database

A, B = service.KEY, "5OLU8MyW3kICvatAfgglWm0Nycjhj/eZ5Nx6lGXi4n8="
KILLS = 3
PAGE = 30


def filled(url: str) -> None:
    """Rows in every column of encrypted values, under the first key."""
    with closing(Database.open(url)) as db:
        db.upgrade()
        sealed_rows.fill(db, EncryptionKeys([A]))


@pytest.fixture(scope="module")
def sqlite_filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed")
    filled(pg.sqlite_url(folder))
    return folder / "ungdom.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_filled"), tmp_path / "ungdom.sqlite")
        return pg.sqlite_url(tmp_path)
    return pg.sqlalchemy_url(request.getfixturevalue("pg_database")(filled))


# --- at every commit ----------------------------------------------------------------------------------------


def run_killed(db: Database, keys: EncryptionKeys, number: int, when: str) -> bool:
    """A rotation in a process of its own that dies at that commit; False if it ended before."""
    child = os.fork()
    if child == 0:
        try:
            for engine in (db.reader, db.writer):
                engine.dispose(close=False)  # the connections stay those of the parent
            frozen_server.die_at(number, when)
            resealing.reseal(db, keys)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def moments() -> Iterator[tuple[int, str]]:
    """After each commit, which leaves the rows as they are before the next one; before some, to see that it does."""
    for number in count(1):
        yield from ((number, "before"), (number, "after")) if number % 4 == 0 else ((number, "after"),)


def test_killed_at_each_commit_every_record_opens_and_the_old_key_opens_none(
    url: str, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None]
) -> None:
    monkeypatch.setattr(resealing, "PAGE", PAGE)
    monkeypatch.setattr(resealing, "BETWEEN_TRIES", 0)
    db, old, new, kills = Database.open(url), A, B, 0
    with db.writing() as tx:
        before = sealed_rows.opened(tx, EncryptionKeys([A]))
        name = sealed_rows.pseudonym(tx, EncryptionKeys([A]))
    assert all(before.values())
    for number, when in moments():
        if not run_killed(db, EncryptionKeys([new, old]), number, when):
            break
        kills += 1
        with db.writing() as tx:
            assert sealed_rows.opened(tx, EncryptionKeys([new, old])) == before
            sealed_rows.assert_found(tx, EncryptionKeys([new, old]))
        resealing.reseal(db, EncryptionKeys([new, old]))
        assert_replaced(db, old, new, before, name)
        old, new = new, old
    db.close()
    records = sum(len(values) for values in before.values())
    assert kills > len(before)
    figure(
        f"T36: rotation of {records} records killed {kills} times, after each commit and before every fourth,"
        f" {url.split(':', maxsplit=1)[0]}: every record opens, the old key opens 0"
    )


def assert_replaced(db: Database, old: str, new: str, before: object, name: bytes) -> None:
    """The new key alone opens everything, and what is looked up is found; the old one opens nothing."""
    with db.writing() as tx:
        assert sealed_rows.opened(tx, EncryptionKeys([new])) == before
        sealed_rows.assert_found(tx, EncryptionKeys([new]))
        assert sealed_rows.pseudonym(tx, EncryptionKeys([new])) == name
        assert sealed_rows.openable(tx, EncryptionKeys([old])) == 0


# --- at any moment, while the service is used ---------------------------------------------------------------


@dataclass
class Writers:
    """Clients that open cases, each with an idempotency key, and what was answered."""

    served: Service
    stop: threading.Event = field(default_factory=threading.Event)
    answers: dict[str, bytes] = field(default_factory=dict)
    wrong: list[object] = field(default_factory=list)
    people: Iterator[int] = field(default_factory=count)

    def write(self) -> None:
        client = self.served.as_("coordinator", "oslo")
        while not self.stop.is_set():
            key = f"key-{next(self.people)}"
            answer = client.post("/v1/cases", BODIES.setdefault(key, new_case()), key=key)
            if answer.status_code == 201:
                self.answers[key] = answer.content
            elif answer.status_code != 503:  # SQLite: the rotation had the lock for too long
                self.wrong.append((answer.status_code, answer.text))


BODIES: dict[str, dict[str, object]] = {}


def rotation(url: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ungdom.cli", "keys", "rotate"]
    given = process.environment(url, folder) | {
        "UNGDOM_PEOPLE_KEYS": f"{B},{A}",
        "UNGDOM_CURSOR_KEY": service.CURSOR_KEY,
    }
    return fork.Fork(command, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_killed_at_any_moment_while_others_write_nothing_is_lost(
    url: str, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    rng = Random(36)  # noqa: S311  # a moment is no secret
    with Service(url, tmp_path, people_keys=(B, A)) as served:
        writers = Writers(served)
        thread = threading.Thread(target=writers.write, daemon=True)
        thread.start()
        try:
            for _ in range(KILLS):
                with rotation(url, tmp_path) as killed:
                    assert killed.stdout is not None
                    assert killed.stdout.readline().startswith("Encrypting everything with key ")
                    time.sleep(rng.uniform(0, 0.4))
                    killed.send_signal(signal.SIGKILL)
            with rotation(url, tmp_path) as last:
                printed, _ = last.communicate(timeout=300)
        finally:
            writers.stop.set()
            thread.join()
    assert (last.returncode, writers.wrong) == (0, []), printed
    assert printed.endswith("0 record(s) left to encrypt with the first key\n")
    assert len(writers.answers) > KILLS
    with Service(url, tmp_path, people_keys=(B,)) as alone:
        client = alone.as_("coordinator", "oslo")
        for key, answer in writers.answers.items():
            assert client.post("/v1/cases", BODIES[key], key=key).content == answer
        with alone.db.writing() as tx:
            sealed_rows.assert_found(tx, EncryptionKeys([B]))
            assert sealed_rows.openable(tx, EncryptionKeys([A])) == 0
    figure(
        f"T36: rotation killed {KILLS} times at any moment, {len(writers.answers)} cases opened meanwhile,"
        f" {url.split(':', maxsplit=1)[0]}: 0 lost, 0 doubled, the old key opens 0"
    )

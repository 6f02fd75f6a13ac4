"""Many decisions through the batch, the server killed on the way: the database is as if it had not been.

    python -m tests.faults.whole_batch [--decisions N] [--kills N] [--database sqlite|postgresql|URL …]

The run without disturbance is made in this process on SQLite, line after line through the same door. The other one goes
over HTTP to a server that is killed (SIGKILL) and started again; the sender then goes on a thousand lines before the
last receipt it has. Afterwards every table has to hold the same, column by column, sealed ones opened.
"""

import argparse
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from subprocess import Popen

from tests import pg, service
from tests.faults.frozen_server import NOON
from tests.intake import content, making
from tests.intake.wire import Gone, Wire
from tests.process import environment, serving
from ungdom.api.http.auth.principal import SYSTEM_AUTHORITIES
from ungdom.api.http.tokens import Issuer
from ungdom.intake import Sender, stream
from ungdom.intake.stream import Splitter, StreamContext
from ungdom.settings import from_environment
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Database
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

FROZEN = (sys.executable, "-m", "tests.faults.frozen_server")
AGAIN = 1_000
"""As many lines as are sent again after the server was gone."""
BLOCK = 64 * 1024
MOST_MEMORY = 400
"""MiB that the server may hold at once."""
STARTS = 50
"""The server is started at most so often beyond the kills: a run that makes no headway ends."""

Say = Callable[[str], None]


@dataclass
class Sent:
    """What a sender has of its batch: the receipts that came, in the order of the lines."""

    lines: list[bytes]
    receipts: list[bytes] = field(default_factory=list)
    differing: int = 0

    @property
    def complete(self) -> bool:
        return len(self.receipts) == len(self.lines)

    def took(self, number: int, receipt: bytes) -> None:
        """The receipt of this line: a new one, or one that has to be the same as before."""
        if number < len(self.receipts):
            self.differing += self.receipts[number] != receipt
        else:
            self.receipts.append(receipt)


@dataclass
class Run:
    """What a run has cost and left. `memory`: MiB, the most of any of its servers."""

    seconds: float
    memory: int
    kills: int
    hashes: dict[str, str]
    differing: int


def token(url: str, folder: Path) -> str:
    """A token for the frozen instant."""
    who = Viewer(Role.PROSECUTION, "system", None)
    return Issuer(from_environment(environment(url, folder))).issue(who, NOON, timedelta(hours=12))


def undisturbed(url: str, folder: Path, lines: list[bytes], say: Say) -> dict[str, str]:
    """What the database holds when nothing goes wrong."""
    config = from_environment(environment(url, folder))
    db, keys = Database.open(url), EncryptionKeys(config.people_keys)
    door = StreamContext(db, keys, lambda: NOON, "nb", Sender("development-system", SYSTEM_AUTHORITIES))
    for at, group in enumerate(_groups(lines)):
        stream.process_lines(door, group)
        if at % 100 == 0:
            say(f"undisturbed: {at * stream.GROUP} of {len(lines)}")
    found = content.hashes(db, keys)
    db.close()
    return found


def _groups(lines: list[bytes]) -> Iterator[list[stream.NdjsonLine]]:
    split = Splitter()
    for at in range(0, len(lines), stream.GROUP):
        yield list(split.feed(b"".join(lines[at : at + stream.GROUP])))


def disturbed(url: str, folder: Path, lines: list[bytes], kills: int, say: Say, overlap: int = AGAIN) -> Run:
    """The batch over HTTP to a server that is killed so often on its way."""
    sent, memory, done = Sent(lines), 0, 0
    permit, begun = token(url, folder), time.monotonic()
    for _ in range(kills + STARTS):
        if sent.complete:
            break
        with serving(url, folder, *FROZEN) as (base, process):
            mark = (done + 1) * len(lines) // (kills + 1) if done < kills else None
            peak = Peak(process)
            done += push(Wire(base, permit), sent, overlap, _killer(process, mark), say)
            memory = max(memory, peak.end())
    config = from_environment(environment(url, folder))
    db = Database.open(url)
    found = content.hashes(db, EncryptionKeys(config.people_keys))
    db.close()
    return Run(time.monotonic() - begun, memory, done, found, sent.differing)


def _killer(process: "Popen[bytes]", mark: int | None) -> Callable[[int], bool]:
    """Kills the server once so many receipts have come; whether it did."""

    def reached(receipts: int) -> bool:
        if mark is None or receipts < mark:
            return False
        os.kill(process.pid, signal.SIGKILL)
        return True

    return reached


def push(wire: Wire, sent: Sent, overlap: int, reached: Callable[[int], bool], say: Say) -> bool:
    """Send what is left and read what comes, until the end or until the server is gone; whether it was killed."""
    first = max(0, len(sent.receipts) - overlap)
    with wire:
        sender = threading.Thread(target=_send, args=(wire, sent.lines[first:]), daemon=True)
        sender.start()
        killed = _read(wire, sent, first, reached, say)
    sender.join(30)
    return killed


def _send(wire: Wire, lines: list[bytes]) -> None:
    with suppress(OSError):
        block: list[bytes] = []
        size = 0
        for line in lines:
            block.append(line)
            size += len(line)
            if size > BLOCK:
                wire.send(b"".join(block))
                block, size = [], 0
        wire.send(b"".join(block))
        wire.end()


def _read(wire: Wire, sent: Sent, first: int, reached: Callable[[int], bool], say: Say) -> bool:
    number, killed = first, False
    with suppress(Gone):
        while (receipt := wire.receipt()) is not None:
            sent.took(number, receipt)
            number += 1
            if number % 10_000 == 0:
                say(f"receipts: {number} of {len(sent.lines)}")
            if not killed:
                killed = reached(number)
    return killed


class Peak:
    """The most memory a process has held, looked at until it ends."""

    def __init__(self, process: "Popen[bytes]") -> None:
        self._status = Path(f"/proc/{process.pid}/status")
        self._most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> int:
        self._over.set()
        self._thread.join(5)
        return self._most

    def _look(self) -> None:
        while not self._over.wait(0.1):
            with suppress(OSError, IndexError):
                told = self._status.read_text().partition("VmHWM:")[2].split()
                self._most = max(self._most, int(told[0]) // 1024)


def differences(expected: dict[str, str], found: dict[str, str]) -> list[str]:
    """The tables that do not hold the same."""
    return [f"{name}: {expected[name]} / {found.get(name)}" for name in expected if expected[name] != found.get(name)]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--decisions", type=int, default=10_000)
    asked.add_argument("--kills", type=int, default=3)
    asked.add_argument(
        "--database", nargs="+", default=["sqlite"], help="sqlite, postgresql (one is started), or a URL; or several"
    )
    said = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="ungdom-") as name:
        sys.exit(_compared(Path(name), said.decisions, said.kills, said.database))


def _compared(folder: Path, decisions: int, kills: int, databases: list[str]) -> bool:
    lines = [making.line(one) for one in making.mixed(1, decisions)]
    plain = folder / "plain"
    plain.mkdir()
    plain_url = pg.sqlite_url(plain)
    service.fill(plain_url)
    expected = undisturbed(plain_url, folder, lines, _say)
    differing = [_differs(folder, lines, kills, database, expected) for database in databases]
    return any(differing)


def _differs(folder: Path, lines: list[bytes], kills: int, database: str, expected: dict[str, str]) -> bool:
    """One disturbed run, told of; whether it left anything else, or took too much memory."""
    _say(f"{database}: {len(lines)} decisions, {kills} kills")
    with _database(database, folder) as url:
        service.fill(url)
        run = disturbed(url, folder, lines, kills, _say)
    rate = len(lines) / run.seconds
    _say(f"{len(lines)} decisions in {run.seconds:.0f} s ({rate:.0f} a second), {run.kills} kills")
    _say(f"server memory at most {run.memory} MiB; this process {_own_memory()} MiB")
    for name, found in run.hashes.items():
        _say(f"  {name:<18} {found[:40]}")
    wrong = differences(expected, run.hashes)
    wrong += [f"{run.differing} receipts differ from the first ones"] if run.differing else []
    wrong += [f"{run.memory} MiB"] if run.memory >= MOST_MEMORY else []
    _say("\n".join(wrong) or "the same as undisturbed, in every table")
    return bool(wrong)


class _database:  # noqa: N801  # used as a word of a with statement
    """The address of an empty database of this kind, gone with what it needs afterwards; PostgreSQL as delivered."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._kind, self._folder = kind, folder
        self._server: pg.Server | None = None

    def __enter__(self) -> str:
        if self._kind == "sqlite":
            return pg.sqlite_url(self._folder)
        if self._kind != "postgresql":
            return self._kind
        self._server = pg.Server(Path(tempfile.mkdtemp(prefix="ungdom-")), pg.AS_DELIVERED)
        self._server.ensure_started()
        return pg.sqlalchemy_url(pg.Databases(self._server.url).create())

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.stop()


def _own_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

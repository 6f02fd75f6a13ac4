"""A batch over a real connection: receipts while more is sent, senders that pause, never read, break off or lie."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import pytest

from tests import service
from tests.intake import making
from tests.intake.wire import Gone, Wire, outcomes, token, told
from tests.process import serving
from ungdom.intake.stream import GROUP
from ungdom.store.session import Database

BROKEN = b"{\n"


def nameless_files(pid: int) -> set[str]:
    found = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(str(handle.readlink()))
    return {name for name in found if name.endswith("(deleted)")}


@dataclass
class Server:
    """A server in a process of its own."""

    base: str
    process: "Popen[bytes]"
    url: str
    token: str
    inherited: set[str]

    def wire(self, unread: int = 1 << 20) -> Wire:
        return Wire(self.base, self.token, unread)

    def memory(self) -> int:
        """The most it has held at once, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def spools(self) -> int:
        """The files without a name that it has opened since it was started."""
        return len(nameless_files(self.process.pid) - self.inherited)

    def decisions(self) -> int:
        db = Database.open(self.url)
        with db.reading() as tx:
            found = tx.exec_driver_sql("select count(*) from decision").scalar()
        db.close()
        return int(found or 0)


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    url = service.sqlite_copy(sqlite_template, folder)
    with serving(url, folder) as (base, process):
        yield Server(base, process, url, token(url, folder), nameless_files(process.pid))


@pytest.fixture
def own(sqlite_template: Path, tmp_path: Path) -> Iterator[Server]:
    url = service.sqlite_copy(sqlite_template, tmp_path)
    with serving(url, tmp_path) as (base, process):
        yield Server(base, process, url, token(url, tmp_path), nameless_files(process.pid))


def in_time(holds: Callable[[], bool], seconds: float = 30) -> bool:
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.05)
    return holds()


def test_receipts_come_while_the_sender_pauses(server: Server) -> None:
    with server.wire() as wire:
        for _ in range(3):
            wire.send(BROKEN * 2 + b'{"half of a')
            assert told(wire.receipt() or b"{}")["outcome"] == "rejected"
            assert told(wire.receipt() or b"{}")["reason"]["code"] == "broken_line"
            wire.send(b' line"\n')
            assert told(wire.receipt() or b"{}")["line"] % 3 == 0
        wire.end()
        assert wire.receipts() == []


def test_a_sender_that_sends_everything_before_it_reads_is_never_waited_for(
    server: Server, figure: Callable[[str], None]
) -> None:
    count = 20_000
    before = server.memory()
    with server.wire(unread=1 << 14) as wire:
        for _ in range(count // 1_000):
            wire.send(BROKEN * 1_000)
        wire.end()
        assert in_time(lambda: server.spools() == 1)  # receipts that nobody reads lie on disk
        found = wire.receipts()
    assert [told(one)["line"] for one in found] == list(range(1, count + 1))
    size = sum(map(len, found)) >> 20
    assert size >= 4
    assert server.memory() - before < 40
    assert in_time(lambda: server.spools() == 0)
    figure(f"{size} MiB of receipts unread by a sender: server memory + {server.memory() - before} MiB")


def test_a_line_without_end_is_not_held_in_memory(server: Server, figure: Callable[[str], None]) -> None:
    before = server.memory()
    with server.wire() as wire:
        for _ in range(64):
            wire.send(b"x" * (1 << 20))
        wire.send(b"\n" + BROKEN)
        wire.end()
        long, short = map(told, wire.receipts())
    assert (long["reason"]["code"], long["line"]) == ("line_too_long", 1)
    assert (short["reason"]["code"], short["line"]) == ("broken_line", 2)
    assert server.memory() - before < 40
    figure(f"a line of 64 MiB: server memory + {server.memory() - before} MiB")


def test_the_half_of_a_line_where_the_connection_broke_is_no_line(own: Server) -> None:
    chain = making.cases(1, 1)[0]
    first, second = making.line(chain[0]), making.line(chain[1]).rstrip()
    threads = own.threads()
    with own.wire() as wire:
        wire.send(first)
        receipt = wire.receipt()
        wire.send(second)  # complete but for its end: it does not count
        time.sleep(0.3)
    assert in_time(lambda: own.spools() == 0 and own.threads() <= threads + 4)
    assert own.decisions() == 1

    with own.wire() as wire:
        wire.send(first + second)
        wire.end()
        again = wire.receipts()
    assert again[0] == receipt
    assert outcomes(again) == ["applied", "applied"]
    assert own.decisions() == 2


def test_many_senders_that_go_away_leave_nothing_behind(server: Server) -> None:
    with server.wire() as wire:
        wire.send(BROKEN)
        wire.receipt()
    threads = server.threads()
    for _ in range(30):
        with server.wire() as wire:
            wire.send(BROKEN * 500)
            wire.receipt()
    assert in_time(lambda: server.spools() == 0)
    assert server.threads() <= threads + 4  # those of the pool that all requests share
    with server.wire() as wire:
        wire.send(BROKEN)
        wire.end()
        assert len(wire.receipts()) == 1


def test_a_body_shorter_than_it_was_said_to_be_is_broken_off(own: Server) -> None:
    chain = making.cases(2, 1)[0]
    body = making.line(chain[0]) + making.line(chain[1]).rstrip()
    host, _, port = own.base.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        head = (
            f"POST /v1/decisions/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {own.token}\r\n"
            f"Content-Type: application/x-ndjson\r\nContent-Length: {len(body) + 1}\r\n\r\n"
        )
        raw.sendall(head.encode() + body)
        answer = b""
        while b'"applied"' not in answer:
            chunk = raw.recv(65536)
            assert chunk, f"closed after {answer!r}"
            answer += chunk
    time.sleep(0.5)
    assert own.decisions() == 1


def test_a_client_that_asks_whether_to_go_on_is_told_to(server: Server) -> None:
    host, _, port = server.base.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        head = (
            f"POST /v1/decisions/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n"
            "Content-Type: application/x-ndjson\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        raw.sendall(head.encode())
        assert raw.recv(65536).startswith(b"HTTP/1.1 100 Continue")
        raw.sendall(BROKEN)
        assert raw.recv(65536).startswith(b"HTTP/1.1 200")


def send_until_gone(wire: Wire, body: bytes) -> None:
    with suppress(OSError):
        wire.send(body)


def read_until_gone(wire: Wire, receipts: list[bytes]) -> None:
    with suppress(Gone):
        while (one := wire.receipt()) is not None:
            receipts.append(one)


def test_a_server_that_is_told_to_stop_finishes_the_group_in_hand(own: Server) -> None:
    messages = making.mixed(3, 40 * GROUP)
    receipts: list[bytes] = []

    with own.wire() as wire:
        reader = threading.Thread(target=read_until_gone, args=(wire, receipts), daemon=True)
        reader.start()
        sender = threading.Thread(target=send_until_gone, args=(wire, making.lines(messages)), daemon=True)
        sender.start()
        assert in_time(lambda: len(receipts) >= 1)
        os.kill(own.process.pid, signal.SIGTERM)
        own.process.wait(60)
        reader.join(30)
        sender.join(30)
    assert len(receipts) < len(messages)
    kept = own.decisions()
    assert len(receipts) <= kept
    assert kept == len(messages) or kept % GROUP == 0 or kept < GROUP

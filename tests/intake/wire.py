"""A batch as a sender sends it, byte by byte: chunks out, receipts in, over a connection of its own."""

import json
import socket
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.process import environment
from ungdom import clock
from ungdom.api.http.tokens import Issuer
from ungdom.settings import from_environment
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

PATIENCE = 60.0


def token(url: str, folder: Path) -> str:
    """A token of a system that sends decisions to the server on this database."""
    who = Viewer(Role.PROSECUTION, "system", "oslo")
    return Issuer(from_environment(environment(url, folder))).issue(who, clock.now(), timedelta(hours=6))


class Gone(Exception):
    """The server ended the answer before its end."""


@dataclass
class Wire:
    """One request in the making. `unread`: bytes that this side of the connection takes before it reads them."""

    base: str
    token: str
    unread: int = 1 << 20
    _rest: bytes = b""
    _lines: list[bytes] = field(default_factory=list)
    _ended: bool = False

    def __enter__(self) -> Self:
        host, _, port = self.base.removeprefix("http://").partition(":")
        self.socket = socket.socket()
        self.file = self.socket.makefile("rb")
        self.socket.settimeout(PATIENCE)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.unread)
        head = (
            f"POST /v1/decisions/batch HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {self.token}\r\n"
            "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        self._begun = False
        try:
            self.socket.connect((host, int(port)))
            self.socket.sendall(head.encode())
        except OSError:
            self._close()
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        self.file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        """This much of the body."""
        if data:
            self.socket.sendall(b"%x\r\n%b\r\n" % (len(data), data))

    def end(self) -> None:
        """The body is at its end."""
        self.socket.sendall(b"0\r\n\r\n")

    def receipt(self) -> bytes | None:
        """The next receipt as it came; None when the answer is at its end. Raises `Gone`."""
        self._begin()
        while not self._lines and not self._ended:
            self._take()
        return self._lines.pop(0) if self._lines else None

    def receipts(self) -> list[bytes]:
        """All that are left. Raises `Gone`."""
        found = []
        while (one := self.receipt()) is not None:
            found.append(one)
        return found

    def _begin(self) -> None:
        if self._begun:
            return
        status = self.file.readline()
        if not status.startswith(b"HTTP/1.1 200"):
            raise Gone(status)
        while self.file.readline() not in (b"\r\n", b""):
            pass
        self._begun = True

    def _take(self) -> None:
        try:
            size = int(self.file.readline() or b"-1", 16)
            data = self.file.read(size) if size > 0 else b""
            end = self.file.readline() if size >= 0 else b""
        except (OSError, ValueError):
            raise Gone from None
        if size < 0 or len(data) < size or end != b"\r\n":
            raise Gone
        self._ended = size == 0
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._lines += lines


def outcomes(receipts: list[bytes]) -> list[str]:
    """What came of each."""
    return [told(one)["outcome"] for one in receipts]


def told(receipt: bytes) -> dict[str, Any]:
    """What a receipt says."""
    found: dict[str, Any] = json.loads(receipt)
    return found

"""The other ends of the wires: a receiver of messages over HTTP, and a cable that can be cut."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Say = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Got:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


def status(code: int, **headers: str) -> Say:
    """Answer with this status."""

    def say(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in {"Content-Length": "0", **{k.replace("_", "-"): v for k, v in headers.items()}}.items():
            request.send_header(name, value)
        request.end_headers()

    return say


def raw(answer: bytes) -> Say:
    """Answer with these bytes, whatever they are."""
    return lambda request: request.wfile.write(answer) and None


def slow(seconds: float, then: Say) -> Say:
    """Answer after a while."""

    def say(request: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        then(request)

    return say


def drip(request: BaseHTTPRequestHandler) -> None:
    """Answer byte by byte, so that no single wait is long."""
    with suppress(OSError):
        for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 400:
            request.wfile.write(bytes([letter]))
            request.wfile.flush()
            time.sleep(0.05)


class Receiver:
    """A real HTTP server of a partner. `say` answers the requests, `got` keeps them."""

    def __init__(self, say: Say | None = None, trust: ssl.SSLContext | None = None) -> None:
        self.say = say or status(202)
        self.got: list[Got] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._scheme = "http"
        if trust is not None:
            self._scheme = "https"
            self._server.socket = trust.wrap_socket(self._server.socket, server_side=True)
        self._thread = self._serving()

    def _serving(self) -> threading.Thread:
        return threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}/inn"

    @property
    def ids(self) -> list[str]:
        """The message ids, in the order in which they came."""
        return [one.headers["messageId"] for one in self.got]

    def pause(self) -> None:
        """From now on the door is not answered: who knocks waits."""
        self._server.shutdown()
        self._thread.join()

    def resume(self) -> None:
        """The door is answered again, for those who come now; who had knocked and gone is forgotten."""
        self._server.socket.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                self._server.socket.accept()[0].close()
        self._server.socket.setblocking(True)
        self._thread = self._serving()
        self._thread.start()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(Got(self.path, dict(self.headers.items()), body))
                self.close_connection = True
                with suppress(OSError):
                    receiver.say(self)

            def log_message(self, *_said: Any) -> None:
                """Nothing is printed."""

        return Handler


class Cable:
    """A way to a port of this machine that can be cut, or left without a word."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._frozen = threading.Event()
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Every connection through it is gone; new ones get through."""
        ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def freeze(self) -> None:
        """From now on nothing comes back."""
        self._frozen.set()

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
                there = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            self.connections += 1
            self._ends += [here, there]
            threading.Thread(target=self._pass, args=(here, there, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(there, here, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, back: bool) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                if back and self._frozen.is_set():
                    continue
                target.sendall(chunk)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that signs itself, and a server's side of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    since = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, secret = folder / "ca.pem", folder / "key.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file, secret)
    return file, server

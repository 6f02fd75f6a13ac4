"""An issuer of tokens on this machine: it publishes keys that can change, and fails in every way that servers do."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

Key = RSAKey | ECKey
Answer = Callable[["Handler"], None]

MASKINPORTEN = "https://maskinporten.test/"
LOGIN = "https://login.test/staff"
AUDIENCE = "https://ungdom.test"

POLICE, COURT, EXTRACTS, SUPPLIER, STRANGER = "310000019", "310000027", "310000035", "310000043", "310000051"
"""Synthetic organisation numbers, right by their control digit."""


def rsa(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


def ec(kid: str, curve: str = "P-256") -> ECKey:
    return ECKey.generate_key(curve, {"kid": kid})  # type: ignore[arg-type]  # a curve by its name


def public(*keys: Key) -> bytes:
    """The key set that is published."""
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


class Handler(BaseHTTPRequestHandler):
    """Answers as the issuer is told to."""

    server: "Server"

    def do_GET(self) -> None:
        self.server.issuer.asked.append(self.path)
        try:
            self.server.issuer.answer(self)
        except OSError:  # the other side has hung up, as it should when we are slow
            self.close_connection = True

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the library names it
        """Nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    issuer: "FakeIssuer"


class FakeIssuer:
    """Publishes `keys`, unless `answer` says otherwise. `asked`: the paths that were asked for, in order."""

    def __init__(self, *keys: Key) -> None:
        self.keys = list(keys)
        self.asked: list[str] = []
        self.gone = threading.Event()
        self.answer: Answer = self.publish
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.issuer = self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/jwk"

    def encrypted(self, context: ssl.SSLContext) -> str:
        """From now on it speaks TLS; its address. A handshake is made when a request is read, not when it arrives."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        return self.url.replace("http://", "https://")

    def publish(self, handler: Handler) -> None:
        handler.say(200, public(*self.keys))

    def hang(self, _handler: Handler) -> None:
        self.gone.wait(30)

    def drip(self, handler: Handler) -> None:
        """A byte now and then, for ever."""
        handler.send_response(200)
        handler.end_headers()
        while not self.gone.wait(0.05):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    @contextmanager
    def running(self) -> Iterator["FakeIssuer"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.gone.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join(5)


def saying(status: int, body: bytes = b"", **headers: str) -> Answer:
    return lambda handler: handler.say(status, body, **headers)


def signed(key: Key, claims: dict[str, Any], **header: Any) -> str:
    """A token signed with this key, whatever it says."""
    told = {"alg": "RS256" if isinstance(key, RSAKey) else "ES256", "kid": key.kid} | header
    return jwt.encode({k: v for k, v in told.items() if v is not None}, claims, key, algorithms=[told["alg"]])


def consumer(number: str, authority: str = "iso6523-actorid-upis", scheme: str = "0192:") -> dict[str, str]:
    return {"authority": authority, "ID": f"{scheme}{number}"}


SYSTEMS = f"""
[[system]]
organisation = "{POLICE}"
source = "straffesak"
role = "prosecution"
scopes = ["konfliktraadet:ungdom/decisions.write", "konfliktraadet:ungdom/status.read"]
authorities = ["police", "prosecution"]
suppliers = ["{SUPPLIER}"]

[[system]]
organisation = "{COURT}"
source = "lovisa"
role = "prosecution"
scopes = [
    "konfliktraadet:ungdom/cases.read", "konfliktraadet:ungdom/cases.write", "konfliktraadet:ungdom/decisions.write",
]
authorities = ["court"]
konfliktrad = "oslo"

[[system]]
organisation = "{EXTRACTS}"
source = "statistics"
role = "analyst"
scopes = ["konfliktraadet:ungdom/extracts.read"]
"""

PEOPLE = f"""
[issuer.people]
role = ["realm_access", "roles"]
konfliktrad = "office"
acr = ["substantial", "high"]

[issuer.people.roles]
leder = "leader"
koordinator = "coordinator"
sekretariat = "secretariat"

[issuer.people.offices]
"Konfliktrådet Oslo" = "oslo"

[issuer.people.authorization]
type = "ansattporten:altinn:service"
resource = "urn:altinn:resource:5867:1"
organisations = ["{COURT}"]
"""


def issuer_of(kind: str, name: str, **settings: Any) -> str:
    """One issuer, as the access file has it."""
    told = {"kind": kind, "issuer": name, "audience": AUDIENCE} | settings
    return "\n".join(["[[issuer]]", *(f"{key} = {json.dumps(value)}" for key, value in told.items())])


def access_file(folder: Path, *parts: str) -> Path:
    path = folder / "access.toml"
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return path

"""The page about the installation, walked: its own commands as processes, on PostgreSQL, with tokens of a provider."""

import os
import re
import shutil
import ssl
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg
import pytest

from tests import fork, pg, process
from tests.api.issuing import FakeIssuer, Key, rsa, signed
from tests.api.tls import certificate

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "install.md").read_text("utf-8")
BIN = pg.shipped_binaries() / "bin"
LINE = re.compile(r"(?:\(umask (\d+); )?(.+?)\)?")
OWNER, APPLICATION = "ungdom_owner", "ungdom_app"


def blocks(language: str, section: int) -> str:
    """The blocks of that language in the section with this number."""
    [text] = re.findall(rf"^## {section}\..*?(?=^## )", PAGE, re.M | re.S)
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S))


def commands(section: int) -> list[str]:
    return [line for line in blocks("sh", section).splitlines() if line]


@dataclass
class Machine:
    """The machine of the page: its folders below `folder`, and its database server."""

    folder: Path
    server: pg.Server
    settings: dict[str, str] = field(default_factory=dict)

    def placed(self, text: str) -> str:
        """The text with folders of the test in the place of those of the page."""
        for there, here in (("/etc/ungdom", "etc"), ("/var/lib/ungdom", "data"), ("/backup", "backup")):
            text = text.replace(there, str(self.folder / here))
        return text

    def address(self, role: str, database: str) -> str:
        return f"postgresql://{role}@/{database}?host={self.server.folder}"

    def administer(self, lines: list[str]) -> None:
        """Run lines of the page as administrator of the database server."""
        environment = {"PATH": f"{BIN}:{os.environ['PATH']}", "PGHOST": str(self.server.folder), "PGUSER": "postgres"}
        script = self.placed("\n".join(lines))
        subprocess.run(["/bin/sh", "-e", "-c", script], env=environment, check=True, capture_output=True, timeout=60)

    def run(self, lines: list[str], role: str, database: str = "ungdom") -> None:
        """Run lines of the page with the address of this database, a process each; all of them end with 0."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("UNGDOM_", "COV"))}
        environment = outside | self.settings | {"UNGDOM_DATABASE_URL": self.address(role, database)}
        environment["PATH"] = f"{BIN}:{os.environ['PATH']}"
        for line in lines:
            mask, bare = LINE.fullmatch(line).groups()  # type: ignore[union-attr]
            words, _, target = self.placed(bare).partition(" > ")
            program, *arguments = words.split()
            assert program == "ungdom"
            done = fork.run([process.UNGDOM, *arguments], env=environment, timeout=120)
            assert done.returncode == 0, f"{line}\n{done.stdout.decode()}{done.stderr.decode()}"
            if target:
                before = os.umask(int(mask or "022", 8))
                Path(target).write_bytes(done.stdout)
                os.umask(before)

    def configure(self, keys: str) -> None:
        """Settings, access file and list of staff as the page has them; `keys`: the address of the provider's keys."""
        settings = (self.folder / "etc" / "environment").read_text() + self.placed(blocks("ini", 3))
        self.settings = dict(re.findall(r"^(UNGDOM_\w+)=(.+)$", settings, re.M))
        reach = f'jwks_uri = "{keys}"\nca_file = "provider.pem"'
        access = re.sub(r"^jwks_uri = .+$", reach, blocks("toml", 4), flags=re.M)
        (self.folder / "etc" / "access.toml").write_text(access)
        (self.folder / "etc" / "staff.csv").write_text(blocks("csv", 5))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """With a PostgreSQL of its own, as delivered: one that gives up durability is red for the doctor."""
    for folder in ("etc", "data", "backup"):
        (tmp_path / folder).mkdir(mode=0o700)
    server = pg.Server(Path(tempfile.mkdtemp(prefix="ungdom-")), pg.AS_DELIVERED)
    try:
        server.ensure_started()
        yield Machine(tmp_path, server)
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


def token_of(key: Key) -> str:
    """A token of the provider for the coordinator in the list of staff."""
    now = int(datetime.now(UTC).timestamp())
    access = tomllib.loads(blocks("toml", 4))["issuer"][0]
    return signed(
        key,
        {
            **{"iss": access["issuer"], "aud": access["audience"], "sub": "coordinator-oslo", "iat": now, "jti": "1"},
            **{"realm_access": {"roles": ["ungdom-koordinator"]}, "office": "oslo", "exp": now + 600},
        },
    )


def open_first_case(machine: Machine, key: Key) -> int:
    """The status of the answer of `ungdom serve` to the request of the page."""
    [body] = re.findall(r"-d '(\{.+?\})'$", PAGE, re.M | re.S)
    url = machine.address(APPLICATION, "ungdom")
    more = {**machine.settings, "UNGDOM_DATABASE_URL": url}
    with process.serving(url, machine.folder / "data", **more) as (address, _):
        headers = {"Authorization": f"Bearer {token_of(key)}", "Content-Type": "application/json"}
        return httpx.post(f"{address}/v1/cases", content=body, headers=headers, timeout=60).status_code


def test_an_operator_comes_from_nothing_to_a_first_case_and_back_from_a_backup(
    machine: Machine, figure: Callable[[str], None]
) -> None:
    began, key = time.monotonic(), rsa("provider")
    machine.administer(commands(2))
    machine.run(commands(3), OWNER)
    assert (machine.folder / "etc" / "environment").stat().st_mode & 0o777 == 0o600, "nobody else reads the keys"
    encryption = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    encryption.load_cert_chain(certificate(machine.folder / "etc" / "provider.pem", "127.0.0.1"))
    with FakeIssuer(key).running() as provider:
        machine.configure(provider.encrypted(encryption))
        upgrade, grants, *as_service = commands(5)
        machine.run([upgrade, grants], OWNER)
        assert as_service[-1] == "ungdom doctor"
        machine.run(as_service, APPLICATION)
        assert open_first_case(machine, key) == 201
        assert provider.asked, "the service fetches the keys of the provider"
        assert commands(6) == ["ungdom nightly", "ungdom doctor"]
        machine.run(commands(6), APPLICATION)
        backup, create, restore, compare, granted, *checks = commands(8)
        machine.run([backup], OWNER)
        machine.administer([create, restore])
        machine.run([compare, granted], OWNER, "ungdom_restored")
        assert checks[-1] == "ungdom doctor"
        machine.run(checks, APPLICATION, "ungdom_restored")
    with psycopg.connect(machine.address("postgres", "ungdom_restored")) as connection:
        assert connection.execute("SELECT count(*) FROM event").fetchone() == (1,)
    figure(f"an operator's walk from nothing to a restored backup: {time.monotonic() - began:.0f} s without reading")

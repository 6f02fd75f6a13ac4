"""The page about the installation, walked: its own commands and files, on PostgreSQL, with tokens of a provider."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import anyio
import httpx
import psycopg
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests import pg
from tests.api.issuing import public, rsa
from ungdom import cli
from ungdom.app import create_app
from ungdom.settings import from_environment

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "install.md").read_text("utf-8")
BIN = pg.shipped_binaries() / "bin"
APP = "ungdom_install_app"
"""The role of the service: one of the whole server of the tests, so it has a name of its own."""

Typed = Callable[[list[str], str], None]


def blocks(language: str, section: int) -> str:
    """The blocks of that language in the section with this number."""
    [text] = re.findall(rf"^## {section}\..*?(?=^## )", PAGE, re.M | re.S)
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S))


def commands(section: int) -> list[str]:
    return [line for line in blocks("sh", section).splitlines() if line]


def placed(text: str, folder: Path) -> str:
    """The text with folders of the test in the place of those of the machine, and the role of the test."""
    for there, here in (("/etc/ungdom", "etc"), ("/var/lib/ungdom", "data"), ("/backup", "backup")):
        text = text.replace(there, str(folder / here))
    return text.replace("ungdom_app", APP)


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Runs lines of the page, one after the other, with this database; all of them end with 0."""
    for folder in ("etc", "data", "backup"):
        (tmp_path / folder).mkdir(mode=0o700)

    def go(lines: list[str], url: str) -> None:
        monkeypatch.setenv("UNGDOM_DATABASE_URL", url)
        for line in lines:
            mask, bare = re.fullmatch(r"(?:\(umask (\d+); )?(.+?)\)?", line).groups()  # type: ignore[union-attr]
            words, _, target = placed(bare, tmp_path).partition(" > ")
            more = ["--pg-dump", str(BIN / "pg_dump")] if "db backup" in words else []
            monkeypatch.setattr(sys, "argv", [*words.split(), *more])
            with pytest.raises(SystemExit) as ended:
                cli.main()
            said = capsys.readouterr()
            assert not ended.value.code, (line, said.out, said.err)
            if target:
                before = os.umask(int(mask or "022", 8))
                Path(target).write_text(said.out)
                os.umask(before)

    return go


def as_role(libpq: str, role: str) -> str:
    """The address of this database for that role."""
    return pg.sqlalchemy_url(libpq).replace("//postgres@", f"//{role}@")


def make_role(libpq: str) -> None:
    with psycopg.connect(libpq, autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APP,)).fetchone():
            admin.execute(f"CREATE ROLE {APP} LOGIN")


def configured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> RSAKey:
    """Settings, access file and list of staff as the page has them; the key of the provider."""
    settings = (folder / "etc" / "environment").read_text() + placed(blocks("ini", 3), folder)
    for name, value in re.findall(r"^(UNGDOM_\w+)=(.+)$", settings, re.M):
        monkeypatch.setenv(name, value)
    key = rsa("provider")
    access = re.sub(r"^jwks_uri = .+$", 'jwks_file = "keys.json"', blocks("toml", 4), flags=re.M)
    (folder / "etc" / "access.toml").write_text(access)
    (folder / "etc" / "keys.json").write_bytes(public(key))
    (folder / "etc" / "staff.csv").write_text(blocks("csv", 5))
    return key


def token_of(key: RSAKey) -> str:
    """A token of the provider for the coordinator in the list of staff."""
    now = int(datetime.now(UTC).timestamp())
    access = tomllib.loads(blocks("toml", 4))["issuer"][0]
    claims = {
        **{"iss": access["issuer"], "aud": access["audience"], "sub": "coordinator-oslo", "iat": now, "exp": now + 600},
        **{"realm_access": {"roles": ["ungdom-koordinator"]}, "office": "oslo", "jti": "1"},
    }
    return jwt.encode({"alg": "RS256", "kid": "provider"}, claims, key, algorithms=["RS256"])


def open_first_case(key: RSAKey) -> int:
    """The status of the answer to the request of the page."""
    [body] = re.findall(r"-d '(\{.+?\})'$", PAGE, re.M | re.S)
    app = create_app(from_environment())

    async def ask() -> int:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://ungdom.example.no") as client:
            headers = {"Authorization": f"Bearer {token_of(key)}", "Content-Type": "application/json"}
            return (await client.post("/v1/cases", content=body, headers=headers)).status_code

    try:
        return anyio.run(ask)
    finally:
        app.state.db.close()


def test_an_operator_comes_from_nothing_to_a_first_case_and_back_from_a_backup(
    typed: Typed, tmp_path: Path, pg_database: pg.MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ungdom.store.durability.NEEDED", ())  # the server of the tests flushes nothing
    first, restored = pg_database(), pg_database()
    make_role(first)
    typed(commands(3), pg.sqlalchemy_url(first))
    assert (tmp_path / "etc" / "environment").stat().st_mode & 0o777 == 0o600, "nobody else reads the keys"
    key = configured(tmp_path, monkeypatch)
    assert len(commands(5)) == 4
    typed(commands(5)[:2], pg.sqlalchemy_url(first))
    typed(commands(5)[2:], as_role(first, APP))
    assert open_first_case(key) == 201
    backup, compare, *others = commands(8)
    typed([backup], pg.sqlalchemy_url(first))
    options = ["--no-owner", "--no-privileges", "--exit-on-error", f"--dbname={restored}"]
    subprocess.run([BIN / "pg_restore", *options, tmp_path / "backup" / "ungdom"], check=True, capture_output=True)
    typed([compare, others[0]], pg.sqlalchemy_url(restored))
    typed(others[1:], as_role(restored, APP))
    with psycopg.connect(restored) as connection:
        assert connection.execute("SELECT count(*) FROM event").fetchone() == (1,)

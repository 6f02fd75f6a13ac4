"""How the service starts: what it loads, which port it takes, what it says first."""

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests import process
from tests.process import UNGDOM
from tests.service import Service
from ungdom import cli
from ungdom.api.docs import first_calls
from ungdom.api.docs import routes as doc_pages
from ungdom.store.session import Database

ROOT = Path(__file__).parents[1]
HEAVY = (
    "adbc_driver_manager",
    "alembic",
    "duckdb",
    "holidays",
    "highspy",
    "httpx",
    "icalendar",
    "numpy",
    "pyarrow",
    "rich",
)
"""What only some requests use, and is loaded by the first of them: together more than half a second of a processor."""


WITH_A_DATABASE = (
    *(name for name in HEAVY if name != "rich"),
    *("authlib", "babel", "fastapi", "jinja2", "rich.progress", "structlog", "ungdom.api", "ungdom.app"),
)
"""What a command that only lists rows of a database does not load."""
WITHOUT_A_DATABASE = (*WITH_A_DATABASE, "cryptography", "sqlalchemy", "ungdom.store", "ungdom.workflow")
"""What the help does not load."""
LISTING = """
import sys
from ungdom import cli
sys.argv = ["ungdom", {words}]
try:
    cli.main()
except SystemExit as ended:
    assert not ended.code, ended.code
"""


def loaded(statement: str, names: tuple[str, ...]) -> list[str]:
    code = f"import sys\n{statement}\nprint()\nprint(*sorted(set({names!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.splitlines()[-1].split()


def test_the_service_is_imported_without_what_only_some_requests_use() -> None:
    assert loaded("import ungdom.app", HEAVY) == []


def test_a_command_loads_what_it_needs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in process.environment(f"sqlite:///{tmp_path / 'a.db'}", tmp_path).items():
        monkeypatch.setenv(name, value)
    db = Database.open(f"sqlite:///{tmp_path / 'a.db'}")
    db.upgrade()
    db.close()
    for words, left_out in (('"--help"', WITHOUT_A_DATABASE), ('"staff", "list"', WITH_A_DATABASE)):
        assert loaded(LISTING.format(words=words), left_out) == []


def test_the_help_of_the_program_has_the_first_paragraph_of_each_command() -> None:
    assert len(cli.COMMANDS) >= 25
    for command in cli.COMMANDS:
        assert command.loaded.help
        assert command.help == " ".join(command.loaded.help.partition("\n\n")[0].split())


def test_what_is_left_out_is_loaded_by_whoever_uses_it() -> None:
    statement = (
        "from datetime import date; from ungdom.workflow.calendar import is_working_day as w; w(date(2026, 5, 15))"
    )
    assert loaded(statement, ("holidays", "holidays.countries", "numpy")) == ["holidays"]


def test_a_port_in_use_is_named_with_one_that_is_free(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        env = process.environment(f"sqlite:///{tmp_path / 'demo.db'}", tmp_path)
        command = [UNGDOM, "demo", "--cases", "5", "--serve", "--port", str(port)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 2
    said = re.fullmatch(r"ungdom: port (\d+) of 127\.0\.0\.1 is in use .*; try --port (\d+)", done.stderr.strip())
    assert said
    assert int(said[1]) == port != int(said[2])
    assert not (tmp_path / "demo.db").exists()  # it was found out before anything was built


@pytest.mark.parametrize("cases", ["0", "-3", "many", "1.5"])
def test_a_number_of_cases_that_is_none_is_refused_with_what_may_be_given(tmp_path: Path, cases: str) -> None:
    env = process.environment(f"sqlite:///{tmp_path / 'demo.db'}", tmp_path)
    command = [UNGDOM, "demo", f"--cases={cases}"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 2
    assert "neither a number of at least 1 nor the word national" in " ".join(done.stderr.replace("│", " ").split())


def test_the_first_calls_work_as_they_are_printed(tmp_path: Path) -> None:
    env = process.environment(f"sqlite:///{tmp_path / 'demo.db'}", tmp_path)
    with subprocess.Popen(
        [UNGDOM, "demo", "--cases", "60", "--serve", "--port", "0"], env=env, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout
            printed = until_served(server.stdout)
            base = re.search(r"served on (http://127\.0\.0\.1:\d+)/docs", printed)
            assert base
            process.wait_until_ready(base[1], server)
            assert first_calls.as_text(base[1], str(tmp_path / "demo" / "tokens")) in printed
            for call in first_calls.FIRST_CALLS:
                answer = typed(call.command(base[1], str(tmp_path / "demo" / "tokens")), tmp_path)
                assert FIRST_MEMBERS[call.path.partition("?")[0]] <= json.loads(answer).keys(), (
                    call.title,
                    answer[:300],
                )
        finally:
            server.kill()
    modes = {file.stat().st_mode & 0o777 for file in (tmp_path / "demo" / "tokens").iterdir()}
    assert modes == {0o600}


FIRST_MEMBERS = {
    "/v1/worklist": {"on", "items", "next"},
    "/v1/cases": {"items", "next"},
    "/v1/alerts": {"items", "next"},
    "/v1/statistics/caseload": {"as_of", "items", "unread"},
    "/v1/deadline-rules": {"items"},
}
"""What each answer holds, and no problem does."""


def until_served(lines: object) -> str:
    read: list[str] = []
    for line in lines:  # type: ignore[attr-defined]
        read.append(line)
        if "is served on" in line:
            break
    return "".join(read)


def typed(command: str, folder: Path) -> str:
    """What the shell answers; where there is no curl the same request is sent from here."""
    if shutil.which("curl") and (bash := shutil.which("bash")):
        return subprocess.run([bash, "-c", command], cwd=folder, capture_output=True, text=True, check=True).stdout
    url = re.search(r'"(http[^"]+)"', command)
    token = re.search(r"\$\(cat ([^)]+)\)", command)
    assert url
    assert token
    secret = Path(token[1]).read_text(encoding="utf-8").strip()
    return httpx.get(url[1], headers={"Authorization": f"Bearer {secret}", "Accept-Language": "en"}).text


def test_the_first_calls_of_the_tutorial_are_those_that_are_printed() -> None:
    assert first_calls.as_text() in (ROOT / "docs" / "first-hour.md").read_text(encoding="utf-8")


def test_the_document_is_compressed_and_sent_once(one: Service) -> None:
    headers = {"Accept-Encoding": "gzip"}
    first = one.send("GET", "/openapi.json", headers=headers)
    again = one.send("GET", "/openapi.json", headers=headers | {"If-None-Match": first.headers["ETag"]})
    plain = one.send("GET", "/openapi.json", headers={"Accept-Encoding": "identity"})

    assert (first.status_code, first.headers["Content-Encoding"]) == (200, "gzip")
    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Encoding" not in plain.headers
    assert plain.json() == first.json()


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        *((header, True) for header in ("gzip", "br, gzip;q=0.5", "*")),
        *((header, False) for header in ("gzip;q=0", "gzip; q=0, *", "*;q=0", "identity", "", "x-gzip")),
    ],
)
def test_gzip_is_sent_to_whoever_takes_it(header: str, taken: bool) -> None:
    assert doc_pages.takes_gzip(header) is taken

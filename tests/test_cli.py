"""The command line, as it is typed: a small demo, its checks, and the first hour against a served one."""

import importlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from rich.console import Console

from tests import fork, process, service
from tests.process import UNGDOM
from ungdom import cli, texts
from ungdom.api.docs import first_calls
from ungdom.cli import terminal
from ungdom.cli.exit_codes import ExitCode
from ungdom.retention.journal import REQUEST, ErasureJournal, ErasureKind, ErasureLine
from ungdom.settings import Settings

ROOT = Path(__file__).parents[1]
CASES = 40
SECRETS = {"UNGDOM_PEOPLE_KEYS": service.KEY, "UNGDOM_CURSOR_KEY": service.CURSOR_KEY}

SHIM = """#!{python}
import sys, urllib.request, urllib.error
given, headers, data, url = sys.argv[1:], {{}}, None, None
while given:
    word = given.pop(0)
    if word == "-H": name, _, value = given.pop(0).partition(": "); headers[name] = value
    elif word == "-d": data = given.pop(0).encode()
    elif not word.startswith("-"): url = word
try:
    answer = urllib.request.urlopen(urllib.request.Request(url, data, headers))
except urllib.error.HTTPError as refused:
    answer = refused
sys.stdout.buffer.write(answer.read())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a small demo load."""
    folder = tmp_path_factory.mktemp("demo")
    done = ungdom(folder, "demo", "--cases", str(CASES), "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert f"cases {CASES} of {CASES}" in done.stderr
    return folder


def environment(folder: Path) -> dict[str, str]:
    return process.environment(f"sqlite:///{folder / 'demo.db'}", folder)


def ungdom(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(UNGDOM), *arguments]
    return fork.run(command, env=environment(folder), cwd=folder, text=True, timeout=120)


def test_the_demo_load_is_kept_once_it_is_whole(folder: Path) -> None:
    again = ungdom(folder, "demo", "--cases", str(CASES), "--seed", "3")
    assert again.returncode == 0
    assert "is there already" in again.stdout


def test_the_demo_prints_its_result_for_programs(folder: Path) -> None:
    again = ungdom(folder, "demo", "--json")
    values = json.loads(again.stdout)
    assert (values["cases"], values["made_now"], values["url"]) == (CASES, False, None)
    assert Path(folder, values["tokens"], "coordinator").is_file()
    assert "is there already" in again.stderr


@pytest.mark.parametrize("on_terminal", [True, False])
def test_uncounted_work_is_named_on_a_terminal_only(on_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = StringIO()
    monkeypatch.setattr(terminal, "err", Console(file=printed, force_terminal=on_terminal, width=80))
    with terminal.working("reading every table"):
        pass
    assert ("reading every table" in printed.getvalue()) is on_terminal


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """A command in this process, in a folder of its own: its exit code."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("UNGDOM_")]:
        monkeypatch.delenv(name)

    def go(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["ungdom", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0)

    return go


def test_a_fresh_demo_knows_nothing_of_the_one_before_and_an_interrupted_one_leaves_it(
    typed: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / ".ungdom"

    def names() -> set[str]:
        return {path.name for path in data.iterdir() if "demo" in path.name}

    def erased() -> int:
        with closing(sqlite3.connect(data / "demo.db")) as db:
            return int(db.execute("select count(*) from person where erased_at is not null").fetchone()[0])

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ungdom.jobs.nightly.run", lambda *_, **__: [])
    assert typed("demo", "--cases", "3") == 0
    (data / "demo-anchors").mkdir()
    with closing(sqlite3.connect(data / "demo.db")) as db:
        (person,) = db.execute("select person_id from person limit 1").fetchone()
    line = ErasureLine(
        erasure_id=UUID(int=1), kind=ErasureKind.PERSON, rule=REQUEST, decided_at=datetime.now(UTC), ids=(UUID(person),)
    )
    ErasureJournal(data / "demo-erasures.ndjson").append(line)
    assert typed("retention", "replay", "--demo") == 0
    assert erased() == 1
    (data / "anchors").mkdir()
    (data / "erasures.ndjson").write_text("of another database")

    with monkeypatch.context() as patch:
        patch.setattr("ungdom.demo.load.LoadCounter.summary", interrupted)
        assert typed("demo", "--cases", "3", "--fresh") == ExitCode.INTERRUPTED
    assert names() == {"demo", "demo.db", "demo-anchors", "demo-erasures.ndjson"}
    assert erased() == 1

    assert typed("demo", "--cases", "3", "--fresh") == 0
    assert erased() == 0
    assert names() == {"demo", "demo.db"}
    assert (data / "anchors").is_dir()
    assert (data / "erasures.ndjson").read_text() == "of another database"


def test_a_demo_replaces_no_database_that_was_made_while_it_was_built(
    typed: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, command = tmp_path / "other.db", importlib.import_module("ungdom.cli.demo")

    def meanwhile(config: Settings, *_: object) -> None:
        Path(config.database_url.removeprefix("sqlite:///")).write_text("the load")
        file.write_text("of another program")

    monkeypatch.setattr(command, "_load", meanwhile)
    monkeypatch.setattr(command, "_require_closed", lambda *_: None)
    monkeypatch.setenv("UNGDOM_DATABASE_URL", f"sqlite:///{file}")
    assert typed("demo", "--cases", "3") == ExitCode.CALL
    assert "other.db was made by another program meanwhile" in " ".join(capsys.readouterr().err.split())
    assert file.read_text() == "of another program"
    assert not (tmp_path / "other.db.new").exists()


def test_check_is_content_with_the_demo_load_and_finds_a_changed_row(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    assert ungdom(tmp_path / "copy", "db", "check").returncode == 0
    with sqlite3.connect(tmp_path / "copy" / "demo.db") as db:
        db.execute("update case_current set state = 'lapsed', version = version + 1")
    found = ungdom(tmp_path / "copy", "db", "check", "--json")
    assert found.returncode == 1
    assert {one["column"] for one in json.loads(found.stdout)} >= {"version"}
    assert ungdom(tmp_path / "copy", "db", "rebuild").returncode == 0
    assert ungdom(tmp_path / "copy", "db", "check").returncode == 0


@pytest.mark.parametrize("words", [["migrate-cases", "--dry-run", "--json"], ["check", "--json"]])
def test_a_command_looks_into_the_demo_load_when_asked(folder: Path, words: list[str]) -> None:
    apart = {name: value for name, value in environment(folder).items() if name != "UNGDOM_DATABASE_URL"}
    command = [str(UNGDOM), *words, "--demo"]
    done = subprocess.run(command, env=apart, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert json.loads(done.stdout)
    assert not (folder / "ungdom.db").exists()


@pytest.fixture(scope="module")
def released(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with a release, and what the command printed of it in `release.json`."""
    copy = tmp_path_factory.mktemp("released") / "copy"
    shutil.copytree(folder, copy)
    done = ungdom(copy, "release", "--json")
    assert done.returncode == 0, done.stderr
    (copy / "release.json").write_text(done.stdout)
    return copy


def test_tables_are_released_once_and_proved_anew(released: Path) -> None:
    first, again = json.loads((released / "release.json").read_text()), ungdom(released, "release", "--json")
    assert again.returncode == 0, again.stderr
    assert first == json.loads(again.stdout)
    assert first["tables"]
    listed = ungdom(released, "releases", "--json")
    assert [release["sha256"] for release in json.loads(listed.stdout)] == [first["sha256"]]
    proved = ungdom(released, "release", "verify")
    assert (proved.returncode, proved.stdout.strip()) == (0, "every release is as it was made, and every proof holds")
    refused = ungdom(released, "release", "--known-at", "2020-01-01")
    assert refused.returncode == 2
    assert "none is made before it" in refused.stderr


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        (("releases",), {"id", "known at", "figures", "sha256"}),
        (("check",), {"check", "found", "reference", "since", "about"}),
        (("keys", "status"), {"table", "key id", "records", "setting", "use"}),
    ],
)
def test_a_list_is_a_table_on_a_terminal(released: Path, words: tuple[str, ...], columns: set[str]) -> None:
    env = environment(released) | {"FORCE_COLOR": "1", "COLUMNS": "200"}
    shown = subprocess.run([str(UNGDOM), *words], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert shown.returncode in (0, 1), shown.stderr
    bold = {text.strip() for text in re.findall(r"\x1b\[1m([^\x1b]*)\x1b\[0m", shown.stdout)}
    assert {word for text in bold for word in re.split(r"\s{2,}", text)} >= columns, shown.stdout


def test_case_show_tells_a_case_without_names(folder: Path) -> None:
    with sqlite3.connect(folder / "demo.db") as db:
        (reference,) = db.execute("select reference from case_file limit 1").fetchone()
    shown = ungdom(folder, "case", "show", reference)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith(reference)
    assert "Case registered" in shown.stdout or "registered" in shown.stdout.lower()
    told = json.loads(ungdom(folder, "case", "show", reference, "--json").stdout)
    assert told["person"] is None


def test_a_command_loads_neither_the_service_nor_numpy_before_it_needs_them() -> None:
    said = "import sys, ungdom.cli; print(sorted({'fastapi', 'numpy', 'uvicorn'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_an_interrupt_during_the_imports_ends_the_program_without_a_traceback() -> None:
    said = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests run in the background
class Interrupted:
    def find_spec(self, name, *_):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupted())
from ungdom.cli import main
os.kill(os.getpid(), signal.SIGINT)
"""
    command = [sys.executable, "-c", said, "typer"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")
    # afterwards an interrupt is an exception again, which a command cleans up after
    done = subprocess.run([sys.executable, "-c", said, "-"], capture_output=True, text=True, timeout=60, check=False)
    assert "KeyboardInterrupt" in done.stderr


def test_no_case_is_told_in_one_line(folder: Path) -> None:
    found = ungdom(folder, "case", "show", "00000-00000")
    assert found.returncode == 1
    assert found.stderr.strip() == "ungdom: no case 00000-00000"


@pytest.mark.parametrize(
    ("arguments", "changed", "said"),
    [
        (("token", "coordinator"), {}, "needs a konfliktråd"),
        (("token", "system"), {}, "no token is issued"),
        (("token", "leader", "--konfliktrad", "oslo", "--source", "x"), {}, "only the role prosecution"),
        (("token", "prosecution", "--authority", "party"), {}, "a system tells of the acts of"),
        (("serve",), {"UNGDOM_ENV": "production", **SECRETS}, "UNGDOM_ACCESS_FILE is not set"),
        (("token", "admin"), {"UNGDOM_ENV": "production"}, "for development only"),
        (("serve", "--workers", "2"), {}, "SQLite is served by one worker"),
    ],
)
def test_a_call_that_is_off_is_told_in_one_line(
    folder: Path, arguments: tuple[str, ...], changed: dict[str, str], said: str
) -> None:
    command = [str(UNGDOM), *arguments]
    env = environment(folder) | changed
    done = fork.run(command, env=env, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("ungdom: ")
    assert said in " ".join(done.stderr.split())


@pytest.fixture
def served(folder: Path, tmp_path: Path) -> Iterator[str]:
    """The demo load, served in a process of its own."""
    copy = tmp_path / "served"
    shutil.copytree(folder, copy)
    with process.serving(f"sqlite:///{copy / 'demo.db'}", copy) as (address, _):
        yield address


def test_a_link_leads_to_the_port_that_is_served(served: str, tmp_path: Path) -> None:
    token = ungdom(tmp_path / "served", "token", "coordinator", "--konfliktrad", "oslo").stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    asked = urllib.request.Request(f"{served}/v1/calendar-feeds", b"", headers)  # noqa: S310  # a server of this test
    with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
        assert json.load(answer)["address"].startswith(f"{served}/v1/calendar/")


def test_the_first_hour_ends_as_it_says(served: str, tmp_path: Path, figure: Callable[[str], None]) -> None:
    bash = shutil.which("bash")
    assert bash
    tools = tmp_path / "bin"
    tools.mkdir()
    if shutil.which("curl") is None:
        (tools / "curl").write_text(SHIM.format(python=sys.executable))
        (tools / "curl").chmod(0o755)
    text = (ROOT / "docs" / "first-hour.md").read_text(encoding="utf-8")
    tour = "\n".join(
        re.findall(r"```sh\n(.*?)```", text, re.DOTALL)[2:]
    )  # before: the start, and calls of tests/test_start.py
    tour = tour.replace("http://127.0.0.1:8000", served).replace(
        first_calls.TOKENS, str(tmp_path / "served/demo/tokens")
    )
    env = environment(tmp_path / "served") | {"PATH": f"{tools}:{UNGDOM.parent}:{os.environ['PATH']}"}
    began = time.monotonic()
    done = subprocess.run([bash, "-e", "-c", tour], env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"')]
    refused = [line for line in lines if "unmet" in line]
    assert [no["code"] for line in refused for no in line["unmet"]] == ["guardians_consent"]
    assert [line["title"] for line in refused] == [texts.catalogue("en")["problem"]["refused.title"]]
    assert [line["after"]["state"] for line in lines if line.get("type") == "completed"] == ["completed"] * 2
    words = [line for line in done.stdout.splitlines() if line.isalpha()]
    assert words == ["completed", "parked", "applied", "applied", "preparing", "completed"]
    assert [(one["decision_id"], one["outcome"]) for one in lines[-1]["items"]] == [("D-2", "applied")]
    assert "open, weight" in done.stdout
    figure(f"first hour: {len(lines)} answers as told, {time.monotonic() - began:.0f} s without reading")

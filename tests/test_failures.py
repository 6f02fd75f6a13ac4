"""Every command on a database or with settings that do not allow it: one sentence, its exit code, in time."""

import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest
import typer

from tests import pg, process
from ungdom import cli
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.failures import SENTENCES
from ungdom.cli.terminal import progress
from ungdom.store import opening
from ungdom.store.opening import UPGRADABLE, DatabaseFault
from ungdom.store.session import Database

Ended = tuple[int, str]
Run = Callable[..., Ended]

PERIOD = ("--from", "2025-01-01", "--until", "2025-12-31")
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "audit export": ("chains.ndjson",),
    "case archive": ("26001-00001", "--out", "case.zip"),
    "case show": ("26001-00001",),
    "caseload": (),
    "db backup": ("backup.sqlite",),
    "db restore": ("backup.sqlite",),
    "extract": ("cases", "--purpose", "demo", "--known-at", "2026-01-01", "--out", "out.parquet"),
    "extracts": ("--work",),
    "import cases": ("cases.ndjson",),
    "import decisions": ("decisions.ndjson",),
    "indicators": PERIOD,
    "notices set-mail": ("coordinator-ost", "kari@example.no"),
    "notices set-webhook": ("coordinator-ost", "https://hooks.example.no/in", "--kind", "alert.raised"),
    "notices test-mail": ("kari@example.no",),
    "notices test-webhook": ("https://127.0.0.1:1/in",),
    "retention confirm": ("persons", "--basis", "archive plan", "--source", "arkivlova § 9", "--name", "Ola Arkivar"),
    "sessions end": ("--all",),
    "simulate rules": ("changes.toml",),
    "staff add": ("coordinator-ost", "--name", "Sindig Vaffelpresse", "--role", "coordinator"),
    "staff end": ("coordinator-ost",),
    "staff import": ("staff.csv",),
    "statistics completion": PERIOD,
    "statistics lead-time": PERIOD,
    "statistics offices": PERIOD,
    "statistics recidivism": PERIOD,
    "subject-access": ("01890a5d-ac96-774b-bcce-b302099a8057", "--out", "person.zip"),
    "token": ("admin",),
}
"""What a command cannot do without."""

CHANGES = """
[[changes]]
code = "plan_meeting"
length = { days = 45 }
"""

NEED_NOTHING = {"docs", "keys new", "openapi"}
"""Neither settings nor a database: they print or write what stands in the program."""
NEED_NO_SETTINGS = NEED_NOTHING | {"conformance", "protect-output"}
"""The same, and what asks a service over HTTP (tests/test_conformance.py) or reads a file (tests/disclosure)."""
NEED_NO_DATABASE = {"db restore", "notices test-mail", "notices test-webhook", "sandbox", "token"}
REPORTS_ALL = {"doctor"}
"""It ends with a report of what is wrong in place of a sentence: tests/test_doctor.py."""
MAKE_IT = {"db upgrade", "demo"}
"""These make a database, and bring an older one up to date."""
ON_DEMO_BY_THEMSELVES = {"demo", "sandbox", "token"}


def leaves(command: Any, *path: str) -> Iterator[str]:
    """Every command that can be typed, as it is typed."""
    command = getattr(command, "loaded", command)
    below = getattr(command, "commands", {})
    if not below or (path and command.invoke_without_command):
        yield " ".join(path)
    for name, inner in below.items():
        yield from leaves(inner, *path, name)


COMMANDS = sorted(leaves(typer.main.get_command(cli.app)))
ON_A_DATABASE = [name for name in COMMANDS if name not in NEED_NO_SETTINGS | NEED_NO_DATABASE | REPORTS_ALL]
ON_SETTINGS = [name for name in COMMANDS if name not in NEED_NO_SETTINGS | REPORTS_ALL]
NO_JSON = {
    "openapi": "prints JSON anyway",
    "sandbox": "stays; UNGDOM_LOG_FORMAT=json",
    "serve": "stays; UNGDOM_LOG_FORMAT=json",
    "worker": "stays; UNGDOM_LOG_FORMAT=json",
}
"""The commands without --json, and why."""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command in this process, with these variables and no others of ours: its exit code, and what it says."""
    (tmp_path / "cases.ndjson").touch()
    (tmp_path / "decisions.ndjson").touch()
    (tmp_path / "changes.toml").write_text(CHANGES)
    (tmp_path / "staff.csv").write_text("subject,name,roles,active_from\n")
    monkeypatch.chdir(tmp_path)

    def go(name: str, *more: str, **given: str) -> Ended:
        with monkeypatch.context() as patch:
            for variable in process.environment("", tmp_path).keys() - {"PATH"}:
                patch.delenv(variable, raising=False) if variable.startswith("UNGDOM_") else None
            for variable, value in given.items():
                patch.setenv(variable, value)
            patch.setattr(sys, "argv", ["ungdom", *name.split(), *ARGUMENTS.get(name, ()), *more])
            with pytest.raises(SystemExit) as ended:
                cli.main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return go


def on(url: str, folder: Path) -> dict[str, str]:
    return {"UNGDOM_ENV": "development", "UNGDOM_DATABASE_URL": url, "UNGDOM_DATA_DIR": str(folder)}


def is_one_sentence(said: str, fault: DatabaseFault) -> bool:
    """Whether exactly the sentence of this fault has been said."""
    pattern = re.escape(SENTENCES[fault]).replace(re.escape("{detail}"), ".+")
    return re.fullmatch(f"ungdom: {pattern}\n", said) is not None


def test_every_command_is_looked_at() -> None:
    assert set(ARGUMENTS) | NEED_NO_SETTINGS | NEED_NO_DATABASE | MAKE_IT <= set(COMMANDS)
    assert len(COMMANDS) >= 30


def test_every_command_prints_json_where_somebody_could_read_it() -> None:
    tree = typer.main.get_command(cli.app)

    def options(path: str) -> set[str]:
        command: Any = tree
        for name in path.split():
            command = command.commands[name]
            command = getattr(command, "loaded", command)
        return {option for parameter in command.params for option in parameter.opts}

    assert {name for name in COMMANDS if "--json" not in options(name)} == set(NO_JSON)


@pytest.mark.parametrize(
    ("error", "code", "start"),
    [
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, ""),
        (RuntimeError("of Ola, hemmelig"), ExitCode.FAULT, "ungdom: a fault of the program (RuntimeError)"),
        (
            OSError(28, "No space left on device", "/srv/a"),
            ExitCode.SYSTEM,
            "ungdom: the system refused what the command needs: /srv/a: No space left on device\n",
        ),
    ],
)
def test_whatever_goes_wrong_no_command_ends_with_a_traceback(
    error: BaseException, code: int, start: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("ungdom.settings.from_environment", broken)
    commands = [name for name in COMMANDS if name not in NEED_NO_SETTINGS]
    assert len(commands) > 20
    for name in commands:
        ended, said = run(name, UNGDOM_ENV="development")
        lines = [line for line in said.splitlines() if line.startswith("ungdom:")]
        assert (ended, len(lines)) == (code, 1 if start else 0), (name, said)
        assert "\n".join(lines).startswith(start.strip())
        assert "Traceback" not in said
        assert "hemmelig" not in said


# --- SQLite ---------------------------------------------------------------------------------------------------


def missing(file: Path) -> None:
    file.unlink(missing_ok=True)


def empty(file: Path) -> None:
    file.touch()


def foreign(file: Path) -> None:
    with sqlite3.connect(file) as db:
        db.execute("create table other (id integer)")
    db.close()


def stamped(file: Path, revision: str) -> None:
    with sqlite3.connect(file) as db:
        db.execute("create table alembic_version (version_num varchar(32) not null)")
        db.execute("insert into alembic_version values (?)", (revision,))
    db.close()


def outdated(file: Path) -> None:
    db = Database.open(f"sqlite:///{file}")
    stamped(file, min(db.revisions() - {str(db.head())}))
    db.close()


def newer(file: Path) -> None:
    stamped(file, "of_next_year")


def text(file: Path) -> None:
    file.write_text("a letter, and no database at all, long enough to be read as one " * 20)


def folder(file: Path) -> None:
    file.mkdir()


FILES = {
    DatabaseFault.MISSING: missing,
    DatabaseFault.EMPTY: empty,
    DatabaseFault.FOREIGN: foreign,
    DatabaseFault.OUTDATED: outdated,
    DatabaseFault.NEWER: newer,
}


@pytest.mark.parametrize("fault", FILES)
@pytest.mark.parametrize("name", ON_A_DATABASE)
def test_a_sqlite_database_that_cannot_be_used(name: str, fault: DatabaseFault, run: Run, tmp_path: Path) -> None:
    if name in MAKE_IT and fault in UPGRADABLE:
        name = "check"  # the two have nothing to refuse: the tests of the demo and of migrations run them
    FILES[fault](tmp_path / "a.db")
    code, said = run(name, **on(f"sqlite:///{tmp_path / 'a.db'}", tmp_path))
    assert is_one_sentence(said, fault), said
    assert code == ExitCode.DATABASE
    assert fault is not DatabaseFault.MISSING or not (tmp_path / "a.db").exists()


@pytest.mark.parametrize("make", [text, folder])
@pytest.mark.parametrize("name", ON_A_DATABASE)
def test_a_file_that_is_no_database(name: str, make: Callable[[Path], None], run: Run, tmp_path: Path) -> None:
    make(tmp_path / "a.db")
    code, said = run(name, **on(f"sqlite:///{tmp_path / 'a.db'}", tmp_path))
    assert is_one_sentence(said, DatabaseFault.UNREACHABLE), said
    assert code == ExitCode.DATABASE


@pytest.mark.parametrize("name", ["check", "db upgrade"])
def test_a_locked_sqlite_database(name: str, run: Run, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db", isolation_level=None) as db:
        db.execute("begin exclusive")
        begun = time.monotonic()
        code, said = run(name, **on(f"sqlite:///{tmp_path / 'a.db'}", tmp_path))
    db.close()
    assert is_one_sentence(said, DatabaseFault.BUSY), said
    assert code == ExitCode.DATABASE
    assert time.monotonic() - begun < 15


def test_the_files_of_a_database_are_their_owners_alone(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("db upgrade", **on(f"sqlite:///{data / 'a.db'}", data)) == (0, "")
    with sqlite3.connect(data / "a.db") as db:
        db.execute("update konfliktrad set code = code")
        files = [data, *(data / f"a.db{ending}" for ending in ("", "-wal", "-shm"))]
        assert [path.stat().st_mode & 0o777 for path in files] == [0o700, 0o600, 0o600, 0o600]
        for path in files:
            path.chmod(0o755)
        assert run("db check", **on(f"sqlite:///{data / 'a.db'}", data))[0] == 0
        assert [path.stat().st_mode & 0o777 for path in files] == [0o700, 0o700, 0o700, 0o700]
    db.close()


def test_a_folder_that_all_share_is_refused(run: Run, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    code, said = run("check", **on(f"sqlite:///{shared / 'a.db'}", shared))
    assert (code, said.count("\n")) == (ExitCode.CALL, 1)
    assert "is not this user's alone" in said
    assert shared.stat().st_mode & 0o7777 == 0o1777


@pytest.mark.parametrize(
    ("keep", "why"),
    [
        ("0 days", "would erase at once"),
        ("0 years 0 months", "would erase at once"),
        ("201 years", "is too long"),
        ("99999999999 years", "is no length"),
        ("1 year 2 years", "is no length"),
        ("10", "is no length"),
        ("\u0663 years", "is no length"),
        ("", "is no length"),
    ],
)
def test_a_length_that_nothing_is_kept_for_is_refused(keep: str, why: str, run: Run, tmp_path: Path) -> None:
    code, said = run("retention confirm", "--keep", keep, **on(f"sqlite:///{tmp_path / 'a.db'}", tmp_path))
    assert (code, said.count("\n")) == (ExitCode.CALL, 1)
    assert said.startswith("ungdom: --keep: ")
    assert why in said


def test_a_journal_of_erasures_that_cannot_be_read_is_named(run: Run, tmp_path: Path) -> None:
    url, journal = f"sqlite:///{tmp_path / 'a.db'}", tmp_path / "erasures.ndjson"
    assert run("db upgrade", **on(url, tmp_path)) == (0, "")
    journal.write_bytes(b"no erasure\n")
    code, said = run("check", **on(url, tmp_path))
    assert (code, said.count("\n")) == (ExitCode.DATABASE, 1)
    assert said.startswith(f"ungdom: line 1 of {journal} is no erasure: ")
    journal.unlink()
    journal.mkdir()
    code, said = run("check", **on(url, tmp_path))
    assert (code, said.count("\n")) == (ExitCode.DATABASE, 1)
    assert said.startswith(f"ungdom: the journal of erasures {journal} cannot be used: ")


# --- PostgreSQL -------------------------------------------------------------------------------------------------


@pytest.fixture
def closed_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@pytest.mark.parametrize("name", ON_A_DATABASE)
def test_a_server_that_is_not_there(name: str, run: Run, tmp_path: Path, closed_port: str) -> None:
    code, said = run(name, **on(f"postgresql://me:hemmelig@127.0.0.1:{closed_port}/a", tmp_path))
    assert is_one_sentence(said, DatabaseFault.UNREACHABLE), said
    assert code == ExitCode.DATABASE
    assert "hemmelig" not in said


@pytest.mark.parametrize("name", ON_A_DATABASE)
def test_a_database_or_a_user_that_the_server_does_not_have(
    name: str, run: Run, tmp_path: Path, pg_server: str
) -> None:
    there = pg.sqlalchemy_url(pg_server)
    for url, what in (
        (there.replace("/postgres?", "/of_nobody?"), 'database "of_nobody" does not exist'),
        (there.replace("//postgres@", "//nobody_here:hemmelig@"), 'role "nobody_here" does not exist'),
    ):
        assert url != there
        code, said = run(name, **on(url, tmp_path))
        assert is_one_sentence(said, DatabaseFault.UNREACHABLE), said
        assert what in said
        assert "hemmelig" not in said
        assert code == ExitCode.DATABASE


@pytest.fixture
def wrong_password() -> Iterator[str]:
    """The address of a server that answers whoever comes as PostgreSQL answers a wrong password."""
    refusal = b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "me"\0\0'

    def answer(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(b"E" + (len(refusal) + 4).to_bytes(4, "big") + refusal)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=answer, args=(server,), daemon=True)
        thread.start()
        port = server.getsockname()[1]
        yield f"postgresql://me:hemmelig@127.0.0.1:{port}/a?sslmode=disable&gssencmode=disable"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("name", ON_A_DATABASE)
def test_a_wrong_password(name: str, run: Run, tmp_path: Path, wrong_password: str) -> None:
    code, said = run(name, **on(wrong_password, tmp_path))
    assert is_one_sentence(said, DatabaseFault.UNREACHABLE), said
    assert 'password authentication failed for user "me"' in said
    assert "hemmelig" not in said
    assert code == ExitCode.DATABASE


def test_an_upgrade_does_not_wait_long_for_another(run: Run, tmp_path: Path, pg_database: pg.MakeDatabase) -> None:
    libpq = pg_database()
    begun = time.monotonic()
    with psycopg.connect(libpq) as other:
        other.execute("select pg_advisory_xact_lock(hashtext('ungdom migrations'))")
        code, said = run("db upgrade", **on(pg.sqlalchemy_url(libpq), tmp_path))
    assert (code, said.count("\n")) == (ExitCode.DATABASE, 1)
    assert said.startswith("ungdom: the database cannot be reached or is too busy")
    assert time.monotonic() - begun < 15


@pytest.fixture
def silent_port() -> Iterator[str]:
    """A server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as server:
        yield str(server.getsockname()[1])


@pytest.mark.parametrize("name", ON_A_DATABASE)
def test_a_server_that_does_not_answer(
    name: str, run: Run, tmp_path: Path, silent_port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "ANSWER_WITHIN", 0.2)
    code, said = run(name, **on(f"postgresql://127.0.0.1:{silent_port}/a", tmp_path))
    assert is_one_sentence(said, DatabaseFault.SILENT), said
    assert code == ExitCode.DATABASE


@pytest.mark.parametrize("name", ["check", "serve"])
def test_a_server_that_does_not_answer_is_given_up_in_time(
    name: str, run: Run, tmp_path: Path, silent_port: str
) -> None:
    begun = time.monotonic()
    code, said = run(name, **on(f"postgresql://127.0.0.1:{silent_port}/a", tmp_path))
    assert time.monotonic() - begun < 15
    assert code == ExitCode.DATABASE
    assert is_one_sentence(said, DatabaseFault.UNREACHABLE) or is_one_sentence(said, DatabaseFault.SILENT), said


def test_a_server_that_does_not_answer_ends_a_process(tmp_path: Path, silent_port: str) -> None:
    environment = process.environment(f"postgresql://127.0.0.1:{silent_port}/a", tmp_path)
    command = [str(process.UNGDOM), "serve"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == ExitCode.DATABASE, done.stderr
    assert done.stderr.startswith("ungdom: the database ")
    assert done.stderr.count("\n") == 1


def test_a_postgresql_database_without_a_schema_or_with_a_newer_one(
    run: Run, tmp_path: Path, pg_database: pg.MakeDatabase
) -> None:
    url = pg.sqlalchemy_url(pg_database())
    code, said = run("check", **on(url, tmp_path))
    assert (is_one_sentence(said, DatabaseFault.EMPTY), code) == (True, ExitCode.DATABASE)
    assert run("db upgrade", **on(url, tmp_path)) == (0, "")
    db = Database.open(url)
    with db.writing() as tx:
        tx.exec_driver_sql("update alembic_version set version_num = 'of_next_year'")
    db.close()
    for name in ON_A_DATABASE:
        code, said = run(name, **on(url, tmp_path))
        assert (is_one_sentence(said, DatabaseFault.NEWER), code) == (True, ExitCode.DATABASE), (name, said)


# --- settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [name for name in COMMANDS if name not in NEED_NO_SETTINGS | ON_DEMO_BY_THEMSELVES | REPORTS_ALL]
)
def test_without_a_kind_of_installation_a_command_says_what_to_set(name: str, run: Run, tmp_path: Path) -> None:
    code, said = run(name)
    assert (code, said.count("\n")) == (ExitCode.CALL, 1)
    assert said.startswith("ungdom: UNGDOM_ENV is not set: set it to `development` or `production`")
    assert "only `ungdom demo`, `ungdom token` and commands with --demo start without it" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "cases.ndjson",
        "changes.toml",
        "decisions.ndjson",
        "staff.csv",
    ]


@pytest.mark.parametrize("name", ON_SETTINGS)
def test_with_wrong_settings_a_command_names_them_all(name: str, run: Run) -> None:
    code, said = run(name, UNGDOM_ENV="development", UNGDOM_THREADS="four", UNGDOM_PEPLE_KEYS="x")
    assert code == ExitCode.CALL
    assert [line.split()[0] for line in said.splitlines()] == ["ungdom:", "UNGDOM_PEPLE_KEYS", "UNGDOM_THREADS"]


@pytest.mark.parametrize("name", ["demo", "token"])
def test_demo_data_and_development_tokens_are_refused_elsewhere(name: str, run: Run) -> None:
    code, said = run(name, UNGDOM_ENV="production")
    assert (code, said.count("\n")) == (ExitCode.CALL, 1)
    assert "are for development only" in said


@pytest.mark.parametrize("name", sorted(NEED_NOTHING))
def test_what_needs_no_settings_reads_none(name: str, run: Run, tmp_path: Path) -> None:
    where = {"docs": ("--root", str(tmp_path)), "openapi": ("--out", str(tmp_path / "v1.json"))}
    assert run(name, *where.get(name, ()), UNGDOM_ENV="nonsense !")[0] == 0


def test_a_command_on_the_demo_starts_without_any_setting(run: Run) -> None:
    said = "ungdom: there is no database .ungdom/demo.db: `ungdom demo` makes it\n"
    assert run("check", "--demo") == (ExitCode.DATABASE, said)


# --- the call -----------------------------------------------------------------------------------------------------


@pytest.fixture
def current(tmp_path: Path) -> dict[str, str]:
    """The variables of an installation with an empty database of this schema."""
    url = f"sqlite:///{tmp_path / 'a.db'}"
    db = Database.open(url)
    db.upgrade()
    db.close()
    return on(url, tmp_path)


@pytest.mark.parametrize("case", ["26001-00001", "0198c0de-0000-7000-8000-000000000001"])
def test_a_case_that_is_not_there(
    case: str, run: Run, current: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ARGUMENTS, "case show", (case,))
    assert run("case show", **current) == (ExitCode.FOUND, f"ungdom: no case {case}\n")


@pytest.mark.parametrize("where", ["nothing/x.json", "."])
def test_a_file_that_cannot_be_written(where: str, run: Run) -> None:
    code, said = run("openapi", "--out", where)
    assert (code, said.count("\n")) == (ExitCode.CALL, 1)
    assert said.startswith(f"ungdom: {where} cannot be written: ")


def test_a_checkout_that_is_not_there(run: Run) -> None:
    assert run("docs", "--root", "nothing") == (ExitCode.CALL, "ungdom: nothing is no folder\n")


@pytest.mark.parametrize("hours", ["1e300", "nan", "inf", "-1", "0"])
def test_a_token_for_no_time_or_for_ever(hours: str, run: Run) -> None:
    code, said = run("token", f"--hours={hours}")
    assert (code, said.count("\n")) == (ExitCode.CALL, 1)
    assert "is not above 0 and at most 8760, a year" in said


def test_a_language_that_is_none(run: Run, current: dict[str, str]) -> None:
    code, said = run("import decisions", "--language", "xx", **current)
    assert code == ExitCode.CALL
    assert "'xx' is not one of 'nb', 'nn', 'en'" in " ".join(said.replace("│", " ").split())


def options(command: Any, *path: str) -> Iterator[tuple[str, str]]:
    """Every option of every command."""
    command = getattr(command, "loaded", command)
    for option in command.params:
        yield from ((" ".join(path), name) for name in option.opts)
    for name, inner in getattr(command, "commands", {}).items():
        yield from options(inner, *path, name)


OPTIONS = list(options(typer.main.get_command(cli.app)))
OF_AN_OFFICE = [name for name, option in OPTIONS if option == "--konfliktrad"]
WHERE = [name for name, option in OPTIONS if option == "--where"]


def test_commands_that_look_at_one_office_are_known() -> None:
    assert (sorted(OF_AN_OFFICE), WHERE) == (
        ["caseload", "indicators", "migrate-cases", "staff add", "staff list", "token"],
        ["statistics lead-time", "statistics completion", "statistics recidivism"],
    )


@pytest.mark.parametrize(
    ("name", "given"),
    [
        *((name, ("--konfliktrad", "bergen")) for name in OF_AN_OFFICE),
        *((name, ("--where", "konfliktrad=bergen")) for name in WHERE),
    ],
)
def test_an_office_that_is_none(name: str, given: tuple[str, str], run: Run, current: dict[str, str]) -> None:
    code, said = run(name, *given, **current)
    assert (code, said.count("\n")) == (ExitCode.CALL, 1)
    assert said.startswith("ungdom: there is no konfliktråd 'bergen'; the codes are oslo, ost, innlandet, ")


# --- the demo -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted({name for name, option in OPTIONS if option == "--demo"} - REPORTS_ALL))
def test_without_a_demo_a_command_on_it_says_what_makes_one_and_writes_nothing(
    name: str, run: Run, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    said = "ungdom: there is no database .ungdom/demo.db: `ungdom demo` makes it\n"
    assert run(name, "--demo") == (ExitCode.DATABASE, said)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("fault", [DatabaseFault.EMPTY, DatabaseFault.OUTDATED])
def test_an_older_demo_is_brought_up_to_date_by_the_demo(fault: DatabaseFault, run: Run, tmp_path: Path) -> None:
    (tmp_path / ".ungdom").mkdir(mode=0o700)
    FILES[fault](tmp_path / ".ungdom" / "demo.db")
    code, said = run("check", "--demo")
    assert (code, said.count("\n")) == (ExitCode.DATABASE, 1)
    assert said.endswith("run `ungdom demo`\n")


def test_a_demo_that_is_open_elsewhere_is_not_thrown_away(run: Run, tmp_path: Path) -> None:
    assert run("demo", "--cases", "5")[0] == 0
    file = tmp_path / ".ungdom" / "demo.db"
    server = Database.open(f"sqlite:///{file}")
    with server.reading() as tx:
        count = tx.exec_driver_sql("select count(*) from case_file").scalar()
    code, said = run("demo", "--cases", "6", "--fresh")
    assert (code, said) == (
        ExitCode.DATABASE,
        "ungdom: the database is locked by another program: try again when it is done "
        f"({file} is open there; stop the server that serves it)\n",
    )
    with sqlite3.connect(file) as db:
        assert db.execute("select count(*) from case_file").fetchone()[0] == count == 5
    db.close()
    server.close()
    assert run("demo", "--cases", "6", "--fresh")[0] == 0


# --- the folder of a database -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["check", "db upgrade", "serve"])
def test_a_folder_that_is_not_there(name: str, run: Run, tmp_path: Path) -> None:
    code, said = run(name, **on(f"sqlite:///{tmp_path / 'nothing' / 'a.db'}", tmp_path))
    assert is_one_sentence(said, DatabaseFault.NO_FOLDER), said
    assert f"there is no folder {tmp_path / 'nothing'} " in said
    assert code == ExitCode.DATABASE


@pytest.mark.parametrize(("mode", "taken"), [(0o1777, False), (0o777, False), (0o775, True), (0o755, True)])
def test_a_file_in_a_folder_that_everybody_can_write_to_is_refused(
    mode: int, taken: bool, run: Run, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(mode)
    code, said = run("db upgrade", **on(f"sqlite:///{shared / 'a.db'}", tmp_path / "data"))
    assert (code == ExitCode.DONE, (shared / "a.db").exists()) == (taken, taken)
    assert taken or "is not this user's alone" in said
    assert shared.stat().st_mode & 0o7777 == mode


# --- progress -----------------------------------------------------------------------------------------------------


def test_the_last_line_of_progress_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("bytes") as report:
        for done in (10, 10, 10):
            report(done, 10)
    assert capsys.readouterr().err == "bytes 10 of 10\n"


def test_a_dimension_that_is_none_is_answered_with_those_there_are(run: Run, current: dict[str, str]) -> None:
    code, said = run("statistics lead-time", "--by", "foo", **current)
    assert (code, said.count("\n")) == (ExitCode.CALL, 1)
    assert said.startswith("ungdom: --by: ")
    assert "period, konfliktrad, police_district" in said


def test_help_begins_with_what_the_program_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.app(["--help"])
    text = capsys.readouterr().out
    assert "Cases of ungdomsstraff and ungdomsoppfølging" in text
    assert "numpy" not in text

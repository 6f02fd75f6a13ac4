"""Output, progress, and the database and settings of the commands."""

import json
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from string import Formatter
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape

from ungdom import clock, settings
from ungdom.retention.journal import ErasureJournal
from ungdom.retention.replay import replay
from ungdom.settings import BadSettings, Settings
from ungdom.settings.forms import DEVELOPMENT
from ungdom.settings.model import DATA_DIR, DEMO_FILE
from ungdom.store import key_usage
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.opening import DatabaseFault, Unusable, require
from ungdom.store.session import Database

if TYPE_CHECKING:
    from rich.table import Table

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Report = Callable[[int, int], None]
SECONDS_BETWEEN_LINES = 3
WIDE = 140
"""Width of the tables in columns, also where the output is not a terminal."""


def _set_quiet(as_json: bool) -> bool:
    """Called by typer with the value of --json before the command runs."""
    _QUIET.set(as_json)
    return as_json


_QUIET = ContextVar("_QUIET", default=False)
"""Whether the command prints JSON: then no progress is shown, so that both streams are for programs."""
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.", callback=_set_quiet)]
OnDemo = Annotated[bool, typer.Option("--demo", help="Use the demo database.")]


class UnusableDemo(Unusable):
    """The demo database cannot be used: `ungdom demo` creates one, or upgrades an older one."""


@contextmanager
def progress(what: str) -> Iterator[Report]:
    """A progress bar on a terminal; elsewhere a line every few seconds; with --json nothing."""
    if _QUIET.get():
        yield lambda _done, _total: None
        return
    if not err.is_terminal:
        yield _plain_lines(what)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def working(what: str) -> Iterator[None]:
    """What is being done, for work that is not counted: on a terminal, without --json. The line goes at the end."""
    if _QUIET.get() or not err.is_terminal:
        yield
        return
    with err.status(what):
        yield


@contextmanager
def phases() -> Iterator[Callable[[str, int | None, int | None], None]]:
    """What a job of several phases is doing, as `progress` shows one of a single phase."""
    if _QUIET.get():
        yield lambda _phase, _done, _total: None
        return
    if not err.is_terminal:
        lines = _Lines()
        yield lines.report
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err) as bar:
        task = bar.add_task("", total=None)

        def report(phase: str, done: int | None, total: int | None) -> None:
            counted = f" {done} of {total}" if total else ""
            bar.update(task, description=f"{phase}{counted}", completed=done or 0, total=total or None)

        yield report


class _Lines:
    """A line every few seconds, of whatever is done then."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def report(self, phase: str, done: int | None, total: int | None) -> None:
        """Print how far it is, unless that was printed just now."""
        if time.monotonic() - self._last > SECONDS_BETWEEN_LINES:
            self._last = time.monotonic()
            err.print(f"{phase} {done} of {total}" if total else phase, markup=False)


def _plain_lines(what: str) -> Report:
    last, shown = time.monotonic(), ""

    def report(done: int, total: int) -> None:
        nonlocal last, shown
        line = f"{what} {done} of {total}"
        if line != shown and (done >= total or time.monotonic() - last > SECONDS_BETWEEN_LINES):
            last, shown = time.monotonic(), line
            err.print(line)

    return report


def sheet() -> Console:
    """A console that is wide enough for the tables."""
    return Console(highlight=False, soft_wrap=True, width=max(WIDE, out.width))


def print_result(values: Mapping[str, object], line: str, as_json: bool) -> None:
    """Print what a command has done: the line, or the values as JSON."""
    if as_json:
        out.print_json(json.dumps(values, default=str))
    else:
        out.print(line, markup=False)


def print_counts(counts: dict[str, int], as_json: bool) -> None:
    """Print the counts in one line, or as JSON."""
    if as_json:
        out.print_json(json.dumps(counts))
    else:
        out.print(", ".join(f"{name} {count}" for name, count in counts.items()))


def print_rows(rows: list[dict[str, Any]], layout: str, as_json: bool) -> None:
    """Print all rows as JSON, as a table on a terminal, or elsewhere a line per row, which `layout` formats.

    The table has the fields of the layout, in its order.
    """
    if as_json:
        out.print_json(json.dumps(rows))
    else:
        columns = [name for _, name, _, _ in Formatter().parse(layout) if name]
        print_table(rows, columns, (layout.format(**row) for row in rows))


def print_table(rows: list[dict[str, Any]], columns: list[str], lines: Iterable[str]) -> None:
    """Print these columns of the rows as a table on a terminal, and elsewhere the lines."""
    if out.is_terminal and rows:
        out.print(_table(rows, columns))
    else:
        for line in lines:
            out.print(line, markup=False)


def _table(rows: list[dict[str, Any]], columns: list[str]) -> "Table":
    from rich.table import Table

    table = Table(*(name.replace("_", " ") for name in columns), box=None, header_style="bold")
    for row in rows:
        table.add_row(*(escape(str(row[name])) for name in columns))
    return table


def id_of(kind: str, text: str) -> UUID:
    """The id of an object of this kind. Raises `BadSettings`."""
    try:
        return UUID(text)
    except ValueError:
        raise BadSettings(f"{text} is no id of a {kind}") from None


def open_database(config: Settings, allowed: Collection[DatabaseFault] = (), erasures_first: bool = True) -> Database:
    """The database of these settings; creates the data folder. Raises `Unusable` for a fault that is not allowed.

    `erasures_first`: what a restored backup brought back is erased again, unless a fault is allowed.
    """
    settings.private_folder(config.data_dir)
    db = Database.open(config.database_url)
    try:
        require(db, allowed)
    except Unusable as error:
        db.close()
        raise (UnusableDemo(error.fault, error.detail) if config.is_demo else error) from None
    except Exception:
        db.close()
        raise
    if erasures_first and not allowed:
        erase_again(db, config)
    return db


def open_readable_database(config: Settings) -> Database:
    """The database of these settings, whose records their keys open. Raises `Unusable` or `MissingKeys`."""
    db = open_database(config)
    try:
        with db.reading() as tx:
            key_usage.require_keys(tx, EncryptionKeys.of(config))
    except Exception:
        db.close()
        raise
    return db


def erase_again(db: Database, config: Settings) -> int:
    """Erase again what a restored backup brought back, before anything is read; how many erasures that were.

    Closes the database where that fails. Raises the errors of the store.
    """
    try:
        return replay(db, EncryptionKeys.of(config), ErasureJournal(config.erasures), clock.now)
    except Exception:
        db.close()
        raise


def selected_settings(on_demo: bool) -> Settings:
    """The settings of this process, or of the demo. Raises `UnusableDemo` when there is no demo database."""
    if not on_demo:
        return settings.from_environment()
    given, file = _demo_variables()
    if given["UNGDOM_DATABASE_URL"] == f"sqlite:///{file}" and not file.exists():
        raise UnusableDemo(DatabaseFault.MISSING, str(file))
    return settings.from_environment(given)


def demo_settings() -> Settings:
    """The settings of the demo: a development installation, with the demo database unless another is set.

    Raises `BadSettings` where UNGDOM_ENV names another kind of installation.
    """
    return settings.from_environment(_demo_variables()[0])


@contextmanager
def background(name: str, target: Callable[[], object], stop: Event, timeout: float) -> Iterator[None]:
    """Run `target` in a thread inside the `with` statement; at the end, stop it and wait at most `timeout` seconds."""
    thread = Thread(target=target, name=name)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout)


def _demo_variables() -> tuple[dict[str, str], Path]:
    """The environment variables of the demo, and the path of its database file."""
    given = {name: value for name, value in os.environ.items() if value.strip()}
    if (env := given.get("UNGDOM_ENV", DEVELOPMENT)) != DEVELOPMENT:
        raise BadSettings(f"UNGDOM_ENV is {env}: demo data and tokens of the built-in issuer are for development only")
    file = Path(given.get("UNGDOM_DATA_DIR", DATA_DIR)) / DEMO_FILE
    usual = {"UNGDOM_ENV": DEVELOPMENT, "UNGDOM_DATABASE_URL": f"sqlite:///{file}"}
    return usual | given, file

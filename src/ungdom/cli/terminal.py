"""What the commands show and where they work: output, progress, the database."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ungdom import settings
from ungdom.settings import Settings
from ungdom.store.session import Database

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Report = Callable[[int, int], None]
SECONDS_BETWEEN_LINES = 3
DEMO_FILE = "demo.db"
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
OnDemo = Annotated[bool, typer.Option("--demo", help="In the demo database.")]


@contextmanager
def progress(what: str) -> Iterator[Report]:
    """A bar on a terminal; elsewhere a plain line every few seconds."""
    if not err.is_terminal:
        yield _plain_lines(what)
        return
    with Progress(TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _plain_lines(what: str) -> Report:
    last = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal last
        if done >= total or time.monotonic() - last > SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            err.print(f"{what} {done} of {total}")

    return report


def opened(config: Settings) -> Database:
    """The database of these settings, in a folder that is there."""
    config.data_dir.mkdir(parents=True, exist_ok=True)
    return Database.open(config.database_url)


def chosen(on_demo: bool) -> Settings:
    """The settings of this process, for the demo database when that is asked for."""
    return demo_settings() if on_demo else settings.from_environment()


def demo_settings() -> Settings:
    """The settings of this process, on the demo database where no other is named."""
    data_dir = Path(os.environ.get("UNGDOM_DATA_DIR", ".ungdom"))
    os.environ.setdefault("UNGDOM_DATABASE_URL", f"sqlite:///{data_dir / DEMO_FILE}")
    return settings.from_environment()

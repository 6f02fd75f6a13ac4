"""Releases: published tables, made once and never changed."""

import json
import subprocess
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ungdom import clock
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.terminal import AsJson, OnDemo, chosen, err, opened, out, progress
from ungdom.settings import BadSettings
from ungdom.store.sealing import Keys
from ungdom.workflow.daycount import last_moment

if TYPE_CHECKING:
    from ungdom.store.releases import Kept

release_app = typer.Typer(invoke_without_command=True, help=__doc__)
SHOWN = ("audit", "counts", "primary", "secondary")
Known = Annotated[datetime | None, typer.Option("--known-at", formats=["%Y-%m-%d"], help="At the end of this day.")]


@release_app.callback()
def release(ctx: typer.Context, known_at: Known = None, on_demo: OnDemo = False, as_json: AsJson = False) -> None:
    """Release the tables as known at the end of a day, the day before today when none is named."""
    if ctx.invoked_subcommand is None:
        from ungdom.statistics import register

        config = chosen(on_demo)
        now = clock.now()
        when = last_moment(known_at.date()) if known_at else register.yesterday(now)
        db = opened(config)
        try:
            with progress("figures") as report:
                kept = register.release(db, Keys(config.people_keys), when, now, report=report)
        except (register.NotYet, register.TooOld) as error:
            raise BadSettings(str(error)) from None
        finally:
            db.close()
        _show(kept, as_json)


@release_app.command()
def verify(on_demo: OnDemo = False) -> None:
    """Whether every release still is what was released, and its proof holds."""
    from ungdom.statistics import register

    db = opened(chosen(on_demo))
    with db.reading() as tx:
        found = list(register.faults(tx))
    db.close()
    for one in found:
        err.print(one)
    out.print(f"{len(found)} fault(s) found" if found else "every release is as it was made, and every proof holds")
    raise typer.Exit(ExitCode.FOUND if found else ExitCode.DONE)


def releases(on_demo: OnDemo = False, as_json: AsJson = False) -> None:
    """What has been released, the newest first."""
    from ungdom.store import releases as register

    db = opened(chosen(on_demo))
    with db.reading() as tx:
        found = register.told(tx)
    db.close()
    for one in found:
        _show(one, as_json)


def beside() -> None:
    """The release of yesterday, made by a process of its own while the demo is served: an analyst finds something."""
    out.print("tables for analysts are released meanwhile, in half a minute or so: ungdom releases --demo")
    command = [sys.executable, "-m", "ungdom.cli", "release", "--demo"]
    subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - words of ours


def _show(one: "Kept", as_json: bool) -> None:
    from ungdom.statistics.register import manifest

    told = manifest(one)
    if as_json:
        out.print_json(json.dumps(told))
        return
    out.print(f"{told['id']}  known at {told['known_at']}  sha256 {told['sha256'][:16]}…")
    for name, part in told["figures"].items():
        what = ", ".join(f"{label} {part[label]}" for label in SHOWN if label in part)
        out.print(f"    {name}: {what}")

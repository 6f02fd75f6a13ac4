"""Releases: published tables, made once and never changed."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ungdom import clock
from ungdom.cli.terminal import AsJson, OnDemo, chosen, err, opened, out
from ungdom.settings import BadSettings, Settings
from ungdom.store.sealing import Keys
from ungdom.workflow.daycount import last_moment

if TYPE_CHECKING:
    from ungdom.store.releases import Kept
    from ungdom.store.session import Database

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
            kept = register.release(db, Keys(config.people_keys), when, now)
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
    raise typer.Exit(1 if found else 0)


def releases(on_demo: OnDemo = False, as_json: AsJson = False) -> None:
    """What has been released, the newest first."""
    from ungdom.store import releases as register

    db = opened(chosen(on_demo))
    with db.reading() as tx:
        found = register.told(tx)
    db.close()
    for one in found:
        _show(one, as_json)


def for_demo(config: Settings, db: "Database") -> None:
    """The release of yesterday, where there is none of it or later: an analyst of the demo finds something."""
    from ungdom.statistics import register
    from ungdom.store import releases as kept

    now = clock.now()
    with db.reading() as tx:
        there = kept.newest(tx)
    if there is None or there.known_at < register.yesterday(now):
        made = register.release(db, Keys(config.people_keys), register.yesterday(now), now)
        out.print(f"    tables released, as known at {made.known_at:%Y-%m-%d}: ungdom releases --demo")


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

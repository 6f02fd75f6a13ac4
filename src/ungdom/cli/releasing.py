"""Releases: published tables, which are built once and never changed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ungdom import clock
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.terminal import (
    AsJson,
    OnDemo,
    err,
    open_database,
    out,
    print_result,
    print_table,
    progress,
    selected_settings,
    working,
)
from ungdom.jobs.tracking import tracked
from ungdom.settings import BadSettings
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.job_runs import RELEASE
from ungdom.store.settled import last_settled_day
from ungdom.workflow.calendar import last_moment, oslo_date

if TYPE_CHECKING:
    from ungdom.store.releases import StoredRelease

release_app = typer.Typer(invoke_without_command=True, help=__doc__)
FIGURES = "figures"
"""What a release counts, as the phase of its run."""
SHOWN = ("audit", "counts", "primary", "secondary")
KnownAt = Annotated[
    datetime | None,
    typer.Option(
        "--known-at",
        formats=["%Y-%m-%d"],
        help="End of this day; default the last settled day.",
    ),
]


@release_app.callback()
def release(ctx: typer.Context, known_at: KnownAt = None, on_demo: OnDemo = False, as_json: AsJson = False) -> None:
    """Release the tables as known at the end of a day."""
    if ctx.invoked_subcommand is None:
        from ungdom.release import store

        config = selected_settings(on_demo)
        now = clock.now()
        when = last_moment(known_at.date() if known_at else last_settled_day(now))
        db = open_database(config)
        try:
            with progress("figures") as report, tracked(db, RELEASE, oslo_date(when), clock.now) as run:

                def reported(done: int, total: int) -> None:
                    report(done, total)
                    run.report(FIGURES, done, total)

                stored = store.release(db, EncryptionKeys.of(config), when, now, report=reported)
        except (store.ReleaseInFuture, store.ReleaseOutOfOrder) as error:
            raise BadSettings(str(error)) from None
        finally:
            db.close()
        _print_release(stored, as_json)


@release_app.command()
def verify(as_json: AsJson = False, on_demo: OnDemo = False) -> None:
    """Verify that every release is unchanged and its proof valid. Exit code 1 when one is not."""
    from ungdom.release import store

    db = open_database(selected_settings(on_demo))
    with working("verifying the releases"), db.reading() as tx:
        faults = list(store.faults(tx))
    db.close()
    for fault in [] if as_json else faults:
        err.print(fault)
    line = f"{len(faults)} fault(s) found" if faults else "every release is as it was made, and every proof holds"
    print_result({"faults": faults}, line, as_json)
    raise typer.Exit(ExitCode.FOUND if faults else ExitCode.DONE)


def releases(on_demo: OnDemo = False, as_json: AsJson = False) -> None:
    """List the releases, the newest first."""
    from ungdom.release.store import manifest
    from ungdom.store.releases import list_releases

    db = open_database(selected_settings(on_demo))
    with db.reading() as tx:
        stored_releases = list_releases(tx)
    db.close()
    manifests = [manifest(stored) for stored in stored_releases]
    if as_json:
        out.print_json(json.dumps(manifests))
        return
    rows = [{**values, "figures": len(values["figures"])} for values in manifests]
    lines = (line for values in manifests for line in _lines(values))
    print_table(rows, ["id", "known_at", "figures", "sha256"], lines)


def release_in_background() -> None:
    """Make the release of yesterday in a process of its own, so that the demo has tables for analysts."""
    out.print("tables for analysts are released meanwhile, in half a minute or so: ungdom releases --demo")
    command = [sys.executable, "-m", "ungdom.cli", "release", "--demo"]
    subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - words of ours


def _print_release(stored: "StoredRelease", as_json: bool) -> None:
    from ungdom.release.store import manifest

    values = manifest(stored)
    if as_json:
        out.print_json(json.dumps(values))
        return
    for line in _lines(values):
        out.print(line, markup=False)


def _lines(values: dict[str, Any]) -> Iterator[str]:
    """A manifest as text: the release, then a line for each of its figures."""
    yield f"{values['id']}  known at {values['known_at']}  sha256 {values['sha256'][:16]}…"
    for name, part in values["figures"].items():
        what = ", ".join(f"{label} {part[label]}" for label in SHOWN if label in part)
        yield f"    {name}: {what}"

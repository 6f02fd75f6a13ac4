"""`ungdom nightly`: the nightly run, from cron, a systemd timer, or by hand."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ungdom import clock
from ungdom.cli import observing
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.reading import STANDING, log_read
from ungdom.cli.terminal import AsJson, OnDemo, err, open_readable_database, out, phases, selected_settings
from ungdom.jobs import nightly as job
from ungdom.jobs.nightly import DayToCome, NightlyRunResult
from ungdom.retention.journal import ErasureJournal
from ungdom.settings import BadSettings, Settings
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.job_runs import SUCCEEDED
from ungdom.store.session import Database

Day = Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="The night to run; default today.")]


MetricsFile = Annotated[
    Path | None, typer.Option("--metrics-file", help="Write metrics to this file, for the textfile collector.")
]


def nightly(on: Day = None, as_json: AsJson = False, on_demo: OnDemo = False, metrics_file: MetricsFile = None) -> None:
    """Run the nightly jobs: alerts and the other steps. Missed nights are run first, in order.

    Exit codes: 0 success, 1 a case or a step failed, 2 the day is in the future or the settings are wrong.
    """
    from ungdom.jobs import steps

    config = selected_settings(on_demo)
    observing.log_as_set(config)
    db = open_readable_database(config)
    with phases() as report:
        try:
            nights = job.run(
                db,
                clock.now,
                on.date() if on else None,
                steps.all_steps(*_keys_and_journal(config), config.anchors),
                report,
            )
        except DayToCome as error:
            raise BadSettings(str(error)) from None
    if metrics_file is not None:
        observing.write_metrics(db, metrics_file)
    log_read(db, "nightly", {case_id for night in nights for case_id, _ in night.failures}, STANDING)
    db.close()
    _print_nights(nights, as_json)
    raise typer.Exit(ExitCode.DONE if all(night.status == SUCCEEDED for night in nights) else ExitCode.FOUND)


def run_if_due(db: Database, config: Settings) -> list[NightlyRunResult]:
    """Run the nightly jobs if they are due and have not been run. Called by a worker at every poll."""
    if not job.is_due(db, clock.now()):
        return []
    from ungdom.jobs import steps

    return job.run(db, clock.now, steps=steps.all_steps(*_keys_and_journal(config), config.anchors))


def run_now(db: Database, config: Settings) -> list[NightlyRunResult]:
    """Run the nightly jobs now, after missed nights, without the slow steps."""
    from ungdom.jobs import steps

    return job.run(db, clock.now, steps=steps.quick_steps(*_keys_and_journal(config), config.anchors))


def _keys_and_journal(config: Settings) -> tuple[EncryptionKeys, ErasureJournal]:
    """The keys of the people, and the journal of erasures."""
    return EncryptionKeys.of(config), ErasureJournal(config.erasures)


def _print_nights(nights: list[NightlyRunResult], as_json: bool) -> None:
    if as_json:
        out.print_json(json.dumps([asdict(night) for night in nights], default=str))
        return
    if not nights:
        out.print("nothing to do: a later night has been done")
    for night in nights:
        counts = ", ".join(f"{name} {count}" for name, count in night.counts.items())
        out.print(f"{night.for_date} {night.status}: {counts}")
        for case_id, error in night.failures:
            err.print(f"case {case_id} could not be looked at: {error}")

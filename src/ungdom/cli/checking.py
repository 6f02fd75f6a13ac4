"""`ungdom check`: the integrity checkers of the nightly run, by hand."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from ungdom import clock
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.reading import STANDING, log_read
from ungdom.cli.terminal import AsJson, OnDemo, open_database, out, print_table, selected_settings, working
from ungdom.workflow.calendar import oslo_date
from ungdom.worklist import checks

DAY = ["%Y-%m-%d"]


def check(
    on: Annotated[datetime | None, typer.Option(formats=DAY, help="The day to check; default today.")] = None,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Run the integrity checkers, which docs/operations.md describes. Exit code 1 when something was found."""
    now = clock.now()
    with closing(open_database(selected_settings(on_demo))) as db:
        with working("looking for what must never be true"):
            findings = checks.run(db, on.date() if on else oslo_date(now), now)
        named = {finding.case_id for group in findings.values() for finding in group if finding.case_id}
        log_read(db, "check", named, STANDING)
    if as_json:
        out.print_json(
            json.dumps({code: [asdict(finding) for finding in group] for code, group in findings.items()}, default=str)
        )
    else:
        rows = [
            {"check": code, "found": len(group) or "nothing", **_shown(finding)}
            for code, group in findings.items()
            for finding in (group or (None,))
        ]
        print_table(rows, ["check", "found", "reference", "since", "about"], _lines(findings))
    raise typer.Exit(ExitCode.FOUND if any(findings.values()) else ExitCode.DONE)


def _shown(finding: checks.Finding | None) -> dict[str, str]:
    """The columns of a finding; empty without one."""
    if finding is None:
        return dict.fromkeys(("reference", "since", "about"), "")
    return {
        "reference": finding.reference or "–",
        "since": str(finding.since or "–"),
        "about": str(finding.about or ""),
    }


def _lines(findings: Mapping[str, Sequence[checks.Finding]]) -> Iterator[str]:
    """A line for each check with the number found, and below it one for each finding."""
    for code, group in findings.items():
        yield f"{code:<26} {len(group) or 'nothing'}"
        for finding in group:
            yield "    {reference}  since {since}  {about}".format(**_shown(finding)).rstrip()

"""`ungdom migrate-cases`: moves cases to a newer version of the table. See docs/migrate-cases.md."""

import json
from collections import Counter
from dataclasses import asdict
from typing import Annotated, Any

import typer

from ungdom import clock
from ungdom.cases import migrate
from ungdom.cases.migrate import Done, MigrationCandidate
from ungdom.cli import offices
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.failures import UNREADABLE_HELP
from ungdom.cli.reading import STANDING, log_read
from ungdom.cli.terminal import AsJson, OnDemo, err, open_database, out, progress, selected_settings
from ungdom.settings import BadSettings
from ungdom.store.session import Database
from ungdom.workflow import table
from ungdom.workflow.migration import MigrationOutcome, MigrationSnapshot, MigrationVerdict
from ungdom.workflow.rules.sharing import Matter

FAILED = "unreadable"
"""The verdict on a case whose history cannot be read."""

DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; show the result for each case.")]
To = Annotated[str, typer.Option("--to", help="Target version of the table; default the newest.")]
Office = Annotated[
    str | None, typer.Option("--konfliktrad", help="Only cases of this konfliktråd.", callback=offices.known)
]
Expect = Annotated[str | None, typer.Option(help="Digest of a dry run: do nothing if the result would differ now.")]


def migrate_cases(
    dry_run: DryRun = False,
    to: To = table.VERSION,
    konfliktrad: Office = None,
    expect: Expect = None,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Move open cases to a newer version of the table, each in its own transaction. A repeated run continues.

    Exit codes: 0 success, or no obstacle; 1 cases are blocked, unreadable, or have changed meanwhile; 2 no such
    version, or the result of the dry run has changed: nothing is done.
    """
    if to not in table.VERSIONS:
        raise BadSettings(f"there is no table of {to}; there are {', '.join(table.VERSIONS)}")
    db = open_database(selected_settings(on_demo))
    try:
        with progress("looked at") as report:
            examined = list(migrate.find_candidates(db, to, clock.now(), konfliktrad, report))
        digest = migrate.digest(examined)
        if expect is not None and expect != digest:
            raise BadSettings(f"what the dry run showed has changed: it is {digest} now, not {expect}")
        done = {} if dry_run else _move(db, examined, to)
        log_read(db, "migrate-cases", {candidate.case_id for candidate in examined}, (*STANDING, Matter.STAGE_DATES))
    finally:
        db.close()
    _print_result(examined, done, to, digest, as_json)
    bad = any(item.blocked for item in examined) or any(
        item in (Done.CHANGED, Done.OTHERWISE) for item in done.values()
    )
    raise typer.Exit(ExitCode.FOUND if bad else ExitCode.DONE)


def _move(db: Database, examined: list[MigrationCandidate], to: str) -> dict[str, Done]:
    done: dict[str, Done] = {}
    with progress("moved") as report:
        for number, case in enumerate(examined, start=1):
            done[case.reference] = migrate.move(db, case, to, clock.now)
            report(number, len(examined))
    return done


# --- output -------------------------------------------------------------------------------------------------


def _print_result(
    examined: list[MigrationCandidate], done: dict[str, Done], to: str, digest: str, as_json: bool
) -> None:
    expected = Counter(_verdict(item) for item in examined)
    outcomes = Counter(str(item) for item in done.values())
    if as_json:
        cases = [_case_values(item, done.get(item.reference)) for item in examined]
        report = {"to": to, "digest": digest, "foretold": expected, "done": outcomes, "cases": cases}
        out.print_json(json.dumps(report, default=str))
        return
    for item in examined:
        _print_case(item, done.get(item.reference))
    kinds = [*map(str, MigrationVerdict), *([FAILED] if expected[FAILED] else [])]
    out.print(f"to {to}: " + ", ".join(f"{kind} {expected[kind]}" for kind in kinds))
    if done:
        out.print("done: " + ", ".join(f"{kind} {outcomes[kind]}" for kind in Done))
    else:
        out.print(f"digest {digest}: give it with --expect to do just this")


def _verdict(case: MigrationCandidate) -> str:
    return str(case.outcome.verdict) if case.outcome else FAILED


def _case_values(case: MigrationCandidate, done: Done | None) -> dict[str, Any]:
    values = {"case_id": case.case_id, "reference": case.reference, "from": case.table, "verdict": _verdict(case)}
    details = asdict(case.outcome) if case.outcome else {"error": case.error}
    return values | {"done": done, "already": case.already_moved} | details


def _print_case(case: MigrationCandidate, done: Done | None) -> None:
    ending = f", {done}" if done else ", moved before" if case.already_moved else ""
    out.print(f"{case.reference}  {case.table or '?'}  {_verdict(case)}{ending}")
    if case.outcome is None:
        err.print(f"    {case.reference} cannot be read: {case.error}; {UNREADABLE_HELP}")
        return
    for text in _outcome_lines(case.outcome):
        out.print(f"    {text}")


def _outcome_lines(outcome: MigrationOutcome) -> list[str]:
    blocked = [
        f"event {broken.seq} {broken.event}: " + "; ".join(f"{no.code} ({no.law})" for no in broken.unmet)
        for broken in outcome.broken
    ]
    shifts = [f"{shift.code} due {shift.before or '–'} becomes {shift.after or '–'}" for shift in outcome.shifts]
    moved = [f"from {_standing_line(outcome.before)}", f"to   {_standing_line(outcome.after)}"] if outcome.after else []
    return [*blocked, *(moved if outcome.verdict is MigrationVerdict.MOVES else []), *shifts]


def _standing_line(standing: MigrationSnapshot) -> str:
    path = " ".join(f"{stint.state}@{stint.since}" for stint in standing.stints)
    return f"{path}; start {standing.started_on or '–'}, end {standing.adjusted_end or '–'}"

"""`ungdom migrate-cases`: cases are moved to a newer version of the table. The page on it is docs/migrate-cases.md."""

import json
from collections import Counter
from dataclasses import asdict
from typing import Annotated, Any

import typer

from ungdom import clock
from ungdom.casework import migrating
from ungdom.casework.migrating import Done, Looked
from ungdom.cli import offices
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.terminal import AsJson, OnDemo, chosen, err, opened, out, progress
from ungdom.settings import BadSettings
from ungdom.store.session import Database
from ungdom.workflow import table
from ungdom.workflow.engine import Broken
from ungdom.workflow.migration import Outcome, Shift, Standing, Verdict

FAILED = "unreadable"
"""The verdict on a case whose history cannot be read as it is."""

DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; tell what would become of each case.")]
To = Annotated[str, typer.Option("--to", help="The version of the table; the newest when not given.")]
Office = Annotated[
    str | None, typer.Option("--konfliktrad", help="Only the cases of this konfliktråd.", callback=offices.known)
]
Expect = Annotated[str | None, typer.Option(help="What a dry run printed: nothing is done when it would differ now.")]


def migrate_cases(
    dry_run: DryRun = False,
    to: To = table.VERSION,
    konfliktrad: Office = None,
    expect: Expect = None,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Move open cases to a newer version of the table, each in a transaction of its own; begun again it goes on.

    Exit codes: 0 done, or nothing stands in the way; 1 cases are blocked, cannot be read, or have changed meanwhile;
    2 there is no such version, or what the dry run showed has changed: nothing is done.
    """
    if to not in table.VERSIONS:
        raise BadSettings(f"there is no table of {to}; there are {', '.join(table.VERSIONS)}")
    db = opened(chosen(on_demo))
    try:
        looked = _look(db, to, konfliktrad)
        word = migrating.digest(looked)
        if expect is not None and expect != word:
            raise BadSettings(f"what the dry run showed has changed: it is {word} now, not {expect}")
        done = {} if dry_run else _move(db, looked, to)
    finally:
        db.close()
    _tell(looked, done, to, word, as_json)
    bad = any(one.blocked for one in looked) or any(one in (Done.CHANGED, Done.OTHERWISE) for one in done.values())
    raise typer.Exit(ExitCode.FOUND if bad else ExitCode.DONE)


def _look(db: Database, to: str, konfliktrad: str | None) -> list[Looked]:
    with progress("looked at") as report:
        return list(migrating.look(db, to, clock.now(), konfliktrad, report))


def _move(db: Database, looked: list[Looked], to: str) -> dict[str, Done]:
    done: dict[str, Done] = {}
    with progress("moved") as report:
        for number, one in enumerate(looked, start=1):
            done[one.reference] = migrating.move(db, one, to, clock.now)
            report(number, len(looked))
    return done


# --- telling ------------------------------------------------------------------------------------------------


def _tell(looked: list[Looked], done: dict[str, Done], to: str, word: str, as_json: bool) -> None:
    foretold = Counter(_verdict(one) for one in looked)
    came = Counter(str(one) for one in done.values())
    if as_json:
        cases = [_plain(one, done.get(one.reference)) for one in looked]
        told = {"to": to, "digest": word, "foretold": foretold, "done": came, "cases": cases}
        out.print_json(json.dumps(told, default=str))
        return
    for one in looked:
        _line(one, done.get(one.reference))
    kinds = [*map(str, Verdict), *([FAILED] if foretold[FAILED] else [])]
    out.print(f"to {to}: " + ", ".join(f"{kind} {foretold[kind]}" for kind in kinds))
    if done:
        out.print("done: " + ", ".join(f"{kind} {came[kind]}" for kind in Done))
    else:
        out.print(f"digest {word}: give it with --expect to do just this")


def _verdict(one: Looked) -> str:
    return str(one.outcome.verdict) if one.outcome else FAILED


def _plain(one: Looked, done: Done | None) -> dict[str, Any]:
    told = {"case_id": one.case_id, "reference": one.reference, "from": one.table, "verdict": _verdict(one)}
    said = asdict(one.outcome) if one.outcome else {"error": one.error}
    return told | {"done": done, "already": one.already} | said


def _line(one: Looked, done: Done | None) -> None:
    came = f", {done}" if done else ", moved before" if one.already else ""
    out.print(f"{one.reference}  {one.table}  {_verdict(one)}{came}")
    if one.outcome is None:
        err.print(f"    {one.reference} cannot be read: {one.error}")
        return
    for text in _details(one.outcome):
        out.print(f"    {text}")


def _details(outcome: Outcome) -> list[str]:
    blocked = [_broken(one) for one in outcome.broken]
    moved = [f"from {_standing(outcome.before)}", f"to   {_standing(outcome.after)}"] if outcome.after else []
    return [
        *blocked,
        *(moved if outcome.verdict is Verdict.MOVES else []),
        *map(_shift, outcome.shifts),
    ]


def _broken(one: Broken) -> str:
    return f"event {one.seq} {one.event}: " + "; ".join(f"{no.code} ({no.law})" for no in one.unmet)


def _standing(one: Standing) -> str:
    path = " ".join(f"{stint.state}@{stint.since}" for stint in one.stints)
    return f"{path}; start {one.started_on or '–'}, end {one.adjusted_end or '–'}"


def _shift(one: Shift) -> str:
    return f"{one.code} due {one.before or '–'} becomes {one.after or '–'}"

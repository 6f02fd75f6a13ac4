"""`ungdom simulate rules`: the effect of changed deadline rules on the live cases."""

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from rich.table import Table

from ungdom import clock, simulation, texts
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.reading import COMMAND_LINE, STANDING, log_read
from ungdom.cli.terminal import AsJson, OnDemo, err, open_database, out, progress, selected_settings, sheet
from ungdom.settings import BadSettings, Settings
from ungdom.store import journal
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.errors import BadChanges
from ungdom.workflow.events import escaped

if TYPE_CHECKING:
    from ungdom.api.simulation.schemas import BothOut, ClockChangeOut, SimulationIn, SimulationOut, TriedOut

simulate_app = typer.Typer(no_args_is_help=True, help="Simulate changes on the live cases. Nothing is written.")

LANGUAGE: texts.Language = "en"
NO_OFFICE = "not told"


@simulate_app.callback()
def simulate() -> None:
    """Simulate changes on the live cases. Nothing is written."""


@simulate_app.command()
def rules(
    file: Annotated[Path, typer.Argument(help="File with the changes, as in the request of the API: TOML or JSON.")],
    on: Annotated[str | None, typer.Option(help="The day of the simulation, today or later.")] = None,
    limit: Annotated[int | None, typer.Option(min=0, max=1000, help="Maximum number of listed clocks.")] = None,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Simulate changed deadline rules on the open cases: cases that turn overdue or green, and the load by week.

    Nothing is written. Exit code 1 when a case could not be read, 2 when the changes are invalid.
    """
    given = {"on": on, "limit": limit}
    body = _read_changes(file, {name: value for name, value in given.items() if value is not None})
    config = selected_settings(on_demo)
    report = _simulate(config, body)
    if as_json:
        out.print_json(report.model_dump_json())
    else:
        show(report)
    raise typer.Exit(ExitCode.FOUND if report.cases.unread else ExitCode.DONE)


def _simulate(config: Settings, body: "SimulationIn") -> "SimulationOut":
    """The report over all cases. Invalid changes are printed with the place of each problem."""
    from ungdom.api.simulation.present import simulation_out
    from ungdom.api.simulation.routes import day_of

    db = open_database(config)
    try:
        day = day_of(body, oslo_date(clock.now()))
        with db.reading() as tx, progress("cases") as report:
            shown = simulation_out(
                simulation.simulate(tx, COMMAND_LINE, body.as_changes, day, body.limit, report), LANGUAGE
            )
            unread = {journal.case_id_of(tx, reference) for reference in shown.cases.unread_references}
        named = {*unread, *(change.case for change in shown.items)}
        log_read(db, "simulate rules", {case_id for case_id in named if case_id}, STANDING)
        return shown
    except BadChanges as error:
        raise _call_error([(problem.pointer, problem.kind) for problem in error.problems]) from None
    finally:
        db.close()


def _read_changes(file: Path, given: dict[str, Any]) -> "SimulationIn":
    from ungdom.api.simulation.schemas import SimulationIn

    try:
        return SimulationIn.model_validate({**_parsed(file), **given})
    except ValidationError as error:
        problems = error.errors()
        raise _call_error(
            [("".join(f"/{escaped(str(part))}" for part in problem["loc"]), problem["type"]) for problem in problems]
        ) from None


def _parsed(file: Path) -> dict[str, Any]:
    """The content of the file as JSON values. Raises `BadSettings`."""
    try:
        text = file.read_text(encoding="utf-8")
        content = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise BadSettings(f"{file} cannot be opened: {error.strerror}") from None
    except ValueError:
        raise BadSettings(f"{file} is neither JSON (named .json) nor TOML") from None
    if not isinstance(content, dict):
        raise BadSettings(f"{file} holds no table of changes")
    values: dict[str, Any] = json.loads(json.dumps(content, default=lambda day: day.isoformat()))
    return values


def _call_error(problems: list[tuple[str, str]]) -> typer.Exit:
    from ungdom.texts.places import field_problem

    for pointer, kind in problems:
        problem = field_problem(LANGUAGE, pointer, kind)
        err.print(f"ungdom: {pointer or '/'}: {problem['detail']}")
    return typer.Exit(ExitCode.CALL)


# --- tables -------------------------------------------------------------------------------------------------


def show(report: "SimulationOut") -> None:
    """Print the report as tables."""
    cases = report.cases
    out.print(f"{cases.looked_at} open case(s) on {report.on}, {cases.changed} with a clock due on another day")
    if cases.unread:
        out.print(f"{cases.unread} case(s) could not be read: {', '.join(cases.unread_references)}")
    for rule in report.rules_after:
        out.print(_rule_line(rule))
    tables = sheet()
    tables.print(_clocks_table(report.clocks))
    tables.print(_load_table(report))
    tables.print(_notices_table(report))
    if report.items:
        tables.print(_changes_table(report))
    if report.left_out:
        out.print(f"{report.left_out} more clock(s) due on another day are not listed")


def _rule_line(rule: "TriedOut") -> str:
    """A simulated rule in one line."""
    lengths = (
        ", ".join(f"{period['length']} from {period['from']}" for period in rule.lengths) or "no length of its own"
    )
    where = f"{'/'.join(rule.sanctions)}, {'/'.join(rule.regimes)}"
    return f"  {rule.label} ({where}): {lengths}; warns {rule.warn_days} day(s) before. {rule.standing_label}."


def _clocks_table(clocks: "list[ClockChangeOut]") -> Table:
    table = _table(
        "Changed clocks", "clock", "running", "turn overdue", "turn green", "moved", "days: least/median/most"
    )
    for change in clocks:
        days = (
            f"{change.moved.least_days:+}/{change.moved.median_days:+}/{change.moved.most_days:+}"
            if change.moved
            else ""
        )
        moved = change.moved.count if change.moved else 0
        counts = (change.running, change.turn_overdue, change.turn_green, moved)
        table.add_row(change.label, *map(str, counts), days)
    return table


def _load_table(report: "SimulationOut") -> Table:
    weeks = [week.week[-3:] for week in report.konfliktrad[0].weeks] if report.konfliktrad else []
    table = _table("Due, before → after", "konfliktråd", "cases", "overdue", *weeks, "later")
    for office in report.konfliktrad:
        counts = [_both(both) for both in (office.overdue, *office.weeks, office.later)]
        table.add_row(office.konfliktrad or NO_OFFICE, str(office.cases), *counts)
    return table


def _notices_table(report: "SimulationOut") -> Table:
    weeks = [week.week[-3:] for week in report.notices[0].weeks] if report.notices else []
    table = _table("Notices, if nothing happens in the cases, before → after", "level", "told", "tonight", *weeks)
    for entry in report.notices:
        table.add_row(
            entry.level.replace("_", " "), entry.told, *(_both(both) for both in (entry.tonight, *entry.weeks))
        )
    return table


def _changes_table(report: "SimulationOut") -> Table:
    table = _table("Due on another day", "case", "konfliktråd", "clock", "due", "would be due", "")
    for change in report.items:
        office = change.konfliktrad or NO_OFFICE
        turns = change.turns_label or ""
        table.add_row(change.reference, office, change.label, str(change.due_before), str(change.due_after), turns)
    return table


def _both(both: "BothOut") -> str:
    return str(both.before) if both.before == both.after else f"{both.before}→{both.after}"


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table

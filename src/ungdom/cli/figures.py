"""Figures over many cases: the indicators of a period, and the caseload. With the eyes of the system: all cases."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from ungdom import clock, texts
from ungdom.cli import offices
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.terminal import AsJson, OnDemo, chosen, err, opened, out, progress
from ungdom.settings import BadSettings, Settings
from ungdom.workflow.daycount import last_moment
from ungdom.workflow.vocabulary import Sanction

if TYPE_CHECKING:
    from ungdom.api.caseload_shapes import OfficeLoadOut
    from ungdom.api.figure_shapes import FigureOut, IndicatorList
    from ungdom.store.session import Database

LANGUAGE: texts.Language = "en"
DAY = ["%Y-%m-%d"]
WIDE = 140
COUNTRY = "the country"

Since = Annotated[datetime, typer.Option("--from", formats=DAY, help="The first day of the period.")]
Until = Annotated[datetime, typer.Option("--until", formats=DAY, help="The last day of the period.")]
Valid = Annotated[datetime | None, typer.Option("--valid-at", formats=DAY, help="As it was on this day.")]
Known = Annotated[datetime | None, typer.Option("--known-at", formats=DAY, help="As known at the end of this day.")]
Only = Annotated[Sanction | None, typer.Option("--sanction", help="Of this sanction only.")]
Of = Annotated[str | None, typer.Option("--konfliktrad", help="Of this konfliktråd only.", callback=offices.known)]
Refresh = Annotated[bool, typer.Option("--refresh", help="First keep what figures need of the cases that changed.")]


def indicators(  # noqa: PLR0913, PLR0917  # each an option of the command
    since: Since,
    until: Until,
    konfliktrad: Of = None,
    sanction: Only = None,
    valid_at: Valid = None,
    known_at: Known = None,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
    refresh: Refresh = False,
) -> None:
    """The indicators of the strategy for a period, by konfliktråd and for the country. Exact: not to be published."""
    from ungdom.api.figure_shapes import IndicatorList, indicators_out
    from ungdom.api.schemas import AsOfOut
    from ungdom.statistics.indicators import answering

    if until < since:
        raise BadSettings("--until lies before --from")
    db = database(chosen(on_demo), refresh)
    now, as_of = clock.now(), as_of_days(valid_at, known_at)
    asked = answering.question((since.date(), until.date()), now, None, sanction, as_of, at_most=None)
    with db.reading() as tx:
        found = answering.found(tx, asked)
    db.close()
    figures = [one for one in found.figures if konfliktrad in (None, one.konfliktrad)]
    body = IndicatorList(
        since=asked.since,
        until=asked.until,
        as_of=AsOfOut(on=asked.day, known_at=asked.known_at),
        sanction=sanction,
        read=found.cases,
        unread=found.unread,
        items=list(indicators_out(figures, LANGUAGE)),
    )
    if as_json:
        out.print_json(body.model_dump_json(by_alias=True))
    else:
        _show_indicators(body)
    raise typer.Exit(ExitCode.FOUND if found.unread else ExitCode.DONE)


def caseload(
    konfliktrad: Of = None,
    valid_at: Valid = None,
    known_at: Known = None,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
    refresh: Refresh = False,
) -> None:
    """Open cases by coordinator, phase, sanction and weight; what came in, went out and will come; warnings."""
    from ungdom.api.caseload_shapes import CaseloadOut, offices_out
    from ungdom.api.schemas import AsOfOut
    from ungdom.statistics.caseload import answering as load_answering

    db = database(chosen(on_demo), refresh)
    as_of = as_of_days(valid_at, known_at)
    with db.reading() as tx:
        found = load_answering.found(tx, clock.now(), konfliktrad, as_of, at_most=None)
    db.close()
    told = AsOfOut(on=found.load.day, known_at=as_of[1])
    body = CaseloadOut(as_of=told, unread=found.unread, items=list(offices_out(found.load, LANGUAGE)))
    if as_json:
        out.print_json(body.model_dump_json(by_alias=True))
    else:
        for office in body.items:
            _show_load(office)
    raise typer.Exit(ExitCode.FOUND if found.unread else ExitCode.DONE)


def database(config: Settings, refresh: bool) -> "Database":
    """The database of these settings; `refresh`: what figures need of the cases that changed is kept first."""
    db = opened(config)
    if refresh:
        from ungdom.statistics import digests

        with progress("cases") as report:
            digests.refresh(db, report)
    return db


def as_of_days(valid_at: datetime | None, known_at: datetime | None) -> tuple[date | None, datetime | None]:
    """The day of validity, and the last instant of the day of knowledge."""
    return valid_at.date() if valid_at else None, last_moment(known_at.date()) if known_at else None


# --- as tables ----------------------------------------------------------------------------------------------


def _show_indicators(body: "IndicatorList") -> None:
    out.print(f"{body.since} to {body.until}, {body.read} case(s) read, as of {body.as_of.on}")
    if body.unread:
        err.print(f"{body.unread} case(s) could not be read")
    for one in body.items:
        table = _table(f"{one.label}  ({one.code}, definition {one.definition})", "numerator", "denominator", "value")
        for figure in one.figures:
            counts = (str(figure.numerator), str(figure.denominator), _value(figure))
            table.add_row(figure.konfliktrad or COUNTRY, figure.part_label or "", *counts, _more(figure))
        sheet().print(table)


def _value(figure: "FigureOut") -> str:
    if figure.value is None:
        return "–"
    return f"{figure.value:.1%}" if figure.value <= 1 and not figure.wait else f"{figure.value:.1f}"


def _more(figure: "FigureOut") -> str:
    wait = figure.wait
    if wait is None:
        return f"{figure.apart} apart" if figure.apart else ""
    told = f"waiting {wait.waiting}, left {wait.left}, mean of ended {wait.mean_of_ended or '–'}"
    if wait.within and wait.within.value is not None:
        told += f", within {wait.within.norm} {wait.within.value:.1%} of {wait.within.denominator}"
    return told


def _show_load(office: "OfficeLoadOut") -> None:
    out.print(f"\n{office.konfliktrad or COUNTRY}: {office.load.cases} open, weight {office.load.weight}")
    for warned in office.warnings:
        out.print(f"  warning: {warned.message}")
    table = _table("", "cases", "weight", "what")
    for one in office.coordinators:
        kinds = ", ".join(f"{kind.phase} {kind.sanction} {kind.cases}" for kind in one.kinds)
        table.add_row(one.coordinator or "nobody", "", str(one.cases), str(one.weight), kinds, "")
    sheet().print(table)
    out.print("  received/closed: " + " ".join(f"{week.received}/{week.closed}" for week in office.weeks))
    ahead = " ".join(f"{week.expected} ({week.low}-{week.high})" for week in office.arrivals)
    out.print(f"  expected of {office.in_chain} in the chain: {ahead}; {office.not_foretold} not foretold")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for column in ("", "", *columns, ""):
        table.add_column(column)
    return table


def sheet() -> Console:
    """Where wide tables are shown whole."""
    return Console(highlight=False, soft_wrap=True, width=max(WIDE, out.width))

"""`ungdom indicators` and `ungdom caseload`: figures over all cases, without regard to a viewer."""

import inspect
from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.table import Table

from ungdom import clock, texts
from ungdom.cli import offices
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.terminal import AsJson, OnDemo, err, open_database, out, progress, selected_settings, sheet, working
from ungdom.settings import BadSettings, Settings
from ungdom.workflow.calendar import last_moment
from ungdom.workflow.vocabulary import Sanction

if TYPE_CHECKING:
    from ungdom.api.indicators.schemas import FigureOut, IndicatorList, OfficeLoadOut
    from ungdom.store.session import Database

LANGUAGE: texts.Language = "en"
DAY = ["%Y-%m-%d"]
COUNTRY = "the country"

Since = Annotated[datetime, typer.Option("--from", formats=DAY, help="First day of the period.")]
Until = Annotated[datetime, typer.Option("--until", formats=DAY, help="Last day of the period.")]
ValidAt = Annotated[datetime | None, typer.Option("--valid-at", formats=DAY, help="Valid on this day.")]
KnownAt = Annotated[datetime | None, typer.Option("--known-at", formats=DAY, help="As known at the end of this day.")]
SanctionOption = Annotated[Sanction | None, typer.Option("--sanction", help="Only this sanction.")]
OfficeOption = Annotated[
    str | None, typer.Option("--konfliktrad", help="Only this konfliktråd.", callback=offices.known)
]
Refresh = Annotated[bool, typer.Option("--refresh", help="First update the stored case summaries.")]


class ReadingOptions(NamedTuple):
    """The options of every command that reads all cases."""

    valid_at: ValidAt = None
    known_at: KnownAt = None
    as_json: AsJson = False
    on_demo: OnDemo = False
    refresh: Refresh = False


def grouped_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command as typer reads it: each field of a parameter that is a named tuple is an option of its own."""
    groups: dict[str, Any] = {}
    options: dict[str, inspect.Parameter] = {}
    for name, option in inspect.signature(command).parameters.items():
        is_group = isinstance(option.annotation, type) and issubclass(option.annotation, tuple)
        groups |= {name: option.annotation} if is_group else {}
        options |= inspect.signature(option.annotation).parameters if is_group else {name: option}

    @wraps(command)
    def run(**given: Any) -> None:
        group_values = {name: group(*(given.pop(field) for field in group._fields)) for name, group in groups.items()}
        command(**given, **group_values)

    keyword_only = [option.replace(kind=inspect.Parameter.KEYWORD_ONLY) for option in options.values()]
    vars(run)["__signature__"] = inspect.Signature(keyword_only)
    return run


@grouped_options
def indicators(
    since: Since,
    until: Until,
    konfliktrad: OfficeOption = None,
    sanction: SanctionOption = None,
    *,
    reading: ReadingOptions,
) -> None:
    """Indicators of the strategy for a period, by konfliktråd and for the country. Exact: not for publication."""
    from ungdom.analytics.queries import indicators as answering
    from ungdom.api.http.schemas import AsOfOut
    from ungdom.api.indicators.present import indicators_out
    from ungdom.api.indicators.schemas import IndicatorList

    if until < since:
        raise BadSettings("--until lies before --from")
    db = database(selected_settings(reading.on_demo), reading.refresh)
    now, as_of = clock.now(), as_of_days(reading)
    query = answering.indicator_query((since.date(), until.date()), now, None, sanction, as_of, at_most=None)
    with working("reading the cases"), db.reading() as tx:
        result = answering.read_indicators(tx, query)
    db.close()
    figures = [figure for figure in result.figures if konfliktrad in (None, figure.konfliktrad)]
    body = IndicatorList(
        since=query.since,
        until=query.until,
        as_of=AsOfOut(on=query.day, known_at=query.known_at),
        sanction=sanction,
        read=result.cases,
        unread=result.unread,
        items=list(indicators_out(figures, LANGUAGE)),
    )
    if reading.as_json:
        out.print_json(body.model_dump_json(by_alias=True))
    else:
        _print_indicators(body)
    raise typer.Exit(ExitCode.FOUND if result.unread else ExitCode.DONE)


@grouped_options
def caseload(konfliktrad: OfficeOption = None, *, reading: ReadingOptions) -> None:
    """Open cases by coordinator, phase, sanction and weight; received, closed and expected cases; warnings."""
    from ungdom.analytics.queries import caseload as load_answering
    from ungdom.api.http.schemas import AsOfOut
    from ungdom.api.indicators.present import offices_out
    from ungdom.api.indicators.schemas import CaseloadOut

    db = database(selected_settings(reading.on_demo), reading.refresh)
    as_of = as_of_days(reading)
    with working("reading the cases"), db.reading() as tx:
        result = load_answering.read_caseload(tx, clock.now(), konfliktrad, as_of, at_most=None)
    db.close()
    as_of_out = AsOfOut(on=result.load.day, known_at=as_of[1])
    body = CaseloadOut(as_of=as_of_out, unread=result.unread, items=list(offices_out(result.load, LANGUAGE)))
    if reading.as_json:
        out.print_json(body.model_dump_json(by_alias=True))
    else:
        for office in body.items:
            _print_load(office)
    raise typer.Exit(ExitCode.FOUND if result.unread else ExitCode.DONE)


def database(config: Settings, refresh: bool) -> "Database":
    """The database of these settings. `refresh`: update the stored case summaries first."""
    db = open_database(config)
    if refresh:
        from ungdom.analytics import case_cache

        with progress("cases") as report:
            case_cache.refresh(db, report)
    return db


def as_of_days(reading: ReadingOptions) -> tuple[date | None, datetime | None]:
    """The valid day, and the last instant of the day of knowledge."""
    valid_at, known_at = reading.valid_at, reading.known_at
    return valid_at.date() if valid_at else None, last_moment(known_at.date()) if known_at else None


# --- as tables ----------------------------------------------------------------------------------------------


def _print_indicators(body: "IndicatorList") -> None:
    out.print(f"{body.since} to {body.until}, {body.read} case(s) read, as of {body.as_of.on}")
    if body.unread:
        err.print(f"{body.unread} case(s) could not be read")
    for indicator in body.items:
        table = _table(
            f"{indicator.label}  ({indicator.code}, definition {indicator.definition})",
            "numerator",
            "denominator",
            "value",
        )
        for figure in indicator.figures:
            value = figure.value
            as_share = value is not None and value <= 1 and not figure.wait
            shown = "–" if value is None else f"{value:.1%}" if as_share else f"{value:.1f}"
            counts = (str(figure.numerator), str(figure.denominator), shown)
            table.add_row(figure.konfliktrad or COUNTRY, figure.part_label or "", *counts, _figure_note(figure))
        sheet().print(table)


def _figure_note(figure: "FigureOut") -> str:
    wait = figure.wait
    if wait is None:
        return f"{figure.apart} apart" if figure.apart else ""
    text = f"waiting {wait.waiting}, left {wait.left}, mean of ended {wait.mean_of_ended or '–'}"
    if wait.within and wait.within.value is not None:
        text += f", within {wait.within.norm} {wait.within.value:.1%} of {wait.within.denominator}"
    return text


def _print_load(office: "OfficeLoadOut") -> None:
    out.print(f"\n{office.konfliktrad or COUNTRY}: {office.load.cases} open, weight {office.load.weight}")
    for warned in office.warnings:
        out.print(f"  warning: {warned.message}")
    table = _table("", "cases", "weight", "what")
    for coordinator in office.coordinators:
        kinds = ", ".join(f"{kind.phase} {kind.sanction} {kind.cases}" for kind in coordinator.kinds)
        table.add_row(
            coordinator.coordinator or "nobody", "", str(coordinator.cases), str(coordinator.weight), kinds, ""
        )
    sheet().print(table)
    out.print("  received/closed: " + " ".join(f"{week.received}/{week.closed}" for week in office.weeks))
    ahead = " ".join(f"{week.expected} ({week.low}-{week.high})" for week in office.arrivals)
    out.print(f"  expected of {office.in_chain} in the chain: {ahead}; {office.not_foretold} not foretold")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for column in ("", "", *columns, ""):
        table.add_column(column)
    return table

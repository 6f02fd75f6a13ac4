"""Lead time, completion and recidivism of all cases. Exact: not for publication."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.table import Table

from ungdom import clock
from ungdom.cli import offices
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.figures import (
    LANGUAGE,
    ReadingOptions,
    Since,
    Until,
    as_of_days,
    database,
    grouped_options,
)
from ungdom.cli.terminal import err, out, selected_settings, sheet, working
from ungdom.settings import BadSettings
from ungdom.store.encryption import EncryptionKeys

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from ungdom.api.statistics.comparison_schemas import ComparedOfficeOut, EstimateOut, OfficeComparisonOut
    from ungdom.api.statistics.routes import Find
    from ungdom.api.statistics.schemas import StatisticList, StatisticOut, TableCellOut

statistics_app = typer.Typer(no_args_is_help=True, help=__doc__)

ESTIMATES = (
    *("median", "median_low", "median_high", "p90", "over", "mean_of_ended", "share", "share_low", "share_high"),
    *("km_12", "km_24", "km_24_low", "km_24_high", "km_36", "km_60", "km_60_low", "km_60_high", "share_of_matured"),
)
"""The estimates shown in a table; the JSON has all of them."""

OPTIONS = {
    "by": "--by",
    "statistic": "--statistic",
    "from": "--from",
    "to": "--until",
    "threshold_days": "--threshold-days",
    "covariates": "--covariate",
}
"""The option of each field of the query; other fields are dimensions of --where."""

By = Annotated[list[str], typer.Option("--by", help="Break down by this dimension; at most two.")]
Where = Annotated[list[str], typer.Option("--where", help="Only cases with dimension=value. Repeatable.")]
Figure = Annotated[list[str], typer.Option("--statistic", help="Only this figure. Repeatable.")]
Threshold = Annotated[int | None, typer.Option("--threshold-days", min=0, help="In days, instead of the norm.")]
Curve = Annotated[bool, typer.Option("--curve", help="Include every step of the curve in the JSON.")]
ComparedFigure = Annotated[
    str, typer.Option("--statistic", help="p1, p2, p3, or completion.received, .started or .closed.")
]
Covariates = Annotated[list[str], typer.Option("--covariate", help="Adjust for this case mix. Repeatable.")]
Unadjusted = Annotated[bool, typer.Option("--unadjusted", help="Adjust for no case mix.")]


class SelectionOptions(NamedTuple):
    """The options of every command here: the period, the figures and the cases."""

    since: Since
    until: Until
    statistic: Figure = []  # noqa: RUF012  # typer reads it and does not change it
    by: By = []  # noqa: RUF012
    where: Where = []  # noqa: RUF012


@statistics_app.command(name="lead-time")
@grouped_options
def lead_time(
    selection: SelectionOptions, threshold_days: Threshold = None, curve: Curve = False, *, reading: ReadingOptions
) -> None:
    """Lead times, open cases included as censored: P1 to P3, stage.STATE, wait.PARTY."""
    from ungdom.analytics.queries import statistics
    from ungdom.api.statistics.schemas import LeadTimeQuery

    query = query_of(LeadTimeQuery, selection, threshold_days=threshold_days, curve=curve)
    print_answer(query, statistics.lead_time, reading)


@statistics_app.command(name="completion")
@grouped_options
def completion(selection: SelectionOptions, reading: ReadingOptions) -> None:
    """Outcomes of the cases received, started and closed."""
    from ungdom.analytics.queries import statistics
    from ungdom.api.statistics.schemas import CompletionQuery

    print_answer(query_of(CompletionQuery, selection), statistics.completion, reading)


@statistics_app.command()
@grouped_options
def recidivism(selection: SelectionOptions, reading: ReadingOptions) -> None:
    """Recidivism by the definitions ssb_5y, nordic_2y and completion_2y, for index dates in the period."""
    from ungdom.analytics.queries import recidivism as answering
    from ungdom.api.statistics.schemas import RecidivismQuery

    print_answer(query_of(RecidivismQuery, selection), answering.recidivism, reading)


@statistics_app.command(name="offices")
@grouped_options
def office_comparison(
    since: Since,
    until: Until,
    statistic: ComparedFigure = "p3",
    covariate: Covariates = [],  # noqa: B006  # typer reads it and does not change it
    unadjusted: Unadjusted = False,
    threshold_days: Threshold = None,
    *,
    reading: ReadingOptions,
) -> None:
    """Offices beside what was expected of their own cases, with control limits and tests; no ranking."""
    from ungdom.analytics.queries.comparison import compare_offices
    from ungdom.api.statistics.comparison_present import comparison_out
    from ungdom.api.statistics.comparison_schemas import ComparisonQuery
    from ungdom.api.statistics.labels import places

    given: dict[str, Any] = {"statistic": statistic, "unadjusted": unadjusted, "threshold_days": threshold_days}
    given |= {"covariates": covariate} if covariate else {}
    query = query_of_options(ComparisonQuery, {"from": str(since.date()), "to": str(until.date())} | given)
    valid_at, known_at = as_of_days(reading)
    question = replace(query.question(), valid_at=valid_at, known_at=known_at, at_most=None)
    config = selected_settings(reading.on_demo)
    db = database(config, reading.refresh)
    with working("comparing the offices"), db.reading() as tx:
        result = compare_offices(tx, EncryptionKeys.of(config), question, clock.now())
        body = comparison_out(result, question, LANGUAGE, places(tx, LANGUAGE)["konfliktrad"])
    db.close()
    if reading.as_json:
        out.print_json(body.model_dump_json(by_alias=True))
    else:
        _print_comparison(body)
    raise typer.Exit(ExitCode.FOUND if result.unread else ExitCode.DONE)


def query_of(kind: Any, selection: SelectionOptions, **more: Any) -> Any:
    """The query of the API with these options. Raises `BadSettings`."""
    filters = {name: value for name, _, value in (option.partition("=") for option in selection.where)}
    if unknown := filters.keys() - kind.model_fields.keys():
        raise BadSettings(f"--where {', '.join(sorted(unknown))}: no such dimension")
    offices.known(filters.get("konfliktrad"))
    given = {"from": str(selection.since.date()), "to": str(selection.until.date()), "by": selection.by}
    given |= filters | more | ({"statistic": selection.statistic} if selection.statistic else {})
    return query_of_options(kind, given)


def query_of_options(kind: Any, given: dict[str, Any]) -> Any:
    """The query of the API with these values by field. Raises `BadSettings` with the option that is wrong."""
    from pydantic import ValidationError

    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise BadSettings(_sentence(error.errors()[0])) from None


def _sentence(problem: "ErrorDetails") -> str:
    """A problem with an option, in the words of the API."""
    from ungdom.texts.places import field_problem
    from ungdom.workflow.errors import allowed_values, named_values

    if not problem["loc"]:
        return str(problem["msg"])
    name = str(problem["loc"][0])
    option = OPTIONS.get(name, f"--where {name}=")
    place = field_problem(LANGUAGE, "", problem["type"], allowed_values(problem), named_values(problem))
    return f"{option}: {place['detail']}"


def print_answer(query: Any, find: "Find", reading: ReadingOptions) -> None:
    """Run the query and print the result. Ends the program: exit code 1 when a case could not be read."""
    from ungdom.api.statistics.present import list_out

    config = selected_settings(reading.on_demo)
    valid_at, known_at = as_of_days(reading)
    question = query.question(valid_at, known_at, None, at_most=None)
    db = database(config, reading.refresh)
    now = clock.now()
    with working("reading the cases"), db.reading() as tx:
        result = find(tx, EncryptionKeys.of(config), question, now)
    db.close()
    body = list_out(result, question, now, LANGUAGE)
    if reading.as_json:
        out.print_json(body.model_dump_json(by_alias=True))
    else:
        _print_statistics(body)
    raise typer.Exit(ExitCode.FOUND if result.unread else ExitCode.DONE)


def _print_statistics(body: "StatisticList") -> None:
    known = f", as known at {body.as_of.known_at or body.read_at:%Y-%m-%d %H:%M}"
    out.print(f"{body.since} to {body.until}, {body.read} case(s) read, as of {body.as_of.on}{known}")
    out.print(body.note)
    if body.unread:
        err.print(f"{body.unread} case(s) could not be read")
    for statistic in body.items:
        sheet().print(_table(statistic, list(body.by)))


def _table(statistic: "StatisticOut", by: list[str]) -> Table:
    threshold = f", over {statistic.threshold_days} days" if statistic.threshold_days is not None else ""
    title = f"\n{statistic.label}  ({statistic.code}, definition {statistic.definition}{threshold})"
    title += f"\n{statistic.period_label}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    shown = [name for name in ESTIMATES if any(name in cell.estimates for cell in statistic.cells)]
    counts = [
        name
        for name in (statistic.cells[0].counts if statistic.cells else ())
        if any(c.counts[name] for c in statistic.cells)
    ]
    for column in (*by, "all", *counts, *shown):
        table.add_column(column)
    for cell in statistic.cells:
        table.add_row(*_line(cell, counts, shown))
    return table


def _line(cell: "TableCellOut", counts: list[str], shown: list[str]) -> list[str]:
    places = ["all" if value == "_T" else value for value in cell.dimensions.values()]
    numbers = [str(cell.all), *(str(cell.counts[name]) for name in counts)]
    estimates = (cell.estimates.get(name) for name in shown)
    return [*places, *numbers, *("–" if value is None else f"{value:g}" for value in estimates)]


def _print_comparison(body: "OfficeComparisonOut") -> None:
    within = f", within {body.within_days} days" if body.within_days else ""
    out.print(f"{body.question}  ({body.code}, definition {body.definition}{within})")
    out.print(f"{body.since} to {body.until}, {body.read} case(s) read, as of {body.as_of.on}")
    for note in body.notes:
        out.print(note)
    if body.unread:
        err.print(f"{body.unread} case(s) could not be read")
    table = Table(box=None, pad_edge=False)
    for column in ("konfliktråd", "cases", "value", "expected", "difference", "limits 95 %", "P adjusted", ""):
        table.add_column(column)
    for office in body.items:
        table.add_row(*_office_line(office))
    sheet().print(table)
    for test in body.tests:
        out.print(f"{test.test}: chi-squared {test.statistic:.1f} on {test.degrees} degrees of freedom, P {test.p:.3f}")


def _office_line(office: "ComparedOfficeOut") -> list[str]:
    limits = f"{office.limits.low_95:.3g} to {office.limits.high_95:.3g}" if office.limits else "–"
    numbers = (office.expected, office.p_adjusted)
    expected, p = ("–" if number is None else f"{number:.3g}" for number in numbers)
    estimates = (_estimate(office.value), expected, _estimate(office.difference), limits, p)
    return [office.konfliktrad, str(office.cases), *estimates, office.reading_label]


def _estimate(estimate: "EstimateOut | None") -> str:
    return f"{estimate.value:.3g} ({estimate.low:.3g} to {estimate.high:.3g})" if estimate else "–"

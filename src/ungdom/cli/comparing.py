"""`ungdom statistics offices`: every konfliktråd beside what was expected of its own cases. Not for publication."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from ungdom import clock
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.figures import LANGUAGE, ReadingOptions, Since, Until, as_of_days, database, grouped_options
from ungdom.cli.statistics import Threshold, query_of_options
from ungdom.cli.terminal import err, out, selected_settings, sheet
from ungdom.store.encryption import EncryptionKeys

if TYPE_CHECKING:
    from ungdom.api.statistics.comparison_schemas import ComparedOfficeOut, EstimateOut, OfficeComparisonOut

Figure = Annotated[str, typer.Option("--statistic", help="p1, p2, p3, or completion.received, .started or .closed.")]
Covariates = Annotated[list[str], typer.Option("--covariate", help="Adjust for this case mix. Repeatable.")]
Unadjusted = Annotated[bool, typer.Option("--unadjusted", help="Adjust for no case mix.")]


@grouped_options
def offices(
    since: Since,
    until: Until,
    statistic: Figure = "p3",
    covariate: Covariates = [],  # noqa: B006  # typer reads it and does not change it
    unadjusted: Unadjusted = False,
    threshold_days: Threshold = None,
    *,
    reading: ReadingOptions,
) -> None:
    """Offices beside what was expected of their own cases, with control limits and tests; no ranking."""
    from dataclasses import replace

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
    with db.reading() as tx:
        result = compare_offices(tx, EncryptionKeys.of(config), question, clock.now())
        body = comparison_out(result, question, LANGUAGE, places(tx, LANGUAGE)["konfliktrad"])
    db.close()
    if reading.as_json:
        out.print_json(body.model_dump_json(by_alias=True))
    else:
        _print_comparison(body)
    raise typer.Exit(ExitCode.FOUND if result.unread else ExitCode.DONE)


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
        table.add_row(*_line(office))
    sheet().print(table)
    for test in body.tests:
        out.print(f"{test.test}: chi-squared {test.statistic:.1f} on {test.degrees} degrees of freedom, P {test.p:.3f}")


def _line(office: "ComparedOfficeOut") -> list[str]:
    limits = f"{office.limits.low_95:.3g} to {office.limits.high_95:.3g}" if office.limits else "–"
    numbers = (office.expected, office.p_adjusted)
    expected, p = ("–" if number is None else f"{number:.3g}" for number in numbers)
    estimates = (_estimate(office.value), expected, _estimate(office.difference), limits, p)
    return [office.konfliktrad, str(office.cases), *estimates, office.reading_label]


def _estimate(estimate: "EstimateOut | None") -> str:
    return f"{estimate.value:.3g} ({estimate.low:.3g} to {estimate.high:.3g})" if estimate else "–"

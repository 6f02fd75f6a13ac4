"""The country: the headline figures beside those released, and every released figure, small numbers hidden."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from ungdom.analytics.definitions import RELEASED_DEFINITIONS
from ungdom.analytics.dimensions import StatisticDimension
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.formats import TableFormat
from ungdom.api.http.scopes import published_scope
from ungdom.api.statistics.overview_routes import get_statistics_overview
from ungdom.api.statistics.overview_schemas import OverviewOut, OverviewQuery
from ungdom.api.statistics.present import question_of
from ungdom.api.statistics.routes import (
    get_completion_statistics,
    get_lead_time_statistics,
    get_recidivism_statistics,
    get_released_indicators,
)
from ungdom.api.statistics.schemas import (
    COMPLETION_CODES,
    INDICATOR_CODES,
    PARTS,
    RECIDIVISM_CODES,
    CompletionQuery,
    DatasetOut,
    LeadTimeQuery,
    RecidivismQuery,
    ReleasedIndicatorQuery,
)
from ungdom.release.plan import SINCE
from ungdom.web.dataset_table import table_of
from ungdom.web.figures_form import PeriodForm, as_file, csv_file, form_values
from ungdom.web.interval_svg import ShareInterval, draw_intervals
from ungdom.web.page import answer, data_of
from ungdom.web.places import COUNTRY
from ungdom.web.queries import PageForm, address_of
from ungdom.web.submitting import RefusedForm, attempt, validated

router = APIRouter(include_in_schema=False)

RELEASED = f"{COUNTRY.path}/released"
FIGURES = (*COMPLETION_CODES, *RECIDIVISM_CODES, *PARTS, *INDICATOR_CODES)
"""The figures that the form offers."""
RELEASED_COLUMNS = ("release", "known_at", "stands")
"""The columns of a released number that an exact one has no value of."""


class ReleasedForm(PageForm):
    """The form of a released figure. `by`: what its rows are by."""

    statistic: Annotated[str, Field(max_length=60)] = "completion.closed"
    by: StatisticDimension = StatisticDimension.PERIOD


@router.get(COUNTRY.path, response_model=OverviewOut)
def country_page(request: Request, context: ReadContext, query: Annotated[PeriodForm, Query()]) -> Response:
    """The headline figures: exact of one's own konfliktråd or of the country, and of the country as released."""
    question = query.period(context.today)
    overview = _overview(context, question)
    families: dict[str, list[dict[str, Any]]] = {}
    for item in overview["items"]:
        families.setdefault(item["family_label"], []).append(item)
    values = {
        "overview": overview,
        "families": families,
        "drawing": draw_intervals(drawn_shares(overview["items"])),
        "released": RELEASED,
        **form_values(question, COUNTRY.path),
    }
    return answer(request, "country.html", values)


@router.get(f"{COUNTRY.path}/download", response_model=OverviewOut)
def download_country(context: ReadContext, query: Annotated[PeriodForm, Query()]) -> Response:
    """The same as CSV: a line per figure and source. A released number has its release, and the days released."""
    overview = _overview(context, query.period(context.today))
    given = overview["given"] or {"since": None, "until": None}
    days = {"given_from": given["since"], "given_to": given["until"]}
    shown = {"exact": dict.fromkeys((*RELEASED_COLUMNS, *days)), "released": days}
    rows = [
        {"figure": item["code"], "definition": item["definition"], "unit": item["unit"], "source": source}
        | item[source]
        | shown[source]
        for item in overview["items"]
        for source in ("exact", "released")
        if item[source]
    ]
    return csv_file(rows, "country.csv")


@router.get(RELEASED, response_model=DatasetOut)
def released_page(request: Request, context: ReadContext, query: Annotated[ReleasedForm, Query()]) -> Response:
    """One figure of the newest release, small numbers hidden; a refusal where it is not released so."""
    context.require(published_scope, COUNTRY.may)
    result = attempt(request, lambda: _released(context, query, TableFormat.JSON_STAT))
    refused = result if isinstance(result, RefusedForm) else None
    dataset = None if isinstance(result, RefusedForm) else data_of(result)
    table = table_of(dataset) if dataset else None
    given = {"statistic": query.statistic, "by": query.by}
    values = {
        "problem": refused.problem if refused else None,
        "dataset": dataset,
        "table": table,
        "drawing": draw_intervals(table.intervals) if table else None,
        "given": given,
        "figures": {code: question_of(RELEASED_DEFINITIONS[code], context.language) for code in FIGURES},
        "dimensions": [str(dimension) for dimension in StatisticDimension],
        "download": address_of(f"{RELEASED}/download", given, {}),
    }
    return answer(request, "released.html", values, refused.status if refused else 200)


@router.get(f"{RELEASED}/download", response_model=DatasetOut)
def download_released(context: ReadContext, query: Annotated[ReleasedForm, Query()]) -> Response:
    """The same as CSV, as the interface answers it."""
    return as_file(bytes(_released(context, query, TableFormat.CSV).body), "released.csv")


def drawn_shares(items: Sequence[Mapping[str, Any]]) -> list[ShareInterval]:
    """The exact shares, and the released ones only where nothing is exact: one drawing has cases of one place."""
    source = "exact" if any(item["exact"] for item in items) else "released"
    return [
        ShareInterval(item["label"], number["value"], number["low"], number["high"])
        for item in items
        if item["unit"] == "share" and (number := item[source]) and number["value"] is not None
    ]


def _overview(context: RequestContext, question: dict[str, Any]) -> dict[str, Any]:
    return data_of(get_statistics_overview(context, validated(OverviewQuery, question, "query")))


def _released(context: RequestContext, query: ReleasedForm, form: TableFormat) -> Response:
    """The answer of the interface, of the whole time of the release. Raises what the interface raises."""
    families: list[tuple[tuple[str, ...], type[Any], Callable[..., Response]]] = [
        (COMPLETION_CODES, CompletionQuery, get_completion_statistics),
        (RECIDIVISM_CODES, RecidivismQuery, get_recidivism_statistics),
        (INDICATOR_CODES, ReleasedIndicatorQuery, get_released_indicators),
    ]
    schema, find = next(
        ((schema, find) for codes, schema, find in families if query.statistic in codes),
        (LeadTimeQuery, get_lead_time_statistics),
    )
    question: dict[str, Any] = {
        "from": SINCE.isoformat(),
        "to": context.today.replace(month=12, day=31).isoformat(),
        "statistic": (query.statistic,),
        "by": (query.by,),
        "format": form,
    }
    if schema is not ReleasedIndicatorQuery:
        question["published"] = True
    return find(context, validated(schema, question, "query"))

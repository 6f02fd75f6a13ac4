"""How cases come out: completion of cohorts that were followed long enough, and relapse by how a case was closed."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from ungdom import texts
from ungdom.analytics.cubes import TOTAL
from ungdom.analytics.dimensions import UNKNOWN
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.scopes import figures_scope
from ungdom.api.statistics.question_routes import get_completion_cohorts, get_relapse_by_outcome
from ungdom.api.statistics.question_schemas import (
    LONGEST_WINDOW,
    CohortQuery,
    MatureCohortList,
    OutcomeRelapseList,
    QuestionPeriodQuery,
)
from ungdom.store import reference
from ungdom.texts import Language
from ungdom.web.figures_form import PeriodForm, csv_file, form_values
from ungdom.web.interval_svg import ShareInterval, draw_intervals
from ungdom.web.page import answer, data_of
from ungdom.web.places import COHORTS, RELAPSE
from ungdom.web.queries import PageForm
from ungdom.web.submitting import validated
from ungdom.workflow.vocabulary import OffenceGroup, Sanction

router = APIRouter(include_in_schema=False)

MONTHS = "km_24"
"""The estimate of relapse that is drawn: after two years."""
Cohort = Literal["completion.received", "completion.started"]
CohortBy = Literal["sanction", "age", "offence_group", "konfliktrad"]


class CohortForm(PageForm):
    """The form of cohorts, as `CohortQuery`."""

    statistic: Cohort = "completion.started"
    months: Annotated[int, Field(ge=1, le=LONGEST_WINDOW)] = 24
    by: CohortBy | None = None


@router.get(COHORTS.path, response_model=MatureCohortList)
def cohorts_page(request: Request, context: ReadContext, query: Annotated[CohortForm, Query()]) -> Response:
    """Each year: how many completed, ended otherwise and still run, and the share once it is mature."""
    question, data = _cohorts(context, query)
    groups: dict[str, list[dict[str, Any]]] = {}
    for item in data["items"]:
        groups.setdefault(_value_label(context.language, query.by, item["value"]), []).append(item)
    values = {
        "cohorts": data,
        "groups": groups,
        "drawing": draw_intervals(_shares(next(iter(groups.values()), []))),
        "statistics": get_args(Cohort),
        "dimensions": get_args(CohortBy),
        **form_values(question, COHORTS.path),
    }
    return answer(request, "cohorts.html", values)


@router.get(f"{COHORTS.path}/download", response_model=MatureCohortList)
def download_cohorts(context: ReadContext, query: Annotated[CohortForm, Query()]) -> Response:
    """The same as CSV."""
    return csv_file(_cohorts(context, query)[1]["items"], "cohorts.csv")


@router.get(RELAPSE.path, response_model=OutcomeRelapseList)
def relapse_page(request: Request, context: ReadContext, query: Annotated[PeriodForm, Query()]) -> Response:
    """Persons by how their case was closed: how many have relapsed since, and the share after two years."""
    question, data = _relapse(context, query)
    shares = [
        ShareInterval(item["label"], estimates[MONTHS], estimates[f"{MONTHS}_low"], estimates[f"{MONTHS}_high"])
        for item in data["items"]
        if (estimates := item["estimates"])[MONTHS] is not None
    ]
    values = {
        "relapse": data,
        "counts": list(data["items"][0]["counts"]) if data["items"] else [],
        "estimate": MONTHS,
        "drawing": draw_intervals(shares),
        **form_values(question, RELAPSE.path),
    }
    return answer(request, "relapse.html", values)


@router.get(f"{RELAPSE.path}/download", response_model=OutcomeRelapseList)
def download_relapse(context: ReadContext, query: Annotated[PeriodForm, Query()]) -> Response:
    """The same as CSV."""
    items = _relapse(context, query)[1]["items"]
    rows = [{"outcome": x["outcome"], "persons": x["persons"], **x["counts"], **x["estimates"]} for x in items]
    return csv_file(rows, "relapse.csv")


def _cohorts(context: RequestContext, query: CohortForm) -> tuple[dict[str, Any], dict[str, Any]]:
    question = query.model_dump()
    return question, data_of(get_completion_cohorts(context, validated(CohortQuery, question, "query")))


def _relapse(context: RequestContext, query: PeriodForm) -> tuple[dict[str, Any], dict[str, Any]]:
    context.require(figures_scope, RELAPSE.may)
    question = query.period(context.today)
    return question, data_of(get_relapse_by_outcome(context, validated(QuestionPeriodQuery, question, "query")))


def _shares(cohorts: Sequence[dict[str, Any]]) -> list[ShareInterval]:
    """The shares of the cohorts that have one."""
    return [
        ShareInterval(str(cohort["year"]), cohort["share_within"], cohort["low"], cohort["high"])
        for cohort in cohorts
        if cohort["share_within"] is not None
    ]


def _value_label(language: Language, by: str | None, value: str) -> str:
    """The value of a dimension in words."""
    if value in (TOTAL, UNKNOWN):
        return texts.text(language, "statistic_number", "all" if value == TOTAL else UNKNOWN)
    if by == "konfliktrad":
        return reference.office_name(value, language)
    members = {"sanction": Sanction, "offence_group": OffenceGroup}.get(by or "")
    return texts.label(language, members(value)) if members else value

"""What a number is made of: its definition, its counts at the last release and now, and why they differ."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.scopes import figures_scope
from ungdom.api.statistics.explanation_routes import get_explanation
from ungdom.api.statistics.explanation_schemas import EXPLAINED, ExplanationOut, ExplanationQuery
from ungdom.web.figures_form import SanctionPeriodForm, csv_file, form_values
from ungdom.web.page import answer, data_of
from ungdom.web.places import EXPLANATION
from ungdom.web.submitting import validated
from ungdom.workflow.vocabulary import OffenceGroup

router = APIRouter(include_in_schema=False)

Age = Literal["15", "16", "17", "18+"]


class ExplanationForm(SanctionPeriodForm):
    """The form of an explanation, as `ExplanationQuery`."""

    statistic: Annotated[str, Field(max_length=60)] = "completion.started"
    konfliktrad: Annotated[str, Field(max_length=60)] | None = None
    age: Age | None = None
    offence_group: OffenceGroup | None = None


@router.get(EXPLANATION.path, response_model=ExplanationOut)
def explanation_page(request: Request, context: ReadContext, query: Annotated[ExplanationForm, Query()]) -> Response:
    """The counts of a figure by ending, at the last release and now, with the parts of what changed."""
    question, explanation = _explanation(context, query)
    values = {
        "explanation": explanation,
        "total": total_of(explanation["items"]),
        "statistics": EXPLAINED,
        "groups": [str(group) for group in OffenceGroup],
        "ages": Age.__args__,  # type: ignore[attr-defined]  # of a Literal
        **form_values(question, EXPLANATION.path),
    }
    return answer(request, "explanation.html", values)


@router.get(f"{EXPLANATION.path}/download", response_model=ExplanationOut)
def download_explanation(context: ReadContext, query: Annotated[ExplanationForm, Query()]) -> Response:
    """The same as CSV."""
    items = _explanation(context, query)[1]["items"]
    rows = [
        {"ending": item["ending"], "then": item["then"], **_nets(item), "now": item["now"]}
        for item in (*items, {"ending": "total", **total_of(items)})
    ]
    return csv_file(rows, "explanation.csv")


def total_of(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All endings together, with the same parts; `then` is None where there is no release."""
    parts = [
        {"reason": part["reason"], **{name: _sum(items, place, name) for name in ("joined", "left", "net")}}
        for place, part in enumerate(items[0]["parts"] if items else [])
    ]
    then = None if any(item["then"] is None for item in items) else sum(item["then"] for item in items)
    return {"then": then, "now": sum(item["now"] for item in items), "parts": parts}


def _sum(items: Sequence[Mapping[str, Any]], place: int, name: str) -> int:
    return sum(item["parts"][place][name] for item in items)


def _nets(item: Mapping[str, Any]) -> dict[str, int]:
    return {part["reason"]: part["net"] for part in item["parts"]}


def _explanation(context: RequestContext, query: ExplanationForm) -> tuple[dict[str, Any], dict[str, Any]]:
    context.require(figures_scope, EXPLANATION.may)
    question = query.model_dump(exclude={"since", "until"}) | query.period(context.today)
    return question, data_of(get_explanation(context, validated(ExplanationQuery, question, "query")))

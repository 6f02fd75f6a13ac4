"""The comparison of offices: for those who see figures of every office."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from ungdom.analytics.queries.comparison import compare_offices
from ungdom.api.http.context import ReadContext
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.scopes import figures_scope
from ungdom.api.statistics.comparison_present import comparison_out
from ungdom.api.statistics.comparison_schemas import ComparisonQuery, OfficeComparisonOut
from ungdom.api.statistics.labels import places
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import NATIONAL
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["statistics"])


def may_compare_offices(role: Role) -> bool:
    """Whether the role reads exact figures of every office side by side. Offices read their own."""
    return role in NATIONAL | {Role.ADMIN}


@router.get(
    "/v1/statistics/comparison",
    response_model=OfficeComparisonOut,
    summary="Offices beside what was expected of their own cases",
)
def get_office_comparison(context: ReadContext, query: Annotated[ComparisonQuery, Query()]) -> Response:
    """Every konfliktråd by one figure, adjusted for its case mix, with control limits and tests; no ranking.

    Exact, and not to be published: for the secretariat and administrators.
    """
    question = query.question()

    def operation(tx: Connection) -> ApiResponse:
        result = compare_offices(tx, context.keys, question, context.now)
        names = places(tx, context.language)["konfliktrad"]
        return json_response(comparison_out(result, question, context.language, names))

    return context.read_figures(operation, figures_scope, may_compare_offices)

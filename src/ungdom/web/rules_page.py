"""The rules: the machine of each sanction and regime with the law at each move, and the deadline rules."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from ungdom.api.http.context import ReadContext
from ungdom.api.http.inputs import NoQuery
from ungdom.api.rules.routes import get_workflow, list_deadline_rules
from ungdom.api.rules.schemas import Format
from ungdom.web.machine_svg import draw_machine
from ungdom.web.page import answer, data_of
from ungdom.web.places import RULES, SIMULATION
from ungdom.web.queries import PageForm
from ungdom.web.receipts import written_length_in
from ungdom.workflow.vocabulary import Regime, Sanction

router = APIRouter(include_in_schema=False)


class RulesQuery(PageForm):
    """Which workflow."""

    sanction: Sanction = Sanction.YOUTH_SANCTION
    regime: Regime = tuple(Regime)[-1]


@router.get(RULES.path)
def rules_page(request: Request, context: ReadContext, query: Annotated[RulesQuery, Query()]) -> Response:
    """One workflow as a diagram and as a table, and every deadline rule that applies to it."""
    workflow = data_of(get_workflow(context, query.sanction, query.regime, Format()))
    rules = data_of(list_deadline_rules(context, NoQuery()))
    applies = [
        rule for rule in rules["items"] if query.sanction in rule["sanctions"] and query.regime in rule["regimes"]
    ]
    for entry in (entry for rule in applies for entry in rule["lengths"]):
        entry["length_words"] = written_length_in(context.language, entry["length"])
    values = {
        "workflow": workflow,
        "simulation": SIMULATION.path if SIMULATION.may(context.principal.viewer.role) else None,
        "drawing": draw_machine(workflow["states"], workflow["moves"]),
        "deadline_rules": applies,
        "receivers": rules["receivers"],
        "sanctions": [str(sanction) for sanction in Sanction],
        "regimes": [str(regime) for regime in Regime],
    }
    return answer(request, "rules.html", values)

"""What another length of a deadline would change in the open cases. A form sent by GET: nothing is written."""

from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from ungdom import texts
from ungdom.api.http.context import ReadContext
from ungdom.api.http.inputs import NoQuery
from ungdom.api.http.scopes import figures_scope
from ungdom.api.rules.routes import list_deadline_rules
from ungdom.api.simulation.routes import simulate_deadline_rules
from ungdom.api.simulation.schemas import SimulationIn, SimulationOut
from ungdom.simulation import Turn
from ungdom.web.forms import integer_or_text
from ungdom.web.page import answer, data_of
from ungdom.web.places import SIMULATION
from ungdom.web.queries import PageForm
from ungdom.web.share_svg import Share, ShareDrawing, draw_shares
from ungdom.web.submitting import RefusedForm, attempt, validated
from ungdom.workflow.vocabulary import Regime, Sanction

router = APIRouter(include_in_schema=False)

LINES = 50
"""Cases that are listed."""
Unit = Literal["days", "weeks", "months", "years"]
Typed = Annotated[str, Field(max_length=60)]


class SimulationForm(PageForm):
    """The form: one rule as it might be. Nothing is simulated before a rule is named."""

    code: Typed | None = None
    length: Typed | None = None
    unit: Unit = "days"
    warn_days: Typed | None = None
    since: Typed | None = None
    sanction: Sanction | None = None
    regime: Regime | None = None
    on: Typed | None = None

    def question(self) -> dict[str, Any]:
        """The simulation as the interface is asked for it."""
        change = {
            "code": self.code,
            "length": {self.unit: integer_or_text(self.length)} if self.length else None,
            "warn_days": integer_or_text(self.warn_days) if self.warn_days else None,
            "since": self.since,
            "sanctions": [self.sanction] if self.sanction else None,
            "regimes": [self.regime] if self.regime else None,
        }
        body = {"changes": [{name: x for name, x in change.items() if x is not None}], "on": self.on, "limit": LINES}
        return {name: value for name, value in body.items() if value is not None}


@router.get(SIMULATION.path, response_model=SimulationOut)
def simulation_page(request: Request, context: ReadContext, query: Annotated[SimulationForm, Query()]) -> Response:
    """The form, and what the rule that it names would change; a refusal with the form as it was typed."""
    context.require(figures_scope, SIMULATION.may)
    refused, result = None, None
    if query.code:
        done = attempt(
            request,
            lambda: simulate_deadline_rules(context, validated(SimulationIn, query.question()), NoQuery()),
        )
        refused = done if isinstance(done, RefusedForm) else None
        result = None if isinstance(done, RefusedForm) else data_of(done)
    rules = data_of(list_deadline_rules(context, NoQuery()))["items"]
    values = {
        "given": query.model_dump(mode="json"),
        "problem": refused.problem if refused else None,
        "result": result,
        "rules": rules,
        "units": get_args(Unit),
        "sanctions": [str(sanction) for sanction in Sanction],
        "regimes": [str(regime) for regime in Regime],
        "drawing": _drawing(context.language, result),
    }
    return answer(request, "simulation.html", values, refused.status if refused else 200)


def _drawing(language: texts.Language, result: dict[str, Any] | None) -> ShareDrawing | None:
    """How many clocks turn overdue, and how many no longer are; None before a rule is tried."""
    if result is None:
        return None
    [clock] = result["clocks"]  # of the one rule that is tried
    return draw_shares([Share(texts.label(language, turn), clock[f"turn_{turn}"]) for turn in Turn])

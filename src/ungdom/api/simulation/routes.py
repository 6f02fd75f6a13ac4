"""Deadline rules tried on the live cases: what a change would flag, and where. It writes nothing."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from ungdom import simulation
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.scopes import figures_scope
from ungdom.api.simulation.present import simulation_out
from ungdom.api.simulation.schemas import SimulationIn, SimulationOut
from ungdom.store.session import Connection
from ungdom.workflow.errors import BadChanges, Problem
from ungdom.workflow.rules.permissions import may_simulate

router = APIRouter(tags=["rules"])


@router.post("/v1/deadline-rules/simulate", response_model=SimulationOut, summary="Try changed deadline rules")
@guarded(requires(figures_scope, may_simulate))
def simulate_deadline_rules(
    context: ReadContext, body: SimulationIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """What changed rules would do to the open cases: who turns overdue or green, and what is due where and when.

    Nothing is written: asked again, it is worked out again. A coordinator or leader is told of the cases of their own
    konfliktråd, the secretariat of all; an administrator gets the counts without any case.
    """

    def operation(tx: Connection) -> ApiResponse:
        day = day_of(body, context.today)
        result = simulation.simulate(tx, context.recorder.viewer, body.as_changes, day, body.limit)
        return json_response(simulation_out(result, context.language))

    return context.read(operation, figures_scope, may_simulate)


def day_of(body: SimulationIn, today: date) -> date:
    """The day of the simulation. Raises `BadChanges` for a day before today."""
    if body.on is not None and body.on < today:
        raise BadChanges([Problem("/on", "day_has_passed", "lies before today")])
    return body.on or today

"""How likely each running clock of a case is to pass its limit, and how such forecasts have come out."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom import texts
from ungdom.analytics.forecast import backtest, probabilities
from ungdom.api.forecasts.present import calibration_out, forecast_out
from ungdom.api.forecasts.schemas import ForecastList
from ungdom.api.http import inputs as i
from ungdom.api.http.case_reading import read_case, require_stage_dates
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.redact import redacted
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.store.session import Connection
from ungdom.workflow import redaction
from ungdom.workflow.rules.permissions import Disclosure

router = APIRouter(tags=["cases"])


@router.get("/v1/cases/{case_id}/forecast", response_model=ForecastList, summary="Which limits a case may pass")
def get_forecast(context: ReadContext, case_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """How likely each running clock is to pass its limit, after having waited so long. Of time only, not the youth."""
    return context.read(lambda tx: _case_forecasts(tx, context, case_id))


def _case_forecasts(tx: Connection, context: RequestContext, case_id: UUID) -> ApiResponse:
    read = require_stage_dates(read_case(tx, context, case_id, i.AsOf()))
    office = read.case.konfliktrad if redaction.may_learn(read, Disclosure.OFFICE) else None
    forecasts = probabilities.of_case(tx, read.case, read.on, office)
    calibrations = {
        clock: calibration_out(until, item) for clock, (until, item) in backtest.read_calibrations(tx).items()
    }
    body = ForecastList(
        on=read.on,
        as_of=forecasts.as_of,
        note=texts.text(context.language, "forecast", "note"),
        calibration=calibrations.get(None),
        items=[
            forecast_out(item, calibrations.get(item.query.clock), context.language)
            for item in forecasts.answers
            if redaction.may_learn_deadline(read, item.query.clock)
        ],
    )
    return json_response(redacted(body, read))

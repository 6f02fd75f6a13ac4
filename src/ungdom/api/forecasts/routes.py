"""How likely each running clock of a case is to pass its limit, and how such forecasts have come out."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom import texts
from ungdom.analytics.forecast import backtest, probabilities
from ungdom.analytics.forecast.calibration import Calibration
from ungdom.analytics.forecast.curves import FEWEST, Forecast, ForecastBasis, ForecastStanding
from ungdom.api.http import inputs as i
from ungdom.api.http.case_reading import read_case, require_stage_dates
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.schemas import Output
from ungdom.store.session import Connection
from ungdom.workflow.calendar import days_between
from ungdom.workflow.rules.permissions import Disclosure
from ungdom.workflow.vocabulary import State

router = APIRouter(tags=["cases"])

DECIMALS = 4


class BinOut(Output):
    """Forecasts close to each other: their mean, the share that did pass the limit, and how many there are."""

    predicted: float
    observed: float
    forecasts: int


class CalibrationOut(Output):
    """How past forecasts came out, as known at the end of `until`; asked from `first_asked` to `last_asked`.

    `left`: of the forecasts, cases that left in another way before the limit. `brier`: mean square of probability minus
    outcome, 0 is perfect; `brier_of_share`: the same had each been told `share`, the share that passed.
    """

    until: date
    first_asked: date
    last_asked: date
    forecasts: int
    left: int
    share: float
    brier: float
    brier_of_share: float
    bins: list[BinOut]


class ForecastOut(Output):
    """One running clock. `probability`: that it passes its limit if the case does not leave in another way before.

    `low` and `high`: its 95 % limits, null where the probability is 0 or 1. `at_risk`: how many earlier cases were
    waiting after as many days. `basis`: whose history that is. All null where nothing is foretold: `standing` says why.
    """

    code: str
    label: str
    stage: State
    stage_label: str
    begun_on: date
    due: date
    waited_days: int
    stage_days: int
    days_left: int
    standing: ForecastStanding
    standing_label: str
    message: str
    probability: float | None
    low: float | None
    high: float | None
    at_risk: int | None
    basis: ForecastBasis | None
    basis_label: str | None
    calibration: CalibrationOut | None


class ForecastList(Output):
    """The running clocks of a case that can be foretold. `as_of`: what was known at the end of that day was counted.

    `calibration`: of the forecasts of all clocks together.
    """

    on: date
    as_of: date | None
    note: str
    calibration: CalibrationOut | None
    items: list[ForecastOut]


@router.get("/v1/cases/{case_id}/forecast", response_model=ForecastList, summary="Which limits a case may pass")
def get_forecast(context: ReadContext, case_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """How likely each running clock is to pass its limit, after having waited so long. Of time only, not the youth."""
    return context.read(lambda tx: _case_forecasts(tx, context, case_id))


def _case_forecasts(tx: Connection, context: RequestContext, case_id: UUID) -> ApiResponse:
    read = require_stage_dates(read_case(tx, context, case_id, i.AsOf()))
    office = read.case.konfliktrad if Disclosure.OFFICE in read.disclosures else None
    forecasts = probabilities.of_case(tx, read.case, read.on, office)
    calibrations = {
        clock: _calibration_out(until, item) for clock, (until, item) in backtest.read_calibrations(tx).items()
    }
    body = ForecastList(
        on=read.on,
        as_of=forecasts.as_of,
        note=texts.text(context.language, "forecast", "note"),
        calibration=calibrations.get(None),
        items=[_forecast_out(item, calibrations.get(item.query.clock), context.language) for item in forecasts.answers],
    )
    return json_response(body)


def _forecast_out(
    clock_forecast: Forecast, calibration: CalibrationOut | None, language: texts.Language
) -> ForecastOut:
    question = clock_forecast.query
    return ForecastOut(
        code=question.clock,
        label=texts.text(language, "deadline", question.clock),
        stage=question.stage,
        stage_label=texts.label(language, question.stage),
        begun_on=question.begun,
        due=question.due,
        waited_days=days_between(question.begun, question.day),
        stage_days=question.stage_days,
        days_left=question.days_left,
        standing=clock_forecast.standing,
        standing_label=texts.label(language, clock_forecast.standing),
        message=_forecast_sentence(clock_forecast, language),
        basis=clock_forecast.basis,
        basis_label=texts.label(language, clock_forecast.basis) if clock_forecast.basis else None,
        calibration=calibration,
        **_probability_values(clock_forecast),
    )


def _probability_values(clock_forecast: Forecast) -> dict[str, Any]:
    estimate = clock_forecast.estimate
    if estimate is None:
        return dict.fromkeys(("probability", "low", "high", "at_risk"))
    certain = estimate.share in (0, 1)
    low, high = (None, None) if certain else (round(estimate.low, DECIMALS), round(estimate.high, DECIMALS))
    return {"probability": round(estimate.share, DECIMALS), "low": low, "high": high, "at_risk": estimate.at_risk}


def _forecast_sentence(clock_forecast: Forecast, language: texts.Language) -> str:
    """The answer as a sentence."""
    values: dict[str, str | int] = {"stage": texts.render(language, clock_forecast.query.stage), "fewest": FEWEST}
    if clock_forecast.estimate:
        values |= {"cases": clock_forecast.estimate.at_risk, "percent": round(100 * clock_forecast.estimate.share)}
    return texts.text(language, "forecast", clock_forecast.standing, **values)


def _calibration_out(until: date, calibration: Calibration) -> CalibrationOut:
    return CalibrationOut(
        until=until,
        first_asked=calibration.first_asked,
        last_asked=calibration.last_asked,
        forecasts=calibration.forecasts,
        left=calibration.left,
        share=round(calibration.share, DECIMALS),
        brier=round(calibration.brier, DECIMALS),
        brier_of_share=round(calibration.brier_of_share, DECIMALS),
        bins=[
            BinOut(predicted=round(b.predicted, DECIMALS), observed=round(b.observed, DECIMALS), forecasts=b.forecasts)
            for b in calibration.bins
        ],
    )

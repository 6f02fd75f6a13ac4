"""How likely each running clock of a case is to pass its limit, and how such forecasts have come out."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom import texts
from ungdom.api import inputs as i
from ungdom.api.cases import answer, read_case
from ungdom.api.deps import Answer, Call, ReadCall
from ungdom.api.need_to_know import of_stages
from ungdom.api.schemas import Output
from ungdom.statistics import backtest, forecast
from ungdom.statistics.calibration import Calibration
from ungdom.statistics.curves import FEWEST, Forecast, ForecastBasis, ForecastStanding
from ungdom.store.session import Connection
from ungdom.workflow.daycount import days_between
from ungdom.workflow.permissions import Fact
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
def get_forecast(call: ReadCall, case_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """How likely each running clock is to pass its limit, after having waited so long. Of time only, not the youth."""
    return call.read(lambda tx: _foretold(tx, call, case_id))


def _foretold(tx: Connection, call: Call, case_id: UUID) -> Answer:
    read = of_stages(read_case(tx, call, case_id, i.AsOf()))
    office = read.case.konfliktrad if Fact.OFFICE in read.learns else None
    found = forecast.of_case(tx, read.case, read.on, office)
    kept = {clock: _calibration(until, one) for clock, (until, one) in backtest.kept(tx).items()}
    body = ForecastList(
        on=read.on,
        as_of=found.as_of,
        note=texts.text(call.language, "forecast", "note"),
        calibration=kept.get(None),
        items=[_item(one, kept.get(one.asked.clock), call.language) for one in found.answers],
    )
    return answer(body)


def _item(one: Forecast, calibration: CalibrationOut | None, language: texts.Language) -> ForecastOut:
    asked = one.asked
    return ForecastOut(
        code=asked.clock,
        label=texts.text(language, "deadline", asked.clock),
        stage=asked.stage,
        stage_label=texts.label(language, asked.stage),
        begun_on=asked.begun,
        due=asked.due,
        waited_days=days_between(asked.begun, asked.day),
        stage_days=asked.stage_days,
        days_left=asked.days_left,
        standing=one.standing,
        standing_label=texts.label(language, one.standing),
        message=_message(one, language),
        basis=one.basis,
        basis_label=texts.label(language, one.basis) if one.basis else None,
        calibration=calibration,
        **_figures(one),
    )


def _figures(one: Forecast) -> dict[str, Any]:
    found = one.found
    if found is None:
        return dict.fromkeys(("probability", "low", "high", "at_risk"))
    sure = found.share in (0, 1)
    low, high = (None, None) if sure else (round(found.low, DECIMALS), round(found.high, DECIMALS))
    return {"probability": round(found.share, DECIMALS), "low": low, "high": high, "at_risk": found.at_risk}


def _message(one: Forecast, language: texts.Language) -> str:
    """The answer as a sentence."""
    values: dict[str, str | int] = {"stage": texts.render(language, one.asked.stage), "fewest": FEWEST}
    if one.found:
        values |= {"cases": one.found.at_risk, "percent": round(100 * one.found.share)}
    return texts.text(language, "forecast", one.standing, **values)


def _calibration(until: date, one: Calibration) -> CalibrationOut:
    return CalibrationOut(
        until=until,
        first_asked=one.first_asked,
        last_asked=one.last_asked,
        forecasts=one.forecasts,
        left=one.left,
        share=round(one.share, DECIMALS),
        brier=round(one.brier, DECIMALS),
        brier_of_share=round(one.brier_of_share, DECIMALS),
        bins=[
            BinOut(predicted=round(b.predicted, DECIMALS), observed=round(b.observed, DECIMALS), forecasts=b.forecasts)
            for b in one.bins
        ],
    )

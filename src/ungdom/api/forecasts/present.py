"""Forecasts and their calibration as schemas, with the sentence for each."""

from datetime import date
from typing import Any

from ungdom import texts
from ungdom.analytics.forecast.calibration import Calibration
from ungdom.analytics.forecast.curves import FEWEST, Forecast
from ungdom.api.forecasts.schemas import BinOut, CalibrationOut, ForecastOut
from ungdom.api.http.present import from_source
from ungdom.workflow.calendar import days_between

DECIMALS = 4


def forecast_out(clock_forecast: Forecast, calibration: CalibrationOut | None, language: texts.Language) -> ForecastOut:
    question = clock_forecast.query
    return from_source(
        ForecastOut,
        question,
        code=question.clock,
        label=texts.text(language, "deadline", question.clock),
        stage_label=texts.label(language, question.stage),
        begun_on=question.begun,
        waited_days=days_between(question.begun, question.day),
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


def calibration_out(until: date, calibration: Calibration) -> CalibrationOut:
    return from_source(
        CalibrationOut,
        calibration,
        until=until,
        share=round(calibration.share, DECIMALS),
        brier=round(calibration.brier, DECIMALS),
        brier_of_share=round(calibration.brier_of_share, DECIMALS),
        bins=[
            BinOut(predicted=round(b.predicted, DECIMALS), observed=round(b.observed, DECIMALS), forecasts=b.forecasts)
            for b in calibration.bins
        ],
    )

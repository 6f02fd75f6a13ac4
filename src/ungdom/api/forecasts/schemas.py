"""Schemas of forecasts and their calibration."""

from datetime import date

from ungdom.analytics.forecast.curves import ForecastBasis, ForecastStanding
from ungdom.api.http.schemas import Output
from ungdom.workflow.vocabulary import State


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

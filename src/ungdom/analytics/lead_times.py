"""Lead times as tables: the Kaplan–Meier and Aalen–Johansen estimates of the durations in each cell. Pure.

Open waits are included: the median of those that have ended is lower than the expected wait of a case, as is their
mean, which is reported beside the estimate under the name `mean_of_ended`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ungdom.analytics import durations
from ungdom.analytics.cohort_columns import CohortCollector, CohortColumns
from ungdom.analytics.cubes import Cube, CubeCell, Key
from ungdom.analytics.definition_types import Family, IndicatorPeriod, IndicatorUnit, LeadTimeDefinition
from ungdom.analytics.durations import ENDED, ENDED_BY_CLOSING, NEVER_AT_RISK, WAITING, WAYS_BEFORE_START
from ungdom.analytics.survival import (
    CENSORED,
    Curve,
    Spans,
    aalen_johansen,
    conditional_share,
    kaplan_meier,
    quantiles,
)
from ungdom.lazy import lazy
from ungdom.workflow import law
from ungdom.workflow.vocabulary import CLOSED, Party, State

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")

P, U = IndicatorPeriod, IndicatorUnit
_TO_START = (ENDED, *WAYS_BEFORE_START, WAITING, NEVER_AT_RISK)
_STRETCH = (ENDED, ENDED_BY_CLOSING, WAITING, NEVER_AT_RISK)
_LATE = "a case that was first known by its receipt is at risk from there"
_LONGER = "of these, those that wait longer than the norm or the days asked for, by Kaplan–Meier"
_STRATEGY = "strategy: rapid start; krl § 23; Kaplan and Meier 1958"


# One line per row keeps the table readable.
# fmt: off
LEAD_TIMES: tuple[LeadTimeDefinition, ...] = (
    LeadTimeDefinition("p1", 1, Family.LEAD_TIME, U.DAYS, P.REGISTERED, _LONGER,
             "cases registered in the period, from the last offence until receipt; one that was first known by its "
             "receipt is counted and left out of the estimate",
             _STRATEGY, _TO_START, duration=durations.offence_to_receipt),
    LeadTimeDefinition("p2", 1, Family.LEAD_TIME, U.DAYS, P.RECEIVED, _LONGER,
             "cases received in the period, without those under interim conditions before, from receipt to the start",
             _STRATEGY, _TO_START, law.PLAN_MEETING, duration=durations.receipt_to_start),
    LeadTimeDefinition("p3", 1, Family.LEAD_TIME, U.DAYS, P.REGISTERED, _LONGER,
             f"cases registered in the period, from the last offence to the start; {_LATE}",
             _STRATEGY, _TO_START, law.LEAD_TIME, duration=durations.offence_to_start),
    *(LeadTimeDefinition(f"stage.{state}", 1, Family.LEAD_TIME, U.DAYS, P.HAPPENED, _LONGER,
             f"cases whose first stay in the stage began in the period, until they left it in whichever way; {_LATE}",
             "office norm: workflow.waits.stages", _STRETCH,
             duration=partial(durations.in_stage, state=state), any_end=True)
      for state in State if state not in CLOSED),
    *(LeadTimeDefinition(f"wait.{party}", 1, Family.LEAD_TIME, U.DAYS, P.HAPPENED, _LONGER,
             "cases in which this party was waited for before the start, the first time beginning in the period, until "
             f"it was no longer waited for; {_LATE}",
             "office norm: workflow.waits.ledger", _STRETCH,
             duration=partial(durations.waiting_for, party=party), any_end=True)
      for party in Party),
)
# fmt: on

LEAD_TIME_BY_CODE = {definition.code: definition for definition in LEAD_TIMES}

QUANTILES = {"q1": 0.25, "median": 0.5, "q3": 0.75, "p90": 0.9}
"""The names of the quantiles, and the share that has ended by each."""
MEAN = "mean_of_ended"
OVER = "over"
BY_THEN = "_by"


def estimates_of(definition: LeadTimeDefinition, threshold: int | None) -> tuple[str, ...]:
    """The names of the estimates: quantiles with 95 % limits, and the naive mean.

    With a threshold also the share that waits longer (Kaplan–Meier), and the shares that have ended in each way by then
    (Aalen–Johansen), which with `waiting_by` add up to 1.
    """
    named = [f"{name}{limit}" for name in QUANTILES for limit in ("", "_low", "_high")] + [MEAN]
    if threshold is not None:
        ways = [ending for ending in definition.outcomes if ending != NEVER_AT_RISK]
        named += [OVER, f"{OVER}_low", f"{OVER}_high", *(f"{ending}{BY_THEN}" for ending in ways)]
    return tuple(named)


def table(
    collector: CohortCollector[LeadTimeDefinition], code: str, by: Sequence[str], threshold: int | None = None
) -> Cube:
    """The lead time of this code by these dimensions. `threshold`: in days; None: the norm, where there is one."""
    cohort_table = collector.table(code, by)
    days = threshold if threshold is not None else cohort_table.cohort.definition.norm_days(collector.day)
    cohort = cohort_table.cohort
    cells: dict[Key, CubeCell] = {}
    for key, members in cohort_table.cells():
        spans = cohort.spans(members)
        at_risk = spans.ever_at_risk()
        by_code = np.bincount(at_risk.ending, minlength=len(cohort.definition.outcomes) + 1)
        counts = {ending: int(by_code[cohort.code_of(ending)]) for ending in cohort.definition.outcomes}
        counts[NEVER_AT_RISK] = len(spans.time) - len(at_risk.time)
        cells[key] = CubeCell(counts, _estimates(cohort, spans, days))
    return cohort_table.cube(estimates_of(cohort.definition, days), cells)


def _estimates(
    cohort: CohortColumns[LeadTimeDefinition], spans: Spans, threshold: int | None
) -> dict[str, float | None]:
    curve = curve_of(cohort, spans)
    estimates: dict[str, float | None] = {}
    for name, quantile in zip(QUANTILES, quantiles(curve, tuple(QUANTILES.values())), strict=True):
        estimates |= {name: quantile.days, f"{name}_low": quantile.low, f"{name}_high": quantile.high}
    # The naive mean, of those that ended: it excludes open waits and ignores late entry.
    ended = spans.time[spans.ending != CENSORED if cohort.definition.any_end else spans.ending == cohort.code_of(ENDED)]
    estimates[MEAN] = float(ended.mean()) if len(ended) else None
    if threshold is None:
        return estimates
    over = conditional_share(curve, -1, threshold)
    shares = (over.share, over.low, over.high) if over else (None, None, None)
    named = zip((OVER, f"{OVER}_low", f"{OVER}_high"), shares, strict=True)
    estimates |= {name: _none_if_nan(share) for name, share in named}
    return estimates | _shares_by_threshold(cohort, spans, threshold)


def curve_of(cohort: CohortColumns[LeadTimeDefinition], spans: Spans) -> Curve:
    """The curve of the durations until they end by what was waited for.

    If the definition counts every end, until they end in any way.
    """
    return kaplan_meier(spans, None if cohort.definition.any_end else cohort.code_of(ENDED))


def _shares_by_threshold(
    cohort: CohortColumns[LeadTimeDefinition], spans: Spans, threshold: int
) -> dict[str, float | None]:
    """The share that has ended in each way by the threshold, with none of the ways censored, and the remainder of 1."""
    ways = [ending for ending in cohort.definition.outcomes if ending not in (WAITING, NEVER_AT_RISK)]
    at_risk = spans.ever_at_risk()
    if not len(at_risk.time) or (int(at_risk.time.max()) < threshold and bool((at_risk.ending == CENSORED).any())):
        return dict.fromkeys(f"{ending}{BY_THEN}" for ending in (*ways, WAITING))
    incidence = aalen_johansen(at_risk)
    place = int(np.searchsorted(incidence.days, threshold, side="right")) - 1
    shares = {code: float(line[place]) if place >= 0 else 0.0 for code, line in incidence.ended.items()}
    estimates: dict[str, float | None] = {f"{way}{BY_THEN}": shares.get(cohort.code_of(way), 0.0) for way in ways}
    return estimates | {f"{WAITING}{BY_THEN}": max(0.0, 1 - sum(shares.values()))}


def _none_if_nan(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else value


# --- curves -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """The share that waits longer than this number of days, with its 95 % limits.

    Also the numbers at risk and ended on that day.
    """

    days: int
    share: float
    low: float | None
    high: float | None
    at_risk: int
    ended: int


def points(curve: Curve) -> Iterator[Point]:
    """Every step of a curve: exact, not for publication."""
    low, high = curve.limits()
    for row in zip(curve.days, curve.survival, low, high, curve.at_risk, curve.ended, strict=True):
        yield Point(
            int(row[0]),
            float(row[1]),
            _none_if_nan(float(row[2])),
            _none_if_nan(float(row[3])),
            int(row[4]),
            int(row[5]),
        )

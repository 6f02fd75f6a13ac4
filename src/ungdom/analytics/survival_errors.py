"""Standard errors and limits of the Aalen–Johansen estimate, and the restricted mean of a Kaplan–Meier curve. Pure.

The variance of the Aalen–Johansen estimate is that of R's `survival`: the sum of the squared influence of each case
(infinitesimal jackknife), which is the formula of Greenwood's kind where nobody enters late. Source: Therneau,
`survival` 3.5; Aalen and Johansen 1978; Klein and Moeschberger 2003, §§ 4.5, 4.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from ungdom.analytics.survival import CONFIDENCE, Curve, Incidence, Shares, Spans, log_log_limits
from ungdom.lazy import lazy

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")


@dataclass(frozen=True, slots=True)
class Limited:
    """An estimate with its limits. `error`: its standard error."""

    value: float
    error: float
    low: float
    high: float


def incidence_by(spans: Spans, incidence: Incidence, code: int, day: int) -> Limited:
    """The share that has ended in this way by that day, with 95 % limits by log(-log); 0 before any did."""
    place = int(np.searchsorted(incidence.days, day, side="right")) - 1
    if place < 0 or code not in incidence.ended:
        return Limited(0.0, 0.0, 0.0, 0.0)
    share, error = incidence.ended[code][place], incidence_errors(spans, incidence, code)[place]
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = log_log_limits(np.array([share]), np.array([(error / share) ** 2]))
    return Limited(float(share), float(error), float(np.nan_to_num(low[0])), float(np.nan_to_num(high[0])))


def restricted_mean(curve: Curve, until: int, confidence: float = CONFIDENCE) -> Limited | None:
    """The mean number of days waited within the first `until` days, with its limits; None where nobody is seen so long.

    A case that waits longer counts as `until`.
    """
    survival = curve.survival
    if until > curve.last and (not len(survival) or survival[-1] > 0):
        return None
    inside = curve.days <= until
    days, levels = np.concatenate([[0], curve.days[inside], [until]]), np.concatenate([[1.0], survival[inside]])
    areas = np.diff(days) * levels
    mean = float(areas.sum())
    remaining = mean - np.cumsum(areas)[:-1]  # the area to the right of each day on which a case ended
    ended, at_risk = curve.ended[inside], curve.at_risk[inside]
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = remaining**2 * ended / (at_risk * (at_risk - ended))
    # once all have ended nothing remains, but for rounding
    terms = np.where((remaining > 0) & (at_risk > ended), terms, 0.0)
    error = float(np.sqrt(terms.sum()))
    width = NormalDist().inv_cdf((1 + confidence) / 2) * error
    return Limited(mean, error, max(0.0, mean - width), min(float(until), mean + width))


def incidence_errors(spans: Spans, incidence: Incidence, code: int) -> Shares:
    """The standard error of the share that has ended in this way, on each day of the estimate of these cases.

    It is the square root of the sum of the squared influences of all cases, carried from one day to the next.
    """
    seen = spans.ever_at_risk()
    in_way, survival = np.zeros(len(seen.time)), np.zeros(len(seen.time))
    errors, before, share_before = np.empty(len(incidence.days)), 1.0, dict.fromkeys(incidence.ended, 0.0)
    for place, day in enumerate(incidence.days):
        at_risk = (seen.entry < day) & (seen.time >= day)
        here = at_risk & (seen.time == day) & (seen.ending > 0)
        count = int(incidence.at_risk[place])
        steps = {way: (line[place] - share_before[way]) / before for way, line in incidence.ended.items()}
        share_before = {way: line[place] for way, line in incidence.ended.items()}
        hazard, hazard_in_way = sum(steps.values()), steps[code]
        in_way += survival * hazard_in_way + before * ((here & (seen.ending == code)) - at_risk * hazard_in_way) / count
        survival = survival * (1 - hazard) - before * (here - at_risk * hazard) / count
        before *= 1 - hazard
        errors[place] = np.sqrt((in_way**2).sum())
    return errors

"""The tail of chi-squared and the binomial distribution, which the comparison needs. Pure."""

from __future__ import annotations

from math import erfc, exp, lgamma, log, sqrt
from typing import TYPE_CHECKING

from ungdom.lazy import lazy

if TYPE_CHECKING:
    import numpy as np

    from ungdom.analytics.survival import Shares
else:
    np = lazy("numpy")


def chi_squared_tail(statistic: float, degrees: int) -> float:
    """The probability of at least this value with so many degrees of freedom (a finite sum for whole numbers).

    Source: Abramowitz and Stegun 1964, 26.4.4 and 26.4.5.
    """
    half = max(0.0, statistic) / 2
    if half == 0:
        return 1.0
    odd = degrees % 2
    first, tail = (0.5, erfc(sqrt(half))) if odd else (0.0, 0.0)
    terms = (exp(-half + (first + k) * log(half) - lgamma(first + k + 1)) for k in range(degrees // 2))
    return min(1.0, tail + sum(terms))


def binomial(count: int, share: float) -> Shares:
    """The probability of 0 to `count` successes, each with probability `share`, strictly between 0 and 1."""
    successes = np.arange(count + 1)
    choose = np.array([lgamma(count + 1) - lgamma(k + 1) - lgamma(count - k + 1) for k in range(count + 1)])
    probabilities: Shares = np.exp(choose + successes * log(share) + (count - successes) * log(1 - share))
    return probabilities


def mid_p(successes: int, count: int, share: float) -> float:
    """The two-sided mid-P value of so many successes; 1 where the share is 0 or 1.

    Half of the probability of the value itself counts (Lancaster 1961).
    """
    if not 0 < share < 1:
        return 1.0
    probabilities = binomial(count, share)
    here = float(probabilities[successes]) / 2
    below, above = float(probabilities[:successes].sum()) + here, float(probabilities[successes + 1 :].sum()) + here
    return min(1.0, 2 * min(below, above))

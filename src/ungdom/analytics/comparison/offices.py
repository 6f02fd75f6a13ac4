"""Every office beside what was expected of its own cases, with limits, tests and a reading. Pure.

It is no ranking: offices are in the order of their codes, and the difference of two offices is not estimated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING

from ungdom.analytics.comparison.case_mix import expected_means, expected_shares, strata_of
from ungdom.analytics.comparison.distributions import chi_squared_tail, mid_p
from ungdom.analytics.comparison.funnel import (
    INNER,
    OUTER,
    ControlLimits,
    ControlReading,
    holm,
    mean_limits,
    share_limits,
)
from ungdom.analytics.comparison.group_tests import GroupTest, gray, log_rank
from ungdom.analytics.completions import wilson
from ungdom.analytics.survival import Days, Spans, aalen_johansen, kaplan_meier
from ungdom.analytics.survival_errors import Limited, incidence_by, restricted_mean
from ungdom.lazy import lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")

LEAST = 10
"""Cases that an office needs to be compared. Office norm."""


@dataclass(frozen=True, slots=True, eq=False)
class ComparedCases:
    """The cases to compare: the office of each as an index into `offices`, and its declared covariates as codes."""

    offices: tuple[str, ...]
    office: Days
    covariates: tuple[Days, ...]

    def of(self, number: int) -> NDArray[np.bool_]:
        """Which cases are those of an office."""
        mask: NDArray[np.bool_] = self.office == number
        return mask

    @property
    def counts(self) -> list[int]:
        """The number of cases of each office."""
        return [int(self.of(number).sum()) for number in range(len(self.offices))]


@dataclass(frozen=True, slots=True)
class ComparedOffice:
    """One office. `value`: its share, or its mean days; `expected`: that of its case mix; `difference`: between them.

    `limits`: of the funnel. `p`: that it does not differ from the others, `p_adjusted`: for the number of offices.
    `ended`: the share that has started by the threshold, other endings competing; `observed`, `expected_count`: starts.
    """

    office: str
    cases: int
    reading: ControlReading = ControlReading.TOO_FEW
    value: Limited | None = None
    expected: float | None = None
    difference: Limited | None = None
    limits: ControlLimits | None = None
    p: float | None = None
    p_adjusted: float | None = None
    ended: Limited | None = None
    observed: int | None = None
    expected_count: float | None = None


@dataclass(frozen=True, slots=True)
class GlobalTest:
    """A test of all offices at once."""

    statistic: float
    degrees: int
    p: float


@dataclass(frozen=True, slots=True)
class OfficeComparison:
    """All offices, the value of the country, and the tests by name: `log_rank`, `gray` or `chi_squared`.

    No value of fewer cases than an office needs, and no test of fewer than two offices with enough.

    `compared`: the number of offices with enough cases; `by_chance`: how many of them lie outside the limits of each
    level on average if none differs. `overdispersion`: 1 where offices vary as by chance alone; above it they vary
    more, and more of them lie outside the limits than chance explains.
    """

    offices: tuple[ComparedOffice, ...]
    country: float | None
    tests: Mapping[str, GlobalTest]
    overdispersion: float | None

    @property
    def compared(self) -> int:
        """How many offices have enough cases."""
        return sum(office.reading is not ControlReading.TOO_FEW for office in self.offices)

    @property
    def by_chance(self) -> Mapping[str, float]:
        """How many of the offices with limits lie outside each level by chance alone, on average."""
        limited = sum(office.limits is not None for office in self.offices)
        return {"95": (1 - INNER) * limited, "998": (1 - OUTER) * limited}


def compare_shares(cases: ComparedCases, happened: NDArray[np.bool_]) -> OfficeComparison:
    """Offices by the share of their cases in which something happened."""
    expected = expected_shares(happened, cases.covariates)
    offices, scores = [], []
    for number, count in enumerate(cases.counts):
        own = cases.of(number)
        if count < LEAST:
            offices.append(ComparedOffice(cases.offices[number], count))
            continue
        successes, target = int(happened[own].sum()), float(expected[own].mean())
        share, low, high = wilson(successes, count)
        error = float(np.sqrt((expected[own] * (1 - expected[own])).sum())) / count
        scores.append((successes / count - target) / error if error else 0.0)
        limits = share_limits(target, count)
        offices.append(
            ComparedOffice(
                office=cases.offices[number],
                cases=count,
                reading=limits.reading(successes / count),
                value=None if share is None or low is None or high is None else Limited(share, error, low, high),
                expected=target,
                difference=_around(successes / count - target, error),
                limits=limits,
                p=mid_p(successes, count, target),
                observed=successes,
                expected_count=float(expected[own].sum()),
            )
        )
    tests = {"chi_squared": _of_scores(scores)} if len(scores) > 1 else {}
    country = float(happened.mean()) if len(happened) >= LEAST else None
    return OfficeComparison(_adjusted(offices), country, tests, _overdispersion(scores))


def compare_waits(cases: ComparedCases, spans: Spans, followed: Days, ending: int, until: int) -> OfficeComparison:
    """Offices by the mean days waited within the first `until` days, and by how quickly their cases start."""
    strata = strata_of(cases.covariates, len(cases.office))
    many = len(cases.offices)
    speed = log_rank(spans, cases.office, many, ending, strata)
    shares = gray(spans, cases.office, many, ending, followed, strata)
    means = expected_means(spans, strata, ending, until)
    offices, scores = [], []
    for number in range(many):
        office, score = _compared_wait(cases, number, spans, means, speed, (ending, until))
        offices.append(office)
        scores += [] if score is None else [score]
    compared = sum(office.p is not None for office in offices)
    both = {"log_rank": speed, "gray": shares} if compared > 1 else {}
    tests = {name: GlobalTest(test.statistic, test.degrees, test.p) for name, test in both.items()}
    country = restricted_mean(kaplan_meier(spans, ending), until) if len(cases.office) >= LEAST else None
    return OfficeComparison(_adjusted(offices), country.value if country else None, tests, _overdispersion(scores))


def _compared_wait(
    cases: ComparedCases, number: int, spans: Spans, means: NDArray[np.float64], speed: GroupTest, to: tuple[int, int]
) -> tuple[ComparedOffice, float | None]:
    """One office, and how many standard errors it lies from what was expected; `to`: the ending and the last day."""
    (ending, until), own = to, cases.of(number)
    part = Spans(spans.entry[own], spans.time[own], spans.ending[own]).ever_at_risk()
    count, few = int(own.sum()), ComparedOffice(cases.offices[number], int(own.sum()))
    if len(part.time) < LEAST:
        return few, None
    mean, target = restricted_mean(kaplan_meier(part, ending), until), float(means[own].mean())
    tested = replace(
        few,
        reading=ControlReading.NOT_ESTIMABLE,
        expected=None if np.isnan(target) else target,
        p=speed.p_of(number),
        ended=incidence_by(part, aalen_johansen(part), ending, until),
        observed=int(speed.observed[number]),
        expected_count=float(speed.expected[number]),
    )
    if mean is None or not mean.error or np.isnan(target):
        return tested, None
    limits = mean_limits(target, count, mean.error)
    difference = _around(mean.value - target, mean.error)
    office = replace(tested, reading=limits.reading(mean.value), value=mean, difference=difference, limits=limits)
    return office, (mean.value - target) / mean.error


def _adjusted(offices: Sequence[ComparedOffice]) -> tuple[ComparedOffice, ...]:
    """The offices with their P values adjusted for the number of those compared."""
    compared = [office for office in offices if office.p is not None]
    adjusted = iter(holm([office.p for office in compared if office.p is not None]))
    return tuple(office if office.p is None else replace(office, p_adjusted=next(adjusted)) for office in offices)


def _around(value: float, error: float) -> Limited:
    width = NormalDist().inv_cdf((1 + INNER) / 2) * error
    return Limited(value, error, value - width, value + width)


def _of_scores(scores: Sequence[float]) -> GlobalTest:
    statistic = float(sum(score * score for score in scores))
    return GlobalTest(statistic, len(scores) - 1, chi_squared_tail(statistic, len(scores) - 1))


def _overdispersion(scores: Sequence[float]) -> float | None:
    """The mean squared distance from the target in standard errors, of at least two offices."""
    return float(sum(score * score for score in scores)) / len(scores) if len(scores) > 1 else None

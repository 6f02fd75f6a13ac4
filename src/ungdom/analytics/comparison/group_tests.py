"""Tests between groups of waits: the log-rank test, stratified, and Gray's test of the shares that have ended. Pure.

The log-rank test compares how quickly those who wait start, every other ending censored. Gray's test compares the share
that has started with the other endings competing: a case that has left otherwise stays at risk, for as long as it would
have been followed, and never starts. Its follow-up is known, since nothing but the day of the count ends it (Fine and
Gray 1999, § 3.1); a case that enters late is at risk from there. Source: Mantel 1966; Gray 1988.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ungdom.analytics.comparison.distributions import chi_squared_tail
from ungdom.analytics.survival import CENSORED, Days, Shares, Spans
from ungdom.lazy import lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")


@dataclass(frozen=True, slots=True, eq=False)
class GroupTest:
    """Per group the endings `observed`, those `expected` if all groups were alike, and their `covariance`."""

    observed: Shares
    expected: Shares
    covariance: NDArray[np.float64]

    @property
    def statistic(self) -> float:
        """Chi-squared of all groups at once."""
        difference = self.observed - self.expected
        return float(difference @ np.linalg.pinv(self.covariance) @ difference)

    @property
    def degrees(self) -> int:
        """Its degrees of freedom: the groups that can differ, less one."""
        return int(np.linalg.matrix_rank(self.covariance)) if self.covariance.any() else 0

    @property
    def p(self) -> float:
        """The chance of so great differences if all groups were alike; 1 where none can differ."""
        return chi_squared_tail(self.statistic, self.degrees) if self.degrees else 1.0

    def p_of(self, group: int) -> float:
        """The chance of so great a difference of one group from all others."""
        variance = float(self.covariance[group, group])
        return (
            chi_squared_tail(float(self.observed[group] - self.expected[group]) ** 2 / variance, 1) if variance else 1.0
        )


def log_rank(spans: Spans, group: Days, groups: int, ending: int, strata: Days | None = None) -> GroupTest:
    """The test of the time until `ending`; None of the groups need have cases. `group`: of each case, from 0.

    `strata`: groups are compared within each stratum only, so that differences between strata do not count.
    """
    layers = np.zeros(len(group), np.int64) if strata is None else strata
    observed, expected = np.zeros(groups), np.zeros(groups)
    covariance = np.zeros((groups, groups))
    for layer in np.unique(layers):
        inside = layers == layer
        part = _within(
            Spans(spans.entry[inside], spans.time[inside], spans.ending[inside]), group[inside], groups, ending
        )
        observed, expected, covariance = observed + part[0], expected + part[1], covariance + part[2]
    return GroupTest(observed, expected, covariance)


def gray(spans: Spans, group: Days, groups: int, ending: int, followed: Days, strata: Days | None = None) -> GroupTest:
    """The test of the share that has ended so. `followed`: days that each case would have been followed."""
    competing = (spans.ending != CENSORED) & (spans.ending != ending)
    time = np.where(competing, np.maximum(followed, spans.time), spans.time)
    return log_rank(
        Spans(spans.entry, time, np.where(competing, CENSORED, spans.ending)), group, groups, ending, strata
    )


def _within(spans: Spans, group: Days, groups: int, ending: int) -> tuple[Shares, Shares, NDArray[np.float64]]:
    """Observed, expected and covariance of one stratum."""
    seen = spans.time > spans.entry
    entry, time, group = spans.entry[seen], spans.time[seen], group[seen]
    ends = spans.ending[seen] == ending
    days = np.unique(time[ends])
    at_risk, ended = np.empty((groups, len(days))), np.empty((groups, len(days)))
    for number in range(groups):
        own = group == number
        entered = np.searchsorted(np.sort(entry[own]), days, side="left")
        gone = np.searchsorted(np.sort(time[own]), days, side="left")
        at_risk[number] = entered - gone
        own_ends = np.sort(time[own & ends])
        ended[number] = np.searchsorted(own_ends, days, side="right") - np.searchsorted(own_ends, days, side="left")
    whole, count = at_risk.sum(axis=0), ended.sum(axis=0)
    share = at_risk / whole
    weight = np.where(whole > 1, count * (whole - count) / np.maximum(whole - 1, 1), 0.0)
    covariance = np.diag((share * weight).sum(axis=1)) - (share * weight) @ share.T
    return ended.sum(axis=1), (share * count).sum(axis=1), covariance

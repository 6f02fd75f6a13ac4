"""What would be expected of the cases of an office if it did as the country does with cases like them. Pure.

Shares by logistic regression on the declared covariates (main effects), days within groups of like cases. Indirect
standardisation: offices are compared with what was expected of their own cases, not with one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ungdom.analytics.survival import Days, Shares, Spans, kaplan_meier
from ungdom.analytics.survival_errors import Limited, restricted_mean
from ungdom.lazy import lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")

_RIDGE = 1e-4
"""A penalty that keeps the regression finite where a value has only cases of one outcome."""
_STEPS, _NEAR = 50, 1e-10
LEAST = 30
"""Cases of a group of like cases that has a mean of its own; smaller ones use that of the country."""


def expected_shares(happened: NDArray[np.bool_], covariates: Sequence[Days]) -> Shares:
    """The expected outcome of each case, from 0 to 1. Without covariates the share of all."""
    if not len(happened) or not covariates:
        return np.full(len(happened), float(happened.mean()) if len(happened) else 0.0)
    design = np.column_stack([np.ones(len(happened)), *(_indicators(column) for column in covariates)])
    penalty = np.diag(np.r_[0.0, np.full(design.shape[1] - 1, _RIDGE)])
    effects = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        expected = 1 / (1 + np.exp(-design @ effects))
        weighted = design * (expected * (1 - expected))[:, None]
        slope = design.T @ (happened - expected) - penalty @ effects
        change = np.linalg.solve(design.T @ weighted + penalty + _NEAR * np.eye(len(effects)), slope)
        effects += change
        if np.abs(change).max() < _NEAR:
            break
    shares: Shares = 1 / (1 + np.exp(-design @ effects))
    return shares


def strata_of(covariates: Sequence[Days], count: int) -> Days:
    """The group of like cases of each case: one number per combination of values."""
    if not covariates:
        return np.zeros(count, np.int64)
    _, groups = np.unique(np.column_stack(covariates), axis=0, return_inverse=True)
    numbers: Days = groups.reshape(-1).astype(np.int64)
    return numbers


def expected_means(spans: Spans, strata: Days, ending: int, until: int) -> Shares:
    """The restricted mean that cases like each case have in the country; of the whole country where they are few."""
    means = np.full(len(strata), np.nan)
    country = _mean(spans, np.ones(len(strata), bool), ending, until)
    for stratum in np.unique(strata):
        inside = strata == stratum
        own = _mean(spans, inside, ending, until) if inside.sum() >= LEAST else None
        chosen = own or country
        means[inside] = chosen.value if chosen else np.nan
    return means


def _mean(spans: Spans, inside: NDArray[np.bool_], ending: int, until: int) -> Limited | None:
    part = Spans(spans.entry[inside], spans.time[inside], spans.ending[inside])
    return restricted_mean(kaplan_meier(part, ending), until)


def _indicators(column: Days) -> NDArray[np.float64]:
    """One column of 0 and 1 for each value but the first."""
    values = np.unique(column)
    indicators: NDArray[np.float64] = (column[:, None] == values[None, 1:]).astype(np.float64)
    return indicators

"""Completion as tables: the outcomes of the cases in each cell, and the share completed with its limits. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

from ungdom.analytics import outcomes
from ungdom.analytics.cohort_columns import CohortCollector
from ungdom.analytics.cubes import Cube, CubeCell, Key
from ungdom.analytics.definition_types import CompletionDefinition, Family, IndicatorPeriod, IndicatorUnit
from ungdom.analytics.dimensions import numbers
from ungdom.analytics.outcomes import EXCLUDED_OUTCOMES
from ungdom.analytics.survival import CONFIDENCE
from ungdom.lazy import lazy
from ungdom.workflow.vocabulary import State

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")

P, U = IndicatorPeriod, IndicatorUnit
_EXCLUDED = "death and what lapsed for another reason are told apart and stand in neither"

# One line per row keeps the table readable.
# fmt: off
COMPLETIONS: tuple[CompletionDefinition, ...] = (
    CompletionDefinition("completion.received", 1, Family.COMPLETION, U.SHARE, P.RECEIVED, "of these, cases completed",
               f"cases received in the period, those still open with them; {_EXCLUDED}",
               "strategy: completion; krl § 22", outcomes.OUTCOMES, cohort_day=outcomes.received),
    CompletionDefinition("completion.started", 1, Family.COMPLETION, U.SHARE, P.STARTED, "of these, cases completed",
               f"cases whose execution began in the period, those still open with them; {_EXCLUDED}",
               "strategy: completion; krl §§ 22, 23", outcomes.OUTCOMES, cohort_day=outcomes.started),
    CompletionDefinition("completion.closed", 1, Family.COMPLETION, U.SHARE, P.CLOSED, "of these, cases closed "
                         "as completed",
               f"cases received or started, and closed in the period: open ones are left out; {_EXCLUDED}",
               "strategy: completion; krl § 22", outcomes.OUTCOMES, cohort_day=outcomes.closed),
)
# fmt: on

COMPLETION_BY_CODE = {definition.code: definition for definition in COMPLETIONS}

ESTIMATES = ("share", "share_low", "share_high")
"""The share completed, excluding cases counted apart, with Wilson's 95 % limits."""


def table(collector: CohortCollector[CompletionDefinition], code: str, by: Sequence[str]) -> Cube:
    """The completion of this code by these dimensions."""
    cohort_table = collector.table(code, by)
    cohort = cohort_table.cohort
    cells: dict[Key, CubeCell] = {}
    for key, members in cohort_table.cells():
        by_code = np.bincount(numbers(cohort.outcome_code)[members], minlength=len(cohort.definition.outcomes) + 1)
        counts = {ending: int(by_code[cohort.code_of(ending)]) for ending in cohort.definition.outcomes}
        denominator = sum(count for ending, count in counts.items() if ending not in EXCLUDED_OUTCOMES)
        share = wilson(counts[State.COMPLETED], denominator)
        cells[key] = CubeCell(counts, dict(zip(ESTIMATES, share, strict=True)))
    return cohort_table.cube(ESTIMATES, cells)


def wilson(numerator: int, denominator: int) -> tuple[float | None, float | None, float | None]:
    """A share with its 95 % limits; None where the denominator is 0. Source: Wilson 1927."""
    if not denominator:
        return None, None, None
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    share = numerator / denominator
    middle = share + z * z / (2 * denominator)
    width = z * sqrt(share * (1 - share) / denominator + z * z / (4 * denominator * denominator))
    low, high = (middle - width) / (1 + z * z / denominator), (middle + width) / (1 + z * z / denominator)
    return share, max(0.0, low), min(1.0, high)

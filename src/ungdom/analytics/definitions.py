"""The definitions of every family, collected from the modules beside the figures."""

from collections.abc import Iterator, Mapping

from ungdom.analytics.caseload.released import CASELOAD_BY_CODE
from ungdom.analytics.completions import COMPLETION_BY_CODE, COMPLETIONS
from ungdom.analytics.definition_types import CompletionDefinition, Definition, Family, LeadTimeDefinition
from ungdom.analytics.indicators import INDICATORS
from ungdom.analytics.indicators.cohorts import RELEASED_INDICATORS
from ungdom.analytics.lead_times import LEAD_TIME_BY_CODE, LEAD_TIMES
from ungdom.analytics.recidivism.definitions import (
    BY_OUTCOME,
    RECIDIVISM_BY_CODE,
    RECIDIVISMS,
    RecidivismDefinition,
)

__all__ = [
    "BY_OUTCOME",
    "CASELOAD_BY_CODE",
    "COMPLETIONS",
    "COMPLETION_BY_CODE",
    "LEAD_TIMES",
    "LEAD_TIME_BY_CODE",
    "RECIDIVISMS",
    "RECIDIVISM_BY_CODE",
    "RELEASED_DEFINITIONS",
    "RELEASED_INDICATORS",
    "CompletionDefinition",
    "Definition",
    "Family",
    "LeadTimeDefinition",
    "RecidivismDefinition",
    "all_definitions",
]

RELEASED_DEFINITIONS: Mapping[str, Definition] = {
    **LEAD_TIME_BY_CODE,
    **COMPLETION_BY_CODE,
    **RECIDIVISM_BY_CODE,
    **RELEASED_INDICATORS,
    **CASELOAD_BY_CODE,
}
"""The figures that a release may have, by code, with their outcomes."""
EARLIER_DEFINITIONS: Mapping[tuple[str, int], LeadTimeDefinition | CompletionDefinition] = {}
"""Replaced versions that can still be computed, by code and version.

Whoever raises the version of a row of lead time or completion puts the replaced row here, so that the change that is
due to the definition can be told from what has happened (docs/decisions/0060-explained-numbers.md).
"""


def all_definitions() -> Iterator[Definition]:
    """Every definition of every family, the caseload last."""
    yield from LEAD_TIMES
    yield from COMPLETIONS
    yield from RECIDIVISMS
    yield BY_OUTCOME
    yield from (indicator.definition() for indicator in INDICATORS)
    yield from CASELOAD_BY_CODE.values()

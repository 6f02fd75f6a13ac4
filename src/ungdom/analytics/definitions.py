"""The definitions of every family, collected from the modules beside the figures."""

from collections.abc import Iterator

from ungdom.analytics.completions import COMPLETION_BY_CODE, COMPLETIONS
from ungdom.analytics.definition_types import CompletionDefinition, Definition, Family, LeadTimeDefinition
from ungdom.analytics.indicators import INDICATORS
from ungdom.analytics.lead_times import LEAD_TIME_BY_CODE, LEAD_TIMES
from ungdom.analytics.recidivism.definitions import (
    BY_OUTCOME,
    RECIDIVISM_BY_CODE,
    RECIDIVISMS,
    RecidivismDefinition,
)

__all__ = [
    "BY_OUTCOME",
    "COMPLETIONS",
    "COMPLETION_BY_CODE",
    "LEAD_TIMES",
    "LEAD_TIME_BY_CODE",
    "RECIDIVISMS",
    "RECIDIVISM_BY_CODE",
    "CompletionDefinition",
    "Definition",
    "Family",
    "LeadTimeDefinition",
    "RecidivismDefinition",
    "all_definitions",
]


def all_definitions() -> Iterator[Definition]:
    """Every definition of every family, the indicators last."""
    yield from LEAD_TIMES
    yield from COMPLETIONS
    yield from RECIDIVISMS
    yield BY_OUTCOME
    yield from (indicator.definition() for indicator in INDICATORS)

"""Whether a service takes decisions as docs/decisions-in.md and docs/batch.md say: cases, and what has to be answered.

Everything goes over HTTP, with messages about people who do not exist, under ids that no other run has.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from ungdom.conformance.cases import CASES
from ungdom.conformance.exchange import Exchange


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of one case. `deviations`: what was answered otherwise, in words; none where all is as it has to be."""

    case: str
    about: str
    deviations: tuple[str, ...]


def run(client: httpx.Client) -> Iterator[CaseResult]:
    """The result of each case. `client`: with the address of the service and a token that may send decisions.

    Raises `httpx.TransportError` where the service does not answer.
    """
    for case in CASES:
        about = (case.__doc__ or "").strip()
        try:
            deviations = tuple(case(Exchange(client)))
        except (KeyError, TypeError, ValueError, IndexError) as error:  # an answer without what it has to have
            deviations = (f"an answer has another form: {type(error).__name__} {error}",)
        yield CaseResult(case.__name__, about, deviations)

"""The faults that are ordered: what happens to the next requests."""

from dataclasses import dataclass
from enum import StrEnum

LONGEST_DELAY = 60.0
"""Seconds by which an answer can be delayed."""
MOST_REQUESTS = 1_000
"""Requests for which a fault can be ordered at a time."""


class RequestFault(StrEnum):
    """What happens to one request."""

    UNAVAILABLE = "unavailable"
    DUPLICATE = "duplicate"


@dataclass(slots=True)
class Faults:
    """The faults that are left.

    `delay_seconds`: before each request is carried out, until it is set to 0. `unavailable`: number of requests that
    are answered with 503 and not carried out. `duplicates`: number of requests that are carried out twice, as when a
    network repeats them, and answered with the second answer.
    """

    delay_seconds: float = 0.0
    unavailable: int = 0
    duplicates: int = 0

    def next_fault(self) -> RequestFault | None:
        """What happens to the next request, which is then counted; None for nothing."""
        if self.unavailable:
            self.unavailable -= 1
            return RequestFault.UNAVAILABLE
        if self.duplicates:
            self.duplicates -= 1
            return RequestFault.DUPLICATE
        return None

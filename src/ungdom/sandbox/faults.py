"""The faults that are ordered: what happens to the next requests, and to the next webhooks."""

from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

LONGEST_DELAY = 60.0
"""Seconds by which an answer or a webhook can be delayed."""
MOST_REQUESTS = 1_000
"""Requests or webhooks for which a fault can be ordered at a time."""

_counting = Lock()


class OrderedFault(StrEnum):
    """What happens to one request, or to one webhook."""

    UNAVAILABLE = "unavailable"
    DUPLICATE = "duplicate"


@dataclass(slots=True)
class Faults:
    """The faults that are left.

    `delay_seconds`: before each request is carried out, until it is set to 0. `unavailable`: number of requests that
    are answered with 503 and not carried out. `duplicates`: number of requests that are carried out twice, as when a
    network repeats them, and answered with the second answer.

    `webhook_delay_seconds`: before each webhook is sent, until it is set to 0. `webhook_unavailable`: number of
    webhooks that are not sent, as if the receiver had answered 503. `webhook_duplicates`: number of webhooks that are
    sent twice under one key.
    """

    delay_seconds: float = 0.0
    unavailable: int = 0
    duplicates: int = 0
    webhook_delay_seconds: float = 0.0
    webhook_unavailable: int = 0
    webhook_duplicates: int = 0

    def next_fault(self) -> OrderedFault | None:
        """What happens to the next request, which is then counted; None for nothing."""
        return self._next("unavailable", "duplicates")

    def next_webhook_fault(self) -> OrderedFault | None:
        """What happens to the next webhook, which is then counted; None for nothing."""
        return self._next("webhook_unavailable", "webhook_duplicates")

    def _next(self, unavailable: str, duplicates: str) -> OrderedFault | None:
        kinds = ((unavailable, OrderedFault.UNAVAILABLE), (duplicates, OrderedFault.DUPLICATE))
        with _counting:
            for name, fault in kinds:
                left: int = getattr(self, name)
                if left:
                    setattr(self, name, left - 1)
                    return fault
        return None

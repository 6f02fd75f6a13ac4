"""The konfliktråd that a parked message may concern without the sender knowing, and the cases a sender handles."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from sqlalchemy import ColumnElement, exists, false, or_

from ungdom.store.schema.cases import case_current, event
from ungdom.store.schema.inbox import decision
from ungdom.workflow.vocabulary import Protection

SECRETARIAT = ""
"""In place of a konfliktråd: no office may see why the message is parked."""

SETTLED_OUTCOMES = ("applied", "duplicate")
"""The outcomes of a message whose content is recorded in a case."""


@dataclass(frozen=True, slots=True)
class Concern:
    """A konfliktråd that may see why a message is parked; `SECRETARIAT`: only the secretariat may.

    `protection`: the strictest protection level of the people that the message may be about.
    """

    konfliktrad: str
    protection: Protection
    reason: str

    def __str__(self) -> str:
        return f"{self.konfliktrad}:{self.protection}:{self.reason}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str`."""
        konfliktrad, protection, reason = text.split(":")
        return cls(konfliktrad, Protection(protection), reason)


def serialize_concerns(concerns: Iterable[Concern]) -> str | None:
    """The value of `decision.offices`; None without concerns."""
    words = sorted({str(concern) for concern in concerns})
    return f"|{'|'.join(words)}|" if words else None


def parse_concerns(offices: str | None) -> tuple[Concern, ...]:
    """The concerns in a value of `decision.offices`."""
    words = (offices or "").strip("|").split("|")
    return tuple(Concern.parse(word) for word in words if word)


def concerns_office(konfliktrad: str | None, open_only: bool) -> ColumnElement[bool]:
    """SQL condition: the messages that concern this konfliktråd. `open_only`: without strictly confidential ones."""
    if not konfliktrad:
        return false()
    levels = [level for level in Protection if not (open_only and level is Protection.STRICTLY_CONFIDENTIAL)]
    return or_(*(decision.c.offices.contains(f"|{konfliktrad}:{level}:", autoescape=True) for level in levels))


@lru_cache(maxsize=64)
def handled_by(source: str) -> ColumnElement[bool]:
    """SQL condition: the cases that this system opened, or to which it has sent a settled message."""
    first = exists().where(event.c.case_id == case_current.c.case_id, event.c.seq == 1, event.c.source == source)
    settled = (decision.c.source == source, decision.c.outcome.in_(SETTLED_OUTCOMES))
    settled_message = exists().where(decision.c.case_id == case_current.c.case_id, *settled)
    return or_(first.correlate(case_current), settled_message.correlate(case_current))

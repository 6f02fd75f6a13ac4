"""Whom a message concerns of which the sender may not know: offices of people it may be about.

And which cases a sending system handles, so that it does know whose they are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from sqlalchemy import ColumnElement, exists, false, or_

from ungdom.store.schema.cases import case_current, event
from ungdom.store.schema.inbox import decision
from ungdom.workflow.vocabulary import Protection

SECRETARIAT = ""
"""In place of a konfliktråd: no office is told why the message waits."""

SETTLED_OUTCOMES = ("applied", "duplicate")
"""The outcomes in which the case says what the message says."""


@dataclass(frozen=True, slots=True)
class Concern:
    """A konfliktråd that may know why a message waits; `SECRETARIAT`: none may, and the secretariat settles who it is.

    `protection`: the strictest of the addresses of the people it may be about.
    """

    konfliktrad: str
    protection: Protection
    reason: str

    def __str__(self) -> str:
        return f"{self.konfliktrad}:{self.protection}:{self.reason}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """As written by `str`."""
        konfliktrad, protection, reason = text.split(":")
        return cls(konfliktrad, Protection(protection), reason)


def serialize_concerns(concerns: Iterable[Concern]) -> str | None:
    """How they are kept in `decision.offices`."""
    words = sorted({str(concern) for concern in concerns})
    return f"|{'|'.join(words)}|" if words else None


def parse_concerns(offices: str | None) -> tuple[Concern, ...]:
    """Those kept in `decision.offices`."""
    words = (offices or "").strip("|").split("|")
    return tuple(Concern.parse(word) for word in words if word)


def concerns_office(konfliktrad: str | None, open_only: bool) -> ColumnElement[bool]:
    """The messages that concern this konfliktråd. `open_only`: not those of a strictly protected person."""
    if not konfliktrad:
        return false()
    levels = [level for level in Protection if not (open_only and level is Protection.STRICTLY_CONFIDENTIAL)]
    return or_(*(decision.c.offices.contains(f"|{konfliktrad}:{level}:", autoescape=True) for level in levels))


def handled_by(source: str) -> ColumnElement[bool]:
    """The cases that this system opened, or has told of something in that counts: it knows whose they are."""
    first = exists().where(event.c.case_id == case_current.c.case_id, event.c.seq == 1, event.c.source == source)
    settled = (decision.c.source == source, decision.c.outcome.in_(SETTLED_OUTCOMES))
    settled_message = exists().where(decision.c.case_id == case_current.c.case_id, *settled)
    return or_(first.correlate(case_current), settled_message.correlate(case_current))

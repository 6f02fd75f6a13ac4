"""The rules of retention: what is kept how long, counted from which fact, on what basis.

A term that no source sets for konfliktrådene is not `verified`: the rule counts what it would erase, and erases nothing
until an administrator has entered the basis. Public records may not be destroyed without consent (arkl § 9).
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum

from ungdom.store.retention import StoredBasis
from ungdom.workflow.calendar import Length, after


class RetentionCode(StrEnum):
    """What a rule of retention is about."""

    PERSONS = "persons"  # names, numbers, contact, guardians, history, notes and messages of a person
    DECISION_CONTENT = "decision_content"  # pushed messages that are recorded in a case
    REJECTED_MESSAGES = "rejected_messages"  # pushed messages that led to no case
    OFFICIAL_MESSAGES = "official_messages"  # official messages as they came in
    REGISTER_EVENTS = "register_events"  # events of the population register
    KEPT_ANSWERS = "kept_answers"  # answers kept for a repeated request
    TEAM_CONTACTS = "team_contacts"  # e-mail addresses of former members of teams
    CALENDAR_FEEDS = "calendar_feeds"  # addresses of calendars that nobody reads


class CountedFrom(StrEnum):
    """From which fact a term of retention is counted."""

    LAST_CASE_CLOSED = "last_case_closed"
    CASE_CLOSED = "case_closed"
    RECEIVED = "received"
    WRITTEN = "written"
    LAST_READ = "last_read"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """One rule. `duty`: before the term has passed the data may not be erased, not even when the person asks for it.

    `source`: act and paragraph of the basis. `verified`: the source itself sets the term, or nothing requires one.
    """

    code: RetentionCode
    keep: Length
    counted_from: CountedFrom
    source: str
    verified: bool
    duty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveRule:
    """A rule as it applies in this installation. `keep`: the length that was confirmed, or else that of the rule.

    `confirmed`: what an administrator has entered last; None if nothing.
    """

    rule: RetentionRule
    keep: Length
    confirmed: StoredBasis | None

    @property
    def applies(self) -> bool:
        """Whether the rule erases. Otherwise it only counts what it would erase."""
        return self.rule.verified or self.confirmed is not None

    def kept_until(self, counted_from: date) -> date | None:
        """The last day on which the data is kept; None without an end: the basis of the term is not entered."""
        return after(counted_from, self.keep) if self.applies else None

    def is_due(self, counted_from: date, today: date) -> bool:
        """Whether the term has passed. Of a rule that does not apply: whether it would have."""
        return after(counted_from, self.keep) < today


ARCHIVE = "arkl (LOV-1992-12-04-126) § 9"
STORAGE_LIMITATION = "GDPR art. 5 (1) e, pol (LOV-2018-06-15-38) § 1"

# Read by lawyers: one row per rule, every argument named.
# fmt: off
RULES: tuple[RetentionRule, ...] = (
    RetentionRule(
        code=RetentionCode.PERSONS, keep=Length(years=10), counted_from=CountedFrom.LAST_CASE_CLOSED,
        source=ARCHIVE, verified=False, duty=True),
    RetentionRule(
        code=RetentionCode.DECISION_CONTENT, keep=Length(years=5), counted_from=CountedFrom.CASE_CLOSED,
        source=ARCHIVE, verified=False),
    RetentionRule(
        code=RetentionCode.REJECTED_MESSAGES, keep=Length(years=2), counted_from=CountedFrom.RECEIVED,
        source=ARCHIVE, verified=False),
    RetentionRule(
        code=RetentionCode.OFFICIAL_MESSAGES, keep=Length(years=5), counted_from=CountedFrom.RECEIVED,
        source=ARCHIVE, verified=False),
    RetentionRule(
        code=RetentionCode.REGISTER_EVENTS, keep=Length(years=1), counted_from=CountedFrom.RECEIVED,
        source=ARCHIVE, verified=False),
    RetentionRule(
        code=RetentionCode.KEPT_ANSWERS, keep=Length(days=30), counted_from=CountedFrom.WRITTEN,
        source=STORAGE_LIMITATION, verified=True),
    RetentionRule(
        code=RetentionCode.TEAM_CONTACTS, keep=Length(years=1), counted_from=CountedFrom.WRITTEN,
        source=STORAGE_LIMITATION, verified=True),
    RetentionRule(
        code=RetentionCode.CALENDAR_FEEDS, keep=Length(years=1), counted_from=CountedFrom.LAST_READ,
        source=STORAGE_LIMITATION, verified=True),
)
# fmt: on
"""Every rule. The lengths are office norms; where a duty to keep public records exists, they are not verified."""

BY_CODE: Mapping[RetentionCode, RetentionRule] = {rule.code: rule for rule in RULES}

MOST = Length(years=200, months=2_400, weeks=5_200, days=36_500)
"""The most of each unit that a length may have; what is kept longer is kept for ever, and needs no rule."""

_NUMBER = re.compile("[0-9]{1,9}")
_UNITS = {"year": "years", "month": "months", "week": "weeks", "day": "days"}


def effective(bases: Mapping[str, list[StoredBasis]]) -> dict[RetentionCode, EffectiveRule]:
    """Every rule as it applies, by code. `bases`: what was entered, from `store.retention`."""
    return {rule.code: _effective(rule, bases.get(rule.code, [])) for rule in RULES}


def parse_length(text: str) -> Length:
    """A length as it is stored, `10 years 6 months`. Raises `ValueError`."""
    words = text.split()
    wrong = ValueError(f"{text!r} is no length: write it as `10 years` or `1 year 6 months`")
    if not words or len(words) % 2:
        raise wrong
    parts: dict[str, int] = {}
    for number, unit in zip(words[::2], words[1::2], strict=True):
        name = _UNITS.get(unit.removesuffix("s"))
        if name is None or name in parts or not _NUMBER.fullmatch(number):
            raise wrong
        parts[name] = int(number)
    return Length(**parts)


def entered_length(text: str) -> Length:
    """A length that somebody enters, `10 years 6 months`: at least a day, at most `MOST`. Raises `ValueError`."""
    length, most = parse_length(text), asdict(MOST)
    if length == Length():
        raise ValueError(f"{text!r} would erase at once: keep it for at least 1 day, or leave the length of the rule")
    if any(number > most[name] for name, number in asdict(length).items()):
        bounds = ", ".join(f"{number} {name}" for name, number in most.items())
        raise ValueError(f"{text!r} is too long: a length has at most {bounds}")
    return length


def _effective(rule: RetentionRule, entered: list[StoredBasis]) -> EffectiveRule:
    newest = entered[-1] if entered else None
    keep = parse_length(newest.keep) if newest and newest.keep else rule.keep
    return EffectiveRule(rule=rule, keep=keep, confirmed=newest)

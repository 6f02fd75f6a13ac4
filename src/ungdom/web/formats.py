"""Days, instants and shares as they are written in each language, by Babel."""

from datetime import date, datetime
from typing import Literal

from babel import dates as babel_dates
from babel import numbers as babel_numbers

from ungdom.texts import Language
from ungdom.texts.numbers import locale_of
from ungdom.workflow.calendar import OSLO

SOON_DAYS = 7
"""Up to as many days before it a day is marked: for the eye alone, no notice or rule depends on it."""
Urgency = Literal["none", "over", "today", "soon", "later"]


def as_day(value: date | str) -> date:
    """The calendar day that JSON names. Raises `ValueError`."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def day(language: Language, value: date | str) -> str:
    """A calendar day in words: 3. mars 2026, 3 March 2026."""
    return babel_dates.format_date(as_day(value), "long", locale_of(language))


def short_day(language: Language, value: date | str) -> str:
    """A calendar day in a narrow column: 3. sep. 2026."""
    return babel_dates.format_date(as_day(value), "medium", locale_of(language))


def weekday(language: Language, value: date | str) -> str:
    """A calendar day with the name of its weekday: tirsdag 3. mars 2026."""
    return babel_dates.format_date(as_day(value), "full", locale_of(language))


def instant(language: Language, value: datetime | str) -> str:
    """An instant as the clock in Norway shows it: 3. mars 2026, 14:05."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    there = moment.astimezone(OSLO)
    return f"{short_day(language, there.date())}, {there:%H:%M}"


def percent(language: Language, share: float) -> str:
    """A share of one as a percentage without decimals: 12 %."""
    return babel_numbers.format_percent(share, locale=locale_of(language))


def month(language: Language, value: date) -> str:
    """A month with its year in few characters: mars 2026."""
    return babel_dates.format_date(value, "MMM y", locale_of(language))


def urgency(days_left: int | None) -> Urgency:
    """How a day is marked that is so many days ahead; none where there is no day."""
    if days_left is None:
        return "none"
    if days_left < 0:
        return "over"
    if days_left == 0:
        return "today"
    return "soon" if days_left <= SOON_DAYS else "later"

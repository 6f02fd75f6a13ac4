"""Dates as the domain counts them, written out again: the model shares no code with what it checks."""

import calendar
from datetime import date, timedelta
from typing import Any

import holidays

_HOLIDAYS = frozenset(holidays.country_holidays("NO", years=range(2013, 2036)))

R1_FROM = date(2024, 9, 1)
R2_FROM = date(2024, 12, 1)


def regime(day: date) -> int:
    """0, 1 or 2: the rules in force on that day."""
    return (day >= R1_FROM) + (day >= R2_FROM)


def add_months(day: date, months: int) -> date:
    """The same day number; in a shorter month its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def after(day: date, length: dict[str, Any]) -> date:
    """The last day of a term of that length; the day it starts on does not count."""
    whole = add_months(day, 12 * length.get("years", 0) + length.get("months", 0))
    return whole + timedelta(weeks=length.get("weeks", 0), days=length.get("days", 0))


def moved(day: date) -> date:
    """A deadline that ends on a Saturday, Sunday or public holiday ends on the next working day."""
    while day.weekday() >= calendar.SATURDAY or day in _HOLIDAYS:
        day += timedelta(days=1)
    return day


def read(text: str) -> date:
    return date.fromisoformat(text)

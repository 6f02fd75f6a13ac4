"""Days, weeks, months and working days: how time is counted. Calendar days between Oslo dates, never hours."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ungdom.lazy import lazy

if TYPE_CHECKING:
    import holidays
else:
    holidays = lazy("holidays")


OSLO = ZoneInfo("Europe/Oslo")

_DAYS = 4096
"""Days for which a counted term or the next working day is kept in memory."""


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time as the law and judgments write it: years, months, weeks, days."""

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0

    def __str__(self) -> str:
        parts = ((self.years, "year"), (self.months, "month"), (self.weeks, "week"), (self.days, "day"))
        return " ".join(f"{n} {unit}{'s' if n != 1 else ''}" for n, unit in parts if n) or "0 days"

    @property
    def iso(self) -> str:
        """The same as a duration of ISO 8601: P6W, P1Y6M; P0D for nothing."""
        parts = ((self.years, "Y"), (self.months, "M"), (self.weeks, "W"), (self.days, "D"))
        return "P" + ("".join(f"{n}{unit}" for n, unit in parts if n) or "0D")


@lru_cache(maxsize=_DAYS)
def after(start: date, length: Length) -> date:
    """The last day of a term of that length, the start day not counted.

    Years and months end on the same day number, in a shorter month on its last day; then weeks and days are added.
    2026-01-31 and one month: 2026-02-28. 2025-08-20 and one year: 2026-08-20.
    Source: domstolloven (LOV-1915-08-13-5) § 148.
    """
    if not length.years and not length.months:
        return start + timedelta(weeks=length.weeks, days=length.days)
    months = start.year * 12 + start.month - 1 + length.years * 12 + length.months
    year, month = divmod(months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return date(year, month + 1, day) + timedelta(weeks=length.weeks, days=length.days)


@cache
def _public_holidays() -> holidays.HolidayBase:
    """Those of Norway. The module is loaded by its file: the package around it imports two hundred other countries."""
    norway: Any = ModuleType("holidays.countries.norway")
    file = Path(holidays.__file__).with_name("countries") / "norway.py"
    SourceFileLoader(norway.__name__, str(file)).exec_module(norway)
    days: holidays.HolidayBase = norway.Norway(years=range(2010, 2045))
    return days


def is_working_day(day: date) -> bool:
    """Neither Saturday, Sunday, public holiday, 1 May nor 17 May. Source: domstolloven § 149 first paragraph."""
    return day.weekday() < calendar.SATURDAY and day not in _public_holidays()


@lru_cache(maxsize=_DAYS)
def next_working_day(day: date) -> date:
    """That day when it is a working day, otherwise the first one after it. Source: domstolloven § 149.

    2025-12-25 becomes 2025-12-29 (Christmas Day and Boxing Day, then a weekend).
    """
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def days_between(start: date, end: date) -> int:
    """Calendar days from start to end, the start day not counted: 2025-01-18 to 2025-08-20 is 214."""
    return (end - start).days


def overlap_days(since: date, until: date, low: date, high: date) -> int:
    """Calendar days of the span from `since` to `until` that lie between `low` and `high`; 0 when none do."""
    return max(0, days_between(max(since, low), min(until, high)))


def birthday(born: date, age: int) -> date:
    """The day that age is reached. Born 29 February: 28 February in a common year, as `after` counts."""
    return after(born, Length(years=age))


def quarter_of(day: date) -> date:
    """The first day of its quarter: of 2026-11-25 it is 2026-10-01."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


@lru_cache(maxsize=_DAYS)
def oslo_date(instant: datetime) -> date:
    """The calendar day in Norway at that instant: 2025-06-30T22:30Z is 1 July."""
    return instant.astimezone(OSLO).date()


def last_moment(day: date) -> datetime:
    """The last instant of that calendar day in Norway."""
    return datetime.combine(day + timedelta(days=1), time(), OSLO) - timedelta(microseconds=1)

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


# --- the dates in the details -----------------------------------------------------------------------------------

ONLY_PAST = {
    "transferred_to_follow_up": ["notified_on"],
    "judgment_given": ["served_on"],
    "follow_up_by_judgment": ["served_on"],
    "appeal_decided": ["served_on", "terms.served_on"],
    "consent_given": ["explained_on"],
    "plan_approved": ["notified_on"],
    "conversion_final": ["judged_on"],
}
NOT_BEFORE = {
    "transferred_to_follow_up": ["notified_on"],
    "judgment_given": ["served_on", "interim_from"],
    "follow_up_by_judgment": ["served_on"],
    "appeal_decided": ["served_on", "terms.served_on"],
    "pum_ordered": ["wished_by"],
    "hearing_scheduled": ["hearing_on"],
    "consent_given": ["until"],
    "plan_approved": ["notified_on"],
}


def dates_fit(entry: Any, born: date) -> bool:
    """Whether every date in the details can be, beside the day of the event, the day it is recorded and the birth."""
    details = entry.details
    past = _named(details, ONLY_PAST.get(entry.type, []))
    later = _named(details, NOT_BEFORE.get(entry.type, []))
    if any(day > entry.today for day in past) or any(day < entry.on for day in later):
        return False
    if entry.type == "hearing_scheduled" and any(day > add_months(entry.on, 24) for day in later):
        return False
    if entry.type == "indicted" and read(details["court_received_on"]) > entry.on + timedelta(days=60):
        return False
    if entry.type.startswith("stay_abroad") and read(details["until"]) < read(details["since"]):
        return False
    if entry.type == "closed_after_new_offence" and (details.get("offence_on") or "") > details["decided_on"]:
        return False
    return all(day >= born for day in _every_date(details))


def _named(details: dict[str, Any], names: list[str]) -> list[date]:
    found = []
    for name in names:
        value: Any = details
        for part in name.split("."):
            value = (value or {}).get(part)
        found += [read(value)] if value else []
    return found


def _every_date(value: Any) -> list[date]:
    if isinstance(value, dict):
        return [day for inner in value.values() for day in _every_date(inner)]
    if isinstance(value, list):
        return [day for inner in value for day in _every_date(inner)]
    try:
        return [date.fromisoformat(value)] if isinstance(value, str) and len(value) == len("2025-01-01") else []
    except ValueError:
        return []

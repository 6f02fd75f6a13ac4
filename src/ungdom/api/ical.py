"""A calendar as iCalendar (RFC 5545), for calendar programs: reference, label, party and link, nothing of a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from ungdom import texts
from ungdom.agenda import HEARING, Entry
from ungdom.lazy import lazy
from ungdom.texts import Language

if TYPE_CHECKING:
    import icalendar
else:
    icalendar = lazy("icalendar")

KIND = "text/calendar"
PRODUCT = "-//ungdom//Deadlines//EN"
REFRESH = timedelta(hours=6)
REMINDED_AT = time(8)
"""When on the day a reminder is due, by the clock of whoever's calendar it is."""


def calendar(entries: Iterable[Entry], language: Language, base: str) -> bytes:
    """The calendar with these entries. `base`: where people reach the service, empty when that is not known."""
    made = icalendar.Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("name", texts.text(language, "calendar", "name"))
    made.add("x-wr-calname", texts.text(language, "calendar", "name"))
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT6H")
    for entry in entries:
        made.add_component(_event(entry, language, base))
    return bytes(made.to_ical())


def _event(entry: Entry, language: Language, base: str) -> icalendar.Event:
    summary = texts.text(language, "calendar", "summary", reference=entry.reference, label=_label(entry, language))
    link = f"{base}/v1/cases/{entry.case_id}"
    made = icalendar.Event()
    made.add("uid", f"{entry.key}@ungdom")
    made.add("dtstamp", entry.changed_at)
    made.add("last-modified", entry.changed_at)
    made.add("sequence", entry.version)
    made.add("dtstart", entry.on)
    made.add("summary", summary)
    made.add("description", "\n".join([*_waiting(entry, language), link]))
    made.add("class", "PRIVATE")
    made.add("transp", "TRANSPARENT")
    made.add("url", link)
    made.add_component(_reminder(entry, summary))
    return made


def _label(entry: Entry, language: Language) -> str:
    if entry.code == HEARING:
        return texts.text(language, "calendar", "hearing")
    return texts.text(language, "deadline", entry.code)


def _waiting(entry: Entry, language: Language) -> list[str]:
    if entry.waiting_for is None:
        return []
    return [texts.text(language, "calendar", "waiting_for", party=texts.render(language, entry.waiting_for))]


def _reminder(entry: Entry, summary: str) -> icalendar.Alarm:
    """In the morning of the warning day, or of the day itself where that is later."""
    first = min(entry.notice_from, entry.on)
    made = icalendar.Alarm()
    made.add("action", "DISPLAY")
    made.add("description", summary)
    made.add("trigger", datetime.combine(first, REMINDED_AT) - datetime.combine(entry.on, time()))
    return made

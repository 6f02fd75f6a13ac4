"""A calendar as iCalendar (RFC 5545), for calendar programs: reference, label, party and link, nothing of a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from ungdom import links, texts
from ungdom.lazy import lazy
from ungdom.texts import Language
from ungdom.worklist.agenda import HEARING, AgendaEntry

if TYPE_CHECKING:
    import icalendar
else:
    icalendar = lazy("icalendar")

MEDIA_TYPE = "text/calendar"
PRODUCT = "-//ungdom//Deadlines//EN"
REFRESH = timedelta(hours=6)
END = b"END:VCALENDAR\r\n"
REMINDER_TIME = time(8)
"""When on the day a reminder is due, by the clock of whoever's calendar it is."""


def calendar(entries: Iterable[AgendaEntry], language: Language, base: str) -> bytes:
    """The calendar with these entries. `base`: where people reach the service, empty when that is not known.

    Each entry is written when it is read, so that a calendar of hundreds of cases does not stand in memory as objects.
    """
    ics = icalendar.Calendar()
    ics.add("prodid", PRODUCT)
    ics.add("version", "2.0")
    ics.add("name", texts.text(language, "calendar", "name"))
    ics.add("x-wr-calname", texts.text(language, "calendar", "name"))
    ics.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    ics.add("x-published-ttl", "PT6H")
    properties = bytes(ics.to_ical()).removesuffix(END)
    return b"".join([properties, *(bytes(_event(entry, language, base).to_ical()) for entry in entries), END])


def _event(entry: AgendaEntry, language: Language, base: str) -> icalendar.Event:
    is_hearing = entry.code == HEARING
    label = texts.text(language, "calendar", "hearing") if is_hearing else texts.text(language, "deadline", entry.code)
    summary = texts.text(language, "calendar", "summary", reference=entry.reference, label=label)
    link = links.case_page(base, entry.case_id)
    party = entry.waiting_for
    waiting = texts.text(language, "calendar", "waiting_for", party=texts.render(language, party)) if party else None
    event = icalendar.Event()
    event.add("uid", f"{entry.key}@ungdom")
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("sequence", entry.version)
    event.add("dtstart", entry.on)
    event.add("summary", summary)
    event.add("description", link if waiting is None else f"{waiting}\n{link}")
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    event.add("url", link)
    event.add_component(_reminder(entry, summary))
    return event


def _reminder(entry: AgendaEntry, summary: str) -> icalendar.Alarm:
    """In the morning of the warning day, or of the day itself where that is later."""
    first = min(entry.notice_from, entry.on)
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    alarm.add("trigger", datetime.combine(first, REMINDER_TIME) - datetime.combine(entry.on, time()))
    return alarm

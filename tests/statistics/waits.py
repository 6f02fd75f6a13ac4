"""Waits for the tests of forecasts: spells made by hand, and a case load written in part."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from ungdom.analytics.forecast.durations import ClockSpell, ForecastQuery
from ungdom.demo.case_generator import GeneratedCase
from ungdom.demo.load import generate_cases
from ungdom.store import journal, people
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.ids import reference_of
from ungdom.store.journal import EventBatch, StoredCase
from ungdom.store.session import Database
from ungdom.workflow.calendar import last_moment
from ungdom.workflow.case import Case
from ungdom.workflow.engine import fold
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import Sanction, State

KEYS = EncryptionKeys(["UJ+Pf/puz574hCcqV0mmRUfKyJq5EAaUhOpCXWSCeWE="])
TODAY = date(2026, 1, 5)
LIMIT = 42

BEGUN = date(2024, 1, 1)
LATER = date(2025, 1, 1)
"""A day on which everything begun on `BEGUN` is long over."""


def spell(
    stopped: int | None = None, ended: int | None = None, left: int | None = None, known: int = 0, **other: Any
) -> ClockSpell:
    """A wait that began on `BEGUN`, its days counted from there."""
    begun = other.pop("begun", BEGUN)

    def on(days: int | None) -> date | None:
        return None if days is None else begun + timedelta(days=days)

    over = stopped if ended is None else ended
    plain = ClockSpell(
        clock="plan_meeting",
        stage=State.PREPARING,
        sanction=Sanction.YOUTH_FOLLOW_UP,
        konfliktrad="oslo",
        begun=begun,
        due=begun + timedelta(days=LIMIT),
        since=begun,
        known=begun + timedelta(days=known),
        left=on(over if left is None else left),
        stopped=on(stopped),
        ended=on(ended),
    )
    return replace(plain, **other)


def ask(waited: int, limit: int = LIMIT, **other: Any) -> ForecastQuery:
    """A question about a case that has waited so long."""
    day = other.pop("day", LATER)
    since = day - timedelta(days=waited)
    plain = ForecastQuery(
        clock="plan_meeting",
        stage=State.PREPARING,
        sanction=Sanction.YOUTH_FOLLOW_UP,
        konfliktrad="oslo",
        begun=since,
        since=since,
        due=since + timedelta(days=limit),
        day=day,
    )
    return replace(plain, **other)


def load(cases: int, seed: int, today: date = TODAY) -> list[GeneratedCase]:
    """A synthetic load, not written anywhere."""
    return list(generate_cases(cases, seed, today))


def known(told: GeneratedCase, day: date) -> list[Event]:
    """What of it was recorded by the end of that day."""
    return [event for event in told.events if event.recorded_at <= last_moment(day)]


def write(db: Database, told: Sequence[GeneratedCase], day: date) -> None:
    """The cases as far as they were recorded by the end of that day."""
    begun = [(one, known(one, day)) for one in told if known(one, day)]
    with db.writing() as tx:
        for one, events in begun:
            people.create_people(tx, KEYS, [(one.person, events[0].recorded_at)])
        journal.append_many(tx, [_chapter(one, [], events) for one, events in begun])


def known_at_the_end_of(told: Sequence[GeneratedCase], day: date) -> list[Case]:
    """The cases as far as they were recorded by then, folded here and not by a database."""
    return [fold(one.case.youth, events) for one in told if (events := known(one, day))]


def go_on(db: Database, told: Sequence[GeneratedCase], day: date) -> None:
    """What was recorded after that day, in the cases that are written until then."""
    rest = [(one, known(one, day)) for one in told]
    more = [_chapter(one, before, one.events[len(before) :]) for one, before in rest if before]
    with db.writing() as tx:
        journal.append_many(tx, [chapter for chapter in more if chapter.events])
    unheard = [one for one, before in rest if not before]
    write(db, unheard, date(2100, 1, 1))


def _chapter(told: GeneratedCase, before: list[Event], events: list[Event]) -> EventBatch:
    first = (before or events)[0]
    youth = told.case.youth
    stored = StoredCase(
        told.case_id, reference_of(told.case_id), told.person.person_id, youth, before, len(before), first.recorded_at
    )
    numbers = [] if before else told.numbers
    return EventBatch(stored=stored, events=events, case=fold(youth, [*before, *events]), numbers=numbers)

"""Cases as rows: every day of a life in one stage and one wait, and what is kept is what the events say."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import get_type_hints
from uuid import UUID

import pytest
from sqlalchemy import event

from tests.service import sqlite_copy
from tests.statistics import waits
from ungdom.analytics import case_cache, case_facts, case_reader
from ungdom.analytics.case_cache import CaseSelection, TooManyCases
from ungdom.analytics.case_facts import CaseFacts, facts_of
from ungdom.analytics.queries import recidivism, statistics
from ungdom.analytics.queries.statistics import CubeQuery
from ungdom.demo.case_generator import GeneratedCase
from ungdom.store import reference
from ungdom.store.schema.reference import konfliktrad
from ungdom.store.session import Database
from ungdom.workflow.calendar import days_between, last_moment, oslo_date
from ungdom.workflow.engine import effective, fold
from ungdom.workflow.errors import IllegalHistory
from ungdom.workflow.views.lead_time import lead_time

TODAY = waits.TODAY
EARLIER = date(2025, 3, 3)
NOW = last_moment(TODAY)


@cache
def told() -> tuple[GeneratedCase, ...]:
    return tuple(waits.load(220, 3))


@pytest.fixture
def db(tmp_path: Path, sqlite_template: Path) -> Iterator[Database]:
    made = Database.open(sqlite_copy(sqlite_template, tmp_path), synchronous="OFF")
    waits.write(made, told(), TODAY)
    yield made
    made.close()


def read(db: Database, **asked: object) -> list[tuple[UUID, CaseFacts]]:
    with db.reading() as tx:
        return [(one.case_id, one.facts) for one in case_reader.read(tx, CaseSelection(**asked), NOW)]  # type: ignore[arg-type]


def as_told(valid_at: date | None = None, known_at: datetime | None = None) -> list[tuple[UUID, CaseFacts]]:
    """The same from the histories themselves, in the order of the ids."""
    with_ids = [(one.case_id, _of(one, valid_at, known_at)) for one in told()]
    return sorted(((case_id, found) for case_id, found in with_ids if found), key=lambda pair: pair[0])


def _of(one: GeneratedCase, valid_at: date | None, known_at: datetime | None) -> CaseFacts | None:
    known = [e for e in one.events if e.recorded_at <= min(known_at or NOW, NOW)]
    kept = [e for e in effective(known) if valid_at is None or e.occurred_on <= valid_at]
    day = valid_at or oslo_date(known_at or NOW)
    opened = oslo_date(one.events[0].recorded_at)
    try:
        return placed(facts_of(fold(one.case.youth, kept), day, opened=opened)) if kept else None
    except IllegalHistory:
        return None


def placed(one: CaseFacts) -> CaseFacts:
    return replace(one, police_district=DISTRICTS[one.konfliktrad])


DISTRICTS = {one["code"]: one["police_district"] for one in reference.read(konfliktrad)}


def test_the_days_of_a_row_are_those_of_the_lead_time_and_add_up_to_its_life() -> None:
    assert len(told()) == 220
    for one in told():
        for day in (TODAY, TODAY + timedelta(days=400)):
            made, found = facts_of(one.case, day), lead_time(one.case, day)
            assert made.stage_days == {state: days for state, days in found.stage_days.items() if days}
            assert made.wait_days == {party: days for party, days in found.wait_days.items() if days}
            assert sum(made.stage_days.values()) == sum(made.wait_days.values()) == made.total_days == found.total_days
            assert made.interrupted_days == (one.case.interrupted_days(day) if one.case.start else 0)
            assert made.adjusted_end == one.case.adjusted_end(day)


def test_before_the_start_the_days_are_the_lead_time_to_the_start() -> None:
    started = [facts_of(one.case, TODAY) for one in told() if one.case.start]
    assert started
    for one in started:
        assert one.unreported_days + sum(one.wait_days_before.values()) == one.p3
    for waiting in (facts_of(one.case, TODAY) for one in told() if not one.case.start):
        gone = days_between(waiting.last_offence, waiting.until)
        assert waiting.unreported_days + sum(waiting.wait_days_before.values()) == gone


def test_a_row_that_is_kept_is_right_on_every_later_day() -> None:
    assert len(told()) == 220
    for one in told():
        opened = oslo_date(one.events[0].recorded_at)
        kept = case_facts.dump(facts_of(one.case, max(event.occurred_on for event in one.events), opened=opened))
        for later in (TODAY, TODAY + timedelta(days=90)):
            assert case_facts.load(kept, later) == facts_of(one.case, later, opened=opened)


def test_a_row_holds_days_codes_and_numbers_only() -> None:
    kinds = get_type_hints(CaseFacts)
    words = {name for name, kind in kinds.items() if kind in (str, str | None)}
    assert words == {"konfliktrad", "police_district", "start_rule", "closing", "table"}
    assert not {"born", "person", "case_id", "reference", "subject", "coordinator"} & set(kinds)


def test_rows_are_read_as_the_events_say_kept_or_not(db: Database) -> None:
    expected = as_told()
    assert read(db) == expected
    case_cache.refresh(db)
    assert read(db, at_most=0) == expected
    known = last_moment(EARLIER)
    assert read(db, known_at=known) == as_told(known_at=known)
    assert read(db, valid_at=EARLIER) == as_told(valid_at=EARLIER)
    assert read(db, valid_at=EARLIER, known_at=known) == as_told(EARLIER, known)


def test_either_database_keeps_and_reads_rows_and_the_sex_is_looked_up_beside(database_url: str) -> None:
    db = Database.open(database_url, synchronous="OFF")
    db.upgrade()
    waits.write(db, told()[-40:], TODAY)
    before = read(db)
    case_cache.refresh(db)
    assert read(db, at_most=0) == before
    known = {one.person.person_id: one.person.personalia.sex for one in told()}
    with db.reading() as tx:
        found = list(case_reader.read(tx, CaseSelection(), NOW, waits.KEYS))
    assert {one.sex for one in found} == {"female", "male"}
    assert all(one.sex == known[one.person_id] for one in found)
    db.close()


def test_rows_come_a_page_at_a_time_in_one_order(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read(db)
    monkeypatch.setattr(case_reader, "PAGE", 7)
    assert read(db) == expected
    with pytest.raises(TooManyCases):
        read(db, at_most=20)


def test_the_offices_are_read_once_for_a_figure(db: Database) -> None:
    query = CubeQuery(("p1",), date(2025, 1, 1), date(2025, 12, 31), ("konfliktrad",))
    statements: list[str] = []
    with db.reading() as tx:
        event.listen(tx, "before_cursor_execute", lambda *details: statements.append(details[2]))
        statistics.lead_time(tx, waits.KEYS, query, NOW)
        recidivism.recidivism(tx, waits.KEYS, replace(query, codes=("nordic_2y",)), NOW)

    assert sum("FROM konfliktrad" in statement for statement in statements) == 2

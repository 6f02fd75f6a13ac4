"""Cases kept in memory: what is read from there is what the stored history says, whatever happened to it meanwhile."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, text

from tests.store import cases
from tests.workflow.build import step
from ungdom.store import journal, kept_cases, people
from ungdom.store.errors import Stale
from ungdom.store.journal import StoredCase
from ungdom.store.projection import row_of
from ungdom.store.replaying import current_case, replayed
from ungdom.store.schema.cases import event
from ungdom.store.session import Database
from ungdom.workflow import engine
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.events import Corrected
from ungdom.workflow.vocabulary import EventType, Protection


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    kept_cases._kept.clear()
    yield
    kept_cases._kept.clear()


def read(db: Database, stored: StoredCase) -> tuple[StoredCase, Case]:
    """As a request reads it: kept from now on."""
    with db.reading() as tx:
        found = journal.load_current(tx, stored.case_id)
    assert found is not None
    return found, current_case(found)


def rebuilt(db: Database, stored: StoredCase) -> tuple[StoredCase, Case]:
    """From the stored rows alone, as the rebuild reads them."""
    with db.reading() as tx:
        (found,) = journal.load_many(tx, [stored.case_id])
    return found, replayed(found)


def agree(db: Database, stored: StoredCase) -> None:
    """T38: case and current row from memory are those that the stored history gives."""
    (kept, case), (found, folded) = read(db, stored), rebuilt(db, stored)
    assert (kept, case) == (found, folded)
    assert kept.head == found.head
    assert row_of(kept.identity, case, kept.events[-1]) == row_of(found.identity, folded, found.events[-1])


def test_a_kept_case_is_the_rebuilt_one_after_every_event(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx)
    for _ in range(1, cases.CLOSED):
        agree(db, stored)
        _, before = read(db, stored)
        with db.writing() as tx:
            stored = cases.moved(tx, stored, cases.next_event(stored))
        assert read(db, stored)[1] is not before
    agree(db, stored)


def test_a_case_that_is_read_again_is_neither_parsed_nor_folded(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, cases.EXECUTING)
    kept_cases.forget(stored.case_id)
    _, first = read(db, stored)

    monkeypatch.setattr(journal, "event_of", None)
    monkeypatch.setattr(kept_cases.engine, "with_event", None)

    assert read(db, stored)[1] is first


def test_what_another_process_has_recorded_is_read(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, 4)
    read(db, stored)
    here = dict(kept_cases._kept)
    with db.writing() as tx:  # by the other process: this one keeps what it had
        stored = cases.moved(tx, cases.moved(tx, stored, cases.next_event(stored)), cases.event(6, *cases.STORY[4]))
    kept_cases._kept.clear()
    kept_cases._kept.update(here)

    agree(db, stored)
    assert read(db, stored)[0].version == 6


def test_what_was_rolled_back_is_not_read(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, 4)
    with db.trying() as tx:
        cases.moved(tx, stored, cases.next_event(stored))

    agree(db, stored)
    other = replace(cases.next_event(stored), subject="ola")
    with db.writing() as tx:
        cases.moved(tx, stored, other)
    assert read(db, stored)[0].events[-1].subject == "ola"
    agree(db, stored)


def test_a_stale_write_changes_nothing_that_is_kept(db: Database) -> None:
    with db.writing() as tx:
        old = cases.opened(tx, 4)
        newer = cases.moved(tx, old, cases.next_event(old))
    with pytest.raises(Stale), db.writing() as tx:
        cases.moved(tx, old, replace(cases.next_event(old), subject="ola"))

    agree(db, newer)


def test_a_history_that_a_correction_has_rewritten_is_folded_anew(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, cases.EXECUTING)
    read(db, stored)
    details = Corrected(corrects=7, reason=d.CorrectionReason.NEVER_HAPPENED)
    with db.writing() as tx:
        stored = cases.moved(tx, stored, cases.event(9, EventType.CORRECTED, details))

    agree(db, stored)
    assert read(db, stored)[1].team == frozenset()


def test_corrected_facts_about_the_youth_and_a_raised_protection_count_at_once(db: Database) -> None:
    youth = Youth(date(2009, 1, 1), 1)
    with db.writing() as tx:
        stored = cases.opened(tx, 4)
    read(db, stored)
    with db.writing() as tx:
        people.add_version(tx, stored.person_id, youth, cases.NOON + timedelta(days=400))
        people.protect(tx, stored.person_id, Protection.STRICTLY_CONFIDENTIAL, cases.NOON, "tests")

    agree(db, stored)
    found, case = read(db, stored)
    assert (case.youth, found.protection) == (youth, Protection.STRICTLY_CONFIDENTIAL)


def test_an_erased_case_is_gone_and_no_longer_kept(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, 4)
    read(db, stored)
    with db.writing() as tx:
        names = ["event_is_only_added", "event_no_delete"]
        on = " ON event" if tx.dialect.name == "postgresql" else ""
        for name in names:
            tx.execute(text(f"DROP TRIGGER IF EXISTS {name}{on}"))
        tx.execute(delete(event).where(event.c.case_id == stored.case_id))

    with db.reading() as tx:
        assert journal.load_current(tx, stored.case_id) is None
    assert kept_cases.find(stored.case_id) is None


def test_memory_is_bounded_by_the_number_of_cases_and_of_what_is_derived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_cases, "MOST_CASES", 3)
    monkeypatch.setattr(kept_cases, "MOST_DERIVED", 5)
    told = [cases.told(2) for _ in range(5)]
    for stored in told:
        kept_cases.keep(stored.case_id, stored.head, stored.events, cases.folded(stored))

    assert [kept_cases.find(stored.case_id) is not None for stored in told] == [False, False, True, True, True]
    last = kept_cases.find(told[-1].case_id)
    assert last is not None
    last.case.derived.update(dict.fromkeys(range(6)))
    assert kept_cases.find(told[-1].case_id) is last
    assert not last.case.derived


def test_ways_that_another_thread_clears_meanwhile_are_not_missed() -> None:
    case = cases.folded(cases.told(5))
    case.__dict__["derived"] = Cleared()
    decision = engine.decide(case, step("breach_talk_ordered", cases.FIRST_DAY + timedelta(weeks=5)))
    assert decision.unmet[0].leads_there == (EventType.ASSIGNED, EventType.PLAN_MEETING_HELD)


class Cleared(dict[Any, Any]):
    """As if another thread cleared it after each write."""

    def __setitem__(self, key: Any, value: Any) -> None:
        self.clear()

"""The night writes a group of cases in a transaction: a case that fails, or that somebody works on, harms no other."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.event import listen

from tests import pg, service
from tests.alerts.world import DAY, WARNED, clock, kept, messages, put, run, suspects
from ungdom.alerts import sweep as nightly_sweep
from ungdom.alerts.sweep import ExaminedCase, SweepOutcome, sweep
from ungdom.store import alerts as stored_alerts
from ungdom.store import people, rebuild
from ungdom.store.alert_changes import AlertWrites, write_all
from ungdom.store.journal import StoredCase
from ungdom.store.session import Connection, Database
from ungdom.workflow.case import Youth


def test_a_case_whose_alert_cannot_be_written_is_named_and_stops_no_other_of_its_group(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = put(db, suspects(6))

    def write(tx: Connection, writes: Sequence[AlertWrites]) -> None:
        write_all(tx, writes)
        if any(new.case_id == ids[3] for of_case in writes for new in of_case.new.values()):
            raise RuntimeError("no room")

    monkeypatch.setattr(nightly_sweep, "write_all", write)
    (first,) = run(db, WARNED)
    monkeypatch.undo()
    (healed,) = run(db, WARNED + DAY)

    assert (first.counts["raised"], first.counts["failed"], first.counts["scanned"]) == (5, 1, 6)
    assert [case for case, _ in first.failures] == [ids[3]]
    assert (healed.counts["raised"], healed.counts["failed"]) == (1, 0)
    assert {key[0] for key in kept(db)} == set(ids)
    assert len(messages(db)) == 6


def test_a_group_is_one_transaction_and_its_cases_are_written_with_few_statements(
    db: Database,
) -> None:
    put(db, suspects(20))
    said: list[str] = []
    listen(db.writer, "before_cursor_execute", lambda *heard: said.append(heard[2]))

    found = sweep(db, WARNED, clock(WARNED))

    assert found.outcomes[SweepOutcome.RAISED] == 20
    assert len(said) <= 8


def test_a_case_whose_birth_date_is_corrected_before_it_is_locked_is_judged_by_the_new_one(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    wholes = suspects(3)
    ids = put(db, wholes)
    born: dict[UUID, date] = {}
    prefetch, judge = nightly_sweep._prefetch, nightly_sweep._judge

    def corrected(*page: Any) -> dict[UUID, StoredCase]:
        read = prefetch(*page)
        with db.writing() as tx:
            people.add_version(tx, wholes[1].person_id, Youth(date(2010, 5, 1), 1), clock(WARNED, 1)())
            rebuild.refold(tx, [ids[1]])
            stored_alerts.set_next_check(tx, ids[1], WARNED)
        return read

    def judged(stored: StoredCase, *more: Any) -> ExaminedCase:
        born[stored.case_id] = stored.youth.born
        return judge(stored, *more)

    monkeypatch.setattr(nightly_sweep, "_prefetch", corrected)
    monkeypatch.setattr(nightly_sweep, "_judge", judged)
    (night,) = run(db, WARNED)

    assert night.counts["scanned"] == 3
    assert [born[case_id] for case_id in ids] == [wholes[0].youth.born, date(2010, 5, 1), wholes[2].youth.born]


def test_a_case_that_somebody_works_on_is_checked_when_they_are_done(
    pg_database: Callable[..., str], opened: Callable[[str], Database]
) -> None:
    db = opened(pg.sqlalchemy_url(pg_database(service.fill)))
    ids = put(db, suspects(4))
    found: list[nightly_sweep.SweepResult] = []
    night = threading.Thread(target=lambda: found.append(sweep(db, WARNED, clock(WARNED))), daemon=True)

    with db.writing() as tx:
        assert stored_alerts.claim(tx, ids[1], WARNED) is not None
        night.start()
        _until(lambda: len(kept(db)) == 3)  # the others are written meanwhile
    night.join(60)

    assert [result.outcomes[SweepOutcome.RAISED] for result in found] == [4]
    assert {key[0] for key in kept(db)} == set(ids)
    assert len(messages(db)) == 4


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(3000):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come about")

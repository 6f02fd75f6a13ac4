"""T10: the night looks at every case that is due once, whatever is wrong with one of them and whoever else runs it."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NoReturn
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import DBAPIError

from tests import fork, pg, service
from tests.alerts import world
from tests.alerts.world import (
    BEGUN,
    DAY,
    LATE,
    LONG,
    WARNED,
    changes,
    clock,
    kept,
    messages,
    nights,
    put,
    run,
    suspects,
)
from tests.process import UNGDOM, environment
from tests.store import cases
from ungdom import alerts
from ungdom.alerts.sweep import GROUP, SweepOutcome, sweep
from ungdom.jobs import nightly
from ungdom.jobs.nightly import DayToCome, NightlyStep
from ungdom.store import alerts as stored_alerts
from ungdom.store import job_runs, journal
from ungdom.store.errors import Unavailable
from ungdom.store.schema import alerts as alert_tables
from ungdom.store.schema.persons import person_version
from ungdom.store.session import Database
from ungdom.workflow.rules.escalation import DelayReason, reconcile
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

COORDINATOR = Viewer(Role.COORDINATOR, "coordinator-oslo", "oslo")
SECONDS = 180


def adds_up(counts: dict[str, int]) -> bool:
    return counts["scanned"] == sum(counts[outcome] for outcome in SweepOutcome)


def outcomes(counts: dict[str, int]) -> dict[str, int]:
    return {str(outcome): counts[outcome] for outcome in SweepOutcome if counts[outcome]}


# --- the equation -------------------------------------------------------------------------------------------


def test_one_poisoned_case_in_a_hundred_stops_nobody_is_named_and_is_tried_again(
    db: Database, figure: Callable[[str], None]
) -> None:
    ids = put(db, suspects(100))
    world.spoil(db, ids[41])

    (first,) = run(db, WARNED)
    (again,) = run(db, WARNED + DAY)
    world.heal(db)
    (healed,) = run(db, WARNED + 2 * DAY)

    assert outcomes(first.counts) == {"raised": 99, "failed": 1}
    assert (first.status, [case for case, _ in first.failures]) == ("partly", [ids[41]])
    assert {key[0] for key in kept(db)} == set(ids)
    assert (outcomes(again.counts), outcomes(healed.counts)) == ({"failed": 1}, {"raised": 1})
    assert (again.status, healed.status) == ("partly", "ok")
    assert all(adds_up(run_.counts) for run_ in nights(db))
    figure(f"T10 {db.writer.dialect.name}: {dict(nights(db)[0].counts)}")


def test_a_person_that_cannot_be_read_fails_one_case_and_a_page_that_cannot_be_read_fails_none(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    wholes = suspects(4)
    ids = put(db, wholes)
    damaged = {"person_id": wholes[1].person_id, "version": 2, "recorded_at": cases.NOON, "born": date(2008, 1, 1)}
    with db.writing() as tx:
        tx.execute(insert(person_version).values(**damaged, guardians=1, guardian_changes="{this is not JSON"))
    (first,) = run(db, WARNED)
    assert outcomes(first.counts) == {"raised": 3, "failed": 1}
    assert first.failures == [(ids[1], "UnreadableHistory")]

    monkeypatch.setattr("ungdom.store.journal.load_many", _refused)
    world.look_today(db, WARNED + DAY)
    (second,) = run(db, WARNED + DAY)
    assert outcomes(second.counts) == {"open": 3, "failed": 1}


def _refused(*_: object) -> NoReturn:
    raise RuntimeError("a page that cannot be read")


def test_every_case_has_one_outcome_and_they_add_up(db: Database) -> None:
    ids = put(db, suspects(7))
    run(db, WARNED)
    with db.writing() as tx:
        first, second, third = (one.alert_id for one in stored_alerts.live(tx, ids[:3]))
        alerts.snooze(tx, COORDINATOR, first, WARNED + 9 * DAY, clock(WARNED, 9)())
        alerts.answer(tx, COORDINATOR, second, DelayReason.CAPACITY, WARNED + 5 * DAY, clock(WARNED, 9)())
        alerts.acknowledge(tx, COORDINATOR, third, clock(WARNED, 9)())
    world.cured(db, ids[3], WARNED)
    world.spoil(db, ids[4])
    put(db, suspects(2, BEGUN + DAY))
    world.look_today(db, WARNED + DAY)

    (night,) = run(db, WARNED + DAY)

    quiet = [one.case_id for one in _live(db, ids) if one.state in ("snoozed", "answered")]
    assert len(quiet) == 2
    assert outcomes(night.counts) == {"ok": 1, "raised": 2, "open": 3, "suppressed": 2, "failed": 1}
    assert adds_up(night.counts)
    assert night.counts["scanned"] == 9


def _live(db: Database, ids: list[UUID]) -> list[stored_alerts.Alert]:
    with db.reading() as tx:
        return stored_alerts.live(tx, ids)


def test_only_what_is_due_is_looked_at(db: Database) -> None:
    put(db, suspects(3))
    put(db, suspects(5, BEGUN + 10 * DAY))

    counts = [run(db, WARNED + n * DAY)[0].counts["scanned"] for n in range(-1, 26)]

    assert counts == [0, 3, *[0] * 9, 5, *[0] * 4, 3, *[0] * 9, 5]


def test_an_alert_climbs_night_by_night_and_each_rung_is_told_of_once(db: Database) -> None:
    (case,) = put(db, suspects(1))

    for n in range(60):
        run(db, WARNED + n * DAY)

    assert changes(db, case) == [
        ("raised", WARNED),
        ("escalated", LATE),
        ("escalated", LONG),
        ("escalated", date(2026, 3, 23)),
    ]
    told = [(one["level"], one["days"], one["told"], one["waiting_for"]) for one in messages(db)]
    assert told == [
        ("upcoming", -14, ["coordinator", "authority"], "prosecution"),
        ("overdue", 1, ["coordinator", "authority"], "prosecution"),
        ("long_overdue", 14, ["coordinator", "team", "authority"], "prosecution"),
        ("long_overdue", 28, ["coordinator", "leader", "authority"], "prosecution"),
    ]


def test_run_twice_there_is_nothing_new(db: Database) -> None:
    put(db, suspects(20))
    run(db, WARNED)
    before = kept(db), messages(db)

    again = run(db, WARNED, WARNED)

    assert [night.counts["scanned"] for night in again] == [0]
    assert (kept(db), messages(db)) == before
    world.look_today(db, WARNED)
    assert outcomes(run(db, WARNED, WARNED)[0].counts) == {"open": 20}
    assert (kept(db), messages(db)) == before


# --- missed nights ------------------------------------------------------------------------------------------


def test_three_nights_missed_tell_the_same_as_if_each_had_been_run(
    new_url: Callable[[], str], opened: Callable[[str], Database]
) -> None:
    wholes = suspects(12, [BEGUN + n % 5 * DAY for n in range(12)])
    every, missed = opened(new_url()), opened(new_url())
    for db in (every, missed):
        put(db, wholes)
        run(db, WARNED)
    for n in range(1, 5):
        run(every, WARNED + n * DAY)

    caught_up = run(missed, WARNED + 4 * DAY)

    assert [night.for_date for night in caught_up] == [WARNED + n * DAY for n in range(1, 5)]
    assert kept(missed) == kept(every)
    assert [m | {"alert_id": ""} for m in messages(missed)] == [m | {"alert_id": ""} for m in messages(every)]
    assert [night.for_date for night in nights(missed)] == [WARNED + n * DAY for n in range(5)]


def test_of_a_long_gap_the_nights_of_the_last_year_are_caught_up(
    sqlite_template: Path, tmp_path: Path, opened: Callable[[str], Database]
) -> None:
    db = opened(service.sqlite_copy(sqlite_template, tmp_path))
    put(db, suspects(1))
    run(db, WARNED)

    caught_up = run(db, WARNED + 500 * DAY)

    assert len(caught_up) == nightly.CATCH_UP == 366
    assert caught_up[-1].for_date == WARNED + 500 * DAY


def test_nights_run_forward_only_and_never_before_their_day(db: Database) -> None:
    put(db, suspects(1))
    run(db, LATE)

    assert run(db, LATE, WARNED) == []
    assert [night.for_date for night in nights(db)] == [LATE]
    with pytest.raises(DayToCome):
        run(db, LATE, LATE + DAY)
    with pytest.raises(DayToCome):  # 22:30 UTC is half past eleven in Oslo, in winter: still today
        nightly.run(db, lambda: datetime(2026, 2, 24, 22, 30, tzinfo=UTC), LATE + DAY)
    assert nightly.run(db, lambda: datetime(2026, 2, 24, 23, 30, tzinfo=UTC), LATE + DAY)


def test_a_worker_runs_the_night_from_three_in_oslo_and_once(db: Database) -> None:
    before = [nightly.is_due(db, datetime(2026, 2, 9, hour, 59, tzinfo=UTC)) for hour in (0, 1)]
    due = nightly.is_due(db, datetime(2026, 2, 9, 2, tzinfo=UTC))
    run(db, WARNED)

    assert (before, due) == ([False, False], True)
    assert not nightly.is_due(db, datetime(2026, 2, 9, 20, tzinfo=UTC))
    assert not nightly.is_due(db, datetime(2026, 2, 10, 1, 59, tzinfo=UTC))
    assert nightly.is_due(db, datetime(2026, 2, 10, 2, tzinfo=UTC))


# --- several at once ----------------------------------------------------------------------------------------


def test_two_runners_at_once_raise_everything_once(
    url: str, opened: Callable[[str], Database], figure: Callable[[str], None]
) -> None:
    runners = [opened(url), opened(url)]
    ids = put(runners[0], suspects(60))
    together, done, wrong = threading.Barrier(2), [], []

    def night(db: Database) -> None:
        together.wait(SECONDS)
        try:
            done.append(sweep(db, WARNED, clock(WARNED)))
        except Exception as error:  # noqa: BLE001  # told below, in the test's own thread
            wrong.append(error)

    threads = [threading.Thread(target=night, args=(db,), daemon=True) for db in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)

    assert wrong == []
    assert [one.failures for one in done] == [[], []]
    assert all(one.adds_up for one in done)
    assert sum(one.scanned for one in done) == 60
    found = kept(runners[0])
    assert {key[0] for key in found} == set(ids)
    assert [[line.change for line in lines] for lines in found.values()] == [["raised"]] * 60
    assert len(messages(runners[0])) == 60
    figure(f"T10 {runners[0].writer.dialect.name}: two runners shared 60 cases {[one.scanned for one in done]}")


YEAR_BEFORE = date(2025, 1, 6)
"""A process goes by the machine's clock: its night lies well before it."""


def test_a_night_that_is_killed_is_completed_by_the_next_without_telling_anything_twice(
    url: str, db: Database, tmp_path: Path
) -> None:
    number = 12 * GROUP  # so many groups that the process is met before the last
    ids = put(db, suspects(number, YEAR_BEFORE))
    night = date(2025, 2, 10)
    env = environment(url, tmp_path) | {"UNGDOM_PEOPLE_KEYS": service.KEY, "UNGDOM_LOST_KEYS": cases.KEYS.ids[0]}
    command = [str(UNGDOM), "nightly", "--on", night.isoformat()]
    with fork.Fork(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _until(lambda: len(messages(db)) >= 5)
            os.kill(process.pid, signal.SIGKILL)
            process.wait(SECONDS)
        finally:
            process.kill()
    left = number - len(messages(db))

    (completed,) = run(db, night)

    assert 0 < left <= number - 5
    assert outcomes(completed.counts) == {"raised": left}
    found = kept(db)
    assert {key[0] for key in found} == set(ids)
    assert all([line.change for line in lines] == ["raised"] for lines in found.values())
    assert len(messages(db)) == number
    assert [one.status for one in nights(db)] == ["ok", "running"]


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(SECONDS * 100):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about")


# --- cured --------------------------------------------------------------------------------------------------


def test_a_case_that_is_cured_before_the_night_raises_nothing(db: Database) -> None:
    case, other = put(db, suspects(2))
    world.cured(db, case, WARNED - DAY)

    run(db, LATE)

    assert {key[0] for key in kept(db) if key[1] == "charge_decision"} == {other}


def test_an_alert_is_cleared_with_the_move_that_cures_it_or_not_at_all(db: Database) -> None:
    (case,) = put(db, suspects(1))
    run(db, WARNED)
    with pytest.raises(ZeroDivisionError):
        world.cured(db, case, LATE, breaks_off=True)
    assert changes(db, case) == [("raised", WARNED)]

    world.cured(db, case, LATE)

    assert changes(db, case) == [("raised", WARNED), ("cleared", LATE)]
    assert [message["because"] for message in messages(db)] == [None, "cured"]


def test_a_move_clears_what_a_night_has_told_of_since_the_case_was_read(db: Database) -> None:
    (case,) = put(db, suspects(1))
    with db.reading() as tx:
        read = journal.load(tx, case)
    assert read is not None
    run(db, WARNED)

    with db.writing() as tx:
        world.decided(tx, read, WARNED)

    assert changes(db, case) == [("raised", WARNED), ("cleared", WARNED)]


def test_a_clock_that_runs_again_is_the_same_alert_raised_again(db: Database) -> None:
    (case,) = put(db, suspects(1))
    run(db, WARNED)
    day, at = WARNED + DAY, clock(WARNED + DAY)()
    with db.writing() as tx:
        (one,) = stored_alerts.live(tx, [case])
        stored_alerts.clear(tx, case, cases.folded(cases.told(1)), day, at, corrected=True)
        stored_alerts.set_next_check(tx, case, day)

    run(db, day)

    with db.reading() as tx:
        (live,) = stored_alerts.live(tx, [case])
        told = [line.change for line in stored_alerts.history(tx, one.alert_id)]
    assert (live.alert_id, live.raised_for, told) == (one.alert_id, day, ["raised", "cleared", "raised"])
    assert len({str(message["n"]) for message in messages(db)}) == 3


# --- what people do meanwhile -------------------------------------------------------------------------------


def test_what_is_put_off_wakes_when_the_day_has_passed_and_then_climbs(db: Database) -> None:
    (case,) = put(db, suspects(1))
    run(db, WARNED)
    with db.writing() as tx:
        (one,) = stored_alerts.live(tx, [case])
        alerts.snooze(tx, COORDINATOR, one.alert_id, LATE + 2 * DAY, clock(WARNED, 9)())

    for n in range(1, 22):
        run(db, WARNED + n * DAY)

    assert changes(db, case) == [
        ("raised", WARNED),
        ("snoozed", WARNED),
        ("woken", LATE + 3 * DAY),
        ("escalated", LATE + 3 * DAY),
    ]


def test_what_is_taken_up_again_climbs_the_next_night_and_not_when_the_quiet_would_have_ended(db: Database) -> None:
    (case,) = put(db, suspects(1))
    run(db, WARNED)
    with db.writing() as tx:
        (one,) = stored_alerts.live(tx, [case])
        alerts.snooze(tx, COORDINATOR, one.alert_id, WARNED + 30 * DAY, clock(WARNED, 9)())
    run(db, LATE)
    with db.writing() as tx:
        alerts.acknowledge(tx, COORDINATOR, one.alert_id, clock(LATE, 9)())

    run(db, LATE + DAY)

    assert changes(db, case)[1:] == [("snoozed", WARNED), ("acknowledged", LATE), ("escalated", LATE + DAY)]


def test_an_answer_and_a_night_that_meet_wait_for_each_other(
    pg_database: Callable[..., str], opened: Callable[[str], Database]
) -> None:
    db = opened(pg.sqlalchemy_url(pg_database(service.fill)))
    (case,) = put(db, suspects(1))
    run(db, WARNED)
    with db.reading() as tx:
        (one,) = stored_alerts.live(tx, [case])
    world.look_today(db, LATE)
    answered: list[stored_alerts.Alert] = []

    def say() -> None:
        with db.writing() as tx:
            answered.append(alerts.acknowledge(tx, COORDINATOR, one.alert_id, clock(LATE, 9)()))

    other = threading.Thread(target=say, daemon=True)
    with db.writing() as tx:
        assert stored_alerts.claim(tx, case, LATE) is not None
        other.start()
        time.sleep(0.3)  # it waits for the case by now; were it not to, the next line would still have to succeed
        by = stored_alerts.AlertActor(Role.SYSTEM, "nightly", LATE, clock(LATE)())
        stored = journal.load(tx, case)
        assert stored is not None
        found = reconcile(cases.folded(stored), LATE, [one.status])
        stored_alerts.write(tx, case, [one], found, by)
    other.join(SECONDS)

    assert [(a.state, a.changes, a.level) for a in answered] == [("acknowledged", 3, "overdue")]
    assert [change for change, _ in changes(db, case)] == ["raised", "escalated", "acknowledged"]


# --- the ledger, and what else is done ----------------------------------------------------------------------


def test_a_step_that_fails_is_counted_and_stops_no_other(db: Database) -> None:
    put(db, suspects(2))

    def broken(_db: Database, _day: date, _at: datetime) -> NoReturn:
        raise RuntimeError("out of paper")

    steps = (
        NightlyStep("first", lambda _db, _day, _at: {"done": 1}),
        NightlyStep("broken", broken),
        NightlyStep("last", lambda _db, day, _at: {"day": day.day}),
    )
    (night,) = nightly.run(db, clock(WARNED), steps=steps)

    assert (night.status, night.counts["steps_failed"]) == ("partly", 1)
    assert (night.counts["first_done"], night.counts["last_day"], night.counts["raised"]) == (1, 9, 2)
    (row,) = nights(db)
    assert (row.run_id, row.status, row.counts) == (night.run_id, "partly", night.counts)
    assert row.finished_at is not None
    assert row.started_at < row.finished_at


def test_when_the_database_goes_away_the_night_is_broken_off_and_done_again(db: Database) -> None:
    put(db, suspects(2))

    def away(_db: Database, _day: date, _at: datetime) -> NoReturn:
        raise Unavailable("connection_lost")

    with pytest.raises(Unavailable):
        nightly.run(db, clock(WARNED), steps=(NightlyStep("away", away),))

    assert [one.status for one in nights(db)] == ["failed"]
    assert nightly.is_due(db, clock(WARNED)())
    (again,) = nightly.run(db, clock(WARNED))
    assert (again.status, again.counts["scanned"]) == ("ok", 0)
    assert not nightly.is_due(db, clock(WARNED)())


def test_a_database_that_lets_nobody_write_breaks_the_night_off(url: str, opened: Callable[[str], Database]) -> None:
    db, holder = Database.open(url, wait_seconds=0.2, statement_seconds=1), opened(url)
    put(holder, suspects(3))
    with holder.writing() as tx:
        tx.execute(update(world.case_current).values(look_on=WARNED))
        with pytest.raises(Unavailable):
            nightly.run(db, clock(WARNED))
    db.close()

    assert kept(holder) == {}
    assert [one.status for one in nights(holder) if one.status != "failed"] == []
    assert outcomes(run(holder, WARNED)[0].counts) == {"raised": 3}


def test_what_happened_to_an_alert_can_be_changed_by_nobody(db: Database) -> None:
    (case,) = put(db, suspects(1))
    run(db, WARNED)
    change = alert_tables.alert_change

    for wrong in (update(change).values(subject="anybody"), delete(change)):
        with pytest.raises(DBAPIError, match="only ever added"), db.writing() as tx:
            tx.execute(wrong)

    assert changes(db, case) == [("raised", WARNED)]


def test_readiness_follows_the_last_night_that_was_done(db: Database) -> None:
    now = datetime(2026, 1, 6, tzinfo=UTC)
    with db.reading() as tx:
        assert not job_runs.nightly_run_is_late(tx, now)  # no case, no night to miss
    put(db, suspects(1))  # opened at noon on 5 January
    late = [cases.NOON + timedelta(hours=hours) for hours in (25, 26, 27)]
    with db.reading() as tx:
        assert [job_runs.nightly_run_is_late(tx, at) for at in late] == [False, False, True]
    run(db, WARNED)
    finished = nights(db)[-1].finished_at
    assert finished is not None
    with db.reading() as tx:
        assert not job_runs.nightly_run_is_late(tx, finished + timedelta(hours=26))
        assert job_runs.nightly_run_is_late(tx, finished + timedelta(hours=26, seconds=1))

"""A job that takes long says how far it is while it runs, and how it ended, also when it raised."""

from datetime import UTC, date, datetime

import pytest

from tests.alerts import world
from tests.alerts.world import WARNED, clock, put, suspects
from ungdom.jobs import nightly, tracking
from ungdom.jobs.nightly import NightlyStep
from ungdom.jobs.tracking import TrackedRun, tracked
from ungdom.store import job_runs
from ungdom.store.errors import Unavailable
from ungdom.store.job_runs import FAILED, KEY_ROTATION, PARTIAL, RUNNING, JobProgress, JobRun
from ungdom.store.session import Database

DAY, AT = date(2026, 3, 2), datetime(2026, 3, 2, 2, tzinfo=UTC)


def now() -> datetime:
    return AT


def last_run(db: Database) -> JobRun:
    with db.reading() as tx:
        return job_runs.runs(tx)[0]


def test_a_run_says_how_far_it_is_and_how_it_ended(db: Database) -> None:
    with tracked(db, KEY_ROTATION, DAY, now) as run:
        assert (last_run(db).status, last_run(db).progress) == (RUNNING, None)
        run.report("records", 5, 20)
        assert last_run(db).progress == JobProgress("records", 5, 20, AT)
        run.status, run.counts = PARTIAL, {"unopened": 1}
    assert (last_run(db).status, last_run(db).counts) == (PARTIAL, {"unopened": 1})
    assert last_run(db).finished_at == AT


def test_reports_of_one_phase_are_written_once_a_second_and_the_first_of_each_always(db: Database) -> None:
    with db.writing() as tx:
        run_id = job_runs.start(tx, KEY_ROTATION, DAY, AT)
    seconds = [0.0]
    run = TrackedRun(db, run_id, now, lambda: seconds[0])
    written = []
    for at, phase, done in ((10.0, "a", 1), (10.5, "a", 2), (10.6, "b", 0), (11.5, "b", 1), (11.7, "b", 2)):
        seconds[0] = at
        run.report(phase, done, 9)
        progress = last_run(db).progress
        assert progress is not None
        written.append((progress.phase, progress.done))
    assert written == [("a", 1), ("a", 1), ("b", 0), ("b", 0), ("b", 2)]


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt(), Unavailable("database")])
def test_a_run_that_raises_has_failed(db: Database, error: BaseException) -> None:
    def broken() -> None:
        with tracked(db, KEY_ROTATION, DAY, now) as run:
            run.counts = {"resealed": 3}
            raise error

    with pytest.raises(type(error)):
        broken()
    assert (last_run(db).status, last_run(db).counts) == (FAILED, {})


def test_a_report_that_cannot_be_written_stops_no_job(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Unavailable("database")

    with tracked(db, KEY_ROTATION, DAY, now) as run:
        monkeypatch.setattr(tracking.job_runs, "record_progress", away)
        run.report("records", 1, 2)
    assert (last_run(db).status, last_run(db).progress) == (job_runs.SUCCEEDED, None)


def test_a_night_says_which_step_it_is_at_and_how_many_cases_are_judged(db: Database) -> None:
    put(db, suspects(3))
    seen: list[tuple[str, int | None, int | None]] = []
    stored: list[JobProgress | None] = []

    def step(_db: Database, _day: date, _at: object) -> dict[str, int]:
        stored.append(last_run(db).progress)
        return {}

    steps = (NightlyStep("terms", step), NightlyStep("figures", step))
    nightly.run(db, clock(WARNED), None, steps, lambda *report: seen.append(report))
    assert seen == [("alerts", 0, 3), ("alerts", 3, 3), ("terms", None, None), ("figures", None, None)]
    assert [progress and progress.phase for progress in stored] == ["terms", "figures"]
    assert [run.status for run in world.nights(db)] == [job_runs.SUCCEEDED]

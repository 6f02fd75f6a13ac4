"""Jobs: an extract that is ordered is made, whoever is killed meanwhile, and lies there to be downloaded."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests import fork
from tests.api.build import assert_problem
from tests.extracts import world
from tests.extracts.world import NOW, TODAY
from tests.process import UNGDOM, environment
from tests.service import EXTRACT_KEY, KEY, Client, Service
from ungdom.cli import app
from ungdom.extracts import build, job_worker, jobs
from ungdom.extracts.job_worker import LEASE, ExtractWorkerContext
from ungdom.extracts.jobs import Every, JobStatus, next_due
from ungdom.extracts.order import Downloader
from ungdom.extracts.partitioned_writer import STATE
from ungdom.extracts.writers import Form
from ungdom.store.session import Database
from ungdom.workflow.vocabulary import Role

WHO = Downloader("analyst", Role.ANALYST)


@pytest.fixture
def service(copy_url: str, tmp_path: Path) -> Iterator[Service]:
    """The service with the load, on the day after it."""
    with Service(copy_url, tmp_path) as running:
        running.clock.instant = NOW
        yield running


@pytest.fixture
def analyst(service: Service) -> Client:
    return service.as_(Role.ANALYST)


def work(service: Service, **changed: Any) -> ExtractWorkerContext:
    """A worker on the database of the service, by its clock."""
    folder = job_worker.folder_of(service.settings)
    given = {"retention": timedelta(days=30), "now": service.clock, **changed}
    return ExtractWorkerContext(service.app.state.figures, service.app.state.extracts, folder, **given)


def ordered(analyst: Client, name: str = "measures", **body: Any) -> dict[str, Any]:
    answer = analyst.post("/v1/extracts/jobs", {"extract": name, "purpose": "demo", "format": "csv", **body})
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


class Waits(Event):
    """An event that notes how long it is waited for, and is set after so many waits."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.seconds: list[float | None] = []
        self.most = most

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout)
        if len(self.seconds) == self.most:
            self.set()
        return self.is_set()


def test_a_worker_waits_before_its_first_look_and_keeps_its_interval(service: Service, analyst: Client) -> None:
    ordered(analyst)
    stop = Waits(3)
    job_worker.run_until_stopped(work(service), stop, 0.5)
    assert stop.seconds == [job_worker.SHORTEST_INTERVAL] * 3
    assert not job_worker.has_work(work(service))


def test_a_worker_that_is_stopped_in_its_first_wait_makes_nothing(service: Service, analyst: Client) -> None:
    ordered(analyst)
    job_worker.run_until_stopped(work(service), Waits(1), 0.5)
    assert job_worker.has_work(work(service))


def test_what_is_ordered_is_made_and_downloaded_and_the_download_is_logged(
    service: Service, analyst: Client, tmp_path: Path
) -> None:
    assert not job_worker.has_work(work(service))
    job = ordered(analyst)
    assert job_worker.has_work(work(service))
    assert (job["status"], job["files"], job["valid_at"]) == ("waiting", [], str(TODAY))
    assert job_worker.run(work(service)) == {"done": 1}

    told = analyst.get(f"/v1/extracts/jobs/{job['id']}").json()
    order = service.app.state.extracts.order(world.OrderRequest("measures", "demo", subject="analyst"), NOW)
    whole = build.folder(service.db, order, Form.CSV, tmp_path / "whole")
    assert told["status"] == "done"
    assert told["manifest"] == json.loads((tmp_path / "whole" / build.MANIFEST).read_text())
    assert [one["name"] for one in told["files"]] == list(whole.files)

    file = told["files"][0]
    answer = analyst.get(f"/v1/extracts/jobs/{job['id']}/files/{file['name']}")
    assert answer.content == (tmp_path / "whole" / file["name"]).read_bytes()
    assert answer.headers["Ungdom-SHA256"] == file["sha256"]
    [pull] = service.as_(Role.AUDITOR).get("/v1/extracts/pulls").json()["items"]
    assert (pull["job"], pull["file"], pull["status"]) == (job["id"], file["name"], "finished")
    assert (pull["rows"], pull["bytes"], pull["sha256"]) == (file["rows"], file["bytes"], file["sha256"])


def test_a_job_is_nobody_elses_and_no_other_file_is_given(service: Service, analyst: Client) -> None:
    job = ordered(analyst)
    where = f"/v1/extracts/jobs/{job['id']}"
    assert_problem(analyst.get(f"{where}/files/rows.csv"), 404, "not_found")
    job_worker.run(work(service))
    name = analyst.get(where).json()["files"][0]["name"]
    for path in ("manifest.json", STATE, "../../ungdom.sqlite", "..%2f..%2fungdom.sqlite", f"../{job['id']}/{name}"):
        assert analyst.get(f"{where}/files/{path}").status_code in (404, 422)
    other = service.as_(Role.ANALYST, subject="another")
    for path in (where, f"{where}/files/{name}"):
        assert_problem(other.get(path), 404, "not_found")
    assert other.get("/v1/extracts/jobs").json()["items"] == []
    for watcher in (Role.AUDITOR, Role.ADMIN):
        assert [one["id"] for one in service.as_(watcher).get("/v1/extracts/jobs").json()["items"]] == [job["id"]]
        assert service.as_(watcher).get(where).status_code == 200
        assert_problem(service.as_(watcher).get(f"{where}/files/{name}"), 403, "forbidden_role")


def test_the_same_order_sent_twice_is_one_job(analyst: Client) -> None:
    sent = [
        analyst.post("/v1/extracts/jobs", {"extract": "cases", "purpose": "demo"}, key="once").json()["id"]
        for _ in range(2)
    ]
    assert len(set(sent)) == 1
    assert len(analyst.get("/v1/extracts/jobs").json()["items"]) == 1


def test_files_lie_there_for_as_long_as_is_set(service: Service, analyst: Client) -> None:
    job = ordered(analyst)
    there = work(service)
    job_worker.run(there)
    name = analyst.get(f"/v1/extracts/jobs/{job['id']}").json()["files"][0]["name"]
    service.clock.instant += timedelta(days=29)
    assert job_worker.run(there) == {}
    service.clock.instant += timedelta(days=2)
    assert job_worker.run(there) == {"removed": 1}
    assert_problem(analyst.get(f"/v1/extracts/jobs/{job['id']}/files/{name}"), 404, "not_found")
    assert analyst.get(f"/v1/extracts/jobs/{job['id']}").json()["status"] == "removed"
    assert not (there.folder / job["id"]).exists()


def test_a_worker_that_is_told_to_stop_leaves_the_job_to_be_taken_up(service: Service, analyst: Client) -> None:
    ordered(analyst)
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 8

    assert job_worker.run(work(service, stop=stop)) == {"stopped": 1}
    [job] = analyst.get("/v1/extracts/jobs").json()["items"]
    assert (job["status"], job["attempts"]) == ("waiting", 0)
    assert job_worker.run(work(service)) == {"done": 1}


def test_a_job_for_a_purpose_that_is_over_by_then_is_given_up(service: Service, analyst: Client) -> None:
    ordered(analyst)
    service.clock.instant = NOW.replace(year=2100)
    assert job_worker.run(work(service)) == {"failed": 1}
    service.clock.instant = NOW
    [job] = analyst.get("/v1/extracts/jobs").json()["items"]
    assert (job["status"], job["reason"]) == ("failed", "PurposeOver")


def test_what_nobody_foresaw_is_tried_again_and_given_up_in_the_end(service: Service, analyst: Client) -> None:
    ordered(analyst)
    there = work(service)
    there.folder.parent.joinpath(there.folder.name).write_text("no folder")
    for attempt in range(jobs.ATTEMPTS):
        assert job_worker.run(there) == {"failed": 1}
        assert job_worker.run(there) == {}
        service.clock.instant += job_worker.RETRY_DELAY + timedelta(minutes=1)
        [job] = analyst.get("/v1/extracts/jobs").json()["items"]
        assert job["attempts"] == attempt + 1
    assert job_worker.run(there) == {}
    assert (job["status"], job["reason"]) == ("failed", "NotADirectoryError")


# --- claims -------------------------------------------------------------------------------------------------


def test_two_workers_never_make_one_job_and_a_lost_one_is_taken_over(served: Service) -> None:
    order = served.app.state.extracts.order(world.OrderRequest("cases", "demo"), NOW)
    with served.db.writing() as tx:
        made = {jobs.add(tx, order, Form.CSV, WHO, NOW).job_id for _ in range(2)}
    if served.db.writer_lock is None:  # PostgreSQL: both ask at once
        with served.db.writing() as tx, served.db.writing() as other:
            claimed = [jobs.claim(one, NOW, NOW + LEASE) for one in (tx, other)]
    else:
        claimed = [claim(served.db, timedelta()) for _ in range(2)]
    assert {one.job_id for one in claimed if one} == made
    assert claim(served.db, timedelta()) is None

    again = claim(served.db, LEASE)
    assert again is not None
    assert again.attempts == 2
    first = next(one for one in claimed if one and one.job_id == again.job_id)
    with served.db.writing() as tx:
        assert not jobs.renew_claim(tx, first, 1, 2, NOW)
        assert jobs.renew_claim(tx, again, 1, 2, NOW + LEASE)
        jobs.finish(tx, first, {"files": []}, NOW)
    with served.db.reading() as tx:
        found = jobs.find(tx, again.job_id)
    assert found is not None
    assert (found.status, found.cases_done, found.cases) == (JobStatus.RUNNING, 1, 2)


def claim(db: Database, later: timedelta) -> jobs.ExtractJob | None:
    with db.writing() as tx:
        return jobs.claim(tx, NOW + later, NOW + later + LEASE)


# --- killed -------------------------------------------------------------------------------------------------


def killed_in_the_middle(command: list[str], env: dict[str, str], written: Callable[[], Path | None]) -> int:
    """Run until a few parts are whole, then killed; how many."""
    with fork.Fork([str(UNGDOM), *command], env=env) as process:
        try:
            for _ in range(6_000):
                state = written()
                done = len(json.loads(state.read_text())["files"]) if state else 0
                if done >= 3:
                    process.send_signal(signal.SIGKILL)
                    process.wait(10)
                    return done
                assert process.poll() is None
                time.sleep(0.005)
        finally:
            process.kill()
    raise AssertionError("nothing was written")


def settings(url: str, folder: Path) -> dict[str, str]:
    return environment(url, folder) | {"UNGDOM_PEOPLE_KEYS": KEY, "UNGDOM_EXTRACT_KEYS": EXTRACT_KEY}


def state_of(folder: Path) -> Path | None:
    return next(iter(folder.glob(f"**/{STATE}")), None)


def test_a_job_whose_worker_is_killed_is_taken_up_where_it_was(
    service: Service, analyst: Client, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    job = ordered(analyst, "events", known_at=str(TODAY))
    there = work(service)
    env = settings(service.settings.database_url, tmp_path)
    done = killed_in_the_middle(["extracts", "--work"], env, lambda: state_of(there.folder))
    service.clock.instant = later()
    assert job_worker.run(there)["done"] == 1
    told = analyst.get(f"/v1/extracts/jobs/{job['id']}").json()
    order = service.app.state.extracts.order(world.OrderRequest("events", "demo", world.order("events").known_at), NOW)
    build.folder(service.db, order, Form.CSV, tmp_path / "whole")
    assert world.files(there.folder / job["id"]) == world.files(tmp_path / "whole")
    assert (told["status"], told["attempts"]) == ("done", 2)
    figure(f"extract job killed after {done} of {len(told['files'])} files: taken up, the same bytes")


class Dies(BaseException):
    """The process ends here."""


def test_a_job_whose_worker_dies_while_it_renews_its_claim_is_taken_up_when_the_claim_has_run_out(
    service: Service, analyst: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ordered(analyst, "events", known_at=str(TODAY))
    renew = jobs.renew_claim

    def dies(*given: Any) -> bool:
        renew(*given)
        raise Dies

    monkeypatch.setattr(job_worker, "RENEW", timedelta(0))
    monkeypatch.setattr(jobs, "renew_claim", dies)
    there = work(service)
    with pytest.raises(Dies):
        job_worker.run(there)
    monkeypatch.undo()

    assert not job_worker.run(there)["done"]
    service.clock.instant += LEASE + timedelta(seconds=1)
    assert job_worker.run(there)["done"] == 1
    order = service.app.state.extracts.order(world.OrderRequest("events", "demo", world.order("events").known_at), NOW)
    build.folder(service.db, order, Form.CSV, tmp_path / "whole")
    assert world.files(there.folder / job["id"]) == world.files(tmp_path / "whole")
    assert analyst.get(f"/v1/extracts/jobs/{job['id']}").json()["attempts"] == 2


def later() -> datetime:
    """After every claim of a real worker has run out."""
    return datetime.now(UTC) + LEASE + timedelta(minutes=1)


def test_a_command_that_is_killed_is_taken_up_with_resume(
    copy_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = settings(copy_url, tmp_path)
    command = ["extract", "events", "--purpose", "demo", "--known-at", str(TODAY), "--format", "ndjson", "--out"]
    killed_in_the_middle([*command, str(tmp_path / "broken")], env, lambda: state_of(tmp_path / "broken"))

    def run(*more: str) -> Result:
        return CliRunner().invoke(app, more)

    for name, value in env.items():
        monkeypatch.setenv(name, value)
    refused = run(*command, str(tmp_path / "broken"))
    assert (refused.exit_code, "is there already" in refused.output) == (1, True)
    resumed = run(*command, str(tmp_path / "broken"), "--resume")
    assert resumed.exit_code == 0, resumed.output
    said = tmp_path / "broken" / build.MANIFEST
    again = run("extract", "--rebuild", str(said), "--out", str(tmp_path / "again"))
    assert again.exit_code == 0, again.output
    assert f"cases {world.CASES} of {world.CASES}" in again.output
    assert world.files(tmp_path / "again") == world.files(tmp_path / "broken")


# --- again and again ----------------------------------------------------------------------------------------

RULES = [
    (Every.DAY, date(2026, 1, 31), date(2026, 2, 1)),
    (Every.MONTH, date(2026, 1, 1), date(2026, 2, 1)),
    (Every.MONTH, date(2026, 12, 31), date(2027, 1, 1)),
    (Every.QUARTER, date(2026, 1, 1), date(2026, 4, 1)),
    (Every.QUARTER, date(2026, 11, 30), date(2027, 1, 1)),
]


@pytest.mark.parametrize(("every", "day", "expected"), RULES)
def test_the_next_is_due_on_the_first_day_of_the_next_period(every: Every, day: date, expected: date) -> None:
    assert next_due(every, day) == expected


def test_a_schedule_makes_a_job_a_period_and_what_was_missed_once(service: Service, analyst: Client) -> None:
    body = {"extract": "measures", "purpose": "demo", "format": "csv", "every": "month"}
    made = analyst.post("/v1/extracts/schedules", body)
    assert (made.status_code, made.json()["next_on"]) == (201, "2026-02-01")
    there = work(service)
    assert job_worker.run(there) == {}
    service.clock.turn_to(date(2026, 2, 1))
    assert job_worker.run(there) == {"planned": 1, "done": 1}
    assert job_worker.run(there) == {}
    service.clock.turn_to(date(2026, 5, 20))
    assert job_worker.run(there) == {"planned": 1, "done": 1, "removed": 1}
    days = [one["valid_at"] for one in analyst.get("/v1/extracts/jobs").json()["items"]]
    assert days == ["2026-05-19", "2026-01-31"]
    [schedule] = analyst.get("/v1/extracts/schedules").json()["items"]
    assert schedule["next_on"] == "2026-06-01"

    service.clock.instant = datetime(2026, 5, 31, 22, 9, tzinfo=UTC)  # nine minutes into 1 June: not settled yet
    assert not job_worker.has_work(there)
    assert job_worker.run(there) == {}
    service.clock.instant += timedelta(minutes=1)
    assert job_worker.has_work(there)
    assert job_worker.run(there) == {"planned": 1, "done": 1}
    assert analyst.get("/v1/extracts/jobs").json()["items"][0]["valid_at"] == "2026-05-31"

    where = f"/v1/extracts/schedules/{schedule['id']}"
    assert_problem(service.as_(Role.ANALYST, subject="another")._send("DELETE", where), 404, "not_found")
    assert analyst._send("DELETE", where).status_code == 204
    assert_problem(analyst._send("DELETE", where), 404, "not_found")
    service.clock.turn_to(date(2026, 7, 1))
    assert job_worker.run(there)["planned"] == 0

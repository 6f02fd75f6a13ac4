"""Jobs and how far they are: the page, and the stream that keeps it up to date until session or time is over."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, update

from tests.service import Service
from tests.web.visiting import Visitor
from ungdom.extracts.jobs import JobStatus
from ungdom.store import job_runs
from ungdom.store.job_runs import KEY_ROTATION, RETENTION, SUCCEEDED, JobProgress
from ungdom.store.schema.extracts import extract_job
from ungdom.web import jobs_page
from ungdom.web.jobs_page import STREAMS_PER_SESSION
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.vocabulary import Role

PAGE, STREAM = "/administration/jobs", "/administration/jobs/progress"


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_page, "SECONDS_OPEN", 0.3)
    monkeypatch.setattr(jobs_page, "SECONDS_BETWEEN", 0.05)


@pytest.fixture
def admin(one: Service) -> Visitor:
    return Visitor(one).sign_in("admin")


def started(service: Service, name: str = KEY_ROTATION, phase: str = "records") -> UUID:
    now = service.clock()
    with service.db.writing() as tx:
        run_id = job_runs.start(tx, name, oslo_date(now), now)
        job_runs.record_progress(tx, run_id, JobProgress(phase, 5, 20, now))
    return run_id


def events(text: str) -> Iterator[str]:
    """The table of each message of a stream."""
    for message in text.split("\n\n"):
        data = [line.removeprefix("data: ") for line in message.splitlines() if line.startswith("data: ")]
        if len(data) > 1:
            yield "\n".join(data)


def test_the_page_says_in_each_language_what_runs_and_how_far_it_is(one: Service, admin: Visitor) -> None:
    assert "Ingen jobb er kjørt ennå" in admin.get(PAGE).text
    started(one)
    started(one, RETENTION, "persons")
    for language, words in {
        "nb": ("Kryptering med ny nøkkel", "5 av 20", "Pågår", "opplysninger om personer"),
        "nn": ("Kryptering med ny nøkkel", "5 av 20", "Går no", "opplysningar om personar"),
        "en": ("Encryption with a new key", "5 of 20", "Running", "data about persons"),
    }.items():
        admin.language = language
        page = admin.get(PAGE).text
        assert [word for word in words if word not in page] == []
    assert '<progress class="done" value="5" max="20"' in page


def test_a_job_that_has_ended_says_how_and_what_runs_stands_before_it(one: Service, admin: Visitor) -> None:
    ended = started(one)
    with one.db.writing() as tx:
        job_runs.finish(tx, ended, SUCCEEDED, {}, one.clock())
    one.clock.instant -= timedelta(hours=1)
    started(one, RETENTION, "persons")
    one.clock.instant += timedelta(hours=1)
    rows = re.findall(r"<strong>([^<]+)</strong>", admin.get(PAGE).text)
    assert rows == ["Sletting etter lagringsreglene", "Kryptering med ny nøkkel"]
    assert admin.get(PAGE).text.count("<progress") == 1


def test_an_extract_under_way_says_how_many_cases_are_done(one: Service, admin: Visitor) -> None:
    row = {
        "job_id": uuid4(),
        "extract": "measures",
        "purpose": "statistics",
        "form": "csv",
        "known_at": one.clock(),
        "valid_at": oslo_date(one.clock()),
        "subject": "analyst",
        "role": Role.ANALYST,
        "created_at": one.clock(),
        "status": JobStatus.RUNNING,
        "cases_done": 3,
        "cases": 1200,
    }
    with one.db.writing() as tx:
        tx.execute(insert(extract_job), row)
    page = admin.get(PAGE).text
    assert '<strong>Uttrekk</strong><br><span class="subtle">Tiltak</span>' in page
    assert '<progress class="done" value="3" max="1200"' in page
    assert "3 av 1\xa0200" in page
    with one.db.writing() as tx:
        tx.execute(update(extract_job).values(status=JobStatus.REMOVED, finished_at=one.clock()))
    assert "Filene er slettet" in admin.get(PAGE).text


def test_the_stream_sends_the_table_when_it_changes_and_ends_by_itself(one: Service, admin: Visitor) -> None:
    run_id = started(one)

    def go_on() -> None:
        with one.db.writing() as tx:
            job_runs.record_progress(tx, run_id, JobProgress("records", 19, 20, one.clock()))

    later = threading.Timer(0.12, go_on)
    later.start()
    answer = admin.get(STREAM)
    later.join()
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert ["5 av 20" in event for event in events(answer.text)] == [True, False]
    assert ["19 av 20" in event for event in events(answer.text)] == [False, True]
    assert answer.text.endswith("event: end\ndata: \n\n")
    assert str(run_id) not in answer.text


def test_the_stream_is_for_whom_the_page_is(one: Service) -> None:
    for role, office in (("leader", "oslo"), ("coordinator", "oslo"), ("auditor", None), ("team_member", None)):
        visitor = Visitor(one).sign_in(role, office)
        assert (visitor.get(PAGE).status_code, visitor.get(STREAM).status_code) == (403, 403)
    assert Visitor(one).get(STREAM).status_code == 303
    assert Visitor(one).get(STREAM, **{"HX-Request": "true"}).status_code == 401


def test_a_session_that_is_over_ends_its_stream(one: Service, admin: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_page, "SECONDS_OPEN", 60)
    one.portal.beside()
    started(one)

    def end() -> None:
        assert Visitor(one, dict(admin.cookies)).post("/sign-out", {"key": key}).status_code == 303

    key = admin.key(PAGE)
    later = threading.Timer(0.2, end)
    later.start()
    answer = admin.get(STREAM)
    later.join()
    assert answer.text.endswith("event: end\ndata: \n\n")


def test_watching_does_not_keep_a_session_alive(one: Service, admin: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_page, "SECONDS_OPEN", 60)
    idle = one.app.state.sessions.idle

    def pass_time() -> None:
        one.clock.instant += idle

    later = threading.Timer(0.2, pass_time)
    later.start()
    assert admin.get(STREAM).text.endswith("event: end\ndata: \n\n")
    later.join()
    assert admin.get(PAGE).status_code == 303


def test_a_session_may_open_so_many_streams_and_no_more(one: Service, admin: Visitor) -> None:
    streams, secret = one.app.state.open_streams, admin.cookies["ungdom"]
    with streams.counted(secret), streams.counted("another"):
        assert admin.get(STREAM).status_code == 200
        assert STREAMS_PER_SESSION == 2
        with streams.counted(secret):
            refused = admin.get(STREAM)
            assert (refused.status_code, refused.text) == (204, "")
    assert admin.get(STREAM).status_code == 200
    assert not streams._open


def test_a_process_has_so_many_streams_and_no_more(
    one: Service, admin: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_page, "STREAMS_PER_PROCESS", 1)
    with one.app.state.open_streams.counted("another"):
        assert admin.get(STREAM).status_code == 204


def test_without_a_script_the_page_is_loaded_anew(admin: Visitor) -> None:
    assert f'<a class="ds-link" href="{PAGE}">Last inn siden på nytt</a>' in admin.get(PAGE).text

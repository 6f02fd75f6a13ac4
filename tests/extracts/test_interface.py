"""Extracts over HTTP: what an analyst is given, what is logged of it, and that nothing else is reached."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import pytest
from sqlalchemy import func, select

from tests.api.build import assert_problem
from tests.extracts import world
from tests.extracts.world import NAMES, NOW, TODAY
from tests.service import Client, Service, new_case, routes_of
from ungdom.extracts import build, dictionary, manifest
from ungdom.extracts.catalogue import EXTRACTS
from ungdom.extracts.order import OrderRequest
from ungdom.extracts.writers import Form
from ungdom.store.schema.cases import case_file
from ungdom.store.schema.extracts import extract_pull
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.vocabulary import Role

PURPOSES = """
[[purpose]]
name = "study"
ordered_by = "somebody"
basis = "some act"
until = 2026-12-31
extracts = ["cases", "events"]
dates = "day"

[[purpose]]
name = "theirs"
ordered_by = "somebody"
basis = "some act"
until = 2026-12-31
extracts = ["cases"]
dates = "month"
analysts = ["another"]

[[purpose]]
name = "over"
ordered_by = "somebody"
basis = "some act"
until = 2025-12-31
extracts = ["cases"]
dates = "day"
"""


@pytest.fixture
def service(copy_url: str, tmp_path: Path) -> Iterator[Service]:
    """The service with the load, on the day after it."""
    (tmp_path / "purposes.toml").write_text(PURPOSES)
    with Service(copy_url, tmp_path, purposes_file=tmp_path / "purposes.toml") as running:
        running.clock.instant = NOW
        yield running


@pytest.fixture
def analyst(service: Service) -> Client:
    return service.as_(Role.ANALYST)


def pulls(service: Service) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.as_(Role.AUDITOR).get("/v1/extracts/pulls").json()["items"]
    return found


def pulled(service: Service) -> int:
    with service.db.reading() as tx:
        return tx.scalar(select(func.count()).select_from(extract_pull)) or 0


def test_the_catalogue_has_every_extract_with_its_dictionary_and_the_purposes_of_the_caller(service: Service) -> None:
    told = service.as_(Role.ANALYST).get("/v1/extracts").json()
    assert [one["name"] for one in told["items"]] == list(NAMES)
    assert [one["schema"] for one in told["items"]] == [dictionary.whole_schema(one) for one in EXTRACTS]
    assert [one["name"] for one in told["purposes"]] == ["study", "over"]
    theirs = service.as_(Role.ANALYST, subject="another").get("/v1/extracts").json()
    assert [one["name"] for one in theirs["purposes"]] == ["study", "theirs", "over"]
    assert service.as_(Role.SECRETARIAT).get("/v1/extracts").json()["items"] == told["items"]
    for role, office in ((Role.COORDINATOR, "oslo"), (Role.AUDITOR, None), (Role.PROSECUTION, "oslo")):
        assert_problem(service.as_(role, office).get("/v1/extracts"), 403, "forbidden_role")


@pytest.mark.parametrize("form", list(Form))
def test_rows_come_in_every_form_and_the_pull_is_logged_to_its_end(
    form: Form, service: Service, analyst: Client
) -> None:
    answer = analyst.get("/v1/extracts/events", purpose="study", format=form, known_at=str(TODAY))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == form.media_type
    asked = service.app.state.extracts.order(OrderRequest("events", "study", asked_at(), None), NOW)
    assert answer.content == world.raw(service.db, asked, form)

    [pull] = pulls(service)
    digest = hashlib.sha256(answer.content).hexdigest()
    assert (pull["subject"], pull["role"], pull["purpose"], pull["status"]) == (
        "analyst",
        "analyst",
        "study",
        "finished",
    )
    assert (pull["bytes"], pull["sha256"]) == (len(answer.content), digest)
    assert pull["rows"] == len(world.rows(service.db, asked))
    assert pull["order"] == asked.parameters()


def asked_at() -> Any:
    return world.order("events").known_at


def test_the_answer_leads_to_its_manifest_and_that_to_the_same_bytes(
    service: Service, analyst: Client, tmp_path: Path
) -> None:
    answer = analyst.get("/v1/extracts/cases", purpose="study")
    where = answer.headers["Link"].partition(">")[0].removeprefix("<")
    said = analyst.get(where).json()
    desk = service.app.state.extracts
    made = build.rebuild(
        service.db, manifest.order_of(said, desk.keys, desk.purposes, oslo_date(NOW)), said, tmp_path / "again.csv"
    )
    assert (tmp_path / "again.csv").read_bytes() == answer.content
    assert made.files["cases.csv"].sha256 == said["files"][0]["sha256"]
    assert said["order"]["valid_at"] == str(TODAY)
    assert service.as_(Role.AUDITOR).get(where).json() == said
    assert_problem(service.as_(Role.ANALYST, subject="another").get(where), 404, "not_found")
    assert_problem(analyst.get(f"/v1/extracts/pulls/{UUID(int=1)}/manifest"), 404, "not_found")
    assert_problem(service.as_(Role.COORDINATOR, "oslo").get(where), 404, "not_found")
    assert_problem(service.as_(Role.PROSECUTION, "oslo").get(where), 403, "forbidden_role")


ACCEPTS = [
    (None, "text/csv"),
    ("*/*", "text/csv"),
    ("application/vnd.apache.parquet", "application/vnd.apache.parquet"),
    ("text/html, application/x-ndjson;q=0.9", "application/x-ndjson"),
]


@pytest.mark.parametrize(("accept", "kind"), ACCEPTS)
def test_the_form_is_what_the_client_accepts(accept: str | None, kind: str, analyst: Client) -> None:
    headers = {"Authorization": f"Bearer {analyst.token}"} | ({"Accept": accept} if accept else {})
    answer = analyst.service.send("GET", "/v1/extracts/cases?purpose=study", headers=headers)
    assert answer.headers["Content-Type"].partition(";")[0] == kind
    wrong = headers | {"Accept": "image/png"}
    assert_problem(
        analyst.service.send("GET", "/v1/extracts/cases?purpose=study", headers=wrong), 406, "not_acceptable"
    )


REFUSED = [
    ("cases", {"purpose": "nothing"}, 422, "unknown_purpose"),
    ("cases", {"purpose": "theirs"}, 422, "unknown_purpose"),
    ("cases", {"purpose": "over"}, 422, "purpose_over"),
    ("measures", {"purpose": "study"}, 422, "purpose_without_extract"),
    ("nothing", {"purpose": "study"}, 404, "not_found"),
    ("cases", {"purpose": "study", "known_at": "2026-01-06T08:59:00Z"}, 422, "not_settled"),
    ("cases", {"purpose": "study", "known_at": "2026-01-07"}, 422, "not_settled"),
    ("cases", {"purpose": "study", "known_at": "2025-01-01", "valid_at": "2025-01-02"}, 422, "not_settled"),
    ("cases", {}, 422, "invalid_input"),
    ("cases", {"purpose": "study", "format": "xlsx"}, 422, "invalid_input"),
    ("cases", {"purpose": "study", "konfliktrad": "oslo"}, 422, "invalid_input"),
]


@pytest.mark.parametrize(("name", "asked", "status", "code"), REFUSED)
def test_what_may_not_be_taken_out_is_refused_and_nothing_is_logged(
    name: str, asked: dict[str, str], status: int, code: str, service: Service, analyst: Client
) -> None:
    assert_problem(analyst.get(f"/v1/extracts/{name}", **asked), status, code)
    assert pulls(service) == []


def test_without_a_key_everything_else_goes_on(copy_url: str, tmp_path: Path) -> None:
    with Service(copy_url, tmp_path, extract_keys=()) as running:
        running.clock.instant = NOW
        answer = running.as_(Role.ANALYST).get("/v1/extracts/cases", purpose="demo")
        assert_problem(answer, 503, "extracts_not_ready")
        assert running.as_(Role.ANALYST).get("/v1/extracts").status_code == 200


def test_the_log_is_read_page_by_page_by_those_who_watch(service: Service, analyst: Client) -> None:
    for day in ("2025-01-01", "2025-01-02", "2025-01-03"):
        analyst.get("/v1/extracts/cases", purpose="study", known_at=day)
    auditor = service.as_(Role.AUDITOR)
    first = auditor.get("/v1/extracts/pulls", limit=2).json()
    second = auditor.get("/v1/extracts/pulls", limit=2, cursor=first["next"]).json()
    days = [one["order"]["valid_at"] for one in first["items"] + second["items"]]
    assert days == ["2025-01-03", "2025-01-02", "2025-01-01"]
    assert second["next"] is None
    assert service.as_(Role.ADMIN).get("/v1/extracts/pulls").json()["items"] == pulls(service)
    for role in (Role.ANALYST, Role.SECRETARIAT):
        assert_problem(service.as_(role).get("/v1/extracts/pulls"), 403, "forbidden_role")


def test_a_pull_whose_reader_goes_away_is_logged_as_broken_off(service: Service, analyst: Client) -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        for _ in range(500):
            if pulled(service):
                break
            await anyio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"authorization", f"Bearer {analyst.token}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/v1/extracts/events", "query_string": b"purpose=study",
             "headers": headers, "http_version": "1.1", "scheme": "http", "root_path": "", "state": {}}  # fmt: skip
    service.portal.call(service.app, scope, receive, send)

    [pull] = pulls(service)
    assert (pull["status"], pull["rows"], pull["sha256"]) == ("broken_off", None, None)
    assert not any(message.get("more_body") is False for message in sent)
    assert_problem(analyst.get(f"/v1/extracts/pulls/{pull['id']}/manifest"), 404, "not_found")


# --- nothing else -------------------------------------------------------------------------------------------

REACHES = {
    ("GET", "/v1/extracts"),
    ("GET", "/v1/extracts/{name}"),
    ("GET", "/v1/extracts/pulls/{pull_id}/manifest"),
    *(("POST", f"/v1/extracts/{{name}}/{kind}") for kind in ("jobs", "schedules")),
    *(("GET", f"/v1/extracts/{kind}") for kind in ("jobs", "schedules")),
    ("GET", "/v1/extracts/jobs/{job_id}"),
    ("GET", "/v1/extracts/jobs/{job_id}/files/{file:path}"),
    ("DELETE", "/v1/extracts/schedules/{schedule_id}"),
    ("GET", "/v1/extracts/aggregates"),
    *(
        ("GET", f"/v1/statistics/{what}")
        for what in ("lead-time", "completion", "recidivism", "definitions", "overview")
    ),
    *(("GET", f"/v1/releases{more}") for more in ("", "/{release_id}", "/{release_id}/content", "/{release_id}/proof")),
}
"""What an analyst reaches: extracts, and what has been released. test_aggregates.py, statistics/test_releases.py"""

FOR_EVERYBODY = {
    ("GET", path)
    for path in (
        *(
            "/",
            "/docs",
            "/docs/try",
            "/openapi.json",
            "/static",
            "/health/live",
            "/health/ready",
            "/v1/problems/{code}",
        ),
        *("/v1/workflows/{sanction}/{regime}", "/v1/deadline-rules"),
    )
}
"""The law, the documentation, and whether the service is well: nothing of anybody."""


def test_an_analysts_token_reaches_nothing_but_these(
    service: Service, analyst: Client, figure: Callable[[str], None]
) -> None:
    with service.db.reading() as tx:
        case_id = tx.scalar(select(case_file.c.case_id))
    refused = 0
    for method, path in sorted(routes_of(service.app)):
        if (method, path) in REACHES | FOR_EVERYBODY:
            continue
        known = {"sanction": "youth_sanction", "regime": "R2", "subject": "analyst"}
        where = path.replace(":path", "").format_map(Ids(str(case_id)) | known)
        for query in ("", "?from=2025-01-01&to=2025-12-31", "?published=true"):
            sent = {"json": {}} if method in ("POST", "PUT") else {}
            answer = service.send(method, where + query, headers={"Authorization": f"Bearer {analyst.token}"}, **sent)
            assert answer.status_code in (403, 404, 415, 422), (method, path, answer.status_code)
            refused += 1
    assert refused > 100
    figure(f"an analyst's token: {len(REACHES)} routes of extracts and releases, {refused} other questions refused")


class Ids(dict[str, str]):
    """One id for whatever a path names."""

    def __init__(self, id: str) -> None:
        super().__init__()
        self.id = id

    def __or__(self, other: dict[str, str]) -> "Ids":  # type: ignore[override]  # the known ones beside it
        self.update(other)
        return self

    def __missing__(self, _name: str) -> str:
        return self.id


def test_bodies_that_would_be_taken_from_others_are_refused_for_an_analyst(service: Service, analyst: Client) -> None:
    coordinator = service.as_(Role.COORDINATOR, "oslo")
    assert coordinator.post("/v1/cases", new_case()).status_code == 201
    assert_problem(analyst.post("/v1/cases", new_case()), 403, "forbidden_role")
    with service.db.reading() as tx:
        case_id = tx.scalar(select(case_file.c.case_id))
    event = {"type": "suspect_set", "occurred_on": "2026-01-05", "details": {}}
    assert analyst.post(f"/v1/cases/{case_id}/events", event, '"1"').status_code == 403
    assert analyst.post("/v1/jobs/nightly/runs", {"on": "2026-01-05"}).status_code == 403
    assert analyst.post("/v1/webhooks", {"url": "https://a.example.no", "kinds": ["alert.raised"]}).status_code == 403

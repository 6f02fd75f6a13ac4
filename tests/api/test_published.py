"""What the service says of itself: problem types, documentation, health, workflows, rules, and the OpenAPI document."""

import ast
import re
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.build import assert_problem, opened
from tests.service import Client, Service
from ungdom import texts
from ungdom.api.docs import routes as doc_pages
from ungdom.api.docs.examples import recorded_examples
from ungdom.api.http import fixed_problems, handlers, middleware
from ungdom.store.errors import Unavailable
from ungdom.workflow.vocabulary import EventType, Regime, Sanction

CODE = re.compile(r"[a-z]+(_[a-z]+)*")
DISPLAYED = {"unknown_konfliktrad", "unknown_municipality", "office_mismatch"}
"""Codes put together from the kind of what is unknown."""


def codes() -> set[str]:
    """Every problem code that the sources name."""
    known = {key.rpartition(".")[0] for key in texts.catalogue("en")["problem"]}
    words = (
        node.value
        for module in (fixed_problems, handlers, middleware)
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {word for word in words if word in known} | DISPLAYED


# --- problem types ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(codes()))
def test_every_problem_type_is_explained_at_its_own_address_in_three_languages(shared: Service, code: str) -> None:
    answer = shared.send("GET", f"/v1/problems/{code}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    for language in ("nb", "nn", "en"):
        title = texts.catalogue(language)["problem"][f"{code}.title"]
        assert title in answer.text
        alone = shared.send("GET", f"/v1/problems/{code}", params={"lang": language})
        assert alone.text.startswith(title)
        assert "{" not in alone.text


def test_the_codes_found_are_all_the_ones_the_tests_have_met() -> None:
    assert {
        "unauthenticated", "insufficient_scope", "forbidden_role", "not_found", "malformed_json", "invalid_input",
        "body_too_large", "precondition_required", "stale", "refused", "idempotency_mismatch", "idempotency_in_flight",
        "bad_cursor", "correction_refused", "use_corrections", "not_correctable", "unavailable", "internal",
        "unsupported_media_type", "method_not_allowed",
    } <= codes()  # fmt: skip


@pytest.mark.parametrize("code", ["nothing", "Stale", "stale.title", "..%2fstale"])
def test_an_unknown_problem_type_is_404(shared: Service, code: str) -> None:
    assert_problem(shared.send("GET", f"/v1/problems/{code}"), 404, "not_found")


@pytest.mark.parametrize("code", ["%00", "stale%e2%80%ae", "x" * 65])
def test_a_problem_type_that_is_no_plain_short_text_is_422(shared: Service, code: str) -> None:
    assert_problem(shared.send("GET", f"/v1/problems/{code}"), 422, "invalid_input")


# --- documentation ------------------------------------------------------------------------------------------

ELSEWHERE = re.compile(r"""(?:src|href|action)\s*=\s*["'](?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import""", re.I)


def test_the_documentation_and_all_it_loads_come_from_here(shared: Service) -> None:
    pages = [shared.send("GET", path) for path in ("/docs", "/docs/try")]
    text = "".join(page.text for page in pages).replace("http://ungdom.test/v1/", "")  # the first calls, to be copied
    assert [page.status_code for page in pages] == [200, 200]
    assert all(page.headers["Content-Type"].startswith("text/html") for page in pages)
    assert all(page.headers["Content-Security-Policy"].startswith("default-src 'none'") for page in pages)
    assert "http://" not in text
    assert "https://" not in text
    loaded = set(re.findall(r"""["'](/[^"'\s]+\.(?:js|css|svg|png|json))["']""", text))
    assert {"/static/swagger-ui-bundle.js", "/static/swagger-ui.css", "/openapi.json", "/static/docs.css"} <= loaded
    for path in loaded:
        assert shared.send("GET", path).status_code == 200, path


@pytest.mark.parametrize("path", sorted(p for p in doc_pages.STATIC.rglob("*") if p.is_file()), ids=lambda p: p.name)
def test_no_asset_refers_to_another_host(shared: Service, path: Path) -> None:
    answer = shared.send("GET", f"/static/{path.relative_to(doc_pages.STATIC).as_posix()}")
    assert answer.status_code == 200
    assert answer.content == path.read_bytes()
    if path.suffix in (".css", ".html", ".svg"):
        assert not ELSEWHERE.search(answer.text)


def test_the_front_door_leads_to_the_documentation(shared: Service) -> None:
    answer = shared.send("GET", "/")
    assert (answer.status_code, answer.headers["Location"]) == (307, "/docs")


def test_no_asset_outside_the_folder_is_served(shared: Service) -> None:
    for path in ("/static/../docs.py", "/static/%2e%2e/docs.py", "/static/..%2f..%2fapp.py", "/static//etc/passwd"):
        assert shared.send("GET", path).status_code in (401, 404)


# --- health -------------------------------------------------------------------------------------------------


def test_a_good_service_is_alive_and_ready(served: Service) -> None:
    assert served.send("GET", "/health/live").json() == {"status": "ok"}
    ready = served.send("GET", "/health/ready")
    checks = dict.fromkeys(("status", "database", "schema", "night", "erasures", "disk", "journal", "durability"), "ok")
    assert (ready.status_code, ready.json()) == (200, checks)


def test_a_service_without_its_database_is_alive_and_not_ready(one: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_db: Any) -> None:
        raise Unavailable("connection_lost")

    monkeypatch.setattr(type(one.db), "is_current", unreachable)
    assert one.send("GET", "/health/live").status_code == 200
    ready = one.send("GET", "/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (503, "not ready")


def test_a_service_with_an_old_schema_says_what_to_do(one: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(one.db), "current", lambda _db: "an older one")
    ready = one.send("GET", "/health/ready")
    assert ready.status_code == 503
    assert "ungdom db upgrade" in ready.json()["schema"]


# --- the law as data ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sanction", Sanction)
@pytest.mark.parametrize("regime", Regime)
def test_each_workflow_is_data_and_a_diagram(oslo: Client, sanction: Sanction, regime: Regime) -> None:
    found = oslo.get(f"/v1/workflows/{sanction}/{regime}").json()
    assert (found["sanction"], found["regime"]) == (sanction, regime)
    assert all(row["law"] and row["actors"] for row in found["moves"] + found["facts"])
    assert all(row["to"] is None for row in found["facts"])
    assert {state for row in found["moves"] for state in row["sources"]} <= set(found["states"])

    drawn = oslo.get(f"/v1/workflows/{sanction}/{regime}", format="mermaid")
    assert drawn.headers["Content-Type"] == "text/vnd.mermaid; charset=utf-8"
    assert drawn.text.startswith("stateDiagram-v2")
    assert all(state in drawn.text for state in found["states"])


@pytest.mark.parametrize("path", ["prison/R2", "youth_sanction/R3", "youth_sanction/r2", "x/y"])
def test_a_workflow_that_does_not_exist_is_refused(oslo: Client, path: str) -> None:
    assert_problem(oslo.get(f"/v1/workflows/{path}"), 422, "invalid_input")


def test_the_deadline_rules_stand_with_their_law_and_their_values_over_time(oslo: Client) -> None:
    rules = oslo.get("/v1/deadline-rules").json()["items"]
    assert len({(rule["code"], *rule["regimes"]) for rule in rules}) == len(rules) > 15
    assert all(rule["law"] and rule["label"] for rule in rules)
    charge = next(rule for rule in rules if rule["code"] == "charge_decision")
    assert charge["lengths"] == [{"from": "2014-07-01", "length": "6 weeks"}]


@pytest.mark.parametrize("role", ["analyst", "auditor", "admin", "team_member"])
def test_the_law_is_no_secret_to_anybody_signed_in(shared: Service, role: str) -> None:
    client = shared.as_(role)
    assert client.get("/v1/deadline-rules").status_code == 200
    assert client.get("/v1/workflows/youth_follow_up/R2").status_code == 200


# --- the OpenAPI document -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published(shared: Service) -> dict[str, Any]:
    answer: httpx.Response = shared.send("GET", "/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def test_every_operation_is_described_with_its_problems(published: dict[str, Any]) -> None:
    assert published["openapi"].startswith("3.1")
    for path, methods in published["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            if path.startswith(("/v1/cases", "/v1/workflows", "/v1/deadline-rules")):
                assert {"401", "403", "422", "503"} <= set(operation["responses"]), where
                assert ("404" in operation["responses"]) == ("{" in path), where


def test_every_reference_in_the_document_leads_somewhere(published: dict[str, Any]) -> None:
    found = set(re.findall(r'"#/components/(\w+)/([\w-]+)"', httpx.Response(200, json=published).text))
    assert {kind for kind, _ in found} == {"schemas", "responses", "headers"}
    for kind, name in found:
        assert name in published["components"][kind]


def test_the_document_closes_what_comes_in_and_names_every_event_type(published: dict[str, Any]) -> None:
    schemas = published["components"]["schemas"]
    unions = {name: schemas[name] for name in ("EventIn", "CorrectionIn")}
    kinds = [one["$ref"].rpartition("/")[2] for union in unions.values() for one in union.get("oneOf", ())]
    assert len(kinds) > len(EventType) - 5
    for name in ("NewCaseIn", "PersonIn", "GuardianIn", "OffenceIn", *kinds):
        assert schemas[name]["additionalProperties"] is False, name
    assert set(schemas["EventType"]["enum"]) == {str(kind) for kind in EventType}


def test_every_case_is_overdue_or_not(oslo: Client) -> None:
    for number in range(3):
        opened(oslo, police_case_numbers=[f"1543481{number}"])
    oslo.service.clock.turn_to(date(2026, 8, 1))
    opened(oslo, occurred_on="2026-08-01", offences=[{"on": "2026-07-30"}], police_case_numbers=["25434811"])

    late, in_time, every = (oslo.get("/v1/cases", overdue=asked).json()["items"] for asked in ("true", "false", None))

    assert {case["id"] for case in late}.isdisjoint(case["id"] for case in in_time)
    assert (len(late), len(in_time), len(every)) == (3, 1, 4)
    past = oslo.get("/v1/cases", overdue="false", known_at="2026-08-01").json()["items"]
    assert [case["id"] for case in past] == [case["id"] for case in in_time]


def test_the_page_shows_code_as_code_and_names_the_schema_of_a_body(shared: Service) -> None:
    page = shared.send("GET", "/docs").text
    assert "<p>Body: <code>application/json</code>, schema <code>NewCaseIn</code></p>" in page
    assert "<code>GET /v1/worklist</code>" in page
    assert "`" not in page.partition("<main>")[2]


def test_the_example_of_opening_a_case_is_taken_from_the_coordinator_of_the_demonstration(shared: Service) -> None:
    body = recorded_examples()["open_case"]["body"]
    assert shared.as_("coordinator", "oslo").post("/v1/cases", body).status_code == 201

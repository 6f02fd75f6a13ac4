"""The list of staff: who edits it, what is refused, what is recorded, and that nobody out of service reads a case."""

from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from tests.api.build import HIDDEN, assert_problem, case_at, places
from tests.api.test_rights_before_body import GOOD, PLACES
from tests.service import Client, Service
from tests.stories.test_real_office import away, changed_staff, signed_in
from ungdom.api.http.middleware import is_open
from ungdom.api.http.service import REMEMBERED_SECONDS
from ungdom.app import ROUTERS
from ungdom.workflow.rules.permissions import STAFF_ROLES
from ungdom.workflow.vocabulary import Role

NEW: dict[str, Any] = {
    "subject": "kari",
    "name": "Kari Nordmann",
    "roles": ["coordinator"],
    "konfliktrad": "oslo",
    "active_from": "2026-01-05",
}

WITHOUT_CASE_DATA = {
    "/v1/contacts/me": "how one is notified oneself",
    "/v1/calendar-feeds": "one's own feeds; to make one, they check the service themselves",
    "/v1/calendar-feeds/{feed_id}": "takes back one's own feed",
    "/v1/statistics/definitions": "what figures count",
    "/v1/statistics/indicators/definitions": "what indicators count",
    "/v1/statistics/indicators/released": "released tables, which anybody may publish",
    "/v1/workflows/{sanction}/{regime}": "the law as data",
    "/v1/deadline-rules": "the law as data",
    "/v1/retention": "the rules of retention as data",
    "/v1/extracts": "the catalogue of columns",
    "/v1/extracts/aggregates": "released tables, which anybody may publish",
}
"""Routes that are answered without service, and why."""

PERIOD = {"from": "2025-01-01", "to": "2025-12-31"}
QUERIES = {
    "/v1/statistics/completion": PERIOD,
    "/v1/statistics/indicators/released": PERIOD,
    "/v1/statistics/lead-time": PERIOD,
    "/v1/statistics/recidivism": PERIOD,
    "/v1/statistics/comparison": PERIOD,
    "/v1/statistics/overview": PERIOD,
    "/v1/statistics/explanation": PERIOD,
    "/v1/statistics/waits-by-party": PERIOD,
    "/v1/statistics/recidivism/by-outcome": PERIOD,
    "/v1/statistics/surveys": PERIOD,
    "/v1/statistics/indicators": PERIOD,
    "/v1/delays": PERIOD,
    "/v1/extracts/{name}": {"purpose": "research"},
}
"""What routes need in the address to be asked at all."""
READING_OR_WRITING = [
    (method, route.path)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute) and not is_open(route.path.replace("{token}", "t").replace("{secret}", "x" * 43))
    for method in sorted(route.methods)
]


def send(client: Client, method: str, path: str, **given: Any) -> httpx.Response:
    names = {"sanction": "youth_sanction", "regime": "R2", **PLACES, "subject": "coordinator-oslo-2"}
    where = path
    for part in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
        where = where.replace(f"{{{part}}}", names.get(part, HIDDEN))
    if method in ("POST", "PUT", "PATCH") and path in GOOD:
        given["json"] = GOOD[path]
    if method == "GET":
        given["params"] = QUERIES.get(path, {})
    headers = {"Authorization": f"Bearer {client.token}", "If-Match": "*"}
    return client.service.send(method, where, headers=headers, **given)


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_nobody_out_of_service_is_answered_by_any_route_with_case_data(one: Service, role: Role) -> None:
    client = signed_in(one, role, None if role is Role.SECRETARIAT else "oslo", "stranger")
    answers = {(method, path): send(client, method, path) for method, path in READING_OR_WRITING}
    codes = {name: answer.json().get("code") if answer.content else None for name, answer in answers.items()}
    let_in = sorted(
        f"{method} {path}: {answers[method, path].status_code}"
        for (method, path), code in codes.items()
        if path not in WITHOUT_CASE_DATA and code not in {"not_in_service", *REFUSED_OTHERWISE}
    )
    assert let_in == []
    assert list(codes.values()).count("not_in_service") > 40


REFUSED_OTHERWISE = {"forbidden_role", "insufficient_scope", "systems_only"}
"""The role may not use the route at all."""


# --- who edits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "place", "changed", "status"),
    [
        ("leader", "oslo", {}, 201),
        ("leader", "oslo", {"roles": ["leader", "coordinator"]}, 201),
        ("leader", "vest", {}, 403),
        ("leader", "oslo", {"roles": ["secretariat"]}, 403),
        ("secretariat", None, {}, 201),
        ("secretariat", None, {"roles": ["secretariat"], "konfliktrad": None}, 201),
        ("admin", None, {}, 201),
        ("coordinator", "oslo", {}, 403),
        ("team_member", None, {}, 403),
        ("prosecution", "oslo", {}, 403),
        ("auditor", None, {}, 403),
    ],
)
def test_the_leader_enters_the_own_office_and_secretariat_and_administrator_all(
    served: Service, role: str, place: str | None, changed: dict[str, Any], status: int
) -> None:
    answer = served.as_(role, place).post("/v1/staff", NEW | changed)
    assert answer.status_code == status, answer.text
    known = served.as_("admin").get("/v1/staff/kari").status_code
    assert known == (200 if status == 201 else 404)


def test_a_list_holds_the_own_office_and_everybody_reads_their_own_entry(served: Service) -> None:
    leader = served.as_("leader", "oslo")
    listed = leader.get("/v1/staff", limit=2).json()
    assert [one["subject"] for one in listed["items"]] == ["coordinator-oslo", "coordinator-oslo-2"]
    rest = leader.get("/v1/staff", limit=2, cursor=listed["next"]).json()
    assert ([one["subject"] for one in rest["items"]], rest["next"]) == (["leader-oslo"], None)
    leaders = served.as_("admin").get("/v1/staff", role="leader").json()["items"]
    assert len({one["konfliktrad"] for one in leaders}) == len(leaders) > 10
    assert_problem(leader.get("/v1/staff", konfliktrad="vest"), 403, "other_office")
    assert_problem(leader.get("/v1/staff/leader-vest"), 404, "not_found")
    assert served.as_("coordinator", "vest").get("/v1/staff/coordinator-vest").status_code == 200
    assert_problem(served.as_("team_member").get("/v1/staff/coordinator-vest"), 403, "forbidden_role")


def test_a_change_names_the_version_it_was_made_on(served: Service) -> None:
    leader = served.as_("leader", "oslo")
    assert leader.post("/v1/staff", NEW).headers["ETag"] == '"1"'
    assert_problem(patch(leader, {"telephone": "+47 000 12345"}), 428, "precondition_required")
    changed = patch(leader, {"telephone": "+47 000 12345"}, '"1"')
    assert (changed.status_code, changed.headers["ETag"], changed.json()["telephone"]) == (200, '"2"', "+47 000 12345")
    assert assert_problem(patch(leader, {"cleared": True}, '"1"'), 412, "stale")["current_etag"] == '"2"'
    assert patch(leader, {"telephone": "+47 000 12345"}, '"2"').headers["ETag"] == '"2"'  # nothing to change


def patch(client: Client, body: dict[str, Any], etag: str | None = None, subject: str = "kari") -> httpx.Response:
    headers = {"Authorization": f"Bearer {client.token}"} | ({"If-Match": etag} if etag else {})
    return client.service.send("PATCH", f"/v1/staff/{subject}", json=body, headers=headers)


def test_what_cannot_be_is_refused_with_its_place(one: Service) -> None:
    leader = one.as_("leader", "oslo")
    assert leader.post("/v1/staff", NEW, key="k").status_code == 201
    assert leader.post("/v1/staff", NEW, key="k").headers["Idempotency-Replayed"] == "true"
    assert_problem(leader.post("/v1/staff", NEW), 409, "staff_exists")
    other = NEW | {"subject": "ola"}
    wrong = {
        "active_to": ({"active_to": "2026-01-04"}, "ends_before_it_begins"),
        "konfliktrad": ({"konfliktrad": "nowhere"}, "enum"),
        "": ({"konfliktrad": None}, "office_for_role"),
        "roles": ({"roles": []}, "too_short"),
        "roles/0": ({"roles": ["admin"]}, "enum"),
    }
    for place, (changed, code) in wrong.items():
        found = places(assert_problem(leader.post("/v1/staff", other | changed), 422, "invalid_input"))
        assert list(found.values()) == [code], (place, found)
    moved = patch(leader, {"konfliktrad": "vest"}, '"1"')
    assert_problem(moved, 403, "other_office")
    ends = patch(leader, {"active_to": "2025-01-01"}, '"1"')
    assert places(assert_problem(ends, 422, "invalid_input")) == {"/active_to": "ends_before_it_begins"}
    nowhere = patch(leader, {"konfliktrad": None}, '"1"')
    assert places(assert_problem(nowhere, 422, "invalid_input")) == {"/konfliktrad": "office_for_role"}


def test_the_contact_of_a_member_is_theirs_once_they_have_written_it(one: Service) -> None:
    leader = one.as_("leader", "oslo")
    contact = {"language": "nn", "email_digest": True, "address": "kari@example.org"}
    entered = leader.post("/v1/staff", NEW | {"contact": contact}).json()["contact"]
    assert (entered["language"], entered["has_address"], entered["address"]) == ("nn", True, None)
    own = signed_in(one, Role.COORDINATOR, "oslo", "kari")
    assert own.get("/v1/staff/kari").json()["contact"]["address"] == "kari@example.org"
    headers = {"Authorization": f"Bearer {own.token}"}
    assert one.send("PUT", "/v1/contacts/me", json={"language": "en"}, headers=headers).status_code == 200
    assert_problem(patch(leader, {"contact": contact}, '"1"'), 409, "contact_is_their_own")


# --- absence ----------------------------------------------------------------------------------------------------

DAYS = {"first_day": "2026-02-02", "last_day": "2026-02-06"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (DAYS, 201, None),
        (DAYS | {"substitute": "leader-oslo"}, 201, None),
        (DAYS | {"first_day": "2026-02-07"}, 422, "invalid_input"),
        (DAYS | {"hand_over": True}, 422, "invalid_input"),
        (DAYS | {"substitute": "coordinator-oslo"}, 422, "substitute_not_available"),
        (DAYS | {"substitute": "coordinator-vest"}, 422, "substitute_not_available"),
        (DAYS | {"substitute": "nobody"}, 422, "substitute_not_available"),
        ({"first_day": "2026-01-01", "last_day": "2026-01-04"}, 409, "absence_over"),
    ],
)
def test_an_absence_needs_days_to_come_and_a_substitute_who_works(
    one: Service, body: dict[str, Any], status: int, code: str | None
) -> None:
    answer = one.as_("leader", "oslo").post("/v1/staff/coordinator-oslo/absences", body)
    assert answer.status_code == status, answer.text
    assert code is None or answer.json()["code"] == code


def test_absences_of_one_member_do_not_overlap_and_no_substitute_is_away(one: Service) -> None:
    leader = one.as_("leader", "oslo")
    away(leader, "coordinator-oslo")
    again = leader.post("/v1/staff/coordinator-oslo/absences", {"first_day": "2026-01-09", "last_day": "2026-01-12"})
    assert_problem(again, 409, "absence_overlaps")
    body = {"first_day": "2026-01-09", "last_day": "2026-01-12", "substitute": "coordinator-oslo"}
    assert_problem(leader.post("/v1/staff/coordinator-oslo-2/absences", body), 422, "substitute_not_available")


def test_an_absence_is_ended_once_and_only_by_those_who_may(one: Service) -> None:
    leader = one.as_("leader", "oslo")
    path = f"/v1/staff/coordinator-oslo/absences/{away(leader, 'coordinator-oslo')['absence']['id']}/end"
    assert_problem(one.as_("leader", "vest").post(path), 404, "not_found")
    assert_problem(one.as_("coordinator", "oslo").post(path), 403, "forbidden_role")
    assert leader.post(path).status_code == 200
    assert_problem(leader.post(path), 404, "not_found")
    assert leader.get("/v1/staff/coordinator-oslo").json()["absences"] == []


# --- what is recorded -------------------------------------------------------------------------------------------


def test_every_change_is_recorded_with_who_made_it_and_without_private_values(served: Service) -> None:
    leader = served.as_("leader", "oslo")
    assert leader.post("/v1/staff", NEW | {"contact": {"language": "nn"}}).status_code == 201
    changed_staff(leader, "kari", telephone="+47 000 12345", cleared=True)
    away(leader, "kari")
    case = case_at(served.as_("coordinator", "oslo"), "executing")
    wish = {"from": "coordinator-oslo", "to": "kari", "reason": "impartiality", "case_ids": [case]}
    assert leader.post("/v1/cases/reassignments", wish).json()["reassigned"] == 1

    changes = served.as_("auditor").get("/v1/staff/kari/changes").json()["items"]
    assert [one["action"] for one in changes[:2]] == ["absence_added", "changed"]
    assert {one["action"] for one in changes[2:]} == {"added", "contact_changed"}  # of one request
    assert {(one["changed_by"], one["role"]) for one in changes} == {("leader-oslo", "leader")}
    assert changes[1]["details"] == {"cleared": [False, True], "telephone": None}
    [moved] = leader.get("/v1/staff/coordinator-oslo/changes").json()["items"]
    assert moved["details"] == {"to": "kari", "reason": "impartiality", "cases": [case]}
    assert_problem(served.as_("coordinator", "oslo").get("/v1/staff/kari/changes"), 403, "forbidden_role")
    assert_problem(served.as_("leader", "vest").get("/v1/staff/kari/changes"), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"to": "coordinator-oslo"}, "same_person"),
        ({"case_ids": [HIDDEN], "filter": {}}, "ids_or_filter"),
        ({"case_ids": []}, "too_short"),
        ({"reason": "because"}, "enum"),
    ],
)
def test_a_reassignment_that_says_two_things_is_refused(shared: Service, body: dict[str, Any], code: str) -> None:
    wish = {"from": "coordinator-oslo", "to": "coordinator-oslo-2", "reason": "workload"} | body
    answer = shared.as_("leader", "oslo").post("/v1/cases/reassignments", wish)
    assert list(places(assert_problem(answer, 422, "invalid_input")).values()) == [code]


def test_who_is_in_service_is_asked_again_within_half_a_minute() -> None:
    assert REMEMBERED_SECONDS <= 30

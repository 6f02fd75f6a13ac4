"""Whether a token may use a writing route at all is answered before its body is looked at: 403 whatever was sent."""

import json
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from tests.api.build import DAY, HIDDEN
from tests.service import Service, new_case
from ungdom.api.http.authorisation import SAFE_METHODS, rule_of
from ungdom.api.http.tokens import SCOPES
from ungdom.app import ROUTERS
from ungdom.workflow.vocabulary import Role

OFFICE: dict[Role, str] = dict.fromkeys((Role.COORDINATOR, Role.LEADER, Role.PROSECUTION), "oslo")

WRITING = [
    (method, route)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods - SAFE_METHODS)
]
PUBLIC = "/v1/surveys/"
OF_A_TOKEN = [(method, route) for method, route in WRITING if not route.path.startswith(PUBLIC)]

PLACES = {"name": "cases", "subject": "coordinator-oslo", "konfliktrad": "oslo", "rule": "persons"}
"""What stands in a path where it is no id."""

GOOD: dict[str, Any] = {
    "/v1/cases": new_case(),
    "/v1/cases/reassignments": {"from": "coordinator-oslo", "to": "coordinator-oslo-2", "reason": "workload"},
    "/v1/cases/{case_id}/events": {"type": "suspect_set", "occurred_on": DAY, "details": {}},
    "/v1/cases/{case_id}/corrections": {"seq": 1, "reason": "wrong_date", "replacement": None},
    "/v1/cases/{case_id}/surveys": {"kind": "plan", "respondent": "youth"},
    "/v1/cases/{case_id}/access-log/{access_id}/withhold": {"code": "investigation", "review_on": "2026-02-01"},
    "/v1/cases/{case_id}/emergency-access": {"code": "danger", "reason": "Somebody is in danger.", "hours": 1},
    "/v1/emergency-access/{emergency_id}/review": {"justified": True, "note": "There was danger."},
    "/v1/alerts/{alert_id}/answer": {"reason": "capacity", "expected_on": "2026-02-01"},
    "/v1/alerts/{alert_id}/snooze": {"until": "2026-02-01"},
    "/v1/contacts/me": {},
    "/v1/contacts/{subject}": {},
    "/v1/coordination-groups/{konfliktrad}": {"contacts": [{"agency": "police", "name": "Vakta"}]},
    "/v1/decisions": {
        "kind": "dropped", "decision_id": "D-1", "version": 1, "sent_at": "2026-01-05T10:00:00Z",
        "occurred_on": DAY, "police_case_numbers": ["15434811"], "terms": {},
    },
    "/v1/decisions/batch": {},
    "/v1/decisions/{message_id}/retry": {},
    "/v1/esas/messages": {"forsendelse": {"meldingsId": "m-1"}},
    "/v1/extracts/jobs": {"extract": "cases", "purpose": "research", "format": "csv"},
    "/v1/extracts/schedules": {"extract": "cases", "purpose": "research", "format": "csv", "every": "month"},
    "/v1/jobs/nightly/runs": {"on": "2026-01-04"},
    "/v1/measures/providers": {
        "name": "Ungdomslos", "agency": "kommunal_psykisk_helse", "measures": ["programme_or_treatment"],
        "valid_from": "2026-01-01",
    },
    "/v1/measures/providers/{provider_id}/availability": {
        "code": "programme_or_treatment", "as_of": DAY, "status": "open",
    },
    "/v1/persons/{person_id}/observations": {"kind": "death", "occurred_on": DAY},
    "/v1/persons/search": {"name": "Vaffelpresse"},
    "/v1/persons/{person_id}": {"reason": "A slip of the pen.", "sex": "female"},
    "/v1/persons/{person_id}/merge": {"other": HIDDEN, "reason": "The school has confirmed it."},
    "/v1/persons/{person_id}/split": {"cases": [HIDDEN], "reason": "Two cousins of one name."},
    "/v1/persons/{person_id}/erasure": {"reason": "The youth has asked for it."},
    "/v1/retention/{rule}": {"basis": "Consent.", "source": "Decision 1", "name": "Kari Nordmann"},
    "/v1/jobs/retention/runs": {"dry_run": True},
    "/v1/population-events": {
        "event_id": "fr-1", "kind": "death", "occurred_on": DAY, "person": {"national_id": "17850998027"},
    },
    "/v1/population-events/{event_id}/apply": {},
    "/v1/population-events/{event_id}/dismiss": {"reason": "Another person."},
    "/v1/persons/questions/{question_id}/reject": {"reason": "Two cousins of one name."},
    "/v1/staff": {
        "subject": "coordinator-oslo-9", "name": "Kari Nordmann", "roles": ["coordinator"], "konfliktrad": "oslo",
        "active_from": "2026-01-01",
    },
    "/v1/staff/{subject}": {"telephone": "+47 000 12345"},
    "/v1/staff/{subject}/absences": {"first_day": "2026-02-02", "last_day": "2026-02-06"},
    "/v1/deadline-rules/simulate": {"changes": [{"code": "plan", "warn_days": 3}]},
    "/v1/webhooks": {"url": "https://example.org/in", "kinds": ["alert.raised"]},
    "/v1/webhooks/{webhook_id}": {"kinds": ["alert.raised"]},
    "/v1/webhooks/{webhook_id}/replay": {},
}  # fmt: skip
"""A body for each route that takes one: as it should be, as far as that can be said without a case."""

JSON = {"Content-Type": "application/json"}
BROKEN: dict[str, dict[str, Any]] = {
    "no json": {"content": b"{", "headers": JSON},
    "no object": {"content": b"[]", "headers": JSON},
    "unknown field": {"content": b'{"no_such_field": 1}', "headers": JSON},
    "another kind": {"content": b"<x/>", "headers": {"Content-Type": "text/xml"}},
    "compressed": {"content": b"\x1f\x8b", "headers": {**JSON, "Content-Encoding": "gzip"}},
    "too large": {"content": b" " * (3 * 1024 * 1024), "headers": JSON},
    "nothing": {},
    "broken headers": {"content": b"{}", "headers": {**JSON, "If-Match": "x" * 300, "Idempotency-Key": "y" * 300}},
    "broken query": {"content": b"{}", "headers": JSON, "params": {"no_such_parameter": "1"}},
}


def send(service: Service, role: Role, method: str, route: APIRoute, **given: Any) -> httpx.Response:
    path = route.path
    for name in route.param_convertors:
        path = path.replace(f"{{{name}}}", PLACES.get(name, HIDDEN))
    token = service.token(role, OFFICE.get(role))
    headers = {"Authorization": f"Bearer {token}", **given.pop("headers", {})}
    return service.send(method, path, headers=headers, **given)


def good(route: APIRoute) -> dict[str, Any]:
    if route.path.endswith("/batch"):
        return {"content": json.dumps(GOOD["/v1/decisions"]), "headers": {"Content-Type": "application/x-ndjson"}}
    return {"json": GOOD[route.path]} if route.path in GOOD else {}


def seen(answer: httpx.Response) -> tuple[int, dict[str, Any], str | None]:
    body = answer.json() | {"trace_id": ""} if answer.status_code >= 400 else {}
    return answer.status_code, body, answer.headers.get("WWW-Authenticate")


def test_every_writing_route_has_a_rule_and_a_body_is_known_for_each_that_takes_one() -> None:
    assert [f"{method} {route.path}" for method, route in WRITING if rule_of(route.endpoint) is None] == []
    taking = {
        route.path for _, route in OF_A_TOKEN if route.body_field or (route.openapi_extra or {}).get("requestBody")
    }
    assert taking == set(GOOD)
    assert len(OF_A_TOKEN) > 25


@pytest.mark.parametrize("role", SCOPES)
def test_without_the_right_every_body_is_answered_with_the_same_403(shared: Service, role: Role) -> None:
    """And with it none is, so that the table of rules is neither wider nor narrower than what the routes do."""
    wrong = []
    denied = 0
    for method, route in OF_A_TOKEN:
        first = seen(send(shared, role, method, route, **good(route)))
        answers = {name: seen(send(shared, role, method, route, **given)) for name, given in BROKEN.items()}
        denied += first[0] == 403
        differs = [name for name, answer in answers.items() if (answer[0] == 403) != (first[0] == 403)]
        differs += [name for name, answer in answers.items() if first[0] == 403 and answer != first]
        wrong += [f"{method} {route.path}: {first[0]}, but {name}: {answers[name][0]}" for name in differs]
    assert wrong == []
    assert denied > 0


@pytest.mark.parametrize("role", [Role.TEAM_MEMBER, Role.ANALYST, Role.AUDITOR, Role.ADMIN])
def test_whoever_never_writes_in_cases_is_told_so_whether_or_not_the_case_exists(shared: Service, role: Role) -> None:
    case = shared.as_("coordinator", "oslo").post("/v1/cases", new_case()).json()["id"]
    paths = [f"/v1/cases/{one}/{what}" for one in (case, HIDDEN, "no-id") for what in ("events", "corrections")]
    answers = [seen(shared.as_(role).post(path, {"type": 1})) for path in paths]
    assert [answer[0] for answer in answers] == [403] * 6
    assert all(answer == answers[0] for answer in answers)

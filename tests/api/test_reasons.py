"""403 says why: the scope is missing, the role does not do it, it is another office's, or only systems do it."""

from types import SimpleNamespace

import pytest
from starlette.requests import Request

from tests.api.build import DAY, assert_problem, opened
from tests.api.issuing import signed
from tests.api.trusting import STAFF, Place, person
from tests.service import Client, Service, new_case
from ungdom import texts
from ungdom.api.http.context import RequestContext
from ungdom.api.http.errors import NotASystem
from ungdom.api.http.tokens import PREFIX, READ, SCOPES, Principal
from ungdom.store.reference import office_name
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

OFFICE = {Role.COORDINATOR: "oslo", Role.LEADER: "oslo", Role.PROSECUTION: "oslo"}
EVENT = {"type": "suspect_set", "occurred_on": DAY}
NIGHTS = "/v1/jobs/nightly/runs"
READERS = {"coordinator", "leader", "secretariat", "team_member", "prosecution"}
LISTS: list[tuple[str, set[str]]] = [
    ("/v1/cases", READERS),
    ("/v1/alerts", READERS),
    ("/v1/notices", READERS | {"auditor"}),
    ("/v1/worklist", {"coordinator", "leader", "secretariat", "prosecution"}),
    ("/v1/plans", {"coordinator", "leader", "secretariat"}),
    ("/v1/measures/catalogue", {"coordinator", "leader", "secretariat"}),
    ("/v1/decisions", {"coordinator", "leader", "secretariat", "prosecution"}),
    ("/v1/statistics/caseload", {"coordinator", "leader", "secretariat", "admin"}),
    ("/v1/releases", {"coordinator", "leader", "secretariat", "admin", "analyst"}),
    ("/v1/extracts", {"analyst", "secretariat", "admin"}),
    ("/v1/extracts/pulls", {"auditor", "admin"}),
    ("/v1/webhooks", READERS | {"admin"}),
    ("/v1/feed", READERS - {"team_member"}),
    (NIGHTS, {"admin"}),
]


def signed_in(service: Service, role: Role) -> Client:
    return service.as_(role, OFFICE.get(role))


@pytest.mark.parametrize(("path", "allowed"), LISTS)
def test_a_list_is_refused_with_the_roles_that_may_read_it(shared: Service, path: str, allowed: set[str]) -> None:
    let_in = allowed | ({"prosecution"} if path == "/v1/decisions" else set())
    refused = set(SCOPES) - {Role(name) for name in let_in}
    assert refused
    for role in refused:
        answer = signed_in(shared, role).get(path)
        found = assert_problem(answer, 403, "forbidden_role")
        assert "WWW-Authenticate" not in answer.headers
        assert found["role"] == role
        assert allowed - {"prosecution"} <= set(found["roles"]) <= allowed


def test_a_team_member_who_writes_is_told_of_the_role_and_of_no_scope(shared: Service) -> None:
    case = opened(shared.as_("coordinator", "oslo"))
    member = shared.as_("team_member", subject="teacher-7")
    everybody = ["coordinator", "leader", "secretariat", "prosecution"]
    openers = [role for role in everybody if role != "secretariat"]
    for path, body, roles in (("/v1/cases", new_case(), openers), (f"/v1/cases/{case}/events", EVENT, everybody)):
        answer = member.post(path, body, '"1"', headers={"Accept-Language": "en"})
        found = assert_problem(answer, 403, "forbidden_role")
        assert found["roles"] == roles
        assert "scope" not in found["detail"]
        assert texts.label("en", Role.TEAM_MEMBER)[1:] in found["detail"]


def test_a_token_that_lacks_a_scope_of_its_role_is_told_the_scope(here: Place) -> None:
    answer = here.ask(signed(STAFF, person(scope=f"{PREFIX}status.read")))
    found = assert_problem(answer, 403, "insufficient_scope")
    assert found["scope"] == READ
    assert f'scope="{READ}"' in answer.headers["WWW-Authenticate"]


def test_what_belongs_to_another_office_is_refused_by_the_office(shared: Service) -> None:
    found = assert_problem(shared.as_("coordinator", "troms").post("/v1/cases", new_case()), 403, "other_office")
    assert found["konfliktrad"] == "troms"
    assert "for Konfliktrådet Troms, " in found["detail"]


@pytest.mark.parametrize("language", texts.languages())
def test_a_municipality_of_another_office_is_named_with_its_office(shared: Service, language: texts.Language) -> None:
    body = new_case(municipality="0301")
    del body["konfliktrad"]
    answer = shared.as_("coordinator", "troms").post("/v1/cases", body, headers={"Accept-Language": language})
    found = assert_problem(answer, 403, "other_office")
    assert "0301" in found["detail"]
    assert office_name("oslo", language) in found["detail"]
    assert office_name("troms", language) in found["detail"]


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/esas/messages", "/v1/decisions/batch"])
def test_nobody_but_the_prosecution_sends_what_authorities_have_decided(shared: Service, path: str) -> None:
    kind = "application/x-ndjson" if path.endswith("batch") else "application/json"
    answer = shared.as_("coordinator", "oslo").post(path, {}, headers={"Content-Type": kind})
    found = assert_problem(answer, 403, "forbidden_role")
    assert found["roles"] == ["prosecution"]


def test_a_person_of_the_prosecution_is_no_system(shared: Service) -> None:
    viewer = Viewer(Role.PROSECUTION, "prosecutor-7", "oslo")
    state = SimpleNamespace(principal=Principal(viewer, frozenset(SCOPES[Role.PROSECUTION]), 0))
    call = RequestContext(Request({"type": "http", "app": shared.app, "state": vars(state)}), None, None, None)
    with pytest.raises(NotASystem):
        assert call.sender

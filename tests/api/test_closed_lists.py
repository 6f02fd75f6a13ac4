"""A closed list that refuses a value names its values, and a list that is asked for another office is refused."""

from typing import Any

import pytest

from tests.api.build import DAY, assert_problem, case_at, opened
from tests.api.test_document import OPERATIONS
from tests.service import OFFICES, Client, Service, new_case
from ungdom import texts
from ungdom.workflow.measure_list import KIND
from ungdom.workflow.vocabulary import EventType, Phase, Regime, Sanction, State

OFFICE_LISTS = [
    "/v1/cases", "/v1/worklist", "/v1/alerts", "/v1/delays", "/v1/plans", "/v1/meetings", "/v1/consents",
    "/v1/breaches", "/v1/complaints", "/v1/worklist/forecast", "/v1/alerts/unreached", "/v1/staff",
]  # fmt: skip
YEARS = {"from": "2025-01-01", "to": "2025-12-31"}


def allowed_at(found: dict[str, Any], pointer: str) -> list[str]:
    """The values named for this place; the sentence names the first of them."""
    (place,) = [one for one in found["errors"] if one["pointer"] == pointer]
    assert place["code"] == "enum"
    assert place["allowed"][0] in place["detail"]
    values: list[str] = place["allowed"]
    return values


@pytest.mark.parametrize(
    ("path", "query", "values"),
    [
        ("/v1/cases", {"state": "nowhere"}, list(State)),
        ("/v1/cases", {"phase": "nowhere"}, list(Phase)),
        ("/v1/cases", {"sanction": "fine"}, list(Sanction)),
        ("/v1/cases", {"konfliktrad": "atlantis"}, sorted(OFFICES)),
        ("/v1/worklist", {"konfliktrad": "atlantis"}, sorted(OFFICES)),
        ("/v1/alerts", {"konfliktrad": "atlantis"}, sorted(OFFICES)),
        ("/v1/plans", {"konfliktrad": "atlantis"}, sorted(OFFICES)),
        ("/v1/delays", {"konfliktrad": "atlantis"}, sorted(OFFICES)),
        ("/v1/measures/catalogue", {"konfliktrad": "atlantis"}, sorted(OFFICES)),
        ("/v1/measures/catalogue", {"code": "juggling"}, list(KIND)),
    ],
)
def test_a_query_names_the_values(oslo: Client, path: str, query: dict[str, str], values: list[str]) -> None:
    found = assert_problem(oslo.get(path, **query), 422, "invalid_input")
    assert allowed_at(found, f"(query)/{next(iter(query))}") == values


def test_a_municipality_that_does_not_exist_is_answered_with_those_that_do(oslo: Client) -> None:
    found = assert_problem(oslo.get("/v1/measures/catalogue", municipality="9999"), 422, "invalid_input")
    values = allowed_at(found, "(query)/municipality")
    assert "0301" in values
    assert len(values) > 300
    found = assert_problem(oslo.post("/v1/cases", new_case(municipality="9999")), 422, "unknown_municipality")
    assert allowed_at(found, "/municipality") == values


def test_a_path_names_the_values(oslo: Client) -> None:
    found = assert_problem(oslo.get("/v1/workflows/fine/R9"), 422, "invalid_input")
    assert allowed_at(found, "(path)/sanction") == list(Sanction)
    assert allowed_at(found, "(path)/regime") == list(Regime)


def test_a_body_names_the_values(oslo: Client) -> None:
    body = new_case(sanction="fine", konfliktrad="oslo") | {"person": new_case()["person"] | {"sex": "none"}}
    found = assert_problem(oslo.post("/v1/cases", body), 422, "invalid_input")
    assert allowed_at(found, "/sanction") == list(Sanction)
    assert allowed_at(found, "/person/sex") == ["female", "male", "unknown"]
    found = assert_problem(oslo.post("/v1/cases", new_case(konfliktrad="atlantis")), 422, "unknown_konfliktrad")
    assert allowed_at(found, "/konfliktrad") == sorted(OFFICES)


def test_an_event_names_its_types_and_the_values_of_its_details(oslo: Client) -> None:
    case = opened(oslo)
    found = assert_problem(oslo.record(case, "flown_away", DAY), 422, "invalid_input")
    assert set(allowed_at(found, "/type")) >= {EventType.SUSPECT_SET, EventType.COMPLETED}
    case = case_at(oslo, "received")
    found = assert_problem(oslo.record(case, "consent_given", DAY, {"by": "neighbour"}), 422, "invalid_input")
    assert "youth" in allowed_at(found, "/details/by")


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_a_long_list_is_cut_short_in_the_sentence_and_whole_as_data(oslo: Client, language: str) -> None:
    headers = {"Authorization": f"Bearer {oslo.token}", "Accept-Language": language}
    found = oslo.service.send("GET", "/v1/cases?state=nowhere", headers=headers).json()
    (place,) = found["errors"]
    assert place["allowed"] == list(State)
    assert str(len(State)) in place["detail"]
    assert list(State)[-1] not in place["detail"]
    assert texts.text(language, "invalid", "enum") != place["detail"]


@pytest.mark.parametrize("path", OFFICE_LISTS)
def test_a_list_of_another_office_is_refused_whether_it_has_cases_or_not(shared: Service, path: str) -> None:
    opened(shared.as_("coordinator", "oslo"))
    theirs, ours = shared.as_("coordinator", "troms"), shared.as_("coordinator", "oslo")
    with_cases = assert_problem(theirs.get(path, konfliktrad="oslo"), 403, "other_office")
    without = assert_problem(theirs.get(path, konfliktrad="agder"), 403, "other_office")
    for found in (with_cases, without):
        del found["trace_id"]
    assert with_cases == without
    assert ours.get(path, konfliktrad="oslo").status_code == 200
    assert shared.as_("secretariat").get(path, konfliktrad="oslo").status_code == 200


@pytest.mark.parametrize("path", ["/v1/statistics/lead-time", "/v1/statistics/completion"])
def test_figures_of_another_office_are_refused_and_an_unknown_one_is_named(shared: Service, path: str) -> None:
    ours = shared.as_("leader", "oslo")
    assert_problem(ours.get(path, **YEARS, konfliktrad="troms"), 403, "other_office")
    found = assert_problem(ours.get(path, **YEARS, konfliktrad="atlantis"), 422, "invalid_input")
    assert allowed_at(found, "(query)/konfliktrad") == sorted(OFFICES)


def test_every_list_with_an_office_is_among_those_that_are_tried() -> None:
    filtered = {
        name.removeprefix("GET ")
        for name, operation in OPERATIONS.items()
        if any((one["in"], one["name"]) == ("query", "konfliktrad") for one in operation.get("parameters", ()))
    }
    statistics = {path for path in filtered if path.startswith("/v1/statistics/")}
    assert filtered - statistics == {*OFFICE_LISTS, "/v1/measures/catalogue", "/v1/access-log"}  # of others' roles
    exact = {f"/v1/statistics/{name}" for name in ("lead-time", "completion", "recidivism", "explanation")}
    assert statistics == exact | {"/v1/statistics/indicators/released"}  # what is released is for every office

"""Dates: the ones that do not exist, the ones that have not come, and the ones that do not fit the case."""

from typing import Any

import pytest

from tests.api.build import DAY, assert_problem, case_at, etag, opened, places, recorded, rows, unmet
from tests.api.test_bad_values import PERSON, refused_case, refused_event
from tests.service import Client, Service, new_case

NO_DATE = [
    "2025-02-30",
    "2025-13-01",
    "2025-00-10",
    "2026-02-29",
    "12026-01-01",
    "+12026-01-01",
    "-2026-01-01",
    "0001-01-01",
    "9999-12-31",
    "20260105",
    "1767571200",
    "2026-1-5",
    "2026-W02-1",
    "05.01.2026",
    "\uff12\uff10\uff12\uff16-01-05",
    " 2026-01-05",
    "today",
    "",
    0,
    1767571200,
    1.5,
    True,
    None,
    ["2026-01-05"],
]
NO_INSTANT = ["2026-01-05T25:00:00Z", "2026-01-05T10:00:61Z", "2025-02-30T10:00:00+01:00", "2026-01-05T10:00:00+25:00"]
OUTSIDE = ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"]


@pytest.mark.parametrize("value", NO_DATE + NO_INSTANT + OUTSIDE)
def test_what_is_no_date_is_422_for_the_day_of_an_event(oslo: Client, value: Any) -> None:
    found = assert_problem(refused_event(oslo, opened(oslo), "suspect_set", value), 422, "invalid_input")
    assert places(found) == {"/occurred_on": "date_parsing"}


@pytest.mark.parametrize("value", [v for v in NO_DATE if v is not None] + ["2009-03-12T10:00:00Z"])
def test_what_is_no_date_is_422_for_a_birth_and_an_act(oslo: Client, value: Any) -> None:
    wrong = refused_case(oslo, person=PERSON | {"born": value}, offences=[{"on": value, "until": value}])
    assert wrong == dict.fromkeys(("/person/born", "/offences/0/on", "/offences/0/until"), "date_parsing")


@pytest.mark.parametrize("value", ["2025-02-30", "12026-01-01", "9999-12-31", "0001-01-01", "20260105", 0, "today"])
def test_what_is_no_date_is_422_in_details(oslo: Client, value: Any) -> None:
    case = case_at(oslo, "assessment")
    found = assert_problem(refused_event(oslo, case, "pum_ordered", details={"wished_by": value}), 422, "invalid_input")
    assert list(places(found)) == ["/details/wished_by"]


@pytest.mark.parametrize("value", ["2026-01-05T10:00:00", "2026-01-05T10:00", "2026-01-05 10:00:00.5"])
def test_an_instant_without_an_offset_is_422(oslo: Client, value: str) -> None:
    found = assert_problem(refused_event(oslo, opened(oslo), "suspect_set", value), 422, "invalid_input")
    assert places(found) == {"/occurred_on": "timezone_missing"}


@pytest.mark.parametrize(
    "value",
    ["2026-01-05T10:00:00Z", "2026-01-05t10:00:00z", "2026-01-05T11:00:00.25+01:00", "2026-01-05T00:00:00-05:00"],
)
def test_an_instant_with_its_offset_is_kept_beside_its_day_in_norway(oslo: Client, value: str) -> None:
    case = opened(oslo)
    recorded(oslo, case, "suspect_set", value)
    told = oslo.get(f"/v1/cases/{case}/events").json()["items"][-1]
    assert told["occurred_on"] == DAY
    assert told["occurred_at"].startswith("2026-01-05T")


def test_the_day_of_an_instant_is_the_one_in_norway(one: Service) -> None:
    one.clock.turn_to(one.clock.instant.date().replace(day=7))
    client = one.as_("coordinator", "oslo")
    case = opened(client)
    recorded(client, case, "suspect_set", "2026-01-05T23:30:00Z")
    assert client.get(f"/v1/cases/{case}/events").json()["items"][-1]["occurred_on"] == "2026-01-06"


# --- that have not come -------------------------------------------------------------------------------------


def test_a_day_that_has_not_come_is_refused_with_the_day_it_can_be(oslo: Client) -> None:
    found = assert_problem(refused_event(oslo, opened(oslo), "suspect_set", "2026-01-06"), 409, "refused")
    assert unmet(found)["day_has_come"]["earliest"] == "2026-01-06"


@pytest.mark.parametrize("value", ["2026-01-05T11:30:00Z", "2026-01-05T23:59:00+01:00", "2026-01-06T00:30:00+01:00"])
def test_an_hour_that_has_not_come_is_refused_though_it_is_today(oslo: Client, value: str) -> None:
    case = opened(oslo)
    found = assert_problem(refused_event(oslo, case, "suspect_set", value), 409, "refused")
    assert list(unmet(found)) == ["day_has_come"]
    assert_problem(oslo.post("/v1/cases", new_case(occurred_on=value)), 409, "refused")
    assert_problem(
        oslo.post(f"/v1/cases/{case}/events?dry_run=true", {"type": "suspect_set", "occurred_on": value}, '"1"'),
        409,
        "refused",
    )


def test_a_case_cannot_begin_tomorrow(oslo: Client) -> None:
    before = rows(oslo.service)
    found = assert_problem(oslo.post("/v1/cases", new_case(occurred_on="2026-01-06")), 409, "refused")
    assert "day_has_come" in unmet(found)
    assert rows(oslo.service) == before


# --- that do not fit the case -------------------------------------------------------------------------------


def test_acts_after_the_registration_are_refused(oslo: Client) -> None:
    found = assert_problem(oslo.post("/v1/cases", new_case(offences=[{"on": "2026-01-06"}])), 409, "refused")
    assert "acts_lie_in_the_past" in unmet(found)


def test_an_event_before_its_case_is_refused(oslo: Client) -> None:
    found = assert_problem(refused_event(oslo, opened(oslo), "suspect_set", "2026-01-04"), 409, "refused")
    assert unmet(found)["case_had_begun"]["needed"] == DAY


def test_a_move_before_the_one_before_it_is_refused_and_a_fact_is_not(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    case = opened(client)
    recorded(client, case, "suspect_set")
    one.clock.turn_to(one.clock.instant.date().replace(day=12))
    recorded(client, case, "coordination_requested", "2026-01-12")
    found = assert_problem(refused_event(client, case, "investigation_closed", "2026-01-08"), 409, "refused")
    assert unmet(found)["follows_the_last_move"]["needed"] == "2026-01-12"
    recorded(client, case, "charged", "2026-01-08")


def test_a_move_of_another_regime_says_which_regime_or_which_states(oslo: Client) -> None:
    case = case_at(oslo, "preparing")
    found = assert_problem(refused_event(oslo, case, "plan_signed", details={"by": ["youth"]}), 409, "refused")
    assert unmet(found)["wrong_state"]["needed"] == ["executing", "electronic_control", "breach_talk", "tightened"]
    found = assert_problem(refused_event(oslo, case, "youth_conference_held"), 409, "refused")
    assert unmet(found)["wrong_regime"]["needed"] == ["R0"]


def test_a_move_of_another_sanction_says_which(oslo: Client) -> None:
    case = case_at(oslo, "executing")
    found = refused_event(oslo, case, "electronic_control_ended", details={"reason": "lifted"})
    assert unmet(assert_problem(found, 409, "refused"))["wrong_sanction"]["needed"] == ["youth_sanction"]


def test_every_unmet_condition_is_named_not_just_the_first(oslo: Client) -> None:
    case = case_at(oslo, "assessment")
    details = {"length": {"years": 9}, "guilt_proven": False}
    found = assert_problem(refused_event(oslo, case, "transferred_to_follow_up", details=details), 409, "refused")
    assert {"youth_consents", "guardians_consent", "guilt_is_proven", "follow_up_length_within_law"} <= set(
        unmet(found)
    )


# --- in addresses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["2025-02-30", "12026-01-01", "9999-12-31", "0001-01-01", "20260105", "0", "now", ""])
def test_what_is_no_date_is_422_in_time_travel(oslo: Client, value: str) -> None:
    case = opened(oslo)
    for path in ("", "/events", "/lead-time", "/deadlines"):
        for name in ("valid_at", "known_at"):
            found = assert_problem(oslo.get(f"/v1/cases/{case}{path}", **{name: value}), 422, "invalid_input")
            assert places(found) == {f"(query)/{name}": "date_parsing"}
    assert_problem(oslo.get("/v1/cases", known_at=value), 422, "invalid_input")


def test_an_instant_in_time_travel_needs_its_offset_and_valid_at_is_a_day(oslo: Client) -> None:
    case = opened(oslo)
    answer = oslo.get(f"/v1/cases/{case}", known_at="2026-01-05T10:00:00")
    assert places(assert_problem(answer, 422, "invalid_input")) == {"(query)/known_at": "timezone_missing"}
    answer = oslo.get(f"/v1/cases/{case}", valid_at="2026-01-05T10:00:00Z")
    assert places(assert_problem(answer, 422, "invalid_input")) == {"(query)/valid_at": "date_parsing"}


def test_a_refused_event_leaves_the_version_as_it_was(oslo: Client) -> None:
    case = opened(oslo)
    refused_event(oslo, case, "plan_meeting_held", details={"present": []})
    assert etag(oslo, case) == '"1"'


def test_an_act_does_not_end_before_it_began(oslo: Client) -> None:
    body = new_case(offences=[{"on": "2026-01-02", "until": "2026-01-01"}])
    before = rows(oslo.service)
    found = assert_problem(oslo.post("/v1/cases", body), 422, "invalid_input")
    assert [error["pointer"] for error in found["errors"]] == ["/offences/0/until"]
    assert rows(oslo.service) == before

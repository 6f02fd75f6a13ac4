"""Corrections: what was recorded stays, what it should have said is added, and the history remains a legal walk."""

from typing import Any

import httpx
import pytest

from tests.api.build import (
    DAY,
    HIDDEN,
    assert_problem,
    case_at,
    etag,
    events_of,
    opened,
    places,
    recorded,
    rows,
    unmet,
)
from tests.service import Client, Service

EARLIER = "2026-01-03"


def correct(
    client: Client, case: str, seq: int, replacement: Any, reason: str = "wrong_date", **more: Any
) -> httpx.Response:
    body = {"seq": seq, "reason": reason, "replacement": replacement}
    return client.post(f"/v1/cases/{case}/corrections", body, etag(client, case), **more)


def refused(client: Client, case: str, seq: int, replacement: Any, status: int, code: str) -> dict[str, Any]:
    """The problem; nothing was written."""
    before = rows(client.service)
    found = assert_problem(correct(client, case, seq, replacement), status, code)
    assert rows(client.service) == before
    return found


def begun(client: Client) -> str:
    """Registered on 3 January, suspect and a charge on the 5th."""
    case = opened(client, occurred_on=EARLIER, offences=[{"on": "2026-01-01"}])
    recorded(client, case, "suspect_set")
    recorded(client, case, "charged")
    return case


def test_a_wrong_date_is_corrected_and_both_stand_in_the_history(oslo: Client) -> None:
    case = begun(oslo)
    done = correct(oslo, case, 2, {"occurred_on": "2026-01-04"})
    assert done.status_code == 201
    assert (done.json()["type"], done.json()["seq"], done.headers["ETag"]) == ("corrected", 4, '"4"')
    told = events_of(oslo, case)
    assert (told[1]["occurred_on"], told[1]["standing"], told[1]["corrected_by"]) == (DAY, "corrected", 4)
    assert told[3]["details"] == {
        "corrects": 2,
        "reason": "wrong_date",
        "replacement": {"type": "suspect_set", "occurred_on": "2026-01-04", "details": {}},
    }
    stages = oslo.get(f"/v1/cases/{case}/lead-time").json()["stages"]
    assert [(s["state"], s["since"]) for s in stages] == [("registered", EARLIER), ("investigation", "2026-01-04")]


def test_an_event_is_annulled_and_the_case_stands_as_if_it_never_was(oslo: Client) -> None:
    case = begun(oslo)
    assert correct(oslo, case, 3, None, "never_happened").status_code == 201
    assert [e["standing"] for e in events_of(oslo, case)] == ["current", "current", "annulled", "current"]
    done = correct(oslo, case, 2, None, "never_happened")
    assert done.json()["before"]["state"] == "investigation"
    assert done.json()["after"]["state"] == "registered"
    assert oslo.get(f"/v1/cases/{case}").json()["state"] == "registered"
    assert (
        oslo.get("/v1/cases", q=oslo.get(f"/v1/cases/{case}").json()["reference"]).json()["items"][0]["state"]
        == "registered"
    )


def test_wrong_details_are_corrected_and_what_is_left_out_stays(oslo: Client) -> None:
    case = case_at(oslo, "final")
    assert oslo.get(f"/v1/cases/{case}").json()["length"] == "6 months"
    transferred = next(e["seq"] for e in events_of(oslo, case) if e["type"] == "transferred_to_follow_up")
    new = {"details": {"length": {"months": 9}, "guilt_proven": True}}
    assert correct(oslo, case, transferred, new, "wrong_details").status_code == 201
    assert oslo.get(f"/v1/cases/{case}").json()["length"] == "9 months"
    assert events_of(oslo, case)[-1]["details"]["replacement"]["occurred_on"] == DAY


def test_a_date_corrected_after_the_details_leaves_the_corrected_details(oslo: Client) -> None:
    case = case_at(oslo, "received", EARLIER)
    seq = recorded(oslo, case, "postponed", EARLIER, {"reason": "health"})["seq"]
    new = {"details": {"reason": "weighty_grounds"}}
    assert correct(oslo, case, seq, new, "wrong_details").status_code == 201
    assert correct(oslo, case, seq, {"occurred_on": DAY}).status_code == 201
    assert events_of(oslo, case)[-1]["details"]["replacement"]["details"] == {"reason": "weighty_grounds"}
    assert correct(oslo, case, seq, None, "never_happened").status_code == 201
    assert correct(oslo, case, seq, {"occurred_on": DAY}).status_code == 201
    assert events_of(oslo, case)[-1]["details"]["replacement"]["details"] == {"reason": "health"}


def test_an_event_of_the_wrong_type_is_corrected_to_the_right_one(oslo: Client) -> None:
    case = case_at(oslo, "executing")
    seq = recorded(oslo, case, "drug_test_held", details={"result": "negative"})["seq"]
    new = {"type": "breach_recorded", "details": {"kind": "plan"}}
    assert correct(oslo, case, seq, new, "wrong_details").status_code == 201
    assert oslo.get(f"/v1/cases/{case}").json()["breaches"] == 1


def test_a_correction_that_breaks_the_walk_is_refused_with_where_and_why(oslo: Client) -> None:
    case = case_at(oslo, "executing")
    found = refused(oslo, case, 3, None, 409, "correction_refused")
    assert found["seq"] == 6
    assert found["event"] == "transferred_to_follow_up"
    assert unmet(found)
    found = refused(oslo, case, 2, {"occurred_on": "2026-01-04"}, 409, "correction_refused")
    assert found["seq"] == 2
    assert "case_had_begun" in unmet(found)
    assert oslo.get(f"/v1/cases/{case}").json()["state"] == "executing"


def test_a_correction_into_the_future_is_refused(oslo: Client) -> None:
    case = begun(oslo)
    found = refused(oslo, case, 3, {"occurred_on": "2026-01-06"}, 409, "correction_refused")
    assert "day_has_come" in unmet(found)


def test_a_date_after_the_move_that_follows_is_refused(oslo: Client) -> None:
    case = begun(oslo)
    recorded(oslo, case, "coordination_requested", "2026-01-05")
    assert correct(oslo, case, 1, {"occurred_on": "2026-01-05"}).status_code == 201
    assert correct(oslo, case, 1, {"occurred_on": "2026-01-04"}).status_code == 201
    assert correct(oslo, case, 2, {"occurred_on": "2026-01-04"}).status_code == 201
    found = refused(oslo, case, 1, {"occurred_on": "2026-01-05"}, 409, "correction_refused")
    assert found["seq"] == 2


def test_the_registration_cannot_be_annulled(oslo: Client) -> None:
    case = begun(oslo)
    found = refused(oslo, case, 1, None, 409, "correction_refused")
    assert "case_begins_with_registration" in unmet(found)


REPLACED: dict[str, Any] = {
    "another day": {"occurred_on": "2026-01-04"},
    "another type": {"type": "coordination_requested"},
    "everything": {"type": "charged", "occurred_on": "2026-01-04", "details": {}},
    "annulled": None,
}


@pytest.mark.parametrize("replacement", REPLACED.values(), ids=REPLACED)
def test_the_same_correction_twice_in_a_row_is_refused_and_another_is_not(oslo: Client, replacement: Any) -> None:
    case = begun(oslo)
    assert correct(oslo, case, 2, {"occurred_on": EARLIER}).status_code == 201
    assert correct(oslo, case, 3, replacement).status_code == 201
    for reason in ("wrong_date", "wrong_details"):
        before = rows(oslo.service)
        again = correct(oslo, case, 3, replacement, reason)
        found = assert_problem(again, 409, "correction_changes_nothing")
        assert (found["seq"], rows(oslo.service)) == (3, before)
    dry = correct(oslo, case, 3, replacement, params={"dry_run": "true"})
    assert_problem(dry, 409, "correction_changes_nothing")
    back = {"type": "charged", "occurred_on": DAY, "details": {}}
    assert correct(oslo, case, 3, back).status_code == 201
    refused(oslo, case, 3, back, 409, "correction_changes_nothing")
    assert correct(oslo, case, 3, replacement).status_code == 201


@pytest.mark.parametrize("replacement", [{}, {"occurred_on": DAY}, {"type": "charged", "details": {}}])
def test_a_correction_to_what_was_recorded_anyway_is_refused(oslo: Client, replacement: Any) -> None:
    refused(oslo, begun(oslo), 3, replacement, 409, "correction_changes_nothing")


def test_a_correction_that_takes_back_the_hour_changes_something(oslo: Client) -> None:
    case = opened(oslo, occurred_on=EARLIER, offences=[{"on": "2026-01-01"}])
    recorded(oslo, case, "suspect_set", f"{DAY}T09:00:00+01:00")
    assert correct(oslo, case, 2, {"occurred_on": DAY}).status_code == 201
    refused(oslo, case, 2, {"occurred_on": DAY}, 409, "correction_changes_nothing")


def test_a_correction_cannot_be_corrected(oslo: Client) -> None:
    case = begun(oslo)
    assert correct(oslo, case, 2, {"occurred_on": "2026-01-04"}).status_code == 201
    found = refused(oslo, case, 4, None, 422, "not_correctable")
    assert list(places(found)) == ["/seq"]


@pytest.mark.parametrize("seq", [4, 99, 1_000_000])
def test_an_event_that_is_not_there_cannot_be_corrected(oslo: Client, seq: int) -> None:
    found = refused(oslo, begun(oslo), seq, None, 422, "not_correctable")
    assert list(places(found)) == ["/seq"]
    assert str(seq) in found["detail"]


@pytest.mark.parametrize("seq", [0, -1, 10**30, "one", None, 1.5])
def test_a_number_that_is_none_is_422(oslo: Client, seq: Any) -> None:
    found = refused(oslo, begun(oslo), seq, None, 422, "invalid_input")
    assert list(places(found)) == ["/seq"]


def test_correcting_the_same_event_again_works_and_the_last_one_wins(oslo: Client) -> None:
    case = begun(oslo)
    for suspect, charged in ((EARLIER, "2026-01-04"), ("2026-01-04", DAY), (EARLIER, "2026-01-04")):
        assert correct(oslo, case, 2, {"occurred_on": suspect}).status_code == 201
        assert correct(oslo, case, 3, {"occurred_on": charged}).status_code == 201
    assert correct(oslo, case, 3, None, "never_happened").status_code == 201
    assert correct(oslo, case, 3, {"occurred_on": "2026-01-04"}).status_code == 201
    told = events_of(oslo, case)
    assert (told[2]["standing"], told[2]["corrected_by"]) == ("corrected", len(told))
    assert oslo.get(f"/v1/cases/{case}/lead-time").json()["stages"][1]["since"] == EARLIER


@pytest.mark.parametrize(
    ("replacement", "place"),
    [
        ({"details": {"how": "phone"}}, "/replacement/details/how"),
        ({"details": {"a/b": 1}}, "/replacement/details/a~1b"),
        ({"type": "pum_ordered", "details": {"wished_by": "2025-02-30"}}, "/replacement/details/wished_by"),
        ({"type": "pum_ordered", "details": {"wished_by": "9999-12-31"}}, "/replacement/details/wished_by"),
        ({"type": "assigned"}, "/replacement/details/coordinator"),
        ({"colour": "red"}, "/replacement/colour"),
        ({"occurred_on": "2025-02-30"}, "/replacement/occurred_on"),
        ({"occurred_on": "2026-01-04T10:00:00Z"}, "/replacement/occurred_on"),
        ({"type": "vanished"}, "/replacement/type"),
        ({"details": []}, "/replacement/details"),
        ("nothing", "/replacement"),
    ],
)
def test_a_replacement_of_the_wrong_shape_is_422_with_its_place(oslo: Client, replacement: Any, place: str) -> None:
    found = refused(oslo, begun(oslo), 3, replacement, 422, "invalid_input")
    assert list(places(found)) == [place]


def test_a_correction_says_whether_it_replaces_or_annuls(oslo: Client) -> None:
    case = begun(oslo)
    before = rows(oslo.service)
    answer = oslo.post(f"/v1/cases/{case}/corrections", {"seq": 2, "reason": "wrong_date"}, '"3"')
    assert places(assert_problem(answer, 422, "invalid_input")) == {"/replacement": "missing"}
    assert rows(oslo.service) == before


def test_a_hidden_case_is_404_and_a_stale_one_412(shared: Service) -> None:
    client = shared.as_("coordinator", "oslo")
    case = begun(client)
    body = {"seq": 2, "reason": "wrong_date", "replacement": None}
    stranger = shared.as_("leader", "troms")
    assert_problem(stranger.post(f"/v1/cases/{case}/corrections", body, '"3"'), 404, "not_found")
    assert_problem(client.post(f"/v1/cases/{HIDDEN}/corrections", body, '"3"'), 404, "not_found")
    assert_problem(client.post(f"/v1/cases/{case}/corrections", body, '"2"'), 412, "stale")


# --- a correction gives nobody more than they may ------------------------------------------------------------


def test_a_correction_makes_no_decision_that_the_corrector_may_not_make(oslo: Client) -> None:
    case = case_at(oslo, "received")
    seq = recorded(oslo, case, "first_contact")["seq"]
    decision = {"to": "troms", "parties_heard": True, "prosecution_told_on": DAY}
    refused(oslo, case, seq, {"type": "transfer_decided", "details": decision}, 403, "forbidden_role")
    pinned = {"regime": "R0", "reason": "legal_assessment"}
    refused(oslo, case, seq, {"type": "execution_regime_pinned", "details": pinned}, 403, "forbidden_role")
    leader = oslo.service.as_("leader", "oslo")
    assert correct(leader, case, seq, {"type": "transfer_decided", "details": decision}).status_code == 201


def test_a_correction_names_no_coordinator_and_no_office_that_does_not_exist(oslo: Client) -> None:
    case = case_at(oslo, "preparing")
    seq = len(events_of(oslo, case))
    found = refused(oslo, case, seq, {"details": {"coordinator": "nobody"}}, 409, "correction_refused")
    assert "coordinator_of_the_office" in unmet(found)
    leader = oslo.service.as_("leader", "oslo")
    new = {"type": "transfer_decided", "details": {"to": "atlantis", "parties_heard": True, "prosecution_told_on": DAY}}
    seq = recorded(oslo, case, "first_contact")["seq"]
    refused(leader, case, seq, new, 422, "unknown_konfliktrad")


@pytest.mark.parametrize(
    "changed", [{"konfliktrad": "troms"}, {"konfliktrad": "atlantis"}, {"person": HIDDEN}], ids=str
)
def test_a_correction_moves_no_case_to_another_office_or_person(oslo: Client, changed: dict[str, str]) -> None:
    case = begun(oslo)
    registered = events_of(oslo, case)[0]["details"]
    refused(oslo, case, 1, {"details": registered | changed}, 422, "not_correctable")


def test_a_correction_makes_no_approval_of_a_reopening_out_of_something_else(oslo: Client) -> None:
    case = case_at(oslo, "received")
    seq = recorded(oslo, case, "first_contact")["seq"]
    refused(oslo.service.as_("leader", "oslo"), case, seq, {"type": "reopening_approved"}, 422, "not_correctable")

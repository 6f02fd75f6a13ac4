"""The order of questions: who are you, has it a shape, may you see it, is it fresh, may you, can it be, may it be.

Each request here is wrong in all the ways that come later as well, so that the answer shows which question is first.
"""

from tests.api.build import DAY, HIDDEN, assert_problem, case_at, opened, raw, rows, said, unmet
from tests.service import Client, Service

FUTURE = "2026-03-01"
BAD_SHAPE = {"type": "transfer_decided", "occurred_on": "2025-02-30", "details": {"to": 3}}
LEADER_ONLY = {
    "type": "transfer_decided",
    "occurred_on": FUTURE,
    "details": {"to": "oslo", "parties_heard": False, "prosecution_told_on": DAY},
}
NO_SUCH_MOVE = {"type": "breach_talk_held", "occurred_on": FUTURE, "details": {"consequences_explained": False}}
GUARDED = {"type": "plan_meeting_held", "occurred_on": FUTURE, "details": {"present": []}}
STALE = '"1"'


def test_a_token_is_asked_for_before_anything_else(shared: Service) -> None:
    for path in (f"/v1/cases/{HIDDEN}/events", "/v1/nothing", "/v1/cases/x"):
        answer = shared.send("POST", path, content=b"{not json" * 90_000, headers={"Content-Type": "text/plain"})
        assert_problem(answer, 401, "unauthenticated")


def test_size_comes_before_type_and_type_before_json(oslo: Client) -> None:
    big = b"{not json" * 90_000
    assert_problem(raw(oslo, "/v1/nothing", big, **{"Content-Type": "text/plain"}), 413, "body_too_large")
    assert_problem(raw(oslo, "/v1/nothing", b"{", **{"Content-Type": "text/plain"}), 415, "unsupported_media_type")
    assert_problem(raw(oslo, f"/v1/cases/{HIDDEN}/events", b"{"), 400, "malformed_json")


def test_the_shape_is_asked_before_whether_there_is_such_a_case(oslo: Client) -> None:
    assert_problem(raw(oslo, f"/v1/cases/{HIDDEN}/events", said(BAD_SHAPE)), 422, "invalid_input")
    shaped_but_for_details = BAD_SHAPE | {"occurred_on": FUTURE}
    assert_problem(raw(oslo, f"/v1/cases/{HIDDEN}/events", said(shaped_but_for_details)), 422, "invalid_input")


def test_a_hidden_case_is_404_before_its_version_is_asked_for(shared: Service) -> None:
    case = opened(shared.as_("coordinator", "oslo"))
    other = shared.as_("coordinator", "troms")
    for tag in (None, '"99"', "*"):
        assert_problem(other.post(f"/v1/cases/{case}/events", LEADER_ONLY, tag), 404, "not_found")


def test_the_version_is_asked_for_before_the_role(oslo: Client) -> None:
    case = case_at(oslo, "received")
    assert_problem(oslo.post(f"/v1/cases/{case}/events", LEADER_ONLY), 428, "precondition_required")
    assert_problem(oslo.post(f"/v1/cases/{case}/events", LEADER_ONLY, STALE), 412, "stale")


def test_the_role_is_asked_before_the_move(oslo: Client) -> None:
    case = case_at(oslo, "received")
    found = assert_problem(oslo.post(f"/v1/cases/{case}/events", LEADER_ONLY, '"7"'), 403, "forbidden_role")
    assert found["who_can"] == ["leader"]
    assert "unmet" not in found


def test_the_role_is_asked_before_the_state_and_the_sanction(oslo: Client) -> None:
    case = opened(oslo)
    body = {"type": "complaint_decided", "occurred_on": FUTURE, "details": {"about": "plan", "outcome": "upheld"}}
    secretariat = oslo.service.as_("secretariat")
    assert_problem(secretariat.post(f"/v1/cases/{case}/events", NO_SUCH_MOVE, '"1"'), 403, "forbidden_role")
    assert_problem(secretariat.post(f"/v1/cases/{case}/events", body, '"1"'), 409, "refused")


def test_that_there_is_no_such_move_here_is_told_first(oslo: Client) -> None:
    case = case_at(oslo, "preparing")
    found = assert_problem(oslo.post(f"/v1/cases/{case}/events", NO_SUCH_MOVE, '"8"'), 409, "refused")
    assert next(iter(unmet(found))) == "wrong_state"


def test_last_come_the_conditions_and_all_of_them(oslo: Client) -> None:
    case = case_at(oslo, "preparing")
    before = rows(oslo.service)
    found = assert_problem(oslo.post(f"/v1/cases/{case}/events", GUARDED, '"8"'), 409, "refused")
    assert set(unmet(found)) == {"day_has_come", "youth_was_present", "guardian_was_present"}
    assert rows(oslo.service) == before


def test_a_correction_is_asked_in_the_same_order(oslo: Client) -> None:
    case = case_at(oslo, "received")
    path = f"/v1/cases/{case}/corrections"
    nonsense = {"seq": 99, "reason": "wrong_date", "replacement": {"occurred_on": FUTURE}}
    assert_problem(raw(oslo, path.replace(case, HIDDEN), said(nonsense | {"reason": "mood"})), 422, "invalid_input")
    hidden = oslo.service.as_("coordinator", "troms").post(path, nonsense)
    assert_problem(hidden, 404, "not_found")
    assert_problem(oslo.post(path, nonsense), 428, "precondition_required")
    assert_problem(oslo.post(path, nonsense, STALE), 412, "stale")
    assert_problem(oslo.post(path, nonsense, '"7"'), 422, "not_correctable")
    prosecution = oslo.service.as_("prosecution", "oslo")
    early = opened(oslo)
    refused = prosecution.post(f"/v1/cases/{early}/corrections", nonsense | {"seq": 1}, '"1"')
    assert_problem(refused, 403, "forbidden_role")
    assert_problem(oslo.post(path, nonsense | {"seq": 2}, '"7"'), 409, "correction_refused")

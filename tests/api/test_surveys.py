"""Surveys over HTTP: an invitation shown once, answers without signing in, and nothing told of anybody."""

from datetime import date
from typing import Any

import httpx
from sqlalchemy import select

from tests.api.build import DAY, FOLLOW_UP, STAGES, assert_problem, case_at, kept_answers, opened, places, recorded
from tests.api.test_statements import MOVE, statements
from tests.service import Client, Service
from ungdom.jobs import steps
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.schema.surveys import survey_answer, survey_invitation

PLAN = {"kind": "plan", "respondent": "youth"}
GIVEN = {"answers": {"explained": 5, "heard": 4, "told_while_waiting": 2, "plan_works": 3}}


def invite(client: Client, case: str, **more: Any) -> dict[str, Any]:
    done = client.post(f"/v1/cases/{case}/surveys", {**PLAN, **more}, key=more.pop("key", None))
    assert done.status_code == 201, done.text
    return done.json()


def put(service: Service, token: str, body: Any = GIVEN, **headers: str) -> httpx.Response:
    return service.send("POST", f"/v1/surveys/{token}", json=body, headers=headers)


def get(service: Service, token: str, **headers: str) -> httpx.Response:
    return service.send("GET", f"/v1/surveys/{token}", headers=headers)


def test_an_invitation_is_listed_fetched_answered_and_then_of_no_use(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case = case_at(client, "executing")
    due = client.get(f"/v1/cases/{case}/surveys").json()["items"]
    assert [(one["kind"], one["respondent"], one["left"]) for one in due] == [
        ("plan", "youth", 1),
        ("plan", "guardian", 1),
    ]
    with statements() as said:
        made = invite(client, case)
    assert len(said) <= MOVE, said
    assert made["expires"] == "2026-03-31"
    assert made["address"] == f"http://127.0.0.1:8000/survey/{made['token']}"
    assert [one["left"] for one in client.get(f"/v1/cases/{case}/surveys").json()["items"]] == [0, 1]
    asked = get(served, made["token"]).json()
    assert [one["question"] for one in asked["questions"]] == list(GIVEN["answers"])
    with statements() as said:
        assert put(served, made["token"]).status_code == 201
    assert len(said) <= MOVE, said
    assert_problem(put(served, made["token"]), 404, "survey_token")
    assert_problem(get(served, made["token"]), 404, "survey_token")


def test_the_same_request_again_does_not_tell_the_token_again(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    case = case_at(client, "executing")
    first, again = (client.post(f"/v1/cases/{case}/surveys", PLAN, key="k") for _ in range(2))
    assert first.json()["token"]
    assert (again.status_code, again.json()["token"], again.json()["address"]) == (201, None, None)
    assert first.headers["Cache-Control"] == "private, no-store"
    assert '"token":null' in kept_answers(one)
    assert first.json()["token"] not in kept_answers(one)
    assert_problem(client.post(f"/v1/cases/{case}/surveys", PLAN, key="k2"), 409, "survey_not_due")


def test_only_those_who_meet_the_youth_fetch_invitations(one: Service) -> None:
    case = case_at(one.as_("coordinator", "oslo"), "executing")
    for who, code in (
        (one.as_("secretariat"), (403, "forbidden_role")),
        (one.as_("coordinator", "troms"), (404, "not_found")),
        (one.as_("prosecution", "oslo"), (403, "forbidden_role")),
    ):
        assert_problem(who.post(f"/v1/cases/{case}/surveys", PLAN), *code)
        assert_problem(who.get(f"/v1/cases/{case}/surveys"), *code)


NO_ANSWERS: tuple[tuple[dict[str, Any], dict[str, str]], ...] = (
    ({}, {"/answers": "missing"}),
    ({"answers": {}}, {"/answers": "too_short"}),
    ({"answers": {"heard": 6}}, {"/answers/heard": "less_than_equal"}),
    ({"answers": {"heard": 0}}, {"/answers/heard": "greater_than_equal"}),
    ({"answers": {"heard": "very much"}}, {"/answers/heard": "int_parsing"}),
    ({"answers": {"heard": 4}}, {"/answers": "value_error"}),  # not all that was asked
    ({"answers": {**GIVEN["answers"], "helped": 1}}, {"/answers": "value_error"}),
    ({**GIVEN, "name": "Vimsete"}, {"/name": "extra_forbidden"}),
)


def test_answers_that_are_no_answers_are_refused_and_leave_the_token(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    token = invite(client, case_at(client, "executing"))["token"]
    for body, where in NO_ANSWERS:
        assert places(assert_problem(put(one, token, body), 422, "invalid_input")) == where
    assert put(one, token).status_code == 201


def test_used_expired_and_made_up_tokens_get_one_answer_that_says_what_helps(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    used, unused = (invite(client, case_at(client, "executing"))["token"] for _ in range(2))
    assert put(one, used).status_code == 201
    one.clock.turn_to(date(2026, 4, 1))
    told = [put(one, token) for token in (used, unused, "A" * 43, "x")]
    assert len({str(answer.json() | {"trace_id": ""}) for answer in told}) == 1
    assert "coordinator" in put(one, "x", **{"Accept-Language": "en"}).json()["detail"]
    for language in ("nb", "nn", "en"):
        assert put(one, "x", **{"Accept-Language": language}).headers["Content-Language"] == language


def test_no_token_of_ours_is_needed_or_looked_at(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    token = invite(client, case_at(client, "executing"))["token"]
    assert put(one, token, Authorization="Bearer nonsense").status_code == 201
    assert one.send("GET", "/v1/surveys").status_code in (401, 404)
    assert one.send("GET", f"/v1/surveys/{token}/more").status_code == 401


def test_the_questions_are_asked_in_three_languages(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    token = invite(client, case_at(client, "executing"))["token"]
    told = [get(one, token, **{"Accept-Language": language}).json() for language in ("nb", "nn", "en")]
    for name in ("opening", "scale"):
        assert len({one[name] for one in told}) == 3
    assert len({str([q["text"] for q in one["questions"]]) for one in told}) == 3


def test_nothing_that_is_sent_or_kept_of_an_answer_names_anybody(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    case = case_at(client, "executing")
    made = invite(client, case)
    assert not {"case", "case_id", "reference"} & made.keys()
    assert put(one, made["token"]).status_code == 201
    reference = client.get(f"/v1/cases/{case}").json()["reference"]
    with one.db.reading() as tx:
        said = str([tuple(row) for row in tx.execute(select(survey_answer))])
        left = tx.execute(select(survey_invitation)).all()
    assert left == []
    for secret in (case, reference, "Vimsete", "coordinator-oslo", made["token"], DAY):
        assert secret not in said


def test_results_are_shown_by_quarter_once_it_is_closed_and_five_have_answered(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    for _ in range(5):
        assert put(one, invite(client, case_at(client, "executing"))["token"]).status_code == 201
    quarter = {"from": "2026-01-01", "to": "2026-03-31"}
    assert client.get("/v1/statistics/surveys", **quarter).json()["items"] == []
    one.clock.turn_to(date(2026, 6, 1))
    own, country = sorted(
        client.get("/v1/statistics/surveys", **quarter).json()["items"], key=lambda x: x["konfliktrad"] is None
    )
    assert (own["konfliktrad"], own["kind"], own["quarter"]) == ("oslo", "plan", "2026-01-01")
    assert (own["invited"], own["answered"], own["rate"]) == (5, 5, 1.0)
    assert [(q["question"], q["answers"], q["mean"], q["agree"]) for q in own["questions"]] == [
        ("explained", 5, 5.0, 1.0),
        ("heard", 5, 4.0, 1.0),
        ("told_while_waiting", 5, 2.0, 0.0),
        ("plan_works", 5, 3.0, 0.0),
    ]
    assert country["questions"] == own["questions"]
    other = one.as_("leader", "troms").get("/v1/statistics/surveys", **quarter).json()["items"]
    assert [cell["konfliktrad"] for cell in other] == [None]
    found = client.get("/v1/statistics/indicators", **quarter).json()["items"]
    (told,) = [x for x in found if x["code"] == "survey_response"]
    assert [(x["konfliktrad"], x["numerator"], x["denominator"]) for x in told["figures"]] == [
        ("oslo", 5, 5),
        (None, 5, 5),
    ]
    (told,) = [x for x in found if x["code"] == "survey_answers"]
    heard = [x for x in told["figures"] if x["part"] == "heard"]
    assert [(x["konfliktrad"], x["denominator"], x["value"]) for x in heard] == [("oslo", 5, 4.0), (None, 5, 4.0)]


def test_the_night_tells_digests_and_lets_go_of_expired_invitations(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    invite(client, case_at(client, "executing"))
    by_name = {
        step.name: step for step in steps.all_steps(EncryptionKeys(one.settings.people_keys), one.app.state.erasures)
    }
    now = one.clock()
    assert by_name["figures"].run(one.db, now.date(), now) == {"cases": 1}
    assert by_name["figures"].run(one.db, date(2026, 1, 1), now) == {}
    assert by_name["surveys"].run(one.db, now.date(), now) == {"invitations_forgotten": 0}
    one.clock.turn_to(date(2026, 4, 1))
    later = one.clock()
    assert by_name["surveys"].run(one.db, later.date(), later) == {"invitations_forgotten": 1}


def test_a_case_that_has_not_come_so_far_has_nobody_to_be_asked(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    case = opened(client)
    for kind, details in FOLLOW_UP[: STAGES["preparing"]]:
        recorded(client, case, kind, DAY, details)
    assert client.get(f"/v1/cases/{case}/surveys").json()["items"] == []
    assert_problem(client.post(f"/v1/cases/{case}/surveys", PLAN), 409, "survey_not_due")

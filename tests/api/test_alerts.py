"""Alerts and nights over HTTP: who is shown them, what may be said to them, and what is refused."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from tests.api.build import DAY, HIDDEN, assert_problem, case_at, etag, opened, places, recorded, rows
from tests.service import Client, Service
from ungdom.jobs import nightly
from ungdom.store import job_runs

WARNED = date(2026, 2, 2)
"""Suspect since 2026-01-05: the charge decision is due on 2026-02-16, and warned of from this day."""
DUE = "2026-02-16"
RUNS = "/v1/jobs/nightly/runs"


def night(service: Service, day: date = WARNED) -> None:
    """The night of that day, and then it is eleven o'clock."""
    service.clock.turn_to(day, 2)
    nightly.run(service.db, service.clock)
    service.clock.turn_to(day, 11)


def coordinator(service: Service, office: str = "oslo") -> Client:
    return service.as_("coordinator", office)


def suspect(client: Client, **changed: Any) -> str:
    """A case whose charge decision waits."""
    case = opened(client, **changed)
    recorded(client, case, "suspect_set")
    return case


def told_of(client: Client, **asked: Any) -> list[dict[str, Any]]:
    found = client.get("/v1/alerts", **asked)
    assert found.status_code == 200, found.text
    return found.json()["items"]


def only(client: Client, **asked: Any) -> dict[str, Any]:
    (found,) = told_of(client, **asked)
    return found


def do(client: Client, alert: str, what: str, body: Any = None, **more: Any) -> httpx.Response:
    return client.post(f"/v1/alerts/{alert}/{what}", body, **more)


ANSWER = {"reason": "waiting_for_court", "expected_on": "2026-03-02"}
SNOOZE = {"until": "2026-02-12"}
SAYS: tuple[tuple[str, Any], ...] = (("acknowledge", None), ("answer", ANSWER), ("snooze", SNOOZE))


@pytest.fixture
def alerted(one: Service) -> tuple[Client, str]:
    """The coordinator of a case, and the alert on it."""
    client = coordinator(one)
    suspect(client)
    night(one)
    return client, only(client)["id"]


# --- reading ------------------------------------------------------------------------------------------------


def test_an_alert_says_which_clock_of_which_case_and_how_far_it_has_run(one: Service) -> None:
    client = coordinator(one)
    case = suspect(client)
    night(one)

    found = only(client)

    assert found == found | {
        **{"code": "charge_decision", "due": DUE, "days": -14, "level": "upcoming", "state": "open", "case": case},
        **{"case_state": "investigation", "waiting_for": "police", "quiet_until": None, "cleared_at": None},
    }
    detail = client.get(f"/v1/alerts/{found['id']}").json()
    assert {name: detail[name] for name in found} == found
    (raised,) = detail["history"]
    assert (raised["change"], raised["for_date"], raised["role"]) == ("raised", str(WARNED), "system")
    assert raised["details"] == {"level": "upcoming", "rung": 0}
    shown = client.get(f"/v1/cases/{case}").json()["open_alerts"]
    assert [one_["id"] for one_ in shown] == [found["id"]]
    then = client.get(f"/v1/cases/{case}", known_at=str(WARNED)).json()["open_alerts"]
    assert [(one_["id"], one_["state"], one_["level"]) for one_ in then] == [(found["id"], "open", "upcoming")]
    assert client.get(f"/v1/cases/{case}", known_at=DAY).json()["open_alerts"] == []
    assert client.get(f"/v1/cases/{case}", valid_at=DAY).json()["open_alerts"] is None


def test_the_words_of_an_alert_are_in_the_language_asked_for(alerted: tuple[Client, str]) -> None:
    client, alert = alerted
    labels = set()
    for language in ("nb", "nn", "en"):
        headers = {"Authorization": f"Bearer {client.token}", "Accept-Language": language}
        said = client.service.send("GET", f"/v1/alerts/{alert}", headers=headers).json()
        assert all(said[name] for name in ("label", "level_label", "state_label", "case_state_label"))
        labels.add((said["label"], said["level_label"], said["history"][0]["label"]))
    assert len(labels) >= 2


def test_a_list_is_walked_to_its_end_the_first_due_first_on_both_databases(served: Service) -> None:
    client = coordinator(served)
    cases = [suspect(client) for _ in range(3)]
    night(served, WARNED + timedelta(days=1))
    served.clock.turn_to(date(2026, 2, 3))
    late = opened(client, occurred_on="2026-02-03", offences=[{"on": "2026-02-01"}])
    recorded(client, late, "suspect_set", "2026-02-03")
    night(served, date(2026, 3, 10))

    walked: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in range(10):
        page = client.get("/v1/alerts", limit=1, cursor=cursor).json()
        walked += page["items"]
        cursor = page["next"]
        if cursor is None:
            break

    assert cursor is None
    assert walked == told_of(client)
    assert {one["case"] for one in walked} == {*cases, late}
    assert [one["due"] for one in walked] == sorted(one["due"] for one in walked)
    assert_problem(client.get("/v1/alerts", cursor="nonsense"), 400, "bad_cursor")
    first = client.get("/v1/alerts", limit=1).json()["next"]
    assert_problem(client.get("/v1/alerts", level="overdue", cursor=first), 400, "bad_cursor")


def test_lists_are_narrowed_by_what_is_asked_and_hold_what_is_live_unless_asked(one: Service) -> None:
    client, secretariat = coordinator(one), one.as_("secretariat")
    oslo, troms = suspect(client), suspect(coordinator(one, "troms"), konfliktrad="troms")
    night(one)
    night(one, date(2026, 2, 17))
    recorded(client, oslo, "investigation_closed", "2026-02-17")
    recorded(client, oslo, "other_outcome", "2026-02-17", {"outcome": "dropped"})

    def cases(**asked: Any) -> set[str]:
        return {found["case"] for found in told_of(secretariat, **asked)}

    assert cases() == cases(live="true") == {troms}
    assert cases(live="false") == {oslo}
    assert cases(live="false", state="cleared") == {oslo}
    assert cases(konfliktrad="troms") == cases(case=troms) == cases(level="overdue") == {troms}
    assert cases(konfliktrad="oslo") == cases(case=oslo) == cases(level="upcoming") == cases(state="snoozed") == set()
    assert (cases(code="charge_decision"), cases(code="team_meeting")) == ({troms}, set())
    assert told_of(client) == []
    assert_problem(client.get("/v1/alerts", live="perhaps"), 422, "invalid_input")
    assert_problem(client.get("/v1/alerts", colour="red"), 422, "invalid_input")


# --- what is said to it -------------------------------------------------------------------------------------


def test_what_people_say_to_an_alert_stands_in_its_history_with_who_and_when(alerted: tuple[Client, str]) -> None:
    client, alert = alerted
    for what, body in SAYS:
        assert do(client, alert, what, body).status_code == 200

    detail = client.get(f"/v1/alerts/{alert}").json()
    assert [(h["change"], h["role"], h["subject"]) for h in detail["history"][1:]] == [
        ("acknowledged", "coordinator", "coordinator-oslo"),
        ("answered", "coordinator", "coordinator-oslo"),
        ("snoozed", "coordinator", "coordinator-oslo"),
    ]
    assert detail["history"][2]["details"] == {
        "state": "answered",
        "reason": "waiting_for_court",
        "quiet_until": "2026-03-02",
    }
    assert (detail["state"], detail["quiet_until"], detail["reason"]) == (
        "snoozed",
        "2026-02-12",
        "waiting_for_court",
    )
    instants = [h["at"] for h in detail["history"]]
    assert instants == sorted(instants)


def test_saying_something_to_an_alert_leaves_the_case_as_it_is(one: Service) -> None:
    client = coordinator(one)
    case = suspect(client)
    night(one)
    before = etag(client, case)

    assert do(client, only(client)["id"], "acknowledge").status_code == 200

    assert etag(client, case) == before


def test_the_same_request_sent_twice_is_said_once(alerted: tuple[Client, str]) -> None:
    client, alert = alerted
    first = do(client, alert, "answer", ANSWER, key="answer-1")
    again = do(client, alert, "answer", ANSWER, key="answer-1")

    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(client.get(f"/v1/alerts/{alert}").json()["history"]) == 2
    assert do(client, alert, "answer", SNOOZE | ANSWER, key="answer-1").status_code in (409, 422)


@pytest.mark.parametrize(("what", "body"), SAYS)
def test_nothing_is_said_to_an_alert_that_is_settled_hidden_or_not_there(
    alerted: tuple[Client, str], what: str, body: Any
) -> None:
    client, alert = alerted
    hidden = do(coordinator(client.service, "troms"), alert, what, body)
    absent = do(coordinator(client.service, "troms"), HIDDEN, what, body)
    assert_problem(hidden, 404, "not_found")
    assert hidden.json() | {"trace_id": ""} == absent.json() | {"trace_id": ""}
    for role in ("analyst", "auditor", "admin"):
        assert_problem(do(client.service.as_(role), alert, what, body), 403, "forbidden_role")
    case = only(client)["case"]
    recorded(client, case, "other_outcome", "2026-02-02", {"outcome": "dropped"})
    before = rows(client.service)

    assert_problem(do(client, alert, what, body), 409, "alert_cleared")

    assert rows(client.service) == before


def test_who_answers_for_the_office_puts_off_and_others_answer_for_their_own_part(alerted: tuple[Client, str]) -> None:
    client, alert = alerted
    secretariat, prosecution = client.service.as_("secretariat"), client.service.as_("prosecution", "oslo")
    for what, body in SAYS:
        assert_problem(do(secretariat, alert, what, body), 403, "forbidden_role")
    for what, body in (SAYS[0], SAYS[2]):
        assert_problem(do(prosecution, alert, what, body), 403, "forbidden_role")

    answered = do(prosecution, alert, "answer", ANSWER)

    assert (answered.status_code, answered.json()["state"], answered.json()["reason"]) == (200, "open", None)
    assert [part["agency"] for part in answered.json()["parts"]] == ["prosecution"]
    assert do(client.service.as_("leader", "oslo"), alert, "snooze", SNOOZE).status_code == 200


@pytest.mark.parametrize(
    ("what", "body", "first", "last"),
    [
        ("snooze", {"until": "2026-02-01"}, "2026-02-02", "2026-03-04"),
        ("snooze", {"until": "2026-03-05"}, "2026-02-02", "2026-03-04"),
        ("answer", ANSWER | {"expected_on": "2026-02-01"}, "2026-02-02", "2027-02-03"),
        ("answer", ANSWER | {"expected_on": "2027-02-04"}, "2026-02-02", "2027-02-03"),
    ],
)
def test_a_day_out_of_range_is_refused_with_the_range_in_three_languages(
    alerted: tuple[Client, str], what: str, body: dict[str, str], first: str, last: str
) -> None:
    client, alert = alerted
    before, said = rows(client.service), set()
    for language in ("nb", "nn", "en"):
        answer = do(client, alert, what, body, headers={"Accept-Language": language})
        found = assert_problem(answer, 422, "day_out_of_range")
        assert (found["first"], found["last"]) == (first, last)
        assert places(found) == {"/until" if what == "snooze" else "/expected_on": "value_error"}
        said.add(found["detail"])
    assert len(said) == 3
    assert rows(client.service) == before
    edge = {**body, "until" if what == "snooze" else "expected_on": last}
    assert do(client, alert, what, edge).status_code == 200


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("snooze", {}),
        ("snooze", {"until": "2026-02-12T10:00:00Z"}),
        ("snooze", SNOOZE | {"why": "busy"}),
        ("answer", {"reason": "waiting_for_court"}),
        ("answer", ANSWER | {"reason": "no idea"}),
        ("answer", ANSWER | {"note": "the youth is ill"}),
    ],
)
def test_a_body_that_says_less_more_or_something_else_is_refused(
    alerted: tuple[Client, str], what: str, body: dict[str, Any]
) -> None:
    client, alert = alerted
    before = rows(client.service)
    assert_problem(do(client, alert, what, body), 422, "invalid_input")
    assert_problem(
        do(client, alert, f"{what}?quietly=yes", ANSWER if what == "answer" else SNOOZE), 422, "invalid_input"
    )
    assert rows(client.service) == before


# --- how it ends --------------------------------------------------------------------------------------------


def because(client: Client, alert: str) -> tuple[str, str]:
    """How it stands, and why it ended."""
    detail = client.get(f"/v1/alerts/{alert}").json()
    return detail["state"], detail["history"][-1]["details"]["because"]


def test_an_alert_is_cleared_by_the_move_by_a_correction_and_at_the_close(served: Service) -> None:
    client = coordinator(served)
    cases = [suspect(client) for _ in range(3)]
    night(served)
    alerts = {found["case"]: found["id"] for found in told_of(client)}
    day = str(WARNED)

    recorded(client, cases[0], "investigation_closed", day)
    recorded(client, cases[0], "consent_given", day, {"by": "youth"})
    recorded(client, cases[0], "consent_given", day, {"by": "guardian"})
    recorded(client, cases[0], "transferred_to_follow_up", day, FOLLOW_UP)
    never = {"seq": 2, "reason": "wrong_case", "replacement": None}
    done = client.post(f"/v1/cases/{cases[1]}/corrections", never, etag(client, cases[1]))
    assert done.status_code == 201, done.text
    recorded(client, cases[2], "lapsed", day, {"reason": "limitation"})

    found = [because(client, alerts[case]) for case in cases]
    assert found == [("cleared", "cured"), ("cleared", "corrected"), ("cleared", "closed")]
    assert told_of(client) == []
    for case in cases:
        assert client.get(f"/v1/cases/{case}").json()["open_alerts"] == []
    night(served, WARNED + timedelta(days=1))
    assert [one["code"] for one in told_of(client) if one["code"] == "charge_decision"] == []


FOLLOW_UP = {"length": {"months": 6}, "guilt_proven": True}


def test_a_member_of_the_team_answers_puts_nothing_off_and_is_not_told_who_did_what_for_a_protected_youth(
    one: Service,
) -> None:
    client, member = coordinator(one), one.as_("team_member", None, "teacher-7")
    person = {"given_name": "Vimsete", "family_name": "Regnjakke", "born": "2009-03-12", "guardians": [{"name": "S"}]}
    for protection, born in (("none", "2009-03-12"), ("strictly_confidential", "2009-05-30")):
        other = {
            "given_name": f"Vimsete {protection.title()}".replace("_", " "),
            "born": born,
            "protection": protection,
        }
        case = case_at(client, "executing", person=person | other)
        recorded(client, case, "team_member_joined", DAY, {"member": "teacher-7", "agency": "school"})
    night(one, date(2026, 2, 9))  # the team meeting is due on the 16th
    shown: list[bool] = []
    for found in told_of(client):
        assert do(client, found["id"], "acknowledge").status_code == 200
        said = do(member, found["id"], "answer", {"reason": "illness", "expected_on": "2026-02-20"})
        assert said.status_code == 200, said.text
        assert_problem(do(member, found["id"], "snooze", SNOOZE), 403, "forbidden_role")
        shown.append(any(line["subject"] for line in member.get(f"/v1/alerts/{found['id']}").json()["history"]))
        assert all(line["subject"] for line in client.get(f"/v1/alerts/{found['id']}").json()["history"])
        assert "Regnjakke" not in said.text
    assert sorted(shown) == [False, True]
    assert told_of(one.as_("team_member", None, "teacher-8")) == []


# --- nights over HTTP ---------------------------------------------------------------------------------------


def test_an_administrator_runs_the_night_and_reads_the_ledger(one: Service) -> None:
    admin = one.as_("admin")
    suspect(coordinator(one))
    one.clock.turn_to(WARNED)

    first = admin.post(RUNS, {})
    one.clock.turn_to(WARNED + timedelta(days=2))
    caught_up = admin.post(RUNS, {})
    back = admin.post(RUNS, {"on": str(WARNED)})

    assert [first.status_code, caught_up.status_code, back.status_code] == [200, 200, 200]
    (run,) = first.json()["items"]
    assert (run["status"], run["for_date"], run["counts"]["raised"]) == ("ok", str(WARNED), 1)
    nights = [item["for_date"] for item in caught_up.json()["items"]]
    assert nights == ["2026-02-03", "2026-02-04"]
    assert back.json()["items"] == []
    ledger = admin.get(RUNS).json()["items"]
    assert [item["for_date"] for item in ledger] == ["2026-02-04", "2026-02-03", "2026-02-02"]
    assert admin.get(RUNS, limit=1).json()["items"] == ledger[:1]
    outcomes = ("ok", "raised", "open", "suppressed", "failed")
    assert all(item["counts"]["scanned"] == sum(item["counts"][o] for o in outcomes) for item in ledger)


def test_a_night_to_come_is_refused_and_leaves_no_row(one: Service) -> None:
    admin = one.as_("admin")
    one.clock.turn_to(WARNED)

    found = assert_problem(admin.post(RUNS, {"on": "2026-02-03"}), 422, "day_to_come")

    assert places(found) == {"/on": "value_error"}
    assert_problem(admin.post(RUNS, {"on": "tomorrow"}), 422, "invalid_input")
    assert_problem(admin.post(RUNS, {"night": "2026-02-02"}), 422, "invalid_input")
    assert_problem(admin.get(RUNS, limit=0), 422, "invalid_input")
    assert admin.get(RUNS).json()["items"] == []


@pytest.mark.parametrize(
    "role", ["coordinator", "leader", "secretariat", "prosecution", "team_member", "analyst", "auditor"]
)
def test_nobody_but_an_administrator_runs_nights(one: Service, role: str) -> None:
    other = one.as_(role, "oslo" if role in ("coordinator", "leader", "prosecution") else None)

    for answer in (other.get(RUNS), other.post(RUNS, {})):
        assert_problem(answer, 403, "forbidden_role")

    with one.db.reading() as tx:
        assert job_runs.runs(tx, job_runs.NIGHTLY, 1) == []


def test_the_service_is_not_ready_when_the_last_night_is_too_old_or_there_was_none(served: Service) -> None:
    def ready() -> tuple[int, str]:
        answer = served.send("GET", "/health/ready")
        return answer.status_code, answer.json()["night"]

    assert ready() == (200, "ok")
    opened(coordinator(served))
    assert ready() == (200, "ok")
    served.clock.turn_to(date(2026, 1, 6), 14)  # 27 hours after the first case
    assert ready() == (503, "none for 26 hours: run `ungdom nightly`")
    nightly.run(served.db, served.clock)
    assert ready() == (200, "ok")
    served.clock.turn_to(date(2026, 1, 7), 15)
    assert ready() == (200, "ok")
    served.clock.turn_to(date(2026, 1, 7), 17)
    assert ready()[0] == 503

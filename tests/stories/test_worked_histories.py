"""The worked histories, replayed through HTTP on both databases: every expected value, counted by hand."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests import pg, service
from tests.data import CASES
from tests.service import Client, Service, new_case
from tests.stories import histories
from tests.stories.histories import Told
from ungdom.analytics import case_cache

PLENTY = {"present": ["youth", "guardian", "police", "correctional_service"]}
"""What a step in `refused` carries where its history says nothing of it."""
JUDGED = {
    "state", "konfliktrad", "start", "lead_time_days", "planned_end", "adjusted_end", "interrupted_days",
    "served_days_before_interruption", "finality", "completion", "regime_for_decision",
    "stage_days", "wait_days", "offices", "deadlines", "esas", "as_known_on", "alerts", "refused",
    "counted_nationally", "ended_by_closing",
}  # fmt: skip
"""Every key of `expect` that is judged below."""


def open_case(served: Service, told: Told, history: dict[str, Any]) -> tuple[Client, str]:
    served.clock.turn_to(told.recorded_on)
    office = history["konfliktrad"]
    client = served.as_("coordinator", office)
    person = {
        "given_name": "Rutete",
        "family_name": "Fiskegrateng",
        "born": history["person"]["born"].isoformat(),
        "guardians": [{"name": f"Munter Fiskegrateng {n}"} for n in range(history["person"]["guardians"])],
    }
    body = new_case(
        sanction=history["sanction"], occurred_on=told.occurred_on.isoformat(), konfliktrad=office, person=person
    )
    done = client.post("/v1/cases", body | told.details)
    assert done.status_code == 201, done.text
    return client, done.json()["id"]


def replay(served: Service, history: dict[str, Any]) -> tuple[Client, str]:
    client, case = open_case(served, histories.registration(history), history)
    refused = histories.refused(history)
    for told in histories.events(history):
        while refused and refused[0][0].occurred_on <= told.recorded_on:
            assert_refused(served, client, case, *refused.pop(0))
        served.clock.turn_to(told.recorded_on)
        client = by_whom(served, client, case, told)
        done = correct(client, case, told) if told.type == "corrected" else record(client, case, told)
        assert done.status_code == 201, f"{told.type} {done.status_code} {done.text}"
    for told, expected in refused:
        assert_refused(served, client, case, told, expected)
    return client, case


def by_whom(served: Service, client: Client, case: str, told: Told) -> Client:
    """Who records it: a transfer is decided and accepted by the leaders of the two offices."""
    shown = client.get(f"/v1/cases/{case}").json()
    offices = {"transfer_decided": shown["konfliktrad"], "transfer_accepted": shown["transfer_to"]}
    return served.as_("leader", offices[told.type]) if told.type in offices else client


def record(client: Client, case: str, told: Told) -> Any:
    return client.record(case, told.type, told.occurred_on, told.details)


def correct(client: Client, case: str, told: Told) -> Any:
    shown = client.get(f"/v1/cases/{case}/events")
    etag = shown.headers["ETag"]
    if "inserts" in told.details:
        event = {"type": told.details["inserts"], "occurred_on": told.occurred_on.isoformat(), "details": {}}
        return client.post(f"/v1/cases/{case}/corrections", {"reason": "forgotten", "insert": event}, etag)
    target = next(e for e in shown.json()["items"] if e["type"] == told.details["corrects"])
    body = {
        "seq": target["seq"],
        "reason": "wrong_date",
        "replacement": {told.details["field"]: told.occurred_on.isoformat()},
    }
    return client.post(f"/v1/cases/{case}/corrections", body, etag)


def assert_refused(served: Service, client: Client, case: str, told: Told, expected: dict[str, Any]) -> None:
    served.clock.turn_to(told.occurred_on)
    before = client.get(f"/v1/cases/{case}").headers["ETag"]
    details = told.details or (PLENTY if told.type == "plan_meeting_held" else {})
    done = by_whom(served, client, case, told).record(case, told.type, told.occurred_on, details)
    assert done.status_code == 409, f"{told.type} {done.status_code} {done.text}"
    codes = {unmet["code"] for unmet in done.json()["unmet"]}
    assert codes == set(expected["codes"]) if "codes" in expected else reasons(expected, codes) & codes, expected
    assert client.get(f"/v1/cases/{case}").headers["ETag"] == before


def reasons(expected: dict[str, Any], codes: set[str]) -> set[str]:
    """The codes of which one must be among those given; `any`: whichever."""
    if expected.get("code") == "any":
        return codes
    return {expected["code"]} if "code" in expected else WITHOUT_CODE[expected["type"]]


WITHOUT_CODE = {"plan_meeting_held": {"wrong_state"}, "completed": {"term_has_run"}}
"""The reason where a history names none: the case is in the wrong state, or its term has not run."""


@pytest.mark.parametrize("name", histories.NAMES)
def test_worked_history_gives_every_expected_value(served: Service, name: str) -> None:
    assert_history(served, histories.read(name))


def test_every_history_is_replayed() -> None:
    assert set(histories.NAMES) == {path.stem for path in CASES.glob("*.yaml")}


def test_every_expectation_of_the_histories_is_judged() -> None:
    expected = {key for path in CASES.glob("*.yaml") for key in histories.read(path.stem)["expect"]}

    assert expected == JUDGED


def assert_history(served: Service, history: dict[str, Any]) -> None:
    """Replay the history and hold every answer against what it expects."""
    client, case = replay(served, history)
    expect = history["expect"]
    assert_ended_by_closing(client, case, expect.get("ended_by_closing", []))
    assert_shown(client.get(f"/v1/cases/{case}").json(), expect)
    assert_days(client.get(f"/v1/cases/{case}/lead-time").json(), expect)
    clocks = client.get(f"/v1/cases/{case}/deadlines").json()["items"]
    for deadline in expect.get("deadlines", []):
        assert_deadline(clocks, deadline)
    assert_esas(client, case, expect.get("esas", []))
    assert_as_known(client, case, expect.get("as_known_on", []))
    if "counted_nationally" in expect:
        assert_counted_once(served, expect["counted_nationally"])
    last = max(told.recorded_on for told in histories.events(history))
    assert_never_told_before(served, client, case, expect.get("alerts", []), last)


SHOWN = (
    "state", "konfliktrad", "start", "lead_time_days", "planned_end", "adjusted_end", "interrupted_days",
    "served_days_before_interruption", "finality", "completion",
)  # fmt: skip
"""What the case itself shows."""


def assert_shown(shown: dict[str, Any], expect: dict[str, Any]) -> None:
    for key in set(SHOWN) & set(expect):
        assert shown[key] == plain(expect[key]), key
    if "regime_for_decision" in expect:
        assert shown["regimes"]["decision"] == expect["regime_for_decision"]


def assert_days(time: dict[str, Any], expect: dict[str, Any]) -> None:
    """Where the days went; what is expected in full leaves out zeros."""
    assert time["lead_time_days"] == expect["lead_time_days"]
    assert sum(time["stage_days"].values()) == sum(time["wait_days"].values()) == time["total_days"]
    if "stage_days" in expect:
        assert without_zeros(time["stage_days"]) == expect["stage_days"]
        assert without_zeros(time["wait_days"]) == expect["wait_days"]
    for party, days in expect.get("wait_days", {}).items():
        assert time["wait_days"][party] == days
    for office, expected in zip(time["offices"], expect.get("offices", time["offices"]), strict=True):
        assert_office(office, plain(expected))


def without_zeros(days: dict[str, int]) -> dict[str, int]:
    return {key: count for key, count in days.items() if count}


def assert_office(office: dict[str, Any], expected: dict[str, Any]) -> None:
    assert without_zeros(office["stage_days"]) == without_zeros(expected["stage_days"])
    same = {"konfliktrad", "since", "until", "days"} & set(expected)
    assert {key: office[key] for key in same} == {key: expected[key] for key in same}


def assert_ended_by_closing(client: Client, case: str, expected: list[dict[str, Any]]) -> None:
    """What a closing ends is recorded with it, by events of the same instant."""
    items = client.get(f"/v1/cases/{case}/events").json()["items"]
    with_last = [e for e in items if e["recorded_at"] == items[-1]["recorded_at"]]
    ended = [{"type": e["type"], **e["details"]} for e in with_last if e["actor"] == "system"]
    assert len(ended) == len(expected)
    assert all(any(one.items() <= event.items() for event in ended) for one in expected), ended


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def assert_deadline(clocks: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    found = [c for c in clocks if c["code"] == expected["code"]]
    assert expected["due"].isoformat() in [c["due"] for c in found], expected
    clock = next(c for c in found if c["due"] == expected["due"].isoformat())
    assert clock["unmoved"] == expected.get("unmoved", expected["due"]).isoformat()
    assert clock["late_days"] == expected.get("late_days", clock["late_days"])


def assert_counted_once(served: Service, closed: int) -> None:
    """The only case of the service, however many offices had it."""
    case_cache.refresh(served.db)
    period = {"from": "2025-01-01", "to": "2025-12-31", "statistic": "completion.closed"}
    (figure,) = served.as_("secretariat").get("/v1/statistics/completion", **period).json()["items"]
    assert [cell["all"] for cell in figure["cells"]] == [closed]


def assert_esas(client: Client, case: str, expected: list[dict[str, Any]]) -> None:
    items = client.get(f"/v1/cases/{case}/events").json()["items"]
    told = [(e["occurred_on"], s["part"], s["code"]) for e in items for s in e["official_status"]]
    for one in expected:
        assert (one["date"].isoformat(), one["part"], one["code"]) in told


def assert_as_known(client: Client, case: str, expected: list[dict[str, Any]]) -> None:
    for one in expected:
        then = client.get(f"/v1/cases/{case}", known_at=one["date"].isoformat()).json()
        assert then["start"]["date"] == one["start"].isoformat()
        assert then["planned_end"] == one["planned_end"].isoformat()
        assert then["lead_time_days"] == one["lead_time_days"]
        assert then["breaches"] == one.get("breaches", then["breaches"])


def assert_never_told_before(
    served: Service, client: Client, case: str, expected: list[dict[str, Any]], last: date
) -> None:
    for one in expected:
        first = one["never_before"]
        eve = (first - timedelta(days=1)).isoformat()
        known_before = client.get(f"/v1/cases/{case}/deadlines", known_at=eve).json()["items"]
        assert all(c["code"] != one["about"] for c in known_before)
        served.clock.turn_to(last)
        about = [c for c in client.get(f"/v1/cases/{case}/deadlines").json()["items"] if c["code"] == one["about"]]
        assert about
        assert all(c["notice_from"] >= first.isoformat() for c in about)


def test_the_same_history_gives_the_same_answers_on_both_databases(
    sqlite_template: Any, pg_database: Any, tmp_path: Any
) -> None:
    answers = []
    for url in (service.sqlite_copy(sqlite_template, tmp_path), pg.sqlalchemy_url(pg_database(service.fill))):
        with Service(url, tmp_path) as running:
            answers.append([without_ids(*replay(running, histories.read(name))) for name in histories.NAMES])
    assert answers[0] == answers[1]


def without_ids(client: Client, case: str) -> list[Any]:
    paths = ("", "/events", "/lead-time", "/deadlines", "/options")
    told = [client.get(f"/v1/cases/{case}{path}").json() for path in paths]
    told[0] |= {"id": "", "reference": "", "person": None}
    told[1]["items"][0]["details"]["person"] = ""
    for event in told[1]["items"]:
        event["recorded_at"] = event["recorded_at"][:10]
    return told

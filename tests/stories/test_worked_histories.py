"""The six worked histories, replayed through HTTP on both databases: every expected value, counted by hand."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests import pg, service
from tests.service import Client, Service, new_case
from tests.stories import histories
from tests.stories.histories import Told

STATES_AS_OF = {"as_known_on"}


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
    refused = list(history["expect"].get("refused", []))
    for told in histories.events(history):
        while refused and refused[0]["date"] <= told.recorded_on:
            assert_refused(served, client, case, refused.pop(0))
        served.clock.turn_to(told.recorded_on)
        done = correct(client, case, told) if told.type == "corrected" else record(client, case, told)
        assert done.status_code == 201, f"{told}: {done.text}"
    return client, case


def record(client: Client, case: str, told: Told) -> Any:
    return client.record(case, told.type, told.occurred_on, told.details)


def correct(client: Client, case: str, told: Told) -> Any:
    shown = client.get(f"/v1/cases/{case}/events")
    target = next(e for e in shown.json()["items"] if e["type"] == told.details["corrects"])
    body = {
        "seq": target["seq"],
        "reason": "wrong_date",
        "replacement": {told.details["field"]: told.occurred_on.isoformat()},
    }
    return client.post(f"/v1/cases/{case}/corrections", body, shown.headers["ETag"])


def assert_refused(served: Service, client: Client, case: str, expected: dict[str, Any]) -> None:
    served.clock.turn_to(expected["date"])
    before = client.get(f"/v1/cases/{case}").headers["ETag"]
    done = client.record(case, expected["type"], expected["date"], {"present": ["youth", "guardian"]})
    assert done.status_code == 409
    assert done.json()["unmet"][0]["current"] == "appealed", expected["because"]
    assert client.get(f"/v1/cases/{case}").headers["ETag"] == before


@pytest.mark.parametrize("name", histories.NAMES)
def test_worked_history_gives_every_expected_value(served: Service, name: str) -> None:
    history = histories.read(name)
    client, case = replay(served, history)
    expect = history["expect"]
    last = max(told.recorded_on for told in histories.events(history))

    shown = client.get(f"/v1/cases/{case}").json()
    time = client.get(f"/v1/cases/{case}/lead-time").json()
    clocks = client.get(f"/v1/cases/{case}/deadlines").json()["items"]

    assert shown["state"] == expect["state"]
    assert shown["start"] == plain(expect["start"])
    assert shown["lead_time_days"] == time["lead_time_days"] == expect["lead_time_days"]
    for key in ("planned_end", "adjusted_end", "interrupted_days"):
        if key in expect:
            assert shown[key] == plain(expect[key]), key
    if "served_days_before_interruption" in expect:
        assert shown["served_days_before_interruption"] == expect["served_days_before_interruption"]
    assert shown["completion"] == expect.get("completion", shown["completion"])
    assert sum(time["stage_days"].values()) == sum(time["wait_days"].values()) == time["total_days"]
    for party, days in expect.get("wait_days", {}).items():
        assert time["wait_days"][party] == days
    for deadline in expect.get("deadlines", []):
        assert_deadline(clocks, deadline)
    assert_esas(client, case, expect.get("esas", []))
    assert_as_known(client, case, expect.get("as_known_on", []))
    assert_never_told_before(served, client, case, expect.get("alerts", []), last)


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return value.isoformat() if isinstance(value, date) else value


def assert_deadline(clocks: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    found = next(c for c in clocks if c["code"] == expected["code"])
    assert found["due"] == expected["due"].isoformat()
    assert found["unmoved"] == expected.get("unmoved", expected["due"]).isoformat()
    assert found["late_days"] == expected["late_days"]


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
        assert then["breaches"] == one["breaches"]


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

"""Time travel: as it was on a day in the world, and as it was known at an instant."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.api.build import assert_problem, recorded
from tests.service import Client, Service, new_case, sqlite_copy

READINGS = ("", "/events", "/lead-time", "/deadlines")


@pytest.fixture(scope="module")
def told(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, str]]:
    """A case of January 2026, known a little at a time, with a date corrected and an event annulled afterwards.

    5th registered, 7th suspect, 9th coordination requested and written down only on the 12th, 14th a charge;
    20th the suspect day corrected to the 6th; 21st the charge annulled.
    """
    folder = tmp_path_factory.mktemp("travel")
    with Service(sqlite_copy(sqlite_template, folder), folder) as running:
        client = running.as_("coordinator", "oslo")
        case = client.post("/v1/cases", new_case()).json()["id"]
        for recorded_on, kind, occurred_on in (
            (7, "suspect_set", "2026-01-07"),
            (12, "coordination_requested", "2026-01-09"),
            (14, "charged", "2026-01-14"),
        ):
            running.clock.turn_to(date(2026, 1, recorded_on))
            recorded(client, case, kind, occurred_on)
        for recorded_on, seq, replacement in ((20, 2, {"occurred_on": "2026-01-06"}), (21, 4, None)):
            running.clock.turn_to(date(2026, 1, recorded_on))
            body = {"seq": seq, "reason": "wrong_date", "replacement": replacement}
            tag = client.get(f"/v1/cases/{case}").headers["ETag"]
            assert client.post(f"/v1/cases/{case}/corrections", body, tag).status_code == 201
        running.clock.turn_to(date(2026, 2, 1))
        yield client, case


def state(told: tuple[Client, str], **when: str) -> str:
    client, case = told
    return client.get(f"/v1/cases/{case}", **when).json()["state"]


def kinds(told: tuple[Client, str], **when: str) -> list[tuple[str, str, str]]:
    client, case = told
    items = client.get(f"/v1/cases/{case}/events", **when).json()["items"]
    return [(e["type"], e["occurred_on"][-2:], e["standing"]) for e in items]


def test_known_at_tells_the_case_as_it_was_known(told: tuple[Client, str]) -> None:
    assert state(told, known_at="2026-01-06") == "registered"
    assert state(told, known_at="2026-01-11") == "investigation"
    assert state(told, known_at="2026-01-12") == "assessment"
    assert state(told, known_at="2026-01-12T11:59:00+01:00") == "investigation"


def test_valid_at_tells_the_case_as_it_was_in_the_world(told: tuple[Client, str]) -> None:
    assert state(told, valid_at="2026-01-05") == "registered"
    assert state(told, valid_at="2026-01-06") == "investigation"
    assert state(told, valid_at="2026-01-09") == "assessment"


def test_both_together_tell_what_was_known_then_of_how_it_was_before(told: tuple[Client, str]) -> None:
    assert state(told, valid_at="2026-01-06", known_at="2026-01-19") == "registered"
    assert state(told, valid_at="2026-01-06", known_at="2026-01-20") == "investigation"
    assert state(told, valid_at="2026-01-10", known_at="2026-01-11") == "investigation"


def test_the_history_before_and_after_a_correction(told: tuple[Client, str]) -> None:
    now = kinds(told)
    assert now[1] == ("suspect_set", "07", "corrected")
    assert now[3] == ("charged", "14", "annulled")
    assert [kind for kind, _, _ in now[4:]] == ["corrected", "corrected"]
    before = kinds(told, known_at="2026-01-19")
    assert before[1] == ("suspect_set", "07", "current")
    assert before[3] == ("charged", "14", "current")
    assert len(before) == 4
    between = kinds(told, known_at="2026-01-20")
    assert (between[1][2], between[3][2], len(between)) == ("corrected", "current", 5)


def test_the_history_until_a_day_holds_what_had_happened_by_then_as_now_known(told: tuple[Client, str]) -> None:
    until = kinds(told, valid_at="2026-01-06")
    assert [(kind, standing) for kind, _, standing in until] == [
        ("case_registered", "current"),
        ("suspect_set", "corrected"),
        ("corrected", "current"),
    ]
    assert [kind for kind, _, _ in kinds(told, valid_at="2026-01-06", known_at="2026-01-19")] == ["case_registered"]
    client, case = told
    last = client.get(f"/v1/cases/{case}/events", valid_at="2026-01-09").json()["items"]
    assert {e["type"]: e["state_after"] for e in last}["coordination_requested"] == "assessment"


def test_lead_time_and_deadlines_travel_too(told: tuple[Client, str]) -> None:
    client, case = told
    days = {
        when: client.get(f"/v1/cases/{case}/lead-time", known_at=when).json()["stage_days"]
        for when in ("2026-01-19", "2026-01-20")
    }
    assert days["2026-01-19"]["registered"] == 2
    assert days["2026-01-20"]["registered"] == 1
    begun = {
        when: {
            c["code"]: c["begun_on"] for c in client.get(f"/v1/cases/{case}/deadlines", known_at=when).json()["items"]
        }
        for when in ("2026-01-06", "2026-01-19", "2026-01-20")
    }
    assert "charge_decision" not in begun["2026-01-06"]
    assert begun["2026-01-19"]["charge_decision"] == "2026-01-07"
    assert begun["2026-01-20"]["charge_decision"] == "2026-01-06"


def test_the_answer_says_which_day_and_which_knowledge_it_speaks_of(told: tuple[Client, str]) -> None:
    client, case = told
    for path in ("", "/lead-time", "/deadlines"):
        as_of = client.get(f"/v1/cases/{case}{path}", valid_at="2026-01-09", known_at="2026-01-20").json()["as_of"]
        assert as_of["on"] == "2026-01-09"
        assert as_of["known_at"].startswith("2026-01-20T23:59:59")
        assert client.get(f"/v1/cases/{case}{path}").json()["as_of"] == {"on": "2026-02-01", "known_at": None}


@pytest.mark.parametrize("when", [{"known_at": "2026-01-04"}, {"valid_at": "2026-01-04"}])
def test_a_case_not_known_or_not_begun_then_is_404(told: tuple[Client, str], when: dict[str, str]) -> None:
    client, case = told
    for path in READINGS:
        assert_problem(client.get(f"/v1/cases/{case}{path}", **when), 404, "not_found")
    assert client.get("/v1/cases", **when).json()["items"] == []


def test_the_etag_of_the_past_does_not_open_the_present(told: tuple[Client, str]) -> None:
    client, case = told
    old = client.get(f"/v1/cases/{case}", known_at="2026-01-12").headers["ETag"]
    assert old == '"3"'
    body: dict[str, Any] = {"type": "consent_given", "occurred_on": "2026-01-30", "details": {"by": "youth"}}
    assert_problem(client.post(f"/v1/cases/{case}/events?dry_run=true", body, old), 412, "stale")


def test_a_list_travels_and_filters_by_how_it_was_then(told: tuple[Client, str]) -> None:
    client, case = told

    def found(**query: str) -> list[str]:
        return [one["id"] for one in client.get("/v1/cases", **query).json()["items"]]

    assert found(known_at="2026-01-11", state="investigation") == [case]
    assert found(known_at="2026-01-11", state="assessment") == []
    assert found(known_at="2026-01-12", state="assessment") == [case]
    assert found(valid_at="2026-01-06", state="investigation") == [case]
    assert found(valid_at="2026-01-06", known_at="2026-01-19", state="investigation") == []


def test_a_fact_written_down_late_does_not_hide_the_case_as_it_was_before_it(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    case = client.post("/v1/cases", new_case()).json()["id"]
    one.clock.turn_to(date(2026, 1, 9))
    recorded(client, case, "suspect_set", "2026-01-09")
    recorded(client, case, "coordination_requested", "2026-01-09")
    recorded(client, case, "offence_added", "2026-01-06", {"offence": {"on": "2026-01-01"}})
    for day in ("2026-01-05", "2026-01-06", "2026-01-08"):
        assert client.get(f"/v1/cases/{case}", valid_at=day).json()["state"] == "registered"
        assert [one["id"] for one in client.get("/v1/cases", valid_at=day).json()["items"]] == [case]
    acts = [client.get(f"/v1/cases/{case}", valid_at=d).json()["first_offence"] for d in ("2026-01-05", "2026-01-06")]
    assert acts == ["2026-01-02", "2026-01-01"]

"""The worked histories explained, through HTTP: which days each party had, and whose made the difference. By hand."""

from datetime import date
from typing import Any

import pytest

from tests.api.build import case_at, recorded
from tests.service import Client, Service
from tests.stories import histories
from tests.stories.test_worked_histories import replay
from ungdom.worklist import worklist

# Name → day asked; days, days past the norm, parts in order; causes that made the difference; other clocks passed.
EXPECTED: dict[str, tuple[str, int, int | None, list[tuple[str, str | None, str, int]], list[str], dict[str, int]]] = {
    # 18 January to 20 August 2025; due 17 July
    "alfa": (
        "2025-08-20",
        214,
        34,
        [
            ("police", None, "registered", 2),
            ("police", None, "investigation", 35),
            ("konfliktrad", None, "assessment", 7),
            ("court", None, "in_court", 52),
            ("parties", None, "judged", 29),
            ("court", None, "appealed", 50),
            ("prosecution", None, "final", 6),
            ("konfliktrad", None, "received", 3),
            ("konfliktrad", None, "preparing", 30),
        ],
        ["in_court"],
        {"hearing_started": 7},
    ),
    # 10 September 2022 to 8 August 2023; due 9 March
    "gamma": (
        "2024-03-22",
        332,
        152,
        [
            ("police", None, "registered", 4),
            ("police", None, "investigation", 128),
            ("court", None, "in_court", 82),
            ("parties", None, "judged", 15),
            ("prosecution", None, "final", 28),
            ("konfliktrad", None, "received", 5),
            ("konfliktrad", None, "preparing", 70),
        ],
        ["investigation", "in_court"],
        {"charge_decision": 86, "dispatch": 21, "plan_meeting": 15},
    ),
    # 2 May to 2 July 2025, when consent was withdrawn: no start
    "delta": (
        "2025-07-10",
        61,
        None,
        [
            ("police", None, "registered", 3),
            ("police", None, "investigation", 15),
            ("konfliktrad", None, "assessment", 23),
            ("prosecution", None, "final", 6),
            ("konfliktrad", None, "received", 1),
            ("konfliktrad", None, "preparing", 13),
        ],
        [],
        {},
    ),
    # 14 December 2024 to 9 April 2025: in time
    "epsilon": (
        "2025-04-10",
        116,
        0,
        [
            ("police", None, "registered", 2),
            ("police", None, "investigation", 39),
            ("court", None, "in_court", 40),
            ("parties", None, "judged", 15),
            ("prosecution", None, "final", 6),
            ("konfliktrad", None, "received", 1),
            ("konfliktrad", None, "preparing", 13),
        ],
        [],
        {},
    ),
    # 25 October 2025 to 15 January 2026: in time
    "theta": (
        "2026-01-20",
        82,
        0,
        [
            ("police", None, "registered", 2),
            ("police", None, "investigation", 35),
            ("prosecution", None, "awaiting_decision", 4),
            ("prosecution", None, "final", 5),
            ("konfliktrad", None, "received", 1),
            ("konfliktrad", None, "preparing", 35),
        ],
        [],
        {},
    ),
    # 11 February 2023 to 22 May 2024; due 10 August 2023
    "iota": (
        "2024-05-25",
        466,
        286,
        [
            ("police", None, "registered", 4),
            ("police", None, "investigation", 76),
            ("court", None, "in_court", 197),
            ("parties", None, "judged", 15),
            ("prosecution", None, "final", 77),
            ("konfliktrad", None, "received", 1),
            ("victim", "youth_conference", "preparing", 70),
            ("konfliktrad", None, "preparing", 26),
        ],
        ["in_court", "final", "investigation"],
        {"charge_decision": 34, "dispatch": 70, "plan_meeting": 37},
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_worked_history_is_explained_to_the_day(one: Service, name: str) -> None:
    day, days, over, parts, difference, passed = EXPECTED[name]
    client, case = replay(one, histories.read(name))
    shown = client.get(f"/v1/cases/{case}/delay", valid_at=day).json()
    start = shown["start"]

    assert (start["days"], start["over_days"], start["allowed_days"]) == (days, over, 180)
    assert [(p["party"], p["reason"], p["state"], p["days"]) for p in start["parts"]] == parts
    assert start["before_registration_days"] == 0
    assert sum(p["days"] for p in start["parts"]) == days
    assert [c["state"] for c in start["causes"] if c["made_difference"]] == difference
    waited = client.get(f"/v1/cases/{case}/deadlines", valid_at=day).json()["items"]
    assert {clock["code"]: clock["over_days"] for clock in shown["clocks"]} == passed
    assert {c["code"] for c in waited if c["status"] in ("late", "overdue")} - {"lead_time"} == set(passed)


def test_the_person_investigation_of_alfa_is_told_beside(one: Service) -> None:
    client, case = replay(one, histories.read("alfa"))
    out = client.get(f"/v1/cases/{case}/delay").json()["start"]["person_investigation"]
    assert out == {"days": 28, "recorded_days": 0, "on": "2025-07-23", "within": False}


SAID = {
    "nb": (
        "Gjennomføringen startet 214 dager etter siste lovbrudd; normen er 180 dager.",
        "Uten de 52 dagene med venting på domstolen mens saken sto som «til pådømmelse» ville starten ha vært "
        "innenfor normen.",
        "«Hovedforhandling i tingretten» tok 49 dager; fristen er 42 dager.",
    ),
    "nn": (
        "Gjennomføringa starta 214 dagar etter siste lovbrot; norma er 180 dagar.",
        "Utan dei 52 dagane med venting på domstolen medan saka stod som «til pådømming» ville starten ha vore "
        "innanfor norma.",
        "«Hovudforhandling i tingretten» tok 49 dagar; fristen er 42 dagar.",
    ),
    "en": (
        "Execution started 214 days after the last offence; the norm is 180 days.",
        "Without the 52 days of waiting for the court while the case stood as ‘before the court’, the start would "
        "have been within the norm.",
        "‘Hearing to start’ took 49 days; 42 days are allowed.",
    ),
}


def asked(client: Client, path: str, language: str, **query: Any) -> Any:
    headers = {"Authorization": f"Bearer {client.token}", "Accept-Language": language}
    answer = client.service.send("GET", path, headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_difference_is_said_in_three_languages(one: Service) -> None:
    client, case = replay(one, histories.read("alfa"))
    for language, (went, difference, hearing) in SAID.items():
        shown = asked(client, f"/v1/cases/{case}/delay", language, valid_at="2025-08-20")
        assert shown["start"]["sentences"][:2] == [went, difference]
        assert shown["clocks"][0]["sentences"][0] == hearing


def investigated(one: Service) -> tuple[Client, str]:
    """Waiting 74 days for the person investigation; started on 5 August 2025: 214 days, 34 too many."""
    one.clock.turn_to(date(2025, 8, 20))
    client = one.as_("coordinator", "oslo")
    case = case_at(client, "assessment", "2025-01-10", offences=[{"on": "2025-01-03"}])
    told: list[tuple[str, str, dict[str, Any]]] = [
        ("2025-02-14", "wait_started", {"party": "correctional_service", "reason": "person_investigation"}),
        ("2025-04-29", "wait_ended", {}),
        ("2025-05-20", "consent_given", {"by": "youth"}),
        ("2025-05-20", "consent_given", {"by": "guardian"}),
        ("2025-05-20", "transferred_to_follow_up", {"length": {"months": 6}, "guilt_proven": True}),
        ("2025-06-10", "received", {}),
        ("2025-06-11", "assigned", {"coordinator": "coordinator-oslo"}),
        ("2025-08-05", "plan_meeting_held", {"present": ["youth", "guardian"]}),
    ]
    for day, kind, details in told:
        recorded(client, case, kind, day, details)
    return client, case


def test_the_sentence_of_the_person_investigation(one: Service) -> None:
    client, case = investigated(one)
    start = asked(client, f"/v1/cases/{case}/delay", "nb")["start"]

    assert (start["days"], start["over_days"], start["before_registration_days"]) == (214, 34, 7)
    assert start["sentences"] == [
        "Gjennomføringen startet 214 dager etter siste lovbrudd; normen er 180 dager.",
        "Uten de 74 dagene med venting på personundersøkelsen (kriminalomsorgen) ville starten ha vært innenfor "
        "normen.",
    ]
    assert start["causes"][0] == {
        "party": "correctional_service",
        "reason": "person_investigation",
        "state": None,
        "label": "Venting på personundersøkelsen (kriminalomsorgen)",
        "made_difference": True,
        "days": 74,
        "on": "2025-05-23",
        "within": True,
    }
    assert [cause["within"] for cause in start["causes"]] == [True, True, True, False, False]  # 74 56 55 21 1


# --- a group --------------------------------------------------------------------------------------------------------


def shares(found: dict[str, Any]) -> dict[tuple[str, str | None, str | None], tuple[int, int, int, float]]:
    return {
        (c["party"], c["reason"], c["state"]): (c["days"], c["cases"], c["made_difference_in"], c["share"])
        for c in found["causes"]
    }


def test_a_group_holds_what_the_viewer_may_see_of_a_period(served: Service) -> None:
    client, case = investigated(served)
    found = asked(client, "/v1/delays", "nb", **{"from": "2025-08-01", "to": "2025-08-31"})

    assert (found["cases"], found["started"], found["over_norm"], found["beyond_waits"]) == (1, 1, 1, 0)
    assert found["before_registration_days"] == 7
    assert shares(found)["correctional_service", "person_investigation", None] == (74, 1, 1, 1.0)
    assert shares(found)["konfliktrad", None, "assessment"] == (56, 1, 0, 0.0)
    assert found["causes"][0]["label"] == "Venting på personundersøkelsen (kriminalomsorgen)"
    assert found["parties"][0] == {
        "party": "correctional_service",
        "label": "Kriminalomsorgen",
        "days": 74,
        "cases": 1,
        "made_difference_in": 1,
        "share": 1.0,
    }
    assert found["next"] is None

    def cases(who: Client = client, **query: str) -> tuple[int, int]:
        told = asked(who, "/v1/delays", "nb", **query)
        return told["cases"], told["over_norm"]

    assert cases(**{"from": "2025-08-06"}) == (0, 0)
    assert cases(to="2025-06-09") == (0, 0)
    assert cases(to="2025-06-10") == (1, 1)  # received that day
    assert cases(to="2025-06-10", valid_at="2025-07-01") == (1, 0)  # not started, 179 days old
    assert cases(to="2025-06-10", valid_at="2025-07-03") == (1, 1)
    assert cases(known_at="2025-08-19") == (0, 0)
    assert cases(sanction="youth_sanction") == (0, 0)
    assert cases(konfliktrad="oslo") == (1, 1)
    assert client.get("/v1/delays", konfliktrad="troms").status_code == 403
    assert cases(served.as_("secretariat"), konfliktrad="troms") == (0, 0)
    assert cases(served.as_("coordinator", "troms")) == (0, 0)
    assert cases(served.as_("secretariat")) == (1, 1)
    assert served.as_("analyst").get("/v1/delays").status_code == 403
    assert served.as_("analyst").get(f"/v1/cases/{case}/delay").status_code == 403


def test_a_period_that_ends_before_it_began_is_refused(one: Service) -> None:
    refused = one.as_("leader", "oslo").get("/v1/delays", **{"from": "2025-02-01", "to": "2025-01-31"})
    assert refused.status_code == 422


def test_pages_of_a_group_add_up(one: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    client = one.as_("coordinator", "oslo")
    for number in range(3):
        case_at(client, "received", police_case_numbers=[f"1543481{number}"])
    whole = client.get("/v1/delays").json()
    monkeypatch.setattr(worklist, "EXPLAINED_AT_MOST", 2)
    first = client.get("/v1/delays").json()
    rest = client.get("/v1/delays", cursor=first["next"]).json()

    assert (whole["cases"], first["cases"], rest["cases"], rest["next"]) == (3, 2, 1, None)
    assert client.get("/v1/delays", cursor=first["next"], konfliktrad="oslo").status_code == 400

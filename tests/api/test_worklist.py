"""The worklist over HTTP: what needs doing, for whom, by when, and why what cannot be done yet cannot."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.api.build import DAY, case_at, etag, opened, recorded
from tests.api.test_statements import LIST, statements
from tests.service import Client, Service

FIRST = date.fromisoformat(DAY)


def work(client: Client, **asked: Any) -> list[dict[str, Any]]:
    found = client.get("/v1/worklist", **asked)
    assert found.status_code == 200, found.text
    return found.json()["items"]


def named(row: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {task["kind"]: task for task in row["tasks"]}


def test_a_case_tells_what_needs_doing_by_whom_and_by_when(served: Service) -> None:
    office = served.as_("coordinator", "oslo")
    case = case_at(office, "preparing")

    (row,) = work(office)

    assert (row["id"], row["state"], row["version"], row["waiting_for"]) == (case, "preparing", 8, "konfliktrad")
    assert (row["age_days"], row["days_since_offence"]) == (0, 3)
    contact, plan = named(row)["make_contact"], named(row)["make_plan"]
    assert (contact["action"], contact["who"], contact["due"], contact["days_left"]) == (
        "first_contact", ["coordinator"], (FIRST + timedelta(days=7)).isoformat(), 7,
    )  # fmt: skip
    assert (plan["action"], plan["due"], plan["open"], plan["binding"]) == (
        "plan_meeting_held", (FIRST + timedelta(days=60)).isoformat(), True, False,
    )  # fmt: skip
    assert row["next_deadline"]["code"] == "first_contact"
    assert row["tasks"][0]["kind"] == "make_contact"


def test_what_cannot_be_done_yet_says_why_and_from_when(served: Service) -> None:
    office = served.as_("coordinator", "oslo")
    case_at(office, "executing")

    complete = named(work(office)[0])["complete"]

    assert (complete["open"], complete["opens_on"], complete["due"]) == (False, "2026-07-05", "2026-07-05")
    (why,) = complete["unmet"]
    assert (why["code"], why["current"], why["earliest"], why["law"]) == (
        "term_has_run", DAY, "2026-07-05", "krl § 22; strl § 52 c",
    )  # fmt: skip
    assert "5. juli 2026" in why["message"]


def test_a_list_and_recording_agree(served: Service) -> None:
    office = served.as_("leader", "oslo")
    for stage in ("registered", "final", "received", "preparing", "executing"):
        case_at(office, stage)

    compared = 0
    for row in work(office):
        options = {one["type"]: one for one in office.get(f"/v1/cases/{row['id']}/options").json()["items"]}
        for task in row["tasks"]:
            if task["action"] in options:
                assert task["open"] == options[task["action"]]["enabled"], task
                compared += 1
    assert compared >= 5


def test_a_kind_lists_only_cases_with_that_to_do_and_for_whom(served: Service) -> None:
    office = served.as_("leader", "oslo")
    received, preparing = case_at(office, "received"), case_at(office, "preparing")
    final = case_at(office, "final")

    assert [row["id"] for row in work(office, kind="assign")] == [received]
    assert {row["id"] for row in work(office, kind="make_plan")} == {received, preparing}
    assert [row["id"] for row in work(office, actor="prosecution")] == [final]
    assert work(office, kind="complete") == []
    kinds = {one["kind"]: one for one in office.get("/v1/worklist/kinds").json()["items"]}
    assert (kinds["assign"]["cases"], kinds["make_plan"]["cases"], kinds["complete"]["cases"]) == (1, 2, 0)
    assert kinds["dispatch"]["actions"] == ["dispatched"]


def test_the_most_pressing_comes_first_whatever_was_opened_first(served: Service) -> None:
    office = served.as_("coordinator", "oslo")
    later = case_at(office, "executing")
    recorded(office, later, "plan_approved")
    sooner = case_at(office, "preparing")

    assert [row["id"] for row in work(office)] == [sooner, later]


def test_mine_are_those_assigned_to_me(served: Service) -> None:
    office = served.as_("coordinator", "oslo")
    other = served.as_("coordinator", "oslo", subject="coordinator-oslo-2")
    mine = case_at(office, "preparing")

    assert [row["id"] for row in work(office, mine=True)] == [mine]
    assert work(other, mine=True) == []
    assert [row["id"] for row in work(other)] == [mine]


def test_it_turns_with_the_days(one: Service) -> None:
    office = one.as_("coordinator", "oslo")
    case_at(office, "preparing")

    one.clock.turn_to(date(2026, 1, 20))
    contact = named(work(office)[0])["make_contact"]

    assert contact["days_left"] == -8
    assert [row["reference"] for row in work(office, overdue=True)] == [work(office)[0]["reference"]]


def test_of_the_past_it_tells_what_there_was_to_do(served: Service) -> None:
    office = served.as_("coordinator", "oslo")
    case = case_at(office, "preparing")
    served.clock.turn_to(date(2026, 2, 2))
    recorded(office, case, "plan_meeting_held", "2026-02-02", {"present": ["youth", "guardian"]})

    then = work(office, known_at="2026-01-31", kind="make_plan")

    assert [(row["id"], row["state"]) for row in then] == [(case, "preparing")]
    assert work(office, kind="make_plan") == []


def test_who_comes_of_age_meanwhile_is_told_anew(one: Service) -> None:
    office = one.as_("coordinator", "oslo")
    case = opened(office, person={"given_name": "Ask", "family_name": "Testesen", "born": "2008-02-01",
                                  "guardians": [{"name": "Eli Testesen"}]})  # fmt: skip
    for kind, details in (("suspect_set", {}), ("coordination_requested", {}), ("consent_given", {"by": "youth"})):
        recorded(office, case, kind, DAY, details)
    assert "obtain_consent" in named(work(office)[0])
    assert work(office)[0]["turns_18_in_days"] == 27

    one.clock.turn_to(date(2026, 2, 2))

    (row,) = work(office)
    assert "obtain_consent" not in named(row)
    assert named(row)["decide_charge"]["open"] is True
    assert row["turns_18_in_days"] is None


def test_prosecution_sees_what_is_theirs_and_others_have_no_worklist(served: Service) -> None:
    office = served.as_("coordinator", "oslo")
    case_at(office, "final")
    prosecution = served.as_("prosecution", "oslo")

    (row,) = work(prosecution)

    assert {actor for task in row["tasks"] for actor in task["who"]} <= {"prosecution", "police"}
    for role in ("analyst", "auditor", "admin", "team_member"):
        assert served.as_(role).get("/v1/worklist").status_code == 403


def test_a_case_has_its_own_list_with_its_version(served: Service) -> None:
    office = served.as_("coordinator", "oslo")
    case = case_at(office, "preparing")

    found = office.get(f"/v1/cases/{case}/tasks")

    assert [task["kind"] for task in found.json()["items"]] == [task["kind"] for task in work(office)[0]["tasks"]]
    assert found.headers["ETag"] == etag(office, case)


@pytest.mark.parametrize("query", [{}, {"kind": "make_plan"}, {"known_at": DAY}, {"mine": True}], ids=str)
def test_a_page_takes_at_most_three_statements_however_long_it_is(served: Service, query: dict[str, Any]) -> None:
    office = served.as_("coordinator", "oslo")
    counts = []
    for more in (1, 6):
        for _ in range(more):
            case_at(office, "preparing")
        with statements() as said:
            work(office, **query)
        counts.append(len(said))
    assert counts[0] == counts[1] <= LIST


def test_pages_together_are_the_list(served: Service) -> None:
    office = served.as_("coordinator", "oslo")
    for stage in ("preparing", "received", "executing", "final", "preparing"):
        case_at(office, stage)
    whole = [row["id"] for row in work(office, limit=200)]

    walked: list[str] = []
    asked: dict[str, Any] = {"limit": 2}
    for _ in range(5):
        page = office.get("/v1/worklist", **asked).json()
        walked += [row["id"] for row in page["items"]]
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]

    assert walked == whole

"""What a coordinator and a leader find in their lists: the late above the undated, what each filter says, both ways."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from tests.api.build import DAY, case_at, recorded
from tests.service import Client, Service
from ungdom.store.schema.cases import case_current

BREACH = (("breach_recorded", {"kind": "plan"}), ("breach_talk_ordered", {}))
TODAY = date(2026, 4, 6)


@pytest.fixture
def coordinator(served: Service) -> Client:
    return served.as_("coordinator", "oslo")


@pytest.fixture
def leader(served: Service) -> Client:
    return served.as_("leader", "oslo")


def in_breach(office: Client, day: str) -> str:
    """A case in which a breach talk was ordered that day; its id."""
    case = case_at(office, "executing")
    for kind, details in BREACH:
        recorded(office, case, kind, day, details)
    return case


def page(client: Client, path: str = "/v1/worklist", **query: Any) -> dict[str, Any]:
    answer = client.get(path, **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ids(client: Client, path: str = "/v1/worklist", **query: Any) -> list[str]:
    return [row["id"] for row in page(client, path, **query)["items"]]


def task(row: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(dict(one) for one in row["tasks"] if one["kind"] == kind)


# --- order ------------------------------------------------------------------------------------------------------


def test_a_breach_talk_that_is_late_stands_above_a_task_that_nothing_dates(served: Service, leader: Client) -> None:
    undated = case_at(leader, "executing")  # since January the plan is not approved, for which no day is set
    served.clock.turn_to(date(2026, 2, 2))
    late = in_breach(leader, "2026-02-02")
    recorded(leader, late, "team_meeting_held", "2026-02-02", {"invited": [], "present": []})
    served.clock.turn_to(TODAY)
    recorded(leader, undated, "team_meeting_held", str(TODAY), {"invited": [], "present": []})

    rows = page(leader)["items"]

    assert [row["id"] for row in rows] == [late, undated]
    assert rows[0]["tasks"][0]["kind"] == "hold_talk"
    assert rows[0]["tasks"][0]["days_left"] < -30
    assert rows[1]["tasks"][0]["due"] is None or rows[1]["tasks"][0]["days_left"] >= 0
    assert task(rows[1], "approve_plan")["due"] is None
    of_case = leader.get(f"/v1/cases/{late}/tasks").json()["items"]
    assert [one["kind"] for one in of_case] == [one["kind"] for one in rows[0]["tasks"]]


def test_a_list_can_be_put_in_another_order_but_not_one_of_the_past(served: Service, leader: Client) -> None:
    first, second = sorted([case_at(leader, "preparing"), case_at(leader, "received")])
    served.clock.turn_to(date(2026, 2, 2))
    third = case_at(leader, "received", "2026-02-02")

    assert ids(leader, sort="registered_on")[-1] == third
    assert ids(leader, sort="-registered_on")[0] == third
    assert ids(leader, kind="make_plan", sort="due") == [first, second, third]
    assert ids(leader, kind="make_plan", sort="-due") == [third, first, second]
    refused = leader.get("/v1/worklist", sort="due", known_at="2026-01-20")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "sort_of_the_past")


# --- filters on the task ----------------------------------------------------------------------------------------


def test_a_filter_is_about_one_task_and_says_which(served: Service, leader: Client) -> None:
    late = in_breach(leader, DAY)
    plan = case_at(leader, "preparing")
    served.clock.turn_to(date(2026, 2, 2))

    assert ids(leader, kind="hold_talk", overdue=True) == [late]
    assert ids(leader, kind="make_plan", overdue=True) == []  # its first contact is late, its plan is not
    assert ids(leader, kind="make_contact", overdue=True) == [plan]
    assert ids(leader, kind="make_plan", overdue=False) == [plan]
    (row,) = page(leader, kind="make_plan")["items"]
    assert [one["kind"] for one in row["tasks"] if one["matches"]] == ["make_plan"]
    kinds = {one["kind"]: (one["cases"], one["overdue"]) for one in page(leader, "/v1/worklist/kinds")["items"]}
    assert (kinds["hold_talk"], kinds["make_plan"], kinds["make_contact"]) == ((1, 1), (1, 0), (1, 1))


def test_counts_of_a_row_that_an_older_version_has_written_are_answered(served: Service, leader: Client) -> None:
    """It does not know `task_kinds`: of a case without a task any more the column is as before, and `duties` empty."""
    case_at(leader, "final")
    prosecution = served.as_("prosecution", "oslo")
    before = page(prosecution, "/v1/worklist/kinds")["items"]
    with served.db.writing() as tx:
        tx.execute(update(case_current).values(duties=None))
    assert sum(kind["cases"] for kind in before) == 1
    assert sum(kind["cases"] for kind in page(prosecution, "/v1/worklist/kinds")["items"]) == 0


def test_what_is_due_before_a_day(leader: Client) -> None:
    case = case_at(leader, "preparing")  # first contact by 12 January, plan meeting by 6 March

    assert ids(leader, due_before="2026-01-13") == [case]
    assert ids(leader, due_before="2026-01-12") == []
    assert ids(leader, due_before="2026-03-06", kind="make_plan") == []
    assert ids(leader, due_before="2026-03-07", kind="make_plan") == [case]
    assert ids(leader, due_before="2026-03-07", overdue=True) == []
    assert ids(leader, "/v1/cases", due_before="2026-01-13") == [case]
    assert ids(leader, "/v1/cases", due_before="2026-01-12") == []


def test_whose_task_it_is(served: Service, leader: Client) -> None:
    final, preparing = case_at(leader, "final"), case_at(leader, "preparing")

    assert ids(leader, party="prosecution") == [final]
    assert ids(leader, party="konfliktrad", actor="coordinator", kind="make_plan") == [preparing]
    assert ids(leader, party="prosecution", actor="coordinator") == []
    assert set(ids(leader, party="konfliktrad")) >= {preparing}
    prosecution = served.as_("prosecution", "oslo")
    assert ids(prosecution) == [final]
    assert ids(prosecution, party="konfliktrad") == ids(prosecution, kind="receive") == []


def test_a_list_of_the_past_has_the_same_filters(served: Service, leader: Client) -> None:
    case = case_at(leader, "preparing")
    served.clock.turn_to(date(2026, 2, 2))
    recorded(leader, case, "first_contact", "2026-02-02")

    assert ids(leader, kind="make_contact", overdue=True, known_at="2026-01-20") == [case]
    assert ids(leader, kind="make_contact", overdue=True, known_at="2026-01-10") == []
    assert ids(leader, party="konfliktrad", due_before="2026-01-13", known_at="2026-01-10") == [case]
    assert ids(leader, kind="make_contact") == []


# --- pages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/worklist", {}),
        ("/v1/worklist", {"sort": "-due"}),
        ("/v1/worklist", {"known_at": DAY}),
        ("/v1/worklist", {"party": "konfliktrad"}),
        ("/v1/cases", {}),
        ("/v1/cases", {"sort": "next_due_on"}),
        ("/v1/cases", {"valid_at": DAY}),
        ("/v1/consents", {}),
    ],
    ids=str,
)
def test_pages_are_walked_on_and_back(leader: Client, path: str, query: dict[str, str]) -> None:
    for stage in ("preparing", "received", "executing", "final", "preparing", "assessment", "received"):
        case_at(leader, stage)
    whole = ids(leader, path, limit=200, **query)
    assert len(whole) >= 5

    pages = [page(leader, path, limit=2, **query)]
    while pages[-1]["next"]:
        pages.append(page(leader, path, limit=2, cursor=pages[-1]["next"], **query))
    walked = [row["id"] for one in pages for row in one["items"]]
    back = [pages[-1]]
    while back[-1]["prev"]:
        back.append(page(leader, path, limit=2, cursor=back[-1]["prev"], **query))

    assert walked == whole
    assert pages[0]["prev"] is None
    seen = [row["id"] for one in reversed(back) for row in one["items"]]
    assert seen == whole


def test_a_total_is_of_all_pages_and_only_given_when_it_is_asked_for(leader: Client) -> None:
    for stage in ("preparing", "received", "preparing"):
        case_at(leader, stage)

    assert page(leader, limit=1)["total"] is None
    first = page(leader, limit=1, total=True, kind="make_plan")
    assert (first["total"], len(first["items"])) == (3, 1)
    assert page(leader, limit=1, total=True, kind="make_plan", cursor=first["next"])["total"] == 3
    assert page(leader, total=True, kind="complete")["total"] == 0
    assert page(leader, "/v1/cases", limit=1, total=True)["total"] == 3
    assert page(leader, "/v1/cases", limit=1, total=True, state="received")["total"] == 1


def test_my_cases_are_a_list_too(leader: Client, coordinator: Client) -> None:
    mine = case_at(leader, "preparing")
    case_at(leader, "received")

    assert ids(coordinator, "/v1/cases", mine=True) == [mine]


# --- what will be late ------------------------------------------------------------------------------------------


def test_the_leader_sees_which_cases_will_be_late_and_in_which_week(served: Service, leader: Client) -> None:
    soon = case_at(leader, "preparing")  # first contact by 12 January
    later = case_at(leader, "preparing")
    recorded(leader, later, "first_contact")  # plan meeting by 6 March
    served.as_("leader", "troms")

    found = page(leader, "/v1/worklist/forecast", weeks=10)

    weeks = {week["week"]: week["cases"] for week in found["weeks"]}
    assert (len(weeks), weeks["2026-W02"], weeks["2026-W03"], weeks["2026-W10"]) == (10, 0, 1, 1)
    assert [(week["since"], week["until"]) for week in found["weeks"]][:1] == [("2026-01-05", "2026-01-11")]
    assert [(row["id"], row["week"], row["due"], row["task"]["kind"]) for row in found["items"]] == [
        (soon, "2026-W03", "2026-01-12", "make_contact"),
        (later, "2026-W10", "2026-03-06", "make_plan"),
    ]
    assert (found["late"], found["later"], found["undated"]) == (0, 0, 0)
    assert page(served.as_("leader", "troms"), "/v1/worklist/forecast")["items"] == []

    served.clock.turn_to(date(2026, 1, 20))
    turned = page(leader, "/v1/worklist/forecast", weeks=2)
    assert (turned["late"], turned["later"], turned["items"]) == (1, 1, [])
    assert page(leader, "/v1/worklist/forecast", weeks=10, kind="make_plan")["weeks"][6]["cases"] == 2
    assert page(leader, "/v1/worklist/forecast", weeks=10, party="court")["late"] == 0


def test_the_cases_of_a_forecast_come_in_pages(leader: Client) -> None:
    for _ in range(3):
        case_at(leader, "preparing")
    first = page(leader, "/v1/worklist/forecast", limit=2)
    second = page(leader, "/v1/worklist/forecast", limit=2, cursor=first["next"])
    assert [len(one["items"]) for one in (first, second)] == [2, 1]
    back = page(leader, "/v1/worklist/forecast", limit=2, cursor=second["prev"])
    assert back["items"] == first["items"]


# --- notes ------------------------------------------------------------------------------------------------------


def test_notes_are_read_where_they_were_written_with_what_the_youth_may_read_marked(
    coordinator: Client,
) -> None:
    case = case_at(coordinator, "preparing")
    recorded(coordinator, case, "note_added", note="Arbeidsnotat: ring skolen.")
    recorded(coordinator, case, "note_added", note="Avtale om møte onsdag.", youth_may_read=True)

    found = page(coordinator, f"/v1/cases/{case}/notes")["items"]

    assert [(note["text"], note["youth_may_read"], note["annulled"]) for note in found] == [
        ("Arbeidsnotat: ring skolen.", False, False),
        ("Avtale om møte onsdag.", True, False),
    ]
    assert {note["recorded_by"] for note in found} == {"coordinator-oslo"}
    open_ones = page(coordinator, f"/v1/cases/{case}/notes", youth_may_read=True)["items"]
    assert [note["id"] for note in open_ones] == [found[1]["id"]]
    history = coordinator.get(f"/v1/cases/{case}/events").json()["items"]
    assert [event["details"]["note"] for event in history if event["type"] == "note_added"] == [
        note["id"] for note in found
    ]
    assert "skolen" not in str(history)


def test_a_note_that_was_annulled_says_so_and_one_of_another_office_is_not_there(
    served: Service, coordinator: Client
) -> None:
    case = case_at(coordinator, "preparing")
    seq = recorded(coordinator, case, "note_added", note="I feil sak.")["seq"]
    tag = coordinator.get(f"/v1/cases/{case}").headers["ETag"]
    body = {"seq": seq, "reason": "wrong_case", "replacement": None}
    assert coordinator.post(f"/v1/cases/{case}/corrections", body, tag).status_code == 201

    (note,) = page(coordinator, f"/v1/cases/{case}/notes")["items"]

    assert (note["annulled"], note["text"]) == (True, "I feil sak.")
    assert coordinator.get(f"/v1/cases/{case}/notes", known_at="2026-01-04").status_code == 404
    assert served.as_("coordinator", "troms").get(f"/v1/cases/{case}/notes").status_code == 404
    for role in ("team_member", "prosecution", "analyst"):
        office = "oslo" if role == "prosecution" else None
        assert served.as_(role, office).get(f"/v1/cases/{case}/notes").status_code == 403


def test_only_a_note_is_marked(coordinator: Client) -> None:
    case = case_at(coordinator, "preparing")
    refused = coordinator.record(case, "first_contact", DAY, youth_may_read=True)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "mark_with_its_note")

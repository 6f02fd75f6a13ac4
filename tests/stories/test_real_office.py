"""A real office, over HTTP: an empty database, a case to its end, service, absence, and cases that change hands."""

import json
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests import fork, process
from tests.api.build import FOLLOW_UP, STAGES, assert_problem, case_at, events_of, opened, recorded, unmet
from tests.process import UNGDOM
from tests.service import KEY, Client, Service, new_case
from ungdom.jobs import steps
from ungdom.notices.recipients import recipient_directory
from ungdom.store import staff as staff_store
from ungdom.workflow.rules.escalation import Audience
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

LIST = """subject;name;roles;konfliktrad;active_from;active_to;cleared;language;email
kari;Kari Nordmann;leader coordinator;oslo;2025-01-01;;yes;nn;kari@example.org
ola;Ola Nordmann;coordinator;oslo;2025-01-01;;no;;
siv;Siv Sekretariat;secretariat;;2025-01-01;;no;;
"""
MONDAY, FRIDAY = date(2026, 1, 5), date(2026, 1, 9)


def ungdom(url: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = process.environment(url, folder) | {"UNGDOM_PEOPLE_KEYS": KEY}
    return fork.run([str(UNGDOM), *arguments], env=environment, cwd=folder, text=True, timeout=120)


def signed_in(service: Service, role: Role, office: str | None, subject: str) -> Client:
    """Somebody with a token, whether or not they are on the list of staff."""
    who = Viewer(role, subject, office)
    service._employed.add(who)  # what `as_` would otherwise enter
    return service.as_(role, office, subject)


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Service]:
    """A database that knows nobody but the staff of the file, made with the commands alone."""
    assert ungdom(database_url, tmp_path, "db", "upgrade").returncode == 0
    file = tmp_path / "staff.csv"
    file.write_text(LIST, encoding="utf-8")
    tried = ungdom(database_url, tmp_path, "staff", "import", str(file), "--dry-run")
    assert "would be: added 3" in tried.stdout, tried.stderr
    done = ungdom(database_url, tmp_path, "staff", "import", str(file))
    assert "added 3" in done.stdout.splitlines()[-1], done.stderr
    with Service(database_url, tmp_path) as running:
        yield running


def test_a_case_walks_from_registration_to_completion_in_an_office_that_imported_its_staff(office: Service) -> None:
    leader = signed_in(office, Role.LEADER, "oslo", "kari")
    coordinator = signed_in(office, Role.COORDINATOR, "oslo", "ola")
    case = opened(coordinator, occurred_on="2026-01-05")
    for kind, details in FOLLOW_UP[:-1]:
        named = {"coordinator": "ola"} if kind == "assigned" else details
        recorded(leader if kind == "assigned" else coordinator, case, kind, "2026-01-05", named)
    office.clock.turn_to(date(2026, 7, 6))
    recorded(coordinator, case, "completed", "2026-07-06")

    shown = coordinator.get(f"/v1/cases/{case}").json()
    assert (shown["state"], shown["coordinator"]) == ("completed", "ola")
    listed = signed_in(office, Role.SECRETARIAT, None, "siv").get("/v1/staff").json()["items"]
    assert [(one["subject"], one["roles"], one["in_service"]) for one in listed] == [
        ("kari", ["coordinator", "leader"], True),
        ("ola", ["coordinator"], True),
        ("siv", ["secretariat"], True),
    ]
    assert listed[0]["contact"]["language"] == "nn"


def test_an_administrator_enters_the_first_member_of_an_empty_list(database_url: str, tmp_path: Path) -> None:
    assert ungdom(database_url, tmp_path, "db", "upgrade").returncode == 0
    with Service(database_url, tmp_path) as service:
        leader = signed_in(service, Role.LEADER, "oslo", "kari")
        refused = assert_problem(leader.get("/v1/cases"), 403, "not_in_service")
        assert refused["reason"] == "unknown"
        entry = {"subject": "kari", "name": "Kari", "roles": ["leader"], "konfliktrad": "oslo"}
        done = service.as_("admin").post("/v1/staff", entry | {"active_from": "2026-01-05"})
        assert done.status_code == 201, done.text
        assert leader.get("/v1/cases").json()["items"] == []


def entry_of(service: Service, subject: str) -> dict[str, Any]:
    shown: dict[str, Any] = service.as_("admin").get(f"/v1/staff/{subject}").json()
    return shown


def test_a_file_or_command_that_leaves_something_out_keeps_it_and_the_whole_entry_is_checked(
    office: Service, tmp_path: Path
) -> None:
    url, file = office.settings.database_url, tmp_path / "later.csv"
    full = ("--role", "coordinator", "--name", "Kari Nordmann")
    assert (
        ungdom(url, tmp_path, "staff", "add", "kari", *full, "--to", "2026-12-31", "--telephone", "1").returncode == 0
    )
    assert ungdom(url, tmp_path, "staff", "add", "kari", *full, "--language", "en").returncode == 0
    shown = entry_of(office, "kari")
    kept = ("konfliktrad", "active_from", "active_to", "telephone", "cleared", "roles")
    assert [shown[name] for name in kept] == ["oslo", "2025-01-01", "2026-12-31", "1", True, ["coordinator"]]
    assert (shown["contact"]["language"], shown["contact"]["has_address"]) == ("en", True)
    before = shown["version"]

    file.write_text("subject,name,roles,active_from\nkari,Kari Nordmann,coordinator,2027-01-01\n")
    done = ungdom(url, tmp_path, "staff", "import", str(file), "--json")
    [row] = json.loads(done.stdout)["rows"]
    assert (done.returncode, row["outcome"]) == (1, "rejected")
    assert [(found["pointer"], found["code"]) for found in row["problems"]] == [
        ("/active_from", "ends_before_it_begins")
    ]
    assert entry_of(office, "kari")["version"] == before

    cleared = ungdom(url, tmp_path, "staff", "add", "kari", *full, "--to", "", "--not-cleared")
    assert cleared.returncode == 0, cleared.stderr
    shown = entry_of(office, "kari")
    assert (shown["active_to"], shown["cleared"], shown["telephone"]) == (None, False, "1")


def test_a_cell_that_is_too_long_is_refused_in_a_sentence_with_its_line(database_url: str, tmp_path: Path) -> None:
    assert ungdom(database_url, tmp_path, "db", "upgrade").returncode == 0
    file = tmp_path / "staff.csv"
    row = "ola,Ola Nordmann,coordinator,2026-01-01"
    for lines, line in (([row, row.replace("Ola Nordmann", "o" * 131_073)], 3), ([], 1)):
        header = "subject,name,roles,active_from" if lines else "s" * 131_073
        file.write_text("\n".join([header, *lines]))
        done = ungdom(database_url, tmp_path, "staff", "import", str(file))
        assert done.returncode == 2, done.stderr
        assert f"in line {line}" in " ".join(done.stderr.split()), done.stderr
        assert "131072 characters" in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr


# --- service ----------------------------------------------------------------------------------------------------


def test_whoever_is_not_in_service_is_told_so_with_the_days(served: Service) -> None:
    leader = served.as_("leader", "oslo")
    case = case_at(served.as_("coordinator", "oslo"), "executing")
    for subject, days in (("later", {"active_from": "2026-02-01"}), ("gone", {"active_to": "2026-01-04"})):
        entry = {"subject": subject, "name": subject, "roles": ["coordinator"], "konfliktrad": "oslo"}
        assert leader.post("/v1/staff", entry | {"active_from": "2025-01-01"} | days).status_code == 201

    said = {}
    for role, office, subject in (
        (Role.COORDINATOR, "oslo", "later"),
        (Role.COORDINATOR, "oslo", "gone"),
        (Role.COORDINATOR, "oslo", "stranger"),
        (Role.LEADER, "oslo", "coordinator-oslo-2"),
        (Role.COORDINATOR, "vest", "coordinator-oslo-2"),
    ):
        client = signed_in(served, role, office, subject)
        answers = [client.get(f"/v1/cases/{case}"), client.get("/v1/worklist"), client.get("/v1/alerts")]
        problem, *_ = [assert_problem(answer, 403, "not_in_service") for answer in answers]
        said[role, subject, office] = (problem["reason"], problem.get("first_day"), problem.get("last_day"))
        assert client.post("/v1/cases", new_case(konfliktrad=office)).status_code == 403
    assert list(said.values()) == [
        ("not_yet", "2026-02-01", None),
        ("ended", "2025-01-01", "2026-01-04"),
        ("unknown", None, None),
        ("other_role", "2014-07-01", None),
        ("other_office", "2014-07-01", None),
    ]
    own = signed_in(served, Role.COORDINATOR, "oslo", "gone").get("/v1/staff/gone").json()
    assert (own["in_service"], own["active_to"]) == (False, "2026-01-04")


def test_the_last_day_of_service_ends_the_access_at_once(served: Service) -> None:
    leader, coordinator = served.as_("leader", "oslo"), served.as_("coordinator", "oslo")
    assert coordinator.get("/v1/cases").status_code == 200
    changed_staff(leader, "coordinator-oslo", active_to="2026-01-04")
    assert_problem(coordinator.get("/v1/cases"), 403, "not_in_service")
    changed_staff(leader, "coordinator-oslo", active_to=None)
    assert coordinator.get("/v1/cases").status_code == 200


def test_a_case_is_assigned_only_to_somebody_in_service_of_its_office(served: Service) -> None:
    leader = served.as_("leader", "oslo")
    case = case_at(served.as_("coordinator", "oslo"), "received")
    changed_staff(leader, "coordinator-oslo-2", active_to="2026-01-04")
    for named in ("coordinator-oslo-2", "coordinator-vest", "nobody"):
        refused = assert_problem(leader.record(case, "assigned", MONDAY, {"coordinator": named}), 409, "refused")
        assert unmet(refused)["coordinator_of_the_office"]["current"] == named
    recorded(leader, case, "assigned", "2026-01-05", {"coordinator": "coordinator-oslo"})


def changed_staff(client: Client, subject: str, **values: Any) -> dict[str, Any]:
    """A change of an entry that must go in."""
    path = f"/v1/staff/{subject}"
    headers = {"Authorization": f"Bearer {client.token}", "If-Match": client.get(path).headers["ETag"]}
    done = client.service.send("PATCH", path, json=values, headers=headers)
    assert done.status_code == 200, done.text
    body: dict[str, Any] = done.json()
    return body


# --- absence ----------------------------------------------------------------------------------------------------


def away(client: Client, subject: str, **values: Any) -> dict[str, Any]:
    """An absence from Monday to Friday that must go in."""
    body = {"first_day": str(MONDAY), "last_day": str(FRIDAY), "substitute": "coordinator-oslo-2"} | values
    done = client.post(f"/v1/staff/{subject}/absences", body)
    assert done.status_code == 201, done.text
    entered: dict[str, Any] = done.json()
    return entered


def notified(
    service: Service, case: str, day: date, audience: Audience = Audience.COORDINATOR, code: str = "lead_time"
) -> list[str]:
    """Who is notified of a clock of the case that day, as its coordinator or in another audience."""
    with service.db.reading() as tx:
        found = recipient_directory(tx, [UUID(case)], day).recipients(UUID(case), [audience], code)
    return [viewer.subject for viewer in found]


def test_work_and_notices_go_to_the_substitute_in_between(served: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ungdom.clock.now", served.clock)  # the day on which a statement asks who stands in
    leader, substitute = served.as_("leader", "oslo"), served.as_("coordinator", "oslo", "coordinator-oslo-2")
    case = case_at(served.as_("coordinator", "oslo"), "executing")
    assert substitute.get("/v1/worklist", mine=True).json()["items"] == []
    away(leader, "coordinator-oslo")

    assert [one["id"] for one in substitute.get("/v1/worklist", mine=True).json()["items"]] == [case]
    recorded(substitute, case, "first_contact")
    assert notified(served, case, MONDAY) == notified(served, case, FRIDAY) == ["coordinator-oslo-2"]
    assert notified(served, case, date(2026, 1, 10)) == ["coordinator-oslo"]
    entry = leader.get("/v1/staff/coordinator-oslo").json()
    assert (entry["absent"], entry["substitute"], entry["open_cases"]) == (True, "coordinator-oslo-2", 1)


def test_without_a_substitute_who_works_the_leader_is_notified(served: Service) -> None:
    leader = served.as_("leader", "oslo")
    case = case_at(served.as_("coordinator", "oslo"), "executing")
    away(leader, "coordinator-oslo", substitute=None)
    assert notified(served, case, MONDAY) == ["leader-oslo"]
    away(leader, "leader-oslo")
    assert notified(served, case, MONDAY) == ["coordinator-oslo-2"]


def test_a_leader_who_is_away_is_notified_of_cases_that_the_substitute_may_not_see(
    served: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ungdom.clock.now", served.clock)  # the day on which a statement asks who stands in
    leader, coordinator = served.as_("leader", "oslo"), served.as_("coordinator", "oslo")
    plain = case_at(coordinator, "executing")
    hidden = case_at(coordinator, "executing", person=protected())
    away(leader, "leader-oslo")
    assert notified(served, plain, MONDAY, Audience.LEADER) == ["coordinator-oslo-2"]
    assert notified(served, hidden, MONDAY, Audience.LEADER) == ["leader-oslo"]

    recorded(
        leader,
        plain,
        "transfer_decided",
        "2026-01-05",
        {"to": "vest", "parties_heard": True, "prosecution_told_on": "2026-01-05"},
    )
    away(served.as_("leader", "vest"), "leader-vest", substitute="coordinator-vest-2")
    answering = notified(served, plain, MONDAY, Audience.LEADER, "transfer_accept")
    assert answering == ["coordinator-oslo-2", "leader-vest"]


def test_a_cleared_substitute_sees_and_acts_on_a_protected_case_for_as_long(
    served: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ungdom.clock.now", served.clock)  # the day on which a statement asks who stands in
    leader, substitute = served.as_("leader", "oslo"), served.as_("coordinator", "oslo", "coordinator-oslo-2")
    case = case_at(served.as_("coordinator", "oslo"), "executing", person=protected())
    away(leader, "coordinator-oslo")
    assert substitute.get(f"/v1/cases/{case}").status_code == 404
    changed_staff(leader, "coordinator-oslo-2", cleared=True)
    assert substitute.get(f"/v1/cases/{case}").status_code == 200
    recorded(substitute, case, "first_contact")
    served.clock.turn_to(date(2026, 1, 10))
    assert substitute.get(f"/v1/cases/{case}").status_code == 404


def protected() -> dict[str, Any]:
    """Somebody else than the youth of the other cases, whose address is protected."""
    return {
        "given_name": "Rutete",
        "family_name": "Fiskegrateng",
        "born": "2009-06-12",
        "guardians": [{"name": "Munter Fiskegrateng"}],
        "protection": "strictly_confidential",
    }


# --- handing over -----------------------------------------------------------------------------------------------


def coordinator_of(client: Client, case: str) -> str:
    subject: str = client.get(f"/v1/cases/{case}").json()["coordinator"]
    return subject


def test_a_leave_that_has_begun_hands_over_at_once_and_takes_back_when_it_is_ended(served: Service) -> None:
    leader = served.as_("leader", "oslo")
    cases = [case_at(served.as_("coordinator", "oslo"), "executing") for _ in range(2)]
    entered = away(leader, "coordinator-oslo", hand_over=True)
    assert [one["obstacle"] for one in entered["cases"]] == [None, None]
    assert {coordinator_of(leader, case) for case in cases} == {"coordinator-oslo-2"}
    reasons = [events_of(leader, case)[-1]["details"] for case in cases]
    assert reasons == [{"coordinator": "coordinator-oslo-2", "reassignment_reason": "absence"}] * 2

    ended = leader.post(f"/v1/staff/coordinator-oslo/absences/{entered['absence']['id']}/end")
    assert ended.status_code == 200, ended.text
    assert [one["obstacle"] for one in ended.json()["cases"]] == [None, None]
    assert {coordinator_of(leader, case) for case in cases} == {"coordinator-oslo"}


def test_a_leave_to_come_hands_over_and_takes_back_by_night(served: Service) -> None:
    leader = served.as_("leader", "oslo")
    first, second, third = (case_at(served.as_("coordinator", "oslo"), "executing") for _ in range(3))
    entered = away(leader, "coordinator-oslo", first_day="2026-01-07", hand_over=True)
    assert (entered["cases"], coordinator_of(leader, first)) == ([], "coordinator-oslo")

    assert night(served, date(2026, 1, 7)) == {"handed_over": 3}
    assert night(served, date(2026, 1, 7)) == {}
    assert {coordinator_of(leader, case) for case in (first, second, third)} == {"coordinator-oslo-2"}
    recorded(leader, second, "assigned", "2026-01-07", {"coordinator": "leader-oslo"})
    recorded(leader, third, "lapsed", "2026-01-07", {"reason": "limitation"})

    assert night(served, date(2026, 1, 9)) == {}
    assert night(served, date(2026, 1, 10)) == {"taken_back": 1}
    assert [coordinator_of(leader, case) for case in (first, second)] == ["coordinator-oslo", "leader-oslo"]
    assert coordinator_of(leader, third) == "coordinator-oslo-2"  # closed: it stays where it was


def night(service: Service, day: date) -> dict[str, int]:
    """What the nightly step of the staff does on that day."""
    service.clock.turn_to(day)
    step = next(
        one for one in steps.all_steps(service.app.state.keys, service.app.state.erasures) if one.name == "staff"
    )
    return step.run(service.db, day, service.clock())


def test_a_protected_case_is_not_handed_to_somebody_who_is_not_cleared(served: Service) -> None:
    leader = served.as_("leader", "oslo")
    plain = case_at(served.as_("coordinator", "oslo"), "executing")
    hidden = case_at(served.as_("coordinator", "oslo"), "executing", person=protected())
    entered = away(leader, "coordinator-oslo", hand_over=True)
    outcomes = {one["case_id"]: (one["obstacle"], [x["code"] for x in one["unmet"]]) for one in entered["cases"]}
    assert outcomes == {plain: (None, []), hidden: ("conditions", ["coordinator_is_cleared"])}
    assert coordinator_of(leader, hidden) == "coordinator-oslo"


@pytest.mark.parametrize("role", ["secretariat", "admin"])
def test_a_leader_of_the_office_hands_over_protected_cases_whoever_entered_the_leave(
    served: Service, role: str
) -> None:
    leader, national = served.as_("leader", "oslo"), served.as_(role)
    changed_staff(leader, "coordinator-oslo-2", cleared=True)
    plain = case_at(served.as_("coordinator", "oslo"), "executing")
    hidden = case_at(served.as_("coordinator", "oslo"), "executing", person=protected())
    entered = away(national, "coordinator-oslo", hand_over=True)
    assert {one["case_id"]: one["obstacle"] for one in entered["cases"]} == {plain: None, hidden: None}
    assert {coordinator_of(leader, case) for case in (plain, hidden)} == {"coordinator-oslo-2"}
    last = events_of(leader, hidden)[-1]
    assert (last["type"], last["subject"], last["source"]) == ("assigned", "leader-oslo", "hand-over")
    assert events_of(leader, plain)[-1]["subject"] != "leader-oslo"

    ended = national.post(f"/v1/staff/coordinator-oslo/absences/{entered['absence']['id']}/end")
    assert [one["obstacle"] for one in ended.json()["cases"]] == [None, None]
    assert coordinator_of(leader, hidden) == "coordinator-oslo"


def test_what_is_refused_goes_and_comes_back_once_it_can(served: Service) -> None:
    leader = served.as_("leader", "oslo")
    plain = case_at(served.as_("coordinator", "oslo"), "executing")
    hidden = case_at(served.as_("coordinator", "oslo"), "executing", person=protected())
    away(leader, "coordinator-oslo", first_day="2026-01-06", hand_over=True)

    def done_on() -> tuple[str | None, str | None]:
        [absence] = leader.get("/v1/staff/coordinator-oslo").json()["absences"]
        return absence["handed_over_on"], absence["taken_back_on"]

    assert night(served, date(2026, 1, 6)) == {"handed_over": 1, "refused": 1}
    assert (coordinator_of(leader, plain), done_on()) == ("coordinator-oslo-2", (None, None))
    changed_staff(leader, "coordinator-oslo-2", cleared=True)
    assert night(served, date(2026, 1, 7)) == {"handed_over": 1}
    assert (coordinator_of(leader, hidden), done_on()) == ("coordinator-oslo-2", ("2026-01-07", None))

    changed_staff(leader, "coordinator-oslo", cleared=False)
    assert night(served, date(2026, 1, 10)) == {"taken_back": 1, "refused": 1}
    assert [coordinator_of(leader, case) for case in (plain, hidden)] == ["coordinator-oslo", "coordinator-oslo-2"]
    recorded(leader, plain, "assigned", "2026-01-10", {"coordinator": "coordinator-oslo-2"})
    changed_staff(leader, "coordinator-oslo", cleared=True)
    assert night(served, date(2026, 1, 11)) == {"taken_back": 1}
    assert [coordinator_of(leader, case) for case in (plain, hidden)] == ["coordinator-oslo-2", "coordinator-oslo"]
    assert night(served, date(2026, 1, 12)) == {}


def test_what_went_comes_back_at_the_end_of_a_leave_although_something_was_refused(served: Service) -> None:
    leader = served.as_("leader", "oslo")
    plain = case_at(served.as_("coordinator", "oslo"), "executing")
    case_at(served.as_("coordinator", "oslo"), "executing", person=protected())
    entered = away(leader, "coordinator-oslo", hand_over=True)
    assert entered["absence"]["handed_over_on"] is None
    assert coordinator_of(leader, plain) == "coordinator-oslo-2"
    ended = leader.post(f"/v1/staff/coordinator-oslo/absences/{entered['absence']['id']}/end")
    assert [(one["case_id"], one["obstacle"]) for one in ended.json()["cases"]] == [(plain, None)]
    assert coordinator_of(leader, plain) == "coordinator-oslo"


# --- reassignment -----------------------------------------------------------------------------------------------


def reassigned(client: Client, dry_run: bool = False, **values: Any) -> dict[str, Any]:
    body = {"from": "coordinator-oslo", "to": "coordinator-oslo-2", "reason": "workload"} | values
    done = client.post("/v1/cases/reassignments" + ("?dry_run=true" if dry_run else ""), body)
    assert done.status_code == 200, done.text
    outcome: dict[str, Any] = done.json()
    return outcome


def test_many_cases_change_hands_each_with_its_own_event_or_refusal(served: Service) -> None:
    leader, coordinator = served.as_("leader", "oslo"), served.as_("coordinator", "oslo")
    preparing, executing = case_at(coordinator, "preparing"), case_at(coordinator, "executing")
    hidden = case_at(coordinator, "executing", person=protected())
    elsewhere = case_at(served.as_("coordinator", "vest"), "received", konfliktrad="vest")

    tried = reassigned(leader, dry_run=True)
    assert (tried["selected"], tried["reassigned"], tried["refused"]) == (3, 2, 1)
    assert {coordinator_of(leader, case) for case in (preparing, executing)} == {"coordinator-oslo"}

    filtered = reassigned(leader, filter={"state": "preparing"})
    assert [(one["case_id"], one["obstacle"]) for one in filtered["items"]] == [(preparing, None)]
    last = events_of(leader, preparing)[-1]
    assert (last["type"], last["subject"], last["details"]["reassignment_reason"]) == (
        "assigned", "leader-oslo", "workload",
    )  # fmt: skip

    named = reassigned(leader, case_ids=[preparing, executing, hidden, elsewhere])
    assert [one["obstacle"] for one in named["items"]] == ["other_coordinator", None, "conditions", "not_found"]
    assert [one["version"] for one in named["items"]][1] == STAGES["executing"] + 2
    assert (named["reassigned"], named["refused"], named["remaining"]) == (1, 3, 0)
    assert reassigned(leader)["items"][0]["case_id"] == hidden


def test_nobody_reassigns_to_somebody_out_of_service(served: Service) -> None:
    leader = served.as_("leader", "oslo")
    case = case_at(served.as_("coordinator", "oslo"), "executing")
    changed_staff(leader, "coordinator-oslo-2", active_to="2026-01-04")
    [refused] = reassigned(leader)["items"]
    assert (refused["case_id"], refused["obstacle"]) == (case, "conditions")
    assert [one["code"] for one in refused["unmet"]] == ["coordinator_of_the_office"]


def test_the_end_of_a_service_leaves_a_count_of_what_is_to_be_reassigned(office: Service, tmp_path: Path) -> None:
    leader = signed_in(office, Role.LEADER, "oslo", "kari")
    case = opened(leader, occurred_on="2026-01-05")
    for kind, details in FOLLOW_UP[: STAGES["preparing"]]:
        named = {"coordinator": "ola"} if kind == "assigned" else details
        recorded(leader, case, kind, "2026-01-05", named)
    url = office.settings.database_url
    done = ungdom(url, tmp_path, "staff", "end", "ola", "--last-day", "2026-01-04", "--json")
    assert '"open_cases": 1' in done.stdout, done.stderr
    assert reassigned(leader, **{"from": "ola", "to": "kari", "reason": "end_of_service"})["reassigned"] == 1
    with office.db.reading() as tx:
        member = staff_store.find(tx, "ola")
    assert member is not None
    assert member.active_to == date(2026, 1, 4)

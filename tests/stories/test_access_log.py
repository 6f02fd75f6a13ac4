"""Who has seen it: for the auditor, for the leader of the office, and in plain words for the young person."""

from base64 import urlsafe_b64decode
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import update

from tests.api.build import assert_problem, case_at, opened, recorded
from tests.service import Client, Service
from tests.store.cases import somebody
from ungdom.store import access_index
from ungdom.store.access_content import AccessEntry
from ungdom.store.access_log import MOST_AT_ONCE, Access, AccessLog
from ungdom.store.ids import uuid7
from ungdom.store.schema.access import AccessKind
from ungdom.store.schema.persons import person
from ungdom.workflow.rules.access import AccessPurpose
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.vocabulary import Role
from ungdom.worklist import checks
from ungdom.worklist.unusual_access import MANY_PERSONS

DAY, REVIEW = "2026-01-05", "2026-02-02"
PLAIN = "/v1/cases/{}/access-log/plain"


def ok(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def case_with_a_team(service: Service, **changed: Any) -> str:
    """A case that is carried out, with the youth, a guardian and a teacher on the team."""
    coordinator = service.as_("coordinator", "oslo")
    case = case_at(coordinator, "executing", **changed)
    for member, agency in (("youth-1", "youth"), ("guardian-1", "guardian"), ("teacher-1", "school")):
        recorded(coordinator, case, "team_member_joined", DAY, {"member": member, "agency": agency})
    return case


def member(service: Service, subject: str) -> Client:
    return service.as_("team_member", subject=subject)


def lines(answer: httpx.Response) -> list[tuple[str, str | None, str]]:
    return [(item["role"], item["office"], item["purpose"]) for item in ok(answer)["items"] if not item["withheld"]]


def test_the_young_person_reads_role_office_and_purpose_and_no_name(served: Service) -> None:
    case = case_with_a_team(served)
    for reader in (served.as_("secretariat"), member(served, "teacher-1"), member(served, "guardian-1")):
        ok(reader.get(f"/v1/cases/{case}"))
    answer = member(served, "youth-1").get(PLAIN.format(case))

    assert set(lines(answer)) == {
        ("coordinator", "Konfliktrådet Oslo", "case_work"),
        ("leader", "Konfliktrådet Oslo", "office_lead"),
        ("secretariat", None, "national_tasks"),
        ("team_member", None, "team_tasks"),
    }
    by_team = next(item for item in answer.json()["items"] if item["role"] == "team_member")
    assert by_team["times"] == 1  # the teacher; neither the guardian's reading nor the youth's own
    assert not [name for name in ("coordinator-oslo", "leader-oslo", "teacher-1", "guardian-1") if name in answer.text]
    assert by_team["text"] == (
        "5. januar 2026: Medlem av oppfølgingsteamet så det som er skrevet om deg. "
        "Hvorfor: oppgave i oppfølgingsteamet."
    )
    bearer = {"Authorization": f"Bearer {member(served, 'youth-1').token}"}
    nynorsk = served.send("GET", PLAIN.format(case), headers=bearer | {"Accept-Language": "nn"})
    assert "såg det som er skrive om deg" in nynorsk.text


def test_guardians_and_others_on_the_team_do_not_read_it(served: Service) -> None:
    case = case_with_a_team(served)
    answers = [member(served, name).get(PLAIN.format(case)) for name in ("guardian-1", "teacher-1", "stranger")]

    for answer in answers:
        problem = assert_problem(answer, 403, "forbidden_role")
        assert problem["detail"].startswith("Denne listen er for ungdommen selv, som leser den som medlem av")
    assert_problem(served.as_("coordinator", "troms").get(PLAIN.format(case)), 404, "not_found")
    assert lines(served.as_("coordinator", "oslo").get(PLAIN.format(case)))


def test_where_the_address_is_protected_no_office_is_told(served: Service) -> None:
    person = {
        "given_name": "Tindra",
        "family_name": "Pute",
        "born": "2009-03-12",
        "protection": "strictly_confidential",
    }
    case = case_with_a_team(served, person=person | {"guardians": [{"name": "Sindig Pute"}]})
    answer = served.as_("leader", "oslo").get(PLAIN.format(case))

    assert {office for _, office, _ in lines(answer)} == {None}
    audited = ok(served.as_("auditor").get("/v1/access-log", case=case, limit=200))["items"]
    assert {item["konfliktrad"] for item in audited} == {None}
    assert ok(served.as_("auditor").get("/v1/access-log", konfliktrad="oslo", case=case))["items"] == []


def test_what_is_held_back_stands_with_its_code_and_day_of_review_until_the_leader_decides(served: Service) -> None:
    case, leader = case_with_a_team(served), served.as_("leader", "oslo")
    ok(served.as_("secretariat").get(f"/v1/cases/{case}"))
    log = ok(leader.get(f"/v1/cases/{case}/access-log"))["items"]
    looked = next(item["id"] for item in log if item["role"] == "secretariat")
    where = f"/v1/cases/{case}/access-log/{looked}"
    body = {"code": "child_welfare", "review_on": REVIEW}
    assert ok(leader.post(f"{where}/withhold", body))["due"] is False
    assert_problem(leader.post(f"{where}/withhold", body | {"review_on": "2027-01-01"}), 422, "invalid_input")
    assert_problem(served.as_("coordinator", "oslo").post(f"{where}/withhold", body), 403, "forbidden_role")

    answer = member(served, "youth-1").get(PLAIN.format(case))
    (held,) = [item for item in answer.json()["items"] if item["withheld"]]
    assert (held["withheld"]["code"], held["withheld"]["review_on"]) == ("child_welfare", REVIEW)
    assert (held["day"], held["role"], held["office"], held["purpose"]) == (None, None, None, None)
    assert "secretariat" not in {role for role, _, _ in lines(answer)}

    assert ok(leader.get("/v1/access-log/withheld", due=True))["items"] == []
    served.clock.turn_to(date(2026, 2, 3))
    (due,) = ok(leader.get("/v1/access-log/withheld", due=True))["items"]
    assert (due["access"], due["due"]) == (looked, True)
    assert ok(served.as_("leader", "troms").get("/v1/access-log/withheld"))["items"] == []
    ok(leader.post(f"{where}/disclose"), 204)
    assert ok(leader.get("/v1/access-log/withheld"))["items"] == []
    assert "secretariat" in {role for role, _, _ in lines(member(served, "youth-1").get(PLAIN.format(case)))}


def test_the_auditor_asks_by_case_person_reader_office_time_and_route(served: Service) -> None:
    case = case_with_a_team(served)
    person = ok(served.as_("coordinator", "oslo").get(f"/v1/cases/{case}"))["person"]["id"]
    ok(served.as_("leader", "oslo").get(f"/v1/persons/{person}"))
    auditor = served.as_("auditor")

    def asked(**filters: Any) -> list[dict[str, Any]]:
        return list(ok(auditor.get("/v1/access-log", limit=200, **filters))["items"])

    route = "GET /v1/persons/{person_id}"
    (read,) = asked(route=route)
    assert (read["subject"], read["purpose"], read["kind"]) == ("leader-oslo", "office_lead", "read")
    assert read["matters"] == ["identity", "address"]
    assert {"case": case, "person": person, "message": None} in read["subjects"]
    assert asked(route=route, person=person, subject="leader-oslo", konfliktrad="oslo") == [read]
    assert asked(route=route, case=case, **{"from": DAY, "to": DAY}) == [read]
    assert asked(route=route, subject="coordinator-oslo") == asked(route=route, konfliktrad="troms") == []
    assert asked(case=case, **{"to": "2026-01-04"}) == asked(case=case, **{"from": "2026-01-06"}) == []
    own = asked(subject="auditor", case=case)
    assert {item["route"] for item in own} == {"GET /v1/access-log"}  # looking at the log is an access, too

    first = ok(auditor.get("/v1/access-log", limit=3, case=case))
    second = ok(auditor.get("/v1/access-log", limit=3, case=case, cursor=first["next"]))
    payload = first["next"].split(".")[1]
    assert "UUID(" not in urlsafe_b64decode(payload + "==").decode()
    assert_problem(auditor.get("/v1/access-log", limit=3, person=person, cursor=first["next"]), 400, "bad_cursor")
    ids = [item["id"] for item in first["items"] + second["items"]]
    assert ids == sorted(set(ids), reverse=True)
    assert len(ids) == 6
    for reader in (served.as_("leader", "oslo"), served.as_("secretariat"), served.as_("admin")):
        assert_problem(reader.get("/v1/access-log"), 403, "forbidden_role")


def test_a_long_list_is_in_every_reading_of_the_log_before_its_entries_are_written(served: Service) -> None:
    case, protected = case_with_a_team(served), {"given_name": "Tindra", "family_name": "Pute", "born": "2009-03-12"}
    client = served.as_("coordinator", "oslo")
    for _ in range(MOST_AT_ONCE):
        opened(client)
    person_id = ok(client.get(f"/v1/cases/{case}"))["person"]["id"]
    ok(served.as_("secretariat").get("/v1/cases"))
    case_at(client, "executing", person=protected | {"protection": "strictly_confidential"})
    ok(client.get("/v1/cases"))  # with the case of a protected youth in it
    auditor, leader = served.as_("auditor"), served.as_("leader", "oslo")
    of_person = f"/v1/persons/{person_id}/access-log"

    def readings() -> list[Any]:
        of_lists: dict[str, Any] = {"route": "GET /v1/cases", "limit": 200}
        office = ok(auditor.get("/v1/access-log", konfliktrad="oslo", **of_lists))["items"]
        return [
            ok(auditor.get("/v1/access-log", **of_lists))["items"],
            ok(auditor.get("/v1/access-log", case=case, **of_lists))["items"],
            ok(auditor.get("/v1/access-log", person=person_id, **of_lists))["items"],
            [item for item in ok(leader.get(f"/v1/cases/{case}/access-log", limit=200))["items"] if is_list(item)],
            [item for item in ok(leader.get(of_person, limit=200))["items"] if is_list(item)],
            [item for item in office if item["subject"] == "coordinator-oslo"],
            "national_tasks" in {purpose for _, _, purpose in lines(member(served, "youth-1").get(PLAIN.format(case)))},
        ]

    before = readings()
    assert [len(part) for part in before[:6]] == [2, 2, 2, 2, 2, 0]
    assert {len(item["subjects"]) for item in before[0]} == {MOST_AT_ONCE + 1, MOST_AT_ONCE + 2}
    assert {item["konfliktrad"] for item in before[0]} == {None}  # one of no office, one with a protected youth
    assert before[6] is True

    assert access_index.fill(served.db) > 0
    assert readings() == before


def is_list(item: dict[str, Any]) -> bool:
    return bool(item.get("route", "GET /v1/cases") == "GET /v1/cases") and item["kind"] == "read"


# --- the night --------------------------------------------------------------------------------------------------


def night(service: Service, day: date) -> dict[str, set[tuple[UUID | None, str | None]]]:
    """The findings about the access of the day before."""
    findings = checks.run(service.db, day, datetime(day.year, day.month, day.day, 3, tzinfo=UTC))
    return {
        code: {(finding.case_id, finding.about) for finding in of_code}
        for code, of_code in findings.items()
        if code.startswith("access_") and of_code
    }


def test_the_night_finds_access_without_a_task_of_another_office_and_to_very_many(served: Service) -> None:
    case, after = case_with_a_team(served), date(2026, 1, 6)
    for reader in (served.as_("coordinator", "oslo"), served.as_("leader", "oslo"), served.as_("secretariat")):
        ok(reader.get(f"/v1/cases/{case}"))
    assert night(served, after) == {}

    ok(served.as_("coordinator", "oslo", "coordinator-oslo-2").get("/v1/cases"))
    assert night(served, after) == {}  # a list that names many is the work of everybody
    ok(served.as_("coordinator", "oslo", "coordinator-oslo-2").get(f"/v1/cases/{case}"))
    forged(served, "coordinator-troms", UUID(case), 1)
    forged(served, "leader-oslo", None, MANY_PERSONS + 1)

    assert night(served, after) == {
        "access_without_task": {(UUID(case), "coordinator-oslo-2")},
        "access_of_other_office": {(UUID(case), "coordinator-troms")},
        "access_to_many_persons": {(None, "leader-oslo")},
    }
    assert night(served, after + timedelta(days=1)) == {}


def test_the_night_counts_a_youth_with_several_cases_once(served: Service) -> None:
    client, after = served.as_("coordinator", "oslo"), date(2026, 1, 6)
    cases = [UUID(case_at(client, "assessment")) for _ in range(2)]
    youth = UUID(int=1)
    both = tuple(AccessEntry(case, youth) for case in cases)
    of_two = (both[0], AccessEntry(cases[1], UUID(int=2)))
    forged(served, "coordinator-troms", None, 1, of_two)
    forged(served, "leader-oslo", None, 1, both)
    assert night(served, after) == {}, "two persons are a list, and the office of the cases has reasons"

    forged(served, "coordinator-troms", None, 1, both)
    assert night(served, after) == {"access_of_other_office": {(case, "coordinator-troms") for case in cases}}


def test_a_coordinator_with_one_case_of_a_youth_may_look_at_the_others(served: Service) -> None:
    mine, other = served.as_("coordinator", "oslo"), served.as_("coordinator", "oslo", "other")
    cases = [UUID(case_at(client, "executing")) for client in (mine, other)]
    both = tuple(AccessEntry(case, UUID(int=1)) for case in cases)
    forged(served, "coordinator-oslo", None, 1, both)
    assert night(served, date(2026, 1, 6)) == {}

    forged(served, "coordinator-oslo-2", None, 1, both)
    assert night(served, date(2026, 1, 6)) == {"access_without_task": {(case, "coordinator-oslo-2") for case in cases}}


def test_records_of_one_person_are_one_of_very_many(served: Service) -> None:
    with served.db.writing() as tx:
        first, second = somebody(tx), somebody(tx)
        tx.execute(update(person).where(person.c.person_id == second).values(same_as=first))
    forged(served, "leader-oslo", None, MANY_PERSONS - 1)
    forged(served, "leader-oslo", None, 1, (AccessEntry(None, first), AccessEntry(None, second)))
    assert "access_to_many_persons" not in night(served, date(2026, 1, 6))

    forged(served, "leader-oslo", None, 1, (AccessEntry(None, UUID(int=MANY_PERSONS)),))
    assert night(served, date(2026, 1, 6))["access_to_many_persons"] == {(None, "leader-oslo")}


def forged(
    service: Service, subject: str, case: UUID | None, times: int, entries: tuple[AccessEntry, ...] = ()
) -> None:
    """Accesses to one person at a time, or to these, as if the service had let them happen."""
    role, office, *_ = subject.split("-")
    log = AccessLog(service.db)
    for number in range(times):
        at = service.clock()
        log.write(
            Access(
                access_id=uuid7(at),
                at=at,
                kind=AccessKind.READ,
                subject=subject,
                role=Role(role),
                konfliktrad=office,
                system="api",
                organisation=None,
                route="GET /v1/cases/{case_id}",
                matters=(Matter.IDENTITY,),
                purpose=AccessPurpose.CASE_WORK,
                entries=entries or (AccessEntry(case, UUID(int=number + 1)),),
            )
        )

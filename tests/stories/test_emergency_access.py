"""Emergency access: wider sight on one case for a time and a reason, told at once, reviewed, never a graded person."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Connection, func, select

from tests.api.build import HIDDEN, assert_problem, without_id
from tests.api.test_object_access import ROUTES
from tests.service import Client, Service, new_case
from tests.stories.test_access_log import PLAIN, case_with_a_team, member, ok
from tests.stories.test_forgetting import with_lost_key
from ungdom.staff import emergency_access as emergency
from ungdom.staff.emergency_access import EmergencyRequest
from ungdom.staff.errors import EmergencyIsOpen
from ungdom.store import chain_verification, erasing
from ungdom.store.person_history import ChangeAuthor
from ungdom.store.schema.access import emergency_access
from ungdom.store.schema.audit import audit_change
from ungdom.workflow.rules.access import EmergencyReason
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role
from ungdom.worklist import checks

LIST, NOTICES = "/v1/emergency-access", "/v1/notices"
REASON = "Ungdommen er meldt savnet ved Storgata 1."
BODY = {"code": "danger", "reason": REASON, "hours": 2}
JUDGED = {"justified": True, "note": "Politiet ringte, og vakten ved Oslo svarte ikke."}
YOUTH = {"given_name": "Vimsete", "family_name": "Bokhylle", "born": "2009-05-17", "national_id": "17850998027"}
OTHER = {"given_name": "Tindra", "family_name": "Pute", "born": "2009-03-12", "national_id": None}

OFFICE_ONLY = {
    "/v1/cases/{case_id}/archive": "for the leader of the office that has the case",
    "/v1/cases/{case_id}/access-log": "for the leader of the office that has the case",
    "/v1/cases/{case_id}/options": "what may be recorded: nothing",
}
"""Views of a case that an emergency access does not open, with the reason."""


def away(service: Service, subject: str | None = None) -> Client:
    """A coordinator of an office that does not have the case."""
    return service.as_("coordinator", "troms", subject)


def take(client: Client, case: str, **changed: Any) -> httpx.Response:
    return client.post(f"/v1/cases/{case}/emergency-access", BODY | changed)


def case_of_oslo(service: Service, **person: Any) -> str:
    """A case that is registered, of a youth whose address is not protected unless it is said."""
    body = new_case(konfliktrad="oslo", person=YOUTH | person)
    return str(ok(service.as_("coordinator", "oslo").post("/v1/cases", body), 201)["id"])


def later(service: Service, **by: float) -> None:
    service.clock.instant += timedelta(**by)


def answer_of(answer: httpx.Response) -> tuple[int, dict[str, Any], dict[str, str]]:
    """All of an answer but the trace."""
    return answer.status_code, answer.json() | {"trace_id": ""}, without_id(answer.headers)


def views() -> Iterator[str]:
    return (path for method, path in ROUTES if method == "GET" and path.startswith("/v1/cases/{case_id}"))


def test_every_view_is_that_of_the_coordinator_until_the_time_is_up(served: Service) -> None:
    case, reader, own = case_with_a_team(served), away(served), served.as_("coordinator", "oslo")
    where = [path.replace("{case_id}", case) for path in views() if path not in OFFICE_ONLY]
    hidden = [path.replace("{case_id}", case) for path in OFFICE_ONLY]
    assert len(where) > 15
    assert {reader.get(path).status_code for path in where} == {404}
    taken = ok(take(reader, case), 201)

    assert (taken["state"], taken["reason"], taken["review_by"]) == ("open", REASON, "2026-01-12")
    logs = f"/v1/cases/{case}/access-log/plain"  # each reading adds a line to it
    for path in where:
        ours, theirs = reader.get(path), own.get(path)
        assert ours.status_code == theirs.status_code == 200, path
        assert path == logs or ours.json() == theirs.json(), path
    assert {reader.get(path).status_code for path in hidden} == {403, 404}
    log = ok(served.as_("auditor").get("/v1/access-log", case=case, subject="coordinator-troms", limit=200))["items"]
    assert {item["purpose"] for item in log} == {"emergency_danger"}
    assert {item["route"] for item in log if item["kind"] == "read"} == {
        f"GET {path}" for path in views() if path not in OFFICE_ONLY
    }
    assert ok(reader.get("/v1/cases"))["items"] == []  # one case is opened, and no list
    later(served, hours=2)
    assert {reader.get(path).status_code for path in where} == {404}


def test_nothing_is_recorded_by_it(served: Service) -> None:
    case, reader = case_of_oslo(served), away(served)
    ok(take(reader, case), 201)
    tag = reader.get(f"/v1/cases/{case}").headers["ETag"]
    writes = {
        path: asks[0].body
        for (method, path), (_, asks) in ROUTES.items()
        if method == "POST" and path.startswith("/v1/cases/{case_id}/")
    }
    del writes["/v1/cases/{case_id}/emergency-access"]
    assert len(writes) > 3
    for path, body in writes.items():
        given, absent = (path.replace("{case_id}", id).replace("{access_id}", HIDDEN) for id in (case, HIDDEN))
        assert answer_of(reader.post(given, body, tag)) == answer_of(reader.post(absent, body, tag)), path
    assert reader.get(f"/v1/cases/{case}").headers["ETag"] == tag


def test_a_graded_case_answers_exactly_as_a_missing_one(served: Service) -> None:
    graded = case_of_oslo(served, protection="confidential")
    strict = case_of_oslo(served, **OTHER, protection="strictly_confidential")
    for reader in (away(served), served.as_("leader", "troms")):
        for body in (BODY, {"code": "no_such"}, {"hours": 9}):
            missing = answer_of(take(reader, HIDDEN, **body))
            assert missing[0] == (404 if body is BODY else 422)
            assert [answer_of(take(reader, case, **body)) for case in (graded, strict)] == [missing, missing]
    colleague = served.as_("coordinator", "oslo", "colleague-oslo")
    assert answer_of(take(colleague, strict)) == answer_of(take(colleague, HIDDEN))
    assert_problem(take(colleague, graded), 409, "emergency_not_needed")  # seen by the office, without the address
    with served.db.reading() as tx:
        assert tx.scalar(select(func.count()).select_from(emergency_access)) == 0


def by_hand(served: Service, person: str, level: str) -> None:
    leader = served.as_("leader", "oslo")
    where = f"/v1/persons/{person}"
    bearer = {"Authorization": f"Bearer {leader.token}", "If-Match": leader.get(where).headers["ETag"]}
    ok(served.send("PATCH", where, json={"reason": "Politiet har gradert.", "protection": level}, headers=bearer))


def by_the_register(served: Service, _person: str, level: str) -> None:
    about = {key: YOUTH[key] for key in ("national_id", "born")}
    event = {"event_id": f"fr-{level}", "kind": "protection", "protection": level, "occurred_on": "2026-01-05"}
    ok(served.as_("prosecution", "oslo").post("/v1/population-events", event | {"person": about}), 202)


def by_a_merge(served: Service, person: str, level: str) -> None:
    leader, secretariat = served.as_("leader", "oslo"), served.as_("secretariat")
    case = case_of_oslo(served, **OTHER, protection=level)
    other = ok(leader.get(f"/v1/cases/{case}"))["person"]["id"]
    proposed = ok(leader.post(f"/v1/persons/{person}/merge", {"other": other, "reason": "Samme ungdom."}), 202)
    ok(secretariat.post(f"/v1/persons/proposals/{proposed['id']}/approve"))


@pytest.mark.parametrize("protect", [by_hand, by_the_register, by_a_merge])
def test_protection_that_is_raised_ends_the_sight_at_once_and_for_good(
    served: Service, protect: Callable[[Service, str, str], None]
) -> None:
    case, reader, leader = case_of_oslo(served), away(served), served.as_("leader", "oslo")
    taken = ok(take(reader, case), 201)
    person = ok(reader.get(f"/v1/cases/{case}"))["person"]["id"]
    protect(served, person, "confidential")
    assert answer_of(reader.get(f"/v1/cases/{case}")) == answer_of(reader.get(f"/v1/cases/{HIDDEN}"))
    assert answer_of(take(reader, case)) == answer_of(take(reader, HIDDEN))

    (seen,) = ok(leader.get(LIST))["items"]
    assert (seen["ended_by"], seen["state"], seen["reason"]) == ("protected", "to_review", REASON)
    audited = served.as_("auditor").get(LIST)
    (item,) = ok(audited)["items"]
    assert (item["reason"], item["konfliktrad"], item["reference"]) == (None, None, None)
    assert "Storgata" not in audited.text
    own = ok(reader.post(f"{LIST}/{taken['id']}/end"))
    assert (own["ended_at"], own["ended_by"], own["review"]) == (None, None, None)
    by_hand(served, ok(leader.get(f"/v1/cases/{case}"))["person"]["id"], "none")
    assert_problem(reader.get(f"/v1/cases/{case}"), 404, "not_found")


def test_leader_and_auditor_are_told_at_once_and_the_worklist_has_the_review(served: Service) -> None:
    case, reader = case_of_oslo(served), away(served)
    leader, auditor = served.as_("leader", "oslo"), served.as_("auditor")
    for told in (leader, auditor, served.as_("leader", "troms")):
        assert ok(told.get(NOTICES))["items"] == []
    taken = ok(take(reader, case), 201)

    for reviewer in (leader, auditor):
        answer = reviewer.get(NOTICES)
        (notice,) = ok(answer)["items"]
        assert (notice["kind"], notice["alert_id"], notice["due"]) == (
            "emergency_access.taken", taken["id"], "2026-01-12",
        )  # fmt: skip
        assert notice["text"].startswith("Nødtilgang til saken er tatt, og skal vurderes: ")
        assert (notice["state"] is None) is (reviewer is auditor)
        assert not [word for word in ("Vimsete", "Tindra", "Storgata", "troms") if word in answer.text]
    assert ok(served.as_("leader", "troms").get(NOTICES))["items"] == []
    (task,) = ok(leader.get("/v1/worklist"))["to_review"]
    assert (task["id"], task["case"], task["due"], task["days_left"]) == (taken["id"], case, "2026-01-12", 7)
    for nobody in (served.as_("coordinator", "oslo"), served.as_("leader", "troms"), served.as_("secretariat")):
        assert ok(nobody.get("/v1/worklist"))["to_review"] == []

    ok(leader.post(f"{LIST}/{taken['id']}/review", JUDGED))
    assert ok(leader.get("/v1/worklist"))["to_review"] == []
    assert ok(leader.get(NOTICES))["items"] == []
    (notice,) = ok(auditor.get(NOTICES))["items"]  # not read yet, and not withdrawn by who is supervised
    assert (notice["read_at"], bool(notice["ended_at"])) == (None, True)
    assert ok(auditor.post(f"{NOTICES}/{notice['id']}/read"))["read_at"]


def test_it_is_reviewed_by_leader_or_auditor_never_by_who_took_it(served: Service) -> None:
    case = case_of_oslo(served)
    leader, auditor, reader = served.as_("leader", "oslo"), served.as_("auditor"), away(served)
    first = ok(take(reader, case), 201)["id"]
    assert_problem(take(reader, case), 409, "emergency_is_open")
    assert [item["id"] for item in ok(leader.get(LIST, state="open"))["items"]] == [first]
    for refused in (reader, served.as_("secretariat"), served.as_("coordinator", "oslo"), served.as_("admin")):
        assert_problem(refused.post(f"{LIST}/{first}/review", JUDGED), 403, "forbidden_role")
        assert_problem(refused.get(LIST), 403, "forbidden_role")
    other = served.as_("leader", "troms")
    assert answer_of(other.post(f"{LIST}/{first}/review", JUDGED)) == answer_of(
        other.post(f"{LIST}/{HIDDEN}/review", JUDGED)
    )
    assert ok(other.get(LIST))["items"] == []
    moved = served.as_("leader", "oslo", "coordinator-troms")  # who took it, now the leader of the office
    assert_problem(moved.post(f"{LIST}/{first}/review", JUDGED), 403, "own_emergency_access")

    reviewed = ok(leader.post(f"{LIST}/{first}/review", JUDGED))
    assert (reviewed["state"], reviewed["ended_by"], reviewed["review"]["note"]) == (
        "reviewed", "reviewed", JUDGED["note"],
    )  # fmt: skip
    assert_problem(away(served).get(f"/v1/cases/{case}"), 404, "not_found")
    assert_problem(auditor.post(f"{LIST}/{first}/review", JUDGED), 409, "emergency_reviewed")

    second = ok(take(away(served, "second-troms"), case), 201)["id"]
    later(served, hours=2)
    assert [item["id"] for item in ok(auditor.get(LIST, state="to_review"))["items"]] == [second]
    ok(auditor.post(f"{LIST}/{second}/review", JUDGED | {"justified": False}))
    page = ok(auditor.get(LIST, limit=1))
    assert [item["id"] for item in page["items"]] == [second]
    assert [item["id"] for item in ok(auditor.get(LIST, limit=1, cursor=page["next"]))["items"]] == [first]
    assert ok(leader.get(LIST, state="open"))["items"] == ok(leader.get(LIST, state="to_review"))["items"] == []


def test_it_ends_early_by_who_took_it_or_the_leader(served: Service) -> None:
    case = case_of_oslo(served)
    for ends in (away(served), served.as_("leader", "oslo")):
        taken = ok(take(away(served), case), 201)["id"]
        for others in (away(served, "other-troms"), served.as_("leader", "troms"), served.as_("coordinator", "oslo")):
            assert_problem(others.post(f"{LIST}/{taken}/end"), 404, "not_found")
        assert ok(ends.post(f"{LIST}/{taken}/end"))["state"] == "to_review"
        assert_problem(away(served).get(f"/v1/cases/{case}"), 404, "not_found")
        again = ok(ends.post(f"{LIST}/{taken}/end"))
        assert (again["state"], bool(again["ended_at"])) == ("to_review", True)


def test_reason_hours_role_and_service_are_needed(served: Service) -> None:
    case, reader = case_of_oslo(served), away(served)
    for wrong in ({"hours": 9}, {"hours": 0}, {"reason": " "}, {"code": "curiosity"}, {"more": 1}):
        assert_problem(take(reader, case, **wrong), 422, "invalid_input")
    limit = take(reader, case, hours=9).json()["errors"][0]
    assert (limit["pointer"], "8" in limit["detail"]) == ("/hours", True)
    for role in ("secretariat", "auditor", "admin", "analyst", "team_member"):
        assert_problem(take(served.as_(role), case), 403, "forbidden_role")
    assert_problem(take(served.as_("coordinator", "oslo"), case), 409, "emergency_not_needed")
    ok(take(reader, case, hours=8), 201)
    served.clock.turn_to(date(2026, 1, 5), 17)
    ok(reader.get(f"/v1/cases/{case}"))


def test_a_repeated_request_is_one_access(served: Service) -> None:
    case, reader = case_of_oslo(served), away(served)
    where = f"/v1/cases/{case}/emergency-access"
    first, second = (reader.post(where, BODY, None, "once-only") for _ in range(2))
    assert (first.text, second.headers["Idempotency-Replayed"]) == (second.text, "true")
    assert len(ok(served.as_("auditor").get(LIST))["items"]) == 1
    assert len(ok(served.as_("auditor").get(NOTICES))["items"]) == 1


def test_of_two_taken_at_the_same_time_the_second_waits_and_is_told_of_the_first(served: Service) -> None:
    case, reader = UUID(case_of_oslo(served)), Viewer(Role.COORDINATOR, "coordinator-troms", "troms")
    asked = EmergencyRequest(EmergencyReason.DANGER, REASON, timedelta(hours=1))

    def taken(tx: Connection) -> None:
        emergency.take(tx, served.app.state.keys, reader, case, asked, served.clock())

    def again() -> None:
        with served.db.writing() as tx:
            taken(tx)

    with ThreadPoolExecutor(1) as pool:
        with served.db.writing() as tx:
            taken(tx)
            second = pool.submit(again)
            with pytest.raises(TimeoutError):
                second.result(0.5)
        with pytest.raises(EmergencyIsOpen):
            second.result(30)
    with served.db.reading() as tx:
        assert tx.scalar(select(func.count()).select_from(emergency_access)) == 1


# --- what is written ----------------------------------------------------------------------------------------


def test_each_read_is_logged_with_its_purpose_and_the_youth_reads_why(served: Service) -> None:
    case, reader = case_with_a_team(served), away(served)
    ok(take(reader, case, code="urgent_contact"), 201)
    for view in ("", "/plan"):
        ok(reader.get(f"/v1/cases/{case}{view}"))
    log = ok(served.as_("auditor").get("/v1/access-log", case=case, subject="coordinator-troms"))["items"]
    purposes = {item["route"]: item["purpose"] for item in log}
    assert purposes == {
        "POST /v1/cases/{case_id}/emergency-access": "emergency_urgent_contact",
        "GET /v1/cases/{case_id}": "emergency_urgent_contact",
        "GET /v1/cases/{case_id}/plan": "emergency_urgent_contact",
    }
    plain = ok(member(served, "youth-1").get(PLAIN.format(case)))["items"]
    (line,) = [item for item in plain if item["purpose"] == "emergency_urgent_contact"]
    assert line["text"] == (
        "5. januar 2026: Ungdomskoordinator ved Konfliktrådet Troms så det som er skrevet om deg. "
        "Hvorfor: nødtilgang: ungdommen måtte nås med en gang."
    )


def test_the_words_are_encrypted_and_each_change_is_in_the_chain(served: Service) -> None:
    case = case_of_oslo(served)
    taken = ok(take(away(served), case), 201)["id"]
    ok(served.as_("leader", "oslo").post(f"{LIST}/{taken}/review", JUDGED))
    with served.db.reading() as tx:
        row = tx.execute(select(emergency_access)).one()
        changes = list(tx.scalars(
            select(audit_change.c.content).where(audit_change.c.source == "emergency_access")
            .order_by(audit_change.c.position)
        ))  # fmt: skip
    assert REASON.encode() not in row.sealed
    assert JUDGED["note"].encode() not in row.review_sealed
    assert len(changes) == 3  # taken, ended by the review, reviewed
    assert not [text for text in changes if REASON in text or JUDGED["note"] in text]

    people = [UUID(ok(served.as_("leader", "oslo").get(f"/v1/cases/{case}"))["person"]["id"])]
    with served.db.writing() as tx:
        erasing.erase_person(tx, served.app.state.keys, people, served.clock(), ChangeAuthor(subject="kari"))
    with served.db.reading() as tx:
        row = tx.execute(select(emergency_access)).one()
        assert (row.sealed, row.review_sealed, chain_verification.verify(tx).findings) == (None, None, [])
    (listed,) = ok(served.as_("leader", "oslo").get(LIST))["items"]
    assert (listed["reason"], listed["review"]["note"], listed["review"]["justified"]) == (None, None, True)


def test_words_under_a_lost_key_are_as_erased_and_hold_up_nothing(served: Service) -> None:
    case = case_of_oslo(served)
    reviewed = ok(take(away(served, "first-troms"), case), 201)["id"]
    ok(served.as_("leader", "oslo").post(f"{LIST}/{reviewed}/review", JUDGED))
    opened = ok(take(away(served), case), 201)["id"]
    with with_lost_key(served) as again:
        reader, leader = away(again), again.as_("leader", "oslo")
        for client in (leader, again.as_("auditor")):
            items = {item["id"]: item for item in ok(client.get(LIST))["items"]}
            assert [items[each]["reason"] for each in (reviewed, opened)] == [None, None]
            assert (items[reviewed]["review"]["note"], items[reviewed]["review"]["justified"]) == (None, True)
        assert ok(reader.get(f"/v1/cases/{case}"))["id"] == case
        assert_problem(take(reader, case), 409, "emergency_is_open")
        assert ok(reader.post(f"{LIST}/{opened}/end"))["state"] == "to_review"
        assert ok(leader.post(f"{LIST}/{opened}/review", JUDGED))["review"]["note"] == JUDGED["note"]
        assert ok(take(reader, case), 201)["reason"] == REASON


def night(service: Service, day: date) -> dict[str, list[tuple[UUID | None, str | None]]]:
    findings = checks.run(service.db, day, datetime(day.year, day.month, day.day, 3, tzinfo=UTC))
    return {
        code: [(finding.case_id, finding.about) for finding in of_code]
        for code, of_code in findings.items()
        if of_code and (code.startswith("access_") or code == "emergency_access_unreviewed")
    }


def test_the_night_finds_what_nobody_has_reviewed_in_time(served: Service) -> None:
    case, reader = case_of_oslo(served), away(served)
    taken = ok(take(reader, case), 201)["id"]
    ok(reader.get(f"/v1/cases/{case}"))
    assert night(served, date(2026, 1, 6)) == {}  # the read by itself is no finding: it is reviewed
    assert night(served, date(2026, 1, 12)) == {}
    assert night(served, date(2026, 1, 13)) == {"emergency_access_unreviewed": [(UUID(case), "coordinator-troms")]}
    served.clock.turn_to(date(2026, 1, 13))
    ok(served.as_("auditor").post(f"{LIST}/{taken}/review", JUDGED))
    assert night(served, date(2026, 1, 14)) == {}

"""Persons, told over HTTP: read and corrected, searched for, changed by the register, merged and split."""

from datetime import date
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests.service import Client, Service, new_case
from tests.stories.places import brought
from ungdom.store import journal, observations, rebuild
from ungdom.store.schema.access import AccessKind, access_entry, access_log
from ungdom.store.schema.persons import person
from ungdom.workflow.vocabulary import ObservationKind

D_NUMBER, NUMBER = "57850998002", "17850998027"
BORN = "2009-05-17"
YOUTH = {
    "given_name": "Prikkete",
    "family_name": "Lyngtue",
    "born": BORN,
    "national_id": NUMBER,
    "guardians": [{"name": "Rutete Lyngtue", "contact": "+47 000 62 001"}],
}
STRICT = "strictly_confidential"


def opened(service: Service, office: str = "oslo", **youth: Any) -> dict[str, Any]:
    """A case on this youth, opened by the coordinator of the office."""
    done = service.as_("coordinator", office).post("/v1/cases", new_case(konfliktrad=office, person=YOUTH | youth))
    assert done.status_code == 201, done.text
    return dict(done.json())


REGISTER = {"GET /v1/persons/{person_id}", "GET /v1/population-events"}


def of_the_register(client: Client, person_id: str) -> list[dict[str, Any]]:
    """The accesses to the person by the routes of records and of the register, as this reader is shown them."""
    log = ok(client.get(f"/v1/persons/{person_id}/access-log", limit=200))["items"]
    return [entry for entry in log if entry["route"] in REGISTER]


def read(client: Client, person_id: str) -> httpx.Response:
    return client.get(f"/v1/persons/{person_id}")


def corrected(
    client: Client, person_id: str, dry_run: bool = False, etag: str | None = None, **new: Any
) -> httpx.Response:
    """The answer to a correction of the person as they are now."""
    tag = etag or read(client, person_id).headers["ETag"]
    headers = {"If-Match": tag, "Authorization": f"Bearer {client.token}"}
    body = {"reason": "Opplyst av verge."} | new
    query = {"dry_run": "true"} if dry_run else {}
    return client.service.send("PATCH", f"/v1/persons/{person_id}", json=body, headers=headers, params=query)


def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return dict(answer.json())


# --- read and correct ---------------------------------------------------------------------------------------


def test_a_name_is_corrected_with_a_reason_and_the_old_one_stays_in_the_history(served: Service) -> None:
    case, oslo = opened(served), served.as_("coordinator", "oslo")
    who = case["person"]["id"]
    before = read(oslo, who)
    assert (before.json()["family_name"], before.json()["history"]) == ("Lyngtue", [])

    done = ok(corrected(oslo, who, family_name="Lyngtue-Høst", interpreter="so", contact={"language": "so"}))

    assert set(done["fields"]) == {"family_name", "interpreter", "contact"}
    now = read(oslo, who)
    assert now.json()["family_name"] == "Lyngtue-Høst"
    assert (now.json()["interpreter"], now.json()["reach"]["contact"]["language"]) == ("so", "so")
    (change,) = now.json()["history"]
    assert (change["reason"], change["changed_by"]) == ("Opplyst av verge.", "coordinator-oslo")
    assert change["before"]["family_name"] == "Lyngtue"
    assert ok(oslo.get(f"/v1/cases/{case['id']}"))["person"]["family_name"] == "Lyngtue-Høst"


def test_a_correction_names_the_version_that_was_read(served: Service) -> None:
    who, oslo = opened(served)["person"]["id"], served.as_("coordinator", "oslo")
    first = read(oslo, who).headers["ETag"]
    path, headers = f"/v1/persons/{who}", {"Authorization": f"Bearer {oslo.token}"}
    without = served.send("PATCH", path, json={"reason": "Skrivefeil.", "sex": "female"}, headers=headers)
    problem(without, 428, "precondition_required")
    ok(corrected(oslo, who, sex="female"))
    stale = problem(corrected(oslo, who, etag=first, sex="male"), 412, "person_stale")
    assert stale["current_etag"] == read(oslo, who).headers["ETag"]
    problem(corrected(oslo, who, sex="female"), 409, "person_unchanged")


def test_any_part_of_a_name_may_be_missing_also_by_hand(served: Service) -> None:
    oslo = served.as_("coordinator", "oslo")
    body = new_case(person={"born": BORN})
    who = ok(oslo.post("/v1/cases", body), 201)["person"]["id"]
    assert (ok(read(oslo, who))["given_name"], ok(read(oslo, who))["family_name"]) == (None, None)
    ok(corrected(oslo, who, given_name="Prikkete"))
    assert ok(read(oslo, who))["given_name"] == "Prikkete"
    ok(corrected(oslo, who, given_name=None))
    assert ok(read(oslo, who))["given_name"] is None


def test_a_corrected_birth_date_moves_what_follows_from_it_in_every_case(served: Service) -> None:
    first, oslo = opened(served), served.as_("coordinator", "oslo")
    second = opened(served)
    who = first["person"]["id"]
    assert second["person"]["id"] == who
    ok(oslo.record(first["id"], "suspect_set", "2026-01-05"), 201)

    tried = ok(corrected(oslo, who, dry_run=True, born="2009-05-27"))
    assert (tried["dry_run"], tried["in_the_way"]) == (True, [])
    assert {case["case_id"] for case in tried["cases"]} == {first["id"], second["id"]}
    moved = {"field": "turns_18_on", "before": "2027-05-17", "after": "2027-05-27"}
    assert all(moved in case["changes"] for case in tried["cases"])
    assert ok(read(oslo, who))["born"] == BORN

    known_at = served.clock().isoformat()
    ok(corrected(oslo, who, born="2009-05-27"))
    assert ok(oslo.get(f"/v1/cases/{first['id']}"))["person"]["born"] == "2009-05-27"
    with served.db.reading() as tx:
        (stored,) = journal.load_many(tx, [journal.case_id_of(tx, first["reference"])])  # type: ignore[list-item]  # there
        assert stored.youth.born == date(2009, 5, 27)
        then = journal.load(tx, stored.case_id, served.clock.instant.fromisoformat(known_at))
        assert then is not None
        assert then.youth.born == date(2009, 5, 17)
    assert rebuild.check(served.db) == []
    ok(oslo.record(first["id"], "charged", "2026-01-05"), 201)
    assert rebuild.check(served.db) == []


def test_a_birth_date_that_makes_an_event_illegal_is_refused_with_the_event(served: Service) -> None:
    case, _ = brought(served, "F R2", "received")
    oslo = served.as_("coordinator", "oslo")
    person_then = ok(oslo.get(f"/v1/cases/{case}"))["person"]
    who = person_then["id"]

    tried = ok(corrected(oslo, who, dry_run=True, born="2004-05-17"))
    (in_the_way,) = tried["in_the_way"]
    assert in_the_way["case_id"] == case
    assert [event["event"] for event in in_the_way["events"]] == ["suspect_set", "consent_given"]

    refused = problem(corrected(oslo, who, born="2004-05-17"), 409, "person_correction_refused")
    assert refused["in_the_way"] == tried["in_the_way"]
    assert all(event["unmet"] for event in refused["in_the_way"][0]["events"])
    assert ok(read(oslo, who))["born"] == person_then["born"]


def test_nobody_is_born_after_the_act_or_after_today(served: Service) -> None:
    who, oslo = opened(served)["person"]["id"], served.as_("coordinator", "oslo")
    for day, code in (("2026-01-03", "born_after_offence"), ("2027-01-01", "day_in_future")):
        (place,) = problem(corrected(oslo, who, born=day), 422, "invalid_input")["errors"]
        assert (place["pointer"], place["code"]) == ("/born", code)


def test_a_d_number_becomes_a_number_and_is_kept(served: Service) -> None:
    who, oslo = opened(served, national_id=D_NUMBER)["person"]["id"], served.as_("coordinator", "oslo")
    assert ok(read(oslo, who))["d_number"] is True
    ok(corrected(oslo, who, national_id=NUMBER))
    now = ok(read(oslo, who))
    assert (now["national_id"], now["d_number"]) == (NUMBER, False)
    assert [(old["number"], old["d_number"]) for old in now["former_numbers"]] == [(D_NUMBER, True)]
    for number in (D_NUMBER, NUMBER):
        (hit,) = ok(oslo.post("/v1/persons/search", {"national_id": number}))["items"]
        assert hit["id"] == who
        assert opened(served, national_id=number)["person"]["id"] == who


def test_a_number_that_was_never_theirs_is_not_kept(served: Service) -> None:
    who, oslo = opened(served, national_id=D_NUMBER)["person"]["id"], served.as_("coordinator", "oslo")
    ok(corrected(oslo, who, national_id=NUMBER, number_was_wrong=True))
    assert ok(read(oslo, who))["former_numbers"] == []
    assert ok(oslo.post("/v1/persons/search", {"national_id": D_NUMBER}))["items"] == []


def test_a_temporary_guardian_takes_the_place_of_the_guardians_for_some_days(served: Service) -> None:
    case, oslo = opened(served), served.as_("coordinator", "oslo")
    who = case["person"]["id"]
    mother = {"reference": "g1", "name": "Rutete Lyngtue"}
    father = {"name": "Stripete Lyngtue", "since": "2025-01-01"}
    ok(corrected(oslo, who, guardians=[mother, father]))
    assert ok(read(oslo, who))["guardians"] == 2

    named = ok(read(oslo, who))["reach"]["guardians"]
    assert [(guardian["reference"], guardian["since"]) for guardian in named] == [("g1", None), ("g2", "2025-01-01")]
    temporary = {"name": "Advokat Kvist", "kind": "temporary_guardian", "since": "2026-01-01", "until": "2026-03-01"}
    ok(corrected(oslo, who, guardians=[mother, father | {"reference": "g2"}, temporary]))
    assert ok(read(oslo, who))["guardians"] == 1
    assert ok(oslo.get(f"/v1/cases/{case['id']}"))["person"]["guardians"] == 1
    served.clock.turn_to(date(2026, 3, 2))
    assert ok(read(oslo, who))["guardians"] == 2
    problem(corrected(oslo, who, guardians=[{"reference": "g9", "name": "Ingen"}]), 422, "unknown_guardian")


def test_protection_is_raised_by_the_office_and_lowered_by_leader_or_secretariat(served: Service) -> None:
    case, oslo = opened(served), served.as_("coordinator", "oslo")
    leader, who = served.as_("leader", "oslo"), case["person"]["id"]
    ok(oslo.record(case["id"], "suspect_set", "2026-01-05"), 201)
    ok(corrected(oslo, who, protection="confidential"))
    problem(corrected(served.as_("coordinator", "oslo", "coordinator-oslo-2"), who, sex="male"), 403, "not_cleared")
    refused = corrected(oslo, who, protection="none")
    assert refused.status_code == 403, refused.text
    done = ok(corrected(leader, who, protection="none", reason="Folkeregisteret har opphevet graderingen."))
    assert done["person"]["protection"] == "none"
    assert [change["before"]["protection"] for change in done["person"]["history"]] == ["confidential", "none"]


def test_a_stricter_protection_given_with_a_new_case_is_in_the_history(served: Service) -> None:
    who = opened(served)["person"]["id"]
    assert opened(served, protection="confidential")["person"]["id"] == who
    (change,) = ok(read(served.as_("secretariat"), who))["history"]
    assert (change["kind"], change["fields"], change["changed_by"]) == (
        "protected",
        ["protection"],
        "coordinator-oslo",
    )


def test_a_person_is_read_by_those_who_see_a_case_of_theirs_and_every_read_is_logged(served: Service) -> None:
    who = opened(served)["person"]["id"]
    assert read(served.as_("coordinator", "troms"), who).status_code == 404
    assert read(served.as_("team_member"), who).status_code == 403
    secretariat = ok(read(served.as_("secretariat"), who))
    assert (secretariat["national_id"], secretariat["reach"]) == (None, None)
    ok(read(served.as_("coordinator", "oslo"), who))
    for reader in (served.as_("leader", "oslo"), served.as_("auditor"), served.as_("secretariat")):
        log = of_the_register(reader, who)
        assert [(entry["subject"], entry["kind"]) for entry in log] == [
            ("coordinator-oslo", "read"),
            ("secretariat", "read"),
        ]
    ok(sent(served, "fr-1", "name", name={"given_name": "Prikkete", "family_name": "Lyngtue"}), 202)
    ok(served.as_("coordinator", "oslo").get("/v1/population-events"))
    assert len(of_the_register(served.as_("auditor"), who)) == 3
    assert served.as_("leader", "troms").get(f"/v1/persons/{who}/access-log").status_code == 404
    assert served.as_("coordinator", "oslo").get(f"/v1/persons/{who}/access-log").status_code == 403


# --- search -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": "lyngtue"},
        {"name": "Prikkete LYNGTUE"},
        {"born": BORN},
        {"national_id": NUMBER},
        {"name": "lyng", "born": BORN},
    ],
)
def test_a_person_is_found_by_name_birth_date_or_number_by_those_who_may_see_them(
    served: Service, wanted: dict[str, str]
) -> None:
    case = opened(served)
    opened(served, "oslo", given_name="Vimsete", family_name="Kvist", born="2008-01-02", national_id=None)
    (hit,) = ok(served.as_("coordinator", "oslo").post("/v1/persons/search", wanted))["items"]
    assert (hit["id"], hit["cases"]) == (
        case["person"]["id"],
        [{"id": case["id"], "reference": case["reference"]}],
    )
    assert ok(served.as_("coordinator", "troms").post("/v1/persons/search", wanted))["items"] == []


def test_a_search_is_logged_without_what_was_searched_for(served: Service) -> None:
    who = opened(served)["person"]["id"]
    ok(served.as_("coordinator", "oslo").post("/v1/persons/search", {"name": "lyngtue", "born": BORN}))
    ok(served.as_("coordinator", "troms").post("/v1/persons/search", {"name": "lyngtue"}))
    with served.db.reading() as tx:
        rows = tx.execute(select(access_log).where(access_log.c.criteria.is_not(None))).all()
        found = tx.execute(select(access_entry).where(access_entry.c.access_id.in_([row.access_id for row in rows])))
        entries = found.all()
    assert {row.kind for row in rows} == {AccessKind.SEARCHED}
    assert {(row.subject, row.criteria, row.hits) for row in rows} == {
        ("coordinator-oslo", "name born", 1),
        ("coordinator-troms", "name", 0),
    }
    assert [str(entry.person_id) for entry in entries] == [who]
    problem(served.as_("coordinator", "oslo").post("/v1/persons/search", {}), 422, "invalid_input")


# --- the population register --------------------------------------------------------------------------------


def sent(service: Service, event_id: str, kind: str, **more: Any) -> httpx.Response:
    who = {"national_id": NUMBER, "born": BORN} | more.pop("person", {})
    body = {"event_id": event_id, "kind": kind, "occurred_on": "2026-01-04", "person": who} | more
    return service.as_("prosecution", subject="system:register").post("/v1/population-events", body)


def questions(client: Client) -> list[dict[str, Any]]:
    return list(ok(client.get("/v1/population-events", outcome="question"))["items"])


def test_a_name_of_the_register_is_applied_once(served: Service) -> None:
    who, oslo = opened(served)["person"]["id"], served.as_("coordinator", "oslo")
    new = {"given_name": "Prikkete", "family_name": "Høst"}
    first = ok(sent(served, "fr-1", "name", name=new), 202)
    assert ok(sent(served, "fr-1", "name", name=new), 202) == first
    problem(sent(served, "fr-1", "name", name=new | {"family_name": "Kvist"}), 409, "population_event_differs")
    now = ok(read(oslo, who))
    assert (now["family_name"], [change["kind"] for change in now["history"]]) == ("Høst", ["registered"])
    (event,) = ok(oslo.get("/v1/population-events"))["items"]
    assert (event["outcome"], event["name"]) == ("applied", "Prikkete Høst")


def test_the_register_does_not_learn_who_is_stored(served: Service) -> None:
    opened(served)
    known = ok(sent(served, "fr-1", "protection", protection="confidential"), 202)
    unknown = ok(sent(served, "fr-2", "protection", protection="confidential", person={"national_id": D_NUMBER}), 202)
    assert known.keys() == unknown.keys()
    with served.db.reading() as tx:
        assert tx.scalar(select(person.c.protection)) == "confidential"


def test_what_contradicts_is_a_question_that_a_person_decides(served: Service) -> None:
    who, oslo = opened(served)["person"]["id"], served.as_("coordinator", "oslo")
    ok(sent(served, "fr-1", "number", national_id=D_NUMBER, person={"born": "2009-05-18"}), 202)
    assert ok(read(oslo, who))["national_id"] == NUMBER
    (question,) = questions(oslo)
    assert (question["reason"], question["person"]["id"]) == ("person_contradicts", who)
    assert questions(served.as_("coordinator", "troms")) == []
    done = ok(oslo.post(f"/v1/population-events/{question['id']}/apply", {}))
    assert done["outcome"] == "applied"
    assert [old["number"] for old in ok(read(oslo, who))["former_numbers"]] == [NUMBER]
    again = oslo.post(f"/v1/population-events/{question['id']}/dismiss", {"reason": "Feil person."})
    problem(again, 409, "population_event_decided")


def test_a_lower_protection_is_decided_by_leader_or_secretariat(served: Service) -> None:
    who, leader = opened(served)["person"]["id"], served.as_("leader", "oslo")
    ok(corrected(leader, who, protection=STRICT))
    ok(sent(served, "fr-1", "protection", protection="none"), 202)
    assert ok(read(leader, who))["protection"] == STRICT
    (question,) = questions(leader)
    assert question["reason"] == "lowers_protection"
    ok(leader.post(f"/v1/population-events/{question['id']}/dismiss", {"reason": "Ikke bekreftet."}))
    assert (ok(read(leader, who))["protection"], questions(leader)) == (STRICT, [])


def test_guardians_of_the_register_end_and_begin_on_the_day(served: Service) -> None:
    who, oslo = opened(served)["person"]["id"], served.as_("coordinator", "oslo")
    ok(sent(served, "fr-1", "guardians", guardians=[{"name": "Stripete Lyngtue"}]), 202)
    old, new = ok(read(oslo, who))["reach"]["guardians"]
    assert (old["reference"], old["until"]) == ("g1", "2026-01-03")
    assert (new["reference"], new["name"], new["since"]) == ("g2", "Stripete Lyngtue", "2026-01-04")


def test_a_death_with_an_open_case_is_a_question_and_then_the_case_lapses(served: Service) -> None:
    case, oslo = opened(served), served.as_("coordinator", "oslo")
    who = case["person"]["id"]
    ok(sent(served, "fr-1", "death", occurred_on="2026-01-05"), 202)
    (question,) = questions(oslo)
    assert question["reason"] == "open_cases"
    assert ok(read(oslo, who))["died_on"] is None
    done = ok(oslo.post(f"/v1/population-events/{question['id']}/apply", {}))
    assert done["lapsed"] == [case["id"]]
    assert ok(oslo.get(f"/v1/cases/{case['id']}"))["state"] == "lapsed"
    assert ok(read(oslo, who))["died_on"] == "2026-01-05"
    seen = ok(served.as_("secretariat").get(f"/v1/persons/{who}/observations"))["items"]
    assert [(item["kind"], item["occurred_on"]) for item in seen] == [("death", "2026-01-05")]


# --- merge and split ----------------------------------------------------------------------------------------


def two_records(service: Service, **second: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two cases of one youth at one office, opened on two records: without a number on one of them."""
    first = opened(service)
    other = opened(service, given_name="Prikke", family_name="Tue", born="2009-05-20", national_id=None, **second)
    assert first["person"]["id"] != other["person"]["id"]
    return first, other


def proposed(client: Client, person_id: str, kind: str, **body: Any) -> dict[str, Any]:
    asked = {"reason": "Samme person ifølge skolen."} | body
    return ok(client.post(f"/v1/persons/{person_id}/{kind}", asked), 202)


def approved(client: Client, proposal: dict[str, Any]) -> dict[str, Any]:
    return ok(client.post(f"/v1/persons/proposals/{proposal['id']}/approve"))


def test_two_people_merge_two_persons_and_two_people_undo_it(served: Service) -> None:
    first, other = two_records(served)
    leader, secretariat = served.as_("leader", "oslo"), served.as_("secretariat")
    ids = [first["person"]["id"], other["person"]["id"]]
    death = {"kind": "emigration", "occurred_on": "2026-01-05"}
    ok(leader.post(f"/v1/persons/{ids[1]}/observations", death), 201)

    merge = proposed(leader, ids[0], "merge", other=ids[1])
    assert ok(read(leader, ids[1]))["id"] == ids[1]
    problem(leader.post(f"/v1/persons/proposals/{merge['id']}/approve"), 403, "second_person_needed")
    assert ok(secretariat.get("/v1/persons/proposals", status="proposed"))["items"] == [merge]
    approved(secretariat, merge)

    assert ok(read(leader, ids[1]))["id"] == ids[0]
    assert {case["id"] for case in ok(read(leader, ids[0]))["cases"]} == {first["id"], other["id"]}
    assert len(ok(leader.get(f"/v1/persons/{ids[0]}/observations"))["items"]) == 1
    problem(leader.post(f"/v1/persons/proposals/{merge['id']}/reject"), 409, "proposal_decided")
    problem(leader.post(f"/v1/persons/{ids[0]}/merge", {"other": ids[1], "reason": "Igjen."}), 409, "same_person")

    split = proposed(secretariat, ids[0], "split", merge=merge["id"])
    approved(leader, split)
    assert [case["id"] for case in ok(read(leader, ids[0]))["cases"]] == [first["id"]]
    assert [case["id"] for case in ok(read(leader, ids[1]))["cases"]] == [other["id"]]
    assert ok(read(leader, ids[1]))["family_name"] == "Tue"
    assert ok(leader.get(f"/v1/persons/{ids[0]}/observations"))["items"] == []
    assert len(ok(leader.get(f"/v1/persons/{ids[1]}/observations"))["items"]) == 1
    assert rebuild.check(served.db) == []


def test_cases_opened_on_one_record_are_split_and_the_split_is_undone_by_a_merge(served: Service) -> None:
    first = opened(served)
    second = opened(served)
    leader, secretariat, who = served.as_("leader", "oslo"), served.as_("secretariat"), first["person"]["id"]
    assert second["person"]["id"] == who

    split = approved(secretariat, proposed(leader, who, "split", cases=[second["id"]]))
    other = split["other"]["id"]
    assert other != who
    assert ok(leader.get(f"/v1/cases/{second['id']}"))["person"]["id"] == other
    assert [case["id"] for case in ok(read(leader, who))["cases"]] == [first["id"]]
    ok(corrected(leader, other, given_name="Rutete"))
    assert ok(read(leader, who))["given_name"] == "Prikkete"
    assert rebuild.check(served.db) == []

    approved(leader, proposed(secretariat, who, "merge", other=other))
    assert {case["id"] for case in ok(read(leader, who))["cases"]} == {first["id"], second["id"]}
    assert rebuild.check(served.db) == []


def test_protection_is_the_stricter_after_a_merge_and_stays_after_a_split_until_reviewed(served: Service) -> None:
    first, other = two_records(served, protection="confidential")
    leader, secretariat = served.as_("leader", "oslo"), served.as_("secretariat")
    ids = [first["person"]["id"], other["person"]["id"]]
    merge = proposed(leader, ids[0], "merge", other=ids[1])
    approved(secretariat, merge)
    assert ok(read(leader, ids[0]))["protection"] == "confidential"

    approved(secretariat, proposed(leader, ids[0], "split", merge=merge["id"]))
    for who in ids:
        shown = ok(read(leader, who))
        assert (shown["protection"], shown["review_protection"]) == ("confidential", True)
    ok(corrected(leader, ids[0], protection="none"))
    ok(corrected(leader, ids[1], protection="confidential"))
    reviewed = [ok(read(leader, who)) for who in ids]
    assert [(one["protection"], one["review_protection"]) for one in reviewed] == [
        ("none", False),
        ("confidential", False),
    ]


def test_a_merge_across_offices_widens_nobodys_sight(served: Service) -> None:
    mine = opened(served)
    theirs = opened(served, "troms", given_name="Prikke", family_name="Tue", born="2009-05-20", national_id=None)
    leader, secretariat = served.as_("leader", "oslo"), served.as_("secretariat")
    ids = [mine["person"]["id"], theirs["person"]["id"]]
    assert leader.post(f"/v1/persons/{ids[0]}/merge", {"other": ids[1], "reason": "x"}).status_code == 404
    ok(corrected(served.as_("leader", "troms"), ids[1], sex="female", reason="Kun for Troms."))

    merge = proposed(secretariat, ids[0], "merge", other=ids[1])
    (shown,) = ok(leader.get("/v1/persons/proposals"))["items"]
    assert (shown["person"]["id"], shown["other"]) == (ids[0], None)
    approved(leader, merge)

    seen = ok(read(leader, ids[0]))
    assert [case["id"] for case in seen["cases"]] == [mine["id"]]
    assert "Kun for Troms." not in str(seen)
    assert leader.get(f"/v1/cases/{theirs['id']}").status_code == 404


def test_a_correction_that_breaks_a_case_of_another_office_goes_to_the_secretariat(served: Service) -> None:
    case, _ = brought(served, "F R2", "received")
    leader, secretariat = served.as_("leader", "oslo"), served.as_("secretariat")
    who = ok(leader.get(f"/v1/cases/{case}"))["person"]["id"]
    served.clock.turn_to(date(2026, 1, 5))
    theirs = opened(served, "troms")
    approved(leader, proposed(secretariat, who, "merge", other=theirs["person"]["id"]))
    troms = served.as_("coordinator", "troms")
    tried = ok(corrected(troms, who, dry_run=True, born="2004-05-17"))
    assert (tried["in_the_way"], tried["elsewhere"]) == ([], True)
    refused = problem(corrected(troms, who, born="2004-05-17"), 409, "person_correction_refused")
    assert case not in str(refused)
    shown = ok(corrected(secretariat, who, dry_run=True, born="2004-05-17"))
    assert ([one["case_id"] for one in shown["in_the_way"]], shown["elsewhere"]) == ([case], False)


def test_figures_and_observations_follow_a_merge(served: Service) -> None:
    first, other = two_records(served)
    leader, secretariat = served.as_("leader", "oslo"), served.as_("secretariat")
    for case, day in ((first, "2026-01-04"), (other, "2026-01-05")):
        move = {"kind": "emigration", "occurred_on": day}
        ok(secretariat.post(f"/v1/persons/{case['person']['id']}/observations", move), 201)
    approved(secretariat, proposed(leader, first["person"]["id"], "merge", other=other["person"]["id"]))
    with served.db.reading() as tx:
        case_id = journal.case_id_of(tx, other["reference"])
        assert case_id is not None
        stored = journal.load(tx, case_id)
        assert stored is not None
        assert str(stored.person_id) == first["person"]["id"]
        known = observations.of_people(tx, [stored.person_id])[stored.person_id]
    assert [observation.kind for observation in known] == [ObservationKind.EMIGRATION] * 2

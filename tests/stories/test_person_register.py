"""Persons with several records, and events of the register that come late or leave something open, over HTTP."""

from datetime import date
from typing import Any

import pytest

from tests.service import Client, Service, new_case
from tests.stories.test_persons import (
    BORN,
    D_NUMBER,
    NUMBER,
    STRICT,
    YOUTH,
    approved,
    corrected,
    ok,
    opened,
    problem,
    proposed,
    questions,
    read,
    sent,
    two_records,
)
from ungdom.store import journal, rebuild
from ungdom.workflow.case import Youth


def computed_by(service: Service, case: dict[str, Any]) -> Youth:
    """The facts about the youth by which the case is computed."""
    with service.db.reading() as tx:
        case_id = journal.case_id_of(tx, case["reference"])
        assert case_id is not None
        stored = journal.load(tx, case_id)
    assert stored is not None
    return stored.youth


def accesses(service: Service, person_id: str) -> list[tuple[str, str]]:
    """Who did what with the record, the newest first."""
    log = ok(service.as_("auditor").get(f"/v1/persons/{person_id}/access-log"))
    of_persons = (x for x in log["items"] if "/v1/persons" in x["route"] and "access-log" not in x["route"])
    return [(entry["subject"], entry["kind"]) for entry in of_persons]


# --- several records of one person --------------------------------------------------------------------------


def test_a_case_of_a_joined_record_follows_a_value_that_the_person_has_already(served: Service) -> None:
    first, other = two_records(served)
    leader, secretariat = served.as_("leader", "oslo"), served.as_("secretariat")
    who = first["person"]["id"]
    ok(corrected(leader, other["person"]["id"], guardians=[]))
    approved(secretariat, proposed(leader, who, "merge", other=other["person"]["id"]))
    assert computed_by(served, other) == Youth(date(2009, 5, 20), 0)

    tried = ok(corrected(leader, who, dry_run=True, born=BORN))
    assert (tried["fields"], [case["case_id"] for case in tried["cases"]]) == (["born"], [other["id"]])
    moved = {"field": "turns_18_on", "before": "2027-05-20", "after": BORN.replace("2009", "2027")}
    assert moved in tried["cases"][0]["changes"]
    assert computed_by(served, other).born == date(2009, 5, 20)

    ok(corrected(leader, who, born=BORN))
    assert (computed_by(served, other), computed_by(served, first).born) == (
        Youth(date(2009, 5, 17), 0),
        date(2009, 5, 17),
    )
    ok(corrected(leader, who, guardians=[{"reference": "g1", "name": "Rutete Lyngtue"}]))
    assert computed_by(served, other) == Youth(date(2009, 5, 17), 1)
    problem(corrected(leader, who, born=BORN), 409, "person_unchanged")
    assert rebuild.check(served.db) == []


def test_the_day_of_an_act_in_a_case_that_nobody_here_sees_is_not_told(served: Service) -> None:
    mine = opened(served)
    youth = YOUTH | {"given_name": "Prikke", "family_name": "Tue", "born": "2009-05-20", "national_id": None}
    body = new_case(konfliktrad="troms", person=youth, offences=[{"on": "2025-06-11"}])
    theirs = ok(served.as_("coordinator", "troms").post("/v1/cases", body), 201)
    leader, secretariat = served.as_("leader", "oslo"), served.as_("secretariat")
    who = mine["person"]["id"]
    approved(leader, proposed(secretariat, who, "merge", other=theirs["person"]["id"]))
    oslo = served.as_("coordinator", "oslo", "coordinator-oslo-2")

    tried = ok(corrected(oslo, who, dry_run=True, born="2025-06-11"))
    assert (tried["in_the_way"], tried["elsewhere"]) == ([], True)
    problem(corrected(oslo, who, born="2025-06-11"), 409, "person_correction_refused")
    for client, day in ((oslo, "2026-01-02"), (secretariat, "2025-06-11")):
        (place,) = problem(corrected(client, who, dry_run=True, born=day), 422, "invalid_input")["errors"]
        assert (place["pointer"], place["code"]) == ("/born", "born_after_offence")
    assert computed_by(served, mine).born == date(2009, 5, 17)


def test_a_tried_correction_is_in_the_log_of_access(served: Service) -> None:
    who, oslo = opened(served)["person"]["id"], served.as_("coordinator", "oslo")
    tag = read(oslo, who).headers["ETag"]
    before = accesses(served, who)
    ok(corrected(oslo, who, dry_run=True, etag=tag, sex="female"))
    assert accesses(served, who) == [("coordinator-oslo", "read"), *before]
    ok(corrected(oslo, who, etag=tag, sex="female"))
    assert accesses(served, who)[0] == ("coordinator-oslo", "corrected")


# --- a changed person is compared with others ---------------------------------------------------------------


def asked_about(client: Client) -> list[tuple[str, str, str]]:
    """The open questions of identity: given name of the changed record, the one known, and how they compare."""
    items = ok(client.get("/v1/persons/questions", status="open"))["items"]
    return [(item["given"]["given_name"], item["known"]["id"], item["resemblance"]) for item in items]


@pytest.mark.parametrize("by", ["hand", "register"])
def test_a_person_who_is_changed_into_another_raises_a_question_for_those_who_see_both(
    served: Service, by: str
) -> None:
    mine = opened(served, national_id=None)
    theirs = opened(served, "troms", given_name="Vimsete", family_name="Kvist", national_id=NUMBER)
    ids = [mine["person"]["id"], theirs["person"]["id"]]
    troms, secretariat = served.as_("coordinator", "troms"), served.as_("secretariat")
    assert asked_about(secretariat) == []

    name = {"given_name": "Prikkete", "family_name": "Lyngtue"}
    if by == "hand":
        tried = corrected(troms, ids[1], dry_run=True, **name)
        assert "question" not in str(ok(tried))
        assert asked_about(secretariat) == []
        ok(corrected(troms, ids[1], **name))
    else:
        ok(sent(served, "fr-1", "name", name=name), 202)
    assert asked_about(secretariat) == [("Prikkete", ids[0], "agrees")]
    assert (asked_about(troms), asked_about(served.as_("coordinator", "oslo"))) == ([], [])

    (question,) = ok(secretariat.get("/v1/persons/questions"))["items"]
    assert question["case_id"] == theirs["id"]
    ok(secretariat.post(f"/v1/persons/questions/{question['id']}/reject", {"reason": "To personer."}))
    for given_name in ("Vimsete", "Prikkete"):
        ok(corrected(troms, ids[1], given_name=given_name))
    assert asked_about(secretariat) == []


def test_a_changed_number_or_birth_date_is_compared_and_a_stranger_is_not_asked_about(served: Service) -> None:
    first = opened(served)["person"]["id"]
    opened(served, given_name="Ulvar", family_name="Ulv", born="2007-03-04", national_id=None)
    other = opened(served, given_name="Prikke", family_name="Tue", born="2009-01-20", national_id=None)["person"]["id"]
    oslo = served.as_("coordinator", "oslo")
    ok(corrected(oslo, other, sex="female"))
    ok(corrected(oslo, other, given_name="Prikkete", family_name="Lyngtue"))
    assert asked_about(oslo) == []
    ok(corrected(oslo, other, born=BORN))
    assert asked_about(oslo) == [("Prikkete", first, "agrees")]
    third = opened(served, given_name="Bo", family_name="Ravn", born="2008-03-04", national_id=D_NUMBER)["person"]["id"]
    ok(corrected(oslo, third, national_id=NUMBER))
    assert ("Bo", first, "contradicts") in asked_about(oslo)


# --- events of the register ---------------------------------------------------------------------------------


def test_an_event_of_several_persons_is_applied_to_one_who_has_the_number(served: Service) -> None:
    secretariat, leader = served.as_("secretariat"), served.as_("leader", "oslo")
    first = opened(served)["person"]["id"]
    second = opened(served, given_name="Bo", family_name="Ravn", born="2008-03-04", national_id=D_NUMBER)["person"][
        "id"
    ]
    stranger = opened(served, given_name="Ulvar", family_name="Ulv", born="2007-03-04", national_id=None)["person"][
        "id"
    ]
    ok(corrected(leader, second, national_id=NUMBER))
    ok(sent(served, "fr-1", "name", name={"given_name": "Nyla", "family_name": "Navn"}, person={"born": None}), 202)
    (question,) = questions(secretariat)
    assert (question["reason"], question["person"]) == ("several_persons", None)

    path = f"/v1/population-events/{question['id']}/apply"
    for body in ({}, {"person": stranger}):
        (place,) = problem(secretariat.post(path, body), 422, "person_not_of_event")["errors"]
        assert place["pointer"] == "/person"
    assert ok(read(leader, stranger))["given_name"] == "Ulvar"
    assert ok(secretariat.post(path, {"person": second}))["person"]["id"] == second
    assert [ok(read(leader, who))["given_name"] for who in (first, second)] == ["Prikkete", "Nyla"]


def test_an_event_about_one_person_is_not_applied_to_another(served: Service) -> None:
    who, leader = opened(served)["person"]["id"], served.as_("leader", "oslo")
    stranger = opened(served, given_name="Ulvar", family_name="Ulv", born="2007-03-04", national_id=None)["person"][
        "id"
    ]
    new = {"given_name": "Nyla", "family_name": "Navn"}
    ok(sent(served, "fr-1", "name", name=new, person={"born": "2009-05-18"}), 202)
    (question,) = questions(leader)
    path = f"/v1/population-events/{question['id']}/apply"
    problem(leader.post(path, {"person": stranger}), 422, "person_not_of_event")
    assert ok(leader.post(path, {"person": who}))["outcome"] == "applied"
    assert [ok(read(leader, one))["given_name"] for one in (who, stranger)] == ["Nyla", "Ulvar"]


def guardians_of(client: Client, person_id: str) -> list[tuple[str, str, str | None, str | None]]:
    """The guardians with kind and days in office."""
    named = ok(read(client, person_id))["reach"]["guardians"]
    return [(guardian["name"], guardian["kind"], guardian["since"], guardian["until"]) for guardian in named]


def test_a_guardian_who_had_ended_and_is_named_again_is_in_office_again(served: Service) -> None:
    who, oslo = opened(served)["person"]["id"], served.as_("coordinator", "oslo")
    mother, father = {"name": "Rutete Lyngtue"}, {"name": "Stripete Lyngtue"}
    ok(sent(served, "fr-1", "guardians", guardians=[father], occurred_on="2025-06-01"), 202)
    ok(sent(served, "fr-2", "guardians", guardians=[mother, father], occurred_on="2025-12-01"), 202)
    assert questions(oslo) == []
    assert ok(read(oslo, who))["guardians"] == 2
    named = ok(read(oslo, who))["reach"]["guardians"]
    assert [guardian["reference"] for guardian in named] == ["g1", "g2", "g3"]
    assert named[2]["contact"] == named[0]["contact"]
    assert guardians_of(oslo, who) == [
        ("Rutete Lyngtue", "guardian", None, "2025-05-31"),
        ("Stripete Lyngtue", "guardian", "2025-06-01", None),
        ("Rutete Lyngtue", "guardian", "2025-12-01", None),
    ]


def test_a_guardian_keeps_the_kind_on_record_unless_the_register_names_another(served: Service) -> None:
    who, oslo = opened(served, guardians=[])["person"]["id"], served.as_("coordinator", "oslo")
    kvist = {"name": "Advokat Kvist"}
    days = ("2025-06-01", "2025-07-01", "2025-08-01", "2025-09-01", "2025-10-01")
    named = ([kvist | {"kind": "temporary_guardian"}], [kvist], [], [kvist], [kvist | {"kind": "guardian"}])
    for event_id, (day, guardians) in enumerate(zip(days, named, strict=True)):
        ok(sent(served, f"fr-{event_id}", "guardians", guardians=guardians, occurred_on=day), 202)
    assert guardians_of(oslo, who) == [
        ("Advokat Kvist", "temporary_guardian", "2025-06-01", "2025-07-31"),
        ("Advokat Kvist", "temporary_guardian", "2025-09-01", "2025-09-30"),
        ("Advokat Kvist", "guardian", "2025-10-01", None),
    ]


def test_an_event_from_before_a_later_change_is_a_question(served: Service) -> None:
    who, oslo = opened(served, national_id=D_NUMBER)["person"]["id"], served.as_("coordinator", "oslo")
    before = {"national_id": D_NUMBER}
    ok(
        sent(served, "fr-1", "guardians", person=before, guardians=[{"name": "Ny Verge"}], occurred_on="2025-12-01"),
        202,
    )
    ok(sent(served, "fr-2", "number", person=before, national_id=NUMBER, occurred_on="2025-12-01"), 202)
    ok(corrected(oslo, who, family_name="Høst"))
    known = guardians_of(oslo, who)

    ok(sent(served, "fr-3", "guardians", guardians=[{"name": "Rutete Lyngtue"}], occurred_on="2025-11-30"), 202)
    ok(sent(served, "fr-4", "number", person=before, national_id="17850998108", occurred_on="2025-11-30"), 202)
    ok(sent(served, "fr-5", "number", person=before, national_id="17850998108", occurred_on="2025-12-02"), 202)
    new = {"given_name": "Nyla", "family_name": "Navn"}
    ok(sent(served, "fr-6", "name", name=new, occurred_on="2025-12-01"), 202)

    waiting = questions(oslo)
    assert [(event["kind"], event["reason"]) for event in waiting] == [
        ("name", "later_change"),
        ("number", "later_change"),
        ("number", "later_change"),
        ("guardians", "later_change"),
    ]
    now = ok(read(oslo, who))
    assert (now["national_id"], now["family_name"], guardians_of(oslo, who)) == (NUMBER, "Høst", known)
    assert ok(oslo.post(f"/v1/population-events/{waiting[0]['id']}/apply", {}))["outcome"] == "applied"
    assert ok(read(oslo, who))["family_name"] == "Navn"


def test_a_name_of_the_register_has_both_parts_and_null_removes_one(served: Service) -> None:
    who, oslo = opened(served)["person"]["id"], served.as_("coordinator", "oslo")
    (place,) = problem(sent(served, "fr-1", "name", name={"given_name": "Nyla"}), 422, "invalid_input")["errors"]
    assert (place["pointer"], place["code"]) == ("/name/family_name", "missing")
    assert ok(read(oslo, who))["family_name"] == "Lyngtue"
    ok(sent(served, "fr-1", "name", name={"given_name": "Nyla", "family_name": None}), 202)
    assert (ok(read(oslo, who))["given_name"], ok(read(oslo, who))["family_name"]) == ("Nyla", None)


def test_a_death_is_settled_for_an_office_whose_own_cases_have_lapsed(served: Service) -> None:
    """Otherwise it would show that another office has an open case of the person."""
    mine = opened(served)
    theirs = opened(served, "troms", given_name="Prikke", family_name="Tue", born="2009-05-20", national_id=None)
    leader, secretariat = served.as_("leader", "oslo"), served.as_("secretariat")
    who = mine["person"]["id"]
    approved(leader, proposed(secretariat, who, "merge", other=theirs["person"]["id"]))
    oslo, troms = served.as_("coordinator", "oslo"), served.as_("coordinator", "troms")
    ok(sent(served, "fr-1", "death", occurred_on="2026-01-05"), 202)
    (question,) = questions(oslo)
    path = f"/v1/population-events/{question['id']}/apply"

    done = ok(oslo.post(path, {}))
    assert (done["outcome"], done["reason"], done["lapsed"]) == ("applied", None, [mine["id"]])
    assert (done["decided_by"], questions(oslo)) == ("coordinator-oslo", [])
    assert ok(read(oslo, who))["died_on"] == "2026-01-05"
    problem(oslo.post(path, {}), 409, "population_event_decided")
    assert [event["reason"] for event in questions(secretariat)] == ["open_cases"]
    assert ok(troms.get(f"/v1/cases/{theirs['id']}"))["state"] != "lapsed"
    assert [event["id"] for event in questions(troms)] == [question["id"]]

    done = ok(troms.post(path, {}))
    assert (done["outcome"], done["decided_by"], done["lapsed"]) == ("applied", "coordinator-troms", [theirs["id"]])
    assert ok(troms.get(f"/v1/cases/{theirs['id']}"))["state"] == "lapsed"
    (seen,) = ok(oslo.get("/v1/population-events", outcome="applied"))["items"]
    assert (seen["outcome"], seen["decided_by"], seen["decided_at"]) == ("applied", None, None)
    problem(secretariat.post(path, {}), 409, "population_event_decided")
    assert len(ok(secretariat.get(f"/v1/persons/{who}/observations"))["items"]) == 1


# --- the order of protection levels -------------------------------------------------------------------------


def level(service: Service, who: str) -> str:
    return str(ok(read(service.as_("leader", "oslo"), who))["protection"])


def test_an_older_level_of_the_register_that_comes_late_changes_nothing(served: Service) -> None:
    who, leader = opened(served)["person"]["id"], served.as_("leader", "oslo")
    ok(sent(served, "fr-2", "protection", occurred_on="2026-01-04", protection=STRICT), 202)
    ok(sent(served, "fr-1", "protection", occurred_on="2026-01-02", protection="none"), 202)
    assert level(served, who) == STRICT
    (question,) = questions(leader)
    assert question["reason"] == "later_change"
    path = f"/v1/population-events/{question['id']}"
    problem(leader.post(f"{path}/apply", {}), 409, "population_event_overtaken")
    assert level(served, who) == STRICT
    ok(leader.post(f"{path}/dismiss", {"reason": "En nyere melding er ført inn."}))
    assert questions(leader) == []


def test_a_question_about_a_level_is_overtaken_by_a_newer_event(served: Service) -> None:
    who, leader = opened(served)["person"]["id"], served.as_("leader", "oslo")
    ok(corrected(leader, who, protection="confidential"))
    ok(sent(served, "fr-1", "protection", occurred_on="2026-01-02", protection="none"), 202)
    (question,) = questions(leader)
    assert question["reason"] == "lowers_protection"
    ok(sent(served, "fr-2", "protection", occurred_on="2026-01-04", protection=STRICT), 202)
    problem(leader.post(f"/v1/population-events/{question['id']}/apply", {}), 409, "population_event_overtaken")
    assert level(served, who) == STRICT


def test_a_level_of_the_register_raises_one_that_was_set_by_hand_later(served: Service) -> None:
    who, leader = opened(served)["person"]["id"], served.as_("leader", "oslo")
    ok(corrected(leader, who, protection=STRICT))
    ok(corrected(leader, who, protection="none"))
    ok(sent(served, "fr-1", "protection", occurred_on="2026-01-02", protection="confidential"), 202)
    assert (level(served, who), questions(leader)) == ("confidential", [])

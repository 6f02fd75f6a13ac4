"""Persons of two offices that were merged, told over HTTP: what each office finds, reads and is asked."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.service import Client, Service
from tests.stories.test_persons import (
    D_NUMBER,
    NUMBER,
    REGISTER,
    approved,
    corrected,
    ok,
    opened,
    proposed,
    questions,
    read,
    sent,
)
from ungdom.store import person_erasure
from ungdom.store.schema.persons import person

SECOND_BORN = "2009-05-20"


def merged_across_offices(service: Service) -> tuple[dict[str, Any], dict[str, Any]]:
    """The cases of two konfliktråd whose persons are one since a merge: that of Oslo was stored first."""
    mine = opened(service)
    theirs = opened(service, "troms", given_name="Prikke", family_name="Tue", born=SECOND_BORN, national_id=None)
    merge = proposed(service.as_("secretariat"), mine["person"]["id"], "merge", other=theirs["person"]["id"])
    approved(service.as_("leader", "oslo"), merge)
    return mine, theirs


def hits(client: Client, **wanted: str) -> list[str]:
    """The ids of the persons found."""
    return [hit["id"] for hit in ok(client.post("/v1/persons/search", wanted))["items"]]


@pytest.mark.parametrize("wanted", [{"name": "Tue"}, {"born": SECOND_BORN}])
def test_a_search_does_not_match_the_record_of_another_office(served: Service, wanted: dict[str, str]) -> None:
    mine, _ = merged_across_offices(served)
    who = mine["person"]["id"]

    assert hits(served.as_("coordinator", "oslo"), **wanted) == []
    assert hits(served.as_("coordinator", "troms"), **wanted) == [who]
    assert hits(served.as_("secretariat"), **wanted) == [who]


def test_both_offices_find_the_person_by_the_record_that_takes_precedence(served: Service) -> None:
    mine, _ = merged_across_offices(served)

    for office in ("oslo", "troms"):
        assert hits(served.as_("coordinator", office), name="lyngtue") == [mine["person"]["id"]]


# --- what an office learns of the other one -----------------------------------------------------------------


def accesses(client: Client, person_id: str) -> list[tuple[str, str]]:
    """Who did what with the record, the newest first."""
    log = ok(client.get(f"/v1/persons/{person_id}/access-log"))["items"]
    return [
        (entry["subject"], entry["kind"]) for entry in log if entry["route"] in REGISTER or entry["kind"] == "merged"
    ]


def test_a_leader_is_not_shown_who_at_another_office_has_read_the_person(served: Service) -> None:
    mine, theirs = merged_across_offices(served)
    who, second = mine["person"]["id"], theirs["person"]["id"]
    for reader in (served.as_("coordinator", "oslo"), served.as_("coordinator", "troms"), served.as_("secretariat")):
        served.clock.instant += timedelta(minutes=1)
        ok(read(reader, who))

    by_oslo, by_troms, nationally = ("coordinator-oslo", "read"), ("coordinator-troms", "read"), ("secretariat", "read")
    merged = [("leader-oslo", "merged"), ("secretariat", "merged")]
    assert accesses(served.as_("leader", "oslo"), who) == [nationally, by_oslo, merged[0]]
    assert accesses(served.as_("leader", "troms"), second) == [nationally, by_troms]
    for everything in (served.as_("secretariat"), served.as_("auditor")):
        assert sorted(accesses(everything, who)) == sorted([nationally, by_troms, by_oslo, *merged])


def test_that_and_why_persons_were_merged_or_split_is_left_out_for_who_sees_one_side(served: Service) -> None:
    mine, theirs = merged_across_offices(served)
    ids = [mine["person"]["id"], theirs["person"]["id"]]
    secretariat = served.as_("secretariat")

    def kinds(client: Client, person_id: str) -> list[str]:
        return [change["kind"] for change in ok(read(client, person_id))["history"]]

    (change,) = ok(read(secretariat, ids[0]))["history"]
    assert (change["kind"], change["reason"]) == ("merged", "Samme person ifølge skolen.")
    offices = [served.as_("coordinator", "oslo"), served.as_("leader", "oslo"), served.as_("coordinator", "troms")]
    assert [kinds(client, ids[0]) for client in offices] == [[], [], []]

    served.clock.instant += timedelta(minutes=1)
    split = proposed(secretariat, ids[0], "split", cases=[theirs["id"]])
    approved(served.as_("leader", "oslo"), split)
    assert [kinds(secretariat, who) for who in ids] == [["split", "merged"], ["split"]]
    assert [kinds(client, who) for client, who in zip(offices, [ids[0], *ids], strict=True)] == [[], [], []]


def test_an_office_that_sees_both_sides_reads_why_persons_were_merged(served: Service) -> None:
    first = opened(served)
    other = opened(served, given_name="Prikke", family_name="Tue", born=SECOND_BORN, national_id=None)
    ids = [first["person"]["id"], other["person"]["id"]]
    approved(served.as_("secretariat"), proposed(served.as_("leader", "oslo"), ids[0], "merge", other=ids[1]))

    (change,) = ok(read(served.as_("coordinator", "oslo"), ids[0]))["history"]
    assert (change["kind"], change["reason"]) == ("merged", "Samme person ifølge skolen.")
    assert ("secretariat", "merged") in accesses(served.as_("leader", "oslo"), ids[0])


# --- events of the register ---------------------------------------------------------------------------------


@pytest.mark.parametrize("person", [{}, {"born": "2009-05-18"}])
def test_a_number_of_another_is_a_question_for_those_who_may_know_both(served: Service, person: dict[str, str]) -> None:
    """Also where the birth date of the event contradicts."""
    mine = opened(served)
    theirs = opened(served, "troms", given_name="Prikke", family_name="Tue", born=SECOND_BORN, national_id=D_NUMBER)
    oslo, secretariat, who = served.as_("coordinator", "oslo"), served.as_("secretariat"), mine["person"]["id"]
    ok(sent(served, "fr-1", "number", national_id=D_NUMBER, person=person), 202)

    (question,) = questions(secretariat)
    assert (question["reason"], question["person"]["id"]) == ("number_of_another", who)
    for office in (oslo, served.as_("leader", "oslo"), served.as_("coordinator", "troms")):
        assert questions(office) == []
    path = f"/v1/population-events/{question['id']}"
    assert oslo.post(f"{path}/apply", {}).status_code == 404
    assert oslo.post(f"{path}/dismiss", {"reason": "x"}).status_code == 404
    assert ok(read(oslo, who))["national_id"] == NUMBER

    ok(secretariat.post(f"{path}/dismiss", {"reason": "Nummeret er en annens."}))
    assert theirs["id"] not in str(ok(oslo.get("/v1/population-events")))
    assert ok(oslo.get("/v1/population-events"))["items"] == []


def test_an_office_that_may_know_both_decides_on_a_number_of_another(served: Service) -> None:
    who = opened(served)["person"]["id"]
    opened(served, given_name="Prikke", family_name="Tue", born=SECOND_BORN, national_id=D_NUMBER)
    oslo = served.as_("coordinator", "oslo")
    ok(sent(served, "fr-1", "number", national_id=D_NUMBER), 202)

    (question,) = questions(oslo)
    assert question["reason"] == "number_of_another"
    ok(oslo.post(f"/v1/population-events/{question['id']}/apply", {}))
    assert ok(read(oslo, who))["national_id"] == D_NUMBER


# --- records that a split copies ----------------------------------------------------------------------------


def split_in_two(service: Service, person_id: str, case_id: str) -> str:
    """Gives the case, opened on the same record as another one, to a person of its own; the id of this person."""
    split = proposed(service.as_("leader", "oslo"), person_id, "split", cases=[case_id])
    return str(approved(service.as_("secretariat"), split)["other"]["id"])


def test_after_a_split_both_persons_are_found_by_a_former_number(served: Service) -> None:
    first, oslo = opened(served, national_id=D_NUMBER), served.as_("coordinator", "oslo")
    second, who = opened(served, national_id=D_NUMBER), first["person"]["id"]
    ok(corrected(oslo, who, national_id=NUMBER))
    other = split_in_two(served, who, second["id"])

    for number in (D_NUMBER, NUMBER):
        assert set(hits(oslo, national_id=number)) == {who, other}
    ok(sent(served, "fr-1", "protection", protection="confidential", person={"national_id": D_NUMBER}), 202)
    (question,) = questions(served.as_("secretariat"))
    assert question["reason"] == "several_persons"


def test_the_copy_of_an_erased_record_is_erased(served: Service) -> None:
    first, second = opened(served), opened(served)
    with served.db.writing() as tx:
        person_erasure.erase_records(tx, served.app.state.keys, [UUID(first["person"]["id"])], served.clock())
    other = split_in_two(served, first["person"]["id"], second["id"])

    with served.db.reading() as tx:
        rows = tx.execute(select(person.c["sealed", "number_hash", "name_hash"])).all()
    assert other != first["person"]["id"]
    assert [tuple(row) for row in rows] == [(None, None, None)] * 2
    assert ok(read(served.as_("secretariat"), other))["family_name"] is None


# --- questions of identity ----------------------------------------------------------------------------------


def identity_question(service: Service) -> dict[str, Any]:
    """The only question of identity."""
    (question,) = ok(service.as_("secretariat").get("/v1/persons/questions"))["items"]
    return dict(question)


def test_a_question_compares_a_former_number_as_equal(served: Service) -> None:
    who = opened(served, national_id=D_NUMBER)["person"]["id"]
    ok(corrected(served.as_("coordinator", "oslo"), who, national_id=NUMBER))
    opened(served, "troms", national_id=D_NUMBER)

    assert identity_question(served)["compared"] == {
        "national_id": "equal",
        "born": "equal",
        "family_name": "equal",
        "given_name": "equal",
    }


def test_a_question_shows_what_was_given_without_later_corrections(served: Service) -> None:
    opened(served)
    theirs = opened(served, "troms", born=SECOND_BORN)
    before = identity_question(served)
    assert (before["given"]["born"], before["compared"]["born"]) == (SECOND_BORN, "different")

    troms, second = served.as_("coordinator", "troms"), theirs["person"]["id"]
    ok(corrected(troms, second, family_name="Høst", born="2009-05-21"))
    served.clock.instant += timedelta(minutes=1)
    ok(corrected(troms, second, given_name="Rutete", national_id=None))

    now = identity_question(served)
    assert (now["given"], now["compared"]) == (before["given"], before["compared"])
    assert ok(read(troms, second))["family_name"] == "Høst"

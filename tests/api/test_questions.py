"""Questions of identity: who sees them, what they show, and what follows from each answer."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.api.build import DAY, FOLLOW_UP, STAGES, assert_problem, recorded
from tests.intake.build import File, person
from tests.service import Client, Service, new_case
from ungdom.store import journal, observations, rebuild
from ungdom.store.schema.cases import case_current

BORN, NUMBER, OTHER_NUMBER = "2009-05-17", "17850998027", "17850998108"
KNOWN = {
    "given_name": "Prikkete",
    "family_name": "Lyngtue",
    "born": BORN,
    "national_id": NUMBER,
    "contact": "+47 000 61 001",
    "guardians": [{"name": "Rutete Lyngtue", "contact": "+47 000 62 001"}],
}
GIVEN = KNOWN | {"contact": "+47 000 61 002", "guardians": []}
STRICT = "strictly_confidential"
QUESTIONS = "/v1/persons/questions"


def opened(service: Service, office: str, given: dict[str, Any], number: str | None = None, **more: Any) -> Any:
    """A case opened by the coordinator of that office; its body."""
    numbers = {"police_case_numbers": [number]} if number else {}
    body = new_case(konfliktrad=office, person=given, **numbers, **more)
    done = service.as_("coordinator", office).post("/v1/cases", body)
    assert done.status_code == 201, done.text
    return done.json()


def asked(service: Service, **known: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A person known in Oslo, a case opened on them in Troms, and the question as the secretariat sees it."""
    mine = opened(service, "oslo", KNOWN | known)
    theirs = opened(service, "troms", GIVEN)
    (question,) = service.as_("secretariat").get(QUESTIONS).json()["items"]
    return mine, theirs, question


def answered(client: Client, question: dict[str, Any], what: str, body: Any = None, **more: Any) -> Any:
    return client.post(f"{QUESTIONS}/{question['id']}/{what}", body, **more)


def test_a_case_on_somebody_of_another_office_is_opened_on_what_was_given(served: Service) -> None:
    mine, theirs, question = asked(served)

    assert theirs["person"]["id"] != mine["person"]["id"]
    assert theirs["person"]["reach"]["contact"]["telephone"] == GIVEN["contact"]
    assert theirs["person"]["reach"]["guardians"] == []
    assert (question["status"], question["resemblance"], question["case_id"]) == ("open", "agrees", theirs["id"])
    assert question["known"]["id"] == mine["person"]["id"]
    assert question["known"]["reach"] is None
    assert question["given"]["guardians"] == 0
    assert set(question["compared"].values()) == {"equal"}
    assert NUMBER not in str(question)


def test_a_case_on_somebody_of_the_own_office_is_opened_on_them(served: Service) -> None:
    mine = opened(served, "oslo", KNOWN)
    again = opened(served, "oslo", GIVEN)
    assert again["person"] == mine["person"]
    assert served.as_("secretariat").get(QUESTIONS).json()["items"] == []


@pytest.mark.parametrize(
    ("given", "compared"),
    [
        ({"born": "2009-05-18"}, {"national_id": "equal", "born": "different"}),
        ({"national_id": OTHER_NUMBER}, {"national_id": "different", "born": "equal"}),
    ],
)
def test_a_contradiction_is_a_question_for_those_who_see_both_as_well(
    served: Service, given: dict[str, Any], compared: dict[str, str]
) -> None:
    mine = opened(served, "oslo", KNOWN, "91000001")
    other = opened(served, "oslo", GIVEN | given, "91000001")
    assert other["person"]["id"] != mine["person"]["id"]
    (question,) = served.as_("coordinator", "oslo").get(QUESTIONS, status="open").json()["items"]
    assert (question["resemblance"], question["case_id"]) == ("contradicts", other["id"])
    assert compared.items() <= question["compared"].items()


def test_a_name_and_day_of_birth_on_the_same_case_number_are_enough(served: Service) -> None:
    without = {"national_id": None}
    mine = opened(served, "oslo", KNOWN | without, "91000002")
    again = opened(served, "oslo", GIVEN | without | {"family_name": "LYNGTUE"}, "91000002")
    assert again["person"]["id"] == mine["person"]["id"]
    elsewhere = opened(served, "oslo", GIVEN | without)
    assert elsewhere["person"]["id"] == mine["person"]["id"], "a new case number contradicts nothing"
    assert opened(served, "oslo", GIVEN | without | {"born": "2007-11-30"})["person"]["id"] != mine["person"]["id"]


EMPTY = ("...", "-", "'", "–", "\u0301", "\u02bc ")


@pytest.mark.parametrize("name", EMPTY)
@pytest.mark.parametrize("part", ["given_name", "family_name"])
def test_a_name_that_holds_nothing_is_like_no_name_when_a_case_is_opened_by_hand(
    served: Service, part: str, name: str
) -> None:
    nothing = KNOWN | {"national_id": None, part: name}
    first = opened(served, "oslo", nothing, "91000003")
    assert opened(served, "oslo", nothing, "91000003")["person"]["id"] != first["person"]["id"]


SIDES = [("coordinator", "oslo"), ("leader", "oslo"), ("coordinator", "troms"), ("leader", "troms")]


@pytest.mark.parametrize("protection", ["none", STRICT])
@pytest.mark.parametrize("first", ["oslo", "troms"])
def test_a_question_does_not_exist_for_those_who_see_one_of_the_two_only(
    served: Service, first: str, protection: str
) -> None:
    """Whichever office was first: nobody reads or overwrites what another office keeps by opening a case as well."""
    fake = {"given_name": "Xx", "family_name": "Yy", "born": BORN, "national_id": NUMBER, "guardians": []}
    opens = [("oslo", KNOWN | {"protection": protection}), ("troms", fake)]
    cases = {office: opened(served, office, given) for office, given in (opens if first == "oslo" else opens[::-1])}
    secretariat = served.as_("secretariat")
    (question,) = secretariat.get(QUESTIONS).json()["items"]
    assert question["known"]["id"] == cases[first]["person"]["id"]
    for who in (*SIDES, ("coordinator", "agder")):
        client = served.as_(*who)
        assert client.get(QUESTIONS).json() == {"items": [], "next": None}
        assert_problem(answered(client, question, "confirm"), 404, "not_found")
        assert_problem(answered(client, question, "reject", {"reason": "To personer."}), 404, "not_found")
    assert secretariat.get(QUESTIONS).json()["items"] == [question]
    real = served.as_("leader", "oslo").get(f"/v1/cases/{cases['oslo']['id']}").json()["person"]
    assert (real["id"], real["family_name"]) == (cases["oslo"]["person"]["id"], "Lyngtue")


def test_a_third_office_tells_the_second_nothing(served: Service) -> None:
    """The second one has the known side of a question about the third, and learns nothing of it."""
    for office in ("oslo", "troms", "agder"):
        opened(served, office, GIVEN)
    assert len(served.as_("secretariat").get(QUESTIONS).json()["items"]) == 3
    for office in ("oslo", "troms", "agder"):
        assert served.as_("leader", office).get(QUESTIONS).json()["items"] == []


def test_it_is_asked_of_a_new_record_only(served: Service) -> None:
    """A case on somebody whom the opener knows and sees is about them: nothing is asked of their record again."""
    opened(served, "oslo", KNOWN)
    opened(served, "troms", GIVEN)
    secretariat = served.as_("secretariat")
    before = secretariat.get(QUESTIONS).json()["items"]
    opened(served, "troms", GIVEN)
    opened(served, "oslo", KNOWN)
    opened(served, "oslo", KNOWN | {"born": "2009-05-18"})
    records = [(one["known"]["id"], one["given"]["born"]) for one in secretariat.get(QUESTIONS).json()["items"]]
    assert len(records) == len(before) + 2
    assert len({born for _, born in records}) == 2


def test_a_question_does_not_exist_for_those_who_may_not_see_the_known_person(served: Service) -> None:
    _, _, question = asked(served)
    for who in (("coordinator", "troms"), ("leader", "troms"), ("coordinator", "agder")):
        client = served.as_(*who)
        assert client.get(QUESTIONS).json() == {"items": [], "next": None}
        assert_problem(answered(client, question, "confirm"), 404, "not_found")
        assert_problem(answered(client, question, "reject", {"reason": "To personer."}), 404, "not_found")
    for who in ("prosecution", "team_member", "analyst", "auditor", "admin"):
        office = "oslo" if who == "prosecution" else None
        assert served.as_(who, office).get(QUESTIONS).status_code == 403


def test_a_strictly_protected_person_is_asked_about_of_those_who_may_see_them(served: Service) -> None:
    _, _, question = asked(served, protection=STRICT)
    assert answered(served.as_("coordinator", "oslo", "coordinator-oslo-2"), question, "confirm").status_code == 404
    assert [one["id"] for one in served.as_("secretariat").get(QUESTIONS).json()["items"]] == [question["id"]]


def test_confirmed_the_two_records_are_one_person(served: Service) -> None:
    mine, theirs, question = asked(served)
    told = answered(served.as_("secretariat"), question, "confirm")
    assert (told.status_code, told.json()["status"], told.json()["decided_by"]) == (200, "confirmed", "secretariat")

    found = served.as_("coordinator", "troms").get(f"/v1/cases/{theirs['id']}").json()["person"]
    assert (found["id"], found["reach"]["contact"]["telephone"]) == (mine["person"]["id"], KNOWN["contact"])
    with served.db.reading() as tx:
        person_id = UUID(mine["person"]["id"])
        expected = [UUID(mine["id"]), UUID(theirs["id"])]
        assert journal.cases_of_person(tx, person_id) == expected
        assert journal.cases_of_person(tx, UUID(theirs["person"]["id"])) == expected
        assert set(tx.scalars(select(case_current.c.person_id))) == {person_id}
    assert rebuild.check(served.db) == []


def test_what_was_read_before_reads_the_same_afterwards(served: Service) -> None:
    _, theirs, question = asked(served)
    client, then = served.as_("coordinator", "troms"), str(served.clock().isoformat()).replace("+00:00", "Z")
    paths = [f"/v1/cases/{theirs['id']}{part}" for part in ("/events", "/deadlines", "/lead-time", "/consents")]
    before = [client.get(path, known_at=then).json() for path in paths]
    assert answered(served.as_("secretariat"), question, "confirm").status_code == 200
    assert [client.get(path, known_at=then).json() for path in paths] == before


def test_observations_are_of_the_person_whichever_record_is_named(served: Service) -> None:
    mine, theirs, question = asked(served)
    death = {"kind": "death", "occurred_on": DAY}
    troms = served.as_("coordinator", "troms")
    assert troms.post(f"/v1/persons/{theirs['person']['id']}/observations", death).status_code == 201
    assert served.as_("leader", "oslo").get(f"/v1/persons/{mine['person']['id']}/observations").json()["items"] == []

    answered(served.as_("secretariat"), question, "confirm")

    for which in (mine, theirs):
        seen = served.as_("leader", "oslo").get(f"/v1/persons/{which['person']['id']}/observations").json()["items"]
        assert [one["kind"] for one in seen] == ["death"]
    with served.db.reading() as tx:
        person_id = UUID(mine["person"]["id"])
        assert list(observations.of_people(tx, [person_id])) == [person_id]


@pytest.mark.parametrize(("known", "given"), [(STRICT, "none"), ("none", STRICT)])
def test_the_protection_becomes_the_stricter_of_the_two_and_gives_nobody_sight(
    served: Service, known: str, given: str
) -> None:
    """Whoever opened the case sees it afterwards only if the leader gives it to them, and they are cleared."""
    mine = opened(served, "oslo", KNOWN | {"protection": known})
    theirs = opened(served, "troms", GIVEN | {"protection": given})
    opener, leader = served.as_("coordinator", "troms"), served.as_("leader", "troms")
    (question,) = served.as_("secretariat").get(QUESTIONS).json()["items"]

    assert answered(served.as_("secretariat"), question, "confirm").status_code == 200

    for who, case in ((leader, theirs), (served.as_("leader", "oslo"), mine)):
        assert who.get(f"/v1/cases/{case['id']}").json()["person"]["protection"] == STRICT
    assert opener.get(f"/v1/cases/{theirs['id']}").status_code == 404
    assert served.as_("coordinator", "oslo", "coordinator-oslo-2").get(f"/v1/cases/{mine['id']}").status_code == 404


def test_whoever_answers_is_answered_though_they_may_not_see_the_person_any_longer(served: Service) -> None:
    case = new_case(konfliktrad="oslo", person=KNOWN, police_case_numbers=["91000001"])
    assert served.as_("leader", "oslo").post("/v1/cases", case).status_code == 201
    opened(served, "oslo", GIVEN | {"born": "2009-05-18", "protection": STRICT}, "91000001")
    opener = served.as_("coordinator", "oslo")
    (question,) = opener.get(QUESTIONS).json()["items"]
    told = answered(opener, question, "confirm")
    assert (told.status_code, told.json()["status"]) == (200, "confirmed")
    assert opener.get(QUESTIONS).json()["items"] == []
    assert [one["status"] for one in served.as_("leader", "oslo").get(QUESTIONS).json()["items"]] == ["confirmed"]


def test_what_was_rejected_is_not_joined_by_way_of_a_third_record(served: Service) -> None:
    first = opened(served, "oslo", KNOWN)
    second, third = (opened(served, office, GIVEN) for office in ("troms", "agder"))
    secretariat = served.as_("secretariat")
    questions = {
        (one["case_id"], one["known"]["id"]): one for one in secretariat.get(QUESTIONS, status="open").json()["items"]
    }
    kept_apart = questions[second["id"], first["person"]["id"]]
    assert answered(secretariat, kept_apart, "reject", {"reason": "Tvillinger."}).status_code == 200
    assert answered(secretariat, questions[third["id"], first["person"]["id"]], "confirm").status_code == 200

    last = questions[third["id"], second["person"]["id"]]
    refused = assert_problem(answered(secretariat, last, "confirm"), 409, "identity_rejected")
    assert refused["question_id"] == kept_apart["id"]
    assert [one["id"] for one in secretariat.get(QUESTIONS, status="open").json()["items"]] == [last["id"]]
    assert answered(secretariat, last, "reject", {"reason": "Se det andre."}).status_code == 200
    assert rebuild.check(served.db) == []


def test_the_record_stored_first_counts_whatever_is_confirmed_first(served: Service) -> None:
    first = opened(served, "oslo", KNOWN)
    second, third = (opened(served, office, GIVEN) for office in ("troms", "agder"))
    secretariat = served.as_("secretariat")
    questions = {
        (one["case_id"], one["known"]["id"]): one for one in secretariat.get(QUESTIONS, status="open").json()["items"]
    }
    pairs = ((third, first), (third, second))
    done = [answered(secretariat, questions[new["id"], known["person"]["id"]], "confirm") for new, known in pairs]
    assert [one.status_code for one in done] == [200, 200]
    for case in (first, second, third):
        shown = secretariat.get(f"/v1/cases/{case['id']}").json()["person"]
        assert shown["id"] == first["person"]["id"]
    assert rebuild.check(served.db) == []


def test_somebody_who_may_not_see_a_person_does_not_protect_them_either(served: Service) -> None:
    mine = opened(served, "oslo", KNOWN)
    opened(served, "troms", GIVEN | {"protection": STRICT})
    found = served.as_("coordinator", "oslo").get(f"/v1/cases/{mine['id']}").json()
    assert found["person"]["protection"] == "none"


@pytest.mark.parametrize(("subject", "sees"), [("coordinator-troms", 200), ("coordinator-troms-2", 404)])
def test_a_case_that_turns_out_to_be_of_a_protected_person_is_seen_by_its_coordinator_if_cleared(
    served: Service, subject: str, sees: int
) -> None:
    opened(served, "oslo", KNOWN | {"protection": STRICT})
    theirs = opened(served, "troms", GIVEN)
    client = served.as_("coordinator", "troms")
    for event, details in FOLLOW_UP[: STAGES["preparing"]]:
        recorded(client, theirs["id"], event, DAY, {"coordinator": subject} if event == "assigned" else details)
    (question,) = served.as_("secretariat").get(QUESTIONS).json()["items"]
    answered(served.as_("secretariat"), question, "confirm")
    found = served.as_("coordinator", "troms", subject).get(f"/v1/cases/{theirs['id']}")
    assert found.status_code == sees


def test_rejected_they_stay_apart_and_are_not_asked_about_again(served: Service) -> None:
    mine, theirs, question = asked(served)
    leader = served.as_("secretariat")
    assert_problem(answered(leader, question, "reject", {}), 422, "invalid_input")
    told = answered(leader, question, "reject", {"reason": "Tvillinger med byttet nummer."})
    assert (told.status_code, told.json()["status"]) == (200, "rejected")
    assert told.json()["reason"] == "Tvillinger med byttet nummer."

    again = opened(served, "troms", GIVEN)
    assert again["person"]["id"] == theirs["person"]["id"] != mine["person"]["id"]
    assert [one["status"] for one in leader.get(QUESTIONS).json()["items"]] == ["rejected"]
    with served.db.reading() as tx:
        kept = tx.exec_driver_sql("SELECT sealed FROM identity_question").scalar_one()
    assert b"Tvillinger" not in bytes(kept)


def test_a_question_is_answered_once(served: Service) -> None:
    _, _, question = asked(served)
    leader = served.as_("secretariat")
    first = answered(leader, question, "confirm", key="k")
    assert answered(leader, question, "confirm", key="k").json() == first.json()
    for language, title in (("nb", "Spørsmålet er besvart"), ("nn", "Spørsmålet er svart på"), ("en", "answered")):
        again = answered(leader, question, "reject", {"reason": "Nei."}, headers={"Accept-Language": language})
        assert_problem(again, 409, "identity_answered")
        assert title in again.json()["title"]


def test_questions_are_listed_a_page_at_a_time_newest_first(served: Service) -> None:
    """Of each new record it is asked whether it is any of those before: one, two and three questions."""
    opened(served, "oslo", KNOWN)
    cases = [opened(served, office, GIVEN)["id"] for office in ("troms", "agder", "vest")]
    secretariat = served.as_("secretariat")
    found, cursor = [], None
    for _ in range(6):
        page = secretariat.get(QUESTIONS, limit=1, cursor=cursor).json()
        found += [one["case_id"] for one in page["items"]]
        cursor = page["next"]
    assert (found, cursor) == ([cases[2]] * 3 + [cases[1]] * 2 + [cases[0]], None)
    assert secretariat.get(QUESTIONS, status="confirmed").json()["items"] == []


def test_three_records_become_one_person(served: Service) -> None:
    mine = opened(served, "oslo", KNOWN)
    for office in ("troms", "agder"):
        opened(served, office, GIVEN)
    secretariat = served.as_("secretariat")
    known = [one for one in secretariat.get(QUESTIONS).json()["items"] if one["known"]["id"] == mine["person"]["id"]]
    assert [answered(secretariat, question, "confirm").status_code for question in known] == [200, 200]
    assert secretariat.get(QUESTIONS, status="open").json()["items"] == []  # that the two new ones are one follows
    with served.db.reading() as tx:
        assert len(journal.cases_of_person(tx, UUID(mine["person"]["id"]))) == 3
        assert set(tx.scalars(select(case_current.c.person_id))) == {UUID(mine["person"]["id"])}
    assert rebuild.check(served.db) == []


# --- duplicates ---------------------------------------------------------------------------------------------


def to_received(service: Service, office: str, case: dict[str, Any]) -> Any:
    client = service.as_("coordinator", office)
    for event, details in FOLLOW_UP[: STAGES["final"]]:
        recorded(client, case["id"], event, DAY, details)
    return client.record(case["id"], "received", DAY)


def test_a_possible_duplicate_is_found_without_an_identity_number(served: Service) -> None:
    """The same day of birth and names on the same case number: one person."""
    without = KNOWN | {"national_id": None}
    opened(served, "oslo", without, "91000004")
    again = opened(served, "oslo", without | {"given_name": "prikkete marie"}, "91000004")
    assert unmet(to_received(served, "oslo", again)) == [("is_not_a_duplicate", ["coordinator"])]


def test_a_possible_duplicate_is_one_until_it_is_answered_that_they_are_two(served: Service) -> None:
    """The identity number contradicts: it may be one person, and a person looks."""
    opened(served, "oslo", KNOWN, "91000004")
    maybe = opened(served, "oslo", KNOWN | {"national_id": OTHER_NUMBER}, "91000004")
    assert unmet(to_received(served, "oslo", maybe)) == [("is_not_a_duplicate", ["coordinator"])]

    (question,) = served.as_("secretariat").get(QUESTIONS).json()["items"]
    answered(served.as_("secretariat"), question, "reject", {"reason": "Tvillinger."})
    assert served.as_("coordinator", "oslo").record(maybe["id"], "received", DAY).status_code == 201


@pytest.mark.parametrize("born", ["2009-05-17", "2009-05-18"])
def test_a_duplicate_in_an_office_that_one_may_not_see_is_not_told_of(served: Service, born: str) -> None:
    """The same answer whether or not another office has a case of that person on that number."""
    without = KNOWN | {"national_id": None}
    opened(served, "oslo", without, "91000005")
    mine = opened(served, "troms", without | {"born": born}, "91000005")
    assert to_received(served, "troms", mine).status_code == 201


# --- protected cases are assigned by a leader -----------------------------------------------------------------


@pytest.mark.parametrize("protection", ["confidential", STRICT])
def test_the_case_of_a_protected_person_is_assigned_by_a_leader_to_somebody_cleared(
    served: Service, protection: str
) -> None:
    case = opened(served, "troms", GIVEN | {"protection": protection})
    assert to_received(served, "troms", case).status_code == 201
    opener, leader = served.as_("coordinator", "troms"), served.as_("leader", "troms")
    mine, other = {"coordinator": "coordinator-troms"}, {"coordinator": "coordinator-troms-2"}

    by_opener = opener.record(case["id"], "assigned", DAY, mine)
    assert unmet(by_opener) == [("graded_case_is_assigned_by_a_leader", ["leader"])]
    assert option(opener, case) == ["graded_case_is_assigned_by_a_leader"]
    assert opener.get(f"/v1/cases/{case['id']}").json()["person"]["reach"] is None

    to_other = leader.record(case["id"], "assigned", DAY, other)
    assert unmet(to_other) == [("coordinator_is_cleared", ["leader"])]
    assert option(leader, case) == []

    assert leader.record(case["id"], "assigned", DAY, mine).status_code == 201
    assert opener.get(f"/v1/cases/{case['id']}").json()["person"]["reach"]["contact"]["telephone"] == GIVEN["contact"]


def unmet(answer: Any) -> list[tuple[str, list[str]]]:
    assert answer.status_code == 409, answer.text
    return [(one["code"], one["who_can_fix"]) for one in answer.json()["unmet"]]


def option(client: Client, case: dict[str, Any]) -> list[str]:
    """What stands in the way of assigning, as the options say."""
    options = client.get(f"/v1/cases/{case['id']}/options").json()["items"]
    (found,) = [one for one in options if one["type"] == "assigned"]
    return [one["code"] for one in found["unmet"]]


# --- messages -------------------------------------------------------------------------------------------------


def test_a_parked_message_is_applied_when_the_two_turn_out_to_be_one_person(served: Service) -> None:
    served.clock.turn_to(date(2025, 7, 1))
    who = person()
    first = File(served, person=who)
    first.send("indicted", "2025-03-03", {"court_received_on": "2025-03-04"})
    misread = {**who, "born": "2008-03-13", "guardians": []}
    act = {"sanction": "youth_sanction", "occurred_on": "2025-01-20", "offences": [{"on": "2025-01-17"}]}
    case = opened(served, "troms", misread, "91000077", **act)
    troms, secretariat = served.as_("coordinator", "troms"), served.as_("secretariat")
    recorded(troms, case["id"], "suspect_set", "2025-01-21")
    second = File(served, person=who, number="91000077")
    parked = second.send("indicted", "2025-03-03", {"court_received_on": "2025-03-04"}, opening=None)
    assert (parked["outcome"], parked["reason"]["code"]) == ("parked", "unknown_case")

    (question,) = secretariat.get(QUESTIONS).json()["items"]
    assert (question["case_id"], question["resemblance"]) == (case["id"], "contradicts")
    assert answered(secretariat, question, "confirm").status_code == 200

    assert second.stands("indicted") == "applied"
    assert troms.get(f"/v1/cases/{case['id']}").json()["state"] == "in_court"


def test_a_confirmed_contradiction_holds_for_the_next_version_of_the_sender(served: Service) -> None:
    """The sender goes on to tell of the day of birth that it told of before: of one record of the person."""
    who = person()
    opened(served, "oslo", {**who, "born": "2008-03-13", "guardians": []}, "91000078")
    file = File(served, person=who, number="91000078", day=date(2026, 1, 6))
    file.send("indicted", "2025-03-03", {"court_received_on": "2025-03-04"})
    (question,) = served.as_("secretariat").get(QUESTIONS).json()["items"]
    assert question["resemblance"] == "contradicts"
    assert answered(served.as_("secretariat"), question, "confirm").status_code == 200

    file.person = {**who, "contact": "+47 000 61 003"}
    again = file.send("indicted", "2025-03-03", {"court_received_on": "2025-03-05"}, version=2)

    assert (again["outcome"], again["reason"]) == ("applied", None)


def test_figures_count_what_is_known(served: Service, figure: Callable[[str], None]) -> None:
    _, _, question = asked(served)
    answered(served.as_("secretariat"), question, "confirm")
    with served.db.reading() as tx:
        people = set(tx.scalars(select(case_current.c.person_id)))
    figure(
        f"identity {served.db.writer.dialect.name}: two records confirmed to be one, counted as {len(people)} person"
    )
    assert len(people) == 1

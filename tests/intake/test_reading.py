"""Who knows of which messages, and what they are told: never more of the youth than they may know."""

import json
from typing import Any

import pytest

from tests.api.build import assert_problem, rows
from tests.identifiers import without_identifiers
from tests.intake.build import CHAIN, JUDGMENT, File, Told, coordinator, opening, person, system
from tests.intake.test_matching import why
from tests.service import Client, Service
from ungdom import texts
from ungdom.workflow.vocabulary import Actor


def ids(client: Client, **asked: Any) -> list[str]:
    return [one["decision_id"] for one in client.get("/v1/decisions", **asked).json()["items"]]


def test_a_system_tells_only_of_what_its_own_authority_does(served: Service) -> None:
    court = File(served, client=system(served, "court", Actor.COURT))
    police = File(served, client=system(served, "police", Actor.POLICE))
    before = rows(served)["event"]

    transferred = court.post(
        court.told("transferred_to_follow_up", "2025-02-12", {"length": {"months": 6}, "guilt_proven": True})
    )
    judged = police.post(police.told("judgment_given", "2025-04-24", JUDGMENT))

    for file, answer in ((court, transferred), (police, judged)):
        assert answer.status_code == 422
        told = answer.json()
        assert why(told) == ("rejected", "not_your_authority")
        assert told["sender_should"]["code"] == "contact_the_office"
        assert file.client is not None
        assert ids(file.client, outcome="rejected") == [told["decision_id"]]
    assert rows(served)["event"] == before


@pytest.mark.parametrize(
    ("authority", "taken"),
    [
        (Actor.POLICE, {"judgment_served", "new_charge"}),
        (Actor.PROSECUTION, {"indicted", "became_final", "dispatched", "appealed", "new_charge", "dropped"}),
        (
            Actor.COURT,
            {"hearing_started", "judgment_given", "judgment_served", "appealed", "appeal_decided", "dropped"},
        ),
        (Actor.CORRECTIONAL_SERVICE, {"person_investigation_returned"}),
    ],
)
def test_each_authority_may_tell_of_its_own(one: Service, authority: Actor, taken: set[str]) -> None:
    said: dict[str, Told] = {
        "indicted": CHAIN[0][2],
        "judgment_given": JUDGMENT,
        "new_charge": {"offence_on": "2025-01-17"},
        "appeal_decided": {"outcome": "upheld"},
        "person_investigation_returned": {"carried_out": True},
    }
    kinds = {"judgment_served", "became_final", "dispatched", "appealed", "hearing_started", "dropped", *said}
    file = File(one, client=system(one, "one", authority), opens_with="never")

    answers = {kind: file.send(kind, "2025-05-01", said.get(kind)) for kind in kinds}

    assert {kind for kind, told in answers.items() if told["outcome"] != "rejected"} == taken


def test_an_act_of_another_authority_is_refused_whether_the_case_is_known_or_not(served: Service) -> None:
    file = File(served)
    file.applied(CHAIN[0])
    police = system(served, "police", Actor.POLICE)
    known = File(served, person=file.person, number=file.number, client=police)
    unknown = File(served, client=police)

    answers = [one.send(*CHAIN[1]) for one in (known, unknown)]

    assert [(why(told), told["case"], told["unmet"]) for told in answers] == [
        (("rejected", "not_your_authority"), None, [])
    ] * 2


def test_a_person_sends_no_decisions(served: Service) -> None:
    file = File(served)
    for who in (coordinator(served), served.as_("leader", "oslo"), served.as_("secretariat")):
        assert_problem(who.post("/v1/decisions", file.told(*CHAIN[0])), 403, "forbidden_role")


# --- lists ------------------------------------------------------------------------------------------------------


def test_a_system_reads_its_own_messages_and_no_others(served: Service) -> None:
    mine, theirs = File(served), File(served, client=system(served, "another"))
    told = mine.send(*CHAIN[0])
    theirs.send(*CHAIN[0])
    assert theirs.client is not None
    assert mine.client is not None

    assert ids(mine.client) == [told["decision_id"]]
    for answer in (
        theirs.client.get(f"/v1/decisions/{told['id']}"),
        theirs.client.post(f"/v1/decisions/{told['id']}/retry", {}),
    ):
        assert_problem(answer, 404, "not_found")


def test_an_office_reads_the_messages_about_its_own_cases(served: Service) -> None:
    oslo, vest = File(served), File(served, opening=opening(konfliktrad="vest"))
    told, other = oslo.send(*CHAIN[0]), vest.send(*CHAIN[0])
    early = vest.send(*CHAIN[3])

    assert ids(coordinator(served)) == [told["decision_id"]]
    assert ids(served.as_("leader", "vest")) == [early["decision_id"], other["decision_id"]]
    assert set(ids(served.as_("secretariat"))) == {told["decision_id"], other["decision_id"], early["decision_id"]}
    assert_problem(coordinator(served).get(f"/v1/decisions/{other['id']}"), 404, "not_found")
    assert_problem(coordinator(served).post(f"/v1/decisions/{early['id']}/retry", {}), 404, "not_found")
    assert_problem(coordinator(served).post(f"/v1/decisions/{early['id']}/dismiss"), 404, "not_found")


@pytest.mark.parametrize("role", ["team_member", "analyst", "auditor", "admin"])
def test_others_read_no_messages(served: Service, role: str) -> None:
    told = File(served).send(*CHAIN[0])
    who = served.as_(role)

    for answer in (
        who.get("/v1/decisions"),
        who.get(f"/v1/decisions/{told['id']}"),
        who.post(f"/v1/decisions/{told['id']}/retry", {}),
        who.post(f"/v1/decisions/{told['id']}/dismiss"),
    ):
        assert_problem(answer, 403, "forbidden_role")


def test_a_message_without_a_known_case_is_for_the_office_it_names(served: Service) -> None:
    file = File(served, opens_with="became_final", opening=opening(konfliktrad="vest"))
    told = file.send(*CHAIN[3])
    nowhere = File(served).send(*CHAIN[3])

    assert why(told) == ("parked", "too_early")
    assert why(nowhere) == ("parked", "unknown_case")
    assert ids(served.as_("coordinator", "vest")) == [told["decision_id"]]
    assert ids(coordinator(served)) == []
    assert set(ids(served.as_("secretariat"))) == {told["decision_id"], nowhere["decision_id"]}


def test_a_message_about_somebody_kept_close_is_for_those_who_see_the_case(served: Service) -> None:
    file = File(served, person=person(protection="strictly_confidential"), opens_with="became_final")
    told = file.send(*CHAIN[3])
    file.opens_with = "indicted"
    opened = file.send(*CHAIN[0])

    assert ids(coordinator(served)) == []
    for one in (told, opened):
        assert_problem(coordinator(served).get(f"/v1/decisions/{one['id']}"), 404, "not_found")
        assert served.as_("leader", "oslo").get(f"/v1/decisions/{one['id']}").status_code == 200


def test_who_may_not_know_where_the_youth_lives_is_not_told_by_the_message(served: Service) -> None:
    who = person(protection="confidential", contact="99 99 99 99")
    file = File(served, person=who, opening=opening(municipality="0301", konfliktrad=None))
    file.opening.pop("konfliktrad")
    told = file.send(*CHAIN[0])
    assert told["outcome"] == "applied", told

    for reader in (coordinator(served), served.as_("secretariat")):
        shown = reader.get(f"/v1/decisions/{told['id']}")
        assert shown.status_code == 200
        assert "99 99 99 99" not in shown.text
        assert "0301" not in without_identifiers(shown.text)
    assert "99 99 99 99" in served.as_("leader", "oslo").get(f"/v1/decisions/{told['id']}").text


def test_lists_are_filtered(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:2])
    file.send(*CHAIN[4])
    office = coordinator(served)

    assert ids(office, outcome="parked") == [f"{file.number}-dispatched"]
    assert ids(office, kind="indicted") == [f"{file.number}-indicted"]
    assert ids(office, decision_id=f"{file.number}-judgment_given") == [f"{file.number}-judgment_given"]
    assert len(ids(office, case=case)) == 3
    assert ids(office, case="019b8dd0-0000-7000-8000-000000000000") == []
    for odd in ({"outcome": "lost"}, {"kind": "x"}, {"decision_id": "a\x00b"}, {"limit": "0"}, {"case": "1"}):
        assert office.get("/v1/decisions", **odd).status_code == 422


def test_walking_a_list_skips_and_doubles_nothing_while_messages_arrive(served: Service) -> None:
    file = File(served, opens_with="never")
    first = [file.send("judgment_served", "2025-05-01", decision_id=f"d-{n}")["decision_id"] for n in range(23)]
    walked: list[str] = []
    cursor = None

    for n in range(40):
        page = coordinator_of_all(served).get("/v1/decisions", limit=4, cursor=cursor).json()
        walked += [one["decision_id"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        file.send("judgment_served", "2025-05-01", decision_id=f"new-{n}")

    assert cursor is None
    assert walked == first[::-1]
    assert len(set(walked)) == len(walked)


def coordinator_of_all(service: Service) -> Client:
    return service.as_("secretariat")


def test_a_cursor_is_for_its_own_list_only(served: Service) -> None:
    file = File(served, opens_with="never")
    for n in range(3):
        file.send("judgment_served", "2025-05-01", decision_id=f"d-{n}")
    office = served.as_("secretariat")
    cursor = office.get("/v1/decisions", limit=1).json()["next"]

    assert office.get("/v1/decisions", limit=1, outcome="applied", cursor=cursor).status_code in (400, 422)
    assert office.get("/v1/decisions", limit=1, cursor=f"{cursor}x").status_code in (400, 422)


def test_nothing_of_a_person_stands_in_receipts_lists_and_problems(
    served: Service, caplog: pytest.LogCaptureFixture
) -> None:
    file = File(served, person=person(contact="99 88 77 66"))
    told = [file.send(*step) for step in (CHAIN[4], CHAIN[0], CHAIN[1])]
    odd = file.post(file.told(*CHAIN[3]) | {"person": file.person | {"nick": file.person["given_name"]}})
    assert odd.status_code == 422
    again = file.post(file.told("indicted", "2025-03-04", CHAIN[0][2]))
    assert file.client is not None
    seen = [
        json.dumps(told),
        odd.text,
        again.text,
        file.client.get("/v1/decisions").text,
        json.dumps(file.shown("dispatched")["tries"]),
        caplog.text,
    ]

    secret = {*(str(file.person[name]) for name in ("given_name", "family_name", "national_id", "contact")), "Munter"}
    found = {(word, place) for word in secret for place, text in enumerate(seen) if word.lower() in text.lower()}
    assert not found


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_receipts_speak_the_language_of_the_sender(one: Service, language: str) -> None:
    file = File(one)
    file.applied(CHAIN[0])

    answer = file.post(file.told(*CHAIN[3]), headers={"Accept-Language": language})

    told = answer.json()
    assert answer.headers["Content-Language"] == language
    assert (told["outcome_label"], told["sender_should"]["message"].partition(".")[0]) == SPOKEN[language]
    assert told["reason"]["message"] == texts.text(texts.negotiate(language), "decision_reason", "too_early.message")


SPOKEN = {"nb": ("Satt på vent", "Vent"), "nn": ("Sett på vent", "Vent"), "en": ("Parked", "Wait")}
"""How a parked message is called, and what its sender should do."""


def test_a_message_that_is_tried_again_answers_in_the_language_it_was_sent_in(one: Service) -> None:
    file = File(one)
    file.applied(CHAIN[0])
    file.post(file.told(*CHAIN[3]), headers={"Accept-Language": "en"})

    file.send(*CHAIN[1])

    told = file.shown("became_final")["tries"][-1]["receipt"]
    assert told["sender_should"]["message"] == "You need not do anything."

"""Versions of one decision: taken once, corrected by a higher one, in whatever order they come."""

from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from tests.api.build import rows
from tests.intake.build import (
    CHAIN,
    FOLLOW_UP,
    JUDGMENT,
    TRANSFER,
    File,
    Told,
    case_of,
    coordinator,
    history,
    nothing_wrong,
    person,
    receipt,
    system,
)
from tests.intake.test_kinds import CHARGED, PETITION, SERVE, Row, ready
from tests.intake.test_matching import why
from tests.intake.test_order import annul, record
from tests.service import Service
from ungdom.cases import Correction
from ungdom.intake import apply, corrections
from ungdom.intake.models import Sender
from ungdom.store import journal, outbox
from ungdom.workflow.events import plain_details
from ungdom.workflow.payloads import CorrectionReason
from ungdom.workflow.vocabulary import Actor

SERVED, FINAL, SENT = CHAIN[2], CHAIN[3], CHAIN[4]


def test_the_same_message_gets_the_same_receipt_byte_for_byte(served: Service) -> None:
    file = File(served)
    message = file.told(*CHAIN[0])
    first = file.post(message)
    before = rows(served)

    again = file.post(message)
    turned = file.post(message | {"sent_at": "2025-03-05T08:00:00Z"})

    assert first.status_code == again.status_code == turned.status_code == 201
    assert first.content == again.content == turned.content
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == turned.headers["Idempotency-Replayed"] == "true"
    assert rows(served) == before


def test_the_order_of_numbers_does_not_make_another_message(served: Service) -> None:
    file = File(served)
    numbers = [file.number, f"{file.number}1", f"{file.number}2"]
    first = file.post(file.told(*CHAIN[0], police_case_numbers=numbers))

    assert file.post(file.told(*CHAIN[0], police_case_numbers=numbers[::-1])).content == first.content


def test_a_parked_message_that_was_applied_later_is_answered_as_the_first_time(served: Service) -> None:
    file = File(served)
    judged = file.told(*CHAIN[1])
    first = file.post(judged)
    file.applied(CHAIN[0])

    again = file.post(judged)

    assert (again.status_code, again.content) == (202, first.content)
    shown = file.shown("judgment_given")
    assert [one["receipt"]["outcome"] for one in shown["tries"]] == ["parked", "applied"]
    assert shown["outcome"] == "applied"


def test_a_repeat_after_a_restart_gets_the_same_receipt(served: Service, tmp_path: Any) -> None:
    file = File(served)
    first = file.post(file.told(*CHAIN[0]))

    with Service(served.settings.database_url, tmp_path) as restarted:
        again = File(restarted, person=file.person, number=file.number)
        assert again.post(again.told(*CHAIN[0])).content == first.content


def test_another_content_under_a_known_version_changes_nothing(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:2])
    before, told = rows(served), history(served, case)

    answer = file.post(file.told("judgment_given", "2025-04-25", JUDGMENT))

    assert answer.status_code == 422
    assert why(answer.json()) == ("rejected", "other_content")
    assert answer.json()["sender_should"]["code"] == "send_higher_version"
    assert "Idempotency-Replayed" not in answer.headers
    assert (rows(served), history(served, case)) == (before, told)


def test_a_higher_version_corrects_the_day(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN)
    then = served.clock().isoformat()

    told = file.send("became_final", "2025-05-10", version=2)

    assert (told["outcome"], told["state_before"], told["state_after"]) == ("applied", "dispatched", "dispatched")
    assert [(one["type"], one["corrects"]) for one in told["events"]] == [("corrected", 7)]
    moved = {one["code"]: (one["from"], one["to"]) for one in told["deadlines"]}
    assert moved == {"dispatch": ("2025-05-16", "2025-05-19")}
    assert ("became_final", "2025-05-10", "{'set_by_prosecution': True}") in history(served, case)
    leader = served.as_("leader", "oslo")
    known = leader.get(f"/v1/cases/{case}/events", known_at=then).json()["items"]
    assert [one["occurred_on"] for one in known if one["type"] == "became_final"] == ["2025-05-09"]
    kept = leader.get(f"/v1/cases/{case}/events").json()["items"]
    assert kept[-1]["details"]["reason"] == "corrected_decision"
    assert len(kept) == len(known) + 1
    nothing_wrong(served)


def test_a_higher_version_corrects_the_terms(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:2])

    told = file.send("judgment_given", "2025-04-24", JUDGMENT | {"length": {"months": 18}}, version=2)

    assert told["outcome"] == "applied"
    (details,) = [details for kind, _, details in history(served, case) if kind == "judgment_given"]
    assert "'length': {'months': 18}" in details
    assert "suitable_reaction" in details


def test_a_higher_version_may_tell_of_something_else(served: Service) -> None:
    file = File(served)
    file.applied(CHAIN[0])
    ended = file.send("acquitted", "2025-04-24", decision_id="the-decision")
    assert ended["state_after"] == "other_decision"

    told = file.send(*CHAIN[1], decision_id="the-decision", version=2)

    assert (told["outcome"], told["state_before"], told["state_after"]) == ("applied", "other_decision", "judged")
    assert [one["type"] for one in told["events"]] == ["corrected"]


def test_a_correction_back_to_the_first_content_is_a_correction(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:4])
    first = history(served, case)
    file.send("became_final", "2025-05-10", version=2)

    told = file.send("became_final", "2025-05-09", version=3)

    assert told["outcome"] == "applied"
    assert history(served, case) == first


def test_a_higher_version_that_says_the_same_changes_nothing(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:4])
    before = history(served, case)

    told = file.send(*FINAL, version=2)

    assert (told["outcome"], told["events"]) == ("duplicate", [])
    assert history(served, case) == before
    assert file.send("became_final", "2025-05-12", version=3)["outcome"] == "applied"


def test_a_lower_version_after_a_higher_is_acknowledged(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:3])
    gap = file.send("became_final", "2025-05-12", version=2)
    assert why(gap) == ("parked", "version_gap")
    accept(served, gap)
    before = history(served, case)

    lower = file.send(*FINAL)

    assert why(lower) == ("superseded", "lower_version")
    assert history(served, case) == before


def accept(service: Service, told: Told) -> Told:
    """The office decides that the missing version is not coming."""
    return receipt(coordinator(service).post(f"/v1/decisions/{told['id']}/retry", {"accept_gap": True}))


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))), ids=str)
@pytest.mark.parametrize("ready", ["ready", "not ready"])
def test_versions_in_any_order_end_as_the_highest_says(served: Service, order: tuple[int, ...], ready: str) -> None:
    file = File(served)
    days = {1: "2025-05-09", 2: "2025-05-10", 3: "2025-05-12"}
    case = file.applied(*CHAIN[: 3 if ready == "ready" else 1])

    for version in order:
        file.send("became_final", days[version], version=version)
    if ready == "not ready":
        file.sent(*CHAIN[1:3])

    told = history(served, case)
    assert [day for kind, day, _ in told if kind == "became_final"] == ["2025-05-12"]
    assert file.stands("became_final", 3) == "applied"
    assert {file.stands("became_final", version) for version in (1, 2)} <= {"applied", ("superseded", "lower_version")}
    nothing_wrong(served)


def test_a_gap_that_the_office_accepts_stays_accepted(served: Service) -> None:
    file = File(served)
    file.applied(*CHAIN[:2])
    gap = file.send(*SENT, version=3)
    assert why(gap) == ("parked", "version_gap")

    assert why(accept(served, gap)) == ("parked", "too_early")
    file.sent(FINAL)

    assert file.stands("dispatched", 3) == "applied"


def test_a_lower_version_that_is_not_applied_fills_the_gap_all_the_same(served: Service) -> None:
    file = File(served)
    file.applied(*CHAIN[:3])
    assert why(file.send("became_final", "2025-05-12", version=2)) == ("parked", "version_gap")

    lower = file.send(*FINAL, person=None)

    assert why(lower) == ("parked", "person_missing")
    assert file.stands("became_final", 2) == "applied"
    assert file.stands("became_final") == ("superseded", "lower_version")


def test_a_correction_that_would_break_the_history_waits_until_what_follows_is_gone(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN)
    before = history(served, case)

    told = file.send("became_final", "2025-05-13", version=2)
    assert why(told) == ("parked", "breaks_history")
    assert [no["code"] for no in told["unmet"]] == ["follows_the_last_move"]
    assert history(served, case) == before

    annul(served, case, "dispatched")

    assert file.stands("became_final", 2) == "applied"
    assert ("became_final", "2025-05-13", "{'set_by_prosecution': True}") in history(served, case)


def test_a_parked_version_is_replaced_by_a_higher_one(served: Service) -> None:
    file = File(served)
    file.applied(*CHAIN[:2])
    file.send(*SENT)

    higher = file.send("dispatched", "2025-05-13", version=2)

    assert why(higher) == ("parked", "too_early")
    assert file.stands("dispatched") == ("superseded", "lower_version")
    file.sent(FINAL)
    assert file.stands("dispatched", 2) == "applied"


def test_a_refused_version_does_not_replace_a_parked_one(served: Service) -> None:
    file = File(served)
    file.applied(CHAIN[0])
    mine = system(served, "prosecutor", Actor.PROSECUTION)
    theirs = File(served, person=file.person, number=file.number, client=mine)
    assert why(theirs.send(*FINAL, decision_id="d")) == ("parked", "too_early")

    refused = theirs.send(*CHAIN[1], decision_id="d", version=2)

    assert why(refused) == ("rejected", "not_your_authority")
    file.sent(CHAIN[1])
    assert theirs.stands("became_final", decision_id="d") == "applied"


def test_a_higher_version_keeps_what_the_office_has_added(served: Service) -> None:
    file = File(served)
    case = file.applied(CHAIN[0])
    said = JUDGMENT | {"suitable_reaction": True, "lives_in_norway": True, "served_on": "2025-04-24"}
    record(served, case, ("judgment_given", "2025-04-24", said))
    assert file.send(*CHAIN[1])["outcome"] == "duplicate"

    told = file.send("judgment_given", "2025-04-24", JUDGMENT | {"length": {"months": 18}}, version=2)

    assert told["outcome"] == "applied"
    (details,) = [details for kind, _, details in history(served, case) if kind == "judgment_given"]
    assert "'served_on': '2025-04-24'" in details
    assert "'length': {'months': 18}" in details


# --- a person has been there meanwhile --------------------------------------------------------------------------


def correct(service: Service, case: str, kind: str, day: str) -> None:
    """The coordinator finds that it happened on another day."""
    office = coordinator(service)
    listed = office.get(f"/v1/cases/{case}/events")
    seq = next(one["seq"] for one in listed.json()["items"] if one["type"] == kind)
    wish = {"seq": seq, "reason": "wrong_date", "replacement": {"type": kind, "occurred_on": day}}
    done = office.post(f"/v1/cases/{case}/corrections", wish, listed.headers["ETag"])
    assert done.status_code == 201, done.text


def test_what_a_person_has_corrected_is_not_undone_by_a_version_that_leaves_it_alone(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:4])
    correct(served, case, "became_final", "2025-05-12")

    told = file.send(*FINAL, version=2, court_case_number="25-1234ENE-TOSL")

    assert told["outcome"] == "duplicate"
    assert [day for kind, day, _ in history(served, case) if kind == "became_final"] == ["2025-05-12"]


def test_a_sender_and_a_person_who_say_two_things_are_brought_together_by_a_person(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:4])
    correct(served, case, "became_final", "2025-05-12")

    told = file.send("became_final", "2025-05-13", version=2)
    assert why(told) == ("parked", "recorded_otherwise")
    assert [day for kind, day, _ in history(served, case) if kind == "became_final"] == ["2025-05-12"]

    correct(served, case, "became_final", "2025-05-13")
    assert file.stands("became_final", 2) == "duplicate"


def test_a_sender_who_says_what_a_person_has_corrected_agrees(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:4])
    correct(served, case, "became_final", "2025-05-12")

    assert file.send("became_final", "2025-05-12", version=2)["outcome"] == "duplicate"


def test_what_a_person_has_annulled_is_not_brought_back_by_the_sender(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:4])
    annul(served, case, "became_final")

    told = file.send("became_final", "2025-05-12", version=2)
    assert why(told) == ("parked", "recorded_otherwise")
    assert case_of(served, case)["state"] == "judged"

    record(served, case, ("became_final", "2025-05-12", {"set_by_prosecution": True}))
    assert file.stands("became_final", 2) == "duplicate"
    assert file.send("became_final", "2025-05-13", version=3)["outcome"] == "applied"


# --- decisions of several steps -----------------------------------------------------------------------------------


def test_a_transfer_is_corrected_and_its_consents_stay(served: Service) -> None:
    file = File(served, opening=FOLLOW_UP, opens_with="transferred_to_follow_up")
    case = file.applied(("transferred_to_follow_up", "2025-02-12", TRANSFER))
    before = history(served, case)

    told = file.send("transferred_to_follow_up", "2025-02-12", TRANSFER | {"length": {"days": 150}}, version=2)

    assert told["outcome"] == "applied"
    assert [one["type"] for one in told["events"]] == ["corrected"]
    assert [one for one in history(served, case) if one[0] == "consent_given"] == [
        one for one in before if one[0] == "consent_given"
    ]


def test_a_consent_told_wrongly_is_corrected_with_the_transfer(served: Service) -> None:
    file = File(served, opening=FOLLOW_UP, opens_with="transferred_to_follow_up")
    case = file.applied(("transferred_to_follow_up", "2025-02-12", TRANSFER))
    youth, guardian = TRANSFER["consents"]

    file.send(
        "transferred_to_follow_up",
        "2025-02-12",
        TRANSFER | {"consents": [youth | {"on": "2025-02-12"}, guardian]},
        version=2,
    )

    given = [day for kind, day, _ in history(served, case) if kind == "consent_given"]
    assert sorted(given) == ["2025-02-11", "2025-02-12"]


def test_two_guardians_are_two_consents_where_each_is_named(served: Service) -> None:
    two = person(guardians=[{"name": "Munter Fiskegrateng"}, {"name": "Sindig Fiskegrateng"}])
    file = File(served, person=two, opening=FOLLOW_UP, opens_with="transferred_to_follow_up")
    youth, unnamed = {"by": "youth", "on": "2025-02-11"}, {"by": "guardian", "on": "2025-02-11"}

    told = file.send("transferred_to_follow_up", "2025-02-12", TRANSFER | {"consents": [youth, unnamed, unnamed]})
    assert why(told) == ("parked", "conditions_unmet")

    named = [unnamed | {"guardian": reference} for reference in ("g1", "g2")]
    told = file.send("transferred_to_follow_up", "2025-02-12", TRANSFER | {"consents": [youth, *named]}, version=2)

    assert told["outcome"] == "applied"
    assert [one["type"] for one in told["events"]].count("consent_given") == 3


def test_a_delivery_is_corrected_on_its_day_and_received_on_ours(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:4], ("dispatched", "2025-05-12", {"delivered": True}))

    told = file.send("dispatched", "2025-05-13", {"delivered": True}, version=2)

    assert told["outcome"] == "applied"
    days = {kind: day for kind, day, _ in history(served, case)}
    assert (days["dispatched"], days["received"]) == ("2025-05-13", "2025-07-01")


def test_a_version_that_delivers_what_was_only_dispatched_adds_the_receipt(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN)

    told = file.send("dispatched", "2025-05-12", {"delivered": True}, version=2)

    assert [one["type"] for one in told["events"]] == ["received"]
    assert case_of(served, case)["state"] == "received"


def test_a_version_that_opens_the_case_otherwise_is_remarked_upon(served: Service) -> None:
    file = File(served)
    file.applied(CHAIN[0])

    told = file.send(*CHAIN[0], version=2, opening=file.opening | {"offences": [{"on": "2025-01-16"}]})

    assert told["outcome"] == "duplicate"
    assert [one["code"] for one in told["remarks"]] == ["opening_not_used"]


def test_two_systems_may_use_the_same_id_for_two_decisions(served: Service) -> None:
    file = File(served)
    file.applied(*CHAIN[:2])
    other = File(served, person=file.person, number=file.number, client=system(served, "another"))

    assert file.send(*SERVED, decision_id="1")["outcome"] == "applied"
    assert other.send(*FINAL, decision_id="1")["outcome"] == "applied"


def test_a_corrected_decision_that_the_sector_was_told_of_is_promised_anew(served: Service) -> None:
    file, case = ready(served, Row("petition_sent", CHARGED, "2025-06-10", SERVE, "breach_in_court"))
    first = file.send("petition_sent", "2025-06-10", SERVE)
    told = file.send("petition_sent", "2025-06-10", PETITION, version=2)  # of electronic control: stops no clock
    assert (first["outcome"], told["outcome"]) == ("applied", "applied"), told

    made, corrected = first["events"][0]["seq"], told["events"][0]["seq"]
    assert [(m.seq, outbox.event_and_part(m)) for m in status_of(served, case) if m.seq >= made] == [
        (made, (made, None)),
        (corrected, (made, "stansUngdomsreaksjon")),
    ]


def status_of(service: Service, case: str) -> list[outbox.OutboxMessage]:
    with service.db.reading() as tx:
        held = outbox.undelivered(tx)
    return [one.message for one in held if str(one.message.case_id) == case]


def test_what_the_event_says_already_is_not_corrected_again(served: Service) -> None:
    case_id = UUID(File(served).applied(*CHAIN))
    sender = Sender("hub", frozenset({Actor.PROSECUTION, Actor.COURT}))
    with served.db.writing() as tx:
        stored = journal.load(tx, case_id)
        assert stored is not None
        change, event = apply.unchanged(stored), stored.events[-1]
        wish = Correction(
            event.seq,
            CorrectionReason.CORRECTED_DECISION,
            annul=False,
            type=event.type,
            occurred_on=event.occurred_on,
            details=plain_details(event.type, event.details),
        )
        assert corrections.apply_correction(tx, sender, change, wish, served.clock()) is change

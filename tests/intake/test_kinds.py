"""Every kind of message, in a case that is ready for it: what a coordinator would have recorded by hand."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.intake.build import (
    APPEAL,
    CHAIN,
    FOLLOW_UP,
    JUDGMENT,
    TRANSFER,
    File,
    Step,
    Told,
    case_of,
    coordinator,
    history,
    nothing_wrong,
    opening,
)
from tests.intake.test_order import open_by_hand, record
from tests.service import Service
from ungdom.message import Kind

REGISTERED: tuple[Step, ...] = (("suspect_set", "2025-01-20", {}), ("investigation_closed", "2025-02-28", {}))
FULL = JUDGMENT | {"suitable_reaction": True, "lives_in_norway": True}
INTERIM = FULL | {"interim_conditions": ["abstinence"], "interim_from": "2025-04-25"}
TO_COURT: tuple[Step, ...] = (*REGISTERED, CHAIN[0])
JUDGED: tuple[Step, ...] = (*TO_COURT, ("judgment_given", "2025-04-24", FULL))
APPEALED: tuple[Step, ...] = (*JUDGED, CHAIN[2], APPEAL[3])
FINAL: tuple[Step, ...] = (*JUDGED, ("became_final", "2025-05-09", {"set_by_prosecution": True}))
EVERYBODY = {"present": ["youth", "guardian", "correctional_service", "police"]}
RECEIVED: tuple[Step, ...] = (*FINAL, CHAIN[4], ("received", "2025-05-14", {}))
EXECUTING: tuple[Step, ...] = (
    *RECEIVED,
    ("assigned", "2025-05-15", {"coordinator": "coordinator-oslo"}),
    ("plan_meeting_held", "2025-06-03", EVERYBODY),
)
CHARGED: tuple[Step, ...] = (
    *EXECUTING,
    ("new_offence_recorded", "2025-06-06", {"offence_on": "2025-06-05", "charged_on": "2025-06-06"}),
)
PETITION = {"for": "electronic_control", "by": "prosecution", "ground": "new_offence"}
BEFORE_COURT: tuple[Step, ...] = (*CHARGED, ("petition_sent", "2025-06-10", PETITION))
SERVE = PETITION | {"for": "serve_prison"}
CONTROLLED: tuple[Step, ...] = (*BEFORE_COURT, ("electronic_control_ordered", "2025-06-13", {"until": "2025-06-30"}))
AWAITED: tuple[Step, ...] = (("suspect_set", "2025-01-20", {}), ("investigation_closed", "2025-02-10", {}))
FOLLOWED: tuple[Step, ...] = (
    *AWAITED,
    ("consent_given", "2025-02-11", {"by": "youth"}),
    ("consent_given", "2025-02-11", {"by": "guardian", "guardian": "g1"}),
    ("transferred_to_follow_up", "2025-02-12", {name: TRANSFER[name] for name in TRANSFER if name != "consents"}),
)
REVIEWED: tuple[Step, ...] = (
    *FOLLOWED,
    ("dispatched", "2025-02-14", {}),
    ("received", "2025-02-17", {}),
    ("assigned", "2025-02-18", {"coordinator": "coordinator-oslo"}),
    ("plan_meeting_held", "2025-03-03", {"present": ["youth", "guardian"]}),
    ("new_offence_recorded", "2025-03-10", {"offence_on": "2025-03-09", "charged_on": "2025-03-10"}),
    ("youth_heard", "2025-03-11", {"about": ["resumption"], "how": "spoken"}),
    ("referred_for_resumption", "2025-03-12", {"ground": "new_offence"}),
)


@dataclass(frozen=True)
class Row:
    """A kind, the case it needs, what it says; what the office would have recorded, and the state afterwards."""

    kind: str
    ready: Sequence[Step]
    on: str
    terms: Told
    state: str
    records: Sequence[Step] | None = None
    sanction: str = "youth_sanction"
    name: str = ""

    @property
    def by_hand(self) -> Sequence[Step]:
        return self.records if self.records is not None else [(self.kind, self.on, self.terms)]


F = "youth_follow_up"
ROWS = [
    Row("transferred_to_follow_up", AWAITED, "2025-02-12", TRANSFER, "final", FOLLOWED[2:], F),
    Row("indicted", REGISTERED, "2025-03-03", {"court_received_on": "2025-03-04"}, "in_court"),
    Row("hearing_scheduled", TO_COURT, "2025-03-14", {"hearing_on": "2025-04-10"}, "in_court"),
    Row("hearing_started", TO_COURT, "2025-04-10", {}, "in_court"),
    Row("judgment_given", TO_COURT, "2025-04-24", JUDGMENT, "judged", JUDGED[-1:]),
    Row("judgment_served", JUDGED, "2025-04-25", {}, "judged"),
    Row(
        "interim_conditions_started",
        (*TO_COURT, ("judgment_given", "2025-04-24", INTERIM)),
        "2025-04-25",
        {},
        "interim_conditions",
    ),
    Row("appealed", (*JUDGED, CHAIN[2]), "2025-05-08", {"by": "prosecution"}, "appealed"),
    Row("appeal_referred", APPEALED, "2025-05-22", {}, "appealed"),
    Row("appeal_decided", APPEALED, "2025-06-12", {"outcome": "upheld", "served_on": "2025-06-13"}, "judged"),
    Row(
        "appeal_decided",
        APPEALED,
        "2025-06-12",
        {"outcome": "changed", "terms": FULL | {"length": {"months": 18}}},
        "judged",
        name="changed",
    ),
    Row("appeal_decided", APPEALED, "2025-06-12", {"outcome": "replaced"}, "other_decision", name="replaced"),
    Row("became_final", JUDGED, "2025-05-09", {}, "final", FINAL[-1:]),
    Row("dispatched", FINAL, "2025-05-12", {}, "dispatched"),
    Row(
        "dispatched",
        FINAL,
        "2025-05-12",
        {"delivered": True},
        "received",
        (("dispatched", "2025-05-12", {}), ("received", "2025-07-01", {})),
        name="delivered",
    ),
    Row("petition_sent", CHARGED, "2025-06-10", SERVE, "breach_in_court"),
    Row(
        "petition_decided",
        BEFORE_COURT,
        "2025-06-13",
        {"outcome": "rejected"},
        "executing",
        (("petition_rejected", "2025-06-13", {}),),
        name="rejected",
    ),
    Row(
        "petition_decided",
        BEFORE_COURT,
        "2025-06-13",
        {"outcome": "electronic_control", "until": "2025-08-01"},
        "electronic_control",
        (("electronic_control_ordered", "2025-06-13", {"until": "2025-08-01"}),),
        name="control",
    ),
    Row(
        "petition_decided",
        (*CHARGED, ("petition_sent", "2025-06-10", SERVE)),
        "2025-06-13",
        {"outcome": "converted", "to": "prison", "extent": "whole", "judged_on": "2025-06-12"},
        "converted",
        (("conversion_final", "2025-06-13", {"to": "prison", "extent": "whole", "judged_on": "2025-06-12"}),),
        name="converted",
    ),
    Row("electronic_control_ended", CONTROLLED, "2025-06-30", {"reason": "period_over"}, "executing"),
    Row("prosecution_resumed", REVIEWED, "2025-03-20", {}, "breach_closed", sanction=F),
    Row("prosecution_not_resumed", REVIEWED, "2025-03-20", {}, "executing", sanction=F),
    Row(
        "new_charge",
        TO_COURT,
        "2025-03-20",
        {"offence_on": "2025-01-17"},
        "in_court",
        (("charged", "2025-03-20", {}),),
        name="before the decision",
    ),
    Row(
        "new_charge",
        EXECUTING,
        "2025-06-06",
        {"offence_on": "2025-06-05"},
        "executing",
        CHARGED[-1:],
        name="meanwhile",
    ),
    Row(
        "new_offence_decided",
        CHARGED,
        "2025-06-25",
        {"decision": "final_decision", "decided_on": "2025-06-24"},
        "breach_closed",
        (("closed_after_new_offence", "2025-06-25", {"decision": "final_decision", "decided_on": "2025-06-24"}),),
    ),
    Row(
        "dropped",
        TO_COURT,
        "2025-04-01",
        {},
        "other_decision",
        (("other_outcome", "2025-04-01", {"outcome": "dropped"}),),
    ),
    Row(
        "acquitted",
        TO_COURT,
        "2025-04-24",
        {},
        "other_decision",
        (("other_outcome", "2025-04-24", {"outcome": "acquitted"}),),
    ),
    Row("other_outcome", TO_COURT, "2025-04-24", {"outcome": "fine"}, "other_decision"),
    Row("decision_set_aside", EXECUTING, "2025-06-20", {"reason": "judgment_overturned"}, "other_decision"),
    Row(
        "person_investigation_ordered",
        REGISTERED,
        "2025-01-24",
        {"wished_by": "2025-02-20"},
        "awaiting_decision",
        (("pum_ordered", "2025-01-24", {"wished_by": "2025-02-20"}),),
    ),
    Row(
        "person_investigation_returned",
        (*REGISTERED, ("pum_ordered", "2025-01-24", {"wished_by": "2025-02-20"})),
        "2025-02-21",
        {"carried_out": True},
        "awaiting_decision",
        (("pum_returned", "2025-02-21", {"carried_out": True}),),
    ),
]
R0_ONLY = {Kind.FOLLOW_UP_BY_JUDGMENT}


def ready(service: Service, row: Row) -> tuple[File, str]:
    """A case by hand, brought to where this kind of message can come."""
    opens = FOLLOW_UP if row.sanction == F else opening()
    file = File(service, opening=opens, opens_with="never")
    case = open_by_hand(service, file)
    record(service, case, *row.ready)
    return file, case


def named(row: Row) -> str:
    return " ".join(filter(None, (row.kind, row.name)))


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_a_message_becomes_what_the_office_would_have_recorded(served: Service, row: Row) -> None:
    file, case = ready(served, row)
    _, other = ready(served, row)
    before = case_of(served, case)

    told = file.send(row.kind, row.on, row.terms)

    assert told["outcome"] == "applied", told
    assert (told["case"]["id"], told["reason"]) == (case, None)
    assert (told["state_before"], told["state_after"]) == (before["state"], row.state)
    assert told["sender_should"]["code"] == "nothing"
    record(served, other, *row.by_hand)
    assert without_person(history(served, case)) == without_person(history(served, other))
    assert moved(served, told, case, before)
    nothing_wrong(served)


def without_person(events: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [one for one in events if one[0] != "case_registered"]


def moved(service: Service, told: Told, case: str, before: Told) -> bool:
    """The receipt names each event of the message and each deadline that is not as it was, and no other."""
    made = coordinator(service).get(f"/v1/cases/{case}/events").json()["items"][before["version"] :]
    assert [(e["seq"], e["type"], e["occurred_on"]) for e in made] == [
        (e["seq"], e["type"], e["occurred_on"]) for e in told["events"]
    ]
    now = coordinator(service).get(f"/v1/cases/{case}/deadlines").json()["items"]
    stands = {(clock["code"], clock["due"], clock["status"]) for clock in now}
    for clock in told["deadlines"]:
        assert (clock["from"], clock["status_before"]) != (clock["to"], clock["status_after"])
        assert clock["to"] is None or (clock["code"], clock["to"], clock["status_after"]) in stands
    return True


def test_every_kind_is_tried() -> None:
    assert {Kind(row.kind) for row in ROWS} | R0_ONLY == set(Kind)


def test_follow_up_by_judgment_is_taken_in_its_time(served: Service) -> None:
    file = File(
        served,
        opening=opening(
            sanction=F,
            registered_on="2023-01-10",
            offences=[{"on": "2023-01-08"}],
            suspect_on="2023-01-12",
            investigation_closed_on=None,
        ),
    )
    file.person["born"] = "2006-03-12"
    file.person.pop("national_id")
    file.opening.pop("investigation_closed_on")
    case = file.applied(("indicted", "2023-02-20", {"court_received_on": "2023-02-21"}))
    record(
        served,
        case,
        ("consent_given", "2023-02-21", {"by": "youth"}),
        ("consent_given", "2023-02-21", {"by": "guardian"}),
    )

    told = file.send("follow_up_by_judgment", "2023-04-12", {"length": {"months": 6}, "suspended_sentence": True})

    assert (told["outcome"], told["state_after"]) == ("applied", "judged")


def test_the_receipt_of_finality_says_which_deadlines_moved(served: Service) -> None:
    file = File(served)
    file.applied(*CHAIN[:3])

    told = file.send(*CHAIN[3])

    assert [(c["code"], c["from"], c["to"], c["status_before"], c["status_after"]) for c in told["deadlines"]] == [
        ("dispatch", None, "2025-05-16", None, "overdue")
    ]
    assert told["deadlines"][0]["law"] == "strpl § 452 third paragraph"
    assert told["status"] == f"/v1/decisions/{told['id']}"
    assert set(told) == RECEIPT


RECEIPT = {
    "id", "decision_id", "version", "kind", "received_at", "outcome", "outcome_label", "reason", "case", "state_before",
    "state_after", "events", "deadlines", "unmet", "contradictions", "remarks", "sender_should", "status",
}  # fmt: skip


def test_a_judgment_that_does_not_say_that_it_was_suitable_is_remarked_upon(served: Service) -> None:
    file = File(served)
    file.applied(CHAIN[0])

    assert [one["code"] for one in file.send(*CHAIN[1])["remarks"]] == ["implied_by_judgment"]


def test_a_number_that_fails_its_check_is_kept_and_flagged(served: Service) -> None:
    file = File(served)
    number = file.person["national_id"]
    wrong = f"{number[:-1]}{(int(number[-1]) + 1) % 10}"
    file.person["national_id"] = wrong

    told = file.send(*CHAIN[0])

    assert told["outcome"] == "applied"
    assert {one["code"] for one in told["remarks"]} == {"case_opened", "number_fails_check"}
    assert wrong not in json.dumps(told)


def test_a_message_whose_conditions_are_not_met_names_each_of_them(served: Service) -> None:
    file = File(served, opening=FOLLOW_UP, opens_with="never")
    case = open_by_hand(served, file)
    record(served, case, *AWAITED)

    told = file.send(
        "transferred_to_follow_up", "2025-02-12", {"length": {"days": 10}, "guilt_proven": False, "consents": []}
    )

    assert (told["outcome"], told["reason"]["code"]) == ("rejected", "never_possible"), "no consent mends the length"
    assert [one["code"] for one in told["unmet"]] == [
        "youth_consents",
        "guardians_consent",
        "guilt_is_proven",
        "follow_up_length_within_law",
    ]
    assert all(one["message"] and one["law"] for one in told["unmet"])
    assert told["state_after"] == "awaiting_decision"

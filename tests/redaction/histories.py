"""Cases with something to recognise of every matter, a member of the team from every agency, and consents of all kinds.

Each matter has days and words of its own: found in an answer, they say what it gives away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

from tests.service import Service, new_case
from tests.workflow.roads import read
from ungdom import cases
from ungdom.alerts.sweep import sweep
from ungdom.cases import EventEntry, Recorder
from ungdom.notices.dispatch import dispatch
from ungdom.workflow.events import read_details
from ungdom.workflow.payloads import Attendee, Sharing
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.vocabulary import EventType, Role

M = Matter
MEMBERS = tuple(Attendee)
BORN = "2008-03-12"  # 18 on 2026-03-12
OFFENCE_ON = "2025-01-11"
PERSON: dict[str, Any] = {
    "given_name": "Vimsete",
    "family_name": "Paraplystativ",
    "born": BORN,
    "national_id": "12830899937",
    "contact": "Gardinstanggata 7",
    "guardians": [{"name": "Sindig Paraplystativ", "contact": "+47 000 62 345"}],
}

PLANTED: dict[Matter, tuple[str, ...]] = {
    M.CURRENT_STATUS: (),  # whoever may not learn it sees no case
    M.STAGE_DATES: ("2025-05-12", "2025-05-14"),  # received and assigned, or dispatched and received
    M.MEETING_DATES: ("2025-06-25",),
    M.SANCTION: ('"youth_sanction"', '"youth_follow_up"', "Ungdomsstraff", "Ungdomsoppfølging"),
    M.IDENTITY: (BORN, "2026-03-12", "12830899937"),
    M.NAME_AND_BIRTH_YEAR: ("Vimsete", "Paraplystativ"),
    M.OFFENCE: (OFFENCE_ON, "strl-271"),
    M.PLAN: ("2025-06-06", "curfew"),
    M.OWN_MEASURES: ("education_work_community",),
    M.PROGRESS: ("2025-06-19", '"breach_recorded"'),
    M.ATTENDANCE: ("2025-06-11", '"measure_attended"'),
    M.DRUG_TESTS: ("2025-06-13", "drug_test_held"),
    M.PERSON_INVESTIGATION: ("2025-02-25", "2025-03-17", "2025-02-27", '"reason":"person_investigation"'),
    M.RIGHTS: ("2025-06-26", '"youth_heard"'),
    M.RESTORATIVE: ("2025-06-18", "victim_invited"),
    M.ADDRESS: ("Gardinstanggata", "000 62 345"),
}
"""What stands in an answer only if it gives away this matter."""

CARRIES: dict[Matter, dict[str, str]] = {
    M.CURRENT_STATUS: {"": '"phase":"', "/v1/cases": '"phase":"'},
    M.STAGE_DATES: {"": "2025-05-14", "/events": "2025-05-14", "/timeline": "2025-05-14", "/lead-time": "2025-05-14",
                    "/v1/cases": "2025-05-14"},
    M.MEETING_DATES: {"/events": "2025-06-25", "/timeline": "2025-06-25", "/meetings": "2025-06-25"},
    M.SANCTION: {"": '"sanction":"youth_', "/v1/cases": '"sanction":"youth_'},
    M.IDENTITY: {"": BORN},
    M.NAME_AND_BIRTH_YEAR: {"": "Paraplystativ"},
    M.OFFENCE: {"": OFFENCE_ON, "/v1/cases": OFFENCE_ON},
    M.PLAN: {"/events": "2025-06-06", "/timeline": "2025-06-06", "/plan": "2025-06-06"},
    M.PROGRESS: {"/events": "2025-06-19", "/timeline": "2025-06-19", "/breaches": "2025-06-19"},
    M.ATTENDANCE: {"/events": "2025-06-11", "/timeline": "2025-06-11", "/meetings": '"attendance":['},
    M.DRUG_TESTS: {"/events": "2025-06-13", "/timeline": "2025-06-13"},
    M.PERSON_INVESTIGATION: {"/events": "2025-02-25", "/timeline": "2025-02-25"},
    M.RIGHTS: {"/events": "2025-06-26", "/timeline": "2025-06-26", "/consents": '"sharing":[', "/complaints": "items"},
    M.RESTORATIVE: {"/events": "2025-06-18", "/timeline": "2025-06-18", "/restorative": "2025-06-18"},
    M.ADDRESS: {"": "Gardinstanggata"},
}  # fmt: skip
"""The answers that give a matter to whoever may learn it, and what stands in them."""

BEFORE: dict[str, tuple[str, ...]] = {
    "youth_sanction": (
        "2025-03-03 indicted {court_received_on: 2025-03-04}",
        "2025-04-24 judgment_given {length: {years: 2}, subsidiary_prison: {months: 6}, suitable_reaction: true, "
        "lives_in_norway: true, served_on: 2025-04-24}",
        "2025-05-09 became_final",
    ),
    "youth_follow_up": (
        "2025-03-03 consent_given {by: youth}",
        "2025-03-03 consent_given {by: guardian}",
        "2025-05-09 transferred_to_follow_up {length: {months: 12}, guilt_proven: true, notified_on: 2025-05-09}",
    ),
}
"""Until the decision, per sanction."""

INVESTIGATED = (
    "2025-01-20 suspect_set",
    "2025-02-24 coordination_requested",
    "2025-02-25 pum_ordered {wished_by: 2025-03-17}",
    "2025-02-26 wait_started {party: correctional_service, reason: person_investigation}",
    "2025-02-27 pum_returned {carried_out: true}",
    "2025-02-28 wait_ended {party: correctional_service}",
    "2025-02-28 investigation_closed",
)

EXECUTED = (
    "2025-05-12 dispatched",
    "2025-05-14 received {not_a_duplicate: true}",
    "2025-05-15 assigned {coordinator: coordinator-oslo}",
    "2025-06-03 plan_meeting_held {present: [youth, guardian, correctional_service, police]}",
    *(f"2025-06-04 team_member_joined {{member: {agency}-1, agency: {agency}}}" for agency in MEMBERS),
    "2025-06-06 plan_approved {notified_on: 2025-06-06, measures: ["
    "{measure: m1, code: education_work_community, provider: school}, {measure: m2, code: curfew}]}",
    "2025-06-10 measure_started {measure: m1, code: education_work_community, provider: school}",
    "2025-06-11 measure_attended {measure: m1, attended: attended}",
    "2025-06-13 drug_test_held {result: negative}",
    "2025-06-18 victim_invited",
    "2025-06-19 breach_recorded {kind: plan}",
    "2025-06-25 team_meeting_held {present: [youth, school]}",
    "2025-06-26 youth_heard {about: [interruption], how: spoken}",
)

PHASES: dict[str, tuple[str, ...]] = {
    "execution": (),
    "breach": ("2025-08-04 breach_talk_ordered",),
    "interrupted": (
        "2025-08-04 breach_talk_ordered",
        "2025-08-12 breach_talk_missed",
        "2025-08-14 youth_heard {about: [interruption], how: did_not_use}",
        "2025-08-14 interrupted {reason: missed_talk}",
    ),
    "closed": ("2025-08-14 lapsed {reason: death}",),
}

RECIPIENTS = "[" + ", ".join(MEMBERS) + "]"


def _given(by: str, scopes: str, more: str = "") -> str:
    guardian = ", guardian: g1" if by == "guardian" else ""
    return f"2025-07-02 sharing_consent_given {{by: {by}{guardian}, scope: [{scopes}], recipients: {RECIPIENTS}{more}}}"


def _both(scopes: str, more: str = "") -> tuple[str, ...]:
    return _given("youth", scopes, more), _given("guardian", scopes, more)


EVERY_SCOPE = ", ".join(Sharing)
CONSENTS: dict[str, tuple[str, ...]] = {
    "none": (),
    **{f"only {scope}": _both(scope) for scope in Sharing},
    "all": _both(EVERY_SCOPE),
    "the youth alone": (_given("youth", EVERY_SCOPE),),
    "expired": _both(EVERY_SCOPE, ", until: 2025-08-20"),
    "withdrawn": (*_both(EVERY_SCOPE), "2025-07-07 sharing_consent_withdrawn {by: youth}"),
    "for the school": (
        "2025-07-02 sharing_consent_given {by: youth, scope: [progress, attendance], recipients: [school]}",
        "2025-07-02 sharing_consent_given {by: guardian, guardian: g1, scope: [progress, attendance], "
        "recipients: [school]}",
    ),
}
"""What youth and guardian have consented to."""


@dataclass(frozen=True)
class Variant:
    """One history: sanction, phase, consents, and the protection of the address."""

    sanction: str
    phase: str
    consents: str
    protection: str = "none"

    @property
    def lines(self) -> tuple[str, ...]:
        """Every event after the registration, in the order in which they happen."""
        told = (*INVESTIGATED, *BEFORE[self.sanction], *EXECUTED, *CONSENTS[self.consents], *PHASES[self.phase])
        return tuple(sorted(told, key=lambda line: line[:10]))


def variants() -> Iterator[Variant]:
    """Every sanction, phase and consent; the protected address in every phase with all consents and with none."""
    for sanction, phase, consents in product(BEFORE, PHASES, CONSENTS):
        yield Variant(sanction, phase, consents)
    for sanction, phase, consents in product(BEFORE, PHASES, ("none", "all")):
        yield Variant(sanction, phase, consents, "confidential")


@dataclass(frozen=True)
class Told:
    """A case that has been told."""

    id: str
    reference: str
    variant: Variant


def nights(service: Service, first: date, last: date) -> None:
    """A night each week between these days: alerts rise step by step, and those they are for are notified."""
    for day in (first + timedelta(days=days) for days in range(0, (last - first).days + 1, 7)):
        service.clock.turn_to(day)
        sweep(service.db, day, service.clock)
        dispatch(service.db, service.app.state.keys, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def _recorder(kind: EventType) -> Viewer:
    """The service itself; where the address is protected, a leader assigns."""
    assigns = kind is EventType.ASSIGNED
    return Viewer(Role.LEADER, "leader-oslo", "oslo") if assigns else Viewer(Role.SYSTEM, "system", None)


def told(service: Service, variant: Variant) -> Told:
    """The case of this variant, opened over HTTP, the rest recorded where HTTP leads to."""
    service.clock.turn_to(date(2025, 1, 18))
    body = new_case(
        sanction=variant.sanction,
        occurred_on="2025-01-18",
        person=PERSON | {"protection": variant.protection, "family_name": "Paraplystativ"},
        offences=[{"on": OFFENCE_ON, "statute": "strl-271"}],
    )
    if variant.protection == "none":
        body |= {"municipality": "0301", "konfliktrad": None}
    opened = service.as_("leader", "oslo").post("/v1/cases", body)
    assert opened.status_code == 201, opened.text
    case = opened.json()
    with service.db.writing() as tx:
        for version, line in enumerate(map(read, variant.lines), 1):
            kind = EventType(line.kind)
            now = datetime(line.known.year, line.known.month, line.known.day, 9, version % 60, tzinfo=UTC)
            cases.record(
                tx,
                Recorder(_recorder(kind), "test"),
                UUID(case["id"]),
                cases.Precondition(frozenset({version})),
                EventEntry(kind, line.on, read_details(kind, line.details)),
                now,
            )
    return Told(case["id"], case["reference"], variant)

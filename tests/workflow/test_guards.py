"""T3: every condition, refused when it alone is unmet, and allowed when exactly what it named has been put right."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NamedTuple

import pytest

from tests.workflow.build import event, step
from tests.workflow.roads import Line, case_at, events, read, registration, youth_of
from ungdom.workflow import engine, guards
from ungdom.workflow.case import Youth
from ungdom.workflow.engine import Decision
from ungdom.workflow.events import read_details
from ungdom.workflow.guards.core import ExternalFacts, Guard, ProposedEvent
from ungdom.workflow.guards.dates import DATE_GUARDS
from ungdom.workflow.table import FACTS, MOVES, VERSION
from ungdom.workflow.vocabulary import EventType, Role

OPENING = ""
"""As `until`: there is no case yet, and the step opens it."""


class Day(NamedTuple):
    """A cure: the same step on this day."""

    on: str


class Known(NamedTuple):
    """A cure: the same step, recorded on this day."""

    on: str


class Said(NamedTuple):
    """A cure: this detail of the step said otherwise."""

    name: str
    value: Any


class First(NamedTuple):
    """A cure: these lines recorded before the step."""

    lines: tuple[str, ...]


def first(*lines: str) -> First:
    return First(lines)


QUIET = ExternalFacts()
Cure = Day | Known | Said | First | Youth | ExternalFacts | Role


@dataclass(frozen=True)
class Row:
    """A situation in which only that condition is unmet, and what puts it right."""

    code: str
    road: str
    until: str
    step: str
    cure: Cure
    more: tuple[str, ...] = ()
    youth: Youth | None = None
    world: ExternalFacts = QUIET
    role: Role = Role.LEADER
    subject: str = "anna"
    asked_only: bool = False
    table: str = VERSION


JUDGMENT = {
    "length": {"years": 1},
    "subsidiary_prison": {"months": 6},
    "suitable_reaction": True,
    "lives_in_norway": True,
}


def judgment(on: str, **changed: Any) -> str:
    """A judgment of that day, with that changed; None: left out."""
    details = {key: value for key, value in (JUDGMENT | changed).items() if value is not None}
    return f"{on} judgment_given {details}"


def transfer(on: str, **changed: Any) -> str:
    """A transfer of that day, with that changed."""
    return f"{on} transferred_to_follow_up { {'length': {'days': 120}, 'guilt_proven': True} | changed }"


def correction(seq: int, on: str, kind: str = "", occurred: str = "", **details: Any) -> str:
    """A correction of that event; without a kind it is annulled."""
    new = {"type": kind, "occurred_on": occurred, "details": details}
    replaced = {"replacement": new} if kind else {}
    return f"{on} corrected { {'corrects': seq, 'reason': 'wrong_details'} | replaced }"


LISTED = "2025-06-04 plan_approved {measures: [{measure: t1, code: reporting, hours_a_week: 2}]}"
"""A plan of six points."""
NOTE = "{note: 0b0f6a0e-7a4f-4f0e-8f43-5c1b4f3f7e21}"
PRESENT = ["youth", "guardian", "correctional_service", "police"]
REFER = (
    "{to: correctional_service, recommendation: serve_prison, consent_police: true, consent_correctional_service: true}"
)
REPLAN = "{consent_police: true, consent_correctional_service: true}"
APPEALED = ("2025-05-02 appealed",)
TERMS = {"length": {"months": 9}, "subsidiary_prison": {"months": 4}}
JOINT = (
    "2025-02-05 offence_added {offence: {on: 2025-01-20}}",
    "2025-02-15 offence_added {offence: {on: 2025-02-10}}",
    "2025-03-03 indicted {court_received_on: 2025-03-04}",
)
GROWN = Youth(born=date(2007, 2, 10), guardians=1)  # 18 on the day of the third act
INTERIM = "S R2 interim"
HEARD = "2025-10-02 youth_heard {about: [interruption, referral], how: spoken}"
HEARD_REPLAN = "2025-10-02 youth_heard {about: [new_plan], how: spoken}"
HEARD_F = "2025-04-08 youth_heard {about: [resumption], how: spoken}"
HEARD_BAN = "2025-06-10 youth_heard {about: [drug_ban], how: written}"
HEARD_NO_PLAN = "2025-06-02 youth_heard {about: [plan_failure], how: did_not_use}"
APPROVED = "2025-06-03 plan_approved"
COMPLAINED = (APPROVED, "2025-06-10 complaint_filed {about: plan}")
TIGHTENED = (
    "2025-06-10 breach_recorded {kind: interim_conditions}",
    "2025-06-11 breach_talk_ordered",
    "2025-06-16 breach_talk_held {consequences_explained: true, conditions: [reporting]}",
)
R1_TALK = (
    "2024-10-21 breach_recorded {kind: plan}",
    "2024-10-22 breach_talk_ordered",
    "2024-10-25 breach_talk_missed",
    "2024-10-28 youth_heard {about: [referral], how: did_not_use}",
)
F_COURT = ("2023-04-20 appealed",)
CHARGED = "new_offence_recorded {offence_on: 2025-08-20, charged_on: 2025-08-25}"
EXPIRED = ("2026-06-03 term_expired",)
COMPLETED = ("2026-06-03 completed",)
WAITING = ("2025-10-01 wait_started {party: youth, reason: other}", *COMPLETED)
HEALTH = (
    "2025-06-30 youth_heard {about: [interruption], how: spoken}",
    "2025-07-01 interrupted {reason: health}",
    "2025-07-11 resumed {reason: cause_gone}",
)
MOVED = "{to: vest, parties_heard: true, prosecution_told_on: 2025-05-20}"

DECIDED = (f"2025-05-20 transfer_decided {MOVED}",)

# fmt: off
ROWS: tuple[Row, ...] = (
    # what every event meets
    Row("day_has_come", "S R2", "case_registered", "2025-01-20/2025-01-19 suspect_set", Known("2025-01-20")),
    Row("day_has_come", "S R2", OPENING, "2025-01-18/2025-01-17 case_registered", Known("2025-01-18")),
    Row("case_had_begun", "S R2", "suspect_set", f"2025-01-17/2025-01-20 note_added {NOTE}", Day("2025-01-18")),
    Row("follows_the_last_move", "S R2", "suspect_set", "2025-01-19 coordination_requested", Day("2025-01-20")),
    # acts and consent
    Row("acts_lie_in_the_past", "S R2", OPENING, "2025-01-18 case_registered {offences: [{on: 2025-01-19}]}",
        Said("offences", [{"on": "2025-01-18"}])),
    Row("acts_lie_in_the_past", "S R2", OPENING, "2025-01-18 case_registered {offences: [{on: 2025-01-19}]}",
        Day("2025-01-19")),
    Row("acts_lie_in_the_past", "S R2", OPENING,
        "2025-01-18 case_registered {offences: [{on: 2025-01-10, until: 2025-01-19}]}", Day("2025-01-19")),
    Row("added_act_lies_in_the_past", "S R2", "suspect_set", "2025-01-25 offence_added {offence: {on: 2025-01-26}}",
        Day("2025-01-26")),
    Row("aged_15_to_17_at_an_act", "S R2", "case_registered", "2025-01-20 suspect_set",
        Youth(date(2007, 1, 19), 1), youth=Youth(date(2007, 1, 18), 1)),  # 18 on the day of the act
    Row("aged_15_to_17_at_an_act", "S R2", "case_registered", "2025-01-20 suspect_set",
        Youth(date(2010, 1, 18), 1), youth=Youth(date(2010, 1, 19), 1)),  # 15 the day after
    Row("aged_15_to_17_at_an_act", "S R2", "case_registered", "2025-01-20 suspect_set",
        first("2025-01-19 offence_added {offence: {on: 2025-01-17}}"), youth=Youth(date(2007, 1, 18), 1)),
    Row("youth_consents", "F R2", "investigation_closed", transfer("2025-02-12"),
        first("2025-02-11 consent_given {by: youth}"), ("2025-02-11 consent_given {by: guardian}",)),
    Row("youth_consents", "F R2", "consent_given#2", transfer("2025-02-12"),
        first("2025-02-12 consent_given {by: youth}"), ("2025-02-11 consent_revoked {by: youth}",)),
    Row("guardians_consent", "F R2", "consent_given", transfer("2025-02-12"),
        first("2025-02-11 consent_given {by: guardian}")),
    Row("guardians_consent", "F R2", "consent_given#2", transfer("2025-02-12"),
        first("2025-02-12 consent_given {by: guardian, guardian: g2}"),
        ("2025-02-11 consent_given {by: guardian, guardian: g1}", "2025-02-11 consent_refused {by: guardian}",
         "2025-02-12 consent_given {by: guardian, guardian: g1}"), youth=Youth(date(2008, 3, 12), 2)),
    Row("guardians_consent", "F R2", "consent_given", transfer("2026-03-11"), Day("2026-03-12")),  # the 18th birthday
    # decision
    Row("guilt_is_proven", "F R2", "consent_given#2", transfer("2025-02-12", guilt_proven=False),
        Said("guilt_proven", True)),
    Row("follow_up_length_within_law", "F R2", "consent_given#2", transfer("2025-02-12", length={"days": 119}),
        Said("length", {"days": 120})),
    Row("follow_up_length_within_law", "F R2", "consent_given#2",
        transfer("2025-02-12", length={"years": 1, "days": 1}), Said("length", {"years": 1})),
    Row("follow_up_length_within_law", "F R1", "consent_given#2", transfer("2024-09-16", length={"days": 30}),
        Said("length", {"months": 4})),
    Row("follow_up_length_within_law", "F R0", "suspect_set", transfer("2023-02-12", length={"months": 13}),
        Said("length", {"days": 1}), ("2023-01-13 coordination_requested", "2023-01-16 consent_given {by: youth}",
                                      "2023-01-16 consent_given {by: guardian}")),
    Row("judged_follow_up_length_within_law", "F R0", "indicted",
        "2023-04-12 follow_up_by_judgment {length: {months: 13}, suspended_sentence: true}",
        Said("length", {"months": 12})),
    Row("condition_of_a_suspended_sentence", "F R0", "indicted",
        "2023-04-12 follow_up_by_judgment {length: {months: 6}, suspended_sentence: false}",
        Said("suspended_sentence", True)),
    Row("court_received_after_indictment", "S R2", "investigation_closed",
        "2025-03-03 indicted {court_received_on: 2025-03-02}", Said("court_received_on", "2025-03-03")),
    Row("acts_before_18", "S R2", "suspect_set", judgment("2025-04-24"), Said("later_offences_less_serious", True),
        JOINT, GROWN),
    Row("acts_before_18", "S R2", "suspect_set", judgment("2025-04-24"), Youth(date(2007, 2, 11), 1), JOINT, GROWN),
    Row("sanction_length_within_law", "S R2", "indicted", judgment("2025-04-24", length={"days": 119}),
        Said("length", {"days": 120})),
    Row("sanction_length_within_law", "S R2", "indicted", judgment("2025-04-24", length={"years": 2, "days": 1}),
        Said("length", {"years": 2})),
    Row("sanction_length_within_law", "S R2", "indicted", judgment("2025-04-24", length={"years": 3}),
        Said("prison_would_exceed_two_years", True)),
    Row("sanction_length_within_law", "S R2", "indicted", judgment(
        "2025-04-24", length={"years": 3, "days": 1}, prison_would_exceed_two_years=True),
        Said("length", {"years": 3})),
    Row("sanction_length_within_law", "S R0", "indicted", judgment("2023-04-12", length={"months": 5, "days": 29}),
        Said("length", {"months": 6})),
    Row("subsidiary_prison_is_fixed", "S R2", "indicted", judgment("2025-04-24", subsidiary_prison=None),
        Said("subsidiary_prison", {"months": 1})),
    Row("found_a_suitable_reaction", "S R2", "indicted", judgment("2025-04-24", suitable_reaction=None),
        Said("suitable_reaction", True)),
    Row("found_a_suitable_reaction", "S R1", "indicted", judgment("2024-09-10", suitable_reaction=False),
        Said("suitable_reaction", True)),
    Row("lives_in_norway", "S R2", "indicted", judgment("2025-04-24", lives_in_norway=False),
        Said("lives_in_norway", True)),
    Row("repeated_or_serious_crime", "S R0", "indicted", judgment("2023-04-12"),
        first(correction(1, "2023-03-02", "case_registered", "2022-09-10", **registration(
            "S R0", read("2022-09-10 case_registered {repeated_or_serious: true}")))),
        (correction(1, "2023-03-01", "case_registered", "2022-09-10", **registration(
            "S R0", read("2022-09-10 case_registered {repeated_or_serious: false}"))),)),
    Row("interim_conditions_allowed", "S R2", "indicted", judgment("2025-04-24", interim_conditions=["abstinence"]),
        Said("interim_from", "2025-04-25")),
    Row("interim_conditions_allowed", "S R1", "indicted", judgment(
        "2024-11-30", interim_conditions=["abstinence"], interim_from="2024-12-02"), Day("2024-12-01")),
    Row("unconditional_prison_allowed", "S R0", "indicted", judgment(
        "2024-08-31", unconditional_prison={"months": 1}), Day("2024-09-01")),
    Row("unconditional_prison_allowed", "S R1", "indicted", judgment("2024-09-10", unconditional_prison={"months": 7}),
        Said("unconditional_prison", {"months": 6})),
    Row("unconditional_prison_allowed", "S R2", "indicted", judgment("2025-04-24", unconditional_prison={"years": 16}),
        Said("unconditional_prison", {"years": 15})),
    Row("appeal_in_time_or_reinstated", "S R2", "judgment_given", "2025-05-09 appealed", Day("2025-05-08")),
    Row("appeal_in_time_or_reinstated", "S R2", "judgment_given", "2025-05-09 appealed",
        Said("reinstated", "not_to_blame")),
    Row("changed_judgment_has_terms", "S R2", "judgment_given", "2025-06-27 appeal_decided {outcome: changed}",
        Said("terms", TERMS), APPEALED),
    Row("changed_terms_within_law", "S R2", "judgment_given",
        f"2025-06-27 appeal_decided { {'outcome': 'changed', 'terms': TERMS | {'length': {'days': 119}}} }",
        Said("terms", TERMS), APPEALED),
    Row("changed_terms_within_law", "S R2", "judgment_given",
        "2025-06-27 appeal_decided {outcome: changed, terms: {length: {years: 1}, subsidiary_prison: {months: 4}, "
        "interim_conditions: [abstinence]}}",
        Said("terms", TERMS | {"interim_conditions": ["abstinence"], "interim_from": "2025-06-28"}), APPEALED),
    Row("changed_terms_within_law", "S R2", "judgment_given",
        "2025-06-27 appeal_decided {outcome: changed, terms: {length: {years: 1}, subsidiary_prison: {months: 4}, "
        "unconditional_prison: {years: 16}}}",
        Said("terms", TERMS | {"unconditional_prison": {"years": 15}}), APPEALED),
    Row("changed_terms_within_law", "F R0", "follow_up_by_judgment",
        "2023-06-27 appeal_decided {outcome: changed, terms: {length: {months: 13}}}",
        Said("terms", {"length": {"months": 12}}), F_COURT),
    Row("accepted_or_appeal_time_over", "S R2", "judgment_given", "2025-05-08 became_final", Day("2025-05-09")),
    Row("accepted_or_appeal_time_over", "S R2", "judgment_given", "2025-05-08 became_final", Said("accepted", True)),
    Row("accepted_or_appeal_time_over", "S R2", "indicted", "2025-05-09 became_final",
        Said("set_by_prosecution", True), (judgment("2025-04-24"),)),
    Row("accepted_or_appeal_time_over", "S R2", "indicted", "2025-05-08 became_final {set_by_prosecution: true}",
        Day("2025-05-09"), (judgment("2025-04-24"),)),
    Row("terms_only_when_changed", "S R2", "judgment_given",
        f"2025-06-27 appeal_decided { {'outcome': 'upheld', 'terms': TERMS} }", Said("outcome", "changed"), APPEALED),
    Row("terms_only_when_changed", "S R2", "judgment_given",
        f"2025-06-27 appeal_decided { {'outcome': 'sent_back', 'terms': TERMS} }", Said("terms", None), APPEALED),
    Row("terms_only_when_changed", "F R0", "follow_up_by_judgment",
        "2023-06-27 appeal_decided {outcome: replaced, terms: {length: {months: 9}}}", Said("terms", None), F_COURT),
    Row("changed_terms_as_judged", "S R2", "judgment_given",
        "2025-06-27 appeal_decided {outcome: changed, terms: {length: {months: 9}}}", Said("terms", TERMS), APPEALED),
    Row("changed_terms_as_judged", "S R2", "judgment_given",
        f"2025-06-27 appeal_decided { {'outcome': 'changed', 'terms': TERMS | {'lives_in_norway': False}} }",
        Said("terms", TERMS | {"lives_in_norway": True}), APPEALED),
    Row("judgment_is_not_final_yet", INTERIM, "became_final", "2025-05-10 appealed {reinstated: not_to_blame}",
        first(correction(6, "2025-05-10"))),
    Row("interim_conditions_run", "S R2", "judgment_given", "2025-05-02 appealed {conditions_continue: true}",
        Said("conditions_continue", False)),
    Row("convicted_asked_after_the_judgment", "S R2", "judgment_given",
        "2025-04-28 early_execution_allowed {requested_on: 2025-04-23}", Said("requested_on", "2025-04-24")),
    Row("convicted_asked_after_the_judgment", "S R2", "judgment_given",
        "2025-04-28/2025-04-29 early_execution_allowed {requested_on: 2025-04-29}", Day("2025-04-29")),
    Row("accepted_or_appeal_time_over", "S R2", "indicted", "2025-05-10 became_final",
        first("2025-04-25 judgment_served"), (judgment("2025-04-24"),)),
    # to the konfliktråd
    Row("is_not_a_duplicate", "S R2", "dispatched", "2025-05-14 received", Said("not_a_duplicate", True),
        world=ExternalFacts(duplicate=True)),
    Row("coordinator_of_the_office", "S R2", "received", "2025-05-15 assigned {coordinator: anna}", ExternalFacts(),
        world=ExternalFacts(known_coordinator=False)),
    Row("coordinator_of_the_office", "S R2", "plan_meeting_held", "2025-06-15 assigned {coordinator: anna}",
        ExternalFacts(), world=ExternalFacts(known_coordinator=False)),
    Row("graded_case_is_assigned_by_a_leader", "S R2", "received", "2025-05-15 assigned {coordinator: anna}",
        ExternalFacts(), world=ExternalFacts(address_protected=True), role=Role.COORDINATOR),
    Row("coordinator_is_cleared", "S R2", "received", "2025-05-15 assigned {coordinator: anna}",
        ExternalFacts(address_protected=True), world=ExternalFacts(address_protected=True, cleared=False)),
    Row("judgment_holds_interim_conditions", "S R2", "judgment_given", "2025-04-25 interim_conditions_started",
        first(correction(6, "2025-04-25", "judgment_given", "2025-04-24", **JUDGMENT,
                         interim_conditions=["abstinence"], interim_from="2025-04-25"))),
    Row("not_before_the_court_fixed_it", INTERIM, "judgment_given", "2025-04-24 interim_conditions_started",
        Day("2025-04-25")),
    Row("not_recorded_yet", INTERIM, "became_final", "2025-05-12 became_final", first(correction(6, "2025-05-10"))),
    Row("office_has_not_assigned", INTERIM, "assigned", "2025-05-19 assigned {coordinator: berit}",
        first(correction(9, "2025-05-16")), table="2026-11-25"),
    Row("judgment_is_final", INTERIM, "interim_conditions_started", "2025-05-12 dispatched",
        first("2025-05-09 became_final")),
    Row("judgment_is_final", INTERIM, "interim_conditions_started", "2025-05-14 received",
        first("2025-05-09 became_final")),
    Row("case_is_received", INTERIM, "dispatched", "2025-05-15 assigned {coordinator: anna}",
        first("2025-05-14 received")),
    Row("case_is_received", INTERIM, "dispatched", f"2025-05-20 plan_meeting_held { {'present': PRESENT} }",
        first("2025-05-14 received")),
    Row("case_is_not_received", INTERIM, "became_final", "2025-05-15 dispatched", first(correction(7, "2025-05-15")),
        ("2025-05-14 received",)),
    # plan
    Row("youth_was_present", "S R2", "assigned", f"2025-06-03 plan_meeting_held { {'present': PRESENT[1:]} }",
        Said("present", PRESENT)),
    Row("youth_was_present", "F R2", "assigned", "2025-03-03 plan_meeting_held {present: [guardian]}",
        Said("present", ["guardian", "youth"])),
    Row("guardian_was_present", "S R2", "assigned",
        "2026-03-11 plan_meeting_held {present: [youth, correctional_service, police]}", Day("2026-03-12")),
    Row("guardian_was_present", "F R2", "assigned", "2025-03-03 plan_meeting_held {present: [youth]}",
        Said("present", ["youth", "guardian"])),
    Row("guardian_was_present", "F R2", "assigned", "2025-03-03 plan_meeting_held {present: [youth]}",
        Youth(date(2008, 3, 12), 0), youth=Youth(date(2008, 3, 12), 1),
        more=("2025-02-19 first_contact",)),
    Row("correctional_service_was_present", "S R1", "assigned",
        "2024-10-15 plan_meeting_held {present: [youth, guardian, police]}", Said("present", PRESENT)),
    Row("police_were_present", "S R2", "assigned",
        "2025-06-03 plan_meeting_held {present: [youth, guardian, correctional_service]}", Said("present", PRESENT)),
    Row("youth_conference_was_held", "S R0", "assigned", "2023-08-08 plan_signed {by: [youth, guardian]}",
        first("2023-08-08 youth_conference_held")),
    Row("youth_signed", "S R0", "youth_conference_held", "2023-08-08 plan_signed {by: [guardian]}",
        Said("by", ["youth", "guardian"])),
    Row("guardian_signed", "S R0", "youth_conference_held", "2023-08-08 plan_signed {by: [youth]}",
        Said("by", ["guardian", "youth"])),
    Row("guardian_signed", "S R0", "youth_conference_held", "2024-02-02 plan_signed {by: [youth]}",
        Day("2024-02-03")),
    Row("failed_plan_has_a_recommendation", "S R2", "assigned", "2025-06-03 plan_failed {reason: no_agreement}",
        Said("recommendation", "community_sentence"), (HEARD_NO_PLAN,)),
    Row("failed_plan_recommendation_allowed", "S R2", "assigned",
        "2025-06-03 plan_failed {reason: no_agreement, recommendation: electronic_control}",
        Said("recommendation", "serve_prison"), (HEARD_NO_PLAN,)),
    Row("failed_plan_recommendation_allowed", "S R0", "assigned",
        "2024-08-31 plan_failed {reason: no_agreement, recommendation: suspended_sentence}", Day("2024-09-01"),
        ("2024-08-30 youth_heard {about: [plan_failure], how: written}",)),
    Row("guardian_speaks_only_under_18", "F R2", "assigned", "2026-03-12 consent_withdrawn {by: guardian}",
        Said("by", "youth")),
    Row("guardian_speaks_only_under_18", "F R2", "assigned", "2026-03-12 consent_withdrawn {by: guardian}",
        Day("2026-03-11")),
    Row("guardian_consents_only_under_18", "F R2", "suspect_set", "2026-03-12 consent_given {by: guardian}",
        Day("2026-03-11")),
    Row("guardian_shares_only_under_18", "F R2", "suspect_set",
        "2026-03-12 sharing_consent_given {by: guardian, scope: [plan], recipients: [school]}", Day("2026-03-11")),
    Row("guardian_withdraws_only_under_18", "F R2", "suspect_set",
        "2026-03-12 sharing_consent_withdrawn {by: guardian}", Said("by", "youth"),
        ("2025-03-01 sharing_consent_given {by: youth, scope: [plan], recipients: [school]}",)),
    Row("a_consent_was_given", "F R2", "suspect_set", "2025-02-12 consent_revoked {by: youth}",
        first("2025-02-11 consent_given {by: guardian}")),
    Row("a_sharing_consent_was_given", "F R2", "suspect_set", "2025-02-12 sharing_consent_withdrawn {by: youth}",
        first("2025-02-11 sharing_consent_given {by: youth, scope: [progress], recipients: [health]}")),
    Row("pum_is_out", "S R2", "suspect_set", "2025-02-21 pum_returned {carried_out: true}",
        first("2025-01-24 pum_ordered")),
    Row("appeal_is_referred", "S R2", "judgment_given", "2025-06-25 appeal_hearing_started",
        first("2025-05-22 appeal_referred"), APPEALED),
    Row("plan_was_made", INTERIM, "assigned", "2025-06-17 plan_approved",
        first(f"2025-06-17 plan_meeting_held { {'present': PRESENT} }"), TIGHTENED),
    Row("plan_was_made", INTERIM, "assigned", f"2025-06-20 replan_meeting_held {REPLAN}",
        first(f"2025-06-19 plan_meeting_held { {'present': PRESENT} }"),
        (*TIGHTENED, "2025-06-18 breach_recorded {kind: interim_conditions}",
         "2025-06-18 youth_heard {about: [new_plan], how: spoken}")),
    Row("plan_was_not_made", INTERIM, "plan_meeting_held", f"2025-06-20 plan_meeting_held { {'present': PRESENT} }",
        first(correction(10, "2025-06-18")), TIGHTENED),
    Row("plan_load_not_higher", "S R2", "plan_meeting_held", "2025-07-01 plan_changed {load: higher}",
        Said("load", "equal")),
    # measures
    Row("planned_measures_are_listed", "S R2", "plan_meeting_held",
        "2025-06-04 plan_approved {measures: [{measure: t1, code: programme}]}",
        Said("measures", [{"measure": "t1", "code": "programme_or_treatment"}])),
    Row("measure_is_listed", "S R2", "plan_meeting_held", "2025-07-01 measure_requested {measure: t1, code: programme}",
        Said("code", "other_suitable")),
    Row("measure_is_listed", "F R0", "plan_signed",
        "2023-07-03 measure_started {measure: t1, code: institution_stay}", Said("code", "something_else")),
    Row("change_says_its_measures", "S R2", "plan_meeting_held", "2025-07-01 plan_changed {load: equal}",
        Said("measures", [{"measure": "t1", "code": "reporting"}]), (LISTED,)),
    Row("plan_is_not_heavier", "S R2", "plan_meeting_held",
        "2025-07-01 plan_changed {load: equal, measures: [{measure: t1, code: curfew, hours_a_week: 3}]}",
        Said("measures", [{"measure": "t1", "code": "curfew", "hours_a_week": 2}]), (LISTED,)),
    Row("plan_is_not_heavier", "S R2", "plan_meeting_held",
        "2025-07-01 plan_approved {measures: [{measure: t1, code: curfew, hours_a_week: 3}]}",
        Said("measures", [{"measure": "t1", "code": "conversation", "hours_a_week": 3}]), (LISTED,)),
    Row("lower_load_weighs_less", "S R2", "plan_meeting_held",
        "2025-07-01 plan_changed {load: lower, measures: [{measure: t1, code: curfew, hours_a_week: 2}]}",
        Said("load", "equal"), (LISTED,)),
    Row("youth_agreed_to_the_change", "S R0", "plan_signed", "2023-09-01 plan_changed {load: lower}",
        Said("agreed", True)),
    Row("measure_was_running", "S R2", "plan_meeting_held",
        "2025-07-01 measure_attended {measure: t1, attended: absent}",
        first("2025-07-01 measure_started {measure: t1}")),
    Row("measure_was_running", "S R2", "plan_meeting_held",
        "2025-07-02 measure_attended {measure: t1, attended: attended}", Day("2025-07-01"),
        ("2025-06-20 measure_started {measure: t1}", "2025-07-01 measure_ended {measure: t1, reason: carried_out}")),
    Row("victim_is_asked_after_receipt", "S R2", "judgment_given",
        "2025-04-25 wait_started {party: victim, reason: restorative_meeting}", Said("party", "prosecution")),
    Row("was_a_team_member", "S R2", "plan_meeting_held", "2025-07-01 team_member_left {member: m1}",
        first("2025-06-20 team_member_joined {member: m1, agency: school}")),
    Row("was_a_team_member", "S R2", "plan_meeting_held", "2025-07-01 team_member_left {member: m1}",
        Said("member", "m2"), ("2025-06-20 team_member_joined {member: m2, agency: school}",)),
    Row("left_after_joining", "S R2", "plan_meeting_held", "2025-07-01 team_member_left {member: m1}",
        Day("2025-07-02"), ("2025-07-02 team_member_joined {member: m1, agency: school}",)),
    Row("is_not_on_the_team", "S R2", "plan_meeting_held", "2025-07-01 team_member_joined {member: m1, agency: school}",
        first("2025-06-30 team_member_left {member: m1}"),
        ("2025-06-20 team_member_joined {member: m1, agency: school}",)),
    Row("role_fits_the_agency", "S R2", "plan_meeting_held",
        "2025-07-01 team_member_joined {member: m1, agency: police, role: teacher}", Said("role", "police_contact")),
    Row("consent_has_not_run_out", "F R2", "suspect_set",
        "2025-03-01 sharing_consent_given {by: youth, scope: [plan], recipients: [school], until: 2025-02-28}",
        Said("until", "2025-03-01")),
    Row("measure_was_requested", "S R2", "plan_meeting_held",
        "2025-07-01 measure_answered {measure: t1, answer: offered}",
        first("2025-06-20 measure_requested {measure: t1}")),
    Row("measure_was_started", "S R2", "plan_meeting_held",
        "2025-07-01 measure_ended {measure: t1, reason: carried_out}",
        first("2025-06-20 measure_started {measure: t1}")),
    Row("parties_were_heard", "S R2", "assigned", f"2025-05-20 transfer_decided {MOVED.replace('true', 'false')}",
        Said("parties_heard", True)),
    Row("prosecution_was_told_at_once", "S R2", "assigned", f"2025-05-21 transfer_decided {MOVED}",
        Said("prosecution_told_on", "2025-05-21")),
    Row("prosecution_was_told_at_once", "S R2", "assigned", f"2025-05-19 transfer_decided {MOVED}", Day("2025-05-20")),
    Row("goes_to_another_office", "S R2", "assigned", f"2025-05-20 transfer_decided {MOVED.replace('vest', 'oslo')}",
        Said("to", "ost")),
    Row("transfer_is_pending", "S R2", "assigned", "2025-05-27 transfer_accepted",
        first(f"2025-05-20 transfer_decided {MOVED}")),
    Row("transfer_is_pending", "S R2", "assigned", "2025-05-27 transfer_declined",
        first(f"2025-05-20 transfer_decided {MOVED}")),
    Row("transfer_goes_in_order", "S R2", "assigned", "2025-05-19 transfer_accepted", Day("2025-05-20"), DECIDED),
    Row("transfer_goes_in_order", "S R2", "assigned", "2025-05-19 transfer_declined", Day("2025-05-20"), DECIDED),
    Row("transfer_goes_in_order", "S R2", "assigned", f"2025-05-20 transfer_decided {MOVED.replace('vest', 'agder')}",
        first(correction(12, "2025-05-21", "transfer_declined", "2025-05-20")),
        (*DECIDED, "2025-05-21 transfer_declined")),
    Row("receiving_office_answers", "S R2", "assigned", "2025-05-21 transfer_accepted", ExternalFacts(office="vest"),
        DECIDED, world=ExternalFacts(office="oslo")),
    Row("receiving_office_answers", "S R2", "assigned", "2025-05-21 transfer_declined", ExternalFacts(), DECIDED,
        world=ExternalFacts(office="oslo")),
    Row("office_has_not_assigned", INTERIM, "assigned", "2025-05-28 assigned {coordinator: kari}",
        first(*DECIDED, "2025-05-22 transfer_accepted"), table="2026-11-25"),
    Row("victim_never_holds_up_the_start", "S R2", "assigned",
        "2025-05-20 wait_started {party: victim, reason: restorative_meeting}", Said("party", "youth")),
    Row("victim_never_holds_up_the_start", "S R2", "assigned",
        "2025-05-20 wait_started {party: victim, reason: restorative_meeting}",
        first("2025-05-19 execution_regime_pinned {regime: R0, reason: legal_assessment}")),
    Row("waits_for_one_party", "S R2", "suspect_set", "2025-02-20 wait_started {party: parties, reason: other}",
        Said("party", "police")),
    Row("that_wait_is_open", "S R2", "suspect_set", "2025-02-25 wait_ended {party: youth}", Said("party", "police"),
        ("2025-02-20 wait_started {party: police, reason: documents}",)),
    Row("a_wait_is_open", "S R2", "suspect_set", "2025-02-25 wait_ended",
        first("2025-02-20 wait_started {party: police, reason: documents}")),
    # breach
    Row("breach_is_recorded", "S R2", "plan_meeting_held", "2025-09-03 breach_talk_ordered",
        first("2025-09-01 breach_recorded {kind: plan}")),
    Row("consequences_were_explained", "S R2", "breach_talk_ordered",
        "2025-09-10 breach_talk_held {consequences_explained: false}", Said("consequences_explained", True)),
    Row("consequences_were_explained", "S R2", "breach_talk_ordered",
        "2025-09-10 breach_talk_held {consequences_explained: false, conditions: [reporting]}",
        Said("consequences_explained", True)),
    Row("new_breach_after_a_talk", "S R2", "breach_talk_held", f"2025-10-08 referred_for_breach {REFER}",
        first("2025-10-01 breach_recorded {kind: plan}", HEARD)),
    Row("new_breach_after_a_talk", "S R2", "breach_talk_held", f"2025-10-08 referred_for_breach {REFER}",
        first("2025-10-06 breach_recorded {kind: plan}", HEARD.replace("10-02", "10-07")),
        ("2025-09-02 breach_recorded {kind: plan}", "2025-09-12 youth_heard {about: [referral], how: written}")),
    Row("new_breach_after_a_talk", "S R2", "breach_talk_held", f"2025-10-08 referred_for_breach {REFER}",
        first("2025-09-04 breach_recorded {kind: duty}", HEARD),
        ("2025-09-03 breach_recorded {kind: duty}", "2025-09-12 youth_heard {about: [referral], how: written}")),
    Row("new_breach_after_a_talk", "F R2", "breach_talk_ordered", "2025-04-08 replan_meeting_held",
        first("2025-03-25 breach_talk_missed", "2025-03-26 youth_heard {about: [new_plan], how: spoken}"),
        ("2025-03-20 youth_heard {about: [new_plan], how: spoken}",)),
    Row("breach_is_not_told_already", "S R2", "plan_meeting_held", "2025-07-01 breach_recorded {kind: plan}",
        Said("meeting", "m2"), ("2025-07-01 breach_recorded {kind: plan}",)),
    Row("breach_is_not_told_already", "S R2", "plan_meeting_held",
        "2025-07-01 breach_recorded {kind: duty, test: p1}", Said("test", "p2"),
        ("2025-07-01 breach_recorded {kind: plan, test: p1}",)),
    Row("breach_is_not_told_already", "S R2", "plan_meeting_held",
        "2025-07-01 breach_recorded {kind: condition, measure: t1, meeting: m1}", Said("meeting", "m2"),
        ("2025-07-01 breach_recorded {kind: plan, measure: t1, meeting: m1}",)),
    Row("new_offence_from_the_age_of_15", "S R2", "plan_meeting_held",
        "2025-07-01 new_offence_recorded {offence_on: 2023-03-11}", Said("offence_on", "2023-03-12")),
    Row("charge_follows_the_offence", "S R2", "plan_meeting_held",
        "2025-07-01 new_offence_recorded {offence_on: 2025-06-20, charged_on: 2025-06-19}",
        Said("charged_on", "2025-06-20")),
    Row("charge_follows_the_offence", "S R2", "plan_meeting_held",
        "2025-07-01 new_offence_recorded {offence_on: 2025-06-20, charged_on: 2025-07-02}", Known("2025-07-02")),
    Row("control_runs", "S R2", "electronic_control_ordered", "2025-12-03 electronic_control_ended {reason: lifted}",
        first(correction(20, "2025-12-03")), ("2025-11-10 electronic_control_ended {reason: lifted}",
        "2025-12-01 breach_recorded {kind: duty}", "2025-12-02 breach_talk_ordered")),
    # the dates in the details
    Row("detail_date_has_come", "S R2", "plan_meeting_held", "2025-06-04 plan_approved {notified_on: 2025-06-06}",
        Known("2025-06-06")),
    Row("detail_date_follows_the_event", "S R2", "plan_meeting_held",
        "2025-06-04 plan_approved {notified_on: 2025-06-03}", Said("notified_on", "2025-06-04")),
    Row("detail_date_follows_the_event", "S R2", "indicted", judgment("2025-04-24", served_on="2025-04-23"),
        Said("served_on", "2025-04-24")),
    Row("end_is_not_before_its_beginning", "S R2", "plan_meeting_held",
        "2025-06-04 stay_abroad_permitted {since: 2025-07-10, until: 2025-07-09}", Said("until", "2025-07-10")),
    Row("detail_date_is_not_before_birth", "S R2", "suspect_set",
        "2025-02-05 offence_added {offence: {on: 2008-03-11}}", Said("offence", {"on": "2008-03-12"})),
    Row("hearing_is_within_two_years", "S R2", "indicted", "2025-03-10 hearing_scheduled {hearing_on: 2027-03-11}",
        Said("hearing_on", "2027-03-10")),
    Row("court_received_within_sixty_days", "S R2", "investigation_closed",
        "2025-03-03 indicted {court_received_on: 2025-05-03}", Said("court_received_on", "2025-05-02")),
    # closing and reopening
    Row("only_a_closing_ends_it_as_closed", "S R2", "plan_meeting_held",
        "2025-07-01 measure_ended {measure: t1, reason: case_closed}", Said("reason", "carried_out"),
        ("2025-06-20 measure_started {measure: t1}",)),
    Row("only_a_closing_ends_it_as_closed", "S R2", "electronic_control_ordered",
        "2026-04-01 electronic_control_ended {reason: case_closed}", Said("reason", "period_over")),
    Row("case_is_closed", "S R2", "plan_meeting_held", "2026-06-04 wait_ended", Role.SYSTEM, WAITING),
    Row("reopening_says_what_goes_on", "S R2", "plan_meeting_held", "2026-06-10 reopened", Said("stays_ended", [14]),
        (*WAITING, "2026-06-03 wait_ended", "2026-06-09 reopening_approved {stays_ended: [14]}")),
    Row("reopening_says_what_goes_on", "S R2", "plan_meeting_held", "2026-06-09 reopening_approved",
        Said("goes_on", [14]), (*WAITING, "2026-06-03 wait_ended"), role=Role.SECRETARIAT),
    Row("reopeners_agree_on_what_goes_on", "S R2", "plan_meeting_held", "2026-06-10 reopened {stays_ended: [14]}",
        first("2026-06-09 reopening_approved {stays_ended: [14]}"),
        (*WAITING, "2026-06-03 wait_ended", "2026-06-09 reopening_approved {goes_on: [14]}")),
    # the restorative track
    Row("each_victim_accepted", "S R2", "plan_meeting_held", "2025-07-01 restorative_meeting_held",
        first("2025-06-20 victim_accepted")),
    Row("each_victim_accepted", "S R2", "plan_meeting_held", "2025-07-01 restorative_meeting_held {victims: [1, 2]}",
        Said("victims", [1]), ("2025-06-20 victim_accepted", "2025-06-20 victim_accepted {victim: 2}",
                               "2025-06-25 victim_withdrew {victim: 2}")),
    Row("new_breach_or_new_offence", "F R2", "breach_talk_held", "2025-04-08 referred_for_resumption",
        first("2025-04-07 breach_recorded {kind: duty}", HEARD_F), asked_only=True),
    Row("new_breach_or_new_offence", "F R2", "plan_meeting_held", "2025-04-08 referred_for_resumption",
        first("2025-04-07 new_offence_recorded {offence_on: 2025-04-05}", HEARD_F), asked_only=True),
    Row("resumption_has_its_ground", "F R2", "youth_heard",
        "2025-04-08 referred_for_resumption {ground: new_offence}", Said("ground", "breach")),
    Row("resumption_has_its_ground", "F R2", "youth_heard",
        "2025-04-08 referred_for_resumption {ground: breach_and_new_offence}",
        first("2025-04-07 new_offence_recorded {offence_on: 2025-04-05}", HEARD_F)),
    Row("interruption_has_its_ground", "S R2", "breach_talk_ordered", "2025-09-12 interrupted {reason: missed_talk}",
        first("2025-09-10 breach_talk_missed", "2025-09-12 youth_heard {about: [interruption], how: did_not_use}")),
    Row("interruption_has_its_ground", "S R2", "breach_talk_held",
        "2025-10-02 interrupted {reason: new_breach_after_talk}",
        first("2025-10-01 breach_recorded {kind: plan}", HEARD)),
    Row("interruption_has_its_ground", "S R2", "plan_meeting_held",
        "2025-09-01 interrupted {reason: charged_with_new_offence, decided_by: prosecution}",
        first(f"2025-08-25 {CHARGED}"), ("2025-08-24 new_offence_recorded {offence_on: 2025-08-20}",)),
    Row("interruption_has_its_ground", "S R2", "plan_meeting_held", "2025-09-01 interrupted {reason: complaint}",
        first(APPROVED, "2025-08-25 complaint_filed {about: plan}")),
    Row("interruption_has_its_ground", "S R2", "plan_meeting_held", "2025-09-01 interrupted {reason: complaint}",
        Said("reason", "weighty_grounds"), ("2025-08-30 youth_heard {about: [interruption], how: spoken}",)),
    Row("prosecution_decides_on_a_charge", "S R2", "plan_meeting_held",
        "2025-09-01 interrupted {reason: charged_with_new_offence}", Said("decided_by", "prosecution"),
        (f"2025-08-25 {CHARGED}",)),
    Row("prosecution_decides_on_a_charge", "F R2", "plan_meeting_held",
        "2025-04-01 interrupted {reason: health, decided_by: prosecution}", Said("decided_by", "coordinator"),
        ("2025-03-31 youth_heard {about: [interruption], how: spoken}",)),
    Row("police_consent_to_replan", "S R2", "breach_recorded#2",
        "2025-10-08 replan_meeting_held {consent_correctional_service: true}", Said("consent_police", True),
        (HEARD_REPLAN,)),
    Row("correctional_service_consents_to_replan", "S R2", "breach_recorded#2",
        "2025-10-08 replan_meeting_held {consent_police: true}", Said("consent_correctional_service", True),
        (HEARD_REPLAN,)),
    Row("police_consent_to_referral", "S R2", "youth_heard",
        "2025-10-08 referred_for_breach {to: correctional_service, recommendation: serve_prison, "
        "consent_correctional_service: true}", Said("consent_police", True)),
    Row("correctional_service_consents_to_referral", "S R2", "youth_heard",
        "2025-10-08 referred_for_breach {to: correctional_service, recommendation: serve_prison, "
        "consent_police: true}", Said("consent_correctional_service", True)),
    Row("recipient_allowed", "S R1", "plan_meeting_held",
        f"2024-11-30 referred_for_breach {REFER.replace('to: correctional_service', 'to: prosecution')}",
        Day("2024-12-01"), R1_TALK),
    Row("recommendation_allowed", "S R0", "breach_recorded#2",
        f"2024-08-31 referred_for_breach {REFER.replace('serve_prison', 'community_sentence')}", Day("2024-09-01"),
        ("2023-12-06 youth_heard {about: [referral], how: spoken}",)),
    Row("petition_allowed", "S R0", "referred_for_breach", "2024-08-31 petition_sent {for: electronic_control}",
        Day("2024-09-01")),
    Row("petition_allowed", "S R0", "referred_for_breach", "2024-08-31 petition_sent {for: suspended_sentence}",
        Said("for", "serve_prison")),
    Row("brought_by_the_right_authority", "S R1", "plan_meeting_held",
        "2024-11-30 petition_sent {for: serve_prison, by: prosecution}", Day("2024-12-01"),
        (*R1_TALK, f"2024-11-04 referred_for_breach {REFER}")),
    Row("brought_by_the_right_authority", "S R2", "plan_meeting_held",
        "2025-09-01 petition_sent {for: serve_prison, ground: new_offence}", Said("by", "prosecution"),
        (f"2025-08-25 {CHARGED}",)),
    Row("petition_has_its_ground", "S R2", "youth_heard", "2025-10-20 petition_sent {for: serve_prison}",
        first(f"2025-10-08 referred_for_breach {REFER}")),
    Row("petition_has_its_ground", "S R2", "plan_meeting_held",
        "2025-09-01 petition_sent {for: serve_prison, by: prosecution, ground: new_offence}",
        first(f"2025-08-25 {CHARGED}")),
    Row("petition_has_its_ground", "S R2", "plan_meeting_held", "2025-09-01 petition_sent {for: serve_prison}",
        first(f"2025-08-25 {CHARGED}"), asked_only=True),
    Row("petition_has_its_ground", "S R2", "electronic_control_ordered",
        "2025-12-01 petition_sent {for: electronic_control, ground: breach_and_new_offence, by: prosecution}",
        first("2025-11-20 new_offence_recorded {offence_on: 2025-11-19}")),
    Row("petition_has_its_ground", "S R2", "electronic_control_ordered", "2026-01-12 petition_sent {for: serve_prison}",
        Said("for", "electronic_control"),
        (HEARD_REPLAN.replace("10-02", "11-28"),
         "2025-12-01 replan_meeting_held {consent_police: true, consent_correctional_service: true}",
         "2025-12-02 new_offence_recorded {offence_on: 2025-12-01}",
         "2025-12-03 petition_sent {for: electronic_control, by: prosecution, ground: new_offence}",
         "2026-01-05 electronic_control_ordered {until: 2026-04-01}")),
    Row("petition_in_time", "S R2", "referred_for_breach", "2026-06-04 petition_sent {for: electronic_control}",
        Day("2026-06-03")),
    Row("petition_in_time", "S R2", "referred_for_breach", "2026-06-04 petition_sent {for: electronic_control}",
        Said("for", "serve_prison")),
    Row("petition_in_time", "S R2", "referred_for_breach", "2026-09-04 petition_sent {for: serve_prison}",
        Day("2026-09-03"), EXPIRED),
    Row("petition_in_time", "S R0", "referred_for_breach", "2025-05-09 petition_sent {for: serve_prison}",
        Day("2025-05-08"), ("2025-02-08 term_expired",)),
    Row("control_at_most_six_months", "S R2", "petition_sent",
        "2025-11-03 electronic_control_ordered {until: 2026-05-04}", Said("until", "2026-05-03")),
    Row("control_at_most_six_months", "S R2", "petition_sent",
        "2025-11-03 electronic_control_ordered {until: 2025-11-02}", Said("until", "2025-11-03")),
    Row("control_within_the_term", "S R2", "petition_sent",
        "2026-05-01 electronic_control_ordered {until: 2026-06-04}", Said("until", "2026-06-03")),
    Row("control_within_the_term", "S R2", "petition_sent", "2026-06-04 electronic_control_ordered {until: 2026-06-04}",
        Day("2026-06-03"), asked_only=True),
    Row("control_period_is_over", "S R2", "electronic_control_ordered",
        "2026-03-31 electronic_control_ended {reason: period_over}", Day("2026-04-01")),
    Row("control_period_is_over", "S R2", "electronic_control_ordered",
        "2026-03-31 electronic_control_ended {reason: period_over}", Said("reason", "lifted")),
    Row("conversion_allowed", "S R0", "petition_sent",
        "2024-08-31 conversion_final {to: community_sentence, extent: whole}", Day("2024-09-01")),
    Row("conversion_allowed", "S R0", "petition_sent",
        "2024-08-31 conversion_final {to: suspended_sentence, extent: part, rest_continues: true}",
        Said("to", "prison")),
    Row("rest_continues_only_of_a_part", "S R2", "petition_sent",
        "2025-12-01 conversion_final {to: prison, extent: whole, rest_continues: true}", Said("extent", "part")),
    Row("new_decision_lies_in_the_past", "S R2", "plan_meeting_held",
        "2025-09-01 closed_after_new_offence {decision: joint_sentence, decided_on: 2025-09-02}", Day("2025-09-02")),
    Row("set_aside_fits_the_decision", "S R2", "assigned", "2025-05-20 decision_set_aside {reason: complaint_upheld}",
        Said("reason", "judgment_overturned")),
    Row("set_aside_fits_the_decision", "F R2", "assigned", "2025-03-01 decision_set_aside {reason: case_reopened}",
        Said("reason", "complaint_upheld")),
    # the end
    Row("term_has_run", "S R2", "plan_meeting_held", "2026-06-02 completed", Day("2026-06-03")),
    Row("term_has_run", "S R2", "plan_meeting_held", "2026-06-12 completed", Day("2026-06-13"), HEALTH),
    Row("term_has_run", "F R2", "plan_meeting_held", "2025-06-30 completed", Day("2025-07-01")),
    Row("term_has_run", "S R0", "plan_signed", "2025-02-07 completed", Day("2025-02-08")),
    Row("term_has_run", "S R2", "referred_for_breach", "2026-06-02 term_expired", Day("2026-06-03")),
    Row("petition_window_is_over", "S R2", "referred_for_breach", "2026-09-03 window_closed {outcome: completed}",
        Day("2026-09-04"), EXPIRED),
    Row("petition_window_is_over", "S R0", "referred_for_breach", "2025-05-08 window_closed {outcome: breach_closed}",
        Day("2025-05-09"), ("2025-02-08 term_expired",)),
    Row("another_person_approved", "S R2", "plan_meeting_held", "2026-06-10 reopened {reason: closed_in_error}",
        first("2026-06-09 reopening_approved"), COMPLETED),
    Row("another_person_approved", "S R2", "plan_meeting_held", "2026-06-10 reopened {reason: closed_in_error}",
        Role.LEADER, (*COMPLETED, "2026-06-09 reopening_approved"), role=Role.SECRETARIAT),
    Row("leader_or_secretariat_approves", "S R2", "plan_meeting_held", "2026-06-09 reopening_approved", Role.LEADER,
        COMPLETED, role=Role.COORDINATOR),
    # what is recorded beside
    Row("a_drug_ban_is_in_force", "S R2", "plan_meeting_held", "2025-07-01 drug_ban_lifted",
        first("2025-06-20 drug_ban_imposed"), (HEARD_BAN,)),
    Row("new_offence_before_the_end", "S R2", "plan_meeting_held",
        "2026-06-10 new_offence_recorded {offence_on: 2026-06-04}", Said("offence_on", "2026-06-03")),
    Row("new_offence_before_the_end", "S R2", "assigned", "2025-06-01 new_offence_recorded {offence_on: 2025-06-02}",
        Day("2025-06-02")),
    Row("decision_can_be_complained_about", "S R1", "plan_meeting_held", "2024-11-04 complaint_filed {about: plan}",
        Day("2024-11-03"), ("2024-10-21 plan_approved",
                            "2024-11-04 execution_regime_pinned {regime: R0, reason: more_lenient_law}")),
    Row("that_decision_was_made", "S R2", "plan_meeting_held", "2025-07-01 complaint_filed {about: plan}",
        first(APPROVED)),
    Row("that_decision_was_made", "S R2", "plan_meeting_held", "2025-07-01 complaint_filed {about: drug_ban}",
        Said("about", "plan"), (APPROVED,)),
    Row("that_decision_was_made", "F R2", "plan_meeting_held", "2025-03-20 complaint_filed {about: postponement}",
        Said("about", "transfer_to_follow_up")),
    Row("complaint_is_open", "S R2", "plan_meeting_held", "2025-07-01 complaint_decided {about: plan, outcome: upheld}",
        first(APPROVED, "2025-06-20 complaint_filed {about: plan}"), role=Role.SECRETARIAT),
    Row("complaint_is_open", "S R2", "plan_meeting_held", "2025-07-01 complaint_decided {about: plan, outcome: upheld}",
        Said("about", "drug_ban"), (HEARD_BAN, "2025-06-20 drug_ban_imposed",
                                    "2025-06-20 complaint_filed {about: drug_ban}"), role=Role.SECRETARIAT),
    Row("decided_by_the_right_authority", "S R2", "plan_meeting_held",
        "2025-07-01 complaint_decided {about: plan, outcome: rejected}", Role.SECRETARIAT, COMPLAINED),
    Row("decided_by_the_right_authority", "F R2", "assigned",
        "2025-03-20 complaint_decided {about: transfer_to_follow_up, outcome: rejected}", Role.PROSECUTION,
        ("2025-03-01 complaint_filed {about: transfer_to_follow_up}",), role=Role.SECRETARIAT),
    # the plan was approved on Tuesday 3 June 2025: until and with Tuesday 24 June
    Row("late_complaint_is_dismissed_or_reinstated", "S R2", "plan_meeting_held",
        "2025-07-01 complaint_decided {about: plan, outcome: upheld}", Said("reinstated", "not_to_blame"),
        (APPROVED, "2025-06-25 complaint_filed {about: plan}"), role=Role.SECRETARIAT),
    Row("late_complaint_is_dismissed_or_reinstated", "S R2", "plan_meeting_held",
        "2025-07-01 complaint_decided {about: plan, outcome: rejected}", Said("outcome", "dismissed"),
        (APPROVED, "2025-06-25 complaint_filed {about: plan}"), role=Role.SECRETARIAT),
    Row("interruption_fell_by_complaint", "S R2", "youth_heard", "2025-11-01 resumed {reason: complaint_upheld}",
        first("2025-10-30 complaint_decided {about: interruption, outcome: upheld}"),
        ("2025-10-20 interrupted {reason: new_breach_after_talk}", "2025-10-24 complaint_filed {about: interruption}")),
    Row("interruption_fell_by_complaint", "S R2", "plan_meeting_held", "2025-11-01 resumed {reason: complaint_upheld}",
        Said("reason", "cause_gone"),
        ("2025-10-19 youth_heard {about: [interruption], how: spoken}", "2025-10-20 interrupted {reason: health}")),
    Row("plan_fell_by_complaint", "S R2", "plan_meeting_held",
        "2025-07-10 replan_meeting_held {after_complaint: true}",
        first("2025-07-01 complaint_decided {about: plan, outcome: upheld}"), COMPLAINED),
    # the youth is heard before a step that turns against them
    Row("youth_was_heard", "S R2", "breach_talk_ordered", "2025-09-12 interrupted {reason: missed_talk}",
        first("2025-09-12 youth_heard {about: [interruption], how: did_not_use}"), ("2025-09-10 breach_talk_missed",)),
    Row("youth_was_heard", "S R2", "breach_recorded#2", "2025-10-08 interrupted {reason: new_breach_after_talk}",
        first(HEARD)),
    Row("youth_was_heard", "S R2", "plan_meeting_held", "2025-08-01 interrupted {reason: health}",
        first("2025-07-31 youth_heard {about: [interruption], how: spoken}")),
    Row("youth_was_heard", "S R2", "plan_meeting_held", "2025-08-01 interrupted {reason: weighty_grounds}",
        first("2025-07-31 youth_heard {about: [interruption], how: spoken}"), HEALTH),
    Row("youth_was_heard", "S R2", "breach_recorded#2", f"2025-10-08 replan_meeting_held {REPLAN}",
        first(HEARD_REPLAN)),
    Row("youth_was_heard", "F R2", "breach_recorded#2", "2025-04-10 replan_meeting_held",
        first("2025-04-08 breach_talk_ordered", "2025-04-09 breach_talk_held {consequences_explained: true}")),
    Row("youth_was_heard", "S R2", "breach_recorded#2", f"2025-10-08 referred_for_breach {REFER}",
        first("2025-10-02 breach_talk_ordered", "2025-10-06 breach_talk_held {consequences_explained: true}")),
    Row("youth_was_heard", "S R2", "breach_recorded#2", f"2025-10-08 referred_for_breach {REFER}",
        first(HEARD.replace("10-02", "10-08")), ("2025-10-01 youth_heard {about: [resumption], how: spoken}",)),
    Row("youth_was_heard", "S R1", "plan_meeting_held", f"2024-11-04 referred_for_breach {REFER}",
        first("2024-10-28 execution_regime_pinned {regime: R0, reason: more_lenient_law}"), R1_TALK[:-1]),
    Row("youth_was_heard", "F R2", "breach_recorded#2", "2025-04-08 referred_for_resumption", first(HEARD_F)),
    Row("youth_was_heard", "F R2", "breach_recorded#2", "2025-04-08 referred_for_resumption", Role.PROSECUTION),
    Row("youth_was_heard", "F R2", "youth_heard", "2025-04-10 referred_for_resumption {ground: new_offence}",
        first(HEARD_F.replace("04-08", "04-10")), ("2025-04-09 new_offence_recorded {offence_on: 2025-04-05}",)),
    Row("youth_was_heard", "F R2", "youth_heard", "2025-04-10 referred_for_resumption {ground: breach_and_new_offence}",
        first(HEARD_F.replace("04-08", "04-10")), ("2025-04-09 new_offence_recorded {offence_on: 2025-04-05}",)),
    Row("youth_was_heard", "S R2", "plan_meeting_held", "2025-06-20 drug_ban_imposed", first(HEARD_BAN)),
    Row("youth_was_heard", "S R2", "plan_meeting_held", "2025-07-20 drug_ban_imposed",
        first(HEARD_BAN.replace("06-10", "07-20")),
        (HEARD_BAN, "2025-06-20 drug_ban_imposed", "2025-07-10 drug_ban_lifted")),
    Row("youth_was_heard", "S R2", "assigned",
        "2025-06-03 plan_failed {reason: did_not_meet, recommendation: serve_prison}", first(HEARD_NO_PLAN)),
    # consents that hold
    Row("youth_consent_has_not_run_out", "F R2", "investigation_closed", transfer("2025-02-12"), Day("2025-02-11"),
        ("2025-02-10 consent_given {by: youth, until: 2025-02-11}", "2025-02-10 consent_given {by: guardian}")),
    Row("youth_consent_has_not_run_out", "F R2", "investigation_closed", transfer("2025-02-13"),
        first("2025-02-12 consent_given {by: youth}"),
        ("2025-02-10 consent_given {by: youth, until: 2025-02-11}", "2025-02-10 consent_given {by: guardian}")),
    Row("guardian_consents_have_not_run_out", "F R2", "investigation_closed", transfer("2025-02-12"),
        first("2025-02-12 consent_given {by: guardian, guardian: g1}"),
        ("2025-02-10 consent_given {by: youth}",
         "2025-02-10 consent_given {by: guardian, guardian: g1, until: 2025-02-11}")),
    Row("youth_was_informed", "F R2", "investigation_closed", transfer("2025-02-13"),
        first("2025-02-12 consent_given {by: youth, explained_on: 2025-02-12}"),
        ("2025-02-10/2025-02-12 consent_given {by: youth, explained_on: 2025-02-12}",
         "2025-02-10/2025-02-12 consent_given {by: guardian}")),
    Row("guardians_were_informed", "F R2", "investigation_closed", transfer("2025-02-13"),
        first("2025-02-12 consent_given {by: guardian, guardian: g1, explained_on: 2025-02-11}"),
        ("2025-02-10 consent_given {by: youth}",
         "2025-02-10/2025-02-12 consent_given {by: guardian, guardian: g1, explained_on: 2025-02-12}")),
    # who consents
    Row("guardian_is_on_record", "F R2", "suspect_set", "2025-02-11 consent_given {by: guardian, guardian: g2}",
        Said("guardian", "g1")),
    Row("guardian_is_on_record", "F R2", "suspect_set", "2025-02-11 consent_given {by: guardian}",
        Said("guardian", "g2"), youth=Youth(date(2008, 3, 12), 2)),
    Row("guardian_is_on_record", "F R2", "suspect_set", "2025-02-11 consent_given {by: guardian, guardian: g2}",
        Day("2025-02-12"), youth=Youth(date(2008, 3, 12), 1, ((date(2025, 2, 12), 2),))),
    Row("guardian_is_on_record", "F R2", "suspect_set", "2025-02-12 consent_given {by: guardian, guardian: g99}",
        Said("guardian", "g2"), youth=Youth(date(2008, 3, 12), 0, ((date(2025, 2, 12), 2),))),
    Row("guardian_is_on_record", "F R2", "suspect_set", "2025-02-13 consent_given {by: guardian, guardian: g3}",
        Said("guardian", "g2"), youth=Youth(date(2008, 3, 12), 2, ((date(2025, 2, 12), 1),))),
    Row("guardian_is_on_record", "F R2", "suspect_set", "2025-02-11 consent_given {by: guardian, guardian: g9}",
        Said("temporary", True), ("2025-02-10 consent_given {by: youth}",)),
    Row("youth_consent_has_not_run_out", "S R0", "suspect_set", judgment("2023-04-12"), Day("2023-04-11"),
        ("2023-01-16 consent_given {by: youth, until: 2023-04-11}", "2023-01-16 consent_given {by: guardian}",
         "2023-01-20 indicted {court_received_on: 2023-01-23}")),
)
# fmt: on


def all_guards() -> Iterator[Guard]:
    """Every condition of the guards package."""
    for module in iter_modules(guards.__path__, f"{guards.__name__}."):
        found = vars(import_module(module.name)).values()
        yield from (guard for guard in found if isinstance(guard, Guard))


GUARDS = {guard.code: guard for guard in all_guards()}


def asked(row: Row, line: Line) -> Decision:
    """The answer of the engine to this step, in the situation of the row."""
    youth = row.youth or youth_of(row.road)
    if row.until == OPENING:
        return engine.decide_registration(youth, events(row.road, [line])[0])
    case = case_at(row.road, row.until, *row.more, youth=youth)
    details = None if row.asked_only else read_details(EventType(line.kind), line.details)
    step = ProposedEvent(EventType(line.kind), line.on, line.known, details, row.role, row.subject, row.world)
    return engine.decide(replace(case, table=row.table), step)


def cured(row: Row) -> tuple[Row, Line]:
    """The situation and the step with exactly what was unmet put right."""
    cure = row.cure
    changed: dict[str, Any] = {}
    if isinstance(cure, First):
        changed["more"] = (*row.more, *cure.lines)
    elif isinstance(cure, Youth | ExternalFacts | Role):
        changed["world" if isinstance(cure, ExternalFacts) else type(cure).__name__.lower()] = cure
    return replace(row, **changed), _mended(read(row.step), cure)


def _mended(line: Line, cure: Cure) -> Line:
    match cure:
        case Day(on):
            return line._replace(on=date.fromisoformat(on), known=max(line.known, date.fromisoformat(on)))
        case Known(on):
            return line._replace(known=date.fromisoformat(on))
        case Said(name, value):
            return line._replace(details=line.details | {name: value})
        case _:
            return line


def name(row: Row) -> str:
    return f"{row.code}-{row.road}-{row.step.split()[0]}-{type(row.cure).__name__}".lower()


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_a_refusal_names_what_is_unmet_and_putting_that_right_is_enough(row: Row) -> None:
    refused = asked(row, read(row.step))

    mended = asked(*cured(row))

    assert [no.code for no in refused.unmet] == [row.code]
    assert (refused.allowed, refused.after) == (False, None)
    assert mended.unmet == ()


def test_every_condition_has_its_row(figure: Callable[[str], None]) -> None:
    refused = [row for row in ROWS if not asked(row, read(row.step)).allowed]
    mended = [row for row in refused if asked(*cured(row)).allowed]

    assert {row.code for row in ROWS} == set(GUARDS), (
        "a row per guard in ROWS of tests/workflow/test_guards.py: a step that only this guard refuses, and the cure"
    )
    figure(f"T3: {len(refused)} refusals of {len(GUARDS)} conditions, {len(mended)} cured")


def test_every_condition_is_asked_by_the_table_or_by_the_engine() -> None:
    of_rows = {guard.code for row in (*MOVES, *FACTS) for guard in row.guards}
    of_engine = {guard.code for guard in (*vars(engine).values(), *DATE_GUARDS) if isinstance(guard, Guard)}
    missing = set(GUARDS) - of_rows - of_engine

    assert of_engine
    assert not missing, f"no row of src/ungdom/workflow/table.py has {', '.join(missing)}"


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_a_refusal_says_where_it_is_written_and_who_can_put_it_right(row: Row) -> None:
    (no,) = asked(row, read(row.step)).unmet

    assert no.law == GUARDS[row.code].law
    assert no.law
    assert no.who_can_fix == GUARDS[row.code].fixers
    assert no.who_can_fix


WITH_A_CASE = [row for row in ROWS if row.until != OPENING and row.world == QUIET]
NAME_A_DAY = {
    "added_act_lies_in_the_past", "control_period_is_over", "day_has_come", "decision_can_be_complained_about",
    "detail_date_has_come",
    "guardians_consent", "left_after_joining", "new_decision_lies_in_the_past", "not_before_the_court_fixed_it",
    "petition_window_is_over", "term_has_run", "transfer_goes_in_order",
}  # fmt: skip
NAME_A_DAY_OR_NONE = {"accepted_or_appeal_time_over", "interim_conditions_allowed"}
"""It depends on what is unmet."""


@pytest.mark.parametrize("row", [row for row in WITH_A_CASE if row.code in NAME_A_DAY | NAME_A_DAY_OR_NONE], ids=name)
def test_the_earliest_day_named_is_a_day_on_which_it_holds(row: Row) -> None:
    line = read(row.step)
    (no,) = asked(row, line).unmet

    if no.earliest is None:
        assert row.code in NAME_A_DAY_OR_NONE
    else:
        then, eve = (asked(row, _at(line, no.earliest - timedelta(days=n))) for n in (0, 1))
        assert row.code not in {unmet.code for unmet in then.unmet}
        assert row.code in {unmet.code for unmet in eve.unmet}


def test_these_conditions_name_the_earliest_day_and_no_others() -> None:
    named = {row.code for row in WITH_A_CASE if asked(row, read(row.step)).unmet[0].earliest}

    assert named == NAME_A_DAY | NAME_A_DAY_OR_NONE


def _at(line: Line, day: date) -> Line:
    if line.on > line.known:  # refused because the day had not come
        return line._replace(known=day)
    return line._replace(on=day, known=max(line.known, day))


@pytest.mark.parametrize("guard", GUARDS.values(), ids=lambda guard: guard.code)
def test_a_condition_is_named_as_a_fact_and_says_it_in_one_sentence(guard: Guard) -> None:
    assert guard.doc.endswith(".")
    assert guard.code.islower()
    assert guard.fixers


# --- joint sentences --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indicted", "judged"),
    [("2024-10-01", "2024-11-30"), ("2025-03-03", "2025-04-24")],
)
def test_only_a_court_of_december_2024_or_later_may_join_an_act_after_18(indicted: str, judged: str) -> None:
    grown = Youth(born=date(2006, 6, 15), guardians=1)
    acts = ("2024-07-01 offence_added {offence: {on: 2024-06-01}}",
            "2024-07-01 offence_added {offence: {on: 2024-06-20}}",
            f"{indicted} indicted {{court_received_on: {indicted}}}")  # fmt: skip
    case = case_at("S R1", "suspect_set", *acts, youth=grown)
    line = read(judgment(judged, later_offences_less_serious=True))

    found = engine.decide(
        case,
        ProposedEvent(EventType.JUDGMENT_GIVEN, line.on, line.on, read_details(EventType.JUDGMENT_GIVEN, line.details)),
    )

    assert found.allowed == (line.on >= date(2024, 12, 1))


def test_acts_after_18_have_to_be_fewer_than_those_before() -> None:
    half = ("2025-02-15 offence_added {offence: {on: 2025-02-10}}",
            "2025-03-03 indicted {court_received_on: 2025-03-04}")  # fmt: skip
    row = Row("acts_before_18", "S R2", "suspect_set", judgment("2025-04-24", later_offences_less_serious=True),
              ExternalFacts(), half, GROWN)  # fmt: skip

    assert [no.code for no in asked(row, read(row.step)).unmet] == ["acts_before_18"]
    assert asked(replace(row, more=JOINT), read(row.step)).allowed


# --- hearing ----------------------------------------------------------------------------------------------------


def test_a_new_plan_takes_a_hearing_after_a_breach_but_not_after_an_upheld_complaint() -> None:
    fell = ("2025-07-01 complaint_decided {about: plan, outcome: upheld}", "2025-07-05 breach_recorded {kind: duty}")
    row = Row("youth_was_heard", "S R2", "plan_meeting_held", "2025-07-10 replan_meeting_held {after_complaint: true}",
              ExternalFacts(), (*COMPLAINED, *fell))  # fmt: skip
    breach = replace(row, until="breach_recorded#2", step=f"2025-10-08 replan_meeting_held {REPLAN}", more=())

    assert asked(row, read(row.step)).allowed
    assert [no.code for no in asked(breach, read(breach.step)).unmet] == ["youth_was_heard"]


# --- approvals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "subject", "allowed"),
    [
        (Role.LEADER, "anna", True),
        (Role.LEADER, "berit", False),  # the same person, in two roles
        (Role.SECRETARIAT, "anna", False),  # the same office
        (Role.COORDINATOR, "anna", False),
    ],
)
def test_reopening_takes_two_people_of_two_offices(role: Role, subject: str, allowed: bool) -> None:
    row = Row("another_person_approved", "S R2", "plan_meeting_held", "2026-06-10 reopened", ExternalFacts(),
              (*COMPLETED, "2026-06-09 reopening_approved"), role=role, subject=subject)  # fmt: skip

    assert asked(row, read(row.step)).allowed is allowed


def test_an_approval_from_before_the_case_closed_again_does_not_count() -> None:
    again = (*COMPLETED, "2026-06-09 reopening_approved", "2026-06-10 reopened", "2026-06-11 completed")
    row = Row("another_person_approved", "S R2", "plan_meeting_held", "2026-06-12 reopened", ExternalFacts(), again)

    assert [no.code for no in asked(row, read(row.step)).unmet] == ["another_person_approved"]


def test_a_later_approval_by_a_colleague_of_the_one_who_reopens_does_not_replace_that_of_the_other_office() -> None:
    ended = (*WAITING, "2026-06-03 wait_ended")
    case = case_at("S R2", "plan_meeting_held", *ended, "2026-06-09 reopening_approved {goes_on: [14]}")
    colleague = event(16, "reopening_approved", date(2026, 6, 9), {"stays_ended": [14]}, role="leader", subject="kari")
    case = engine.apply(case, colleague)

    own, agreed = (
        engine.decide(case, step("reopened", date(2026, 6, 10), choice, role="leader"))
        for choice in ({"stays_ended": [14]}, {"goes_on": [14]})
    )

    assert [(no.code, no.needed) for no in own.unmet] == [("reopeners_agree_on_what_goes_on", ["14"])]
    assert agreed.allowed

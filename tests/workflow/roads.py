"""Ready histories, one a sanction and regime: each is told up to a step, and what a test adds comes after it.

A line is `day kind {details}`, the details as YAML; `day/known` when it was recorded later than it happened.
"""

from datetime import date
from functools import cache
from typing import Any, NamedTuple

import yaml

from tests.workflow.build import PERSON, event
from ungdom.workflow import engine, legality
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.derived.endings import ENDINGS
from ungdom.workflow.events import Event
from ungdom.workflow.table import VERSION

YOUTH = Youth(born=date(2008, 3, 12), guardians=1)  # 18 on 2026-03-12
EARLIER = Youth(born=date(2006, 2, 3), guardians=1)  # 18 on 2024-02-03

ROADS: dict[str, str] = {
    # the plan meeting on 3 June 2025 starts one year; it ends on 3 June 2026
    "S R2": """
2025-01-18 case_registered
2025-01-20 suspect_set
2025-02-24 coordination_requested
2025-02-28 investigation_closed
2025-03-03 indicted {court_received_on: 2025-03-04}
2025-04-24 judgment_given {length: {years: 1}, subsidiary_prison: {months: 6}, suitable_reaction: true, \
lives_in_norway: true, served_on: 2025-04-24}
2025-05-09 became_final
2025-05-12 dispatched
2025-05-14 received
2025-05-15 assigned {coordinator: anna}
2025-06-03 plan_meeting_held {present: [youth, guardian, correctional_service, police]}
2025-09-01 breach_recorded {kind: plan}
2025-09-03 breach_talk_ordered
2025-09-10 breach_talk_held {consequences_explained: true, conditions: [reporting]}
2025-10-01 breach_recorded {kind: plan}
2025-10-02 youth_heard {about: [interruption, referral, new_plan], how: spoken}
2025-10-08 referred_for_breach {to: correctional_service, recommendation: electronic_control, \
consent_police: true, consent_correctional_service: true}
2025-10-20 petition_sent {for: electronic_control}
2025-11-03 electronic_control_ordered {until: 2026-04-01}
""",
    # the court fixed 25 April 2025 for the interim conditions: the year ends on 25 April 2026
    "S R2 interim": """
2025-01-18 case_registered
2025-01-20 suspect_set
2025-03-03 indicted {court_received_on: 2025-03-04}
2025-04-24 judgment_given {length: {years: 1}, subsidiary_prison: {months: 6}, suitable_reaction: true, \
lives_in_norway: true, served_on: 2025-04-24, interim_conditions: [abstinence], interim_from: 2025-04-25}
2025-04-25 interim_conditions_started
2025-05-09 became_final
2025-05-12 dispatched
2025-05-14 received
2025-05-15 assigned {coordinator: anna}
2025-06-03 plan_meeting_held {present: [youth, guardian, correctional_service, police]}
""",
    # 120 days from 3 March 2025: they end on 1 July 2025
    "F R2": """
2025-01-18 case_registered
2025-01-20 suspect_set
2025-02-03 coordination_requested
2025-02-10 investigation_closed
2025-02-11 consent_given {by: youth}
2025-02-11 consent_given {by: guardian, guardian: g1}
2025-02-12/2025-02-13 transferred_to_follow_up {length: {days: 120}, guilt_proven: true, notified_on: 2025-02-13}
2025-02-14 dispatched
2025-02-17 received
2025-02-18 assigned {coordinator: anna}
2025-03-03 plan_meeting_held {present: [youth, guardian]}
2025-03-17 breach_recorded {kind: plan}
2025-03-18 breach_talk_ordered
2025-03-25 breach_talk_held {consequences_explained: true}
2025-04-07 breach_recorded {kind: duty}
2025-04-08 youth_heard {about: [interruption, resumption, new_plan], how: did_not_use}
2025-04-08 referred_for_resumption
""",
    # judged in the short regime of autumn 2024; one year from 15 October 2024
    "S R1": """
2024-05-02 case_registered
2024-05-06 suspect_set
2024-06-03 indicted {court_received_on: 2024-06-04}
2024-09-10 judgment_given {length: {years: 1}, subsidiary_prison: {months: 6}, suitable_reaction: true, \
lives_in_norway: true, served_on: 2024-09-10}
2024-09-25 became_final
2024-09-26 dispatched
2024-09-27 received
2024-09-30 assigned {coordinator: anna}
2024-10-15 plan_meeting_held {present: [youth, guardian, correctional_service, police]}
""",
    "F R1": """
2024-08-05 case_registered
2024-08-07 suspect_set
2024-08-19 coordination_requested
2024-09-09 consent_given {by: youth}
2024-09-09 consent_given {by: guardian, guardian: g1}
2024-09-16 transferred_to_follow_up {length: {months: 6}, guilt_proven: true, notified_on: 2024-09-16}
2024-09-18 dispatched
2024-09-20 received
2024-09-23 assigned {coordinator: anna}
2024-10-14 plan_meeting_held {present: [youth, guardian]}
""",
    # eighteen months from 8 August 2023: they end on Saturday 8 February 2025
    "S R0": """
2022-09-10 case_registered {repeated_or_serious: true}
2022-09-14 suspect_set
2023-01-16 consent_given {by: youth}
2023-01-16 consent_given {by: guardian}
2023-01-20 indicted {court_received_on: 2023-01-23}
2023-04-12 judgment_given {length: {months: 18}, subsidiary_prison: {months: 10}, lives_in_norway: true, \
served_on: 2023-04-12}
2023-04-27 became_final
2023-05-25 received
2023-05-30 assigned {coordinator: anna}
2023-08-08 youth_conference_held
2023-08-08 plan_signed {by: [youth, guardian]}
2023-10-02 breach_recorded {kind: plan}
2023-10-04 breach_talk_ordered
2023-10-11 breach_talk_held {consequences_explained: true}
2023-12-04 breach_recorded {kind: plan}
2023-12-18 referred_for_breach {to: correctional_service, recommendation: serve_prison, \
consent_police: true, consent_correctional_service: true}
2024-01-15 petition_sent {for: serve_prison}
""",
    # six months from 1 June 2023, a condition of a suspended sentence: they end on 1 December 2023
    "F R0": """
2023-01-10 case_registered
2023-01-12 suspect_set
2023-01-16 consent_given {by: youth}
2023-01-16 consent_given {by: guardian}
2023-01-20 indicted {court_received_on: 2023-01-23}
2023-04-12 follow_up_by_judgment {length: {months: 6}, suspended_sentence: true, served_on: 2023-04-12}
2023-04-27 became_final
2023-05-02 received
2023-05-03 assigned {coordinator: anna}
2023-06-01 youth_conference_held
2023-06-01 plan_signed {by: [youth, guardian]}
""",
}


RECORDED_BY = {
    "reopening_approved": ("secretariat", "berit"),
    "reopened": ("leader", "anna"),
    "complaint_decided": ("secretariat", "berit"),
}


CLOSINGS = ("completed", "lapsed", "closed_after_new_offence", "consent_withdrawn", "decision_set_aside")


class Line(NamedTuple):
    """What happened when, and on which day it was recorded."""

    kind: str
    on: date
    known: date
    details: dict[str, Any]


@cache
def read(line: str) -> Line:
    """One line of a history."""
    days, kind, *rest = line.split(maxsplit=2)
    on, _, known = days.partition("/")
    details = _plain(yaml.safe_load(rest[0])) if rest else {}
    return Line(kind, date.fromisoformat(on), date.fromisoformat(known or on), details)


def lines(road: str, until: str | None = None) -> list[Line]:
    """The lines of a road, all of them or up to and with the first of that kind; `breach_recorded#2`: the second."""
    told = [read(line) for line in ROADS[road].splitlines() if line]
    if until is None:
        return told
    kind, _, nth = until.partition("#")
    return told[: [n for n, line in enumerate(told, 1) if line.kind == kind][int(nth or 1) - 1]]


def youth_of(road: str) -> Youth:
    """The youth of that road."""
    return EARLIER if "R0" in road else YOUTH


def registration(road: str, line: Line) -> dict[str, Any]:
    """The details of a registration; an act on the day itself unless the line tells of others."""
    sanction = "youth_sanction" if road.startswith("S") else "youth_follow_up"
    acts = [{"on": line.on.isoformat()}]
    rest = {"konfliktrad": "oslo", "person": str(PERSON), "offences": acts, "table": VERSION}
    return {"sanction": sanction} | rest | line.details


def events(road: str, told: list[Line]) -> list[Event]:
    """The events that these lines tell, numbered from 1."""
    first = told[0]._replace(details=registration(road, told[0]))
    numbered = enumerate([first, *told[1:]], 1)
    return [event(n, line.kind, line.on, line.details, line.known, *_by(line, told[: n - 1])) for n, line in numbered]


def _by(line: Line, before: list[Line]) -> tuple[str, ...]:
    """Who records the line: the system itself what a closing ends."""
    last = next((x.kind for x in reversed(before) if x.kind in (*CLOSINGS, "reopened")), None)
    own = last in CLOSINGS and line.kind in ENDINGS
    return ("system", "anna") if own else RECORDED_BY.get(line.kind, ())


@cache
def case_at(road: str, until: str | None = None, *more: str, youth: Youth | None = None) -> Case:
    """The case where the road comes to that step, and the lines added. Every line has to be allowed."""
    history = events(road, [*lines(road, until), *map(read, more)])
    return walked(youth or youth_of(road), history)


def walked(youth: Youth, history: list[Event]) -> Case:
    """The case that this history tells; fails at the first line that is refused."""
    broken = legality.first_illegal_step(youth, history)
    assert broken is None, broken
    return engine.fold(youth, history)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {"on" if key is True else key: _plain(inner) for key, inner in value.items()}  # `on` is true in YAML
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value

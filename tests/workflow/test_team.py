"""The team: who is on it and was, who must be by law, and who is missing."""

from datetime import date

import pytest

from tests.workflow.roads import ROADS, case_at
from ungdom.workflow.case import Youth
from ungdom.workflow.derived.team import (
    REQUIREMENTS,
    ROLES,
    Mandatory,
    is_due,
    members,
    missing_members,
    seats,
)
from ungdom.workflow.events import dump_details, load_details
from ungdom.workflow.payloads import Attendee, Channel, TeamRole
from ungdom.workflow.table import MOVES
from ungdom.workflow.vocabulary import EventType, Regime, Sanction

E, W = EventType, Mandatory
DAY = date(2025, 6, 20)
POLICE = "2025-06-04 team_member_joined {member: p1, agency: police, channel: inbox}"
OFFICER = "2025-06-04 team_member_joined {member: k1, agency: correctional_service}"
TEACHER = "2025-06-05 team_member_joined {member: t1, agency: school, role: measure_provider, channel: email}"
MEASURE = "2025-06-06 measure_started {measure: m1}"
ALONE = Youth(born=date(2008, 3, 12), guardians=0)


def missing(road: str, *lines: str, day: date = DAY, youth: Youth | None = None, until: str = "") -> set[Mandatory]:
    case = case_at(road, until or "plan_meeting_held", *lines, youth=youth)
    return {seat.who for seat in missing_members(case, day)}


def test_members_are_told_from_joining_to_leaving_and_may_come_back() -> None:
    back = "2025-06-25 team_member_joined {member: t1, agency: school}"
    case = case_at("S R2", "plan_meeting_held", POLICE, TEACHER, "2025-06-20 team_member_left {member: t1}", back)
    told = [(one.member, one.role, one.channel, one.joined.day, one.left and one.left.day) for one in members(case)]
    assert told == [
        ("p1", TeamRole.POLICE_CONTACT, Channel.INBOX, 4, None),
        ("t1", TeamRole.MEASURE_PROVIDER, Channel.EMAIL, 5, 20),
        ("t1", TeamRole.TEACHER, None, 25, None),
    ]


def test_an_event_from_before_there_were_roles_reads_and_writes_as_it_did() -> None:
    old = '{"member":"t1","agency":"school"}'
    assert dump_details(E.TEAM_MEMBER_JOINED, load_details(E.TEAM_MEMBER_JOINED, old)) == old
    consent = '{"by":"guardian","scope":["plan"],"recipients":["school"]}'
    assert dump_details(E.SHARING_CONSENT_GIVEN, load_details(E.SHARING_CONSENT_GIVEN, consent)) == consent


@pytest.mark.parametrize(
    ("road", "lines", "expected"),
    [
        ("S R2", (), {W.POLICE, W.CORRECTIONAL_SERVICE}),
        ("S R2", (POLICE,), {W.CORRECTIONAL_SERVICE}),
        ("S R2", (POLICE, OFFICER), set()),
        ("S R2", (POLICE, OFFICER, "2025-06-10 team_member_left {member: p1}"), {W.POLICE}),
        ("F R2", (), set()),
        ("F R2", (MEASURE,), {W.TASK_HOLDER}),
        ("F R2", (MEASURE, TEACHER), set()),
        ("F R2", (MEASURE, "2025-06-10 measure_ended {measure: m1, reason: carried_out}"), set()),
    ],
)
def test_who_is_missing(road: str, lines: tuple[str, ...], expected: set[Mandatory]) -> None:
    assert missing(road, *lines) == expected


def test_a_guardian_is_missing_only_while_the_youth_is_under_18_and_has_none() -> None:
    assert missing("F R2", youth=ALONE) == {W.GUARDIAN}
    assert missing("F R2", youth=ALONE, day=date(2026, 3, 12)) == set()
    named = "2025-06-05 team_member_joined {member: g1, agency: guardian}"
    assert missing("F R2", named, youth=ALONE) == set()


def test_a_team_is_due_from_the_start_of_execution_until_the_case_is_closed() -> None:
    case = case_at("S R2", "plan_meeting_held")
    assert [is_due(case, date(2025, 6, day)) for day in (2, 3)] == [False, True]
    assert seats(case_at("S R2", "assigned"), DAY) == []
    closed = case_at("S R2", "plan_meeting_held", "2025-06-10 lapsed {reason: death}")
    assert seats(closed, DAY) == []


def test_interim_conditions_ask_for_a_team_once_the_konfliktrad_has_the_case() -> None:
    road = "S R2 interim"
    assert missing(road, until="interim_conditions_started", day=date(2025, 5, 1)) == set()
    assert missing(road, until="received", day=date(2025, 5, 14)) == {W.COORDINATOR, W.POLICE, W.CORRECTIONAL_SERVICE}


@pytest.mark.parametrize("road", ROADS)
def test_every_seat_has_its_law(road: str) -> None:
    case = case_at(road, "plan_meeting_held" if "R0" not in road else "plan_signed")
    found = seats(case, case.entered_on)
    assert {seat.who for seat in found} >= {W.COORDINATOR, W.YOUTH, W.GUARDIAN}
    assert all("krl" in seat.law and "26" in seat.law for seat in found)


PRESENT = {
    "youth_was_present": W.YOUTH,
    "guardian_was_present": W.GUARDIAN,
    "correctional_service_was_present": W.CORRECTIONAL_SERVICE,
    "police_were_present": W.POLICE,
}


@pytest.mark.parametrize("sanction", Sanction)
@pytest.mark.parametrize("regime", [Regime.R1, Regime.R2])
def test_whoever_must_be_at_the_plan_meeting_must_be_on_the_team(sanction: Sanction, regime: Regime) -> None:
    rows = [row for row in MOVES if row.event is E.PLAN_MEETING_HELD and sanction in row.sanctions]
    asked = {PRESENT[guard.code] for row in rows for guard in row.guards if guard.code in PRESENT}
    by_law = {row.who for row in REQUIREMENTS if sanction in row.sanctions and regime in row.regimes}
    assert by_law - {W.COORDINATOR, W.TASK_HOLDER} == asked


def test_every_agency_has_a_role_and_every_role_an_agency() -> None:
    assert set(ROLES) == set(Attendee)
    assert {role for roles in ROLES.values() for role in roles} == set(TeamRole)

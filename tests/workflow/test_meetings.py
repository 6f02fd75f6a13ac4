"""The meetings of a case: who was there, who should have been, and who by law had to be."""

from datetime import date

import pytest

from tests.workflow.build import step
from tests.workflow.roads import case_at
from ungdom.workflow.case import Youth
from ungdom.workflow.derived import meetings
from ungdom.workflow.derived.meetings import KIND, REQUIRED, Attendance, Meeting, MeetingKind
from ungdom.workflow.engine import decide
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.vocabulary import EventType

A, K = Attendee, MeetingKind
DAY = date(2025, 12, 31)
TEAM = "2025-07-01 team_meeting_held {invited: [youth, police, school], present: [youth, school, health]}"


def held(*lines: str, road: str = "S R2", until: str = "plan_meeting_held") -> list[Meeting]:
    return meetings.meetings(case_at(road, until, *lines), DAY)


def required(meeting: Meeting) -> set[Attendee]:
    return {one.who for one in meeting.required}


def test_every_meeting_is_told_of_in_the_order_it_was_held() -> None:
    group = "2025-02-26 coordination_meeting_held {suitable: true, agencies: [police, konfliktrad]}"
    case = case_at("S R2", "coordination_requested", group)
    late = case_at("S R2", "petition_sent", TEAM, "2025-06-20/2025-10-21 team_meeting_held")

    assert [(one.kind, one.on.isoformat()) for one in meetings.meetings(case, DAY)] == [(K.COORDINATION, "2025-02-26")]
    assert [(str(one.kind), one.on.isoformat()) for one in meetings.meetings(late, DAY)] == [
        ("plan", "2025-06-03"), ("team", "2025-06-20"), ("team", "2025-07-01"), ("breach_talk", "2025-09-10"),
    ]  # fmt: skip
    assert meetings.meetings(late, date(2025, 6, 10)) == meetings.meetings(late, DAY)[:1]


def test_who_should_have_come_was_invited_or_had_to_be_there_by_law() -> None:
    team = held(TEAM)[-1]

    assert team.expected == (A.YOUTH, A.POLICE, A.SCHOOL, A.GUARDIAN, A.CORRECTIONAL_SERVICE)
    assert team.absent == (A.POLICE, A.GUARDIAN, A.CORRECTIONAL_SERVICE)
    assert [(one.who, one.law) for one in team.missing] == [
        (A.GUARDIAN, "krl §§ 11, 26; vergemålsloven § 8"),
        (A.CORRECTIONAL_SERVICE, "krl § 26 second paragraph"),
        (A.POLICE, "krl § 26 second paragraph"),
    ]


def test_where_nobody_is_named_it_is_not_known_who_came() -> None:
    team = held("2025-07-01 team_meeting_held")[-1]

    assert (team.invited, team.present, team.absent, team.missing) == (None, None, None, ())
    assert meetings.attendance([team]) == []


def test_a_breach_talk_that_was_missed_is_one_to_which_the_youth_did_not_come() -> None:
    missed = held("2025-09-05 breach_talk_missed", until="breach_talk_ordered")[-1]
    kept = held(until="breach_talk_held")[-1]

    assert (missed.kind, missed.held, missed.absent) == (K.BREACH_TALK, False, (A.YOUTH,))
    assert (kept.kind, kept.held, kept.absent) == (K.BREACH_TALK, True, ())


def test_nobody_has_to_come_to_a_restorative_meeting() -> None:
    assert required(held("2025-06-20 victim_accepted", "2025-07-01 restorative_meeting_held")[-1]) == set()


def test_the_attendance_of_each_agency_is_counted_over_the_meetings_it_is_known_of() -> None:
    found = held(TEAM, "2025-08-12 team_meeting_held")

    counts = {one.agency: (one.expected, one.came) for one in meetings.attendance(found)}

    assert counts == {
        A.YOUTH: (2, 2), A.GUARDIAN: (2, 1), A.POLICE: (2, 1), A.CORRECTIONAL_SERVICE: (2, 1), A.SCHOOL: (1, 1),
    }  # fmt: skip
    assert meetings.attendance([]) == []
    assert Attendance(A.POLICE, 2, 1) in meetings.attendance(found)


def test_from_18_no_guardian_is_missed() -> None:
    grown = Youth(born=date(2007, 5, 1), guardians=1)
    case = case_at("S R2", "plan_meeting_held", TEAM, youth=grown)

    assert A.GUARDIAN not in required(meetings.meetings(case, DAY)[-1])


WAYS = [("S R2", 1), ("F R2", 1), ("S R1", 1), ("F R1", 1), ("S R2", 0)]


@pytest.mark.parametrize(("road", "guardians"), WAYS)
def test_who_had_to_be_at_the_plan_meeting_is_whom_it_cannot_be_recorded_without(road: str, guardians: int) -> None:
    youth = Youth(born=date(2008, 3, 12), guardians=guardians) if guardians == 0 else None
    before = case_at(road, "assigned", youth=youth)
    after = meetings.meetings(case_at(road, "plan_meeting_held", youth=youth), DAY)[-1]
    everybody = [str(who) for who in Attendee]

    def refused(without: str) -> bool:
        present = {"present": [who for who in everybody if who != without]}
        return not decide(before, step("plan_meeting_held", after.on, present)).allowed

    assert {who for who in everybody if refused(who)} == {str(who) for who in required(after)}


def test_every_event_that_tells_of_a_meeting_has_its_kind() -> None:
    named = {kind for kind in EventType if "meeting" in kind or "conference" in kind or "process_held" in kind}

    assert set(KIND) == named | {EventType.BREACH_TALK_HELD, EventType.BREACH_TALK_MISSED}
    assert {kind for row in REQUIRED for kind in row.kinds} == set(K) - {K.RESTORATIVE}

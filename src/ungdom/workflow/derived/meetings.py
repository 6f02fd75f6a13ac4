"""The meetings of a case: who was invited, who was present, and who was required by law. krl §§ 22 d, 24, 26, 31, 33.

Attendance that an event does not record is unknown: None, never 0.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.vocabulary import EventType, Regime, Sanction

E, A = EventType, Attendee
Attendees = tuple[Attendee, ...]


class MeetingKind(StrEnum):
    """What kind of meeting."""

    COORDINATION = "coordination"  # koordineringsgruppen, krl § 22 d
    CONFERENCE = "conference"  # ungdomsstormøte, R0
    PLAN = "plan"  # ungdomsplanmøte, krl § 24
    REPLAN = "replan"  # nytt ungdomsplanmøte, krl §§ 31, 33
    TEAM = "team"  # oppfølgingsteam, krl §§ 22, 26
    BREACH_TALK = "breach_talk"  # bruddsamtale, krl §§ 31, 33
    RESTORATIVE = "restorative"  # gjenopprettende møte or another restorative process, krl § 24 a


K = MeetingKind

KIND: dict[EventType, MeetingKind] = {
    E.COORDINATION_MEETING_HELD: K.COORDINATION,
    E.YOUTH_CONFERENCE_HELD: K.CONFERENCE,
    E.PLAN_MEETING_HELD: K.PLAN,
    E.REPLAN_MEETING_HELD: K.REPLAN,
    E.TEAM_MEETING_HELD: K.TEAM,
    E.BREACH_TALK_HELD: K.BREACH_TALK,
    E.BREACH_TALK_MISSED: K.BREACH_TALK,
    E.RESTORATIVE_MEETING_HELD: K.RESTORATIVE,
    E.OTHER_RESTORATIVE_PROCESS_HELD: K.RESTORATIVE,
}
"""The kind of meeting that each event records."""


@dataclass(frozen=True, slots=True)
class RequiredAttendee:
    """One row: an attendee required at meetings, with the sanctions, the regimes, the law and the condition."""

    who: Attendee
    kinds: tuple[MeetingKind, ...]
    sanctions: tuple[Sanction, ...]
    regimes: tuple[Regime, ...]
    law: str
    condition: Callable[[Case, date], bool]


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting. `held`: whether it took place; a breach talk that the youth did not attend did not.

    `invited`, `present`: None if not recorded. `required`: the attendees required by law, with that law.
    """

    kind: MeetingKind
    on: date
    seq: int
    event: EventType
    held: bool
    invited: Attendees | None
    present: Attendees | None
    required: tuple[RequiredAttendee, ...]

    @property
    def expected(self) -> Attendees:
        """The attendees who should have been present: those invited and those required by law."""
        return tuple(dict.fromkeys((*(self.invited or ()), *(required.who for required in self.required))))

    @property
    def absent(self) -> Attendees | None:
        """The attendees who should have been present and were not; None if attendance is unknown."""
        present = self.present
        return None if present is None else tuple(who for who in self.expected if who not in present)

    @property
    def missing(self) -> tuple[RequiredAttendee, ...]:
        """The attendees required by law who were not present; empty if attendance is unknown."""
        present = self.present
        return () if present is None else tuple(row for row in self.required if row.who not in present)


@dataclass(frozen=True, slots=True)
class Attendance:
    """The attendance of one agency at the meetings it should have attended, counting meetings of known attendance."""

    agency: Attendee
    expected: int
    came: int


def always(_case: Case, _day: date) -> bool:
    """True: required at every such meeting."""
    return True


def has_guardian(case: Case, day: date) -> bool:
    """Whether the youth is under 18 and has a guardian. vergemålsloven § 8."""
    return case.guardians_on(day) > 0


BOTH, S = tuple(Sanction), (Sanction.YOUTH_SANCTION,)
ALL, R1_ON, R0 = tuple(Regime), (Regime.R1, Regime.R2), (Regime.R0,)
PLANNING = (K.CONFERENCE, K.PLAN, K.REPLAN)

# Read by lawyers: one row per attendee and kind of meeting.
# fmt: off
REQUIRED: tuple[RequiredAttendee, ...] = (
    RequiredAttendee(A.KONFLIKTRAD, (K.COORDINATION,), sanctions=BOTH, regimes=ALL,
         law="krl § 22 d", condition=always),
    RequiredAttendee(A.POLICE, (K.COORDINATION,), sanctions=BOTH, regimes=ALL,
         law="krl § 22 d", condition=always),
    RequiredAttendee(A.PROSECUTION, (K.COORDINATION,), sanctions=BOTH, regimes=ALL,
         law="krl § 22 d", condition=always),
    RequiredAttendee(A.CORRECTIONAL_SERVICE, (K.COORDINATION,), sanctions=BOTH, regimes=ALL,
         law="krl § 22 d", condition=always),
    RequiredAttendee(A.YOUTH, PLANNING, sanctions=BOTH, regimes=ALL,
         law="krl §§ 23, 24", condition=always),
    RequiredAttendee(A.GUARDIAN, PLANNING, sanctions=BOTH, regimes=ALL,
         law="krl § 24; vergemålsloven § 8", condition=has_guardian),
    RequiredAttendee(A.CORRECTIONAL_SERVICE, (K.PLAN, K.REPLAN), sanctions=S, regimes=R1_ON,
         law="krl §§ 24, 26", condition=always),
    RequiredAttendee(A.POLICE, (K.PLAN, K.REPLAN), sanctions=S, regimes=R1_ON,
         law="krl §§ 24, 26", condition=always),
    RequiredAttendee(A.YOUTH, (K.TEAM,), sanctions=BOTH, regimes=ALL,
         law="krl § 26 first paragraph", condition=always),
    RequiredAttendee(A.GUARDIAN, (K.TEAM,), sanctions=BOTH, regimes=ALL,
         law="krl §§ 11, 26; vergemålsloven § 8", condition=has_guardian),
    RequiredAttendee(A.CORRECTIONAL_SERVICE, (K.TEAM,), sanctions=S, regimes=ALL,
         law="krl § 26 second paragraph", condition=always),
    RequiredAttendee(A.POLICE, (K.TEAM,), sanctions=S, regimes=ALL,
         law="krl § 26 second paragraph", condition=always),
    RequiredAttendee(A.YOUTH, (K.BREACH_TALK,), sanctions=BOTH, regimes=ALL,
         law="krl §§ 31, 33", condition=always),
)
# fmt: on
"""The required attendees. For the plan meeting the guards of its row require the same; a test compares the two.

Nobody is required at a restorative meeting, because it is voluntary for both sides.
"""


def meetings(case: Case, day: date) -> list[Meeting]:
    """Every meeting of the case by that day, in the order in which they were held."""
    return [_meeting(case, event) for event in case.until(day, *KIND)]


def attendance(meetings: Iterable[Meeting]) -> list[Attendance]:
    """Per agency or person by role: the number of meetings they should have attended, and the number attended."""
    counts: dict[Attendee, tuple[int, int]] = {}
    for meeting in meetings:
        for who in meeting.expected if meeting.present is not None else ():
            expected, came = counts.get(who, (0, 0))
            counts[who] = expected + 1, came + (who in (meeting.present or ()))
    return [Attendance(who, *counts[who]) for who in Attendee if who in counts]


def _meeting(case: Case, event: Event) -> Meeting:
    invited, present = _invited_and_present(event)
    kind, regime = KIND[event.type], case.execution_regime(event.occurred_on)
    rows = (row for row in REQUIRED if kind in row.kinds and case.sanction in row.sanctions and regime in row.regimes)
    return Meeting(
        kind=kind,
        on=event.occurred_on,
        seq=event.seq,
        event=event.type,
        held=event.type is not E.BREACH_TALK_MISSED,
        invited=invited,
        present=present,
        required=tuple(row for row in rows if row.condition(case, event.occurred_on)),
    )


def _invited_and_present(event: Event) -> tuple[Attendees | None, Attendees | None]:
    """Who was invited and who was present; None if not recorded. The youth is present at every breach talk held."""
    details = event.details
    if isinstance(details, d.CoordinationMeetingHeld):
        return None, details.agencies or None
    if isinstance(details, d.PlanMeetingHeld | d.ReplanMeetingHeld):
        return None, details.present or None
    if isinstance(details, d.TeamMeetingHeld):
        return details.invited or None, details.present or None
    if event.type in (E.BREACH_TALK_HELD, E.BREACH_TALK_MISSED):
        return (A.YOUTH,), (A.YOUTH,) if event.type is E.BREACH_TALK_HELD else ()
    return None, None

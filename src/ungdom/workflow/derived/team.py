"""The follow-up team (oppfølgingsteam): who is on it and was, who must be by law, and who is missing. krl § 26."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.payloads import Attendee, Channel, TeamRole
from ungdom.workflow.vocabulary import EventType, Regime, Sanction

E, A, T = EventType, Attendee, TeamRole

ROLES: dict[Attendee, tuple[TeamRole, ...]] = {
    A.YOUTH: (T.YOUTH,),
    A.GUARDIAN: (T.GUARDIAN,),
    A.POLICE: (T.POLICE_CONTACT,),
    A.CORRECTIONAL_SERVICE: (T.CORRECTIONAL_OFFICER,),
    A.CHILD_WELFARE: (T.CHILD_WELFARE_WORKER, T.MEASURE_PROVIDER),
    A.SCHOOL: (T.TEACHER, T.MEASURE_PROVIDER, T.OTHER),
    A.HEALTH: (T.HEALTH_WORKER, T.MEASURE_PROVIDER),
    A.MEASURE_PROVIDER: (T.MEASURE_PROVIDER,),
    A.DEFENDER: (T.OTHER,),
    A.VICTIM: (T.OTHER,),
    A.KONFLIKTRAD: (T.OTHER,),
    A.PROSECUTION: (T.OTHER,),
    A.OTHER: (T.OTHER, T.MEASURE_PROVIDER),
}
"""What somebody of this agency can be on the team as; the first, where it was not said. Office norm."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on the team, from one day to another; `left` None while they are on it. Both days are Oslo dates."""

    member: str
    agency: Attendee
    role: TeamRole
    channel: Channel | None
    joined: date
    left: date | None = None


class Mandatory(StrEnum):
    """Who must be on the team."""

    COORDINATOR = "coordinator"
    YOUTH = "youth"
    GUARDIAN = "guardian"
    CORRECTIONAL_SERVICE = "correctional_service"
    POLICE = "police"
    TASK_HOLDER = "task_holder"  # those with tasks in the plan


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row: who, in which sanction and regime, by which law, when it concerns a case, and whether it is met."""

    who: Mandatory
    sanctions: tuple[Sanction, ...]
    regimes: tuple[Regime, ...]
    law: str
    concerns: Callable[[Case, date], bool]
    met: Callable[[Case, date], bool]


@dataclass(frozen=True, slots=True)
class Seat:
    """One that must be on the team of a case, by which law, and whether they are."""

    who: Mandatory
    law: str
    taken: bool


def members(case: Case) -> list[Member]:
    """Everybody who is or was on the team, in the order they joined."""
    team: list[Member] = []
    for event in case.all(E.TEAM_MEMBER_JOINED, E.TEAM_MEMBER_LEFT):
        details = event.details
        if isinstance(details, d.MemberJoined):
            role = details.role or ROLES[details.agency][0]
            team.append(Member(details.member, details.agency, role, details.channel, event.occurred_on))
        elif isinstance(details, d.MemberLeft):
            for place, member in enumerate(team):
                if member.member == details.member and member.left is None:
                    team[place] = replace(member, left=event.occurred_on)
    return team


def present(case: Case) -> list[Member]:
    """Everybody who is on the team."""
    return [member for member in members(case) if member.left is None]


def is_due(case: Case, day: date) -> bool:
    """Whether there must be a team on that day: execution has begun, the case is received and open. krl §§ 22, 26."""
    begun = case.start is not None and case.start.on <= day
    return begun and case.has(E.RECEIVED) and not case.is_closed


def seats(case: Case, day: date) -> list[Seat]:
    """Everybody who must be on the team on that day; nobody while no team is due."""
    if not is_due(case, day):
        return []
    regime = case.execution_regime(day)
    rows = (row for row in REQUIREMENTS if case.sanction in row.sanctions and regime in row.regimes)
    return [Seat(row.who, row.law, row.met(case, day)) for row in rows if row.concerns(case, day)]


def missing_members(case: Case, day: date) -> list[Seat]:
    """Everybody who must be on the team on that day and is not."""
    return [seat for seat in seats(case, day) if not seat.taken]


def running_measures(case: Case) -> list[tuple[str, date]]:
    """The measures of the plan that have started and not ended: their number in the case, and since when."""
    running: dict[str, date] = {}
    for event in case.all(E.MEASURE_STARTED, E.MEASURE_ENDED):
        details = event.details
        if isinstance(details, d.MeasureEnded):
            running.pop(details.measure, None)
        elif isinstance(details, d.Measure):
            running.setdefault(details.measure, event.occurred_on)
    return list(running.items())


# --- who must be there ------------------------------------------------------------------------------------------


def always(_case: Case, _day: date) -> bool:
    """In every case; of the youth also: they are on the team of their own case without being entered."""
    return True


def from_agency(agency: Attendee) -> Callable[[Case, date], bool]:
    """Somebody of this agency is on the team."""

    def here(case: Case, _day: date) -> bool:
        return any(member.agency is agency for member in present(case))

    return here


def somebody_is_assigned(case: Case, _day: date) -> bool:
    """A coordinator has been assigned."""
    return case.has(E.ASSIGNED)


def is_under_age(case: Case, day: date) -> bool:
    """The youth is under 18: guardians have their part."""
    return case.under_age(day)


def has_a_guardian(case: Case, day: date) -> bool:
    """A guardian is known: they are on the team of their child without being entered, as the youth is."""
    return case.guardians_on(day) > 0 or from_agency(A.GUARDIAN)(case, day)


def a_measure_runs(case: Case, _day: date) -> bool:
    """A measure of the plan has started and not ended: the konfliktråd has none of its own."""
    return bool(running_measures(case))


def somebody_from_outside(case: Case, _day: date) -> bool:
    """Somebody beside family and konfliktråd is on the team, who may have that task."""
    return any(member.agency not in (A.YOUTH, A.GUARDIAN, A.KONFLIKTRAD) for member in present(case))


BOTH, ALL = tuple(Sanction), tuple(Regime)
S = (Sanction.YOUTH_SANCTION,)

# Read by lawyers: one row per member.
# fmt: off
REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(Mandatory.COORDINATOR, sanctions=BOTH, regimes=ALL, law="krl § 26 first paragraph",
         concerns=always, met=somebody_is_assigned),
    Requirement(Mandatory.YOUTH, sanctions=BOTH, regimes=ALL, law="krl § 26 first paragraph",
         concerns=always, met=always),
    Requirement(Mandatory.GUARDIAN, sanctions=BOTH, regimes=ALL, law="krl §§ 11, 26; vergemålsloven § 8",
         concerns=is_under_age, met=has_a_guardian),
    Requirement(Mandatory.CORRECTIONAL_SERVICE, sanctions=S, regimes=ALL, law="krl § 26 second paragraph",
         concerns=always, met=from_agency(A.CORRECTIONAL_SERVICE)),
    Requirement(Mandatory.POLICE, sanctions=S, regimes=ALL, law="krl § 26 second paragraph",
         concerns=always, met=from_agency(A.POLICE)),
    Requirement(Mandatory.TASK_HOLDER, sanctions=BOTH, regimes=ALL, law="krl § 26",
         concerns=a_measure_runs, met=somebody_from_outside),
)
# fmt: on
"""Who must be on the team. The events do not say which agency carries out a measure: anybody from outside fills it.

Who must be present at the plan meeting stands in the guards on its row; a test holds the two together.
"""

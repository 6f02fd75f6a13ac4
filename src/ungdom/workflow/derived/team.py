"""The follow-up team (oppfølgingsteam): present and former members, required members, and missing ones. krl § 26."""

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
"""The team roles that a member of each agency may have. The first is used if no role is recorded. Office norm."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the team from `joined` to `left`, as Oslo dates. `left`: None while they are a member."""

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
    """One row: a required member, sanctions, regimes, law, when it applies to a case, and whether it is met."""

    who: Mandatory
    sanctions: tuple[Sanction, ...]
    regimes: tuple[Regime, ...]
    law: str
    concerns: Callable[[Case, date], bool]
    met: Callable[[Case, date], bool]


@dataclass(frozen=True, slots=True)
class Seat:
    """One required member of the team of a case, the law that requires it, and whether the requirement is met."""

    who: Mandatory
    law: str
    taken: bool


def members(case: Case) -> list[Member]:
    """Every present and former member of the team, in the order in which they joined."""
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
    """Every present member of the team."""
    return [member for member in members(case) if member.left is None]


def is_due(case: Case, day: date) -> bool:
    """Whether a team is required on that day: execution has begun, the case is received and open. krl §§ 22, 26."""
    begun = case.start is not None and case.start.on <= day
    return begun and case.has(E.RECEIVED) and not case.is_closed


def seats(case: Case, day: date) -> list[Seat]:
    """Every required member on that day; empty while no team is required."""
    if not is_due(case, day):
        return []
    regime = case.execution_regime(day)
    rows = (row for row in REQUIREMENTS if case.sanction in row.sanctions and regime in row.regimes)
    return [Seat(row.who, row.law, row.met(case, day)) for row in rows if row.concerns(case, day)]


def missing_members(case: Case, day: date) -> list[Seat]:
    """Every required member who is missing on that day."""
    return [seat for seat in seats(case, day) if not seat.taken]


def running_measures(case: Case) -> list[tuple[str, date]]:
    """The measures of the plan that have started and not ended: number within the case, and day of the start."""
    running: dict[str, date] = {}
    for event in case.all(E.MEASURE_STARTED, E.MEASURE_ENDED):
        details = event.details
        if isinstance(details, d.MeasureEnded):
            running.pop(details.measure, None)
        elif isinstance(details, d.Measure):
            running.setdefault(details.measure, event.occurred_on)
    return list(running.items())


# --- requirements -----------------------------------------------------------------------------------------------


def always(_case: Case, _day: date) -> bool:
    """True in every case. The youth belongs to the team of their own case without being recorded as a member."""
    return True


def from_agency(agency: Attendee) -> Callable[[Case, date], bool]:
    """A condition: somebody of this agency is a member of the team."""

    def here(case: Case, _day: date) -> bool:
        return any(member.agency is agency for member in present(case))

    return here


def somebody_is_assigned(case: Case, _day: date) -> bool:
    """Whether a coordinator has been assigned."""
    return case.has(E.ASSIGNED)


def is_under_age(case: Case, day: date) -> bool:
    """Whether the youth is under 18, so that guardians take part."""
    return case.under_age(day)


def has_a_guardian(case: Case, day: date) -> bool:
    """Whether a guardian is known. Guardians belong to the team without being recorded as members, like the youth."""
    return case.guardians_on(day) > 0 or from_agency(A.GUARDIAN)(case, day)


def a_measure_runs(case: Case, _day: date) -> bool:
    """Whether a measure of the plan has started and not ended. Konfliktråd has no measures of its own."""
    return bool(running_measures(case))


def somebody_from_outside(case: Case, _day: date) -> bool:
    """Whether the team has a member from outside family and konfliktråd, who may carry out that measure."""
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
"""The required members. Events do not record which agency carries out a measure: any member from outside counts.

The guards of the row of the plan meeting state who must be present there; a test compares the two.
"""

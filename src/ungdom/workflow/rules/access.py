"""Why somebody is given a person's data, who reads the log of it, and what the young person is shown of it. Pure."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from ungdom.workflow.case import Case
from ungdom.workflow.derived import team
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.permissions import OF_THE_OFFICE, SYSTEM_SUBJECT, RoleNotAllowed, Viewer
from ungdom.workflow.vocabulary import Role


class AccessPurpose(StrEnum):
    """Why data are given: it follows from the role, or from the reason of an emergency access. POL art. 5 (1) b."""

    CASE_WORK = "case_work"  # the coordinator works on the case; krl §§ 3, 22
    OFFICE_LEAD = "office_lead"  # the leader leads and follows up the office; krl § 3
    NATIONAL_TASKS = "national_tasks"  # the Secretariat: complaints, guidance and supervision; krl §§ 3, 31, 33
    TEAM_TASKS = "team_tasks"  # a member of the follow-up team; krl § 26
    AUTHORITY_TASKS = "authority_tasks"  # prosecution, court or correctional service: its own task; fvl § 13 b
    STATISTICS = "statistics"  # under pseudonyms
    AUDIT = "audit"  # whether access is as it should be
    OPERATION = "operation"  # administration and jobs of the service
    EMERGENCY_DANGER = "emergency_danger"  # emergency access, with the code of its reason
    EMERGENCY_URGENT_CONTACT = "emergency_urgent_contact"
    EMERGENCY_NO_STAFF = "emergency_no_staff"
    EMERGENCY_AUTHORITY_REQUEST = "emergency_authority_request"


PURPOSES: dict[Role, AccessPurpose] = {
    Role.COORDINATOR: AccessPurpose.CASE_WORK,
    Role.LEADER: AccessPurpose.OFFICE_LEAD,
    Role.SECRETARIAT: AccessPurpose.NATIONAL_TASKS,
    Role.TEAM_MEMBER: AccessPurpose.TEAM_TASKS,
    Role.PROSECUTION: AccessPurpose.AUTHORITY_TASKS,
    Role.ANALYST: AccessPurpose.STATISTICS,
    Role.AUDITOR: AccessPurpose.AUDIT,
    Role.ADMIN: AccessPurpose.OPERATION,
    Role.SYSTEM: AccessPurpose.OPERATION,
}
"""The purpose of each role."""


class EmergencyReason(StrEnum):
    """Why somebody takes an emergency access (nødtilgang) to a case. Office norm, not law."""

    DANGER = "danger"  # to somebody's life or health
    URGENT_CONTACT = "urgent_contact"  # the youth has turned up, or has to be reached today
    NO_STAFF = "no_staff"  # nobody of the office that has the case can be reached
    AUTHORITY_REQUEST = "authority_request"  # court, prosecution or police need an answer at once


class SearchReason(StrEnum):
    """Why somebody searches for a person. Office norm: it stands in the access log beside what was searched by."""

    OWN_CASE = "own_case"  # a case of the searcher
    CONTACT = "contact"  # somebody has called or written
    NEW_CASE = "new_case"  # whether there is a record already
    SUPERVISION = "supervision"  # to lead or supervise


EMERGENCY_PURPOSES: dict[EmergencyReason, AccessPurpose] = {
    EmergencyReason.DANGER: AccessPurpose.EMERGENCY_DANGER,
    EmergencyReason.URGENT_CONTACT: AccessPurpose.EMERGENCY_URGENT_CONTACT,
    EmergencyReason.NO_STAFF: AccessPurpose.EMERGENCY_NO_STAFF,
    EmergencyReason.AUTHORITY_REQUEST: AccessPurpose.EMERGENCY_AUTHORITY_REQUEST,
}
"""The purpose of a read by an emergency access: it says for which reason it was taken."""

EMERGENCY_REVIEW = timedelta(days=7)
"""How long after it was taken an emergency access has to be reviewed. Office norm, not law."""


class WithholdingCode(StrEnum):
    """Why the youth is not told of an access for the time being."""

    INVESTIGATION = "investigation"  # etterforskning
    CHILD_WELFARE = "child_welfare"  # barnevernets undersøkelse eller tiltak


MOST_WITHHELD_DAYS = 183
"""Days after which somebody has to decide again whether an access is held back. Office norm, not law."""


def purpose_of(viewer: Viewer) -> AccessPurpose:
    """Why this viewer is given data: by the role; systems of authorities carry out tasks of their authority."""
    if viewer.subject.startswith(SYSTEM_SUBJECT) and viewer.role is not Role.SYSTEM:
        return AccessPurpose.AUTHORITY_TASKS
    return PURPOSES[viewer.role]


def may_read_access_log(role: Role) -> bool:
    """Whether the role reads the whole log of access: the auditor."""
    return role is Role.AUDITOR


def may_read_case_access(role: Role) -> bool:
    """Whether the role reads who has been given data of a case: the auditor, and the leader of its office."""
    return role in {Role.AUDITOR, Role.LEADER}


def may_withhold_access(role: Role) -> bool:
    """Whether the role decides what the youth is not told of for the time being: the leader of the office."""
    return role is Role.LEADER


def may_take_emergency_access(role: Role) -> bool:
    """Whether the role takes an emergency access to a case: office roles. The Secretariat sees every case anyway."""
    return role in OF_THE_OFFICE


def may_review_emergency_access(role: Role) -> bool:
    """Whether the role reads and reviews emergency accesses: the auditor, and the leader of the case's office."""
    return role in {Role.AUDITOR, Role.LEADER}


def may_archive_cases(role: Role) -> bool:
    """Whether the role makes the archive of a closed case: the leader of its office. Administrators read no case."""
    return role is Role.LEADER


def may_show_access(role: Role) -> bool:
    """Whether the role reads the young person's list, to hand it over: office roles and the Secretariat.

    The youth reads it as a member of the team (`is_the_youth`). Guardians do not: their responsibility, and that
    nothing of the youth's stands against theirs, is not confirmed anywhere in this service.
    """
    return role in OF_THE_OFFICE | {Role.SECRETARIAT}


class NotTheYouth(RoleNotAllowed):
    """The list is for the young person, and for the roles that hand it over."""


def is_the_youth(agencies: Iterable[Attendee]) -> bool:
    """Whether a member of the team with these agencies is the young person."""
    return set(agencies) == {Attendee.YOUTH}


def family_members(case: Case) -> frozenset[str]:
    """The sign-ins of youth and guardians on the team of a case: their own reading is not in the youth's list."""
    family = {Attendee.YOUTH, Attendee.GUARDIAN}
    return frozenset(member.member for member in team.members(case) if member.agency in family)

"""The coordination group (koordineringsgruppen): which agencies are notified of an alert before execution. Pure.

krl § 22 d names the fixed members: konfliktråd, police, prosecution and correctional service. They need no consent to
be notified of a delay, because a notice holds a case reference, a stage, days and who is waited for, never a person.
School, health and child welfare are notified only with the consent of this youth to share with them (krl § 22 c). Who
is notified of delay is an office norm; no act requires it. Once a follow-up team is due (krl § 26), the team replaces
the group.
"""

from datetime import date

from ungdom.workflow.case import Case
from ungdom.workflow.derived import team
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules import waits
from ungdom.workflow.rules.deadlines import HEADLINE, Deadline
from ungdom.workflow.rules.sharing import PROVIDERS, Matter, may_learn
from ungdom.workflow.vocabulary import EventType, Party

A = Attendee

FIXED_MEMBERS = (A.POLICE, A.PROSECUTION, A.CORRECTIONAL_SERVICE)
"""The fixed members outside the konfliktråd, whose own member is the coordinator, or the leader. krl § 22 d."""

WITH_CONSENT = (A.SCHOOL, A.HEALTH, A.CHILD_WELFARE)
"""The agencies that are notified only with the consent of the youth. krl §§ 22 c, 22 d."""

AGENCIES = (*FIXED_MEMBERS, *WITH_CONSENT)
"""Every agency that can have standing contacts."""

AUTHORITIES = frozenset({Party.POLICE, Party.PROSECUTION, Party.CORRECTIONAL_SERVICE, Party.COURT})
"""The authorities that a case can wait for. The court has no place in the coordination group."""


def applies(case: Case, day: date) -> bool:
    """Whether the coordination group is notified on that day: the case is open, and no team is due yet."""
    return not case.is_closed and not team.is_due(case, day)


def is_reported(case: Case) -> bool:
    """Whether the prosecution has reported the case to the coordination group. krl § 22 d."""
    return case.has(EventType.COORDINATION_REQUESTED)


def parties_waited_for(case: Case, deadline: Deadline) -> tuple[Party, ...]:
    """The parties responsible for the clock, and the one that a recorded wait names, each once."""
    recorded = waits.recorded_party(case)
    return tuple(dict.fromkeys((*deadline.who, *((recorded,) if recorded else ()))))


def agencies_waited_for(case: Case, deadline: Deadline) -> tuple[Attendee, ...]:
    """The fixed members among the parties waited for."""
    parties = {party.value for party in parties_waited_for(case, deadline)}
    return tuple(agency for agency in FIXED_MEMBERS if agency.value in parties)


def consents_to_share(case: Case, agency: Attendee, day: date) -> bool:
    """Whether the youth, and every guardian of one under 18, consents to sharing with this agency. krl § 22 c."""
    return may_learn(case, agency, Matter.NAME_AND_BIRTH_YEAR, day).allowed


def members_notified(case: Case, day: date) -> frozenset[str]:
    """The members of the team who are notified of an alert on that day: all of them once a team is due.

    Before, somebody of school, health, child welfare or another provider only with consent, as for standing contacts.
    """
    due = team.is_due(case, day)
    return frozenset(
        member.member
        for member in team.present(case)
        if due or member.agency not in PROVIDERS or consents_to_share(case, member.agency, day)
    )


def agencies_notified(case: Case, deadline: Deadline, day: date) -> tuple[Attendee, ...]:
    """The agencies whose standing contacts are notified of an alert on this clock; none once a team is due.

    The fixed members that are waited for. For the headline clock of a case that has been reported to the group: all
    fixed members, and of the other agencies those with which the youth consents to share. Office norm.
    """
    if not applies(case, day):
        return ()
    if deadline.code != HEADLINE or not is_reported(case):
        return agencies_waited_for(case, deadline)
    return (*FIXED_MEMBERS, *(agency for agency in WITH_CONSENT if consents_to_share(case, agency, day)))

"""Who may see a case, and in whose name a role may act. Its twin in SQL is `store.reading.visible_to`."""

from dataclasses import dataclass

from ungdom.workflow.vocabulary import Actor, Role, State

AUTHORITIES = (Actor.POLICE, Actor.PROSECUTION, Actor.COURT, Actor.CORRECTIONAL_SERVICE, Actor.PARTY)
"""What these do may be recorded by the coordinator on their behalf; in whose name is kept."""

ACTS_FOR: dict[Role, frozenset[Actor]] = {
    Role.COORDINATOR: frozenset({*AUTHORITIES, Actor.COORDINATOR}),
    Role.LEADER: frozenset({*AUTHORITIES, Actor.COORDINATOR, Actor.LEADER}),
    Role.SECRETARIAT: frozenset({Actor.SECRETARIAT}),
    Role.TEAM_MEMBER: frozenset(),
    Role.PROSECUTION: frozenset({Actor.POLICE, Actor.PROSECUTION}),
    Role.ANALYST: frozenset(),
    Role.AUDITOR: frozenset(),
    Role.ADMIN: frozenset(),
    Role.SYSTEM: frozenset({*AUTHORITIES, Actor.COORDINATOR, Actor.LEADER, Actor.SECRETARIAT, Actor.SYSTEM}),
}
"""In whose name each role may record what happened."""

PROSECUTION_SEES: frozenset[State] = frozenset(
    {
        State.REGISTERED,
        State.INVESTIGATION,
        State.ASSESSMENT,
        State.AWAITING_DECISION,
        State.IN_COURT,
        State.JUDGED,
        State.APPEALED,
        State.FINAL,
        State.DISPATCHED,
        State.INTERRUPTED,
        State.REFERRED,
        State.BREACH_IN_COURT,
        State.RESUMPTION_REVIEW,
        State.TERM_EXPIRED,
        State.OTHER_DECISION,
    }
)
"""The prosecution sees a case while it decides something in it, not how the youth gets on in between."""

NATIONAL = frozenset({Role.SECRETARIAT, Role.SYSTEM})
OF_THE_OFFICE = frozenset({Role.COORDINATOR, Role.LEADER})


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: role, id, and the konfliktråd the token speaks for (None for national roles)."""

    role: Role
    subject: str
    konfliktrad: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What decides who may see a case: the konfliktråd that has it, its state, and its team."""

    konfliktrad: str
    state: State
    team: frozenset[str]


KNOW_THE_PERSON = NATIONAL | OF_THE_OFFICE | {Role.PROSECUTION}
"""Who is told who the youth is, and what an event says beyond its type and dates. The team is told by need to know,
with consent (krl § 22 c); until that is recorded for each recipient, neither."""


def acts_for(role: Role) -> frozenset[Actor]:
    """In whose name this role may act."""
    return ACTS_FOR[role]


def may_see(viewer: Viewer, case: Seen) -> bool:
    """May this viewer know that the case exists? krl § 9; the office, its leader, the secretariat, the team."""
    if viewer.role in NATIONAL:
        return True
    if viewer.role in OF_THE_OFFICE:
        return viewer.konfliktrad == case.konfliktrad
    if viewer.role is Role.PROSECUTION:
        return viewer.konfliktrad == case.konfliktrad and case.state in PROSECUTION_SEES
    return viewer.role is Role.TEAM_MEMBER and viewer.subject in case.team


def may_know_the_person(role: Role) -> bool:
    """Whether the role is told who the youth is, and the details of events. krl §§ 9, 22 c."""
    return role in KNOW_THE_PERSON


def may_read_cases(role: Role) -> bool:
    """Does the role read cases at all? Analysts, auditors and administrators do not."""
    return role in NATIONAL | OF_THE_OFFICE | {Role.PROSECUTION, Role.TEAM_MEMBER}


def may_settle_messages(role: Role) -> bool:
    """Whether the role looks after messages of other authorities that wait: the office's, or the secretariat."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT}

"""Who may see a case and what they learn of it, and in whose name a role may act.

`ACCESS_RULES` is the table. `store.case_queries.visible_to` builds the same condition in SQL from the same rows; a test
compares the two. `docs/permissions.md` is generated from the table.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from ungdom.workflow.errors import WorkflowError
from ungdom.workflow.vocabulary import Actor, Protection, Role, State

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAccessFacts:
    """What decides who may see a case, as it stands now, and how closely the address of its youth is kept.

    `coordinator`: whom the office that has it gave it to last; None: nobody yet. `opened_by`: who registered it.
    `transfer_to`: the konfliktråd that a transfer was decided to, until it has answered. `cleared`: the coordinator may
    have the cases of people whose address is protected.
    """

    konfliktrad: str
    state: State
    team: frozenset[str]
    coordinator: str | None
    opened_by: str
    protection: Protection
    transfer_to: str | None = None
    cleared: bool = False


class Relation(Enum):
    """What ties a viewer to a case."""

    OFFICE = "their konfliktråd has the case"
    ASSIGNED = "it is assigned to them"
    CLEARED = "whoever it is assigned to is cleared for protected addresses"
    OPENED = "they opened it as protected, and it is assigned to nobody yet"
    TEAM = "they are on its team"
    DECIDING = "prosecution or court decide something in it"
    RECEIVING = "a transfer of it to their konfliktråd is decided and not answered"


class Disclosure(Enum):
    """What a viewer may learn of a case beside where it stands, its dates and its deadlines."""

    PERSON = "who the youth is, and what events say beyond type and dates"
    OFFICE = "which konfliktråd has it, who coordinates, who is on the team"
    LISTED = "konfliktråd and coordinator in lists as well"
    REACH = "how youth and guardians are reached: address, contact, municipality"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAccessRule:
    """One row: what a role may learn of a case, by the protection of the youth's address and its relation to the case.

    `protection`: the levels for which the row holds. `relations`: all of them must hold; none: every case.
    """

    role: Role
    protection: tuple[Protection, ...]
    relations: tuple[Relation, ...]
    discloses: tuple[Disclosure, ...]


class RoleNotAllowed(WorkflowError):
    """The role does not do this; `roles` do."""

    def __init__(self, roles: Iterable[Role]) -> None:
        super().__init__()
        self.roles = tuple(roles)


class OtherOffice(WorkflowError):
    """What is asked for belongs to another konfliktråd than `own`, the one that the viewer works for.

    `municipality`: the one that was given, where no konfliktråd was named; `serving`: the konfliktråd it belongs to.
    """

    def __init__(self, own: str | None, municipality: str | None = None, serving: str = "") -> None:
        super().__init__(own)
        self.own = own
        self.municipality = municipality
        self.serving = serving


ANY = tuple(Protection)
OPEN = (Protection.NONE,)
CONFIDENTIAL = (Protection.CONFIDENTIAL,)
STRICT = (Protection.STRICTLY_CONFIDENTIAL,)
GRADED = CONFIDENTIAL + STRICT

_PERSON_AND_OFFICE = (Disclosure.PERSON, Disclosure.OFFICE)
_PERSON_OFFICE_LISTED = (*_PERSON_AND_OFFICE, Disclosure.LISTED)
_ALL = tuple(Disclosure)

# Read by lawyers: one row per way of seeing a case, every argument named.
# fmt: off
ACCESS_RULES: tuple[CaseAccessRule, ...] = (
    CaseAccessRule(role=Role.COORDINATOR, protection=OPEN,
         relations=(Relation.OFFICE,), discloses=_ALL),
    CaseAccessRule(role=Role.COORDINATOR, protection=CONFIDENTIAL,
         relations=(Relation.OFFICE,), discloses=_PERSON_AND_OFFICE),
    CaseAccessRule(role=Role.COORDINATOR, protection=GRADED,
         relations=(Relation.OFFICE, Relation.ASSIGNED, Relation.CLEARED), discloses=_ALL),
    CaseAccessRule(role=Role.COORDINATOR, protection=GRADED,
         relations=(Relation.OFFICE, Relation.OPENED), discloses=_PERSON_OFFICE_LISTED),
    CaseAccessRule(role=Role.LEADER, protection=ANY,
         relations=(Relation.OFFICE,), discloses=_ALL),
    CaseAccessRule(role=Role.LEADER, protection=OPEN,
         relations=(Relation.RECEIVING,), discloses=_PERSON_OFFICE_LISTED),
    CaseAccessRule(role=Role.LEADER, protection=CONFIDENTIAL,
         relations=(Relation.RECEIVING,), discloses=_PERSON_AND_OFFICE),
    CaseAccessRule(role=Role.LEADER, protection=STRICT,
         relations=(Relation.RECEIVING,), discloses=()),
    CaseAccessRule(role=Role.SECRETARIAT, protection=OPEN,
         relations=(), discloses=_PERSON_OFFICE_LISTED),
    CaseAccessRule(role=Role.SECRETARIAT, protection=GRADED,
         relations=(), discloses=_PERSON_AND_OFFICE),
    CaseAccessRule(role=Role.TEAM_MEMBER, protection=OPEN,
         relations=(Relation.TEAM,), discloses=(Disclosure.OFFICE, Disclosure.LISTED)),
    CaseAccessRule(role=Role.TEAM_MEMBER, protection=GRADED,
         relations=(Relation.TEAM,), discloses=()),
    CaseAccessRule(role=Role.PROSECUTION, protection=OPEN,
         relations=(Relation.OFFICE, Relation.DECIDING), discloses=_PERSON_OFFICE_LISTED),
    CaseAccessRule(role=Role.PROSECUTION, protection=CONFIDENTIAL,
         relations=(Relation.OFFICE, Relation.DECIDING), discloses=_PERSON_AND_OFFICE),
    CaseAccessRule(role=Role.PROSECUTION, protection=STRICT,
         relations=(Relation.OFFICE, Relation.DECIDING, Relation.OPENED), discloses=_PERSON_AND_OFFICE),
    CaseAccessRule(role=Role.SYSTEM, protection=ANY,
         relations=(), discloses=_ALL),
)
# fmt: on
"""Who sees a case: whoever one row fits, and they learn what their rows say together. frl § 10-4, krl §§ 9, 22 c.

A role without a row sees none. The team is told who the youth is by need to know, with consent (krl § 22 c); until
that is recorded for each recipient, it is not.
"""

RELATION_HOLDS: dict[Relation, Callable[[Viewer, CaseAccessFacts], bool]] = {
    Relation.OFFICE: lambda viewer, case: viewer.konfliktrad == case.konfliktrad,
    Relation.ASSIGNED: lambda viewer, case: viewer.subject == case.coordinator,
    Relation.CLEARED: lambda _viewer, case: case.coordinator is not None and case.cleared,
    Relation.OPENED: lambda viewer, case: case.coordinator is None and viewer.subject == case.opened_by,
    Relation.TEAM: lambda viewer, case: viewer.subject in case.team,
    Relation.DECIDING: lambda _viewer, case: case.state in PROSECUTION_SEES,
    Relation.RECEIVING: lambda viewer, case: case.transfer_to is not None and viewer.konfliktrad == case.transfer_to,
}
"""What each tie means."""


def acts_for(role: Role) -> frozenset[Actor]:
    """In whose name this role may act."""
    return ACTS_FOR[role]


def access_rules_for(role: Role, disclosure: Disclosure | None = None) -> tuple[CaseAccessRule, ...]:
    """The rows of this role; with a fact, those that let it be learnt."""
    return tuple(
        row for row in ACCESS_RULES if row.role is role and (disclosure is None or disclosure in row.discloses)
    )


def may_see(viewer: Viewer, case: CaseAccessFacts) -> bool:
    """Whether this viewer may know that the case exists."""
    return any(_fits(row, viewer, case) for row in access_rules_for(viewer.role))


def disclosures_for(viewer: Viewer, case: CaseAccessFacts) -> frozenset[Disclosure]:
    """What this viewer may learn of the case: nothing where they may not see it."""
    return frozenset(
        disclosure for row in access_rules_for(viewer.role) if _fits(row, viewer, case) for disclosure in row.discloses
    )


def may_work_on(viewer: Viewer, konfliktrad: str) -> bool:
    """Whether the viewer does more than look in a case of that konfliktråd: those of an office only in its own.

    A leader who is to receive a case sees it and answers the transfer, and does nothing else in it.
    """
    return viewer.role not in OF_THE_OFFICE or viewer.konfliktrad == konfliktrad


def roles_that(may: Callable[[Role], bool]) -> tuple[Role, ...]:
    """The roles of which this holds, without the service's own: no token speaks for that one."""
    return tuple(role for role in Role if role is not Role.SYSTEM and may(role))


def may_read_cases(role: Role) -> bool:
    """Does the role read cases at all? Analysts, auditors and administrators do not."""
    return bool(access_rules_for(role))


def may_list_views(role: Role) -> bool:
    """Whether the role reads plans, meetings, consents, breaches and complaints across cases: office, secretariat."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT}


def may_read_rights(role: Role) -> bool:
    """Whether the role reads consents, breaches and complaints of a case: those who learn of the youth.

    A member of the team is told in the team view what may be shared with them, and no more. krl §§ 9, 22 c.
    """
    return bool(access_rules_for(role, Disclosure.PERSON))


def may_subscribe_to_events(role: Role) -> bool:
    """Whether a webhook of the role tells which events happen; to the team they would give away too much. krl § 9."""
    return bool(access_rules_for(role, Disclosure.PERSON))


def may_answer_alerts(role: Role) -> bool:
    """Whether the role says of a delay that it sees to it, or why it is late: whoever is told, and may see the case."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT, Role.TEAM_MEMBER, Role.PROSECUTION}


def may_snooze_alerts(role: Role) -> bool:
    """Whether the role puts alerts off: those whose office has the case."""
    return role in OF_THE_OFFICE


def may_read_worklist(role: Role) -> bool:
    """Whether the role has a worklist: the office's, the secretariat, and prosecution for what is theirs to do."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT, Role.PROSECUTION}


def may_settle_messages(role: Role) -> bool:
    """Whether the role looks after messages of other authorities that wait: the office's, or the secretariat."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT}


def may_settle_identity(role: Role) -> bool:
    """Whether the role answers whether two records are of one person: the office's, or the secretariat."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT}


def may_read_catalogue(role: Role) -> bool:
    """Whether the role reads who offers which measures: whoever makes plans, and the secretariat."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT}


def may_edit_catalogue(role: Role) -> bool:
    """Whether the role writes in it: each office what its own municipalities have."""
    return role in OF_THE_OFFICE


def may_simulate(role: Role) -> bool:
    """Whether the role may try changed clocks on the live cases: the office's on its own, others on all of them."""
    return role in OF_THE_OFFICE | NATIONAL | {Role.ADMIN}


def may_read_figures(role: Role) -> bool:
    """Whether the role reads figures over many cases: the office's of their own and the country, others of all.

    Analysts read released ones only (`may_read_published`).
    """
    return role in OF_THE_OFFICE | NATIONAL | {Role.ADMIN}


def may_read_recidivism(role: Role) -> bool:
    """Whether the role reads exact figures of recidivism: they tell of what came after the case, to no office."""
    return role in NATIONAL | {Role.ADMIN}


def may_record_observations(role: Role) -> bool:
    """Whether the role records the death of a youth, or that they moved abroad or back: office and secretariat."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT}


def may_read_published(role: Role) -> bool:
    """Whether the role reads released tables, in which small counts are hidden: analysts too."""
    return may_read_figures(role) or role is Role.ANALYST


def may_download_extracts(role: Role) -> bool:
    """Whether the role takes out rows of extracts: analysts, under pseudonyms, for a purpose somebody has ordered."""
    return role is Role.ANALYST


def may_list_extracts(role: Role) -> bool:
    """Whether the role learns which extracts there are and what is in them, without a row of any."""
    return role in {Role.ANALYST, Role.SECRETARIAT, Role.ADMIN}


def may_read_downloads(role: Role) -> bool:
    """Whether the role reads who took out what: whoever watches over it."""
    return role in {Role.AUDITOR, Role.ADMIN}


def viewer_for_counts(viewer: Viewer) -> Viewer:
    """With whose eyes counts over many cases are made: administrators, who read no case, get the secretariat's."""
    return Viewer(Role.SECRETARIAT, viewer.subject, None) if viewer.role is Role.ADMIN else viewer


def _fits(row: CaseAccessRule, viewer: Viewer, case: CaseAccessFacts) -> bool:
    return case.protection in row.protection and all(
        RELATION_HOLDS[relation](viewer, case) for relation in row.relations
    )

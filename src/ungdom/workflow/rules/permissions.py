"""Who may see a case and what they may learn of it, and in whose name a role may act.

`ACCESS_RULES` is the table. `store.case_queries.visible_to` builds the same condition in SQL from the same rows; a test
compares the two. `docs/permissions.md` is generated from the table.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from ungdom.workflow.errors import WorkflowError
from ungdom.workflow.vocabulary import Actor, Protection, Role, State

AUTHORITIES = (Actor.POLICE, Actor.PROSECUTION, Actor.COURT, Actor.CORRECTIONAL_SERVICE, Actor.PARTY)
"""Authorities whose acts the coordinator may record on their behalf. The event keeps the authority as its actor."""

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
"""The actors in whose name each role may record events."""

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
"""The states in which the prosecution sees a case: it has something to decide. Not while the youth serves the term."""

NATIONAL = frozenset({Role.SECRETARIAT, Role.SYSTEM})
OF_THE_OFFICE = frozenset({Role.COORDINATOR, Role.LEADER})
STAFF_ROLES = OF_THE_OFFICE | {Role.SECRETARIAT}
"""The roles that a member of staff may have. Who has one of them must be in service to be given case data."""
SYSTEM_SUBJECT = "system:"
"""What the subject of a system begins with, and that of a person never does."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person or system that requests data: role, id, and the konfliktråd of the token (None for national roles)."""

    role: Role
    subject: str
    konfliktrad: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAccessFacts:
    """The current facts of a case that determine who may see it, and the protection of the youth's address.

    `coordinator`: the one last assigned by the office that has the case; None: nobody yet. `opened_by`: who
    registered it. `transfer_to`: the konfliktråd of a transfer that has been decided and not answered. `cleared`:
    the coordinator may have cases of people whose address is protected. `substitute`: who stands in for the
    coordinator today; None: nobody, or the coordinator is not away. `substitute_cleared`: as `cleared`, of them.
    """

    konfliktrad: str
    state: State
    team: frozenset[str]
    coordinator: str | None
    opened_by: str
    protection: Protection
    transfer_to: str | None = None
    cleared: bool = False
    substitute: str | None = None
    substitute_cleared: bool = False


class Relation(Enum):
    """The relation of a viewer to a case."""

    OFFICE = "their konfliktråd has the case"
    ASSIGNED = "it is assigned to them"
    CLEARED = "whoever it is assigned to is cleared for protected addresses"
    SUBSTITUTE = "they substitute today for whoever it is assigned to"
    SUBSTITUTE_CLEARED = "the substitute is cleared for protected addresses"
    OPENED = "they opened it as protected, and it is assigned to nobody yet"
    TEAM = "they are on its team"
    DECIDING = "prosecution or court decide something in it"
    RECEIVING = "a transfer of it to their konfliktråd is decided and not answered"


class Disclosure(Enum):
    """What a viewer may learn of a case besides its state, dates and deadlines."""

    PERSON = "who the youth is, and what events say beyond type and dates"
    OFFICE = "which konfliktråd has it, who coordinates, who is on the team"
    LISTED = "konfliktråd and coordinator in lists as well"
    REACH = "how youth and guardians are reached: address, contact, municipality"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAccessRule:
    """One row: what a role may learn of a case, by the protection of the youth's address and its relation to the case.

    `protection`: the levels to which the row applies. `relations`: all of them must hold; empty: every case.
    """

    role: Role
    protection: tuple[Protection, ...]
    relations: tuple[Relation, ...]
    discloses: tuple[Disclosure, ...]


class RoleNotAllowed(WorkflowError):
    """The role may not do this. `roles`: the roles that may."""

    def __init__(self, roles: Iterable[Role]) -> None:
        super().__init__()
        self.roles = tuple(roles)


class OtherOffice(WorkflowError):
    """The requested data belong to another konfliktråd than `own`, the one of the viewer.

    `municipality`: the one given, if no konfliktråd was named; `serving`: the konfliktråd to which it belongs.
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
         relations=(Relation.OFFICE, Relation.SUBSTITUTE, Relation.SUBSTITUTE_CLEARED), discloses=_ALL),
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
"""Who sees a case: a viewer whom at least one row matches learns what the matching rows disclose together.

frl § 10-4, krl §§ 9, 22 c. A role without a row sees no case. Members of the team learn the identity of the youth by
need to know, with consent (krl § 22 c); without recorded consent for each recipient they do not.
"""

RELATION_HOLDS: dict[Relation, Callable[[Viewer, CaseAccessFacts], bool]] = {
    Relation.OFFICE: lambda viewer, case: viewer.konfliktrad == case.konfliktrad,
    Relation.ASSIGNED: lambda viewer, case: viewer.subject == case.coordinator,
    Relation.CLEARED: lambda _viewer, case: case.coordinator is not None and case.cleared,
    Relation.SUBSTITUTE: lambda viewer, case: case.substitute is not None and viewer.subject == case.substitute,
    Relation.SUBSTITUTE_CLEARED: lambda _viewer, case: case.substitute is not None and case.substitute_cleared,
    Relation.OPENED: lambda viewer, case: case.coordinator is None and viewer.subject == case.opened_by,
    Relation.TEAM: lambda viewer, case: viewer.subject in case.team,
    Relation.DECIDING: lambda _viewer, case: case.state in PROSECUTION_SEES,
    Relation.RECEIVING: lambda viewer, case: case.transfer_to is not None and viewer.konfliktrad == case.transfer_to,
}
"""The condition of each relation."""


def acts_for(role: Role) -> frozenset[Actor]:
    """The actors in whose name this role may act."""
    return ACTS_FOR[role]


def access_rules_for(role: Role, disclosure: Disclosure | None = None) -> tuple[CaseAccessRule, ...]:
    """The rows of this role. `disclosure`: only the rows that disclose it."""
    return tuple(
        row for row in ACCESS_RULES if row.role is role and (disclosure is None or disclosure in row.discloses)
    )


def may_see(viewer: Viewer, case: CaseAccessFacts) -> bool:
    """Whether this viewer may know that the case exists."""
    return any(_fits(row, viewer, case) for row in access_rules_for(viewer.role))


def disclosures_for(viewer: Viewer, case: CaseAccessFacts) -> frozenset[Disclosure]:
    """What this viewer may learn of the case; empty if they may not see it."""
    return frozenset(
        disclosure for row in access_rules_for(viewer.role) if _fits(row, viewer, case) for disclosure in row.discloses
    )


def may_work_on(viewer: Viewer, konfliktrad: str) -> bool:
    """Whether the viewer may do more than read in a case of that konfliktråd: office roles in their own only.

    The leader of a receiving office sees the case and answers the transfer, but may do nothing else in it.
    """
    return viewer.role not in OF_THE_OFFICE or viewer.konfliktrad == konfliktrad


def roles_that(may: Callable[[Role], bool]) -> tuple[Role, ...]:
    """The roles for which the predicate holds, except the service's own role, which no token has."""
    return tuple(role for role in Role if role is not Role.SYSTEM and may(role))


def is_staff(viewer: Viewer) -> bool:
    """Whether the viewer has to be in service to be given case data: a person with a role of the staff."""
    return viewer.role in STAFF_ROLES and not viewer.subject.startswith(SYSTEM_SUBJECT)


def may_read_staff(role: Role) -> bool:
    """Whether the role reads the list of staff: office roles of their own office, secretariat and administrator all."""
    return role in STAFF_ROLES | NATIONAL | {Role.ADMIN}


def may_edit_staff(role: Role) -> bool:
    """Whether the role edits the list of staff: leaders of their own office, secretariat and administrator all."""
    return role in {Role.LEADER, Role.ADMIN} | NATIONAL


def may_read_staff_changes(role: Role) -> bool:
    """Whether the role reads who changed the list of staff: who may edit it, and the auditor."""
    return may_edit_staff(role) or role is Role.AUDITOR


def may_reassign_cases(role: Role) -> bool:
    """Whether the role reassigns many cases at once: the roles that assign one, in their own office. krl § 3."""
    return role in OF_THE_OFFICE


def may_read_cases(role: Role) -> bool:
    """Whether the role reads cases at all. Analysts, auditors and administrators do not."""
    return bool(access_rules_for(role))


def may_list_views(role: Role) -> bool:
    """Whether the role reads plans, meetings, consents, breaches and complaints across cases: office, secretariat."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT}


def may_read_rights(role: Role) -> bool:
    """Whether the role reads consents, breaches and complaints of a case: the roles that learn the youth's identity.

    Members of the team see in the team view what may be shared with them, and nothing else. krl §§ 9, 22 c.
    """
    return bool(access_rules_for(role, Disclosure.PERSON))


def may_subscribe_to_events(role: Role) -> bool:
    """Whether a webhook of the role reports event types. Not for the team: it would reveal too much. krl § 9."""
    return bool(access_rules_for(role, Disclosure.PERSON))


def may_read_worklist(role: Role) -> bool:
    """Whether the role has a worklist: office roles, the secretariat, and the prosecution for its own tasks."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT, Role.PROSECUTION}


def may_settle_messages(role: Role) -> bool:
    """Whether the role handles parked messages of other authorities: office roles and the secretariat."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT}


def may_settle_identity(role: Role) -> bool:
    """Whether the role decides if two records are of one person: office roles and the secretariat."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT}


def may_read_persons(role: Role) -> bool:
    """Whether the role reads, searches for and corrects persons: office roles, for their cases, and the secretariat."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT}


def may_lower_protection(role: Role) -> bool:
    """Whether the role lowers the protection level of an address, or reviews it: leader and secretariat. frl § 10-4."""
    return role in {Role.LEADER, Role.SECRETARIAT}


def may_join_persons(role: Role) -> bool:
    """Whether the role proposes and decides that persons are merged or split: leader and secretariat, together."""
    return role in {Role.LEADER, Role.SECRETARIAT}


def may_read_person_access(role: Role) -> bool:
    """Whether the role reads who has read a person record: leader, secretariat, and the auditor."""
    return role in {Role.LEADER, Role.SECRETARIAT, Role.AUDITOR}


def may_read_catalogue(role: Role) -> bool:
    """Whether the role reads the catalogue of providers and measures: roles that make plans, and the secretariat."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT}


def may_edit_catalogue(role: Role) -> bool:
    """Whether the role edits the catalogue of measures: each office for its own municipalities."""
    return role in OF_THE_OFFICE


def may_simulate(role: Role) -> bool:
    """Whether the role may simulate changed clocks on live cases: office roles on their own cases, others on all."""
    return role in OF_THE_OFFICE | NATIONAL | {Role.ADMIN}


def may_read_figures(role: Role) -> bool:
    """Whether the role reads figures of many cases: office roles their own and national ones, other roles all.

    Analysts read released figures only (`may_read_published`).
    """
    return role in OF_THE_OFFICE | NATIONAL | {Role.ADMIN}


def may_read_recidivism(role: Role) -> bool:
    """Whether the role reads exact recidivism figures. Offices do not: the figures concern the time after the case."""
    return role in NATIONAL | {Role.ADMIN}


def may_record_observations(role: Role) -> bool:
    """Whether the role records the death of a youth, or a move abroad or back: office roles and the secretariat."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT}


def may_read_published(role: Role) -> bool:
    """Whether the role reads released tables, in which small counts are suppressed: analysts too."""
    return may_read_figures(role) or role is Role.ANALYST


def may_download_extracts(role: Role) -> bool:
    """Whether the role downloads rows of extracts: analysts, pseudonymised, for a purpose that somebody has ordered."""
    return role is Role.ANALYST


def may_list_extracts(role: Role) -> bool:
    """Whether the role may list the extracts and their columns, without any rows."""
    return role in {Role.ANALYST, Role.SECRETARIAT, Role.ADMIN}


def may_read_downloads(role: Role) -> bool:
    """Whether the role reads the log of downloads and the state of the hash chains: the supervising roles."""
    return role in {Role.AUDITOR, Role.ADMIN}


def viewer_for_counts(viewer: Viewer) -> Viewer:
    """The viewer whose access applies to counts of cases: for administrators, who read no case, the secretariat's."""
    return Viewer(Role.SECRETARIAT, viewer.subject, None) if viewer.role is Role.ADMIN else viewer


def _fits(row: CaseAccessRule, viewer: Viewer, case: CaseAccessFacts) -> bool:
    return case.protection in row.protection and all(
        RELATION_HOLDS[relation](viewer, case) for relation in row.relations
    )

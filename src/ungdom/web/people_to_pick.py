"""Whom a newcomer may sign in as, in development: the staff, members of follow-up teams, and one of each other role."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from ungdom import texts
from ungdom.api.http.auth.principal import NEEDS_OFFICE, SCOPES
from ungdom.store import case_queries, reference
from ungdom.store import staff as staff_store
from ungdom.store.session import Connection
from ungdom.texts import Language
from ungdom.workflow.rules.permissions import STAFF_ROLES, Viewer
from ungdom.workflow.vocabulary import Role

EXAMPLE_OFFICE = "oslo"
"""The konfliktråd whose people a newcomer is offered first."""
TEAM_MEMBERS = 12
"""Members of teams that are offered: those with the most cases."""


@dataclass(frozen=True, slots=True)
class PersonToPick:
    """Somebody whom one may sign in as. `name`: as the list of staff has it; the subject of others."""

    viewer: Viewer
    name: str


def people_to_pick(tx: Connection, on: date) -> list[PersonToPick]:
    """Everybody who may be picked: the staff in service on that day by subject, then the others by role."""
    staff = [PersonToPick(member.viewer, member.display_name) for member in staff_store.all_staff(tx, on)]
    members = (Viewer(Role.TEAM_MEMBER, member, None) for member in case_queries.busiest_members(tx, TEAM_MEMBERS))
    others = (
        Viewer(role, f"{role}-1", EXAMPLE_OFFICE if role in NEEDS_OFFICE else None)
        for role in SCOPES
        if role not in STAFF_ROLES | {Role.TEAM_MEMBER}
    )
    return staff + [PersonToPick(viewer, viewer.subject) for viewer in (*members, *others)] if staff else []


def examples(people: Iterable[PersonToPick]) -> list[PersonToPick]:
    """One person of each role, of the example konfliktråd where there is one."""
    by_role: dict[Role, PersonToPick] = {}
    for person in sorted(people, key=lambda x: (x.viewer.konfliktrad != EXAMPLE_OFFICE, x.viewer.subject)):
        by_role.setdefault(person.viewer.role, person)
    return [by_role[role] for role in SCOPES if role in by_role]


def by_office(people: Sequence[PersonToPick], language: Language) -> dict[str, list[PersonToPick]]:
    """The staff by the name of their konfliktråd, the others by the name of their role."""
    groups: dict[str, list[PersonToPick]] = {}
    for person in people:
        viewer = person.viewer
        office = reference.office_name(viewer.konfliktrad, language) if viewer.konfliktrad else ""
        name = office or texts.label(language, viewer.role)
        groups.setdefault(name, []).append(person)
    return dict(sorted(groups.items()))

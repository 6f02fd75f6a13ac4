"""Who answers, snoozes and acknowledges alerts, and who keeps the standing contacts of a coordination group. Pure."""

from ungdom.workflow.rules.permissions import OF_THE_OFFICE, Viewer
from ungdom.workflow.vocabulary import Role

STANDING_CONTACTS = frozenset({Role.TEAM_MEMBER, Role.PROSECUTION})
"""The roles with which people of other agencies sign in."""

CONTACT_SUBJECT = "contact:"
"""Prefix of the key of a standing contact that does not sign in; no token is accepted with such a subject."""


def may_answer_alerts(role: Role) -> bool:
    """Whether the role may answer an alert: the office for itself, others for their own part (`answers_for_office`)."""
    return role in OF_THE_OFFICE | STANDING_CONTACTS


def may_snooze_alerts(role: Role) -> bool:
    """Whether the role may acknowledge or snooze alerts: roles of the office that has the case."""
    return role in OF_THE_OFFICE


def answers_for_office(viewer: Viewer, konfliktrad: str) -> bool:
    """Whether the viewer answers, snoozes and acknowledges alerts for the office: its coordinators and leader."""
    return viewer.role in OF_THE_OFFICE and viewer.konfliktrad == konfliktrad


def may_be_standing_contact(role: Role) -> bool:
    """Whether somebody with this role can be a standing contact of an agency in a coordination group."""
    return role in STANDING_CONTACTS


def may_read_coordination_groups(role: Role) -> bool:
    """Whether the role reads coordination groups: office roles that of their own konfliktråd, the secretariat all."""
    return role in OF_THE_OFFICE | {Role.SECRETARIAT}


def may_edit_coordination_groups(role: Role) -> bool:
    """Whether the role edits coordination groups: a leader that of their own konfliktråd, the secretariat all."""
    return role in {Role.LEADER, Role.SECRETARIAT}

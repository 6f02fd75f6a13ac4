"""Invented coordination groups: the standing contacts of every konfliktråd, at addresses that do not exist."""

from datetime import UTC, datetime

from ungdom.demo import parameters
from ungdom.demo.people import leader, name_lists
from ungdom.store import contacts, coordination_groups
from ungdom.store.contacts import NotificationContact
from ungdom.store.coordination_groups import StandingContact, contact_key
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Connection
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.coordination_group import FIXED_MEMBERS, WITH_CONSENT
from ungdom.workflow.vocabulary import Role

WITHOUT_CONTACT = {("finnmark", Attendee.CORRECTIONAL_SERVICE)}
"""The agencies of which an office has named nobody, so that the list of unreached alerts has such a row."""
WITHOUT_ADDRESS = {("troms", Attendee.PROSECUTION)}
"""The contacts of whom only the name is known."""


def write(tx: Connection, keys: EncryptionKeys) -> None:
    """Write the group of every office. Idempotent.

    Police and correctional service sign in, with the subject that they have on the teams of the load; the others get
    e-mail only.
    """
    at = datetime.combine(parameters.FIRST_DAY, datetime.min.time(), UTC)
    for office in parameters.OFFICES:
        group = [
            _contact(office.code, agency, at)
            for agency in (*FIXED_MEMBERS, *WITH_CONSENT)
            if (office.code, agency) not in WITHOUT_CONTACT
        ]
        coordination_groups.replace(tx, office.code, group)
        for standing in group:
            if (office.code, standing.agency) not in WITHOUT_ADDRESS:
                contacts.write(tx, keys, _address(standing), at)


def _contact(office: str, agency: Attendee, at: datetime) -> StandingContact:
    given, family = name_lists().given, name_lists().family
    place = sum(map(ord, office + agency))
    name = f"{given[place % len(given)]} {family[place * 5 % len(family)]}"
    member = f"team-{agency.replace('_', '-')}-{office}"
    signs_in = agency in (Attendee.POLICE, Attendee.CORRECTIONAL_SERVICE)
    return StandingContact(
        konfliktrad=office,
        agency=agency,
        subject=member if signs_in else contact_key(office, agency, name),
        name=name,
        written_by=leader(office),
        updated_at=at,
    )


def _address(standing: StandingContact) -> NotificationContact:
    return NotificationContact(
        subject=standing.subject,
        role=Role.PROSECUTION if standing.agency is Attendee.PROSECUTION else Role.TEAM_MEMBER,
        email_digest=True,
        address=f"{standing.agency.replace('_', '-')}.{standing.konfliktrad}@etat.example",
        written_by=standing.written_by,
    )

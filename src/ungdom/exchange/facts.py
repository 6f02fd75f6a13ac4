"""What a status message tells of one event: organisation, people and dates, looked up when it is sent.

Of a youth whose address is strictly confidential nothing is said that tells where they are: not who it is about beside
the case number, neither office nor coordinator, only the organisation and its telephone (folkeregisterloven § 10-4).
An address is never sent, whoever it is about: the contracts have no room for one.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from ungdom import texts
from ungdom.esas import status
from ungdom.esas.outbound import Employee, Organisation, Told, Youth
from ungdom.esas.status import OfficialStatus, Steps
from ungdom.exchange.partners import Own, Partner
from ungdom.store import reference, tables
from ungdom.store.people import Person
from ungdom.store.session import Connection
from ungdom.store.tables import Protection
from ungdom.workflow import details as d
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import EventType, Role

E = EventType


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The event that is told, at `place` in the history as it now reads; each with the case right after it."""

    steps: Steps
    place: int
    part: OfficialStatus
    police_case_number: str | None
    person: Person | None

    @property
    def event(self) -> Event:
        """The event itself."""
        return self.steps[self.place][0]

    @property
    def seen_from(self) -> Steps:
        """The history up to it. A transfer is told by the office that hands the case over."""
        return self.steps[: self.place + (self.part.part != status.TRANSFERRED)]

    @property
    def secret(self) -> bool:
        """Whether nothing may be said that tells where the youth is."""
        return self.person is not None and self.person.protection is Protection.STRICTLY_CONFIDENTIAL


def told(tx: Connection, own: Own, partner: Partner, moment: Moment, meldings_id: str, now: datetime) -> Told:
    """Everything that is known of what the message tells."""
    bare = Told(
        meldings_id=meldings_id,
        sent_at=now,
        own=_organisation(own, None),
        part=moment.part.part,
        code=moment.part.code,
        receiver=Organisation(number=partner.organisation_number, name=partner.name),
        police_case_number=moment.police_case_number,
        signed_on=moment.event.occurred_on,
        restorative_on=status.first_restorative(event for event, _ in moment.steps),
    )
    return _kept_back(own, bare) if moment.secret else _with_names(tx, own, moment, bare)


def district_of(steps: Steps) -> str:
    """The police district of the office where the case was registered: a transfer moves the case, not the charge."""
    return office(steps[0][1].konfliktrad)["police_district"]


@cache
def office(code: str) -> dict[str, str]:
    """The konfliktråd as the reference data have it."""
    rows = reference.read(tables.konfliktrad)
    return next({name: str(value) for name, value in row.items()} for row in rows if row["code"] == code)


def _kept_back(own: Own, bare: Told) -> Told:
    """The organisation instead of everybody."""
    desk = Employee(title=texts.label("nb", Role.COORDINATOR), family_name=own.name, telephones=(own.telephone,))
    return replace(bare, coordinator=desk, other_office=_organisation(own, None), other_coordinator=desk)


def _with_names(tx: Connection, own: Own, moment: Moment, bare: Told) -> Told:
    here = moment.seen_from[-1][1].konfliktrad
    there = moment.steps[moment.place][1].konfliktrad
    return replace(
        bare,
        own=_organisation(own, here),
        sender=_employee(tx, own, here, status.assigned(reversed(moment.seen_from))),
        coordinator=_employee(tx, own, here, moment.event),
        other_office=_organisation(own, there),
        other_coordinator=_employee(tx, own, there, status.assigned(moment.steps[moment.place + 1 :])),
        youth=_youth(moment.person),
    )


def _organisation(own: Own, code: str | None) -> Organisation:
    """One konfliktråd, or the organisation as a whole."""
    if code is None:
        return Organisation(number=own.organisation_number, name=own.name)
    apart = own.offices.get(code)
    number = apart.organisation_number if apart else None
    return Organisation(number=number or own.organisation_number, name=office(code)["name_nb"])


def _employee(tx: Connection, own: Own, code: str, assigned: Event | None) -> Employee | None:
    """Whom the case was given to, as known among the staff of that office on that day."""
    if assigned is None or not isinstance(assigned.details, d.Assigned):
        return None
    staff = reference.staff_of(tx, code, assigned.occurred_on)
    found = next((one for one in staff if one.subject == assigned.details.coordinator), None)
    if found is None:
        return None
    apart = own.offices.get(code)
    telephone = found.telephone or (apart.telephone if apart else None) or own.telephone
    given, _, family = found.display_name.strip().rpartition(" ")
    title = texts.label("nb", found.role)
    return Employee(title=title, given_name=given or None, family_name=family, telephones=(telephone,))


def _youth(person: Person | None) -> Youth | None:
    if person is None or person.personalia is None:
        return None
    who = person.personalia
    return Youth(family_name=who.family_name, given_name=who.given_name, national_id=who.national_id)

"""The facts of a status message about one event: organisation, people and dates, looked up when it is sent.

For a youth with a strictly confidential address the message holds nothing that reveals where they are: the case number
instead of a name, and the organisation with its telephone instead of office and coordinator (folkeregisterloven
§ 10-4). Addresses are never sent: the contracts have no field for one.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from ungdom import texts
from ungdom.esas import status
from ungdom.esas.outbound import Employee, Organisation, StatusFacts, StatusYouth
from ungdom.esas.status import OfficialStatus, Steps
from ungdom.exchange.partners import OwnOrganisation, Partner
from ungdom.store import reference
from ungdom.store import staff as staff_store
from ungdom.store.people import StoredPerson
from ungdom.store.schema.reference import konfliktrad
from ungdom.store.session import Connection
from ungdom.workflow import payloads as d
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import EventType, Protection, Role

E = EventType


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEvent:
    """The reported event: the step at index `place` of the history, corrections applied."""

    steps: Steps
    place: int
    part: OfficialStatus
    police_case_number: str | None
    person: StoredPerson | None

    @property
    def event(self) -> Event:
        """The reported event."""
        return self.steps[self.place][0]

    @property
    def history_before(self) -> Steps:
        """The steps up to the event; for a transfer without it, since the office that hands over the case reports."""
        return self.steps[: self.place + (self.part.part != status.TRANSFERRED)]

    @property
    def secret(self) -> bool:
        """Whether the message may not reveal where the youth is."""
        return self.person is not None and self.person.protection is Protection.STRICTLY_CONFIDENTIAL


def status_facts(
    tx: Connection, own: OwnOrganisation, partner: Partner, status_event: StatusEvent, meldings_id: str, now: datetime
) -> StatusFacts:
    """All known facts of the message."""
    minimal = StatusFacts(
        meldings_id=meldings_id,
        sent_at=now,
        own=_organisation(own, None),
        part=status_event.part.part,
        code=status_event.part.code,
        receiver=Organisation(number=partner.organisation_number, name=partner.name),
        police_case_number=status_event.police_case_number,
        signed_on=status_event.event.occurred_on,
        restorative_on=status.first_restorative(event for event, _ in status_event.steps),
    )
    return _without_names(own, minimal) if status_event.secret else _with_names(tx, own, status_event, minimal)


def district_of(steps: Steps) -> str:
    """The police district of the office where the case was registered: a transfer moves the case, not the charge."""
    return office(steps[0][1].konfliktrad)["police_district"]


@cache
def office(code: str) -> dict[str, str]:
    """The row of this konfliktråd in the reference data."""
    rows = reference.read(konfliktrad)
    return next({name: str(value) for name, value in row.items()} for row in rows if row["code"] == code)


def _without_names(own: OwnOrganisation, minimal: StatusFacts) -> StatusFacts:
    """The facts with the organisation in place of every person and office."""
    switchboard = Employee(title=texts.label("nb", Role.COORDINATOR), family_name=own.name, telephones=(own.telephone,))
    return replace(
        minimal, coordinator=switchboard, other_office=_organisation(own, None), other_coordinator=switchboard
    )


def _with_names(tx: Connection, own: OwnOrganisation, status_event: StatusEvent, minimal: StatusFacts) -> StatusFacts:
    from_office = status_event.history_before[-1][1].konfliktrad
    to_office = status_event.steps[status_event.place][1].konfliktrad
    youth = status_event.person.personalia if status_event.person else None
    return replace(
        minimal,
        own=_organisation(own, from_office),
        sender=_employee(tx, own, from_office, status.first_assignment(reversed(status_event.history_before))),
        coordinator=_employee(tx, own, from_office, status_event.event),
        other_office=_organisation(own, to_office),
        other_coordinator=_employee(
            tx, own, to_office, status.first_assignment(status_event.steps[status_event.place + 1 :])
        ),
        youth=StatusYouth(family_name=youth.family_name, given_name=youth.given_name, national_id=youth.national_id)
        if youth
        else None,
    )


def _organisation(own: OwnOrganisation, code: str | None) -> Organisation:
    """One konfliktråd, or the organisation as a whole."""
    if code is None:
        return Organisation(number=own.organisation_number, name=own.name)
    override = own.offices.get(code)
    number = override.organisation_number if override else None
    return Organisation(number=number or own.organisation_number, name=office(code)["name_nb"])


def _employee(tx: Connection, own: OwnOrganisation, code: str, assigned: Event | None) -> Employee | None:
    """The employee who was assigned, from the staff list of that office on the day of the assignment."""
    if assigned is None or not isinstance(assigned.details, d.Assigned):
        return None
    staff = staff_store.staff_of(tx, code, assigned.occurred_on)
    employee = next((candidate for candidate in staff if candidate.subject == assigned.details.coordinator), None)
    if employee is None:
        return None
    override = own.offices.get(code)
    telephone = employee.telephone or (override.telephone if override else None) or own.telephone
    given, _, family = employee.display_name.strip().rpartition(" ")
    title = texts.label("nb", employee.main_role)
    return Employee(title=title, given_name=given or None, family_name=family, telephones=(telephone,))

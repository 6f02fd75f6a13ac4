"""Notices to the standing contacts of coordination groups, and the alerts of which nobody outside the office has one.

Who is notified follows from the case as it is: an alert has a notice per contact and escalation step, under an id that
follows from both, so that creating the notices again changes nothing. They are created when a message of the case is
dispatched, when the group is changed, and in the night in which an alert wakes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid5

from ungdom.store import alerts, case_queries, coordination_groups, notices
from ungdom.store.alerts import Alert
from ungdom.store.coordination_groups import StandingContact
from ungdom.store.notices import UserNotice
from ungdom.store.replaying import readable_cases
from ungdom.store.session import Connection, Database
from ungdom.workflow.case import Case
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules import coordination_group
from ungdom.workflow.rules.coordination_group import AUTHORITIES
from ungdom.workflow.rules.deadlines import Deadline, running
from ungdom.workflow.rules.escalation import AlertChange, Audience, steps_of
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Party, Protection, Role

_RAISED, _ESCALATED = f"alert.{AlertChange.RAISED}", f"alert.{AlertChange.ESCALATED}"


class NotReached(StrEnum):
    """Why nobody outside the office has a notice of an alert. Listed in the order in which they are looked for."""

    NO_AUTHORITY = "no_authority"  # the case waits for no authority
    NOT_IN_GROUP = "not_in_group"  # the authority that is waited for is no fixed member: the court
    PROTECTED = "protected"  # the address of the youth is protected: a contact would learn the district
    NO_CONTACT = "no_contact"  # the office has no standing contact of the agency
    NO_ADDRESS = "no_address"  # the contact neither signs in nor has an e-mail address
    PUT_OFF = "put_off"  # the office has answered or snoozed the alert
    NOT_SENT = "not_sent"  # it is sent the next time notices are delivered


@dataclass(frozen=True, slots=True)
class UnreachedAlert:
    """A live alert of which nobody outside the office has a notice. `agencies`: those without contact or address."""

    alert: Alert
    reference: str
    konfliktrad: str
    waiting_for: tuple[Party, ...]
    reason: NotReached
    agencies: tuple[Attendee, ...]


@dataclass(frozen=True, slots=True)
class _AlertOnCase:
    """A live alert with its case, its clock and the group of the office that has the case.

    `protected`: the address of the youth is protected. Then no contact is notified: a contact belongs to a konfliktråd,
    so that the notice would disclose the district. frl § 10-4.
    """

    alert: Alert
    case: Case
    reference: str
    protected: bool
    deadline: Deadline
    day: date
    contacts: Sequence[StandingContact]

    def notified(self) -> tuple[Attendee, ...]:
        return coordination_group.agencies_notified(self.case, self.deadline, self.day)

    def contacts_at(self, agency: Attendee) -> list[StandingContact]:
        return [standing for standing in self.contacts if standing.agency is agency]


def due_notices(tx: Connection, case_ids: Sequence[UUID], day: date, now: datetime) -> list[UserNotice]:
    """The notices that the standing contacts have or are to have of the live alerts of these cases.

    None of an alert that the office has answered or snoozed until a day that has not passed, and none of a youth whose
    address is protected.
    """
    return [notice for entry in _live_alerts(tx, case_ids, day) for notice in _notices_of(entry, now)]


def notify_group(tx: Connection, konfliktrad: str, day: date, now: datetime) -> int:
    """Create the missing notices of all open cases of this konfliktråd; returns how many there are now."""
    notified = due_notices(tx, case_queries.open_cases(tx, konfliktrad), day, now)
    notices.add(tx, notified)
    return len(notified)


def notify_woken(db: Database, day: date, now: datetime) -> dict[str, int]:
    """Create the missing notices of cases of which an alert woke on that night."""
    with db.writing() as tx:
        notified = due_notices(tx, alerts.woken_cases(tx, day), day, now)
        notices.add(tx, notified)
    return {"notices": len(notified)} if notified else {}


def unreached_alerts(tx: Connection, case_ids: Sequence[UUID], day: date, code: str) -> list[UnreachedAlert]:
    """The live alerts on this clock, of those of these cases without a team, that reached nobody outside the office.

    In the order of `place_of`: by reason and due day. Visibility is not checked.
    """
    live = [entry for entry in _live_alerts(tx, case_ids, day) if entry.alert.code == code]
    reached = notices.notified_outside(tx, [entry.alert.alert_id for entry in live])
    unreached = [_unreached(entry) for entry in live if entry.alert.alert_id not in reached]
    return sorted(unreached, key=place_of)


def place_of(unreached: UnreachedAlert) -> str:
    """The place of an alert in the list, as a text that sorts by reason, due day and id."""
    return f"{list(NotReached).index(unreached.reason)} {unreached.alert.due} {unreached.alert.alert_id}"


def _live_alerts(tx: Connection, case_ids: Sequence[UUID], day: date) -> Iterator[_AlertOnCase]:
    """The live alerts whose clock runs, of those of these cases for which the coordination group is notified."""
    by_case: dict[UUID, list[Alert]] = {}
    for alert in alerts.live(tx, case_ids) if case_ids else ():
        by_case.setdefault(alert.case_id, []).append(alert)
    groups = coordination_groups.contacts_of(tx) if by_case else {}
    for stored, case in readable_cases(tx, list(by_case)):
        if coordination_group.applies(case, day):
            clocks = {(clock.code, clock.due): clock for clock in running(case, max(day, case.entered_on))}
            for alert in by_case[stored.case_id]:
                if clock := clocks.get(alert.status.key):
                    protected = stored.protection is not Protection.NONE
                    group = groups.get(case.konfliktrad, [])
                    yield _AlertOnCase(alert, case, stored.reference, protected, clock, day, group)


def _notices_of(entry: _AlertOnCase, now: datetime) -> Iterator[UserNotice]:
    if entry.protected or entry.alert.status.is_quiet(entry.day):
        return
    waited_for = coordination_group.agencies_waited_for(entry.case, entry.deadline)
    for agency in entry.notified():
        steps = steps_of(Audience.AUTHORITY if agency in waited_for else Audience.GROUP)
        reached = [step for step in steps if step <= entry.alert.step]
        for standing in entry.contacts_at(agency):
            if reached and standing.reachable:
                yield _notice(entry, standing, reached[-1], reached[-1] == steps[0], now)


def _notice(entry: _AlertOnCase, standing: StandingContact, step: int, first: bool, now: datetime) -> UserNotice:
    alert = entry.alert
    message_id = uuid5(alert.alert_id, f"group/{alert.raised_at.isoformat()}/{step}")
    parties = coordination_group.parties_waited_for(entry.case, entry.deadline)
    own = next((party for party in parties if party.value == standing.agency.value), None)
    return UserNotice(
        notice_id=notices.notice_id_of(message_id, standing.subject),
        message_id=message_id,
        viewer=_viewer(standing),
        case_id=alert.case_id,
        alert_id=alert.alert_id,
        kind=_RAISED if first else _ESCALATED,
        code=alert.code,
        level=alert.level,
        due=alert.due,
        days=(entry.day - alert.due).days,
        waiting_for=own or next(iter(parties), None),
        at=now,
        agency=standing.agency,
    )


def _viewer(standing: StandingContact) -> Viewer:
    if standing.agency is Attendee.PROSECUTION:
        return Viewer(Role.PROSECUTION, standing.subject, standing.konfliktrad)
    return Viewer(Role.TEAM_MEMBER, standing.subject, None)


def _unreached(entry: _AlertOnCase) -> UnreachedAlert:
    parties = coordination_group.parties_waited_for(entry.case, entry.deadline)
    reason, agencies = _reason(entry, parties)
    return UnreachedAlert(entry.alert, entry.reference, entry.case.konfliktrad, parties, reason, agencies)


def _reason(entry: _AlertOnCase, parties: Sequence[Party]) -> tuple[NotReached, tuple[Attendee, ...]]:
    agencies = entry.notified()
    if not agencies:
        authority = any(party in AUTHORITIES for party in parties)
        return (NotReached.NOT_IN_GROUP if authority else NotReached.NO_AUTHORITY), ()
    if entry.protected:
        return NotReached.PROTECTED, ()
    contacts = [standing for agency in agencies for standing in entry.contacts_at(agency)]
    if not contacts:
        return NotReached.NO_CONTACT, agencies
    if not any(standing.reachable for standing in contacts):
        return NotReached.NO_ADDRESS, tuple(dict.fromkeys(standing.agency for standing in contacts))
    quiet = entry.alert.status.is_quiet(entry.day)
    return (NotReached.PUT_OFF if quiet else NotReached.NOT_SENT), ()

"""Actions of people on alerts. The nightly sweep raises and clears alerts (`alerts.sweep`).

Each function takes an open transaction and does not commit it.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from ungdom.store import alert_answers, alerts, case_queries, coordination_groups, journal
from ungdom.store.alert_answers import PartAnswer
from ungdom.store.alerts import Alert, AlertActor
from ungdom.store.replaying import replayed
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.derived import team
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.alert_permissions import answers_for_office, may_answer_alerts, may_snooze_alerts
from ungdom.workflow.rules.coordination_group import agencies_waited_for
from ungdom.workflow.rules.deadlines import deadlines
from ungdom.workflow.rules.escalation import AlertChange, AlertState, DelayReason
from ungdom.workflow.rules.permissions import OtherOffice, RoleNotAllowed, Viewer, roles_that
from ungdom.workflow.vocabulary import Role

LONGEST_SNOOZE = timedelta(days=30)
"""Longest snooze of an alert. Office norm."""
LONGEST_ANSWER = timedelta(days=366)
"""Latest new expected day, counted from today. Office norm."""


class AlertError(Exception):
    """Something cannot be done with this alert.

    AlertError
    ├── NoSuchAlert      there is none, or the viewer may not see its case
    ├── AlreadyCleared   what it told of is settled
    ├── NotWaitedFor     the case does not wait for the agency that the viewer answers for
    └── DayOutOfRange    the day lies before the first or after the last that makes sense
    """


class NoSuchAlert(AlertError):
    """There is no such alert, or it is on a case that the viewer may not see."""


class AlreadyCleared(AlertError):
    """What the alert told of is settled: there is nothing left to do with it."""


class NotWaitedFor(AlertError):
    """The viewer answers for no agency that the case waits for, and is not on its team."""


class DayOutOfRange(AlertError):
    """The day named lies outside what makes sense: from `first` to `last`."""

    def __init__(self, field: str, first: date, last: date) -> None:
        super().__init__(field)
        self.field, self.first, self.last = field, first, last


def read(tx: Connection, viewer: Viewer, alert_id: UUID) -> Alert:
    """This alert. Raises `NoSuchAlert`."""
    alert = alerts.find(tx, viewer, alert_id)
    if alert is None:
        raise NoSuchAlert
    return alert


def acknowledge(tx: Connection, viewer: Viewer, alert_id: UUID, now: datetime) -> Alert:
    """Acknowledges an alert. Escalation continues; any snooze is cancelled. Raises the errors of alerts."""
    alert = _open_alert(tx, viewer, alert_id, may_snooze_alerts)
    values: dict[str, Any] = {"state": AlertState.ACKNOWLEDGED, "quiet_until": None}
    if alert.quiet_until is not None:
        alerts.check_no_later_than(tx, alert.case_id, oslo_date(now))
    return alerts.record_action(tx, alert, AlertChange.ACKNOWLEDGED, _by(viewer, now), values)


def answer(
    tx: Connection, viewer: Viewer, alert_id: UUID, reason: DelayReason, expected_on: date, now: datetime
) -> Alert:
    """Records the reason of the delay and the new expected day. Raises the errors of alerts.

    Of the office: until that day the alert does not escalate. Of a member of the team, and of an agency that is waited
    for: for its own part; the coordinator is notified, and the alert stays as it is. Source: office norm.
    """
    alert = _open_alert(tx, viewer, alert_id, may_answer_alerts)
    _check_day("expected_on", expected_on, oslo_date(now), LONGEST_ANSWER)
    if not may_snooze_alerts(viewer.role):
        agency = _answering_agency(tx, viewer, alert, oslo_date(now))
        return alert_answers.record_part(tx, alert, _by(viewer, now), PartAnswer(agency, reason, expected_on, now))
    values = {"state": AlertState.ANSWERED, "quiet_until": expected_on, "reason": reason}
    return _with_wake_up(tx, alerts.record_action(tx, alert, AlertChange.ANSWERED, _by(viewer, now), values))


def snooze(tx: Connection, viewer: Viewer, alert_id: UUID, until: date, now: datetime) -> Alert:
    """Snoozes an alert until the end of that day; the clock continues. Raises the errors of alerts."""
    alert = _open_alert(tx, viewer, alert_id, may_snooze_alerts)
    _check_day("until", until, oslo_date(now), LONGEST_SNOOZE)
    values = {"state": AlertState.SNOOZED, "quiet_until": until}
    return _with_wake_up(tx, alerts.record_action(tx, alert, AlertChange.SNOOZED, _by(viewer, now), values))


def _open_alert(tx: Connection, viewer: Viewer, alert_id: UUID, may: Callable[[Role], bool]) -> Alert:
    """The alert, locked. A role without this right is refused before the alert is read, whether it exists or not.

    Raises `RoleNotAllowed`, `NoSuchAlert`, `OtherOffice` or `AlreadyCleared`.
    """
    if not may(viewer.role):
        raise RoleNotAllowed(roles_that(may))
    alert = alerts.find(tx, viewer, alert_id, for_update=True)
    if alert is None:
        raise NoSuchAlert
    row = case_queries.read_case(tx, alert.case_id)
    if may_snooze_alerts(viewer.role) and not (row and answers_for_office(viewer, row.konfliktrad or "")):
        raise OtherOffice(viewer.konfliktrad)
    if alert.cleared_at is not None:
        raise AlreadyCleared
    return alert


def _answering_agency(tx: Connection, viewer: Viewer, alert: Alert, today: date) -> Attendee:
    """The agency for whose part the viewer answers. Raises `NotWaitedFor`.

    A member of the team answers for their own agency. Others answer for the agency that is waited for, as its standing
    contact, or as the prosecution for police and prosecution.
    """
    stored = journal.load(tx, alert.case_id)
    if stored is None:
        raise NoSuchAlert
    case = replayed(stored)
    as_member = next((member.agency for member in team.present(case) if member.member == viewer.subject), None)
    if as_member is not None:
        return as_member
    agencies = coordination_groups.agencies_of(tx, case.konfliktrad, viewer.subject)
    if viewer.role is Role.PROSECUTION:
        agencies += [Attendee.PROSECUTION, Attendee.POLICE]
    clocks = [
        clock for clock in deadlines(case, max(today, case.entered_on)) if (clock.code, clock.due) == alert.status.key
    ]
    waited_for = [agency for clock in clocks for agency in agencies_waited_for(case, clock)]
    answering = next((agency for agency in agencies if agency in waited_for), None)
    if answering is None:
        raise NotWaitedFor
    return answering


def _with_wake_up(tx: Connection, alert: Alert) -> Alert:
    if alert.quiet_until is not None:
        alerts.check_no_later_than(tx, alert.case_id, alert.quiet_until + timedelta(days=1))
    return alert


def _check_day(field: str, day: date, today: date, longest: timedelta) -> None:
    if not today <= day <= today + longest:
        raise DayOutOfRange(field, today, today + longest)


def _by(viewer: Viewer, now: datetime) -> AlertActor:
    return AlertActor(viewer.role, viewer.subject, oslo_date(now), now)

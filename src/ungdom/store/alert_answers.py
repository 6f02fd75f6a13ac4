"""What parties outside the office answer to an alert for their own part; the alert stays as it is."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, select

from ungdom.store import outbox
from ungdom.store.alert_changes import alert_message
from ungdom.store.alerts import Alert, AlertActor, save_change
from ungdom.store.codec import stored_json
from ungdom.store.schema.alerts import alert_change
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.escalation import AlertChange, Audience, DelayReason

PART_ANSWERED = f"alert.{AlertChange.PART_ANSWERED}"
"""The kind of the message to the coordinator that a party has answered for its own part."""


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """What a party outside the office answered for its own part. `expected_on`: the day on which it expects to be done.

    `at`: when it answered. The alert itself stays as it is.
    """

    agency: Attendee
    reason: DelayReason
    expected_on: date
    at: datetime


def part_answers(
    tx: Connection, alert_ids: Iterable[UUID], known_at: datetime | None = None
) -> dict[UUID, list[PartAnswer]]:
    """The last answer of each party to these alerts since they were last raised, by alert; as known at that instant."""
    changes = (AlertChange.RAISED, AlertChange.PART_ANSWERED)
    query = select(alert_change).where(alert_change.c.alert_id.in_(list(alert_ids)), alert_change.c.change.in_(changes))
    if known_at is not None:
        query = query.where(alert_change.c.at <= known_at)
    by_agency: dict[UUID, dict[Attendee, PartAnswer]] = {}
    for row in tx.execute(query.order_by(alert_change.c.alert_id, alert_change.c.n)):
        if row.change is AlertChange.RAISED:
            by_agency[row.alert_id] = {}
            continue
        details = stored_json(row.details)
        agency, expected_on = Attendee(details["agency"]), date.fromisoformat(details["expected_on"])
        answer = PartAnswer(agency, DelayReason(details["reason"]), expected_on, row.at)
        by_agency.setdefault(row.alert_id, {})[agency] = answer
    return {alert_id: list(answers.values()) for alert_id, answers in by_agency.items() if answers}


def record_part(tx: Connection, old: Alert, by: AlertActor, part: PartAnswer) -> Alert:
    """Write what a party answers for its own part, and the message to the coordinator. The alert stays as it is."""
    new = replace(old, changed_at=by.at, changes=old.changes + 1)
    details = {"agency": part.agency, "reason": part.reason, "expected_on": part.expected_on.isoformat()}
    save_change(tx, old, new, AlertChange.PART_ANSWERED, by, details)
    content = {"told": [Audience.COORDINATOR], "waiting_for": None, **details}
    outbox.add(tx, [alert_message(new, PART_ANSWERED, by, content)])
    return new

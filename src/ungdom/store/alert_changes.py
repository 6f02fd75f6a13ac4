"""What happens to alerts: worked out from the changes of a case, then written for many cases with few statements."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, bindparam, update

from ungdom.store import bulk, outbox
from ungdom.store.outbox import OutboxMessage
from ungdom.store.schema.alerts import alert, alert_change
from ungdom.store.schema.outbox import outbox as outbox_table
from ungdom.workflow.rules.escalation import (
    AlertChange,
    AlertFlag,
    AlertState,
    AlertStatus,
    AlertTransition,
    DelayReason,
    Level,
    party_waited_for,
    recipients,
)
from ungdom.workflow.vocabulary import Role

_NAMESPACE = UUID("2f4d6c1a-93b7-4f3e-8a51-0c7e5d9b6a10")

KINDS = tuple(f"alert.{change}" for change in (AlertChange.RAISED, AlertChange.ESCALATED, AlertChange.CLEARED))
"""The kinds of outbox messages about alerts that webhooks can subscribe to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The current status of one alert. Days are Oslo dates, instants UTC. `step`: of `ESCALATION`, from 0."""

    alert_id: UUID
    case_id: UUID
    code: str
    due: date
    state: AlertState
    level: Level
    step: int
    quiet_until: date | None
    reason: DelayReason | None
    raised_for: date
    raised_at: datetime
    changed_at: datetime
    changes: int
    cleared_at: datetime | None

    @property
    def status(self) -> AlertStatus:
        """The part of it that the escalation rules read."""
        return AlertStatus(self.code, self.due, self.state, self.step, self.quiet_until)


@dataclass(frozen=True, slots=True)
class AlertActor:
    """Who changes an alert, for which day, and when."""

    role: Role
    subject: str
    day: date
    at: datetime


AlertKey = tuple[str, date]
"""The clock and the due day of an alert within its case."""


@dataclass(slots=True)
class AlertWrites:
    """What is to be written about the alerts of one case. `now`: the alerts afterwards, cleared ones too.

    `new`, `changed`: alerts to insert and to update; `lines`: rows of `alert_change`.
    """

    now: dict[AlertKey, Alert]
    new: dict[AlertKey, Alert] = field(default_factory=dict)
    changed: dict[AlertKey, Alert] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    messages: list[OutboxMessage] = field(default_factory=list)

    @property
    def live(self) -> list[Alert]:
        """The alerts that are not cleared afterwards."""
        return [known for known in self.now.values() if known.cleared_at is None]

    def add(self, old: Alert | None, new: Alert) -> None:
        """The alert after one more change. `old`: before it; None: it is new."""
        is_new = old is None or new.status.key in self.new
        (self.new if is_new else self.changed)[new.status.key] = new
        self.now[new.status.key] = new


def alert_id_of(case_id: UUID, code: str, due: date) -> UUID:
    """The id of the alert on this clock and due day: the same each time the alert is raised."""
    return uuid5(_NAMESPACE, f"{case_id}/{code}/{due}")


def worked_out(
    case_id: UUID,
    known: Sequence[Alert],
    changes: Sequence[AlertTransition],
    by: AlertActor,
    cleared: Mapping[AlertKey, Alert],
) -> AlertWrites:
    """What these changes of the alerts of a case write. `known`: the alerts that were live.

    `cleared`: the others that the case has, of which one may be raised again.
    """
    writes = AlertWrites({alert.status.key: alert for alert in known})
    for change in changes:
        key = (change.code, change.due)
        old = writes.now.get(key) or cleared.get(key)
        new = _alert_after(case_id, old, change, by)
        flag = change.flag
        details: dict[str, Any] = {"level": flag.level, "rung": flag.step} if flag else {}
        if flag is None and change.because:
            details["because"] = change.because
        writes.add(old, new)
        writes.lines.append(change_row(new, change.change, by, details))
        if f"alert.{change.change}" in KINDS:
            writes.messages.append(_message(new, change, by, details))
    return writes


def write_all(tx: Connection, writes: Sequence[AlertWrites]) -> None:
    """Write what was worked out for these cases, and the outbox messages about it."""
    bulk.add(tx, alert, [_alert_row(new) for of_case in writes for new in of_case.new.values()])
    changed = [new for of_case in writes for new in of_case.changed.values()]
    if changed:
        rows = ((_alert_row(new), new.alert_id) for new in changed)
        tx.execute(_UPDATE, [{**row, "b_alert_id": alert_id} for row, alert_id in rows])
    bulk.add(tx, alert_change, [line for of_case in writes for line in of_case.lines])
    bulk.add(tx, outbox_table, outbox.rows_of(message for of_case in writes for message in of_case.messages))


def save_change(
    tx: Connection, old: Alert | None, new: Alert, change: AlertChange, by: AlertActor, details: dict[str, Any]
) -> None:
    """Write an alert and the row of `alert_change` with these details. `old`: before the change; None: a new alert."""
    writes = AlertWrites({}, lines=[change_row(new, change, by, details)])
    writes.add(old, new)
    write_all(tx, [writes])


def change_row(new: Alert, change: AlertChange, by: AlertActor, details: dict[str, Any]) -> dict[str, Any]:
    """The row of `alert_change` for a change. `new`: the alert after it."""
    text = json.dumps(details, sort_keys=True, separators=(",", ":"))
    happened = {"alert_id": new.alert_id, "n": new.changes, "change": change, "for_date": by.day, "at": by.at}
    return {**happened, "role": by.role, "subject": by.subject, "details": text}


_COLUMNS = {"rung" if field.name == "step" else field.name: field.name for field in fields(Alert)}
_UPDATE = update(alert).where(alert.c.alert_id == bindparam("b_alert_id"))


def _alert_row(new: Alert) -> dict[str, Any]:
    return {column: getattr(new, name) for column, name in _COLUMNS.items()}


def _alert_after(case_id: UUID, old: Alert | None, change: AlertTransition, by: AlertActor) -> Alert:
    if change.change is AlertChange.RAISED and change.flag is not None:
        return _raised_alert(case_id, old, change.flag, by)
    if old is None:
        raise ValueError(f"{change.change} of an alert that was never raised")
    change_count: dict[str, Any] = {"changed_at": by.at, "changes": old.changes + 1}
    if change.change is AlertChange.CLEARED:
        return replace(old, state=AlertState.CLEARED, cleared_at=by.at, quiet_until=None, **change_count)
    if change.change is AlertChange.WOKEN or change.flag is None:
        return replace(old, state=AlertState.OPEN, quiet_until=None, **change_count)
    return replace(old, state=AlertState.OPEN, level=change.flag.level, step=change.flag.step, **change_count)


def _raised_alert(case_id: UUID, old: Alert | None, flag: AlertFlag, by: AlertActor) -> Alert:
    code, due = flag.key
    return Alert(
        alert_id=alert_id_of(case_id, code, due),
        case_id=case_id,
        code=code,
        due=due,
        state=AlertState.OPEN,
        level=flag.level,
        step=flag.step,
        quiet_until=None,
        reason=None,
        raised_for=by.day,
        raised_at=by.at,
        changed_at=by.at,
        changes=old.changes + 1 if old else 1,
        cleared_at=None,
    )


def _message(new: Alert, change: AlertTransition, by: AlertActor, details: dict[str, Any]) -> OutboxMessage:
    kind = f"alert.{change.change}"
    party = party_waited_for(change.flag.deadline) if change.flag else None
    content = {
        "rung": new.step,
        "told": list(recipients(change.flag, change.change is AlertChange.RAISED)) if change.flag else [],
        "waiting_for": party,
        "for_date": by.day.isoformat(),
        "because": details.get("because"),
    }
    return alert_message(new, kind, by, content)


def alert_message(alert: Alert, kind: str, by: AlertActor, content: Mapping[str, Any]) -> OutboxMessage:
    """The message of a change of this alert, with the alert as it is then and this content of the kind of change."""
    values = {
        "alert_id": str(alert.alert_id),
        "case_id": str(alert.case_id),
        "n": alert.changes,
        "code": alert.code,
        "due": alert.due.isoformat(),
        "days": (by.day - alert.due).days,
        "level": alert.level,
        **content,
    }
    message_id = uuid5(alert.alert_id, f"{alert.changes}/{kind}")
    text = json.dumps(values, separators=(",", ":"))
    return OutboxMessage(message_id, alert.case_id, alert.changes, kind, text, created_at=by.at)

"""Alerts: every change of an alert is a row that stays (`alert_change`); its current status is one row of `alert`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
    tuple_,
    update,
)

from ungdom.store import case_queries
from ungdom.store.alert_changes import KINDS as KINDS  # noqa: PLC0414  # part of the interface
from ungdom.store.alert_changes import Alert as Alert  # noqa: PLC0414
from ungdom.store.alert_changes import AlertActor as AlertActor  # noqa: PLC0414
from ungdom.store.alert_changes import save_change as save_change  # noqa: PLC0414
from ungdom.store.alert_changes import worked_out, write_all
from ungdom.store.codec import stored_json
from ungdom.store.prepared import Prepared
from ungdom.store.schema.alerts import alert, alert_change
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.coordination_groups import still_contact
from ungdom.store.schema.notices import notice
from ungdom.workflow.case import Case
from ungdom.workflow.rules.alert_permissions import may_be_standing_contact
from ungdom.workflow.rules.escalation import (
    AlertChange,
    AlertState,
    AlertTransition,
    DelayReason,
    Level,
    cleared_alerts,
)
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Party, Role


@dataclass(frozen=True, slots=True)
class AlertHistoryEntry:
    """One change of an alert. `for_date`: the day for which the alert was evaluated."""

    n: int
    change: AlertChange
    for_date: date
    at: datetime
    role: Role
    subject: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """Conditions on a list of alerts; None is no condition. `live`: not cleared. `waiting_for`: by the case."""

    live: bool | None = None
    state: AlertState | None = None
    level: Level | None = None
    code: str | None = None
    case_id: UUID | None = None
    waiting_for: Party | None = None
    konfliktrad: str | None = None
    coordinator: str | None = None


# --- reading ------------------------------------------------------------------------------------------------


def live(tx: Connection, case_ids: Iterable[UUID]) -> list[Alert]:
    """The alerts of these cases that have not been cleared."""
    return _read_alerts(tx, _LIVE, {"case_ids": list(case_ids)})


_OF_CASES = select(alert).where(alert.c.case_id.in_(bindparam("case_ids", expanding=True)))
_LIVE_OF_CASE = Prepared(
    select(alert.c.alert_id).where(alert.c.case_id == bindparam("case_id"), alert.c.cleared_at.is_(None))
)
_LIVE = _OF_CASES.where(alert.c.cleared_at.is_(None)).order_by(alert.c.case_id, alert.c.due, alert.c.code)


def of_cases(tx: Connection, case_ids: Sequence[UUID]) -> list[Alert]:
    """Every alert of these cases, cleared ones too."""
    return _read_alerts(tx, _OF_CASES, {"case_ids": list(case_ids)})


def live_as_of(tx: Connection, case_id: UUID, known_at: datetime) -> list[Alert]:
    """The alerts of this case that were not cleared at that instant, each with its status at that instant."""
    query = (
        select(*alert.c["case_id", "code", "due"], alert_change)
        .join(alert_change, alert_change.c.alert_id == alert.c.alert_id)
        .where(alert.c.case_id == case_id, alert_change.c.at <= known_at)
        .order_by(alert.c.due, alert.c.code, alert_change.c.n)
    )
    by_id: dict[UUID, Alert] = {}
    for row in tx.execute(query):
        by_id[row.alert_id] = _apply_change_row(by_id.get(row.alert_id), row)
    return [entry for entry in by_id.values() if entry.cleared_at is None]


def any_live(case_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """SQL condition: the case has an alert that is not cleared."""
    return exists().where(alert.c.case_id == case_id, alert.c.cleared_at.is_(None))


def find(tx: Connection, viewer: Viewer, alert_id: UUID, for_update: bool = False) -> Alert | None:
    """This alert, if the viewer may see its case. `for_update`: locks the alert until the transaction ends.

    The lock is on the row of the case, as for events and the nightly sweep, so that locks are taken in one order.
    """
    query = _visible_alerts(viewer).where(alert.c.alert_id == alert_id)
    if for_update:
        tx.execute(query.with_only_columns(case_current.c.case_id).with_for_update(of=case_current))
    return next(iter(_read_alerts(tx, query)), None)


def history(tx: Connection, alert_id: UUID) -> list[AlertHistoryEntry]:
    """Every change of the alert, oldest first."""
    query = select(alert_change).where(alert_change.c.alert_id == alert_id).order_by(alert_change.c.n)
    names = [field.name for field in fields(AlertHistoryEntry)]
    rows = tx.execute(query).mappings()
    return [
        AlertHistoryEntry(**{name: row[name] for name in names} | {"details": stored_json(row["details"])})
        for row in rows
    ]


def alerted_cases(tx: Connection, viewer: Viewer, code: str, konfliktrad: str | None) -> list[UUID]:
    """The cases with a live alert on this clock, in order, of those counted for the viewer; of one office if named."""
    query = select(alert.c.case_id).join(case_current, case_current.c.case_id == alert.c.case_id)
    conditions = [alert.c.code == code, alert.c.cleared_at.is_(None), case_queries.counted_for(viewer)]
    conditions += case_queries.location_conditions(viewer, konfliktrad=konfliktrad)
    return list(tx.scalars(query.where(*conditions).distinct().order_by(alert.c.case_id)))


def woken_cases(tx: Connection, day: date) -> list[UUID]:
    """The cases of which an alert woke on that night, in order."""
    query = select(alert.c.case_id).join(alert_change, alert_change.c.alert_id == alert.c.alert_id)
    woken = query.where(alert_change.c.change == AlertChange.WOKEN, alert_change.c.for_date == day)
    return list(tx.scalars(woken.distinct().order_by(alert.c.case_id)))


def list_alerts(
    tx: Connection, viewer: Viewer, filters: AlertFilter, after: tuple[date, UUID] | None, limit: int
) -> tuple[list[Alert], tuple[date, UUID] | None]:
    """One page of the alerts on cases that the viewer may see, by due day, and the key of its end: None at the end."""
    query = _visible_alerts(viewer).where(*_conditions(viewer, filters))
    if after is not None:
        query = query.where(tuple_(alert.c.due, alert.c.alert_id) > after)
    rows = _read_alerts(tx, query.order_by(alert.c.due, alert.c.alert_id).limit(limit + 1))
    page = rows[:limit]
    return page, (page[-1].due, page[-1].alert_id) if len(rows) > limit else None


# --- the nightly sweep --------------------------------------------------------------------------------------


def count_due(tx: Connection, day: date) -> int:
    """The number of cases due for a check on that day."""
    return tx.scalar(select(func.count()).where(case_current.c.look_on <= day)) or 0


def due_cases(tx: Connection, day: date, after: tuple[date, UUID] | None, limit: int) -> list[tuple[date, UUID]]:
    """The next cases due for a check on that day, by the day they became due and id."""
    place = tuple_(case_current.c.look_on, case_current.c.case_id)
    query = select(case_current.c.look_on, case_current.c.case_id).where(case_current.c.look_on <= day)
    if after is not None:
        query = query.where(place > after)
    rows = tx.execute(query.order_by(case_current.c.look_on, case_current.c.case_id).limit(limit))
    return [(row.look_on, row.case_id) for row in rows]


def claim(tx: Connection, case_id: UUID, day: date) -> int | None:
    """Locks the case until the transaction ends; its version, or None if it is no longer due for a check."""
    due_case = (case_current.c.case_id == case_id, case_current.c.look_on <= day)
    return tx.scalar(select(case_current.c.version).where(*due_case).with_for_update())


def claim_unlocked(tx: Connection, case_ids: Sequence[UUID], day: date) -> dict[UUID, tuple[int, datetime]]:
    """Those of these cases that are due for a check and that nobody else has locked: version and last change of each.

    They are locked until the transaction ends. It waits for none, so that cases locked together never cause a deadlock.
    """
    due = select(*case_current.c["case_id", "version", "updated_at"]).where(
        case_current.c.case_id.in_(case_ids), case_current.c.look_on <= day
    )
    return {row.case_id: (row.version, row.updated_at) for row in tx.execute(due.with_for_update(skip_locked=True))}


def set_next_checks(tx: Connection, days: Sequence[tuple[UUID, date | None]]) -> None:
    """The day of the next check of each of these cases, as `set_next_check`."""
    if days:
        tx.execute(_NEXT_CHECK, [{"b_case_id": case_id, "b_day": day} for case_id, day in days])


_NEXT_CHECK = (
    update(case_current)
    .where(case_current.c.case_id == bindparam("b_case_id"))
    .values(look_on=bindparam("b_day", type_=case_current.c.look_on.type))
)


def set_next_check(tx: Connection, case_id: UUID, day: date | None) -> None:
    """The day of the next check of the case; None: not before the next event."""
    set_next_checks(tx, [(case_id, day)])


def check_no_later_than(tx: Connection, case_id: UUID, day: date) -> None:
    """Move the next check of the case forward to that day, unless it is earlier already."""
    without_earlier_check = and_(
        case_current.c.case_id == case_id, case_current.c.look_on.is_(None) | (case_current.c.look_on > day)
    )
    tx.execute(update(case_current).where(without_earlier_check).values(look_on=day))


# --- writing ------------------------------------------------------------------------------------------------


def write(
    tx: Connection, case_id: UUID, known: Sequence[Alert], changes: Sequence[AlertTransition], by: AlertActor
) -> list[Alert]:
    """Write changes to the alerts of a case and the outbox messages about them; returns the alerts live afterwards.

    `known`: the alerts that were live.
    """
    raised = any(change.change is AlertChange.RAISED for change in changes)
    stored = of_cases(tx, [case_id]) if raised else []
    cleared = {stored_alert.status.key: stored_alert for stored_alert in stored if stored_alert.cleared_at}
    writes = worked_out(case_id, known, changes, by, cleared)
    write_all(tx, [writes])
    return writes.live


def record_action(tx: Connection, old: Alert, change: AlertChange, by: AlertActor, values: dict[str, Any]) -> Alert:
    """Write a change made by a person; the alert after it. `values`: state, quiet_until, reason."""
    new = replace(old, changed_at=by.at, changes=old.changes + 1, **values)
    given = {name: value for name, value in values.items() if value is not None}
    save_change(tx, old, new, change, by, {n: v.isoformat() if isinstance(v, date) else v for n, v in given.items()})
    return new


def clear(tx: Connection, case_id: UUID, case: Case, day: date, at: datetime, corrected: bool) -> None:
    """Clear the alerts that no longer apply after a new event, in the transaction of the event.

    `corrected`: the event is a correction.
    """
    if not _LIVE_OF_CASE.rows(tx, {"case_id": case_id}):
        return
    known = live(tx, [case_id])
    ended = cleared_alerts(case, day, [known_alert.status for known_alert in known], corrected)
    write(tx, case_id, known, ended, AlertActor(Role.SYSTEM, "alerts", day, at))


_OPENING_CHANGES = (AlertChange.RAISED, AlertChange.ESCALATED, AlertChange.WOKEN)


def _apply_change_row(before: Alert | None, row: Row[*tuple[Any, ...]]) -> Alert:
    """The alert after one more row of `alert_change`; the first row raises it.

    The answer of a party for its own part leaves it as it is.
    """
    if before is not None and row.change is AlertChange.PART_ANSWERED:
        return replace(before, changed_at=row.at, changes=row.n)
    change_details = stored_json(row.details)
    state = AlertState.OPEN if row.change in _OPENING_CHANGES else AlertState(row.change)
    until = date.fromisoformat(change_details["quiet_until"]) if "quiet_until" in change_details else None
    changed: dict[str, Any] = {"state": state, "quiet_until": until, "changed_at": row.at, "changes": row.n}
    changed["cleared_at"] = row.at if state is AlertState.CLEARED else None
    if "level" in change_details:
        changed |= {"level": Level(change_details["level"]), "step": change_details["rung"]}
    if "reason" in change_details:
        changed["reason"] = DelayReason(change_details["reason"])
    if before is not None and row.change is not AlertChange.RAISED:
        return replace(before, **changed)
    raised: dict[str, Any] = {"reason": None, "raised_for": row.for_date, "raised_at": row.at}
    return Alert(alert_id=row.alert_id, case_id=row.case_id, code=row.code, due=row.due, **raised | changed)


def _visible_alerts(viewer: Viewer) -> Select[Any]:
    joined = select(alert).join(case_current, case_current.c.case_id == alert.c.case_id)
    return joined.where(or_(case_queries.visible_to(viewer), _notified_as_contact(viewer)))


def _notified_as_contact(viewer: Viewer) -> ColumnElement[bool]:
    """SQL condition: the viewer was notified of the alert as a standing contact, and still is one for the case."""
    if not may_be_standing_contact(viewer.role):
        return false()
    sent = (notice.c.alert_id == alert.c.alert_id, notice.c.subject == viewer.subject, notice.c.withdrawn_at.is_(None))
    return exists().where(*sent, still_contact()).correlate(alert, case_current)


def _conditions(viewer: Viewer, filters: AlertFilter) -> list[ColumnElement[bool]]:
    columns = (*alert.c["state", "level", "code", "case_id"], case_current.c.waiting_for)
    wanted = [(column, getattr(filters, column.name)) for column in columns]
    conditions: list[ColumnElement[bool]] = [column == value for column, value in wanted if value is not None]
    if filters.live is not None:
        conditions.append(alert.c.cleared_at.is_(None) if filters.live else alert.c.cleared_at.is_not(None))
    return conditions + case_queries.location_conditions(
        viewer, konfliktrad=filters.konfliktrad, coordinator=filters.coordinator
    )


def _read_alerts(tx: Connection, query: Select[Any], parameters: dict[str, Any] | None = None) -> list[Alert]:
    rows = (dict(row) for row in tx.execute(query, parameters).mappings())
    return [
        Alert(step=row.pop("rung"), **row | {"reason": DelayReason(row["reason"]) if row["reason"] else None})
        for row in rows
    ]

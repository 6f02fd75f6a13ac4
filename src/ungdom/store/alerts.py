"""Alerts as they are kept: what happened to each is a row that stays, and how it stands now is told beside it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, insert, select, tuple_, update

from ungdom.store import bulk, outbox, reading
from ungdom.store.alert_tables import alert, alert_change
from ungdom.store.outbox import Message
from ungdom.store.tables import case_current
from ungdom.workflow.alerting import (
    AlertChange,
    AlertState,
    Change,
    DelayReason,
    Flag,
    Level,
    Standing,
    cleared,
    party_waited_for,
    told,
)
from ungdom.workflow.case import Case
from ungdom.workflow.permissions import Viewer
from ungdom.workflow.vocabulary import Role

_NAMESPACE = UUID("2f4d6c1a-93b7-4f3e-8a51-0c7e5d9b6a10")

KINDS = tuple(f"alert.{change}" for change in (AlertChange.RAISED, AlertChange.ESCALATED, AlertChange.CLEARED))
"""The kinds of messages that alerts give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert as it stands. Days are Oslo dates, instants UTC."""

    alert_id: UUID
    case_id: UUID
    code: str
    due: date
    state: AlertState
    level: Level
    rung: int
    quiet_until: date | None
    reason: DelayReason | None
    raised_for: date
    raised_at: datetime
    changed_at: datetime
    changes: int
    cleared_at: datetime | None

    @property
    def standing(self) -> Standing:
        """What the rules need to know of it."""
        return Standing(self.code, self.due, self.state, self.rung, self.quiet_until)


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened to an alert. `for_date`: the day it was judged for."""

    n: int
    change: AlertChange
    for_date: date
    at: datetime
    role: Role
    subject: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, for which day, and when."""

    role: Role
    subject: str
    day: date
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list of alerts is asked for; None asks nothing. `live`: not cleared."""

    live: bool | None = None
    state: AlertState | None = None
    level: Level | None = None
    code: str | None = None
    case_id: UUID | None = None
    konfliktrad: str | None = None
    coordinator: str | None = None


def alert_id_of(case_id: UUID, code: str, due: date) -> UUID:
    """The id of the alert on this clock and due day: the same whenever it is raised."""
    return uuid5(_NAMESPACE, f"{case_id}/{code}/{due}")


# --- reading ------------------------------------------------------------------------------------------------


def live(tx: Connection, case_ids: Iterable[UUID]) -> list[Alert]:
    """The alerts of these cases that have not been cleared."""
    mine = (alert.c.case_id.in_(list(case_ids)), alert.c.cleared_at.is_(None))
    return _read(tx, select(alert).where(*mine).order_by(alert.c.case_id, alert.c.due, alert.c.code))


def told_of(tx: Connection, case_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these cases that have or have had an alert."""
    return set(tx.scalars(select(alert.c.case_id).where(alert.c.case_id.in_(case_ids))))


def live_then(tx: Connection, case_id: UUID, known_at: datetime) -> list[Alert]:
    """The alerts of this case that had not been cleared at that instant, each as it stood then."""
    query = (
        select(*alert.c["case_id", "code", "due"], alert_change)
        .join(alert_change, alert_change.c.alert_id == alert.c.alert_id)
        .where(alert.c.case_id == case_id, alert_change.c.at <= known_at)
        .order_by(alert.c.due, alert.c.code, alert_change.c.n)
    )
    then: dict[UUID, Alert] = {}
    for row in tx.execute(query):
        then[row.alert_id] = _so_far(then.get(row.alert_id), row)
    return [one for one in then.values() if one.cleared_at is None]


def any_live(case_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether a case has one: for queries that read cases."""
    return exists().where(alert.c.case_id == case_id, alert.c.cleared_at.is_(None))


def find(tx: Connection, viewer: Viewer, alert_id: UUID, hold: bool = False) -> Alert | None:
    """This alert, if the viewer may see its case. `hold`: nobody else changes it until the transaction ends.

    Held by the row of its case, as moves and the night hold it: two who meet wait for each other in one order.
    """
    query = _visible(viewer).where(alert.c.alert_id == alert_id)
    if hold:
        tx.execute(query.with_only_columns(case_current.c.case_id).with_for_update(of=case_current))
    found = _read(tx, query)
    return found[0] if found else None


def history(tx: Connection, alert_id: UUID) -> list[Happened]:
    """Everything that happened to it, in order."""
    query = select(alert_change).where(alert_change.c.alert_id == alert_id).order_by(alert_change.c.n)
    names = [field.name for field in fields(Happened)]
    rows = tx.execute(query).mappings()
    return [Happened(**{name: row[name] for name in names} | {"details": json.loads(row["details"])}) for row in rows]


def listed(
    tx: Connection, viewer: Viewer, wanted: Wanted, after: tuple[date, UUID] | None, limit: int
) -> tuple[list[Alert], tuple[date, UUID] | None]:
    """One page of the alerts on cases that the viewer may see, the first due first, and where it ended."""
    query = _visible(viewer).where(*_conditions(viewer, wanted))
    if after is not None:
        query = query.where(tuple_(alert.c.due, alert.c.alert_id) > after)
    found = _read(tx, query.order_by(alert.c.due, alert.c.alert_id).limit(limit + 1))
    page = found[:limit]
    return page, (page[-1].due, page[-1].alert_id) if len(found) > limit else None


# --- the night's round --------------------------------------------------------------------------------------


def due_cases(tx: Connection, day: date, after: tuple[date, UUID] | None, limit: int) -> list[tuple[date, UUID]]:
    """The next cases that have to be looked at on that day, by the day since when and the id."""
    place = tuple_(case_current.c.look_on, case_current.c.case_id)
    query = select(case_current.c.look_on, case_current.c.case_id).where(case_current.c.look_on <= day)
    if after is not None:
        query = query.where(place > after)
    rows = tx.execute(query.order_by(case_current.c.look_on, case_current.c.case_id).limit(limit))
    return [(row.look_on, row.case_id) for row in rows]


def claim(tx: Connection, case_id: UUID, day: date) -> int | None:
    """The version of the case, held until the transaction ends; None when somebody else has looked at it already."""
    mine = (case_current.c.case_id == case_id, case_current.c.look_on <= day)
    return tx.scalar(select(case_current.c.version).where(*mine).with_for_update())


def look_again(tx: Connection, case_id: UUID, day: date | None) -> None:
    """When the case has to be looked at next; None: when something happens in it."""
    tx.execute(update(case_current).where(case_current.c.case_id == case_id).values(look_on=day))


def wake_on(tx: Connection, case_id: UUID, day: date) -> None:
    """Look at the case on that day at the latest."""
    later = and_(case_current.c.case_id == case_id, case_current.c.look_on.is_(None) | (case_current.c.look_on > day))
    tx.execute(update(case_current).where(later).values(look_on=day))


# --- writing ------------------------------------------------------------------------------------------------


def write(
    tx: Connection, case_id: UUID, known: Sequence[Alert], changes: Sequence[Change], by: By, untold: bool = False
) -> list[Alert]:
    """Write what happened to the alerts of a case, and the messages that tell of it; the alerts that are live then.

    `known`: those that were live; `untold`: the case has never had one.
    """
    now = {one.standing.key: one for one in known}
    messages: list[Message] = []
    for change in changes:
        old = now.get((change.code, change.due)) or (None if untold else _cleared_one(tx, case_id, change))
        new = _after(case_id, old, change, by)
        details = _details(change)
        _put(tx, old, new, change.change, by, details)
        now[change.code, change.due] = new
        if f"alert.{change.change}" in KINDS:
            messages.append(_message(new, change, by, details))
    outbox.add(tx, messages)
    return [one for one in now.values() if one.cleared_at is None]


def mark(tx: Connection, old: Alert, change: AlertChange, by: By, values: dict[str, Any]) -> Alert:
    """Write what a person did with an alert; the alert after it. `values`: state, quiet_until, reason."""
    new = replace(old, changed_at=by.at, changes=old.changes + 1, **values)
    _put(tx, old, new, change, by, {name: _plain(value) for name, value in values.items() if value is not None})
    return new


def clear(tx: Connection, case_id: UUID, case: Case, day: date, at: datetime, corrected: bool) -> None:
    """End the alerts that what has just happened in the case has cured. Written with the move itself.

    `corrected`: what happened is a correction.
    """
    known = live(tx, [case_id])
    over = cleared(case, day, [one.standing for one in known], corrected)
    write(tx, case_id, known, over, By(Role.SYSTEM, "alerts", day, at))


_LEFT_OPEN = (AlertChange.RAISED, AlertChange.ESCALATED, AlertChange.WOKEN)


def _so_far(before: Alert | None, row: Row[*tuple[Any, ...]]) -> Alert:
    """The alert after one more of the things that happened to it; the first one is that it was raised."""
    said = json.loads(row.details)
    state = AlertState.OPEN if row.change in _LEFT_OPEN else AlertState(row.change)
    until = date.fromisoformat(said["quiet_until"]) if "quiet_until" in said else None
    changed: dict[str, Any] = {"state": state, "quiet_until": until, "changed_at": row.at, "changes": row.n}
    changed["cleared_at"] = row.at if state is AlertState.CLEARED else None
    if "level" in said:
        changed |= {"level": Level(said["level"]), "rung": said["rung"]}
    if "reason" in said:
        changed["reason"] = DelayReason(said["reason"])
    if before is not None and row.change is not AlertChange.RAISED:
        return replace(before, **changed)
    raised: dict[str, Any] = {"reason": None, "raised_for": row.for_date, "raised_at": row.at}
    return Alert(alert_id=row.alert_id, case_id=row.case_id, code=row.code, due=row.due, **raised | changed)


def _put(tx: Connection, old: Alert | None, new: Alert, change: AlertChange, by: By, details: dict[str, Any]) -> None:
    row = asdict(new)
    if old is None:
        tx.execute(insert(alert), row)
    else:
        tx.execute(update(alert).where(alert.c.alert_id == new.alert_id).values(row))
    text = json.dumps(details, sort_keys=True, separators=(",", ":"))
    happened = {"alert_id": new.alert_id, "n": new.changes, "change": change, "for_date": by.day, "at": by.at}
    bulk.add(tx, alert_change, [{**happened, "role": by.role, "subject": by.subject, "details": text}])


def _cleared_one(tx: Connection, case_id: UUID, change: Change) -> Alert | None:
    """The alert of an earlier time, when the clock runs again after it was cleared."""
    if change.change is not AlertChange.RAISED:
        return None
    found = _read(tx, select(alert).where(alert.c.alert_id == alert_id_of(case_id, change.code, change.due)))
    return found[0] if found else None


def _after(case_id: UUID, old: Alert | None, change: Change, by: By) -> Alert:
    if change.change is AlertChange.RAISED and change.flag is not None:
        return _raised(case_id, old, change.flag, by)
    if old is None:
        raise ValueError(f"{change.change} of an alert that was never raised")
    told_again: dict[str, Any] = {"changed_at": by.at, "changes": old.changes + 1}
    if change.change is AlertChange.CLEARED:
        return replace(old, state=AlertState.CLEARED, cleared_at=by.at, quiet_until=None, **told_again)
    if change.change is AlertChange.WOKEN or change.flag is None:
        return replace(old, state=AlertState.OPEN, quiet_until=None, **told_again)
    return replace(old, state=AlertState.OPEN, level=change.flag.level, rung=change.flag.rung, **told_again)


def _raised(case_id: UUID, old: Alert | None, flag: Flag, by: By) -> Alert:
    code, due = flag.key
    return Alert(
        alert_id=alert_id_of(case_id, code, due),
        case_id=case_id,
        code=code,
        due=due,
        state=AlertState.OPEN,
        level=flag.level,
        rung=flag.rung,
        quiet_until=None,
        reason=None,
        raised_for=by.day,
        raised_at=by.at,
        changed_at=by.at,
        changes=old.changes + 1 if old else 1,
        cleared_at=None,
    )


def _details(change: Change) -> dict[str, Any]:
    if change.flag is None:
        return {"because": change.because} if change.because else {}
    return {"level": change.flag.level, "rung": change.flag.rung}


def _message(new: Alert, change: Change, by: By, details: dict[str, Any]) -> Message:
    kind = f"alert.{change.change}"
    party = party_waited_for(change.flag.deadline) if change.flag else None
    payload = {
        "alert_id": str(new.alert_id),
        "case_id": str(new.case_id),
        "n": new.changes,
        "code": new.code,
        "due": new.due.isoformat(),
        "days": (by.day - new.due).days,
        "level": new.level,
        "rung": new.rung,
        "told": list(told(change.flag, change.change is AlertChange.RAISED)) if change.flag else [],
        "waiting_for": party,
        "for_date": by.day.isoformat(),
        "because": details.get("because"),
    }
    text = json.dumps(payload, separators=(",", ":"))
    return Message(uuid5(new.alert_id, f"{new.changes}/{kind}"), new.case_id, new.changes, kind, text, created_at=by.at)


def _visible(viewer: Viewer) -> Select[Any]:
    joined = select(alert).join(case_current, case_current.c.case_id == alert.c.case_id)
    return joined.where(reading.visible_to(viewer))


def _conditions(viewer: Viewer, wanted: Wanted) -> list[ColumnElement[bool]]:
    names = ("state", "level", "code", "case_id")
    asked = {name: getattr(wanted, name) for name in names if getattr(wanted, name) is not None}
    found: list[ColumnElement[bool]] = [alert.c[name] == value for name, value in asked.items()]
    if wanted.live is not None:
        found.append(alert.c.cleared_at.is_(None) if wanted.live else alert.c.cleared_at.is_not(None))
    return found + reading.placed(viewer, konfliktrad=wanted.konfliktrad, coordinator=wanted.coordinator)


def _read(tx: Connection, query: Select[Any]) -> list[Alert]:
    rows = tx.execute(query).mappings()
    return [Alert(**{**row, "reason": DelayReason(row["reason"]) if row["reason"] else None}) for row in rows]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value

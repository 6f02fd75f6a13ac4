"""A synthetic case load with a night of alerts, and how extracts of it are ordered and read in the tests."""

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.service import KEY, fill
from tests.statistics import waits
from ungdom import alerts
from ungdom.alerts.sweep import sweep
from ungdom.demo import coordination_groups
from ungdom.demo.case_generator import GeneratedCase
from ungdom.extracts import build as making
from ungdom.extracts.catalogue import EXTRACTS, extract
from ungdom.extracts.columns.column import Dates
from ungdom.extracts.order import Order, OrderRequest, OrderService, order_of_release
from ungdom.extracts.pseudonyms import ExtractKeys
from ungdom.extracts.purposes import Purpose, Purposes
from ungdom.extracts.writers import Form
from ungdom.release import build, store
from ungdom.release.plan import RELEASE_PLAN
from ungdom.store.schema.alerts import alert
from ungdom.store.schema.cases import case_current
from ungdom.store.session import Database
from ungdom.workflow.calendar import last_moment
from ungdom.workflow.rules.escalation import DelayReason
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

CASES = 55
TODAY = waits.TODAY
THEN = date(2025, 6, 2)
"""An earlier day: the load has been written until then, and goes on afterwards."""
NOW = datetime(2026, 1, 6, 9, tzinfo=UTC)
NAMES = tuple(one.name for one in EXTRACTS)
OF_CASES = tuple(one.name for one in EXTRACTS if not one.released)
RELEASED = ("p2", "completion.closed", "nordic_2y")
"""Rows of the list of released figures that are enough here."""


@cache
def told() -> tuple[GeneratedCase, ...]:
    return tuple(waits.load(CASES, 3))


def until_then(url: str) -> None:
    """The load as far as it was recorded by then, and what was told that night and seen to."""
    fill(url)
    db = Database.open(url)
    with db.writing() as tx:
        coordination_groups.write(tx, waits.KEYS)
    waits.write(db, told(), THEN)
    night(db, THEN)
    see_to_alerts(db)
    release(db, THEN)
    db.close()


def until_today(url: str) -> None:
    """The load until today."""
    until_then(url)
    db = Database.open(url)
    go_on(db)
    db.close()


def go_on(db: Database) -> None:
    """What was recorded after then, corrections among it, and the nights of it."""
    waits.go_on(db, told(), THEN)
    for day in (date(2025, 9, 1), date(2025, 12, 15), TODAY):
        night(db, day)
    release(db, TODAY)


def release(db: Database, day: date, now: datetime = NOW) -> None:
    """Tables are released as known at the end of the day."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "RELEASE_PLAN", tuple(one for one in RELEASE_PLAN if one.population in RELEASED))
        store.release(db, waits.KEYS, last_moment(day), now)


def night(db: Database, day: date) -> None:
    sweep(db, day, lambda: last_moment(day) - timedelta(hours=1))


def see_to_alerts(db: Database) -> None:
    """Of the alerts then every third was seen, answered, or put off."""
    leader, late = Viewer(Role.LEADER, "leader", None), last_moment(THEN) - timedelta(minutes=30)
    with db.writing() as tx:
        for n, alert_id in enumerate(tx.scalars(select(alert.c.alert_id).order_by(alert.c.due, alert.c.code)).all()):
            office = tx.scalar(_OFFICE.where(alert.c.alert_id == alert_id))
            who = Viewer(leader.role, leader.subject, office)
            if n % 3 == 0:
                alerts.acknowledge(tx, who, alert_id, late)
            elif n % 3 == 1:
                alerts.answer(tx, who, alert_id, DelayReason.CAPACITY, THEN + timedelta(days=20), late)
            else:
                alerts.snooze(tx, who, alert_id, THEN + timedelta(days=3), late)


_OFFICE = select(case_current.c.konfliktrad).join(alert, alert.c.case_id == case_current.c.case_id)


def purpose(name: str = "p", dates: Dates = Dates.DAY, **other: Any) -> Purpose:
    given = {"ordered_by": "somebody", "basis": "some act", "until": date(2030, 1, 1), **other}
    return Purpose(name=name, dates=dict.fromkeys(NAMES, dates), **given)


def desk(*purposes: Purpose, keys: Iterable[str] = (KEY,)) -> OrderService:
    return OrderService(Purposes(purposes or (purpose(),)), ExtractKeys(list(keys)))


def order(name: str, known_on: date = TODAY, day: date | None = None, of: Purpose | None = None) -> Order:
    if extract(name).released:
        return order_of_release(extract(name), last_moment(known_on))
    wanted = of or purpose()
    return desk(wanted).order(OrderRequest(name, wanted.name, last_moment(known_on), day), NOW)


def raw(db: Database, asked: Order, form: Form = Form.NDJSON) -> bytes:
    out = io.BytesIO()
    making.stream(db, asked, form, out)
    return out.getvalue()


def rows(db: Database, asked: Order) -> list[dict[str, Any]]:
    return [json.loads(line) for line in raw(db, asked).splitlines()]


def cells(text: str, without: str = "") -> set[str]:
    """Every value of a CSV file, the header among them, but for those of one column."""
    names, *lines = csv.reader(io.StringIO(text, newline=""))
    return {*names} | {cell for line in lines for name, cell in zip(names, line, strict=True) if name != without}


def files(folder: Path) -> dict[str, bytes]:
    """Every file below, by its name."""
    return {str(one.relative_to(folder)): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}

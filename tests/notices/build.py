"""Cases that are late, people who are told of it, and a run that tells them."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tests.exchange import world
from tests.exchange.wire import Got, Receiver
from tests.exchange.world import KEYS, Told
from tests.service import Clock, employee
from ungdom.notices import address
from ungdom.notices import webhooks as hooks
from ungdom.notices.delivery import NoticeDeliveryContext
from ungdom.store import alerts, contacts, webhooks
from ungdom.store import staff as staff_store
from ungdom.store.alerts import Alert, AlertActor
from ungdom.store.contacts import NotificationContact
from ungdom.store.ids import uuid7
from ungdom.store.journal import StoredCase
from ungdom.store.schema import notices
from ungdom.store.session import Database
from ungdom.store.webhooks import Secret, Webhook, WebhookCredentials
from ungdom.workflow import engine
from ungdom.workflow import payloads as d
from ungdom.workflow.rules.escalation import Level, reconcile
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import EventType, Role

COORDINATOR = Viewer(Role.COORDINATOR, "coordinator-oslo", "oslo")
LEADER = Viewer(Role.LEADER, "leader-oslo", "oslo")
TEACHER = Viewer(Role.TEAM_MEMBER, "teacher-7", None)
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
ALL = ("case.event_recorded", *alerts.KINDS)
RAISED = ("alert.raised",)

JOINED = (EventType.TEAM_MEMBER_JOINED, d.MemberJoined(member="teacher-7", agency=d.Attendee.POLICE))
WITH_TEAM = (world.ASSIGNED, JOINED)
NIGHT = date(2026, 3, 3)
"""A Tuesday on which a case told with `WITH_TEAM` is long past its first contact: coordinator and team are told."""
MORNING = datetime(2026, 3, 3, 9, tzinfo=UTC)


def raise_alerts(db: Database, stored: StoredCase, day: date = NIGHT, hour: int = 2) -> list[Alert]:
    """What the night's round finds in this case; the alerts that are live then."""
    case = engine.fold(stored.youth, stored.events)
    at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    with db.writing() as tx:
        known = alerts.live(tx, [stored.case_id])
        changes = reconcile(case, day, [one.status for one in known])
        return alerts.write(tx, stored.case_id, known, changes, AlertActor(Role.SYSTEM, "nightly", day, at))


USUAL = Told(WITH_TEAM)


def late(db: Database, told: Told = USUAL, day: date = NIGHT) -> StoredCase:
    """A case of whose clocks somebody has to be told on that day."""
    stored = world.case(db, told)
    assert raise_alerts(db, stored, day)
    return stored


def cured(db: Database, stored: StoredCase, day: date = NIGHT, hour: int = 5) -> None:
    """Every alert of the case is cleared."""
    at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    with db.writing() as tx:
        known = alerts.live(tx, [stored.case_id])
        closed = engine.fold(stored.youth, [*stored.events, world.event(at, 30, EventType.PLAN_MEETING_HELD, _HELD)])
        over = [change for change in reconcile(closed, day, [one.status for one in known]) if change.because]
        assert over
        alerts.write(tx, stored.case_id, known, over, AlertActor(Role.SYSTEM, "alerts", day, at))


_HELD = d.PlanMeetingHeld(present=(d.Attendee.YOUTH, d.Attendee.GUARDIAN))


def hook(db: Database, url: str, owner: Viewer = COORDINATOR, kinds: tuple[str, ...] = ALL) -> tuple[UUID, str]:
    """A webhook that has been there for long; its id and its secret."""
    secret = hooks.new_secret()
    new = Webhook(
        webhook_id=uuid7(LONG_AGO),
        owner=owner,
        kinds=kinds,
        credentials=WebhookCredentials(url, (Secret(secret),)),
        created_at=LONG_AGO,
    )
    with db.writing() as tx:
        webhooks.add(tx, KEYS, new)
    return new.webhook_id, secret


def reached(db: Database, viewer: Viewer, language: str = "nb", address: str = "kontakt@eksempel.no") -> None:
    """This person wants the e-mail of the day."""
    new = NotificationContact(
        subject=viewer.subject,
        role=viewer.role,
        language=language,  # type: ignore[arg-type]
        email_digest=True,
        address=address,
        written_by=viewer.subject,
    )
    with db.writing() as tx:
        contacts.write(tx, KEYS, new, LONG_AGO)
        if viewer.role is Role.SECRETARIAT:
            staff_store.save_staff(tx, [employee(viewer.role, viewer.subject, None)])


def work(db: Database, clock: Clock | None = None, **changed: Any) -> NoticeDeliveryContext:
    """A run over this database that may reach this machine; chance is always the largest."""
    made: dict[str, Any] = {
        "db": db,
        "keys": KEYS,
        "public_url": "https://ungdom.test",
        "now": clock or Clock(MORNING),
        "jitter": lambda: 1.0,
        "allowed": address.networks(["127.0.0.0/8"]),
        "tick": 0.05,
        "total_timeout": 3.0,
    }
    return NoticeDeliveryContext(**made | changed)


def keys_of(receiver: Receiver) -> list[str]:
    """The keys of what came, in order."""
    return [header(one, "webhook-id") for one in receiver.got]


def said(got: Got) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(got.body)
    return found


def header(got: Got, name: str) -> str:
    return {key.lower(): value for key, value in got.headers.items()}[name]


def standings(db: Database) -> list[str]:
    """How the deliveries stand, in the order in which they were promised."""
    table = notices.delivery.c
    with db.reading() as tx:
        rows = tx.execute(select(table.held, table.delivered_at).order_by(table.place)).all()
    return ["delivered" if row.delivered_at else row.held or "waiting" for row in rows]


def told(db: Database) -> list[tuple[str, str]]:
    """Who has a notice of which level in the product, withdrawn ones left out."""
    table = notices.notice.c
    with db.reading() as tx:
        rows = tx.execute(select(table.subject, table.level).where(table.withdrawn_at.is_(None)))
        return sorted((row.subject, Level(row.level).value) for row in rows)


def hours(n: float) -> timedelta:
    return timedelta(hours=n)

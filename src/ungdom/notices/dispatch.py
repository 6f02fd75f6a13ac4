"""Dispatch of outbox messages: one delivery or notice per recipient, all of a message in one transaction.

A message whose dispatch is interrupted stays in the outbox; the next attempt gives the same rows under the same keys.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ungdom.notices.group_notices import due_notices
from ungdom.notices.recipients import RecipientDirectory, recipient_directory
from ungdom.store import alert_answers, alerts, deliveries, notices, outbox, webhooks
from ungdom.store.deliveries import WEBHOOK, NewDelivery
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.notices import UserNotice
from ungdom.store.outbox import OutboxMessage
from ungdom.store.schema.outbox import ANNOUNCED_KINDS
from ungdom.store.session import Connection, Database
from ungdom.store.webhooks import Webhook
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.escalation import Audience, DelayReason, Level
from ungdom.workflow.rules.permissions import Viewer, may_subscribe_to_events
from ungdom.workflow.vocabulary import EventType, Party

EVENT_RECORDED = "case.event_recorded"
RAISED, ESCALATED, CLEARED = alerts.KINDS
KINDS = ANNOUNCED_KINDS
"""The kinds of messages that a webhook can subscribe to."""

BATCH = 200


@dataclass(frozen=True, slots=True)
class _DispatchBatch:
    """Lookups shared by the messages of a batch, and the rows to write for them."""

    tx: Connection
    directory: RecipientDirectory
    hooks: list[Webhook]
    now: datetime
    deliveries: list[NewDelivery] = field(default_factory=list)
    notices: list[UserNotice] = field(default_factory=list)

    def write(self) -> None:
        """Write and clear the collected rows."""
        deliveries.add(self.tx, self.deliveries)
        notices.add(self.tx, self.notices)
        self.deliveries.clear()
        self.notices.clear()


def dispatch(db: Database, keys: EncryptionKeys, now: datetime, stop: Callable[[], bool] = lambda: False) -> int:
    """Dispatch every message in the outbox except official ones; returns their number."""
    total = 0
    while not stop() and (done := _dispatch_batch(db, keys, now)):
        total += done
    return total


def _dispatch_batch(db: Database, keys: EncryptionKeys, now: datetime) -> int:
    with db.writing() as tx:
        messages = outbox.claim_batch(tx, BATCH) if deliveries.try_sequence_lock(tx) else []
        if messages:
            case_ids = list({message.case_id for message in messages})
            batch = _DispatchBatch(
                tx, recipient_directory(tx, case_ids, oslo_date(now)), webhooks.active(tx, keys), now
            )
            for message in messages:
                _add_deliveries(batch, message)
            batch.notices.extend(due_notices(tx, case_ids, oslo_date(now), now))
            batch.write()
            outbox.mark_delivered(tx, [message.message_id for message in messages], now)
    return len(messages)


def _add_deliveries(batch: _DispatchBatch, message: OutboxMessage) -> None:
    payload = json.loads(message.payload)
    alert_id = UUID(payload["alert_id"]) if "alert_id" in payload else None
    silent: frozenset[str] = frozenset()
    if message.kind == CLEARED and alert_id is not None:
        batch.write()
        notices.mark_ended(batch.tx, alert_id, batch.now)
        silent = deliveries.withdraw_untried(batch.tx, alert_id, batch.now)
    new = (_new_delivery(hook, message, alert_id) for hook in _subscribed(batch, message))
    batch.deliveries.extend(delivery for delivery in new if delivery.receiver not in silent)
    if message.kind in (RAISED, ESCALATED, alert_answers.PART_ANSWERED):
        recipients = batch.directory.recipients(
            message.case_id, [Audience(word) for word in payload["told"]], payload["code"]
        )
        batch.notices.extend(_notice(viewer, message, payload) for viewer in recipients)


def _subscribed(batch: _DispatchBatch, message: OutboxMessage) -> Iterable[Webhook]:
    """The webhooks that subscribe to this kind, are older than the message, and whose owner may learn what it says."""
    for hook in batch.hooks:
        subscribes = message.kind in hook.kinds and hook.created_at <= message.created_at
        subscribes = subscribes and (message.kind != EVENT_RECORDED or may_subscribe_to_events(hook.owner.role))
        if subscribes and batch.directory.still_works(hook.owner) and may_be_sent(batch.directory, hook.owner, message):
            yield hook


def may_be_sent(directory: RecipientDirectory, owner: Viewer, message: OutboxMessage) -> bool:
    """Whether this viewer may learn what the message says: of an event its type, of an alert its clock."""
    payload = json.loads(message.payload)
    if message.kind == EVENT_RECORDED:
        return directory.may_learn_event(owner, message.case_id, EventType(payload["type"]))
    return directory.may_learn_alert(owner, message.case_id, payload["code"])


def _new_delivery(hook: Webhook, message: OutboxMessage, alert_id: UUID | None) -> NewDelivery:
    return NewDelivery(
        channel=WEBHOOK,
        id=str(hook.webhook_id),
        message_id=message.message_id,
        kind=message.kind,
        alert_id=alert_id,
        created_at=message.created_at,
    )


def _notice(viewer: Viewer, message: OutboxMessage, payload: dict[str, Any]) -> UserNotice:
    return UserNotice(
        notice_id=notices.notice_id_of(message.message_id, viewer.subject),
        message_id=message.message_id,
        viewer=viewer,
        case_id=message.case_id,
        alert_id=UUID(payload["alert_id"]),
        kind=message.kind,
        code=payload["code"],
        level=Level(payload["level"]),
        due=date.fromisoformat(payload["due"]),
        days=payload["days"],
        waiting_for=Party(payload["waiting_for"]) if payload["waiting_for"] else None,
        at=message.created_at,
        agency=Attendee(payload["agency"]) if "agency" in payload else None,
        reason=DelayReason(payload["reason"]) if "agency" in payload else None,
        expected_on=date.fromisoformat(payload["expected_on"]) if "agency" in payload else None,
    )

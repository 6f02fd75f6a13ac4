"""From a message in the outbox to one row for each of its receivers, in one transaction: all of them or none.

A process that ends in between leaves the message where it was; taken again it gives the same rows under the same keys.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ungdom.notices.receivers import People, people
from ungdom.store import alerts, deliveries, notices, outbox, webhooks
from ungdom.store.deliveries import WEBHOOK, New
from ungdom.store.notices import Notice
from ungdom.store.outbox import Message
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection, Database
from ungdom.store.webhooks import Webhook
from ungdom.workflow.alerting import Audience, Level
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.permissions import Viewer, may_hear_events
from ungdom.workflow.vocabulary import Party

EVENT_RECORDED = "case.event_recorded"
RAISED, ESCALATED, CLEARED = alerts.KINDS
KINDS = (EVENT_RECORDED, *alerts.KINDS)
"""What a webhook can ask for."""

BATCH = 200


@dataclass(frozen=True, slots=True)
class _Round:
    """What is looked up once for many messages, and what is to be written for them."""

    tx: Connection
    people: People
    hooks: list[Webhook]
    now: datetime
    deliveries: list[New] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def write(self) -> None:
        """Write what has been gathered."""
        deliveries.add(self.tx, self.deliveries)
        notices.add(self.tx, self.notices)
        self.deliveries.clear()
        self.notices.clear()


def fan_out(db: Database, keys: Keys, now: datetime, stop: Callable[[], bool] = lambda: False) -> int:
    """Promise everything in the outbox to its receivers; how many messages it was. Official ones are left alone."""
    total = 0
    while not stop() and (done := _batch(db, keys, now)):
        total += done
    return total


def _batch(db: Database, keys: Keys, now: datetime) -> int:
    with db.writing() as tx:
        messages = outbox.take(tx, BATCH) if deliveries.my_turn(tx) else []
        if messages:
            case_ids = list({message.case_id for message in messages})
            round_ = _Round(tx, people(tx, case_ids, oslo_date(now)), webhooks.active(tx, keys), now)
            for message in messages:
                _promise(round_, message)
            round_.write()
            outbox.delivered(tx, [message.message_id for message in messages], now)
    return len(messages)


def _promise(round_: _Round, message: Message) -> None:
    said = json.loads(message.payload)
    alert_id = UUID(said["alert_id"]) if "alert_id" in said else None
    silent: frozenset[str] = frozenset()
    if message.kind == CLEARED and alert_id is not None:
        round_.write()
        notices.end(round_.tx, alert_id, round_.now)
        silent = deliveries.withdraw_untried(round_.tx, alert_id, round_.now)
    new = (_new(hook, message, alert_id) for hook in _listening(round_, message))
    round_.deliveries.extend(one for one in new if one.receiver not in silent)
    if message.kind in (RAISED, ESCALATED):
        told = round_.people.told(message.case_id, [Audience(word) for word in said["told"]], said["code"])
        round_.notices.extend(_notice(viewer, message, said) for viewer in told)


def _listening(round_: _Round, message: Message) -> Iterable[Webhook]:
    """The webhooks that want this and whose owner may know of the case; of nothing from before they were made."""
    for hook in round_.hooks:
        wanted = message.kind in hook.kinds and hook.created_at <= message.created_at
        wanted = wanted and (message.kind != EVENT_RECORDED or may_hear_events(hook.owner.role))
        if wanted and round_.people.still_there(hook.owner) and round_.people.see(hook.owner, message.case_id):
            yield hook


def _new(hook: Webhook, message: Message, alert_id: UUID | None) -> New:
    return New(
        channel=WEBHOOK,
        id=str(hook.webhook_id),
        message_id=message.message_id,
        kind=message.kind,
        alert_id=alert_id,
        created_at=message.created_at,
    )


def _notice(viewer: Viewer, message: Message, said: dict[str, Any]) -> Notice:
    return Notice(
        notice_id=notices.notice_id_of(message.message_id, viewer.subject),
        message_id=message.message_id,
        viewer=viewer,
        case_id=message.case_id,
        alert_id=UUID(said["alert_id"]),
        kind=message.kind,
        code=said["code"],
        level=Level(said["level"]),
        due=date.fromisoformat(said["due"]),
        days=said["days"],
        waiting_for=Party(said["waiting_for"]) if said["waiting_for"] else None,
        at=message.created_at,
    )

"""New webhooks: the one place that makes them, for the interface and for `ungdom notices set-webhook`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from ungdom.notices.webhooks import new_secret
from ungdom.store import webhooks
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.ids import uuid7
from ungdom.store.session import Connection
from ungdom.store.webhooks import Secret, Webhook, WebhookCredentials
from ungdom.workflow.rules.permissions import Viewer

WebhookKind = Literal["case.event_recorded", "alert.raised", "alert.escalated", "alert.cleared"]
"""What a webhook can receive."""
MAX_WEBHOOKS = 10
"""As many webhooks as one owner may have. An office norm."""


class TooManyWebhooks(Exception):
    """The owner has as many as one may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


def subscribe(
    tx: Connection, keys: EncryptionKeys, owner: Viewer, url: str, kinds: Sequence[str], now: datetime
) -> Webhook:
    """Store a webhook with a new signing secret. The address was checked before. Raises `TooManyWebhooks`."""
    if webhooks.count(tx, owner) >= MAX_WEBHOOKS:
        raise TooManyWebhooks(MAX_WEBHOOKS)
    new = Webhook(
        webhook_id=uuid7(now),
        owner=owner,
        kinds=tuple(dict.fromkeys(kinds)),
        credentials=WebhookCredentials(url, (Secret(new_secret()),)),
        created_at=now,
    )
    webhooks.add(tx, keys, new)
    return new

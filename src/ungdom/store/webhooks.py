"""Webhooks: addresses, signing secrets and subscriptions. Addresses and secrets are stored encrypted."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, func, insert, select, update

from ungdom.store import chain_changes
from ungdom.store.codec import stored_json
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import CannotOpen, KeyLost
from ungdom.store.keyset import KeysetPosition, page
from ungdom.store.schema.notices import webhook
from ungdom.store.sealed import WEBHOOK
from ungdom.workflow.rules.permissions import Viewer

W = webhook.c


@dataclass(frozen=True, slots=True)
class Secret:
    """A signing secret. `until`: end of its validity; None until it is replaced."""

    text: str = field(repr=False)
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class WebhookCredentials:
    """The encrypted part: the address, and the secrets, newest first."""

    url: str = field(repr=False)
    secrets: tuple[Secret, ...]

    def valid(self, now: datetime) -> list[str]:
        """The secrets that are valid at `now`."""
        return [secret.text for secret in self.secrets if secret.until is None or now < secret.until]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A webhook. `owner`: its creator, whose rights limit what is sent.

    `lost_key`: short id of the key of its credentials, if it is declared lost or they were damaged: they are empty, and
    nothing is sent.
    """

    webhook_id: UUID
    owner: Viewer
    kinds: tuple[str, ...]
    credentials: WebhookCredentials
    created_at: datetime
    disabled_at: datetime | None = None
    disabled_because: str | None = None
    lost_key: str | None = None


def add(tx: Connection, keys: EncryptionKeys, new: Webhook) -> None:
    """Insert a webhook."""
    row = {
        "webhook_id": new.webhook_id,
        "role": new.owner.role,
        "subject": new.owner.subject,
        "konfliktrad": new.owner.konfliktrad,
        "kinds": json.dumps(new.kinds),
        "sealed": _encrypt_credentials(keys, new.webhook_id, new.credentials),
        "created_at": new.created_at,
    }
    tx.execute(insert(webhook), row)
    chain_changes.record(tx, webhook, row)


def active(tx: Connection, keys: EncryptionKeys) -> list[Webhook]:
    """Every enabled webhook whose credentials can be read, oldest first."""
    query = select(webhook).where(W.disabled_at.is_(None)).order_by(W.created_at, W.webhook_id)
    hooks = [_webhook_of_row(keys, row) for row in tx.execute(query).mappings()]
    return [hook for hook in hooks if hook.lost_key is None]


def list_webhooks(
    tx: Connection, keys: EncryptionKeys, owner: Viewer | None, after: KeysetPosition | None, limit: int
) -> list[Webhook]:
    """A page of the webhooks of this owner in this role, oldest first; with None, those of all owners."""
    query = page(select(webhook), (W.created_at, W.webhook_id), after, limit, newest_first=False)
    if owner is not None:
        query = query.where(W.subject == owner.subject, W.role == owner.role)
    return [_webhook_of_row(keys, row) for row in tx.execute(query).mappings()]


def count(tx: Connection, owner: Viewer) -> int:
    """Number of webhooks of this owner."""
    return tx.scalar(select(func.count()).select_from(webhook).where(W.subject == owner.subject)) or 0


def find(tx: Connection, keys: EncryptionKeys, webhook_id: UUID) -> Webhook | None:
    """This webhook; None without one."""
    row = tx.execute(select(webhook).where(W.webhook_id == webhook_id)).mappings().one_or_none()
    return _webhook_of_row(keys, row) if row else None


def rotate_secret(tx: Connection, keys: EncryptionKeys, old: Webhook, secret: str, until: datetime) -> Webhook:
    """Sign with `secret` from now on, and with the previous one until `until`. Enables a disabled webhook.

    Raises `KeyLost`.
    """
    require_readable(old)
    before = replace(old.credentials.secrets[0], until=until)
    new = replace(
        old,
        credentials=WebhookCredentials(old.credentials.url, (Secret(secret), before)),
        disabled_at=None,
        disabled_because=None,
    )
    values = {
        "sealed": _encrypt_credentials(keys, old.webhook_id, new.credentials),
        "disabled_at": None,
        "disabled_because": None,
    }
    tx.execute(update(webhook).where(W.webhook_id == old.webhook_id).values(values))
    chain_changes.record(tx, webhook, {"webhook_id": old.webhook_id})
    return new


def change(tx: Connection, keys: EncryptionKeys, old: Webhook, url: str, kinds: Sequence[str]) -> Webhook:
    """Change address and kinds. Raises `KeyLost`."""
    require_readable(old)
    new = replace(old, kinds=tuple(kinds), credentials=replace(old.credentials, url=url))
    values = {"kinds": json.dumps(new.kinds), "sealed": _encrypt_credentials(keys, old.webhook_id, new.credentials)}
    tx.execute(update(webhook).where(W.webhook_id == old.webhook_id).values(values))
    chain_changes.record(tx, webhook, {"webhook_id": old.webhook_id})
    return new


def disable(tx: Connection, webhook_id: UUID, because: str, at: datetime) -> None:
    """Disable the webhook."""
    values = {"disabled_at": at, "disabled_because": because}
    tx.execute(update(webhook).where(W.webhook_id == webhook_id, W.disabled_at.is_(None)).values(values))
    chain_changes.record(tx, webhook, {"webhook_id": webhook_id})


def remove(tx: Connection, webhook_id: UUID) -> None:
    """Delete the webhook with its address and secrets."""
    tx.execute(delete(webhook).where(W.webhook_id == webhook_id))
    chain_changes.record(tx, webhook, {"webhook_id": webhook_id})


def require_readable(hook: Webhook) -> None:
    if hook.lost_key is not None:
        raise KeyLost(hook.lost_key)


def _webhook_of_row(keys: EncryptionKeys, row: Any) -> Webhook:
    plain = None
    with suppress(CannotOpen):  # the others go on
        plain = keys.decrypt_stored(row["sealed"], _record(row["webhook_id"]))
    return Webhook(
        webhook_id=row["webhook_id"],
        owner=Viewer(row["role"], row["subject"], row["konfliktrad"]),
        kinds=tuple(stored_json(row["kinds"])),
        credentials=WebhookCredentials("", ()) if plain is None else _CREDENTIALS.validate_json(plain),
        created_at=row["created_at"],
        disabled_at=row["disabled_at"],
        disabled_because=row["disabled_because"],
        lost_key=(keys.id_of(row["sealed"]) or "?") if plain is None else None,
    )


def _encrypt_credentials(keys: EncryptionKeys, webhook_id: UUID, credentials: WebhookCredentials) -> bytes:
    return keys.encrypt(_CREDENTIALS.dump_json(credentials), _record(webhook_id))


def _record(webhook_id: UUID) -> str:
    return WEBHOOK.record_of(webhook_id=webhook_id)


_CREDENTIALS = TypeAdapter(WebhookCredentials)

"""Webhooks: where systems want to be told, and with which secrets. Address and secrets are kept sealed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, func, insert, select, update

from ungdom.store.keyset import Place, page
from ungdom.store.notice_tables import webhook
from ungdom.store.sealing import Keys
from ungdom.workflow.permissions import Viewer

W = webhook.c


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that bodies are signed with. `until`: when it stops; None: until it is replaced."""

    text: str = field(repr=False)
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """What is kept sealed: the address, and the secrets, the newest first."""

    url: str = field(repr=False)
    secrets: tuple[Secret, ...]

    def valid(self, now: datetime) -> list[str]:
        """The secrets that count at that instant."""
        return [one.text for one in self.secrets if one.until is None or now < one.until]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A webhook. `owner`: who made it; it is told what they may see."""

    webhook_id: UUID
    owner: Viewer
    kinds: tuple[str, ...]
    lock: Lock
    created_at: datetime
    disabled_at: datetime | None = None
    disabled_because: str | None = None


def add(tx: Connection, keys: Keys, new: Webhook) -> None:
    """A new webhook."""
    row = {
        "webhook_id": new.webhook_id,
        "role": new.owner.role,
        "subject": new.owner.subject,
        "konfliktrad": new.owner.konfliktrad,
        "kinds": json.dumps(new.kinds),
        "sealed": _seal(keys, new.webhook_id, new.lock),
        "created_at": new.created_at,
    }
    tx.execute(insert(webhook), row)


def active(tx: Connection, keys: Keys) -> list[Webhook]:
    """Every webhook that is told, in the order in which they were made."""
    query = select(webhook).where(W.disabled_at.is_(None)).order_by(W.created_at, W.webhook_id)
    return [_read(keys, row) for row in tx.execute(query).mappings()]


def listed(tx: Connection, keys: Keys, owner: Viewer | None, after: Place | None, limit: int) -> list[Webhook]:
    """The webhooks of this owner, in this role; with None everybody's; the oldest first, from after this one on."""
    query = page(select(webhook), (W.created_at, W.webhook_id), after, limit, newest_first=False)
    if owner is not None:
        query = query.where(W.subject == owner.subject, W.role == owner.role)
    return [_read(keys, row) for row in tx.execute(query).mappings()]


def count(tx: Connection, owner: Viewer) -> int:
    """How many webhooks this owner has."""
    return tx.scalar(select(func.count()).select_from(webhook).where(W.subject == owner.subject)) or 0


def find(tx: Connection, keys: Keys, webhook_id: UUID) -> Webhook | None:
    """This webhook."""
    row = tx.execute(select(webhook).where(W.webhook_id == webhook_id)).mappings().one_or_none()
    return _read(keys, row) if row else None


def rotate(tx: Connection, keys: Keys, old: Webhook, secret: str, until: datetime) -> Webhook:
    """Sign with this secret from now on, and with the one before it until then. A disabled one is told again."""
    before = replace(old.lock.secrets[0], until=until)
    new = replace(old, lock=Lock(old.lock.url, (Secret(secret), before)), disabled_at=None, disabled_because=None)
    values = {"sealed": _seal(keys, old.webhook_id, new.lock), "disabled_at": None, "disabled_because": None}
    tx.execute(update(webhook).where(W.webhook_id == old.webhook_id).values(values))
    return new


def change(tx: Connection, keys: Keys, old: Webhook, url: str, kinds: Sequence[str]) -> Webhook:
    """Send to this address, and these kinds, from now on."""
    new = replace(old, kinds=tuple(kinds), lock=replace(old.lock, url=url))
    values = {"kinds": json.dumps(new.kinds), "sealed": _seal(keys, old.webhook_id, new.lock)}
    tx.execute(update(webhook).where(W.webhook_id == old.webhook_id).values(values))
    return new


def disable(tx: Connection, webhook_id: UUID, because: str, at: datetime) -> None:
    """Tell it nothing more."""
    values = {"disabled_at": at, "disabled_because": because}
    tx.execute(update(webhook).where(W.webhook_id == webhook_id, W.disabled_at.is_(None)).values(values))


def remove(tx: Connection, webhook_id: UUID) -> None:
    """Forget it, with its address and secrets."""
    tx.execute(delete(webhook).where(W.webhook_id == webhook_id))


def reseal(tx: Connection, keys: Keys) -> int:
    """Seal every one anew under the first key; how many were changed."""
    old = [row for row in tx.execute(select(*webhook.c["webhook_id", "sealed"])) if not keys.is_newest(row.sealed)]
    for row in old:
        sealed = _seal(keys, row.webhook_id, _open(keys, row.webhook_id, row.sealed))
        tx.execute(update(webhook).where(W.webhook_id == row.webhook_id).values(sealed=sealed))
    return len(old)


def _read(keys: Keys, row: Any) -> Webhook:
    return Webhook(
        webhook_id=row["webhook_id"],
        owner=Viewer(row["role"], row["subject"], row["konfliktrad"]),
        kinds=_kinds(row["kinds"]),
        lock=_open(keys, row["webhook_id"], row["sealed"]),
        created_at=row["created_at"],
        disabled_at=row["disabled_at"],
        disabled_because=row["disabled_because"],
    )


def _kinds(text: str) -> tuple[str, ...]:
    found: Sequence[str] = json.loads(text)
    return tuple(found)


def _seal(keys: Keys, webhook_id: UUID, lock: Lock) -> bytes:
    return keys.seal(_LOCK.dump_json(lock), _record(webhook_id))


def _open(keys: Keys, webhook_id: UUID, sealed: bytes) -> Lock:
    return _LOCK.validate_json(keys.open(sealed, _record(webhook_id)))


def _record(webhook_id: UUID) -> str:
    return f"webhook:{webhook_id}"


_LOCK = TypeAdapter(Lock)

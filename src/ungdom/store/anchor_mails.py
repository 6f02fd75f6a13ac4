"""The e-mails with the seals of the hash chains: which is next, and how far each has got."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, or_, select, update

from ungdom.audit.seals import Seal
from ungdom.store import bulk, named_locks
from ungdom.store.schema.audit import audit_anchor_mail, audit_seal

M, S = audit_anchor_mail.c, audit_seal.c
CLAIMED = "claimed"


@dataclass(frozen=True, slots=True)
class AnchorMail:
    """A seal that was claimed for one attempt to mail it. `attempts`: this one included."""

    seal: Seal
    attempts: int


def is_due(tx: Connection, now: datetime, since: datetime) -> bool:
    """Whether a seal made after `since` can be mailed now."""
    return tx.scalar(_due(now, since).with_only_columns(S.number)) is not None


def claim(tx: Connection, now: datetime, since: datetime, until: datetime) -> AnchorMail | None:
    """The first seal made after `since` that can be mailed now, claimed until `until`; None without one."""
    named_locks.lock(tx, {"audit_anchor_mail"})
    row = tx.execute(_due(now, since)).mappings().one_or_none()
    if row is None:
        return None
    columns = dict(row)
    attempts = (columns.pop("attempts") or 0) + 1
    mail = AnchorMail(Seal(**columns), attempts)
    new = {"number": mail.seal.number, "attempts": attempts, "next_try_at": until, "status": CLAIMED}
    bulk.upsert(tx, audit_anchor_mail, [new])
    return mail


def record(
    tx: Connection, mail: AnchorMail, status: str, next_try_at: datetime | None, mailed_at: datetime | None
) -> None:
    """Writes the result of the attempt, unless the seal has been claimed again since."""
    this = (M.number == mail.seal.number, M.attempts == mail.attempts)
    values = {"status": status, "next_try_at": next_try_at, "mailed_at": mailed_at}
    tx.execute(update(audit_anchor_mail).where(*this).values(values))


def _due(now: datetime, since: datetime) -> Select[Any]:
    free = or_(M.number.is_(None), M.next_try_at <= now)
    mails = audit_seal.outerjoin(audit_anchor_mail, M.number == S.number)
    query = select(audit_seal, M.attempts).select_from(mails).where(S.sealed_at >= since, free, M.mailed_at.is_(None))
    return query.order_by(S.number).limit(1)

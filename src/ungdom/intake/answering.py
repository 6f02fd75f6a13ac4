"""Receipts for official messages: promised in the outbox in the transaction of what they tell of."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from ungdom.intake.words import Outcome
from ungdom.store import exchanges, inbox, outbox
from ungdom.store.exchanges import Exchanged
from ungdom.store.inbox import Arrival
from ungdom.store.session import Connection

UNDER_WAY, RECEIVED = "UNDER_MOTTAK", "MOTTATT"
TECHNICAL, INCOMPLETE, OURS = "FEILET_AVSENDER_TEKNISK", "FEILET_AVSENDER_MANGLER", "FEILET_MOTTAKER"
"""The words of the contract `kvittering` 1.0. After one of the last four nothing more is said."""


def answer(tx: Connection, exchange_id: UUID, now: datetime) -> Exchanged | None:
    """Tell the sender of an official message how it stands, if that is new; the message as it then stands."""
    kept = exchanges.find(tx, exchange_id)
    if kept is None or kept.status != UNDER_WAY:
        return kept
    status, reason = standing(inbox.exchanged(tx, exchange_id))
    if status != UNDER_WAY:
        return promise(tx, kept, status, reason, now)
    if reason != kept.reason:
        exchanges.answered(tx, exchange_id, status, reason, kept.receipts, now)
    return replace(kept, reason=reason)


def standing(arrivals: Sequence[Arrival]) -> tuple[str, str | None]:
    """How an official message stands by what came of the messages it was read as, and why."""
    parked = next((one for one in arrivals if one.outcome == Outcome.PARKED), None)
    refused = next((one for one in arrivals if one.outcome == Outcome.REJECTED), None)
    if parked is not None:
        return UNDER_WAY, parked.reason
    return (INCOMPLETE, refused.reason) if refused is not None else (RECEIVED, None)


def promise(tx: Connection, kept: Exchanged, status: str, reason: str | None, now: datetime) -> Exchanged:
    """Promise a receipt with this status, and keep that it was; the message as it then stands."""
    n = kept.receipts + 1
    said = {
        "exchange_id": str(kept.exchange_id),
        "status": status,
        "reason": reason,
        "ref": kept.meldings_id,
        "receiver": kept.sender,
        "by_token": kept.by_token,
    }
    payload = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    outbox.add(tx, [outbox.receipt(kept.exchange_id, n, payload, now)])
    exchanges.answered(tx, kept.exchange_id, status, reason, n, now)
    return replace(kept, status=status, reason=reason, receipts=n, updated_at=now)

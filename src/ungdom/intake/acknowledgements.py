"""Receipts for official messages, queued in the outbox in the transaction that they report."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from ungdom.intake.models import Outcome
from ungdom.store import exchanges, inbox, outbox
from ungdom.store.exchanges import ExchangeMessage
from ungdom.store.inbox import InboundMessage
from ungdom.store.session import Connection

UNDER_WAY, RECEIVED = "UNDER_MOTTAK", "MOTTATT"
TECHNICAL, INCOMPLETE, OURS = "FEILET_AVSENDER_TEKNISK", "FEILET_AVSENDER_MANGLER", "FEILET_MOTTAKER"
"""The statuses of the contract `kvittering` 1.0. The last four are final."""


def send_status(tx: Connection, exchange_id: UUID, now: datetime) -> ExchangeMessage | None:
    """Queue a receipt for an official message if its status changed; the message with its present status."""
    exchanged = exchanges.find(tx, exchange_id)
    if exchanged is None or exchanged.status != UNDER_WAY:
        return exchanged
    status, reason = status_of(inbox.messages_of_exchange(tx, exchange_id))
    if status != UNDER_WAY:
        return queue_receipt(tx, exchanged, status, reason, now)
    if reason != exchanged.reason:
        exchanges.record_answer(tx, exchange_id, status, reason, exchanged.receipts, now)
    return replace(exchanged, reason=reason)


def status_of(arrivals: Sequence[InboundMessage]) -> tuple[str, str | None]:
    """The status of an official message and the reason, from the outcomes of the messages it was read as."""
    parked = next((arrival for arrival in arrivals if arrival.outcome == Outcome.PARKED), None)
    refused = next((arrival for arrival in arrivals if arrival.outcome == Outcome.REJECTED), None)
    if parked is not None:
        return UNDER_WAY, parked.reason
    return (INCOMPLETE, refused.reason) if refused is not None else (RECEIVED, None)


def queue_receipt(
    tx: Connection, exchanged: ExchangeMessage, status: str, reason: str | None, now: datetime
) -> ExchangeMessage:
    """Queue a receipt with this status and store the status; the message with it."""
    n = exchanged.receipts + 1
    content = {
        "exchange_id": str(exchanged.exchange_id),
        "status": status,
        "reason": reason,
        "ref": exchanged.meldings_id,
        "receiver": exchanged.sender,
        "by_token": exchanged.by_token,
    }
    payload = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    outbox.add(tx, [outbox.receipt(exchanged.exchange_id, n, payload, now)])
    exchanges.record_answer(tx, exchanged.exchange_id, status, reason, n, now)
    return replace(exchanged, status=status, reason=reason, receipts=n, updated_at=now)

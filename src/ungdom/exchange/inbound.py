"""Reception of official messages: stored, parsed, passed to intake, answered by receipts.

The raw message is always stored. Sender and `meldingsId` identify it: a duplicate gets the current receipt and changes
nothing. Other content under a used id is a message of its own, with a flag.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from ungdom import intake
from ungdom.esas import inbound
from ungdom.esas.inbound.official import BadOfficial, IgnoredReason, MessageType, OfficialMessage
from ungdom.esas.receipt import ReceiptStatus
from ungdom.intake import IntakeContext, Sender, acknowledgements
from ungdom.message import DecisionMessage, read
from ungdom.message.sound import read_strict
from ungdom.message.text import is_printable
from ungdom.store import exchanges, inbox, kept_secrets, named_locks, outbox
from ungdom.store.exchanges import ExchangeMessage
from ungdom.store.inbox import SETTLED, InboundMessage
from ungdom.store.session import Connection


@dataclass(frozen=True, slots=True)
class RawOfficialMessage:
    """The content of an official message, with type and schema version from its headers, if there were any.

    `kinds`: the message types that this sender may send; None for a sender that is no partner, who may send any type.
    `by_token`: received over HTTP with a token.
    """

    raw: bytes
    type: str | None = None
    version: str | None = None
    kinds: frozenset[str] | None = None
    by_token: bool = False


@dataclass(frozen=True, slots=True)
class InboundResult:
    """The stored message. `repeated`: it is a duplicate."""

    exchanged: ExchangeMessage
    repeated: bool = False


class Unreadable(Exception):
    """The message has no readable id, so no receipt can refer to it."""


def receive(tx: Connection, context: IntakeContext, sender: Sender, incoming: RawOfficialMessage) -> InboundResult:
    """Store an official message with its effect and its receipts in one transaction.

    Raises `Unreadable`, and `Stale` when another transaction has changed the case: the caller retries.
    """
    body = _json_body(incoming)
    meldings_id = _meldings_id(body)
    named_locks.lock(tx, [f"exchange:{sender.source}/{meldings_id}"])
    known = exchanges.find_by_meldings_id(tx, sender.source, meldings_id)
    before = next((candidate for candidate in known if _has_content(tx, context, candidate, body)), None)
    if before is not None:
        return InboundResult(before, repeated=True)
    exchanged = ExchangeMessage(
        exchange_id=exchanges.exchange_id_of(sender.source, meldings_id, len(known) + 1),
        sender=sender.source,
        meldings_id=meldings_id,
        n=len(known) + 1,
        type=incoming.type or "",
        schema_version=incoming.version,
        status=acknowledgements.UNDER_WAY,
        received_at=context.now,
        updated_at=context.now,
        by_token=incoming.by_token,
    )
    return InboundResult(_read_and_process(tx, context, sender, exchanged, incoming, body))


def _has_content(tx: Connection, context: IntakeContext, exchanged: ExchangeMessage, body: dict[str, Any]) -> bool:
    """Whether the content is the same. The official samples give one id to several messages; none may be lost."""
    raw = exchanges.content(tx, context.keys, exchanged.exchange_id)
    return raw is None or json.loads(raw) == body


def _json_body(incoming: RawOfficialMessage) -> dict[str, Any]:
    """The JSON object. Raises `Unreadable`, also for a duplicate name, which parsers resolve differently."""
    try:
        body = read_strict(incoming.raw)
    except ValueError:
        raise Unreadable from None
    if not isinstance(body, dict):
        raise Unreadable
    return body


def _meldings_id(body: Mapping[str, Any]) -> str:
    """The `meldingsId`, in `forsendelse`, or at the top level of a receipt. Raises `Unreadable`.

    An id with unprintable characters is refused: no receipt could refer to it.
    """
    sending = body.get("forsendelse")
    value = sending.get("meldingsId") if isinstance(sending, dict) else body.get("meldingsId")
    if not isinstance(value, str) or not value.strip() or not is_printable(value):
        raise Unreadable
    return value.strip()[:200]


def _read_and_process(
    tx: Connection,
    context: IntakeContext,
    sender: Sender,
    exchanged: ExchangeMessage,
    incoming: RawOfficialMessage,
    body: dict[str, Any],
) -> ExchangeMessage:
    try:
        official = inbound.read(
            incoming.type or inbound.guess(body),
            incoming.version,
            body,
            lambda who: kept_secrets.digest(tx, context.keys, who).hex()[:16],  # nobody reads it back without the key
        )
    except BadOfficial as error:
        flags = [{"code": item.kind, "pointer": item.pointer} for item in error.problems]
        failed = replace(exchanged, flags=_flags_json(flags))
        return _record_failure(
            tx, context, failed, incoming, acknowledgements.INCOMPLETE if error.missing else acknowledgements.TECHNICAL
        )
    if not _is_agreed(incoming, official.type):
        return _record_failure(
            tx, context, replace(exchanged, type=official.type), incoming, acknowledgements.TECHNICAL, "kind_not_agreed"
        )
    reused = [{"code": "id_reused", "pointer": "/forsendelse/meldingsId"}] if exchanged.n > 1 else []
    flags = [*reused, *({"code": item.code, "pointer": item.pointer} for item in official.flags)]
    exchanged = replace(exchanged, type=official.type, schema_version=official.version, flags=_flags_json(flags))
    exchanges.add(tx, context.keys, exchanged, incoming.raw)
    return _process_messages(tx, context, sender, exchanged, official)


def _is_agreed(incoming: RawOfficialMessage, kind: MessageType) -> bool:
    """Whether the sender may send this type; receipts for our messages are always accepted."""
    agreed = {name.replace("_", "").casefold() for name in incoming.kinds or ()}
    return incoming.kinds is None or kind is MessageType.KVITTERING or kind.replace("_", "").casefold() in agreed


def _flags_json(flags: Sequence[Mapping[str, str]]) -> str:
    return json.dumps(flags, separators=(",", ":"))


def _record_failure(
    tx: Connection,
    context: IntakeContext,
    exchanged: ExchangeMessage,
    incoming: RawOfficialMessage,
    status: str,
    reason: str = "not_as_agreed",
) -> ExchangeMessage:
    exchanges.add(tx, context.keys, exchanged, incoming.raw)
    return acknowledgements.queue_receipt(tx, exchanged, status, reason, context.now)


def _process_messages(
    tx: Connection, context: IntakeContext, sender: Sender, exchanged: ExchangeMessage, official: OfficialMessage
) -> ExchangeMessage:
    """Pass the decisions of the message to intake. A receipt is not answered by a receipt."""
    if official.other is IgnoredReason.RECEIPT:
        return _record_partner_receipt(tx, context, exchanged, official)
    exchanged = acknowledgements.queue_receipt(tx, exchanged, acknowledgements.UNDER_WAY, None, context.now)
    if not official.messages:
        return acknowledgements.queue_receipt(
            tx, exchanged, acknowledgements.RECEIVED, official.other or "nothing_for_us", context.now
        )
    for message in official.messages:
        _process_message(tx, context, sender, message, exchanged.exchange_id)
    return acknowledgements.send_status(tx, exchanged.exchange_id, context.now) or exchanged


def _record_partner_receipt(
    tx: Connection, context: IntakeContext, exchanged: ExchangeMessage, official: OfficialMessage
) -> ExchangeMessage:
    """Record the receipt for one of our messages; a failure makes that message a dead letter."""
    receipt = official.receipt
    if receipt is not None and receipt.status not in (ReceiptStatus.UNDER_MOTTAK, ReceiptStatus.MOTTATT):
        with suppress(ValueError):
            outbox.record_failure_answer(tx, UUID(receipt.ref), receipt.status)
    exchanges.record_answer(tx, exchanged.exchange_id, acknowledgements.RECEIVED, IgnoredReason.RECEIPT, 0, context.now)
    return replace(exchanged, status=acknowledgements.RECEIVED, reason=IgnoredReason.RECEIPT)


def _process_message(
    tx: Connection, context: IntakeContext, sender: Sender, message: DecisionMessage, exchange_id: UUID
) -> None:
    """Pass one decision to intake. The contracts have no version numbers: other content is the next version.

    Other content that was sent before the newest known version is obsolete: it is stored and not processed.
    """
    named_locks.lock(tx, intake.lock_keys(sender, message))
    known = inbox.versions_of(tx, sender.source, message.decision_id)
    before = _same_version(tx, context, known, message)
    if before is not None:
        inbox.link_exchange(tx, before.message_id, exchange_id)
        return
    newest = known[-1] if known else None
    if newest is not None and newest.outcome in SETTLED and message.sent_at < newest.sent_at:
        return
    numbered = replace(message, version=newest.version + 1 if newest else 1)
    intake.receive(tx, context, sender, numbered, exchange_id, locked=True)


def _same_version(
    tx: Connection, context: IntakeContext, known: Sequence[InboundMessage], message: DecisionMessage
) -> InboundMessage | None:
    """The stored version with the same content, received before under another id."""
    for arrival in reversed(known):
        raw = inbox.content(tx, context.keys, arrival.message_id)
        if raw is not None and intake.same_content(read(raw), replace(message, version=arrival.version)):
            return arrival
    return None

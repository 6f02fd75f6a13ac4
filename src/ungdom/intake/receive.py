"""Receiving a message of a prosecution system or a court: process it once, store it, and answer with its receipt."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from pydantic_core import to_json

from ungdom.intake import receipts
from ungdom.intake.models import IntakeContext, IntakeResult, MessageContext, Outcome, Reason, Sender
from ungdom.intake.process import process_message, store_links_and_waits, supersede_lower, with_result
from ungdom.intake.retry import retry_parked
from ungdom.intake.wait_keys import lock_keys, unblocked_keys
from ungdom.message import DecisionMessage, plain, read
from ungdom.store import inbox, named_locks
from ungdom.store.inbox import InboundMessage, message_id_of
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.vocabulary import Protection

_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def receive(
    tx: Connection,
    context: IntakeContext,
    sender: Sender,
    message: DecisionMessage,
    exchange_id: UUID | None = None,
    locked: bool = False,
    earlier: Sequence[InboundMessage] | None = None,
) -> IntakeResult:
    """Store message, effect, receipt and retries of unblocked messages in one transaction.

    `locked`: the keys of the message are locked already. `earlier`: the known versions of the decision, if the caller
    has read them since. Raises the store's `Stale` when another transaction moved the case meanwhile: try again.
    """
    if not locked:
        named_locks.lock(tx, lock_keys(sender, message))
    earlier = inbox.versions_of(tx, sender.source, message.decision_id) if earlier is None else earlier
    known = next((arrival for arrival in earlier if arrival.version == message.version), None)
    if known is not None:
        return _repeated_result(tx, context, known, message)
    new = _arrival(sender, message, context)
    result = process_message(tx, MessageContext(context, sender, message, new, earlier))
    new = with_result(tx, new, message, result)
    body = receipts.write(context.language, new, result, oslo_date(context.now))
    inbox.add(tx, context.keys, new, to_json(plain(message)), body)
    if exchange_id is not None:
        inbox.link_exchange(tx, new.message_id, exchange_id)
    store_links_and_waits(tx, context, new, result, is_new=True)
    supersede_lower(tx, context, new, earlier)
    retry_parked(tx, context, unblocked_keys(new, message, result, context.keys))
    return IntakeResult(new, body)


def same_content(stored: DecisionMessage, message: DecisionMessage) -> bool:
    """Whether two messages have the same content, whenever they were sent and in whatever order their numbers are."""
    return _comparable(stored) == _comparable(message)


def _comparable(message: DecisionMessage) -> DecisionMessage:
    return replace(message, sent_at=_NEVER, police_case_numbers=tuple(sorted(message.police_case_numbers)))


def _repeated_result(
    tx: Connection, context: IntakeContext, known: InboundMessage, message: DecisionMessage
) -> IntakeResult:
    """The first receipt of this version; a refusal when the version was received with other content."""
    raw = inbox.content(tx, context.keys, known.message_id)
    if raw is not None and not same_content(read(raw), message):
        body = receipts.refusal(
            context.language,
            Reason.OTHER_CONTENT,
            decision_id=known.decision_id,
            version=known.version,
            kind=known.kind,
        )
        return IntakeResult(replace(known, outcome=Outcome.REJECTED, reason=Reason.OTHER_CONTENT), body, repeated=True)
    first = inbox.receipts(tx, known.message_id)[0]
    return IntakeResult(replace(known, outcome=first.outcome, reason=first.reason), first.body, repeated=True)


def _arrival(sender: Sender, message: DecisionMessage, context: IntakeContext) -> InboundMessage:
    return InboundMessage(
        message_id=message_id_of(sender.source, message.decision_id, message.version),
        source=sender.source,
        decision_id=message.decision_id,
        version=message.version,
        kind=message.kind,
        authorities=" ".join(sorted(sender.authorities)),
        language=context.language,
        sent_at=message.sent_at,
        received_at=context.now,
        outcome=Outcome.PARKED,
        protection=message.person.protection if message.person else Protection.NONE,
        updated_at=context.now,
    )

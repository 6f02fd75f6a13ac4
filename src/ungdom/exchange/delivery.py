"""Delivery of official messages from the outbox to the partners, with the delivery engine.

**The id stays.** A message is sent under the id of its outbox entry, which follows from case, event and kind. A retry
reports the same event; the time of sending, names and telephone numbers are those of the attempt.

**From the current case.** A message whose case has changed since it was composed is not sent; it is composed again.

**In order.** A later message of a case waits for every earlier one (`store.outbox`).

**In parallel.** Each partner is served by a thread of its own, so that a slow partner delays no other. A partner that
fails three times in a row, or asks for a delay, is left until the next retry is due.
"""

import logging
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ungdom.delivery import engine
from ungdom.delivery.engine import DeliveryAttempt, DeliveryContext, DeliveryOutcome
from ungdom.esas import envelope
from ungdom.exchange.outbound_compose import SCHEMA_VERSION, ComposedMessage, NotSendable, compose
from ungdom.exchange.partners import Partner, Partners
from ungdom.exchange.transport import SignedMessage, Transport
from ungdom.observability.logger import EventLogger
from ungdom.settings import BadSettings
from ungdom.store import outbox
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import Unavailable
from ungdom.store.outbox import INCOMPLETE, RETRYING, OutboxBacklog, OutboxEntry
from ungdom.store.session import Connection

LOG = EventLogger("ungdom.exchange")

INCOMPLETE_RETRY_INTERVAL = timedelta(hours=1)
"""Interval after which an incomplete message is composed again without an event in its case."""

_MAX_FAILURES = 3
_PAGE = 200
_LOG_LEVELS = {DeliveryOutcome.DEAD: logging.ERROR, DeliveryOutcome.RETRY: logging.WARNING}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeDeliveryContext(DeliveryContext):
    """What the delivery of official messages needs. `open_transport`: opens the transport to a partner."""

    keys: EncryptionKeys
    partners: Partners
    open_transport: Callable[[Partners, Partner], Transport]


@dataclass(frozen=True, slots=True)
class ExchangeDeliveryCounts:
    """Number of messages per result. `again`: failed, to be retried. `lacks`: incomplete, cannot be composed yet."""

    sent: int = 0
    again: int = 0
    dead: int = 0
    lacks: int = 0
    withdrawn: int = 0


def deliver(
    context: ExchangeDeliveryContext, since: datetime | None = None, report: Callable[[int], None] = lambda _: None
) -> ExchangeDeliveryCounts:
    """Send every message that can be sent now. `report` is called with the number of messages handled so far.

    Incomplete messages are composed again when their case has had an event since `since`; with None, all of them.
    Raises `Unavailable` when the database is away; a message sent before that is sent again later, with the same id.
    """
    total: Counter[str] = Counter()
    progress = 1
    while progress and not context.stop():
        swept = _sweep(context, since, lambda handled: report(total.total() + handled))
        total.update(swept)
        progress, since = swept["sent"] + swept["withdrawn"], context.now()
    return engine.counts_as(ExchangeDeliveryCounts, total)


def backlog(context: ExchangeDeliveryContext) -> OutboxBacklog:
    """Number of messages that have not arrived."""
    patience = timedelta(hours=context.partners.limits.patience_hours)
    with context.db.reading() as tx:
        return outbox.backlog(tx, context.now() - patience)


def plain(entry: OutboxEntry) -> dict[str, str | int | None]:
    """An undelivered message in JSON types, without personal data."""
    message, next_try_at = entry.message, entry.next_try_at
    return {
        "message_id": str(message.message_id),
        "kind": message.kind,
        "of": str(message.case_id),
        "seq": message.seq,
        "held": entry.held or "waiting",
        "since": message.created_at.isoformat(timespec="seconds"),
        "attempts": entry.attempts,
        "next_try_at": next_try_at.isoformat(timespec="seconds") if next_try_at else None,
    }


def _sweep(context: ExchangeDeliveryContext, since: datetime | None, report: Callable[[int], None]) -> Counter[str]:
    """Every message that is due, once. A message that waited for one of these follows in the next sweep."""
    total: Counter[str] = Counter()
    last: OutboxEntry | None = None
    while not context.stop():
        with context.db.reading() as tx:
            page = outbox.due_entries(tx, context.now(), since, last, _PAGE)
        if not page:
            break
        for counts in _compose_and_send(context, page):
            total.update(counts)
        report(total.total())
        last = page[-1]
    return total


def _compose_and_send(context: ExchangeDeliveryContext, page: Sequence[OutboxEntry]) -> Iterator[Counter[str]]:
    """Compose these messages and send them, all partners in parallel."""
    messages, unsendable = _compose_page(context, page)
    yield _mark_unsendable(context, unsendable)
    by_partner: defaultdict[str, list[ComposedMessage]] = defaultdict(list)
    for message in messages:
        by_partner[message.partner.name].append(message)
    with ThreadPoolExecutor(max(1, len(by_partner)), thread_name_prefix="deliver") as threads:
        yield from threads.map(lambda to_partner: _send_to_partner(context, to_partner), by_partner.values())


# --- composing ----------------------------------------------------------------------------------------------


def _compose_page(
    context: ExchangeDeliveryContext, page: Sequence[OutboxEntry]
) -> tuple[list[ComposedMessage], list[tuple[OutboxEntry, str]]]:
    messages: list[ComposedMessage] = []
    unsendable: list[tuple[OutboxEntry, str]] = []
    with context.db.reading() as tx:
        for entry in page:
            composed = _compose_one(tx, context, entry)
            if isinstance(composed, ComposedMessage):
                messages.append(composed)
            else:
                unsendable.append((entry, composed))
    return messages, unsendable


def _compose_one(tx: Connection, context: ExchangeDeliveryContext, entry: OutboxEntry) -> ComposedMessage | str:
    """The composed message, or the status code of why there is none."""
    try:
        return compose(tx, context.keys, context.partners, entry, context.now())
    except NotSendable as error:
        return error.code
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001  # one that cannot be composed delays no other; it is marked and logged
        LOG.error("exchange.not_composed", error=error, message_id=entry.message.message_id)
        return f"{INCOMPLETE}repair"


def _mark_unsendable(context: ExchangeDeliveryContext, unsendable: Sequence[tuple[OutboxEntry, str]]) -> Counter[str]:
    done: Counter[str] = Counter()
    if unsendable:
        with context.db.writing() as tx:
            for entry, code in unsendable:
                retry_at = context.now() + INCOMPLETE_RETRY_INTERVAL if code.startswith(INCOMPLETE) else None
                done[code.partition(".")[0]] += outbox.set_status(tx, entry, code, retry_at)
    return done


# --- sending ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _PartnerQueue:
    """The composed messages to one partner."""

    context: ExchangeDeliveryContext
    transport: Transport
    pending: deque[ComposedMessage]
    max_failures: int = _MAX_FAILURES

    @property
    def max_attempts(self) -> int:
        return self.context.partners.limits.attempts

    def claim(self, tx: Connection, until: datetime) -> ComposedMessage | None:
        """The next message that no other worker has claimed; one that is claimed elsewhere is not counted."""
        while self.pending:
            message = self.pending.popleft()
            entry = outbox.claim(tx, message.entry, until, message.version, message.status_line)
            if entry is not None:
                return replace(message, entry=entry)
        return None

    def send(self, message: ComposedMessage) -> None:
        self.transport.send(_signed_message(self.context.partners, message))

    def record(self, tx: Connection, message: ComposedMessage, attempt: DeliveryAttempt) -> None:
        if attempt.outcome is DeliveryOutcome.SENT:
            outbox.mark_delivered(tx, [message.entry.message.message_id], self.context.now())
        else:
            outbox.set_status(tx, message.entry, attempt.status, attempt.next_try_at)

    def log(self, message: ComposedMessage, attempt: DeliveryAttempt) -> None:
        LOG.log(
            _LOG_LEVELS.get(attempt.outcome, logging.INFO),
            "exchange.attempted",
            message_id=message.entry.message.message_id,
            schema=message.schema_name,
            partner=message.partner.organisation_number,
            status=attempt.status,
            attempt=message.attempts,
        )


def _send_to_partner(context: ExchangeDeliveryContext, messages: Sequence[ComposedMessage]) -> Counter[str]:
    """Send these messages to their partner, in order. When the partner fails, the rest waits for the same retry."""
    partner = messages[0].partner
    try:
        transport = context.open_transport(context.partners, partner)
    except (BadSettings, OSError) as error:
        LOG.error("exchange.partner_not_usable", partner=partner.name, reason=error)
        _postpone(context, messages, f"{RETRYING}settings", context.now() + engine.FIRST_DELAY)
        return Counter(again=len(messages))
    queue = _PartnerQueue(context, transport, deque(messages))
    try:
        counts, failed = engine.serve(context, queue)
    finally:
        transport.close()
    if failed is not None:
        _postpone(context, queue.pending, failed.status, failed.next_try_at)
    return counts


def _postpone(
    context: ExchangeDeliveryContext, messages: Sequence[ComposedMessage], code: str, until: datetime | None
) -> None:
    if messages:
        with context.db.writing() as tx:
            for message in messages:
                outbox.set_status(tx, message.entry, code, until)


def _signed_message(partners: Partners, message: ComposedMessage) -> SignedMessage:
    if partners.own is None or partners.key is None:
        raise BadSettings("there is no key to sign with")
    return SignedMessage(
        message_id=str(message.entry.message.message_id),
        schema_name=message.schema_name,
        schema_version=SCHEMA_VERSION,
        sender=partners.own.sender_word,
        receiver=message.partner.name,
        token=envelope.sign(message.body, partners.key, str(partners.key.kid)),
    )

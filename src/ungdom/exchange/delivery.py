"""The run that brings official messages from the outbox to the partners.

**At least once, with an id that stays.** A message is taken for one try in a transaction of its own, sent outside any
transaction, and its arrival is written in another one. A process that ends in between leaves a message that is taken
again when its time is up, with the same id: the outbox's own, which follows from case, event and kind. What stays the
same between tries is the id and the event told; the instant of sending, names and telephones are those of the try.

**As the case stands.** One whose case has moved since it was composed is not sent: it is composed anew.

**In order.** A later message of a case waits for every earlier one (`store.outbox`).

**Side by side.** Each partner has a thread of its own, so that a slow one holds up nobody. One that fails three times
in a row, or asks to be left alone, is left alone until the next try is due.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from ungdom.clock import Clock
from ungdom.delivery.http_post import FIRST_WAIT, LEASE, retry_delay
from ungdom.esas import envelope
from ungdom.exchange.outbound_compose import SCHEMA_VERSION, ComposedMessage, NotSendable, compose
from ungdom.exchange.partners import Partner, Partners
from ungdom.exchange.transport import NotDelivered, SignedMessage, Transport
from ungdom.settings import BadSettings
from ungdom.store import outbox
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import Unavailable
from ungdom.store.outbox import DEAD, INCOMPLETE, RETRYING, OutboxBacklog, OutboxEntry
from ungdom.store.session import Connection, Database

LOG = logging.getLogger("ungdom.exchange")

LOOK_AGAIN = timedelta(hours=1)
"""When a message that lacks something is looked at again without anything having happened in its case."""

_IN_A_ROW = 3
_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeDeliveryContext:
    """What a run works with.

    `open_transport`: opens the road to a partner. `jitter`: a number from 0 to 1, spreads the tries.

    `stop`: whether to end after the messages in hand.
    """

    db: Database
    keys: EncryptionKeys
    partners: Partners
    open_transport: Callable[[Partners, Partner], Transport]
    now: Clock
    jitter: Callable[[], float]
    stop: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class ExchangeDeliveryCounts:
    """What became of the messages that a run looked at. `again`: tried in vain, another try follows."""

    sent: int = 0
    again: int = 0
    dead: int = 0
    lacks: int = 0
    withdrawn: int = 0


def deliver(
    context: ExchangeDeliveryContext, since: datetime | None = None, report: Callable[[int], None] = lambda _: None
) -> ExchangeDeliveryCounts:
    """Send whatever can be sent now; what a run came to. `report` is told how many messages have been looked at.

    Messages that lack something are looked at when their case has had an event since `since`; with None, all of them.
    Raises `Unavailable` when the database is away: what had been sent is then sent again one day, with the same id.
    """
    total: Counter[str] = Counter()
    sent = 1
    while sent and not context.stop():
        swept = _sweep(context, since, lambda looked: report(total.total() + looked))
        total.update(swept)
        sent, since = swept["sent"] + swept["withdrawn"], context.now()
    return ExchangeDeliveryCounts(
        **{count_field.name: total[count_field.name] for count_field in fields(ExchangeDeliveryCounts)}
    )


def backlog(context: ExchangeDeliveryContext) -> OutboxBacklog:
    """What has not arrived by now, counted."""
    patience = timedelta(hours=context.partners.limits.patience_hours)
    with context.db.reading() as tx:
        return outbox.backlog(tx, context.now() - patience)


def plain(entry: OutboxEntry) -> dict[str, str | int | None]:
    """A message that is held, in plain values; it names no person."""
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
    """Everything that is due, once through. A message that waited for one of these comes with the next sweep."""
    total: Counter[str] = Counter()
    for page in _pages(context, since):
        for part in _compose_and_send(context, page):
            total.update(part)
        report(total.total())
    return total


def _pages(context: ExchangeDeliveryContext, since: datetime | None) -> Iterator[list[OutboxEntry]]:
    last: OutboxEntry | None = None
    while not context.stop():
        with context.db.reading() as tx:
            page = outbox.due_entries(tx, context.now(), since, last, _PAGE)
        if not page:
            return
        yield page
        last = page[-1]


def _compose_and_send(context: ExchangeDeliveryContext, page: Sequence[OutboxEntry]) -> Iterator[Counter[str]]:
    """Compose these messages, and carry them to their partners side by side."""
    messages, unsendable = _compose_page(context, page)
    yield _mark_unsendable(context, unsendable)
    by_partner: defaultdict[str, list[ComposedMessage]] = defaultdict(list)
    for message in messages:
        by_partner[message.partner.name].append(message)
    with ThreadPoolExecutor(max(1, len(by_partner)), thread_name_prefix="deliver") as threads:
        yield from threads.map(lambda messages_to_one: _send_to_partner(context, messages_to_one), by_partner.values())


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
    """The finished message, or the code of why it is held."""
    try:
        return compose(tx, context.keys, context.partners, entry, context.now())
    except NotSendable as error:
        return error.code
    except Unavailable:
        raise
    except Exception:  # one message that cannot be composed must not hold up the others; it is held, and told
        LOG.exception("message %s cannot be composed", entry.message.message_id)
        return f"{INCOMPLETE}repair"


def _mark_unsendable(context: ExchangeDeliveryContext, unsendable: Sequence[tuple[OutboxEntry, str]]) -> Counter[str]:
    done: Counter[str] = Counter()
    if unsendable:
        with context.db.writing() as tx:
            for entry, code in unsendable:
                retry_at = context.now() + LOOK_AGAIN if code.startswith(INCOMPLETE) else None
                done[code.partition(".")[0]] += outbox.set_status(tx, entry, code, retry_at)
    return done


# --- sending ------------------------------------------------------------------------------------------------


def _send_to_partner(context: ExchangeDeliveryContext, messages: Sequence[ComposedMessage]) -> Counter[str]:
    """Bring one partner its messages, one after the other."""
    partner = messages[0].partner
    try:
        transport = context.open_transport(context.partners, partner)
    except (BadSettings, OSError) as error:
        LOG.error("%s: %s", partner.name, error)
        _postpone(context, messages, f"{RETRYING}settings", context.now() + FIRST_WAIT)
        return Counter(again=len(messages))
    try:
        return _send_in_order(context, transport, messages)
    finally:
        transport.close()


def _send_in_order(
    context: ExchangeDeliveryContext, transport: Transport, messages: Sequence[ComposedMessage]
) -> Counter[str]:
    done: Counter[str] = Counter()
    failures = 0
    for place, message in enumerate(messages):
        if context.stop():
            break
        try:
            done[_deliver_one(context, transport, message)] += 1
            failures = 0
        except _DeliveryFailed as failed:
            done["again"] += 1
            failures += 1
            if failed.tired or failures == _IN_A_ROW:
                _postpone(context, messages[place + 1 :], failed.code, failed.next_try_at)
                break
    return +done


class _DeliveryFailed(Exception):
    """A try in vain. `tired`: the receiver asked to be left alone."""

    def __init__(self, code: str, next_try_at: datetime, tired: bool) -> None:
        self.code, self.next_try_at, self.tired = code, next_try_at, tired


def _deliver_one(context: ExchangeDeliveryContext, transport: Transport, message: ComposedMessage) -> str:
    """One try: taken, sent, written down; what it came to. Raises `_DeliveryFailed` when another one follows."""
    with context.db.writing() as tx:
        claimed = outbox.claim(tx, message.entry, context.now() + LEASE, message.version, message.status_line)
    if claimed is None:
        return ""
    message_id = claimed.message.message_id
    try:
        transport.send(_signed_message(context.partners, message))
    except NotDelivered as error:
        return _record_failure(context, claimed, message, error)
    with context.db.writing() as tx:
        outbox.mark_delivered(tx, [message_id], context.now())
    log_values = (message_id, message.schema_name, message.partner.organisation_number, claimed.attempts)
    LOG.info("message %s (%s) delivered to %s, try %d", *log_values)
    return "sent"


def _record_failure(
    context: ExchangeDeliveryContext, claimed: OutboxEntry, message: ComposedMessage, error: NotDelivered
) -> str:
    dead = not error.again or claimed.attempts >= context.partners.limits.attempts
    code = f"{DEAD if dead else RETRYING}{error.reason}"
    later = None if dead else context.now() + retry_delay(claimed.attempts, error.after, context.jitter())
    with context.db.writing() as tx:
        outbox.set_status(tx, claimed, code, later)
    log_values = (claimed.message.message_id, message.partner.organisation_number, code, claimed.attempts)
    LOG.log(logging.ERROR if dead else logging.WARNING, "message %s to %s: %s, try %d", *log_values)
    if later is None:
        return "dead"
    raise _DeliveryFailed(code, later, tired=error.after is not None)


def _postpone(
    context: ExchangeDeliveryContext, messages: Sequence[ComposedMessage], code: str, until: datetime
) -> None:
    """Leave these untried until then: the receiver does not answer as it should."""
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

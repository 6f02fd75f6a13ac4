"""Delivery of notices to webhooks and, as the e-mail of the day, to people, with the delivery engine.

**The key stays.** A delivery has the same key at every attempt.

**In order, in parallel.** The first unsettled delivery of a recipient goes first. Each recipient is served by a thread
of its own, up to a limit. Meanwhile the loop dispatches new messages and starts further recipients, so that a slow
recipient delays no other.
"""

import random
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from threading import Event
from uuid import UUID

from ungdom import clock, polling
from ungdom.clock import Clock
from ungdom.delivery import engine
from ungdom.delivery.engine import DeliveryAttempt, DeliveryContext, DeliveryOutcome, NotDelivered, Withdrawn
from ungdom.notices import anchor_mail, mail, mail_template
from ungdom.notices import webhooks as hooks
from ungdom.notices.address import IpNetwork, networks
from ungdom.notices.dispatch import dispatch, may_be_sent
from ungdom.notices.mail import Relay
from ungdom.notices.recipients import learnt_notices, recipient_directory
from ungdom.notices.webhooks import WebhookSend
from ungdom.observability.logger import EventLogger
from ungdom.settings import Settings
from ungdom.store import contacts, deliveries, notices, outbox, staff, webhooks
from ungdom.store.deliveries import MAIL, WEBHOOK, Delivery
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import StoreError
from ungdom.store.session import Connection, Database
from ungdom.workflow.calendar import OSLO, oslo_date
from ungdom.workflow.rules.escalation import next_sending_time

LOG = EventLogger("ungdom.notices")

ATTEMPTS = 20
"""Number of attempts, spread over about fourteen hours, after which a delivery is a dead letter. Office norm."""
OLDEST = timedelta(days=14)
"""Age after which a notice is not mailed any more; it stays in the inbox of the product."""
TURN = timedelta(seconds=30)
"""Longest time that a recipient occupies a thread before other recipients get it."""

_GONE = "status_410"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDeliveryContext(DeliveryContext):
    """What the delivery of notices needs. `allowed`: private networks that webhooks may lead to.

    `relay`: None where no e-mail is sent. `anchors_to`: the address that seals are mailed to; None for none. `threads`:
    number of recipients that are served in parallel. `tick`: seconds between two looks for more work while recipients
    are being served. `total_timeout`: of one webhook, in seconds. `send_webhook`: as `webhooks.send`. `signed_at`: the
    clock by which recipients judge how old a message is; None for `now`.
    """

    keys: EncryptionKeys
    public_url: str
    allowed: tuple[IpNetwork, ...] = ()
    relay: Relay | None = None
    anchors_to: str | None = None
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    threads: int = 8
    tick: float = 1.0
    total_timeout: float = hooks.TOTAL_TIMEOUT
    send_webhook: WebhookSend = field(default_factory=lambda: hooks.send)
    signed_at: Clock | None = None


@dataclass(frozen=True, slots=True)
class NoticeDeliveryCounts:
    """`promised`: number of messages dispatched. The others: deliveries per result; `again`: failed, to be retried."""

    promised: int = 0
    sent: int = 0
    again: int = 0
    dead: int = 0
    withdrawn: int = 0


def from_settings(config: Settings, db: Database, stop: Callable[[], bool] = lambda: False) -> NoticeDeliveryContext:
    """The context that these settings describe. Raises `BadSettings`."""
    return NoticeDeliveryContext(
        db=db,
        keys=EncryptionKeys.of(config),
        public_url=config.public_url,
        now=clock.now,
        jitter=random.random,
        allowed=networks(config.webhook_allow),
        relay=mail.relay_of(config),
        anchors_to=None if config.is_demo else config.anchor_mail,
        stop=stop,
    )


def deliver(context: NoticeDeliveryContext) -> NoticeDeliveryCounts:
    """Dispatch and send everything that can be sent now. Raises `Unavailable` when the database is away."""
    total: Counter[str] = Counter()
    for counts in _rounds(context, lambda: False):
        total.update(counts)
    return engine.counts_as(NoticeDeliveryCounts, total)


def run_until_stopped(
    context: NoticeDeliveryContext, stop: Event, every: float, report: Callable[[Counter[str]], None] = lambda _: None
) -> None:
    """Deliver until `stop` is set; `every`: seconds between two looks for work. `report` gets each round's counts."""
    for current in polling.rounds(stop, every, LOG):
        with current.attempt("the delivery of notices"):
            for counts in _rounds(context, lambda: not stop.wait(every)):
                report(counts)


def _rounds(context: NoticeDeliveryContext, idle: Callable[[], bool]) -> Iterator[Counter[str]]:
    """The counts of each round. `idle`: called when there is nothing to do; False ends the loop.

    However the loop ends, the recipients that are being served get the message in hand and no other.
    """
    under_way: dict[str, Future[Counter[str]]] = {}
    over = Event()
    serving = replace(context, stop=lambda: over.is_set() or context.stop())
    with ThreadPoolExecutor(context.threads, thread_name_prefix="notices") as pool:
        try:
            while not context.stop():
                yield Counter(promised=dispatch(context.db, context.keys, context.now(), context.stop))
                _form_digests(context)
                _mail_anchors(context)
                for receiver in _receivers_ready(context, under_way):
                    under_way[receiver] = pool.submit(_serve, serving, receiver)
                if under_way:
                    wait(under_way.values(), timeout=context.tick, return_when=FIRST_COMPLETED)
                elif not idle():
                    break
                yield from _finished(under_way)
        finally:
            over.set()
        wait(under_way.values())
        yield from _finished(under_way)


def _receivers_ready(context: NoticeDeliveryContext, under_way: dict[str, Future[Counter[str]]]) -> list[str]:
    """The recipients that can be served now, as many as there are free threads.

    People get no e-mail in the quiet hours; webhooks are called at any hour.
    """
    free = context.threads - len(under_way)
    if free <= 0:
        return []
    channels = (WEBHOOK, MAIL) if context.relay is not None and _may_mail(context.now()) else (WEBHOOK,)
    with context.db.reading() as tx:
        return deliveries.due_receivers(tx, context.now(), channels, list(under_way), free)


def _may_mail(now: datetime) -> bool:
    return next_sending_time(now) == now


def _finished(under_way: dict[str, Future[Counter[str]]]) -> Iterator[Counter[str]]:
    """The counts of the recipients that have been served. Database errors are logged; the lease ends the attempt."""
    for receiver in [receiver for receiver, future in under_way.items() if future.done()]:
        try:
            yield under_way.pop(receiver).result()
        except StoreError as error:
            LOG.warning("notices.not_recorded", error=error)


def _mail_anchors(context: NoticeDeliveryContext) -> None:
    if context.relay is not None and context.anchors_to is not None:
        anchor_mail.deliver(context, context.relay, context.anchors_to)


# --- the e-mail of the day ----------------------------------------------------------------------------------


def _form_digests(context: NoticeDeliveryContext) -> None:
    """Create the digests of today, outside the quiet hours."""
    now = context.now()
    if context.relay is None or not _may_mail(now):
        return
    day, since = oslo_date(now), now - OLDEST
    midnight = datetime.combine(day, time(), OSLO)
    with context.db.reading() as tx:
        if not notices.subjects_due_mail(tx, day, midnight, since):
            return
    with context.db.writing() as tx:
        if deliveries.try_sequence_lock(tx):
            for subject in notices.subjects_due_mail(tx, day, midnight, since):
                notices.create_digest(tx, subject, day, since, now)


# --- one recipient ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _ReceiverQueue:
    """The deliveries of one webhook or person."""

    context: NoticeDeliveryContext
    receiver: str
    max_attempts: int = ATTEMPTS
    max_failures: int = 1

    def claim(self, tx: Connection, until: datetime) -> Delivery | None:
        return deliveries.claim(tx, self.receiver, self.context.now(), until)

    def send(self, message: Delivery) -> None:
        try:
            (_send_webhook if message.channel == WEBHOOK else _send_mail)(self.context, message)
        except (Withdrawn, NotDelivered, StoreError):
            raise
        except Exception as error:  # noqa: BLE001  # a message that cannot be composed delays no other recipient
            LOG.error("notices.not_composed", error=error, delivery_id=message.delivery_id)
            raise NotDelivered("fault", retryable=True) from None

    def record(self, tx: Connection, message: Delivery, attempt: DeliveryAttempt) -> None:
        now = self.context.now()
        if attempt.outcome is DeliveryOutcome.SENT:
            deliveries.mark_delivered(tx, message.delivery_id, now)
        elif attempt.outcome is DeliveryOutcome.RETRY:
            deliveries.set_status(tx, message, attempt.status, attempt.next_try_at, settled_at=None)
        elif attempt.reason == _GONE:
            webhooks.disable(tx, UUID(message.id), "gone", now)
            deliveries.withdraw_all(tx, self.receiver, "gone", now)
        else:
            deliveries.set_status(tx, message, attempt.status, next_try_at=None, settled_at=now)

    def log(self, message: Delivery, attempt: DeliveryAttempt) -> None:
        LOG.info(
            "notices.attempted",
            delivery_id=message.delivery_id,
            kind=message.kind,
            channel=message.channel,
            outcome=attempt.outcome,
            attempt=message.attempts,
        )


def _serve(context: NoticeDeliveryContext, receiver: str) -> Counter[str]:
    """Send one recipient its deliveries until one fails or its turn is over."""
    until = context.now() + TURN
    turn = replace(context, stop=lambda: context.stop() or context.now() >= until)
    counts, _ = engine.serve(turn, _ReceiverQueue(context, receiver))
    return counts


def _send_webhook(context: NoticeDeliveryContext, delivery: Delivery) -> None:
    now = context.now()
    with context.db.reading() as tx:
        hook = webhooks.find(tx, context.keys, UUID(delivery.id))
        promise = outbox.find(tx, delivery.message_id)
        if hook is None or hook.disabled_at or hook.lost_key or promise is None:
            raise Withdrawn("disabled")
        message = promise.message
        case_id = message.case_id
        directory = recipient_directory(tx, [case_id], oslo_date(now))
        if not directory.still_works(hook.owner) or not may_be_sent(directory, hook.owner, message):
            raise Withdrawn("not_seen")
        text = hooks.event_body(context.public_url, message, directory.cases[case_id].reference)
    signed_at = (context.signed_at or context.now)()
    headers = hooks.signed_headers(str(delivery.delivery_id), text, hook.credentials.valid(now), signed_at)
    try:
        context.send_webhook(hook.credentials.url, text, headers, context.allowed, context.trust, context.total_timeout)
    except NotDelivered as error:
        if error.reason == _GONE:  # for good: RFC 9110 § 15.5.11; the owner sees it and may enable the webhook again
            raise Withdrawn(_GONE) from None
        raise


def _send_mail(context: NoticeDeliveryContext, delivery: Delivery) -> None:
    if context.relay is None:
        raise NotDelivered("no_relay", retryable=True)
    with context.db.reading() as tx:
        contact = contacts.find_many(tx, context.keys, [delivery.id]).get(delivery.id)
        items = learnt_notices(tx, notices.notices_of_digest(tx, delivery.message_id), oslo_date(context.now()))
        serving = contact is None or staff.serves(tx, contact.subject, contact.role, oslo_date(context.now()))
    if not serving:
        raise Withdrawn("not_seen")
    if contact is None or not contact.email_digest or contact.address is None:
        raise Withdrawn("no_address")
    if not items:
        raise Withdrawn("nothing_left")
    day = oslo_date(context.now())
    digest = notices.MailDigest(delivery.message_id, delivery.id, day, delivery.created_at)
    mail.send(
        context.relay,
        mail_template.daily_mail(
            context.relay, contact.address, contact.language, digest, items, context.public_url, day
        ),
    )

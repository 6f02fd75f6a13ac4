"""The run that brings notices to their receivers.

**At least once, with a key that stays.** A delivery is taken for one try in a transaction of its own, sent outside any
transaction, and its arrival is written in another one. A process that ends in between leaves a delivery that is taken
again when its time is up, under the same key.

**In order, side by side.** Of each receiver the first that is not settled goes first. Each receiver has a thread of its
own, up to a bound; the run goes on promising and starting others meanwhile, so that a slow one holds up nobody.
"""

import logging
import random
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, time, timedelta
from threading import Event
from uuid import UUID

from ungdom import clock
from ungdom.clock import Clock
from ungdom.delivery import http_post
from ungdom.delivery.http_post import LEASE, NotDelivered
from ungdom.notices import mail, mail_template
from ungdom.notices import webhooks as hooks
from ungdom.notices.address import IpNetwork, networks
from ungdom.notices.dispatch import dispatch
from ungdom.notices.mail import Relay
from ungdom.notices.recipients import recipient_directory
from ungdom.settings import Settings
from ungdom.store import contacts, deliveries, notices, outbox, webhooks
from ungdom.store.deliveries import MAIL, WEBHOOK, Delivery
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import StoreError, Unavailable
from ungdom.store.session import Connection, Database
from ungdom.workflow.calendar import OSLO, oslo_date
from ungdom.workflow.rules.escalation import next_sending_time

LOG = logging.getLogger("ungdom.notices")

ATTEMPTS = 20
"""As many tries as a message gets: about fourteen hours of them. Then it is a dead letter. Office norm."""
OLDEST = timedelta(days=14)
"""Notices older than this are not mailed any more; they stand in the product."""
TURN = timedelta(seconds=30)
"""How long a receiver is served before others have their turn at its thread."""

_GONE = "status_410"
_FAILED = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDeliveryContext:
    """What a run works with. `allowed`: networks that webhooks may lead to beside the public internet.

    `relay`: None where no e-mail is sent. `jitter`: a number from 0 to 1, spreads the tries. `threads`: receivers that
    are served at once. `tick`: seconds after which the run looks for more while receivers are being served.
    """

    db: Database
    keys: EncryptionKeys
    public_url: str
    now: Clock
    jitter: Callable[[], float]
    allowed: tuple[IpNetwork, ...] = ()
    relay: Relay | None = None
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    stop: Callable[[], bool] = lambda: False
    threads: int = 8
    tick: float = 1.0
    total_timeout: float = hooks.TOTAL_TIMEOUT


@dataclass(frozen=True, slots=True)
class NoticeDeliveryCounts:
    """What a run came to: messages given to their receivers, deliveries sent, tried in vain, given up, withdrawn."""

    promised: int = 0
    sent: int = 0
    again: int = 0
    dead: int = 0
    withdrawn: int = 0


def from_settings(config: Settings, db: Database, stop: Callable[[], bool] = lambda: False) -> NoticeDeliveryContext:
    """What a run works with, as the settings say. Raises `BadSettings`."""
    return NoticeDeliveryContext(
        db=db,
        keys=EncryptionKeys(config.people_keys),
        public_url=config.public_url,
        now=clock.now,
        jitter=random.random,
        allowed=networks(config.webhook_allow),
        relay=mail.relay_of(config),
        stop=stop,
    )


def deliver(context: NoticeDeliveryContext) -> NoticeDeliveryCounts:
    """Promise and send whatever can be now. Raises `Unavailable` when the database is away."""
    total: Counter[str] = Counter()
    for part in _rounds(context, lambda: False):
        total.update(part)
    return NoticeDeliveryCounts(
        **{count_field.name: total[count_field.name] for count_field in fields(NoticeDeliveryCounts)}
    )


def run_until_stopped(
    context: NoticeDeliveryContext, stop: Event, every: float, report: Callable[[Counter[str]], None] = lambda _: None
) -> None:
    """Go on delivering until told to stop. While the database is away it waits. `every`: seconds between two looks."""
    while not stop.is_set():
        try:
            for part in _rounds(context, lambda: not stop.wait(every)):
                report(part)
        except Unavailable as error:
            LOG.warning("the database is away: %s", error)
        except Exception:  # whatever it is, the next round is tried: nobody else brings the notices
            LOG.exception("the round failed")
        stop.wait(every)


def _rounds(context: NoticeDeliveryContext, idle: Callable[[], bool]) -> Iterator[Counter[str]]:
    """What each round came to. `idle`: called when there is nothing to do; False ends it.

    However it ends, whoever is being served gets the message in hand and no other.
    """
    under_way: dict[str, Future[Counter[str]]] = {}
    over = Event()
    serving = replace(context, stop=lambda: over.is_set() or context.stop())
    with ThreadPoolExecutor(context.threads, thread_name_prefix="notices") as pool:
        try:
            while not context.stop():
                yield _dispatch_outbox(context)
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


def _dispatch_outbox(context: NoticeDeliveryContext) -> Counter[str]:
    """Everything in the outbox, given to its receivers; and the e-mails of the day, when it is their hour."""
    dispatched = dispatch(context.db, context.keys, context.now(), context.stop)
    _form_digests(context)
    return Counter(promised=dispatched)


def _receivers_ready(context: NoticeDeliveryContext, under_way: dict[str, Future[Counter[str]]]) -> list[str]:
    """The receivers that can be served now, as many as there are threads free."""
    free = context.threads - len(under_way)
    if free <= 0:
        return []
    with context.db.reading() as tx:
        return deliveries.due_receivers(tx, context.now(), _channels(context), list(under_way), free)


def _channels(context: NoticeDeliveryContext) -> tuple[str, ...]:
    """What may be sent at this hour: people are left alone in the quiet hours, systems never sleep."""
    return (WEBHOOK, MAIL) if context.relay is not None and _is_awake(context.now()) else (WEBHOOK,)


def _is_awake(now: datetime) -> bool:
    return next_sending_time(now) == now


def _finished(under_way: dict[str, Future[Counter[str]]]) -> Iterator[Counter[str]]:
    for receiver in [receiver for receiver, future in under_way.items() if future.done()]:
        yield _result_of(under_way.pop(receiver))


def _result_of(future: Future[Counter[str]]) -> Counter[str]:
    """What serving a receiver came to; a failure of ours is told, and the message taken again when its time is up."""
    try:
        return future.result()
    except StoreError as error:
        LOG.warning("the database did not take what was to be written: %s", error)
        return Counter()


# --- the e-mail of the day ----------------------------------------------------------------------------------


def _form_digests(context: NoticeDeliveryContext) -> None:
    """Put together the e-mails that people are owed today, at an hour when they may be sent."""
    now = context.now()
    if context.relay is None or not _is_awake(now):
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


# --- one receiver -------------------------------------------------------------------------------------------


class _Withdrawn(Exception):
    """It is not to be sent any more. `code`: why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _serve(context: NoticeDeliveryContext, receiver: str) -> Counter[str]:
    """Bring one receiver its messages, one after the other, until one fails or its turn is over."""
    done: Counter[str] = Counter()
    until = context.now() + TURN
    while not context.stop() and context.now() < until:
        outcome = _deliver_one(context, receiver)
        done[outcome] += 1
        if outcome in ("", "again"):
            break
    del done[""]
    return done


def _deliver_one(context: NoticeDeliveryContext, receiver: str) -> str:
    """One try: taken, sent, written down; what it came to."""
    with context.db.writing() as tx:
        delivery = deliveries.claim(tx, receiver, context.now(), context.now() + LEASE)
    if delivery is None:
        return ""
    try:
        _send(context, delivery)
    except _Withdrawn as why:
        code = why.code
        return _record_outcome(
            context, delivery, "withdrawn", lambda tx: deliveries.withdraw(tx, delivery, code, context.now())
        )
    except NotDelivered as error:
        return _record_failure(context, delivery, error)
    except StoreError:
        raise
    except Exception:  # one message that cannot be composed must not hold up the others of the service
        LOG.exception("delivery %s cannot be composed", delivery.delivery_id)
        return _record_failure(context, delivery, NotDelivered(_FAILED, again=True))
    return _record_outcome(
        context, delivery, "sent", lambda tx: deliveries.mark_delivered(tx, delivery.delivery_id, context.now())
    )


def _record_outcome(
    context: NoticeDeliveryContext, delivery: Delivery, outcome: str, write: Callable[[Connection], None]
) -> str:
    with context.db.writing() as tx:
        write(tx)
    LOG.info(
        "delivery %s (%s by %s): %s, try %d",
        delivery.delivery_id,
        delivery.kind,
        delivery.channel,
        outcome,
        delivery.attempts,
    )
    return outcome


def _record_failure(context: NoticeDeliveryContext, delivery: Delivery, error: NotDelivered) -> str:
    now = context.now()
    if error.reason == _GONE and delivery.channel == WEBHOOK:
        return _record_outcome(context, delivery, "withdrawn", lambda tx: _disable_webhook(tx, delivery, now))
    if not error.again or delivery.attempts >= ATTEMPTS:
        return _record_outcome(
            context, delivery, "dead", lambda tx: deliveries.give_up(tx, delivery, error.reason, now)
        )
    later = now + http_post.retry_delay(delivery.attempts, error.after, context.jitter())
    return _record_outcome(
        context, delivery, "again", lambda tx: deliveries.retry_later(tx, delivery, error.reason, later)
    )


def _disable_webhook(tx: Connection, delivery: Delivery, now: datetime) -> None:
    """The receiver says that it is gone for good: RFC 9110 § 15.5.11. Its owner sees it, and may turn it on again."""
    webhooks.disable(tx, UUID(delivery.id), "gone", now)
    deliveries.withdraw_all(tx, delivery.receiver, "gone", now)


def _send(context: NoticeDeliveryContext, delivery: Delivery) -> None:
    """Raises `NotDelivered` or `_Withdrawn`."""
    if delivery.channel == WEBHOOK:
        _send_webhook(context, delivery)
    else:
        _send_mail(context, delivery)


def _send_webhook(context: NoticeDeliveryContext, delivery: Delivery) -> None:
    now = context.now()
    with context.db.reading() as tx:
        hook = webhooks.find(tx, context.keys, UUID(delivery.id))
        promise = outbox.find(tx, delivery.message_id)
        if hook is None or hook.disabled_at or promise is None:
            raise _Withdrawn("disabled")
        message = promise.message
        case_id = message.case_id
        directory = recipient_directory(tx, [case_id], oslo_date(now))
        if not directory.still_works(hook.owner) or not directory.can_see(hook.owner, case_id):
            raise _Withdrawn("not_seen")
        text = hooks.event_body(context.public_url, message, directory.cases[case_id].reference)
    headers = hooks.signed_headers(str(delivery.delivery_id), text, hook.credentials.valid(now), now)
    hooks.send(hook.credentials.url, text, headers, context.allowed, context.trust, context.total_timeout)


def _send_mail(context: NoticeDeliveryContext, delivery: Delivery) -> None:
    if context.relay is None:
        raise NotDelivered("no_relay", again=True)
    with context.db.reading() as tx:
        contact = contacts.find(tx, context.keys, delivery.id)
        items = notices.notices_of_digest(tx, delivery.message_id)
    if contact is None or not contact.email_digest or contact.address is None:
        raise _Withdrawn("no_address")
    if not items:
        raise _Withdrawn("nothing_left")
    day = oslo_date(context.now())
    digest = notices.MailDigest(delivery.message_id, delivery.id, day, delivery.created_at)
    mail.send(
        context.relay,
        mail_template.daily_mail(
            context.relay, contact.address, contact.language, digest, items, context.public_url, day
        ),
    )

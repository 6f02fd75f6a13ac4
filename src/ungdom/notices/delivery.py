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

from ungdom import clock, posting
from ungdom.clock import Clock
from ungdom.notices import hooks, mail, wording
from ungdom.notices.address import Network, networks
from ungdom.notices.fanout import fan_out
from ungdom.notices.mail import Relay
from ungdom.notices.receivers import people
from ungdom.posting import LEASE, NotDelivered
from ungdom.settings import Settings
from ungdom.store import contacts, deliveries, notices, outbox, webhooks
from ungdom.store.deliveries import MAIL, WEBHOOK, Delivery
from ungdom.store.errors import StoreError, Unavailable
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection, Database
from ungdom.workflow.alerting import awake
from ungdom.workflow.daycount import OSLO, oslo_date

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
class Work:
    """What a run works with. `allowed`: networks that webhooks may lead to beside the public internet.

    `relay`: None where no e-mail is sent. `chance`: a number from 0 to 1, spreads the tries. `threads`: receivers that
    are served at once. `tick`: seconds after which the run looks for more while receivers are being served.
    """

    db: Database
    keys: Keys
    public_url: str
    now: Clock
    chance: Callable[[], float]
    allowed: tuple[Network, ...] = ()
    relay: Relay | None = None
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    stop: Callable[[], bool] = lambda: False
    threads: int = 8
    tick: float = 1.0
    longest: float = hooks.LONGEST


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run came to: messages given to their receivers, deliveries sent, tried in vain, given up, withdrawn."""

    promised: int = 0
    sent: int = 0
    again: int = 0
    dead: int = 0
    withdrawn: int = 0


def from_settings(config: Settings, db: Database, stop: Callable[[], bool] = lambda: False) -> Work:
    """What a run works with, as the settings say. Raises `BadSettings`."""
    return Work(
        db=db,
        keys=Keys(config.people_keys),
        public_url=config.public_url,
        now=clock.now,
        chance=random.random,
        allowed=networks(config.webhook_allow),
        relay=mail.relay_of(config),
        stop=stop,
    )


def deliver(work: Work) -> Counts:
    """Promise and send whatever can be now. Raises `Unavailable` when the database is away."""
    total: Counter[str] = Counter()
    for part in _rounds(work, lambda: False):
        total.update(part)
    return Counts(**{one.name: total[one.name] for one in fields(Counts)})


def keep_on(work: Work, stop: Event, every: float, report: Callable[[Counter[str]], None] = lambda _: None) -> None:
    """Go on delivering until told to stop. While the database is away it waits. `every`: seconds between two looks."""
    while not stop.is_set():
        try:
            for part in _rounds(work, lambda: not stop.wait(every)):
                report(part)
        except Unavailable as error:
            LOG.warning("the database is away: %s", error)
        except Exception:  # whatever it is, the next round is tried: nobody else brings the notices
            LOG.exception("the round failed")
        stop.wait(every)


def _rounds(work: Work, idle: Callable[[], bool]) -> Iterator[Counter[str]]:
    """What each round came to. `idle`: called when there is nothing to do; False ends it.

    However it ends, whoever is being served gets the message in hand and no other.
    """
    under_way: dict[str, Future[Counter[str]]] = {}
    over = Event()
    serving = replace(work, stop=lambda: over.is_set() or work.stop())
    with ThreadPoolExecutor(work.threads, thread_name_prefix="notices") as pool:
        try:
            while not work.stop():
                yield _promised(work)
                for receiver in _ready(work, under_way):
                    under_way[receiver] = pool.submit(_serve, serving, receiver)
                if under_way:
                    wait(under_way.values(), timeout=work.tick, return_when=FIRST_COMPLETED)
                elif not idle():
                    break
                yield from _finished(under_way)
        finally:
            over.set()
        wait(under_way.values())
        yield from _finished(under_way)


def _promised(work: Work) -> Counter[str]:
    """Everything in the outbox, given to its receivers; and the e-mails of the day, when it is their hour."""
    promised = fan_out(work.db, work.keys, work.now(), work.stop)
    _form_digests(work)
    return Counter(promised=promised)


def _ready(work: Work, under_way: dict[str, Future[Counter[str]]]) -> list[str]:
    """The receivers that can be served now, as many as there are threads free."""
    free = work.threads - len(under_way)
    if free <= 0:
        return []
    with work.db.reading() as tx:
        return deliveries.due(tx, work.now(), _channels(work), list(under_way), free)


def _channels(work: Work) -> tuple[str, ...]:
    """What may be sent at this hour: people are left alone in the quiet hours, systems never sleep."""
    return (WEBHOOK, MAIL) if work.relay is not None and _is_awake(work.now()) else (WEBHOOK,)


def _is_awake(now: datetime) -> bool:
    return awake(now) == now


def _finished(under_way: dict[str, Future[Counter[str]]]) -> Iterator[Counter[str]]:
    for receiver in [receiver for receiver, one in under_way.items() if one.done()]:
        yield _came(under_way.pop(receiver))


def _came(one: Future[Counter[str]]) -> Counter[str]:
    """What serving a receiver came to; a failure of ours is told, and the message taken again when its time is up."""
    try:
        return one.result()
    except StoreError as error:
        LOG.warning("the database did not take what was to be written: %s", error)
        return Counter()


# --- the e-mail of the day ----------------------------------------------------------------------------------


def _form_digests(work: Work) -> None:
    """Put together the e-mails that people are owed today, at an hour when they may be sent."""
    now = work.now()
    if work.relay is None or not _is_awake(now):
        return
    day, since = oslo_date(now), now - OLDEST
    midnight = datetime.combine(day, time(), OSLO)
    with work.db.reading() as tx:
        if not notices.waiting_for_mail(tx, day, midnight, since):
            return
    with work.db.writing() as tx:
        if deliveries.my_turn(tx):
            for subject in notices.waiting_for_mail(tx, day, midnight, since):
                notices.form(tx, subject, day, since, now)


# --- one receiver -------------------------------------------------------------------------------------------


class _Withdrawn(Exception):
    """It is not to be sent any more. `code`: why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _serve(work: Work, receiver: str) -> Counter[str]:
    """Bring one receiver its messages, one after the other, until one fails or its turn is over."""
    done: Counter[str] = Counter()
    until = work.now() + TURN
    while not work.stop() and work.now() < until:
        came = _try(work, receiver)
        done[came] += 1
        if came in ("", "again"):
            break
    del done[""]
    return done


def _try(work: Work, receiver: str) -> str:
    """One try: taken, sent, written down; what it came to."""
    with work.db.writing() as tx:
        taken = deliveries.claim(tx, receiver, work.now(), work.now() + LEASE)
    if taken is None:
        return ""
    try:
        _send(work, taken)
    except _Withdrawn as why:
        code = why.code
        return _write(work, taken, "withdrawn", lambda tx: deliveries.withdraw(tx, taken, code, work.now()))
    except NotDelivered as error:
        return _not_delivered(work, taken, error)
    except StoreError:
        raise
    except Exception:  # one message that cannot be composed must not hold up the others of the service
        LOG.exception("delivery %s cannot be composed", taken.delivery_id)
        return _not_delivered(work, taken, NotDelivered(_FAILED, again=True))
    return _write(work, taken, "sent", lambda tx: deliveries.delivered(tx, taken.delivery_id, work.now()))


def _write(work: Work, taken: Delivery, came: str, write: Callable[[Connection], None]) -> str:
    with work.db.writing() as tx:
        write(tx)
    LOG.info("delivery %s (%s by %s): %s, try %d", taken.delivery_id, taken.kind, taken.channel, came, taken.attempts)
    return came


def _not_delivered(work: Work, taken: Delivery, error: NotDelivered) -> str:
    now = work.now()
    if error.reason == _GONE and taken.channel == WEBHOOK:
        return _write(work, taken, "withdrawn", lambda tx: _gone(tx, taken, now))
    if not error.again or taken.attempts >= ATTEMPTS:
        return _write(work, taken, "dead", lambda tx: deliveries.give_up(tx, taken, error.reason, now))
    later = now + posting.wait(taken.attempts, error.after, work.chance())
    return _write(work, taken, "again", lambda tx: deliveries.try_again(tx, taken, error.reason, later))


def _gone(tx: Connection, taken: Delivery, now: datetime) -> None:
    """The receiver says that it is gone for good: RFC 9110 § 15.5.11. Its owner sees it, and may turn it on again."""
    webhooks.disable(tx, UUID(taken.id), "gone", now)
    deliveries.withdraw_all(tx, taken.receiver, "gone", now)


def _send(work: Work, taken: Delivery) -> None:
    """Raises `NotDelivered` or `_Withdrawn`."""
    if taken.channel == WEBHOOK:
        _post(work, taken)
    else:
        _mail(work, taken)


def _post(work: Work, taken: Delivery) -> None:
    now = work.now()
    with work.db.reading() as tx:
        hook = webhooks.find(tx, work.keys, UUID(taken.id))
        promise = outbox.find(tx, taken.message_id)
        if hook is None or hook.disabled_at or promise is None:
            raise _Withdrawn("disabled")
        message = promise.message
        case_id = message.case_id
        there = people(tx, [case_id], oslo_date(now))
        if not there.still_there(hook.owner) or not there.see(hook.owner, case_id):
            raise _Withdrawn("not_seen")
        text = hooks.body(work.public_url, message, there.cases[case_id].reference)
    headers = hooks.signed(str(taken.delivery_id), text, hook.lock.valid(now), now)
    hooks.send(hook.lock.url, text, headers, work.allowed, work.trust, work.longest)


def _mail(work: Work, taken: Delivery) -> None:
    if work.relay is None:
        raise NotDelivered("no_relay", again=True)
    with work.db.reading() as tx:
        contact = contacts.find(tx, work.keys, taken.id)
        told = notices.of_digest(tx, taken.message_id)
    if contact is None or not contact.email_digest or contact.address is None:
        raise _Withdrawn("no_address")
    if not told:
        raise _Withdrawn("nothing_left")
    day = oslo_date(work.now())
    digest = notices.Digest(taken.message_id, taken.id, day, taken.created_at)
    mail.send(
        work.relay,
        wording.letter(work.relay, contact.address, contact.language, digest, told, work.public_url, day),
    )

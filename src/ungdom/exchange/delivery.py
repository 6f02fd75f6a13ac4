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
from ungdom.esas import envelope
from ungdom.exchange.composing import SCHEMA_VERSION, Held, Letter, compose
from ungdom.exchange.partners import Partner, Partners
from ungdom.exchange.transport import NotDelivered, Parcel, Transport
from ungdom.posting import FIRST_WAIT, LEASE, wait
from ungdom.settings import BadSettings
from ungdom.store import outbox
from ungdom.store.errors import Unavailable
from ungdom.store.outbox import AGAIN, DEAD, LACKS, Owed, Promise
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection, Database

LOG = logging.getLogger("ungdom.exchange")

LOOK_AGAIN = timedelta(hours=1)
"""When a message that lacks something is looked at again without anything having happened in its case."""

_IN_A_ROW = 3
_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a run works with. `road`: opens the road to a partner. `chance`: a number from 0 to 1, spreads the tries.

    `stop`: whether to end after the messages in hand.
    """

    db: Database
    keys: Keys
    partners: Partners
    road: Callable[[Partners, Partner], Transport]
    now: Clock
    chance: Callable[[], float]
    stop: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the messages that a run looked at. `again`: tried in vain, another try follows."""

    sent: int = 0
    again: int = 0
    dead: int = 0
    lacks: int = 0
    withdrawn: int = 0


def deliver(work: Work, since: datetime | None = None, report: Callable[[int], None] = lambda _: None) -> Counts:
    """Send whatever can be sent now; what a run came to. `report` is told how many messages have been looked at.

    Messages that lack something are looked at when their case has had an event since `since`; with None, all of them.
    Raises `Unavailable` when the database is away: what had been sent is then sent again one day, with the same id.
    """
    total: Counter[str] = Counter()
    sent = 1
    while sent and not work.stop():
        swept = _sweep(work, since, lambda looked: report(total.total() + looked))
        total.update(swept)
        sent, since = swept["sent"] + swept["withdrawn"], work.now()
    return Counts(**{one.name: total[one.name] for one in fields(Counts)})


def owed(work: Work) -> Owed:
    """What has not arrived by now, counted."""
    patience = timedelta(hours=work.partners.limits.patience_hours)
    with work.db.reading() as tx:
        return outbox.owed(tx, work.now() - patience)


def plain(promise: Promise) -> dict[str, str | int | None]:
    """A message that is held, in plain values; it names no person."""
    message, next_try_at = promise.message, promise.next_try_at
    return {
        "message_id": str(message.message_id),
        "kind": message.kind,
        "of": str(message.case_id),
        "seq": message.seq,
        "held": promise.held or "waiting",
        "since": message.created_at.isoformat(timespec="seconds"),
        "attempts": promise.attempts,
        "next_try_at": next_try_at.isoformat(timespec="seconds") if next_try_at else None,
    }


def _sweep(work: Work, since: datetime | None, report: Callable[[int], None]) -> Counter[str]:
    """Everything that is due, once through. A message that waited for one of these comes with the next sweep."""
    total: Counter[str] = Counter()
    for page in _pages(work, since):
        for part in _post(work, page):
            total.update(part)
        report(total.total())
    return total


def _pages(work: Work, since: datetime | None) -> Iterator[list[Promise]]:
    last: Promise | None = None
    while not work.stop():
        with work.db.reading() as tx:
            page = outbox.due(tx, work.now(), since, last, _PAGE)
        if not page:
            return
        yield page
        last = page[-1]


def _post(work: Work, page: Sequence[Promise]) -> Iterator[Counter[str]]:
    """Compose these messages, and carry them to their partners side by side."""
    letters, held = _composed(work, page)
    yield _hold(work, held)
    bags: defaultdict[str, list[Letter]] = defaultdict(list)
    for letter in letters:
        bags[letter.partner.name].append(letter)
    with ThreadPoolExecutor(max(1, len(bags)), thread_name_prefix="deliver") as threads:
        yield from threads.map(lambda bag: _carry(work, bag), bags.values())


# --- composing ----------------------------------------------------------------------------------------------


def _composed(work: Work, page: Sequence[Promise]) -> tuple[list[Letter], list[tuple[Promise, str]]]:
    letters: list[Letter] = []
    held: list[tuple[Promise, str]] = []
    with work.db.reading() as tx:
        for promise in page:
            found = _letter(tx, work, promise)
            if isinstance(found, Letter):
                letters.append(found)
            else:
                held.append((promise, found))
    return letters, held


def _letter(tx: Connection, work: Work, promise: Promise) -> Letter | str:
    """The finished message, or the code of why it is held."""
    try:
        return compose(tx, work.keys, work.partners, promise, work.now())
    except Held as why:
        return why.code
    except Unavailable:
        raise
    except Exception:  # one message that cannot be composed must not hold up the others; it is held, and told
        LOG.exception("message %s cannot be composed", promise.message.message_id)
        return f"{LACKS}repair"


def _hold(work: Work, held: Sequence[tuple[Promise, str]]) -> Counter[str]:
    done: Counter[str] = Counter()
    if held:
        with work.db.writing() as tx:
            for promise, code in held:
                look = work.now() + LOOK_AGAIN if code.startswith(LACKS) else None
                done[code.partition(".")[0]] += outbox.mark(tx, promise, code, look)
    return done


# --- sending ------------------------------------------------------------------------------------------------


def _carry(work: Work, bag: Sequence[Letter]) -> Counter[str]:
    """Bring one partner its messages, one after the other."""
    partner = bag[0].partner
    try:
        road = work.road(work.partners, partner)
    except (BadSettings, OSError) as error:
        LOG.error("%s: %s", partner.name, error)
        _leave(work, bag, f"{AGAIN}settings", work.now() + FIRST_WAIT)
        return Counter(again=len(bag))
    try:
        return _hand_over(work, road, bag)
    finally:
        road.close()


def _hand_over(work: Work, road: Transport, bag: Sequence[Letter]) -> Counter[str]:
    done: Counter[str] = Counter()
    failures = 0
    for place, letter in enumerate(bag):
        if work.stop():
            break
        try:
            done[_try(work, road, letter)] += 1
            failures = 0
        except _Failed as failed:
            done["again"] += 1
            failures += 1
            if failed.tired or failures == _IN_A_ROW:
                _leave(work, bag[place + 1 :], failed.code, failed.next_try_at)
                break
    return +done


class _Failed(Exception):
    """A try in vain. `tired`: the receiver asked to be left alone."""

    def __init__(self, code: str, next_try_at: datetime, tired: bool) -> None:
        self.code, self.next_try_at, self.tired = code, next_try_at, tired


def _try(work: Work, road: Transport, letter: Letter) -> str:
    """One try: taken, sent, written down; what it came to. Raises `_Failed` when another one follows."""
    with work.db.writing() as tx:
        taken = outbox.claim(tx, letter.promise, work.now() + LEASE, letter.version, letter.told)
    if taken is None:
        return ""
    message_id = taken.message.message_id
    try:
        road.send(_parcel(work.partners, letter))
    except NotDelivered as error:
        return _not_delivered(work, taken, letter, error)
    with work.db.writing() as tx:
        outbox.delivered(tx, [message_id], work.now())
    told = (message_id, letter.schema_name, letter.partner.organisation_number, taken.attempts)
    LOG.info("message %s (%s) delivered to %s, try %d", *told)
    return "sent"


def _not_delivered(work: Work, taken: Promise, letter: Letter, error: NotDelivered) -> str:
    dead = not error.again or taken.attempts >= work.partners.limits.attempts
    code = f"{DEAD if dead else AGAIN}{error.reason}"
    later = None if dead else work.now() + wait(taken.attempts, error.after, work.chance())
    with work.db.writing() as tx:
        outbox.mark(tx, taken, code, later)
    told = (taken.message.message_id, letter.partner.organisation_number, code, taken.attempts)
    LOG.log(logging.ERROR if dead else logging.WARNING, "message %s to %s: %s, try %d", *told)
    if later is None:
        return "dead"
    raise _Failed(code, later, tired=error.after is not None)


def _leave(work: Work, bag: Sequence[Letter], code: str, until: datetime) -> None:
    """Leave these untried until then: the receiver does not answer as it should."""
    if bag:
        with work.db.writing() as tx:
            for letter in bag:
                outbox.mark(tx, letter.promise, code, until)


def _parcel(partners: Partners, letter: Letter) -> Parcel:
    if partners.own is None or partners.key is None:
        raise BadSettings("there is no key to sign with")
    return Parcel(
        message_id=str(letter.promise.message.message_id),
        schema_name=letter.schema_name,
        schema_version=SCHEMA_VERSION,
        sender=partners.own.sender_word,
        receiver=letter.partner.name,
        token=envelope.sign(letter.body, partners.key, str(partners.key.kid)),
    )

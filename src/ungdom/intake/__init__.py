"""Decisions of prosecution systems and courts: each one taken once, in whatever order they come.

A message is known by source, decision id and version. The same version again gives the same receipt, byte for byte; a
higher one corrects what the lower one said; a lower one is acknowledged. What cannot be applied yet is parked with its
reason and what it waits for, and is tried again when that arrives, when its day comes, or by hand. Nothing is forced.

Each function is handed an open transaction and commits nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from pydantic_core import to_json

from ungdom import texts
from ungdom.intake import answering, deciding, matching, receipts
from ungdom.intake.telling import NO_CHOICE, Choice, Desk, Job, tell
from ungdom.intake.words import Outcome, Reason, Remark, Sender, Told, thing
from ungdom.message import Message, plain, read
from ungdom.message.national_id import normal
from ungdom.store import inbox
from ungdom.store.inbox import SETTLED, Arrival, message_id_of
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection
from ungdom.store.tables import Protection
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.vocabulary import Actor

__all__ = [
    "Choice",
    "Desk",
    "Outcome",
    "Reason",
    "Sender",
    "Taken",
    "dismiss",
    "names_of",
    "receive",
    "retry",
    "same_content",
    "stir",
    "stir_for_case",
    "stir_for_day",
]

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
MOST_TRIED = 50
"""As many parked messages as are tried again in one transaction; the others when something else arrives, or by hand."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a message: how it is kept, and the receipt. `repeated`: it was known, and this is the first one."""

    arrival: Arrival
    receipt: bytes
    repeated: bool = False


def names_of(sender: Sender, message: Message) -> list[str]:
    """What has to be locked before the message is looked at: its decision, and the numbers of its case."""
    numbers = [thing("number", number) for number in message.police_case_numbers]
    return [thing("decision", f"{sender.source}/{message.decision_id}"), *numbers]


def receive(
    tx: Connection,
    desk: Desk,
    sender: Sender,
    message: Message,
    exchange_id: UUID | None = None,
    locked: bool = False,
) -> Taken:
    """Take a message in: what it says, its receipt, and what it lets others do, are written together.

    Raises the store's `Stale` when somebody else moved the case meanwhile: ask again.
    """
    if not locked:
        inbox.lock(tx, names_of(sender, message))
    earlier = inbox.lineage(tx, sender.source, message.decision_id)
    known = next((one for one in earlier if one.version == message.version), None)
    if known is not None:
        return _again(tx, desk, known, message)
    new = _arrival(sender, message, desk)
    told = tell(tx, Job(desk, sender, message, new, earlier))
    new = _as_told(tx, new, message, told)
    body = receipts.write(desk.language, new, told, oslo_date(desk.now))
    inbox.add(tx, desk.keys, new, to_json(plain(message)), body)
    if exchange_id is not None:
        inbox.link_exchange(tx, new.message_id, exchange_id)
    _after(tx, desk, new, message, told)
    _supersede(tx, desk, new, earlier)
    return Taken(new, body)


def retry(tx: Connection, desk: Desk, message_id: UUID, by: str, choice: Choice = NO_CHOICE) -> Taken | None:
    """Try a parked message again, for a person or because of what arrived; None when there is no parked one."""
    kept = inbox.arrival(tx, message_id)
    raw = inbox.content(tx, desk.keys, message_id) if kept and kept.outcome == Outcome.PARKED else None
    if kept is None or raw is None:
        return None
    desk = replace(desk, language=texts.pick(kept.language))
    message, sender = read(raw), _sender_of(kept)
    inbox.lock(tx, names_of(sender, message))
    earlier = [one for one in inbox.lineage(tx, kept.source, kept.decision_id) if one.version != kept.version]
    told = tell(tx, Job(desk, sender, message, kept, earlier, choice))
    if (told.outcome, told.reason) == (kept.outcome, kept.reason):
        inbox.wait_for(tx, message_id, told.waits_for)
        return Taken(kept, inbox.receipts(tx, message_id)[-1].body)
    return _settle(tx, desk, kept, told, by, message)


def dismiss(tx: Connection, desk: Desk, message_id: UUID, by: str) -> Taken | None:
    """Put a parked message aside for good: the sender is told. None when there is no parked one."""
    kept = inbox.arrival(tx, message_id)
    raw = inbox.content(tx, desk.keys, message_id) if kept and kept.outcome == Outcome.PARKED else None
    if kept is None or raw is None:
        return None
    return _settle(tx, desk, kept, Told(outcome=Outcome.REJECTED, reason=Reason.DISMISSED), by, read(raw))


def stir(tx: Connection, desk: Desk, things: Sequence[str]) -> list[Taken]:
    """Try the parked messages that wait for one of these things again; what came of those that changed."""
    changed: list[Taken] = []
    tried: set[UUID] = set()
    todo = inbox.waiting(tx, things, MOST_TRIED)
    while todo and len(tried) < MOST_TRIED:
        message_id = todo.pop(0)
        if message_id not in tried:
            tried.add(message_id)
            changed += _stirred(tx, desk, message_id, things[0])
    return changed


def stir_for_case(
    tx: Connection, desk: Desk, case_id: UUID, numbers: Sequence[str] = (), national_id: str | None = None
) -> list[Taken]:
    """The same, for what waits for this case, and for one that is new on these numbers or for this person."""
    who = [thing("person", desk.keys.digest(normal(national_id)).hex())] if national_id else []
    return stir(tx, desk, [thing("case", case_id), *(thing("number", number) for number in numbers), *who])


def stir_for_day(tx: Connection, desk: Desk) -> list[Taken]:
    """The same, for what waits for a day that has come, at most `MOST_TRIED` of them."""
    return stir(tx, desk, inbox.days_until(tx, oslo_date(desk.now)))


def _stirred(tx: Connection, desk: Desk, message_id: UUID, by: str) -> list[Taken]:
    before = inbox.arrival(tx, message_id)
    done = retry(tx, desk, message_id, by)
    moved = done is not None and before is not None and done.arrival.outcome != before.outcome
    return [done] if done and moved else []


def _supersede(tx: Connection, desk: Desk, new: Arrival, earlier: Sequence[Arrival]) -> None:
    """Lower versions that were parked wait no longer: this one says what counts, parked or not."""
    for lower in earlier:
        raw = inbox.content(tx, desk.keys, lower.message_id) if lower.outcome == Outcome.PARKED else None
        if raw is not None and lower.version < new.version:
            told = Told(outcome=Outcome.SUPERSEDED, reason=Reason.LOWER_VERSION)
            _settle(tx, desk, lower, told, new.source, read(raw))


# --- keeping it ---------------------------------------------------------------------------------------------


def _again(tx: Connection, desk: Desk, known: Arrival, message: Message) -> Taken:
    """The receipt that this version was answered with first; another content under its number is refused."""
    raw = inbox.content(tx, desk.keys, known.message_id)
    if raw is not None and not same_content(read(raw), message):
        body = receipts.refused(
            desk.language,
            Reason.OTHER_CONTENT,
            decision_id=known.decision_id,
            version=known.version,
            kind=known.kind,
        )
        return Taken(replace(known, outcome=Outcome.REJECTED, reason=Reason.OTHER_CONTENT), body, repeated=True)
    first = inbox.receipts(tx, known.message_id)[0]
    return Taken(replace(known, outcome=first.outcome, reason=first.reason), first.body, repeated=True)


def same_content(kept: Message, message: Message) -> bool:
    """The same content; when it was sent does not count, and neither does the order of numbers."""
    return _unsent(kept) == _unsent(message)


def _unsent(message: Message) -> Message:
    return replace(message, sent_at=_NEVER, police_case_numbers=tuple(sorted(message.police_case_numbers)))


def _arrival(sender: Sender, message: Message, desk: Desk) -> Arrival:
    return Arrival(
        message_id=message_id_of(sender.source, message.decision_id, message.version),
        source=sender.source,
        decision_id=message.decision_id,
        version=message.version,
        kind=message.kind,
        authorities=" ".join(sorted(sender.authorities)),
        language=desk.language,
        sent_at=message.sent_at,
        received_at=desk.now,
        outcome=Outcome.PARKED,
        protection=message.person.protection if message.person else Protection.NONE,
        updated_at=desk.now,
    )


def _sender_of(kept: Arrival) -> Sender:
    return Sender(kept.source, frozenset(Actor(one) for one in kept.authorities.split()))


def _as_told(tx: Connection, arrival: Arrival, message: Message, told: Told) -> Arrival:
    office = told.after.konfliktrad if told.after else deciding.office_of(tx, message)
    return replace(
        arrival,
        outcome=told.outcome,
        reason=told.reason,
        case_id=told.stored.case_id if told.stored else None,
        person_id=told.person_id,
        konfliktrad=office or arrival.konfliktrad,
    )


def _settle(tx: Connection, desk: Desk, kept: Arrival, told: Told, by: str, message: Message) -> Taken:
    now = _as_told(tx, kept, message, told)
    body = receipts.write(desk.language, now, told, oslo_date(desk.now))
    inbox.settle(tx, now, body, by, desk.now)
    _after(tx, desk, now, message, told)
    for exchange_id in inbox.exchanges_of(tx, now.message_id):
        answering.answer(tx, exchange_id, desk.now)
    return Taken(now, body)


def _after(tx: Connection, desk: Desk, arrival: Arrival, message: Message, told: Told) -> None:
    """What is written beside the receipt: the events it stands for, what it waits for, and what it lets others do."""
    if told.stored is not None and told.places:
        inbox.link(tx, arrival.message_id, told.stored.case_id, dict(told.places))
    inbox.wait_for(tx, arrival.message_id, told.waits_for)
    if told.outcome in SETTLED:
        stir(tx, desk, _lets(arrival, message, told, desk.keys))


def _lets(arrival: Arrival, message: Message, told: Told, keys: Keys) -> list[str]:
    """What others may have waited for."""
    decision = [thing("decision", f"{arrival.source}/{arrival.decision_id}"), thing("decision", arrival.decision_id)]
    case = [thing("case", told.stored.case_id)] if told.stored and told.events else []
    new = matching.waits_for_a_case(message, keys) if Remark.CASE_OPENED in told.remarks else ()
    return [*decision, *case, *new]

"""Decisions of prosecution systems and courts: each one taken once, in whatever order they come.

A message is known by source, decision id and version. The same version again gives the same receipt, byte for byte; a
higher one corrects what the lower one said; a lower one is acknowledged. What cannot be applied yet is parked with its
reason and what it waits for, and is tried again when that arrives, when its day comes, or by hand. Nothing is forced.

Each function is handed an open transaction and commits nothing. A message that it had to pass over is marked, and tried
after the commit (`catching_up`).
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from pydantic_core import from_json, to_json

from ungdom import texts
from ungdom.intake import answering, deciding, matching, receipts
from ungdom.intake.locks import names_of, names_of_new
from ungdom.intake.telling import NO_CHOICE, Choice, Desk, Job, tell
from ungdom.intake.words import Outcome, Reason, Sender, Told, thing
from ungdom.message import Message, plain, read
from ungdom.store import concerns, due, inbox
from ungdom.store.errors import Stale
from ungdom.store.inbox import SETTLED, Arrival, message_id_of
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection, kept
from ungdom.store.tables import Protection
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.vocabulary import Actor, strictest

__all__ = [
    "Choice",
    "Desk",
    "Outcome",
    "Reason",
    "Sender",
    "Taken",
    "dismiss",
    "names_of",
    "once_more",
    "receive",
    "retry",
    "same_content",
    "stir",
    "stir_for_case",
]

log = logging.getLogger("ungdom.intake")

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
MOST_TRIED = 200  # tries of parked messages in one transaction; the others are passed over
_TRIES_OF_ONE = 3
"""As often one of them is asked again when somebody else moves its case at the same moment."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a message: how it is kept, and the receipt. `repeated`: it was known, and this is the first one."""

    arrival: Arrival
    receipt: bytes
    repeated: bool = False


def receive(
    tx: Connection,
    desk: Desk,
    sender: Sender,
    message: Message,
    exchange_id: UUID | None = None,
    locked: bool = False,
    earlier: Sequence[Arrival] | None = None,
) -> Taken:
    """Take a message in: what it says, its receipt, and what it lets others do, are written together.

    `locked`: what it is about is locked already. `earlier`: the versions known since then, if they have been looked up.
    Raises the store's `Stale` when somebody else moved the case meanwhile: ask again.
    """
    if not locked:
        inbox.lock(tx, names_of(sender, message))
    earlier = inbox.lineage(tx, sender.source, message.decision_id) if earlier is None else earlier
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
    _after(tx, desk, new, told)
    _supersede(tx, desk, new, earlier)
    stir(tx, desk, _lets(new, message, told, desk.keys))
    return Taken(new, body)


def retry(tx: Connection, desk: Desk, message_id: UUID, by: str, choice: Choice = NO_CHOICE) -> Taken | None:
    """Try a parked message again for a person; None when there is no parked one.

    What the person decided about it is kept with it. The receipt is kept where it tells something new.
    """
    parked = _parked(tx, desk, message_id, inbox.lock)
    if parked is None:
        return None
    kept, message = parked
    named, accepted = choice.case_id or kept.named_case_id, choice.accept_gap or kept.gap_accepted
    taken, lets = _tried(tx, desk, replace(kept, named_case_id=named, gap_accepted=accepted), message, by)
    stir(tx, desk, lets)
    return taken


def dismiss(tx: Connection, desk: Desk, message_id: UUID, by: str) -> Taken | None:
    """Put a parked message aside for good: the sender is told. None when there is no parked one."""
    parked = _parked(tx, desk, message_id, inbox.lock)
    if parked is None or parked[0].outcome != Outcome.PARKED:
        return None
    kept, message = parked
    taken = _settle(tx, desk, kept, Told(outcome=Outcome.REJECTED, reason=Reason.DISMISSED), by, message)
    stir(tx, desk, [_own_decision(kept)])
    return taken


def stir(tx: Connection, desk: Desk, things: Sequence[str]) -> list[Taken]:
    """Try the parked messages that wait for one of these things again, and what those let others do.

    What came of those that changed. One that goes wrong stays parked and harms nothing else in the transaction; it is
    passed over, as is one that somebody else works on, and those that are too many.
    """
    changed: list[Taken] = []
    awaited, tried, tries = list(things), set[UUID](), 0
    todo = deque(inbox.waiting(tx, awaited))
    while todo and tries < MOST_TRIED:
        message_id = todo.popleft()
        if message_id in tried:
            continue
        tries += 1
        tried.add(message_id)
        taken, lets = _stirred(tx, desk, message_id, awaited[0])
        if taken is not None and lets and taken.arrival.outcome != Outcome.PARKED:
            changed.append(taken)
            tried, awaited = set(), list(dict.fromkeys([*awaited, *lets]))
            todo = deque(inbox.waiting(tx, awaited))
    _pass_over(tx, desk, [message_id for message_id in todo if message_id not in tried], awaited[:1])
    return changed


def stir_for_case(
    tx: Connection, desk: Desk, case_id: UUID, numbers: Sequence[str] = (), national_id: str | None = None
) -> list[Taken]:
    """The same, for what waits for this case, and for one that is new on these numbers or for this person.

    A message that is looked at just now on these is waited for: it has not seen the case, and we have not seen it.
    """
    if numbers or national_id:
        inbox.lock(tx, names_of_new(numbers, national_id))
    who = matching.people_waited_for(desk.keys, national_id)
    return stir(tx, desk, [thing("case", case_id), *(thing("number", number) for number in numbers), *who])


def once_more(tx: Connection, desk: Desk, message_id: UUID) -> Taken | None:
    """Try a message that was passed over, or whose day has come; None when somebody else was faster.

    Whoever works on it is waited for: nothing else may be held here.
    """
    parked = _parked(tx, desk, message_id, inbox.lock)
    came = due.take(tx, message_id, oslo_date(desk.now))
    if parked is None or came is None:
        return None
    taken, lets = _tried(tx, desk, *parked, came)
    stir(tx, desk, lets)
    return taken


def _stirred(tx: Connection, desk: Desk, message_id: UUID, by: str) -> tuple[Taken | None, list[str]]:
    """One try, to a savepoint. What nobody foresaw is logged and rolled back to there; it never stops the caller.

    Somebody who works on the same message or case at this moment is not waited for: it is passed over.
    """
    for _ in range(_TRIES_OF_ONE):
        savepoint = tx.begin_nested()
        try:
            parked = _parked(tx, desk, message_id, inbox.try_lock)
            done = _tried(tx, desk, *parked, by, patient=False) if parked else (None, [])
        except Stale:
            savepoint.rollback()
        except _Busy:
            savepoint.rollback()
            break
        except Exception as error:  # noqa: BLE001  # whatever it is, the move that let it be tried again is written
            # When the database has let go of the whole transaction, as SQLite does on a full disk, this raises and
            # must. A `with` would raise it inside the `try`: swallowed, and the move told of as written, and not be.
            savepoint.rollback()
            log.warning("message %s could not be tried again: %s", message_id, type(error).__name__)
            break
        else:
            kept(savepoint)
            return done
    _pass_over(tx, desk, [message_id], [by])
    return None, []


def _pass_over(tx: Connection, desk: Desk, message_ids: Sequence[UUID], came: Sequence[str]) -> None:
    """Leave a mark that these are still to be tried: it is written with what lets them be, and lost only with that."""
    if message_ids:
        due.pass_over(tx, message_ids, came[0])
        desk.passed_over.extend(one for one in message_ids if one not in desk.passed_over)


def _supersede(tx: Connection, desk: Desk, new: Arrival, earlier: Sequence[Arrival]) -> None:
    """Lower versions that were parked wait no longer: this one says what counts, parked or not.

    One that is refused says nothing, and neither does one whose turn has not come.
    """
    if new.outcome not in (*SETTLED, Outcome.PARKED) or new.reason == Reason.VERSION_GAP:
        return
    for lower in earlier:
        raw = inbox.content(tx, desk.keys, lower.message_id) if lower.outcome == Outcome.PARKED else None
        if raw is not None and lower.version < new.version:
            told = Told(outcome=Outcome.SUPERSEDED, reason=Reason.LOWER_VERSION)
            _settle(tx, desk, lower, told, new.source, read(raw))


# --- trying again -------------------------------------------------------------------------------------------

Locking = Callable[[Connection, list[str]], bool]


class _Busy(Exception):
    """Somebody else works on the message, or on something that it is about."""


def _parked(tx: Connection, desk: Desk, message_id: UUID, lock: Locking) -> tuple[Arrival, Message] | None:
    """A message that may be tried again and that nobody else works on; None when there is none. Raises `_Busy`."""
    kept = inbox.arrival(tx, message_id)
    raw = inbox.content(tx, desk.keys, message_id) if kept and kept.may_be_tried else None
    if kept is None or raw is None:
        return None
    message = read(raw)
    if not lock(tx, names_of(_sender_of(kept), message)):
        raise _Busy
    now = inbox.arrival(tx, message_id)  # as it stands now that nobody else works on it
    return (now, message) if now is not None and now.may_be_tried else None


def _tried(
    tx: Connection, desk: Desk, kept: Arrival, message: Message, by: str, patient: bool = True
) -> tuple[Taken, list[str]]:
    """What came of this try, and what it lets others do."""
    desk = replace(desk, language=texts.pick(kept.language))
    earlier = [one for one in inbox.lineage(tx, kept.source, kept.decision_id) if one.version != kept.version]
    told = tell(tx, Job(desk, _sender_of(kept), message, kept, earlier, patient))
    if not _is_news(tx, kept, told):
        now = _as_told(tx, kept, message, told)
        inbox.stand(tx, now)
        _wait(tx, desk, now, told)
        return Taken(now, receipts.write(desk.language, now, told, oslo_date(desk.now))), []
    taken = _settle(tx, desk, kept, told, by, message)
    _supersede(tx, desk, taken.arrival, earlier)
    return taken, _lets(taken.arrival, message, told, desk.keys)


def _is_news(tx: Connection, kept: Arrival, told: Told) -> bool:
    """Whether the sender learns anything: another outcome, reason or case, or other conditions."""
    case_id = told.stored.case_id if told.stored else None
    if (told.outcome, told.reason, case_id) != (kept.outcome, kept.reason, kept.case_id):
        return True
    last = from_json(inbox.receipts(tx, kept.message_id)[-1].body)
    return {no["code"] for no in last["unmet"]} != {no.code for no in told.unmet}


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
    office, level = inbox.belonging(tx, told.near)
    known = told.after.konfliktrad if told.after else (deciding.office_of(tx, message) or office)
    return replace(
        arrival,
        outcome=told.outcome,
        reason=told.reason,
        case_id=told.stored.case_id if told.stored else None,
        person_id=told.person_id,
        konfliktrad=known or arrival.konfliktrad,
        protection=strictest(arrival.protection, level),
        offices=concerns.written(told.hidden),
    )


def _settle(tx: Connection, desk: Desk, kept: Arrival, told: Told, by: str, message: Message) -> Taken:
    now = _as_told(tx, kept, message, told)
    body = receipts.write(desk.language, now, told, oslo_date(desk.now))
    inbox.settle(tx, now, body, by, desk.now)
    _after(tx, desk, now, told)
    for exchange_id in inbox.exchanges_of(tx, now.message_id):
        answering.answer(tx, exchange_id, desk.now)
    return Taken(now, body)


def _after(tx: Connection, desk: Desk, arrival: Arrival, told: Told) -> None:
    """What is written beside the receipt: the events it stands for, and what it waits for."""
    if told.stored is not None and told.places:
        inbox.link(tx, arrival.message_id, told.stored.case_id, dict(told.places))
    _wait(tx, desk, arrival, told)


def _wait(tx: Connection, desk: Desk, arrival: Arrival, told: Told) -> None:
    """Let it wait for what was told; not for a day that has come, for that has just been tried.

    Whoever changes what it waits for is kept out until it waits, and then sees it. Where nobody was kept out it is
    looked at once more after the commit.
    """
    today = thing("day", oslo_date(desk.now))
    waits = {one for one in told.waits_for if not thing("day", "") < one <= today}
    free = sorted(one for one in waits if _was_free(one, arrival, told))
    if free and waits != due.awaited(tx, arrival.message_id):
        _pass_over(tx, desk, [arrival.message_id], free)
    inbox.wait_for(tx, arrival.message_id, waits)


def _was_free(one: str, arrival: Arrival, told: Told) -> bool:
    """Whether anybody could change this while it was looked at: a case that was not held, a decision of others."""
    kind = one.partition(":")[0]
    return told.stored is None and kind in ("case", "decision") and one != _own_decision(arrival)


def _lets(arrival: Arrival, message: Message, told: Told, keys: Keys) -> list[str]:
    """What others may have waited for. A version that does not count fills a gap all the same."""
    if told.outcome not in SETTLED:
        return [_own_decision(arrival)]
    case = [thing("case", told.stored.case_id)] if told.stored and told.events else []
    who = matching.people_waited_for(keys, message.person.national_id if message.person else None)
    numbers = [thing("number", number) for number in message.police_case_numbers]
    return [_own_decision(arrival), thing("decision", arrival.decision_id), *case, *numbers, *who]


def _own_decision(arrival: Arrival) -> str:
    return thing("decision", f"{arrival.source}/{arrival.decision_id}")

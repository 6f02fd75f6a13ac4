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
from ungdom.intake import acknowledgements, draft, matching, receipts
from ungdom.intake.locks import lock_keys, lock_keys_for_case
from ungdom.intake.models import Outcome, ProcessingResult, Reason, Sender, wait_key
from ungdom.intake.process import NO_CHOICE, Choice, IntakeContext, MessageContext, process_message
from ungdom.intake.wait_keys import is_unguarded, own_decision_key, unblocked_keys
from ungdom.message import DecisionMessage, plain, read
from ungdom.store import concerns, inbox, named_locks, parked_messages
from ungdom.store.errors import Stale
from ungdom.store.inbox import SETTLED, InboundMessage, message_id_of
from ungdom.store.session import Connection, release_savepoint
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.vocabulary import Actor, Protection, strictest

# fmt: off
__all__ = [
    "Choice", "IntakeContext", "IntakeResult", "Outcome", "Reason", "Sender", "dismiss", "lock_keys", "receive",
    "retry", "retry_one", "retry_parked", "retry_parked_for_case", "same_content",
]
# fmt: on

log = logging.getLogger("ungdom.intake")

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
MAX_RETRIES = 200  # tries of parked messages in one transaction; the others are passed over
_MAX_ATTEMPTS = 3
"""As often one of them is asked again when somebody else moves its case at the same moment."""


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """What came of a message: how it is kept, and the receipt. `repeated`: it was known, and this is the first one."""

    arrival: InboundMessage
    receipt: bytes
    repeated: bool = False


def receive(
    tx: Connection,
    context: IntakeContext,
    sender: Sender,
    message: DecisionMessage,
    exchange_id: UUID | None = None,
    locked: bool = False,
    earlier: Sequence[InboundMessage] | None = None,
) -> IntakeResult:
    """Take a message in: what it says, its receipt, and what it lets others do, are written together.

    `locked`: what it is about is locked already. `earlier`: the versions known since then, if they have been looked up.
    Raises the store's `Stale` when somebody else moved the case meanwhile: ask again.
    """
    if not locked:
        named_locks.lock(tx, lock_keys(sender, message))
    earlier = inbox.versions_of(tx, sender.source, message.decision_id) if earlier is None else earlier
    known = next((arrival for arrival in earlier if arrival.version == message.version), None)
    if known is not None:
        return _repeated_result(tx, context, known, message)
    new = _arrival(sender, message, context)
    result = process_message(tx, MessageContext(context, sender, message, new, earlier))
    new = _with_result(tx, new, message, result)
    body = receipts.write(context.language, new, result, oslo_date(context.now))
    inbox.add(tx, context.keys, new, to_json(plain(message)), body)
    if exchange_id is not None:
        inbox.link_exchange(tx, new.message_id, exchange_id)
    _write_links_and_waits(tx, context, new, result)
    _supersede(tx, context, new, earlier)
    retry_parked(tx, context, unblocked_keys(new, message, result, context.keys))
    return IntakeResult(new, body)


def retry(
    tx: Connection, context: IntakeContext, message_id: UUID, by: str, choice: Choice = NO_CHOICE
) -> IntakeResult | None:
    """Try a parked message again for a person; None when there is no parked one.

    What the person decided about it is kept with it. The receipt is kept where it tells something new.
    """
    parked = _load_parked(tx, context, message_id, named_locks.lock)
    if parked is None:
        return None
    arrival, message = parked
    named, accepted = choice.case_id or arrival.named_case_id, choice.accept_gap or arrival.gap_accepted
    result, unblocked = _retry_message(
        tx, context, replace(arrival, named_case_id=named, gap_accepted=accepted), message, by
    )
    retry_parked(tx, context, unblocked)
    return result


def dismiss(tx: Connection, context: IntakeContext, message_id: UUID, by: str) -> IntakeResult | None:
    """Put a parked message aside for good: the sender is told. None when there is no parked one."""
    parked = _load_parked(tx, context, message_id, named_locks.lock)
    if parked is None or parked[0].outcome != Outcome.PARKED:
        return None
    arrival, message = parked
    result = _settle(
        tx, context, arrival, ProcessingResult(outcome=Outcome.REJECTED, reason=Reason.DISMISSED), by, message
    )
    retry_parked(tx, context, [own_decision_key(arrival)])
    return result


def retry_parked(tx: Connection, context: IntakeContext, wait_keys: Sequence[str]) -> list[IntakeResult]:
    """Try the parked messages that wait for one of these things again, and what those let others do.

    What came of those that changed. One that goes wrong stays parked and harms nothing else in the transaction; it is
    passed over, as is one that somebody else works on, and those that are too many.
    """
    changed: list[IntakeResult] = []
    awaited, tried, tries = list(wait_keys), set[UUID](), 0
    todo = deque(inbox.waiting_for(tx, awaited))
    while todo and tries < MAX_RETRIES:
        message_id = todo.popleft()
        if message_id in tried:
            continue
        tries += 1
        tried.add(message_id)
        result, unblocked = _retry_in_savepoint(tx, context, message_id, awaited[0])
        if result is not None and unblocked and result.arrival.outcome != Outcome.PARKED:
            changed.append(result)
            tried, awaited = set(), list(dict.fromkeys([*awaited, *unblocked]))
            todo = deque(inbox.waiting_for(tx, awaited))
    _defer(tx, context, [message_id for message_id in todo if message_id not in tried], awaited[:1])
    return changed


def retry_parked_for_case(
    tx: Connection, context: IntakeContext, case_id: UUID, numbers: Sequence[str] = (), national_id: str | None = None
) -> list[IntakeResult]:
    """The same, for what waits for this case, and for one that is new on these numbers or for this person.

    A message that is looked at just now on these is waited for: it has not seen the case, and we have not seen it.
    """
    if numbers or national_id:
        named_locks.lock(tx, lock_keys_for_case(numbers, national_id))
    person_keys = matching.person_wait_keys(context.keys, national_id)
    return retry_parked(
        tx, context, [wait_key("case", case_id), *(wait_key("number", number) for number in numbers), *person_keys]
    )


def retry_one(tx: Connection, context: IntakeContext, message_id: UUID) -> IntakeResult | None:
    """Try a message that was passed over, or whose day has come; None when somebody else was faster.

    Whoever works on it is waited for: nothing else may be held here.
    """
    parked = _load_parked(tx, context, message_id, named_locks.lock)
    trigger = parked_messages.claim_due(tx, message_id, oslo_date(context.now))
    if parked is None or trigger is None:
        return None
    result, unblocked = _retry_message(tx, context, *parked, trigger)
    retry_parked(tx, context, unblocked)
    return result


def _retry_in_savepoint(
    tx: Connection, context: IntakeContext, message_id: UUID, by: str
) -> tuple[IntakeResult | None, list[str]]:
    """One try, to a savepoint. What nobody foresaw is logged and rolled back to there; it never stops the caller.

    Somebody who works on the same message or case at this moment is not waited for: it is passed over.
    """
    for _ in range(_MAX_ATTEMPTS):
        savepoint = tx.begin_nested()
        try:
            parked = _load_parked(tx, context, message_id, named_locks.try_lock)
            done = _retry_message(tx, context, *parked, by, blocking=False) if parked else (None, [])
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
            release_savepoint(savepoint)
            return done
    _defer(tx, context, [message_id], [by])
    return None, []


def _defer(tx: Connection, context: IntakeContext, message_ids: Sequence[UUID], triggers: Sequence[str]) -> None:
    """Leave a mark that these are still to be tried: it is written with what lets them be, and lost only with that."""
    if message_ids:
        parked_messages.defer(tx, message_ids, triggers[0])
        context.deferred.extend(deferred_id for deferred_id in message_ids if deferred_id not in context.deferred)


def _supersede(tx: Connection, context: IntakeContext, new: InboundMessage, earlier: Sequence[InboundMessage]) -> None:
    """Lower versions that were parked wait no longer: this one says what counts, parked or not.

    One that is refused says nothing, and neither does one whose turn has not come.
    """
    if new.outcome not in (*SETTLED, Outcome.PARKED) or new.reason == Reason.VERSION_GAP:
        return
    for lower in earlier:
        raw = inbox.content(tx, context.keys, lower.message_id) if lower.outcome == Outcome.PARKED else None
        if raw is not None and lower.version < new.version:
            result = ProcessingResult(outcome=Outcome.SUPERSEDED, reason=Reason.LOWER_VERSION)
            _settle(tx, context, lower, result, new.source, read(raw))


# --- trying again -------------------------------------------------------------------------------------------

LockFunction = Callable[[Connection, list[str]], bool]


class _Busy(Exception):
    """Somebody else works on the message, or on something that it is about."""


def _load_parked(
    tx: Connection, context: IntakeContext, message_id: UUID, lock: LockFunction
) -> tuple[InboundMessage, DecisionMessage] | None:
    """A message that may be tried again and that nobody else works on; None when there is none. Raises `_Busy`."""
    arrival = inbox.find_message(tx, message_id)
    raw = inbox.content(tx, context.keys, message_id) if arrival and arrival.can_be_retried else None
    if arrival is None or raw is None:
        return None
    message = read(raw)
    if not lock(tx, lock_keys(_sender_of(arrival), message)):
        raise _Busy
    current = inbox.find_message(tx, message_id)  # as it stands now that nobody else works on it
    return (current, message) if current is not None and current.can_be_retried else None


def _retry_message(
    tx: Connection,
    context: IntakeContext,
    arrival: InboundMessage,
    message: DecisionMessage,
    by: str,
    blocking: bool = True,
) -> tuple[IntakeResult, list[str]]:
    """What came of this try, and what it lets others do."""
    context = replace(context, language=texts.negotiate(arrival.language))
    earlier = [
        other
        for other in inbox.versions_of(tx, arrival.source, arrival.decision_id)
        if other.version != arrival.version
    ]
    result = process_message(tx, MessageContext(context, _sender_of(arrival), message, arrival, earlier, blocking))
    if not _changes_receipt(tx, arrival, result):
        updated = _with_result(tx, arrival, message, result)
        inbox.update_status(tx, updated)
        _write_waits(tx, context, updated, result)
        return IntakeResult(updated, receipts.write(context.language, updated, result, oslo_date(context.now))), []
    settled = _settle(tx, context, arrival, result, by, message)
    _supersede(tx, context, settled.arrival, earlier)
    return settled, unblocked_keys(settled.arrival, message, result, context.keys)


def _changes_receipt(tx: Connection, arrival: InboundMessage, result: ProcessingResult) -> bool:
    """Whether the sender learns anything: another outcome, reason or case, or other conditions."""
    case_id = result.stored.case_id if result.stored else None
    if (result.outcome, result.reason, case_id) != (arrival.outcome, arrival.reason, arrival.case_id):
        return True
    last = from_json(inbox.receipts(tx, arrival.message_id)[-1].body)
    return {condition["code"] for condition in last["unmet"]} != {condition.code for condition in result.unmet}


# --- keeping it ---------------------------------------------------------------------------------------------


def _repeated_result(
    tx: Connection, context: IntakeContext, known: InboundMessage, message: DecisionMessage
) -> IntakeResult:
    """The receipt that this version was answered with first; another content under its number is refused."""
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


def same_content(stored: DecisionMessage, message: DecisionMessage) -> bool:
    """The same content; when it was sent does not count, and neither does the order of numbers."""
    return _comparable(stored) == _comparable(message)


def _comparable(message: DecisionMessage) -> DecisionMessage:
    return replace(message, sent_at=_NEVER, police_case_numbers=tuple(sorted(message.police_case_numbers)))


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


def _sender_of(arrival: InboundMessage) -> Sender:
    return Sender(arrival.source, frozenset(Actor(authority) for authority in arrival.authorities.split()))


def _with_result(
    tx: Connection, arrival: InboundMessage, message: DecisionMessage, result: ProcessingResult
) -> InboundMessage:
    office, level = inbox.office_and_protection(tx, result.near)
    konfliktrad = result.after.konfliktrad if result.after else (draft.office_of(tx, message) or office)
    return replace(
        arrival,
        outcome=result.outcome,
        reason=result.reason,
        case_id=result.stored.case_id if result.stored else None,
        person_id=result.person_id,
        konfliktrad=konfliktrad or arrival.konfliktrad,
        protection=strictest(arrival.protection, level),
        offices=concerns.serialize_concerns(result.hidden),
    )


def _settle(
    tx: Connection,
    context: IntakeContext,
    arrival: InboundMessage,
    result: ProcessingResult,
    by: str,
    message: DecisionMessage,
) -> IntakeResult:
    updated = _with_result(tx, arrival, message, result)
    body = receipts.write(context.language, updated, result, oslo_date(context.now))
    inbox.record_attempt(tx, updated, body, by, context.now)
    if result.stored is not None and result.places:
        inbox.link(tx, updated.message_id, result.stored.case_id, dict(result.places))
    _write_waits(tx, context, updated, result)
    for exchange_id in inbox.exchanges_of(tx, updated.message_id):
        acknowledgements.send_status(tx, exchange_id, context.now)
    return IntakeResult(updated, body)


def _write_links_and_waits(
    tx: Connection, context: IntakeContext, arrival: InboundMessage, result: ProcessingResult
) -> None:
    """What is written beside the receipt: the events it stands for, and what it waits for."""
    if result.stored is not None and result.places:
        inbox.link(tx, arrival.message_id, result.stored.case_id, dict(result.places))
    _write_waits(tx, context, arrival, result)


def _write_waits(tx: Connection, context: IntakeContext, arrival: InboundMessage, result: ProcessingResult) -> None:
    """Let it wait for what was told; not for a day that has come, for that has just been tried.

    Whoever changes what it waits for is kept out until it waits, and then sees it. Where nobody was kept out it is
    looked at once more after the commit.
    """
    today = wait_key("day", oslo_date(context.now))
    wait_keys = {key for key in result.waits_for if not wait_key("day", "") < key <= today}
    unguarded = sorted(key for key in wait_keys if is_unguarded(key, arrival, result))
    if unguarded and wait_keys != parked_messages.wait_keys_of(tx, arrival.message_id):
        _defer(tx, context, [arrival.message_id], unguarded)
    inbox.wait_for(tx, arrival.message_id, wait_keys)

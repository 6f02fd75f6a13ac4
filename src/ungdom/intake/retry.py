"""Retrying parked messages: in the transaction that unblocks them, by hand, after the commit, and when they are due.

A transaction that unblocks a message waits for nobody, for it holds a case. If somebody else works on the message, it
is deferred: a marker is written in the transaction, and after the commit the message is retried in a transaction that
holds nothing else and can wait. A process that ends in between leaves the marker, which any worker may take up.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from pydantic_core import from_json

from ungdom import texts
from ungdom.clock import Clock
from ungdom.intake import receipts
from ungdom.intake.models import (
    Choice,
    IntakeContext,
    IntakeResult,
    MessageContext,
    Outcome,
    ProcessingResult,
    Reason,
    Sender,
)
from ungdom.intake.process import defer, process_message, store_retry, store_waits, supersede_lower, with_result
from ungdom.intake.wait_keys import (
    lock_keys,
    lock_keys_for_case,
    own_decision_key,
    person_wait_keys,
    unblocked_keys,
    wait_key,
)
from ungdom.message import DecisionMessage, read
from ungdom.observability.logger import EventLogger
from ungdom.store import inbox, named_locks, parked_messages
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import DuplicateKey, Stale, Unavailable
from ungdom.store.inbox import InboundMessage
from ungdom.store.session import Connection, Database, release_savepoint
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.vocabulary import Actor

log = EventLogger("ungdom.intake")

MAX_RETRIES = 200
"""Messages retried in one transaction. The rest is deferred."""
MAX_DUE = 200
"""Deferred messages retried in one call, each in its own transaction. The rest keeps its marker."""
_MAX_ATTEMPTS = 3
"""Attempts per message in a transaction that unblocks it, while others move its case at the same time."""
PAUSES = (0.0, 0.05, 0.1, 0.25, 0.5, 0.0)
"""Seconds after each attempt on a message that another transaction blocks."""
TRIED, DONE, FAILED, LEFT = "tried", "settled", "failed", "left"
"""The counts: messages tried; of those, no longer parked; failed; still to be tried."""

NO_CHOICE = Choice()
LockFunction = Callable[[Connection, list[str]], bool]


class _Busy(Exception):
    """Another transaction has locked the message, or something that it is about."""


# --- by hand ------------------------------------------------------------------------------------------------


def retry_by_hand(
    tx: Connection, context: IntakeContext, message_id: UUID, by: str, choice: Choice = NO_CHOICE
) -> IntakeResult | None:
    """Retry a parked message for a person, whose choice is stored with it; None when it is not parked.

    The receipt is stored if it differs from the last one.
    """
    parked = _load_parked(tx, context, message_id, named_locks.lock)
    if parked is None:
        return None
    arrival, message = parked
    decided = replace(
        arrival,
        named_case_id=choice.case_id or arrival.named_case_id,
        gap_accepted=choice.accept_gap or arrival.gap_accepted,
        doubt_accepted=choice.accept_doubt or arrival.doubt_accepted,
    )
    result, unblocked = _retry_message(tx, context, decided, message, by)
    retry_parked(tx, context, unblocked)
    return result


def dismiss(tx: Connection, context: IntakeContext, message_id: UUID, by: str) -> IntakeResult | None:
    """Reject a parked message for good, with a receipt for the sender; None when it is not parked.

    Also one that can no longer be read, because its key is declared lost.
    """
    parked = _load_parked(tx, context, message_id, named_locks.lock)
    arrival, message = parked or (_load_unreadable(tx, context, message_id), None)
    if arrival is None or arrival.outcome != Outcome.PARKED:
        return None
    rejected = ProcessingResult(outcome=Outcome.REJECTED, reason=Reason.DISMISSED)
    result = store_retry(tx, context, arrival, rejected, by, message)
    retry_parked(tx, context, [own_decision_key(arrival)])
    return result


# --- in the transaction that unblocks a message -------------------------------------------------------------


def retry_parked(tx: Connection, context: IntakeContext, wait_keys: Sequence[str]) -> list[IntakeResult]:
    """Retry the parked messages that wait for these keys, and those that they unblock; the changed ones.

    Each runs in a savepoint. One that fails, or that somebody else works on, is deferred, as is what exceeds the limit.
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
    left = [message_id for message_id in todo if message_id not in tried]
    defer(tx, context, left, next(iter(awaited), ""))
    return changed


def retry_parked_for_case(
    tx: Connection, context: IntakeContext, case_id: UUID, numbers: Sequence[str] = (), national_id: str | None = None
) -> list[IntakeResult]:
    """Retry what waits for this case, and for a new case on these numbers or of this person.

    Waits for a message that is processed at this moment under the same numbers or person: neither sees the other.
    """
    if numbers or national_id:
        named_locks.lock(tx, lock_keys_for_case(numbers, national_id))
    number_keys = (wait_key("number", number) for number in numbers)
    person_keys = person_wait_keys(context.keys, national_id)
    return retry_parked(tx, context, [wait_key("case", case_id), *number_keys, *person_keys])


def _retry_in_savepoint(
    tx: Connection, context: IntakeContext, message_id: UUID, by: str
) -> tuple[IntakeResult | None, list[str]]:
    """One retry in a savepoint. An unforeseen error is logged and rolled back; it never stops the caller.

    Does not wait for locks: a message or case that somebody else works on is deferred.
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
        except Exception as error:  # noqa: BLE001  # whatever it is, the event that unblocked the message is written
            # When the database has rolled back the whole transaction, as SQLite does on a full disk, this raises, and
            # must. A `with` would raise it inside the `try`, where it would be swallowed, and the event be lost.
            savepoint.rollback()
            log.warning("retry.failed", error=error, message_id=message_id)
            break
        else:
            release_savepoint(savepoint)
            return done
    defer(tx, context, [message_id], by)
    return None, []


# --- one message --------------------------------------------------------------------------------------------


def retry_one(tx: Connection, context: IntakeContext, message_id: UUID) -> IntakeResult | None:
    """Retry a deferred message, or one whose day has come; None when somebody else has done so.

    Waits for whoever works on it, so the transaction may hold nothing else.
    """
    parked = _load_parked(tx, context, message_id, named_locks.lock)
    trigger = parked_messages.claim_due(tx, message_id, oslo_date(context.now))
    if parked is None or trigger is None:
        return None
    result, unblocked = _retry_message(tx, context, *parked, trigger)
    retry_parked(tx, context, unblocked)
    return result


def _load_parked(
    tx: Connection, context: IntakeContext, message_id: UUID, lock: LockFunction
) -> tuple[InboundMessage, DecisionMessage] | None:
    """The locked inbox row and content of a message that may be retried; None otherwise. Raises `_Busy`."""
    arrival = inbox.find_message(tx, message_id)
    raw = inbox.content(tx, context.keys, message_id) if arrival and arrival.can_be_retried else None
    if arrival is None or raw is None:
        return None
    message = read(raw)
    if not lock(tx, lock_keys(_sender_of(arrival), message)):
        raise _Busy
    current = inbox.find_message(tx, message_id)  # again, now that nobody else works on it
    return (current, message) if current is not None and current.can_be_retried else None


def _load_unreadable(tx: Connection, context: IntakeContext, message_id: UUID) -> InboundMessage | None:
    """The locked inbox row of a message whose content is erased, or lost with its key; None otherwise."""
    arrival = inbox.find_message(tx, message_id)
    if arrival is None or inbox.content(tx, context.keys, message_id) is not None:
        return None
    named_locks.lock(tx, [own_decision_key(arrival)])
    return inbox.find_message(tx, message_id)


def _sender_of(arrival: InboundMessage) -> Sender:
    return Sender(arrival.source, frozenset(Actor(authority) for authority in arrival.authorities.split()))


def _retry_message(
    tx: Connection,
    context: IntakeContext,
    arrival: InboundMessage,
    message: DecisionMessage,
    by: str,
    blocking: bool = True,
) -> tuple[IntakeResult, list[str]]:
    """The result of this retry, and the keys that it unblocks."""
    context = replace(context, language=texts.negotiate(arrival.language))
    versions = inbox.versions_of(tx, arrival.source, arrival.decision_id)
    earlier = [other for other in versions if other.version != arrival.version]
    result = process_message(tx, MessageContext(context, _sender_of(arrival), message, arrival, earlier, blocking))
    if not _changes_receipt(tx, arrival, result):
        updated = with_result(tx, arrival, message, result)
        inbox.update_status(tx, updated)
        store_waits(tx, context, updated, result)
        return IntakeResult(updated, receipts.write(context.language, updated, result, oslo_date(context.now))), []
    settled = store_retry(tx, context, arrival, result, by, message)
    supersede_lower(tx, context, settled.arrival, earlier)
    return settled, unblocked_keys(settled.arrival, message, result, context.keys)


def _changes_receipt(tx: Connection, arrival: InboundMessage, result: ProcessingResult) -> bool:
    """Whether the sender learns anything new: another outcome, reason or case, or other unmet conditions."""
    case_id = result.stored.case_id if result.stored else None
    if (result.outcome, result.reason, case_id) != (arrival.outcome, arrival.reason, arrival.case_id):
        return True
    last = from_json(inbox.receipts(tx, arrival.message_id)[-1].body)
    return {condition["code"] for condition in last["unmet"]} != {condition.code for condition in result.unmet}


# --- after the commit ---------------------------------------------------------------------------------------


def retry_after_commit(db: Database, context: IntakeContext, clock: Clock) -> None:
    """Retry what was deferred in the transaction of this context. Raises nothing: that transaction is committed."""
    _retry_all(db, context, clock, lambda: False)


def retry_due(
    db: Database, keys: EncryptionKeys, clock: Clock, stop: Callable[[], bool] = lambda: False
) -> dict[str, int]:
    """Retry at most `MAX_DUE` messages that are due: those with a marker, and those whose day has come.

    The counts by name. Any number of processes may do so at once: each message is tried by one. `stop`: whether to end
    after the current message. Raises `Unavailable` without a database.
    """
    context = IntakeContext(keys, clock(), texts.negotiate(None))
    with db.reading() as tx:
        context.deferred.extend(parked_messages.due_messages(tx, oslo_date(context.now), MAX_DUE))
    return _retry_all(db, context, clock, stop)


def _retry_all(db: Database, context: IntakeContext, clock: Clock, stop: Callable[[], bool]) -> dict[str, int]:
    """Retry the deferred messages in order, with those that are deferred meanwhile; ends without a database."""
    counts = Counter(dict.fromkeys((TRIED, DONE, FAILED), 0))
    todo = deque(context.deferred)
    while todo and counts[TRIED] < MAX_DUE and not stop():
        context = replace(context, now=clock(), deferred=[])
        try:
            counts.update((TRIED, *_retry_until_unblocked(db, context, todo[0])))
        except Exception as error:  # noqa: BLE001  # the markers stay, and what the caller did is done
            log.warning("retry.stopped", error=error, messages=len(todo))
            break
        todo.popleft()
        todo.extend(message_id for message_id in context.deferred if message_id not in todo)
    return {**counts, LEFT: counts[LEFT] + len(todo)}


def _retry_until_unblocked(db: Database, context: IntakeContext, message_id: UUID) -> list[str]:
    """What this retry counts as besides tried. While another transaction blocks it, it is attempted again."""
    for pause in PAUSES:
        try:
            with db.writing() as tx:
                result = retry_one(tx, context, message_id)
        except (Stale, DuplicateKey):
            time.sleep(pause)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  # an unforeseen error must not stop the others
            log.warning("retry.failed", error=error, message_id=message_id)
            today = oslo_date(context.now)
            with db.writing() as tx:  # tomorrow: neither forgotten nor tried without end
                parked_messages.postpone(tx, message_id, today, today + timedelta(days=1))
            return [FAILED]
        else:
            return [DONE] if result and result.arrival.outcome != Outcome.PARKED else []
    log.warning("retry.overtaken", message_id=message_id)
    return [LEFT]

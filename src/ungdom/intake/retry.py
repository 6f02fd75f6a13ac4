"""Parked messages that were passed over or whose day has come: tried in transactions that hold nothing else.

A move that lets a message be tried waits for nobody, for it holds a case. A message that somebody else works on at that
moment is passed over and marked, in the transaction of the move. After the commit whoever left the mark tries the
message, and waits for the others then. A process that ends in between leaves the mark, which anybody may take up.
"""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from ungdom import texts
from ungdom.clock import Clock
from ungdom.intake import MAX_RETRIES, IntakeContext, Outcome, retry_one
from ungdom.store import parked_messages
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import DuplicateKey, Stale, Unavailable
from ungdom.store.session import Database
from ungdom.workflow.calendar import oslo_date

log = logging.getLogger("ungdom.intake")

PAUSES = (0.0, 0.05, 0.1, 0.25, 0.5, 0.0)
"""Seconds after each try of a message that somebody stood in the way of."""

TRIED, SETTLED, FAILED, LEFT = "tried", "settled", "failed", "left"
"""What is counted: messages tried; of those, that wait no longer; that went wrong; that are still to be tried."""


def retry_after_commit(db: Database, context: IntakeContext, clock: Clock) -> None:
    """After the commit: try what was passed over at this desk. Raises nothing: what the caller did is done."""
    _retry_all(db, context, clock, lambda: False)


def retry_due(
    db: Database, keys: EncryptionKeys, clock: Clock, stop: Callable[[], bool] = lambda: False
) -> dict[str, int]:
    """Try what is due: marks left behind and days that have come, at most `MOST_TRIED` messages; how many by word.

    Any number of processes may do so at once: each message is tried by one. Raises `Unavailable` when the database is
    away. `stop`: whether to end after the message in hand.
    """
    context = IntakeContext(keys, clock(), texts.negotiate(None))
    with db.reading() as tx:
        context.deferred.extend(parked_messages.due_messages(tx, oslo_date(context.now), MAX_RETRIES))
    return _retry_all(db, context, clock, stop)


def _retry_all(db: Database, context: IntakeContext, clock: Clock, stop: Callable[[], bool]) -> dict[str, int]:
    """One after the other, those too that are passed over meanwhile. Without a database the rest is not tried."""
    counts = Counter(dict.fromkeys((TRIED, SETTLED, FAILED), 0))
    todo = deque(context.deferred)
    while todo and counts[TRIED] < MAX_RETRIES and not stop():
        context = replace(context, now=clock(), deferred=[])
        try:
            counts.update((TRIED, *_retry_message(db, context, todo[0])))
        except Exception as error:  # noqa: BLE001  # the marks stay, and what the caller did is done
            log.warning("%d messages are still to be tried: %s", len(todo), type(error).__name__)
            break
        todo.popleft()
        todo.extend(message_id for message_id in context.deferred if message_id not in todo)
    return {**counts, LEFT: counts[LEFT] + len(todo)}


def _retry_message(db: Database, context: IntakeContext, message_id: UUID) -> list[str]:
    """What this try is counted as besides. One that nobody stands in the way of is tried until it is told."""
    for pause in PAUSES:
        try:
            with db.writing() as tx:
                result = retry_one(tx, context, message_id)
        except (Stale, DuplicateKey):
            time.sleep(pause)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  # one that nobody foresaw must not stop the others
            log.warning("message %s could not be tried: %s", message_id, type(error).__name__)
            return _postpone(db, context, message_id)
        else:
            return [SETTLED] if result and result.arrival.outcome != Outcome.PARKED else []
    log.warning("message %s is still to be tried: somebody was faster every time", message_id)
    return [LEFT]


def _postpone(db: Database, context: IntakeContext, message_id: UUID) -> list[str]:
    """Let one that goes wrong be tried on the next day: neither forgotten nor tried without end."""
    today = oslo_date(context.now)
    with db.writing() as tx:
        parked_messages.postpone(tx, message_id, today, today + timedelta(days=1))
    return [FAILED]

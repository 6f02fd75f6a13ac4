"""Delivery of outgoing messages: claim, send, record the result, retry with back-off, dead letters.

**At least once, under an id that stays.** One transaction claims a message for one attempt, until the end of a lease.
The message is sent outside any transaction. A second transaction records the result. When the process ends in between,
the message is claimed again after the lease, under the same id, by which the recipient recognises the duplicate.

**Attempts are counted before sending**, so a message that crashes the worker still reaches the retry limit.

What is claimed and how it is sent is defined by a `RecipientQueue`: `exchange.delivery` has one for the official
messages of a partner, `notices.delivery` one for the deliveries of a webhook or a person.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from ungdom.clock import Clock
from ungdom.store.outbox import DEAD, RETRYING, WITHDRAWN
from ungdom.store.session import Connection, Database

LEASE = timedelta(minutes=2)
"""Longest duration of one attempt, above every timeout of a transport. Afterwards any worker may claim the message."""
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=30), timedelta(hours=1)
"""Delay before the second attempt, doubled for each further one; jitter shortens it by up to half."""
LONGEST_RETRY_AFTER = timedelta(days=1)
"""Upper bound of the delay that a recipient can ask for."""

_MAX_DOUBLINGS = 12


class NotDelivered(Exception):
    """The message did not arrive, as far as is known. `retryable`: whether another attempt may succeed.

    `retry_after`: the delay that the recipient asks for, in seconds.
    """

    def __init__(self, reason: str, retryable: bool, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.retryable, self.retry_after = reason, retryable, retry_after


class Withdrawn(Exception):
    """The message must not be sent any more. `reason`: a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DeliveryOutcome(StrEnum):
    """Result of an attempt, as it is counted."""

    SENT = "sent"
    RETRY = "again"
    DEAD = "dead"
    WITHDRAWN = "withdrawn"


_PREFIXES = {DeliveryOutcome.RETRY: RETRYING, DeliveryOutcome.DEAD: DEAD, DeliveryOutcome.WITHDRAWN: WITHDRAWN}
"""How the column `held` begins after this outcome."""


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One attempt and its result. `reason`: a code, empty when sent. `next_try_at`: for a retry only.

    `delay_requested`: the recipient asked not to be contacted before then.
    """

    outcome: DeliveryOutcome
    reason: str = ""
    next_try_at: datetime | None = None
    delay_requested: bool = False

    @property
    def status(self) -> str:
        """Outcome and reason as stored in the column `held`, for example `again.timeout`; `sent` has no reason."""
        return _PREFIXES[self.outcome] + self.reason if self.reason else str(self.outcome)


class ClaimedMessage(Protocol):
    """A message that has been claimed for one attempt."""

    @property
    def attempts(self) -> int:
        """Number of attempts, this one included."""


Message = TypeVar("Message", bound=ClaimedMessage)


class RecipientQueue(Protocol[Message]):
    """The messages of one recipient, in order. One thread serves a queue at a time."""

    @property
    def max_attempts(self) -> int:
        """Number of attempts after which a message becomes a dead letter."""

    @property
    def max_failures(self) -> int:
        """Number of failures in a row after which the recipient is left until the next retry is due."""

    def claim(self, tx: Connection, until: datetime) -> Message | None:
        """The next message, claimed for one attempt that ends at `until`; None when none can be sent now."""

    def send(self, message: Message) -> None:
        """Send the message; returning means that it has arrived. Raises `NotDelivered` or `Withdrawn`."""

    def record(self, tx: Connection, message: Message, attempt: DeliveryAttempt) -> None:
        """Write the result of the attempt. A failure is not written if the message has been claimed again since."""

    def log(self, message: Message, attempt: DeliveryAttempt) -> None:
        """Log the result of the attempt, once it is committed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryContext:
    """What every delivery needs. `jitter`: returns a number from 0 to 1, spreads the retries.

    `stop`: returns whether to end after the message in hand.
    """

    db: Database
    now: Clock
    jitter: Callable[[], float]
    stop: Callable[[], bool] = lambda: False


def serve(context: DeliveryContext, queue: RecipientQueue[Any]) -> tuple[Counter[str], DeliveryAttempt | None]:
    """Send the messages of one recipient until the queue is empty, the recipient fails, or `context.stop` is true.

    Returns the number of messages per outcome, and the failed attempt that ended the service, None without one.
    Raises `StoreError` when the database does not take a claim or a result.
    """
    counts: Counter[str] = Counter()
    failures = 0
    while not context.stop():
        attempt = _attempt_next(context, queue)
        if attempt is None:
            break
        counts[attempt.outcome] += 1
        failures = failures + 1 if attempt.outcome is DeliveryOutcome.RETRY else 0
        if attempt.delay_requested or failures == queue.max_failures:
            return counts, attempt
    return counts, None


def _attempt_next(context: DeliveryContext, queue: RecipientQueue[Message]) -> DeliveryAttempt | None:
    with context.db.writing() as tx:
        message = queue.claim(tx, context.now() + LEASE)
    if message is None:
        return None
    attempt = _send(context, queue, message)
    with context.db.writing() as tx:
        queue.record(tx, message, attempt)
    queue.log(message, attempt)
    return attempt


def _send(context: DeliveryContext, queue: RecipientQueue[Message], message: Message) -> DeliveryAttempt:
    try:
        queue.send(message)
    except Withdrawn as error:
        return DeliveryAttempt(DeliveryOutcome.WITHDRAWN, error.reason)
    except NotDelivered as error:
        if not error.retryable or message.attempts >= queue.max_attempts:
            return DeliveryAttempt(DeliveryOutcome.DEAD, error.reason)
        delay = retry_delay(message.attempts, error.retry_after, context.jitter())
        return DeliveryAttempt(
            DeliveryOutcome.RETRY, error.reason, context.now() + delay, error.retry_after is not None
        )
    return DeliveryAttempt(DeliveryOutcome.SENT)


def retry_delay(attempts: int, retry_after: float | None, jitter: float) -> timedelta:
    """Delay after this number of attempts; at least `retry_after` seconds, up to `LONGEST_RETRY_AFTER`."""
    doubled: int = 2 ** min(attempts - 1, _MAX_DOUBLINGS)
    backoff = min(FIRST_DELAY * doubled, LONGEST_DELAY) * (0.5 + 0.5 * jitter)
    return backoff if retry_after is None else max(backoff, min(timedelta(seconds=retry_after), LONGEST_RETRY_AFTER))


Counts = TypeVar("Counts")


def counts_as(kind: type[Counts], counts: Counter[str]) -> Counts:
    """The counts as this dataclass, whose fields are the counted words."""
    return kind(**{count_field.name: counts[count_field.name] for count_field in fields(kind)})  # type: ignore[arg-type]  # a dataclass

"""Batches: messages as NDJSON, one per line, processed in groups, with one receipt per line in the same order.

A group is one transaction. If it fails, its lines are processed in a transaction each, so that no line blocks another.
A receipt is returned only after its transaction has been committed.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from pydantic_core import from_json

from ungdom import texts
from ungdom.clock import Clock
from ungdom.intake import IntakeContext, IntakeResult, Outcome, Reason, Sender, lock_keys, receipts, receive
from ungdom.intake.retry import retry_after_commit
from ungdom.message import BadMessage, DecisionMessage, read_sent
from ungdom.message.sound import MAX_DEPTH, json_fault
from ungdom.message.text import is_printable
from ungdom.observability.logger import EventLogger
from ungdom.store import inbox, named_locks
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import DuplicateKey, Stale, Unavailable
from ungdom.store.session import Connection, Database
from ungdom.workflow.errors import Problem

log = EventLogger("ungdom.intake")

MAX_LINE_BYTES = 64 * 1024
"""Bytes of a line without its line end. A longer line is skipped and refused, never held in memory."""

GROUP = 100
"""Lines per transaction."""

MOST_TRIED = 2_000
"""Lines that a dry run over HTTP tries; they are held in memory and in one transaction."""

MOST_PLACES = 50
"""Invalid places that one refusal lists at most."""

PAUSES = (0.0, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Seconds between attempts on a line that another transaction blocks, or that finds no database."""

_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r"
_IDENTIFYING_FIELDS: dict[str, type] = {"decision_id": str, "version": int, "kind": str}
_LONGEST_NAME = 120

NumberedMessage = tuple[int, DecisionMessage]
"""The number of a line, and its message."""


@dataclass(frozen=True, slots=True)
class NdjsonLine:
    """One line that is not empty. `number`: counts every line, from 1; `raw`: None for a line that is too long."""

    number: int
    raw: bytes | None


@dataclass(frozen=True, slots=True)
class LineReceipt:
    """The receipt of a line, as one line of JSON without the line end."""

    outcome: str
    reason: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class StreamContext:
    """Database, keys and clock for the lines of one sender, and the language of their receipts."""

    db: Database
    keys: EncryptionKeys
    clock: Clock
    language: texts.Language
    sender: Sender


class Splitter:
    """Splits incoming chunks into lines and holds at most one line. Empty lines and a leading BOM are left out."""

    def __init__(self, longest: int = MAX_LINE_BYTES) -> None:
        self._longest = longest
        self._rest = bytearray()
        self._number = 0
        self._too_long = False

    def feed(self, chunk: bytes) -> Iterator[NdjsonLine]:
        """The lines that end in this chunk."""
        *whole, rest = chunk.split(b"\n")
        for piece in whole:
            self._append(piece)
            yield from self._finish_line()
        self._append(rest)

    def end(self) -> Iterator[NdjsonLine]:
        """The last line, if it has no line end. Not to be called when the stream was interrupted."""
        if self._rest or self._too_long:
            yield from self._finish_line()

    def _append(self, piece: bytes) -> None:
        if not self._too_long:
            self._rest += piece
        if len(self._rest.rstrip(b"\r")) > self._longest:
            self._rest.clear()
            self._too_long = True

    def _finish_line(self) -> Iterator[NdjsonLine]:
        self._number += 1
        raw = bytes(self._rest).removeprefix(_BOM if self._number == 1 else b"").strip(_BLANK)
        if self._too_long or raw:
            yield NdjsonLine(self._number, None if self._too_long else raw)
        self._rest.clear()
        self._too_long = False


def process_lines(context: StreamContext, lines: Sequence[NdjsonLine]) -> list[LineReceipt]:
    """Process a group of lines; one receipt per line, in order. Everything that has a receipt is committed."""
    parsed = [_parse_line(context, line) for line in lines]
    messages = [
        (line.number, item) for line, item in zip(lines, parsed, strict=True) if isinstance(item, DecisionMessage)
    ]
    answers = iter(_process_messages(context, messages))
    return [next(answers) if isinstance(item, DecisionMessage) else item for item in parsed]


def try_lines(context: StreamContext, lines: Iterable[NdjsonLine]) -> Iterator[LineReceipt]:
    """The receipts that these lines would get, one after the other; nothing is kept.

    All run in one transaction that is rolled back, so that a line sees what the lines before it would have done. No
    names are locked, and a line that others send at the same moment is not seen. On PostgreSQL the rows of cases and
    persons that it has written stay locked to its end. On SQLite more lines than one group do not keep the writer.
    """
    untried = iter(lines)
    first = list(islice(untried, GROUP + 1))
    with context.db.trying() if len(first) <= GROUP else context.db.rehearsing() as tx:
        for line in chain(first, untried):
            message = _parse_line(context, line)
            yield _try_message(tx, context, line.number, message) if isinstance(message, DecisionMessage) else message


def _try_message(tx: Connection, context: StreamContext, number: int, message: DecisionMessage) -> LineReceipt:
    intake_context = IntakeContext(context.keys, context.clock(), context.language)
    try:
        with tx.begin_nested():
            return _line_receipt(context, number, receive(tx, intake_context, context.sender, message, locked=True))
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001  # one line that nobody foresaw must not stop the others
        log.warning("batch.line_not_tried", error=error, line=number)
        return _unavailable(context, number, message)


def refuse_untried(context: StreamContext, lines: Iterable[NdjsonLine]) -> Iterator[LineReceipt]:
    """The refusals of lines beyond the number that one dry run over HTTP tries."""
    return (_refusal(context, line.number, Reason.DRY_RUN_TOO_LONG) for line in lines)


# --- reading ------------------------------------------------------------------------------------------------


def _parse_line(context: StreamContext, line: NdjsonLine) -> DecisionMessage | LineReceipt:
    """The message in this line, or its refusal."""
    if line.raw is None:
        return _refusal(context, line.number, Reason.LINE_TOO_LONG)
    if fault := json_fault(line.raw):
        problem = Problem("", fault, "is not sound JSON", values={"limit": MAX_DEPTH})
        return _refusal(context, line.number, Reason.BROKEN_LINE, (problem,))
    value = from_json(line.raw)
    if not isinstance(value, dict):
        return _refusal(context, line.number, Reason.BROKEN_LINE)
    try:
        return read_sent(line.raw, context.clock())
    except BadMessage as error:
        problems = tuple(error.problems[:MOST_PLACES])
        return _refusal(context, line.number, Reason.INVALID, problems, **_identifying_values(value))


def _identifying_values(value: dict[str, Any]) -> dict[str, Any]:
    """The values by which the sender finds the line again, as far as they are readable."""
    raw_values = {name: value.get(name) for name in _IDENTIFYING_FIELDS}
    return {
        name: content
        for name, content in raw_values.items()
        if type(content) is _IDENTIFYING_FIELDS[name]
        and len(str(content)) <= _LONGEST_NAME
        and is_printable(str(content))
    }


# --- taking -------------------------------------------------------------------------------------------------


def _process_messages(context: StreamContext, messages: Sequence[NumberedMessage]) -> list[LineReceipt]:
    """A receipt per message: all in one transaction, or in a transaction each if that one fails."""
    try:
        return _process_in_one_transaction(context, messages)
    except (Stale, DuplicateKey, Unavailable) as error:
        log.info("batch.split", error=error, lines=len(messages))
    except Exception as error:  # noqa: BLE001  # one line that nobody foresaw must not stop the others
        log.warning("batch.split", error=error, lines=len(messages))
    return list(_process_individually(context, messages))


def _process_in_one_transaction(context: StreamContext, messages: Sequence[NumberedMessage]) -> list[LineReceipt]:
    """All in one transaction. The keys of all are locked first, in one order, so that two groups never deadlock."""
    if not messages:
        return []
    with context.db.writing() as tx:
        named_locks.lock(tx, [name for _, message in messages for name in lock_keys(context.sender, message)])
        intake_context = IntakeContext(context.keys, context.clock(), context.language)
        answers = list(_receive_in_order(tx, intake_context, context, messages))
    retry_after_commit(context.db, intake_context, context.clock)
    return answers


def _receive_in_order(
    tx: Connection, intake_context: IntakeContext, context: StreamContext, messages: Sequence[NumberedMessage]
) -> Iterator[LineReceipt]:
    known = inbox.known_decision_ids(tx, context.sender.source, [message.decision_id for _, message in messages])
    for number, message in messages:
        earlier = None if message.decision_id in known else ()
        yield _line_receipt(
            context, number, receive(tx, intake_context, context.sender, message, locked=True, earlier=earlier)
        )
        known.add(message.decision_id)


def _process_individually(context: StreamContext, messages: Sequence[NumberedMessage]) -> Iterator[LineReceipt]:
    """Each in its own transaction. Without a database the rest is not tried."""
    for at, (number, message) in enumerate(messages):
        try:
            yield _process_with_retries(context, number, message)
        except Unavailable as error:
            log.warning("batch.database_away", lines=len(messages) - at, reason=error.reason)
            yield from (_unavailable(context, *rest) for rest in messages[at:])
            return
        except Exception as error:  # noqa: BLE001  # as above
            log.error("batch.line_failed", error=error, line=number)
            yield _unavailable(context, number, message)


def _process_with_retries(context: StreamContext, number: int, message: DecisionMessage) -> LineReceipt:
    """This line in its own transaction, attempted a few times. Raises what the last attempt raises."""
    for pause in PAUSES:
        try:
            return _process_in_one_transaction(context, [(number, message)])[0]
        except (Stale, DuplicateKey, Unavailable):
            time.sleep(pause)
    return _process_in_one_transaction(context, [(number, message)])[0]


# --- answering ----------------------------------------------------------------------------------------------


def _line_receipt(context: StreamContext, number: int, result: IntakeResult) -> LineReceipt:
    """The receipt; with the line number if the version is known with other content."""
    arrival = result.arrival
    if result.repeated and arrival.reason == Reason.OTHER_CONTENT:
        return _refusal(
            context, number, Reason.OTHER_CONTENT, **{name: getattr(arrival, name) for name in _IDENTIFYING_FIELDS}
        )
    return LineReceipt(arrival.outcome, arrival.reason, result.receipt)


def _unavailable(context: StreamContext, number: int, message: DecisionMessage) -> LineReceipt:
    return _refusal(context, number, Reason.NOT_NOW, **{name: getattr(message, name) for name in _IDENTIFYING_FIELDS})


def _refusal(
    context: StreamContext, number: int, reason: Reason, problems: tuple[Problem, ...] = (), **known: str | int | None
) -> LineReceipt:
    body = receipts.refusal(context.language, reason, problems, line=number, **known)
    return LineReceipt(Outcome.REJECTED, reason, body)

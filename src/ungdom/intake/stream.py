"""Many messages, one a line (NDJSON): cut as they arrive, taken in groups, each line answered in its place.

A group is one transaction. When it cannot be written as a whole it is taken line by line, each line in a transaction of
its own, so that no line holds up another. Nothing is answered before its transaction has been committed.
"""

import logging
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from ungdom import texts
from ungdom.clock import Clock
from ungdom.intake import Desk, Outcome, Reason, Sender, Taken, names_of, receipts, receive
from ungdom.intake.catching_up import go_back
from ungdom.message import BadMessage, Message, read_sent
from ungdom.message.sound import DEEPEST, json_fault
from ungdom.message.text import is_printable
from ungdom.store import inbox
from ungdom.store.errors import DuplicateKey, Stale, Unavailable
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection, Database
from ungdom.workflow.errors import Problem

log = logging.getLogger("ungdom.intake")

LONGEST = 64 * 1024
"""Bytes of a line, its line end not counted. A longer one is read past and refused, never held."""

GROUP = 100
"""As many lines as are written in one transaction."""

MOST_PLACES = 50
"""As many wrong places as one refusal names."""

PAUSES = (0.0, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Seconds between the tries of a line that somebody else stands in the way of, or that finds no database."""

_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r"
_KNOWN_BY: dict[str, type] = {"decision_id": str, "version": int, "kind": str}
_LONGEST_NAME = 120

Numbered = tuple[int, Message]
"""A message, and the number of its line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not empty; `number` counts every line, from 1. `raw`: None where it was too long."""

    number: int
    raw: bytes | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a line is answered with: its receipt as one line of JSON, without the line end."""

    outcome: str
    reason: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Door:
    """Where the lines of one sender are taken in, and the language of their receipts."""

    db: Database
    keys: Keys
    clock: Clock
    language: texts.Language
    sender: Sender


class Splitter:
    """Cuts what arrives into lines and holds no more than one line. Empty lines and a first BOM are left out."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._rest = bytearray()
        self._number = 0
        self._too_long = False

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """The lines that end in this chunk."""
        *whole, rest = chunk.split(b"\n")
        for piece in whole:
            self._keep(piece)
            yield from self._line()
        self._keep(rest)

    def end(self) -> Iterator[Line]:
        """The last line, when no line end stood behind it. Not to be asked for when the stream broke off."""
        if self._rest or self._too_long:
            yield from self._line()

    def _keep(self, piece: bytes) -> None:
        if not self._too_long:
            self._rest += piece
        if len(self._rest.rstrip(b"\r")) > self._longest:
            self._rest.clear()
            self._too_long = True

    def _line(self) -> Iterator[Line]:
        self._number += 1
        raw = bytes(self._rest).removeprefix(_BOM if self._number == 1 else b"").strip(_BLANK)
        if self._too_long or raw:
            yield Line(self._number, None if self._too_long else raw)
        self._rest.clear()
        self._too_long = False


def take(door: Door, lines: Sequence[Line]) -> list[Answer]:
    """Take a group of lines in; an answer for each, in their order. All that is answered is committed."""
    told = [_read(door, line) for line in lines]
    messages = [(line.number, one) for line, one in zip(lines, told, strict=True) if isinstance(one, Message)]
    taken = iter(_taken(door, messages))
    return [next(taken) if isinstance(one, Message) else one for one in told]


# --- reading ------------------------------------------------------------------------------------------------


def _read(door: Door, line: Line) -> Message | Answer:
    """The message in this line, or its refusal."""
    if line.raw is None:
        return _refused(door, line.number, Reason.LINE_TOO_LONG)
    if fault := json_fault(line.raw):
        problem = Problem("", fault, "is not sound JSON", values={"limit": DEEPEST})
        return _refused(door, line.number, Reason.BROKEN_LINE, (problem,))
    value = from_json(line.raw)
    if not isinstance(value, dict):
        return _refused(door, line.number, Reason.BROKEN_LINE)
    try:
        return read_sent(line.raw, door.clock())
    except BadMessage as error:
        problems = tuple(error.problems[:MOST_PLACES])
        return _refused(door, line.number, Reason.INVALID, problems, **_known(value))


def _known(value: dict[str, Any]) -> dict[str, Any]:
    """By what the sender finds the line again, as far as it can be read."""
    told = {name: value.get(name) for name in _KNOWN_BY}
    return {name: one for name, one in told.items() if type(one) is _KNOWN_BY[name] and _is_a_name(str(one))}


def _is_a_name(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and is_printable(text)


# --- taking -------------------------------------------------------------------------------------------------


def _taken(door: Door, messages: Sequence[Numbered]) -> list[Answer]:
    """An answer for each: all in one transaction, or each in its own when that does not go."""
    try:
        return _together(door, messages)
    except (Stale, DuplicateKey, Unavailable) as error:
        log.info("%d lines are taken one by one: %s", len(messages), type(error).__name__)
    except Exception as error:  # noqa: BLE001  # one line that nobody foresaw must not stop the others
        log.warning("%d lines are taken one by one: %s", len(messages), type(error).__name__)
    return list(_one_by_one(door, messages))


def _together(door: Door, messages: Sequence[Numbered]) -> list[Answer]:
    """All in one transaction. What they are about is locked first, so that two groups never wait for each other."""
    if not messages:
        return []
    with door.db.writing() as tx:
        inbox.lock(tx, [name for _, message in messages for name in names_of(door.sender, message)])
        desk = Desk(door.keys, door.clock(), door.language)
        answers = list(_in_turn(tx, desk, door, messages))
    go_back(door.db, desk, door.clock)
    return answers


def _in_turn(tx: Connection, desk: Desk, door: Door, messages: Sequence[Numbered]) -> Iterator[Answer]:
    known = inbox.known(tx, door.sender.source, [message.decision_id for _, message in messages])
    for number, message in messages:
        earlier = None if message.decision_id in known else ()
        yield _answer(door, number, receive(tx, desk, door.sender, message, locked=True, earlier=earlier))
        known.add(message.decision_id)


def _one_by_one(door: Door, messages: Sequence[Numbered]) -> Iterator[Answer]:
    """Each in a transaction of its own. Without a database the rest is not tried at all."""
    for at, (number, message) in enumerate(messages):
        try:
            yield _alone(door, number, message)
        except Unavailable as error:
            log.warning("%d lines could not be taken: %s", len(messages) - at, error.reason)
            yield from (_not_now(door, *rest) for rest in messages[at:])
            return
        except Exception as error:  # noqa: BLE001  # as above
            log.error("line %d could not be taken: %s at %s", number, type(error).__name__, _place(error))
            yield _not_now(door, number, message)


def _alone(door: Door, number: int, message: Message) -> Answer:
    """This line in its own transaction, tried again a few times. Raises what the last try raises."""
    for pause in PAUSES:
        try:
            return _together(door, [(number, message)])[0]
        except (Stale, DuplicateKey, Unavailable):
            time.sleep(pause)
    return _together(door, [(number, message)])[0]


def _place(error: Exception) -> str:
    """Where it was raised, the innermost place last: files and lines, none of the values."""
    return " ".join(f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-4:])


# --- answering ----------------------------------------------------------------------------------------------


def _answer(door: Door, number: int, taken: Taken) -> Answer:
    """The receipt; of what was refused under a version that is known with another content, with its line."""
    kept = taken.arrival
    if taken.repeated and kept.reason == Reason.OTHER_CONTENT:
        return _refused(door, number, Reason.OTHER_CONTENT, **{name: getattr(kept, name) for name in _KNOWN_BY})
    return Answer(kept.outcome, kept.reason, taken.receipt)


def _not_now(door: Door, number: int, message: Message) -> Answer:
    return _refused(door, number, Reason.NOT_NOW, **{name: getattr(message, name) for name in _KNOWN_BY})


def _refused(
    door: Door, number: int, reason: Reason, problems: tuple[Problem, ...] = (), **known: str | int | None
) -> Answer:
    body = receipts.refused(door.language, reason, problems, line=number, **known)
    return Answer(Outcome.REJECTED, reason, body)

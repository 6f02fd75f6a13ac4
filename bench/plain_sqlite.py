"""The SQL statements of a transition on plain sqlite3 with one connection: the upper bound of the database file."""

import itertools
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import load

_EVENTS = "SELECT * FROM event WHERE case_id = ? ORDER BY seq"
_UPDATE = """UPDATE case_current SET version = ?, state = ?, waiting_for = ?, updated_at = ?
    WHERE case_id = ? AND version = ?"""
_EVENT = """INSERT INTO event (case_id, seq, type, occurred_on, details, recorded_at, subject, actor, role, source)
    VALUES (?, ?, ?, ?, ?, ?, ?, 'coordinator', 'coordinator', 'api')"""
_MESSAGE = """INSERT INTO outbox (message_id, case_id, seq, payload, created_at, kind)
    VALUES (?, ?, ?, ?, ?, ?)"""
_KINDS = {"postponed": ("case.event_recorded", "esas.status"), "postponement_ended": ("case.event_recorded",)}
_PAYLOAD = "{" + "x" * 170 + "}"
_SHAPES = (("postponed", '{"reason":"health"}', "postponed", "youth"),)
_SHAPES += (("postponement_ended", "{}", "preparing", "konfliktrad"),)


class Plain:
    """Records transitions of one case after another, in a file created by `load.fill`."""

    def __init__(self, file: Path, cases: int) -> None:
        self.tx = sqlite3.connect(file, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self.tx.execute(f"PRAGMA {pragma}")
        self.cases = itertools.cycle([load.case_id(number).hex for number in range(cases)])
        self.moves = 0

    def run(self, seconds: float) -> float:
        """Transitions per second."""
        begun = time.perf_counter()
        first = self.moves
        while time.perf_counter() < begun + seconds:
            self._move(next(self.cases))
            self.moves += 1
        return (self.moves - first) / (time.perf_counter() - begun)

    def _move(self, case: str) -> None:
        now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
        self.tx.execute("BEGIN IMMEDIATE")
        seq = self.tx.execute(_EVENTS, (case,)).fetchall()[-1][1] + 1
        kind, details, state, waiting = _SHAPES[(seq - load.EVENTS - 1) % 2]
        self.tx.execute(_UPDATE, (seq, state, waiting, now, case, seq - 1))
        self.tx.execute(_EVENT, (case, seq, kind, load.MOVED_ON.isoformat(), details, now, load.COORDINATORS[0]))
        self.tx.executemany(_MESSAGE, [(uuid4().hex, case, seq, _PAYLOAD, now, told) for told in _KINDS[kind]])
        self.tx.execute("COMMIT")

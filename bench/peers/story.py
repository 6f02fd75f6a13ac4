"""What a contender must do before it is timed: the same story for the service and every peer, over HTTP.

A legal move is recorded with its event, current row and messages; an illegal one is refused with a reason; a stale or
missing version and a request without a valid token are refused, and what is refused leaves nothing behind.
"""

import http.client
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg

MOVES = 4
"""Moves that the story records in its case."""
ON, BEFORE_THE_LAST, BEFORE_THE_CASE, AHEAD = "2026-03-02", "2026-01-20", "2026-01-01", "2199-01-01"
EVENT = """SELECT type, occurred_on::text, details, actor, subject FROM event
    WHERE case_id = %(case)s AND seq = %(seq)s"""
CURRENT_ROW = "SELECT state, waiting_for, version FROM case_current WHERE case_id = %(case)s"
MESSAGES = "SELECT kind, payload FROM outbox WHERE case_id = %(case)s AND seq = %(seq)s ORDER BY kind"
COUNTS = """SELECT (SELECT count(*) FROM event WHERE case_id = %(case)s),
    (SELECT count(*) FROM outbox WHERE case_id = %(case)s),
    (SELECT version FROM case_current WHERE case_id = %(case)s)"""


@dataclass(frozen=True)
class Contender:
    """Who plays it: its port, its database, and a case that nobody else moves, with `events` events."""

    name: str
    port: int
    database: str
    case: str
    events: int
    subject: str


@dataclass(frozen=True)
class Tokens:
    """Tokens of one who may record in the case, of the same role elsewhere, and of one who may only read."""

    good: str
    elsewhere: str
    reader: str


@dataclass(frozen=True)
class Answer:
    """Status, entity tag and body of an answer."""

    status: int
    tag: str | None
    body: Any


class Play:
    """The story with one contender."""

    def __init__(self, contender: Contender, tokens: Tokens) -> None:
        self.contender = contender
        self.tokens = tokens
        self.version = contender.events

    def run(self) -> None:
        """The whole story. Ends the program at the first line that does not hold."""
        self._expect("nothing is written by what is refused", self._refusals)
        self._legal("postponed", {"reason": "health"}, ("postponed", "youth"), ["case.event_recorded", "esas.status"])
        self._refused("an illegal move is refused", 409, self._send("postponed", {"reason": "health"}))
        self._refused("a stale version is refused", 412, self._send("postponement_ended", {}, version=self.version - 1))
        self._legal("postponement_ended", {}, ("preparing", "konfliktrad"), ["case.event_recorded"])
        self._at_once()
        self._legal("postponement_ended", {}, ("preparing", "konfliktrad"), ["case.event_recorded"])

    def _refusals(self) -> None:
        tokens, refused, send = self.tokens, self._refused, self._send
        health = {"reason": "health"}
        refused("without a token", 401, send("postponed", health, token=None))
        refused("with a broken token", 401, send("postponed", health, token=f"{tokens.good[:-4]}AAAA"))
        self._hold("in another office", send("postponed", health, token=tokens.elsewhere).status in (403, 404))
        self._hold("in a role that may not", send("postponed", health, token=tokens.reader).status in (403, 404))
        refused("without a version", 428, send("postponed", health, version=None))
        refused("a stale version", 412, send("postponed", health, version=self.version - 1))
        self._hold("an unknown type", send("closed_by_magic", {}).status in (400, 422))
        self._hold("an unknown reason", send("postponed", {"reason": "magic"}).status in (400, 422))
        refused("out of a state that it is not in", 409, send("postponement_ended", {}))
        for day, code in (
            (AHEAD, "day_has_come"),
            (BEFORE_THE_CASE, "case_had_begun"),
            (BEFORE_THE_LAST, "follows_the_last_move"),
        ):
            answer = send("postponed", health, on=day)
            refused(f"on {day}", 409, answer)
            self._hold(f"{code} is the reason for {day}", code in _codes(answer.body))

    def _at_once(self) -> None:
        """Two moves with one version at the same time: one is recorded."""
        with ThreadPoolExecutor(2) as pool:
            sent = [pool.submit(self._send, "postponed", {"reason": "health"}) for _ in range(2)]
            statuses = sorted(answer.result().status for answer in sent)
        self._hold(f"of two at once one is recorded, not {statuses}", statuses == [201, 412])
        self.version += 1
        self._hold("two at once write one event", self._rows()[0] == self.version)

    def _legal(self, kind: str, details: dict[str, str], row: tuple[str, str], kinds: list[str]) -> None:
        answer = self._send(kind, details)
        self._hold(f"{kind} is recorded: {answer}", answer.status == 201)
        self.version += 1
        self._hold(f"the tag is {self.version}", answer.tag == f'"{self.version}"')
        with psycopg.connect(self.contender.database) as tx:
            case = {"case": self.contender.case, "seq": self.version}
            (written,) = tx.execute(EVENT, case).fetchall()
            (found,) = tx.execute(CURRENT_ROW, case).fetchall()
            messages = tx.execute(MESSAGES, case).fetchall()
        expected = (kind, ON, details, "coordinator", self.contender.subject)
        self._hold(f"the event is {expected}", (*written[:2], json.loads(written[2]), *written[3:]) == expected)
        self._hold(f"the row is {row}", found == (*row, self.version))
        self._hold(f"the messages are {kinds}", [name for name, _ in messages] == kinds)
        self._hold("they name case and event", all(_names(text, case) for _, text in messages))

    def _refused(self, what: str, status: int, answer: Answer) -> None:
        self._hold(f"{what}: {status}, not {answer}", answer.status == status)
        if status == 409:
            self._hold(f"{what}: with a reason", bool(_codes(answer.body)))

    def _expect(self, what: str, part: Callable[[], None]) -> None:
        before = self._rows()
        part()
        self._hold(what, self._rows() == before)

    def _rows(self) -> tuple[int, int, int]:
        with psycopg.connect(self.contender.database) as tx:
            (events, messages, version) = tx.execute(COUNTS, {"case": self.contender.case}).fetchall()[0]
        return events, messages, version

    def _send(
        self, kind: str, details: dict[str, str], on: str = ON, token: str | None = "", version: int | None = 0
    ) -> Answer:
        """The answer to a move; an empty token is the good one, version 0 the newest."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token or self.tokens.good}"
        if version is not None:
            headers["If-Match"] = f'"{version or self.version}"'
        connection = http.client.HTTPConnection("127.0.0.1", self.contender.port, timeout=60)
        body = json.dumps({"type": kind, "occurred_on": on, "details": details})
        connection.request("POST", f"/v1/cases/{self.contender.case}/events", body, headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        is_json = "json" in response.headers.get("Content-Type", "")
        return Answer(response.status, response.headers.get("ETag"), json.loads(text) if is_json else text.decode())

    def _hold(self, line: str, holds: bool) -> None:
        if not holds:
            raise SystemExit(f"bench: the story fails with {self.contender.name}: {line}")


def _codes(body: Any) -> list[str]:
    """The codes of the conditions that were not met."""
    unmet = body.get("unmet", []) if isinstance(body, dict) else []
    return [str(one["code"] if isinstance(one, dict) else one) for one in unmet]


def _names(payload: str, case: dict[str, Any]) -> bool:
    message = json.loads(payload)
    return bool(message["case_id"] == case["case"] and message["seq"] == case["seq"])

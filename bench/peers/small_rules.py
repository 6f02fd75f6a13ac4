"""The rules of a move in small, the same for every peer: token, who may, conditions, messages, the row's other columns.

A peer brings its own state machine, its own access to the database and its own answer. What is here is what no
framework brings: plain functions without a database. Needs joserfc and the standard library only.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

ISSUER, AUDIENCE, ALGORITHM, LEEWAY = "urn:ungdom:development", "ungdom", "ES256", 10
WRITE_SCOPE, RECORDER_ROLE = "konfliktraadet:ungdom/cases.write", "coordinator"
MAX_TOKENS = 4096
REASONS = ("health", "weighty_grounds")
"""Why the carrying out may be postponed."""
OSLO = ZoneInfo("Europe/Oslo")


class Problem(Exception):
    """An answer that is not the one asked for: the status, a code, and what else the client is told."""

    def __init__(self, status: int, code: str, **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.body = {"status": status, "code": code, **more}

    def __reduce__(self) -> tuple[Any, ...]:
        more = {name: value for name, value in self.body.items() if name not in {"status", "code"}}
        return partial(Problem, **more), (self.status, self.body["code"])


# --- token ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, as the token has it."""

    subject: str
    role: str
    office: str
    scopes: frozenset[str]
    expires_at: float
    is_authenticated: bool = True


class Tokens:
    """Checks tokens. One that passed is remembered by its hash until it expires, as the service does."""

    def __init__(self, public_key: str) -> None:
        self._key = ECKey.import_key(json.loads(public_key))
        self._passed: dict[bytes, Person] = {}

    def person(self, header: str | None) -> Person:
        """The person of the Authorization header. Raises `Problem`."""
        kind, _, token = (header or "").partition(" ")
        if kind != "Bearer" or not token:
            raise Problem(401, "no_token")
        digest, now = sha256(token.encode()).digest(), datetime.now(UTC).timestamp()
        person = self._passed.get(digest)
        if person is None or person.expires_at <= now:
            person = self._checked(token, now)
            if len(self._passed) >= MAX_TOKENS:
                self._passed.clear()
            self._passed[digest] = person
        return person

    def _checked(self, token: str, now: float) -> Person:
        rules = jwt.JWTClaimsRegistry(
            now=int(now),
            leeway=LEEWAY,
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
            rules.validate(claims)
            scopes = frozenset(claims["scope"].split())
            return Person(claims["sub"], claims["role"], claims["konfliktrad"], scopes, claims["exp"])
        except (JoseError, KeyError, ValueError) as error:
            raise Problem(401, "bad_token") from error


def may_record(person: Person, office: str) -> bool:
    """Whether the person may record moves in a case of this office."""
    return person.role == RECORDER_ROLE and WRITE_SCOPE in person.scopes and person.office == office


# --- the move ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Target:
    """What a move leads to: state and party that is waited for."""

    sources: tuple[str, ...]
    state: str
    waiting_for: str
    told: bool


MOVES = {
    "postponed": Target(("received", "preparing"), "postponed", "youth", told=True),
    "postponement_ended": Target(("postponed",), "preparing", "konfliktrad", told=False),
}
"""The two moves; `told`: the sector is told of it as well."""


@dataclass(frozen=True, slots=True)
class Step:
    """The proposed move: what, on which day, with which details, asked on which day."""

    type: str
    on: date
    details: dict[str, Any]
    today: date


@dataclass(frozen=True, slots=True)
class Facts:
    """What the conditions need of the case."""

    registered_on: date
    last_move_on: date


def step_of(kind: str, on: date, details: dict[str, Any]) -> Step:
    """The step, with the day in Oslo. Raises `Problem` for details that do not fit the type."""
    valid = set(details) == {"reason"} and details["reason"] in REASONS if kind == "postponed" else not details
    if not valid:
        raise Problem(422, "details", type=kind)
    return Step(kind, on, details, datetime.now(OSLO).date())


def day_has_come(step: Step, _facts: Facts) -> bool:
    return step.on <= step.today


def case_had_begun(step: Step, facts: Facts) -> bool:
    return step.on >= facts.registered_on


def follows_the_last_move(step: Step, facts: Facts) -> bool:
    return step.on >= facts.last_move_on


CONDITIONS: tuple[Callable[[Step, Facts], bool], ...] = (day_has_come, case_had_begun, follows_the_last_move)
"""The conditions of both moves."""


def unmet(step: Step, facts: Facts) -> list[str]:
    """The codes of the conditions that are not met."""
    return [condition.__name__ for condition in CONDITIONS if not condition(step, facts)]


def refused(step: Step, state: str, facts: Facts) -> Problem:
    """The refusal, with its reasons."""
    legal = state in MOVES[step.type].sources
    return Problem(409, "refused", type=step.type, state=state, unmet=unmet(step, facts) if legal else ["state"])


def expected_version(if_match: str | None) -> int:
    """The version in the If-Match header. Raises `Problem`."""
    if if_match is None:
        raise Problem(428, "if_match_missing")
    text = if_match.strip().removeprefix('"').removesuffix('"')
    if not text.isdecimal():
        raise Problem(400, "if_match_malformed")
    return int(text)


def stale(version: int) -> Problem:
    return Problem(412, "stale", current_etag=f'"{version}"')


# --- what is written --------------------------------------------------------------------------------------------------


def messages(case_id: UUID, seq: int, step: Step, now: datetime) -> Iterator[dict[str, Any]]:
    """The outbox rows of a move; the id follows from case, number and kind, so that no message is written twice."""
    payload = {
        "case_id": str(case_id),
        "seq": seq,
        "type": step.type,
        "occurred_on": step.on.isoformat(),
        "recorded_at": now.isoformat(),
    }
    text = json.dumps(payload, separators=(",", ":"))
    for kind in ("case.event_recorded", "esas.status")[: 2 if MOVES[step.type].told else 1]:
        message_id = uuid5(NAMESPACE_URL, f"{case_id}/{seq}/{kind}")
        yield {
            "message_id": message_id,
            "case_id": case_id,
            "seq": seq,
            "kind": kind,
            "payload": text,
            "created_at": now,
        }


def row_columns(step: Step) -> dict[str, Any]:
    """The columns of the current row with deadlines and tasks after the move. A peer does not compute them."""
    return _ROWS[step.type]


def _rows_of(text: str) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = json.loads(text)
    days = ("waiting_since", "look_on", "next_due_on", "act_on", "dated_on", "undated_on")
    return {
        kind: {name: date.fromisoformat(value) if value and name in days else value for name, value in row.items()}
        for kind, row in rows.items()
    }


_ROWS = _rows_of(os.environ.get("PEER_ROWS", "{}"))
"""Given by the benchmark: what the service itself writes in these columns."""


def details_text(details: dict[str, Any]) -> str:
    return json.dumps(details, separators=(",", ":"))

"""What the tests of the interface build with: cases at a given stage, a look at all tables, requests said raw."""

import json
from base64 import b64decode
from functools import cache
from typing import Any

import httpx
from sqlalchemy import CompoundSelect, func, literal, select, union_all

from tests.service import Client, Service, new_case
from ungdom.store import idempotency
from ungdom.store.schema import idempotency as idempotency_tables
from ungdom.store.schema import metadata

DAY = "2026-01-05"
HIDDEN = "019b8dd0-0000-7000-8000-000000000000"

FOLLOW_UP: tuple[tuple[str, dict[str, Any]], ...] = (
    ("suspect_set", {}),
    ("coordination_requested", {}),
    ("consent_given", {"by": "youth"}),
    ("consent_given", {"by": "guardian"}),
    ("transferred_to_follow_up", {"length": {"months": 6}, "guilt_proven": True}),
    ("received", {}),
    ("assigned", {"coordinator": "coordinator-oslo"}),
    ("plan_meeting_held", {"present": ["youth", "guardian"]}),
    ("completed", {}),
)
STAGES = {"registered": 0, "assessment": 2, "final": 5, "received": 6, "preparing": 7, "executing": 8}


def opened(client: Client, **changed: Any) -> str:
    """A case just opened; its id."""
    done = client.post("/v1/cases", new_case(**changed))
    assert done.status_code == 201, done.text
    return done.json()["id"]


def case_at(client: Client, stage: str, day: str = DAY, **changed: Any) -> str:
    """A youth follow-up that has come to this state, all of it on one day; its id."""
    case = opened(client, occurred_on=day, **changed)
    leader = client.service.as_("leader", "oslo")  # who assigns where the address is protected
    for kind, details in FOLLOW_UP[: STAGES[stage]]:
        recorded(leader if kind == "assigned" else client, case, kind, day, details)
    return case


def recorded(client: Client, case: str, kind: str, day: str = DAY, details: Any = None, **more: Any) -> dict[str, Any]:
    """An event that must go in; the answer."""
    done = client.record(case, kind, day, details, **more)
    assert done.status_code == 201, f"{kind}: {done.text}"
    return done.json()


def etag(client: Client, case: str) -> str:
    return client.get(f"/v1/cases/{case}").headers["ETag"]


def rows(service: Service) -> dict[str, int]:
    """How many rows each table holds, but the access log, which every answer adds to: tests/access."""
    with service.db.reading() as tx:
        return dict(list(tx.execute(_counted())))


@cache
def _counted() -> CompoundSelect[tuple[str, int]]:
    of_the_log = ("access_log", "access_entry", "access_pending")
    tables = [table for table in metadata.sorted_tables if table.name not in of_the_log]
    return union_all(*(select(literal(table.name), func.count()).select_from(table) for table in tables))


def events_of(client: Client, case: str) -> list[dict[str, Any]]:
    return client.get(f"/v1/cases/{case}/events").json()["items"]


def kept_answers(service: Service) -> str:
    """All that is kept for repeated requests, opened with the keys of the service."""
    keys = service.app.state.keys
    with service.db.reading() as tx:
        kept = [
            idempotency.decrypt_row(keys, row.key_hash, row.sealed)
            for row in tx.execute(select(idempotency_tables.idempotency))
        ]
    return "\n".join(f"{one['headers']} {b64decode(one['body']).decode()}" for one in kept)


def raw(client: Client, path: str, body: bytes | str, **headers: str) -> httpx.Response:
    """A body just as it stands."""
    told = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json"}
    return client.service.send("POST", path, content=body, headers=told | headers)


def said(value: Any) -> bytes:
    """JSON text; halves of characters, NaN and the like are written as they are."""
    return json.dumps(value).encode()


def without_id(headers: httpx.Headers) -> dict[str, str]:
    """The headers of an answer but its id, which is another for each."""
    return {name: value for name, value in headers.items() if name != "x-request-id"}


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem, whole: RFC 9457 with what this service adds to it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    found = answer.json()
    assert (found["status"], found["code"]) == (status, code), answer.text
    assert found["type"] == f"/v1/problems/{code}"
    assert len(found["trace_id"]) == 32
    assert found["title"]
    assert len(found["detail"]) > 20
    return found


def places(found: dict[str, Any]) -> dict[str, str]:
    """Where the request is wrong: pointer → code; every place says what would help."""
    assert all(len(one["detail"]) > 20 for one in found["errors"])
    return {one["pointer"]: one["code"] for one in found["errors"]}


def unmet(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The unmet conditions by code; every one says what would help."""
    assert all(len(one["message"]) > 20 and one["law"] for one in found["unmet"])
    return {one["code"]: one for one in found["unmet"]}

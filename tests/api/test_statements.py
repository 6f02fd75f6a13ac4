"""How many SQL statements a request takes: a move at most six, reading a case at most six, a list at most three."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.api.build import DAY, FOLLOW_UP, STAGES, case_at, etag, opened, recorded
from tests.service import Client, Service
from ungdom.store.access_log import MOST_AT_ONCE

MOVE, READING, LIST = 6, 6, 3
KEPT = 3
"""What an Idempotency-Key adds: the lock on PostgreSQL, the look for an answer given, the keeping of this one."""


OF_THE_LOG = (
    "SELECT case_id, case_id, person_id",  # with its form on PostgreSQL
    "SELECT encode(uuid_send(case_id), 'hex'), encode(uuid_send(case_id), 'hex')",
    "WITH answer AS",
    "INSERT INTO access_log",
    "INSERT INTO access_entry",
    "INSERT INTO access_pending",
)
"""The statements of the access log: whose data an answer contains, and the rows that say so: on PostgreSQL together. A
long answer has its entries in its row, and one of `access_pending` in place of those of `access_entry`."""


@contextmanager
def statements(of_the_log: bool = False) -> Iterator[list[str]]:
    """Every statement said meanwhile, on any connection; beginning and ending a transaction are none.

    `of_the_log`: those of the access log in place of all others.
    """
    said: list[str] = []

    def heard(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith("BEGIN") and statement.startswith(OF_THE_LOG) is of_the_log:
            said.append(statement)

    event.listen(Engine, "before_cursor_execute", heard)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", heard)


def test_recording_a_move_takes_at_most_six_statements(served: Service, figure: Callable[[str], None]) -> None:
    client = served.as_("coordinator", "oslo")
    case = opened(client)
    counts: dict[str, int] = {}
    for kind, details in FOLLOW_UP[: STAGES["executing"]]:
        tag = etag(client, case)
        with statements() as said:
            answer = client.post(
                f"/v1/cases/{case}/events", {"type": kind, "occurred_on": DAY, "details": details}, tag
            )
        assert answer.status_code == 201
        counts[kind] = len(said)
    figure(f"statements of a move on {served.db.writer.dialect.name}: at most {max(counts.values())}")
    assert max(counts.values()) <= MOVE, counts


def test_the_access_log_adds_the_same_statements_to_a_case_and_to_a_list(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    cases = [opened(client) for _ in range(MOST_AT_ONCE + 1)]
    rows = 1 if served.db.writer.dialect.name == "postgresql" else 2
    for path in (f"/v1/cases/{cases[0]}", "/v1/cases"):
        with statements(of_the_log=True) as said:
            assert client.get(path).status_code == 200
        assert len(said) == 1 + rows


def test_a_move_writes_its_access_without_asking_whose_case_it_is(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case = opened(client)
    body = {"type": "suspect_set", "occurred_on": DAY}
    with statements(of_the_log=True) as said:
        assert client.post(f"/v1/cases/{case}/events", body, '"1"').status_code == 201
    assert len(said) == (1 if served.db.writer.dialect.name == "postgresql" else 2)


def test_a_key_adds_at_most_three_statements_and_a_replay_takes_three(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case = opened(client)
    body = {"type": "suspect_set", "occurred_on": DAY}
    with statements() as said:
        assert client.post(f"/v1/cases/{case}/events", body, '"1"', key="k").status_code == 201
    assert len(said) <= MOVE + KEPT
    with statements() as said:
        assert client.post(f"/v1/cases/{case}/events", body, '"1"', key="k").status_code == 201
    assert len(said) <= 3  # the lock, the answer, and whether the address has been protected since


@pytest.mark.parametrize(
    ("path", "when"),
    [
        (path, when)
        for path in (
            "",
            "/events",
            "/options",
            "/lead-time",
            "/deadlines",
            "/timeline",
            "/tasks",
            "/consents",
            "/breaches",
            "/complaints",
        )
        for when in ({}, {"known_at": DAY})
    ],
)
def test_reading_a_case_takes_at_most_six_statements(served: Service, path: str, when: dict[str, str]) -> None:
    client = served.as_("coordinator", "oslo")
    case = case_at(client, "executing")
    query = {} if path == "/options" else when
    with statements() as said:
        assert client.get(f"/v1/cases/{case}{path}", **query).status_code == 200
    assert 0 < len(said) <= READING


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"sort": "next_due_on"},
        {"q": "1"},
        {"overdue": True},
        {"known_at": DAY},
        {"valid_at": DAY, "state": "final"},
    ],
    ids=str,
)
def test_a_list_takes_at_most_three_statements_however_long_it_is(served: Service, query: dict[str, Any]) -> None:
    client = served.as_("coordinator", "oslo")
    for _ in range(3):
        opened(client)
    few = count(client, query)
    for _ in range(9):
        opened(client)
    assert count(client, query) == few <= LIST


def count(client: Client, query: dict[str, Any]) -> int:
    with statements() as said:
        assert client.get("/v1/cases", **query).status_code == 200
    return len(said)


def test_a_refusal_at_the_door_says_nothing_to_the_database(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case = opened(client)
    with statements() as said:
        served.send("GET", f"/v1/cases/{case}")
        served.as_("analyst").get(f"/v1/cases/{case}")
        client.post(f"/v1/cases/{case}/events", {"type": "nonsense"}, '"1"')
        client.get("/v1/cases", limit=0)
    assert said == []


def test_a_stale_write_takes_no_more_than_a_good_one(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case = opened(client)
    recorded(client, case, "suspect_set")
    with statements() as said:
        assert (
            client.post(f"/v1/cases/{case}/events", {"type": "charged", "occurred_on": DAY}, '"1"').status_code == 412
        )
    assert len(said) <= MOVE

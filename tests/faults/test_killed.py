"""The server is killed while it writes: what was acknowledged is there, and nothing is there twice or by half."""

import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests import pg, service
from tests.process import environment, serving
from ungdom import clock
from ungdom.api.http.tokens import Issuer
from ungdom.settings import from_environment
from ungdom.store import rebuild
from ungdom.store.session import Database
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

ROUNDS = 3
CASES = 8


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with schema, reference data and staff."""
    if request.param == "sqlite":
        return service.sqlite_copy(request.getfixturevalue("sqlite_template"), tmp_path)
    return pg.sqlalchemy_url(request.getfixturevalue("pg_database")(service.fill))


def send(url: str, token: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    """One request; raises OSError when the server is gone."""
    given = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, given)  # noqa: S310 - a server of this test
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def write_until_gone(
    base: str, token: str, case: str, version: int, acknowledged: dict[str, int], refused: list[Any]
) -> None:
    """Record notes of one case, each with its own key, until the server answers no more."""
    try:
        while True:
            body = {"type": "note_added", "occurred_on": "2025-01-20", "note": f"Note {version}"}
            headers = {"If-Match": f'"{version}"', "Idempotency-Key": f"{case}-{version}"}
            status, answer = send(f"{base}/v1/cases/{case}/events", token, body, **headers)
            if status != 201:
                refused.append(answer)
                return
            version = acknowledged[case] = answer["seq"]
    except (OSError, HTTPException, ValueError):
        return


def test_a_killed_server_loses_nothing_that_it_acknowledged(
    url: str, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    config = from_environment(environment(url, tmp_path))
    who = Viewer(Role.COORDINATOR, "coordinator-oslo", "oslo")
    token = Issuer(config).issue(who, clock.now(), timedelta(hours=1))
    acknowledged: dict[str, int] = {}
    refused: list[Any] = []
    written = 0

    for turn in range(ROUNDS):
        with serving(url, tmp_path) as (base, process):
            if not acknowledged:
                opened = [send(f"{base}/v1/cases", token, open_body(n)) for n in range(CASES)]
                acknowledged = {answer["id"]: answer["version"] for _, answer in opened}
            found = {case: send(f"{base}/v1/cases/{case}", token)[1]["version"] for case in acknowledged}
            assert all(acknowledged[case] <= found[case] <= acknowledged[case] + 1 for case in found)
            threads = [
                threading.Thread(
                    target=write_until_gone, args=(base, token, case, found[case], acknowledged, refused), daemon=True
                )
                for case in acknowledged
            ]
            for thread in threads:
                thread.start()
            time.sleep(1.0 + 0.3 * turn)
            os.kill(process.pid, signal.SIGKILL)
            for thread in threads:
                thread.join(timeout=30)
            written = sum(acknowledged.values())

    assert refused == []
    assert_whole(url, acknowledged)
    figure(f"killed {ROUNDS} times, {url.split(':', maxsplit=1)[0]}: {written} acknowledged events, 0 lost, 0 twice")


def open_body(number: int) -> dict[str, Any]:
    numbers = [f"1543{number:04}"]
    return service.new_case(occurred_on="2025-01-10", offences=[{"on": "2025-01-02"}], police_case_numbers=numbers)


def assert_whole(url: str, acknowledged: dict[str, int]) -> None:
    db = Database.open(url)
    with db.reading() as tx:
        rows = tx.exec_driver_sql("select case_id, count(*), max(seq), count(distinct seq) from event group by case_id")
        events = {str(case).replace("-", ""): rest for case, *rest in rows}
        promised = tx.exec_driver_sql("select count(*) from outbox").scalar()
        notes = tx.exec_driver_sql("select count(*) from note").scalar()
    assert rebuild.check(db) == []
    db.close()
    total = sum(count for count, _, _ in events.values())
    assert promised == total
    assert notes == total - len(acknowledged)
    for case, seq in acknowledged.items():
        count, last, distinct = events[case.replace("-", "")]
        assert count == last == distinct
        assert seq <= last <= seq + 1

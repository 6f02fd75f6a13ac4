"""The server is killed while decisions come in: nothing acknowledged is lost, nothing has its effect twice."""

import http.client
import json
import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select

from tests import pg, service
from tests.faults import whole_batch
from tests.faults.frozen_server import NOON
from tests.faults.whole_batch import FROZEN, Sent
from tests.intake import content, making, wire
from tests.intake.making import Told
from tests.intake.wire import Gone, Wire
from tests.process import environment, serving
from ungdom import clock
from ungdom.api.http.auth.principal import SYSTEM_AUTHORITIES
from ungdom.api.http.tokens import Issuer
from ungdom.intake import Sender, stream
from ungdom.intake.stream import Splitter, StreamContext
from ungdom.settings import from_environment
from ungdom.store import journal, named_locks, rebuild
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.inbox import SETTLED
from ungdom.store.schema import cases as case_tables
from ungdom.store.schema.cases import case_file
from ungdom.store.schema.inbox import decision, decision_receipt
from ungdom.store.schema.outbox import outbox
from ungdom.store.session import Database
from ungdom.workflow import engine
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

DECISIONS, TIMES, CLIENTS, KILLS = 1_000, 3, 16, 3
MINI_BATCH = 10
LONG_BATCH = 1_000
"""Ten groups. `make faults` does it with ten thousand, `make faults-full` with a hundred thousand."""
TRIES = 400
"""How often a client tries to send one thing; between two tries it waits a quarter of a second."""
AGAIN = {409, 412, 503}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with schema, reference data and staff."""
    if request.param == "sqlite":
        return service.sqlite_copy(request.getfixturevalue("sqlite_template"), tmp_path)
    return pg.sqlalchemy_url(request.getfixturevalue("pg_database")(service.fill))


@pytest.fixture
def plain_url(tmp_path: Path, sqlite_template: Path) -> str:
    """A database for the run that nothing disturbs."""
    folder = tmp_path / "plain"
    folder.mkdir()
    return service.sqlite_copy(sqlite_template, folder)


# --- T5: each decision three times, in any order, from many clients -----------------------------------------


@dataclass
class Load:
    """What the clients share: where the server is, what is left to send, and what was answered."""

    todo: "SimpleQueue[list[Told]]" = field(default_factory=SimpleQueue)
    base: str = ""
    receipts: dict[tuple[str, int], set[bytes]] = field(default_factory=lambda: defaultdict(set))
    acknowledged: int = 0
    wrong: list[Any] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def took(self, message: Told, receipt: bytes) -> None:
        with self.lock:
            self.receipts[making.key(message)].add(receipt)
            self.acknowledged += 1


def client(load: Load, token: str) -> None:
    """Send one thing after another, each until it is answered."""
    while True:
        try:
            messages = load.todo.get_nowait()
        except Empty:
            return
        for _ in range(TRIES):
            messages = send(load, token, messages)
            if not messages:
                break
            time.sleep(0.25)
        else:
            load.wrong.append(f"{len(messages)} decisions were never answered")


def send(load: Load, token: str, messages: list[Told]) -> list[Told]:
    """Send it alone or as a batch; what has not been answered."""
    try:
        return alone(load, token, messages[0]) if len(messages) == 1 else together(load, token, messages)
    except (OSError, http.client.HTTPException, Gone):
        return messages


def alone(load: Load, token: str, message: Told) -> list[Told]:
    connection = http.client.HTTPConnection(load.base.removeprefix("http://"), timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", "/v1/decisions", json.dumps(message).encode(), headers)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status in AGAIN:
        return [message]
    if answer.status not in (200, 201, 202):
        load.wrong.append((answer.status, body))
    load.took(message, body)
    return []


def together(load: Load, token: str, messages: list[Told]) -> list[Told]:
    left = []
    with Wire(load.base, token) as out:
        out.send(making.lines(messages))
        out.end()
        found = out.receipts()
    for message, receipt in zip(messages, found, strict=True):
        if (wire.told(receipt)["reason"] or {}).get("code") == "not_now":
            left.append(message)
        else:
            load.took(message, receipt)
    return left


def pushes(messages: list[Told], rng: Random) -> list[list[Told]]:
    """Every message so many times in no order: half of them alone, half in small batches."""
    every = messages * TIMES
    rng.shuffle(every)
    half = len(every) // 2
    batches = [every[at : at + MINI_BATCH] for at in range(half, len(every), MINI_BATCH)]
    found = [[one] for one in every[:half]] + batches
    rng.shuffle(found)
    return found


def test_each_of_a_thousand_decisions_has_one_effect_however_often_and_in_whatever_order_it_comes(
    url: str, plain_url: str, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    # An appeal that is told of after finality waits for a person: it is the one thing here that order decides.
    messages, rng = making.whole(5, DECISIONS, appealed=0), Random(5)  # noqa: S311  # an order is no secret
    load, total = Load(), len(messages) * TIMES
    for one in pushes(messages, rng):
        load.todo.put(one)
    who = Viewer(Role.PROSECUTION, "system", None)
    token = Issuer(from_environment(environment(url, tmp_path))).issue(who, clock.now(), timedelta(hours=2))
    clients = [threading.Thread(target=client, args=(load, token), daemon=True) for _ in range(CLIENTS)]
    marks = sorted(rng.sample(range(total // 10, total * 9 // 10), KILLS))

    begun = time.monotonic()
    for mark in [*marks, None]:
        with serving(url, tmp_path) as (base, process):
            load.base = base
            for one in clients:
                if not one.ident:
                    one.start()
            while any(one.is_alive() for one in clients) and (mark is None or load.acknowledged < mark):
                time.sleep(0.02)
            if mark is not None:
                os.kill(process.pid, signal.SIGKILL)
    for one in clients:
        one.join(60)
    took = time.monotonic() - begun

    assert load.wrong == []
    assert load.acknowledged == total
    assert {len(receipts) for receipts in load.receipts.values()} == {1}
    assert_kept(url, load)
    assert_one_effect_each(url, plain_url, tmp_path, messages)
    figure(
        f"{len(messages)} decisions × {TIMES} by {CLIENTS} clients, killed {KILLS} times, "
        f"{url.split(':', maxsplit=1)[0]}: one effect each, identical receipts, {took:.0f} s"
    )


def assert_kept(url: str, load: Load) -> None:
    """Every receipt that somebody has is the first one of its message."""
    db = Database.open(url)
    query = select(decision.c.decision_id, decision.c.version, decision_receipt.c.body).where(
        decision.c.message_id == decision_receipt.c.message_id, decision_receipt.c.n == 1
    )
    with db.reading() as tx:
        kept = {(row.decision_id, row.version): {bytes(row.body)} for row in tx.execute(query)}
    db.close()
    assert kept == dict(load.receipts)


def assert_one_effect_each(url: str, plain_url: str, folder: Path, messages: list[Told]) -> None:
    """The histories are those of a run in order that nothing disturbed; every event is promised once."""
    undisturbed(plain_url, folder, making.lines(messages), stream.GROUP)
    found, expected = standing(url), standing(plain_url)
    assert found == expected
    db = Database.open(url)
    assert rebuild.check(db) == []
    with db.reading() as tx:
        told = outbox.c.kind == "case.event_recorded"
        promised = tx.scalar(select(func.count()).select_from(outbox).where(told))
        assert promised == tx.scalar(select(func.count()).select_from(case_tables.event))
    db.close()


def standing(url: str) -> dict[str, Any]:
    """What the cases say by their id, and whether the highest version of each decision counts.

    A lower one that was parked when a higher one came does not; one that was applied before does.
    """
    db = Database.open(url)
    with db.reading() as tx:
        ids = list(tx.scalars(select(case_file.c.case_id).order_by(case_file.c.case_id)))
        cases = {str(stored.case_id): history(stored) for stored in journal.load_many(tx, ids)}
        rows = tx.execute(select(*decision.c["decision_id", "outcome"]).order_by(decision.c.version))
        counted = {row.decision_id: row.outcome in SETTLED for row in rows}
    db.close()
    return cases | counted


def history(stored: journal.StoredCase) -> list[str]:
    told = engine.effective(stored.events)
    return sorted(f"{event.occurred_on} {event.type} {event.details}" for event in told)


# --- T6: at every commit ------------------------------------------------------------------------------------


def undisturbed(url: str, folder: Path, body: bytes, group: int) -> tuple[list[bytes], dict[str, str]]:
    """The receipts of a batch that nothing disturbs, and what the database holds afterwards."""
    db, keys = Database.open(url), EncryptionKeys(from_environment(environment(url, folder)).people_keys)
    door = StreamContext(db, keys, lambda: NOON, "nb", Sender("development-system", SYSTEM_AUTHORITIES))
    lines = list(Splitter().feed(body))
    groups = [lines[at : at + group] for at in range(0, len(lines), group)]
    receipts = [answer.body for one in groups for answer in stream.process_lines(door, one)]
    found = content.hashes(db, keys)
    db.close()
    return receipts, found


GROUP_AT_A_TIME = 8
COMMITS = 3


def test_killed_at_every_commit_of_a_batch_nothing_is_lost_and_nothing_is_there_twice(
    url: str, plain_url: str, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    messages = making.mixed(6, GROUP_AT_A_TIME * COMMITS)
    body = making.lines(messages)
    permit = whole_batch.token(url, tmp_path)
    receipts, expected = undisturbed(plain_url, tmp_path, body, GROUP_AT_A_TIME)
    deaths = [(n, when) for n in range(1, COMMITS + 1) for when in ("before", "after")]

    acknowledged = 0
    for number, when in deaths:
        die = ("--die-at", str(number), "--when", when, "--group", str(GROUP_AT_A_TIME))
        with serving(url, tmp_path, *FROZEN, *die) as (base, process):
            found = until_gone(Wire(base, permit), body)
            assert process.wait(30) == -signal.SIGKILL
        assert found == receipts[: len(found)]
        assert rows_of(url) >= max(acknowledged, len(found))
        acknowledged = max(acknowledged, len(found))

    with serving(url, tmp_path, *FROZEN) as (base, _):
        assert until_gone(Wire(base, permit), body) == receipts
    db = Database.open(url)
    assert content.hashes(db, EncryptionKeys(from_environment(environment(url, tmp_path)).people_keys)) == expected
    db.close()
    figure(f"killed before and after each of {COMMITS} commits, {url.split(':', maxsplit=1)[0]}: 0 lost, 0 twice")


def until_gone(out: Wire, body: bytes) -> list[bytes]:
    """The receipts that come before the server is gone."""
    found: list[bytes] = []
    with out:
        out.send(body)
        out.end()
        try:
            while (one := out.receipt()) is not None:
                found.append(one)
        except Gone:
            return found
    return found


def rows_of(url: str) -> int:
    db = Database.open(url)
    with db.reading() as tx:
        found = tx.scalar(select(func.count()).select_from(decision))
    db.close()
    return int(found or 0)


# --- between a move and what it passed over -------------------------------------------------------------------


KINDS = ("indicted", "judgment_given", "became_final")


def test_what_a_server_passed_over_before_it_was_killed_is_applied_when_the_next_one_starts(
    pg_database: pg.MakeDatabase, tmp_path: Path
) -> None:
    url = pg.sqlalchemy_url(pg_database(service.fill))
    load, permit = Load(), whole_batch.token(url, tmp_path)
    case = next(one for one in making.told(8, appealed=0) if one[0]["kind"] == "indicted")
    indicted, judged, final = (next(m for m in case if m["kind"] == kind) for kind in KINDS)
    undisturbed(url, tmp_path, making.lines([indicted, final]), 2)
    with closing(Database.open(url)) as db:
        frozen = (*FROZEN, "--die-at", "1", "--when", "after")
        with db.writing() as tx, serving(url, tmp_path, *frozen) as (load.base, gone):
            named_locks.lock(tx, [f"decision:development-system/{final['decision_id']}"])
            assert send(load, permit, [judged]) == [judged]
            assert gone.wait(60) == -signal.SIGKILL
        assert outcomes(db) == dict(zip(KINDS, ("applied", "applied", "parked"), strict=True))

        with serving(url, tmp_path, *FROZEN):
            for _ in range(TRIES):
                if outcomes(db)["became_final"] == "applied":
                    break
                time.sleep(0.25)
        assert outcomes(db)["became_final"] == "applied"


def outcomes(db: Database) -> dict[str, str]:
    """How the message of each kind stands."""
    with db.reading() as tx:
        return {row.kind: row.outcome for row in tx.execute(select(*decision.c["kind", "outcome"]))}


# --- a long batch, killed on its way ------------------------------------------------------------------------


def test_a_long_batch_over_a_server_that_is_killed_leaves_what_an_undisturbed_one_does(
    url: str, plain_url: str, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    lines = [making.line(one) for one in making.mixed(7, LONG_BATCH)]
    expected = whole_batch.undisturbed(plain_url, tmp_path, lines, lambda _: None)
    run = whole_batch.disturbed(url, tmp_path, lines, 2, lambda _: None, overlap=300)
    assert run.kills == 2
    assert run.differing == 0
    assert whole_batch.differences(expected, run.hashes) == []
    assert run.memory < whole_batch.MOST_MEMORY
    figure(
        f"{LONG_BATCH} decisions in one batch, killed twice, {url.split(':', maxsplit=1)[0]}: the same rows, "
        f"{run.seconds:.0f} s, server memory {run.memory} MiB"
    )


def test_a_sender_sees_a_receipt_that_is_not_the_first_one() -> None:
    sent = Sent([b"1", b"2"])
    sent.took(0, b"a")
    sent.took(0, b"a")
    assert sent.differing == 0
    sent.took(0, b"b")
    assert sent.differing == 1

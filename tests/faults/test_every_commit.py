"""Everything that writes is killed before and after each of its commits: nothing is lost, nothing is there twice."""

import ast
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from sqlalchemy import func, select

from tests import fork, pg, service
from tests.exchange.wire import Receiver
from tests.faults.mortal import Order
from tests.faults.office import STEPS
from tests.process import environment
from ungdom.store import rebuild
from ungdom.store.schema import metadata
from ungdom.store.schema.cases import event
from ungdom.store.schema.outbox import outbox
from ungdom.store.session import Database

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
PAIRS = int(os.environ.get("FAULTS_PAIRS", "1"))
"""How often a step is killed before and after the commits of one place; `make faults` does it more often."""
MOST = 400
"""A step that has not been whole after so many attempts never is."""
RUNS = {
    "job_run", "extract_pull", "access_log", "access_entry", "access_pending", "audit_seal", "audit_verification",
    "audit_head", "audit_change",
}  # fmt: skip
"""Tables with a row per attempt: an interrupted night with its seal, and the one that makes up for it; a download, a
read. Each process of the test also enters its staff again, which `audit_change` records."""

ELSEWHERE = {
    "ungdom.store.session": "the upgrade is killed in test_upgrade_killed",
    "ungdom.demo": "the demo is built anew until it is whole",
    "ungdom.cli.staff": "one transaction per file or person; a repeated import changes nothing (tests/test_cli.py)",
    "ungdom.cli.notices": "one transaction per command",
    "ungdom.cli.recipients": "one transaction per command, before the test message (tests/notices/test_commands.py)",
    "ungdom.cli.delivering": "one transaction per command",
    "ungdom.cli.sessions": "one transaction per command",
    "ungdom.cli.audit": "one transaction: what a verification found",
    "ungdom.jobs.sealing": "one transaction: that an anchor was exported; the next night exports it again",
    "ungdom.store.chain_backfill": "one transaction per batch; repeatable (tests/audit)",
    "ungdom.store.access_index": "one transaction per batch, broken off in tests/store/test_access_index.py",
    "ungdom.alerts.sweep:_examine_alone": "a case of a group that failed, alone: tests/alerts/test_groups.py",
    "ungdom.store.write_probe": "writes nothing that is read",
    "ungdom.cli.importing": "one transaction per message: tests/intake/test_import.py kills it",
    "ungdom.cases.migrate": "one transaction per case; a repeated migration skips what is done (test_migrate_cases.py)",
    "ungdom.jobs.terms": "one transaction per case; the next night records what is left",
    "ungdom.analytics.forecast.backtest": "one transaction; the next night evaluates again",
    "ungdom.analytics.surveys.inviting": "one transaction: an invitation and its count",
    "ungdom.store.person_names": "fills a column; a repeated run continues",
    "ungdom.exchange.acknowledged": "receipts from a queue, which sends them again: tests/exchange/test_arriving.py",
    "ungdom.exchange.delivery": "the worker is killed at six places in tests/exchange/test_killed_worker.py",
    "ungdom.delivery.engine": "the worker is killed in tests/exchange and tests/notices",
    "ungdom.extracts.job_worker": "the other ways out of a job: tests/extracts/test_jobs.py",
    "ungdom.intake.retry": "killed in test_intake_killed",
    "ungdom.notices.group_notices": "one transaction per night; a repeated night notifies nobody again",
    "ungdom.notices.delivery": "the worker is killed in tests/notices/test_killed.py",
    "ungdom.api.calendars.routes": "the hour at which a calendar was read, nothing else",
    "ungdom.cli.database": "one transaction; repeatable (test_grants.py)",
    "ungdom.store.resealing": "killed after each commit in tests/faults/test_rotation_killed.py",
    "ungdom.retention.replay": "one transaction per line of the journal; a repeat erases what is left",
    "ungdom.cli.retaining": "one transaction, one row that is only added",
    "ungdom.store.rebuild": "one transaction per batch of cases; repeatable",
    "ungdom.web.sessions": "one transaction, one row of a browser; who was interrupted signs in again (test_pages.py)",
    "ungdom.extracts.download_log": "the ways out of a download: tests/extracts/test_interface.py",
}
"""Modules and functions with transactions that the office does not reach, and what shows that they may be stopped."""


Make = Callable[[], str]
"""Gives the address of a new database, the same at every call: the one that was there is gone."""


@pytest.fixture(params=["sqlite", "postgresql"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """A new database with schema, reference data and staff, always in the same place."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")

        def copied() -> str:
            for file in tmp_path.glob("ungdom.sqlite*"):
                file.unlink()
            return service.sqlite_copy(template, tmp_path)

        yield copied
        return
    databases: pg.Databases = request.getfixturevalue("pg_databases")
    made: list[str] = []

    def created() -> str:
        for url in made:
            databases.drop(url)
        made.append(databases.create(service.fill, dropped=made.pop() if made else None))
        return pg.sqlalchemy_url(made[0])

    yield created
    for url in made:
        databases.drop(url)


class Mortal:
    """A process that runs steps in forks of its own."""

    def __init__(self, url: str, folder: Path, receiver: str) -> None:
        command = [sys.executable, "-m", "tests.faults.mortal", url, str(folder), receiver]
        env = environment(url, folder) | {"PYTHONPATH": f"{SOURCE}:{ROOT}"}
        self._process = fork.Fork(command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def run(self, order: Order | None) -> dict[str, Any]:
        """The answer to an order; None: every step in the process itself, which must not die."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert not answer.get("failed"), order
        return answer


def killed(mortal: Mortal) -> Counter[str]:
    """Each step killed at its commits until a run of it is whole. Returns the places at which it was killed."""
    memory: dict[str, Any] = {}
    every: Counter[str] = Counter()
    for step, (name, _) in enumerate(STEPS):
        deaths: Counter[str] = Counter()
        for attempt in range(MOST):
            answer = mortal.run(Order(step, memory | {"attempt": attempt}, deaths, 2 * PAIRS))
            if not answer["died"]:
                break
            deaths[answer["commits"][-1]] += 1
        assert not answer["died"], f"{name} is never whole"
        memory = answer["memory"]
        every += deaths
    return every


def test_killed_at_every_commit_of_the_office_nothing_is_lost_and_nothing_is_there_twice(
    make: Make, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    with Receiver() as receiver:
        url = make()
        with Mortal(url, tmp_path, receiver.url) as mortal:
            mortal.run(None)
            expected, sent = counted(url), ids(receiver)
            receiver.got.clear()
            assert make() == url
            deaths = killed(mortal)
        arrived = ids(receiver)

    assert counted(url) == expected
    assert len(arrived) == len(sent) > 5
    assert_whole(url)
    assert {name for name in committing() if name not in deaths and not _elsewhere(name)} == set()
    figure(
        f"T6 {url.split(':', maxsplit=1)[0]}: killed {sum(deaths.values())} times before and after the commits of"
        f" {len(deaths)} functions in {len(STEPS)} steps: 0 lost, 0 twice, {len(receiver.got) - len(arrived)} messages"
        " sent again under their ids, 0 rows differ from their events"
    )


def test_what_shows_that_the_others_may_be_interrupted_is_there() -> None:
    named = [name for reason in ELSEWHERE.values() for name in re.findall(r"test_\w+", reason)]

    assert len(named) > 10
    assert [name for name in named if not list(ROOT.glob(f"tests/**/{name}.py"))] == []


def ids(receiver: Receiver) -> set[str]:
    """The ids of the messages that have arrived."""
    return {got.headers.get("webhook-id") or got.headers["messageId"] for got in receiver.got}


def _elsewhere(name: str) -> bool:
    return name in ELSEWHERE or name.partition(":")[0] in ELSEWHERE or name.startswith("ungdom.demo.")


def counted(url: str) -> dict[str, int]:
    """The number of rows of every table."""
    db = Database.open(url)
    with db.reading() as tx:
        counts = {
            name: tx.scalar(select(func.count()).select_from(table)) or 0 for name, table in metadata.tables.items()
        }
    db.close()
    return {name: count for name, count in counts.items() if name not in RUNS}


def assert_whole(url: str) -> None:
    """Current rows agree with the events, and every message of the outbox has been dispatched."""
    db = Database.open(url)
    assert rebuild.check(db) == []
    with db.reading() as tx:
        promised = tx.scalar(select(func.count()).select_from(outbox).where(outbox.c.kind == "case.event_recorded"))
        assert promised == tx.scalar(select(func.count()).select_from(event))
    db.close()


def committing() -> set[str]:
    """`module:function` of every function that opens a transaction which is committed."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        module = ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                calls = (node for node in ast.walk(function) if isinstance(node, ast.Call))
                if any(isinstance(call.func, ast.Attribute) and call.func.attr == "writing" for call in calls):
                    found.add(f"{module}:{function.name}")
    return found

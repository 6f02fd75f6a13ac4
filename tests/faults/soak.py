"""Many minutes of mixed load on both databases at once: no growth of memory or connections, nothing lost or doubled.

    python -m tests.faults.soak [--minutes 30] [--database sqlite postgresql]

Each database has its server and its worker, processes of their own. Clients read cases, lists, the worklist and
calendars, record notes, push decisions alone and in batches; the night is run again and again. Every few seconds memory
and connections of server and worker are looked at; after the first third they must not grow.
"""

import argparse
import http.client
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from statistics import linear_regression, mean
from typing import Any

from sqlalchemy import func, select

from tests import pg, service
from tests.faults.writers import AGAIN
from tests.intake import making
from tests.process import UNGDOM, environment, serving
from ungdom import clock
from ungdom.api.http.tokens import Issuer
from ungdom.settings import from_environment
from ungdom.store import rebuild
from ungdom.store.schema.cases import event, note
from ungdom.store.schema.inbox import decision, decision_receipt
from ungdom.store.schema.outbox import outbox
from ungdom.store.session import Database
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

LOOK_EVERY = 5.0
PAUSE = 0.05
"""Seconds that a client rests between two requests."""
GROWTH_SHARE = 0.05
"""Memory may be this share higher at the end than a third of the time before, by the line through all looks."""
GROWTH_MIB = 8.0
MORE_CONNECTIONS = 2.0
NIGHT_EVERY = 30.0
WRITERS, READERS, SENDERS = 3, 3, 2


@dataclass
class Load:
    """What the clients of one server share. `notes`, `decisions`: acknowledged."""

    base: str
    token: Callable[[Role, str | None], str]
    until: float
    notes: Counter[str] = field(default_factory=Counter)
    decisions: dict[tuple[str, int], bytes] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    wrong: list[Any] = field(default_factory=list)
    chains: Iterator[list[dict[str, Any]]] = field(default_factory=lambda: making.told(1, appealed=0))
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def over(self) -> bool:
        return time.monotonic() > self.until or bool(self.wrong)


class Client:
    """One connection, kept open, in the name of one person."""

    def __init__(self, load: Load, role: Role, office: str | None) -> None:
        self.load, self.role, self.office = load, role, office
        self._connection: http.client.HTTPConnection | None = None

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """The answer, of the last of several attempts where the server was busy."""
        for _ in range(100):
            status, answer = self._sent(method, path, body, headers)
            with self.load.lock:
                self.load.answers[status] += 1
            if status not in (429, 503):
                break
            time.sleep(0.2)
        time.sleep(PAUSE)
        return status, answer

    def _sent(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        token = self.load.token(self.role, self.office)
        given = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self.load.base.removeprefix("http://"), timeout=60)
            self._connection.request(method, path, body, given)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self._connection = None
            return 503, b""


def writer(load: Load, number: int) -> None:
    """Notes on cases of one's own; a new case after forty."""
    client = Client(load, Role.COORDINATOR, "oslo")
    for turn in count():
        body = service.new_case(police_case_numbers=[f"17{number:02}{turn:06}"])
        status, answer = client.send("POST", "/v1/cases", json.dumps(body).encode(), Idempotency_Key=f"{number}-{turn}")
        if status != 201:
            return load.wrong.append((status, answer))
        case = json.loads(answer)["id"]
        for version in range(1, 41):
            if load.over:
                return None
            told = {"type": "note_added", "occurred_on": str(clock.now().date()), "note": f"Notat {version}"}
            status, answer = client.send(
                "POST", f"/v1/cases/{case}/events", json.dumps(told).encode(),
                If_Match=f'"{version}"', Idempotency_Key=f"{case}-{version}",
            )  # fmt: skip
            if status != 201:
                return load.wrong.append((status, answer))
            load.notes[case] += 1
    return None


def reader(load: Load, number: int) -> None:
    """Lists, cases, worklist, calendar."""
    client, draw = Client(load, Role.COORDINATOR, "oslo"), Random(number)  # noqa: S311  # no secret
    status, answer = client.send("POST", "/v1/calendar-feeds")
    feed = json.loads(answer)["address"] if status == 201 else ""
    while not load.over:
        paths = ["/v1/cases", "/v1/worklist", "/v1/alerts", "/v1/cases?limit=5&state=registered", "/health/live"]
        paths += [f"/v1/cases/{case}" for case in list(load.notes)[-5:]]
        paths += ["/" + feed.partition("://")[2].partition("/")[2]] if feed else []
        status, answer = client.send("GET", draw.choice(paths))
        if status >= 500 or status == 401:
            load.wrong.append((status, answer))


def sender(load: Load, number: int) -> None:
    """The decisions of one case after another, each twice: alone, or in a batch."""
    client, draw = Client(load, Role.PROSECUTION, None), Random(number)  # noqa: S311  # no secret
    while not load.over:
        with load.lock:
            chain = next(load.chains)
        for message in chain:
            for _ in range(2):
                if load.over:
                    return
                _push(load, client, message, batch=draw.random() < 0.3)


def _push(load: Load, client: Client, message: dict[str, Any], batch: bool) -> None:
    path = "/v1/decisions/batch" if batch else "/v1/decisions"
    kind = {"Content_Type": "application/x-ndjson"} if batch else {}
    for _ in range(100):
        status, answer = client.send("POST", path, making.line(message), **kind)
        busy = status in AGAIN or (batch and b'"not_now"' in answer)
        if not busy:
            break
        time.sleep(0.2)
    if status not in (200, 201, 202):
        load.wrong.append((status, answer))
        return
    kept = load.decisions.setdefault(making.key(message), b"acknowledged" if batch else answer)
    if not batch and kept not in (b"acknowledged", answer):
        load.wrong.append(("another receipt", making.key(message)))


# --- what is looked at --------------------------------------------------------------------------------------


@dataclass
class Look:
    """One look at a process: seconds since the start, MiB, open descriptors, threads."""

    at: float
    memory: float
    descriptors: int
    threads: int


def look(pid: int, began: float) -> Look:
    """Of a process and its children together. Raises `IndexError` when it has ended."""
    memory, descriptors, threads = 0.0, 0, 0
    for one in [pid, *_children(pid)]:
        status = Path(f"/proc/{one}/status").read_text()
        memory += int(status.partition("VmRSS:")[2].split()[0]) / 1024
        threads += int(status.partition("Threads:")[2].split()[0])
        descriptors += sum(1 for _ in Path(f"/proc/{one}/fd").iterdir())
    return Look(time.monotonic() - began, memory, descriptors, threads)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def growth(looks: list[Look], of: Callable[[Look], float]) -> tuple[float, float]:
    """The mean after the first third, and by how much the line through the looks after it rises."""
    late = [one for one in looks if one.at > looks[-1].at / 3]
    values = [of(one) for one in late]
    slope = linear_regression([one.at for one in late], values).slope
    return mean(values), slope * (late[-1].at - late[0].at)


def faults(name: str, looks: list[Look]) -> list[str]:
    """What grew; a line for each."""
    found = []
    memory, more = growth(looks, lambda one: one.memory)
    if more > max(GROWTH_MIB, memory * GROWTH_SHARE):
        found.append(f"{name}: memory {memory:.0f} MiB grew by {more:.1f}")
    for what, of in (("descriptors", lambda one: one.descriptors), ("threads", lambda one: one.threads)):
        level, more = growth(looks, of)
        if more > MORE_CONNECTIONS:
            found.append(f"{name}: {what} {level:.1f} grew by {more:.1f}")
    return found


# --- a run --------------------------------------------------------------------------------------------------


@contextmanager
def worker(url: str, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with (
        (folder / "worker.log").open("ab") as log,
        subprocess.Popen([str(UNGDOM), "worker", "--every", "1"], env=environment(url, folder), stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()


def nights(load: Load, url: str, folder: Path) -> None:
    """The night, over and over: today's is repeated."""
    while not load.over:
        done = subprocess.run([str(UNGDOM), "nightly"], env=environment(url, folder), capture_output=True, check=False)
        if done.returncode:
            load.wrong.append(("nightly", done.returncode, done.stderr[-500:]))
        time.sleep(NIGHT_EVERY)


def soaked(url: str, folder: Path, seconds: float, say: Callable[[str], None]) -> list[str]:
    """What went wrong, one line each, after so many seconds."""
    issuer, tokens = Issuer(from_environment(environment(url, folder))), {}

    def token(role: Role, office: str | None) -> str:
        key = (role, office)
        if key not in tokens:
            who = Viewer(role, f"{role}-{office}" if office else "system", office)
            tokens[key] = issuer.issue(who, clock.now(), timedelta(hours=12))
        return tokens[key]

    looks: dict[str, list[Look]] = {"server": [], "worker": []}
    with serving(url, folder) as (base, server), worker(url, folder) as beside:
        began = time.monotonic()
        load = Load(base, token, began + seconds)
        threads = [_client(load, nights, url, folder)]
        for target, number in ((writer, WRITERS), (reader, READERS), (sender, SENDERS)):
            threads += [_client(load, target, n) for n in range(number)]
        for thread in threads:
            thread.start()
        _watch(load, looks, {"server": server.pid, "worker": beside.pid}, began)
        for thread in threads:
            thread.join(120)
    kind = url.split(":", maxsplit=1)[0]
    wrong = [str(one) for one in load.wrong] + lost_or_doubled(url, load)
    for name, seen in looks.items():
        wrong += faults(f"{kind} {name}", seen)
        memory, more = growth(seen, lambda one: one.memory)
        level, connections = growth(seen, lambda one: one.descriptors)
        say(
            f"{kind} {name}: {memory:.0f} MiB, {more:+.1f} after the first third; {level:.0f} descriptors, "
            f"{connections:+.1f}"
        )
    say(
        f"{kind}: {seconds / 60:.1f} minutes, {sum(load.answers.values())} answers {dict(load.answers)}, "
        f"{sum(load.notes.values())} notes, {len(load.decisions)} decisions, {len(wrong)} faults"
    )
    return wrong


def _watch(load: Load, looks: dict[str, list[Look]], pids: dict[str, int], began: float) -> None:
    """Looks at the processes until the run is over. One that ends before is a fault."""
    while not load.over:
        time.sleep(LOOK_EVERY)
        for name, pid in pids.items():
            try:
                looks[name].append(look(pid, began))
            except (OSError, IndexError):  # what has ended has no memory
                load.wrong.append(f"{name}: ended in the middle of the run")


def _client(load: Load, target: Callable[..., None], *arguments: Any) -> threading.Thread:
    """A thread whose end by an error ends the run, as a fault."""

    def run() -> None:
        try:
            target(load, *arguments)
        except Exception:  # noqa: BLE001 whatever it is, the load is no longer the one described
            load.wrong.append(traceback.format_exc())

    return threading.Thread(target=run, daemon=True)


def lost_or_doubled(url: str, load: Load) -> list[str]:
    """What was acknowledged and is not there exactly once, and what differs from the events."""
    db = Database.open(url)
    with db.reading() as tx:
        by_case = select(note.c.case_id, func.count()).group_by(note.c.case_id)
        notes = {str(case): number for case, number in tx.execute(by_case)}
        events = tx.scalar(select(func.count()).select_from(event))
        promised = tx.scalar(select(func.count()).select_from(outbox).where(outbox.c.kind == "case.event_recorded"))
        first = decision_receipt.c.n == 1
        receipts = select(decision.c.decision_id, decision.c.version, decision_receipt.c.body).where(
            decision.c.message_id == decision_receipt.c.message_id, first
        )
        kept = Counter((row.decision_id, row.version) for row in tx.execute(receipts))
    found = [f"case {case}: {n} acknowledged, {notes.get(case)} notes"
             for case, n in load.notes.items() if not n <= notes.get(case, 0) <= n + 1]  # fmt: skip
    found += [f"decision {key}: {kept[key]} times" for key in load.decisions if kept[key] != 1]
    found += [f"{events} events, {promised} messages"] if events != promised else []
    found += [] if load.notes and load.decisions else ["no note or no decision was acknowledged"]
    found += [str(difference) for difference in rebuild.check(db)]
    db.close()
    return found


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The address of a new database; PostgreSQL with its settings as delivered."""
    if kind == "sqlite":
        yield pg.sqlite_url(folder)
        return
    server = pg.Server(Path(tempfile.mkdtemp(prefix="ungdom-")), pg.AS_DELIVERED)
    server.ensure_started()
    try:
        yield pg.sqlalchemy_url(pg.Databases(server.url).create())
    finally:
        server.stop()


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a terminated run stops its processes too
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=float, default=30)
    asked.add_argument("--database", nargs="+", default=["sqlite", "postgresql"])
    given = asked.parse_args()
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(len(given.database)))
        runs = []
        for kind in given.database:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ungdom-")))
            url = stack.enter_context(database(kind, folder))
            service.fill(url)
            runs.append((url, folder))
        futures = [pool.submit(soaked, url, folder, given.minutes * 60, _say) for url, folder in runs]
        wrong = [line for future in futures for line in future.result()]
    _say("\n".join(wrong) or "nothing grew, nothing was lost, nothing is there twice")
    sys.exit(bool(wrong))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

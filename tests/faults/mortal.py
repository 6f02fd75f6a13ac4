"""`python -m tests.faults.mortal URL FOLDER RECEIVER`: runs steps of the office in forks that kill themselves.

A line of JSON on standard input is one order: the step, what is remembered, and how often it has been killed at each
place. The fork dies at its first commit at a place that is not settled: before the commit, the next time after it. The
answer is a line: whether it died, what is remembered now, which places committed. To the database a fork is a process
of its own: its connections end with it.
"""

import faulthandler
import gc
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from tests.faults import office
from tests.faults.office import Office
from tests.service import Service
from ungdom.store import session
from ungdom.store.session import Database

AROUND = ("contextlib.py", "session.py", "mortal.py")
"""Files whose frames lie between a commit and the function whose transaction it is."""


PATIENCE = 120
"""Seconds for a step; then the process writes the stacks of its threads to standard error and ends."""


class Order(NamedTuple):
    """One run of a step. `deaths`: kills so far by place; `most`: as many make a place settled, 0: nobody dies."""

    step: int
    memory: dict[str, Any]
    deaths: dict[str, int]
    most: int = 0


def place() -> str:
    """`module:function` whose transaction is being committed."""
    frame = sys._getframe(1)
    while frame.f_back and (Path(frame.f_code.co_filename).name in AROUND or frame.f_code.co_name == "_in_service"):
        frame = frame.f_back
    return f"{frame.f_globals['__name__']}:{frame.f_code.co_name}"


def die_once(order: Order, log: int) -> None:
    """Let the process be killed at a commit; every commit is written down before it is made."""
    plain = session._commit

    def commit(tx: Any) -> None:
        name = place()
        os.write(log, f"{name}\n".encode())
        number = order.deaths.get(name, 0)
        dies = number < order.most and not name.startswith("tests.")
        if dies and number % 2 == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        plain(tx)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)

    session._commit = commit


def run(order: Order, running: Service, folder: Path, receiver: str) -> dict[str, Any]:
    """The step on this service; what is remembered afterwards."""
    day = Office(running, folder, receiver, order.memory)
    office.STEPS[order.step][1](day)
    return day.memory


def forked(order: Order, db: Database, url: str, folder: Path, receiver: str) -> dict[str, Any]:
    """What the run of the step in a fork has left."""
    with tempfile.TemporaryFile(buffering=0) as log:
        child = os.fork()
        if not child:
            status = 1
            try:
                faulthandler.dump_traceback_later(PATIENCE, exit=True)
                die_once(order, log.fileno())
                with Service(url, folder, db, webhook_allow=("127.0.0.0/8",)) as running:
                    memory = run(order, running, folder, receiver)
                os.write(log.fileno(), f"= {json.dumps(memory)}\n".encode())
                status = 0
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        log.seek(0)
        lines = log.read().decode().splitlines()
    died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    remembered = next((json.loads(line[2:]) for line in lines if line.startswith("= ")), order.memory)
    commits = [line for line in lines if not line.startswith("= ")]
    return {"died": died, "failed": status != 0 and not died, "memory": remembered, "commits": commits}


def undisturbed(db: Database, url: str, folder: Path, receiver: str) -> None:
    """Every step in this process. What it has loaded and compiled is there for every fork."""
    memory: dict[str, Any] = {}
    with Service(url, folder, db, webhook_allow=("127.0.0.0/8",)) as running:
        for step in range(len(office.STEPS)):
            memory = run(Order(step, memory, {}), running, folder, receiver)
    gc.freeze()


def main() -> None:
    url, folder, receiver = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    db = Database.open(url, pool_size=12)
    for line in sys.stdin:
        order = json.loads(line)
        if order is None:
            faulthandler.dump_traceback_later(PATIENCE, exit=True)
            undisturbed(db, url, folder, receiver)
            faulthandler.cancel_dump_traceback_later()
        answer = {} if order is None else forked(Order(*order), db, url, folder, receiver)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

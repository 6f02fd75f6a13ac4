"""The service with a clock that stands still, so that two runs write the same rows. It can be made to kill itself.

`--die-at N --when before|after`: SIGKILL to itself right before or right after its N-th commit.
"""

import argparse
import os
import signal
from datetime import UTC, datetime
from itertools import count
from typing import Any

import uvicorn

from ungdom.api.decisions import batch
from ungdom.app import create_app
from ungdom.settings import from_environment
from ungdom.store import session, write_probe

NOON = datetime(2026, 1, 5, 11, tzinfo=UTC)
"""The instant that this server lives in."""


def die_at(number: int, when: str) -> None:
    """Let the N-th commit be the last thing that this process does, or the first that it does not."""
    plain, turn = session._commit, count(1)

    def commit(tx: Any) -> None:
        mine = next(turn)
        if mine == number and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        plain(tx)
        if mine == number:
            os.kill(os.getpid(), signal.SIGKILL)

    session._commit = commit
    write_probe.WriteProbe._journal = lambda _probe: write_probe.OK  # type: ignore[method-assign]  # not one of N


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--port", type=int, required=True)
    asked.add_argument("--group", type=int, default=batch.GROUP)
    asked.add_argument("--die-at", type=int)
    asked.add_argument("--when", choices=["before", "after"], default="before")
    said = asked.parse_args()
    batch.GROUP = said.group
    if said.die_at:
        die_at(said.die_at, said.when)
    app = create_app(from_environment(), clock=lambda: NOON)
    uvicorn.run(app, port=said.port, log_level="error", access_log=False)


if __name__ == "__main__":
    main()

"""Starts processes for the tests as forks of this one, which has imported the program already.

One request a message on the socket whose descriptor is the first argument: JSON with `words`, `environment`, `folder`
and `session` (whether the process leads a session of its own), beside it the descriptors of its standard streams. The
answer is the id of the process. It is nobody's child but the requester's: the process in between ends at once.

What it runs is what the words say, as if typed: `ungdom …`, or `python -m MODULE …`.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Sequence
from datetime import date
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from ungdom import cli
from ungdom.workflow.calendar import is_working_day

PRELOADED = (
    "alembic.command", "alembic.script", "httptools", "httpx", "prometheus_client", "psycopg", "structlog.processors",
    "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite.pysqlite", "ungdom.app",
    "ungdom.serving.protocol", "uvicorn.lifespan.on", "uvicorn.loops.uvloop",
)  # fmt: skip


def preload() -> None:
    """Import what the processes need."""
    for name in PRELOADED:
        import_module(name)
    assert all(command.loaded for command in cli.COMMANDS)
    is_working_day(date(2026, 1, 2))
    assert threading.active_count() == 1, "a fork has only the thread that forks"
    gc.collect()
    gc.freeze()


def run(words: Sequence[str]) -> None:
    """The program that these words start."""
    program, *rest = words
    if Path(program).name == "ungdom":
        sys.argv[:] = words
        sys.modules["__main__"] = ModuleType("__main__")  # in which click finds that the file was started
        cli.main()
        return
    if program != sys.executable or rest[0] != "-m":
        raise ValueError(f"{program} {rest[0]} is not started as a fork")
    sys.argv[:] = rest[1:]
    runpy.run_module(rest[1], run_name="__main__", alter_sys=True)


def exit_code(words: Sequence[str]) -> int:
    """Run it. What ends Python ends the process in the same way."""
    try:
        run(words)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
            return 1
        return ended.code or 0
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:  # noqa: BLE001  # shown, and the process ends
        traceback.print_exc()
        return 1
    return 0


def become(request: dict[str, Any], streams: Sequence[int]) -> None:
    """Be the process that is asked for, to its end."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.stdin = os.fdopen(0, "r", closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    code = exit_code(request["words"])
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream_file in (sys.stdout, sys.stderr):
        try:
            stream_file.flush()
        except OSError:
            code = 120  # as Python ends where nobody reads what it prints
    os._exit(code)


def serve(requests: socket.socket) -> None:
    """Start what is asked for until the requester has gone."""
    answer, noted = os.pipe()
    while True:
        message, streams, _, _ = socket.recv_fds(requests, 1 << 20, 3)
        if not message:
            return
        between = os.fork()
        if not between:
            if os.fork():
                os._exit(0)
            request = json.loads(message)
            if request["session"]:
                os.setsid()
            os.write(noted, f"{os.getpid()}\n".encode())
            requests.close()
            os.close(answer)
            os.close(noted)
            become(request, streams)
        os.waitpid(between, 0)  # now it is the child of the requester
        requests.sendall(os.read(answer, 64))
        for stream in streams:
            os.close(stream)


if __name__ == "__main__":
    preload()
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        serve(asked)

"""Processes that are forked from one that has imported the program (`tests.fork_server`), where each start would import
it again.

`Fork` is `subprocess.Popen` with another way to start: the process has its own id, is our child, and is killed, waited
for and read as any other. What is about the start itself, or about other programs, uses `subprocess`.
"""

import atexit
import ctypes
import inspect
import json
import os
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

ROOT = Path(__file__).parents[1]
SET_CHILD_SUBREAPER = 36
"""`prctl`: a process whose parent has ended becomes our child, not that of process 1."""
_one_by_one = Lock()


class Fork(subprocess.Popen[Any]):
    """A process with the program in it from the beginning. Linux only: elsewhere an ordinary start."""

    if sys.platform == "linux":

        def _execute_child(self, *given: Any) -> None:
            asked = inspect.signature(subprocess.Popen._execute_child).bind(self, *given).arguments  # type: ignore[attr-defined]
            pipes = [asked[name] for name in ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")]
            request = {
                "words": [os.fspath(word) for word in asked["args"]],
                "environment": dict(os.environ if asked["env"] is None else asked["env"]),
                "folder": os.fspath(asked["cwd"] or Path.cwd()),
                "session": bool(asked["start_new_session"]),
            }
            streams = [number if pipe == -1 else pipe for number, pipe in enumerate((pipes[0], pipes[3], pipes[5]))]
            self.pid = _started(request, streams)
            self._child_created = True
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]


def run(words: list[Any], *, timeout: float, **given: Any) -> subprocess.CompletedProcess[Any]:
    """`subprocess.run`, whose output is captured, in a fork."""
    with Fork(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **given) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(words, process.returncode, out, err)


@cache
def _server() -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        # Nothing that is set for this process or for a test is there when the program is imported, and no terminal.
        kept = {"TERM": "dumb"} | {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
        }
        path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
        command = [sys.executable, "-m", "tests.fork_server", str(number)]
        server = subprocess.Popen(command, cwd=ROOT, env=kept | {"PYTHONPATH": path}, pass_fds=[number])
    atexit.register(server.wait)
    atexit.register(ours.close)
    return server, ours


def _started(request: dict[str, Any], streams: list[int]) -> int:
    """The id of the new process, which is our child."""
    system = ctypes.CDLL(None)
    with _one_by_one:
        server, ours = _server()
        system.prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        try:
            socket.send_fds(ours, [json.dumps(request).encode()], streams)
            answer = ours.recv(64)
        finally:
            system.prctl(SET_CHILD_SUBREAPER, 0, 0, 0, 0)
    assert answer, f"the fork server has ended: {server.poll()}"
    return int(answer)

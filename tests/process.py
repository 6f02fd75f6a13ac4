"""The service in a process of its own: started, waited for, and ended by the test that started it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import fork

UNGDOM = Path(sys.executable).parent / "ungdom"


def environment(url: str, folder: Path) -> dict[str, str]:
    """What the process finds set: this database, this data directory, nothing of ours that was set outside."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("UNGDOM_", "COV"))}
    return kept | {"UNGDOM_ENV": "development", "UNGDOM_DATABASE_URL": url, "UNGDOM_DATA_DIR": str(folder)}


@contextmanager
def serving(url: str, folder: Path, *program: str, **more: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server on a free port: its address and its process, a fork that is killed in the end.

    `program`: another one than ours. `more`: further settings.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*(program or (str(UNGDOM), "serve", "--workers", "1")), "--port", str(port)]
    with fork.Fork(command, env=environment(url, folder) | more) as process:
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()


def wait_until_ready(base: str, process: subprocess.Popen[Any]) -> None:
    """Until it is ready: seconds, and on a machine that does much else at once a minute."""
    for _ in range(2400):
        assert process.poll() is None, "the server ended before it was ready"
        try:
            with urllib.request.urlopen(f"{base}/health/ready", timeout=1):  # noqa: S310 - a server of this test
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not become ready")

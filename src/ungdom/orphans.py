"""Ends worker processes after their parent process has ended for any reason."""

import os
import signal
import time
from collections.abc import Callable
from multiprocessing import parent_process
from threading import Thread

GRACE = 10.0
"""Seconds from SIGTERM until the process exits unconditionally."""


def end_with_parent() -> None:
    """Have this process, started by `multiprocessing`, end soon after its parent. Does nothing in any other process.

    SIGTERM first, so that a server answers what it has begun; after `GRACE` seconds the process is ended.
    """
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_after, args=(parent.join,), name="parent", daemon=True).start()


def _end_after(wait: Callable[[], None]) -> None:
    wait()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)

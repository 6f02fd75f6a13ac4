"""A temporary folder in memory for a run of the tests: on a disk, each commit of SQLite waits for it.

What survives the end of a process is the same there as on a disk; no test cuts the power.
"""

import os
import shutil
import tempfile
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of the run's own is made in it
ROOM = 4 << 30
"""Bytes that have to be free."""
VARIABLE = "TMPDIR"
PASSABLE = 0o711
"""As root, a database server of a test runs as somebody else, and keeps its folder in here."""


def suitable(folder: Path) -> bool:
    """Whether a run finds room there, and may write and start programs."""
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return False
    system = os.statvfs(folder)
    return not system.f_flag & os.ST_NOEXEC and system.f_bavail * system.f_frsize >= ROOM


class TemporaryFiles:
    """Where this run and the processes that it starts keep temporary files; the ordinary place where nothing fits."""

    def __init__(self, memory: Path = SHARED_MEMORY) -> None:
        self._before = os.environ.get(VARIABLE)
        self._folder = tempfile.mkdtemp(prefix="ungdom-", dir=memory) if suitable(memory) else None
        if self._folder:
            Path(self._folder).chmod(PASSABLE)
            self._point_to(self._folder)

    def close(self) -> None:
        """Remove them, and let the variable be what it was."""
        if self._folder:
            self._point_to(self._before)
            shutil.rmtree(self._folder, ignore_errors=True)

    def _point_to(self, folder: str | None) -> None:
        tempfile.tempdir = None  # found anew when it is needed next
        os.environ.pop(VARIABLE, None)
        if folder is not None:
            os.environ[VARIABLE] = folder

"""Forks of the program behave as processes that were started by its file."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import fork, process
from tests.process import UNGDOM


@pytest.mark.parametrize(
    "words",
    [
        [UNGDOM, "keys", "new", "--for", "sausages"],
        [UNGDOM, "staff", "list"],
        [UNGDOM, "openapi", "--out", "/nowhere/at/all.json"],
        [sys.executable, "-m", "tests.killed_at", "ungdom.cli.tokens:subject_of", "token", "system"],
    ],
)
def test_a_fork_prints_and_ends_as_the_program_does(words: list[str], tmp_path: Path) -> None:
    env = process.environment(f"sqlite:///{tmp_path / 'none.db'}", tmp_path) | {
        "PYTHONPATH": f"{fork.ROOT / 'src'}:{fork.ROOT}"
    }
    real = subprocess.run(words, env=env, cwd=tmp_path, capture_output=True, check=False, timeout=120)
    forked = fork.run(words, env=env, cwd=tmp_path, timeout=120)
    assert (forked.returncode, forked.stdout, forked.stderr) == (real.returncode, real.stdout, real.stderr)
    assert real.returncode


def test_a_fork_is_a_child_of_its_own(tmp_path: Path) -> None:
    env = process.environment(f"sqlite:///{tmp_path / 'none.db'}", tmp_path)
    words = [UNGDOM, "import", "decisions", "-"]
    with fork.Fork(words, env=env, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True) as running:
        assert running.pid != os.getpid()
        assert os.getsid(running.pid) == running.pid
        running.send_signal(signal.SIGKILL)
        assert running.wait(10) == -signal.SIGKILL

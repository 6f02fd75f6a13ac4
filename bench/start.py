"""Start time of the service: processor seconds of its import, and of the two largest packages that it needs.

    make bench BENCH=start
    .venv/bin/python bench/start.py --rounds 9 --demo 1000

Each round is a new process with existing bytecode; minimum and median are shown. With `--demo` the demo is built with
that many cases in a temporary folder, and measured until it responds.
"""

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

UNGDOM = Path(sys.executable).parent / "ungdom"
STATEMENTS = {
    "python": "pass",
    "fastapi and sqlalchemy": "import fastapi, sqlalchemy",
    "ungdom.app": "import ungdom.app",
    "ungdom --help": "import ungdom.cli; ungdom.cli.app(['--help'], standalone_mode=False)",
}
PATIENCE = 600


def processor_seconds(statement: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", statement], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def imports(rounds: int) -> None:
    print(f"load average {os.getloadavg()[0]:.1f}; processor seconds, minimum and median of {rounds}")
    for name, statement in STATEMENTS.items():
        processor_seconds(statement)  # writes the bytecode
        seconds = [processor_seconds(statement) for _ in range(rounds)]
        print(f"{name:<24} {min(seconds):6.2f} {statistics.median(seconds):6.2f}")


def demo(cases: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("UNGDOM_")}
        command = [UNGDOM, "demo", "--cases", cases, "--serve", "--port", "0"]
        began = time.monotonic()
        with subprocess.Popen(
            command, cwd=folder, env=kept, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as server:
            try:
                assert server.stdout
                lines = (re.search(r"served on (\S+)/docs", line) for line in server.stdout)
                base = next(found[1] for found in lines if found)
                wait(f"{base}/health/ready", began + PATIENCE)
                print(f"demo with {cases} cases: ready {time.monotonic() - began:.1f} s after the command")
            finally:
                server.kill()


def wait(url: str, until: float) -> None:
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310  # a server of this script
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{url} did not answer")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--demo", metavar="CASES", help="a number, or `national`")
    chosen = options.parse_args()
    imports(chosen.rounds)
    if chosen.demo:
        demo(chosen.demo)

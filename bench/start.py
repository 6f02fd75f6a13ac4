"""Start time of the service and of commands in processor seconds, and the memory of a worker process.

    make bench BENCH=start
    .venv/bin/python bench/start.py --rounds 9 --demo 1000 --memory 200

Each round is a new process with existing bytecode; minimum and median are shown. With `--demo` the demo is built with
that many cases in a temporary folder, and measured until it responds. With `--memory` the demo of that many cases is
served from either database, and the memory of a worker process read (PSS): when it is ready, after the requests of a
coordinator to fifty cases, and after the OpenAPI document was made.
"""

import argparse
import json
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the server of the tests

from bench.server import Server
from bench.service import worker_memory
from tests import pg

UNGDOM = Path(sys.executable).parent / "ungdom"
STATEMENTS = {
    "python": "pass",
    "fastapi and sqlalchemy": "import fastapi, sqlalchemy",
    "ungdom.app": "import ungdom.app",
    "ungdom --help": "import sys, ungdom.cli; sys.argv[1:] = ['--help']; ungdom.cli.main()",
    "ungdom keys new": "import sys, ungdom.cli; sys.argv[1:] = ['keys', 'new']; ungdom.cli.main()",
}
PATIENCE = 600
OF_A_CASE = ("", "/options", "/events", "/timeline", "/plan", "/deadlines", "/delay")
"""What a coordinator reads of a case."""
READ = 50
"""Cases that are read."""


def processor_seconds(statement: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", statement], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def imports(rounds: int) -> None:
    print(f"Load average {os.getloadavg()[0]:.1f}; {rounds} rounds.\n")
    print("| processor seconds of a process | minimum | median |\n|---|---:|---:|")
    for name, statement in STATEMENTS.items():
        processor_seconds(statement)  # writes the bytecode
        seconds = [processor_seconds(statement) for _ in range(rounds)]
        print(f"| {name} | {min(seconds):.2f} | {statistics.median(seconds):.2f} |", flush=True)


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


def memory(cases: str) -> None:
    print(f"| worker, demo of {cases} cases | ready, MB | after {READ} cases, MB | with the document, MB |")
    print("|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="ungdom-") as name:
        Path(name).chmod(0o711)
        memory_on("SQLite", {}, cases, "1")
        server = Server(Path(name))
        server.ensure_started()
        try:
            memory_on("PostgreSQL", {"UNGDOM_DATABASE_URL": pg.sqlalchemy_url(server.url)}, cases, "2")
        finally:
            server.stop()


def memory_on(kind: str, given: dict[str, str], cases: str, workers: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = {"UNGDOM_DATABASE_URL": f"sqlite:///{folder}/.ungdom/demo.db", "UNGDOM_ENV": "development"} | given
        env = {name: value for name, value in os.environ.items() if not name.startswith("UNGDOM_")} | database
        subprocess.run([UNGDOM, "demo", "--cases", cases], cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
        token = (Path(folder) / ".ungdom" / "demo" / "tokens" / "coordinator").read_text().strip()
        with serving(folder, env, workers) as (base, server):
            figures = [worker_memory(server)]
            items = json.loads(answer(f"{base}/v1/cases?limit={READ}", token))["items"]
            for path in ["/v1/worklist", *(f"/v1/cases/{item['id']}{part}" for item in items for part in OF_A_CASE)]:
                answer(f"{base}{path}", token)
            figures.append(worker_memory(server))
            answer(f"{base}/openapi.json", token)
            figures.append(worker_memory(server))
        print(f"| {kind}, {workers} process(es) | " + " | ".join(f"{figure:.0f}" for figure in figures) + " |")


@contextmanager
def serving(folder: str, env: dict[str, str], workers: str) -> Iterator[tuple[str, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}"
    command = [UNGDOM, "serve", "--workers", workers, "--port", base.rpartition(":")[2]]
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait(f"{base}/health/ready", time.monotonic() + PATIENCE)
            yield base, server.pid
        finally:
            server.terminate()


def answer(url: str, token: str) -> bytes:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310  # as above
    with urllib.request.urlopen(request, timeout=60) as opened:  # noqa: S310
        body: bytes = opened.read()
        return body


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
    options.add_argument("--memory", metavar="CASES")
    chosen = options.parse_args()
    imports(chosen.rounds)
    if chosen.demo:
        demo(chosen.demo)
    if chosen.memory:
        memory(chosen.memory)

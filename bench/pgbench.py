"""pgbench with the SQL statements of a transition: the upper bound of PostgreSQL on this machine."""

import re
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path

import load

THREADS = 2
FOUR, COMBINED = (Path(__file__).with_name(name) for name in ("four.sql", "combined.sql"))

_VALUES = {
    "prefix": load.ID_PREFIX,
    "office": load.OFFICE,
    "coordinator": load.COORDINATORS[0],
    "registered_on": "2026-01-05",
    "offence_on": "2026-01-02",
    "received_on": "2026-02-06",
    "adult_on": "2027-03-12",
    "due_on": "2026-04-07",
    "due_code": "plan_meeting",
    "moved_on": load.MOVED_ON.isoformat(),
    "reason": '{"reason":"health"}',
    "payload": '{"case_id":"019b8d62-7a80-7000-8000-000000000000","seq":11,"type":"postponement_ended",'
    '"occurred_on":"2026-03-02","recorded_at":"2026-03-02T11:00:00.000000+00:00"}',
}


@dataclass(frozen=True)
class Rate:
    """The result of one run of pgbench, and the processor time of pgbench itself."""

    moves: int
    per_second: float
    cpu_seconds: float


def run(program: str, url: str, script: Path, clients: int, cases: int, seconds: float) -> Rate:
    """One run with that many clients, each with its share of the cases. Ends the program if a transaction failed."""
    derived = {f"{name}_{way}": value for way in ("out", "back") for name, value in load.derived_columns(way).items()}
    given = {**_VALUES, **derived, "clients": clients, "per_client": cases // clients}
    values = [part for name, value in given.items() for part in ("-D", f"{name}={value}")]
    command = [
        program, "-n", "-M", "prepared", "-f", str(script), "-c", str(clients), "-j", str(THREADS),
        "-T", str(max(1, round(seconds))), *values, url,
    ]  # fmt: skip
    before = _spent()
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)
    output = done.stdout + done.stderr
    moves = re.search(r"actually processed: (\d+)", output)
    rate = re.search(r"tps = ([\d.]+)", output)
    if done.returncode or "number of failed transactions: 0 " not in output or not (moves and rate):
        raise SystemExit(f"bench: pgbench failed\n{output}")
    return Rate(int(moves[1]), float(rate[1]), _spent() - before)


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

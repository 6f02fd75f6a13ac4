"""The results of `bench/moves.py` by contender, and their tables."""

import argparse
import statistics
import sys
from collections import defaultdict
from dataclasses import dataclass, field

HTTP, FOUR, COMBINED = "service over HTTP", "pgbench, four statements", "pgbench, combined statement"
HTTP_SQLITE, SQLITE = "service over HTTP, SQLite", "bare sqlite3"
DJANGO = "Django, DRF, django-fsm-2"
AIMS = {FOUR: 0.15, DJANGO: 1.3}
"""The least that the service is to commit, as a share of what another commits."""


@dataclass(frozen=True)
class Cpu:
    """Processor time per move in milliseconds: of the service, PostgreSQL, and the client (or pgbench)."""

    service: float
    database: float
    client: float

    @property
    def total(self) -> float:
        """The sum of the three."""
        return self.service + self.database + self.client


@dataclass(frozen=True)
class Start:
    """Processor time of a server with its workers until it first answers, in seconds."""

    cpu_seconds: float


@dataclass
class Results:
    """The results of the rounds, by contender. `memory`: MB of the largest worker process after the last round."""

    rates: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    moves: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    cpu: dict[str, list[Cpu]] = field(default_factory=lambda: defaultdict(list))
    latency: dict[str, list[dict[str, float]]] = field(default_factory=lambda: defaultdict(list))
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    start: dict[str, Start] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, moves: int, rate: float, counted: bool) -> None:
        """Add one run. A warm-up counts only for the number of rows."""
        self.moves[name] += moves
        if counted:
            self.rates[name].append(rate)
            say(f"  {name:<32} {rate:8.0f} moves/s")

    def median(self, name: str) -> float:
        """The median rate."""
        return statistics.median(self.rates[name])

    def share(self, name: str, of: str) -> float:
        """The median over the rounds of the ratio of two rates."""
        return statistics.median(a / b for a, b in zip(self.rates[name], self.rates[of], strict=True))

    def spent(self, name: str, of: str) -> float:
        """The median over the rounds of the ratio of the processor time of two servers."""
        pairs = zip(self.cpu[name], self.cpu[of], strict=True)
        return statistics.median(a.service / b.service for a, b in pairs)

    def cpu_median(self, name: str, part: str) -> float:
        """The median processor time of one part, in milliseconds per move."""
        return statistics.median(getattr(cpu, part) for cpu in self.cpu[name])

    def latency_median(self, name: str, mark: str) -> float:
        """The median over the rounds of a percentile, in milliseconds."""
        return statistics.median(figures[mark] for figures in self.latency[name]) * 1000


def say(line: str) -> None:
    """Print progress to standard error."""
    print(line, file=sys.stderr, flush=True)


def table(found: Results, asked: argparse.Namespace, peers: list[str]) -> str:
    """All tables, as in `bench/results.md`."""
    lines = [
        f"{asked.connections} connections, {asked.workers} workers of {asked.threads} threads, {asked.cases} cases; "
        f"median of {asked.rounds} rounds of {asked.seconds:g} s, load average {asked.load:.0f}",
        "",
        *_rates(found, [HTTP, FOUR, COMBINED, *peers]),
        *_ratios(found, peers),
        *_sqlite(found),
        *_processor_time(found, peers),
        *_response_times(found, [HTTP, *peers, HTTP_SQLITE]),
        *_processes(found, [HTTP, *peers]),
        *_counted(found),
    ]
    return "\n".join(lines)


def _rates(found: Results, names: list[str]) -> list[str]:
    lines = [
        "| moves committed per second | median | rounds | of four statements | of combined |",
        "|---|---:|---|---:|---:|",
    ]
    for name in names:
        shares = " | ".join(f"{found.share(name, of):.3f}" for of in (FOUR, COMBINED))
        lines.append(f"| {name} | {found.median(name):.0f} | {_rounds(found, name)} | {shares} |")
    return [*lines, ""]


def _ratios(found: Results, peers: list[str]) -> list[str]:
    lines = [
        "| service over HTTP, ratio | moves per second | aim | processor time of the server per move |",
        "|---|---:|---|---:|",
    ]
    for name in (FOUR, *peers):
        share, aim = found.share(HTTP, name), AIMS.get(name)
        verdict = f"{aim:g}: {'reached' if share >= aim else 'not reached'}" if aim else ""
        spent = "" if name == FOUR else f"{found.spent(HTTP, name):.2f}"
        lines.append(f"| of {name} | {share:{'.3f' if name == FOUR else '.2f'}} | {verdict} | {spent} |")
    return [*lines, ""]


def _sqlite(found: Results) -> list[str]:
    lines = ["| SQLite, one worker | median | rounds | of bare sqlite3 |", "|---|---:|---|---:|"]
    for name in (HTTP_SQLITE, SQLITE):
        share = f"{found.share(name, SQLITE):.2f}"
        lines.append(f"| {name} | {found.median(name):.0f} | {_rounds(found, name)} | {share} |")
    return [*lines, ""]


def _processor_time(found: Results, peers: list[str]) -> list[str]:
    lines = ["| processor time per move | server | PostgreSQL | client | total |", "|---|---:|---:|---:|---:|"]
    for name in (HTTP, *peers, FOUR, COMBINED):
        parts = " | ".join(f"{found.cpu_median(name, part):.2f}" for part in ("service", "database", "client", "total"))
        lines.append(f"| {name}, ms | {parts} |")
    lines.append(f"| {HTTP_SQLITE}, ms | {found.cpu_median(HTTP_SQLITE, 'service'):.2f} | | | |")
    return [*lines, ""]


def _response_times(found: Results, names: list[str]) -> list[str]:
    lines = ["| response time, ms | p50 | p95 | p99 |", "|---|---:|---:|---:|"]
    for name in names:
        times = " | ".join(f"{found.latency_median(name, mark):.0f}" for mark in ("p50", "p95", "p99"))
        lines.append(f"| {name} | {times} |")
    return [*lines, ""]


def _processes(found: Results, names: list[str]) -> list[str]:
    lines = [
        "| processes | processor time until the first answer, s | a worker after the rounds, MB (PSS) |",
        "|---|---:|---:|",
    ]
    lines += [f"| {name} | {found.start[name].cpu_seconds:.1f} | {found.memory[name]:.0f} |" for name in names]
    return [*lines, ""]


def _counted(found: Results) -> list[str]:
    counted = found.rows[HTTP]
    return [
        f"Counted afterwards: {counted['moves']} moves acknowledged over HTTP, as many events added, a message each "
        f"and one more for each of {counted['told']} that the sector is told of, "
        f"{counted['gaps']} gaps in the numbers, {counted['differing']} current rows that differ from their events; "
        "so it is for the others (of bare sqlite3 the current rows are not compared).",
    ]


def _rounds(found: Results, name: str) -> str:
    return ", ".join(f"{rate:.0f}" for rate in found.rates[name])

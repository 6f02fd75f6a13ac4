"""Risk set counts for survival curves from an extract of cases: one definition, several query engines.

The extract is a Parquet folder partitioned by year and konfliktråd. DuckDB reads it in one process; Apache Spark reads
one that is too large for one machine (docs/scale.md). The counts are defined once, as an Ibis expression, from which
each engine gets its SQL; `analytics.survival` computes curves, confidence limits and quantiles from a few thousand
counts. `analytics` counts the same from the histories, without an extract: a test compares the two.

The extract needs exact days (`dates = "day"`): months are too coarse for a curve.
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
"""How a duration ends: with its event, or because the case was closed without it."""
_ENDINGS = {"ended": ENDED, "left": LEFT, "censored": CENSORED}
PARQUET = "*/*/*.parquet"
"""The files of the folder that hold rows; the others are the manifest and the dictionary."""

Days = Any
"""An Ibis column of dates, or of numbers of days."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration of `analytics.definitions`, from one day to another, in columns of the extract.

    `observed_from`: the first day under observation (left truncation). `applies_to`: selects the cases with it.
    """

    code: str
    since: Callable[[ibis.Table], Days]
    observed_from: Callable[[ibis.Table], Days]
    end: Callable[[ibis.Table], Days]
    applies_to: Callable[[ibis.Table], Any] = lambda _cases: ibis.literal(value=True)


def _late(cases: ibis.Table) -> Any:
    """Whether a case first became known by its receipt."""
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
"""The durations that an extract of cases contains completely, by code."""


def on_duckdb(folder: Path) -> ibis.Table:
    """The cases of an extract, read by DuckDB in this process."""
    cases: ibis.Table = ibis.duckdb.connect().read_parquet(str(folder / PARQUET), hive_partitioning=True)
    return cases


def on_spark(session: Any, folder: str) -> ibis.Table:
    """The cases of an extract, read by a Spark session. `folder`: its path on the Spark workers."""
    cases: ibis.Table = ibis.pyspark.connect(session).read_parquet(folder, pathGlobFilter="*.parquet")
    return cases


def counts(cases: ibis.Table, figure: Duration, by: str, day: date) -> ibis.Table:
    """By group and day: how many entered, ended in each way, were censored. `day`: the valid time of the extract."""
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
    """Durations in days: entry (the day before observation began), exit, and how they ended."""
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
    """The names of the groups, indexed by code, and the counts."""
    return counts_from_table(table.to_pyarrow())


def counts_from_table(table: pa.Table) -> tuple[list[str], RiskSetCounts]:
    """The same from the rows of `counts`, in any order."""
    names = sorted(set(table.column("group").to_pylist()))
    code_of = {name: code for code, name in enumerate(names)}
    group = np.array([code_of[name] for name in table.column("group").to_pylist()], np.int64)
    rows = np.lexsort((table.column("day").to_numpy(), group))
    columns = {name: table.column(name).to_numpy().astype(np.int64)[rows] for name in ("day", "entered", *_ENDINGS)}
    ended = {code: columns[name] for name, code in _ENDINGS.items() if code != CENSORED}
    return names, RiskSetCounts(group[rows], columns["day"], columns["entered"], ended, columns["censored"])

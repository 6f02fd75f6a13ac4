"""The output of an analysis: a table of counts, protected by the rules of a release before it leaves the office. Pure.

The rules are those of `Policy`: counts from 1 to 4 are suppressed, others beside them so that none can be recalculated,
totals of which one konfliktråd makes up all but a few, and days that fewer than ten cases give. The table is a system
of its own: what is published of the same cases elsewhere is not part of it.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from ungdom.analytics.cubes import CellStatus
from ungdom.analytics.dimensions import StatisticDimension
from ungdom.release.disclosure import Id, Policy, ProtectionResult, Release, below_threshold, dominated_totals, protect
from ungdom.release.disclosure.constraint_system import UPPER_BOUND

WHOLE = "total"
"""The value of a dimension over which a row adds up."""
MOST_CELLS = 5_000
"""Cells that a table may have, totals included."""
POLICY = Policy()
"""The rules of releases."""
Key = tuple[str, ...]
"""A value of each dimension, in their order."""


@dataclass(frozen=True, slots=True)
class OutputRow:
    """A row: its count, and the days estimated from these cases, by column; None where there is no estimate."""

    count: int
    days: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class OutputTable:
    """A table of counts. A combination without a row is zero; totals may be among the rows."""

    dimensions: tuple[str, ...]
    rows: Mapping[Key, OutputRow]


@dataclass(frozen=True, slots=True)
class ProtectedRow:
    """A row as it may leave: without its count where it is suppressed, and without days that few cases give.

    `status`: why it is suppressed, which must not leave: who knows that a count was small knows more.
    """

    count: int | None
    days: Mapping[str, int | None]
    status: CellStatus


@dataclass(frozen=True, slots=True)
class ProtectedOutput:
    """Every row that is not zero, totals included, and how it was protected."""

    rows: Mapping[Key, ProtectedRow]
    result: ProtectionResult

    def rows_of(self, status: CellStatus) -> int:
        """The number of rows with this status."""
        return sum(row.status is status for row in self.rows.values())


class BadOutput(ValueError):
    """The table is not one of counts that add up, or it is too large."""


class NotProtected(Exception):
    """Nothing that could be suppressed protects some counts. `keys`: their rows."""

    def __init__(self, keys: frozenset[Key]) -> None:
        super().__init__(f"{len(keys)} counts")
        self.keys = keys


def protect_output(table: OutputTable, policy: Policy = POLICY) -> ProtectedOutput:
    """The table with its totals, protected. Raises `BadOutput`, `NotProtected`."""
    counts = _with_totals(table)
    sums = list(_sums(table.dimensions, counts))
    by_id: dict[Id, int] = dict(counts.items())
    dominated = dominated_totals(policy, by_id, _sums_over_offices(table.dimensions, counts))
    now = Release(by_id, sums, below_threshold(policy, by_id), dominated)
    result = protect(policy, now, {key: _cost(key, count) for key, count in counts.items() if count})
    if result.unprotected:
        cells = {cell for number in result.unprotected for cell in result.system.unknowns[number].cells}
        raise NotProtected(frozenset(key for key in counts if key in cells))
    rows = {key: _protected(table, key, count, result, policy, dominated) for key, count in counts.items() if count}
    return ProtectedOutput(rows, result)


def _protected(
    table: OutputTable, key: Key, count: int, result: ProtectionResult, policy: Policy, dominated: frozenset[Id]
) -> ProtectedRow:
    row = table.rows.get(key)
    days = row.days if row else {}
    if key in result.hidden_below or key in result.hidden_above:
        primary = count < policy.threshold or key in dominated
        return ProtectedRow(None, dict.fromkeys(days), CellStatus.PRIMARY if primary else CellStatus.SECONDARY)
    shown = {
        name: None if value is None or count < policy.estimates_from else math.floor(value + 0.5)
        for name, value in days.items()
    }
    return ProtectedRow(policy.rounded(count), shown, CellStatus.SHOWN)


# --- totals ----------------------------------------------------------------------------------------------------


def _with_totals(table: OutputTable) -> dict[Key, int]:
    """Every count by key, zeros and totals included. Raises `BadOutput`."""
    parts = {key: row.count for key, row in table.rows.items() if WHOLE not in key}
    values = [sorted({key[place] for key in parts}) for place in range(len(table.dimensions))]
    size = math.prod(len(each) + 1 for each in values)
    if not parts or size > MOST_CELLS:
        raise BadOutput(
            f"the table has {size} cells with its totals, at most {MOST_CELLS} are protected: leave a dimension out"
            if parts
            else f"the table has no row without the value {WHOLE!r}: the parts of a total are needed to protect it"
        )
    counts = {key: parts.get(key, 0) for key in product(*values)}
    for key, count in parts.items():
        for whole in product(*((value, WHOLE) for value in key)):
            if WHOLE in whole:
                counts[whole] = counts.get(whole, 0) + count
    if counts[(WHOLE,) * len(values)] >= UPPER_BOUND:
        raise BadOutput(f"the table counts {UPPER_BOUND} or more: tables of so many are not protected here")
    for key, row in table.rows.items():
        if counts.get(key, 0) != row.count:
            shown = ", ".join(f"{name}={value}" for name, value in zip(table.dimensions, key, strict=True))
            raise BadOutput(f"the row of {shown} has {row.count}, its parts add up to {counts.get(key, 0)}")
    return counts


def _sums(dimensions: tuple[str, ...], counts: Mapping[Key, int]) -> Iterator[tuple[Key, tuple[Key, ...]]]:
    """Each total over one dimension with its parts."""
    for place in range(len(dimensions)):
        parts: dict[Key, list[Key]] = defaultdict(list)
        for key in counts:
            if key[place] != WHOLE:
                parts[*key[:place], WHOLE, *key[place + 1 :]].append(key)
        yield from ((whole, tuple(keys)) for whole, keys in parts.items())


def _sums_over_offices(dimensions: tuple[str, ...], counts: Mapping[Key, int]) -> list[tuple[Key, tuple[Key, ...]]]:
    """The totals over konfliktråd with their parts: each office knows its own."""
    if StatisticDimension.KONFLIKTRAD not in dimensions:
        return []
    place = dimensions.index(StatisticDimension.KONFLIKTRAD)
    sums = _sums(dimensions, counts)
    return [(whole, parts) for whole, parts in sums if whole[place] == WHOLE and parts[0][place] != WHOLE]


def _cost(key: Key, count: int) -> float:
    """The cost of suppressing a count: higher for larger ones, and three times as high for each total in its row."""
    return (1 + math.log2(count)) * 3.0 ** key.count(WHOLE)

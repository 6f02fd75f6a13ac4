"""A cube as JSON-stat 2.0, and the same cells as CSV. Pure: labels are passed in.

A cell of JSON-stat is one number: each count of the cube, their sum and each estimate is a value of one more dimension,
`contents`. A missing number has a reason, one of the standard symbols of Statistics Norway (ssb.no, "Standardtegn i
tabeller"). Whether a cell is suppressed by primary or secondary suppression is not disclosed: it would narrow down the
suppressed value.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from ungdom.analytics.cubes import TOTAL, CellStatus, Cube, CubeCell, Dimension

CONTENTS = "contents"
"""The dimension of counts and estimates."""
ALL = "all"
"""Its value that is the sum of the counts; absent where a cube has one count only."""
TIME, GEO = frozenset({"period"}), frozenset({"konfliktrad", "police_district"})
"""Dimensions of time and of place, where a cube has them."""


class Sign(StrEnum):
    """Why there is no number, or what is to be known of it; written as its `symbol`.

    `HIDDEN`: not shown, for confidentiality. `MISSING`: no figure, because the estimate is not reached. `IMPOSSIBLE`:
    there can be no figure, because there was nothing to count. `PROVISIONAL`: may still change.
    """

    HIDDEN = "hidden"
    MISSING = "missing"
    IMPOSSIBLE = "impossible"
    PROVISIONAL = "provisional"

    @property
    def symbol(self) -> str:
        """The symbol as written in a table."""
        return _SYMBOLS[self]


_SYMBOLS = {Sign.HIDDEN: ":", Sign.MISSING: "..", Sign.IMPOSSIBLE: ".", Sign.PROVISIONAL: "*"}
"""Symbols of Statistics Norway; it used the last one until 2021."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number counts, and the number of decimals it is written with."""

    label: str
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class DatasetMetadata:
    """Labels and metadata of a cube. A missing label defaults to the code.

    `dimensions`: label by code, of `contents` as well; `values`: label by code of the dimension and value, `TOTAL` as
    well; `units`: by value of `contents`; `signs`: in words. `updated`: when the cube was computed; `more`: further
    members of `extension`: `valid_at`, the release, how cells were suppressed. `columns`: what stands on every line of
    CSV after the number, by name.
    """

    title: str
    source: str
    updated: datetime
    known_at: datetime
    dimensions: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    signs: Mapping[Sign, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DatasetValue:
    """One number of a cell; a missing value always has a sign."""

    value: float | None
    sign: Sign | None = None


def dataset(cube: Cube, metadata: DatasetMetadata) -> dict[str, Any]:
    """The cube as a JSON-stat dataset, ready for JSON: each combination, the total of each dimension last."""
    numbers = [number for key in cube.keys() for number in dataset_values(cube, cube.at(key), metadata)]  # noqa: SIM118 - a method
    dimensions = [*cube.dimensions, Dimension(CONTENTS, contents(cube))]
    codes = [dimension.code for dimension in cube.dimensions]
    roles = {"time": [c for c in codes if c in TIME], "geo": [c for c in codes if c in GEO], "metric": [CONTENTS]}
    return {
        "version": "2.0",
        "class": "dataset",
        "label": metadata.title,
        "source": metadata.source,
        "updated": metadata.updated.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "id": [item.code for item in dimensions],
        "size": [len(_category_index(item)) for item in dimensions],
        "role": {role: members for role, members in roles.items() if members},
        "dimension": {item.code: _dimension_member(item, metadata) for item in dimensions},
        "value": [number.value for number in numbers],
        "status": {str(place): item.sign.symbol for place, item in enumerate(numbers) if item.sign},
        **({"note": list(metadata.notes)} if metadata.notes else {}),
        "extension": {
            "figure": cube.figure,
            "definition": cube.version,
            "known_at": metadata.known_at.isoformat().replace("+00:00", "Z"),
            "status_label": {sign.symbol: text for sign, text in metadata.signs.items()},
            **metadata.more,
        },
    }


def csv_rows(cube: Cube, metadata: DatasetMetadata) -> Iterator[list[str]]:
    """A header line, then one line per number: the code of each dimension, of contents, the number, its symbol."""
    yield [*(dimension.code for dimension in cube.dimensions), CONTENTS, "value", "status", *metadata.columns]
    shown_days = [value or "" for value in metadata.columns.values()]
    for key in cube.keys():  # noqa: SIM118 - a method
        for name, number in zip(contents(cube), dataset_values(cube, cube.at(key), metadata), strict=True):
            value = "" if number.value is None else str(number.value)
            yield [*key, name, value, number.sign.symbol if number.sign else "", *shown_days]


def csv_text(cube: Cube, metadata: DatasetMetadata) -> str:
    """The lines as one text (RFC 4180)."""
    out = io.StringIO()
    csv.writer(out).writerows(csv_rows(cube, metadata))
    return out.getvalue()


def contents(cube: Cube) -> tuple[str, ...]:
    """The values of the dimension `contents`, in order: the counts, their sum, the estimates."""
    return (*cube.outcomes, *((ALL,) if len(cube.outcomes) > 1 else ()), *cube.estimates)


def dataset_values(cube: Cube, cell: CubeCell, metadata: DatasetMetadata) -> Iterator[DatasetValue]:
    """The numbers of a cell, in the order of `contents`. A suppressed cell has none."""
    if cell.status.hidden:
        yield from (DatasetValue(None, Sign.HIDDEN) for _ in contents(cube))
        return
    shown = Sign.PROVISIONAL if cell.status is CellStatus.PROVISIONAL else None
    counts = [cell.counts.get(name, 0) for name in cube.outcomes]
    yield from (DatasetValue(count, shown) for count in (*counts, *((sum(counts),) if len(counts) > 1 else ())))
    for name in cube.estimates:
        value, unit = cell.estimates.get(name), metadata.units.get(name)
        if value is not None:
            yield DatasetValue(value if unit is None else round(value, unit.decimals or None), shown)
        elif name in cell.withheld:
            yield DatasetValue(None, Sign.HIDDEN)
        else:  # not reached, or nothing to estimate in this cell
            yield DatasetValue(None, Sign.MISSING if name in cell.estimates and cell.total else Sign.IMPOSSIBLE)


def _category_index(dimension: Dimension) -> tuple[str, ...]:
    return dimension.values if dimension.code == CONTENTS else (*dimension.values, TOTAL)


def _dimension_member(dimension: Dimension, metadata: DatasetMetadata) -> dict[str, Any]:
    labels = metadata.values.get(dimension.code, {})
    category: dict[str, Any] = {
        "index": list(_category_index(dimension)),
        "label": {value: labels.get(value, value) for value in _category_index(dimension)},
    }
    if dimension.code == CONTENTS:
        units = {value: metadata.units[value] for value in dimension.values if value in metadata.units}
        if units:
            category["unit"] = {value: {"label": u.label, "decimals": u.decimals} for value, u in units.items()}
    else:
        category["child"] = {whole: list(parts) for whole, parts in dimension.parts() if parts}
    return {"label": metadata.dimensions.get(dimension.code, dimension.code), "category": category}

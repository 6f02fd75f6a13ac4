"""A released figure as a table: a JSON-stat dataset with one row per value of its first dimension."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from ungdom.analytics.cubes import TOTAL
from ungdom.analytics.jsonstat import Sign
from ungdom.release.plan import CASES, ENDING
from ungdom.web.interval_svg import ShareInterval

Dataset = Mapping[str, Any]
LIMITS = ("_low", "_high")
"""What stands behind the name of an estimate that is a limit of it."""


@dataclass(frozen=True, slots=True)
class DatasetCell:
    """One number. `sign`: why there is none, as a symbol; `is_share`: whether it is one."""

    value: float | None
    sign: str | None
    is_share: bool


@dataclass(frozen=True, slots=True)
class DatasetTable:
    """`first`: what the rows are by, None for a single row; `columns`: their labels; `rows`: each with its label.

    `signs`: the symbols that are used, in words. `intervals`: the first estimate with limits of each row.
    """

    first: str | None
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[DatasetCell]]]
    signs: Mapping[str, str]
    intervals: Sequence[ShareInterval]
    interval_name: str | None


def table_of(dataset: Dataset) -> DatasetTable:
    """The table of a dataset by one dimension at most, beside endings and contents.

    A column in which there can be no figure is left out.
    """
    ids, numbers = dataset["id"], _Numbers(dataset)
    by = next((code for code in ids[:-2]), None)
    values = _values(dataset, by) if by else [TOTAL]
    columns = [pair for pair in _columns(dataset) if any(numbers.can_be(value, *pair) for value in values)]
    rows = [
        (_label(dataset, by, value) if by else _label(dataset, ENDING, TOTAL), [numbers.at(value, *c) for c in columns])
        for value in values
    ]
    signs = {cell.sign for _, cells in rows for cell in cells if cell.sign}
    words = {symbol: word for symbol, word in dataset["extension"]["status_label"].items() if symbol in signs}
    estimate = _estimate_with_limits(dataset)
    labels = [label for label, _ in rows]
    return DatasetTable(
        dataset["dimension"][by]["label"] if by else None,
        [_column_label(dataset, *pair) for pair in columns],
        rows,
        words,
        list(_intervals(numbers, dict(zip(values, labels, strict=True)), estimate)),
        _label(dataset, "contents", estimate) if estimate else None,
    )


class _Numbers:
    """The numbers of a dataset by their place."""

    def __init__(self, dataset: Dataset) -> None:
        sizes = dataset["size"]
        self.dataset, self.strides = dataset, [prod(sizes[place + 1 :]) for place in range(len(sizes))]

    def at(self, value: str, ending: str, content: str) -> DatasetCell:
        ids = self.dataset["id"]
        wanted = (value, ending, content)[-len(ids) :]
        places = (_values(self.dataset, code).index(x) for code, x in zip(ids, wanted, strict=True))
        place = sum(position * stride for position, stride in zip(places, self.strides, strict=True))
        return DatasetCell(
            self.dataset["value"][place], self.dataset["status"].get(str(place)), _decimals(self.dataset, content) > 0
        )

    def can_be(self, value: str, ending: str, content: str) -> bool:
        """Whether there can be a number."""
        return self.at(value, ending, content).sign != Sign.IMPOSSIBLE.symbol


def _columns(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Endings with contents: the cases of each ending, then the estimates of all together."""
    endings, contents = _values(dataset, ENDING), _values(dataset, "contents")
    yield from product(endings, [CASES])
    yield from product([TOTAL], [content for content in contents if content != CASES])


def _column_label(dataset: Dataset, ending: str, content: str) -> str:
    return _label(dataset, ENDING, ending) if content == CASES else _label(dataset, "contents", content)


def _estimate_with_limits(dataset: Dataset) -> str | None:
    """The last estimate that has limits: of relapse the longest time."""
    contents = _values(dataset, "contents")
    shares = [name for name in contents if all(f"{name}{limit}" in contents for limit in LIMITS)]
    return next((name for name in reversed(shares) if _decimals(dataset, name) > 0), None)


def _intervals(numbers: _Numbers, labels: Mapping[str, str], estimate: str | None) -> Iterator[ShareInterval]:
    for value, label in labels.items() if estimate else ():
        share, low, high = (numbers.at(value, TOTAL, f"{estimate}{limit}").value for limit in ("", *LIMITS))
        if share is not None:
            yield ShareInterval(label, share, low, high)


def _values(dataset: Dataset, code: str) -> list[str]:
    values: list[str] = dataset["dimension"][code]["category"]["index"]
    return values


def _label(dataset: Dataset, code: str, value: str) -> str:
    return str(dataset["dimension"][code]["category"]["label"][value])


def _decimals(dataset: Dataset, content: str) -> int:
    return int(dataset["dimension"]["contents"]["category"].get("unit", {}).get(content, {}).get("decimals", 0))

"""The dictionary: every column is described, and every row of every extract is what the dictionary says."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import frictionless
import pytest

from tests.extracts import world
from tests.extracts.world import NAMES
from ungdom.extracts import build, dictionary
from ungdom.extracts.catalogue import EXTRACTS, Extract
from ungdom.extracts.columns.column import ColumnType, Dates
from ungdom.extracts.writers import Form
from ungdom.store.session import Database

every_extract = pytest.mark.parametrize("extract", EXTRACTS, ids=NAMES)
FEW = 10
"""More rows than this make a claim about every row worth something."""
LEFT_OUT = {"police_district", "sanction", "regime", "offence_group", "age", "sex"}
"""Breakdowns of released tables: of so few cases only the tables by period and konfliktråd can be released."""
every_way = pytest.mark.parametrize("dates", list(Dates))


@every_extract
def test_every_column_is_described_and_no_text_is_free(extract: Extract) -> None:
    names = [column.name for column in extract.columns]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)
    for column in extract.columns:
        assert len(column.description) > 5, column.name
        assert column.source, column.name
        closed = column.named or column.values or column.pattern
        assert closed or column.type is not ColumnType.STRING, f"{column.name} could be anything"
        assert not column.values or column.type is ColumnType.STRING
        if column.name.endswith("_on"):
            assert column.type is ColumnType.DATE, column.name
        if column.unit == "days":
            assert column.type is ColumnType.INTEGER
    for key in extract.key:
        assert not extract.column(key).nullable


def fits(value: Any, field: dict[str, Any]) -> bool:
    """Whether a value is what its field declares: read here anew, from the schema alone."""
    said = field["constraints"]
    if value is None:
        return not said["required"]
    if field["type"] == "string":
        listed = value in said["enum"] if "enum" in said else re.fullmatch(said["pattern"], value)
        return isinstance(value, str) and bool(listed)
    if field["type"] == "date":
        return date.fromisoformat(value).isoformat() == value
    kinds = {"integer": int, "boolean": bool, "number": float}
    return type(value) is kinds[field["type"]]


@every_way
@every_extract
def test_every_value_of_every_row_is_as_declared(extract: Extract, dates: Dates, db: Database) -> None:
    asked = world.order(extract.name, of=world.purpose(dates=dates))
    fields = dictionary.table_schema(extract, asked.columns)["fields"]
    found = world.rows(db, asked)
    assert len(found) > FEW
    for row in found:
        assert list(row) == [field["name"] for field in fields]
        assert [field["name"] for field in fields if not fits(row[field["name"]], field)] == []
    keys = [tuple(row[name] for name in extract.key) for row in found]
    assert len(set(keys)) == len(keys)


@every_extract
def test_what_may_be_missing_sometimes_is_and_the_load_shows_most_columns(
    extract: Extract, db: Database, figure: Callable[[str], None]
) -> None:
    found = world.rows(db, world.order(extract.name))
    empty = [c.name for c in extract.columns if all(row[c.name] is None for row in found)]
    figure(f"extract {extract.name}: {len(found)} rows, {len(extract.columns)} columns, {len(empty)} never filled")
    left_out = LEFT_OUT if extract.released else set()
    assert len({*empty} - left_out) <= len(extract.columns) // 4, empty


@pytest.fixture(scope="module")
def packages(db: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every extract as a CSV file with its package: days exact, and by quarter."""
    made = {}
    for dates in (Dates.DAY, Dates.QUARTER):
        for name in NAMES:
            folder = tmp_path_factory.mktemp(f"{name}-{dates}")
            build.file(db, world.order(name, of=world.purpose(dates=dates)), Form.CSV, folder / f"{name}.csv")
            made[f"{name}-{dates}"] = folder / f"{name}.csv.{build.PACKAGE}"
    return made


def problems(package: Path) -> Iterator[str]:
    report = frictionless.validate(str(package), limit_errors=5)
    yield from (f"{package.name}: {error.message}" for task in report.tasks for error in task.errors)
    yield from (f"{package.name}: {error.message}" for error in report.errors)


def test_an_independent_reader_finds_nothing_wrong_with_any_package(packages: dict[str, Path]) -> None:
    assert packages
    assert [problem for package in packages.values() for problem in problems(package)] == []


def test_it_would_find_what_is_wrong(packages: dict[str, Path]) -> None:
    package = packages["measures-day"]
    table = package.parent / "measures.csv"
    table.write_text(table.read_text().replace("intrusive", "harsh", 1))
    told = json.loads(package.read_text())
    del told["resources"][0]["hash"], told["resources"][0]["bytes"]
    package.write_text(json.dumps(told))
    assert any("harsh" in problem for problem in problems(package))


def test_the_codebook_names_every_column() -> None:
    page = dictionary.codebook()
    assert page.count("\n## ") >= len(EXTRACTS) > 0
    for extract in EXTRACTS:
        section = page.partition(f"\n## {extract.name}\n")[2].partition("\n## ")[0]
        assert extract.columns
        assert [c.name for c in extract.columns if f"| `{c.name}` | {c.type} |" not in section] == []

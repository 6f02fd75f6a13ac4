"""Tables of analyses, protected before they leave: what may be read from them, and what is refused."""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from random import Random

import pytest
from scipy.optimize import linprog

from ungdom.analytics.cubes import CellStatus
from ungdom.cli.outputs import read_table
from ungdom.release.disclosure import Policy
from ungdom.release.outputs import MOST_CELLS, WHOLE, BadOutput, NotProtected, OutputRow, OutputTable, protect_output
from ungdom.settings import BadSettings

OFFICES, YEARS = ("agder", "finnmark", "oslo", "troms"), ("2023", "2024", "2025")
SMALL = range(1, 5)


def table(counts: dict[tuple[str, ...], int], *dimensions: str) -> OutputTable:
    return OutputTable(dimensions, {key: OutputRow(count, {"median": 10.0 * count}) for key, count in counts.items()})


def random_table(seed: int) -> OutputTable:
    chance = Random(seed)  # noqa: S311 - no secret
    keys = product(OFFICES, YEARS, ("girl", "boy"))
    return table({key: chance.choice((0, 2, 4, 7, 12, 30, 41)) for key in keys}, "konfliktrad", "year", "sex")


def interval(shown: dict[tuple[str, ...], int], parts: list[tuple[str, ...]], key: tuple[str, ...]) -> tuple[int, int]:
    """The lowest and the highest count of this row that the shown rows allow."""

    def within(whole: tuple[str, ...]) -> list[int]:
        return [all(w in (WHOLE, value) for w, value in zip(whole, part, strict=True)) for part in parts]

    rows, values = [within(whole) for whole in shown], [*shown.values()]
    bounds = [
        linprog([sign * each for each in within(key)], A_eq=rows, b_eq=values, bounds=(0, None)).fun * sign
        for sign in (1, -1)
    ]
    return round(bounds[0]), round(bounds[1])


@pytest.mark.parametrize("seed", range(4))
def test_a_suppressed_small_count_may_be_any_small_one_for_whoever_computes_with_the_rest(
    seed: int, figure: Callable[[str], None]
) -> None:
    whole = random_table(seed)
    protected = protect_output(whole)
    shown = {key: row.count for key, row in protected.rows.items() if row.count is not None}
    parts = [key for key, row in whole.rows.items() if row.count]
    hidden = [key for key, row in protected.rows.items() if row.status is CellStatus.PRIMARY]

    ranges = {key: interval(shown, parts, key) for key in hidden if WHOLE not in key}

    assert len(ranges) > 1
    assert {key: both for key, both in ranges.items() if both[0] > SMALL[0] or both[1] < SMALL[-1]} == {}
    assert all(count == 0 or not 0 < count < SMALL.stop for count in shown.values())
    figure(f"T13: output of an analysis: {len(shown)} counts shown, {len(ranges)} small ones hidden, none narrowed")


def test_totals_are_added_and_days_of_few_cases_are_left_out() -> None:
    protected = protect_output(table({("a",): 30, ("b",): 9, ("c",): 0}, "group"))

    rows = {key: (row.count, row.days.get("median")) for key, row in protected.rows.items()}
    assert rows == {("a",): (30, 300), ("b",): (9, None), (WHOLE,): (39, None)}


def test_a_total_of_which_one_office_has_all_but_a_few_is_suppressed() -> None:
    counts = {("oslo", "x"): 40, ("agder", "x"): 0, ("troms", "x"): 3, ("oslo", "y"): 20, ("agder", "y"): 21}
    protected = protect_output(table(counts | {("troms", "y"): 25}, "konfliktrad", "group"))

    assert protected.rows[WHOLE, "x"].status is CellStatus.PRIMARY
    assert protected.rows[WHOLE, "x"].count is None


def test_a_table_that_nothing_protects_is_refused() -> None:
    """No count has so many values as are wanted here."""
    counts = {("oslo", "x"): 1, ("oslo", "y"): 30, ("agder", "x"): 20, ("agder", "y"): 20}
    with pytest.raises(NotProtected) as refused:
        protect_output(table(counts, "office", "group"), Policy(values=60))
    assert refused.value.keys <= {*product(("oslo", "agder", WHOLE), ("x", "y", WHOLE))}
    assert refused.value.keys


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ({("a",): 5, ("b",): 6, (WHOLE,): 12}, "the row of group=total has 12, its parts add up to 11"),
        ({(WHOLE,): 12}, "no row without the value 'total'"),
        ({("a",): 5, ("b",): 1_000_000}, "counts 1000000 or more"),
        ({(f"{n}",): 10 for n in range(MOST_CELLS)}, f"the table has {MOST_CELLS + 1} cells"),
    ],
)
def test_a_table_that_does_not_add_up_is_refused(counts: dict[tuple[str, ...], int], why: str) -> None:
    with pytest.raises(BadOutput, match=why):
        protect_output(table(counts, "group"))


# --- the command ----------------------------------------------------------------------------------------------

TABLE = """konfliktrad;year;cases;median
oslo;2023;42;120
oslo;2024;38;118,4
agder;2023;3;90
agder;2024;12;101
troms;2023;14;99
troms;2024;11;100
finnmark;2023;9;
=1+1;2024;2;50
"""


def protect(folder: Path, content: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "in.csv").write_text(content, encoding="utf-8")
    command = [sys.executable, "-m", "ungdom.cli", "protect-output", "in.csv", "--out", "out.csv", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_writes_what_may_leave_and_nothing_over_a_file(tmp_path: Path) -> None:
    done = protect(tmp_path, TABLE, "--days", "median", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8"))))
    by_key = {(row["konfliktrad"], row["year"]): row for row in rows}
    summary = json.loads(done.stdout)

    assert by_key["agder", "2023"] == {
        "konfliktrad": "agder", "year": "2023", "cases": "", "median": "", "status": "suppressed",
    }  # fmt: skip
    assert {row["status"] for row in rows} == {"shown", "suppressed"}
    assert (by_key["oslo", "2024"]["cases"], by_key["oslo", "2024"]["median"]) == ("38", "118")
    assert by_key["total", "total"]["cases"] == "131"
    assert ("'=1+1", "2024") in by_key
    assert summary["rows"] == len(rows) == summary["shown"] + summary["primary"] + summary["secondary"]
    again = protect(tmp_path, TABLE, "--days", "median")
    assert (again.returncode, "is there already" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("year,cases\n2023,3.5\n", "line 2: cases is '3.5': a count is a whole number from 0 on"),
        ("year,cases\n2023,-1\n", "line 2: cases is '-1'"),
        ("year,cases\n2023,7\n2023,8\n", "line 3: a row needs a value in every dimension, and to be there once"),
        ("year,cases\n2023,7,8\n", "line 2: it has another number of cells than the header"),
        ("year,number\n2023,7\n", "has the columns year, number: needed are the count 'cases'"),
        ("cases\n7\n", "at least one dimension"),
        ("", "of no header"),
    ],
)
def test_what_is_no_table_of_counts_is_refused_with_its_line(tmp_path: Path, content: str, sentence: str) -> None:
    file = tmp_path / "in.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(BadSettings, match=re.escape(sentence)):
        read_table(file, "cases", ())


def test_days_are_numbers(tmp_path: Path) -> None:
    done = protect(tmp_path, "year,cases,median\n2023,12,soon\n", "--days", "median")
    assert (done.returncode, done.stdout) == (2, "")
    assert "line 2: median is 'soon': days are a number from 0 on" in done.stderr
    assert not (tmp_path / "out.csv").exists()

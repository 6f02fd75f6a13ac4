"""The page on OWASP ASVS says of every requirement of levels 1 and 2 once what holds, and the tests it names exist."""

import ast
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
ITEM = r"\d+\.\d+\.\d+"
LEAST_COVERED = 0.9

LEVELS_1_AND_2 = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4,
    "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5,
    "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4,
    "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4,
    "17.3": 2,
}  # fmt: skip
"""The number of requirements of levels 1 and 2 in each section of version 5.0.0; they are numbered from 1."""

APPLIES, DOES_NOT_APPLY = PAGE.split("## Does not apply")
ROWS: list[tuple[str, str]] = re.findall(rf"^\| ({ITEM}) \|.*\| ([^|]+) \|$", APPLIES, re.MULTILINE)


def test_every_requirement_stands_on_the_page_once() -> None:
    all_items = {f"{section}.{n}" for section, number in LEVELS_1_AND_2.items() for n in range(1, number + 1)}

    on_page = Counter([item for item, _ in ROWS] + re.findall(ITEM, DOES_NOT_APPLY))

    assert set(on_page) == all_items
    assert [item for item, times in on_page.items() if times > 1] == []


def test_every_test_that_is_named_exists() -> None:
    named = [test for _, test in ROWS if test != "–"]

    assert len(named) > 100
    assert [test for test in named if not _exists(test)] == []


def test_nine_of_ten_that_apply_are_shown_by_a_test(figure: Callable[[str], None]) -> None:
    covered = sum(test != "–" for _, test in ROWS)

    figure(f"ASVS 5.0 level 2: {len(ROWS)} requirements apply, {covered} have a test ({covered / len(ROWS):.0%})")
    assert covered / len(ROWS) >= LEAST_COVERED


def _exists(test: str) -> bool:
    path, _, name = test.partition("::")
    file = ROOT / path
    return file.is_file() and (not name or name in _functions(file))


@cache
def _functions(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

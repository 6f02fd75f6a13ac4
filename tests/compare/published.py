"""The data that the tests carry beside the folder it was taken from. Run by `make compare`, not by `make test`."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.compare import markdown
from tests.data import CASES, DATA, ESAS, REFERENCE, SURVIVAL, WORKFLOW

PUBLISHED = Path(__file__).parents[3] / "shared"
WHOLE_FOLDERS = {ESAS: "esas", CASES: "cases", SURVIVAL: "survival"}
SINGLE_FILES = {WORKFLOW / "deadlines.csv": "domain/deadlines.csv"} | {
    REFERENCE / name: f"data/{name}" for name in ("agencies.csv", "measures.csv", "names.csv")
}
TABLES: dict[str, Callable[[str], list[markdown.Row]]] = {
    "states.csv": markdown.states,
    "moves.csv": markdown.moves,
    "facts.csv": markdown.facts,
}
OWN = {"__init__.py", "README.md"}
OWN_FOLDERS = {"persons", "releases"}  # made here: there is nothing to compare it with


def files(folder: Path) -> set[str]:
    """Paths of the carried files below it: no READMEs, nothing that Python leaves behind, no data written here."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    left_out = OWN_FOLDERS | {"__pycache__"}
    return {str(path) for path in found if path.name not in OWN and left_out.isdisjoint(path.parts)}


PAIRS = SINGLE_FILES | {
    carried / name: f"{folder}/{name}" for carried, folder in WHOLE_FOLDERS.items() for name in sorted(files(carried))
}


@pytest.mark.parametrize("carried", PAIRS, ids=lambda path: str(path.relative_to(DATA)))
def test_a_carried_file_is_the_published_one_byte_for_byte(carried: Path) -> None:
    assert carried.read_bytes() == (PUBLISHED / PAIRS[carried]).read_bytes()


@pytest.mark.parametrize("carried", WHOLE_FOLDERS, ids=lambda path: path.name)
def test_a_carried_folder_lacks_no_published_file(carried: Path) -> None:
    assert files(carried) == files(PUBLISHED / WHOLE_FOLDERS[carried])


@pytest.mark.parametrize("name", TABLES)
def test_a_carried_table_has_the_rows_of_the_published_page(name: str) -> None:
    page = (PUBLISHED / "domain" / "workflow.md").read_text(encoding="utf-8")
    with (WORKFLOW / name).open(encoding="utf-8", newline="") as file:
        carried = list(csv.DictReader(file))

    assert carried == TABLES[name](page)


def test_every_carried_file_is_compared() -> None:
    compared = {str(path.relative_to(DATA)) for path in PAIRS} | {f"workflow/{name}" for name in TABLES}

    assert files(DATA) == compared

"""Names of the code that a document or docstring puts between backticks exist: `MODULE_CONSTANT`, `module.CONSTANT`."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
NAME = re.compile(r"`((?:[a-z_]+\.)*_?[A-Z][A-Z_]{2,})`")
ELSEWHERE = {
    "COPY": "SQL",
    "CREATEDB": "PostgreSQL",
    "DTSTAMP": "iCalendar",
    "EX_OSERR": "sysexits",
    "EX_SOFTWARE": "sysexits",
    "LISTEN": "PostgreSQL",
    "SEQUENCE": "iCalendar",
    "UID": "iCalendar",
    "REKVISISJON_": "the start of the code of an official message",
}
"""Names in capitals that are not ours, and whose they are."""


def names_in(text: str) -> set[str]:
    """Constants of the code that a text names. Environment variables have a page and a test of their own."""
    return {name for name in NAME.findall(text) if not name.startswith("UNGDOM_")}


def names_of_the_code() -> set[str]:
    """Every name that the source and the tests define, and every word in capitals of their strings."""
    sources = [path.read_text("utf-8") for folder in ("src", "tests") for path in (ROOT / folder).rglob("*.py")]
    names = {node.id for source in sources for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    words = {word for source in sources for word in re.findall(r"\"([A-Z][A-Z_]+)\"", source)}
    members = {name for source in sources for name in re.findall(r"^    ([A-Z][A-Z_0-9]+)(?:: \w+)? = ", source, re.M)}
    return names | words | members


def test_every_name_between_backticks_exists() -> None:
    known = names_of_the_code() | set(ELSEWHERE)
    prose = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.py")]
    named = {(path.relative_to(ROOT).as_posix(), name) for path in prose for name in names_in(path.read_text("utf-8"))}
    assert len(named) > len(ELSEWHERE)
    assert sorted((path, name) for path, name in named if name.rpartition(".")[2] not in known) == []


def test_a_name_that_is_gone_is_seen() -> None:
    assert names_in("the table `GONE_TABLE` and `sharing.GONE_ROWS`, `UNGDOM_ENV`, `youth`") == {
        "GONE_TABLE",
        "sharing.GONE_ROWS",
    }

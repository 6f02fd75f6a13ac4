"""The documents: every page stands in one list, every link leads somewhere, and what a page names exists.

`make docs-site` builds the same files as a site, strictly, in an environment that the tests do not need.
"""

import ast
import importlib.util
import json
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.commands import assert_is_command
from ungdom.api.docs.error_page import STATUSES
from ungdom.cli.exit_codes import ExitCode
from ungdom.texts import catalogue
from ungdom.workflow.vocabulary import Regime, Sanction

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
BESIDE = [
    ROOT / name
    for name in (
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "bench/results.md",
        "bench/peers/README.md",
        "tests/mutants.md",
    )
]
"""Pages of the site that are not below docs/."""
CLIENT_README = ROOT / "client" / "README.md"
"""Its block is run by tests/client/test_client.py."""
EVERY_PAGE = [
    *PAGES,
    *sorted((DOCS / "decisions").glob("*.md")),
    *BESIDE,
    ROOT / "README.md",
    CLIENT_README,
]
ONE_SCREEN = 40
"""Most lines of the README."""
DRAWN = {"mermaid"}
"""Languages of blocks that show something and are no code."""

RUN = {
    "access.md": ("tests/api/test_trust.py", {"toml"}),
    "analyst-guide.md": ("tests/test_analyst_guide.py", {"console", "python", "text"}),
    "batch.md": ("tests/stories/test_batch_page.py", {"sh"}),
    "client.md": ("tests/client/test_client.py", {"python"}),
    "deadlines-simulate.md": ("tests/simulation/test_interface.py", {"json", "toml"}),
    "decisions-in.md": ("tests/stories/test_decisions_in.py", {"json"}),
    "exchange.md": ("tests/exchange/test_partners.py", {"toml"}),
    "first-hour.md": ("tests/test_cli.py", {"sh"}),
    "install.md": ("tests/test_install.py", {"csv", "ini", "sh", "toml"}),
    "sandbox.md": ("tests/test_sandbox_walk.py", {"python", "sh"}),
}
"""Pages whose blocks in these languages are run, or read as files of that kind, by that test."""


@cache
def site() -> ModuleType:
    """`docs/site_rules.py`, which has the rule of the lists."""
    spec = importlib.util.spec_from_file_location("site_rules", DOCS / "site_rules.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Page(NamedTuple):
    """What a page consists of. `anchors`: of its headings, as they are made for a link."""

    path: Path
    tokens: list[Token]
    anchors: set[str]

    def inline(self) -> Iterator[Token]:
        """Every token within the text of the page."""
        for token in self.tokens:
            yield from token.children or ()

    def links(self) -> Iterator[str]:
        for token in self.inline():
            if token.type in {"link_open", "image"}:
                yield str(token.attrGet("href") or token.attrGet("src"))

    def code(self) -> Iterator[str]:
        """What stands between backticks, on one line."""
        return (" ".join(token.content.split()) for token in self.inline() if token.type == "code_inline")

    def blocks(self) -> Iterator[tuple[Token, str]]:
        """Every block of code, indented ones as well, and what stands directly above it if that is a comment."""
        for before, token in zip([None, *self.tokens], self.tokens, strict=False):
            if token.type in {"fence", "code_block"}:
                yield token, before.content if before and before.type == "html_block" else ""


@cache
def page(path: Path) -> Page:
    tokens = MarkdownIt("commonmark").enable("table").parse(path.read_text("utf-8"))
    anchors: Counter[str] = Counter()
    for opening, text in pairwise(tokens):
        if opening.type == "heading_open":
            shown = "".join(child.content for child in text.children or ())
            anchors[re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")] += 1
    numbered = {f"{anchor}-{number}" for anchor, count in anchors.items() for number in range(1, count)}
    return Page(path, tokens, {*anchors, *numbered})


def test_every_page_stands_in_one_list() -> None:
    lists = [match for path in PAGES for match in site().CONTENTS.finditer(path.read_text("utf-8"))]
    assert len(lists) == sum(path.read_text("utf-8").count("<!-- contents -->") for path in PAGES)
    listed = Counter(
        (DOCS / f"{name}.md").resolve() for match in lists for name in site().ENTRY.findall(match["entries"])
    )
    expected = {*PAGES, *BESIDE, DOCS / "decisions" / "README.md"} - {DOCS / "index.md"}
    assert sorted(map(str, expected - set(listed))) == [], (
        "enter these in a list of docs/index.md or of a reader's page"
    )
    assert sorted(map(str, set(listed) - expected)) == []
    assert {str(path): count for path, count in listed.items() if count > 1} == {}


def test_every_link_leads_to_a_page_and_a_heading_of_it(figure: Callable[[str], None]) -> None:
    wrong, others, count = [], set(), 0
    for path in EVERY_PAGE:
        for link in page(path).links():
            name, _, anchor = link.partition("#")
            if re.match(r"\w+:", name):
                others.add(link)
                continue
            target = (path.parent / name).resolve() if name else path
            count += 1
            if not target.is_file() or (anchor and anchor not in page(target).anchors):
                wrong.append(f"{path.relative_to(ROOT)}: {link}")
    assert wrong == []
    assert {link.partition(":")[0] for link in others} == {"https"}
    figure(f"documents: {count} links within, {len(others)} to other hosts: {', '.join(sorted(others))}")


def test_a_link_to_a_heading_that_is_gone_is_seen(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("# A title: `code` & more\n\n## Twice\n\n## Twice\n")
    assert page(tmp_path / "page.md").anchors == {"a-title-code--more", "twice", "twice-1"}


def test_every_block_of_code_is_run_or_says_why_not() -> None:
    without = []
    for path in [*PAGES, ROOT / "README.md", CLIENT_README]:
        run = RUN[path.name][1] if path.name in RUN else {"python"} if path == CLIENT_README else set()
        for block, above in page(path).blocks():
            language = block.info.partition(" ")[0]
            reason = re.search(r"<!-- not run: \S.+ -->\s*$", above)
            if not reason and language not in run | DRAWN:
                without.append(f"{path.name}:{(block.map or [0])[0] + 1}")
    assert without == [], "write above it `<!-- not run: reason -->`, or name in RUN the test that runs it"


@pytest.mark.parametrize("name", sorted(RUN))
def test_the_test_that_runs_a_page_reads_it(name: str) -> None:
    test, languages = RUN[name]
    assert name in (ROOT / test).read_text("utf-8")
    assert languages <= {block.info.partition(" ")[0] for block, _ in page(DOCS / name).blocks()}


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every call of the program in a page, with the name of the page."""
    for path in EVERY_PAGE:
        lines = [code for code in page(path).code() if path.name not in {"commands.md", "CHANGELOG.md"}]
        lines += [line for block, _ in page(path).blocks() for line in block.content.splitlines()]
        for line in lines:
            call = re.match(r"(?:\$ )?ungdom ((?!COMMAND)[a-z].*)", line)
            if call:
                text = re.split(r"[;&|>)]| … ", call[1].replace("[", "").replace("]", ""))[0]
                yield f"{path.name}: {line}", shlex.split(text, comments=True)


def test_every_command_of_a_page_exists_with_its_options() -> None:
    named = list(commands())
    assert len(named) > 100
    for place, words in named:
        try:
            assert_is_command(words, or_group=True)
        except AssertionError as error:
            raise AssertionError(place) from error


def plain(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path.partition("?")[0])


def test_every_operation_of_a_page_exists() -> None:
    paths = json.loads((ROOT / "openapi" / "v1.json").read_text("utf-8"))["paths"]
    known = {f"{method.upper()} {plain(path)}" for path, methods in paths.items() for method in methods}
    named = {
        (path.name, code)
        for path in PAGES
        for code in page(path).code()
        if re.match(r"(GET|POST|PUT|PATCH|DELETE) /(v1|health)/[^…]*$", code)
    }
    assert len(named) > 200
    assert {(name, code) for name, code in named if plain(code.rstrip(".")) not in known} == set()


def test_the_readme_is_one_screen() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= ONE_SCREEN


def test_every_exit_code_is_explained() -> None:
    section = (DOCS / "operations.md").read_text("utf-8").partition("### Exit codes")[2].partition("###")[0]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)] == [*ExitCode]


def answered() -> Iterator[tuple[int, str]]:
    """Status and code where the source gives both to one call."""
    for path in (ROOT / "src" / "ungdom" / "api").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                values = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
                for status, code in pairwise(values):
                    if type(status) is int and isinstance(code, str):
                        yield status, code


def test_every_problem_is_explained_under_the_status_that_it_is_answered_with() -> None:
    listed = [(status, code) for status, codes in STATUSES.items() for code in codes.split()]
    problems = {key.removesuffix(".title") for key in catalogue("en")["problem"] if key.endswith(".title")}
    assert Counter(code for _, code in listed) == Counter(problems)
    pairs = {(status, code) for status, code in answered() if code in problems}
    assert len(pairs) > 70
    assert pairs <= set(listed)


def test_what_loads_from_another_host_is_found(tmp_path: Path) -> None:
    (tmp_path / "own.html").write_text('<script src="_static/a.js"></script><a href="https://example.org/">there</a>')
    assert list(site().other_hosts(tmp_path)) == []
    for number, text in enumerate(
        (
            '<script src="https://cdn.example.org/a.js"></script>',
            '<link rel="stylesheet" href="//fonts.example.org/a.css">',
            "@font-face { src: url(https://fonts.example.org/a.woff2) }",
        )
    ):
        (tmp_path / f"{number}.html").write_text(text)
        assert len(list(site().other_hosts(tmp_path))) == number + 1


def test_every_state_and_move_of_a_workflow_is_drawn() -> None:
    diagrams = [block.content for block, _ in page(DOCS / "workflow.md").blocks() if block.info == "mermaid"]
    assert len(diagrams) == len(Sanction) * len(Regime)
    for diagram in diagrams:
        drawn = site().drawing_of(diagram)
        moves = re.findall(r"^ +(\w+) --> (\w+) : (.+)$", diagram, re.MULTILINE)
        assert set(re.findall(r">(\w+)</text>", drawn)) == {
            state for source, target, _ in moves for state in (source, target)
        } | {"lapsed"}
        assert drawn.count("<path") == len({(source, target) for source, target, _ in moves if source != target})

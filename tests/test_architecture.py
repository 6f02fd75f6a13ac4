"""Rules about the shape of the source that no linter knows, read from its syntax trees.

Each rule is tried on a made-up offender as well, so that none can go blind unnoticed.
"""

import ast
import math
import re
import statistics
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "ungdom"

LONGEST_FUNCTION = 50
LONGEST_MODULE = 400
MEDIAN_FUNCTION = 8
P90_FUNCTION = 20

# (rule, "path" or "path::function") → why clear code wins here.
EXCEPTIONS: dict[tuple[str, str], str] = {}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A source file; `path` is relative to the package, with forward slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def top(self) -> str:
        """The top-level module it belongs to: `store` for `store/session.py`, `cli` for `cli.py`."""
        return self.path.partition("/")[0].removesuffix(".py")

    @cached_property
    def imports(self) -> list[tuple[str, int]]:
        """Every dotted name imported, wherever it stands, with its line."""
        return [(name, line) for _, name, line in self._bindings()]

    @cached_property
    def names(self) -> dict[str, str]:
        """Local name → what it was imported as, in full."""
        return {local: name for local, name, _ in self._bindings()}

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree, walked once for all rules."""
        return list(ast.walk(self.tree))

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in self.nodes if isinstance(node, ast.Call))

    def functions(self) -> Iterator[Function]:
        return (node for node in self.nodes if isinstance(node, Function))

    def called(self, call: ast.Call) -> str:
        """The dotted name called, aliases undone; empty where it does not start at an import."""
        tail: list[str] = []
        node: ast.expr = call.func
        while isinstance(node, ast.Attribute):
            tail.insert(0, node.attr)
            node = node.value
        origin = self.names.get(node.id, "") if isinstance(node, ast.Name) else ""
        return ".".join([origin, *tail]) if origin else ""

    def _bindings(self) -> Iterator[tuple[str, str, int]]:
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.partition(".")[0]
                    yield alias.asname or first, alias.name if alias.asname else first, node.lineno
            elif isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    yield alias.asname or alias.name, f"{node.module}.{alias.name}", node.lineno


Findings = Iterator[tuple[str, str]]  # (place, what is wrong there)


def transitions_has_one_home(module: Module) -> Findings:
    if module.path != "workflow/engine.py":
        yield from _imports_of(module, {"transitions"})


def only_the_session_commits(module: Module) -> Findings:
    if module.path == "store/session.py":
        return
    for call in module.calls():
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit":
            yield module.path, f"line {call.lineno}: .commit("


def only_the_clock_reads_the_time(module: Module) -> Findings:
    if module.path == "clock.py":
        return
    for call in module.calls():
        name = module.called(call)
        ends = name.rpartition(".")[2] in {"now", "today", "utcnow"} and not name.startswith("ungdom.")
        if ends or name in {"time.time", "time.time_ns", "time.localtime", "time.gmtime"}:
            yield module.path, f"line {call.lineno}: {name}()"


def sql_stays_where_cases_are_read(module: Module) -> Findings:
    if module.top not in {"store", "worklist", "analytics", "release", "extracts", "simulation"}:
        yield from _imports_of(module, {"sqlalchemy", "sqlite3", "psycopg", "psycopg_pool"})


def http_stays_in_api_and_app(module: Module) -> Findings:
    if module.top in {"api", "app", "web"}:
        return
    yield from _imports_of(module, {"fastapi", "starlette"})
    for call in module.calls():
        for keyword in call.keywords:
            if keyword.arg in {"status", "status_code"} and _is_error_status(keyword.value):
                yield module.path, f"line {call.lineno}: an HTTP status"


def only_the_command_line_prints(module: Module) -> Findings:
    if module.top == "cli":
        return
    for call in module.calls():
        if isinstance(call.func, ast.Name) and call.func.id == "print":
            yield module.path, f"line {call.lineno}: print("


def the_vocabulary_ranks_protection(module: Module) -> Findings:
    if module.path == "workflow/vocabulary.py":
        return
    for call in module.calls():
        ranked = any(isinstance(given, ast.Name) and given.id == "Protection" for given in call.args)
        if ranked and isinstance(call.func, ast.Name) and call.func.id in {"list", "enumerate"}:
            yield module.path, f"line {call.lineno}: the levels of protection in order, and not `strictest`"


def event_details_hold_no_text(module: Module) -> Findings:
    if not module.path.startswith("workflow/payloads/"):
        return
    for node in module.nodes:
        if isinstance(node, ast.AnnAssign) and "str" in _names_in(node.annotation):
            yield module.path, f"line {node.lineno}: a field of text"


def functions_are_short(module: Module) -> Findings:
    for function in module.functions():
        if (lines := length(function)) > LONGEST_FUNCTION:
            yield f"{module.path}::{function.name}", f"{lines} lines"


def modules_are_short(module: Module) -> Findings:
    if (lines := len(module.text.splitlines())) > LONGEST_MODULE:
        yield module.path, f"{lines} lines"


@dataclass(frozen=True)
class Rule:
    """A rule, a module that breaks it, and one that may do just the same."""

    finds: Callable[[Module], Findings]
    offender: Module
    innocent: Module

    @property
    def name(self) -> str:
        return self.finds.__name__


RULES = [
    Rule(
        transitions_has_one_home,
        Module("workflow/table.py", "def f():\n    from transitions.core import Machine\n"),
        Module("workflow/engine.py", "from transitions import Machine"),
    ),
    Rule(
        only_the_session_commits,
        Module("store/journal.py", "def f(session):\n    session.connection().commit()\n"),
        Module("store/session.py", "def f(connection):\n    connection.commit()\n"),
    ),
    Rule(
        only_the_clock_reads_the_time,
        Module("cases/commands.py", "from datetime import date as d\nday = d.today()\n"),
        Module("cases/commands.py", "from ungdom import clock\nday = clock.today()\n"),
    ),
    Rule(
        only_the_clock_reads_the_time,
        Module("store/journal.py", "import datetime as dt\nnow = dt.datetime.now(dt.UTC)\n"),
        Module("clock.py", "import datetime as dt\nnow = dt.datetime.now(dt.UTC)\n"),
    ),
    Rule(
        only_the_clock_reads_the_time,
        Module("api/http/context.py", "import time\nstamp = time.time()\n"),
        Module("api/http/context.py", "import time\ntick = time.perf_counter()\n"),
    ),
    Rule(
        sql_stays_where_cases_are_read,
        Module("cases/commands.py", "import sqlalchemy as sa"),
        Module("store/schema/cases.py", "import sqlalchemy as sa"),
    ),
    Rule(
        http_stays_in_api_and_app,
        Module("cases/commands.py", "from starlette.responses import Response"),
        Module("api/http/errors.py", "from starlette.responses import Response"),
    ),
    Rule(
        http_stays_in_api_and_app,
        Module("workflow/errors.py", "problem = Problem(status=409)"),
        Module("workflow/errors.py", "problem = Problem(status=12)"),
    ),
    Rule(
        only_the_command_line_prints,
        Module("demo/people.py", "print('ready')"),
        Module("cli/terminal.py", "print('ready')"),
    ),
    Rule(
        the_vocabulary_ranks_protection,
        Module("store/records.py", "level = max(levels, key=list(Protection).index)"),
        Module("store/records.py", "level = strictest(*levels)"),
    ),
    Rule(
        event_details_hold_no_text,
        Module(
            "workflow/payloads/transition_payloads.py", "class Registered:\n    notes: tuple[str, ...] | None = None\n"
        ),
        Module("workflow/payloads/transition_payloads.py", "class Registered:\n    decided_on: date\n"),
    ),
    Rule(
        functions_are_short,
        Module("demo/people.py", "def f():\n" + "    x = 1\n" * LONGEST_FUNCTION),
        Module("demo/people.py", "def f():\n" + "    x = 1\n" * (LONGEST_FUNCTION - 1)),
    ),
    Rule(
        modules_are_short,
        Module("demo/people.py", "x = 1\n" * (LONGEST_MODULE + 1)),
        Module("demo/people.py", "x = 1\n" * LONGEST_MODULE),
    ),
]

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.name}-{rule.offender.path}")


@pytest.mark.parametrize("finds", dict.fromkeys(rule.finds for rule in RULES), ids=lambda f: f.__name__)
def test_the_source_keeps_the_rule(finds: Callable[[Module], Findings]) -> None:
    assert source()
    found = [
        f"src/ungdom/{place}: {what}"
        for module in source()
        for place, what in finds(module)
        if (finds.__name__, place) not in EXCEPTIONS
    ]
    assert found == []


@every_rule
def test_the_rule_sees_an_offender(rule: Rule) -> None:
    assert list(rule.finds(rule.offender))


@every_rule
def test_the_rule_leaves_the_innocent_alone(rule: Rule) -> None:
    assert list(rule.finds(rule.innocent)) == []


def test_every_exception_is_still_needed_and_has_its_reason() -> None:
    found = {(r.name, place) for r in RULES for module in source() for place, _ in r.finds(module)}
    assert EXCEPTIONS.keys() <= found
    assert all(reason.strip() for reason in EXCEPTIONS.values())


def test_functions_are_short_on_the_whole(figure: Callable[[str], None]) -> None:
    lengths = sorted(length(function) for module in source() for function in module.functions())
    median, p90 = median_and_p90(lengths)
    figure(f"{len(lengths)} functions: median {median:g} lines, 90 % have at most {p90}")
    assert median <= MEDIAN_FUNCTION
    assert p90 <= P90_FUNCTION


def test_median_and_p90_on_known_lengths() -> None:
    assert median_and_p90([]) == (0, 0)
    assert median_and_p90(list(range(1, 11))) == (5.5, 9)


def test_a_docstring_does_not_make_a_function_longer() -> None:
    module = Module("x.py", 'def f():\n    """One.\n\n    Two.\n    """\n    return 1\n')
    assert [length(function) for function in module.functions()] == [2]


@cache
def source() -> list[Module]:
    files = sorted(PACKAGE.rglob("*.py"))
    return [Module(f.relative_to(PACKAGE).as_posix(), f.read_text(encoding="utf-8")) for f in files]


def length(function: Function) -> int:
    """Lines from `def` to the last statement, the docstring not counted."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        docstring = function.body[0]
        lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return lines


def median_and_p90(lengths: list[int]) -> tuple[float, int]:
    """Both are 0 without functions; the 90th percentile is the smallest length that 90 % do not exceed."""
    if not lengths:
        return 0, 0
    return statistics.median(lengths), sorted(lengths)[math.ceil(len(lengths) * 0.9) - 1]


def _imports_of(module: Module, roots: set[str]) -> Findings:
    for name, line in module.imports:
        if name.partition(".")[0] in roots:
            yield module.path, f"line {line}: imports {name}"


def _names_in(annotation: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}


def _is_error_status(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and 400 <= node.value <= 599


VAGUE_NAMES = frozenset({"told", "said", "one", "found", "asked", "kept", "made", "mine"})
"""Names that say what was done to a thing, and not what it is."""


def test_a_class_name_occurs_once() -> None:
    classes = [
        (node.name, module.path) for module in source() for node in module.nodes if isinstance(node, ast.ClassDef)
    ]
    times = Counter(name for name, _ in classes)
    assert times
    assert sorted((name, path) for name, path in classes if times[name] > 1) == []


def test_a_local_is_named_after_what_it_holds() -> None:
    bound = [
        (f"{module.path}:{node.lineno}", node.arg if isinstance(node, ast.arg) else node.id)
        for module in source()
        for function in module.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.arg | ast.Name)
    ]
    assert bound
    assert [(place, name) for place, name in bound if name in VAGUE_NAMES] == []


def test_every_path_that_is_named_here_or_in_the_settings_exists() -> None:
    here = re.findall(r'"([a-z_]+(?:/[a-z_]+)*\.py)"', Path(__file__).read_text(encoding="utf-8"))
    settings = tomllib.loads((PACKAGE.parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
    ignored = [path.removesuffix("/**") for path in settings["tool"]["ruff"]["lint"]["per-file-ignores"]]
    paths = [*(PACKAGE / path for path in here if path != "x.py"), *(PACKAGE.parent.parent / path for path in ignored)]
    assert len(paths) > len(RULES)
    assert [str(path) for path in paths if not path.exists()] == []

"""Every public function and class of the package has a caller in the package, or a row here that says who needs it."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "src" / "ungdom"
REGISTERING = (
    "router", "reassignments", "public", "app", "field_validator", "model_validator", "field_serializer",
    "cached_property",
)  # fmt: skip
"""Decorators, or the start of their dotted name, that hand a function to a library that calls it."""

PERSONS = "erasing persons by a route of its own"
UNCALLED = {
    "api.http.limits.Windows.acquire_entry": "limits",
    "api.http.limits.Windows.get_moving_window": "limits",
    "serving.protocol.LimitedProtocol.timeout_keep_alive_handler": "uvicorn",
    "analytics.case_facts.CaseFacts.wait_days_before": "extracts.columns.cases, by its name",
    "extracts.engines.DURATIONS": "whoever reads an extract: `make spark` and the tests",
    "extracts.engines.on_duckdb": "whoever reads an extract: `make spark` and the tests",
    "extracts.engines.on_spark": "whoever reads an extract: `make spark`",
    "extracts.writers.HashingStream.readable": "pyarrow",
    "extracts.writers.HashingStream.seekable": "pyarrow",
    "extracts.writers.HashingStream.writable": "pyarrow",
    "store.notes.erase_note": PERSONS,
    "store.schema.base.EnumSet.coerce_compared_value": "SQLAlchemy",
    "store.schema.base.EnumSet.process_bind_param": "SQLAlchemy",
    "store.schema.base.EnumSet.process_result_value": "SQLAlchemy",
    "store.schema.base.EnumText.process_bind_param": "SQLAlchemy",
    "store.schema.base.EnumText.process_result_value": "SQLAlchemy",
    "store.schema.base.UtcDateTime.process_bind_param": "SQLAlchemy",
    "store.schema.base.UtcDateTime.process_result_value": "SQLAlchemy",
    "workflow.views.task_rules.CLOCKS_WITHOUT_TASK": "the test that every clock has a task, or a reason to have none",
    "workflow.derived.plan.MeasureState.days_from_answer": "`api.http.present.from_source`, by the name of the field",
}
"""Public name (`package.module.name`) → who calls it from outside the package, or which planned feature will."""

BY_NAME = re.compile(r"ungdom(\.\w+)+:(?P<name>\w+)")
"""How a command, or what uvicorn serves, is named where it is imported when it is called."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@cache
def modules() -> dict[str, ast.Module]:
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): ast.parse(path.read_text())
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def public_definitions(tree: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
    """Functions, classes and methods without an underscore, each with its dotted name."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield f"{prefix}.{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node, f"{prefix}.{node.name}")


def is_registered(node: Definition) -> bool:
    """A decorator hands it to a library: a route, a command, a validator."""
    names = [ast.unparse(decorator).partition("(")[0] for decorator in node.decorator_list]
    return any(name.partition(".")[0].endswith(REGISTERING) for name in names)


def names_used(trees: Iterator[ast.Module]) -> Counter[str]:
    """How often each name is read: as a variable, as an attribute, in an import under another name, or by its name."""
    uses: Counter[str] = Counter()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                uses[node.id] += 1
            elif isinstance(node, ast.Attribute):
                uses[node.attr] += 1
            elif isinstance(node, ast.ImportFrom):
                uses.update(alias.name for alias in node.names if alias.asname)
            elif isinstance(node, ast.Constant) and (where := BY_NAME.fullmatch(str(node.value))):
                uses[where["name"]] += 1
    return uses


def uncalled(trees: dict[str, ast.Module]) -> set[str]:
    """Public names of these modules that none of them reads."""
    uses = names_used(iter(trees.values()))
    return {
        name
        for module, tree in trees.items()
        for name, node in public_definitions(tree, module)
        if not uses[node.name] and not is_registered(node)
    }


def unread_constants(trees: dict[str, ast.Module]) -> set[str]:
    """Names in capitals of a module that no module reads, private ones too."""
    uses = names_used(iter(trees.values()))
    targets = (
        (module, target)
        for module, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    )
    return {
        f"{module}.{target.id}"
        for module, target in targets
        if isinstance(target, ast.Name) and target.id.isupper() and not uses[target.id]
    }


def test_every_constant_is_read() -> None:
    missing = unread_constants(modules()) - set(UNCALLED)
    assert not missing, f"nothing in src/ reads these: delete them, or name in UNCALLED who does: {sorted(missing)}"


def test_an_unread_constant_is_seen() -> None:
    assert unread_constants({"m": ast.parse("LIMIT = 3\nUSED = 4\nprint(USED)")}) == {"m.LIMIT"}


def test_every_public_function_has_a_caller() -> None:
    missing = uncalled(modules()) - set(UNCALLED)
    assert not missing, f"nothing in src/ calls these: delete them, or name in UNCALLED who does: {sorted(missing)}"


def test_no_row_is_out_of_date() -> None:
    stale = set(UNCALLED) - uncalled(modules()) - unread_constants(modules())
    assert not stale, f"these have a caller now, or are gone: remove them from UNCALLED: {sorted(stale)}"

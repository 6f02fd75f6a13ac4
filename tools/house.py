"""Measure the structure of the code: `python tools/house.py [folder…]`, by default `src/ungdom`.

Prints one line per measure, so that two commits can be compared with `diff`. Reads the files only.

- functions: lines from `def` to the end without the docstring: median, 90th percentile, longest, number over 50.
- private functions with one caller: those named `_…` that are used in one place of their module.
- class names that occur more than once.
- locals (arguments too) with a name that does not describe what they hold.
- near-duplicate pairs: two functions whose bodies share six consecutive lines of one shape (names, strings and numbers
  replaced by a placeholder; docstrings, comments and lone punctuation left out). A shape in more than eight functions
  is a language idiom and does not count.
- statements: all statements of the syntax tree without docstrings.
"""

import ast
import io
import statistics
import sys
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from keyword import iskeyword, issoftkeyword
from pathlib import Path

VAGUE_NAMES = ("told", "said", "one", "found", "asked", "kept", "made", "mine")
SHARED_LINES = 6
TOO_COMMON = 8
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)


def docstring_of(node: ast.AST) -> ast.stmt | None:
    """The statement that is the docstring of a function, class or module; None without one."""
    if isinstance(node, Definition) and ast.get_docstring(node, clean=False) is not None:
        return node.body[0]
    return None


def length(function: Function) -> int:
    docstring = docstring_of(function)
    own = 0 if docstring is None else (docstring.end_lineno or 0) - docstring.lineno + 1
    return (function.end_lineno or function.lineno) - function.lineno + 1 - own


def functions_of(trees: dict[Path, ast.Module]) -> list[Function]:
    return [node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, Function)]


def uses_of_names(tree: ast.Module) -> Counter[str]:
    """Number of times each name is read in a module, as a variable or an attribute."""
    uses: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            uses[node.id] += 1
        elif isinstance(node, ast.Attribute):
            uses[node.attr] += 1
    return uses


def single_callers(trees: dict[Path, ast.Module]) -> tuple[int, int]:
    """Private functions that are used in at most one place of their module, and all private functions."""
    times = [
        uses[function.name]
        for tree in trees.values()
        for uses in (uses_of_names(tree),)
        for function in functions_of({Path(): tree})
        if function.name.startswith("_") and not function.name.startswith("__")
    ]
    return sum(n <= 1 for n in times), len(times)


def names_bound(function: Function) -> Iterator[str]:
    """Each use of a local or an argument of a function, its inner functions included."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def outer_functions(tree: ast.AST) -> Iterator[Function]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            yield node
        else:
            yield from outer_functions(node)


def vague_locals(trees: dict[Path, ast.Module]) -> Counter[str]:
    names = (name for tree in trees.values() for f in outer_functions(tree) for name in names_bound(f))
    return Counter(name for name in names if name in VAGUE_NAMES)


def shapes(path: Path, tree: ast.Module) -> dict[int, str]:
    """The shape of each line that counts: names, strings and numbers are placeholders."""
    docstrings = (statement for node in ast.walk(tree) if (statement := docstring_of(node)) is not None)
    skipped = {n for part in docstrings for n in range(part.lineno, (part.end_lineno or part.lineno) + 1)}
    lines: dict[int, list[str]] = defaultdict(list)
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.NAME:
            fixed = iskeyword(token.string) or issoftkeyword(token.string)
            lines[token.start[0]].append(token.string if fixed else "n")
        elif token.type in {tokenize.STRING, tokenize.NUMBER}:
            lines[token.start[0]].append("v")
        elif token.type == tokenize.OP:
            lines[token.start[0]].append(token.string)
    return {
        line: " ".join(parts)
        for line, parts in sorted(lines.items())
        if line not in skipped and any(part.isalpha() for part in parts)
    }


def duplicate_pairs(trees: dict[Path, ast.Module]) -> int:
    """Pairs of functions whose bodies share a run of six lines of one shape."""
    places: dict[tuple[str, ...], set[tuple[Path, int]]] = defaultdict(set)
    for path, tree in trees.items():
        shape = shapes(path, tree)
        for function in outer_functions(tree):
            body = range(function.body[0].lineno, (function.end_lineno or 0) + 1)
            lines = [shape[n] for n in body if n in shape]
            for start in range(len(lines) - SHARED_LINES + 1):
                places[tuple(lines[start : start + SHARED_LINES])].add((path, function.lineno))
    common = (where for where in places.values() if len(where) <= TOO_COMMON)
    return len({pair for where in common for pair in combinations(sorted(where), 2)})


def statements(trees: dict[Path, ast.Module]) -> int:
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    return sum(isinstance(node, ast.stmt) for node in nodes) - sum(docstring_of(node) is not None for node in nodes)


def imports(trees: dict[Path, ast.Module]) -> int:
    return sum(isinstance(node, ast.Import | ast.ImportFrom) for tree in trees.values() for node in ast.walk(tree))


def report(folders: list[Path]) -> Iterator[str]:
    trees = {path: ast.parse(path.read_text()) for folder in folders for path in sorted(folder.rglob("*.py"))}
    lengths = sorted(length(function) for function in functions_of(trees))
    yield f"modules                                {len(trees):>7,}"
    yield f"statements without docstrings          {statements(trees):>7,}"
    yield f"  of them imports                      {imports(trees):>7,}"
    yield f"functions                              {len(lengths):>7,}"
    yield f"function length, median                {statistics.median(lengths):>7.0f}"
    yield f"function length, 90th percentile       {lengths[int(0.9 * len(lengths))]:>7,}"
    yield f"function length, longest               {lengths[-1]:>7,}"
    yield f"functions over 50 lines                {sum(n > 50 for n in lengths):>7,}"  # noqa: PLR2004 the aim itself
    once, private = single_callers(trees)
    yield f"private functions with one caller      {once:>7,} of {private:,} ({100 * once / private:.1f} %)"
    classes = Counter(n.name for tree in trees.values() for n in ast.walk(tree) if isinstance(n, ast.ClassDef))
    repeated = {name: times for name, times in classes.items() if times > 1}
    yield f"class names that occur more than once  {len(repeated):>7,}"
    vague = vague_locals(trees)
    yield f"uses of locals with vague names        {sum(vague.values()):>7,} {dict(vague.most_common())}"
    yield f"near-duplicate pairs of functions      {duplicate_pairs(trees):>7,}"


if __name__ == "__main__":
    for line in report([Path(name) for name in sys.argv[1:]] or [Path("src/ungdom")]):
        print(line)  # noqa: T201 the report is what the script is for

"""Finds tests that can pass without having looked at anything, in their syntax trees.

A test that returns early, or that checks only what a loop finds, passes when there is nothing to find. A loop is
trusted where its source shows that it goes over something: a literal, a range of numbers, an enum.
"""

import ast
from collections.abc import Iterator

RETURNS = "returns early: parametrize over the cases that apply, assert in both branches, or use hypothesis.assume"
BLIND = "checks only what a loop finds: assert before it that there is something, or after it how much there was"
LIKE_WHAT_THEY_TAKE = {"enumerate", "list", "product", "range", "reversed", "set", "sorted", "tuple", "zip"}
LIKE_WHAT_THEY_TAKE |= {"items", "keys", "split", "splitlines", "values"}
Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def complaints(source: str) -> Iterator[tuple[int, str]]:
    """The line of every test that can pass blindly, and what to write."""
    tree = ast.parse(source)
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, Function)}
    for test in (function for name, function in functions.items() if name.startswith("test_")):
        code = Code(_assigned(tree) | _assigned(test), functions)
        yield from ((node.lineno, RETURNS) for node in _own(test) if isinstance(node, ast.Return))
        if any(map(code.checks, _own(test))) and not code.looks(test.body):
            yield test.lineno, BLIND


class Code:
    """What the names in a test stand for."""

    def __init__(self, values: dict[str, ast.expr], functions: dict[str, Function]) -> None:
        self.values, self.functions = values, functions

    def looks(self, body: list[ast.stmt]) -> bool:
        """Whether a check is made in these statements, whatever is found."""
        return any(map(self._looks, body))

    def _looks(self, node: ast.stmt) -> bool:
        match node:
            case ast.Assert(test):
                return not self.holds_of_nothing(test)
            case ast.With(items, body):
                return any(self.checks(item.context_expr) for item in items) or self.looks(body)
            case ast.For(iter=over, body=body):
                return self.goes_over_something(over) and self.looks(body)
            case ast.If(body=body, orelse=orelse):
                return self.looks(body) and self.looks(orelse)
            case ast.Try(body=body):
                return self.looks(body)
        return isinstance(node, ast.Expr | ast.Assign | ast.AugAssign) and any(map(self.checks, ast.walk(node)))

    def checks(self, node: ast.AST) -> bool:
        """Whether it is an assertion, or a call of a function that makes one."""
        if not isinstance(node, ast.Call):
            return isinstance(node, ast.Assert)
        if helper := self.functions.get(name := _name(node.func)):
            others = {key: function for key, function in self.functions.items() if key != name}
            return Code(self.values | _assigned(helper), others).looks(helper.body)
        return name in {"raises", "warns"} or name.startswith("assert_")

    def holds_of_nothing(self, test: ast.expr) -> bool:
        """Whether it holds where nothing is found: `all(…)`, `not any(…)`, or a list of what is wrong is empty."""
        match test:
            case ast.Call(ast.Name("all"), [found]) | ast.UnaryOp(ast.Not(), ast.Call(ast.Name("any"), [found])):
                return not self.goes_over_something(found)
            case ast.UnaryOp(ast.Not(), found) | ast.Compare(found, [ast.Eq()], [ast.List([]) | ast.Dict([])]):
                wrong = self.values.get(_name(found), found)
                parts = wrong.generators if isinstance(wrong, Comprehension) else []
                return not all(self.goes_over_something(part.iter) for part in parts)
        return False

    def goes_over_something(self, node: ast.expr) -> bool:
        """Whether the source shows that there is something to go over."""
        match node:
            case ast.Name(name) if name in self.values:
                others = {key: value for key, value in self.values.items() if key != name}
                return Code(others, {}).goes_over_something(self.values[name])
            case ast.Tuple(parts) | ast.List(parts) | ast.Set(parts) | ast.Dict(values=parts):
                return any(not isinstance(part, ast.Starred) or self.goes_over_something(part.value) for part in parts)
            case ast.BinOp(left, ast.Add() | ast.BitOr() | ast.Mult(), right):
                return self.goes_over_something(left) or self.goes_over_something(right)
            case ast.Call(func, args) if _name(func) in LIKE_WHAT_THEY_TAKE:
                taken = args or ([func.value] if isinstance(func, ast.Attribute) else [])
                return bool(taken) and all(map(self.goes_over_something, taken))
        if isinstance(node, Comprehension):
            return all(self.goes_over_something(part.iter) and not part.ifs for part in node.generators)
        is_enum = _name(node)[:1].isupper() and not _name(node).isupper()
        return is_enum or (isinstance(node, ast.Constant) and bool(node.value))


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """What stands in it, but not in a function inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function | ast.Lambda | ast.ClassDef):
            yield child
            yield from _own(child)


def _assigned(node: ast.AST) -> dict[str, ast.expr]:
    """What its names are given."""
    given = [one for one in _own(node) if isinstance(one, ast.Assign | ast.AnnAssign)]
    pairs = [(one.targets[0] if isinstance(one, ast.Assign) else one.target, one.value) for one in given]
    return {name.id: value for name, value in pairs if isinstance(name, ast.Name) and value}

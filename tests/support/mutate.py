"""Small faults, put into source: what tests should notice.

In: the text of a module. Out: `Mutant`s, each a change of a few characters that a
reader could overlook: a comparison turned round, `and` for `or`, a number one too high,
a name misspelt, a call left out. Knows no tests.

Left alone is what no test can tell from the original, or what nobody should assert:
annotations, docstrings, assertions, sentences, decorators with their sizes of caches,
numbers above nine, which are mostly limits and sizes, and what only a type checker
runs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

_TURNED: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "//",
    ast.FloorDiv: "*",
    ast.BitOr: "&",
    ast.BitAnd: "|",
}
_HIGHEST = 9


class Mutant(NamedTuple):
    """`old` at `start` (an offset into the text) becomes `new`; lines count from 1.

    `last` is the last line of the statement: what runs it runs the change.
    """

    start: int
    old: str
    new: str
    line: int
    last: int

    def apply(self, text: str) -> str:
        """The text with the change."""
        return text[: self.start] + self.new + text[self.start + len(self.old) :]


def find_mutants(text: str) -> list[Mutant]:
    """Every mutant of a module, in the order of the text."""
    finder = _Finder(text)
    finder.walk(ast.parse(text))
    return sorted(set(finder.found))


class _Finder:
    def __init__(self, text: str) -> None:
        self.found: list[Mutant] = []
        # ast counts columns in bytes of UTF-8.
        self._lines = [line.encode() for line in text.splitlines(keepends=True)]
        self._text = text
        self._starts = [0]
        for line in text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def walk(self, node: ast.AST, statement: ast.stmt | None = None) -> None:
        if isinstance(node, ast.stmt):
            statement = node
        if _is_left_alone(node):
            return
        if statement is not None:
            for expression, new in self._change(node):
                self._note(expression, new, statement)
        for child in _children(node):
            self.walk(child, statement)

    def _note(self, node: ast.AST, new: str, statement: ast.stmt) -> None:
        start, end = self._span(node)
        old = self._text[start:end]
        if old == new:
            return
        first: int = node.lineno  # type: ignore[attr-defined]
        body: list[ast.stmt] = getattr(statement, "body", [])
        last = body[0].lineno - 1 if body else statement.end_lineno or first
        self.found.append(Mutant(start, old, new, first, max(first, last)))

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        return (
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno, node.end_col_offset),
        )

    def _offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1][:column].decode())

    def _write(self, node: ast.AST) -> str:
        start, end = self._span(node)
        return self._text[start:end]

    def _change(self, node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
        """The places of a node that can be changed, each with what comes there."""
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            left, right = self._write(node.left), self._write(node.comparators[0])
            yield node, f"{left} {_TURNED[type(node.ops[0])]} {right}"
        elif isinstance(node, ast.BoolOp):
            word = " or " if isinstance(node.op, ast.And) else " and "
            yield (
                node,
                "(" + word.join(f"({self._write(v)})" for v in node.values) + ")",
            )
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield node, f"({self._write(node.operand)})"
        elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            left, right = self._write(node.left), self._write(node.right)
            yield node, f"({left}) {_ARITHMETIC[type(node.op)]} ({right})"
        elif isinstance(node, ast.Constant):
            yield from _change_constant(node)
        elif isinstance(node, (ast.If, ast.While, ast.IfExp)):
            if isinstance(node.test, (ast.Name, ast.Attribute, ast.Call)):
                yield node.test, f"(not {self._write(node.test)})"
        elif isinstance(node, (ast.Break, ast.Continue)):
            yield node, "continue" if isinstance(node, ast.Break) else "break"
        elif isinstance(node, ast.Return) and node.value is not None:
            if not isinstance(node.value, ast.Constant):
                yield node, "return None"
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield node, "pass"


def _change_constant(node: ast.Constant) -> Iterator[tuple[ast.AST, str]]:
    value = node.value
    if isinstance(value, bool):
        yield node, str(not value)
    elif isinstance(value, int) and 0 <= value <= _HIGHEST:
        yield node, str(value + 1)
    elif isinstance(value, str) and value.strip() and not any(map(str.isspace, value)):
        yield node, repr(f"{value}XX")


def _is_left_alone(node: ast.AST) -> bool:
    if isinstance(node, (ast.Assert, ast.Import, ast.ImportFrom, ast.JoinedStr)):
        return True
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        return True
    if isinstance(node, ast.Expr):  # a docstring, or one of an attribute
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        names = {one.id for one in node.targets if isinstance(one, ast.Name)}
        return bool(names & {"__all__", "__slots__"})
    return isinstance(node, ast.Call) and _is_typing(node)


def _is_typing(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id in ("cast", "TypeVar")


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """What of a node can be changed: no annotation, no decorator, no base class."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield from (one for one in node.args.defaults)
        yield from (one for one in node.args.kw_defaults if one is not None)
        yield from node.body
    elif isinstance(node, ast.ClassDef):
        yield from node.body
    elif isinstance(node, ast.AnnAssign):
        yield from (one for one in (node.value,) if one is not None)
    else:
        yield from ast.iter_child_nodes(node)

"""Follow names through a Python program, and run nothing.

In: a parsed program. Out: what a name stands for where it is used: what it was last
set to before, the argument of the function that is followed, the attribute of an
object. A name that more than one thing may have set, or that was changed in place,
stands for nothing that is known.

Source: The Python Language Reference, 4.2 Naming and binding, as far as it can be
told from the text: branches and loops are taken as they stand.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from azml_contract.scripts.turns import Turn

Function = ast.FunctionDef | ast.AsyncFunctionDef
_CHANGES = frozenset(
    ("update", "pop", "setdefault", "clear", "append", "extend", "insert", "remove")
)
_PROPERTIES = frozenset(("property", "cached_property"))
_STATIC = frozenset(("staticmethod", "classmethod"))
_OF_ALL = frozenset((*dir(dict), *dir(str), *dir(list)))
_DEEPEST = 20
_SETS = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)


@dataclass(frozen=True, slots=True)
class Frame:
    """A function that is followed: its arguments, as its caller wrote them.

    `line` is that of the call in the module; 0 where nobody calls it. `more` are
    keywords that its ``**`` takes; None where they are not known.
    """

    function: Function
    bound: Mapping[str, ast.expr | None]
    line: int = 0
    more: Mapping[str, ast.expr] | None = None
    depth: int = 1


class Elsewhere(ast.expr):
    """An expression that is read where it was written, not where it is used."""

    def __init__(self, inner: ast.expr, frame: Frame | None) -> None:
        super().__init__()
        self.inner, self.frame = inner, frame
        ast.copy_location(self, inner)


@dataclass(slots=True)
class _Scope:
    """A module, or a function: what sets its names, in order, and what it calls."""

    function: Function | None = None
    values: dict[str, list[tuple[int, ast.expr | None]]] = field(default_factory=dict)
    calls: list[ast.Call] = field(default_factory=list)

    def last(self, name: str, line: int) -> tuple[bool, ast.expr | None]:
        """Whether a name is set before a line, and to what."""
        before = [value for at, value in self.values.get(name, ()) if at < line]
        return (True, before[-1]) if before else (False, None)


class Names(ast.NodeVisitor):
    """The names of one program.

    Attributes of ``self`` and of classes are told apart by their own name alone: one
    that is set twice is not known.
    """

    def __init__(self, tree: ast.Module, turn: Turn | None = None) -> None:
        self.turn = turn or Turn()
        self.functions: dict[str, Function | None] = {}
        self._module = _Scope()
        self._scopes: dict[Function | None, _Scope] = {None: self._module}
        self._here = self._module
        self._class = ""
        self._owners = {"self", "cls"}
        self._members: dict[str, list[ast.expr | None]] = {}
        self._makers: dict[Function, Frame] = {}
        self._fields: dict[str, list[str]] = {}
        self._outer: dict[Function, Function | None] = {}
        self.visit(tree)
        self._give_fields()

    # --- the program, once ------------------------------------------------------------

    def visit_FunctionDef(self, node: Function) -> None:
        """A function has names of its own; a class is called by its ``__init__``."""
        for one in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if one is not None:
                self.visit(one)
        name = self._class if self._class and node.name == "__init__" else node.name
        self.functions[name] = None if name in self.functions else node
        before, of_class = self._here, self._class
        self._outer[node] = before.function
        self._here = self._scopes[node] = _Scope(node)
        self._class = ""
        for statement in node.body:
            self.visit(statement)
        self._here, self._class = before, of_class

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """As any function."""
        self.visit_FunctionDef(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """What a class sets is an attribute."""
        before, self._class = self._class, node.name
        self._owners.add(node.name)
        self._fields[node.name] = [
            name_of(one.target) for one in node.body if isinstance(one, ast.AnnAssign)
        ]
        self.generic_visit(node)
        self._class = before

    def visit_Assign(self, node: ast.Assign) -> None:
        """``a = b = value``."""
        self.visit(node.value)
        for target in node.targets:
            self._set(target, node.value, node.lineno)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """``a: str = value``."""
        if node.value is not None:
            self.visit(node.value)
            self._set(node.target, node.value, node.lineno)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """``(a := value)``."""
        self.visit(node.value)
        self._set(node.target, node.value, node.lineno)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """``a += value`` is ``a + value``."""
        self.visit(node.value)
        value: ast.expr | None = None
        if isinstance(node.target, ast.Name):
            before = ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
            sum_of = ast.BinOp(before, node.op, node.value)
            value = ast.copy_location(sum_of, node.value)
        self._set(node.target, value, node.lineno)

    def visit_If(self, node: ast.If) -> None:
        """What its branches set is a choice, but for the one of a main program."""
        branches, tests = [node.body], [node.test]
        rest = node.orelse
        while len(rest) == 1 and isinstance(rest[0], ast.If):
            branches.append(rest[0].body)
            tests.append(rest[0].test)
            rest = rest[0].orelse
        named = {name for test in tests for name in _names_in(test)}
        used = {name for body in branches for one in body for name in _names_in(one)}
        if rest or not (named & used or self._begins(node.body)):
            branches.append(rest)
        is_choice = not named & {"__name__", "TYPE_CHECKING"}
        self._choose(node, tests, branches if is_choice else [])

    def _begins(self, body: Sequence[ast.stmt]) -> bool:
        """Whether a branch sets what was not set before it, or changes something."""
        targets = [
            target
            for statement in body
            for one in ast.walk(statement)
            if isinstance(one, _SETS)
            for target in (one.targets if isinstance(one, ast.Assign) else [one.target])
        ]
        names = (one.id if isinstance(one, ast.Name) else "" for one in targets)
        return any(one not in self._here.values for one in names)

    def visit_Try(self, node: ast.Try) -> None:
        """Whether it fails is a choice."""
        handlers = [one.body for one in node.handlers]
        self._choose(node, [], [[*node.body, *node.orelse], *handlers], node.finalbody)

    def visit_Match(self, node: ast.Match) -> None:
        """Which case is taken is a choice."""
        self._choose(node, [node.subject], [one.body for one in node.cases])

    def _choose(
        self,
        node: ast.AST,
        before: Sequence[ast.AST],
        branches: Sequence[list[ast.stmt]],
        behind: Sequence[ast.AST] = (),
    ) -> None:
        """Visit the branch of this turn; all of them where none sets anything."""
        ways = [one for one in branches if not _leaves(one)]
        sets = any(isinstance(one, _SETS) for one in ast.walk(node))
        taken = self.turn.take(ways) if sets else None
        if taken is None:
            self.generic_visit(node)
            return
        for one in (*before, *taken, *behind):
            self.visit(one)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        """What a loop goes through is not known."""
        self._set(node.target, None, node.lineno)
        self.generic_visit(node)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> None:
        """As any loop."""
        self.visit_For(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        """As a loop."""
        self._set(node.target, None, node.iter.lineno)
        self.generic_visit(node)

    def visit_withitem(self, node: ast.withitem) -> None:
        """``with Client() as client``."""
        self.visit(node.context_expr)
        if node.optional_vars is not None:
            value = node.context_expr
            self._set(node.optional_vars, value, value.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        """A call, and the change in place that some are."""
        self._here.calls.append(node)
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in _CHANGES:
            self._change(function.value, node.lineno)
        self.generic_visit(node)

    def _give_fields(self) -> None:
        """What the fields of a class without ``__init__`` are given, as of a dataclass.

        A field with a default that some call gives is set twice, and not known.
        """
        made = [
            (call, one.function) for one in self._scopes.values() for call in one.calls
        ]
        for call, function in made:
            name = name_of(call.func)
            if name in self.functions or not self._fields.get(name):
                continue
            frame = _nobody(function) if function is not None else None
            given = [*zip(self._fields[name], call.args, strict=False)]
            given += [(one.arg or "", one.value) for one in call.keywords]
            for field_name, value in given:
                members = self._members.setdefault(field_name, [])
                members.append(Elsewhere(value, frame))

    def _set(self, target: ast.expr, value: ast.expr | None, line: int) -> None:
        if isinstance(target, ast.Name):
            if self._class and self._here is self._module:
                self._members.setdefault(target.id, []).append(value)
            else:
                self._here.values.setdefault(target.id, []).append((line, value))
        elif isinstance(target, ast.Attribute):
            inner = value
            if value is not None and self._here.function is not None:
                inner = Elsewhere(value, _nobody(self._here.function))
            self._members.setdefault(target.attr, []).append(inner)
        elif isinstance(target, ast.Subscript):
            self._change(target.value, line)
        elif isinstance(target, ast.Tuple | ast.List):
            values: Sequence[ast.expr | None] = [None] * len(target.elts)
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(
                target.elts
            ):
                values = value.elts
            for one, its in zip(target.elts, values, strict=True):
                self._set(one, its, line)

    def _change(self, node: ast.expr, line: int) -> None:
        """What is changed in place is not known from there on."""
        while isinstance(node, ast.Subscript):
            node = node.value
        if isinstance(node, ast.Name):
            self._here.values.setdefault(node.id, []).append((line, None))
        elif isinstance(node, ast.Attribute):
            self._members.setdefault(node.attr, []).append(None)

    # --- what others ask --------------------------------------------------------------

    def is_set(self, name: str) -> bool:
        """Whether anything sets a name."""
        return any(name in one.values for one in self._scopes.values())

    def calls_of(self, function: Function | None) -> list[ast.Call]:
        """The calls of a function, or of the module, in the order of the text."""
        calls = self._scopes[function].calls
        return sorted(calls, key=lambda one: (one.lineno, one.col_offset))

    def find_function(self, node: ast.Call, frame: Frame | None) -> Function | None:
        """The function of the program that a call is of; None where none or many.

        A method that tables and texts have too, such as ``get``, is one of the program
        only of its own objects.
        """
        of, name = node.func, name_of(node.func)
        if isinstance(of, ast.Attribute) and name in _OF_ALL:
            return self.functions.get(name) if self._is_own(of.value, frame) else None
        return self.functions.get(name)

    def find_return(self, node: ast.Call) -> ast.expr | None:
        """What a function of the program returns, not followed; None for any other."""
        is_plain = isinstance(node.func, ast.Name)
        function = self.find_function(node, None) if is_plain else None
        return _find_return(function) if function is not None else None

    def list_functions(self) -> list[Function]:
        """Every function, as it stands in the text."""
        return [one for one in self._scopes if one is not None]

    def enter(
        self, function: Function, call: ast.Call | None, frame: Frame | None
    ) -> Frame:
        """A function, as a call of it enters it; None for one that nobody calls."""
        if call is None:
            return _nobody(function)
        takes = function.args
        names = [one.arg for one in (*takes.posonlyargs, *takes.args)]
        if names[:1] in (["self"], ["cls"]):
            names = names[1:]
        alone = [one.arg for one in takes.kwonlyargs]
        positional = call.args
        starred = [isinstance(one, ast.Starred) for one in positional]
        if any(starred):
            positional = positional[: starred.index(True)]
        keywords, told = self.read_keywords(call, frame)
        given = {
            **{
                name: Elsewhere(one, frame)
                for name, one in zip(names, positional, strict=False)
            },
            **keywords,
        }
        bound: dict[str, ast.expr | None] = dict.fromkeys((*names, *alone))
        if told and not any(starred):
            bound |= {
                name: Elsewhere(one, None)
                for name, one in (
                    *zip(reversed(names), reversed(takes.defaults), strict=False),
                    *zip(alone, takes.kw_defaults, strict=True),
                )
                if one is not None
            }
        bound |= {name: one for name, one in given.items() if name in bound}
        more = {name: one for name, one in given.items() if name not in bound}
        line = frame.line if frame is not None else call.lineno
        depth = frame.depth + 1 if frame is not None else 1
        made = Frame(function, bound, line, more if told else None, depth)
        if function.name == "__init__":
            self._makers[function] = made
        return made

    def read_keywords(
        self, call: ast.Call, frame: Frame | None
    ) -> tuple[dict[str, ast.expr], bool]:
        """What a call gives by name, and whether that is all.

        What a function hands on as ``**kwargs`` is what its own caller gave.
        """
        found: dict[str, ast.expr] = {}
        told = True
        for keyword in call.keywords:
            value, at = self.look_up(keyword.value, frame)
            if keyword.arg is not None:
                found[keyword.arg] = Elsewhere(keyword.value, frame)
            elif isinstance(value, ast.Dict) and all(map(_is_name, value.keys)):
                found |= {
                    str(key.value): Elsewhere(one, at)
                    for key, one in zip(value.keys, value.values, strict=True)
                    if isinstance(key, ast.Constant)
                }
            elif (
                frame is not None
                and frame.more is not None
                and isinstance(value, ast.Name)
                and frame.function.args.kwarg is not None
                and value.id == frame.function.args.kwarg.arg
            ):
                found |= frame.more
            else:
                told = False
        return found, told

    def look_up(
        self, node: ast.expr, frame: Frame | None
    ) -> tuple[ast.expr, Frame | None]:
        """What an expression stands for, and where that is to be read."""
        for _ in range(_DEEPEST):
            found = self._step(node, frame)
            if found is None:
                break
            node, frame = found
        return node, frame

    def _step(
        self, node: ast.expr, frame: Frame | None
    ) -> tuple[ast.expr, Frame | None] | None:
        if isinstance(node, Elsewhere):
            inner = node.frame
            if inner is not None and inner.function in self._makers and not inner.depth:
                inner = self._makers[inner.function]
            return node.inner, inner
        if isinstance(node, ast.Await):
            return node.value, frame
        if isinstance(node, ast.Attribute):
            if not self._is_own(node.value, frame):
                return None
            members = self._members.get(node.attr, ())
            one = members[0] if len(members) == 1 else None
            if one is None and not members:
                return self._find_property(node.attr)
            return (one, None) if one is not None else None
        if isinstance(node, ast.Call):
            return self._find_returned(node, frame)
        if not isinstance(node, ast.Name):
            return None
        return self._find_name(node, frame)

    def _is_own(self, node: ast.expr, frame: Frame | None) -> bool:
        """Whether an expression is an object, or a class, of the program."""
        if name_of(node) in self._owners:
            return True
        if isinstance(node, ast.Call):
            return name_of(node.func) in (*self._owners, "super")
        if not isinstance(node, ast.Name | ast.Attribute):
            return False
        found, _ = self.look_up(node, frame)
        return isinstance(found, ast.Call) and name_of(found.func) in self._owners

    def _find_property(self, name: str) -> tuple[ast.expr, Frame | None] | None:
        """What a property returns."""
        function = self.functions.get(name)
        if function is None or not any(
            name_of(one) in _PROPERTIES for one in function.decorator_list
        ):
            return None
        value = _find_return(function)
        return (value, _nobody(function)) if value is not None else None

    def _find_returned(
        self, node: ast.Call, frame: Frame | None
    ) -> tuple[ast.expr, Frame | None] | None:
        """What a function of the program returns, where it always returns that."""
        function = self.find_function(node, frame)
        depth = frame.depth if frame is not None else 0
        if function is None or depth > _DEEPEST:
            return None
        if any(name_of(one) not in _STATIC for one in function.decorator_list):
            return None
        if isinstance(node.func, ast.Attribute):
            if not self._is_own(node.func.value, frame):
                return None
        elif not isinstance(node.func, ast.Name):
            return None
        value = _find_return(function)
        return (value, self.enter(function, node, frame)) if value is not None else None

    def _find_name(
        self, node: ast.Name, frame: Frame | None
    ) -> tuple[ast.expr, Frame | None] | None:
        line = node.lineno
        if frame is not None:
            is_set, value = self._scopes[frame.function].last(node.id, line)
            if is_set:
                return (value, frame) if value is not None else None
            if node.id in frame.bound:
                argument = frame.bound[node.id]
                return (argument, frame) if argument is not None else None
            if node.id in self._scopes[frame.function].values or _takes(
                frame.function, node.id
            ):
                return None
            outer = self._outer.get(frame.function)
            if outer is not None:
                return (node, _nobody(outer))
            line = frame.line or 1_000_000_000
        _, value = self._module.last(node.id, line)
        return (value, None) if value is not None else None


def _names_in(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _leaves(body: Sequence[ast.stmt]) -> bool:
    """Whether a branch ends the function, the loop or the program."""
    last = body[-1] if body else None
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return name_of(last.value.func) in ("exit", "_exit")
    return isinstance(last, ast.Return | ast.Raise | ast.Continue | ast.Break)


def _find_return(function: Function) -> ast.expr | None:
    """The one expression that a function returns; None where there are more."""
    found: list[ast.expr | None] = []
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return None
        if isinstance(node, ast.Return):
            found.append(node.value)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return found[0] if len(found) == 1 else None


def _nobody(function: Function) -> Frame:
    """A function that nobody calls: its arguments are not known."""
    takes = function.args
    names = (*takes.posonlyargs, *takes.args, *takes.kwonlyargs)
    return Frame(function, dict.fromkeys(one.arg for one in names), depth=0)


def _takes(function: Function, name: str) -> bool:
    """Whether a name is that of the rest of a function's arguments."""
    rest = (function.args.vararg, function.args.kwarg)
    return any(one is not None and one.arg == name for one in rest)


def _is_name(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def name_of(node: ast.expr) -> str:
    """The last name of ``a.b.c``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""

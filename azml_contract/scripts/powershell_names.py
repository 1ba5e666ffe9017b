"""Follow names through a PowerShell script, and run nothing.

In: the nodes of a script. Out: what a variable stands for where it is used: what it
was last set to before, or the argument of the function that is followed. A table that
is changed in place stands for nothing that is known, but for members set one by one.

Source: about_Functions, about_Scopes and about_Hash_Tables of PowerShell 7.5.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from azml_contract.scripts.command import find
from azml_contract.scripts.parse import Node, span
from azml_contract.scripts.turns import Turn

VARIABLES = ("variable", "braced_variable")
_ACCESSES = ("member_access", "element_access")
_CHANGES = frozenset(("add", "remove", "clear", "insert", "addrange"))
_SCOPE = re.compile(r"^[$@]\{?(?:(?:script|global|local|private):)?|\}$", re.I)
_DEEPEST = 30
_WAYS = frozenset(("statement_block", "elseif_clause", "else_clause"))
_LEAVES = re.compile(
    r"(?i)(?:^|[\s;{])(?:(?P<out>return|exit|throw)|break|continue)\b"
    r"[^;\n}]*[\s;]*\}\s*$"
)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the script: its parameters in order, with what they default to."""

    node: Node
    parameters: tuple[tuple[str, Node | None], ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """A function that is followed: its arguments as its caller wrote them.

    A parameter that is not given, and has no default, is None: PowerShell's null.
    With `bound` None nobody calls it, and nothing is known.
    """

    function: Function
    bound: Mapping[str, Elsewhere | None] | None
    line: int = 0
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A node that is read where it was written, not where it is used."""

    node: Node
    frame: Frame | None


Place = Node | Elsewhere


@dataclass(slots=True)
class _Scope:
    values: dict[str, list[tuple[int, Node | None]]] = field(default_factory=dict)
    members: dict[str, list[tuple[int, str, Node]]] = field(default_factory=dict)
    commands: list[Node] = field(default_factory=list)


class Names:
    """The names of one script.

    `functions` tells which one a name is of: None where two have it. `all` are all.
    """

    def __init__(self, text: str, root: Node, turn: Turn | None = None) -> None:
        self._text = text
        self.turn = turn or Turn()
        self.functions: dict[str, Function | None] = {}
        self.all: list[Function] = []
        self._scopes: dict[int, _Scope] = {-1: _Scope()}
        waiting: list[tuple[Node, int]] = [(root, -1)]
        while waiting:
            node, owner = waiting.pop()
            if node.type == "function_statement":
                owner = self._note_function(node)
            self._note(node, self._scopes[owner])
            waiting += [(child, owner) for child in self._choose(node)]
        for scope in self._scopes.values():
            scope.commands.sort(key=span)
            for values in scope.values.values():
                values.sort(key=lambda one: one[0])

    def _choose(self, node: Node) -> list[Node]:
        """What of a node is followed: of a choice that sets something, one branch."""
        children = node.children
        if node.type not in ("if_statement", "switch_clauses"):
            return children
        if "=" not in self.shown(node):
            return children
        others: list[Node] = []
        if node.type == "if_statement":
            opened = (_open(child, "elseif_clauses") for child in children)
            inner = [one for many in opened for one in many]
            ways = [one for one in inner if one.type in _WAYS]
            others = [one for one in inner if one.type not in _WAYS]
            may_skip = self._may_skip(others, ways)
        else:
            ways = list(find(node, "statement_block"))
            may_skip = re.search(r"(?i)\bdefault\s*\{", self.shown(node)) is None
        ends = [_LEAVES.search(self.shown(one)) for one in ways]
        is_switch = node.type == "switch_clauses"  # which alone a break ends
        branches = [
            [one]
            for one, end in zip(ways, ends, strict=True)
            if end is None or (is_switch and not end["out"])
        ]
        taken = self.turn.take([*branches, *([[]] if may_skip else [])])
        return children if taken is None else [*others, *taken]

    def _may_skip(self, tests: Iterable[Node], ways: Sequence[Node]) -> bool:
        """Whether no branch may be taken: none uses what the conditions look at."""
        tested = {name for one in tests for name in self._list_names(one)}
        used = {name for one in ways for name in self._list_names(one)}
        return all(one.type != "else_clause" for one in ways) and not tested & used

    def _list_names(self, node: Node) -> set[str]:
        return {one.lower() for one in re.findall(r"\$[\w:]+", self.shown(node))}

    def is_set(self, name: str) -> bool:
        """Whether anything sets a variable."""
        return any(name in one.values for one in self._scopes.values())

    def shown(self, node: Node) -> str:
        """A node as it is written."""
        return self._text[node.start_byte : node.end_byte]

    def name(self, node: Node) -> str:
        """The name of a variable, which has no case."""
        return _SCOPE.sub("", self.shown(node)).lower()

    def commands_of(self, function: Function | None) -> list[Node]:
        """The commands of a function, or of the script, in the order of the text."""
        return self._scopes[_key(function)].commands

    def _note_function(self, node: Node) -> int:
        named = {one.type: one for one in node.children}
        name = self.shown(named["function_name"]).lower() if named else ""
        inner = [one for one in node.children if one.type != "function_statement"]
        parameters = tuple(self._list_parameters(inner))
        made = Function(node, parameters)
        self.functions[name] = None if name in self.functions else made
        self.all.append(made)
        self._scopes[node.start_byte] = _Scope()
        return node.start_byte

    def _list_parameters(
        self, waiting: list[Node]
    ) -> Iterator[tuple[str, Node | None]]:
        while waiting:
            one = waiting.pop(0)
            if one.type == "script_parameter":
                parts = {part.type: part for part in one.children}
                default = parts.get("script_parameter_default")
                value = default.children[-1] if default is not None else None
                if "variable" in parts:
                    yield self.name(parts["variable"]), value
            elif one.type not in ("script_block_body", "function_statement"):
                waiting = [*one.children, *waiting]

    def _note(self, node: Node, scope: _Scope) -> None:
        if node.type == "command":
            scope.commands.append(node)
        elif node.type == "assignment_expression":
            self._note_assignment(node, scope)
        elif node.type == "script_parameter" and scope is self._scopes[-1]:
            for name, value in self._list_parameters([node]):
                if value is not None:
                    scope.values.setdefault(name, []).append((node.start_byte, value))
        elif node.type == "invokation_expression":
            target, *rest = node.children
            if any(self.shown(unwrap(one)).lower() in _CHANGES for one in rest[:2]):
                self._change(unwrap(target), node.start_byte, scope)
        elif node.type == "foreach_statement":
            for one in node.children:
                if one.type in VARIABLES:
                    self._change(one, node.start_byte, scope)
                    break

    def _note_assignment(self, node: Node, scope: _Scope) -> None:
        """What a variable is set to; None where it is added to."""
        target = unwrap(node.children[0])
        plain = self.shown(node.children[1]) == "="
        if target.type in VARIABLES:
            value = node.children[-1] if plain else None
            values = scope.values.setdefault(self.name(target), [])
            values.append((node.start_byte, value))
        elif target.type in _ACCESSES:
            of = unwrap(target.children[0])
            if plain and of.type in VARIABLES and len(target.children) > 2:
                key = self.shown(unwrap(target.children[2])).strip("'\"").lower()
                members = scope.members.setdefault(self.name(of), [])
                members.append((node.start_byte, key, node.children[-1]))
            self._change(of, node.start_byte, scope)

    def _change(self, node: Node, place: int, scope: _Scope) -> None:
        while node.type in _ACCESSES:
            node = unwrap(node.children[0])
        if node.type in VARIABLES:
            scope.values.setdefault(self.name(node), []).append((place, None))

    # --- what others ask --------------------------------------------------------------

    def enter(
        self,
        function: Function,
        words: Iterable[list[Node]] | None,
        call: Node | None,
        frame: Frame | None,
    ) -> Frame:
        """A function as a command enters it; None for one that nobody calls."""
        if words is None or call is None:
            return Frame(function, None)
        bound: dict[str, Elsewhere | None] = {
            name: Elsewhere(default, None) if default is not None else None
            for name, default in function.parameters
        }
        left = list(bound)
        waiting = iter(words)
        told = True
        for word in waiting:
            first = word[0]
            if first.type == "command_parameter":
                given = self.shown(first)[1:].rstrip(":").lower()
                name = next((one for one in bound if one.startswith(given)), "")
                value = word[1:] or next(waiting, [])
                if name and value:
                    bound[name] = Elsewhere(value[0], frame)
                    left = [one for one in left if one != name]
            elif self.shown(first).startswith("@") and (
                unwrap(first).type in VARIABLES
            ):
                told = False
            elif left:
                bound[left.pop(0)] = Elsewhere(first, frame)
        line = frame.line if frame is not None else call.start_byte
        depth = frame.depth + 1 if frame is not None else 1
        return Frame(function, bound if told else None, line, depth)

    def look_up(
        self, place: Place, frame: Frame | None
    ) -> tuple[Node | None, Frame | None]:
        """What an expression stands for, and where that is read; None for null."""
        for _ in range(_DEEPEST):
            if isinstance(place, Elsewhere):
                frame = place.frame
            node = unwrap(place.node if isinstance(place, Elsewhere) else place)
            if node.type in ("parenthesized_expression", "sub_expression") and (
                len(node.children) == 3
            ):
                place = node.children[1]
            elif node.type == "cast_expression":
                place = node.children[-1]
            elif node.type in VARIABLES:
                if self.name(node) == "null":
                    return None, None
                found = self._find(node, frame)
                if found is None:
                    break
                if found[0] is None:
                    return None, None
                place, frame = found[0], found[1]
            else:
                break
        return node, frame

    def _find(
        self, node: Node, frame: Frame | None
    ) -> tuple[Place | None, Frame | None] | None:
        """Where a variable was set; two times None for null."""
        name = self.name(node)
        if frame is not None:
            is_set, value = self._last(frame.function, name, node, node.start_byte)
            if is_set:
                return (value, frame) if value is not None else None
            if any(one == name for one, _ in frame.function.parameters):
                if frame.bound is None:
                    return None
                return frame.bound[name], None
        place = node.start_byte
        if frame is not None:
            place = frame.line or len(self._text)
        _, value = self._last(None, name, node, place)
        return (value, None) if value is not None else None

    def _last(
        self, function: Function | None, name: str, node: Node, place: int
    ) -> tuple[bool, Node | None]:
        known = self._scopes[_key(function)].values.get(name, [])
        at = bisect_left(known, place, key=lambda one: one[0])
        # What stands in its own assignment is what it was before.
        while at and _holds(known[at - 1][1], node):
            at -= 1
        return (True, known[at - 1][1]) if at else (False, None)

    def find_table(
        self, node: Node, frame: Frame | None
    ) -> tuple[Node | None, Frame | None, list[tuple[str, Node]]]:
        """A table that a variable holds, and members that were set after it was made.

        The table is None where it was changed in another way.
        """
        scope = self._scopes[_key(frame.function if frame is not None else None)]
        name = self.name(node)
        set_later = [
            one for one in scope.members.get(name, []) if one[0] < node.start_byte
        ]
        changed = {one[0] for one in set_later}
        known = [
            one
            for one in scope.values.get(name, [])
            if one[0] < node.start_byte and one[0] not in changed
        ]
        if not set_later or not known or known[-1][1] is None:
            found, at = self.look_up(node, frame)
            return found, at, []
        start, value = known[-1]
        found, at = self.look_up(value, frame) if value is not None else (None, None)
        return found, at, [(key, one) for when, key, one in set_later if when > start]


def find_output(function: Function) -> Node | None:
    """What a function writes, where that is its last statement; None for others."""
    body: Node | None = function.node
    for kind in ("script_block", "script_block_body", "statement_list"):
        children = body.children if body is not None else []
        body = next((one for one in children if one.type == kind), None)
    statements = body.named_children if body is not None else []
    if not statements or any(
        one.type != "pipeline" or one.children[0].type != "assignment_expression"
        for one in statements[:-1]
    ):
        return None
    last = statements[-1]
    if last.type == "flow_control_statement":
        return last.children[1] if last.child_count == 2 else None
    is_value = last.type == "pipeline" and last.children[0].type == "pipeline_chain"
    return last if is_value else None


def _open(node: Node, kind: str) -> list[Node]:
    return node.children if node.type == kind else [node]


def unwrap(node: Node) -> Node:
    """What a chain of nodes holds that each hold one."""
    strings = ("expandable_string_literal", "expandable_here_string_literal")
    while node.child_count == 1 and node.type not in strings:
        node = node.children[0]
    return node


def _key(function: Function | None) -> int:
    return -1 if function is None else function.node.start_byte


def _holds(outer: Node | None, inner: Node) -> bool:
    return outer is not None and (
        outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte
    )

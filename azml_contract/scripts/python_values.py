"""Write down the texts and the JSON that expressions of Python come to.

In: an expression and where it is read. Out: a text whose characters are at their
places in the program; what only running would tell is a hole.

Source: The Python Standard Library, Text Sequence Type, and `json.dumps`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from azml_contract.scripts.python_names import Elsewhere, Frame, Names, name_of
from azml_contract.scripts.text import (
    EMPTY,
    Hole,
    Holes,
    Part,
    Source,
    Style,
    Text,
    escape_json,
    join,
)

_DEEPEST = 30
_LONGEST_NAME = 40
_MOST_READ = 1_000_000
"""Characters, an expression counting as some: texts that double would fill memory."""
_COST = 40
_PERCENT = re.compile(r"%(?:\((?P<name>\w+)\))?(?P<sign>[sd%])")
_BRACES = re.compile(r"\{\{|\}\}|\{(?P<name>\w*)\}")
_COPIES = frozenset(("copy", "deepcopy"))
Member = tuple[ast.expr | str, ast.expr]


class Values:
    """Reads the expressions of one program.

    `frame` is the function in which they are read; None for the module.
    """

    def __init__(self, source: Source, holes: Holes, names: Names) -> None:
        self.frame: Frame | None = None
        self._source = source
        self._holes = holes
        self._names = names
        self._texts = source.text.split("\n")
        self._lines = [0]
        for line in self._texts:
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._depth = 0
        self._left = _MOST_READ

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Where a node begins and ends; columns of `ast` count bytes."""
        end_line = node.end_lineno or node.lineno
        return (
            self._place(node.lineno, node.col_offset),
            self._place(end_line, node.end_col_offset or 0),
        )

    def _place(self, line: int, column: int) -> int:
        text = self._texts[line - 1] if line <= len(self._texts) else ""
        if not text.isascii():
            column = len(text.encode()[:column].decode(errors="ignore"))
        return self._lines[line - 1] + column

    @contextmanager
    def resolved(self, node: ast.expr) -> Iterator[ast.expr]:
        """What an expression stands for, to be read inside."""
        before = self.frame
        self._depth += 1
        try:
            if self._depth < _DEEPEST:
                node, self.frame = self._names.look_up(node, before)
                while (picked := self._pick(node)) is not None:
                    node, self.frame = self._names.look_up(picked, self.frame)
            yield node
        finally:
            self.frame = before
            self._depth -= 1

    def _pick(self, node: ast.expr) -> ast.expr | None:
        """What an expression chooses: a key's value, a branch, what is not None."""
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            first, *others = node.values
            is_there = False if self._is_unset(first) else self._decide(first)
            if is_there is False:
                return ast.BoolOp(node.op, others) if others[1:] else others[0]
            return first if is_there else None
        if isinstance(node, ast.IfExp):
            taken = self._decide(node.test)
            return None if taken is None else node.body if taken else node.orelse
        if isinstance(node, ast.Call) and self._is_unset(node):
            return node.args[1] if len(node.args) == 2 else None
        return self._pick_member(node) if isinstance(node, ast.Subscript) else None

    def _is_unset(self, node: ast.expr) -> bool:
        """Whether it is a variable of the environment, which may be there or not."""
        return isinstance(node, ast.Call) and (
            name_of(node.func) == "getenv"
            or (
                isinstance(node.func, ast.Attribute)
                and node.func.attr == "get"
                and name_of(node.func.value) == "environ"
            )
        )

    def _decide(self, test: ast.expr) -> bool | None:
        """Whether a value is there; None where only running would tell."""
        negated = False
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            right = test.comparators[0]
            if not (isinstance(right, ast.Constant) and right.value is None):
                return None
            negated = isinstance(test.ops[0], ast.Is)
            if not negated and not isinstance(test.ops[0], ast.IsNot):
                return None
            test = test.left
        with self.resolved(test) as found:
            if isinstance(found, ast.Constant) and found.value is None:
                is_there = False
            elif isinstance(found, ast.Constant) and isinstance(found.value, str):
                is_there = bool(found.value)
            elif isinstance(found, ast.Dict) and found.keys:
                is_there = True
            else:
                return None
        return is_there is not negated

    def _pick_member(self, node: ast.Subscript) -> ast.expr | None:
        """The value of a key of a dict whose members are known."""
        members = self._members_of(node.value) or []
        wanted = self.text(node.slice).flat if members else ""
        return next((v for k, v in reversed(members) if self._key(k) == wanted), None)

    def is_none(self, node: ast.expr) -> bool:
        """Whether an expression stands for None."""
        with self.resolved(node) as found:
            return isinstance(found, ast.Constant) and found.value is None

    # --- texts ------------------------------------------------------------------------

    def text(self, node: ast.expr) -> Text:
        """A text; a hole where it is not literal."""
        with self.resolved(node) as found:
            made = self._read_text(found) if self._may_read() else None
        return made if made is not None else self.hole(node)

    def items(self, node: ast.expr) -> list[ast.expr]:
        """The items of a list; an expression that is none is the only one."""
        with self.resolved(node) as found:
            many = found.elts if isinstance(found, ast.List | ast.Tuple) else [node]
            return [self._here(one) for one in many] if many != [node] else [node]

    def _may_read(self) -> bool:
        self._left -= _COST
        return self._depth < _DEEPEST and self._left > 0

    def _read_text(self, node: ast.expr) -> Text | None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._constant(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            return self._made(node.value.decode("utf-8", "replace"), node)
        if isinstance(node, ast.JoinedStr):
            return join([self.text(one) for one in node.values])
        if isinstance(node, ast.FormattedValue):
            return self.text(node.value)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return join([self.text(node.left), self.text(node.right)])
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return self._fill_percents(node)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            first = self.text(node.values[0])
            return first if first.flat and not first.whole_token else None
        if isinstance(node, ast.Call):
            return self._read_call(node)
        return None

    def _read_call(self, node: ast.Call) -> Text | None:
        name, function = name_of(node.func), node.func
        if name == "dumps" and node.args:
            return self.json(node.args[0])
        if name in ("str", "quote", "quote_plus") and node.args:
            return self.text(node.args[0])
        if name == "urlencode" and node.args:
            pairs = self.pairs(node.args[0])
            return join([join(pair, "=") for pair in pairs], "&")
        if name == "urljoin" and len(node.args) == 2:
            start, end = self.text(node.args[0]), self.text(node.args[1])
            is_below = start.flat.endswith("/") and not end.flat.startswith("/")
            return join([start, end]) if is_below else None
        if not isinstance(function, ast.Attribute):
            return None
        if name == "encode":
            return self.text(function.value)
        if name == "format":
            return self._fill_braces(function.value, node)
        if name in ("strip", "rstrip", "lstrip") and len(node.args) < 2:
            return self._strip(self.text(function.value), name, node)
        if name == "join" and len(node.args) == 1:
            with self.resolved(node.args[0]) as items:
                if isinstance(items, ast.List | ast.Tuple):
                    between = self.text(function.value).flat
                    return join(map(self.text, items.elts), between)
        return None

    def _strip(self, text: Text, name: str, node: ast.Call) -> Text | None:
        signs = self.text(node.args[0]).flat if node.args else None
        flat = text.flat
        start = 0 if name == "rstrip" else len(flat) - len(flat.lstrip(signs))
        end = len(flat) if name == "lstrip" else len(flat.rstrip(signs))
        return text.cut(start, max(start, end))

    def _fill_percents(self, node: ast.BinOp) -> Text | None:
        pattern = self.text(node.left)
        with self.resolved(node.right) as right:
            if isinstance(right, ast.Dict):
                members = self._list_members(right) or []
                given = {self._key(key): self.text(value) for key, value in members}
            else:
                many = right.elts if isinstance(right, ast.Tuple) else [right]
                given = {str(index): self.text(one) for index, one in enumerate(many)}
        return _fill(pattern, _PERCENT, given)

    def _fill_braces(self, pattern: ast.expr, node: ast.Call) -> Text | None:
        keywords, told = self._names.read_keywords(node, self.frame)
        if not told or any(isinstance(one, ast.Starred) for one in node.args):
            return None
        given = {name: self.text(one) for name, one in keywords.items()}
        given |= {str(index): self.text(one) for index, one in enumerate(node.args)}
        return _fill(self.text(pattern), _BRACES, given)

    def hole(self, node: ast.expr) -> Text:
        """What stands for an expression that only running would tell."""
        start, end = self.span(node)
        shown = " ".join(self._source.text[start:end].split())
        if len(shown) > _LONGEST_NAME:
            shown = f"{shown[:_LONGEST_NAME]}..."
        token = self._holes.token(Hole(f"{{{shown}}}"))
        return Text((Part(token, self._source, start, end, Style.BARE),))

    def _made(self, text: str, node: ast.expr) -> Text:
        start, _ = self.span(node)
        return Text((Part(text, self._source, start, start, Style.MADE),))

    def _constant(self, node: ast.Constant) -> Text:
        """A text; its characters are at their places where it has no escapes."""
        start, end = self.span(node)
        raw = self._source.text[start:end]
        value = str(node.value)
        self._left -= len(value)
        at = raw.find(value) if value else -1
        if at >= 0:
            first = start + at
            spot = (self._source, first, first + len(value), Style.VERBATIM)
            return Text((Part(value, *spot),))
        return self._made(value, node)

    # --- JSON -------------------------------------------------------------------------

    def json(self, node: ast.expr) -> Text:
        """A value as the JSON that is sent."""
        with self.resolved(node) as found:
            made = self._read_json(found) if self._may_read() else None
        return made if made is not None else self.hole(node)

    def _read_json(self, node: ast.expr) -> Text | None:
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            first = self.json(node.values[0])
            return first if not first.whole_token and first.flat != "{}" else None
        if isinstance(node, ast.List | ast.Tuple):
            items = join(map(self.json, node.elts), ",")
            return join([self._made("[", node), items, self._made("]", node)])
        if isinstance(node, ast.Constant) and not isinstance(node.value, str | bytes):
            return self._made(json.dumps(node.value, default=str), node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            with self.resolved(node.operand) as found:
                if isinstance(found, ast.Constant):
                    return self._made(f"-{json.dumps(found.value, default=str)}", node)
        members = self._list_members(node)
        if members is not None:
            return self._write_object(node, members)
        text = self._read_text(node)
        if text is None or text.whole_token:
            return text
        quote = self._made('"', node)
        return join([quote, escape_json(text), quote])

    def _write_object(self, node: ast.expr, members: list[Member]) -> Text:
        written = {}
        for key, value in members:
            place = value if isinstance(key, str) else key
            quote = self._made('"', place)
            name = self._made(key, place) if isinstance(key, str) else self.text(key)
            start = [quote, escape_json(name), quote, self._made(":", place)]
            written[name.flat] = join([*start, self.json(value)])
        inner = join(written.values(), ",")
        return join([self._made("{", node), inner, self._made("}", node)])

    def _key(self, key: ast.expr | str) -> str:
        return key if isinstance(key, str) else self.text(key).flat

    def _list_members(self, node: ast.expr) -> list[Member] | None:
        """What a dict holds, later ones last; None where that is not known."""
        if isinstance(node, ast.Dict):
            found: list[Member] = []
            for key, value in zip(node.keys, node.values, strict=True):
                inner = self._members_of(value) if key is None else None
                if key is None and inner is None:
                    return None
                one = self._here(value)
                found += inner or [] if key is None else [(self._here(key), one)]
            return found
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            left, right = self._members_of(node.left), self._members_of(node.right)
            return None if left is None or right is None else [*left, *right]
        if not isinstance(node, ast.Call):
            return None
        name = name_of(node.func)
        if name in _COPIES:
            of = node.func.value if isinstance(node.func, ast.Attribute) else None
            return self._members_of(node.args[0] if node.args else of)
        if name != "dict" or not isinstance(node.func, ast.Name):
            return None
        keywords, told = self._names.read_keywords(node, self.frame)
        first = self._members_of(node.args[0]) if node.args else []
        return [*first, *keywords.items()] if told and first is not None else None

    def pairs(self, node: ast.expr) -> list[tuple[Text, Text]]:
        """The keys and values of a query; the key is empty for what is not told."""
        with self.resolved(node) as found:
            members = self._list_members(found)
            if members is None:
                return [(EMPTY, self.hole(node))]
            return [
                (
                    self._made(key, value) if isinstance(key, str) else self.text(key),
                    self.text(value),
                )
                for key, value in members
            ]

    def _here(self, node: ast.expr) -> ast.expr:
        return Elsewhere(node, self.frame)

    def _members_of(self, node: ast.expr | None) -> list[Member] | None:
        if node is None:
            return None
        with self.resolved(node) as found:
            return self._list_members(found)


def _fill(pattern: Text, slots: re.Pattern[str], given: dict[str, Text]) -> Text | None:
    """A text whose slots are filled; None where one is not given."""
    pieces: list[Text] = []
    at = count = 0
    for found in slots.finditer(pattern.flat):
        pieces.append(pattern.cut(at, found.start()))
        at = found.end()
        if found[0] in ("%%", "{{", "}}"):
            pieces.append(pattern.cut(found.start(), found.start() + 1))
            continue
        name = found["name"] or str(count)
        count += not found["name"]
        if name not in given:
            return None
        pieces.append(given[name])
    return join([*pieces, pattern.cut(at)]) if pieces else EMPTY + pattern

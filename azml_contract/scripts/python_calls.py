"""Read the calls that a Python program makes with requests or httpx.

In: the text of a program. Out: its calls whose URL and body are literal, texts put
together of literals and names, and dicts of them. Anything else is a hole, or a
call that is told as not judged. The program is parsed, never run.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

from azml_contract.scripts.calls import Request
from azml_contract.scripts.text import (
    TOKEN,
    Hole,
    Holes,
    Part,
    Source,
    Style,
    Text,
    escape_json,
    join,
)

_VERBS = ("get", "put", "post", "patch", "delete", "head", "request")
_CLIENTS = frozenset(("requests", "httpx", "session", "client", "s", "http"))
_MADE_CLIENTS = ("Session", "Client", "AsyncClient", "session")
_OURS = re.compile(r"(?i)microsoft\.machinelearningservices|management\.azure\.")


def find_requests(source: Source, holes: Holes) -> Iterator[tuple[int, int, Request]]:
    """The calls of a program: where each begins and ends, and what it is.

    Raises:
        SyntaxError: It is no Python.
    """
    try:
        tree = ast.parse(source.text)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error)) from error
    reader = _Reader(source, holes)
    for node in ast.walk(tree):
        reader.note(node)
    for node in sorted(
        (one for one in ast.walk(tree) if isinstance(one, ast.Call)),
        key=lambda one: (one.lineno, one.col_offset),
    ):
        request = reader.read_call(node)
        if request is not None:
            start, end = reader.span(node)
            yield start, end, request


class _Reader:
    def __init__(self, source: Source, holes: Holes) -> None:
        self._source = source
        self._holes = holes
        self._lines = [0]
        self._texts = source.text.split("\n")
        for line in self._texts:
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._values: dict[str, list[tuple[int, ast.expr]]] = {}
        self._clients = set(_CLIENTS)
        self._depth = 0

    def note(self, node: ast.AST) -> None:
        """Remember what names are set to."""
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            return
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name):
                self._values.setdefault(target.id, []).append((node.lineno, node.value))
                if isinstance(node.value, ast.Call) and _name(node.value.func) in (
                    _MADE_CLIENTS
                ):
                    self._clients.add(target.id)

    def span(self, node: ast.expr) -> tuple[int, int]:
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

    def read_call(self, node: ast.Call) -> Request | None:
        """The request of a call; None where it is no call of a client."""
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr not in _VERBS:
            return None
        given = {one.arg: one.value for one in node.keywords if one.arg}
        arguments = list(node.args)
        method: Text | str = function.attr.upper()
        if function.attr == "request":
            first = arguments.pop(0) if arguments else given.get("method")
            method = self._text(first) if first is not None else "GET"
        target = arguments[0] if arguments else given.get("url")
        if target is None:
            return None
        url = self._text(target)
        is_client = _name(function.value) in self._clients
        if not (_OURS.search(url.flat) or (is_client and self._may_be_ours(url))):
            return None
        request = Request(method, self._add_parameters(url, given.get("params")))
        self._give_body(request, given, node)
        return request

    def _may_be_ours(self, url: Text) -> bool:
        """Whether a URL that is not told wholly may lead to Azure."""
        flat = url.flat
        return TOKEN.match(flat) is not None and (
            flat.strip() == url.whole_token or "/subscriptions/" in flat
        )

    def _give_body(
        self, request: Request, given: dict[str, ast.expr], node: ast.Call
    ) -> None:
        value = given.get("json") or given.get("data") or given.get("content")
        if value is None:
            if any(one.arg is None for one in node.keywords):
                request.unknown = "its arguments come from **"
            return
        body = self._json(value) if "json" in given else self._text(value)
        if body.whole_token:
            shown = self._holes.show(body.whole_token)
            request.unknown = f"its body is {shown}, which the program does not tell"
        request.body = body

    def _add_parameters(self, url: Text, node: ast.expr | None) -> Text:
        node = self._resolve(node) if node is not None else None
        if not isinstance(node, ast.Dict):
            return url
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                continue
            pair = join([self._text(key), self._text(value)], "=")
            url = join([url, pair], "&" if "?" in url.flat else "?")
        return url

    # --- expressions --------------------------------------------------------------

    def _resolve(self, node: ast.expr) -> ast.expr:
        """What a name was last set to before it is used."""
        for _ in range(20):
            if not isinstance(node, ast.Name):
                return node
            before = [
                v for line, v in self._values.get(node.id, ()) if line < node.lineno
            ]
            if not before:
                return node
            node = before[-1]
        return node

    def _hole(self, node: ast.expr) -> Text:
        start, end = self.span(node)
        shown = " ".join(self._source.text[start:end].split())
        shown = shown if len(shown) <= 40 else f"{shown[:40]}..."
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
        at = raw.find(value) if value else -1
        if at >= 0:
            first = start + at
            spot = (self._source, first, first + len(value), Style.VERBATIM)
            return Text((Part(value, *spot),))
        return self._made(value, node)

    def _text(self, node: ast.expr) -> Text:
        """A text; a hole where it is not literal."""
        self._depth += 1
        try:
            return self._read_text(node) if self._depth < 30 else self._hole(node)
        finally:
            self._depth -= 1

    def _read_text(self, node: ast.expr) -> Text:
        found = self._resolve(node)
        if isinstance(found, ast.Constant) and isinstance(found.value, str):
            return self._constant(found)
        if isinstance(found, ast.JoinedStr):
            return join([self._text(one) for one in found.values])
        if isinstance(found, ast.FormattedValue):
            return self._text(found.value)
        if isinstance(found, ast.BinOp) and isinstance(found.op, ast.Add):
            return join([self._text(found.left), self._text(found.right)])
        if isinstance(found, ast.Call) and _name(found.func) == "dumps" and found.args:
            return self._json(found.args[0])
        return self._hole(node)

    def _json(self, node: ast.expr) -> Text:
        """A value as the JSON that is sent."""
        self._depth += 1
        try:
            return self._read_json(node) if self._depth < 30 else self._hole(node)
        finally:
            self._depth -= 1

    def _read_json(self, node: ast.expr) -> Text:
        found = self._resolve(node)
        if isinstance(found, ast.Dict):
            return self._object(found)
        if isinstance(found, ast.List | ast.Tuple):
            items = [self._json(one) for one in found.elts]
            return join(
                [self._made("[", found), join(items, ","), self._made("]", found)]
            )
        if isinstance(found, ast.Constant) and not isinstance(found.value, str):
            return self._made(json.dumps(found.value, default=str), found)
        text = self._text(node)
        if text.whole_token:
            return text
        quote = self._made('"', found)
        return join([quote, escape_json(text), quote])

    def _object(self, node: ast.Dict) -> Text:
        members = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                return self._hole(node)
            quote = self._made('"', key)
            name = escape_json(self._text(key))
            members.append(
                join([quote, name, quote, self._made(":", key), self._json(value)])
            )
        return join([self._made("{", node), join(members, ","), self._made("}", node)])


def _name(node: ast.expr) -> str:
    """The last name of ``a.b.c``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""

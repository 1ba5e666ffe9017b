"""Read the calls that a PowerShell script makes.

In: the text of a script. Out: the calls of its web cmdlets, and of curl and az in it,
whose URL and body are literal: strings, here-strings, what is put together of them
and of variables, and hash tables that go through ConvertTo-Json. Anything else is a
hole, or a call that is told as not judged. The script is parsed, never run.

Source: about_Quoting_Rules, about_Splatting, and the pages of Invoke-RestMethod,
Invoke-WebRequest, Invoke-AzRestMethod and ConvertTo-Json of PowerShell 7.5.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from azml_contract.scripts.calls import Client, Request, find_tool, read_requests
from azml_contract.scripts.effort import Effort
from azml_contract.scripts.parse import Node, parse, span
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

_CMDLETS = {
    "invoke-restmethod": "web",
    "irm": "web",
    "invoke-webrequest": "web",
    "iwr": "web",
    "invoke-azrestmethod": "az",
    "invoke-azrest": "az",
}
_PARAMETERS = ("uri", "method", "body", "infile", "custommethod", "path", "payload")
_SWITCHES = re.compile(
    r"allow\w*|asjob|disablekeepalive|follow\w*|noproxy|passthru|preserve\w*"
    r"|proxyuse\w*|resume|skip\w*|usebasic\w*|usedefault\w*|waitfor\w*"
    r"|verbose|debug"
)
"""Parameters that take no value."""
_ARM = "https://management.azure.com"
_ESCAPES = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "v": "\v",
}
_ESCAPE = re.compile(r'`(?P<one>.)|(?P<twice>"")', re.DOTALL)
_CONSTANTS = {"$true": "true", "$false": "false", "$null": "null"}
_STRINGS = ("expandable_string_literal", "expandable_here_string_literal")
_VERBATIM = ("verbatim_string_characters", "verbatim_here_string_characters")
_NUMBERS = ("integer_literal", "real_literal")
_PLAIN = (*_NUMBERS, "generic_token")
_VARIABLES = ("variable", "braced_variable")
_INSIDE = ("parenthesized_expression", "sub_expression")
_SCOPE = re.compile(r"^[$@]\{?(?:(?:script|global|local|private):)?|\}$", re.I)
_DEEPEST = 30


def find_requests(
    source: Source, holes: Holes, client: Client
) -> Iterator[tuple[int, int, Request]]:
    """The calls of a script: where each begins and ends, and what it is.

    Raises:
        InputError: It takes too much work to parse.
    """
    commands, reader = [], _Reader(source, holes, client)
    waiting = [parse(source.text, Effort(), "powershell")]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        if node.type == "assignment_expression":
            reader.note(node)
        elif node.type == "command":
            commands.append(node)
    reader.sort()
    for node in sorted(commands, key=span):
        for request in reader.read_command(node):
            yield *span(node), request


class _Reader:
    def __init__(self, source: Source, holes: Holes, client: Client) -> None:
        self._source = source
        self._holes = holes
        self._client = client
        self._values: dict[str, list[tuple[int, Node | None]]] = {}
        self._depth = 0

    def note(self, node: Node) -> None:
        """Remember what a variable is set to; None where it is added to."""
        target = _unwrap(node.children[0])
        if target.type in _VARIABLES:
            plain = self._shown(node.children[1]) == "="
            value = node.children[-1] if plain else None
            name = self._name(target)
            self._values.setdefault(name, []).append((node.start_byte, value))

    def sort(self) -> None:
        """Put what was noted into the order of the script."""
        for values in self._values.values():
            values.sort(key=lambda one: one[0])

    def read_command(self, node: Node) -> Iterable[Request]:
        """The requests of a command; none where it runs no client."""
        words = list(self._words(node))
        name = self._shown(words[0][0]).lower() if words else ""
        if name in _CMDLETS:
            return [self._read_cmdlet(_CMDLETS[name], words[1:], node)]
        tool, _ = find_tool([self._made(name, node), *map(self._word, words[1:2])])
        if not tool:
            return []
        return read_requests(
            tool, [self._word(w) for w in words[1:]], None, self._client
        )

    # --- commands ---------------------------------------------------------------------

    def _shown(self, node: Node) -> str:
        return self._source.text[node.start_byte : node.end_byte]

    def _name(self, node: Node) -> str:
        return _SCOPE.sub("", self._shown(node)).lower()

    def _words(self, node: Node) -> Iterator[list[Node]]:
        """What a command is given, each word in its pieces; the first is its name."""
        word: list[Node] = []
        for child in node.children:
            pieces = child.children if child.type == "command_elements" else [child]
            for piece in pieces:
                if piece.type == "command_argument_sep":
                    if word:
                        yield word
                    word = []
                elif piece.type != "redirection":
                    word.append(piece)
        if word:
            yield word

    def _word(self, pieces: list[Node]) -> Text:
        return join(
            self._text(piece)
            if piece.type not in ("generic_token", "command_parameter")
            else self._piece(*span(piece))
            for piece in pieces
        )

    def _read_cmdlet(self, kind: str, words: list[list[Node]], node: Node) -> Request:
        given, unknown = self._sort(words)
        method = given.get("custommethod") or given.get("method")
        url = self._text(given["uri"]) if "uri" in given else EMPTY
        if not url.parts and "path" in given:
            url = join([self._made(_ARM, node), self._text(given["path"])])
        request = Request(self._text(method).flat.upper() if method else "GET", url)
        if not url.parts:
            request.url = self._hole(node.children[0])
            unknown = unknown or "its URL is put together by its parameters"
        request.unknown = unknown
        body = given.get("payload" if kind == "az" else "body")
        if body is not None:
            self._give_body(request, body)
        elif "infile" in given:
            self._give_file(request, self._text(given["infile"]))
        return request

    def _sort(self, words: list[list[Node]]) -> tuple[dict[str, Node], str]:
        """What each parameter is given, and what keeps it from being told."""
        given: dict[str, Node] = {}
        unknown, waiting = "", iter(words)
        for word in waiting:
            first = word[0]
            if first.type == "command_parameter":
                name = self._shown(first)[1:].rstrip(":").lower()
                value = word[1:] if len(word) > 1 else None
                if value is None and not _SWITCHES.fullmatch(name):
                    value = next(waiting, None)
                found = _complete(name)
                if found and value:
                    given[found] = value[0]
            elif _unwrap(first).type == "variable" and self._shown(first)[0] == "@":
                unknown = self._splat(_unwrap(first), given) or unknown
            elif "uri" not in given:
                given["uri"] = first
        return given, unknown

    def _splat(self, variable: Node, given: dict[str, Node]) -> str:
        """Take the parameters of ``@table``; why not, where it cannot be told."""
        table = self._resolve(variable)
        if table.type != "hash_literal_expression":
            return f"its arguments come from {self._shown(variable)}"
        for key, value in _entries(table):
            found = _complete(self._key(key).flat.lower())
            if found:
                given[found] = value
        return ""

    def _give_body(self, request: Request, node: Node) -> None:
        found = self._resolve(node)
        if found.type == "hash_literal_expression":
            request.unknown = "its body is a table, which PowerShell sends as a form"
            return
        body = self._text(node)
        if body.whole_token:
            shown = self._holes.show(body.whole_token)
            request.unknown = f"its body is {shown}, which the script does not tell"
        request.body = body

    def _give_file(self, request: Request, name: Text) -> None:
        request.body = self._client.read_file(name.flat)
        if request.body is None:
            shown = self._holes.show(name.flat)
            request.unknown = f"its body is the file {shown}, and there is none"

    # --- expressions ------------------------------------------------------------------

    def _resolve(self, node: Node) -> Node:
        """What is inside brackets, and what a variable was last set to before."""
        for _ in range(_DEEPEST):
            node = _unwrap(node)
            if node.type in _INSIDE and len(node.children) == 3:
                node = node.children[1]
            elif node.type == "cast_expression":
                node = node.children[-1]
            elif node.type in _VARIABLES:
                known = self._values.get(self._name(node), [])
                at = bisect_left(known, node.start_byte, key=lambda one: one[0])
                # What stands in its own assignment is what it was before.
                while at and _holds(known[at - 1][1], node):
                    at -= 1
                value = known[at - 1][1] if at else None
                if value is None:
                    return node
                node = value
            else:
                return node
        return node

    def _hole(self, node: Node) -> Text:
        shown = " ".join(self._shown(node).split())
        shown = shown if len(shown) <= 40 else f"{shown[:40]}..."
        token = self._holes.token(Hole(shown))
        return Text((Part(token, self._source, *span(node), Style.BARE),))

    def _made(self, text: str, node: Node) -> Text:
        start = node.start_byte
        return Text((Part(text, self._source, start, start, Style.MADE),))

    def _piece(self, start: int, end: int) -> Text:
        """Characters that stand for themselves."""
        if start >= end:
            return EMPTY
        text = self._source.text[start:end]
        return Text((Part(text, self._source, start, end, Style.VERBATIM),))

    def _text(self, node: Node) -> Text:
        """A text; a hole where it is not literal."""
        self._depth += 1
        try:
            return self._read_text(node) if self._depth < _DEEPEST else self._hole(node)
        finally:
            self._depth -= 1

    def _read_text(self, node: Node) -> Text:
        found = self._resolve(node)
        if found.type in _STRINGS or found.type in _VERBATIM:
            return self._string(found)
        if found.type == "pipeline_chain":
            return self._pipeline(found)
        if found.type == "command":
            return self._command(found, None)
        if found.type == "additive_expression":
            left, sign, right = found.children
            if self._shown(sign) == "+":
                return join([self._text(left), self._text(right)])
        if found.type.endswith(_PLAIN):
            return self._piece(*span(found))
        return self._hole(node)

    def _string(self, node: Node) -> Text:
        """A string in quotes, or a here-string without its first and last line."""
        start, end = span(node)
        shown = self._shown(node)
        if shown.startswith("@"):
            first = shown.index("\n") + 1
            last = max(shown.rfind("\n"), first)
            last -= shown[last - 1 : last] == "\r" and last > first
            start, end = start + first, start + last
        else:
            start, end = start + 1, end - 1
        if node.type in _VERBATIM:
            return self._unescape(start, end, "'", here=shown.startswith("@"))
        made = []
        for child in node.named_children:
            made.append(self._unescape(start, child.start_byte, '"'))
            made.append(self._text(child))
            start = child.end_byte
        made.append(self._unescape(start, end, '"'))
        return join(made)

    def _unescape(
        self, start: int, end: int, quote: str, *, here: bool = False
    ) -> Text:
        """Characters in quotes; those of an escape keep their places."""
        if quote == "'":
            found = [] if here else re.finditer("''", self._source.text[start:end])
            escapes = [(*one.span(), "'") for one in found]
        else:
            escapes = [
                (*one.span(), _ESCAPES.get(one["one"], one["one"]) or '"')
                for one in _ESCAPE.finditer(self._source.text[start:end])
            ]
        made, at = [], start
        for first, last, text in escapes:
            made.append(self._piece(at, start + first))
            spot = (self._source, start + first, start + last, Style.DOUBLE)
            made.append(Text((Part(text, *spot),)))
            at = start + last
        made.append(self._piece(at, end))
        return join(made)

    def _pipeline(self, node: Node) -> Text:
        """``VALUE | ConvertTo-Json``, and what leaves a text as it is."""
        steps = [one for one in node.children if one.is_named]
        value = steps[0]
        last = steps[-1]
        for step in steps[1:]:
            if step.type != "command" or self._command_name(step) not in (
                "convertto-json",
                "out-string",
            ):
                return self._hole(node)
        if len(steps) == 1:
            return self._text(value) if value.type != node.type else self._hole(node)
        if self._command_name(steps[1]) == "convertto-json":
            return self._command(steps[1], value)
        return self._text(value) if last.type == "command" else self._hole(node)

    def _command_name(self, node: Node) -> str:
        return self._shown(node.children[0]).lower() if node.children else ""

    def _command(self, node: Node, value: Node | None) -> Text:
        """What ``ConvertTo-Json`` and ``Get-Content`` give."""
        name = self._command_name(node)
        words = [one[0] for one in self._words(node)][1:]
        plain = [
            word
            for before, word in zip([None, *words], words, strict=False)
            if word.type != "command_parameter"
            and (before is None or self._shown(before).lower() not in ("-depth",))
        ]
        if name == "convertto-json":
            value = value if value is not None else next(iter(plain), None)
            return self._json(value) if value is not None else self._hole(node)
        if name in ("get-content", "gc", "cat", "type") and len(plain) == 1:
            found = self._client.read_file(self._text(plain[0]).flat)
            if found is not None:
                return found
        return self._hole(node)

    def _json(self, node: Node) -> Text:
        """A value as ConvertTo-Json writes it."""
        self._depth += 1
        try:
            return self._read_json(node) if self._depth < _DEEPEST else self._hole(node)
        finally:
            self._depth -= 1

    def _read_json(self, node: Node) -> Text:
        found = self._resolve(node)
        if found.type == "hash_literal_expression":
            members = []
            for key, value in _entries(found):
                quote = self._made('"', key)
                name = escape_json(self._key(key))
                colon = self._made(":", key)
                members.append(join([quote, name, quote, colon, self._json(value)]))
            inside = join(members, ",")
            return join([self._made("{", found), inside, self._made("}", found)])
        if found.type == "array_expression":
            inside = join([self._json(one) for one in _items(found)], ",")
            return join([self._made("[", found), inside, self._made("]", found)])
        if found.type == "array_literal_expression":
            items = [one for one in found.children if one.is_named]
            inside = join([self._json(one) for one in items], ",")
            return join([self._made("[", found), inside, self._made("]", found)])
        shown = self._shown(found).lower()
        if shown in _CONSTANTS:
            return self._made(_CONSTANTS[shown], found)
        text = self._text(node)
        if text.whole_token or found.type.endswith(_NUMBERS):
            return text
        quote = self._made('"', found)
        return join([quote, escape_json(text), quote])

    def _key(self, node: Node) -> Text:
        inner = _unwrap(node)
        if inner.type in _STRINGS or inner.type in _VERBATIM:
            return self._string(inner)
        return self._piece(*span(inner))


def _unwrap(node: Node) -> Node:
    """What a chain of nodes holds that each hold one."""
    while node.child_count == 1 and node.type not in _STRINGS:
        node = node.children[0]
    return node


def _holds(outer: Node | None, inner: Node) -> bool:
    return outer is not None and (
        outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte
    )


def _complete(name: str) -> str:
    """The parameter that a name, which may be cut short, stands for."""
    fitting = [one for one in _PARAMETERS if one.startswith(name)]
    return fitting[0] if name in fitting or len(fitting) == 1 else ""


def _entries(table: Node) -> Iterator[tuple[Node, Node]]:
    """Keys and values of a hash table."""
    waiting = list(table.children)
    while waiting:
        node = waiting.pop(0)
        if node.type == "hash_literal_body":
            waiting = list(node.children) + waiting
        elif node.type == "hash_entry":
            yield (
                node.children[0],
                node.children[-1 if node.children[-1].is_named else -2],
            )


def _items(array: Node) -> Iterator[Node]:
    """The items of ``@(...)``."""
    for statement in (one for one in array.children if one.is_named):
        parts = statement.named_children if statement.type == "statement_list" else []
        for part in parts or [statement]:
            inner = _unwrap(part)
            if inner.type == "array_literal_expression":
                yield from (one for one in inner.children if one.is_named)
            else:
                yield part

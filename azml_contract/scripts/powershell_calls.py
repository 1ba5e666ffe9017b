"""Read the calls that a PowerShell script makes.

In: the text of a script. Out: the calls of its web cmdlets, and of curl and az in it,
whose URL and body can be told: strings, here-strings, what is put together of them and
of variables, hash tables that go through ConvertTo-Json, through functions of the
script. Anything else is a hole, or a call that is told as not judged. The script is
parsed, never run.

Source: about_Quoting_Rules, about_Splatting, and the pages of Invoke-RestMethod,
Invoke-WebRequest, Invoke-AzRestMethod and ConvertTo-Json of PowerShell 7.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from azml_contract.scripts.calls import Client, Request, find_tool, read_requests
from azml_contract.scripts.effort import Effort
from azml_contract.scripts.parse import Node, parse, span
from azml_contract.scripts.powershell_names import (
    Elsewhere,
    Frame,
    Function,
    Names,
    Place,
    find_output,
    unwrap,
)
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
from azml_contract.scripts.turns import Found, Turn, find_others

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
_LIST = "array_literal_expression"
_NUMBERS = ("integer_literal", "real_literal")
_PLAIN = (*_NUMBERS, "generic_token")
NESTED = {
    "hash_literal_expression": "System.Collections.Hashtable",
    "array_expression": "System.Object[]",
    "array_literal_expression": "System.Object[]",
}
"""What ConvertTo-Json writes for what lies deeper than its ``-Depth``."""
_DEPTH = re.compile(r"(?i)\s-d(?:e(?:p(?:th?)?)?)?(?::\s*|\s+)(?P<value>\S+)")
_USUAL_DEPTH = 2
_ANY_DEPTH = 100
_MOST_CALLS = 2_000
_MOST_READ = 20_000
"""How many expressions are read: texts that double would fill memory."""
_DEEPEST = 30


def find_requests(
    source: Source, holes: Holes, client: Client
) -> Iterator[tuple[int, int, Request]]:
    """The calls of a script: where each begins and ends, and what it is.

    Raises:
        InputError: It takes too much work to parse.
    """
    root = parse(source.text, Effort(), "powershell")
    names = Names(source.text, root)

    def read_turn(turn: Turn) -> tuple[list[Found], Callable[[Request], bool]]:
        again = Names(source.text, root, turn)
        found = list(_Reader(source, holes, client, again).read())
        return found, lambda request: _is_unset(request, holes, names, again)

    found = list(_Reader(source, holes, client, names).read())
    yield from found
    yield from find_others(found, names.turn, read_turn)


def _is_unset(request: Request, holes: Holes, main: Names, again: Names) -> bool:
    """Whether a call hangs on a variable that no branch of a turn sets."""
    shown = (one.shown.lower() for one in holes.find(request.said))
    names = [one.removeprefix("$").strip("{}") for one in shown]
    return any(main.is_set(one) and not again.is_set(one) for one in names)


class _Reader:
    def __init__(
        self, source: Source, holes: Holes, client: Client, names: Names
    ) -> None:
        self._source = source
        self._holes = holes
        self._client = client
        self._names = names
        self._frame: Frame | None = None
        self._depth = 0
        self._level, self._deepest = 0, _ANY_DEPTH
        self._left = _MOST_CALLS
        self._most = _MOST_READ
        self._called: set[int] = set()

    def read(self) -> Iterator[tuple[int, int, Request]]:
        """The calls of the script and of what it calls, then of other functions."""
        yield from self._follow(None, None)
        for one in self._names.all:
            if one.node.start_byte not in self._called:
                frame = self._names.enter(one, None, None, None)
                yield from self._follow(one, frame)

    def _follow(
        self, function: Function | None, frame: Frame | None
    ) -> Iterator[tuple[int, int, Request]]:
        for command in self._names.commands_of(function):
            self._frame = frame
            for request in self.read_command(command):
                yield *span(command), request
            words = list(self._words(command))
            name = self._shown(words[0][0]).lower() if words else ""
            inner = self._names.functions.get(name)
            depth = frame.depth if frame is not None else 0
            if inner is None or inner is function or depth > _DEEPEST or not self._left:
                continue
            self._left -= 1
            self._called.add(inner.node.start_byte)
            entered = self._names.enter(inner, words[1:], command, frame)
            yield from self._follow(inner, entered)

    @contextmanager
    def _resolved(self, place: Place) -> Iterator[Node | None]:
        """What an expression stands for, to be read inside; None for null."""
        before = self._frame
        node, self._frame = self._names.look_up(place, before)
        try:
            yield node
        finally:
            self._frame = before

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
        return self._names.shown(node)

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

    def _sort(self, words: list[list[Node]]) -> tuple[dict[str, Place], str]:
        """What each parameter is given, and what keeps it from being told."""
        given: dict[str, Place] = {}
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
            elif unwrap(first).type == "variable" and self._shown(first)[0] == "@":
                unknown = self._splat(unwrap(first), given) or unknown
            elif "uri" not in given:
                given["uri"] = first
        return given, unknown

    def _splat(self, variable: Node, given: dict[str, Place]) -> str:
        """Take the parameters of ``@table``; why not, where it cannot be told."""
        table, frame, later = self._names.find_table(variable, self._frame)
        if table is None or table.type != "hash_literal_expression":
            return f"its arguments come from {self._shown(variable)}"
        here = self._frame
        entries = [(self._key(k).flat, Elsewhere(v, frame)) for k, v in _entries(table)]
        entries += [(key, Elsewhere(value, here)) for key, value in later]
        for key, value in entries:
            found = _complete(key.lower())
            if found:
                given[found] = value
        return ""

    def _give_body(self, request: Request, place: Place) -> None:
        with self._resolved(place) as found:
            if found is None:
                return
            if found.type == "hash_literal_expression":
                request.unknown = (
                    "its body is a table, which PowerShell sends as a form"
                )
                return
        body = self._text(place)
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

    def _hole(self, place: Place) -> Text:
        node = _node_of(place)
        shown = " ".join(self._shown(node).split())
        shown = shown if len(shown) <= 40 else f"{shown[:40]}..."
        is_folder = shown.lower() in ("$psscriptroot", "$pwd")
        token = self._holes.token(Hole(shown, is_folder=is_folder))
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

    def _text(self, place: Place) -> Text:
        """A text; a hole where it is not literal."""
        with self._resolved(place) as found:
            text = self._deeper(self._read_text, found)
        return text if text is not None else self._hole(place)

    def _deeper(
        self, read: Callable[[Node], Text | None], node: Node | None
    ) -> Text | None:
        if node is None:
            return EMPTY
        self._depth += 1
        self._most -= 1
        try:
            return read(node) if self._depth < _DEEPEST and self._most > 0 else None
        finally:
            self._depth -= 1

    def _read_text(self, found: Node) -> Text | None:
        if found.type in _STRINGS or found.type in _VERBATIM:
            return self._string(found)
        if found.type == "pipeline_chain":
            return self._pipeline(found)
        if found.type == "command":
            return self._output(found) or self._command(found, None)
        if found.type == "format_expression" and found.child_count == 3:
            return self._format(found)
        if found.type == "additive_expression":
            left, sign, right = found.children
            if self._shown(sign) == "+":
                return join([self._text(left), self._text(right)])
        if found.type.endswith(_PLAIN):
            return self._piece(*span(found))
        return None

    def _output(self, node: Node) -> Text | None:
        """What a function of the script writes, its arguments put in."""
        words = list(self._words(node))
        function = self._names.functions.get(self._shown(words[0][0]).lower())
        value = find_output(function) if function is not None else None
        if function is None or value is None:
            return None
        frame = self._names.enter(function, words[1:], node, self._frame)
        return self._text(Elsewhere(value, frame))

    def _format(self, node: Node) -> Text | None:
        """``"{0}/{1}" -f $a, $b``; None where a slot has a format, or nothing."""
        pattern, (_, _, right) = self._text(node.children[0]), node.children
        while right.child_count == 1:
            right = right.children[0]
        values = right.named_children if right.type == _LIST else [right]
        made, at = [], 0
        for found in re.finditer(r"\{\{|\}\}|\{(\d*)([^{}]*)\}", pattern.flat):
            made.append(pattern.cut(at, found.start()))
            at = found.end()
            if found[0] in ("{{", "}}"):
                made.append(pattern.cut(found.start(), found.start() + 1))
            elif not found[1] or found[2] or int(found[1]) >= len(values):
                return None
            else:
                made.append(self._text(values[int(found[1])]))
        return join([*made, pattern.cut(at)])

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
            if value is None:
                return self._hole(node)
            with self._resolved(value) as resolved:
                is_null = resolved is None
            return (
                EMPTY
                if is_null
                else self._convert(value, _find_depth(self._shown(node)))
            )
        if name in ("get-content", "gc", "cat", "type") and len(plain) == 1:
            found = self._client.read_file(self._text(plain[0]).flat)
            if found is not None:
                return found
        return self._hole(node)

    def _convert(self, place: Place, deepest: int) -> Text:
        before = self._level, self._deepest
        self._level, self._deepest = -1, deepest
        try:
            return self._json(place)
        finally:
            self._level, self._deepest = before

    def _json(self, place: Place) -> Text:
        """A value as ConvertTo-Json writes it."""
        self._level += 1
        try:
            with self._resolved(place) as found:
                if found is None:
                    return self._made("null", _node_of(place))
                cut = NESTED.get(found.type) if self._level > self._deepest else None
                if cut is not None:
                    return self._made(f'"{cut}"', found)
                text = self._deeper(self._read_json, found)
        finally:
            self._level -= 1
        return text if text is not None else self._hole(place)

    def _read_json(self, found: Node) -> Text | None:
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
        text = self._read_text(found)
        if text is None or text.whole_token or found.type.endswith(_NUMBERS):
            return text
        quote = self._made('"', found)
        return join([quote, escape_json(text), quote])

    def _key(self, node: Node) -> Text:
        inner = unwrap(node)
        if inner.type in _STRINGS or inner.type in _VERBATIM:
            return self._string(inner)
        return self._piece(*span(inner))


def _node_of(place: Place) -> Node:
    return place.node if isinstance(place, Elsewhere) else place


def _find_depth(command: str) -> int:
    """How deep ConvertTo-Json goes; any depth where only running would tell."""
    found = _DEPTH.search(command)
    if found is None:
        return _USUAL_DEPTH
    return int(found["value"]) if found["value"].isdecimal() else _ANY_DEPTH


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
            inner = unwrap(part)
            if inner.type == "array_literal_expression":
                yield from (one for one in inner.children if one.is_named)
            else:
                yield part

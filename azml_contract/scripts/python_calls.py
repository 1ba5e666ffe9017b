"""Read the calls that a Python program makes with the HTTP clients of Python.

In: the text of a program. Out: its calls whose URL and body can be told: literal, put
together of what names stand for, handed to functions of the program. Anything else
is a hole, or a call that is told as not judged. The program is parsed, never run.

Source: the API references of requests 2.32, httpx 0.28, aiohttp 3.11, azure-core
1.32, and of `urllib.request` and `http.client`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from azml_contract.scripts.calls import Request
from azml_contract.scripts.python_names import (
    Elsewhere,
    Frame,
    Function,
    Names,
    name_of,
)
from azml_contract.scripts.python_values import Values
from azml_contract.scripts.text import EMPTY, TOKEN, Holes, Source, Text, join
from azml_contract.scripts.turns import Found, Turn, find_others

_VERBS = frozenset(("get", "put", "post", "patch", "delete", "head", "request"))
_CLIENTS = frozenset(("requests", "httpx", "session", "client", "s", "http"))
_MADE_CLIENTS = frozenset(
    ("Session", "Client", "AsyncClient", "session", "ClientSession", "PoolManager")
)
_REQUESTS = frozenset(("Request", "HttpRequest"))
"""Objects that are requests, of `urllib.request`, requests, httpx and azure-core."""
_OURS = re.compile(r"(?i)microsoft\.machinelearningservices|management\.azure\.")
_RUNNERS = frozenset(("subprocess", "os", "asyncio"))
_RUN = frozenset(
    (
        *("run", "call", "check_call", "check_output", "Popen", "system", "popen"),
        *("getoutput", "getstatusoutput"),
        *("create_subprocess_exec", "create_subprocess_shell"),
    )
)
"""What runs other programs."""
_PROVIDER_URL = re.compile(r"(?i)\S*/providers/microsoft\.machinelearningservices\S*")
_CLIENT_LINE = re.compile(r"(?:^|[\s;|&])(?:curl|wget|az\s+rest)\s")
_VERB = re.compile(r"(?i)get|put|post|patch|delete|head")
_ABSOLUTE = re.compile(r"(?i)[a-z]+://")
_MOST_CALLS = 2_000
_DEEPEST = 20


def find_requests(source: Source, holes: Holes) -> Iterator[tuple[int, int, Request]]:
    """The calls of a program: where each begins and ends, and what it is.

    One in a function comes once for each call of that.

    Raises:
        SyntaxError: It is no Python.
    """
    try:
        tree = ast.parse(source.text)
        names = Names(tree)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error)) from error
    is_ours = _OURS.search(source.file.text) is not None

    def read(names: Names) -> list[Found]:
        values = Values(source, holes, names)
        return list(_Reader(names, values, holes, is_ours).read(tree))

    def read_turn(turn: Turn) -> tuple[list[Found], Callable[[Request], bool]]:
        again = Names(tree, turn)
        return read(again), lambda request: _is_unset(request, holes, names, again)

    found = read(names)
    yield from found
    yield from find_others(found, names.turn, read_turn)


def find_imports(source: Source) -> Iterator[tuple[int, int, list[str]]]:
    """What a program imports: where, and the files that it may be, the likeliest first.

    Raises:
        SyntaxError: It is no Python.
    """
    tree = ast.parse(source.text)
    values = Values(source, Holes(), Names(tree))
    for node in ast.walk(tree):
        likely: list[list[str]] = []
        if isinstance(node, ast.Import):
            likely = [[one.name] for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level < 2:
            of = [node.module] if node.module else []
            likely = [[".".join([*of, one.name]), *of] for one in node.names]
        for names in likely:
            files = [f"{name.replace('.', '/')}.py" for name in names]
            if isinstance(node, ast.stmt):
                yield (*values.span(node), files)


def _is_unset(request: Request, holes: Holes, main: Names, again: Names) -> bool:
    """Whether a call hangs on a name that no branch of a turn sets."""
    names = (one.shown.strip("{}") for one in holes.find(request.said))
    return any(main.is_set(one) and not again.is_set(one) for one in names)


class _Reader:
    def __init__(
        self, names: Names, values: Values, holes: Holes, is_ours: bool
    ) -> None:
        self._names = names
        self._is_ours = is_ours
        self._values = values
        self._holes = holes
        self._clients = set(_CLIENTS)
        self._imported: set[str] = set()
        self._bases: dict[str, ast.expr] = {}
        self._queries: dict[str, list[ast.expr]] = {}
        self._aliases: dict[str, str] = {}
        self._verbs: dict[str, str] = {}
        self._partials: dict[str, ast.Call] = {}
        self._called: set[Function] = set()
        self._left = _MOST_CALLS

    def read(self, tree: ast.Module) -> Iterator[tuple[int, int, Request]]:
        """The calls of the module and of what it calls, then of other functions."""
        for node in ast.walk(tree):
            self._note(node)
        yield from self._follow(None, None)
        for one in self._names.list_functions():
            if one not in self._called:
                self._called.add(one)
                yield from self._follow(one, self._names.enter(one, None, None))

    def _follow(
        self, function: Function | None, frame: Frame | None
    ) -> Iterator[tuple[int, int, Request]]:
        for call in self._names.calls_of(function):
            self._values.frame = frame
            request = self._read_call(call, frame)
            if request is not None:
                yield (*self._values.span(call), request)
                continue
            inner = self._names.find_function(call, frame)
            unread = self._tell_unread(call) if inner is None else None
            if unread is not None:
                yield (*self._values.span(call), unread)
            depth = frame.depth if frame is not None else 0
            if inner is None or inner is function or depth > _DEEPEST or not self._left:
                continue
            self._left -= 1
            self._called.add(inner)
            yield from self._follow(inner, self._names.enter(inner, call, frame))

    def _tell_unread(self, node: ast.Call) -> Request | None:
        """A program that is run with a URL of the provider, or runs a client."""
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        name = name_of(node.func)
        if name not in _RUN or (of is not None and name_of(of) not in _RUNNERS):
            return None
        given = [*node.args, *(one.value for one in node.keywords)]
        words = [
            self._values.text(one)
            for argument in given
            for one in self._values.items(argument)
        ]
        line = join(words, " ")
        found = _PROVIDER_URL.search(line.flat)
        if found is None and not (self._is_ours and _CLIENT_LINE.search(line.flat)):
            return None
        shown = f"{name_of(of)}.{name}" if of is not None else name
        url = line.cut(*found.span()) if found is not None else self._values.hole(node)
        return Request("GET", url, unknown=f"{shown} makes it, which is not read here")

    # --- clients ----------------------------------------------------------------------

    def _note(self, node: ast.AST) -> None:
        """Remember which names are clients, and what those add to each call."""
        if isinstance(node, ast.ImportFrom) and node.module in ("requests", "httpx"):
            verbs = [one for one in node.names if one.name in _VERBS]
            self._imported |= {one.name for one in verbs if not one.asname}
            self._verbs |= {one.asname: one.name for one in verbs if one.asname}
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._note_client(node.optional_vars, node.context_expr)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                self._note_verb(target, node.value)
                self._note_client(target, node.value)
                self._note_query(target, node.value)
        elif isinstance(node, ast.AugAssign):
            self._note_query(node.target, node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            changed = node.args[:1] if node.func.attr == "update" else []
            for value in changed:
                self._note_query(node.func.value, value)

    def _note_verb(self, target: ast.expr, value: ast.expr) -> None:
        """``get = requests.get``."""
        if not (isinstance(target, ast.Name) and isinstance(value, ast.Attribute)):
            return
        if value.attr in _VERBS and name_of(value.value) in ("requests", "httpx"):
            self._verbs[target.id] = value.attr

    def _note_query(self, target: ast.expr, value: ast.expr) -> None:
        """``s.params = ...``, ``s.params["api-version"] = ...`` and their like."""
        if isinstance(target, ast.Subscript):
            one = ast.Dict([target.slice], [value])
            target, value = target.value, ast.copy_location(one, value)
        if isinstance(target, ast.Attribute) and target.attr == "params":
            self._add_query(target.value, value)

    def _note_client(self, target: ast.expr, value: ast.expr) -> None:
        if not isinstance(value, ast.Call):
            return
        name = name_of(target)
        if name_of(value.func) == "partial" and value.args:
            self._partials[name] = value
        returned = self._names.find_return(value)
        if isinstance(returned, ast.Name):
            self._aliases[name] = returned.id
        elif isinstance(returned, ast.Call):
            value = returned
        if name_of(value.func) not in _MADE_CLIENTS:
            return
        self._clients.add(name)
        for keyword in value.keywords:
            if keyword.arg == "base_url":
                self._bases[name] = keyword.value
            elif keyword.arg == "params":
                self._add_query(target, keyword.value)

    def _add_query(self, target: ast.expr, value: ast.expr) -> None:
        self._queries.setdefault(name_of(target), []).append(value)

    # --- calls ------------------------------------------------------------------------

    def _read_call(self, node: ast.Call, frame: Frame | None) -> Request | None:
        """The request of a call; None where it is no call of a client."""
        made = self._partials.get(name_of(node.func))
        if made is not None:
            keywords = [*made.keywords, *node.keywords]
            whole = ast.Call(made.args[0], [*made.args[1:], *node.args], keywords)
            node = ast.copy_location(whole, node)
        node = self._spell_out(node)
        name = name_of(node.func)
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        is_object = name in _REQUESTS
        if not is_object and (name not in _VERBS if of else name not in self._imported):
            return None
        given, told = self._names.read_keywords(node, frame)
        arguments = [Elsewhere(one, frame) for one in node.args]
        method = self._find_method(name, arguments, given)
        target = arguments.pop(0) if arguments else given.get("url")
        if target is None:
            return None
        client = name_of(of) if of is not None else ""
        client = self._aliases.get(client, client)
        url = self._complete(self._values.text(target), client)
        is_client = of is None or client in self._clients
        may_be = (is_client or is_object) and self._may_be_ours(url)
        if not (_OURS.search(url.flat) or may_be):
            return None
        self._give_rest(name, arguments, given)
        queries = [*self._queries.get(client, ()), given.get("params")]
        for query in queries:
            url = self._add_parameters(url, query)
        request = Request(method, url)
        self._give_body(request, given, told=told)
        return request

    def _spell_out(self, node: ast.Call) -> ast.Call:
        """``requests.VERB(...)`` for a verb that goes by another name."""
        func, arguments = node.func, node.args
        verb = self._verbs.get(func.id, "") if isinstance(func, ast.Name) else ""
        client: ast.expr = ast.Name("requests", ast.Load())
        if isinstance(func, ast.Call) and name_of(func.func) == "getattr":
            if len(func.args) < 2 or name_of(func.args[0]) not in self._clients:
                return node
            client, verb = func.args[0], "request"
            arguments = [func.args[1], *arguments]
        elif isinstance(func, ast.Attribute) and func.attr == "stream":
            client, verb = func.value, "request"
        elif name_of(func) == "urlopen" and arguments:
            is_url = _OURS.search(self._values.text(arguments[0]).flat) is not None
            verb = ("post" if len(arguments) > 1 else "get") if is_url else ""
        if not verb:
            return node
        whole = ast.Attribute(client, verb, ast.Load())
        return ast.copy_location(ast.Call(whole, arguments, node.keywords), node)

    def _find_method(
        self, name: str, arguments: list[Elsewhere], given: dict[str, ast.expr]
    ) -> Text | str:
        if name not in ("request", *_REQUESTS):
            return name.upper()
        if "method" in given:
            return self._values.text(given["method"])
        first = self._values.text(arguments[0]) if arguments else EMPTY
        if _VERB.fullmatch(first.flat) or (first.whole_token and len(arguments) > 1):
            arguments.pop(0)
            return first
        # That of urllib begins with the URL.
        return "POST" if "data" in given or len(arguments) > 1 else "GET"

    def _complete(self, url: Text, client: str) -> Text:
        """With the base of the client, where it has one."""
        base = self._bases.get(client)
        if base is None or _ABSOLUTE.match(url.flat):
            return url
        start = self._values.text(base).strip_end("/")
        return join([start, url.cut(len(url.flat) - len(url.flat.lstrip("/")))], "/")

    def _may_be_ours(self, url: Text) -> bool:
        """Whether a URL that is not told wholly may lead to Azure."""
        flat = url.flat
        return TOKEN.match(flat) is not None and (
            self._is_ours
            or flat.strip() == url.whole_token
            or "/subscriptions/" in flat
        )

    def _give_rest(
        self, name: str, arguments: list[Elsewhere], given: dict[str, ast.expr]
    ) -> None:
        """What stands after the URL without a name."""
        order = ("params",) if name in ("get", "head", "delete") else ("data", "json")
        for key, value in zip(order, arguments, strict=False):
            given.setdefault(key, value)

    def _give_body(
        self, request: Request, given: dict[str, ast.expr], *, told: bool
    ) -> None:
        names = ("json", "data", "content", "body")
        bodies = ((n, given[n]) for n in names if n in given)
        name, value = next(
            (one for one in bodies if not self._values.is_none(one[1])), ("", None)
        )
        if value is None:
            request.unknown = "" if told else "its arguments come from **"
            return
        body = self._values.json(value) if name == "json" else self._values.text(value)
        if body.flat == "null":  # what only runs where there is a body
            return
        if body.whole_token:
            shown = self._holes.show(body.whole_token)
            request.unknown = f"its body is {shown}, which the program does not tell"
        request.body = body

    def _add_parameters(self, url: Text, node: ast.expr | None) -> Text:
        if node is None or self._values.is_none(node):
            return url
        for key, value in self._values.pairs(node):
            pair = join([key, value], "=")  # what is not told has no key
            url = join([url, pair], "&" if "?" in url.flat else "?")
        return url

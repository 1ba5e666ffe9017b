"""Read the calls that the command lines of HTTP clients make.

In: the words of one command, its input, and how to read a file. Out: a call for
each URL: verb, URL, body, or why it cannot be told. Knows no contracts.

Source: the manual pages of curl 8.9, wget 1.24, HTTPie 3.2, and `az rest --help`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from azml_contract.scripts.text import EMPTY, Part, Style, Text, join

ReadFile = Callable[[str], Text | None]

_TABLE = tomllib.loads(Path(__file__).with_name("clients.toml").read_text("utf-8"))
_CURL_VALUES = frozenset(_TABLE["curl_values"].split())
_CURL_SHORT = {
    "d": "data",
    "X": "request",
    "G": "get",
    "I": "head",
    "H": "header",
    "o": "output",
    "w": "write-out",
    "T": "upload-file",
    "F": "form",
    "K": "config",
    "f": "fail",
    "v": "verbose",
    "s": "silent",
    "L": "location",
    "u": "user",
    ":": "next",
    "g": "globoff",
}
_CURL_TAKES = frozenset("AbcCdDeEFhHKmoPQrtTuUwxXyYz")
_CURL_DATA = ("data", "data-raw", "data-binary", "data-ascii", "json", "data-urlencode")
_AZ_LONG = {
    "-m": "--method",
    "-u": "--uri",
    "--url": "--uri",
    "-b": "--body",
    "--url-parameters": "--uri-parameters",
}
_MANY = re.compile(r"\{[^{}\s\"]*,[^{}\s\"]*\}|\[\w+-\w+(?::\d+)?\]")
"""What curl makes several URLs of."""
_LIST = re.compile("\ue002[0-9]+\ue003")
_TOOLS = re.compile(r"(?:.*[/\\])?(curl|wget|http|https|xh|xhs|az)(?:\.exe)?")
_ENGINES = frozenset(("docker", "podman", "nerdctl"))
_IMAGES = re.compile(r"(?:[\w.:-]+/)*(curl|wget)(?:[:@][\w.:-]+)?")
NOT_RUN = frozenset(_TABLE["not_run"].split())


@dataclass(slots=True)
class Request:
    """One call as a command line says it; `unknown` says why it cannot be told.

    `is_turn` where it is a call as it is when other branches are taken, see `turns`.
    """

    method: Text | str
    url: Text
    body: Text | None = None
    unknown: str = ""
    output: str = ""
    writes_out: bool = False
    fails: bool = False
    verbose: bool = False
    query: Text | None = None
    raw: bool = True
    is_turn: bool = False

    @property
    def said(self) -> str:
        """All that is known of it, as one text."""
        body = self.body.flat if self.body is not None else ""
        return f"{self.method}\n{self.url}\n{body}"


@dataclass(slots=True)
class Client:
    """What the command lines of one script are read with."""

    read_file: ReadFile
    show: Callable[[str], str]


def find_tool(words: Sequence[Text]) -> tuple[str, int]:
    """The client that a command runs, and which word names it; "" without one."""
    if not words or words[0].flat in NOT_RUN:
        return "", 0
    in_image = words[0].flat in _ENGINES
    for index, word in enumerate(words):
        found = _TOOLS.fullmatch(word.flat)
        if found is None and in_image:
            found = _IMAGES.fullmatch(word.flat)
        if found is None:
            continue
        if index and words[index - 1].flat in ("-v", "-V"):  # command -v curl
            return "", 0
        tool = found[1]
        if tool in ("http", "https", "xh", "xhs"):
            return ("http", index) if index == 0 and len(words) > 1 else ("", 0)
        if tool == "az":
            rest = [word.flat for word in words[index + 1 : index + 2]]
            return ("az", index) if rest == ["rest"] else ("", 0)
        return tool, index
    return "", 0


def read_requests(
    tool: str, words: Sequence[Text], stdin: Text | None, client: Client
) -> list[Request]:
    """The calls of one command, its own name left out of `words`."""
    if tool == "curl":
        return list(_read_curl(words, stdin, client))
    if tool == "az":
        return _read_az(words[1:], stdin, client)
    if tool == "wget":
        return _read_wget(words, client)
    return _read_http(words, stdin, client)


# --- curl -----------------------------------------------------------------------------

Option = tuple[str, Text]


def _read_curl(
    words: Sequence[Text], stdin: Text | None, client: Client
) -> Iterator[Request]:
    options, others = _sort_curl(words, stdin, client)
    groups: list[tuple[list[Option], list[Text]]] = [([], [])]
    for name, word in options:
        if name == "next":
            groups.append(([], []))
        elif name == "":
            groups[-1][1].append(word)
        else:
            groups[-1][0].append((name, word))
    groups[-1][1].extend(others)
    for given, urls in groups:
        yield from _read_group(given, urls, stdin, client)


def _sort_curl(
    words: Sequence[Text], stdin: Text | None, client: Client
) -> tuple[list[Option], list[Text]]:
    """Options by their long names; what is no option has the name "".

    The parser of shells loses a dash before a here-document: an option that wants a
    value, and is the last word, has that.
    """
    options: list[Option] = []
    waiting = iter(words)
    for word in waiting:
        text = word.flat
        if text.startswith("--") and len(text) > 2:
            name, _, _ = text[2:].partition("=")
            if name in _CURL_VALUES:
                options.append((name, next(waiting, word.cut(0, 1))))
            else:
                options.append((name, word))
        elif text.startswith("-") and len(text) > 1:
            options += _read_short(word, waiting)
        else:
            options.append(("", word))
    return [one for read in options for one in _include(read, stdin, client)], []


def _read_short(word: Text, waiting: Iterator[Text]) -> list[Option]:
    """Letters of ``-sXPUT``: the first that takes a value takes the rest."""
    found: list[Option] = []
    for at, letter in enumerate(word.flat[1:], start=2):
        name = _CURL_SHORT.get(letter, f"-{letter}")
        if letter not in _CURL_TAKES:
            found.append((name, word))
            continue
        rest = word.cut(at)
        return [*found, (name, rest if rest.flat else next(waiting, word.cut(0, 1)))]
    return found


def _include(option: Option, stdin: Text | None, client: Client) -> Iterator[Option]:
    """The options of a ``-K`` file in its place."""
    name, value = option
    config = None
    if name == "config":
        config = stdin if value.flat == "-" else client.read_file(value.flat)
    if config is None:
        yield option
        return
    pattern = re.compile(
        r"^[ \t]*-{0,2}(?P<name>[\w-]+)(?:[ \t]*[=:][ \t]*|[ \t]+)?"
        r"(?P<value>\"(?:[^\"\\]|\\.)*\"|[^\n]*)$",
        re.MULTILINE,
    )
    for found in pattern.finditer(config.flat):
        name = found["name"]
        name = _CURL_SHORT.get(name, name) if len(name) == 1 else name
        start, end = found.span("value")
        if found["value"].startswith('"'):
            start, end = start + 1, end - 1
        yield (("url" if name == "url" else name), _unescape(config.cut(start, end)))


def _unescape(text: Text) -> Text:
    pieces: list[Part] = []
    at = 0
    for found in re.finditer(r"\\(.)", text.flat):
        pieces += text.cut(at, found.start()).parts
        first = text.cut(found.start(), found.end()).parts[0]
        end = first.start + len(found[0])
        pieces.append(replace(first, text=found[1], end=end, inner=None))
        at = found.end()
    pieces += text.cut(at).parts
    return Text(tuple(replace(one, style=Style.CONFIG) for one in pieces))


def _read_group(
    options: Sequence[Option], others: list[Text], stdin: Text | None, client: Client
) -> Iterator[Request]:
    given = dict(options)
    urls = [value for name, value in options if name == "url"]
    urls += [word for word in others if _is_url(word, client)]
    lists = [word for word in others if word not in urls and word.whole_token]
    data = [(name, value) for name, value in options if name in _CURL_DATA]
    queries = [value for name, value in options if name == "url-query"]
    if not urls:
        if lists:
            shown = client.show(lists[0].flat)
            yield Request("GET", EMPTY, unknown=f"its options come from {shown}")
        return
    spread = [
        word for word in lists if re.search(r"\$[@*]|\[[@*]\]", client.show(word.flat))
    ]
    for url in urls:
        request = Request(_imply(given, data), url)
        request.output = given["output"].flat if "output" in given else ""
        request.writes_out = "write-out" in given
        request.fails = "fail" in given or "fail-with-body" in given
        request.verbose = "verbose" in given or "trace-ascii" in given
        many = None if "globoff" in given else _MANY.search(url.flat)
        if many is not None:
            request.unknown = f"its URL stands for several, by {many[0]}"
        if spread and "request" not in given:
            request.unknown = f"its options come from {client.show(spread[0].flat)}"
        if "get" in given:
            url = _add_query(url, [value for _, value in data] + queries)
        else:
            url = _add_query(url, queries)
            _give_body(request, data, given, stdin, client)
        request.url = url
        yield request


def _is_url(word: Text, client: Client) -> bool:
    text = word.flat
    shown = client.show(text)
    if word.whole_token and re.search(r"^\$[@*]$|\[[@*]\]", shown):
        return False
    return "://" in text or "/" in text or "?" in text or bool(_LIST.search(text))


def _imply(given: dict[str, Text], data: Sequence[Option]) -> Text | str:
    """The verb: what ``-X`` says, else what curl does without it."""
    if "request" in given:
        return given["request"]
    if "get" in given:
        return "GET"
    if "upload-file" in given:
        return "PUT"
    if "head" in given:
        return "HEAD"
    return "POST" if data or "form" in given else "GET"


def _add_query(url: Text, items: Sequence[Text]) -> Text:
    for item in items:
        url = join([url, item], "&" if "?" in url.flat else "?")
    return url


def _give_body(
    request: Request,
    data: Sequence[Option],
    given: dict[str, Text],
    stdin: Text | None,
    client: Client,
) -> None:
    if "upload-file" in given and not data:
        sent = given["upload-file"]
        _read_named(request, sent if sent.flat != "-" else None, stdin, client)
    elif len(data) == 1:
        name, word = data[0]
        if word.flat.startswith("@") and name not in ("data-raw", "data-urlencode"):
            file = word.cut(1)
            _read_named(request, None if file.flat == "-" else file, stdin, client)
        else:
            _place_body(request, word, client)
    elif data:
        joined = "" if all(name == "json" for name, _ in data) else "&"
        _place_body(request, join([word for _, word in data], joined), client)


def _read_named(
    request: Request, name: Text | None, stdin: Text | None, client: Client
) -> None:
    """The body of a file, or of the input where `name` is None."""
    if name is None:
        if stdin is None:
            _give_up(request, "its body comes from the standard input")
        else:
            _place_body(request, stdin, client)
        return
    if name.flat in ("/dev/stdin",):
        _read_named(request, None, stdin, client)
        return
    shown = client.show(name.flat)
    text = client.read_file(name.flat)
    if text is None and _LIST.search(name.flat):
        why = f"its body is the file {shown}, a name which the script does not tell"
        _give_up(request, why)
    elif text is None:
        _give_up(request, f"its body is the file {shown}, and there is none")
    else:
        _place_body(request, text, client)


def _place_body(request: Request, text: Text, client: Client) -> None:
    if text.whole_token:
        shown = client.show(text.whole_token)
        why = f"its body is {shown}, which the script does not tell"
        if shown.startswith("the file "):
            why = f"its body is {shown}, and there is none"
        _give_up(request, why)
    request.body = text


def _give_up(request: Request, why: str) -> None:
    request.unknown = request.unknown or why


# --- the others -----------------------------------------------------------------------


def _read_az(
    words: Sequence[Text], stdin: Text | None, client: Client
) -> list[Request]:
    given: dict[str, Text] = {}
    waiting = iter(words)
    parameters: list[Text] = []
    name = ""
    for word in waiting:
        text = word.flat
        if text.startswith("-") and not text.startswith("-{"):
            name, sign, _ = text.partition("=")
            name = _AZ_LONG.get(name, name)
            if sign:
                given[name] = word.cut(len(text.partition("=")[0]) + 1)
                name = ""
        elif name == "--uri-parameters":
            parameters.append(word)
        elif name:
            given.setdefault(name, word)
    if "--uri" not in given:
        return [Request("GET", EMPTY, unknown="its URL is not given by --uri")]
    url = _add_query(given["--uri"], parameters)
    request = Request(given.get("--method", "GET"), url)
    request.query = given.get("--query")
    output = given.get("--output") or given.get("-o")
    request.raw = output is not None and output.flat == "tsv"
    body = given.get("--body")
    if "--output-file" in given:
        request.output = given["--output-file"].flat
    if body is not None and body.flat.startswith("@"):
        file = body.cut(1)
        _read_named(request, None if file.flat == "-" else file, stdin, client)
    elif body is not None:
        _place_body(request, body, client)
    return [request]


def _read_wget(words: Sequence[Text], client: Client) -> list[Request]:
    given: dict[str, Text] = {}
    urls: list[Text] = []
    waiting = iter(words)
    for word in waiting:
        text = word.flat
        if text.startswith("--"):
            name, sign, _ = text.partition("=")
            takes = name in ("--method", "--body-data", "--body-file", "--post-data")
            takes = takes or name in ("--post-file", "--header", "--output-document")
            if sign:
                given[name] = word.cut(len(name) + 1)
            elif takes:
                value = next(waiting, None)
                given.update({name: value} if value is not None else {})
        elif text.startswith("-"):
            found = re.fullmatch(r"-[a-zA-Z]*?([OoaeiUtTwQP])(.*)", text, re.DOTALL)
            if found and not found[2]:
                value = next(waiting, None)
                if found[1] == "O" and value is not None:
                    given["--output-document"] = value
        else:
            urls.append(word)
    body = given.get("--body-data") or given.get("--post-data")
    file = given.get("--body-file") or given.get("--post-file")
    posts = "--post-data" in given or "--post-file" in given
    made = []
    for url in urls:
        request = Request(given.get("--method", "POST" if posts else "GET"), url)
        target = given.get("--output-document")
        request.output = (
            target.flat if target is not None and target.flat != "-" else ""
        )
        if body is not None:
            _place_body(request, body, client)
        elif file is not None:
            _read_named(request, file, None, client)
        made.append(request)
    return made


_ITEM = re.compile(r"([^:=@]+?)(:=@|=@|:=|==|=|:|@)(.*)", re.DOTALL)


def _read_http(
    words: Sequence[Text], stdin: Text | None, client: Client
) -> list[Request]:
    """HTTPie and xh: verb, URL, and items that make up the body."""
    rest, raw = _drop_http_options(words)
    if not rest:
        return []
    method: Text | str = ""
    if len(rest) > 1 and re.fullmatch(
        r"[A-Z]+|get|put|post|patch|delete|head", rest[0].flat
    ):
        method, rest = rest[0], rest[1:]
    url, items = rest[0], rest[1:]
    members: list[Text] = []
    queries: list[Text] = []
    unknown = ""
    for item in items:
        found = _ITEM.fullmatch(item.flat)
        if found is None:
            unknown = f"its item {client.show(item.flat)} is not understood"
            continue
        start, end = found.span(3)
        if found[2] == "==":
            queries.append(join([item.cut(*found.span(1)), item.cut(start, end)], "="))
        elif found[2] in ("=", ":="):
            members += _make_member(item, found)
            if "[" in found[1]:
                unknown = f"its item {client.show(item.flat)} is not understood"
        elif found[2] in ("=@", ":=@", "@"):
            unknown = f"its item {client.show(item.flat)} is a file"
    has_body = bool(members) or raw is not None or stdin is not None
    request = Request(
        method or ("POST" if has_body else "GET"), _add_query(url, queries)
    )
    request.unknown = unknown
    if raw is not None or (stdin is not None and not members):
        _place_body(request, raw or stdin or EMPTY, client)
    elif members:
        inner = members[:-1]  # without the last comma
        request.body = join([_mark("{", inner[0]), *inner, _mark("}", inner[-1])])
    return [request]


def _drop_http_options(words: Iterable[Text]) -> tuple[list[Text], Text | None]:
    rest: list[Text] = []
    raw: Text | None = None
    waiting = iter(words)
    values = (
        "--raw",
        "-a",
        "--auth",
        "-A",
        "--auth-type",
        "-o",
        "--output",
        "--timeout",
        "-p",
        "--print",
        "--pretty",
        "-s",
        "--style",
        "--verify",
        "--bearer",
    )
    for word in waiting:
        name, sign, _ = word.flat.partition("=")
        if not word.flat.startswith("-"):
            rest.append(word)
        elif name in values:
            value = word.cut(len(name) + 1) if sign else next(waiting, None)
            raw = value if name == "--raw" else raw
    return rest, raw


def _mark(text: str, near: Text) -> Text:
    part = near.parts[0]
    return Text((Part(text, part.source, part.start, part.start, Style.MADE),))


def _make_member(item: Text, found: re.Match[str]) -> list[Text]:
    quote, key, value = (
        _mark('"', item),
        item.cut(*found.span(1)),
        item.cut(*found.span(3)),
    )
    colon = _mark(":", item)
    made = [value] if found[2] == ":=" else [quote, value, quote]
    return [quote, key, quote, colon, *made, _mark(",", item)]

"""Read a large cassette without parsing it whole.

In: the bytes of a file as `render_cassette` writes it. Out: its header and one
`UnparsedInteraction` for each interaction, which reads its own lines when it is
first looked at. A file of any other layout gives None, and is parsed whole.

This works because a line break inside a JSON text is always escaped: a line
that starts with so many spaces and a brace can only be structure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

from azml_contract.cassette.content import render_json
from azml_contract.cassette.interaction import Interaction
from azml_contract.cassette.wellformed import check_interaction, check_url
from azml_contract.exchange import Failure, Headers, Request, Response

SMALLEST_BYTES = 1024 * 1024
"""Below this a file is parsed whole, and every fault in it is found at once."""

_START = b'\n  "interactions": [\n    {\n'
_BETWEEN = re.compile(rb"\n    \},\n    \{\n")
_END = b"\n    }\n  ]\n}\n"
_RESPONSE = b'\n      },\n      "response": {\n'
_FAILURE, _PROCESS = b'\n      "failure": ', b'\n      "process": '
_PART_END = b"\n      }"
_BODY = b'\n        "body": {\n'
_JSON, _TEXT = b'          "json": ', b'          "text": '
_BODY_END = b"\n        }\n      }"
_MISLEADING = (b'\\": ', b' ": ')
"""Without these, a quote before a colon and a blank ends the name of a property."""
_MARKER = b"\n<<<<<<< "
_TIMES = re.compile(rb'\n {6}"times": ([1-9][0-9]{0,5})$')
_HEAD = re.compile(
    rb' {6}"request": \{\n {8}"method": "([^"\\\n]+)",\n'
    rb' {8}"uri": "((?:[^"\\\n]|\\.)*)",\n'
)


class _File(NamedTuple):
    """What the interactions of one file share."""

    raw: bytes
    side_files: Mapping[str, bytes]
    refuse: Callable[[int, str], NoReturn]


class _SideFiles(dict[str, bytes]):
    """Side files, each read and checked when it is needed, and not kept."""

    def __init__(self, load: Callable[[str], bytes]) -> None:
        self._load = load

    def __missing__(self, name: str) -> bytes:
        return self._load(name)


class UnparsedInteraction(Interaction):
    """An interaction that reads its lines when it is first needed."""

    __slots__ = (
        *("_end", "_file", "_index", "_is_json", "_method"),
        *("_rest", "_start", "_uri"),
    )

    def __init__(self, file: _File, index: int, start: int, end: int) -> None:
        """Take the lines between the braces of one interaction."""
        self._data = None
        self._is_json = False
        self.side_files = file.side_files
        self._file = file
        self._index = index
        self._start = start
        self._end = end
        found = _HEAD.match(file.raw, start)
        if found is None:
            file.refuse(index, "it has no method and uri")
        self._rest = found.end()
        method, uri = found.groups()
        try:
            self._method = method.decode()
            self._uri = json.loads(b'"%b"' % uri) if b"\\" in uri else uri.decode()
            check_url(self._uri)
        except ValueError as error:
            file.refuse(index, str(error))

    @property
    def method(self) -> str:
        """Verb, in upper case as recorded."""
        return self._method

    @property
    def url(self) -> str:
        """Absolute URL with its query."""
        return self._uri

    @property
    def data(self) -> Mapping[str, Any]:
        """The object of the file; do not change it."""
        if self._data is None:
            self._data = self._parse()
        return self._data

    @property
    def times(self) -> int:
        """How many identical polls in a row this stands for; usually 1."""
        found = _TIMES.search(self._file.raw, self._end - 40, self._end)
        return int(found[1]) if found else super().times

    @property
    def failure(self) -> Failure | None:
        """How the network failed; None where it did not."""
        found = self._file.raw.find(_FAILURE, self._rest, self._end)
        return None if found == -1 else super().failure

    @property
    def is_of_program(self) -> bool:
        """Whether a program called, not the test itself."""
        return self._file.raw.find(_PROCESS, self._rest, self._end) != -1

    @property
    def is_plain_json(self) -> bool:
        """Never: its text is here, and is compared as it is."""
        return False

    @property
    def request(self) -> Request:
        """The request as a client would have sent it."""
        end = self._file.raw.find(_RESPONSE, self._rest, self._end)
        part = self._cut(self._rest, end + len(_PART_END))
        if end == -1 or part is None:
            return super().request
        self._is_json = part.is_json
        return Request(self._method, self._uri, part.head.headers, part.body)

    @property
    def is_written_json(self) -> bool:
        """Whether the request, which was read, stands in the file as JSON."""
        return self._is_json

    @property
    def response(self) -> Response:
        """The answer as a client would have got it."""
        start = self._file.raw.find(_RESPONSE, self._rest, self._end)
        part = self._cut(start + len(_RESPONSE), self._end)
        if start == -1 or part is None or part.head.status is None:
            return super().response
        try:
            body = _compact(part.body) if part.is_json else part.body
        except (ValueError, RecursionError) as error:
            self._file.refuse(self._index, str(error))
        return Response(part.head.status, part.head.headers, body)

    def _lines(self) -> bytes:
        return self._file.raw[self._start : self._end]

    def _parse(self) -> Mapping[str, Any]:
        try:
            data: dict[str, Any] = json.loads(b"{" + self._lines() + b"}")
            check_interaction(data)
        except (ValueError, RecursionError) as error:
            self._file.refuse(self._index, str(error))
        return data

    def _cut(self, start: int, end: int) -> _Part | None:
        """Cut a request or response at its body; None to parse it whole."""
        raw = self._file.raw
        if raw.find(_MARKER, start, end) != -1:
            return None
        before = raw.find(_BODY, start, end)
        if before == -1:
            head = _parse_head(raw[start : raw.find(_PART_END, start, end)])
            return None if head is None else _Part(head, b"")
        first = before + len(_BODY)
        last = raw.rfind(_BODY_END, first, end)
        head = None if last == -1 else _parse_head(raw[start:before])
        if head is None:
            return None
        if raw.startswith(_JSON, first):
            return _Part(head, raw[first + len(_JSON) : last], is_json=True)
        if raw.startswith(_TEXT, first):
            text = _read_text(raw[first + len(_TEXT) : last])
            return None if text is None else _Part(head, text)
        return None


def _compact(text: bytes) -> bytes:
    """JSON without the file's line breaks and blanks, as `decode_body` renders it."""
    if b"\n" not in text:
        return text
    if any(mark in text for mark in _MISLEADING):
        return render_json(json.loads(text))
    return _strip(text).replace(b"\n", b"").replace(b'": ', b'":')


def is_spelt_as(text: bytes, other: bytes) -> bool:
    """Whether JSON of a file is another but for line breaks and blanks between values.

    Args:
        text: As it stands in the file.
        other: On one line, spaced as by `json.dumps`, or without blanks. Any other
            JSON is told to be different.
    """
    line = _strip(text)
    if line.replace(b",\n", b", ").replace(b"\n", b"") == other:
        return True
    if b"\n" not in text:
        return False  # a text alone may begin as the end of a name looks
    if any(mark in text for mark in _MISLEADING):
        return False
    return line.replace(b"\n", b"").replace(b'": ', b'":') == other


def _strip(text: bytes) -> bytes:
    return b"\n".join(map(bytes.lstrip, text.split(b"\n")))


class _Head(NamedTuple):
    """Status, None for a request, and headers."""

    status: int | None
    headers: Headers


class _Part(NamedTuple):
    """A request or response, and its body; JSON is indented as in the file."""

    head: _Head
    body: bytes
    is_json: bool = False


def _read_text(literal: bytes) -> bytes | None:
    """The bytes of a text body; None where the literal is not one whole text."""
    try:
        text = json.loads(literal)
        return text.encode() if isinstance(text, str) else None
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _parse_head(text: bytes) -> _Head | None:
    """Read what stands before a body; most heads of a cassette are alike."""
    try:
        parsed = json.loads(b"{" + text.rstrip(b",") + b"}")
        headers = tuple(parsed["headers"].items())
    except (ValueError, KeyError, AttributeError):
        return None
    if not all(type(value) is str for _, value in headers):
        return None
    status = parsed.get("status")
    return _Head(status if type(status) is int else None, headers)


def split_cassette(
    raw: bytes,
    load_side_file: Callable[[str], bytes],
    refuse: Callable[[int, str], NoReturn],
) -> tuple[dict[str, Any], list[Interaction]] | None:
    """Header and interactions of a large file in our own layout.

    Args:
        raw: The file.
        load_side_file: Reads and checks a side file by its sha256.
        refuse: Raises the error for the interaction of that index.

    Returns:
        None where the file is small, or laid out in another way.
    """
    start = raw.find(_START, 0, SMALLEST_BYTES)
    if len(raw) < SMALLEST_BYTES or start == -1 or not raw.endswith(_END):
        return None
    if b"\t" in raw:
        return None  # we write none: somebody has indented by them
    try:
        header = json.loads(raw[:start] + b'\n  "interactions": []\n}')
    except ValueError:
        return None
    file = _File(raw, _SideFiles(load_side_file), refuse)
    breaks = [found.span() for found in _BETWEEN.finditer(raw, start)]
    starts = [start + len(_START), *(end for _, end in breaks)]
    ends = [*(begin for begin, _ in breaks), len(raw) - len(_END)]
    return header, [
        UnparsedInteraction(file, index, *span)
        for index, span in enumerate(zip(starts, ends, strict=True))
    ]

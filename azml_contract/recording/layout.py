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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from azml_contract.exchange import Request, Response
from azml_contract.recording.cassette import Interaction
from azml_contract.recording.wellformed import check_interaction

SMALLEST_BYTES = 1024 * 1024
"""Below this a file is parsed whole, and every fault in it is found at once."""

_START = b'\n  "interactions": [\n    {\n'
_BETWEEN = re.compile(rb"\n    \},\n    \{\n")
_END = b"\n    }\n  ]\n}\n"
_REQUEST = b'      "request": {\n'
_RESPONSE = b'\n      },\n      "response": {\n'
_PART_END = b"\n      }"
_BODY = b'\n        "body": {\n'
_JSON = b'          "json": '
_JSON_END = b"\n        }\n      }"
_MARKER = b"\n<<<<<<< "
_TIMES = re.compile(rb'\n {6}"times": ([1-9][0-9]*)$')
_HEAD = re.compile(
    rb' {6}"request": \{\n {8}"method": "([A-Z]+)",\n'
    rb' {8}"uri": "((?:[^"\\\n]|\\.)*)",\n'
)


@dataclass(frozen=True, slots=True)
class _File:
    """What the interactions of one file share."""

    raw: bytes
    side_files: Mapping[str, bytes]
    refuse: Callable[[int, str], NoReturn]


class _SideFiles(Mapping[str, bytes]):
    """Side files, each read and checked when it is needed."""

    def __init__(self, load: Callable[[str], bytes]) -> None:
        self._load = load

    def __getitem__(self, name: str) -> bytes:
        return self._load(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class UnparsedInteraction(Interaction):
    """An interaction that reads its lines when it is first needed."""

    __slots__ = ("_end", "_file", "_index", "_method", "_start", "_uri")

    def __init__(self, file: _File, index: int, start: int, end: int) -> None:
        """Take the lines between the braces of one interaction."""
        self._data = None
        self.side_files = file.side_files
        self._file = file
        self._index = index
        self._start = start
        self._end = end
        found = _HEAD.match(file.raw, start)
        if found is None:
            file.refuse(index, "it has no method and uri")
        method, uri = found.groups()
        self._method = method.decode()
        self._uri: str = json.loads(b'"%b"' % uri) if b"\\" in uri else uri.decode()

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
    def request(self) -> Request:
        """The request as a client would have sent it; JSON keeps its line breaks."""
        part = self._lines().partition(_RESPONSE)[0].removeprefix(_REQUEST)
        cut = self._cut(part + _PART_END)
        if cut is None:
            return super().request
        return Request(
            self._method, self._uri, tuple(cut[0]["headers"].items()), cut[1]
        )

    @property
    def response(self) -> Response:
        """The answer as a client would have got it; JSON keeps its line breaks."""
        cut = self._cut(self._lines().partition(_RESPONSE)[2])
        if cut is None or type(cut[0].get("status")) is not int:
            return super().response
        return Response(cut[0]["status"], tuple(cut[0]["headers"].items()), cut[1])

    def _lines(self) -> bytes:
        return self._file.raw[self._start : self._end]

    def _parse(self) -> Mapping[str, Any]:
        try:
            data: dict[str, Any] = json.loads(b"{" + self._lines() + b"}")
            check_interaction(data)
        except (ValueError, RecursionError) as error:
            self._file.refuse(self._index, str(error))
        return data

    def _cut(self, part: bytes) -> tuple[dict[str, Any], bytes] | None:
        """Cut a request or response at its JSON body.

        Returns:
            The rest parsed, and the body; None where it must be parsed whole.
        """
        head, found, rest = part.partition(_BODY)
        if not found:
            head, rest = part[: part.rfind(_PART_END)], _JSON + _JSON_END
        end = rest.rfind(_JSON_END)
        if end < 0 or not rest.startswith(_JSON) or _MARKER in part:
            return None
        try:
            parsed = json.loads(b"{" + head.rstrip(b",") + b"}")
            whole = isinstance(parsed["headers"], dict)
        except (ValueError, KeyError):
            return None
        return (parsed, rest[len(_JSON) : end]) if whole else None


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
    if len(raw) < SMALLEST_BYTES or start < 0 or not raw.endswith(_END):
        return None
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

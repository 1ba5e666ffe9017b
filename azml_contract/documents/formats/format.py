"""What a format of recordings is, and what their entries have in common.

In: values as a tool wrote them. Out: bytes, headers, exchanges. Knows no tool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from azml_contract.exchange import Exchange, Headers, make_headers

MARK = "_azml_contract"
"""Where our exports keep what their format has no place for."""


class Spot(NamedTuple):
    """Where one side of an exchange stands in its document: JSON pointers.

    `head` leads to the URL or the status, `body` to the body: to JSON where
    `is_json`, else to a text. `is_lost`: there was one, and it was not recorded.
    """

    head: str = ""
    body: str = ""
    is_json: bool = False
    is_lost: bool = False


class Recorded(NamedTuple):
    """One exchange, and where its sides stand in the document."""

    exchange: Exchange
    sent: Spot = Spot()
    answered: Spot = Spot()


class Format(NamedTuple):
    """How one tool writes recordings.

    Attributes:
        name: What it is, for a reader.
        recognises: Whether an object is such a recording.
        entries: The list of exchanges in a document.
        read: One entry and its index as an exchange.
        set_length: Makes the lengths that one side (``request`` or
            ``response``) of an entry states true again, for a body of so many
            bytes as it was decoded.
        holder: The object that holds the mark of our own exports.
        variables: What the recording itself drew.
    """

    name: str
    recognises: Callable[[dict[str, Any]], bool]
    entries: Callable[[Any], Any]
    read: Callable[[Any, int], Recorded]
    set_length: Callable[[Any, str, int], None]
    holder: Callable[[Any], Any] = lambda document: document
    variables: Callable[[Any], Any] = lambda document: None

    def __str__(self) -> str:
        return self.name

    def mark(self, document: Any) -> dict[str, Any]:
        """What our own export noted about the cassette; empty for other files."""
        holder = self.holder(document)
        mark = holder.get(MARK) if isinstance(holder, dict) else None
        return mark if isinstance(mark, dict) else {}


def read_lists(headers: Any) -> Headers:
    """Headers whose values are texts or lists of texts."""
    joined = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in (headers or {}).items()
    }
    return make_headers(joined)


def encode(body: Any) -> bytes:
    """The bytes of a body that stands as text, or as bytes of YAML.

    Raises:
        TypeError: It is neither.
    """
    if isinstance(body, bytes):
        return body
    if not isinstance(body, str):
        raise TypeError(f"a body is {type(body).__name__}, not text")
    return body.encode("utf-8", "surrogatepass")


def set_length_headers(headers: Any, length: int) -> None:
    """Write a length into every ``Content-Length``, in the shape that it has there."""
    for holder, key, value in _length_fields(headers):
        holder[key] = [str(length)] if isinstance(value, list) else str(length)


def _length_fields(headers: Any) -> Iterator[tuple[Any, Any, Any]]:
    if isinstance(headers, dict):
        for name, value in headers.items():
            if str(name).lower() == "content-length":
                yield headers, name, value
    for pair in headers if isinstance(headers, list) else ():
        if str(pair.get("name")).lower() == "content-length":
            yield pair, "value", pair.get("value")

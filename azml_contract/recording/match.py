"""Canonical requests: which two requests count as the same.

In: a request. Out: its `Place` and its `Content`, equal for equal requests.
Compared are the verb,
scheme, host, path, the sorted query (the api-version always), the range and
the body: JSON by value, forms by field, block lists by content, anything else
by its bytes. All other headers, and what is secret, are ignored.

The same is computed for what was recorded and for what is asked.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from azml_contract.cassette.content import render_json
from azml_contract.cassette.interaction import Interaction
from azml_contract.cassette.layout import is_spelt_as
from azml_contract.content_coding import CannotOpen, open_body
from azml_contract.exchange import Headers, Request
from azml_contract.json_values import NamedTwice, make_object
from azml_contract.recording.blocks import BlockLedger, is_block_list
from azml_contract.redaction.bodies import redact_leaves
from azml_contract.redaction.rules import (
    FORM_IGNORED,
    SAS_GUIDS,
    SAS_TIMES,
)
from azml_contract.redaction.secret_words import is_secret_parameter
from azml_contract.redaction.shapes import REDACTED, redact_shapes

Canonicaliser = Callable[[Request], Request]
"""A project's own rule: rewrites a request before it is compared."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_BOUNDARY = re.compile(r"boundary=\"?([^\";,]+)\"?", re.IGNORECASE)


class Place(NamedTuple):
    """Everything that two requests must share but their bodies."""

    method: str
    origin: str
    path: str
    query: str
    range: str


class Site(NamedTuple):
    """The part of a place that can be read off without looking at the query."""

    method: str
    origin: str
    path: str


class Content:
    """A body to be compared: JSON by value, or text that stands for anything else.

    What may be JSON is parsed when its text does not tell that it is the same.
    """

    __slots__ = ("_key", "_level", "_plain", "_raw")

    def __init__(
        self,
        text: str = "",
        *,
        plain: Any = None,
        raw: bytes | Callable[[], bytes] = b"",
        level: Callable[[bytes], Any] | None = None,
    ) -> None:
        """Hold a body.

        Args:
            text: Equal for equal bodies; for all but JSON.
            plain: JSON as parsed; may hold secrets. None where a key stands twice,
                `UNREAD` where nobody has looked yet.
            raw: The JSON text, or what makes it.
            level: Parses the text strictly, secrets levelled.
        """
        self._key = None if level else text
        self._plain = plain
        self._raw = raw
        self._level = level

    @property
    def is_json(self) -> bool:
        """Whether the body is JSON."""
        self._read()
        return self._level is not None

    @property
    def key(self) -> str:
        """Text that is equal for equal bodies."""
        self._read()
        if self._key is None:
            assert self._level is not None
            raw = self._text
            try:
                value = self._level(raw)
                self._key = "json:" + json.dumps(
                    value, sort_keys=True, separators=(",", ":")
                )
            except (ValueError, RecursionError):
                self._key = exact_content(raw)._key
        assert self._key is not None
        return self._key

    @property
    def as_sent(self) -> str:
        """The same, but for properties in the order in which they were sent."""
        self._read()
        if self._level is None:
            return self.key
        try:
            return "json:" + json.dumps(self._level(self._text), separators=(",", ":"))
        except (ValueError, RecursionError):
            return self.key

    @property
    def _text(self) -> bytes:
        return self._raw if isinstance(self._raw, bytes) else self._raw()

    def _read(self) -> None:
        """Parse what nobody has looked at; what is no JSON counts by its bytes."""
        if self._plain is not UNREAD:
            return
        try:
            self._plain = _parse_plain(self._text)
        except (ValueError, RecursionError):
            self._key = exact_content(self._text)._key
            self._plain = self._level = None

    def settle(self) -> None:
        """Drop what was parsed: a large cassette would keep all of it."""
        if self._plain is not UNREAD:
            self._plain = None

    def equals(self, other: Content) -> bool:
        """Whether two bodies are the same; faster than comparing two keys."""
        if self._level is not None and self._raw == other._raw:
            return True
        return (self.is_json and other.is_json and self._looks_like(other)) or (
            self.key == other.key
        )

    def _looks_like(self, other: Content) -> bool:
        """Whether two JSON texts hold the same in the same order.

        marshal, unlike ``==``, tells true from 1, and is dearer.
        """
        try:
            if self._plain is None or self._plain != other._plain:
                return False  # the keys decide
            if not (_may_have_boolean(self._raw) or _may_have_boolean(other._raw)):
                return True
            return marshal.dumps(self._plain, 2) == marshal.dumps(other._plain, 2)
        except (ValueError, RecursionError):  # nested too deep
            return False


def _may_have_boolean(text: bytes | Callable[[], bytes]) -> bool:
    return not isinstance(text, bytes) or b"true" in text or b"false" in text


UNREAD = object()
"""What a body holds that nobody has parsed."""
EMPTY = Content()


@lru_cache(maxsize=256)
def _origin(prefix: str) -> str:
    parts = urlsplit(prefix)
    host = (parts.hostname or "").lower()
    if parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme):
        return f"{parts.scheme}://{host}"
    return f"{parts.scheme}://{host}:{parts.port}"


@lru_cache(maxsize=4096)
def _canonical_query(query: str) -> str:
    """Sorted pairs; secrets and SAS fields that change each time are levelled."""
    pairs = parse_qsl(query, keep_blank_values=True)
    names = {name.lower() for name, _ in pairs}
    dropped: set[str] = set()
    if "sig" in names:
        dropped |= SAS_TIMES | SAS_GUIDS
    if "blockid" in names and ("comp", "block") in pairs:
        dropped.add("blockid")
    level = [
        name.lower() in dropped or value == REDACTED or is_secret_parameter(name, value)
        for name, value in pairs
    ]
    kept = [pair for pair, out in zip(pairs, level, strict=True) if not out]
    levelled = [
        (name.lower(), "") for (name, _), out in zip(pairs, level, strict=True) if out
    ]
    return urlencode(sorted(kept) + sorted(set(levelled)))


def site_of(method: str, url: str) -> Site:
    """The site of a request, percent-encoding levelled."""
    base = url.partition("?")[0].partition("#")[0]
    cut = base.find("/", base.find("://") + 3)
    prefix, path = (base, "/") if cut < 0 else (base[:cut], base[cut:])
    if "%" in path or not path.isascii():
        path = quote(unquote(path), safe="/:@!$&'()*+,;=~-._")
    return Site(method, _origin(prefix), path)


def _range(headers: Headers) -> str:
    for name, value in headers:
        if name.lower() in ("x-ms-range", "range"):
            return value
    return ""


def _content_type(headers: Headers) -> str:
    for name, value in headers:
        if name.lower() == "content-type":
            return value.lower()
    return ""


class Matcher:
    """Compares requests under one set of rules."""

    def __init__(
        self,
        secret_names: Iterable[str] = (),
        canonicalisers: Sequence[Canonicaliser] = (),
    ) -> None:
        """Prepare.

        Args:
            secret_names: Lower-case names of JSON properties whose values do
                not tell two requests apart.
            canonicalisers: A project's own rules, applied in order.
        """
        self._secret_names = frozenset(secret_names)
        self._canonicalisers = tuple(canonicalisers)

    def prepare(self, request: Request) -> Request:
        """Inflate the body, and apply the project's own rules."""
        request = plain_body(request)
        for rewrite in self._canonicalisers:
            request = rewrite(request)
        return request

    def place(self, request: Request) -> Place:
        """Where a prepared request goes."""
        query = request.url.partition("#")[0].partition("?")[2]
        return Place(
            *site_of(request.method, request.url),
            _canonical_query(query),
            _range(request.headers),
        )

    def content(self, request: Request, ledger: BlockLedger | None = None) -> Content:
        """What a prepared request carries.

        Args:
            request: Its body is parsed where it is JSON.
            ledger: Maps block ids to content; needed for what a client sends,
                not for what a cassette holds.
        """
        body = request.body
        if not body:
            return EMPTY
        if ledger is not None:
            ledger.note(request.method, request.url, body)
        if is_block_list(request.method, request.url):
            listed = (ledger or _NO_BLOCKS).canonical_list(request.url, body)
            return Content(f"blocks:{listed}")
        kind = _content_type(request.headers)
        if "x-www-form-urlencoded" in kind:
            return Content(f"form:{canonical_form(body)}")
        is_braced = body.lstrip()[:1] in (b"{", b"[")
        if is_braced or ("json" in kind and "multipart/" not in kind):
            return self._json(body)
        return exact_content(level_boundary(kind, body))

    def _json(self, body: bytes) -> Content:
        """What says that it is JSON, or looks like it."""
        return Content(plain=UNREAD, raw=body, level=self._parse)

    def recorded(
        self, interaction: Interaction, asked: Request, at: Place
    ) -> tuple[Place, Content]:
        """The same for a request of a cassette.

        Args:
            interaction: Holds the request.
            asked: A request that is perhaps spelt in the same way.
            at: The place of `asked`.
        """
        if not self._canonicalisers and interaction.is_plain_json:
            return self._recorded_json(interaction, asked, at)
        request = self.prepare(interaction.request)
        same = request.url == asked.url and request.method == asked.method
        if not (same and _range(request.headers) == at.range):
            at = self.place(request)
        if interaction.is_written_json and not self._canonicalisers:
            is_same = is_spelt_as(request.body, asked.body)
            return at, self._json(asked.body if is_same else request.body)
        return at, self.content(request)

    def _recorded_json(
        self, interaction: Interaction, asked: Request, at: Place
    ) -> tuple[Place, Content]:
        """The same for a body that is parsed already: it is not written out first."""
        part = interaction.data["request"]
        headers = tuple(part["headers"].items())
        request = Request(interaction.method, interaction.url, headers)
        same = request.url == asked.url and request.method == asked.method
        if not (same and _range(headers) == at.range):
            at = self.place(request)
        value = part["body"]["json"]
        raw = partial(render_json, value)
        return at, Content(plain=value, raw=raw, level=self._parse)

    def _parse(self, body: bytes) -> Any:
        if b"\0" in body:  # in another charset a SAS is not seen
            body = body.decode(json.detect_encoding(body)).encode()
        if b"sig=" in body:
            body = redact_shapes(body.decode()).encode()
        return json.loads(
            body, object_pairs_hook=self._level, parse_float=_level_number
        )

    def _level(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        level = make_object(pairs)
        for name in level:
            if name.lower() in self._secret_names:
                level[name] = redact_leaves(level[name])
        return level


_NO_BLOCKS = BlockLedger()


_UNIQUE = json.JSONDecoder(object_pairs_hook=make_object)


def _parse_plain(body: bytes) -> Any:
    """JSON as parsed; None where a key stands twice, or in another charset.

    Raises:
        ValueError: It is no JSON.
    """
    try:
        return _UNIQUE.decode(body.decode())
    except NamedTwice:
        return None
    except ValueError:
        json.loads(body)
        return None


def _level_number(text: str) -> int | float:
    """1.0 is 1."""
    number = float(text)
    return int(number) if number.is_integer() else number


def exact_content(body: bytes) -> Content:
    """A body that is compared byte by byte."""
    digest = hashlib.sha256(body).hexdigest()
    return Content(f"sha256:{digest}")


def canonical_form(body: bytes) -> str:
    """The fields of a form, sorted, without secrets and client ids."""
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    kept = sorted((n, v) for n, v in pairs if n.lower() not in FORM_IGNORED)
    return urlencode(kept)


def level_boundary(content_type: str, body: bytes) -> bytes:
    """A multipart body with its random boundary replaced by a fixed one."""
    found = _BOUNDARY.search(content_type)
    if found is None or not content_type.lower().startswith("multipart/"):
        return body
    # Where it parts, and not where a text happens to hold it.
    parts = rb"^--%s(?=--|[ \t\r\n]|\Z)" % re.escape(found[1].encode())
    return re.sub(parts, b"--boundary", body, flags=re.IGNORECASE | re.MULTILINE)


def plain_body(request: Request) -> Request:
    """The request with a compressed body as it was before."""
    coding = request.header("content-encoding") if request.body else None
    if not coding:
        return request
    try:
        return replace(request, body=open_body(coding, request.body))
    except CannotOpen:
        return request

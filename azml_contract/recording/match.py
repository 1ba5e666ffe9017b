"""Canonical requests: which two requests count as the same.

In: a request. Out: a `Key`, equal for equal requests. Compared are the verb,
scheme, host, path, the sorted query (the api-version always), the range and
the body: JSON by value, forms by field, block lists by content, anything else
by its bytes. All other headers, and what is secret, are ignored.

Knows nothing of cassettes; the same key is computed for what was recorded and
for what is asked.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from azml_contract.exchange import Headers, Request
from azml_contract.recording.blocks import BlockLedger, is_block_list, sent_block_id
from azml_contract.recording.redact import redact_leaves
from azml_contract.recording.rules import (
    FORM_IGNORED,
    QUERY_SECRETS,
    SAS_GUIDS,
    SAS_TIMES,
)
from azml_contract.recording.shapes import redact_shapes

Canonicaliser = Callable[[Request], Request]
"""A project's own rule: rewrites a request before it is compared."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_BOUNDARY = re.compile(r"boundary=\"?([^\";,]+)\"?", re.IGNORECASE)


class Key(NamedTuple):
    """What two requests must share to be the same."""

    method: str
    origin: str
    path: str
    query: str
    range: str
    body: str


class Site(NamedTuple):
    """The part of a key that can be read off without looking at query or body."""

    method: str
    origin: str
    path: str


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
    dropped = set(QUERY_SECRETS)
    if "sig" in names:
        dropped |= SAS_TIMES | SAS_GUIDS
    if "blockid" in names and ("comp", "block") in pairs:
        dropped.add("blockid")
    kept = [(name, value) for name, value in pairs if name.lower() not in dropped]
    levelled = [(name.lower(), "") for name, _ in pairs if name.lower() in dropped]
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


def _raise_duplicate() -> None:
    raise ValueError("duplicate key")


class Matcher:
    """Computes keys under one set of rules."""

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
        """Apply the project's own rules."""
        for rewrite in self._canonicalisers:
            request = rewrite(request)
        return request

    def key(self, request: Request, ledger: BlockLedger | None = None) -> Key:
        """The key of a request.

        Args:
            request: Already prepared.
            ledger: Maps block ids to content; needed for what a client sends,
                not for what a cassette holds.
        """
        site = site_of(request.method, request.url)
        query = request.url.partition("#")[0].partition("?")[2]
        if ledger is not None and sent_block_id(request.method, request.url):
            ledger.note(request.method, request.url, request.body)
        return Key(
            *site,
            _canonical_query(query),
            _range(request.headers),
            self._body(request, ledger or _NO_BLOCKS),
        )

    def exact_key(self, request: Request, key: Key) -> Key:
        """The key of a body that is compared byte by byte."""
        return key._replace(body=_digest(request.body))

    def _body(self, request: Request, ledger: BlockLedger) -> str:
        body = request.body
        if not body:
            return ""
        if is_block_list(request.method, request.url):
            return "blocks:" + ledger.canonical_list(request.url, body)
        kind = _content_type(request.headers)
        if "x-www-form-urlencoded" in kind:
            return "form:" + canonical_form(body)
        if "json" in kind or body[:1] in (b"{", b"["):
            try:
                return "json:" + self.canonical_json(body)
            except (ValueError, RecursionError):
                pass
        if kind.startswith("multipart/"):
            body = level_boundary(kind, body)
        return _digest(body)

    def canonical_json(self, body: bytes) -> str:
        """JSON by value, secret properties levelled.

        Raises:
            ValueError: It is not JSON, or an object names a key twice.
        """
        value = json.loads(body, object_pairs_hook=self._level)
        text = json.dumps(value, sort_keys=True, separators=(",", ":"))
        return redact_shapes(text) if "sig=" in text else text

    def _level(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        level = dict(pairs)
        if len(level) != len(pairs):
            _raise_duplicate()
        for name in level:
            if name.lower() in self._secret_names:
                level[name] = redact_leaves(level[name])
        return level


_NO_BLOCKS = BlockLedger()


def _digest(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()


def canonical_form(body: bytes) -> str:
    """The fields of a form, sorted, without secrets and client ids."""
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    kept = sorted((n, v) for n, v in pairs if n.lower() not in FORM_IGNORED)
    return urlencode(kept)


def level_boundary(content_type: str, body: bytes) -> bytes:
    """A multipart body with its random boundary replaced by a fixed one."""
    found = _BOUNDARY.search(content_type)
    return body if found is None else _replace_folded(body, found[1].encode())


def _replace_folded(body: bytes, boundary: bytes) -> bytes:
    return re.sub(re.escape(boundary), b"boundary", body, flags=re.IGNORECASE)


def plain_body(request: Request) -> Request:
    """The request with a compressed body inflated."""
    encoding = (request.header("content-encoding") or "").lower()
    if not request.body or encoding not in ("gzip", "deflate"):
        return request
    try:
        inflate = gzip.decompress if encoding == "gzip" else zlib.decompress
        return replace(request, body=inflate(request.body))
    except (OSError, EOFError, zlib.error):
        return request

"""Block ids of Azure Storage: drawn at random by clients, told apart by content.

In: Put Block and Put Block List requests. Out: ids derived from each block's
bytes, so that an upload is the same request each time. Knows blobs only.
"""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import parse_qsl, quote, unquote

_LISTED = re.compile(r"<(Latest|Committed|Uncommitted)>([^<]*)</\1>")
_NAMED = re.compile(r"(<Name>)([^<]*)(</Name>)")
_FIELD = re.compile(r"((?:^|[?&])blockid=)([^&]*)", re.IGNORECASE)


def content_block_id(body: bytes) -> str:
    """The id written for a block: base64, as the service wants it."""
    return base64.b64encode(hashlib.sha256(body).hexdigest()[:24].encode()).decode()


def _path(url: str) -> str:
    return url.partition("?")[0]


def sent_block_id(method: str, url: str) -> str | None:
    """The block id of a Put Block request; None for any other request."""
    if method != "PUT" or "blockid=" not in url.lower():
        return None
    query = {name.lower(): value for name, value in parse_qsl(url.partition("?")[2])}
    return query.get("blockid") if query.get("comp") == "block" else None


def is_block_list(method: str, url: str) -> bool:
    """Whether a request commits a list of blocks."""
    return method == "PUT" and "comp=blocklist" in url.partition("?")[2].lower()


class BlockLedger:
    """Remembers which content each block id of a blob stands for."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], str] = {}

    def note(self, method: str, url: str, body: bytes) -> None:
        """Remember a Put Block request; any other request changes nothing."""
        sent = sent_block_id(method, url)
        if sent is not None:
            self._ids[_path(url), sent] = content_block_id(body)

    def rewrite_url(self, url: str) -> str:
        """The URL with its block id replaced; an unknown id stays."""
        if not self._ids or "blockid=" not in url.lower():
            return url
        path = _path(url)

        def known(found: re.Match[str]) -> str:
            written = self._ids.get((path, unquote(found[2])))
            return found[0] if written is None else found[1] + quote(written, safe="")

        return _FIELD.sub(known, url)

    def rewrite_list(self, url: str, text: str) -> str:
        """A block list, sent or received, with its ids replaced."""
        path = _path(url)
        text = _LISTED.sub(
            lambda m: f"<{m[1]}>{self._ids.get((path, m[2]), m[2])}</{m[1]}>", text
        )
        return _NAMED.sub(
            lambda m: m[1] + self._ids.get((path, m[2]), m[2]) + m[3], text
        )

    def canonical_list(self, url: str, body: bytes) -> str:
        """A block list by value: kinds and ids in order, whatever the layout."""
        text = self.rewrite_list(url, body.decode("utf-8", "replace"))
        return ";".join(f"{m[1]}:{m[2]}" for m in _LISTED.finditer(text))

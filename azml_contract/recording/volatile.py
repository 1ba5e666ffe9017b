"""What differs between two recordings by nature: GUIDs, times, ETags, page tokens.

In: the texts of a recording, in their final order. Out: the same texts with
numbered GUIDs, ETags, page tokens and other drawn values, and one fixed time, so
that two recordings of the same behaviour are equal. Knows nothing of secrets.

A value that the scenario itself sent first (a constant of a body, a variable)
is behaviour and stays; a value that an answer brought up is volatile, also
where a later request repeats it. GUIDs are numbered whoever sent them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from azml_contract.exchange import Json
from azml_contract.redaction.drawn import Numbers, sub_drawn

GUID = re.compile(
    r"(?:(?<![0-9A-Fa-f])|(?<=%[0-9A-Fa-f]{2}))"
    r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Fa-f])"
)
# Containers of pending uploads are named <8 hex>-<digit>-<guid>.
_UPLOAD_PREFIX = re.compile(rf"(?<![0-9a-f])[0-9a-f]{{8}}-\d-(?={GUID.pattern})")
_ONE_DIGIT = re.compile(r"-\d-")
# GUIDs, times and ETags have one, and values without it do not look drawn.
_DIGIT = re.compile(r"\d")
_SHORTEST = 16
NIL = "00000000-0000-0000-0000-000000000000"
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d([T ]|%20|\+)\d\d(:|%3A)\d\d(?:%3A|:)\d\d(\.\d+)?"
    r"(Z|(?:[+-]|%2B)\d\d(?:%3A|:)?\d\d)?"
)
_HTTP_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct"
    r"|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT"
)
HTTP_DATE_ZERO = "Sat, 01 Jan 2000 00:00:00 GMT"
_ETAG = re.compile(r"\b0x[0-9A-F]{14,17}\b")
_SKIP_TOKEN = re.compile(
    r"((?:\$|%24)skiptoken(?:=|%3D))([^&\s\"'<>\\]+)", re.IGNORECASE
)


def numbered_guid(number: int) -> str:
    """The stand-in of the n-th unknown GUID, counting from 1."""
    return f"00000000-0000-4000-8000-{number:012d}"


def _zero_time(found: re.Match[str]) -> str:
    separator, colon, fraction, suffix = found.groups()
    zeros = "." + "0" * (3 if len(fraction) < 5 else 7) if fraction else ""
    return (
        f"2000-01-01{separator}00{colon}00{colon}00{zeros}{_zero_offset(suffix or '')}"
    )


def _zero_offset(suffix: str) -> str:
    return re.sub(r"\d(?![A-F])", "0", suffix) if suffix != "Z" else suffix


class Normaliser:
    """Replaces volatile values, remembering what stands for what.

    Feed it requests and answers in the order of the file. The same value
    always gets the same stand-in.
    """

    def __init__(
        self, variables: Mapping[str, Json], known: Iterable[str] = ()
    ) -> None:
        """Start a recording.

        Args:
            variables: Values that the scenario drew; they stay as they are.
            known: GUIDs that are stand-ins already and keep their value.
        """
        self._drawn = json.dumps(variables, ensure_ascii=False).lower()
        self._guids = {guid.lower(): guid.lower() for guid in (*known, NIL)}
        self._taken = set(self._guids)
        self._next = 0
        self._sent: set[str] = set()
        self._brought: set[str] = set()
        self._etags: dict[str, str] = {}
        self._pages: dict[str, str] = {}
        self._numbers = Numbers(self._drawn)

    def go_on_from(self, held: Iterable[tuple[str, str]]) -> None:
        """Learn what stands in texts that were normalised before.

        Args:
            held: Texts of requests and their answers, in the order of the file.
        """
        pairs = list(held)
        for text in (text for pair in pairs for text in pair):
            guids = {found.lower() for found in GUID.findall(text)}
            self._guids.update({guid: guid for guid in guids - set(self._guids)})
            self._taken |= guids
            self._numbers.go_on_from(text)
        for request, response in pairs:
            self.request(request)
            self.response(response)

    def is_volatile(self, text: str) -> bool:
        """Whether anything in a text may be; nothing short is, nor without a digit."""
        if len(text) < _SHORTEST:
            return "kip" in text
        return _DIGIT.search(text) is not None or "kip" in text

    def request(self, text: str) -> str:
        """A text of a request, normalised."""
        if not self.is_volatile(text):
            return text
        if ":" in text or "%" in text:
            text = _TIME.sub(self._sent_time, text)
        if "0x" in text:
            text = _ETAG.sub(self._sent_etag, text)
        return self._common(text)

    def response(self, text: str) -> str:
        """A text of an answer, normalised."""
        if not self.is_volatile(text):
            return text
        if ":" in text or "%" in text:
            text = _TIME.sub(self._brought_time, text)
        if " GMT" in text:
            text = _HTTP_DATE.sub(HTTP_DATE_ZERO, text)
        if "0x" in text:
            text = _ETAG.sub(self._etag, text)
        return self._common(text)

    def _common(self, text: str) -> str:
        dashes = text.count("-")
        if dashes >= 6 and _ONE_DIGIT.search(text):
            text = _UPLOAD_PREFIX.sub("00000000-0-", text)
        if dashes >= 4:
            text = GUID.sub(self._guid, text)
        if "kip" in text:
            text = _SKIP_TOKEN.sub(self._page, text)
        return sub_drawn(text, self._numbers.of)

    def _guid(self, found: re.Match[str]) -> str:
        guid = found[0].lower()
        if guid in self._drawn:
            return found[0]
        if guid not in self._guids:
            self._guids[guid] = self._draw_guid()
        return self._guids[guid]

    def _draw_guid(self) -> str:
        while True:
            self._next += 1
            guid = numbered_guid(self._next)
            if guid not in self._taken and guid not in self._drawn:
                return guid

    def _sent_time(self, found: re.Match[str]) -> str:
        time = found[0]
        if time in self._brought:
            return _zero_time(found)
        self._sent.add(time)
        return time

    def _brought_time(self, found: re.Match[str]) -> str:
        time = found[0]
        if time in self._sent or time.lower() in self._drawn:
            return time
        self._brought.add(time)
        return _zero_time(found)

    def _sent_etag(self, found: re.Match[str]) -> str:
        """What no answer brought is the client's own, and stays."""
        return self._etags.setdefault(found[0], found[0])

    def _etag(self, found: re.Match[str]) -> str:
        known = self._etags
        return known.setdefault(found[0], f"0x{len(known) + 1:015d}")

    def _page(self, found: re.Match[str]) -> str:
        known = self._pages
        return found[1] + known.setdefault(found[2], f"page-{len(known) + 1}")

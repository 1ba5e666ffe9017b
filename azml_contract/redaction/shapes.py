"""What secrets look like, and what is written in their place.

In: text. Out: the text without what is secret by its shape, or the kinds it still
holds. Tokens are told by their issuers' formats: those that detect-secrets knows, and
those of `shapes.toml`. Which properties and values are secret is another module's
matter.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from azml_contract.redaction.named import redact_named

REDACTED = "REDACTED"
ZERO_KEY = base64.b64encode(bytes(64)).decode()
_CLAIMS = {
    "aud": "https://ml.azure.com",  # azure-ai-ml insists on it for jobs
    "iss": "https://sts.windows.net/00000000-0000-4000-8000-00000000a001/",
    "iat": 946684800,
    "nbf": 946684800,
    "exp": 4102444800,
    "appid": "00000000-0000-4000-8000-00000000a002",
    "idtyp": "app",
    "oid": "00000000-0000-4000-8000-00000000a003",
    "sub": "00000000-0000-4000-8000-00000000a003",
    "tid": "00000000-0000-4000-8000-00000000a001",
    "ver": "1.0",
}
"""What a token in a cassette says: nothing of anybody, from 2000 to 2100."""


def _part(value: dict[str, Any]) -> str:
    text = json.dumps(value, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


TOKEN = f"{_part({'typ': 'JWT', 'alg': 'RS256'})}.{_part(_CLAIMS)}.{REDACTED}"
"""In place of every JSON Web Token, for clients that read theirs."""
_OURS = re.compile(rf"{re.escape(TOKEN)}(?![\w-]|\.\w)")
_JWT = re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*")
ZERO_TIME = "2000-01-01T00:00:00Z"

_TABLE = Path(__file__).with_name("shapes.toml")
_PLUGINS = "detect_secrets.plugins"
_SHORTEST, _LONGEST_ALONE, _REMEMBERED = 8, 52, 80
# Of a part of a path; what spans several may have shorter ones.
_SHORTEST_TOKEN = 16
# No token is shorter, and a private key has dashes and letters around its words.
_RUN = re.compile(r"[\w+/.=~:@-]{16}|PRIVATE KEY|PuTTY")
_BEARER = re.compile(
    r"\b((?:Bearer|Basic|SharedKey) +)(?=[\w.~+/:-]*\d)(?!REDACTED)"
    r"([\w.~+/:-]{8,}={0,2})"
)
_SIGNATURE = re.compile(
    r"((?:^|[?&;\s\"'>]|%26|%3F|\\u0026|&amp;)sig(?:=|%3D))"
    r"(?!REDACTED|[${<*])([^&;\s\"'<>\\]+)",
    re.IGNORECASE,
)
_ACCOUNT_KEY = re.compile(r"(?<![A-Za-z0-9+/-])[A-Za-z0-9+/]{86}==")
_KEPT = re.compile(r"sig=REDACTED|AccountKey=(?:REDACTED|A{86})")
_SAS_FIELD = re.compile(
    r"((?:^|[?&;]|%26|%3F|&amp;)(?:se|st|ske|skt)(?:=|%3D))([0-9][^&;\s\"'<>\\]*)"
)
SHAPE_MARKERS = (b"eyj", b"sig=", b"sig%3d")
"""What shapes begin with that hold no name, in lower case: a fast way to find none."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One documented format."""

    kind: str
    pattern: re.Pattern[str]

    def replace(self, text: str, write: Callable[[str], str]) -> str:
        """The text with every secret of this shape replaced by what is written."""
        if not self.pattern.groups:
            return self.pattern.sub(lambda m: write(m[0]), text)
        return self.pattern.sub(lambda m: m[0].replace(m[1], write(m[1])), text)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the table has of some shapes, before their patterns are there.

    `near` must match too; `is_path` where they stand in more than a part of a path.
    """

    literals: tuple[str, ...]
    near: re.Pattern[str] | None
    is_path: bool
    load: Callable[[], tuple[Shape, ...]]


@cache
def _load_entries() -> tuple[_Entry, ...]:
    """The formats that detect-secrets knows, and ours."""
    table = tomllib.loads(_TABLE.read_text("utf-8"))
    return tuple(map(_make_entry, (*table["known"], *table["shape"])))


def _make_entry(row: dict[str, Any]) -> _Entry:
    near = re.compile(row["near"]) if "near" in row else None
    is_path = row.get("is_path", "/" in row.get("pattern", ""))
    load = cache(lambda: tuple(_known(row) if "plugin" in row else _own(row)))
    return _Entry(tuple(row["literals"]), near, is_path, load)


def load_shapes() -> tuple[Shape, ...]:
    """Every documented format, ours and detect-secrets'."""
    return tuple(shape for entry in _load_entries() for shape in entry.load())


@cache
def _by_literal(*, short: bool) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Every literal with the number of its entry: upper case, and all others.

    Args:
        short: Those of shapes alone that stand in more than one part of a path.
    """
    known = [
        (literal, number)
        for number, entry in enumerate(_load_entries())
        for literal in entry.literals
        if not short or entry.is_path
    ]
    upper = [one for one in known if one[0].isupper()]
    return upper, [one for one in known if not one[0].isupper()]


def _candidates(text: str) -> list[Shape]:
    """The shapes that are worth trying; nearly always there is none."""
    if _RUN.search(text) is None:
        return []
    numbers: set[int] = set()
    for segment in text.split("/"):
        if len(segment) < _SHORTEST:
            continue
        short = len(segment) <= _REMEMBERED
        numbers.update(_known_in(segment) if short else _numbers_in(segment))
    entries = _load_entries()
    found = [entries[number] for number in sorted(numbers)]
    if len(text) >= _LONGEST_ALONE:
        found += [one for one in entries if not one.literals]
    return [
        shape
        for entry in found
        if entry.near is None or entry.near.search(text)
        for shape in entry.load()
    ]


def _numbers_in(segment: str) -> tuple[int, ...]:
    """Numbers of the entries of whose literals a part of a text has one."""
    lowered = segment.lower()
    upper, lower = _by_literal(short=len(segment) < _SHORTEST_TOKEN)
    found = [number for literal, number in lower if literal in lowered]
    found += [number for literal, number in upper if literal in segment]
    return tuple(found)


# Parts of paths repeat, and paths are most of what is read.
_known_in = lru_cache(maxsize=65_536)(_numbers_in)


def _own(row: dict[str, Any]) -> Iterator[Shape]:
    yield Shape(row["kind"], re.compile(row["pattern"]))


def _known(row: dict[str, Any]) -> Iterator[Shape]:
    """Those of a plugin; loading one takes a tenth of a second."""
    module, _, name = row["plugin"].partition(".")
    plugin = getattr(importlib.import_module(f"{_PLUGINS}.{module}"), name)
    patterns = list(plugin.denylist)
    for index in row.get("use", range(len(patterns))):
        found = patterns[index]
        alone = re.sub(r"(?<!\\)\((?!\?)", "(?:", found.pattern)
        pattern = rf"(?<![A-Za-z0-9])(?:{alone})(?![A-Za-z0-9])"
        yield Shape(row["kind"], re.compile(pattern, found.flags))


def redact_value(value: str) -> str:
    """What is written for a value that is a secret as a whole; keeps its shape."""
    if "sig=" in value or "AccountKey=" in value:
        kept = redact_named(redact_shapes(value), _redact_whole)
        if _KEPT.search(kept):
            return kept
    return _redact_whole(value)


def _redact_whole(value: str) -> str:
    if _JWT.fullmatch(value):
        return TOKEN
    return ZERO_KEY if _decodes_to(value, 64) else REDACTED


def redact_shapes(text: str) -> str:
    """The text with everything that looks like a known kind of secret replaced."""
    if len(text) < _SHORTEST:
        return text
    signed = "sig" in text.lower() and (
        "sig=REDACTED" in text or _SIGNATURE.search(text) is not None
    )
    text = replace_shapes(text, _redacted)
    return _SAS_FIELD.sub(_zero_time, text) if signed else text


def replace_shapes(text: str, write: Callable[[str], str]) -> str:
    """The text with other values in place of those secrets; times stay.

    Args:
        text: Of any kind.
        write: What is written for a value.
    """
    if len(text) < _SHORTEST:
        return text
    if _OURS.search(text):
        parts = _OURS.split(text)
        return TOKEN.join(replace_shapes(part, write) for part in parts)
    for shape in _candidates(text):
        text = shape.replace(text, write)
    if " " in text:
        text = _BEARER.sub(lambda m: m[1] + write(m[2]), text)
    if "sig" in text.lower():
        text = _SIGNATURE.sub(lambda m: m[1] + write(m[2]), text)
    return text


def _redacted(_: str) -> str:
    return REDACTED


def redact_account_keys(text: str) -> str:
    """The text without what has the form of an account's key.

    A SHA-512 digest has it too, so this is for what need not stay as it is.
    """
    return _ACCOUNT_KEY.sub(ZERO_KEY, text) if "==" in text else text


def _zero_time(found: re.Match[str]) -> str:
    time = ZERO_TIME.replace(":", "%3A") if "%3A" in found[2] else ZERO_TIME
    return found[1] + time


def _decodes_to(value: str, length: int) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == length
    except (binascii.Error, ValueError):
        return False


def find_shapes(text: str) -> Iterator[str]:
    """Name each kind of secret that the text still seems to hold.

    Args:
        text: One value, not a whole file: neighbours give no context.
    """
    text = _OURS.sub(REDACTED, text)
    if len(text) < _SHORTEST:
        return
    for shape in _candidates(text):
        if shape.replace(text, _redacted) != text:
            yield shape.kind
    if " " in text and _BEARER.search(text):
        yield "an authorization header"
    if "sig" in text.lower() and _SIGNATURE.search(text):
        yield "a SAS signature"

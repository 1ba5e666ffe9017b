"""Learn live secrets and people's names from the traffic itself.

In: raw exchanges. Out: values that must stand nowhere in the recording, wherever
else they turn up. Looks only where a value is known to be secret: tokens, keys
that were listed, secret properties, signatures, ``createdBy``, and behind names that
say secret in texts of any form.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from azml_contract.exchange import Exchange, Request
from azml_contract.redaction.addresses import is_path
from azml_contract.redaction.bodies import NESTED, read_json
from azml_contract.redaction.forms import as_text
from azml_contract.redaction.named import redact_named
from azml_contract.redaction.readings import text_readings
from azml_contract.redaction.remembered import Remembered
from azml_contract.redaction.rules import (
    FORM_SECRETS,
    KEY_LIST_TOLD_ELSEWHERE,
    KEY_LISTS,
    PEOPLE,
    REQUEST_HEADERS,
    Place,
    RedactionRules,
    secret_names,
)
from azml_contract.redaction.secret_fields import (
    COOKIE_HEADERS,
    KEY_HEADERS,
    SECRET_HEADERS,
    TOLD_BESIDE,
    VALUE,
    is_stand_in,
    told_items,
    told_name,
)
from azml_contract.redaction.secret_words import (
    holds_secrets,
    is_listed_secret,
    is_named_secret,
    is_secret_name,
    is_secret_parameter,
    is_word,
)
from azml_contract.redaction.strings import rewrite_objects

_SHORTEST_SECRET, _SAFE_LENGTH = 6, 8
_MIXED = re.compile(r"[A-Za-z].*[^A-Za-z]|[^A-Za-z].*[A-Za-z]", re.DOTALL)
_SHORTEST_NAME = 5
_BYTE_ORDER = b"\xef\xbb\xbf"
# In a text, a name and a value; nothing shorter tells both.
_SHORTEST_TEXT, _REMEMBERED, _DEEPEST = 11, 512, 3
_LONGEST_NAME = 64
# Other cookies hold what their users chose.
_LOGS_IN = re.compile(r"sess|sid$|auth|token|login|jwt|secret", re.IGNORECASE)
_NOISE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_CREDENTIALS = re.compile(r"[^\s\"'=]+={0,2}")
_SIGNATURE = re.compile(r"[?&;]sig=([^&\s\"'<>\\]+)")
_PLAIN_WORD = re.compile(r"[a-z]+|[A-Z]?[a-z]+|[0-9]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# Names that broken JSON tells, and JSON in texts; the rest is read as what it is.
_TOLD = re.compile(
    rf"\"(?:{'|'.join(sorted(PEOPLE))})\\*\"\s*:\s*\\*\"([^\"\\]{{5,120}})\\*\"",
    re.IGNORECASE,
)


def is_key_list(request: Request) -> bool:
    """Whether the whole answer to this request is secret (listKeys and its like)."""
    last = request.path.rstrip("/").rpartition("/")[2].lower()
    return request.method == "POST" and last in KEY_LISTS


def lists_keys(exchange: Exchange) -> bool:
    """Whether the answer is a list of keys, not an error that says why it is none."""
    return is_key_list(exchange.request) and exchange.response.status < 400


def is_email(text: str) -> bool:
    """Whether a text is one e-mail address and nothing else."""
    return _EMAIL.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Learned:
    """Live secrets, and names of those who created something.

    Addresses are not among the names: they are told by themselves.
    """

    secrets: frozenset[str]
    people: frozenset[str]


def learn(
    exchanges: Iterable[Exchange],
    rules: RedactionRules,
    parse: Callable[[bytes], Any] = json.loads,
) -> Learned:
    """What the exchanges show where secrets and names are known to be.

    Args:
        exchanges: Raw.
        rules: What the settings and the contract know.
        parse: Parses a body; what it refuses is read with less care.
    """
    known = secret_names(rules)
    sent, told = _Reader(known), _Reader(known)
    find = rules.secret_places
    secrets, people = told.secrets, told.people
    for exchange in exchanges:
        request, body = exchange.request, exchange.response.body
        secrets.update(_from_outside(exchange))
        for text in _addressed(request):
            sent.text(text)
        values = (_json(request.body, parse), _json(body, parse))
        for value, reader in zip(values, (sent, told), strict=True):
            if value is None:
                reader.body(request.body if reader is sent else body)
            else:
                reader.read(value)
                for place in (
                    find(request, value, answer=reader is told) if find else ()
                ):
                    secrets.update(_inside("", _at(value, place)))
        if values[1] is None or b'\\"' in body:
            people.update(_TOLD.findall(body.decode("utf-8", "replace")))
        if lists_keys(exchange):
            secrets.update(_listed(values[1]))
    return Learned(
        frozenset(filter(_is_distinctive, secrets | sent.secrets)),
        frozenset(filter(_is_name, people)),
    )


def _is_name(text: str) -> bool:
    return len(text) >= _SHORTEST_NAME and " " in text.strip() and "@" not in text


def _from_outside(exchange: Exchange) -> Iterator[str]:
    """What headers, the URL, forms and signatures show."""
    request, response = exchange.request, exchange.response
    for name, value in (*request.headers, *response.headers):
        if _SHOWN[name]:
            yield from _from_header(name, value)
    if "?" in request.url:
        yield from _from_query(request)
    yield from _from_form(request)
    for body in (request.body, response.body):
        if b"sig=" in body:
            yield from _signatures(body.decode("utf-8", "replace"))


def _from_query(request: Request) -> Iterator[str]:
    for name, value in request.query:
        if is_secret_parameter(name, value):
            yield value
        yield from _signatures(value)
    yield from _signatures(request.url)


_SHOWN = Remembered[str, bool](
    lambda name: name.lower() in SECRET_HEADERS or is_secret_name(name),
    lambda name: len(name) <= _LONGEST_NAME,
)
"""Which headers may hold a secret as a whole, by their names."""


def _from_header(name: str, value: str) -> Iterator[str]:
    """What a header shows by its name: a key, a login, cookies."""
    lower = name.lower()
    if "authorization" in lower:
        yield from _signatures(value)
        for one in value.split(","):
            yield from _credentials(one)
    elif lower in COOKIE_HEADERS:
        for one in value.split(";"):
            cookie, _, told = map(str.strip, one.partition("="))
            if _LOGS_IN.search(cookie) and _is_told(told, _SAFE_LENGTH):
                yield told
    elif lower in KEY_HEADERS or is_named_secret(name, value):
        yield value


def _credentials(value: str) -> Iterator[str]:
    """What follows a scheme, or stands without one; the password of Basic too."""
    scheme, _, told = value.strip().rpartition(" ")
    if _CREDENTIALS.fullmatch(told) is None:
        return
    yield told
    if scheme.lower() == "basic":
        yield _password(told)
    elif scheme.lower().startswith("sharedkey"):
        yield told.partition(":")[2]


def _password(credentials: str) -> str:
    """That of Basic credentials; empty where they are not what they say."""
    try:
        raw = base64.b64decode(credentials)
    except ValueError:
        return ""
    return as_text(raw).partition(":")[2]


def _addressed(request: Request) -> Iterator[str]:
    """Texts in which an address may tell a secret, but for its parameters' names."""
    yield request.url.partition("?")[0]
    for name, value in (*request.query, *request.headers):
        if value and name.lower() not in REQUEST_HEADERS:
            yield value


def _signatures(text: str) -> Iterator[str]:
    for raw in _SIGNATURE.findall(text):
        yield unquote(raw)


def _from_form(request: Request) -> Iterator[str]:
    if not request.body or "form" not in (request.header("content-type") or ""):
        return
    for name, value in parse_qsl(request.body.decode("utf-8", "replace")):
        if name.lower() in FORM_SECRETS and name.lower() != "username":
            yield value


def _json(body: bytes, parse: Callable[[bytes], Any]) -> Any:
    body = body.removeprefix(_BYTE_ORDER)
    if body.lstrip()[:1] not in (b"{", b"["):
        return None
    with suppress(ValueError, RecursionError):
        return parse(body)
    with suppress(ValueError, RecursionError):
        return json.loads(body)
    return None


def _inside(name: str, value: Any) -> Iterator[str]:
    """Every text of a secret value but the kinds and names in it."""
    left = [(name, value)]
    while left:
        under, one = left.pop()
        if isinstance(one, str):
            if _may(under):
                yield one
        elif isinstance(one, list):
            left += [(under, item) for item in one]
        elif isinstance(one, dict):
            left += [(key.lower(), item) for key, item in one.items()]


def _listed(value: Any) -> Iterator[str]:
    """What an answer holds that is a list of keys."""
    if isinstance(value, list):
        for item in value:
            yield from _listed(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if _may(key.lower()):
                yield from _inside(key.lower(), item)


def _at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step]
    return value


class _Says(Enum):
    NOTHING, SECRET, NAMED, PERSON, TOLD_BESIDE = range(5)


class _Reader:
    """Collects what the names in JSON say is secret, or the name of a person."""

    def __init__(self, known: frozenset[str]) -> None:
        """Begin; `known` are names, in lower case, whose values are secret."""
        self.secrets: set[str] = set()
        self.people: set[str] = set()
        self._known = known
        self._says = _verdicts(known)

    def read(self, value: Any) -> None:
        """Look through one value."""
        left: list[tuple[str, Any]] = [("", value)]
        while left:
            above, one = left.pop()
            if isinstance(one, dict):
                self._object(above, one, left)
            elif isinstance(one, list):
                for name, item in told_items(one, above):
                    if isinstance(item, str):
                        self._listed(name, item)
                        self.text(item)
                    else:
                        left.append((name, item))

    def body(self, raw: bytes) -> None:
        """Look through what is no JSON; nothing is looked for in bytes."""
        if b"\0" not in raw:
            with suppress(UnicodeDecodeError):
                self.text(raw.decode())

    def text(self, text: str) -> None:
        """Look through a text: for names and values in it, and in what it encodes."""
        size = len(text)
        if size >= _SHORTEST_TEXT and not is_path(text):
            look = _told_in if size <= _REMEMBERED else _told_in.__wrapped__
            self.secrets |= look(text, self._known)

    def _object(
        self, above: str, value: Mapping[str, Any], left: list[tuple[str, Any]]
    ) -> None:
        is_many = holds_secrets(above)
        for key, item in value.items():
            says = self._says[key]
            is_text = isinstance(item, str)
            if is_text:
                self.text(item)
            if says is _Says.NOTHING and not is_many:  # as most do
                if isinstance(item, NESTED):
                    left.append((key, item))
                continue
            if not is_text and not isinstance(item, NESTED):
                continue
            name = key
            if says is _Says.TOLD_BESIDE or says is _Says.NOTHING:
                name = told_name(key, value, above)
                says = _judge(name, self._known)
            if not is_text:
                left.append((name, item))
            if says is _Says.SECRET:
                self.secrets.update(_inside(name.lower(), item))
            elif is_text and says is _Says.PERSON:
                self.people.add(item)
            elif is_text and says is _Says.NAMED:
                # The name of the object alone says too little for all other places.
                is_alone = is_many and name == above and key not in VALUE
                is_one = is_listed_secret if is_alone else is_named_secret
                if is_one(name, item):
                    self.secrets.add(item)

    def _listed(self, above: str, item: str) -> None:
        if above.lower() in PEOPLE:
            self.people.add(item)
        elif is_listed_secret(above, item):
            self.secrets.add(item)


@lru_cache(maxsize=16_384)
def _told_in(text: str, known: frozenset[str]) -> frozenset[str]:
    """What names in a text say is secret, layer by layer of what it encodes.

    Code and prose are full of names: only a value that looks the part is told.
    """
    reader = _Reader(known)
    found: set[str] = set()

    def note(value: str) -> str:
        found.add(value)
        return value

    def read(part: str) -> str:
        """Read an object by its own names; nothing is left of it for others."""
        try:
            value = read_json(part)
        except ValueError:
            return part
        reader.read(value)
        return "" if isinstance(value, dict) else part

    layer, seen = {text}, {text}
    for _ in range(_DEEPEST):
        inner: set[str] = set()
        for one in layer:
            rest = rewrite_objects(one, read)
            redact_named(rest, note)
            inner.update(filter(_is_readable, text_readings(rest)))
        layer = inner - seen
        seen |= layer
    told = (one for one in found if _is_told(one, _SAFE_LENGTH))
    return frozenset(told) | reader.secrets


def _is_told(value: str, shortest: int) -> bool:
    return len(value) >= shortest and is_word(value)


def _is_readable(text: str) -> bool:
    """Whether somebody wrote a text: what is no encoding gives noise."""
    return len(text) >= _SHORTEST_TEXT and _NOISE.search(text) is None


@lru_cache(maxsize=8)
def _verdicts(known: frozenset[str]) -> Remembered[str, _Says]:
    """What names of properties say, as they are met."""
    return Remembered(
        lambda name: _Says.TOLD_BESIDE if name in TOLD_BESIDE else _judge(name, known)
    )


def _judge(name: str, known: frozenset[str]) -> _Says:
    lower = name.lower()
    if lower in known and not lower.endswith("type"):
        return _Says.SECRET
    if is_secret_name(name):
        return _Says.NAMED
    return _Says.PERSON if lower in PEOPLE else _Says.NOTHING


def _may(name: str) -> bool:
    return not name.endswith("type") and name not in KEY_LIST_TOLD_ELSEWHERE


def _is_distinctive(value: str) -> bool:
    """Whether a secret can be looked for everywhere without hitting plain words."""
    return (
        len(value) >= _SHORTEST_SECRET
        and (len(value) >= _SAFE_LENGTH or _MIXED.search(value) is not None)
        and not _PLAIN_WORD.fullmatch(value)
        and not is_stand_in(value)
        and not value.startswith(("https://", "http://"))
    )

"""Learn live secrets and people's names from the traffic itself.

In: raw exchanges. Out: values that must stand nowhere in the recording, wherever
else they turn up. Looks only where a value is known to be secret: tokens, keys
that were listed, secret properties, signatures, ``createdBy``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote

from azml_contract.exchange import Exchange, Request
from azml_contract.redaction.rules import (
    FORM_SECRETS,
    KEY_LIST_PLAIN,
    KEY_LISTS,
    PEOPLE,
    Place,
    RedactionRules,
    secret_names,
)
from azml_contract.redaction.secret_fields import is_stand_in, pair_name
from azml_contract.redaction.secret_words import is_named_secret

_SHORTEST_SECRET, _SAFE_LENGTH = 6, 8
_MIXED = re.compile(r"[A-Za-z].*[^A-Za-z]|[^A-Za-z].*[A-Za-z]", re.DOTALL)
_SHORTEST_NAME = 5
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


def find_secrets(
    exchanges: Iterable[Exchange], rules: RedactionRules
) -> frozenset[str]:
    """Every live secret that the exchanges show where secrets are known to be."""
    found: set[str] = set()
    for exchange in exchanges:
        found.update(_from_exchange(exchange, rules))
    return frozenset(value for value in found if _is_distinctive(value))


def find_people(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """Names of those who created something; addresses are told by themselves."""
    found: set[str] = set()
    for exchange in exchanges:
        body = exchange.response.body
        value = _json(body)
        if b'\\"' in body or (value is None and b"{" in body):
            found.update(_TOLD.findall(body.decode("utf-8", "replace")))
        for name, text in _strings(value):
            if name in PEOPLE and len(text) >= _SHORTEST_NAME:
                found.add(text)
    return frozenset(one for one in found if " " in one.strip() and "@" not in one)


def _from_exchange(exchange: Exchange, rules: RedactionRules) -> Iterator[str]:
    known = secret_names(rules)
    request, response = exchange.request, exchange.response
    scheme, _, credentials = (request.header("authorization") or "").partition(" ")
    if scheme.lower() in ("bearer", "basic"):
        yield credentials.strip()
    for _, value in request.query:
        yield from _signatures(value)
    yield from _signatures(request.url)
    yield from _from_form(request)
    for body, answer in ((request.body, False), (response.body, True)):
        if b"sig=" in body:
            yield from _signatures(body.decode("utf-8", "replace"))
        value = _json(body)
        yield from _secret_strings(value, lambda name: name in known)
        if value is not None and rules.secret_places:
            for place in rules.secret_places(request, value, answer=answer):
                inside = _strings(_at(value, place))
                yield from (text for under, text in inside if _may(under))
        yield from _named_strings(value)
    if lists_keys(exchange):
        yield from _secret_strings(
            _json(response.body), lambda name: name not in KEY_LIST_PLAIN
        )


def _signatures(text: str) -> Iterator[str]:
    for raw in _SIGNATURE.findall(text):
        yield unquote(raw)


def _from_form(request: Request) -> Iterator[str]:
    if "form" not in (request.header("content-type") or ""):
        return
    for name, value in parse_qsl(request.body.decode("utf-8", "replace")):
        if name.lower() in FORM_SECRETS and name.lower() != "username":
            yield value


def _json(body: bytes) -> Any:
    if body.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _strings(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a JSON value with the lower-case name of its property."""
    left = [(name, value)]
    while left:
        under, one = left.pop()
        if isinstance(one, str):
            yield under, one
        elif isinstance(one, list):
            left += [(under, item) for item in one]
        elif isinstance(one, dict):
            left += [(key.lower(), item) for key, item in one.items()]


def _secret_strings(value: Any, is_secret: Callable[[str], bool]) -> Iterator[str]:
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, list):
            left += one
        elif isinstance(one, dict):
            for key, item in one.items():
                name = key.lower()
                if not is_secret(name):
                    left.append(item)
                elif not name.endswith("type"):
                    inside = _strings(item, name)
                    yield from (text for under, text in inside if _may(under))


def _at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step]
    return value


def _named_strings(value: Any) -> Iterator[str]:
    """What the names of a JSON value say is secret, and is no common word."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, list):
            left += one
        elif isinstance(one, dict):
            pair = pair_name(one)
            for key, item in one.items():
                if isinstance(item, str):
                    name = pair if pair and key == "value" else key
                    if is_named_secret(name, item):
                        yield item
                else:
                    left.append(item)


def _may(name: str) -> bool:
    return not name.endswith("type") and name not in KEY_LIST_PLAIN


def _is_distinctive(value: str) -> bool:
    """Whether a secret can be looked for everywhere without hitting plain words."""
    return (
        len(value) >= _SHORTEST_SECRET
        and (len(value) >= _SAFE_LENGTH or _MIXED.search(value) is not None)
        and not _PLAIN_WORD.fullmatch(value)
        and not is_stand_in(value)
        and not value.startswith(("https://", "http://"))
    )

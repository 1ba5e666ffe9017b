"""Take names and secrets out of one text.

In: rules, and secrets learned on the way. Out: text that holds neither, in any
encoding. Stateless once built: the same text always gives the same answer.
Knows texts; knows neither HTTP nor cassettes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from html import escape, unescape
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlencode

from azml_contract.exchange import Exchange, Request
from azml_contract.json_values import escape_halves
from azml_contract.redaction.addresses import is_path, is_url
from azml_contract.redaction.bodies import (
    NESTED,
    read_json,
    redact_leaves,
    redact_listed,
    replace_at,
    rewrite_body,
)
from azml_contract.redaction.drawn import is_digest, is_digest_name, sub_drawn
from azml_contract.redaction.forms import (
    Replacer,
    find_needles,
    merge_windows,
    rewrite_base64,
    rewrite_escaped,
    rewrite_hex,
    rewrite_percent,
    rewrite_quoted,
)
from azml_contract.redaction.learn import learn
from azml_contract.redaction.named import NAME_MARKERS, redact_named
from azml_contract.redaction.names import Names
from azml_contract.redaction.packed import CannotOpen, Packed, Part, open_packed
from azml_contract.redaction.people import replace_addresses
from azml_contract.redaction.readings import wide_codecs
from azml_contract.redaction.remembered import Remembered
from azml_contract.redaction.rules import (
    FORM_SECRETS,
    SAS_TIMES,
    RedactionRules,
    secret_names,
)
from azml_contract.redaction.secret_fields import TOLD_BESIDE, told_items, told_name
from azml_contract.redaction.secret_words import (
    holds_secrets,
    is_listed_secret,
    is_named_secret,
    is_secret_name,
    is_secret_parameter,
)
from azml_contract.redaction.shapes import (
    REDACTED,
    SHAPE_MARKERS,
    ZERO_TIME,
    redact_account_keys,
    redact_shapes,
    redact_value,
)
from azml_contract.redaction.strings import rewrite_objects, rewrite_strings

DEEPEST = 4
_TEXT_RUN = re.compile(
    rb"(?:[\t\n\r\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}"
    rb"|[\xf0-\xf4][\x80-\xbf]{3})+"
)
# Shorter ones that name nothing are found in noise: `-p` and six letters, say.
_SENTENCE = 16
_NAMES = (b"=", b":")
_SIGNED_OPERATION = frozenset({"t", "c", "s", "h"})
# A word or a path: no name stands beside a value in it, nothing is escaped. No token is
# shorter than that.
_WORD, _SHORT_WORD = re.compile(r"[\w./-]*", re.ASCII), 16
# Times, versions, addresses; longer numbers may be text in hex.
NUMBERS = re.compile(r"(?:\d{0,20}[:.TZ+ -]){0,60}\d{0,20}", re.ASCII)
_BYTE_ORDER = "\ufeff"
_CACHE_SIZE = 60_000
# What the name of a property says of its value.
NOTHING, _SECRET, _NAMED, _DIGEST = range(4)
_CACHED_LENGTH = 4096


class Redactor:
    """Removes identifiers and secrets from texts, URLs and JSON strings."""

    def __init__(self, rules: RedactionRules, learned: Iterable[str] = ()) -> None:
        """Prepare.

        Args:
            rules: What the settings and the contract know.
            learned: More live secrets, found in the traffic itself.
        """
        self._rules = rules
        self._learned = frozenset(learned)
        self.names = Names(rules.identifiers)
        self.secret_names = secret_names(rules)
        secrets = sorted({*rules.secrets, *self._learned} - {""}, key=len, reverse=True)
        self.secrets = Replacer((one, redact_value(one)) for one in secrets)
        # How deep a text stands decides how far it is looked into.
        self._caches: list[dict[str, str]] = [{} for _ in range(DEEPEST + 1)]
        self._says = Remembered(self._judge)
        self._tells = Remembered(self._tells_something)
        self._queries: dict[tuple[str, int], str] = {}

    def text(self, text: str, depth: int = 0) -> str:
        """A text without secrets and identifiers."""
        cache = self._caches[min(depth, DEEPEST)]
        known = cache.get(text)
        if known is None:
            known = self._within(self._redact(text, depth))
            if len(text) < _CACHED_LENGTH and len(cache) < _CACHE_SIZE:
                cache[text] = known
        return known

    def _within(self, text: str) -> str:
        """A text without what stands in base64 that nothing decoded."""
        return self.names.replace_within(self.secrets.replace_within(text))

    def _redact(self, text: str, depth: int) -> str:
        if NUMBERS.fullmatch(text):
            return self.names.replace(self.secrets.replace(text))
        if is_path(text):
            return self._path(text, depth)
        if _WORD.fullmatch(text):
            return self._word(text, depth)
        if is_url(text):
            return self.url(text, depth)
        nested = self._nested_json(text, depth) if depth < DEEPEST else None
        if nested is not None:
            return nested
        if "=" in text and depth < DEEPEST:  # first, because it cuts values in two
            text = rewrite_quoted(text, lambda inner: self.text(inner, depth + 1))
        text = self.plain(text)
        if depth < DEEPEST and text.lstrip()[:1] in (
            "{",
            "[",
        ):  # of JSON that is broken
            text = rewrite_strings(text, lambda inner: self.text(inner, depth + 1))
        return text if depth >= DEEPEST else self._deep(text, depth)

    def _path(self, text: str, depth: int) -> str:
        """An id or an address, piece by piece: most pieces are known already."""
        text = self.names.replace_by_place(self.secrets.replace(text))
        return "/".join([self.text(piece, depth) for piece in text.split("/")])

    def _word(self, text: str, depth: int) -> str:
        """A text that has neither a name beside a value, nor a URL, nor escapes."""
        if len(text) < _SHORT_WORD:
            return self.names.replace(self.secrets.replace(text))
        text = redact_shapes(self.secrets.replace_whole(text))
        text = self.names.replace(self.secrets.replace(text))
        return text if depth >= DEEPEST else self._digits(text, depth)

    def _digits(self, text: str, depth: int) -> str:
        """Look inside what is in hex or base64."""

        def rewrite(inner: bytes) -> bytes:
            return self._encoded(inner, depth + 1)

        return rewrite_base64(rewrite_hex(text, rewrite), rewrite)

    def _deep(self, text: str, depth: int) -> str:
        """Look inside what is percent-encoded or base64."""

        def rewrite(inner: str) -> str:
            return self.text(inner, depth + 1)

        text = rewrite_strings(rewrite_objects(text, rewrite), rewrite)
        text = rewrite_escaped(rewrite_percent(text, rewrite), rewrite)
        if "&" in text and ";" in text and (inner := unescape(text)) != text:
            clean = rewrite(inner)
            text = text if clean == inner else escape(clean)
        return self._digits(text, depth)

    def _encoded(self, raw: bytes, depth: int) -> bytes:
        """What was encoded cannot be numbered where it is found, so all of it goes."""
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return self.binary(raw, depth)
        if "\0" in text:
            return self.binary(raw, depth)
        return sub_drawn(self.text(text, depth), lambda _: REDACTED).encode()

    def plain(self, text: str) -> str:
        """Values, names and shapes only: no look inside JSON or base64."""
        if "\n" in text and self.secrets:
            text = self.secrets.replace_folded(text)
        text = redact_shapes(self.secrets.replace_whole(text))
        text = redact_named(text, redact_value)
        text = self.names.replace(self.secrets.replace(text))
        return replace_addresses(text) if self._rules.people else text

    def learning(self, exchange: Exchange) -> Redactor:
        """One that knows the secrets of an exchange too; itself where it shows none."""
        found = learn([exchange], self._rules).secrets - self._learned
        return Redactor(self._rules, self._learned | found) if found else self

    def url(self, url: str, depth: int = 0) -> str:
        """A URL with its query redacted field by field, in the order sent."""
        base, mark, query = url.partition("?")
        if is_path(base):
            base = self._path(base, depth)
        else:
            base = self._within(self._deep(self.plain(base), depth))
        return base + mark + self.query(query, depth)

    def query(self, query: str, depth: int = 0) -> str:
        """A raw query string, redacted; what holds nothing stays as it is."""
        known = self._queries.get((query, depth))
        if known is None:
            known = self._query(query, depth)
            if len(query) < _CACHED_LENGTH and len(self._queries) < _CACHE_SIZE:
                self._queries[query, depth] = known
        return known

    def _query(self, query: str, depth: int) -> str:
        pairs = [pair.partition("=") for pair in query.split("&")]
        names = {_parameter(name).lower() for name, _, _ in pairs}
        signed = "sig" in names
        operation = names >= _SIGNED_OPERATION
        return "&".join(
            self._pair(*pair, signed=signed, operation=operation, depth=depth)
            for pair in pairs
        )

    def _pair(
        self,
        name: str,
        mark: str,
        value: str,
        *,
        signed: bool,
        operation: bool,
        depth: int,
    ) -> str:
        plain_name = _parameter(name).lower()
        decoded = unquote_plus(value)
        if is_secret_parameter(_parameter(name), decoded) or (
            operation and plain_name in _SIGNED_OPERATION
        ):
            return f"{name}{mark}{REDACTED}"
        if signed and plain_name in SAS_TIMES:
            return f"{name}{mark}{quote(ZERO_TIME, safe='')}"
        redacted = self.text(decoded, depth + 1)
        if redacted == decoded:
            return f"{name}{mark}{value}"
        return f"{name}{mark}{quote(redacted, safe='/:,')}"

    def _nested_json(self, text: str, depth: int) -> str | None:
        """JSON held in a string; None where the text is no JSON with secrets."""
        if text.lstrip()[:1] not in ("{", "[", '"'):
            return None
        try:
            value = read_json(text)
        except ValueError:
            return None
        redacted = self.json(value, lambda inner: self.text(inner, depth + 1))
        if redacted == value:
            return text
        compact = json.dumps(value, separators=(",", ":"), ensure_ascii=False) == text
        separators = (",", ":") if compact else None
        clean = json.dumps(redacted, separators=separators, ensure_ascii=False)
        return escape_halves(clean)

    def json(self, value: Any, string: Callable[[str], str], above: str = "") -> Any:
        """A JSON value with secret properties and every string redacted.

        Args:
            value: As parsed.
            string: Redacts one text.
            above: The name of the property that has this value, if any.
        """
        if isinstance(value, str):
            hidden = above and self._is_listed(above, value)
            return string(redact_value(value) if hidden else value)
        if isinstance(value, list):
            return [
                self.json(item, string, name) for name, item in told_items(value, above)
            ]
        if not isinstance(value, dict):
            return value
        if "secretsType" in value:  # what it holds is named "key" and the like
            value = {name: redact_listed(name, item) for name, item in value.items()}
        written: dict[str, Any] = {}
        is_many = holds_secrets(above)
        for name, item in value.items():
            key = string(name)
            # Nearly all names say nothing: they are dealt with here, at no call more.
            if is_many or self._tells[name]:
                item = self._property(name, item, value, above, string)
            elif isinstance(item, str):
                item = string(item)
            elif isinstance(item, NESTED):
                item = self.json(item, string, name)
            written[key] = item
        return written

    def _property(
        self,
        name: str,
        value: Any,
        beside: Mapping[str, Any],
        above: str,
        string: Callable[[str], str],
    ) -> Any:
        """The value of a property whose name says something of it."""
        if self._says[name] != _SECRET:
            name = told_name(name, beside, above)
        says = self._says[name]
        if says == _SECRET:
            # What keeps its shape, such as a SAS, still names an account.
            return self.json_strings(redact_leaves(value), string)
        if not isinstance(value, str):
            return self.json(value, string, name)
        if says == _NAMED and is_named_secret(name, value):
            return string(redact_value(value))
        if says == _DIGEST and is_digest(value) and not self.secrets.find(value):
            return value
        kind = beside.get("type")
        kind = kind.lower() if isinstance(kind, str) else ""
        return string(self.names.replace_property(name.lower(), value, kind))

    def _tells_something(self, name: str) -> bool:
        """Whether the name of a property says anything of its value."""
        return (
            name in TOLD_BESIDE
            or self._says[name] != NOTHING
            or name.lower() in self.names.properties
        )

    def _is_listed(self, name: str, value: str) -> bool:
        """Whether one of a list is secret by the name of the list."""
        return is_listed_secret(name, value)

    def _judge(self, name: str) -> int:
        """What the name of a property says of its value."""
        if name.lower() in self.secret_names:
            return _SECRET
        if is_secret_name(name):
            return _NAMED
        return _DIGEST if is_digest_name(name) else NOTHING

    def json_strings(self, value: Any, string: Callable[[str], str]) -> Any:
        """A JSON value with every string replaced, whatever the names around it."""
        if isinstance(value, str):
            return string(value)
        if isinstance(value, list):
            return [self.json_strings(item, string) for item in value]
        if isinstance(value, dict):
            return {k: self.json_strings(item, string) for k, item in value.items()}
        return value

    def request(self, request: Request) -> Request:
        """A request as a cassette would hold it; its headers stay.

        The same for what was redacted before.
        """
        kind = (request.header("content-type") or "").lower()
        if "x-www-form-urlencoded" in kind:
            body = self.form(request.body)
        else:
            body = rewrite_body(
                request.body,
                lambda value: self.json(
                    self.marked(request, value, answer=False), self.text
                ),
                self.text,
                self.binary,
            )
        return replace(request, url=self.url(request.url), body=body)

    def form(self, raw: bytes) -> bytes:
        """A form with its secret fields replaced, and all others redacted."""
        pairs = parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True)
        redacted = [(name, self.field(name, value, self.text)) for name, value in pairs]
        return raw if redacted == pairs else urlencode(redacted).encode()

    def field(self, name: str, value: str, string: Callable[[str], str]) -> str:
        """The value of a field of a form."""
        secret = name.lower() in FORM_SECRETS or is_named_secret(name, value)
        return REDACTED if secret else string(value)

    def marked(self, request: Request, value: Any, *, answer: bool) -> Any:
        """A JSON body without what the contract marks secret, by its place.

        Args:
            request: Tells the operation.
            value: Its body, or that of its answer.
            answer: Which of the two.
        """
        find = self._rules.secret_places
        for place in find(request, value, answer=answer) if find else ():
            value = replace_at(value, place)
        return value

    def binary(self, raw: bytes, depth: int = 0) -> bytes:
        """Binary content with what can be found in it replaced.

        What is compressed, and archives, are closed again around it.
        """
        if depth < DEEPEST:
            with suppress(CannotOpen):
                packed = open_packed(raw)
                if packed is not None:
                    return self._packed(raw, packed, depth + 1)
        for codec in wide_codecs(raw):
            with suppress(UnicodeError):
                text = raw.decode(codec)
                mark = _BYTE_ORDER if text.startswith(_BYTE_ORDER) else ""
                clean = mark + self._held(text.removeprefix(mark), depth)
                if clean != text:
                    return clean.encode(codec)
        told = rewrite_base64(raw.decode("latin-1"), self._in_windows)
        return self._in_windows(told.encode("latin-1"))

    def _in_windows(self, raw: bytes) -> bytes:
        pieces, done = [], 0
        for start, end in self.windows(raw):
            text = raw[start:end].decode("latin-1")
            plain = redact_account_keys(self.text(text, DEEPEST - 1))
            if plain != text:
                pieces += [raw[done:start], plain.encode("latin-1", "replace")]
                done = end
        return b"".join([*pieces, raw[done:]]) if pieces else raw

    def _packed(self, raw: bytes, packed: Packed, depth: int) -> bytes:
        parts = tuple(
            Part(self._part(one.content, depth), self.text(one.name, depth))
            for one in packed.parts
        )
        return raw if parts == packed.parts else packed.close(parts)

    def _part(self, raw: bytes, depth: int) -> bytes:
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return self.binary(raw, depth)
        if "\0" in text:
            return self.binary(raw, depth)
        return self._held(text, depth).encode()

    def _held(self, text: str, depth: int) -> str:
        return redact_account_keys(self.text(text, depth))

    def windows(self, raw: bytes) -> list[tuple[int, int]]:
        """Where binary content is worth a closer look: text around what is sought.

        Bytes that are no text are none: a rule would find in them what nobody wrote.

        Returns:
            Start and end of each place, ascending, none touching another;
            usually there is none, and finding that out is fast.
        """
        known = (*self.secrets.needles, *self.names.needles)
        needles = (*SHAPE_MARKERS, *NAME_MARKERS, *known)
        around = merge_windows(find_needles(raw.lower(), needles), len(raw))
        return [
            run.span()
            for start, end in around
            for run in _TEXT_RUN.finditer(raw, start, end)
            if len(run[0]) >= _SENTENCE
            or any(one in run[0] for one in _NAMES)
            or any(one in run[0].lower() for one in known)
        ]

    def message(self, text: str) -> str:
        """A text for a person: without secrets and identifiers."""
        # A private key spans lines; what is encoded or JSON stands in one.
        text = redact_account_keys(self.plain(text))
        return "\n".join(self.text(line) for line in text.split("\n"))


def _parameter(name: str) -> str:
    """The name of a parameter, also of a URL that was escaped for HTML."""
    return unquote(name).removeprefix("amp;")

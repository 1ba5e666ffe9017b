"""Turn raw exchanges into what a cassette may hold.

In: redaction rules and the raw exchanges of one recording. Out: interactions
without identifiers and secrets, normalised so that two recordings of the same
behaviour are equal. Headers are an allow-list, bodies are redacted by name, by
value and by shape.

Scanning the result is another module's work, on purpose: it must not trust
this one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from azml_contract.cassette.content import (
    Content,
    Kind,
    ParsedBodies,
    as_sent,
    classify,
    encode_content,
    is_storage,
)
from azml_contract.exchange import (
    NO_ANSWER,
    Exchange,
    Failure,
    Headers,
    Json,
    Request,
)
from azml_contract.recording.blocks import BlockLedger
from azml_contract.recording.identity import is_identity
from azml_contract.recording.match import level_boundary, plain_body
from azml_contract.recording.volatile import GUID, Normaliser
from azml_contract.redaction.bodies import NESTED, redact_leaves
from azml_contract.redaction.drawn import sub_drawn
from azml_contract.redaction.forms import as_text
from azml_contract.redaction.learn import (
    is_email,
    learn,
    lists_keys,
)
from azml_contract.redaction.origin import learn_others
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.remembered import Remembered
from azml_contract.redaction.rules import (
    EMAIL,
    KEY_LIST_TOLD_ELSEWHERE,
    PEOPLE,
    PERSON,
    REQUEST_HEADERS,
    RESPONSE_HEADERS,
    Identifier,
    RedactionRules,
)
from azml_contract.redaction.secret_words import is_named_secret
from azml_contract.redaction.shapes import REDACTED

__all__ = ["Identifier", "RedactionRules", "Sanitizer", "Scrubber"]

Sanitizer = Callable[[Exchange], Exchange]
"""A project's own rule: rewrites an exchange before it is kept."""

_URL_HEADERS = frozenset({"location", "azure-asyncoperation", "operation-location"})
_SHORTEST_DRAWN, _REMEMBERED_LENGTH = 6, 4096
_LEVELLED = PEOPLE | {"correlation"}
_NEXT_COOKIE = re.compile(r"\s*\n\s*|,[ \t]*(?=[^\s;,=]+=)")
_HEX = re.compile(r"[0-9a-f]{16}|[0-9a-f]{32}", re.IGNORECASE)
_EXPIRY: Mapping[str, int] = {
    "expires_in": 3599,
    "ext_expires_in": 3599,
    "expires_on": 4102444800,
    "not_before": 946684800,
}


class Scrubber:
    """Scrubs the exchanges of one recording, in the order of the file."""

    def __init__(
        self,
        rules: RedactionRules,
        exchanges: Iterable[Exchange] = (),
        *,
        variables: Mapping[str, Json] | None = None,
        sanitizers: Sequence[Sanitizer] = (),
        held: Iterable[tuple[str, str]] = (),
        keep_headers: frozenset[str] = frozenset(),
    ) -> None:
        """Prepare.

        Args:
            rules: What the settings and the contract know.
            exchanges: All of the recording, to learn its live secrets from.
            variables: What the scenario drew; it stays.
            sanitizers: A project's own rules, applied before any other.
            held: Texts of requests and answers, scrubbed before, that this
                recording goes on from; their stand-ins keep their meaning.
            keep_headers: Names of answer headers to keep beside the usual ones.
        """
        seen = [plain_exchange(one) for one in exchanges]
        self._bodies = ParsedBodies()
        learned = learn(seen, rules, self._bodies.parse)
        people = tuple(
            Identifier("name", one, PERSON) for one in sorted(learned.people)
        )
        kept = json.dumps(variables or {}, ensure_ascii=False).lower()
        held = list(held)
        others = learn_others(seen, rules.identifiers, kept, held)
        rules = replace(rules, identifiers=(*rules.identifiers, *people, *others))
        self.rules = replace(rules, secrets=(*rules.secrets, *sorted(learned.secrets)))
        self.redactor = Redactor(self.rules)
        placeholders = (one.placeholder for one in rules.identifiers)
        self._normaliser = Normaliser(
            variables or {}, [one for one in placeholders if GUID.fullmatch(one)]
        )
        self._normaliser.go_on_from(held)
        self._drawn = tuple(_drawn_texts(variables or {}))
        self._sanitizers = tuple(sanitizers)
        self._kept_headers = RESPONSE_HEADERS | keep_headers
        self._ledger = BlockLedger()
        for one in seen:
            self._ledger.note(one.request.method, one.request.url, one.request.body)
        self.side_files: dict[str, bytes] = {}
        self._lower = Remembered(str.lower)
        self._is_levelled = Remembered[str, bool](lambda n: n.lower() in _LEVELLED)
        text, url = self.redactor.text, self.redactor.url
        sent, told = self._normaliser.request, self._normaliser.response
        self._request = _written(text, sent)
        self._response = _written(text, told)
        self._sent_url = _written(url, sent)
        self._told_url = _written(url, told)

    def variables(self, variables: Mapping[str, Json]) -> dict[str, Json]:
        """Drawn values without identifiers and secrets."""
        return {
            name: self.redactor.json(value, self.redactor.text)
            for name, value in variables.items()
        }

    def without_drawn(self, text: str) -> str:
        """A text without what differs between runs: GUIDs and drawn values."""
        for name, value in self._drawn:
            text = text.replace(value, name)
        return sub_drawn(GUID.sub("", text), lambda _: "")

    def pointer(self, pointer: str) -> str:
        """A JSON pointer whose names went through the same replacement."""
        return self._response(pointer)

    def scrub(self, exchange: Exchange) -> dict[str, Any]:
        """The object of the file for one exchange.

        Large bodies are collected in `side_files`.
        """
        for sanitize in self._sanitizers:
            exchange = sanitize(exchange)
        exchange = plain_exchange(exchange)
        storage = is_storage(exchange.request.headers + exchange.response.headers)
        scrubbed = {"request": self._scrub_request(exchange.request, exact=storage)}
        if exchange.response.status != NO_ANSWER:
            scrubbed["response"] = self._scrub_response(exchange, exact=storage)
        if exchange.failure is not None:
            scrubbed["failure"] = _write_failure(exchange.failure)
        return scrubbed

    def _scrub_request(self, request: Request, *, exact: bool) -> dict[str, Any]:
        url = self._ledger.rewrite_url(request.url)
        scrubbed: dict[str, Any] = {
            "method": request.method,
            "uri": self._sent_url(url),
            "headers": self._scrub_headers(
                request.headers, REQUEST_HEADERS, self._request
            ),
        }
        body = self._scrub_request_body(request, exact=exact)
        if body is not None:
            scrubbed["body"] = body
        return scrubbed

    def _scrub_request_body(
        self, request: Request, *, exact: bool
    ) -> dict[str, Any] | None:
        if not request.body:
            return None
        kind = (request.header("content-type") or "").lower()
        raw = level_boundary(kind, request.body)
        if "x-www-form-urlencoded" in kind:
            return {"text": self._scrub_form(raw)}
        content = classify(raw, request.headers, exact=exact, parse=self._bodies.parse)
        if content is not None and content.kind is Kind.JSON:
            marked = self.redactor.marked(request, content.value, answer=False)
            content = replace(content, value=marked)
        elif content is not None and content.kind is Kind.TEXT:
            listed = self._ledger.rewrite_list(request.url, content.value)
            content = replace(content, value=listed)
        scrubbed = self._scrub_content(content, self._request)
        return encode_content(scrubbed, self.side_files)

    def _scrub_form(self, raw: bytes) -> str:
        pairs = parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True)
        return urlencode(
            [
                (name, self.redactor.field(name, value, self._request))
                for name, value in pairs
            ]
        )

    def _scrub_response(self, exchange: Exchange, *, exact: bool) -> dict[str, Any]:
        response = exchange.response
        headers = self._scrub_headers(
            response.headers, self._kept_headers, self._response
        )
        if exchange.request.method == "HEAD":
            length = response.header("content-length")
            if length is not None:
                headers["content-length"] = length
        scrubbed: dict[str, Any] = {"status": response.status, "headers": headers}
        body = self._scrub_response_body(exchange, exact=exact)
        if body is not None:
            scrubbed["body"] = body
        return scrubbed

    def _scrub_response_body(
        self, exchange: Exchange, *, exact: bool
    ) -> dict[str, Any] | None:
        request, response = exchange.request, exchange.response
        exact = exact and response.status < 400
        content = classify(
            response.body, response.headers, exact=exact, parse=self._bodies.parse
        )
        if content is None:
            return None
        if content.kind is Kind.TEXT and exact:
            listed = self._ledger.rewrite_list(request.url, content.value)
            content = replace(content, value=listed)
        if content.kind is not Kind.JSON:
            scrubbed = self._scrub_content(content, self._response)
            return encode_content(scrubbed, self.side_files)
        levelled = self._level_json(exchange, content.value)
        written = self.redactor.json(levelled, self._response)
        exactly = as_sent(response.body, content.value, written, response.headers)
        return encode_content(exactly, self.side_files)

    def _level_json(self, exchange: Exchange, value: Any) -> Any:
        """Redact and level what depends on where in an answer a value stands."""
        request = exchange.request
        value = self.redactor.marked(request, value, answer=True)
        if lists_keys(exchange):
            value = redact_leaves(value, KEY_LIST_TOLD_ELSEWHERE)
        if is_identity(request) and isinstance(value, dict):
            value = {name: _level_expiry(name, item) for name, item in value.items()}
        return self._level(value)

    def _level(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._level(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("type") == "Correlation":
            return _zero_hex(value)
        levelled: dict[str, Any] = {}
        for name, item in value.items():
            if self._is_levelled[name]:
                item = self._level_property(name, item)
            elif isinstance(item, NESTED):
                item = self._level(item)
            levelled[name] = item
        return levelled

    def _level_property(self, name: str, value: Any) -> Any:
        if name.lower() == "correlation":
            return _zero_hex(value)
        if isinstance(value, str) and value:
            return self._level_person(value)
        return self._level(value)

    def _level_person(self, value: str) -> str:
        known = self.redactor.text(value)
        if known != value or GUID.fullmatch(value):
            return known
        return EMAIL if is_email(value) else PERSON

    def _scrub_content(
        self, content: Content | None, string: Callable[[str], str]
    ) -> Content | None:
        if content is None:
            return None
        if content.kind is Kind.JSON:
            return replace(content, value=self.redactor.json(content.value, string))
        if content.kind is Kind.TEXT and "\0" not in content.value:
            return replace(content, value=string(content.value))
        if content.kind is Kind.TEXT:  # bytes that happen to be text as well
            clean = self.redactor.binary(content.value.encode())
            return replace(content, value=as_text(clean))
        return replace(content, value=self.redactor.binary(content.value))

    def _scrub_headers(
        self, headers: Headers, allowed: frozenset[str], string: Callable[[str], str]
    ) -> dict[str, str]:
        kept: dict[str, str] = {}
        for name, value in headers:
            lower = self._lower[name]
            if lower not in allowed and not lower.startswith("x-ms-meta-"):
                continue
            written = self._scrub_header(lower, value, string)
            kept[lower] = f"{kept[lower]}, {written}" if lower in kept else written
        return dict(sorted(kept.items()))

    def _scrub_header(self, name: str, value: str, string: Callable[[str], str]) -> str:
        if name == "retry-after":
            return "0"
        if name == "set-cookie":
            return _name_cookies(value)
        if name == "content-type" and value.lower().startswith("multipart/"):
            return re.sub(r"boundary=\"?[^\";,]+\"?", "boundary=boundary", value)
        if is_named_secret(name, value):  # what users call their metadata
            return REDACTED
        if name in _URL_HEADERS:
            return self._told_url(value)
        return string(value)


def _written(
    redact: Callable[[str], str], level: Callable[[str], str]
) -> Callable[[str], str]:
    """Writes texts: redacted, and without what differs between runs.

    What becomes of a text is settled when it first comes: a time, say, is the
    client's or the service's from then on.
    """
    return Remembered[str, str](
        lambda text: level(redact(text)), lambda text: len(text) <= _REMEMBERED_LENGTH
    ).__getitem__


def _name_cookies(value: str) -> str:
    """Cookies by name; a header may have them all, as some recordings note it."""
    return ", ".join(map(_name_cookie, _NEXT_COOKIE.split(value)))


def _name_cookie(value: str) -> str:
    """A cookie by name, with a placeholder; when it ends changes each time."""
    (name, _, _), *others = (one.partition("=") for one in value.split(";"))
    kept = [f"{name.strip()}={REDACTED}"]
    for attribute, mark, text in others:
        if attribute.strip().lower() not in ("expires", "max-age"):
            kept.append(f"{attribute.strip()}{mark}{text.strip()}")
    return "; ".join(kept)


def _write_failure(failure: Failure) -> dict[str, Any]:
    written: dict[str, Any] = {"kind": failure.kind}
    if failure.after_bytes is not None:
        written["after_bytes"] = failure.after_bytes
    if failure.raised:
        written["raised"] = failure.raised
    return written


def _level_expiry(name: str, value: Any) -> Any:
    levelled = _EXPIRY.get(name, value)
    return str(levelled) if isinstance(value, str) else levelled


def _drawn_texts(variables: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Names and values of drawn texts that are long enough to be recognised."""
    for name, value in variables.items():
        if isinstance(value, str) and len(value) >= _SHORTEST_DRAWN:
            yield f"{{{name}}}", value


def plain_exchange(exchange: Exchange) -> Exchange:
    """The exchange with a compressed request body inflated."""
    plain = plain_body(exchange.request)
    return exchange if plain is exchange.request else replace(exchange, request=plain)


def _zero_hex(value: Any) -> Any:
    if isinstance(value, str):
        return _HEX.sub(lambda m: "0" * len(m[0]), value)
    if isinstance(value, dict):
        return {name: _zero_hex(item) for name, item in value.items()}
    return value

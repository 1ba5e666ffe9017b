"""Take secrets and names out of a recording of any format, in its own format.

In: a parsed document and a `Redactor`. Out: the same document without them; all
else, also what the format does not define, stays as it was. Looks where `lint`
looks, so that what that finds is gone.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any

from azml_contract.documents.formats import Format, Recorded
from azml_contract.documents.lint import inflate, is_packed
from azml_contract.json_values import escape_halves
from azml_contract.redaction.drawn import Numbers, names_digest, sub_drawn
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.secret_fields import (
    is_secret_field,
    parse_nested,
    redact_field,
    redact_form,
    secret_form_fields,
    told_items,
    told_name,
)
from azml_contract.redaction.secret_words import is_listed_secret, is_named_secret

_BASE64_NAMES = frozenset({"base64", "base64_string"})


class DocumentScrubber:
    """Rewrites documents; one instance for one document."""

    def __init__(self, redactor: Redactor, numbers: Numbers | None = None) -> None:
        """Prepare.

        Args:
            redactor: Knows names, live secrets and secret properties.
            numbers: What stands for values that look drawn.
        """
        self._redactor = redactor
        self._numbers = numbers or Numbers()
        self._done: dict[int, Any] = {}
        self._kept: list[Any] = []

    def scrub(self, data: Any) -> Any:
        """The document without secrets; the one given is not changed."""
        return self._walk(data, "", "")

    def scrub_bytes(self, raw: bytes) -> bytes:
        """A body without secrets, compressed where it was."""
        plain = inflate(raw)
        try:
            text = plain.decode()
        except UnicodeDecodeError:
            scrubbed = self._redactor.binary(plain)
        else:
            scrubbed = self._text(text).encode()
        if scrubbed == plain:
            return raw
        return scrubbed if plain is raw else gzip.compress(scrubbed, mtime=0)

    def _walk(self, value: Any, name: str, container: str) -> Any:
        if isinstance(value, str):
            return self._named_text(value, name)
        if isinstance(value, bytes):
            return self.scrub_bytes(value)
        if not isinstance(value, dict | list):
            return value
        if id(value) not in self._done:
            self._kept.append(value)  # an id is only its own while it lives
            self._done[id(value)] = (
                [self._item(item, told, name) for told, item in told_items(value, name)]
                if isinstance(value, list)
                else self._object(value, name, container)
            )
        return self._done[id(value)]

    def _item(self, item: Any, told: str, name: str) -> Any:
        if isinstance(item, str) and is_listed_secret(told, item):
            return self._plain(redact_field(item))
        return self._walk(item, name, name)

    def _object(
        self, value: Mapping[Any, Any], above: str, container: str
    ) -> dict[Any, Any]:
        packed = is_packed(value)
        kind = value.get("type")
        resource_type = kind.lower() if isinstance(kind, str) else ""
        scrubbed: dict[Any, Any] = {}
        for key, item in value.items():
            name = told_name(str(key), value, above)
            if is_secret_field(name, self._redactor.secret_names, container):
                new = self._redactor.json_strings(redact_field(item), self._text)
            elif isinstance(item, str) and is_named_secret(name, item):
                new = self._plain(redact_field(item))
            elif self._is_digest(name, item):
                new = item
            elif packed and key == "text" and isinstance(item, str):
                new = self._base64(item)
            else:
                if isinstance(item, str):
                    item = self._redactor.names.replace_property(
                        name.lower(), item, resource_type
                    )
                new = self._walk(item, name, container)
            scrubbed[self._plain(key) if isinstance(key, str) else key] = new
        return scrubbed

    def _is_digest(self, name: str, item: Any) -> bool:
        """Whether a text is a digest; a key of this recording has the same form."""
        is_digest = isinstance(item, str) and names_digest(name, item)
        return is_digest and not self._redactor.secrets.find(item)

    def _named_text(self, text: str, name: str) -> str:
        return self._base64(text) if name in _BASE64_NAMES else self._text(text)

    def _text(self, text: str) -> str:
        nested = parse_nested(text)
        if nested is not None:
            scrubbed = self._walk(nested, "", "")
            return text if scrubbed == nested else _dump_like(text, nested, scrubbed)
        if secret_form_fields(text):
            text = redact_form(text)
        return self._plain(text)

    def _plain(self, text: str) -> str:
        return sub_drawn(self._redactor.text(text), self._numbers.of)

    def _base64(self, text: str) -> str:
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return self._plain(text)
        scrubbed = self.scrub_bytes(raw)
        return text if scrubbed == raw else base64.b64encode(scrubbed).decode()


def _dump_like(text: str, before: Any, after: Any) -> str:
    """JSON in the layout of the text it replaces, where that is a plain one."""
    for options in ({"separators": (",", ":")}, {}, {"indent": 2}, {"indent": 4}):
        for ascii_only in (False, True):
            dump: Callable[..., str] = json.dumps
            if dump(before, ensure_ascii=ascii_only, **options) == text:
                return dump(after, ensure_ascii=ascii_only, **options)
    return escape_halves(json.dumps(after, ensure_ascii=False))


def fix_lengths(
    data: Any, kind: Format, before: list[Recorded], after: list[Recorded]
) -> None:
    """Make lengths that a document states true again, where bodies changed.

    Args:
        data: The scrubbed document; changed in place.
        kind: Its format.
        before: Its exchanges as they were.
        after: Its exchanges as they are.
    """
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        request = (old.exchange.request.body, new.exchange.request.body)
        response = (old.exchange.response.body, new.exchange.response.body)
        for side, (was, now) in (("request", request), ("response", response)):
            if len(was) != len(now):
                kind.set_length(kind.entries(data)[index], side, len(now))

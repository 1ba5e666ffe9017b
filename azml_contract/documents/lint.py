"""Look for secrets in a recording of any format, as it lies on the disk.

In: a parsed document and a `Scanner`. Out: suspicions, each with its place and
its kind, never its value. Looks at every text of the file, also those that the
format does not define, and into what is JSON, a form, base64 or gzip inside.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from azml_contract.json_pointer import escape
from azml_contract.redaction.scan import Scanner, Suspicion
from azml_contract.redaction.secret_fields import (
    TOLD_BESIDE,
    is_plain_leaf,
    is_secret_field,
    is_stand_in,
    parse_nested,
    secret_form_fields,
    told_items,
    told_name,
)
from azml_contract.redaction.secret_words import (
    holds_secrets,
    is_listed_secret,
    is_named_secret,
)
from azml_contract.redaction.shapes import REDACTED

# Opaque by design, and drawn anew for each answer.
_OPAQUE = re.compile(
    r"md5|sha|hash|digest|crc|etag|checksum|request-?id|correlation|trace|routing"
    r"|user-agent|skiptoken|boundary|content-security|^ms-cv$|x-ms-client|"
    r"session-?id|^x-azure-ref$|^if-(none-)?match$",
    re.IGNORECASE,
)
_OTHER_STAND_IN = re.compile(
    r"((?:=|%3D)\s*)(?:sanitized|\*{3,})(?=$|[&;,\s\"'])", re.IGNORECASE
)
_BASE64_NAMES = frozenset({"base64", "base64_string"})


class Linter:
    """Walks documents; one instance for one document."""

    def __init__(self, scanner: Scanner, secret_names: frozenset[str]) -> None:
        """Prepare.

        Args:
            scanner: Judges single texts.
            secret_names: Lower-case names of JSON properties that are secret.
        """
        self._scanner = scanner
        self._secret_names = secret_names
        self._seen: set[int] = set()
        self._clean: set[Any] = set()
        self._kept: list[Any] = []

    def lint(self, data: Any) -> tuple[Suspicion, ...]:
        """Everything suspicious in a document, in its order."""
        return tuple(dict.fromkeys(self._walk(data, "", "", "")))

    def lint_bytes(self, raw: bytes, place: str) -> tuple[Suspicion, ...]:
        """Everything suspicious in a side file."""
        return tuple(dict.fromkeys(self._bytes(raw, place, "")))

    def _walk(
        self, value: Any, pointer: str, name: str, container: str
    ) -> Iterator[Suspicion]:
        if isinstance(value, str):
            yield from self._text(value, pointer, name)
        elif isinstance(value, bytes):
            yield from self._bytes(value, pointer, name)
        elif isinstance(value, dict | list) and id(value) not in self._seen:
            self._seen.add(id(value))
            self._kept.append(value)  # an id is only its own while it lives
            if isinstance(value, list):
                for index, (told, item) in enumerate(told_items(value, name)):
                    inner = f"{pointer}/{index}"
                    if isinstance(item, str) and is_listed_secret(told, item):
                        yield Suspicion(inner, f"the value of {told}")
                    else:
                        yield from self._walk(item, inner, name, name)
            else:
                yield from self._object(value, pointer, name, container)

    def _object(
        self, value: Mapping[Any, Any], pointer: str, above: str, container: str
    ) -> Iterator[Suspicion]:
        packed = is_packed(value)
        is_many = holds_secrets(above)
        for key, item in value.items():
            name = key if type(key) is str else str(key)
            if is_many or name in TOLD_BESIDE:
                name = told_name(name, value, above)
            inner = f"{pointer}/{_escape(str(key))}"
            if key not in self._clean:
                kinds = self._scanner.kinds(str(key), entropy=False)
                for kind in kinds:
                    yield Suspicion(f"{pointer} (a property name)", kind)
                if not kinds:
                    self._clean.add(key)
            if is_secret_field(name, self._secret_names, container):
                yield from self._leaves(item, inner, name)
            elif isinstance(item, str) and is_named_secret(name, item):
                yield Suspicion(inner, f"the value of {name}")
            elif packed and key == "text" and isinstance(item, str):
                yield from self._base64(item, inner, name)
            else:
                yield from self._walk(item, inner, name, container)

    def _leaves(self, value: Any, pointer: str, name: str) -> Iterator[Suspicion]:
        if isinstance(value, dict):
            for key, item in value.items():
                if not is_plain_leaf(str(key)):
                    yield from self._leaves(
                        item, f"{pointer}/{_escape(str(key))}", name
                    )
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._leaves(item, f"{pointer}/{index}", name)
        elif isinstance(value, str | bytes):
            text = value if isinstance(value, str) else value.decode("latin-1")
            if not is_stand_in(text):
                yield Suspicion(pointer, f"the value of {name}")
            else:
                yield from self._text(text, pointer, name)

    def _text(self, text: str, pointer: str, name: str) -> Iterator[Suspicion]:
        if name in _BASE64_NAMES:
            yield from self._base64(text, pointer, name)
            return
        nested = parse_nested(text)
        if nested is not None:
            yield from self._walk(nested, f"{pointer}#", "", "")
            return
        for field in secret_form_fields(text):
            yield Suspicion(pointer, f"the value of the form field {field}")
        entropy = len(text) >= 24 and not (
            pointer.startswith("/variables/") or _is_opaque(name)
        )
        plain = _OTHER_STAND_IN.sub(rf"\1{REDACTED}", text) if "=" in text else text
        for kind in self._scanner.kinds(plain, entropy=entropy):
            yield Suspicion(pointer, kind)

    def _base64(self, text: str, pointer: str, name: str) -> Iterator[Suspicion]:
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            for kind in self._scanner.kinds(text, entropy=True):
                yield Suspicion(pointer, kind)
        else:
            yield from self._bytes(raw, pointer, "")

    def _bytes(self, raw: bytes, pointer: str, name: str) -> Iterator[Suspicion]:
        plain = inflate(raw)
        try:
            text = plain.decode()
        except UnicodeDecodeError:
            for kind in self._scanner.kinds_in(plain, pointer):
                yield Suspicion(pointer, kind)
        else:
            yield from self._text(text, pointer, name or "bytes of a hash")


def is_packed(value: Mapping[Any, Any]) -> bool:
    """Whether an object of HAR says that its text is base64; of what is sent, too."""
    return "base64" in (value.get("encoding"), value.get("_encoding"))


def inflate(raw: bytes) -> bytes:
    """Bytes without their gzip compression, where they have one."""
    if raw[:2] != b"\x1f\x8b":
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error):
        return raw


@lru_cache(maxsize=4096)
def _is_opaque(name: str) -> bool:
    """Whether what a name holds is opaque by design; names repeat."""
    return _OPAQUE.search(name) is not None


_escape = lru_cache(maxsize=4096)(escape)

"""Read a finished cassette once more, and refuse to write what looks secret.

In: the bytes that are about to be written, the rules, the drawn variables.
Out: nothing, or `SecretFound`. Trusts nobody: it reads the bytes as anybody
with the file could, layer by layer, and looks for shapes, for live values and
for identifiers.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from azml_contract.errors import CassetteError
from azml_contract.exchange import Json
from azml_contract.json_pointer import escape
from azml_contract.redaction.addresses import is_path
from azml_contract.redaction.bodies import read_json
from azml_contract.redaction.drawn import find_drawn
from azml_contract.redaction.forms import base64_runs, unfolded
from azml_contract.redaction.named import redact_named
from azml_contract.redaction.packed import CannotOpen
from azml_contract.redaction.readings import byte_readings, text_readings
from azml_contract.redaction.redact import DEEPEST, NUMBERS, Redactor
from azml_contract.redaction.secret_fields import told_items, told_name
from azml_contract.redaction.secret_words import is_listed_secret, is_named_secret
from azml_contract.redaction.shapes import find_shapes, redact_value
from azml_contract.redaction.strings import rewrite_objects

_Look = Callable[[str], tuple[str, ...]]
_LIVE = "a live secret of the settings or of this recording"
# Nothing but what is known hides in a word so short.
_WORD, _SHORT_WORD = re.compile(r"[\w.-]*", re.ASCII), 16
_ESCAPES = re.compile(r"[\0\1\\]")
_MOST_TEXT = 1024 * 1024
_SHORT_LENGTH, _REMEMBERED_LENGTH = 200, 4096
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something that looks secret. `place` is a JSON pointer, or a side file."""

    place: str
    kind: str


class NotLookedInto(UserWarning):
    """A cassette was written that holds what could not be opened."""

    def __init__(self, path: Path, one: Suspicion) -> None:
        super().__init__(f"{path} at {one.place} was not looked into: {one.kind}")


class SecretFound(CassetteError):
    """A cassette was not written, because it would still hold a secret."""

    def __init__(self, path: Path, suspicions: tuple[Suspicion, ...]) -> None:
        lines = [f"{path} was not written: it would hold what looks secret."]
        lines += [f"  {one.place}: {one.kind}" for one in suspicions[:_SHOWN]]
        if len(suspicions) > _SHOWN:
            lines.append(f"  and {len(suspicions) - _SHOWN} more")
        if any(one.place == "/scenario" for one in suspicions):
            lines.append(
                "/scenario is made of the names of module and test: rename what holds "
                "it, or take it from the project's identifiers."
            )
        lines.append(
            "Values are not shown. Remove them with a sanitizer of the project "
            "(fixture azml_sanitizers), or draw them with azml.var if they are "
            "harmless."
        )
        super().__init__("\n".join(lines))
        self.path = path
        self.suspicions = suspicions


class Scanner:
    """Looks for secrets and identifiers in finished files.

    `unopened` tells, after a scan, where something stayed shut, and what it is.
    """

    def __init__(
        self, redactor: Redactor, variables: Mapping[str, Json] | None = None
    ) -> None:
        """Prepare.

        Args:
            redactor: Holds the live values and identifiers to look for.
            variables: What the scenario drew: random, and harmless.
        """
        self._redactor = redactor
        self._names = redactor.names
        self._secrets = redactor.secrets
        self._drawn = json.dumps(variables or {}, ensure_ascii=False)
        self._shut: list[str] = []
        self.unopened: dict[Suspicion, None] = {}
        self._judged: dict[str, tuple[str, ...]] = {}
        self._random_judged: dict[str, tuple[str, ...]] = {}

    def scan(
        self, rendered: bytes, side_files: Mapping[str, bytes] | None = None
    ) -> tuple[Suspicion, ...]:
        """Everything suspicious in the bytes of a cassette and its side files."""
        found: list[Suspicion] = []
        if not self._is_clean(rendered):
            found += self._walk(json.loads(rendered), "", "")
        for name, raw in (side_files or {}).items():
            kinds = self.kinds_in(raw, f"blobs/{name}")
            found += [Suspicion(f"blobs/{name}", kind) for kind in kinds]
        return tuple(dict.fromkeys(found))

    def kinds(self, text: str, *, entropy: bool) -> tuple[str, ...]:
        """The kinds of secrets and identifiers that one text seems to hold.

        Args:
            text: One value, from anywhere.
            entropy: Also name long random tokens.
        """
        return self._kinds(text, entropy=entropy)

    def kinds_in(self, raw: bytes, place: str) -> tuple[str, ...]:
        """The same for bytes that are no text.

        Args:
            raw: What they are.
            place: Where they stand; what of them stays shut is noted in `unopened`.
        """
        self._shut.clear()
        kinds = tuple(dict.fromkeys(self._bytes(raw)))
        self.unopened.update({Suspicion(place, kind): None for kind in self._shut})
        return kinds

    def _is_clean(self, rendered: bytes) -> bool:
        """Whether `_walk` would find nothing; it need not know where it is."""
        if b"\0" in rendered or b"\1" in rendered:  # no JSON
            return False
        texts = _strings(rendered)
        return "base64" not in texts and not any(self._kinds(one) for one in texts)

    def _walk(self, value: Any, pointer: str, name: str) -> Iterator[Suspicion]:
        if isinstance(value, str):
            yield from self._judge(value, pointer, name)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._walk(item, f"{pointer}/{index}", name)
        elif isinstance(value, dict):
            for key, item in value.items():
                for kind in self._kinds(key):
                    yield Suspicion(f"{pointer} (a property name)", kind)
                yield from self._walk(item, f"{pointer}/{escape(key)}", key)

    def _judge(self, value: str, pointer: str, name: str) -> Iterator[Suspicion]:
        if name == "base64" and pointer.endswith("/body/base64"):
            kinds = self.kinds_in(base64.b64decode(value), pointer)
        else:
            kinds = self._kinds(value)
        for kind in kinds:
            yield Suspicion(pointer, kind)

    def _bytes(self, raw: bytes, depth: int = 0) -> Iterator[str]:
        encoded = "\n".join(base64_runs(raw.decode("latin-1"))).encode()
        for content in (raw, encoded):
            for start, end in self._redactor.windows(content):
                text = content[start:end].decode("latin-1")
                yield from self._plain_kinds(text)
        if depth < DEEPEST:
            try:
                for inner in byte_readings(raw):
                    yield from self._held(inner, depth + 1)
            except CannotOpen as shut:
                self._shut.append(str(shut))

    def _held(self, raw: bytes, depth: int) -> Iterator[str]:
        try:
            # Of what is larger, only windows are worth the time.
            text = raw.decode() if len(raw) <= _MOST_TEXT else None
        except UnicodeDecodeError:
            text = None
        if text is None:
            yield from self._bytes(raw, depth)
        else:
            yield from self._kinds(text)

    def _kinds(self, text: str, *, entropy: bool = False) -> tuple[str, ...]:
        """The kinds found in a text, remembered: most texts repeat."""
        judged = self._random_judged if entropy else self._judged
        known = judged.get(text)
        if known is None:
            known = tuple(self._look(text, entropy=entropy))
            if len(text) <= _REMEMBERED_LENGTH:
                judged[text] = known
        return known

    def _look(self, text: str, *, entropy: bool) -> Iterator[str]:
        if len(text) < _SHORT_WORD and _WORD.fullmatch(text):
            yield from self._known_kinds(text)
            return
        if NUMBERS.fullmatch(text):
            yield from self._known_kinds(text)
            return
        pieces = _pieces(text)
        if pieces:
            yield from self._known_kinds(text)
            for piece in pieces:
                yield from self._kinds(piece)
            if entropy:
                yield from self._random(text)
            return
        layer, seen = [text], {text}
        for depth in range(DEEPEST + 1):
            for one in layer:
                yield from self._plain_kinds(one, entropy=entropy and depth == 0)
                whole = unfolded(one) if "\n" in one else ""
                if (whole and self._secrets.find(whole)) or (
                    "+" in one and "%" in one and self._secrets.find(unquote(one))
                ):
                    yield _LIVE
            inner: set[str] = set()
            for one in layer:
                inner.update(_read_inside(one))
            inner -= seen
            layer = sorted(inner)
            seen |= inner

    def _plain_kinds(self, text: str, *, entropy: bool = False) -> Iterator[str]:
        yield from _look_alone(text)
        if entropy:
            yield from self._random(text)
        yield from self._known_kinds(text)

    def _random(self, text: str) -> Iterator[str]:
        if any(one not in self._drawn for one in find_drawn(text)):
            yield "a random token"

    def _known_kinds(self, text: str) -> Iterator[str]:
        if self._secrets.find(text):
            yield _LIVE
        kind = self._names.find(text)
        if kind:
            yield f"an identifier ({kind.replace('_', ' ')})"


def _strings(rendered: bytes) -> set[str]:
    """Every text and name that stands in JSON, each once.

    Reading it as JSON takes longer: most lines of a cassette stand there many times,
    and no text goes on in the next.
    """
    text = b"\n".join(set(rendered.split(b"\n"))).decode()
    # No text of JSON holds these two signs as they are.
    text = text.replace("\\\\", "\0").replace('\\"', "\1")
    found = set(text.split('"')[1::2])
    return {one if _ESCAPES.search(one) is None else _unescaped(one) for one in found}


def _unescaped(literal: str) -> str:
    told: str = json.loads(
        '"' + literal.replace("\1", '\\"').replace("\0", "\\\\") + '"'
    )
    return told


def _remembered(look: _Look) -> _Look:
    """The same for any text, asked once for most: of many files, most texts repeat."""
    short, longer = lru_cache(maxsize=16_384)(look), lru_cache(maxsize=1024)(look)

    def ask(text: str) -> tuple[str, ...]:
        size = len(text)
        if size <= _SHORT_LENGTH:
            return short(text)
        return longer(text) if size <= _REMEMBERED_LENGTH else look(text)

    return ask


@_remembered
def _look_alone(text: str) -> tuple[str, ...]:
    """What a text seems to hold, whoever recorded it."""
    found = tuple(find_shapes(text))
    if redact_named(text, redact_value) != text:
        return (*found, "a value whose name says that it is secret")
    return found


@_remembered
def _read_inside(text: str) -> tuple[str, ...]:
    objects: list[str] = []
    rewrite_objects(text, lambda one: objects.append(one) or one)  # type: ignore[func-returns-value]
    told = (piece for one in objects for piece in _told_in(one))
    return (*text_readings(text), *told)


def _pieces(text: str) -> list[str]:
    """What a text is made of that holds nothing across its pieces; else nothing.

    Addresses and ids: the parts of the path, the pairs of the query. JSON: its names
    and texts, those with a name as they would stand in YAML.
    """
    base, _, query = text.partition("?")
    if is_path(base) and not any(map(str.isspace, query)):
        return [*base.split("/"), *query.split("&")]
    if text[:1] not in ("{", "["):
        return []
    return list(dict.fromkeys(_told_in(text)))


def _told_in(text: str) -> list[str]:
    """Names and texts of JSON; none where it is no JSON, or nested too deep."""
    try:
        return list(_told(read_json(text)))
    except ValueError:
        return []


def _told(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            told = told_name(key, value, name)
            yield from _told(item, told)
            if isinstance(item, str) and is_named_secret(told, item):
                yield f"{told}: {json.dumps(item)}"
    elif isinstance(value, list):
        for told, item in told_items(value, name):
            yield from _told(item, told)
            if isinstance(item, str) and is_listed_secret(told, item):
                yield f"{told}: {json.dumps(item)}"
    elif isinstance(value, str):
        yield value

"""Read the resources of an ARM template as the calls that a deployment makes.

In: the text of a template, or of a deployment that holds one. Out: a PUT for each
resource of the provider, nested ones and those of nested deployments too. What an
expression in square brackets would give is a hole.

Source: ARM template structure and syntax; child resource names and types.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from azml_contract.json_pointer import escape
from azml_contract.scripts.calls import Request
from azml_contract.scripts.text import Hole, Holes, Part, Source, Style, Text, join
from azml_contract.source.json_places import JsonPlaces, Place

_PROVIDER = "microsoft.machinelearningservices/"
_NO_BODY = (
    *("type", "apiversion", "name", "dependson", "scope", "condition", "copy"),
    *("comments", "resources", "parent", "metadata", "zones"),
)
_EXPRESSION = re.compile(r'"\[(?!\[)(?:[^"\\]|\\.)*\]"')
_HOME = "https://management.azure.com"


def is_template(data: Any) -> bool:
    """Whether a JSON value is an ARM template, or a deployment that holds one."""
    if not isinstance(data, dict):
        return False
    if "deploymenttemplate" in str(data.get("$schema", "")).lower():
        return True
    held = data.get("properties")
    return isinstance(held, dict) and isinstance(held.get("template"), dict)


def find_requests(source: Source, holes: Holes) -> Iterator[tuple[int, int, Request]]:
    """The call of each resource: where it begins and ends, and what it sends."""
    reader = _Reader(source, holes)
    data = json.loads(source.text)
    if "resources" not in data and isinstance(data.get("properties"), dict):
        yield from reader.read(
            data["properties"].get("template"), "/properties/template", ()
        )
    else:
        yield from reader.read(data, "", ())


class _Reader:
    def __init__(self, source: Source, holes: Holes) -> None:
        self._source = source
        self._holes = holes
        self._places = JsonPlaces(source.text)

    def read(
        self, holder: Any, pointer: str, above: Sequence[tuple[str, str]]
    ) -> Iterator[tuple[int, int, Request]]:
        """The resources of a template, or of a resource."""
        held: Any = holder.get("resources") if isinstance(holder, dict) else None
        named: dict[Any, Any] = held if isinstance(held, dict) else {}
        if isinstance(held, list):
            named = dict(enumerate(held))
        for key, one in named.items():
            if isinstance(one, dict):
                yield from self._read_one(one, f"{pointer}/resources/{key}", above)

    def _read_one(
        self, one: dict[str, Any], pointer: str, above: Sequence[tuple[str, str]]
    ) -> Iterator[tuple[int, int, Request]]:
        kind = str(one.get("type", ""))
        names = self._names(str(one.get("name", "")), kind, above)
        held = one.get("properties")
        if kind.lower() == "microsoft.resources/deployments" and isinstance(held, dict):
            yield from self.read(
                held.get("template"), f"{pointer}/properties/template", ()
            )
            return
        whole = "/".join(["/".join(t for t, _ in above), kind]) if above else kind
        if above or whole.lower().startswith(_PROVIDER):
            types = kind.split("/")[0 if above else 1 :]
            path = [*above, *zip(types, names, strict=False)]
            place = self._places.find(pointer)
            request = Request("PUT", self._url(whole, path, one, pointer))
            request.body = self._body(one, pointer, place)
            yield place.value, place.end, request
            yield from self.read(one, pointer, path)

    def _names(
        self, name: str, kind: str, above: Sequence[tuple[str, str]]
    ) -> list[str]:
        count = len(kind.split("/")) - (0 if above else 1)
        if not name.startswith("["):
            return name.split("/")[-count:] if above else name.split("/")
        shown = name if len(name) <= 40 else f"{name[:40]}..."
        return [
            self._holes.token(Hole(f"{shown}{f'#{n}' if n else ''}"))
            for n in range(max(count, 1))
        ]

    def _url(
        self, whole: str, path: Sequence[tuple[str, str]], one: Any, pointer: str
    ) -> Text:
        provider = whole.partition("/")[0]
        if not provider.lower().startswith("microsoft."):
            provider = "Microsoft.MachineLearningServices"
        group, subscription = (
            self._holes.token(Hole(f"[{name}().name]"))
            for name in ("resourceGroup", "subscription")
        )
        below = "/".join(f"{kind}/{name}" for kind, name in path)
        url = (
            f"{_HOME}/subscriptions/{subscription}/resourceGroups/{group}/providers/"
            f"{provider}/{below}?api-version="
        )
        start = self._places.find(f"{pointer}/type").value
        made = Text((Part(url, self._source, start, start, Style.MADE),))
        place = self._places.find(f"{pointer}/apiVersion")
        version = one.get("apiVersion")
        if not isinstance(version, str):
            return join([made])
        if version.startswith("["):
            token = self._holes.token(Hole(version))
            part = Part(token, self._source, place.value, place.end, Style.BARE)
        else:
            spot = (place.value + 1, place.end - 1)
            part = Part(version, self._source, *spot, Style.VERBATIM)
        return join([made, Text((part,))])

    def _body(self, one: dict[str, Any], pointer: str, place: Place) -> Text:
        pieces = [self._plain("{", place.value)]
        for name in one:
            if name.lower() in _NO_BODY:
                continue
            at = self._places.find(f"{pointer}/{escape(name)}")
            if len(pieces) > 1:
                pieces.append(self._plain(",", at.start))
            pieces.append(self._slice(at.start, at.end))
        pieces.append(self._plain("}", place.end - 1))
        return join(pieces)

    def _plain(self, text: str, at: int) -> Text:
        return Text((Part(text, self._source, at, at, Style.MADE),))

    def _slice(self, start: int, end: int) -> Text:
        """A piece of the file, expressions being holes."""
        parts: list[Part] = []
        at = start
        for found in _EXPRESSION.finditer(self._source.text, start, end):
            parts += self._raw(at, found.start())
            shown = found[0][1:-1]
            short = shown if len(shown) <= 40 else f"{shown[:40]}..."
            token = self._holes.token(Hole(short))
            spot = (self._source, found.start(), found.end(), Style.BARE)
            parts.append(Part(token, *spot))
            at = found.end()
        parts += self._raw(at, end)
        return Text(tuple(parts))

    def _raw(self, start: int, end: int) -> list[Part]:
        if start >= end:
            return []
        text = self._source.text[start:end]
        return [Part(text, self._source, start, end, Style.VERBATIM)]

"""Where the calls of a recording stand in its file.

In: the text of a recording of any format, and where an exchange says it stands.
Out: the excerpt of a body, from which true lines and columns follow, also for a
body that is a text inside of JSON or YAML. Knows no contracts.
"""

from __future__ import annotations

from azml_contract.documents.formats import Spot
from azml_contract.documents.yaml_places import YamlPlaces
from azml_contract.finding import Location
from azml_contract.source.excerpt import Excerpt, Source
from azml_contract.source.json_places import JsonPlaces, read_string_runs

_LARGEST = 32 * 1024 * 1024


class RecordingPlaces:
    """Places in one recording; its text is read when the first is asked for."""

    def __init__(self, source: Source, *, is_yaml: bool = False) -> None:
        self.source = source
        self._is_yaml = is_yaml
        self._json: JsonPlaces | None = None
        self._yaml = YamlPlaces(source)

    def locate(self, pointer: str) -> Location:
        """The place of a pointer into the document, or of its nearest ancestor."""
        return self.source.locate(self._find(pointer))

    def read(self, spot: Spot, body: bytes) -> Excerpt:
        """The body of one side; `body` is what was made of it."""
        if self._is_yaml and self._is_small():
            found = self._yaml.read(spot.body)
        elif self._is_small():
            found = self._read_json(spot)
        else:
            return self._pack(0)
        if spot.is_json or _encode(found.text) == body:
            return found
        return self._pack(found.runs[0][1])

    def _read_json(self, spot: Spot) -> Excerpt:
        text, place = self.source.text, self._open_json().find(spot.body)
        if spot.is_json:
            inner = text[place.value : place.end]
            return Excerpt(self.source, inner, ((0, place.value),))
        if text[place.value : place.value + 1] != '"':
            return self._pack(place.start)
        return Excerpt(self.source, *read_string_runs(text, place))

    def _find(self, pointer: str) -> int:
        if not self._is_small():
            return 0
        if self._is_yaml:
            return self._yaml.find(pointer)[0]
        return self._open_json().find(pointer).start

    def _open_json(self) -> JsonPlaces:
        if self._json is None:
            self._json = JsonPlaces(self.source.text)
        return self._json

    def _pack(self, offset: int) -> Excerpt:
        return Excerpt(self.source, "", ((0, offset),), packed=True)

    def _is_small(self) -> bool:
        return len(self.source.text) <= _LARGEST


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")

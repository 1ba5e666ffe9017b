"""Change a JSON text at a few places, and leave its layout as it is.

In: a text that is JSON, or nearly, and edits. Out: the text after them. Members that
are put in are laid out as their neighbours are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from azml_contract.finding import Act, Edit
from azml_contract.json_pointer import unescape
from azml_contract.source.excerpt import Source
from azml_contract.source.json_places import JsonPlaces, Place

_SPACE_BEFORE = re.compile(r"\s*\Z")


class NoPlace(ValueError):
    """An edit names what is not there, or what would stand twice."""


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text after every edit, one after the other.

    Raises:
        NoPlace: An edit does not fit.
        ValueError: The text is no JSON.
    """
    for edit in edits:
        text = _ACTS[edit.act](text, edit)
    return text


def _replace_text(text: str, edit: Edit) -> str:
    line, column, old, new = edit.value
    offset = Source("", text).find_offset(line, column)
    if not text.startswith(old, offset):
        raise NoPlace(old)
    return f"{text[:offset]}{new}{text[offset + len(old) :]}"


def _rename(text: str, edit: Edit) -> str:
    place, parent, _ = _open(text, edit.pointer)
    if edit.value in parent:
        raise NoPlace(edit.value)
    name = text[place.start : place.value].rstrip().removesuffix(":").rstrip()
    rest = text[place.start + len(name) :]
    return f"{text[: place.start]}{_write(edit.value)}{rest}"


def _set(text: str, edit: Edit) -> str:
    places = JsonPlaces(text)
    found = places.get(edit.pointer)
    if found is None:
        return _insert(text, edit.pointer, _write(edit.value))
    return f"{text[: found.value]}{_write(edit.value)}{text[found.end :]}"


def _remove(text: str, edit: Edit) -> str:
    place, parent, holder = _open(text, edit.pointer)
    siblings = sorted(parent.values())
    at = siblings.index(place)
    if at + 1 < len(siblings):
        return f"{text[: place.start]}{text[siblings[at + 1].start :]}"
    if at:
        return f"{text[: siblings[at - 1].end]}{text[place.end :]}"
    return f"{text[: holder.value + 1]}{text[holder.end - 1 :]}"


def _move(text: str, edit: Edit) -> str:
    place, _, _ = _open(text, edit.pointer)
    value = text[place.value : place.end]
    return _insert(_remove(text, edit), str(edit.value), value)


def _insert(text: str, pointer: str, value: str) -> str:
    """Put a member at the end of the object that its pointer names."""
    above, _, step = pointer.rpartition("/")
    places = JsonPlaces(text)
    holder = places.get(above)
    if holder is None or text[holder.value : holder.value + 1] != "{":
        raise NoPlace(above)
    name = _write(unescape(step))
    members = sorted(places.list_inside(above).values())
    if places.get(pointer) is not None:
        raise NoPlace(pointer)
    if not members:
        return f"{text[: holder.value + 1]}{name}: {value}{text[holder.end - 1 :]}"
    last = members[-1]
    found = _SPACE_BEFORE.search(text, 0, last.start)
    space = found.group() if found else ""
    gap = space if space or len(members) > 1 else " "
    return f"{text[: last.end]},{gap}{name}: {value}{text[last.end :]}"


def _open(text: str, pointer: str) -> tuple[Place, dict[str, Place], Place]:
    """A member, all members of its object, and that object."""
    places = JsonPlaces(text)
    above = pointer.rpartition("/")[0]
    place, holder = places.get(pointer), places.get(above)
    if place is None or holder is None or not pointer:
        raise NoPlace(pointer)
    return place, places.list_inside(above), holder


def _write(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


_ACTS = {
    Act.RENAME: _rename,
    Act.SET: _set,
    Act.REMOVE: _remove,
    Act.MOVE: _move,
    Act.TEXT: _replace_text,
}

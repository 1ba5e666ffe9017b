"""Write JSON with an indent of two, as `json.dumps` does, in a third of the time.

In: a value made of what JSON has. Out: its text. The standard library writes with an
indent in Python, a generator for each object; cassettes are large.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring
from typing import Any

_CONSTANTS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    type(None): lambda _: "null",
}
_PLAIN = json.JSONEncoder(allow_nan=False)


def render_indented(value: Any) -> str:
    """The JSON text; what JSON cannot say is refused as `json.dumps` refuses it.

    Raises:
        ValueError: A number is not finite.
        TypeError: A value is none of JSON's.
    """
    pieces: list[str] = []
    _write(value, "\n", pieces.append)
    return "".join(pieces)


def _write(value: Any, newline: str, add: Callable[[str], None]) -> None:
    if isinstance(value, str):
        add(encode_basestring(value))
    elif isinstance(value, dict) and value:
        _write_object(value, newline, add)
    elif isinstance(value, list | tuple) and value:
        between = f"[{newline}  "
        for item in value:
            add(between)
            _write(item, f"{newline}  ", add)
            between = f",{newline}  "
        add(f"{newline}]")
    elif type(value) in _CONSTANTS:
        add(_CONSTANTS[type(value)](value))
    else:
        add(_PLAIN.encode(value))


def _write_object(
    value: dict[str, Any], newline: str, add: Callable[[str], None]
) -> None:
    inner = f"{newline}  "
    between = f"{{{inner}"
    for key, item in value.items():
        # The kinds that nearly all values are cost no call more.
        if isinstance(item, str):
            add(f"{between}{encode_basestring(key)}: {encode_basestring(item)}")
        elif isinstance(item, dict) and item:
            add(f"{between}{encode_basestring(key)}: ")
            _write_object(item, inner, add)
        elif item is None:
            add(f"{between}{encode_basestring(key)}: null")
        else:
            add(f"{between}{encode_basestring(key)}: ")
            _write(item, inner, add)
        between = f",{inner}"
    add(f"{newline}}}")

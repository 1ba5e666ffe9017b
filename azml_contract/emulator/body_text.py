"""The bytes of a request's body, parsed as far as the service parses them.

In: bytes. Out: JSON, and whether its text is good; or the refusal of what is none: not
UTF-8, nested deeper than the service's reader goes, a number or a text that JSON cannot
hold.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from azml_contract.emulator.refusal import Refusal, refuse_at_gateway
from azml_contract.json_values import is_too_deep, make_object
from azml_contract.validation.quick_json import UNSURE, QuickReader

_MOST_DEPTH = 64
_LOOSE = re.compile(
    r'(?P<text>"(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/'
    r"|(?P<key>[A-Za-z_$][\w$]*)(?=\s*:)|,(?=\s*[}\]])",
    re.DOTALL,
)


class Sent(NamedTuple):
    """A body that was sent.

    `value` is None for an empty one. `is_good`: nothing can be found wrong with the
    text, so whoever looks at the value has seen all that it says.
    """

    value: Any
    is_good: bool


NOTHING = Sent(None, is_good=False)


def read_body(body: bytes) -> Sent:
    """The JSON of a body.

    Raises:
        Refusal: 400, it is no JSON that the service reads.
    """
    if not body or body.isspace():
        return NOTHING
    value = _QUICK.read(body, _MOST_DEPTH)
    if value is UNSURE:
        value = _read_strictly(body)
    return _read_with_care(body) if value is UNSURE else Sent(value, is_good=True)


def parse_body(body: bytes) -> Any:
    """The JSON of a body; None for an empty one.

    Raises:
        Refusal: 400, it is no JSON that the service reads.
    """
    return read_body(body).value


def _read_strictly(body: bytes) -> Any:
    """The value of a good text that is not deep, and `UNSURE` of any other."""
    if b"\\ud" in body.lower() or body.count(b"{") + body.count(b"[") > _MOST_DEPTH:
        return UNSURE
    try:
        return _STRICT.decode(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return UNSURE


def _read_with_care(body: bytes) -> Sent:
    try:
        parsed = _DECODER.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _refuse(str(error)) from error
    if is_too_deep(body, parsed, _MOST_DEPTH):
        raise _refuse(f"The reader's MaxDepth of {_MOST_DEPTH} has been exceeded.")
    if b"\\ud" in body.lower():  # as half a character is written
        _refuse_surrogates(parsed)
    return Sent(parsed, is_good=False)


def as_strict(body: bytes) -> bytes:
    """A body with comments, bare keys and commas too many as JSON has it.

    ARM reads deployments so, and azure-cli writes ``template:`` without quotes.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body
    return _LOOSE.sub(_tighten, text).encode()


def _tighten(matched: re.Match[str]) -> str:
    if matched["key"]:
        return f'"{matched["key"]}"'
    return matched[0] if matched["text"] else " "


def _refuse(reason: str) -> Refusal:
    return refuse_at_gateway(
        400,
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{reason}'.",
    )


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _read_float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is too large")
    return value


def _read_number(text: str) -> int | float:
    """An integer of more than 64 bits, or a number that is none."""
    return int(text) if text.lstrip("-").isdigit() else _read_float(text)


def _refuse_surrogates(parsed: Any) -> None:
    try:
        json.dumps(parsed, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise _refuse("A text holds half of a surrogate pair.") from error


_STRICT = json.JSONDecoder(
    object_pairs_hook=make_object,
    parse_constant=_refuse_constant,
    parse_float=_read_float,
)
# The service takes line breaks within strings, so strict is off.
_DECODER = json.JSONDecoder(
    strict=False, parse_constant=_refuse_constant, parse_float=_read_float
)
_QUICK = QuickReader(_read_number)

"""What of a body is replaced, and which bodies are what.

In: bodies as bytes, JSON values, places in them. Out: the same, other where a secret
stands. Which places those are is told from outside.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from azml_contract.json_values import is_too_deep, make_object
from azml_contract.redaction.rules import KEY_LIST_TOLD_ELSEWHERE, Place
from azml_contract.redaction.shapes import redact_value

NESTED: tuple[type, ...] = (dict, list)
"""What a JSON value is that holds others; to ask for a union takes twice as long."""


def read_json(text: str) -> Any:
    """JSON of which nothing is lost when it is parsed, and all can be walked.

    Raises:
        ValueError: It is no JSON, an object names a key twice, or it is nested too
            deep: secrets in it are looked for as in any text.
    """
    try:
        value = json.loads(text, object_pairs_hook=make_object)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if is_too_deep(text, value):
        raise ValueError("nested too deep")
    return value


def redact_listed(name: str, value: Any) -> Any:
    """A text in the answer to listSecrets, whose kinds and names stay."""
    plain = name.lower().endswith("type") or name.lower() in KEY_LIST_TOLD_ELSEWHERE
    return value if plain or not isinstance(value, str) else redact_leaves(value)


def replace_at(value: Any, place: Place) -> Any:
    """A JSON value with what stands at a place redacted; the one given stays."""
    if not place:
        return redact_leaves(value)
    changed: Any = list(value) if isinstance(value, list) else dict(value)
    changed[place[0]] = replace_at(changed[place[0]], place[1:])
    return changed


def rewrite_body(
    body: bytes,
    as_json: Callable[[Any], Any],
    as_text: Callable[[str], str],
    as_bytes: Callable[[bytes], bytes],
) -> bytes:
    """A body rewritten as what it is; the same bytes where nothing changed."""
    if not body:
        return body
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return as_bytes(body)
    if "\0" in text:
        return as_bytes(body)
    if text.lstrip()[:1] not in ("{", "["):
        return as_text(text).encode()
    try:
        value = read_json(text)
    except ValueError:
        return as_text(text).encode()
    changed = as_json(value)
    return body if changed == value else json.dumps(changed).encode()


def redact_leaves(value: Any, plain: frozenset[str] = frozenset()) -> Any:
    """A secret value of any shape: every text in it replaced, its shape kept.

    Names of kinds (``credentialsType``) are no secrets and stay.

    Args:
        value: A JSON value.
        plain: Further property names, in lower case, whose text may stay.
    """
    if isinstance(value, str):
        return redact_value(value) if value else value
    if isinstance(value, list):
        return [redact_leaves(item, plain) for item in value]
    if isinstance(value, dict):
        return {
            name: item
            if name.lower().endswith("type") or name.lower() in plain
            else redact_leaves(item, plain)
            for name, item in value.items()
        }
    return value

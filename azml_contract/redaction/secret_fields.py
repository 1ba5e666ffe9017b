"""Which fields of a recording are secret by where they stand, in any format.

In: names of properties, headers, form fields and query parameters. Out: whether
their values must not be kept. Linting and scrubbing of files share this module,
so that whatever one finds the other removes. Knows names; looks into no file.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from azml_contract.redaction.bodies import read_json
from azml_contract.redaction.command_lines import is_short_secret
from azml_contract.redaction.rules import FORM_SECRETS, KEY_LIST_PLAIN, QUERY_SECRETS
from azml_contract.redaction.secret_words import (
    YOUR_OWN,
    holds_secrets,
    is_description,
)
from azml_contract.redaction.shapes import REDACTED, ZERO_KEY, redact_value
from azml_contract.redaction.tables import names_column

KEY_HEADERS = frozenset(
    {
        "api-key",
        "ocp-apim-subscription-key",
        "x-api-key",
        "x-functions-key",
        "x-ms-encryption-key",
    }
)
"""Headers that are a key and nothing else, which must stand nowhere."""
COOKIE_HEADERS = frozenset({"cookie", "cookies", "set-cookie"})
SECRET_HEADERS = (
    KEY_HEADERS
    | COOKIE_HEADERS
    | {
        "authorization",
        "proxy-authorization",
        "x-ms-authorization-auxiliary",
        "x-ms-copy-source-authorization",
    }
)
_FIELD_LISTS = frozenset({"params", "querystring"})
_PLAIN = KEY_LIST_PLAIN | {"domain", "expires", "path", "samesite"}
_STAND_IN = re.compile(
    r"redacted|sanitized|^[0-]+$|^[*x.\u2022]+$|^<[^<>]*>$|^\{\{.*\}\}$|^\$\{.*\}$"
    rf"|^{YOUR_OWN}$",
    re.IGNORECASE,
)
_SAID = re.compile(r"\bfake\b|redacted|sanitized", re.IGNORECASE)
VALUE = frozenset({"value", "Value", "default", "defaultValue"})
_NAME = ("name", "Name", "key", "Key")
_DATA, _DATA_OF_SECRETS = frozenset({"data", "stringData"}), "data of secrets"
_ROWS, _COLUMNS = frozenset({"rows", "data", "values"}), ("columns", "header", "fields")
_KEY, _ITS_USER, _KEY_OF_USER = "key", "username", "api_key"
TOLD_BESIDE = VALUE | _DATA | _ROWS | {_KEY}
"""Names that say what they hold together with what stands beside them alone."""
_SHORT, _PAIR, _MOST_BEFORE = ("-p", "-P"), 2, 20
_FORM = re.compile(r"[\w.~%+$-]+=[^&\s]*(?:&[\w.~%+$-]+=[^&\s]*)*")


def is_stand_in(value: str) -> bool:
    """Whether a text only says that something stood here, plainly or in base64."""
    if not value or value == ZERO_KEY or _STAND_IN.search(value):
        return True
    try:
        said = base64.b64decode(value, validate=True).decode()
    except ValueError:
        return False
    return _SAID.search(said) is not None


def told_name(key: str, beside: Mapping[Any, Any], above: str = "") -> str:
    """The name that says what stands at a key of an object.

    Args:
        key: Usually the name itself, unless it is ``value``.
        beside: The object: ``{"name": "PASSWORD", "value": ...}``. One of Kubernetes
            has data, ``{"kind": "Secret", "data": {...}}``: all of it is secret. One of
            Kaggle has a key, ``{"username": ..., "key": ...}``. A table has rows,
            ``{"columns": ["user", "password"], "rows": [["ada", ...]]}``: their name
            knows those of the columns, for `told_items`.
        above: The name of the object: ``"password": {"value": ...}``. It says so of
            any name where there are many: ``"secrets": {"database": ...}``.
    """
    if key in _DATA and beside.get("kind") == "Secret":
        return _DATA_OF_SECRETS
    if key == _KEY and isinstance(beside.get(_ITS_USER), str):
        return _KEY_OF_USER
    if key in _ROWS and isinstance(beside.get(key), list):
        return _columns(key, beside)
    if key not in VALUE:
        return above if above and _is_one_of(key, beside.get(key), above) else key
    names = (beside.get(one) for one in _NAME)
    return next((one for one in names if isinstance(one, str)), above or key)


class _Rows(str):
    """The name of the rows of a table that has columns of secrets."""

    columns: tuple[str, ...]


def _columns(key: str, beside: Mapping[Any, Any]) -> str:
    """The name of rows, with those of the columns that say secret, if any do."""
    listed = next((beside[one] for one in _COLUMNS if one in beside), None)
    if not isinstance(listed, list):
        return key
    named = (one.get("name") if isinstance(one, dict) else one for one in listed)
    columns = tuple(
        one if isinstance(one, str) and names_column(one) else "" for one in named
    )
    if not any(columns):
        return key
    rows = _Rows(key)
    rows.columns = columns
    return rows


def _is_one_of(key: str, value: Any, above: str) -> bool:
    """Whether a value is one of the secrets of an object that is called so."""
    if not holds_secrets(above) or not isinstance(value, str):
        return False
    said = is_plain_leaf(key) or is_description(key, value)
    return above == _DATA_OF_SECRETS or not said


def told_items(listed: Sequence[Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a list, each with the name that says what it is.

    Args:
        listed: Options of a command may stand in it, ``["--password", "..."]``, or it
            is a pair, ``["PASSWORD", "..."]``.
        above: The name of the list. That of the rows of a table knows its columns.
    """
    if isinstance(above, _Rows):
        for at, item in enumerate(listed):
            is_cell = not isinstance(item, list) and at < len(above.columns)
            yield (above.columns[at] if is_cell else above), item
        return
    before: Any = None
    for at, item in enumerate(listed):
        if isinstance(item, str) and (before in _SHORT or item[:2] in _SHORT):
            line = " ".join(map(str, listed[max(0, at - _MOST_BEFORE) : at]))
            glued = before not in _SHORT
            if is_short_secret(item[2:] if glued else item, line, glued=glued):
                before = "--password"
        is_name = isinstance(before, str) and (
            before.startswith("-") or len(listed) == _PAIR
        )
        yield (before if is_name else above), item
        before = item


def is_secret_field(name: str, secret_names: frozenset[str], container: str) -> bool:
    """Whether the value of a field is secret by its name.

    Args:
        name: Of the property, header or field.
        secret_names: Lower-case names of JSON properties that are secret.
        container: Name of the list that the field's pair stands in, if any.
    """
    lower = name.lower()
    if lower in SECRET_HEADERS or lower in secret_names:
        return True
    return container.lower() in _FIELD_LISTS and (
        lower in QUERY_SECRETS or (lower in FORM_SECRETS and lower != "username")
    )


def is_plain_leaf(name: str) -> bool:
    """Whether a leaf inside a secret value is none itself, such as its type."""
    return name.lower().endswith("type") or name.lower() in _PLAIN


def redact_field(value: Any, name: str = "") -> Any:
    """A secret value of any shape without its secrets; stand-ins stay as they are."""
    if isinstance(value, str):
        keep = is_stand_in(value) or (name and is_plain_leaf(name))
        return value if keep else redact_value(value)
    if isinstance(value, bytes):
        return REDACTED.encode()
    if isinstance(value, list):
        return [redact_field(item, name) for item in value]
    if isinstance(value, dict):
        return {key: redact_field(item, str(key)) for key, item in value.items()}
    return value


def parse_nested(text: str) -> Any:
    """The object or list that a text holds as JSON; None where none can be walked."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        value = read_json(text)
    except ValueError:
        return None
    return value if isinstance(value, dict | list) else None


def secret_form_fields(text: str) -> list[str]:
    """Names of secret fields with a value in a form body; usually none."""
    if "=" not in text or not _FORM.fullmatch(text):
        return []
    return [
        name
        for name, value in parse_qsl(text, keep_blank_values=True)
        if _is_form_secret(name, text) and not is_stand_in(value)
    ]


def redact_form(text: str) -> str:
    """A form body with the values of its secret fields replaced."""
    return urlencode(
        [
            (name, REDACTED if _is_form_secret(name, text) else value)
            for name, value in parse_qsl(text, keep_blank_values=True)
        ]
    )


def _is_form_secret(name: str, form: str) -> bool:
    lower = name.lower()
    if lower == "code":
        return "grant_type=" in form
    return lower in FORM_SECRETS and lower != "username"

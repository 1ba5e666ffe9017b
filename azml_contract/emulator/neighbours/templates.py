"""ARM templates: their expressions, as far as templates of workspaces use them.

In: a template and parameters. Out: the resources that it describes, with every
expression replaced by its value. Expressions are ``[function(...)]`` with
texts, numbers, members (``.a``) and indexes (``[0]``). What a function does is
in `_FUNCTIONS`; one that is not there is refused by name.

Source: Microsoft's reference of template functions.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from azml_contract.errors import InputError

Json = Any
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)"
    r"|(?P<name>[A-Za-z_][\w]*)|(?P<sign>[()\[\],.]))"
)
_MOST_DEPTH = 200


class TemplateError(InputError):
    """A template that the emulator cannot evaluate."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the expressions of one template may name."""

    parameters: Mapping[str, Json]
    variables: Mapping[str, Json]
    group_id: str
    location: str
    tenant: str
    found: Callable[[str], Json]
    loop: Mapping[str, int] = field(default_factory=dict)


def evaluate(value: Json, scope: Scope, depth: int = 0) -> Json:
    """A value with every expression in it replaced.

    Raises:
        TemplateError: An expression that cannot be read, or a function that is
            not known.
    """
    if depth > _MOST_DEPTH:
        raise TemplateError("The template is nested too deeply.")
    if isinstance(value, dict):
        return {key: evaluate(item, scope, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [evaluate(item, scope, depth + 1) for item in value]
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        if value.startswith("[["):
            return value[1:]
        return _Reader(value[1:-1], scope).read()
    return value


class _Reader:
    """Reads and evaluates one expression."""

    def __init__(self, text: str, scope: Scope) -> None:
        self._text, self._scope = text, scope
        self._tokens = list(_tokens(text))
        self._at = 0

    def read(self) -> Json:
        value = self._value()
        if self._at != len(self._tokens):
            raise TemplateError(f"[{self._text}] goes on after its end.")
        return value

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> tuple[str, str]:
        if self._at >= len(self._tokens) or (wanted and self._peek() != wanted):
            raise TemplateError(f"[{self._text}] ends early, or lacks {wanted!r}.")
        self._at += 1
        return self._tokens[self._at - 1]

    def _value(self) -> Json:
        kind, text = self._take()
        if kind == "text":
            value: Json = text[1:-1].replace("''", "'")
        elif kind == "number":
            value = int(text)
        elif kind == "name":
            value = self._call(text)
        else:
            raise TemplateError(f"[{self._text}]: {text!r} is not expected.")
        return self._members(value)

    def _members(self, value: Json) -> Json:
        while self._peek() in (".", "["):
            _, sign = self._take()
            if sign == ".":
                key: Json = self._take()[1]
            else:
                key = self._value()
                self._take("]")
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                value = None
        return value

    def _call(self, name: str) -> Json:
        if name in ("true", "false", "null") and self._peek() != "(":
            return {"true": True, "false": False, "null": None}[name]
        self._take("(")
        lowered = name.lower()
        arguments: list[Json] = []
        while self._peek() != ")":
            arguments.append(self._value())
            if self._peek() == ",":
                self._take()
        self._take(")")
        return self._apply(name, lowered, arguments)

    def _apply(self, name: str, lowered: str, arguments: list[Json]) -> Json:
        own = _SCOPED.get(lowered)
        function = _FUNCTIONS.get(lowered)
        try:
            if own is not None:
                return own(self._scope, *arguments)
            if function is not None:
                return function(*arguments)
        except TemplateError:
            raise
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            raise TemplateError(f"{name}() does not take {arguments}.") from error
        raise TemplateError(
            f"The emulator does not know the template function {name}()."
        )


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text.rstrip()):
        matched = _TOKEN.match(text, at)
        if matched is None:
            raise TemplateError(f"[{text}] cannot be read at {text[at : at + 10]!r}.")
        found.append((str(matched.lastgroup), matched[str(matched.lastgroup)]))
        at = matched.end()
    return found


# -- functions ------------------------------------------------------------------


def _unique(*parts: Json) -> str:
    digest = hashlib.sha256("|".join(str(p) for p in parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:13]


def _guid(*parts: Json) -> str:
    import uuid

    return str(uuid.uuid5(uuid.NAMESPACE_URL, "|".join(str(p) for p in parts)))


def _concat(*parts: Json) -> Json:
    if parts and isinstance(parts[0], list):
        return [item for part in parts for item in part]
    return "".join(_text(part) for part in parts)


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else json.dumps(value)


def _format(pattern: str, *parts: Json) -> str:
    return re.sub(r"\{(\d+)[^}]*\}", lambda m: _text(parts[int(m[1])]), pattern)


def _equals(a: Json, b: Json) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        return a.lower() == b.lower()
    return bool(a == b)


def _union(*parts: Json) -> Json:
    if isinstance(parts[0], list):
        joined: list[Json] = []
        for part in parts:
            joined += [item for item in part if item not in joined]
        return joined
    merged: dict[str, Json] = {}
    for part in parts:
        merged |= part
    return merged


def _contains(container: Json, item: Json) -> bool:
    if isinstance(container, dict):
        return str(item).lower() in (key.lower() for key in container)
    return item in container


def _json(text: str) -> Json:
    return json.loads(text)


def _pairs(*parts: Json) -> dict[str, Json]:
    return dict(zip(parts[::2], parts[1::2], strict=True))


_FUNCTIONS: dict[str, Callable[..., Json]] = {
    "and": lambda *a: all(a),
    "or": lambda *a: any(a),
    "not": lambda a: not a,
    "if": lambda test, yes, no: yes if test else no,
    "bool": lambda a: str(a).lower() in ("true", "1"),
    "int": int,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "mod": lambda a, b: a % b,
    "string": _text,
    "concat": _concat,
    "format": _format,
    "equals": _equals,
    "empty": lambda a: not a,
    "length": len,
    "contains": _contains,
    "union": _union,
    "createarray": lambda *a: list(a),
    "createobject": _pairs,
    "array": lambda a: a if isinstance(a, list) else [a],
    "json": _json,
    "null": lambda: None,
    "coalesce": lambda *a: next((x for x in a if x is not None), None),
    "first": lambda a: a[0],
    "last": lambda a: a[-1],
    "range": lambda start, count: list(range(start, start + count)),
    "tolower": lambda a: a.lower(),
    "toupper": lambda a: a.upper(),
    "trim": lambda a: a.strip(),
    "replace": lambda a, b, c: a.replace(b, c),
    "split": lambda a, b: (
        a.split(b) if isinstance(b, str) else re.split("|".join(b), a)
    ),
    "join": lambda a, b: b.join(a),
    "startswith": lambda a, b: a.lower().startswith(b.lower()),
    "endswith": lambda a, b: a.lower().endswith(b.lower()),
    "substring": lambda a, start, count=None: a[start:][:count],
    "take": lambda a, count: a[:count],
    "skip": lambda a, count: a[count:],
    "uniquestring": _unique,
    "guid": _guid,
    "newguid": lambda: _guid("new"),
    "base64": lambda a: base64.b64encode(a.encode()).decode(),
    "greater": lambda a, b: a > b,
    "less": lambda a, b: a < b,
    "greaterorequals": lambda a, b: a >= b,
    "lessorequals": lambda a, b: a <= b,
    "utcnow": lambda *_: "2026-01-01T00:00:00Z",
    "items": lambda a: [{"key": k, "value": v} for k, v in sorted(a.items())],
}


def _parameter(scope: Scope, name: str) -> Json:
    lowered = {key.lower(): value for key, value in scope.parameters.items()}
    if name.lower() not in lowered:
        raise TemplateError(f"The template has no parameter {name}.")
    return lowered[name.lower()]


def _variable(scope: Scope, name: str) -> Json:
    lowered = {key.lower(): value for key, value in scope.variables.items()}
    if name.lower() not in lowered:
        raise TemplateError(f"The template has no variable {name}.")
    return evaluate(lowered[name.lower()], scope)


def _resource_id(scope: Scope, *parts: Json) -> str:
    texts = [str(part) for part in parts]
    at = next(i for i, text in enumerate(texts) if "/" in text)
    subscription = scope.group_id.split("/")[2]
    group = scope.group_id.rpartition("/")[2]
    if at >= 1:
        group = texts[at - 1]
    if at >= 2:
        subscription = texts[at - 2]
    provider, *kinds = texts[at].split("/")
    pairs = "".join(
        f"/{kind}/{name}" for kind, name in zip(kinds, texts[at + 1 :], strict=True)
    )
    scope_id = f"/subscriptions/{subscription}/resourceGroups/{group}"
    return f"{scope_id}/providers/{provider}{pairs}"


def _reference(scope: Scope, name: str, *_: Json) -> Json:
    return scope.found(name)


def _group(scope: Scope, *_: Json) -> Json:
    return {
        "id": scope.group_id,
        "name": scope.group_id.rpartition("/")[2],
        "location": scope.location,
        "tags": {},
    }


def _subscription(scope: Scope) -> Json:
    subscription = scope.group_id.split("/")[2]
    return {
        "id": f"/subscriptions/{subscription}",
        "subscriptionId": subscription,
        "tenantId": scope.tenant,
    }


def _environment(scope: Scope) -> Json:
    return {
        "resourceManager": "https://management.azure.com/",
        "suffixes": {"storage": "core.windows.net", "keyvaultDns": ".vault.azure.net"},
    }


def _copy_index(scope: Scope, *parts: Json) -> int:
    name = parts[0] if parts and isinstance(parts[0], str) else ""
    offset = next((part for part in parts if isinstance(part, int)), 0)
    found = scope.loop.get(name) if name else next(iter(scope.loop.values()), None)
    if found is None:
        raise TemplateError("copyIndex() stands outside of a loop.")
    return found + offset


def _subscription_resource_id(scope: Scope, *parts: Json) -> str:
    kind = str(parts[0])
    provider, *kinds = kind.split("/")
    pairs = "".join(f"/{k}/{n}" for k, n in zip(kinds, parts[1:], strict=False))
    return f"{_subscription(scope)['id']}/providers/{provider}{pairs}"


_SCOPED: dict[str, Callable[..., Json]] = {
    "parameters": _parameter,
    "variables": _variable,
    "resourceid": _resource_id,
    "subscriptionresourceid": _subscription_resource_id,
    "reference": _reference,
    "resourcegroup": _group,
    "subscription": _subscription,
    "environment": _environment,
    "copyindex": _copy_index,
    "listkeys": lambda scope, *_: {"keys": [{"value": "REDACTED"}]},
    "tenant": lambda scope: {"tenantId": scope.tenant},
    "deployment": lambda scope: {"name": "deployment"},
}

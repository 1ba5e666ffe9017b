"""The words in which the data files state what a property or type is.

In: `Type` and `Property`. Out: text such as ``string minLength=1 ! ro``, and
back. One line states one property, so that a change of one property is one
changed line.

    string integer number boolean object any     kinds
    Name                                         another definition
    [T] {T}                                      array of T, map of T
    (a|b) (a|b|*)                                enum, closed or open, of strings
    !  ?  ro  wo  secret                         required, nullable, read-only, ...
                                                 (ro implies use=read)
    use=create,read                              mutability
    ~                                            of a source that cannot say the rest,
                                                 see `blur`
    default=JSON format= pattern=JSON minLength= maxLength= min= max=
    minItems= maxItems= unique

A ``?`` inside brackets says that elements may be null.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import unquote

from azml_contract.contract.model import Property, Type

READ = frozenset({"read"})
KINDS = ("string", "integer", "number", "boolean", "object", "any")
_BOUNDS = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "min": "minimum",
    "max": "maximum",
    "minItems": "min_items",
    "maxItems": "max_items",
}
BLURRED = "~"
_RESERVED = str.maketrans({c: f"%{ord(c):02X}" for c in '% |()*@\n[]{}"\\'})


def quote_word(text: str) -> str:
    """A value as one word: blanks and the signs of this notation escaped."""
    word = text.translate(_RESERVED) or "%"
    return f"%2E{word[1:]}" if word.startswith(".") else word


def unquote_word(word: str) -> str:
    """The value that `quote_word` made a word of."""
    return "" if word == "%" else unquote(word)


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace(" ", "\\u0020").replace("@", "\\u0040")


def write_type(kind: Type) -> str:
    """A type in words."""
    return " ".join(_type_words(kind))


def _type_words(kind: Type) -> list[str]:
    words = [_head(kind)]
    if kind.format:
        words.append(f"format={quote_word(kind.format)}")
    if kind.pattern:
        words.append(f"pattern={_json(kind.pattern)}")
    for word, attribute in _BOUNDS.items():
        bound = getattr(kind, attribute)
        if bound is not None:
            words.append(
                f"{word}={bound:g}" if bound == 0 else f"{word}={_json(bound)}"
            )
    if kind.unique_items:
        words.append("unique")
    return words


def _head(kind: Type) -> str:
    if kind.kind == "ref":
        return quote_word(kind.ref)
    if kind.items is not None:
        inner = write_type(kind.items) + (" ?" if kind.items_nullable else "")
        return f"[{inner}]" if kind.kind == "array" else f"{{{inner}}}"
    if kind.enum:
        values = [quote_word(value) for value in kind.enum]
        return f"({'|'.join([*values, '*'] if kind.enum_open else values)})"
    return kind.kind


def write_property(prop: Property) -> str:
    """Everything about a property but its name, in words."""
    words = _type_words(prop.type)
    if prop.nullable is None:
        words.append(BLURRED)
    if prop.has_default:
        words.append(f"default={_json(prop.default)}")
    if prop.mutability is not None and not (prop.read_only and prop.mutability == READ):
        words.append(f"use={','.join(sorted(prop.mutability))}")
    words += [
        word
        for word, holds in (
            ("secret", prop.secret),
            ("ro", prop.read_only),
            ("wo", prop.write_only),
            ("?", bool(prop.nullable)),
            ("!", prop.required),
        )
        if holds
    ]
    return " ".join(words)


@cache
def read_type(text: str) -> Type:
    """A type from its words."""
    kind, rest = _read_head(text)
    return _constrain(kind, rest.split(" ")) if rest else kind


def _read_head(text: str) -> tuple[Type, str]:
    """The first word, which may hold words in brackets, and what follows."""
    sign = text[0]
    if sign == "[" or sign == "{":
        end = _closing(text)
        inner = text[1:end]
        nullable = inner.endswith(" ?")
        items = read_type(inner[:-2] if nullable else inner)
        name = "array" if sign == "[" else "map"
        return Type(name, items=items, items_nullable=nullable), text[end + 2 :]
    head, _, rest = text.partition(" ")
    if sign == "(":
        values = head[1:-1].split("|")
        is_open = values[-1] == "*"
        words = values[:-1] if is_open else values
        enum = tuple(words) if "%" not in head else tuple(map(unquote_word, words))
        return Type("string", enum=enum, enum_open=is_open), rest
    if head in KINDS:
        return Type(head), rest
    return Type("ref", ref=unquote_word(head)), rest


def _closing(text: str) -> int:
    """Index of the bracket that closes the one at the start.

    Patterns and defaults may hold brackets, but only inside quotes.
    """
    depth, quoted, index = 0, False, 0
    while True:
        sign = text[index]
        if quoted:
            index += sign == "\\"
            quoted = sign != '"'
        elif sign == '"':
            quoted = True
        elif sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
            if depth == 0:
                return index
        index += 1


def _constrain(kind: Type, words: list[str]) -> Type:
    facts: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        if name in _BOUNDS:
            facts[_BOUNDS[name]] = json.loads(value)
        elif name == "pattern":
            facts["pattern"] = json.loads(value)
        elif name == "format":
            facts["format"] = unquote_word(value)
        elif name == "unique":
            facts["unique_items"] = True
    return replace(kind, **facts) if facts else kind


def split_words(text: str) -> list[str]:
    """The words of a type or property; what is in brackets is one word."""
    if text[:1] not in ("[", "{"):
        return text.split(" ")
    end = _closing(text) + 1
    return [text[:end], *text[end + 1 :].split(" ")] if text[end:] else [text]


@cache
def read_property(name: str, text: str, carried_from: str = "") -> Property:
    """A property from its name and words.

    Args:
        name: The property's name.
        text: What `write_property` wrote.
        carried_from: The version that supplied what its own source cannot say.
    """
    kind, facts = _read_facts(text)
    if BLURRED in facts:
        facts = {n: fact for n, fact in facts.items() if n != BLURRED}
        return blur(Property(name, kind, **facts))
    return Property(name, kind, carried_from=carried_from, **facts)


@cache
def _read_facts(text: str) -> tuple[Type, dict[str, Any]]:
    kind, rest = _read_head(text)
    if not rest:
        return kind, {}
    words = rest.split(" ")
    facts: dict[str, Any] = {}
    constraints: list[str] = []
    for word in words:
        if word == "!":
            facts["required"] = True
        elif word == "?":
            facts["nullable"] = True
        elif word == "ro":
            facts["read_only"] = True
            facts.setdefault("mutability", READ)
        elif word == BLURRED:
            facts[BLURRED] = True
        elif word == "wo":
            facts["write_only"] = True
        elif word == "secret":
            facts["secret"] = True
        elif word.startswith("default="):
            facts["has_default"], facts["default"] = True, json.loads(word[8:])
        elif word.startswith("use="):
            facts["mutability"] = frozenset(word[4:].split(","))
        else:
            constraints.append(word)
    return (_constrain(kind, constraints) if constraints else kind), facts


def blur(prop: Property) -> Property:
    """What bicep types would say of a property: the rest becomes unknown."""
    return Property(
        name=prop.name,
        type=blur_type(prop.type),
        required=prop.required,
        read_only=prop.read_only,
        write_only=prop.write_only,
        secret=prop.secret,
        nullable=None,
    )


@cache
def blur_type(kind: Type) -> Type:
    """What bicep types would say of a type."""
    if kind.kind == "object":
        return Type("any")
    if kind.items is not None:
        items = blur_type(kind.items)
        return replace(kind, items=items, items_nullable=None, unique_items=False)
    return kind if kind.format in ("", "uuid") else replace(kind, format="")

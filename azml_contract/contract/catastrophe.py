"""Whether a regular expression may take for ever on a short text.

In: a pattern. Out: the repetition that makes it so, in words; "" where none does.
A repetition without bound is refused where its body can be nothing but another one
(``(a+)+``), or a choice between what begins alike (``(a|a)*``): then a text can be
cut in more ways than anyone can try. Such a pattern comes with contracts of others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

# The parser of Python's own expressions; typeshed does not know it.
_parser: Any = vars(re)["_parser"]
_MANY = 64
_ALIKE = "an endless repetition of choices that begin alike"


@lru_cache(maxsize=1024)  # versions share nearly all of theirs
def find_catastrophe(pattern: str) -> str:
    """What in a pattern may be tried in endlessly many ways; "" for nothing."""
    try:
        parsed = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return ""
    return next(_search(parsed), "")


def _search(parsed: Any) -> Iterator[str]:
    for name, argument in parsed:
        kind = str(name)
        if kind in ("MAX_REPEAT", "MIN_REPEAT") and _is_endless(argument):
            yield from _judge(argument[2])
        for inner in _list_inside(kind, argument):
            yield from _search(inner)


def _judge(body: Any) -> Iterator[str]:
    """What is wrong with the body of an endless repetition."""
    items = list(_flatten(body))
    endless = [
        argument
        for kind, argument in items
        if kind in ("MAX_REPEAT", "MIN_REPEAT") and _is_endless(argument)
    ]
    others = [one for one in items if one[1] not in endless]
    if endless and all(_may_be_empty(*one) for one in others):
        yield "an endless repetition of an endless repetition"
    for kind, argument in items:
        if kind == "BRANCH" and len(items) == 1:
            if _overlap(argument[1]):
                yield _ALIKE
            for choice in argument[1]:
                yield from _judge(choice)
    if items and all(_is_short(*one) for one in items[1:]):
        head = _list_characters(*items[0])
        if any(head & _list_optional(*one) for one in items[1:]):
            yield _ALIKE


def _is_short(kind: str, argument: Any) -> bool:
    return bool(_list_optional(kind, argument)) or _may_be_empty(kind, argument)


def _list_optional(kind: str, argument: Any) -> set[int]:
    """What an item that may be left out begins with."""
    if kind in ("MAX_REPEAT", "MIN_REPEAT") and int(argument[0]) == 0:
        return _list_characters(kind, argument)
    if kind != "BRANCH":
        return set()
    choices = [list(_flatten(one)) for one in argument[1]]
    if all(choices):
        return set()
    return set().union(*(_list_characters(*one[0]) for one in choices if one))


def _flatten(body: Any) -> Iterator[tuple[str, Any]]:
    for name, argument in body:
        kind = str(name)
        if kind == "SUBPATTERN":
            yield from _flatten(argument[-1])
        else:
            yield kind, argument


def _is_endless(argument: Any) -> bool:
    return int(argument[1]) > _MANY


def _may_be_empty(kind: str, argument: Any) -> bool:
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        return int(argument[0]) == 0
    return kind in ("AT", "ASSERT", "ASSERT_NOT")


def _list_inside(kind: str, argument: Any) -> list[Any]:
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        return [argument[2]]
    if kind in ("SUBPATTERN", "ASSERT", "ASSERT_NOT"):
        return [argument[-1]]
    return list(argument[1]) if kind == "BRANCH" else []


def _overlap(branches: list[Any]) -> bool:
    """Whether two choices, each of one kind of character, share one."""
    singles = [list(_flatten(one)) for one in branches]
    sets = [_list_characters(*one[0]) for one in singles if len(one) == 1]
    return any(one & two for at, one in enumerate(sets) for two in sets[at + 1 :])


def _list_characters(kind: str, argument: Any) -> set[int]:
    """The characters of ASCII that one item stands for."""
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        inner = list(_flatten(argument[2]))
        return _list_characters(*inner[0]) if len(inner) == 1 else set()
    if kind == "ANY":
        return set(range(128))
    if kind == "LITERAL":
        return {int(argument)}
    if kind == "NOT_LITERAL":
        return set(range(128)) - {int(argument)}
    if kind != "IN":
        return set()
    found: set[int] = set()
    negated = False
    for name, value in argument:
        what = str(name)
        negated = negated or what == "NEGATE"
        if what == "LITERAL":
            found.add(int(value))
        elif what == "RANGE":
            found |= set(range(int(value[0]), min(int(value[1]), 127) + 1))
        elif what == "CATEGORY":
            found |= _CATEGORIES.get(str(value), set(range(128)))
    return set(range(128)) - found if negated else found


def _match_all(shape: str) -> set[int]:
    return {code for code in range(128) if re.match(shape, chr(code), re.ASCII)}


_CATEGORIES = {
    "CATEGORY_DIGIT": _match_all(r"\d"),
    "CATEGORY_WORD": _match_all(r"\w"),
    "CATEGORY_SPACE": _match_all(r"\s"),
    "CATEGORY_NOT_DIGIT": _match_all(r"\D"),
    "CATEGORY_NOT_WORD": _match_all(r"\W"),
    "CATEGORY_NOT_SPACE": _match_all(r"\S"),
}

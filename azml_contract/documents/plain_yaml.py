"""Parse YAML that somebody else wrote: plain data, of a sane size and depth.

In: text. Out: what it holds. Refuses what would run code, and what is small as
text and huge or endless as data. Knows nothing of recordings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from azml_contract.errors import InputError

_MOST_VALUES = 20_000_000
_DEEPEST = 300
_BRACKETS = re.compile(r"[\[\]{}]")
_DEEP_BLOCK = re.compile(r"(?:[-?]\s+){64}|^ {256}", re.MULTILINE)


def load_yaml(text: str) -> Any:
    """Parse YAML, plain data only.

    Raises:
        InputError: The text is no YAML, or holds objects of a program.
    """
    import yaml

    loader = _make_loader()
    try:
        if _is_too_deep(text, loader):
            raise InputError("its YAML is nested too deep")
        value = yaml.load(text, Loader=loader)  # noqa: S506 - the safe loader, in C
        size = _expanded_size(value, _MOST_VALUES)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"it is no YAML: {reason}") from error
    if size > _MOST_VALUES:
        raise InputError("its YAML aliases hold themselves, or far too much")
    return value


@lru_cache(maxsize=1)
def _make_loader() -> Any:
    """The safe loader, in C; merge keys, which no recording has, are refused.

    A few lines of them unfold to what no machine holds, while they are read.
    """
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Plain(base):  # type: ignore[misc]
        def flatten_mapping(self, node: Any) -> None:
            for key, _ in node.value:
                if key.tag == "tag:yaml.org,2002:merge":
                    reason = "merge keys (<<) are not read"
                    raise yaml.constructor.ConstructorError(
                        None, None, reason, key.start_mark
                    )

    return Plain


def _expanded_size(value: Any, largest: int) -> int:
    """How many values a document holds when every alias is written out.

    Returns:
        The number, or `largest` + 1 as soon as it is passed, or where an alias
        holds itself.
    """
    sizes: dict[int, int] = {}
    open_ids: set[int] = set()

    def measure(item: Any) -> int:
        if not isinstance(item, dict | list):
            return 1
        if id(item) in open_ids:
            return largest + 1
        if id(item) not in sizes:
            open_ids.add(id(item))
            total = 1 + sum(map(measure, _children(item)))
            open_ids.discard(id(item))
            sizes[id(item)] = min(total, largest + 1)
        return sizes[id(item)]

    return measure(value)


def _children(item: dict[Any, Any] | list[Any]) -> Iterator[Any]:
    return iter(item.values() if isinstance(item, dict) else item)


def _is_too_deep(text: str, loader: Any) -> bool:
    """Whether nesting would exhaust the stack of the parser, which is C."""
    if not _may_be_deep(text):
        return False
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            return True
    return False


def _may_be_deep(text: str) -> bool:
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth += 1 if found[0] in "[{" else -1
        if depth > _DEEPEST:
            return True
        depth = max(depth, 0)
    return _DEEP_BLOCK.search(text) is not None

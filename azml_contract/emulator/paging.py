"""Pages of a collection.

In: members in their order, and a query. Out: one page and an opaque token for
the next. Pages of filtered lists may be short, so a short page is not the last.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from azml_contract.emulator.refusal import Refusal

T = TypeVar("T")
_MOST_DIGITS = 15


def cut_page(
    members: Iterable[T], query: Mapping[str, str], *, page_size: int
) -> tuple[Sequence[T], str]:
    """The page that a query asks for.

    Args:
        members: All members, in order.
        query: Lower-case names; ``$skiptoken``, ``$top`` and ``count`` are read.
        page_size: Most members on a page unless the query says otherwise.

    Returns:
        The page and the token of the next one, empty after the last.

    Raises:
        Refusal: A token that was not made here, or a count that is no number.
    """
    start = _read_token(query["$skiptoken"]) if query.get("$skiptoken") else 0
    start = start or _read_count(query, "$skip") or 0
    asked = _read_count(query, "$top") or _read_count(query, "count")
    size = min(asked or page_size, page_size)
    # One more than the page, to see whether there is another.
    page = tuple(islice(members, start, start + size + 1))
    token = _write_token(start + size) if len(page) > size else ""
    return page[:size], token


def _read_count(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        raise Refusal(
            400,
            "UserError",
            f"The value '{text}' of {name} is not valid.",
            "BadArgument",
            "ArgumentInvalid",
        )
    return int(text)


def _write_token(start: int) -> str:
    return base64.b64encode(json.dumps({"Token": start}).encode()).decode()


def _read_token(token: str) -> int:
    try:
        start = json.loads(base64.b64decode(token, validate=True))["Token"]
        if isinstance(start, int) and start >= 0:
            return start
    except (binascii.Error, ValueError, KeyError, TypeError):
        pass
    raise Refusal(
        400,
        "UserError",
        "The continuation token is not valid.",
        "BadArgument",
        "ArgumentInvalid",
    )

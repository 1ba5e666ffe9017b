"""Collect a list over all its pages.

In: the first page, and a way to get a link. Out: the items. Knows ``value``
and ``nextLink``; ``nextLink`` is opaque, and its absence alone ends a list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azml_contract.errors import ArmError
from azml_contract.rest.arm_response import ArmResponse


def collect_pages(page: ArmResponse, get: Callable[[str], ArmResponse]) -> list[Any]:
    """The items of a page and of all that follow it, in the order of the service.

    A short or empty page is not the last one: filtered pages of the live
    service are short and uneven.

    Raises:
        ArmError: A page is an error or no page, or a ``nextLink`` repeats.
    """
    items: list[Any] = []
    seen: set[str] = set()
    while link := _add_page(items, page.raise_for_status()):
        if link in seen:
            raise _not_a_page(page, "its nextLink came before: the list never ends")
        seen.add(link)
        page = get(link)
    return items


def _add_page(items: list[Any], page: ArmResponse) -> str:
    """Add a page's items; its nextLink, or an empty text on the last page."""
    body = page.json
    if not isinstance(body, dict) or "value" not in body:
        raise _not_a_page(page, "it has no value")
    value = body["value"]
    if value is not None and not isinstance(value, list):
        raise _not_a_page(page, "its value is no list")
    items.extend(value or [])
    link = body.get("nextLink")
    return link if isinstance(link, str) else ""


def _not_a_page(page: ArmResponse, why: str) -> ArmError:
    return ArmError(
        status=page.status,
        code="",
        message=f"not a page of a list: {why}",
        request=page.call,
    )

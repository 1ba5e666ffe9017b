"""Which requests are polls: the only ones that may be answered again and again.

In: requests, and the recorded interactions. Out: yes or no. A poll is a GET

- of one job, or of an operation's status or result, by its path;
- of a URL that a recorded answer announced for polling: ``Azure-AsyncOperation``,
  ``Operation-Location``, or the ``Location`` of a 202;
- that was recorded as a poll: ``times`` above 1, or twice in a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from azml_contract.cassette.interaction import Interaction
from azml_contract.exchange import Exchange, Headers, find_header

_PATHS = re.compile(
    r"/jobs/[^/]+$"
    r"|/[a-z]*operations?(?:status|statuses|results?)(?:/[^/]+)?/[^/]+$"
    r"|/operations/[^/]+$",
    re.IGNORECASE,
)
_ANNOUNCING = ("azure-asyncoperation", "operation-location")


def is_poll_path(method: str, url: str) -> bool:
    """Whether a request polls by its path alone."""
    if method != "GET":
        return False
    return _PATHS.search(url.partition("?")[0].rstrip("/")) is not None


def announced_urls(status: int, headers: Headers) -> Iterator[str]:
    """URLs that an answer names for polling."""
    for name in _ANNOUNCING:
        url = find_header(headers, name)
        if url:
            yield url
    location = find_header(headers, "location")
    if status == 202 and location:
        yield location


def announced_by(interactions: Iterable[Interaction]) -> set[str]:
    """Every URL that recorded answers name for polling."""
    urls: set[str] = set()
    for one in interactions:
        headers = one.answer["headers"]
        if headers:
            urls.update(announced_urls(one.status, tuple(headers.items())))
    return urls


def announced_in(exchanges: Iterable[Exchange]) -> set[str]:
    """The same for raw exchanges."""
    urls: set[str] = set()
    for one in exchanges:
        urls.update(announced_urls(one.response.status, one.response.headers))
    return urls


def was_polled(indices: Sequence[int], times: Sequence[int]) -> bool:
    """Whether interactions of one key were recorded as polls.

    Args:
        indices: Their places in the cassette, ascending.
        times: Their counts, in the same order.
    """
    in_a_row = any(b - a == 1 for a, b in pairwise(indices))
    return in_a_row or any(count > 1 for count in times)

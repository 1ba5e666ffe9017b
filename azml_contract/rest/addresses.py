"""From the paths that scenarios write to the URLs that are called.

In: a path or URL, settings, an api-version. Out: an absolute https URL. Sends
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from azml_contract.errors import UsageError
from azml_contract.settings import Settings


def resolve_url(settings: Settings, path_or_url: str, api_version: str) -> str:
    """The URL of a path, with an api-version where it has none.

    Args:
        settings: Endpoint and workspace.
        path_or_url: Relative to the workspace, absolute in ARM (leading slash),
            or an https URL such as a ``nextLink``, which is kept as it is.
        api_version: Added unless the query has one.

    Raises:
        UsageError: A URL that is not https.
    """
    url = _make_absolute(settings, path_or_url)
    names = (name.lower() for name, _ in parse_qsl(urlsplit(url).query, True))
    if "api-version" in names:
        return url
    return add_query(url, {"api-version": api_version})


def add_query(url: str, params: Mapping[str, Any]) -> str:
    """A URL with more query parameters, percent-encoded.

    A value of None is left out, a bool becomes ``true`` or ``false``, a list
    repeats its name.
    """
    pairs = [
        (name, str(value).lower() if isinstance(value, bool) else str(value))
        for name, given in params.items()
        for value in (given if isinstance(given, list | tuple) else [given])
        if value is not None
    ]
    if not pairs:
        return url
    text = urlencode(pairs, safe="$,:/", quote_via=quote)
    return f"{url}{'&' if '?' in url else '?'}{text}"


def _make_absolute(settings: Settings, path_or_url: str) -> str:
    if "://" in path_or_url.partition("?")[0]:
        if not path_or_url.startswith("https://"):
            raise UsageError(f"{path_or_url} is not https; tokens travel no other way.")
        return path_or_url
    if path_or_url.startswith("/"):
        return settings.endpoint + path_or_url
    separator = "" if path_or_url.startswith("?") or not path_or_url else "/"
    return f"{settings.endpoint}{settings.workspace_id}{separator}{path_or_url}"

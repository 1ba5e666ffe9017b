"""How cassettes are told in words: ages, sizes, calls, values.

In: values. Out: short texts for a terminal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azml_contract.printable import cut
from azml_contract.report.run import count as count  # told with the rest

if TYPE_CHECKING:
    from azml_contract.cassette.cassette import Cassette

_WORKSPACE = re.compile(
    r"https://[^/]+/subscriptions/[^/]+/resourceGroups/[^/]+/providers/"
    r"Microsoft\.MachineLearningServices/workspaces/[^/?]+/?",
    re.IGNORECASE,
)
_PROVIDER = re.compile(
    r"https://[^/]+/subscriptions/[^/]+(/resourceGroups/[^/]+)?/providers/"
    r"(Microsoft\.MachineLearningServices(?=/))?",
    re.IGNORECASE,
)
_SHOWN = 60
_SHORTEST_DRAWN = 4


def age_of(recorded_at: str, now: datetime) -> str:
    """How long ago, in one unit; empty where the time cannot be read."""
    try:
        moment = datetime.fromisoformat(recorded_at)
    except ValueError:
        return ""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (now - moment).total_seconds()
    if seconds < 0:
        return "in the future"
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return "now"


def size_of(count: int) -> str:
    """Bytes as a person reads them."""
    if count < 1024:
        return f"{count} B"
    if count < 1024 * 1024:
        return f"{count / 1024:.0f} KB"
    return f"{count / 1024 / 1024:.1f} MB"


def short_url(url: str) -> str:
    """A URL without what all calls of a cassette share; `~` is the workspace."""
    base, mark, query = url.partition("?")
    kept = "&".join(
        pair for pair in query.split("&") if not pair.lower().startswith("api-version=")
    )
    text = base + (mark + kept if kept else "")
    found = _WORKSPACE.match(text)
    if found:
        return f"~/{text[found.end() :]}".rstrip("/")
    text = _PROVIDER.sub("", text)
    return text.removeprefix("https://")


def name_drawn(text: str, variables: Mapping[str, Any]) -> str:
    """A text with drawn values written as their names."""
    drawn = [(v, k) for k, v in variables.items() if isinstance(v, str)]
    for value, name in sorted(drawn, key=lambda pair: -len(pair[0])):
        if len(value) >= _SHORTEST_DRAWN:
            text = text.replace(value, f"{{{name}}}")
    return text


def short_value(value: Any, width: int = _SHOWN) -> str:
    """A JSON value in one line."""
    return cut(json.dumps(value, ensure_ascii=False), width)


def describe(path: Path, one: Cassette, size_bytes: int) -> dict[str, Any]:
    """What a cassette is, for programs; `interactions` and `calls` are counts."""
    return {
        "path": path.as_posix(),
        "scenario": one.scenario,
        "api_version": one.api_version,
        "target": one.target,
        "recorded_at": one.recorded_at,
        "recorder": one.recorder,
        "interactions": len(one.interactions),
        "calls": sum(i.times for i in one.interactions),
        "size_bytes": size_bytes,
    }

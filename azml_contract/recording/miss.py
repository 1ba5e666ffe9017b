"""Say why replay has no answer: the nearest recording, and what differs.

In: the request asked for and the cassette. Out: errors whose text a person can
act on, sanitised. Knows how to compare requests; not how they are played.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from operator import eq
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from azml_contract.cassette.cassette import REMEDY, Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.errors import CassetteError, show_path
from azml_contract.exchange import Request
from azml_contract.json_pointer import escape
from azml_contract.recording.match import Matcher
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import FORM_SECRETS, QUERY_SECRETS
from azml_contract.redaction.shapes import REDACTED
from azml_contract.shown_path import shorten

_COMPARED = 50
"""So many recordings at most are compared by their bodies."""
_LINES = 12
_SHOWN = 20
_WIDTH = 100


class NoMatchingInteraction(CassetteError):
    """Replay was asked for a request that the cassette does not answer."""

    def __init__(
        self,
        request: Request,
        path: Path,
        *,
        cassette: Cassette,
        plays: Sequence[int],
        matcher: Matcher,
        redactor: Redactor,
        compared: Request,
        record_command: str = REMEDY,
    ) -> None:
        nearest = find_nearest(request, cassette.interactions, plays)
        lines = [f"  {say_call(request.method, request.url)}"]
        if nearest is None:
            lines.append("Closest recording: none, the cassette is empty.")
        else:
            lines += _explain(compared, nearest, cassette, plays)
        # A path and a command are for typing: what they name is not replaced.
        super().__init__(
            f"{show_path(path)} has no answer for this request of "
            f"{cassette.scenario}:\n"
            + redactor.message("\n".join(lines))
            + f"\nIf the change is intended, record again: {record_command}"
        )
        self.request = request
        self.path = path
        self.nearest = None if nearest is None else cassette.interactions[nearest]


class UnusedInteractions(CassetteError):
    """The scenario passed without asking for everything that was recorded."""

    def __init__(
        self,
        unused: Sequence[tuple[int, Interaction]],
        path: Path,
        *,
        redactor: Redactor,
        record_command: str = REMEDY,
    ) -> None:
        lines = [
            f"  {index}: {say_call(one.method, one.url)} -> {one.status}"
            for index, one in unused[:_SHOWN]
        ]
        if len(unused) > _SHOWN:
            lines.append(f"  and {len(unused) - _SHOWN} more")
        super().__init__(
            f"{show_path(path)} holds {_count(len(unused))} that no request "
            "asked for:\n"
            + redactor.message("\n".join(lines))
            + "\nThe scenario does less than when it was recorded. "
            f"If that is intended, record again: {record_command}"
        )
        self.path = path
        self.unused = tuple(one for _, one in unused)


def _count(number: int) -> str:
    return "1 interaction" if number == 1 else f"{number} interactions"


def say_call(method: str, url: str) -> str:
    """A call, the workspace left out: it is the same in most; differences show it."""
    return f"{method} {shorten(url)}"


def find_nearest(
    request: Request, interactions: Sequence[Interaction], plays: Sequence[int]
) -> int | None:
    """Index of the recording most like a request; None for an empty cassette.

    Among equals one that was not played yet wins, then the earlier one.
    """
    asked = _take_apart(request.method, request.url)
    scores = [_likeness(asked, _take_apart(o.method, o.url)) for o in interactions]
    if not scores:
        return None
    best = max(scores)
    close = [index for index, score in enumerate(scores) if score == best]
    close.sort(key=lambda i: plays[i] > 0)
    return min(
        close[:_COMPARED],
        key=lambda i: (_distance(request, interactions[i]), plays[i] > 0),
    )


class _Parts(NamedTuple):
    """What of a request is compared before its body; path and query in lower case."""

    method: str
    host: str
    path: list[str]
    query: list[str]


def _take_apart(method: str, url: str) -> _Parts:
    base, _, query = url.lower().partition("#")[0].partition("?")
    _, _, rest = base.partition("://")
    host, _, path = rest.partition("/")
    return _Parts(method, host, path.split("/"), query.split("&"))


def _likeness(asked: _Parts, recorded: _Parts) -> float:
    score = 3.0 if asked.method == recorded.method else 0.0
    score += 2.0 if asked.host == recorded.host else 0.0
    score += 6.0 * _shared(asked.path, recorded.path)
    return score + _shared(asked.query, recorded.query)


def _shared(ours: Sequence[str], theirs: Sequence[str]) -> float:
    same: int = sum(map(eq, ours, theirs))
    return same / max(len(ours), len(theirs))


def _distance(request: Request, one: Interaction) -> int:
    return sum(1 for _ in _body_differences(request, one.request))


def _explain(
    request: Request,
    nearest: int,
    cassette: Cassette,
    plays: Sequence[int],
) -> Iterator[str]:
    one = cassette.interactions[nearest]
    recorded = one.request
    yield f"Closest recording, interaction {nearest}:"
    yield f"  {say_call(one.method, one.url)} -> {one.status}"
    yield from _api_versions(request, recorded)
    found = list(_differences(request, recorded))
    yield from (f"  {line}" for line in found[:_LINES])
    if len(found) > _LINES:
        yield f"  and {len(found) - _LINES} more differences"
    yield _history(plays[nearest], one.times, differs=bool(found))


def _history(plays: int, times: int, *, differs: bool) -> str:
    if not plays:
        return "It was not played yet."
    played = f"It was already played {plays} of {times} times"
    if plays >= times and not differs:
        return f"{played}; the scenario asks for it more often than when recorded."
    return f"{played}."


def _api_versions(request: Request, recorded: Request) -> Iterator[str]:
    asked, known = request.api_version, recorded.api_version
    if asked != known:
        yield (
            f"  api-version {asked or '(none)'} was asked for, "
            f"{known or '(none)'} is recorded"
        )


def _differences(request: Request, recorded: Request) -> Iterator[str]:
    if request.method != recorded.method:
        yield f"verb: sent {request.method}, recorded {recorded.method}"
    asked, known = urlsplit(request.url), urlsplit(recorded.url)
    for name in ("scheme", "netloc", "path"):
        ours, theirs = getattr(asked, name), getattr(known, name)
        if ours != theirs:
            label = "host" if name == "netloc" else name
            yield f"{label}: sent {ours}, recorded {theirs}"
    yield from _query_differences(request, recorded)
    for name in ("x-ms-range", "range"):
        ours, theirs = request.header(name), recorded.header(name)
        if ours != theirs:
            yield f"{name}: sent {ours}, recorded {theirs}"
    yield from _body_differences(request, recorded)


def _query_differences(request: Request, recorded: Request) -> Iterator[str]:
    ours, theirs = dict(request.query), dict(recorded.query)
    for name in sorted({*ours, *theirs}):
        if name.lower() in QUERY_SECRETS or name.lower() == "api-version":
            continue
        if name not in theirs:
            yield f"query {name}: sent {_short(ours[name])}, not recorded"
        elif name not in ours:
            yield f"query {name}: not sent, recorded {_short(theirs[name])}"
        elif ours[name] != theirs[name]:
            sent, known = _short(ours[name]), _short(theirs[name])
            yield f"query {name}: sent {sent}, recorded {known}"


def _body_differences(request: Request, recorded: Request) -> Iterator[str]:
    if request.body == recorded.body:
        return
    ours, theirs = _structure(request), _structure(recorded)
    if isinstance(ours, bytes) or isinstance(theirs, bytes):
        if ours != theirs:
            yield (
                f"body: sent {len(request.body)} bytes, "
                f"recorded {len(recorded.body)} other bytes"
            )
        return
    yield from _json_differences(ours, theirs, "")


def _structure(request: Request) -> Any:
    """The body as JSON, a form as an object; bytes where it is neither."""
    if "x-www-form-urlencoded" in (request.header("content-type") or ""):
        pairs = parse_qsl(request.body.decode("utf-8", "replace"))
        return {n: REDACTED if n.lower() in FORM_SECRETS else v for n, v in pairs}
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return request.body


def _json_differences(ours: Any, theirs: Any, pointer: str) -> Iterator[str]:
    where = pointer or "(whole)"
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in list(dict.fromkeys([*ours, *theirs])):
            under = f"{pointer}/{escape(name)}"
            if name not in theirs:
                yield f"body {under}: sent {_short(ours[name])}, not recorded"
            elif name not in ours:
                yield f"body {under}: not sent, recorded {_short(theirs[name])}"
            else:
                yield from _json_differences(ours[name], theirs[name], under)
    elif isinstance(ours, list) and isinstance(theirs, list):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=False)):
            yield from _json_differences(one, other, f"{pointer}/{index}")
        if len(ours) != len(theirs):
            yield f"body {where}: sent {len(ours)} items, recorded {len(theirs)}"
    elif ours != theirs or type(ours) is not type(theirs):
        yield f"body {where}: sent {_short(ours)}, recorded {_short(theirs)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."

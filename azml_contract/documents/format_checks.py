"""Whether a cassette is as the recorder writes it, beyond being playable.

In: a cassette that loads, and its path. Out: complaints, each with a place.
What cannot be played at all is `load_cassette`'s to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from azml_contract.api_version import CLIENT
from azml_contract.cassette.cassette import Cassette, render_cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.redaction.rules import REQUEST_HEADERS, RESPONSE_HEADERS

TARGETS = ("emulator", "azure")
_FIELDS = frozenset(
    {
        "$schema",
        "api_version",
        "format",
        "interactions",
        "reads",
        "recorded_at",
        "recorder",
        "scenario",
        "target",
        "variables",
    }
)
_VERSION = re.compile(r"\d{4}-\d\d-\d\d(-preview)?")
_METHOD = re.compile(r"[A-Z]+")


def check_format(
    path: Path, data: Mapping[str, Any], cassette: Cassette
) -> Iterator[tuple[str, str]]:
    """Yield a JSON pointer and what is wrong there, in the order of the file.

    Args:
        path: Where the cassette lies; its name is the api-version.
        data: The file as parsed.
        cassette: The same, loaded.
    """
    for name in data.keys() - _FIELDS:
        yield f"/{name}", "a field that the format does not have"
    if cassette.target not in TARGETS:
        yield "/target", f"neither {' nor '.join(TARGETS)}"
    if not _is_time(cassette.recorded_at):
        yield "/recorded_at", "no time such as 2026-11-22T10:00:00Z"
    if cassette.api_version == CLIENT == path.stem:
        pass  # its calls tell their own
    elif not _VERSION.fullmatch(cassette.api_version):
        yield "/api_version", "no api-version such as 2024-04-01"
    elif _VERSION.fullmatch(path.stem) and path.stem != cassette.api_version:
        yield "/api_version", f"not that of the file name, {path.stem}"
    for index, one in enumerate(cassette.interactions):
        yield from _check_interaction(f"/interactions/{index}", one)
    plain = {name: value for name, value in data.items() if name in _FIELDS}
    if plain.keys() - {"$schema"} == data.keys() - {"$schema"}:
        yield from _check_layout(path, cassette, has_schema="$schema" in data)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text


def _check_interaction(pointer: str, one: Interaction) -> Iterator[tuple[str, str]]:
    request, response, times = one.data["request"], one.answer, one.times
    if not _METHOD.fullmatch(request["method"]):
        yield f"{pointer}/request/method", "a verb is written in capitals"
    if not request["uri"].startswith(("https://", "http://")):
        yield f"{pointer}/request/uri", "not an absolute URL"
    if one.failure is None and not 100 <= response["status"] <= 599:
        yield f"{pointer}/response/status", "not a status of HTTP"
    if times > 1 and request["method"] != "GET":
        yield f"{pointer}/times", "only polls, which are GETs, are counted"
    for part, allowed in ((request, REQUEST_HEADERS), (response, RESPONSE_HEADERS)):
        side = "request" if part is request else "response"
        for name in part["headers"]:
            if not _is_kept(name, allowed, head=request["method"] == "HEAD"):
                place = f"{pointer}/{side}/headers/{name.replace('/', '~1')}"
                yield place, "a header that the recorder does not keep"


def _is_kept(name: str, allowed: frozenset[str], *, head: bool) -> bool:
    return (
        name in allowed
        or name.startswith("x-ms-meta-")
        or (head and name == "content-length")
    )


def _check_layout(
    path: Path, cassette: Cassette, *, has_schema: bool
) -> Iterator[tuple[str, str]]:
    if has_schema:
        return
    try:
        written = path.read_bytes().replace(b"\r\n", b"\n")
    except OSError:
        return
    rendered = render_cassette(cassette)
    if written not in (rendered, rendered.replace(b'"format": 2', b'"format": 1', 1)):
        yield "", "not laid out as the recorder writes it, so that changes read badly"

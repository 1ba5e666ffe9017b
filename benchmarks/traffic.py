"""Recordings like real ones, any number of them, each unlike all others.

In: recordings of the live service as seeds, and a number. Out: exchanges whose
bodies, ids, names and answers are all distinct, in the shapes that the service was
seen to answer with; the same number always gives the same ones. Knows no recorder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from azml_contract.documents.document import open_document
from azml_contract.exchange import Exchange, Request, Response

SEEDS = Path(__file__).parents[2] / "shared" / "recordings31"

# What a copy has of its own: GUIDs, drawn names, numbers of runs; no dates.
_OWN = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|(?<![\w.-])(?!\d{4}-\d\d-\d\d)(?=[\w-]*\d)(?=[\w-]*[a-z])[a-z0-9_-]{10,64}(?![\w.-])"
    r"|(?<![\w.])\d{9,}(?![\w.])",
    re.IGNORECASE,
)
_KEPT = re.compile(r"0{8}|preview$|^standard_|^microsoft|openmpi|ubuntu", re.IGNORECASE)
_PATH = re.compile(r"/workspaces/[^/]+/\w+/([\w.-]+)")
_NOTE = '"properties": {'


def read_seeds(folder: Path = SEEDS) -> list[list[Exchange]]:
    """The exchanges of each recording of a folder, in the order of the names."""
    files = sorted(one for one in folder.glob("*.json") if one.name != "INDEX.json")
    return [[one.exchange for one in open_document(file).recorded()] for file in files]


def make_traffic(count: int, seeds: Sequence[list[Exchange]]) -> list[Exchange]:
    """So many exchanges, copy after copy of the seeds, each with ids of its own."""
    made: list[Exchange] = []
    copy = 0
    while len(made) < count:
        for number, exchanges in enumerate(seeds):
            made += vary(exchanges, f"{copy}.{number}")
        copy += 1
    return made[:count]


def vary(exchanges: Iterable[Exchange], copy: str) -> Iterator[Exchange]:
    """The exchanges of one recording under other ids and names."""
    exchanges = list(exchanges)
    names = {name for one in exchanges for name in _PATH.findall(one.request.url)}
    own = sorted((name for name in names if len(name) > 3), key=len, reverse=True)
    named = re.compile("|".join(map(re.escape, own))) if own else None

    def swap(text: str) -> str:
        if named is not None:
            text = named.sub(lambda m: _other(m[0], copy), text)
        return _OWN.sub(lambda m: _other(m[0], copy), text)

    for position, one in enumerate(exchanges):
        asked, told = one.request, one.response
        body = swap(told.body.decode("utf-8", "replace"))
        note = f'"properties": {{"note": "answer {position} of copy {copy}", '
        yield Exchange(
            Request(
                asked.method,
                swap(asked.url),
                tuple((name, swap(value)) for name, value in asked.headers),
                swap(asked.body.decode("utf-8", "replace")).encode(),
            ),
            Response(
                told.status,
                tuple((name, swap(value)) for name, value in told.headers),
                body.replace(_NOTE, note, 1).encode(),
            ),
        )


def _other(value: str, copy: str) -> str:
    """Another value of the same shape, always the same for one copy."""
    if _KEPT.search(value):
        return value
    drawn = iter(hashlib.sha512(f"{copy} {value}".encode()).hexdigest() * 8)
    if "-" in value and len(value) == 36:
        return re.sub(r"[0-9a-fA-F]", lambda _: next(drawn), value)
    return re.sub(r"\d", lambda _: str(int(next(drawn), 16) % 10), value)


def as_proxy(exchanges: Iterable[Exchange]) -> str:
    """A recording in the format of Azure's test-proxy."""
    entries = [
        {
            "RequestUri": one.request.url,
            "RequestMethod": one.request.method,
            "RequestHeaders": dict(one.request.headers),
            "RequestBody": _body(one.request.body),
            "StatusCode": one.response.status,
            "ResponseHeaders": dict(one.response.headers),
            "ResponseBody": _body(one.response.body),
        }
        for one in exchanges
    ]
    return json.dumps({"Entries": entries, "Variables": {}}, indent=1)


def _body(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")


def write_recordings(folder: Path, files: int, bytes_each: int) -> int:
    """Write so many recordings of about so many bytes; returns the bytes written."""
    seeds = read_seeds()
    average = sum(len(as_proxy(one)) for one in seeds) / sum(map(len, seeds))
    each = max(1, round(bytes_each / average))
    traffic = make_traffic(files * each, seeds)
    written = 0
    for number in range(files):
        text = as_proxy(traffic[number * each : (number + 1) * each])
        written += (folder / f"{number:05d}.json").write_bytes(text.encode())
    return written


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write recordings like real ones.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--bytes", type=int, default=51_000, help="of each file")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    print(write_recordings(given.folder, given.files, given.bytes), "bytes")

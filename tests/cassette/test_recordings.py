"""Recordings as they are judged, and cassettes as they are put in place."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from azml_contract.cassette.cassette import Cassette, load_cassette, render_cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.cassette.recordings import from_cassette, from_exchanges
from azml_contract.cassette.store import write_cassette
from azml_contract.errors import OutputError
from azml_contract.exchange import NO_ANSWER, Exchange, Failure, Request, Response

GET = Request("GET", "https://x/y")


def test_a_cassette_tells_what_was_read_of_each_call():
    one = Interaction(
        {
            "request": {"method": "GET", "uri": "https://x/y", "headers": {}},
            "response": {"status": 200, "headers": {}, "body": {"json": 1}},
        }
    )
    cassette = Cassette(
        *("s", "2024-04-01", "azure", "t", "r"), (one, one), {"a": 1}, {1: ("/b",)}
    )
    recording = from_cassette(cassette)
    assert (recording.scenario, recording.api_version) == ("s", "2024-04-01")
    assert (recording.variables, recording.target) == ({"a": 1}, "azure")
    assert [(call.step, call.reads) for call in recording.calls()] == [
        (0, ()),
        (1, ("/b",)),
    ]
    assert all(call.exchange.response.body == b"1" for call in recording.calls())


def test_of_exchanges_of_others_nobody_knows_what_was_read():
    exchanges = [
        Exchange(GET, Response(200)),
        Exchange(GET, Response(99)),
        Exchange(GET, Response(100)),
        Exchange(GET, Response(0), Failure("timeout")),
    ]
    recording = from_exchanges("har", iter(exchanges), lost=frozenset({2}))
    assert (recording.scenario, recording.api_version) == ("har", "")
    assert (recording.silent, recording.lost) == ({1}, {2})
    calls = list(recording.calls())
    assert [call.reads for call in calls] == [None, None, None, ()]
    assert [call.exchange.response.status for call in calls] == [
        200,
        99,
        100,
        NO_ANSWER,
    ]


def test_side_files_lie_beside_a_cassette_and_are_written_where_they_lack(tmp_path):
    raw = b"\xff" * 70_000
    name = hashlib.sha256(raw).hexdigest()
    request = {"method": "GET", "uri": "https://x/y", "headers": {}}
    response = {"status": 200, "headers": {}, "body": {"file": name}}
    one = Interaction({"request": request, "response": response}, {name: raw})
    cassette = Cassette("s", "2024-04-01", "azure", "t", "r", (one,))
    path = tmp_path / "deep" / "down" / "c.json"

    write_cassette(path, render_cassette(cassette), {name: raw})

    side = path.parent / "blobs" / name
    assert load_cassette(path).interactions[0].response.body == raw
    os.utime(side, (7, 7))
    write_cassette(path, b"{}", {name: raw})
    assert side.stat().st_mtime == 7  # it was there
    side.write_bytes(b"other")
    write_cassette(path, b"{}", {name: raw})
    assert side.read_bytes() == raw


@pytest.mark.parametrize("side_files", [{}, {"a" * 64: b"x"}])
def test_what_cannot_be_written_is_told(tmp_path: Path, side_files: dict[str, bytes]):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"Not a directory|File exists"):
        write_cassette(tmp_path / "file" / "c.json", b"{}", side_files)

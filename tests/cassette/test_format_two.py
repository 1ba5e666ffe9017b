"""What format 2 adds to format 1: failures of the network, origins, unknown reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from azml_contract.cassette.cassette import load_cassette, render_cassette
from azml_contract.cassette.recordings import from_cassette
from azml_contract.errors import CassetteError
from azml_contract.exchange import NO_ANSWER, Failure

GET = {"method": "GET", "uri": "https://h/a?api-version=2024-04-01", "headers": {}}
OK = {"status": 200, "headers": {}, "body": {"json": {"a": 1}}}
HEADER = {
    "format": 2,
    "scenario": "s/t",
    "api_version": "2024-04-01",
    "target": "azure",
    "recorded_at": "2026-11-22T10:00:00Z",
    "recorder": "azml-contract 0.1.0",
}


def load(tmp_path: Path, **fields: object):
    file = tmp_path / "2024-04-01.json"
    whole = {**HEADER, "variables": {}, "interactions": [], **fields}
    file.write_text(json.dumps(whole))
    return load_cassette(file)


def test_a_failure_may_stand_in_place_of_an_answer_or_behind_a_part_of_it(tmp_path):
    nothing = {"request": GET, "failure": {"kind": "timeout"}, "times": 1}
    part = {**nothing, "response": OK, "failure": {"kind": "dropped", "after_bytes": 3}}
    origin = {"at": "scenarios/test_s.py:7", "process": {"program": "az", "label": "1"}}
    cassette = load(tmp_path, interactions=[nothing, {**part, **origin}])
    first, second = cassette.interactions
    assert (first.status, first.failure) == (NO_ANSWER, Failure("timeout"))
    assert (second.status, second.failure) == (200, Failure("dropped", 3))
    again = tmp_path / "again.json"
    again.write_bytes(render_cassette(cassette))
    assert load_cassette(again).interactions[1].data == second.data


@pytest.mark.parametrize(
    "change",
    [
        {"failure": {"kind": "boredom"}},
        {"failure": {"kind": "timeout", "after_bytes": -1}},
        {"failure": {"kind": "timeout"}, "at": 7},
        {"failure": {"kind": "timeout"}, "process": {"program": 1}},
        {},
    ],
)
def test_malformed_failures_and_origins_are_refused(tmp_path, change):
    with pytest.raises(CassetteError, match="malformed"):
        load(tmp_path, interactions=[{"request": GET, **change}])


def test_reads_that_nobody_noted_are_unknown_and_stay_so(tmp_path):
    one = {"request": GET, "response": OK, "times": 1}
    unknown = load(tmp_path, interactions=[one])
    assert unknown.reads is None
    assert b'"reads"' not in render_cassette(unknown)
    assert next(from_cassette(unknown).calls()).reads is None
    none = load(tmp_path, interactions=[one], reads={})
    assert next(from_cassette(none).calls()).reads == ()


def test_a_cassette_of_format_1_is_read_with_its_reads(tmp_path):
    assert load(tmp_path, format=1, reads={}).reads == {}
    assert load(tmp_path, format=1).reads == {}
    imported = "azml-contract 0.1.0, imported from a HAR"
    assert load(tmp_path, format=1, reads={}, recorder=imported).reads is None


def test_a_call_that_the_network_cut_has_no_answer_to_judge(tmp_path):
    one = {"request": GET, "response": OK, "failure": {"kind": "dropped"}}
    cassette = load(tmp_path, interactions=[one], reads={})
    (call,) = from_cassette(cassette).calls()
    assert call.exchange.response.status == NO_ANSWER
    assert call.reads == ()

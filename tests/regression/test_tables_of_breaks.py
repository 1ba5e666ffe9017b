"""The matrix of the documented workflow says what the tables of facts say.

`expected_breaks.toml` names, for each call of the cassettes of
2021-03-01-preview, the places that break and the row of the naming map that
says so; the map itself lies beside the repository, where it is present.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from recorded_stories import CASSETTES

from azml_contract.cassette.cassette import Cassette, load_cassette
from azml_contract.contract.catalog import known_versions
from azml_contract.regression.matrix import build_matrix
from azml_contract.regression.outcome import Row

FIRST = "2021-03-01-preview"
SINCE_THEN = known_versions()[known_versions().index(FIRST) :]
WITHOUT_JOBS = ("2021-04-01", "2021-07-01", "2022-01-01-preview")
ALWAYS_THERE = {"GET workspace", "GET computes", "PUT computes"}
TABLE = tomllib.loads(
    Path(__file__).with_name("expected_breaks.toml").read_text("utf-8")
)
CALLS = {call["label"]: call for call in TABLE["call"]}
RECORDED = sorted(CASSETTES.glob(f"*/*/{FIRST}.json"))

Place = tuple[str, str]


@pytest.fixture(scope="module", params=RECORDED, ids=lambda p: p.parent.name)
def cassette(request: pytest.FixtureRequest) -> Cassette:
    """One committed cassette of the first version."""
    return load_cassette(request.param)


def test_each_call_breaks_at_each_version_where_the_table_says_and_nowhere_else(
    cassette: Cassette,
) -> None:
    rows = build_matrix([cassette])
    assert rows
    for row in rows:
        for version in SINCE_THEN:
            found = {
                (str(f.side), f.pointer.casefold())
                for f in row.outcome.new_errors(version)
            }
            expected = {
                (side, p.casefold()) for side, p in told(cassette, row, version)
            }
            assert found == expected, (row.label, version)
            if expected and version not in WITHOUT_JOBS:
                assert str(row.cells[version].status) == CALLS[row.label]["status"]


def told(cassette: Cassette, row: Row, version: str) -> set[Place]:
    """Where the table says that a call breaks, of what the call has."""
    if version == FIRST or row.label in ALWAYS_THERE:
        return set()
    if version in WITHOUT_JOBS:
        return {("request", "")}
    call = CALLS.get(row.label)
    if call is None:
        return set()
    side = call.get("side", "request")
    places = {(side, p) for p in call["places"] if has(cassette, row, side, p)}
    missing = {(side, pointer) for pointer in call.get("missing", ())}
    return places | missing


def has(cassette: Cassette, row: Row, side: str, pointer: str) -> bool:
    if side == "response":
        reads = cassette.reads.get(row.step, ())
        return any(read.startswith(pointer) for read in reads)
    value: Any = cassette.interactions[row.step].request_json
    if value is None:  # a text that is no JSON, such as the documented environment
        text = cassette.interactions[row.step].request.body.decode().casefold()
        return f'"{pointer.rpartition("/")[2]}"'.casefold() in text
    for step in pointer.split("/")[1:]:
        names = {name.casefold(): name for name in value}
        if step.casefold() not in names:
            return False
        value = value[names[step.casefold()]]
    return True


@pytest.mark.parametrize("call", TABLE["call"], ids=lambda call: call["label"])
def test_the_naming_map_has_the_old_name_before_and_not_after(
    call: dict[str, Any], facts: str
) -> None:
    rows = naming_map(facts)
    for pointer, concern in call["places"].items():
        name = pointer.rpartition("/")[2]
        before, since, later = rows[concern]
        assert re.search(rf"\b{name}\b", before), (pointer, before)
        outermost = re.sub(r"\{[^`]*", "", since)  # `limits{timeout}` is another
        assert not re.search(rf"\b{name}\b", outermost), (pointer, since)
        assert later.startswith(("same", "`", "jobInputType"))


@pytest.mark.parametrize("call", TABLE["call"], ids=lambda call: call["label"])
def test_the_naming_map_has_what_is_missing_as_required(
    call: dict[str, Any], facts: str
) -> None:
    rows = naming_map(facts)
    for pointer, concern in call.get("missing", {}).items():
        name = pointer.rpartition("/")[2]
        assert f"{name}*" in rows[concern][1], pointer


def naming_map(facts: str) -> dict[str, list[str]]:
    """Concern to how it is written at each of the three stages."""
    section = facts.partition("Naming map")[2].partition("####")[0]
    cells = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    return {row[0]: row[1:] for row in cells[2:]}

"""What bodies and files of cassettes are told to be."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from azml_contract.cassette.cassette import load_cassette
from azml_contract.cassette.content import Kind
from azml_contract.cassette.interaction import Interaction
from azml_contract.cassette.pending import find_pending
from azml_contract.errors import CassetteError


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "null"), ({}, "an object"), ("a", "text"), (3, "int")],
)
def test_what_stands_for_the_interactions_is_named(
    tmp_path: Path, value: Any, told: str
) -> None:
    file = tmp_path / "one.json"
    header = {"format": 2, "scenario": "a/b", "api_version": "2024-04-01"}
    more = {"target": "emulator", "recorded_at": "2026-11-22T10:00:00Z"}
    rest = {"recorder": "azml-contract 0.1.0", "variables": {}, "reads": {}}
    file.write_text(json.dumps({**header, **more, **rest, "interactions": value}))

    with pytest.raises(CassetteError) as caught:
        load_cassette(file)

    assert re.search(rf"\b{told}\b", str(caught.value))


@pytest.mark.parametrize(
    ("body", "headers", "plain"),
    [
        ({"json": {"a": 1}}, {}, True),
        ({"json": [1]}, {"Content-Type": "application/json"}, True),
        ({"json": "a"}, {}, False),
        ({"text": "a"}, {}, False),
        ({"json": {"a": 1}}, {"Content-Encoding": "gzip"}, False),
    ],
)
def test_a_request_is_plain_json_unless_it_is_packed_or_a_scalar(
    body: dict[str, Any], headers: dict[str, str], plain: bool
) -> None:
    request = {"method": "PUT", "uri": "https://x/y", "headers": headers, "body": body}
    response = {"status": 200, "headers": {}}

    made = Interaction({"request": request, "response": response})
    assert made.is_plain_json is plain
    assert not made.is_written_json  # it is compared by its value


def test_the_files_of_an_interaction_are_those_of_its_bodies() -> None:
    request = {"method": "PUT", "uri": "https://x/y", "headers": {}}
    response = {"status": 200, "headers": {}, "body": {"file": "b" * 64}}
    for body, names in (
        ({"file": "a" * 64}, {"a" * 64, "b" * 64}),
        ({"text": "a"}, {"b" * 64}),
        (None, {"b" * 64}),
    ):
        sent = request if body is None else {**request, "body": body}
        made = Interaction({"request": sent, "response": response})
        assert made.named_files == names


def test_what_waits_is_found_in_folders_and_beside_cassettes(tmp_path: Path) -> None:
    waiting = [tmp_path / name for name in ("a/b/1.new.json", "a/2.new.json")]
    for file in (*waiting, tmp_path / "a/2.json", tmp_path / "a/3.json"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    deep, beside = waiting

    assert find_pending([tmp_path, deep]) == sorted(waiting)
    assert find_pending([tmp_path / "a/2.json", beside]) == [beside]
    assert find_pending([tmp_path / "a/3.json", tmp_path / "none.new.json"]) == []


def test_the_kinds_of_bodies_are_the_names_in_the_file() -> None:
    schema = json.loads(
        (Path(__file__).parents[2] / "docs" / "cassette.schema.json").read_text("utf-8")
    )
    written = json.dumps(schema)
    assert all(f'"{kind.value}"' in written for kind in Kind)

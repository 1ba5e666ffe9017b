"""docs/cassette.schema.json says what the reader accepts, and nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from azml_contract.cassette.cassette import load_cassette
from azml_contract.errors import CassetteError

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "cassette.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
COMMITTED = sorted((ROOT / "cassettes").glob("*/*/*.json"))

WHOLE: dict[str, Any] = {
    "format": 2,
    "scenario": "story/test",
    "api_version": "2024-04-01",
    "target": "emulator",
    "recorded_at": "2026-11-22T10:00:00Z",
    "recorder": "azml-contract 0.1.0",
    "variables": {"run": "r-1", "numbers": [1, 2.5, None]},
    "reads": {"0": ["/id", ""]},
    "interactions": [
        {
            "request": {
                "method": "PUT",
                "uri": "https://management.azure.com/x",
                "headers": {"content-type": "application/json"},
                "body": {"json": {"a": None}},
            },
            "response": {"status": 201, "headers": {}, "body": {"base64": "AAE="}},
            "times": 1,
        }
    ],
}


def set_at(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """A change of one place, written as names and numbers with dots between."""
    *parents, last = [int(p) if p.isdecimal() else p for p in path.split(".")]

    def change(cassette: dict[str, Any]) -> None:
        holder: Any = cassette
        for name in parents:
            holder = holder[name]
        if value is KeyError:
            del holder[last]
        else:
            holder[last] = value

    return change


ACCEPTED = {
    "as it is": lambda cassette: None,
    "with a $schema": set_at("$schema", "../../../docs/cassette.schema.json"),
    "without variables": set_at("variables", KeyError),
    "without reads": set_at("reads", KeyError),
    "without times": set_at("interactions.0.times", KeyError),
    "without a body": set_at("interactions.0.request.body", KeyError),
    "nothing recorded": lambda c: c.update(reads={}, interactions=[]),
    "a text body": set_at("interactions.0.request.body", {"text": "{,}"}),
    "a null body": set_at("interactions.0.request.body", {"json": None}),
    "an empty base64 body": set_at("interactions.0.response.body", {"base64": ""}),
    "a field of a later recorder": set_at("interactions.0.took_ms", 3),
}
REFUSED = {
    "another format": set_at("format", 3),
    "no format": set_at("format", KeyError),
    "format true": set_at("format", True),
    "no scenario": set_at("scenario", KeyError),
    "a scenario that is a number": set_at("scenario", 7),
    "no target": set_at("target", KeyError),
    "no interactions": set_at("interactions", KeyError),
    "interactions by name": set_at("interactions", {}),
    "variables in a list": set_at("variables", []),
    "reads in a list": set_at("reads", []),
    "reads of a name": set_at("reads", {"first": []}),
    "reads that are no pointers": set_at("reads", {"0": [1]}),
    "reads that are one text": set_at("reads", {"0": "/id"}),
    "an interaction that is text": set_at("interactions.0", "GET"),
    "no request": set_at("interactions.0.request", KeyError),
    "no method": set_at("interactions.0.request.method", KeyError),
    "no uri": set_at("interactions.0.request.uri", KeyError),
    "no headers": set_at("interactions.0.request.headers", KeyError),
    "a header list": set_at("interactions.0.request.headers", {"a": ["b"]}),
    "no status": set_at("interactions.0.response.status", KeyError),
    "a status as text": set_at("interactions.0.response.status", "200"),
    "times zero": set_at("interactions.0.times", 0),
    "times as text": set_at("interactions.0.times", "2"),
    "a body of two kinds": set_at(
        "interactions.0.request.body", {"text": "a", "json": 1}
    ),
    "an empty body object": set_at("interactions.0.request.body", {}),
    "a body that is text": set_at("interactions.0.request.body", "text"),
    "a body of an unknown kind": set_at("interactions.0.request.body", {"xml": "a"}),
    "a text body that is none": set_at("interactions.0.request.body", {"text": 1}),
    "base64 that is none": set_at("interactions.0.response.body", {"base64": "?"}),
    "a file without a digest": set_at("interactions.0.response.body", {"file": "../x"}),
}


def read(cassette: dict[str, Any], folder: Path) -> None:
    path = folder / "2024-04-01.json"
    path.write_text(json.dumps(cassette), "utf-8")
    load_cassette(path)


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_there_are_committed_cassettes():
    assert len(COMMITTED) > 30


@pytest.mark.parametrize(
    "path", COMMITTED, ids=lambda p: p.relative_to(ROOT / "cassettes").as_posix()
)
def test_a_committed_cassette_is_valid(path):
    assert list(VALIDATOR.iter_errors(json.loads(path.read_text("utf-8")))) == []


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_the_reader_accepts_is_valid(name, tmp_path):
    cassette = copy.deepcopy(WHOLE)
    ACCEPTED[name](cassette)

    read(cassette, tmp_path)
    assert list(VALIDATOR.iter_errors(cassette)) == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_reader_refuses_is_not_valid(name, tmp_path):
    cassette = copy.deepcopy(WHOLE)
    REFUSED[name](cassette)

    with pytest.raises(CassetteError):
        read(cassette, tmp_path)
    assert list(VALIDATOR.iter_errors(cassette)) != []

"""Versions whose rules are alike are judged once, and nothing else comes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from recorded_stories import CASSETTES

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.contract import Contract
from azml_contract.contract.model import (
    Definition,
    Operation,
    Parameter,
    Property,
    ResponseSpec,
    SourceKind,
    Type,
)
from azml_contract.documents.recordings import read_any
from azml_contract.regression.alike import Alike
from azml_contract.regression.matrix import Judge

SOME = sorted(CASSETTES.rglob("20*.json"))[::9]


@pytest.mark.parametrize(
    "path", SOME, ids=lambda path: path.relative_to(CASSETTES).as_posix()
)
def test_judging_once_gives_what_judging_each_version_gives(path, monkeypatch):
    recording = read_any(path)
    shared = Judge().judge_known(recording).rows

    close = Alike.close

    def tell_apart(self, contract, *asked, **how):
        return close(self, contract, *asked, **how), contract.api_version

    monkeypatch.setattr(Alike, "close", tell_apart)
    apart = Judge().judge_known(recording).rows

    assert [row.to_json() for row in shared] == [row.to_json() for row in apart]


def test_versions_are_alike_only_where_everything_that_is_reached_is():
    alike = Alike()
    keys = {}
    for version in known_versions():
        contract = load_contract(version)
        operation = contract.operations.get("Jobs_CreateOrUpdate")
        if operation is not None:
            keys[version] = alike.find_key(contract, operation)

    assert keys["2024-01-01-preview"] != keys["2024-04-01"]
    assert keys["2023-04-01"] != keys["2023-10-01"]
    assert 1 < len(set(keys.values())) < len(keys)


TEXT, NUMBER = Type("string"), Type("number")
INNER = Type("ref", "Inner")


def make(
    version: str,
    *,
    inner: Type = TEXT,
    definition: dict[str, Any] | None = None,
    **more,
) -> tuple[Contract, Operation]:
    """A contract of one operation, whose body leads to `Inner` by three ways."""
    outer = {
        "a": Property("a", Type("array", items=INNER)),
        "own": Property("own", Type("ref", "Outer")),
        "lost": Property("lost", Type("ref", "Missing")),
    }
    own = {"properties": {"x": Property("x", inner)}, **(definition or {})}
    named = {"Outer": Definition("Outer", outer), "Inner": Definition("Inner", **own)}
    body = Type("ref", "Outer")
    operation = Operation("A_Put", "PUT", "/a", body=body, result=body)
    operation = replace(operation, responses={"200": ResponseSpec(body)})
    operation = replace(operation, **more)
    contract = Contract(version, SourceKind.SWAGGER, named, {"A_Put": operation})
    return contract, operation


@pytest.mark.parametrize(
    "change",
    [
        {"inner": NUMBER},
        {"definition": {"additional": TEXT}},
        {"definition": {"discriminator": "x"}},
        {"definition": {"variants": {"a": "Outer"}}},
        {"definition": {"base": "Outer"}},
        {"definition": {"discriminator_value": "x"}},
        {"definition": {"properties": {}}},
        {"definition": {"properties": {"x": Property("x", TEXT, required=True)}}},
        {"definition": {"properties": {"x": Property("x", TEXT, secret=True)}}},
        {"definition": {"properties": {"x": Property("x", TEXT, read_only=True)}}},
        {"definition": {"properties": {"x": Property("x", TEXT, write_only=True)}}},
        {"definition": {"properties": {"x": Property("x", TEXT, nullable=None)}}},
        {"id": "B_Put"},
        {"method": "PATCH"},
        {"path": "/b"},
        {"parameters": (Parameter("p", "query", TEXT, required=True),)},
        {"queries_known": False},
        {"body": None},
        {"body_required": True},
        {"responses": None},
        {"responses": {"201": ResponseSpec(None)}},
        {"responses": {"200": ResponseSpec(None)}},
        {"responses": {"200": ResponseSpec(Type("ref", "Outer"), ("etag",))}},
        {"result": None},
        {"assumed": True},
    ],
    ids=str,
)
def test_a_key_tells_each_rule_that_differs(change):
    alike = Alike()
    key = alike.find_key(*make("2030-01-01"))
    assert alike.find_key(*make("2030-02-01")) == key
    assert alike.find_key(*make("2030-03-01", **change)) != key


def test_names_that_tell_a_variant_are_collected_of_all_that_is_reached():
    alike = Alike()
    told = {"discriminator": "kind", "variants": {"a": "Other"}}
    contract, operation = make("2030-01-01", definition=told)
    alike.find_key(contract, operation)
    assert alike.tags == {"kind"}
    assert alike.close(contract, None) == 0
    assert alike.close(contract, TEXT) != alike.close(contract, NUMBER)
    assert alike.find_key(contract, operation) is alike.find_key(contract, operation)

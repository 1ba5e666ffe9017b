"""Strength, sets of versions, owners of paths, schemas of editors: each by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from azml_contract.contract.editor_schema import allow_slots, write_settings
from azml_contract.contract.imported import Imported
from azml_contract.contract.model import (
    Definition,
    Operation,
    Property,
    SourceKind,
    Type,
)
from azml_contract.contract.resource_path import find_owner, path_names, skeleton
from azml_contract.contract.strength import measure_strength
from azml_contract.contract.version_set import Membership, write_versions

TEXT = Type("string")
WHOLE = Operation("Jobs_Get", "GET", "/jobs/{id}", responses={})


@pytest.mark.parametrize(
    ("operation", "counts"),
    [
        (WHOLE, (4, 4, 0)),
        (replace(WHOLE, responses=None), (3, 4, 0)),
        (replace(WHOLE, queries_known=False), (3, 4, 0)),
        (replace(WHOLE, long_running=None), (3, 4, 0)),
        (replace(WHOLE, paging=None), (3, 4, 0)),
        (replace(WHOLE, paging=None, carried_from="2024-04-01"), (3, 4, 3)),
    ],
)
def test_an_operation_is_worth_its_four_facts(
    operation: Operation, counts: Any
) -> None:
    version = Imported("v", SourceKind.SWAGGER, {}, {operation.id: operation})

    assert tuple(measure_strength(version)) == counts


def test_a_property_is_worth_two_facts_that_are_known_together() -> None:
    known, blurred = Property("a", TEXT), Property("b", TEXT, nullable=None)
    carried = Property("c", TEXT, carried_from="2024-04-01")
    whole = Definition("Whole", {"a": known, "b": blurred, "c": carried})
    other = Definition("Other", {"a": known, "b": blurred}, carried_from="2024-04-01")
    version = Imported("v", SourceKind.SWAGGER, {"Whole": whole, "Other": other}, {})

    assert tuple(measure_strength(version)) == (6, 10, 4)


STABLE = ["2021-01-01", "2022-05-01", "2023-04-01", "2024-04-01"]
PREVIEW = ["2021-03-01-preview", "2023-02-01-preview"]


@pytest.mark.parametrize(
    ("members", "written"),
    [
        ([*STABLE, *PREVIEW], ""),
        (STABLE, "2021-01-01.."),
        (STABLE[1:], "2022-05-01.."),
        (STABLE[1:3], "2022-05-01..2023-04-01"),
        (STABLE[1:2], "2022-05-01"),
        ([STABLE[0], STABLE[2]], "2021-01-01 2023-04-01"),
        ([STABLE[1], *PREVIEW], "2021-03-01-preview.. 2022-05-01"),
        ([PREVIEW[0], STABLE[3]], "2021-03-01-preview 2024-04-01.."),
    ],
)
def test_a_set_of_versions_is_written_shortly_and_read_again(
    members: list[str], written: str
) -> None:
    everything = [*STABLE, *PREVIEW]

    assert write_versions(members, everything) == written
    for version in everything:
        holds = Membership(version)
        assert [holds(written), holds(written)] == [version in members] * 2


def test_a_path_says_what_it_is_about() -> None:
    base = "/subscriptions/{s}/resourceGroups/{g}/providers/P"

    def told(tail: str) -> tuple[str, str, str]:
        owner = find_owner(base + tail)
        return owner.type, owner.action, owner.collection

    assert told("/Workspaces/{w}/jobs/{id}") == ("workspaces/jobs", "", "")
    assert told("/workspaces/{w}/Jobs") == ("workspaces", "Jobs", "workspaces/jobs")
    assert told("/workspaces/{w}/jobs/{id}/cancel/now") == (
        *("workspaces/jobs", "cancel/now", "workspaces/jobs/cancel/now"),
    )
    assert told("") == ("", "", "")
    assert skeleton("/A/{Name}/b/{c}") == "/a/{}/b/{}"
    assert path_names("/A/{Name}/b/{c}") == ["Name", "c"]


NUMBER = {"type": "integer"}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        (NUMBER, [1, "{{ n }}"], ["1", None]),
        ({"type": "boolean"}, [True, "{{n}}"], ["true"]),
        ({"type": ["number", "null"]}, [1.5, None, "{{ n }}"], ["x"]),
        ({"type": "string", "pattern": "^a"}, ["a", "{{ n }}"], ["b"]),
        ({"type": "string"}, ["anything"], [1]),
        ({"type": "object"}, [{}], ["{{ n }}"]),
        ({"properties": {"a": NUMBER}}, [{"a": "{{ n }}"}], [{"a": "x"}]),
        ({"$ref": "#/$defs/x", "$defs": {"x": NUMBER}}, ["{{ n }}"], ["x"]),
        ({"type": "array", "items": NUMBER}, [["{{ n }}", 1]], [["x"]]),
        ({"additionalProperties": NUMBER}, [{"a": "{{ n }}"}], [{"a": "x"}]),
        ({"additionalProperties": False}, [{}], [{"a": 1}]),
        ({"allOf": [NUMBER]}, ["{{ n }}"], ["x"]),
        ({"anyOf": [NUMBER, {"type": "null"}]}, ["{{ n }}", None], ["x"]),
        ({"oneOf": [NUMBER]}, ["{{ n }}"], ["x"]),
        (
            {
                "if": {"properties": {"kind": {"const": "a"}}},
                "then": {"properties": {"n": NUMBER}},
                "else": {"properties": {"m": NUMBER}},
            },
            [{"kind": "a", "n": "{{ n }}"}, {"kind": "b", "m": "{{ n }}"}],
            [{"kind": "a", "n": "x"}, {"kind": "b", "m": "x"}],
        ),
    ],
)
def test_a_slot_may_stand_for_any_single_value(
    schema: Any, good: list[Any], bad: list[Any]
) -> None:
    before = str(schema)
    validator = Draft202012Validator(allow_slots(schema))

    assert [one for one in good if not validator.is_valid(one)] == []
    assert [one for one in bad if validator.is_valid(one)] == []
    assert str(schema) == before


def test_settings_name_the_files_of_each_schema() -> None:
    assert write_settings({("a.json", "b/c.json"): NUMBER}) == {
        "json.schemas": [{"fileMatch": ["/a.json", "/b/c.json"], "schema": NUMBER}]
    }

"""Each change between api-versions is what its name, sentence and example say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.contract import Contract
from azml_contract.finding import Severity
from azml_contract.regression import upgrade_steps
from azml_contract.regression.migration_guide import (
    KINDS,
    PAGE,
    find_kind,
    render_guide,
)
from azml_contract.regression.upgrade import Upgrade, upgrade_body
from azml_contract.regression.upgrade_steps import load_steps
from azml_contract.validation.validator import Validator

ROOT = Path(__file__).parents[2]
STEPS = load_steps()
TARGET = [v for v in known_versions() if not v.endswith("preview")][-1]
MISSING = {"AZC101", "AZC109"}
"""An example shows what changed, not all that a body needs."""

each_step = pytest.mark.parametrize("step", STEPS, ids=[s["name"] for s in STEPS])


def find_operation(contract: Contract, definition: str) -> str | None:
    """The PUT whose ``properties`` are of that definition, or of one of its union."""
    known = contract.definitions
    for operation in contract.operations.values():
        outer = known.get(operation.body.ref) if operation.body else None
        prop = outer.properties.get("properties") if outer else None
        inner = known.get(prop.type.ref) if prop else None
        names = {inner.name, *inner.variants.values()} if inner else set()
        if operation.method == "PUT" and definition in names:
            return operation.id
    return None


def find_origin(step: dict[str, Any]) -> tuple[str, str]:
    """The newest version before the change that takes such a body, and the operation.

    Versions in between may have none: 2021-07-01 has no jobs.
    """
    older = [v for v in known_versions() if v < step["since"]]
    for version in reversed(older):
        operation = find_operation(load_contract(version), step["definitions"][0])
        if operation:
            return version, operation
    raise AssertionError(f"no version before {step['since']} has {step['definitions']}")


def run_example(step: dict[str, Any]) -> Upgrade:
    version, operation = find_origin(step)
    body = json.dumps({"properties": json.loads(step["before"])}).encode()
    return upgrade_body(body, operation, version, TARGET)


def errors_of(version: str, operation: str, properties: str) -> list[str]:
    body = json.dumps({"properties": json.loads(properties)}).encode()
    found = Validator().check_body(version, operation, body).findings
    return [
        f"{one.code} {one.pointer} {one.message}"
        for one in found
        if one.severity is Severity.ERROR and one.code not in MISSING
    ]


def test_every_change_has_a_name_of_its_own_and_a_sentence_for_users() -> None:
    names = [step["name"] for step in STEPS]
    assert len(set(names)) == len(names)
    for step in STEPS:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", step["name"])
        assert find_kind(step) in KINDS
        assert step["says"].endswith(".")
        assert step["source"]


@each_step
def test_the_example_becomes_what_it_says(step: dict[str, Any]) -> None:
    assert run_example(step).after == {"properties": json.loads(step["after"])}


@each_step
def test_the_example_is_right_before_and_after(step: dict[str, Any]) -> None:
    version, operation = find_origin(step)
    assert errors_of(version, operation, step["before"]) == []
    # What a person has to decide may still be wrong.
    open_place = f"/properties{step.get('to')}" if "decide" in step else "none"
    wrong = [
        finding
        for finding in run_example(step).findings
        if finding.severity is Severity.ERROR
        and finding.code not in MISSING
        and not finding.pointer.startswith(open_place)
    ]
    assert wrong == []


@each_step
def test_the_example_needs_the_step(
    step: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the step the body, or what a person has to decide, is another."""
    whole = run_example(step)
    others = tuple(one for one in STEPS if one is not step)
    monkeypatch.setattr(upgrade_steps, "load_steps", lambda: others)
    without = run_example(step)
    assert (without.after, without.decisions) != (whole.after, whole.decisions)


def test_the_guide_is_made_from_the_steps() -> None:
    page = (ROOT / PAGE).read_text("utf-8")
    assert page == render_guide()
    for step in STEPS:
        assert f"#### {step['name']}\n\n{step['says']}\n" in page

"""Whether one api-version takes every body of another: proven, or a body shows it."""

from __future__ import annotations

import itertools
import json
import random

import pytest
from soak import sized

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.change import ChangeKind
from azml_contract.contract.diff import diff_contracts
from azml_contract.contract.model import View
from azml_contract.contract.samples import make_samples
from azml_contract.contract.schema import write_schema
from azml_contract.contract.views import Lens
from azml_contract.finding import Severity, Side
from azml_contract.validation.judge import Engine, compile_judge
from azml_contract.validation.proof import Proof, Proven, prove
from azml_contract.validation.validator import Profile, Validator

STABLE = [version for version in known_versions() if "preview" not in version]
PAIRS = list(itertools.pairwise(STABLE))
_PARAMETERS = (
    ChangeKind.PARAMETER_ADDED,
    ChangeKind.PARAMETER_CHANGED,
    ChangeKind.PARAMETER_REMOVED,
)


def prove_one(before: str, after: str, operation: str) -> Proof:
    contracts = load_contract(before), load_contract(after)
    (found,) = prove(*contracts, operation=operation)
    return found


def test_what_is_one_and_the_same_is_proven():
    found = prove_one("2024-04-01", "2024-10-01", "Jobs_CreateOrUpdate")
    assert found == Proof("Jobs_CreateOrUpdate", Proven.YES)


def test_what_is_refused_is_shown_by_a_small_body_that_both_judges_tell_apart():
    found = prove_one("2021-03-01-preview", "2022-05-01", "DataVersions_CreateOrUpdate")

    assert found.proven is Proven.NO
    assert found.body == {"properties": {"path": "a"}}
    assert found.to_json()["body"] == found.body
    for engine in Engine:
        said = []
        for version in ("2021-03-01-preview", "2022-05-01"):
            contract = load_contract(version)
            body = contract.operations["DataVersions_CreateOrUpdate"].body
            schema = write_schema(contract.definitions, body, Lens(View.CREATE))
            said.append(compile_judge(schema, engine)(found.body))
        assert said == [True, False]


def test_an_operation_that_is_not_there_is_gone_only_where_the_source_tells():
    told = prove_one("2021-03-01-preview", "2021-07-01", "Jobs_CreateOrUpdate")
    untold = prove_one(
        "2023-08-01-preview", "2026-05-01", "LabelingJobs_CreateOrUpdate"
    )

    assert told.proven is Proven.GONE
    assert untold.proven is Proven.UNKNOWN


@pytest.mark.parametrize("version", ["2021-03-01-preview", "2024-04-01", "2026-05-01"])
def test_samples_are_taken_and_hold_every_property(version):
    contract = load_contract(version)
    lens = Lens(View.CREATE)
    body = contract.operations["Jobs_CreateOrUpdate"].body
    takes = compile_judge(write_schema(contract.definitions, body, lens))
    made = list(make_samples(contract.definitions, body, lens, most=20_000))

    assert sum(map(takes, made)) > 0.95 * len(made)
    named = {name for one in made for name in one["properties"]}
    job = contract.definitions["CommandJob"].properties
    assert {name for name, prop in job.items() if not prop.read_only} <= named
    assert all(json.dumps(one) for one in made)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize(
    "pair",
    random.Random(7).sample(PAIRS, sized(3, len(PAIRS))),
    ids=lambda pair: " ".join(pair),
)
def test_proof_difference_and_verdict_agree_on_neighbouring_versions(pair):
    """No change breaks what is proven; what is refuted is a change, and a finding."""
    before, after = map(load_contract, pair)
    validator = Validator(profile=Profile.STRICT)
    for one in prove(before, after):
        broken = [
            change
            for change in diff_contracts(before, after, operation=one.operation)
            if Side.REQUEST in change.breaks and change.kind not in _PARAMETERS
        ]
        if one.proven is Proven.YES:
            assert not broken, one.operation
        if one.proven is not Proven.NO:
            continue
        assert broken, one
        operation = before.operations[one.operation]
        twin = next(
            now
            for now in after.operations.values()
            if (now.method, now.path.lower())
            == (operation.method, operation.path.lower())
        )
        text = json.dumps(one.body).encode()
        was = validator.check_body(pair[0], operation.id, text).findings
        now = validator.check_body(pair[1], twin.id, text).findings
        # What a body means (ids, bindings) is beside what its schema takes.
        meant = {(f.code, f.pointer) for f in was if f.severity is Severity.ERROR}
        fresh = [f for f in now if (f.code, f.pointer) not in meant]
        assert any(f.severity is Severity.ERROR for f in fresh), one

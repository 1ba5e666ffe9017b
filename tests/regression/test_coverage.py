"""Coverage: what calls exercise, out of what the contract has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from azml_contract.cassette.cassette import load_cassette
from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.regression.coverage import Coverage
from azml_contract.regression.exercised import Kind, list_items

ROOT = Path(__file__).parents[2]
CASSETTES = sorted((ROOT / "cassettes").rglob("*.json"))
WORKSPACE = (
    "https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000000"
    "/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/w"
)


def call(
    method: str,
    path: str,
    sent: Any = None,
    *,
    status: int = 200,
    received: Any = None,
    version: str = "2024-04-01",
) -> Exchange:
    def encode(body: Any) -> bytes:
        if isinstance(body, bytes):
            return body
        return b"" if body is None else json.dumps(body).encode()

    url = f"{WORKSPACE}/{path}?api-version={version}"
    request = Request(method, url, (), encode(sent))
    return Exchange(request, Response(status, (), encode(received)))


def cover(*calls: Exchange) -> dict[str, Any]:
    """The coverage of calls of one version."""
    coverage = Coverage()
    coverage.add(calls)
    (version,) = coverage.to_json()["versions"]
    return version


def test_a_command_job_exercises_its_own_type_and_those_inside_it() -> None:
    body = {
        "properties": {
            "jobType": "Command",
            "command": "python train.py",
            "environmentId": "e",
            "inputs": {"iris": {"jobInputType": "uri_file", "uri": "u"}},
            "limits": {"jobLimitsType": "Command", "timeout": "PT1H"},
        }
    }
    covered = cover(call("PUT", "jobs/j", body, status=201))
    assert covered["operations"]["hit"] == {"Jobs": ["Jobs_CreateOrUpdate"]}
    assert covered["discriminator_values"]["hit"] == {
        "JobBase.jobType": ["Command"],
        "JobInput.jobInputType": ["uri_file"],
        "JobLimits.jobLimitsType": ["Command"],
    }
    assert covered["properties"]["hit"] == {
        "CommandJob": ["command", "environmentId", "inputs", "jobType", "limits"],
        "CommandJobLimits": ["jobLimitsType", "timeout"],
        "JobBaseResource": ["properties"],
        "UriFileJobInput": ["jobInputType", "uri"],
    }
    assert covered["status_codes"]["hit"] == {"Jobs_CreateOrUpdate": ["201"]}
    assert covered["status_codes"]["missed"] == {
        "Jobs_CreateOrUpdate": ["200", "default"]
    }
    assert "Sweep" in covered["discriminator_values"]["missed"]["JobBase.jobType"]


def test_answers_count_like_requests() -> None:
    received = {"value": [{"name": "j", "properties": {"jobType": "Sweep"}}]}
    covered = cover(call("GET", "jobs", received=received))
    assert covered["discriminator_values"]["hit"] == {"JobBase.jobType": ["Sweep"]}
    assert covered["properties"]["hit"] == {
        "JobBaseResource": ["name", "properties"],
        "JobBaseResourceArmPaginatedResult": ["value"],
        "SweepJob": ["jobType"],
    }


def test_an_error_answer_exercises_the_default_code_and_its_body() -> None:
    received = {"error": {"code": "NotFound", "message": "m"}}
    covered = cover(call("GET", "jobs/j", status=404, received=received))
    assert covered["status_codes"]["hit"] == {"Jobs_Get": ["default"]}
    assert covered["properties"]["hit"] == {
        "ErrorDetail": ["code", "message"],
        "ErrorResponse": ["error"],
    }


@pytest.mark.parametrize("value", ["Imaginary", 7, None, ["Command"]])
def test_a_discriminator_value_that_is_none_exercises_nothing(value: object) -> None:
    covered = cover(call("PUT", "jobs/j", {"properties": {"jobType": value}}))
    assert covered["discriminator_values"]["exercised"] == 0
    assert covered["properties"]["hit"] == {"JobBaseResource": ["properties"]}


def test_a_discriminator_value_in_another_case_counts_and_a_name_does_not() -> None:
    body = {"properties": {"jobType": "command", "Command": "echo"}}
    covered = cover(call("PUT", "jobs/j", body))
    assert covered["discriminator_values"]["hit"] == {"JobBase.jobType": ["Command"]}
    assert covered["properties"]["hit"]["CommandJob"] == ["jobType"]


def test_a_body_with_raw_line_breaks_counts_and_one_that_is_no_json_does_not() -> None:
    body = b'{"properties": {"condaFile": "a\nb"}}'
    version = "2024-04-01"
    covered = cover(call("PUT", "environments/e/versions/1", body, version=version))
    assert covered["properties"]["hit"]["EnvironmentVersion"] == ["condaFile"]
    torn = cover(call("PUT", "environments/e/versions/1", b'{"properties": '))
    assert torn["operations"]["exercised"] == 1
    assert torn["properties"]["exercised"] == 0


def test_calls_of_other_hosts_paths_and_versions_are_counted_apart() -> None:
    coverage = Coverage()
    coverage.add(
        [
            call("GET", "jobs", version="1999-01-01"),
            call("GET", "nonsense/of/it"),
            Exchange(
                Request("GET", "https://login.microsoftonline.com/t"), Response(200)
            ),
        ]
    )
    assert coverage.to_json() == {"format": 1, "other_calls": 3, "versions": []}


def test_joined_counts_are_those_of_one_count() -> None:
    recorded = [[i.exchange for i in load_cassette(p).interactions] for p in CASSETTES]
    whole, first, second = Coverage(), Coverage(), Coverage()
    for index, exchanges in enumerate(recorded):
        whole.add(exchanges)
        (first if index % 2 else second).add(exchanges)
    first.merge(second)
    assert first.to_json() == whole.to_json()


def test_numbers_and_lists_of_the_committed_cassettes_agree() -> None:
    coverage = Coverage()
    for path in CASSETTES:
        coverage.add(i.exchange for i in load_cassette(path).interactions)
    for version in coverage.to_json()["versions"]:
        contract = load_contract(version["api_version"])
        assert version["operations"]["total"] == len(contract.operations)
        for kind in Kind:
            counted = version[kind]
            hit, missed, beyond = (
                sum(len(names) for names in counted[part].values())
                for part in ("hit", "missed", "beyond")
            )
            assert counted["exercised"] == hit > 0
            assert counted["in_reach"] == hit + missed
            assert counted["total"] == hit + missed + beyond


@pytest.mark.parametrize("version", known_versions())
def test_whatever_a_contract_has_can_be_reached_by_its_operations(version: str) -> None:
    contract = load_contract(version)
    items = list_items(contract, contract.operations.values())
    for group, name in items.by_kind[Kind.PROPERTIES]:
        assert name in contract.definitions[group].properties
    for group, value in items.by_kind[Kind.DISCRIMINATOR_VALUES]:
        base = contract.definitions[group.partition(".")[0]]
        listed = base.properties[base.discriminator].type.enum
        assert value in base.variants or value in listed
    named = {(o.id, c) for o in contract.operations.values() for c in o.responses or ()}
    assert items.by_kind[Kind.STATUS_CODES] == named

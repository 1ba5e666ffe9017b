"""Bodies of the kinds that people reported: found what is wrong, left what is right."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from azml_contract.exchange import Request, Response
from azml_contract.finding import Evidence, Severity
from azml_contract.settings import PLACEHOLDERS
from azml_contract.validation.validator import Validator

PROVIDER = PLACEHOLDERS.workspace_id.rpartition("/workspaces/")[0]
STORE = "/subscriptions/{}/resourceGroups/rg/providers/Microsoft.{}".format(
    "7d0c9c4e-5a55-4b52-9a4e-1c2d3e4f5a6b", "{}"
)
NOTHING: Mapping[str, str] = MappingProxyType({})


class Case(NamedTuple):
    """A PUT, and the code at each pointer: errors, then what is milder."""

    path: str
    version: str
    body: Any
    errors: Mapping[str, str] = NOTHING
    others: Mapping[str, str] = NOTHING


SCHEDULE = {
    "properties": {
        "displayName": "each night",
        "trigger": {
            "triggerType": "Cron",
            "expression": "0 3 * * *",
            "timeZone": "UTC",
            "startTime": "2024-01-05T03:00:00",
        },
        "action": {
            "actionType": "CreateJob",
            "jobDefinition": {
                "jobType": "Pipeline",
                "computeId": "azureml:gpu",
                "inputs": {"run": {"jobInputType": "literal", "value": "${{name}}"}},
                "jobs": {
                    "clean": {"type": "command", "componentId": "azureml:clean:4"},
                    "fit": {
                        "type": "command",
                        "componentId": "azureml:fit:1",
                        "inputs": {
                            "run": {
                                "job_input_type": "literal",
                                "value": "${{parent.inputs.run}}",
                            },
                            "table": {
                                "job_input_type": "literal",
                                "value": "${{parent.jobs.clean.outputs.table}}",
                            },
                        },
                    },
                },
            },
        },
    }
}
BLOBS = {
    "properties": {
        "datastoreType": "AzureBlob",
        "accountName": "rawdata",
        "containerName": "images",
        "endpoint": "core.windows.net",
        "protocol": "https",
        "credentials": {
            "credentialsType": "Sas",
            "secrets": {"secretsType": "Sas", "sasToken": "?sv=2021&sig=x"},
        },
    }
}
HOST = {
    "properties": {
        "capabilityHostKind": "Agents",
        "vectorStoreConnections": ["search"],
        "aiServicesConnections": ["models"],
        "storageConnections": ["files"],
    }
}
SWEEP = {
    "properties": {
        "jobType": "Sweep",
        "objective": {"primaryMetric": "auc", "goal": "Maximize"},
        "searchSpace": {"depth": ["choice", [[2, 4, 8]]]},
        "trial": {
            "command": "python fit.py --depth ${{search_space.depth}}",
            "environmentId": "azureml:xgb:2",
        },
        "computeId": "azureml:cpu",
        "samplingAlgorithm": {"samplingAlgorithmType": "Grid"},
        "limits": {"jobLimitsType": "Sweep", "maxTotalTrials": 3, "timeout": "90"},
    }
}
CONNECTION = {
    "properties": {
        "authType": "ApiKey",
        "category": "AzureOpenAI",
        "target": "https://models.example",
        "credentials": {"key": "k", "deployment": "gpt"},
        "expiryTime": None,
    }
}
TEXTUAL = '{"location": "westeurope", "properties": {%s, "hbiWorkspace": "yes"}}'
RIGHT: dict[str, Case] = {
    "a schedule of a job": Case("schedules/nightly", "2023-04-01", SCHEDULE),
    "the same, as it began": Case("schedules/nightly", "2022-10-01", SCHEDULE),
    "a capability host": Case("capabilityHosts/agents", "2024-10-01-preview", HOST),
    "a datastore": Case("datastores/raw?skipValidation=true", "2022-05-01", BLOBS),
    "and now": Case("datastores/raw?skipValidation=true", "2026-05-01", BLOBS),
}
WRONG: dict[str, Case] = {
    "a connection before its time": Case(
        "connections/openai",
        "2023-10-01",
        CONNECTION,
        {"/properties/authType": "AZC108"},
        {"/properties/category": "AZC106"},
    ),
    "and at a preview that knows a part of it": Case(
        "connections/openai",
        "2023-08-01-preview",
        CONNECTION,
        {
            "/properties/credentials/deployment": "AZC102",
            "/properties/expiryTime": "AZC105",
        },
    ),
    "properties of later versions": Case(
        "",
        "2022-05-01",
        {
            "location": "westeurope",
            "properties": {
                "systemDatastoresAuthMode": "identity",
                "provisionNetworkNow": True,
                "storageAccount": STORE.format("Storage/storageAccounts/raw"),
            },
        },
        {
            "/properties/systemDatastoresAuthMode": "AZC111",
            "/properties/provisionNetworkNow": "AZC111",
        },
    ),
    "a name without its first quote": Case(
        "",
        "2022-05-01",
        TEXTUAL % 'description": "k"',
        {"/properties": "AZC130", "/properties/hbiWorkspace": "AZC104"},
    ),
    "a name without its last quote": Case(
        "",
        "2022-05-01",
        TEXTUAL % '"friendlyName: "a"',
        {"/properties": "AZC130", "/properties/hbiWorkspace": "AZC104"},
    ),
    "ids that are none, or of another kind": Case(
        "",
        "2022-05-01",
        {
            "location": "westeurope",
            "properties": {
                "keyVault": STORE.format("KeyVault/vaults/v")[1:],
                "storageAccount": STORE.format("KeyVault/vaults/v"),
                "applicationInsights": "insights",
            },
        },
        {
            "/properties/keyVault": "AZC162",
            "/properties/storageAccount": "AZC161",
            "/properties/applicationInsights": "AZC162",
        },
    ),
    **{
        f"a duration of a number at {version}": Case(
            "jobs/sweep",
            version,
            SWEEP,
            {"/properties/limits/timeout": "AZC119"},
        )
        for version in ("2022-05-01", "2024-04-01", "2024-10-01", "2026-05-01")
    },
}


def judge(case: Case):
    place = f"{PLACEHOLDERS.workspace_id}/{case.path}".rstrip("/")
    mark = "&" if "?" in place else "?"
    url = f"{PLACEHOLDERS.endpoint}{place}{mark}api-version={case.version}"
    text = case.body if isinstance(case.body, str) else json.dumps(case.body)
    return Validator().check_request(Request("PUT", url, (), text.encode())).findings


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_has_no_finding(name):
    assert judge(RIGHT[name]) == ()


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found_at_its_place_and_nothing_else(name):
    case = WRONG[name]
    found = judge(case)

    errors = {f.pointer: f.code for f in found if f.severity is Severity.ERROR}
    others = {f.pointer: f.code for f in found if f.severity is not Severity.ERROR}
    assert errors == case.errors
    assert others == case.others
    assert len(found) == len(errors) + len(others)


@pytest.mark.parametrize("version", ["2023-10-01", "2023-08-01-preview"])
def test_where_people_say_that_it_works_nothing_is_a_fact(version):
    for one in judge(Case("connections/openai", version, CONNECTION)):
        assert one.evidence is Evidence.UNKNOWN
        assert "is not in the written contract" in one.message
        assert "is not known" in one.message


def test_null_for_what_is_required_is_told_as_the_contract_says():
    body = {"properties": {"jobType": "Command", "command": None, "environmentId": "e"}}

    (found,) = judge(Case("jobs/j", "2024-04-01", body))

    assert (found.code, found.evidence) == ("AZC105", Evidence.SPEC)
    assert "not known" not in found.message


def test_a_cure_of_what_the_service_took_says_so():
    inner = {"authType": "None", "category": "Git", "target": "t", "credentials": {}}

    (found,) = judge(
        Case("connections/one", "2022-01-01-preview", {"properties": inner})
    )

    assert found.cure == "It works as it is. By the written contract: remove it."


@pytest.mark.parametrize(
    ("version", "severity", "told"),
    [
        ("2022-06-01-preview", Severity.INFO, "lacked it in 17 of 103 exchanges"),
        ("2023-02-01-preview", Severity.INFO, "lacked it in 8 of 19 exchanges"),
        ("2024-04-01", Severity.WARNING, "(child-jobs-without-properties)"),
    ],
)
def test_what_live_answers_lack_is_no_error(version, severity, told):
    place = f"{PLACEHOLDERS.endpoint}{PLACEHOLDERS.workspace_id}/jobs/child"
    answer = {"id": f"{PLACEHOLDERS.workspace_id}/jobs/c", "name": "c", "type": "t"}

    (found,) = (
        Validator()
        .check_response(
            Request("GET", f"{place}?api-version={version}"),
            Response(200, (), json.dumps(answer).encode()),
        )
        .findings
    )

    assert (found.code, found.severity) == ("AZC201", severity)
    assert told in found.message


def test_what_one_variant_requires_is_missed_whatever_others_lack():
    """Half of the jobs that were read are no command jobs, and have no command."""
    place = f"{PLACEHOLDERS.endpoint}{PLACEHOLDERS.workspace_id}/jobs/j"
    answer = {
        "id": "/i",
        "name": "j",
        "type": "t",
        "properties": {"jobType": "Command", "environmentId": "e"},
    }

    (found,) = (
        Validator()
        .check_response(
            Request("GET", f"{place}?api-version=2022-10-01-preview"),
            Response(200, (), json.dumps(answer).encode()),
        )
        .findings
    )

    assert (found.code, found.pointer) == ("AZC201", "/properties/command")
    assert found.severity is Severity.ERROR

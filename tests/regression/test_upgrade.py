"""Bodies rewritten for another api-version: names, places, values, decisions."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from azml_contract.client import Workspace
from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.emulator.server import Emulator
from azml_contract.errors import ContractError, InputError
from azml_contract.finding import Severity
from azml_contract.lro import InstantClock
from azml_contract.regression.upgrade import Upgrade, guess_operation, upgrade_body
from azml_contract.regression.upgrade_steps import load_steps

OLD, NEW = "2021-03-01-preview", "2026-05-01"
BODIES = Path(__file__).parents[2] / "scenarios" / "bodies"
DOCUMENTED = BODIES / OLD / "documented"
VERBS = {"move", "each", "uri", "spread", "set", "look", "text", "flags", "drop"}
FIVE = {
    "environment.txt": "EnvironmentSpecificationVersions_CreateOrUpdate",
    "data.json": "DataVersions_CreateOrUpdate",
    "code.json": "CodeVersions_CreateOrUpdate",
    "command_job.json": "Jobs_CreateOrUpdate",
    "sweep_job.json": "Jobs_CreateOrUpdate",
}


def upgrade(
    properties: dict[str, Any], operation: str = "Jobs_CreateOrUpdate", to: str = NEW
) -> Upgrade:
    body = json.dumps({"properties": properties}).encode()
    return upgrade_body(body, operation, OLD, to)


def upgrade_file(name: str, to: str = NEW) -> Upgrade:
    return upgrade_body((DOCUMENTED / name).read_bytes(), FIVE[name], OLD, to)


def apply(patch: list[dict[str, Any]], body: Any) -> Any:
    """RFC 6902, as far as it is written here: add, remove, replace."""
    body = copy.deepcopy(body)
    for operation in patch:
        *parents, last = [
            step.replace("~1", "/").replace("~0", "~")
            for step in operation["path"].split("/")[1:]
        ]
        holder = body
        for step in parents:
            holder = holder[step]
        if operation["op"] == "remove":
            del holder[last]
        else:
            assert (last in holder) == (operation["op"] == "replace")
            holder[last] = operation["value"]
    return body


@pytest.mark.parametrize("name", FIVE)
def test_the_documented_bodies_have_no_error_at_the_newest_version(name):
    made = upgrade_file(name)

    assert [f for f in made.findings if f.severity is Severity.ERROR] == []
    assert apply(made.operations(), made.before) == made.after


@pytest.mark.parametrize("to", [v for v in known_versions() if v >= "2022-02"])
def test_the_command_job_is_right_at_every_version_that_has_jobs(to):
    made = upgrade_file("command_job.json", to)

    assert [f for f in made.findings if f.severity is Severity.ERROR] == []


def test_the_command_job_is_written_as_the_new_family_writes_it():
    made = upgrade_file("command_job.json")

    expected = json.loads((BODIES / "2022-05-01" / "command_job.json").read_text())
    assert made.after == expected
    assert [d.pointer for d in made.decisions] == [
        "/properties/inputs/iris/jobInputType"
    ]


def test_the_environment_keeps_its_conda_file_and_gets_an_image():
    properties = upgrade_file("environment.txt").after["properties"]

    assert set(properties) == {"condaFile", "image"}
    assert properties["condaFile"].startswith("channels:\n")


def test_data_gets_a_type_and_a_uri():
    assert upgrade_file("data.json").after["properties"] == {
        "description": "Iris dataset",
        "dataType": "uri_file",
        "dataUri": "https://azuremlexamples.blob.core.windows.net/datasets/iris.csv",
    }


def test_values_are_spelled_as_the_target_spells_them():
    at_preview = upgrade_file("data.json", "2022-02-01-preview")

    assert at_preview.after["properties"]["dataType"] == "UriFile"


def test_a_path_without_an_extension_is_for_a_person_to_decide():
    store = "/subscriptions/s/resourceGroups/g/providers/p/datastores/lake"
    made = upgrade(
        {"datastoreId": store, "path": "folder/iris"}, "DataVersions_CreateOrUpdate"
    )

    assert made.after["properties"]["dataUri"] == (
        "azureml://datastores/lake/paths/folder/iris"
    )
    assert [d.pointer for d in made.decisions] == ["/properties/dataType"]
    marked = [op for op in made.operations() if "decide" in op]
    assert [op["path"] for op in marked] == ["/properties/dataType"]
    assert "uri_folder" in marked[0]["decide"]


def test_a_sweep_keeps_its_space_its_limits_and_passes_its_parameters():
    properties = upgrade_file("sweep_job.json").after["properties"]

    assert set(properties["searchSpace"]) == {"learning_rate", "boosting"}
    assert (
        "--learning_rate ${{search_space.learning_rate}}"
        in (properties["trial"]["command"])
    )
    assert properties["samplingAlgorithm"] == {"samplingAlgorithmType": "Random"}
    assert properties["limits"] == {
        "jobLimitsType": "Sweep",
        "maxTotalTrials": 20,
        "maxConcurrentTrials": 10,
        "timeout": "PT120M",
    }
    assert properties["objective"]["goal"] == "Minimize"


def test_bindings_of_a_trial_move_to_the_sweep():
    trial = {
        "command": "python train.py --iris $AZURE_ML_INPUT_iris",
        "environmentId": "azureml:e:1",
        "inputDataBindings": {"iris": {"dataId": "azureml:iris:1"}},
        "timeout": "PT1H",
    }
    made = upgrade({"jobType": "Sweep", "algorithm": "Grid", "trial": trial})
    properties = made.after["properties"]

    assert properties["inputs"]["iris"]["uri"] == "azureml:iris:1"
    assert properties["trial"]["command"].endswith("${{inputs.iris}}")
    assert "inputDataBindings" not in properties["trial"]
    assert properties["limits"]["trialTimeout"] == "PT1H"


def test_an_input_that_nothing_binds_is_left_and_told():
    made = upgrade_file("sweep_job.json")

    assert "$AZURE_ML_INPUT_iris" in made.after["properties"]["trial"]["command"]
    (decision,) = made.decisions
    assert decision.pointer == "/properties/trial/command"
    assert "no input binds it" in decision.reason


def test_outputs_name_their_datastore_in_a_uri():
    binding = {
        "datastoreId": "/subscriptions/s/x/datastores/lake",
        "pathOnDatastore": "models",
        "mode": "Upload",
    }
    made = upgrade({"jobType": "Command", "outputDataBindings": {"model": binding}})

    assert made.after["properties"]["outputs"]["model"] == {
        "jobOutputType": "uri_folder",
        "mode": "Upload",
        "uri": "azureml://datastores/lake/paths/models",
    }


def test_a_datastore_loses_its_wrapper():
    contents = {
        "contentsType": "AzureBlob",
        "accountName": "account",
        "containerName": "container",
        "credentials": {"credentialsType": "None"},
        "endpoint": "core.windows.net",
        "protocol": "https",
    }
    made = upgrade({"contents": contents}, "Datastores_CreateOrUpdate")

    assert made.after["properties"]["datastoreType"] == "AzureBlob"
    assert made.after["properties"]["accountName"] == "account"
    assert "contents" not in made.after["properties"]
    assert [f for f in made.findings if f.severity is Severity.ERROR] == []


def test_what_no_table_knows_becomes_a_decision_never_silence():
    made = upgrade({"jobType": "Command", "command": "x", "nonsense": 1})
    reasons = {d.pointer: d.reason for d in made.decisions}

    assert "nonsense" in reasons["/properties/nonsense"]
    assert "environmentId" in reasons["/properties/environmentId"]


def test_a_body_of_the_same_family_is_left_alone():
    body = (BODIES / "2022-05-01" / "sweep_job.json").read_bytes()
    made = upgrade_body(body, "Jobs_CreateOrUpdate", "2022-05-01", NEW)

    assert made.after == made.before
    assert made.operations() == []
    assert made.edits == ()


def test_a_version_without_the_operation_is_an_error():
    with pytest.raises(ContractError) as caught:
        upgrade_body(b"{}", "Jobs_CreateOrUpdate", OLD, "2021-07-01")

    assert "2021-07-01 has no PUT" in str(caught.value)


def test_what_is_no_json_object_is_an_error():
    with pytest.raises(InputError) as caught:
        upgrade_body(b"{,", "Jobs_CreateOrUpdate", OLD, NEW)

    assert "no JSON object" in str(caught.value)


@pytest.mark.parametrize(("name", "operation"), FIVE.items())
def test_what_a_body_is_for_is_guessed_with_the_help_of_its_name(name, operation):
    body = (DOCUMENTED / name).read_bytes()

    assert guess_operation(body, OLD, Path(name).stem) == operation


def test_a_body_that_may_be_several_things_has_to_be_named():
    with pytest.raises(InputError) as caught:
        guess_operation((DOCUMENTED / "code.json").read_bytes(), OLD)

    assert str(caught.value) == (
        "what the body is for is not clear (CodeVersions_CreateOrUpdate, "
        "DataVersions_CreateOrUpdate, ModelVersions_CreateOrUpdate)"
    )


@pytest.mark.parametrize("step", load_steps(), ids=lambda s: s.get("from") or s["to"])
def test_a_step_names_what_the_contracts_have(step):
    """The first name of `from` is declared before `since`, that of `to` after."""
    before = [v for v in known_versions() if v < step["since"]]
    owners = [
        load_contract(version).definitions[name].properties
        for version in before
        for name in step["definitions"]
        if name in load_contract(version).definitions
    ]
    assert step["source"]
    assert step["do"] in VERBS
    name = step.get("from", "").split("/")[1:2]
    if step["do"] != "look":
        assert any(set(name) <= set(properties) for properties in owners), name


@pytest.mark.slow
def test_the_emulator_accepts_the_five_bodies_and_runs_both_jobs():
    with Emulator(azurite=False) as emulator:
        workspace = Workspace(emulator.settings, api_version=NEW, clock=InstantClock())
        with workspace:
            compute = {
                "location": "westeurope",
                "properties": {
                    "computeType": "AmlCompute",
                    "properties": {
                        "vmSize": "STANDARD_DS3_V2",
                        "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 2},
                    },
                },
            }
            made = workspace.put("computes/cpu-cluster", compute).expect(201)
            workspace.wait(made)
            ids = {"compute_id": made.json["id"], "datastore_id": "x"}
            for file, path, slot in (
                ("environment.txt", "environments/e/versions/1", "environment_id"),
                ("data.json", "data/d/versions/1", "data_id"),
                ("code.json", "codes/c/versions/1", "code_id"),
            ):
                answer = workspace.put(path, fill(file, ids)).expect(201)
                ids[slot] = answer.json["id"]
            for file, job in (("command_job.json", "one"), ("sweep_job.json", "two")):
                workspace.put(f"jobs/{job}", fill(file, ids)).expect(201)
                done = workspace.wait(f"jobs/{job}").json["properties"]
                assert done["status"] == "Completed"


def fill(file: str, ids: dict[str, str]) -> Any:
    text = json.dumps(upgrade_file(file).after)
    for name, value in ids.items():
        text = text.replace(f"{{{{ {name} }}}}", value)
    return json.loads(text)


BINDING = {
    "datastoreId": "/subscriptions/s/x/datastores/lake",
    "pathOnDatastore": "models",
    "pathOnCompute": "model/out",
    "mode": "Mount",
}


def test_what_a_binding_says_of_places_and_modes_is_kept_or_told():
    made = upgrade(
        {
            "jobType": "Command",
            "inputDataBindings": {"iris": {"dataId": "azureml:i:1", "mode": "Mount"}},
            "outputDataBindings": {
                "model": BINDING,
                "nameless": {"datastoreId": "lake", "pathOnDatastore": "models"},
                "pathless": {"datastoreId": "/subscriptions/s/x/datastores/lake"},
            },
        }
    )
    properties = made.after["properties"]
    reasons = {d.pointer: d.reason for d in made.decisions}

    assert properties["inputs"]["iris"]["mode"] == "ReadOnlyMount"
    assert properties["outputs"]["model"]["mode"] == "ReadWriteMount"
    assert "'model/out'" in reasons["/properties/outputs/model"]
    assert "${{outputs.model}}" in reasons["/properties/outputs/model"]
    assert "workspaceblobstore" in reasons["/properties/outputs/nameless/uri"]
    assert "datastores/lake" in reasons["/properties/outputs/pathless"]


def test_a_value_that_only_the_old_version_took_is_for_a_person():
    inputs = {"iris": {"dataId": "azureml:i:1", "mode": "Upload"}}
    made = upgrade({"jobType": "Command", "inputDataBindings": inputs})

    assert "/properties/inputs/iris/mode" in [d.pointer for d in made.decisions]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("AzureFile", "fileShareName"), ("AzureDataLakeGen2", "filesystem")],
)
def test_a_container_is_called_what_its_kind_of_datastore_calls_it(kind, name):
    contents = {
        "contentsType": kind,
        "accountName": "account",
        "containerName": "container",
        "credentials": {
            "credentialsType": "ServicePrincipal",
            "clientId": "3b1f0c52-7a5e-4a0b-9d55-0f9f3a1c7e21",
            "tenantId": "3b1f0c52-7a5e-4a0b-9d55-0f9f3a1c7e21",
            "resourceUri": "https://example.org",
            "secrets": {"secretsType": "ServicePrincipal"},
        },
        "endpoint": "core.windows.net",
        "protocol": "https",
    }
    made = upgrade({"contents": contents}, "Datastores_CreateOrUpdate")
    properties = made.after["properties"]

    assert properties[name] == "container"
    assert properties["credentials"]["resourceUrl"] == "https://example.org"
    assert made.findings == ()


def test_nothing_is_dropped_without_a_word():
    made = upgrade(
        {
            "jobType": "Command",
            "compute": {"target": "c", "location": "westeurope", "own": 1},
        }
    )
    reasons = {d.pointer: d.reason for d in made.decisions}
    assert "location" in reasons["/properties/compute/location"]
    assert "left of compute" in reasons["/properties/compute"]

    docker = {"dockerSpecificationType": "Image", "dockerImageUri": "i", "own": 1}
    made = upgrade(
        {"docker": docker}, "EnvironmentSpecificationVersions_CreateOrUpdate"
    )
    assert [d.pointer for d in made.decisions] == ["/properties/docker"]

    linked = {"contents": {}, "linkedInfo": {"origin": "Synapse"}}
    made = upgrade(linked, "Datastores_CreateOrUpdate")
    assert "/properties/linkedInfo" in [d.pointer for d in made.decisions]


@pytest.mark.parametrize("spelled", ["uri_file", "UriFile", "uri-file", "URI_FILE"])
def test_a_value_is_spelled_as_the_target_spells_it(spelled):
    body = {"properties": {"dataType": spelled, "dataUri": "azureml:iris:1"}}
    raw = json.dumps(body).encode()
    made = upgrade_body(raw, "DataVersions_CreateOrUpdate", "2022-05-01", NEW)

    assert made.after["properties"]["dataType"] == "uri_file"
    told = f"/dataType: {spelled!r} -> 'uri_file'"
    assert made.edits == (() if spelled == "uri_file" else (told,))
    assert made.decisions == ()

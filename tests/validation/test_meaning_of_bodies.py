"""Ids, bindings and search spaces: what a schema cannot say about a body."""

from __future__ import annotations

import pytest

from azml_contract.settings import PLACEHOLDERS
from azml_contract.validation.calls import Scope
from azml_contract.validation.search_space import DISTRIBUTIONS, find_fault

HOME = PLACEHOLDERS.workspace_id
S = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
OTHER = HOME.replace("/workspaces/workspace", "/workspaces/elsewhere")


def codes(findings):
    return [f.code for f in findings]


def only(findings):
    assert len(findings) == 1, findings
    return findings[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("codeId", f"{HOME}/codes/train/versions/1"),
        ("environmentId", f"{HOME.lower()}/environments/lightgbm/versions/1"),
        ("environmentId", f"{HOME}/environments/lightgbm/labels/latest"),
        ("environmentId", "azureml:lightgbm:1"),
        ("environmentId", "azureml://registries/azureml/environments/e/versions/1"),
        ("computeId", f"{HOME}/computes/cpu-cluster"),
        ("computeId", "cpu-cluster"),
        ("componentId", f"{HOME}/components/train/versions/1"),
    ],
)
def test_ids_of_the_right_kind_and_workspace_are_fine(check, command_job, name, value):
    command_job["properties"][name] = value

    assert check("PUT", "jobs/j", command_job, profile="strict") == []


def test_an_id_of_another_workspace_is_a_warning(check, command_job):
    command_job["properties"]["codeId"] = f"{OTHER}/codes/train/versions/1"

    finding = only(check("PUT", "jobs/j", command_job))

    assert (finding.code, finding.severity) == ("AZC160", "warning")
    assert finding.message == (
        "This id names workspace elsewhere; the call goes to workspace."
    )
    assert finding.pointer == "/properties/codeId"


def test_an_id_outside_the_configured_workspace_is_an_error(check, command_job):
    command_job["properties"]["codeId"] = f"{OTHER}/codes/train/versions/1"
    scope = Scope(workspace="workspace")

    finding = only(check("PUT", "jobs/j", command_job, scope=scope))

    assert (finding.code, finding.severity) == ("AZC160", "error")
    assert "configured is workspace" in finding.message


def test_an_environment_id_in_code_id_says_where_it_belongs(check, command_job):
    value = f"{HOME}/environments/lightgbm/versions/1"
    command_job["properties"]["codeId"] = value

    finding = only(check("PUT", "jobs/j", command_job))

    assert finding.code == "AZC161"
    assert finding.message == (
        "`codeId` wants codes/versions, this id names environments/versions."
    )
    assert finding.cure == "Such an id belongs into environmentId."


def test_a_component_in_code_id_says_where_it_belongs(check, command_job):
    command_job["properties"]["codeId"] = f"{HOME}/components/train/versions/1"

    finding = only(check("PUT", "jobs/j", command_job))

    assert finding.cure == "Such an id belongs into componentId."


def test_an_id_without_a_version_is_told(check, command_job):
    command_job["properties"]["environmentId"] = f"{HOME}/environments/lightgbm"

    finding = only(check("PUT", "jobs/j", command_job))

    assert (finding.code, finding.severity) == ("AZC161", "warning")
    assert finding.cure == "Append /versions/VERSION."


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("/subscriptions//resourceGroups/rg", "was a variable empty?"),
        (f"{HOME}/codes", "no name stands after codes"),
        (f"{HOME}/codes/train/versions/1/", "it ends in a slash"),
        (f"{HOME[1:]}/codes/train/versions/1", "it must start with a slash"),
    ],
)
def test_malformed_ids_say_why(check, command_job, value, reason):
    command_job["properties"]["codeId"] = value

    finding = only(check("PUT", "jobs/j", command_job))

    assert finding.code == "AZC162"
    assert reason in finding.message


def test_ids_of_other_providers_are_left_alone(check):
    storage = (
        "/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network"
        "/virtualNetworks/v/subnets/s"
    )
    body = {
        "properties": {
            "computeType": "AmlCompute",
            "properties": {"subnet": {"id": storage}},
        }
    }

    assert check("PUT", "computes/cpu", body, profile="strict") == []


def test_what_users_write_for_themselves_may_name_anything(check, command_job):
    other = f"{HOME.replace('workspaces/', 'workspaces/other-')}/codes/c/versions/1"
    command_job["properties"] |= {
        "tags": {"made from": other},
        "environmentVariables": {"PARENT": other},
    }

    assert check("PUT", "jobs/j", command_job) == []


@pytest.mark.parametrize("reading", ["${{inputs.iris}}", "${{ inputs.iris }}"])
def test_an_input_that_is_read_must_be_declared(check, command_job, reading):
    command_job["properties"]["command"] = f"python train.py {reading}"
    assert check("PUT", "jobs/j", command_job) == []

    command_job["properties"]["inputs"]["irs"] = command_job["properties"][
        "inputs"
    ].pop("iris")

    finding = only(check("PUT", "jobs/j", command_job))
    assert (finding.code, finding.severity) == ("AZC170", "error")
    assert finding.message == (
        "The command reads ${{inputs.iris}}, and no input iris is declared; "
        "declared is: irs."
    )
    assert finding.cure == "Did you mean irs?"


def test_outputs_are_declared_too_but_default_comes_by_itself(check, command_job):
    command = "python train.py ${{outputs.default}} ${{outputs.model}}"
    command_job["properties"]["command"] = command

    finding = only(check("PUT", "jobs/j", command_job))

    assert finding.code == "AZC170"
    assert finding.message.endswith("and no output model is declared.")


def test_input_variables_are_bound_by_either_family(check, command_job):
    command_job["properties"]["command"] = "python x.py $AZURE_ML_INPUT_IRIS"
    assert check("PUT", "jobs/j", command_job) == []

    old = {
        "jobType": "Command",
        "command": "python x.py ${AZURE_ML_INPUT_iris} $AZURE_ML_INPUT_other",
        "compute": {"target": "cpu-cluster"},
        "inputDataBindings": {"iris": {"dataId": f"{HOME}/data/iris/versions/1"}},
    }
    found = check("PUT", "jobs/j", {"properties": old}, version="2021-03-01-preview")

    assert codes(found) == ["AZC174"]
    assert found[0].message == (
        "The command reads $AZURE_ML_INPUT_other, and no input other is bound; "
        "bound is: iris."
    )


def test_an_environment_variable_of_that_name_binds_it(check, command_job):
    command_job["properties"] |= {
        "command": "python train.py $AZURE_ML_INPUT_extra",
        "environmentVariables": {"AZURE_ML_INPUT_extra": "1"},
    }

    assert check("PUT", "jobs/j", command_job) == []


def test_environment_variables_of_a_wrong_type_bind_nothing(check, command_job):
    command_job["properties"] |= {
        "command": "python train.py $AZURE_ML_INPUT_extra",
        "environmentVariables": 5,
    }

    assert "AZC174" in codes(check("PUT", "jobs/j", command_job))


def test_expressions_of_other_kinds_are_left_alone(check, command_job):
    command_job["properties"]["command"] = "echo ${{variables.x}} ${{parent.y}}"

    assert check("PUT", "jobs/j", command_job) == []


def test_search_space_parameters_are_declared_and_read(check, sweep_job):
    trial = sweep_job["properties"]["trial"]
    trial["command"] = "python train.py ${{search_space.learning_rate}}"

    undeclared, unread = check("PUT", "jobs/s", sweep_job)

    assert (undeclared.code, undeclared.severity) == ("AZC171", "warning")
    assert undeclared.pointer == "/properties/trial/command"
    assert (unread.code, unread.severity) == ("AZC172", "warning")
    assert unread.pointer == "/properties/searchSpace/lr"
    assert unread.cure == "Add ${{search_space.lr}} to the command."


def test_names_with_dashes_are_arguments_and_need_no_mention(check, sweep_job):
    sweep_job["properties"]["searchSpace"] = {"--lr": ["uniform", [0.05, 0.8]]}
    sweep_job["properties"]["trial"]["command"] = "python train.py"

    assert check("PUT", "jobs/s", sweep_job) == []


def test_the_command_of_a_component_reads_its_own_inputs(check):
    body = {
        "properties": {
            "componentSpec": {
                "command": "python train.py ${{inputs.a}} ${{inputs.b}}",
                "inputs": {"a": {"type": "string"}},
            }
        }
    }

    finding = only(check("PUT", "components/train/versions/1", body))

    assert (finding.code, finding.seen) == ("AZC170", "b")


@pytest.mark.parametrize(
    "expression",
    [
        ["choice", [["gbdt", "dart"]]],
        ["choice", [[{"values": [1]}]]],
        ["randint", [16]],
        ["uniform", [0.05, 0.8]],
        ["quniform", [1, 10, 2]],
        ["loguniform", [-6, -1]],
        ["qloguniform", [-6, -1, 0.1]],
        ["normal", [0, 1]],
        ["qnormal", [0, 1, 2]],
        ["lognormal", [0, 1]],
        ["qlognormal", [0, 1, 2]],
    ],
)
def test_every_distribution_with_its_arguments_is_fine(expression):
    assert find_fault(expression) is None
    assert expression[0] in DISTRIBUTIONS


@pytest.mark.parametrize(
    ("expression", "message", "cure"),
    [
        (
            ["unifrom", [0, 1]],
            '"unifrom" is no distribution',
            'Did you mean "uniform"?',
        ),
        (
            ["Uniform", [0, 1]],
            '"Uniform" is no distribution',
            'Did you mean "uniform"?',
        ),
        (
            ["uniform", [0.8]],
            "uniform takes min, max, not 1 arguments",
            'Write ["uniform", [min, max]].',
        ),
        (["uniform", 3], "uniform takes min, max, not 0 arguments", None),
        (["uniform", [1, 0]], "min of uniform is not below max", None),
        (["uniform", ["0", "1"]], 'min of uniform is "0", not a number', None),
        (["quniform", [0, 1, 0]], "q of quniform must be above 0", None),
        (["normal", [0, -1]], "sigma of normal must be above 0", None),
        (["randint", [1.5]], "upper of randint must be whole", None),
        (
            ["choice", ["gbdt", "dart"]],
            "choice takes one argument, the list of values",
            'Write ["choice", [["a", "b"]]], the values in a list of their own.',
        ),
        (["choice", [[]]], "choice has no values", "Give it values."),
        (
            "uniform(0, 1)",
            '"uniform(0, 1)" is no distribution with its arguments',
            None,
        ),
        ([], "an array of 0 is no distribution with its arguments", None),
    ],
)
def test_a_bad_expression_says_what_it_takes(expression, message, cure):
    fault = find_fault(expression)

    assert fault is not None
    assert fault[0] == message
    assert cure is None or fault[1] == cure


def test_expressions_are_checked_in_requests(check, sweep_job):
    sweep_job["properties"]["searchSpace"]["lr"] = ["uniform", [0.8]]

    finding = only(check("PUT", "jobs/s", sweep_job))

    assert (finding.code, finding.pointer) == ("AZC173", "/properties/searchSpace/lr")


def test_the_job_of_a_schedule_is_checked_too(check, sweep_job):
    job = sweep_job["properties"]
    job["searchSpace"]["lr"] = ["uniform", [0.8]]
    body = {
        "properties": {
            "action": {"actionType": "CreateJob", "jobDefinition": job},
            "trigger": {"triggerType": "Cron", "expression": "0 1 * * *"},
        }
    }

    finding = only(check("PUT", "schedules/nightly", body))

    pointer = "/properties/action/jobDefinition/searchSpace/lr"
    assert (finding.code, finding.pointer) == ("AZC173", pointer)


def test_bindings_are_seen_through_miscased_names(check, command_job, sweep_job):
    command_job["properties"]["Inputs"] = command_job["properties"].pop("inputs")
    found = codes(check("PUT", "jobs/j", command_job))
    assert found == ["AZC103"]

    properties = sweep_job["properties"]
    properties["Trial"] = {"Command": "a ${{search_space.lrr}}", "environmentId": "e"}
    properties["SearchSpace"] = {"lr": ["unifrm", [0, 1]]}
    del properties["trial"], properties["searchSpace"]
    found = check("PUT", "jobs/j", sweep_job)
    places = {f.code: f.pointer for f in found if f.code > "AZC111"}
    assert places == {
        "AZC171": "/properties/Trial/Command",
        "AZC172": "/properties/SearchSpace/lr",
        "AZC173": "/properties/SearchSpace/lr",
    }


@pytest.fixture
def pipeline():
    """A pipeline of two nodes; a test may change it."""
    data = {"job_input_type": "literal", "value": "${{parent.inputs.iris}}"}
    model = {"value": "${{parent.jobs.train.outputs.model}}"}
    return {
        "properties": {
            "jobType": "Pipeline",
            "inputs": {
                "iris": {"jobInputType": "literal", "value": "a"},
            },
            "outputs": {"scores": {"jobOutputType": "uri_folder"}},
            "jobs": {
                "train": {"componentId": "azureml:t:1", "inputs": {"data": data}},
                "score": {
                    "command": "score ${{inputs.model}} --to ${{outputs.to}}",
                    "inputs": {"model": model},
                    "outputs": {"to": "${{parent.outputs.scores}}"},
                    "limits": ["${{parent.inputs.iris.rate}}"],
                },
            },
        }
    }


def test_nodes_of_a_pipeline_bind_what_the_pipeline_has(check, pipeline):
    assert check("PUT", "jobs/p", pipeline, profile="strict") == []


@pytest.mark.parametrize(
    ("binding", "message", "cure"),
    [
        (
            "${{parent.inputs.iriss}}",
            "${{parent.inputs.iriss}} names no input of the pipeline; it has iris.",
            "Did you mean iris?",
        ),
        (
            "x ${{ parent.outputs.gone }}",
            "${{parent.outputs.gone}} names no output of the pipeline; it has scores.",
            "Add gone to `outputs` of the pipeline.",
        ),
        (
            "${{parent.jobs.trian}}",
            "${{parent.jobs.trian}} names no job of the pipeline; it has train, score.",
            "Did you mean train?",
        ),
    ],
)
def test_a_node_that_binds_what_is_not_there(check, pipeline, binding, message, cure):
    pipeline["properties"]["jobs"]["score"]["inputs"]["model"]["value"] = binding

    finding = only(check("PUT", "jobs/p", pipeline))

    assert (finding.code, finding.severity) == ("AZC175", "warning")
    assert finding.pointer == "/properties/jobs/score/inputs/model/value"
    assert (finding.message, finding.cure) == (message, cure)


def test_the_command_of_a_node_reads_what_the_node_binds(check, pipeline):
    score = pipeline["properties"]["jobs"]["score"]
    score["command"] = "score ${{inputs.modle}}"

    finding = only(check("PUT", "jobs/p", pipeline))

    assert (finding.code, finding.pointer) == (
        "AZC170",
        "/properties/jobs/score/command",
    )
    score["componentId"] = "azureml:score:1"  # declares what the body does not show
    assert check("PUT", "jobs/p", pipeline) == []


def test_a_pipeline_within_a_pipeline_is_the_parent_of_its_own_nodes(check, pipeline):
    inner = {
        "inputs": {"x": "${{parent.inputs.iris}}"},
        "jobs": {"a": {"inputs": {"b": "${{parent.inputs.x}}"}}},
    }
    pipeline["properties"]["jobs"]["inner"] = inner
    assert check("PUT", "jobs/p", pipeline) == []

    spec = {"componentSpec": inner | {"inputs": {"y": {}}}}
    finding = only(check("PUT", "components/c/versions/1", {"properties": spec}))
    assert finding.pointer == "/properties/componentSpec/jobs/a/inputs/b"


def test_names_that_are_right_win_over_miscased_twins(check, command_job):
    command_job["properties"]["Inputs"] = {"other": {}}

    found = check("PUT", "jobs/j", command_job)

    assert "AZC170" not in codes(found)


def test_pointers_below_miscased_names_are_those_of_the_body_as_sent(check):
    job = {
        "JobType": "Command",
        "Command": "a",
        "environmentId": "azureml:e:1",
        "Inputs": {"a/b": {"jobInputType": "uri_file", "Uri": f"{HOME}/codes/c"}},
    }

    found = check("PUT", "jobs/j", {"Properties": job})

    (wrong_kind,) = (f for f in found if f.code == "AZC161")
    assert wrong_kind.pointer == "/Properties/Inputs/a~1b/Uri"


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("keyVault", f"{S[1:]}/providers/Microsoft.KeyVault/vaults/kv", "AZC162"),
        ("keyVault", f"{S}/providers/microsoft.keyvault/VAULTS/kv", None),
        ("storageAccount", "st1", "AZC162"),
        ("storageAccount", f"{S}/providers/Microsoft.KeyVault/vaults/kv", "AZC161"),
        (
            "containerRegistry",
            f"{S}/providers/Microsoft.Insights/components/a",
            "AZC161",
        ),
        ("applicationInsights", f"{S}/providers/Microsoft.Insights/components/a", None),
        ("applicationInsights", "", None),
        ("friendlyName", "st1", None),
    ],
)
def test_a_workspace_names_what_it_stands_on_by_ids_of_the_right_kind(
    check, key, value, code
):
    body = {"location": "eastus", "properties": {key: value}}

    found = check("PUT", "", body)

    assert [f.code for f in found] == ([code] if code else [])


def test_a_slash_in_front_is_a_cure_that_is_certain(check):
    body = {
        "properties": {"keyVault": f"{S[1:]}/providers/Microsoft.KeyVault/vaults/k"}
    }

    (finding,) = check("PUT", "", body)

    assert finding.cure == "Put a slash in front."
    assert finding.fix.certain
    assert finding.fix.edits[0].value.startswith("/subscriptions/")


def test_what_a_workspace_stands_on_is_looked_at_under_miscased_names_too(check):
    wrong = f"{S}/providers/Microsoft.Insights/components/a"
    body = {"location": "eastus", "properties": {"KEYVAULT": wrong}}

    found = {f.code: f for f in check("PUT", "", body)}

    assert set(found) == {"AZC103", "AZC161"}
    assert found["AZC161"].pointer == "/properties/KEYVAULT"

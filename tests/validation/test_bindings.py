"""What a command or a node reads is declared: inputs, outputs, what a pipeline has."""

from __future__ import annotations

import random
from typing import Any

import pytest
from findings import codes, only
from soak import sized

from azml_contract.finding import Side
from azml_contract.settings import PLACEHOLDERS
from azml_contract.validation import bindings
from azml_contract.validation.grade import Grader, Profile
from azml_contract.validation.validator import Validator

HOME = PLACEHOLDERS.workspace_id


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


def test_a_variable_of_an_input_writes_its_dashes_as_underscores(check, command_job):
    given = command_job["properties"]["inputs"]
    given["My-own-Iris"] = given.pop("iris")
    reads = "python x.py $AZURE_ML_INPUT_my_own_iris $AZURE_ML_INPUT_MY_OTHER"
    command_job["properties"]["command"] = reads

    finding = only(check("PUT", "jobs/j", command_job))

    assert (finding.code, finding.seen) == ("AZC174", "MY_OTHER")


def test_a_part_of_an_input_is_bound_by_the_input_and_not_by_its_own_name(
    check, command_job
):
    command_job["properties"]["command"] = "python x.py ${{inputs.iris.path}}"
    assert check("PUT", "jobs/j", command_job) == []

    given = command_job["properties"]["inputs"]
    given["path"] = given.pop("iris")

    assert codes(check("PUT", "jobs/j", command_job)) == ["AZC170"]


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


@pytest.mark.parametrize(
    ("trial", "codes_told"),
    [
        ("x", ["AZC104"]),
        ([], ["AZC104"]),
        ({"environmentId": "azureml:e:1"}, ["AZC101"]),
        ({"environmentId": "azureml:e:1", "command": 5}, ["AZC104"]),
    ],
)
def test_a_trial_without_a_command_reads_nothing(check, sweep_job, trial, codes_told):
    sweep_job["properties"]["trial"] = trial

    assert codes(check("PUT", "jobs/s", sweep_job)) == codes_told


def test_expressions_of_other_kinds_are_left_alone(check, command_job):
    command_job["properties"]["command"] = "echo ${{variables.x}} ${{parent.y}}"

    assert check("PUT", "jobs/j", command_job) == []


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


def test_a_quick_look_at_a_command_finds_nothing_wrong_that_is_told(monkeypatch):
    """What is told of any command is told without the quick look, too."""
    dice = random.Random(3)
    grader = Grader(Profile.SERVICE, "2023-10-01", "Jobs_CreateOrUpdate", Side.REQUEST)
    jobs = [make_job(dice) for _ in range(sized(3000, 100_000))]

    said = [bindings.check_bindings(grader, job, None) for job in jobs]

    quick = [
        bindings._is_bound(text, *bound)
        for job in jobs
        for text, _, *bound in bindings._find_commands(job, None)
    ]
    monkeypatch.setattr(bindings, "_is_bound", lambda *_: False)
    assert said == [bindings.check_bindings(grader, job, None) for job in jobs]
    assert len(quick) / 5 < sum(quick) < len(quick) * 4 / 5


READS = (
    *("${{inputs.a}}", "${{ inputs.b }}", "${{outputs.a}}", "${{outputs.default}}"),
    *("${{inputs.a.b}}", "${{search_space.a}}", "${{search_space.b }}", "${{other.a}}"),
    *("$AZURE_ML_INPUT_a", "${AZURE_ML_OUTPUT_A_b}", "text", "${{inputs.a"),
)


def make_job(dice: random.Random) -> dict[str, Any]:
    """A job or a component whose command reads what is bound, or something else."""

    def bind() -> Any:
        names = dice.sample(("a", "b", "a-b", "a.b", "A_b", "--c"), dice.randrange(6))
        return dice.choice((dict.fromkeys(names, 1),) * 9 + (None, 3, []))

    def fill(holder: dict[str, Any]) -> dict[str, Any]:
        reads = dice.choices(READS, k=dice.randrange(3))
        made = {**holder, "command": " ".join(reads)}
        for key in ("inputs", "outputs", "inputDataBindings", "environmentVariables"):
            if dice.random() < 0.6:
                made[key] = bind()
        return made

    kind = dice.choice(("command", "trial", "componentSpec"))
    if kind == "command":
        return fill({})
    return {kind: fill({}), "searchSpace": bind(), "inputs": bind()}


def test_what_a_body_means_is_looked_at_however_many_came_before(
    make_request, command_job
):
    command_job["properties"]["command"] = "python x.py ${{inputs.unheard}}"
    validator = Validator()
    request = make_request("PUT", "jobs/j", command_job)

    told = [validator.check_request(request).findings for _ in range(600)]

    assert {tuple(one.code for one in found) for found in told} == {("AZC170",)}

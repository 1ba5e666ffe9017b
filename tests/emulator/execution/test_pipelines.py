"""Pipelines that really run: order, bindings, failures, reuse, conditions."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


def step(bench, command, **more):
    return {
        "type": "command",
        "command": command,
        "environmentId": bench.environment,
        **more,
    }


def bound(value):
    return {"job_input_type": "literal", "value": f"${{{{parent.{value}}}}}"}


def run(bench, name, jobs, **more):
    bench.put(name, jobType="Pipeline", jobs=jobs, **more)
    done = bench.wait(name)
    children = {
        one: bench.client.get(f"jobs/{name}.step.{one}").json().get("properties")
        for one in jobs
    }
    return done, children


@pytest.fixture(scope="module")
def component(bench):
    spec = {
        "name": "writes",
        "version": "1",
        "type": "command",
        "command": "echo ${{inputs.text}} > ${{outputs.out}}/a.txt",
        "environment": f"azureml:{bench.environment}",
        "inputs": {"text": {"type": "string", "default": "by default"}},
        "outputs": {"out": {"type": "uri_folder"}},
    }
    body = {"properties": {"componentSpec": spec}}
    return bench.client.put("components/writes/versions/1", body).json()["id"]


def two_steps(bench, component):
    return {
        "second": step(
            bench,
            "cp ${{inputs.d}}/a.txt ${{outputs.res}}/b.txt",
            inputs={"d": bound("jobs.first.outputs.out")},
            outputs={"res": bound("outputs.final")},
        ),
        "first": {
            "type": "command",
            "componentId": component,
            "inputs": {"text": bound("inputs.greeting")},
        },
    }


GIVEN = {
    "inputs": {"greeting": {"jobInputType": "literal", "value": "hello"}},
    "outputs": {"final": {"jobOutputType": "uri_folder"}},
}


def test_a_step_hands_its_file_to_the_next(bench, component):
    done, steps = run(bench, "pipe", two_steps(bench, component), **GIVEN)
    assert done["status"] == "Completed"
    assert {one["status"] for one in steps.values()} == {"Completed"}
    assert bench.read("azureml/pipe/final/b.txt") == "hello\n"


def test_the_same_step_is_reused_unless_it_is_forced(bench, component):
    run(bench, "reuse-1", two_steps(bench, component), **GIVEN)
    _, reused = run(bench, "reuse-2", two_steps(bench, component), **GIVEN)
    assert reused["first"]["properties"]["azureml.isreused"] == "true"
    forced = {"settings": {"force_rerun": True}}
    _, again = run(bench, "reuse-3", two_steps(bench, component), **GIVEN, **forced)
    assert "azureml.isreused" not in again["first"]["properties"]
    assert bench.read("azureml/reuse-3/final/b.txt") == "hello\n"


def test_a_failed_step_fails_the_pipeline_and_what_needs_it_does_not_run(bench):
    jobs = {
        "bad": step(bench, "exit 4", outputs={"o": {"jobOutputType": "uri_folder"}}),
        "after": step(bench, "true", inputs={"i": bound("jobs.bad.outputs.o")}),
    }
    done, steps = run(bench, "broken", jobs)
    assert done["status"] == "Failed"
    assert done["properties"]["azml-contract.error"] == "These steps failed: bad."
    assert steps["bad"]["status"] == "Failed"
    assert steps["after"] is None


def test_a_pipeline_may_go_on_beside_a_failed_step(bench):
    made = {"outputs": {"o": {"jobOutputType": "uri_folder"}}}
    jobs = {
        "bad": step(bench, "exit 4"),
        "slow": step(bench, "sleep 0.5", **made),
        "last": step(bench, "true", inputs={"i": bound("jobs.slow.outputs.o")}),
    }
    jobs["slow"]["command"] = "sleep 0.5; touch ${{outputs.o}}/x"
    settings = {"continue_on_step_failure": True}
    done, steps = run(bench, "goes-on", jobs, settings=settings)
    assert done["status"] == "Failed"
    assert steps["last"]["status"] == "Completed"


@pytest.mark.parametrize(
    ("word", "taken", "left"), [("true", "y", "n"), ("no", "n", "y")]
)
def test_a_condition_chooses_between_steps(bench, word, taken, left):
    jobs = {
        "tells": step(
            bench,
            f"echo {word} > ${{{{outputs.r}}}}",
            outputs={"r": {"jobOutputType": "uri_file"}},
        ),
        "choose": {
            "type": "if_else",
            "condition": "${{parent.jobs.tells.outputs.r}}",
            "true_block": "${{parent.jobs.y}}",
            "false_block": "${{parent.jobs.n}}",
        },
        "y": step(bench, "echo yes"),
        "n": step(bench, "echo no"),
    }
    done, steps = run(bench, f"choice-{word}", jobs)
    assert done["status"] == "Completed"
    assert steps[taken]["status"] == "Completed"
    assert steps[left] is None


def test_a_condition_that_cannot_be_looked_up_fails_the_pipeline_and_says_why(bench):
    jobs = {
        "choose": {
            "type": "if_else",
            "condition": "${{parent.inputs.where}}",
            "true_block": "${{parent.jobs.y}}",
        },
        "y": step(bench, "echo yes"),
    }
    given = {
        "where": {"jobInputType": "uri_file", "uri": "azureml://datastores/no/paths/a"}
    }
    done, _ = run(bench, "no-choice", jobs, inputs=given)
    assert done["status"] == "Failed"
    reason = "datastore no does not exist, or is no blob container"
    assert done["properties"]["azml-contract.error"] == reason


def test_a_cancelled_pipeline_cancels_its_steps(bench):
    bench.put("halted", jobType="Pipeline", jobs={"s": step(bench, "sleep 74747")})
    bench.wait("halted.step.s", until=("Running",))
    bench.client.post("jobs/halted/cancel")
    assert bench.wait("halted")["status"] == "Canceled"
    assert bench.wait("halted.step.s")["status"] == "Canceled"

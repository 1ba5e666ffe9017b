"""What a schema cannot say is also said inside schedules and below miscased names."""

from __future__ import annotations

from findings import codes, only

from azml_contract.settings import PLACEHOLDERS

HOME = PLACEHOLDERS.workspace_id


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

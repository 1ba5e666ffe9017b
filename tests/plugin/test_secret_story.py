"""A story full of secrets: recorded, nothing of them on the disk, replayed."""

from __future__ import annotations

import re
import sys

import pytest

pytest_plugins = ["pytester"]

STORY = """
import re
import pytest

KEY64 = "Zq3vT2xW7mN4bR6yH1cJ8kLp" * 3 + "Zq3vT2xW7mN4bR" + "=="
PLAIN = "plain words of mine"

@pytest.mark.azml(api_versions=["2024-04-01"], compute=True)
def test_secrets(azml):
    azml.put("datastores/store", {"properties": {"datastoreType": "AzureBlob",
        "accountName": "somebodysdata", "containerName": "c", "credentials": {
            "credentialsType": "AccountKey",
            "secrets": {"secretsType": "AccountKey", "key": KEY64}}}}).expect(200, 201)
    azml.put("connections/key1", {"properties": {"category": "AzureOpenAI",
        "authType": "ApiKey", "target": "https://x.openai.azure.com",
        "credentials": {"key": PLAIN}}}).expect(200, 201)
    azml.put("connections/custom", {"properties": {"category": "CustomKeys",
        "authType": "CustomKeys", "target": "x",
        "credentials": {"keys": {"one": PLAIN + " too"}}}}).expect(200, 201)
    environment = azml.put("environments/env/versions/1",
        {"properties": {"image": "python:3.11"}}).expect(200, 201).json["id"]
    azml.put("computes/cpu", {"location": "westeurope", "properties": {
        "computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_DS3_V2",
            "scaleSettings": {"maxNodeCount": 1}}}}).expect(200, 201)
    azml.put("jobs/job1", {"properties": {"jobType": "Command", "command": "x",
        "environmentId": environment, "computeId": azml.get("computes/cpu").json["id"],
        "environmentVariables": {
            "WANDB_API_KEY": "5e884898da28047151d0e56f8dc62927",
            "DB_PASSWORD": "Tr0ub4dor", "HF_TOKEN": "hf_" + "aBcD" * 9,
            "CONN": "Server=x;Password=Tr0ub4dor-2;", "MY_TOKEN": "tok-42-of-mine",
            "GIT": "https://me:Tr0ub4dor-3@dev.azure.com/o", "PLAIN": "hello",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "ClientSecret": "Tr0ub4dor-4", "sas-token": "sv=1&sig=Tr0ub4dor5",
            "REF": "${{secrets.MINE}}"}}}).expect(200, 201)
    made = azml.put("schedules/nightly", {"properties": {
        "trigger": {"triggerType": "Cron", "expression": "15 10 * * 1"},
        "action": {"actionType": "CreateJob", "jobDefinition": {
            "jobType": "Command", "command": "x", "environmentId": environment,
            "computeId": azml.get("computes/cpu").json["id"],
            "environmentVariables": {"API_TOKEN": PLAIN + " again"}}}}}).expect(201)
    follow(azml, made, r"/s:[0-9a-f-]{36}:[\\w-]{43}\\?")
    changed = azml.patch("", {"properties": {"description": "changed"}})
    follow(azml, changed.expect(202), r"/workspaceOperationsStatus/[\\w-]{43}\\?")
    assert azml.get("").json["properties"]["description"] == "changed"


def follow(azml, begun, address):
    url = begun.headers["Azure-AsyncOperation"]
    assert re.search(address, url), url
    assert azml.wait(begun).json["status"] == "Succeeded"
    assert azml.get(url).json["status"] == "Succeeded"
"""
PLANTED = ("Zq3vT2", "plain words", "5e8848", "Tr0ub4", "aBcDaBcD", "tok-42", "wJalr")


@pytest.mark.slow
def test_a_story_full_of_secrets_is_recorded_without_them_and_replays(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(test_story=STORY)
    options = ("-p", "no:cacheprovider", "-p", "no:randomly", "--azml-allow-compute")

    recorded = pytester.runpytest_subprocess(*options, "--azml-mode", "record")
    recorded.assert_outcomes(passed=1)
    (cassette,) = pytester.path.glob("cassettes/story/secrets/*.json")
    text = cassette.read_text("utf-8")
    assert [one for one in PLANTED if one in text] == []
    for begun in ("mfeOperationsStatus/s:", "workspaceOperationsStatus/"):
        assert re.search(begun + r"[\w:-]*drawn-\d+x", text), begun
    for harmless in ("hello", "${{secrets.MINE}}", '"AccountKey"'):
        assert harmless in text

    words = ("-m", "azml_contract", "cassette", "lint", "cassettes")
    linted = pytester.run(sys.executable, *words)
    assert linted.ret == 0, linted.stdout.str()
    again = pytester.runpytest_subprocess(*options)
    again.assert_outcomes(passed=1)

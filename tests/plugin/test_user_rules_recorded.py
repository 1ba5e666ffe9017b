"""A project's own redaction rules reach what its scenarios record."""

from __future__ import annotations

import json

import pytest

pytest_plugins = ["pytester"]

SCENARIO = """
import pytest

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_tagged(azml):
    body = {"properties": {"image": "python:3.11", "description": "for Contoso Ltd",
            "tags": {"internalToken": "plain words", "by": "somebody in particular"}}}
    azml.put("environments/plain/versions/1", body).expect(200, 201)
"""


@pytest.mark.slow
def test_a_recorded_cassette_holds_nothing_that_the_project_names(
    pytester, monkeypatch
):
    monkeypatch.setenv("SOMEBODY", "somebody in particular")
    pytester.makefile(
        ".toml",
        pyproject="[tool.azml-contract.redact]\n"
        'identifiers = { "Contoso Ltd" = "a company" }\n'
        'secrets = ["SOMEBODY"]\nproperties = ["internalToken"]\n',
    )
    pytester.makepyfile(test_story=SCENARIO)
    arguments = ("-p", "no:cacheprovider", "-p", "no:randomly")

    recorded = pytester.runpytest_subprocess(*arguments, "--azml-mode", "record")

    recorded.assert_outcomes(passed=1)
    path = pytester.path / "cassettes" / "story" / "tagged" / "2024-04-01.json"
    (sent,) = (
        one["request"]["body"]["json"]["properties"]
        for one in json.loads(path.read_text("utf-8"))["interactions"]
        if one["request"]["method"] == "PUT"
    )
    assert sent["description"] == "for a company"
    assert sent["tags"] == {"internalToken": "REDACTED", "by": "REDACTED"}

    replayed = pytester.runpytest_subprocess(*arguments)

    replayed.assert_outcomes(passed=1)


@pytest.mark.slow
def test_a_test_whose_own_name_is_an_identifier_is_told_so(pytester):
    pytester.makefile(
        ".toml",
        pyproject="[tool.azml-contract.redact]\n"
        'identifiers = { "contoso" = "company" }\n',
    )
    pytester.makepyfile(test_contoso=SCENARIO)

    recorded = pytester.runpytest_subprocess("--azml-mode", "record")

    recorded.assert_outcomes(failed=1)
    recorded.stdout.fnmatch_lines(
        [
            "*/contoso/tagged/2024-04-01.json was not written*",
            "*/scenario is made of the names of module and test: rename what holds it*",
        ]
    )

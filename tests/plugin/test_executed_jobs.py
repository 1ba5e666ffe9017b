"""Scenarios whose jobs really run, and recordings of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow
SCENARIO = """
import pytest

@pytest.mark.azml(api_versions=["2024-04-01"], compute=True)
def test_counts(azml):
    image = {"properties": {"image": "mcr.microsoft.com/x"}}
    made = azml.put("environments/e/versions/1", image).expect(201)
    name = azml.var("job", lambda: __import__("uuid").uuid4().hex)
    job = {"jobType": "Command", "environmentId": made.json["id"]}
    for word, state in (("true", "Completed"), ("false", "Failed")):
        body = {"properties": {**job, "command": word}}
        azml.put(f"jobs/{name}-{word}", body).expect(201)
        done = azml.wait(f"jobs/{name}-{word}").json
        assert done["properties"]["status"] == state
"""


def recorded(pytester, folder):
    pytester.makepyfile(test_story=SCENARIO)
    options = ("--azml-mode", "record", "--azml-execute", "-p", "no:cacheprovider")
    result = pytester.runpytest_subprocess(*options, "--azml-cassettes", str(folder))
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*started python*")
    (file,) = Path(folder).rglob("*.json")
    text = file.read_text()
    found = json.loads(text)
    for name, value in found["variables"].items():
        text = text.replace(value, name)
    return {**json.loads(text), "recorded_at": "", "variables": {}}


def test_two_recordings_of_jobs_that_run_are_the_same(pytester, tmp_path):
    first = recorded(pytester, tmp_path / "a")
    assert first == recorded(pytester, tmp_path / "b")
    options = ("-p", "no:cacheprovider", "--azml-cassettes", str(tmp_path / "a"))
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=1)

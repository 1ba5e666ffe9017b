"""Extend and verify in real pytest sessions, against the emulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

SCENARIO = """
from uuid import uuid4
import pytest

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_list(azml):
    assert azml.get("computes").expect(200).json["value"] == []
    name = azml.var("name", lambda: str(uuid4()))
    data = azml.put(f"data/{name}/versions/1", azml.body("data")).expect(201).json
    assert data["id"].startswith(f"/subscriptions/{azml.settings.subscription}/")
    assert data["systemData"]["createdByType"] == "User"
"""
MORE = """
    other = azml.var("other", lambda: str(uuid4()))
    azml.put(f"data/{other}/versions/1", azml.body("data")).expect(201)
    assert azml.get(f"data/{other}/versions/1").expect(200).json["name"] == "1"
"""
BODY = {
    "properties": {"dataType": "uri_file", "dataUri": "https://example.org/iris.csv"}
}


@pytest.fixture(scope="module")
def kept() -> dict[str, bytes]:
    """The cassette, once one test has recorded it."""
    return {}


@pytest.fixture
def recorded(pytester: pytest.Pytester, kept: dict[str, bytes]) -> pytest.Pytester:
    """A user's project with one scenario, recorded."""
    write_scenario(pytester, SCENARIO)
    folder = pytester.path / "bodies" / "2022-05-01"
    folder.mkdir(parents=True)
    folder.joinpath("data.json").write_text(json.dumps(BODY))
    path = cassette(pytester)
    if not kept:
        run(pytester, "record").assert_outcomes(passed=1)
        kept["cassette"] = path.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(kept["cassette"])
    return pytester


def write_scenario(pytester: pytest.Pytester, source: str) -> None:
    pytester.path.joinpath("test_story.py").write_text(source)


def run(project: pytest.Pytester, mode: str, *options: str) -> pytest.RunResult:
    return project.runpytest_subprocess(
        "-p", "no:cacheprovider", "--azml-mode", mode, *options
    )


def cassette(project: pytest.Pytester) -> Path:
    return project.path / "cassettes" / "story" / "list" / "2024-04-01.json"


def read(project: pytest.Pytester) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(cassette(project).read_text("utf-8"))
    return content


def rewrite(project: pytest.Pytester, old: str, new: str) -> None:
    text = cassette(project).read_text("utf-8")
    assert old in text
    cassette(project).write_text(text.replace(old, new), "utf-8")


def test_extend_of_a_whole_cassette_leaves_every_byte(
    recorded: pytest.Pytester,
) -> None:
    before = cassette(recorded).read_bytes()
    run(recorded, "extend").assert_outcomes(passed=1)
    assert cassette(recorded).read_bytes() == before


def test_extend_records_what_is_missing_behind_what_is_there(
    recorded: pytest.Pytester,
) -> None:
    before = read(recorded)
    write_scenario(recorded, SCENARIO + MORE)
    result = run(recorded, "extend")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["mode extend, target emulator: 1 scenario,*"])

    after = read(recorded)
    count = len(before["interactions"])
    assert after["interactions"][:count] == before["interactions"]
    added = after["interactions"][count:]
    assert [one["request"]["method"] for one in added] == ["PUT", "GET"]
    assert after["recorded_at"] == before["recorded_at"]
    assert after["variables"]["name"] == before["variables"]["name"]
    assert set(after["variables"]) == {"name", "other"}
    assert after["reads"][str(count + 1)] == ["/name"]
    assert {k: after["reads"][k] for k in before["reads"]} == before["reads"]
    run(recorded, "replay").assert_outcomes(passed=1)


def test_extend_without_a_cassette_records_one(recorded: pytest.Pytester) -> None:
    cassette(recorded).unlink()
    run(recorded, "extend").assert_outcomes(passed=1)
    run(recorded, "replay").assert_outcomes(passed=1)


def test_extend_writes_nothing_when_the_scenario_fails(
    recorded: pytest.Pytester,
) -> None:
    before = cassette(recorded).read_bytes()
    write_scenario(recorded, SCENARIO + MORE + "    assert False, 'at the end'\n")
    run(recorded, "extend").assert_outcomes(failed=1)
    assert cassette(recorded).read_bytes() == before


def test_extend_writes_nothing_while_a_recorded_call_is_no_longer_made(
    recorded: pytest.Pytester,
) -> None:
    before = cassette(recorded).read_bytes()
    write_scenario(recorded, SCENARIO.replace("versions/1", "versions/2"))
    result = run(recorded, "extend")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*holds 1 interaction that no request asked for*", "*PUT*versions/1*"]
    )
    assert cassette(recorded).read_bytes() == before


def test_extend_does_not_mix_two_targets(recorded: pytest.Pytester) -> None:
    rewrite(recorded, '"target": "emulator"', '"target": "azure"')
    result = run(recorded, "extend")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*recorded from azure and cannot be extended from emulator*"]
    )


def test_verify_of_unchanged_behaviour_passes_and_writes_nothing(
    recorded: pytest.Pytester,
) -> None:
    before = cassette(recorded).read_bytes()
    result = run(recorded, "verify")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["mode verify, target emulator: 1 scenario,*"])
    assert cassette(recorded).read_bytes() == before


def test_verify_names_what_differs_by_interaction_and_json_path(
    recorded: pytest.Pytester,
) -> None:
    rewrite(recorded, '"createdByType": "User"', '"createdByType": "Application"')
    rewrite(recorded, '"dataUri": "https:', '"dataUrl": "https:')
    rewrite(recorded, '"status": 201', '"status": 200')
    before = cassette(recorded).read_bytes()
    result = run(recorded, "verify")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*differs from what is answered now, in * places:",
            "*interaction 3: PUT https://*/data/*/versions/1*",
            "*request /properties/dataUrl: recorded text, now absent",
            "*request /properties/dataUri: recorded absent, now text",
            "*status: recorded 200, now 201",
            '*response */createdByType: recorded "Application", now "User"',
            "*record again: pytest *test_story.py::test_list*--azml-mode=record",
        ]
    )
    assert cassette(recorded).read_bytes() == before


def test_verify_says_what_differed_before_a_scenario_failed(
    recorded: pytest.Pytester,
) -> None:
    rewrite(recorded, '"status": 201', '"status": 200')
    write_scenario(recorded, SCENARIO + "    assert name == 'another'\n")
    result = run(recorded, "verify")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*assert name == 'another'",
            "*azml-contract verify*",
            "*differs from what is answered now, in 1 place:",
            "*status: recorded 200, now 201",
        ]
    )


def test_verify_names_calls_that_are_new_or_gone(recorded: pytest.Pytester) -> None:
    write_scenario(
        recorded,
        SCENARIO.replace('azml.get("computes").expect(200).json["value"] == []', "1")
        + MORE,
    )
    result = run(recorded, "verify")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*interaction 2: GET https://*/computes?*",
            "*call: recorded as made, now not made",
            "*new: PUT https://*/data/*",
            "*call: recorded nothing, now made, 201",
        ]
    )


def test_verify_without_a_cassette_names_the_command_that_records_it(
    recorded: pytest.Pytester,
) -> None:
    cassette(recorded).unlink()
    result = run(recorded, "verify")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*There is no cassette*", "*--azml-mode=record*"])


def test_a_stale_cassette_is_named_with_the_command_that_records_it(
    recorded: pytest.Pytester,
) -> None:
    when = read(recorded)["recorded_at"]
    rewrite(recorded, when, "2020-01-01T00:00:00Z")
    line = (
        "stale cassette: *2024-04-01.json is * days old (limit 90); record again: "
        "pytest *test_story.py::test_list*--azml-mode=record"
    )

    result = run(recorded, "replay", "--azml-max-age", "90")
    assert result.ret == 0
    result.stdout.fnmatch_lines([line])

    limits = ("--azml-max-age", "90", "--azml-max-age-action", "fail")
    result = run(recorded, "replay", *limits, "-n", "1")
    assert result.ret == 1
    result.stdout.fnmatch_lines([line])


def test_the_age_limit_may_stand_in_the_project(recorded: pytest.Pytester) -> None:
    rewrite(recorded, read(recorded)["recorded_at"], "2020-01-01T00:00:00Z")
    recorded.makeini("[pytest]\nazml_max_age = 90\nazml_max_age_action = fail\n")
    assert run(recorded, "replay").ret == 1
    assert run(recorded, "replay", "--azml-max-age", "99999").ret == 0
    recorded.makeini("[pytest]\nazml_max_age = soon\n")
    result = run(recorded, "replay")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*azml_max_age is a number of days, not 'soon'*"])


@pytest.mark.parametrize("days", ["nan", "inf", "-1", "1e30"])
def test_an_age_limit_that_is_none_is_a_usage_error(
    recorded: pytest.Pytester, days: str
) -> None:
    result = run(recorded, "replay", f"--azml-max-age={days}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--azml-max-age is a number of days from 0 to *"])


def test_the_marker_seeds_clients_that_draw_their_own_names(
    recorded: pytest.Pytester,
) -> None:
    source = SCENARIO.replace('azml.var("name", lambda: str(uuid4()))', "str(uuid4())")
    write_scenario(recorded, source.replace("azml(", "azml(seed=True, ", 1))
    run(recorded, "record").assert_outcomes(passed=1)
    assert list(read(recorded)["variables"]) == ["azml_seed"]
    run(recorded, "replay").assert_outcomes(passed=1)
    run(recorded, "verify").assert_outcomes(passed=1)

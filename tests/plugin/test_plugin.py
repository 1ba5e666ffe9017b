"""The plugin in real pytest sessions: modes, options, marker, failures, summary."""

from __future__ import annotations

import json
import re
from pathlib import Path

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
    azml.put(f"data/{name}/versions/1", azml.body("data")).expect(201)
"""
BODY = {
    "properties": {"dataType": "uri_file", "dataUri": "https://example.org/iris.csv"}
}


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A user's project with one scenario and no cassette."""
    write_scenario(pytester, SCENARIO)
    write_body(pytester, BODY)
    return pytester


def write_scenario(pytester: pytest.Pytester, source: str) -> None:
    pytester.path.joinpath("test_story.py").write_text(source)


def write_body(pytester: pytest.Pytester, body: object) -> None:
    folder = pytester.path / "bodies" / "2022-05-01"
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath("data.json").write_text(json.dumps(body))


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "no:cacheprovider", *options)


def cassette(project: pytest.Pytester, version: str = "2024-04-01") -> Path:
    return project.path / "cassettes" / "story" / "list" / f"{version}.json"


@pytest.fixture
def recorded(project: pytest.Pytester) -> pytest.Pytester:
    """The same project with a cassette recorded from the emulator."""
    run(project, "--azml-mode", "record").assert_outcomes(passed=1)
    return project


def edit(path: Path, change: object) -> None:
    content = json.loads(path.read_text("utf-8"))
    change(content)  # type: ignore[operator]
    path.write_text(json.dumps(content, indent=2), "utf-8")


def test_a_scenario_is_recorded_and_replayed_unchanged(
    recorded: pytest.Pytester,
) -> None:
    content = json.loads(cassette(recorded).read_text("utf-8"))
    assert content["format"] == 2
    assert content["target"] == "emulator"
    assert content["scenario"] == "story/list"
    result = run(recorded)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["*azml-contract*", "mode replay, recorded from emulator: 1 scenario,*"]
    )


def test_a_broken_cassette_names_the_command_that_records_it(
    recorded: pytest.Pytester,
) -> None:
    cassette(recorded).write_text("{", "utf-8")
    result = run(recorded)
    result.assert_outcomes(errors=1)
    cure = "record it: pytest *test_story.py::test_list*--azml-mode=record"
    result.stdout.fnmatch_lines(
        [f"*2024-04-01.json is not a cassette that can be played: not JSON*{cure}"]
    )


def test_live_mode_writes_nothing(project: pytest.Pytester) -> None:
    result = run(project, "--azml-mode", "live")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["mode live, target emulator: 1 scenario,*"])
    assert not cassette(project).exists()


def test_recording_twice_differs_in_time_and_variables_alone(
    recorded: pytest.Pytester,
) -> None:
    first = json.loads(cassette(recorded).read_text("utf-8"))
    cassette(recorded).unlink()
    run(recorded, "--azml-mode", "record").assert_outcomes(passed=1)
    second = json.loads(cassette(recorded).read_text("utf-8"))
    old, new = first["variables"]["name"], second["variables"]["name"]
    assert old != new
    for content in (first, second):
        del content["recorded_at"], content["variables"]
    assert json.dumps(first).replace(old, new) == json.dumps(second)


def test_recording_over_a_cassette_keeps_its_drawn_values(
    recorded: pytest.Pytester,
) -> None:
    first = cassette(recorded).read_text("utf-8").splitlines()
    run(recorded, "--azml-mode", "record").assert_outcomes(passed=1)
    second = cassette(recorded).read_text("utf-8").splitlines()
    assert {
        line.split(":")[0].strip()
        for line, other in zip(first, second, strict=True)
        if line != other
    } <= {'"recorded_at"'}


def test_a_failed_scenario_leaves_its_old_cassette_alone(
    recorded: pytest.Pytester,
) -> None:
    before = cassette(recorded).read_bytes()
    write_scenario(recorded, SCENARIO + "    assert False, 'after all calls'\n")
    run(recorded, "--azml-mode", "record").assert_outcomes(failed=1)
    assert cassette(recorded).read_bytes() == before


def test_a_body_that_breaks_its_contract_is_told_so_in_replay_too(
    recorded: pytest.Pytester,
) -> None:
    write_body(recorded, {"properties": {"dataType": "uri_file", "dataUrl": "x"}})
    result = run(recorded)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*has no answer for this request*",
            "*What was sent breaks its contract:*",
            "*AZC102*",
            "*Did you mean `dataUri`?*",
        ]
    )


def test_a_changed_body_fails_replay_and_says_what_differs(
    recorded: pytest.Pytester,
) -> None:
    write_body(recorded, {"properties": BODY["properties"] | {"description": "new"}})
    result = run(recorded)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*/properties/description*", "*--azml-mode*record*", "at test_story.py:9:*"]
    )


def test_a_deleted_interaction_fails_replay(recorded: pytest.Pytester) -> None:
    edit(cassette(recorded), lambda content: content["interactions"].pop())
    result = run(recorded)
    result.assert_outcomes(failed=1)
    command = "pytest 'test_story.py::test_list[[]2024-04-01]' --azml-mode=record"
    result.stdout.fnmatch_lines([f"*record again: {command}"])
    result.stdout.fnmatch_lines(
        ["*has no answer for this request*", "*PUT .../data/*", "*--azml-mode=record*"]
    )


def test_an_additional_request_fails_replay(recorded: pytest.Pytester) -> None:
    write_scenario(recorded, SCENARIO + "    azml.get('jobs').expect(200)\n")
    result = run(recorded)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*has no answer for this request*", "*GET .../jobs?api-version*"]
    )


def test_an_interaction_that_is_never_played_fails_replay(
    recorded: pytest.Pytester,
) -> None:
    write_scenario(recorded, SCENARIO.rpartition("    azml.put")[0])
    result = run(recorded)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*never*", "*PUT*"])


def test_a_cassette_that_no_test_plays_fails_a_whole_run_only(
    recorded: pytest.Pytester,
) -> None:
    orphan = cassette(recorded).with_name("2023-10-01.json")
    orphan.write_bytes(cassette(recorded).read_bytes())
    result = run(recorded)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "ERROR orphaned cassette: cassettes/*/2023-10-01.json: no test plays it; *",
            "To delete: azml-contract cassette prune * --cassettes cassettes --yes",
        ]
    )
    apart = run(recorded, "-n", "1")
    assert apart.ret == 1
    for one in (result, apart):
        one.stdout.fnmatch_lines(
            ['*; add "2023-10-01" to api_versions of test_list, or delete it']
        )
    assert run(recorded, "-k", "list").ret == 0


def test_the_summary_reaches_the_controller_of_xdist(
    recorded: pytest.Pytester,
) -> None:
    result = run(recorded, "-n", "2")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["mode replay, recorded from emulator: 1 scenario,*"])


def test_a_missing_cassette_names_the_command_that_records_it(
    project: pytest.Pytester,
) -> None:
    result = run(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*cassettes*story*list*2024-04-01.json*"])
    result.stdout.fnmatch_lines(["*--azml-mode*record*"])


def refusal(result: pytest.RunResult) -> str:
    """What a refused run printed; it must not show how the plugin is made."""
    printed = result.stdout.str() + result.stderr.str()
    assert result.ret != 0
    assert "pytest_plugin.py:" not in printed
    assert "pytest_marker.py:" not in printed
    return printed


def test_an_unknown_api_version_names_the_nearest(project: pytest.Pytester) -> None:
    printed = refusal(run(project, "--azml-api-version", "2024-04-02"))
    assert "No contract for api-version '2024-04-02'" in printed
    assert "2024-04-01" in printed


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (
            'versions=["2024-04-01"]',
            "does not know ['versions']; it takes api_versions",
        ),
        ('api_versions="2024-04-01"', 'is a list such as ["2024-04-01"], or "client"'),
        ("api_versions=[]", "is a list such as"),
        ('api_versions=["2024-04-02"]', "No contract for api-version '2024-04-02'"),
        ('profile="stict"', "profile is 'service' or 'strict', not 'stict'"),
        ('expect=["AZC102"]', 'expect holds pairs such as ("AZC102"'),
        ('expect=[("AZC999", "/x")]', "AZC999, which is no finding"),
    ],
)
def test_a_marker_that_makes_no_sense_is_refused_in_one_line(
    project: pytest.Pytester, argument: str, message: str
) -> None:
    refused = SCENARIO.replace('api_versions=["2024-04-01"]', argument)
    write_scenario(project, f"{refused}\ndef test_of_something_else():\n    pass\n")
    result = run(project)
    result.assert_outcomes(passed=1, errors=1)  # nothing else is stopped
    assert message in refusal(result)


def test_two_tests_never_share_a_cassette(project: pytest.Pytester) -> None:
    source = "def test_x(azml):\n    pass\n"
    for folder in ("a", "b"):
        project.path.joinpath(folder).mkdir()
        project.path.joinpath(folder, "test_same.py").write_text(source)
    printed = refusal(run(project, "a", "b", "--import-mode=importlib"))
    assert "would both be recorded as same/x/" in printed
    assert "Rename a module or a test" in printed


def test_classes_and_parameters_have_cassettes_of_their_own(
    project: pytest.Pytester,
) -> None:
    write_scenario(
        project,
        "import pytest\n"
        "class TestA:\n"
        "    def test_x(self, azml):\n"
        "        azml.get('computes').expect(200)\n"
        "@pytest.mark.parametrize('p', ['a/b', 'a_b', 'a b'])\n"
        "def test_par(azml, p):\n"
        "    azml.get('computes').expect(200)\n",
    )
    run(project, "--azml-mode", "record").assert_outcomes(passed=4)
    folders = {path.name for path in (project.path / "cassettes/story").iterdir()}
    assert "TestA.x" in folders
    assert "par-a_b" in folders
    assert len(folders) == 4
    run(project).assert_outcomes(passed=4)


def test_the_report_is_one_page_of_what_was_played(recorded: pytest.Pytester) -> None:
    run(recorded, "--azml-report", "out/matrix.html").assert_outcomes(passed=1)
    page = recorded.path.joinpath("out/matrix.html").read_text("utf-8")
    assert "story/list" in page
    assert "DataVersions_CreateOrUpdate" in page
    printed = refusal(run(recorded, "--azml-report", "matrix.txt"))
    assert "--azml-report writes HTML" in printed


def test_a_version_that_was_not_recorded_says_which_were(
    project: pytest.Pytester,
) -> None:
    result = run(project, "--azml-api-version", "2023-10-01")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*2023-10-01.json*", "*record*"])


def test_an_error_finding_fails_the_scenario_and_expecting_it_does_not(
    project: pytest.Pytester,
) -> None:
    write_body(project, {"properties": BODY["properties"] | {"colour": "red"}})
    result = run(project, "--azml-mode", "live")
    result.assert_outcomes(failed=1)
    line = SCENARIO.split("azml.put(")[0].count("\n") + 1
    result.stdout.fnmatch_lines(
        ["AZC102 error*/properties/colour", f"  at test_story.py:{line}"],
        consecutive=True,
    )
    result.stdout.fnmatch_lines(['*expect=[[]("AZC102", "/properties/colour")]*'])
    result.stdout.no_fnmatch_line("*Traceback*")

    marker = 'expect=[("AZC102", "/properties/colour")], api_versions'
    write_scenario(project, SCENARIO.replace("api_versions", marker, 1))
    run(project, "--azml-mode", "live").assert_outcomes(passed=1)


def test_an_expected_finding_that_does_not_occur_fails_the_scenario(
    project: pytest.Pytester,
) -> None:
    marker = 'expect=[("AZC102", "/properties/colour")], api_versions'
    write_scenario(project, SCENARIO.replace("api_versions", marker, 1))
    result = run(project, "--azml-mode", "live")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["Expected AZC102 at /properties/colour*did not occur*"]
    )


def test_an_error_answer_nobody_looked_at_fails_the_scenario(
    project: pytest.Pytester,
) -> None:
    write_scenario(project, SCENARIO + "    azml.get('jobs/none')\n")
    result = run(project, "--azml-mode", "live")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["Nobody looked at this answer*", "*404*"])


def test_a_scenario_without_a_call_is_a_failure(project: pytest.Pytester) -> None:
    write_scenario(project, "def test_nothing(azml):\n    pass\n")
    folder = project.path / "cassettes" / "story" / "nothing"
    folder.mkdir(parents=True)
    from azml_contract.contract.catalog import known_versions

    newest = [v for v in known_versions() if "-preview" not in v][-1]
    shape = {
        "format": 1,
        "scenario": "story/nothing",
        "api_version": newest,
        "target": "emulator",
        "recorded_at": "2026-11-22T10:00:00Z",
        "recorder": "azml-contract 0.1.0",
        "variables": {},
        "reads": {},
        "interactions": [],
    }
    folder.joinpath(f"{newest}.json").write_text(json.dumps(shape))
    result = run(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["No call of this scenario was validated*"])


def test_a_test_may_parametrize_its_api_version_itself(
    project: pytest.Pytester,
) -> None:
    write_scenario(
        project,
        "import pytest\n"
        "@pytest.mark.parametrize('api_version, other', [('2024-04-01', 1)])\n"
        "def test_own(api_version, other):\n"
        "    assert api_version == '2024-04-01'\n",
    )
    run(project).assert_outcomes(passed=1)


def test_replay_ignores_what_the_environment_holds(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_scenario(
        project,
        "def test_settings(azml_settings):\n"
        "    assert azml_settings.workspace == 'workspace'\n"
        "    assert azml_settings.client_secret == 'REDACTED'\n",
    )
    monkeypatch.setenv("AZML_WORKSPACE", "real-workspace")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "real-secret")
    run(project).assert_outcomes(passed=1)


def test_azure_without_settings_names_every_missing_variable(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("AZURE_SUBSCRIPTION_ID", "AZURE_TENANT_ID", "AZML_WORKSPACE"):
        monkeypatch.delenv(variable, raising=False)
    result = run(project, "--azml-mode", "live", "--azml-target", "azure")
    assert result.ret != 0
    result.stdout.fnmatch_lines(
        ["*workspace: set AZML_WORKSPACE*", "*tenant: set AZURE_TENANT_ID*"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


LEAKY = """
import logging
import pytest

@pytest.fixture
def noisy(azml):
    yield
    print("at the end", azml.settings.client_secret)

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_list(azml, noisy, tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("text")
    azml.upload(file, code=("a", "1"))
    secret = azml.settings.client_secret
    logging.getLogger("mine").warning("logged %s", secret)
    print("printed", secret)
    assert 0, f"failed with {secret}"
"""


@pytest.mark.parametrize("options", [(), ("-n", "1")])
def test_what_is_reported_of_a_live_scenario_holds_no_secret(
    project: pytest.Pytester, options: tuple[str, ...]
) -> None:
    write_scenario(project, LEAKY)
    result = run(
        project,
        *("--azml-mode", "record", "--log-level", "DEBUG", "-l", "-rA"),
        *("--log-file", "log.txt", "--junitxml", "junit.xml", *options),
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*AssertionError: failed with REDACTED*",
            "printed REDACTED",
            "*urllib3*/a.txt?*sig=REDACTED*",
            "*logged REDACTED",
            "at the end REDACTED",
        ]
    )
    written = [project.path / name for name in ("log.txt", "junit.xml")]
    said = "\n".join([result.stdout.str(), *(one.read_text() for one in written)])
    assert not re.search(r"sig=(?!REDACTED)", said)
    assert not re.search(r"(failed with|printed|logged|at the end) (?!RED)\w", said)
    assert "secret     = 'REDACTED'" in said

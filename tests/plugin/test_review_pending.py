"""`--azml-review`: what would change a cassette waits beside it; CI refuses that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

SCENARIO = """
import pytest

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_it(azml):
    azml.get("computes").expect(200)
    azml.put("environments/train/versions/1", {"properties": {"image": "%s"}})
"""


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "no:cacheprovider", *options)


def write(project: pytest.Pytester, image: str) -> None:
    project.path.joinpath("test_story.py").write_text(SCENARIO % image)


def test_a_changed_recording_waits_and_an_equal_one_does_not(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    reviewed = ["--azml-mode", "record", "--azml-review"]
    write(pytester, "registry.example.org/train:1")
    run(pytester, *reviewed).assert_outcomes(passed=1)
    cassette = pytester.path / "cassettes/story/it/2024-04-01.json"
    pending = cassette.with_suffix(".new.json")
    before = cassette.read_bytes()  # there was none to be changed
    assert not pending.exists()

    # The same, two lines lower: no change.
    file = pytester.path / "test_story.py"
    file.write_text("\n\n" + file.read_text())
    run(pytester, *reviewed).assert_outcomes(passed=1)
    assert (cassette.read_bytes(), pending.exists()) == (before, False)

    write(pytester, "registry.example.org/train:2")
    result = run(pytester, *reviewed)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["waits for review: cassettes/story/it/2024-04-01.new.json", "To review: *"]
    )
    assert cassette.read_bytes() == before
    assert "train:2" in pending.read_text()

    # Replay plays the cassette. What waits fails it in CI, and is told elsewhere.
    write(pytester, "registry.example.org/train:1")
    result = run(pytester)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["waits for review: *"])
    monkeypatch.setenv("CI", "true")
    result = run(pytester)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "ERROR waits for review: cassettes/story/it/2024-04-01.new.json",
            "ERROR To review: azml-contract cassette review cassettes",
        ]
    )
    # Recorded again as it was, nothing waits any more.
    run(pytester, *reviewed).assert_outcomes(passed=1)
    assert (cassette.read_bytes(), pending.exists()) == (before, False)


def test_verify_leaves_what_differs_and_a_failed_test_leaves_nothing(
    pytester: pytest.Pytester,
) -> None:
    write(pytester, "registry.example.org/train:1")
    run(pytester, "--azml-mode", "record").assert_outcomes(passed=1)
    cassette = pytester.path / "cassettes/story/it/2024-04-01.json"
    pending = cassette.with_suffix(".new.json")
    content = json.loads(cassette.read_text())
    content["interactions"][-1]["response"]["status"] = 200
    cassette.write_text(json.dumps(content, indent=2) + "\n")
    file = pytester.path / "test_story.py"
    good = file.read_text()
    verify = ["--azml-mode", "verify", "--azml-review"]
    file.write_text(good + "    assert False\n")
    run(pytester, *verify).assert_outcomes(failed=1)
    assert not pending.exists()
    file.write_text(good)
    result = run(pytester, *verify)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*status: recorded 200, now 201*"])
    assert json.loads(cassette.read_text()) == content
    assert (
        json.loads(pending.read_text())["interactions"][-1]["response"]["status"] == 201
    )


def test_paths_tell_a_waiting_recording_from_a_cassette(tmp_path: Path) -> None:
    from azml_contract.cassette.pending import cassette_of, find_pending, pending_of

    cassette = tmp_path / "2024-04-01.json"
    pending = pending_of(cassette)
    assert pending.name == "2024-04-01.new.json"
    assert cassette_of(pending) == cassette
    pending.write_text("{}")
    assert find_pending([tmp_path, cassette, pending]) == [pending]

"""Programs that a scenario starts: recorded with it, and answered from its cassette."""

from __future__ import annotations

import json
import shutil

import pytest
from programs import CLIENT

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

HEADER = """
import json, multiprocessing, os, subprocess, sys
import pytest, requests

def url_of(azml, path):
    return azml.url_of(path)
"""
PROGRAM = (
    CLIENT
    + """
token = login()
image = {"properties": {"image": "mcr.microsoft.com/" + sys.argv[1]}}
print(ask("PUT", "environments/e/versions/1", image, token=token)["name"])
"""
)
STARTS = (
    HEADER
    + """
@pytest.mark.azml(api_versions=["2024-04-01"])
def test_program(azml):
    azml.get("datastores").expect(200)
    words = [sys.executable, "program.py", IMAGE]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.stdout == "1\\n", done.stderr
    found = azml.get("environments/e/versions/1").expect(200)
    assert found.json["properties"]["image"] == "mcr.microsoft.com/x"
"""
)


def run(pytester: pytest.Pytester, mode: str, *options: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "--azml-mode", mode, *options
    )


def write(pytester: pytest.Pytester, test: str) -> None:
    pytester.path.joinpath("test_story.py").write_text(test)
    pytester.path.joinpath("program.py").write_text(PROGRAM)


def read(pytester: pytest.Pytester, test: str) -> list[dict]:
    path = pytester.path / "cassettes" / "story" / test / "2024-04-01.json"
    interactions = json.loads(path.read_text())["interactions"]
    return [one for one in interactions if "//login." not in one["request"]["uri"]]


def test_a_program_is_recorded_with_its_scenario_and_replayed(pytester):
    write(pytester, STARTS.replace("IMAGE", '"x"'))
    for mode in ("record", "replay", "verify", "extend", "live"):
        run(pytester, mode).assert_outcomes(passed=1)
    calls = read(pytester, "program")
    assert [one["request"]["method"] for one in calls] == ["GET", "PUT", "GET"]
    assert ["process" in one for one in calls] == [False, True, False]
    assert calls[1]["process"]["label"] == "program.py"


DRAWS = (
    CLIENT
    + """
import datetime, time
name = f"train-{time.time_ns() // 1000}"
now = datetime.datetime.now().isoformat()
body = {"properties": {"image": "mcr.microsoft.com/x", "description": now}}
ask("PUT", f"environments/{name}/versions/1", body, token=login())
print(name)
"""
)
DRAWN = (
    HEADER
    + """
import time

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_draws(azml):
    words = [sys.executable, "program.py"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = azml.get(f"environments/{done.stdout.strip()}/versions/1").expect(200)
    assert f"/{done.stdout.strip()}/" in found.json["id"]
"""
)
OWN = """
    image = {"properties": {"image": "mcr.microsoft.com/x"}}
    azml.put(f"environments/train-{time.time_ns() // 1000}/versions/1", image)
"""


def test_names_and_times_that_a_program_draws_are_bound(pytester):
    write(pytester, DRAWN)
    pytester.path.joinpath("program.py").write_text(DRAWS)
    for mode in ("record", "replay"):
        run(pytester, mode).assert_outcomes(passed=1)


def test_a_name_that_the_test_itself_draws_is_missed(pytester):
    write(pytester, DRAWN + OWN)
    pytester.path.joinpath("program.py").write_text(DRAWS)
    run(pytester, "record", "--azml-prove=memory").assert_outcomes(passed=1)
    result = run(pytester, "replay")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*has no answer for this request*"])


def test_recording_again_changes_nothing(pytester):
    write(pytester, STARTS.replace("IMAGE", '"x"'))
    run(pytester, "record").assert_outcomes(passed=1)
    first = read(pytester, "program")
    run(pytester, "record").assert_outcomes(passed=1)
    assert read(pytester, "program") == first


def test_a_call_of_a_program_that_was_not_recorded_fails_its_test(pytester):
    write(pytester, STARTS.replace("IMAGE", '"x"'))
    run(pytester, "record").assert_outcomes(passed=1)
    write(pytester, STARTS.replace("IMAGE", '"y"').replace("assert done", "done"))
    result = run(pytester, "replay")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            '*sent "mcr.microsoft.com/y", recorded "mcr.microsoft.com/x"*',
            "*It was asked by python* (program.py), a program of its own.*",
        ]
    )


def test_what_a_program_sends_is_validated(pytester):
    wrong = PROGRAM.replace('"image": "mcr', '"colour": "red", "image": "mcr')
    write(pytester, STARTS.replace("IMAGE", '"x"'))
    pytester.path.joinpath("program.py").write_text(wrong)
    result = run(pytester, "record")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*AZC102*colour*"])
    assert not pytester.path.joinpath("cassettes").exists()


def test_a_host_that_nobody_knows_is_refused_in_replay_and_fails_the_test(pytester):
    calls = (
        "import urllib.request, contextlib\n"
        "with contextlib.suppress(OSError):\n"
        "    urllib.request.urlopen('https://example.com/')\n"
    )
    write(pytester, STARTS.replace("IMAGE", '"x"'))
    run(pytester, "record").assert_outcomes(passed=1)
    pytester.path.joinpath("program.py").write_text(PROGRAM + calls)
    result = run(pytester, "replay")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*asked for example.com (python*program of its own*"])


PROCESS = (
    HEADER
    + """
def call(url, token, number, told):
    head = {"Authorization": f"Bearer {token}"}
    body = {"properties": {"image": f"mcr.microsoft.com/{number}"}}
    try:
        url = url.replace("NUMBER", str(number))
        answer = requests.put(url, json=body, headers=head)
        told.put((number, answer.status_code))
    except BaseException as error:
        told.put((number, repr(error)))

@pytest.mark.azml(api_versions=["2024-04-01"])
@pytest.mark.parametrize("kind", ["fork", "spawn", "forkserver"])
def test_process(azml, kind):
    azml.get("datastores").expect(200)
    token = azml.get_credential().get_token("https://management.azure.com/.default")
    url = azml.url_of("environments/eNUMBER/versions/1")
    context = multiprocessing.get_context(kind)
    told = context.Queue()
    started = [
        context.Process(target=call, args=(url, token.token, n, told)) for n in range(3)
    ]
    [one.start() for one in started]
    answers = sorted(told.get(timeout=60) for _ in started)
    [one.join() for one in started]
    assert answers == [(0, 201), (1, 201), (2, 201)]
"""
)


@pytest.mark.skipif(not shutil.which("sh"), reason="no fork here")
def test_forked_and_spawned_processes_are_recorded_and_replayed(pytester):
    write(pytester, PROCESS)
    for mode in ("record", "replay", "live"):
        run(pytester, mode).assert_outcomes(passed=3)
    for kind in ("fork", "spawn", "forkserver"):
        calls = read(pytester, f"process-{kind}")
        assert [one["request"]["method"] for one in calls] == ["GET", *["PUT"] * 3]
        assert ["process" in one for one in calls] == [False, True, True, True]


def test_a_miss_of_a_forked_process_fails_the_test(pytester):
    write(pytester, PROCESS)
    run(pytester, "record").assert_outcomes(passed=3)
    write(
        pytester, PROCESS.replace("range(3)", "range(4)").replace("assert ans", "ans")
    )
    result = run(pytester, "replay")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*has no answer for this request*"])


IN_PROCESS = (
    HEADER
    + """
import httpx, urllib.request

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_own(azml):
    token = azml.get_credential().get_token("https://management.azure.com/.default")
    head = {"Authorization": f"Bearer {token.token}"}
    url = azml.url_of("datastores")
    assert requests.get(url, headers=head).status_code == 200
    assert httpx.get(url, headers=head).status_code == 200
    asked = urllib.request.Request(url, headers=head)
    assert urllib.request.urlopen(asked).status == 200
    azml.get("computes").expect(200)
"""
)


def test_what_the_test_itself_sends_is_recorded_once(pytester):
    """It goes through the gateway too, and is met where it is sent."""
    write(pytester, IN_PROCESS)
    for mode in ("record", "replay"):
        run(pytester, mode).assert_outcomes(passed=1)
    calls = read(pytester, "own")
    assert sum(one["times"] for one in calls) == 4
    assert not [one for one in calls if "process" in one]


CURL = """
import os, subprocess, pytest

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_curl(azml):
    token = azml.get_credential().get_token("https://management.azure.com/.default")
    head = f"Authorization: Bearer {token.token}"
    words = ["curl", "-sf", "-H", head, azml.url_of("datastores")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done
    azml.get("computes").expect(200)
"""


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not here")
def test_a_program_of_another_language_is_named_and_its_words_are_not(pytester):
    write(pytester, CURL)
    for mode in ("record", "replay"):
        run(pytester, mode).assert_outcomes(passed=1)
    calls = read(pytester, "curl")
    assert calls[0]["process"] == {"program": "curl", "label": "curl 1"}
    path = next(pytester.path.joinpath("cassettes").rglob("*.json"))
    assert "Authorization" not in path.read_text()


IMPATIENT = """
import os, urllib.error, urllib.request
url = f"https://{os.environ['AZML_STORAGE_ACCOUNT']}.blob.core.windows.net/c/b"
try:
    urllib.request.urlopen(url, timeout=1)
except urllib.error.HTTPError as error:
    print(error.code)
"""
BLOBS = (
    HEADER
    + """
@pytest.mark.azml(api_versions=["2024-04-01"])
def test_blobs(azml, emulator):
    azml.get("datastores").expect(200)
    assert emulator.azurite_pid is None
    words = [sys.executable, "program.py"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.stdout == "400\\n", done.stderr
"""
)


@pytest.mark.parametrize("mode", ["record", "live"])
def test_a_program_that_waits_a_second_at_most_sees_blob_storage(pytester, mode):
    pytester.path.joinpath("test_story.py").write_text(BLOBS)
    pytester.path.joinpath("program.py").write_text(IMPATIENT)
    result = run(pytester, mode, "-rw")
    result.assert_outcomes(passed=1)
    assert "node" not in result.stdout.str()  # it is nobody's program
    if mode == "record":
        assert [one["request"]["method"] for one in read(pytester, "blobs")] == [
            "GET"
        ] * 2

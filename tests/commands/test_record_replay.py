"""Programs that know nothing of us, recorded and replayed by the command line.

The programs are Python's standard library, which finds the gateway by the usual
variables; `tests/clients` has those of other languages.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from forked import copied
from programs import CLIENT, STORY
from soak import sized

pytestmark = pytest.mark.slow


def run(*words: str, cwd: Path, **options) -> subprocess.CompletedProcess[str]:
    command = [*copied("azml_contract"), *map(str, words)]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=120, **options
    )


def record(cwd: Path, *words: str, **options) -> subprocess.CompletedProcess[str]:
    return run("record", "--azurite", "none", *words, cwd=cwd, **options)


@pytest.fixture
def story(tmp_path: Path) -> Path:
    tmp_path.joinpath("story.py").write_text(STORY)
    return tmp_path


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    """A folder with the story and its cassette."""
    folder = tmp_path_factory.mktemp("recorded")
    folder.joinpath("story.py").write_text(STORY)
    done = record(folder, "--", sys.executable, "story.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1\n3\n"
    return folder


def test_what_was_recorded_is_a_cassette_like_any_other(recorded):
    cassette = json.loads(recorded.joinpath("recordings/story.json").read_text())
    assert cassette["scenario"] == "commands/story"
    assert cassette["api_version"] == "2024-04-01"
    assert cassette["target"] == "emulator"
    assert "reads" not in cassette
    programs = {one["process"]["label"] for one in cassette["interactions"]}
    assert programs == {"story.py"}
    linted = run("cassette", "lint", "recordings", cwd=recorded)
    assert linted.returncode == 0, linted.stdout


def test_the_summary_says_what_was_called_and_judged(story):
    done = record(story, "--", sys.executable, "story.py")
    assert "3 interactions of python" in done.stderr
    assert "validated: 2 requests, 2 responses" in done.stderr
    assert "findings: none" in done.stderr
    assert "wrote recordings/story.json" in done.stderr


def test_a_program_is_replayed_unchanged(recorded):
    done = run("replay", "recordings", "--", sys.executable, "story.py", cwd=recorded)
    assert (done.returncode, done.stdout) == (0, "1\n3\n"), done.stderr
    assert "recorded from emulator: 3 interactions" in done.stderr


HTTP_2 = (
    CLIENT
    + """
import httpx
with httpx.Client(http1=False, http2=True) as client:
    head = {"Authorization": f"Bearer {login()}"}
    url = f"{base}{place}/datastores?api-version=2024-04-01"
    said = client.get(url, headers=head)
print(said.http_version, len(said.json()["value"]))
"""
)


def test_a_program_that_speaks_http_2_alone_is_recorded_and_replayed(tmp_path):
    tmp_path.joinpath("two.py").write_text(HTTP_2)
    words = ("--", sys.executable, "two.py")
    for done in (
        record(tmp_path, *words),
        run("replay", "recordings", *words, cwd=tmp_path),
    ):
        assert (done.returncode, done.stdout) == (0, "HTTP/2 3\n"), done.stderr


IMPATIENT = (
    CLIENT
    + """
token = login()
def impatiently(method, path, body=None):
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = f"{base}{place}/{path}?api-version=2024-04-01"
    asked = urllib.request.Request(url, body, head, method=method)
    try:
        return urllib.request.urlopen(asked, timeout=1).status
    except OSError as error:
        return type(error).__name__
print(impatiently("GET", "datastores"))
print(len(ask("GET", "datastores", token=token)["value"]))
image = b'{"properties": {"image": "mcr.microsoft.com/x"}}'
print(impatiently("PUT", "environments/late/versions/1", image))
"""
)
LATE = """
[[fault]]
kind = "slow"
path = "*/datastores"
count = 1
delay_s = 3
[[fault]]
kind = "slow"
path = "*/environments/late/*"
delay_s = 60
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone tells")
def test_who_gives_up_before_the_answer_comes_does_so_in_replay_too(tmp_path):
    """Once it asks again, while the first call goes on; once it ends."""
    tmp_path.joinpath("late.py").write_text(IMPATIENT)
    tmp_path.joinpath("late.toml").write_text(LATE)
    words = ("--", sys.executable, "late.py")
    for done in (
        record(tmp_path, "--faults", "late.toml", *words),
        run("replay", "recordings", *words, cwd=tmp_path),
    ):
        assert done.returncode == 0, done.stderr
        assert done.stdout == "TimeoutError\n3\nTimeoutError\n", done.stderr
        assert "2 calls the program gave up before the answer came: GET" in done.stderr
    shown = run("cassette", "show", "recordings/late.json", cwd=tmp_path).stdout
    told = "-> failed: timeout, the client left before the answer came"
    assert shown.count(told) == 2


def test_recording_again_changes_the_time_alone(story):
    texts = []
    for _ in range(2):
        assert record(story, "--", sys.executable, "story.py").returncode == 0
        cassette = json.loads(story.joinpath("recordings/story.json").read_text())
        del cassette["recorded_at"]
        texts.append(cassette)
    assert texts[0] == texts[1]


def test_a_miss_fails_a_run_that_went_well_and_names_the_program(recorded):
    program = recorded / "other.py"
    program.write_text(
        STORY.replace('print(ask("PUT"', 'try: print(ask("PUT"').replace(
            '["name"])', '["name"])\nexcept Exception as error: print(error)'
        )
    )
    words = ("--", sys.executable, "other.py", "y")
    done = run("replay", "recordings/story.json", *words, cwd=recorded)
    assert done.returncode == 1
    assert 'sent "mcr.microsoft.com/y", recorded "mcr.microsoft.com/x"' in done.stderr
    assert "It was asked by python" in done.stderr
    assert "(other.py), a program of its own." in done.stderr
    assert "1 recorded interaction nobody made:" in done.stderr
    assert "azml-contract record --to recordings --name story -- " in done.stderr


def test_what_nobody_asked_for_fails_the_run(recorded):
    done = run("replay", "recordings", "--", sys.executable, "-c", "", cwd=recorded)
    assert done.returncode == 1
    assert "2 recorded interactions nobody made:" in done.stderr


def test_a_place_that_cannot_be_written_is_told_before_the_program_runs(story):
    words = ("--to", "story.py/below", "--", sys.executable, "-c", "print('ran')")
    done = record(story, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"Error: story.py/below/{Path(sys.executable).stem}.json could not be written: "
        "nothing can be made in story.py (Not a directory).\n"
    )


def test_a_program_that_called_others_alone_is_not_said_to_have_called_nothing(story):
    program = (
        "import contextlib, urllib.request as it\nwith contextlib.suppress(OSError):\n"
        "    it.urlopen('https://example.org/')"
    )
    done = record(story, "--", sys.executable, "-c", program)
    assert done.returncode == 1
    assert "ERROR Nothing to record: the command called no host" in done.stderr
    assert "ERROR refused: example.org" in done.stderr
    assert "No call came" not in done.stderr


def test_a_program_among_others_is_told_how_its_own_recording_is_played(story):
    story.joinpath("first.py").write_text(STORY.replace("story", "first"))
    for name in ("first.py", "story.py"):
        assert record(story, "--", sys.executable, name, name).returncode == 0
    words = ("--fail-on", "warning", "recordings", "--", sys.executable, "story.py")
    done = run("replay", *words, "story.py", cwd=story)
    assert done.returncode == 1
    *_, made, first, own, advice, command = done.stderr.splitlines()
    assert made == "ERROR 2 recorded interactions nobody made:"
    assert first == "  recordings/first.json: 1 of them"
    assert own == "  recordings/story.json: 1 of them"  # played from the other
    assert advice == "To play the recording of this program alone:"
    alone = shlex.split(command)
    assert alone[:4] == ["azml-contract", "replay", "--fail-on", "warning"]
    assert alone[4:] == ["recordings/story.json", *words[3:], "story.py"]
    assert run(*alone[1:], cwd=story).returncode == 0


def test_a_host_that_no_cassette_knows_is_refused_and_fails_the_run(recorded):
    program = (
        "import urllib.request, contextlib\n"
        "with contextlib.suppress(OSError):\n"
        "    urllib.request.urlopen('https://example.com/')\n"
    )
    (recorded / "elsewhere.py").write_text(STORY + program)
    words = ("replay", "recordings", "--", sys.executable, "elsewhere.py")
    done = run(*words, cwd=recorded)
    assert done.returncode == 1
    assert "ERROR refused: example.com (python" in done.stderr
    forgiven = run(*words[:2], "--forgive", "*.com", *words[2:], cwd=recorded)
    assert forgiven.returncode == 0, forgiven.stderr


@pytest.mark.parametrize("code", [3, 1])
def test_a_command_that_fails_keeps_its_code_and_the_old_cassette(story, code):
    old = story / "recordings" / "story.json"
    old.parent.mkdir()
    old.write_text("old")
    story.joinpath("story.py").write_text(f"{STORY}\nsys.exit({code})\n")
    done = record(story, "--", sys.executable, "story.py")
    assert done.returncode == code
    assert old.read_text() == "old"
    assert f"The command ended with {code}" in done.stderr


def test_a_finding_fails_a_run_that_went_well(story):
    body = '{"properties": {"image": "x", "colour": "red"}}'
    program = (
        f"{CLIENT}\nask('PUT', 'environments/e/versions/1', {body}, token=login())\n"
    )
    story.joinpath("story.py").write_text(program)
    done = record(story, "--", sys.executable, "story.py")
    assert done.returncode == 1
    assert "AZC102" in done.stderr
    assert story.joinpath("recordings/story.json").exists()
    never = record(story, "--fail-on", "never", "--", sys.executable, "story.py")
    assert never.returncode == 0


def test_a_program_that_calls_nothing_is_no_recording(story):
    done = record(story, "--", sys.executable, "-c", "print('hi')")
    assert (done.returncode, done.stdout) == (1, "hi\n")
    assert "No call came through the gateway" in done.stderr
    assert not story.joinpath("recordings").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["record"], 2, "Name the program to run after two dashes"),
        (["record", "--"], 2, "Name the program to run after two dashes"),
        (["replay", "--", "true"], 2, "Name a cassette or a folder"),
        (["replay", "nowhere", "--", "true"], 2, "nowhere: there is no such file"),
        (
            ["record", "--azurite", "none", "--", "no-such-program"],
            127,
            "was not found",
        ),
        (["record", "--azurite", "none", "--", "/"], 126, "cannot be run"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path, words, code, said):
    done = run(*words, cwd=tmp_path)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_input_and_output_of_the_program_are_its_own(recorded):
    program = "import sys; sys.stdout.write(sys.stdin.read().upper())"
    words = ("--", sys.executable, "-c", program)
    done = run("replay", "recordings", *words, cwd=recorded, input="text")
    assert done.stdout == "TEXT"


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="namespaces are Linux's"
)
def test_isolated_nothing_but_loopback_is_there(recorded):
    program = "import socket; print(*(name for _, name in socket.if_nameindex()))"
    story = f"{STORY}\n{program}\n"
    (recorded / "isolated.py").write_text(story)
    words = ("replay", "--isolate", "recordings", "--", sys.executable, "isolated.py")
    done = run(*words, cwd=recorded)
    assert (done.returncode, done.stdout) == (0, "1\n3\nlo\n"), done.stderr


POOL = (
    CLIENT
    + """
import concurrent.futures, multiprocessing
def put(number, token):
    body = {"properties": {"image": "mcr.microsoft.com/x"}}
    return ask("PUT", f"environments/e{number}/versions/1", body, token=token)["name"]
if __name__ == "__main__":
    kind = multiprocessing.get_context(sys.argv[1])
    with concurrent.futures.ProcessPoolExecutor(4, mp_context=kind) as pool:
        print(len(list(pool.map(put, range(12), [login()] * 12))))
"""
)


# `tests/plugin/test_programs.py` has both kinds within a scenario.
@pytest.mark.soak
@pytest.mark.parametrize("kind", ["spawn", "fork"][: sized(1, 2)])
def test_the_processes_of_a_pool_are_recorded_and_replayed(tmp_path, kind):
    tmp_path.joinpath("pool.py").write_text(POOL)
    words = ("--", sys.executable, "pool.py", kind)
    texts = []
    for _ in range(2):
        done = record(tmp_path, *words)
        assert (done.returncode, done.stdout) == (0, "12\n"), done.stderr
        cassette = json.loads(tmp_path.joinpath("recordings/pool.json").read_text())
        texts.append(cassette["interactions"])
    assert texts[0] == texts[1]
    assert len(texts[0]) == 13
    done = run("replay", "recordings", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "12\n"), done.stderr


def running(mark: str) -> list[str]:
    """Processes whose command line has a mark, and that are no zombies."""
    listed = subprocess.run(
        ["ps", "-eo", "pid,stat,args"], capture_output=True, text=True, check=True
    )
    return [
        line
        for line in listed.stdout.splitlines()
        if mark in line and line.split()[1][0] != "Z"
    ]


def wait_until(holds, seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("killed", ["the command", "us", "both"])
def test_whoever_is_killed_the_old_cassette_is_whole_and_no_process_left(story, killed):
    old = story / "recordings" / "long.json"
    old.parent.mkdir()
    old.write_text("old")
    mark = f"azml-kill-{os.getpid()}-{killed.replace(' ', '-')}"
    story.joinpath("long.py").write_text(
        f"{STORY}\nimport subprocess, time\n"
        "sleep = 'import time; time.sleep(600)'\n"
        f"subprocess.Popen([sys.executable, '-c', sleep, '{mark}'])\n"
        "print('there', os.getpid(), flush=True)\ntime.sleep(600)\n"
    )
    command = [sys.executable, "-m", "azml_contract", "record", "--azurite", "none"]
    process = subprocess.Popen(
        [*command, "--", sys.executable, "long.py", mark],
        cwd=story,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as said:
        pid = next(int(x.split()[1]) for x in said if x.startswith("there"))
    for one in {"the command": [pid], "us": [process.pid], "both": [pid, process.pid]}[
        killed
    ]:
        os.kill(one, signal.SIGKILL)
    code = process.wait(60)
    assert code == (137 if killed == "the command" else -signal.SIGKILL)
    assert wait_until(lambda: not running(mark)), running(mark)
    assert old.read_text() == "old"
    assert [path.name for path in old.parent.iterdir()] == ["long.json"]

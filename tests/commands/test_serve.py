"""Recordings as a service, and an emulator that records or tells what it is asked."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs import STORY

pytestmark = pytest.mark.slow
CONTROL = """
import sys, urllib.request
asked = urllib.request.Request(sys.argv[1], method=sys.argv[2])
print(urllib.request.urlopen(asked).read().decode())
"""


@contextmanager
def service(cwd: Path, *words: str):
    """A command until it is interrupted; its variables, and then what it said."""
    env_file = cwd / "variables.json"
    env_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "azml_contract", *words]
    command += ["--env-file", str(env_file)]
    said: dict[str, object] = {}
    with subprocess.Popen(
        command,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until = time.monotonic() + 60
        while not env_file.exists() and process.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert env_file.exists(), process.communicate()[1]
        try:
            yield json.loads(env_file.read_text()), said
        finally:
            process.send_signal(signal.SIGINT)
            said["out"], said["err"] = process.communicate(timeout=60)
            said["code"] = process.returncode


def client(environ, *words: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        env={**os.environ, **environ},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def control(environ, method: str, path: str) -> str:
    url = environ["HTTPS_PROXY"] + path
    return client(environ, "-c", CONTROL, url, method, cwd=Path.cwd())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> tuple[Path, str]:
    """A folder with a recording of an emulator's session, and what it logged."""
    folder = tmp_path_factory.mktemp("served")
    folder.joinpath("story.py").write_text(STORY)
    options = ("--azurite", "none", "--record", "recordings", "--log")
    with service(folder, "emulator", *options) as (environ, said):
        assert client(environ, "story.py", cwd=folder) == "1\n3\n"
    assert said["code"] == 0, said["err"]
    return folder, str(said["err"])


def test_an_emulator_tells_one_line_for_each_request(recorded):
    lines = [line for line in recorded[1].splitlines() if line.endswith(" ms")]
    assert [line.split()[0] for line in lines] == ["POST", "PUT", "GET"]
    assert re.fullmatch(r"PUT \S+/versions/1 2024-04-01 201 - \d+ ms", lines[1])
    assert not [line for line in lines if "?" in line or "secret" in line.lower()]


def test_what_an_emulator_was_asked_is_a_cassette(recorded):
    text = recorded[0].joinpath("recordings/emulator.json").read_text()
    assert len(json.loads(text)["interactions"]) == 3
    assert "wrote recordings/emulator.json" in recorded[1]


def test_a_service_answers_from_cassettes_and_again_after_rewind(recorded):
    folder, _ = recorded
    with service(folder, "serve", "recordings") as (environ, said):
        assert client(environ, "story.py", cwd=folder) == "1\n3\n"
        told = control(environ, "GET", "/")
        assert json.loads(told)["played"] == 3
        control(environ, "POST", "/rewind")
        assert client(environ, "story.py", cwd=folder) == "1\n3\n"
    assert said["code"] == 0, said["err"]
    assert "recorded from emulator: 6 interactions" in str(said["err"])


def test_a_service_that_was_not_asked_for_all_fails(recorded):
    with service(recorded[0], "serve", "recordings") as (_, said):
        """Nobody calls."""
    assert said["code"] == 1
    assert "2 recorded interactions nobody made" in str(said["err"])


@pytest.mark.parametrize(
    "words", [("serve", "recordings"), ("emulator", "--azurite", "none")]
)
def test_a_state_keeps_port_and_certificates(recorded, words, tmp_path):
    seen = []
    for _ in range(2):
        with service(recorded[0], *words, "--state", str(tmp_path / "s")) as (env, _):
            bundle = Path(env["SSL_CERT_FILE"]).read_text()
            seen.append((env, bundle))
    assert seen[0] == seen[1]
    assert Path(seen[0][0]["SSL_CERT_FILE"]).is_absolute()


def test_a_service_without_cassettes_is_one_line(tmp_path):
    command = [sys.executable, "-m", "azml_contract", "serve", "nothing"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "Error: nothing: there is no such file or folder.\n"

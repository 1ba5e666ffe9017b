"""`azml-contract emulator`: what it prints, how it ends, what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from shutil import which

import pytest

from azml_contract.emulator.seed import Seed
from azml_contract.emulator.server import Emulator

pytestmark = pytest.mark.slow
RUN = "from azml_contract.cli import main; main()"
ARGV = [sys.executable, "-c", RUN, "emulator", "--azurite", "none"]


def refuse(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ARGV, *arguments], capture_output=True, text=True, timeout=60
    )


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_it_says_how_to_use_it_and_ends_politely(tmp_path, number):
    variables = tmp_path / "variables.sh"
    with subprocess.Popen(
        [*ARGV, "--env-file", str(variables)], stdout=subprocess.PIPE, text=True
    ) as running:
        lines = []
        while not lines or not lines[-1].startswith("# Ctrl-C"):
            lines.append(running.stdout.readline().strip())
        running.send_signal(getattr(signal, number))
        rest = running.stdout.read()
    assert lines[0].startswith("# The emulator answers at https://localhost:")
    assert lines[0].endswith(", without blob storage.")
    exported = [line for line in lines if line.startswith("export ")]
    assert any(
        line.startswith("export HTTPS_PROXY=http://127.0.0.1:") for line in exported
    )
    assert "export AZML_WORKSPACE=ws-azml-demo" in exported
    written = variables.read_text().splitlines()
    assert written[:-1] == exported
    assert written[-1] in lines
    assert written[-1].startswith("# To undo it: unset ")
    assert variables.stat().st_mode & 0o077 == 0
    assert (running.returncode, rest) == (0, "Ended.\n")


def test_a_taken_port_is_one_line_and_exit_2():
    with Emulator(azurite=False) as other:
        port = other.url.rpartition(":")[2]
        done = refuse("--port", port)
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: Port {port} on 127.0.0.1 is taken")
    assert "Traceback" not in done.stderr


def test_another_host_than_loopback_is_refused():
    done = refuse("--host", "0.0.0.0")
    assert done.returncode == 2
    assert "'0.0.0.0' is not loopback" in done.stderr


def test_a_seed_that_is_not_there_is_refused(tmp_path):
    done = refuse("--seed", str(tmp_path / "seed.json"))
    assert done.returncode == 2
    assert "seed.json: No such file" in done.stderr


def test_a_seed_that_arm_would_not_take_is_one_line(tmp_path):
    seed = tmp_path / "seed.json"
    seed.write_text('{"subscription": "mine"}')
    done = refuse("--seed", str(seed))
    assert done.returncode == 2
    assert done.stderr == (f"Error: {seed}: subscription must be a GUID, not 'mine'.\n")


def test_help_names_every_key_of_a_seed():
    text = " ".join(refuse("--help").stdout.split())
    for key in fields(Seed):
        assert f" {key.name}" in text


def test_an_azurite_that_is_not_there_is_refused(tmp_path):
    done = refuse("--azurite", str(tmp_path))
    assert done.returncode == 2
    assert "is no Azurite" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="another way to write variables")
def test_an_env_file_that_cannot_be_written_is_refused(tmp_path):
    done = refuse("--env-file", str(tmp_path / "no" / "such.sh"))
    assert done.returncode == 2
    assert "such.sh could not be written: there is no folder" in done.stderr


@pytest.mark.skipif(not (which("curl") and which("jq")), reason="curl, jq")
def test_what_the_page_tells_curl_to_ask_is_answered():
    page = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text("utf-8")
    lines = page.partition("    login=")[2].partition("\n\n")[0]
    script = f"set -eu\nlogin={lines}"
    with Emulator(azurite=False) as emulator:
        done = subprocess.run(
            ["bash", "-c", script],
            env={**os.environ, **emulator.environ},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    names = {one["name"] for one in json.loads(done.stdout)["value"]}
    assert "workspaceblobstore" in names

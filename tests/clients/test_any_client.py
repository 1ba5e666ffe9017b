"""The programs of docs/any-client.md: recorded, then replayed with no network at all.

Part of `make test-clients`, which makes the environments of azure-cli, azure-ai-ml and
Node, and installs Java, Go and strace where they are missing. Whatever a replayed
program, and all that it starts, asks of a network is traced.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from programs import own_environ

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / ".clients"
PAGE = ROOT / "docs" / "any-client.md"

pytestmark = pytest.mark.slow
BLOCK = re.compile(r"```\w+\n(?:#|//) ([\w.]+)\n(.*?)```", re.DOTALL)
PROGRAMS = dict(BLOCK.findall(PAGE.read_text("utf-8")))
COMMANDS = {
    "train.sh": ["bash"],
    "storage.sh": ["bash"],
    "job.js": ["node"],
    "submit.py": [str(CLIENTS / "azure-ai-ml" / "bin" / "python")],
    "pool.py": [sys.executable],
    "Datastores.java": ["java"],
    "datastores.go": ["go", "run"],
}
SAID = {
    "train.sh": "Starting\nthe job is Completed\n",
    "storage.sh": "src/main.py\nsrc/requirements.txt\n",
    "job.js": "Canceled\n",
    "submit.py": "True\n",
    "pool.py": "16 environments\n",
    "Datastores.java": "3\n",
    "datastores.go": "3 datastores\n",
}
# Each connect and each datagram that names an address, by whatever process.
TRACE = ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o"]
ADDRESS = re.compile(r"sa_family=AF_INET6?, sin6?_port=htons\((\d+)\), .*?\"(.*?)\"")


def run(
    folder: Path, *words: str, under: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """A command of ours, with the clients of `.clients` on its path."""
    bins = folder / "bin"
    bins.mkdir(exist_ok=True)
    az = bins / "az"
    python = CLIENTS / "azure-cli" / "bin" / "python"
    az.write_text(f'#!/bin/sh\nexec {python} -m azure.cli "$@"\n')
    az.chmod(0o755)
    path = f"{bins}{os.pathsep}{os.environ['PATH']}"
    modules = str(CLIENTS / "node" / "node_modules")
    own = {"PATH": path, "NODE_PATH": modules, "GOFLAGS": "-mod=mod"}
    return subprocess.run(
        [*under, sys.executable, "-m", "azml_contract", *words],
        cwd=folder,
        env=own_environ() | own,
        capture_output=True,
        text=True,
        timeout=570,
    )


def test_every_example_is_tried():
    assert PROGRAMS.keys() == COMMANDS.keys() == SAID.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_an_example_is_recorded_and_replayed_without_a_network(name, tmp_path):
    command = [*COMMANDS[name], name]
    for program in (command[0], TRACE[0]):
        assert shutil.which(program), f"no {program} here: make setup-clients"
    tmp_path.joinpath(name).write_text(PROGRAMS[name])
    azurite = ["--azurite", str(ROOT)]
    recorded = run(tmp_path, "record", *azurite, "--", *command)
    assert (recorded.returncode, recorded.stdout) == (0, SAID[name]), recorded.stderr
    trace = tmp_path / "asked"
    words = ("replay", "--isolate", "recordings", "--", *command)
    replayed = run(tmp_path, *words, under=[*TRACE, str(trace)])
    assert (replayed.returncode, replayed.stdout) == (0, SAID[name]), replayed.stderr
    asked = set(ADDRESS.findall(trace.read_text()))
    assert len(asked) == 1, asked
    assert asked.pop()[1] in ("127.0.0.1", "::ffff:127.0.0.1")

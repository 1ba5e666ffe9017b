"""Real clients, each in an environment of its own, against an emulator.

Not part of `make test`: `make test-clients` makes the environments below
``.clients/`` and runs this. Every step must succeed, or stand in `DEVIATIONS`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from programs import own_environ

from azml_contract.emulator.clock import RunningClock
from azml_contract.emulator.server import Emulator

HERE = Path(__file__).parent
CLIENTS = HERE.parents[1] / ".clients"
# Steps that Azure would carry out and the emulator does not, each with its reason.
DEVIATIONS: dict[str, dict[str, str]] = {}
SPEED = 120

pytestmark = pytest.mark.slow


def python_of(name: str) -> str:
    return str(CLIENTS / name / "bin" / "python")


COMMANDS = {
    "azure-mgmt-2020": [python_of("azure-mgmt-2020"), HERE / "azure_mgmt_2020.py"],
    "azure-mgmt-2023": [python_of("azure-mgmt-2023"), HERE / "azure_mgmt_2023.py"],
    "azure-ai-ml": [python_of("azure-ai-ml"), HERE / "azure_ai_ml.py"],
    "azureml-mlflow": [python_of("azureml-mlflow"), HERE / "azureml_mlflow.py"],
    "azure-cli": [python_of("azure-cli"), HERE / "azure_cli.py"],
    "node": [shutil.which("node") or "node", HERE / "node.js"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_step_of_a_client_works(name):
    with Emulator(clock=RunningClock(SPEED)) as emulator:
        emulator.wait_ready()
        own = {
            "NODE_EXTRA_CA_CERTS": str(emulator.ca_bundle),
            "NODE_PATH": str(CLIENTS / "node" / "node_modules"),
        }
        done = subprocess.run(
            [str(word) for word in COMMANDS[name]],
            env=own_environ() | emulator.environ | own,
            capture_output=True,
            text=True,
            timeout=600,
        )
        bugs = list(emulator.bugs)
    steps = [json.loads(line) for line in done.stdout.splitlines() if line[:1] == "{"]
    known = DEVIATIONS.get(name, {})
    wrong = [s for s in steps if s["wrong"] and s["step"] not in known]
    assert wrong == [], done.stderr[-3000:]
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(steps) >= 9
    assert bugs == []

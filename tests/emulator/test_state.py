"""What an emulator acknowledged is there at the next start on its folder."""

from __future__ import annotations

import json
import os
import random
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from soak import sized

from azml_contract.emulator.seed import Seed, find_seed
from azml_contract.emulator.server import Emulator
from azml_contract.errors import EmulatorError, InputError
from tests.emulator.conftest import ArmClient

SEED = Seed(client_secret="a-secret", storage_key="QUJD")
FAULTS = """
seed = 3
[[fault]]
kind = "throttle"
path = "*/jobs/*"
probability = 0.1
[[fault]]
kind = "drop"
probability = 0.05
[[fault]]
kind = "server_error"
status = 502
probability = 0.05
"""


def start(folder: Path) -> Emulator:
    return Emulator(azurite=False, state=folder, seed=SEED)


def test_resources_operations_and_time_are_there_again(tmp_path, workflow_at):
    with start(tmp_path) as emulator:
        client = ArmClient(emulator)
        image = {"properties": {"image": "mcr.microsoft.com/x"}}
        made = client.put("environments/e/versions/1", image).json()
        body = {"properties": {"computeType": "AmlCompute", "properties": {}}}
        begun = client.put("computes/c", body)
        url = begun.headers["Azure-AsyncOperation"].partition("/subscriptions")[2]
        then = emulator.clock.now()
    with start(tmp_path) as emulator:
        client = ArmClient(emulator)
        assert client.get("environments/e/versions/1").json() == made
        assert client.get(f"/subscriptions{url}").status_code == 200
        assert emulator.clock.now() >= then
        client.delete("environments/e/versions/1")
    with start(tmp_path) as emulator:
        assert ArmClient(emulator).get("environments/e").status_code == 404


def test_a_state_serves_one_emulator_at_a_time(tmp_path):
    with start(tmp_path), pytest.raises(EmulatorError, match="Another emulator"):
        start(tmp_path)


def test_a_file_that_is_no_state_is_told(tmp_path):
    (tmp_path / "resources.sqlite").write_bytes(b"x" * 4096)
    with pytest.raises(EmulatorError, match="no state of an emulator"):
        start(tmp_path)


def test_a_state_keeps_its_seed_and_refuses_another(tmp_path):
    first = find_seed(None, tmp_path)
    assert find_seed(None, tmp_path) == first
    assert (tmp_path / "seed.json").stat().st_mode & 0o077 == 0
    other = tmp_path / "other.json"
    other.write_text('{"workspace": "another"}')
    with pytest.raises(InputError, match=r"differs from .* in workspace"):
        find_seed(other, tmp_path)


class Process:
    """An emulator in a process of its own, which can be killed."""

    def __init__(self, folder: Path, faults: Path) -> None:
        self._env = folder / "emulator.env"
        self._env.unlink(missing_ok=True)
        command = [
            sys.executable,
            "-m",
            "azml_contract",
            "emulator",
            "--azurite",
            "none",
        ]
        options = ["--state", str(folder / "state"), "--env-file", str(self._env)]
        self.process = subprocess.Popen(
            [*command, *options, "--faults", str(faults), "--speed", "60"],
            stdout=subprocess.DEVNULL,
        )
        self.variables = self._wait()

    def _wait(self) -> dict[str, str]:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._env.exists() and "AZML_CA_BUNDLE" in self._env.read_text():
                lines = self._env.read_text().splitlines()
                pairs = (line.removeprefix("export ").split("=", 1) for line in lines)
                return {name: value.strip("'") for name, value in pairs}
            time.sleep(0.02)
        raise AssertionError("the emulator does not start")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def opener(self) -> Any:
        proxy = urllib.request.ProxyHandler({"https": self.variables["HTTPS_PROXY"]})
        context = ssl.create_default_context(cafile=self.variables["AZML_CA_BUNDLE"])
        return urllib.request.build_opener(
            proxy, urllib.request.HTTPSHandler(context=context)
        )

    def token(self) -> str:
        known = self.variables
        form = urllib.parse.urlencode(
            {
                "grant_type": "client_credentials",
                "client_id": known["AZURE_CLIENT_ID"],
                "client_secret": known["AZURE_CLIENT_SECRET"],
                "scope": "https://management.azure.com/.default",
            }
        ).encode()
        tenant = known["AZURE_TENANT_ID"]
        url = f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
        for _ in range(20):
            try:
                return str(json.load(self.opener().open(url, form))["access_token"])
            except OSError:
                continue
        raise AssertionError("no token")


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_nothing_acknowledged_is_lost_when_it_is_killed(tmp_path):
    faults = tmp_path / "faults.toml"
    faults.write_text(FAULTS)
    expected: dict[str, bool] = {}
    total = sized(120, 1000)
    for round_number in range(3):
        running = Process(tmp_path, faults)
        try:
            _check(running, expected)
            _change(running, expected, round_number, total // 3)
        finally:
            running.kill()
    running = Process(tmp_path, faults)
    try:
        _check(running, expected)
    finally:
        running.kill()
    assert len(expected) > total // 4


def _change(
    running: Process, expected: dict[str, bool], round_number: int, count: int
) -> None:
    """Mixed requests from eight threads; what was acknowledged is noted."""
    token, chance = running.token(), random.Random(round_number)
    known = [name for name, there in expected.items() if there]
    plans = []
    for number in range(count):
        if known and chance.random() < 0.2:
            plans.append(("DELETE", known.pop()))
        else:
            plans.append(("PUT", f"environments/e{round_number}x{number}/versions/1"))

    def carry_out(plan: tuple[str, str]) -> None:
        method, path = plan
        body = (
            {"properties": {"image": "mcr.microsoft.com/x"}}
            if method == "PUT"
            else None
        )
        if _call(running, token, method, path, body) in (200, 201):
            expected[path] = method == "PUT"

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(carry_out, plans))


def _check(running: Process, expected: dict[str, bool]) -> None:
    token = running.token() if expected else ""
    for path, is_there in expected.items():
        status = 0
        for _ in range(20):
            status = _call(running, token, "GET", path, None)
            if status in (200, 404):
                break
        assert status == (200 if is_there else 404), path


def _call(running: Process, token: str, method: str, path: str, body: Any) -> int:
    known = running.variables
    workspace = (
        f"/subscriptions/{known['AZURE_SUBSCRIPTION_ID']}/resourceGroups/"
        f"{known['AZURE_RESOURCE_GROUP']}/providers/Microsoft.MachineLearningServices"
        f"/workspaces/{known['AZML_WORKSPACE']}"
    )
    request = urllib.request.Request(
        f"https://management.azure.com{workspace}/{path}?api-version=2024-04-01",
        json.dumps(body).encode() if body else None,
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method=method,
    )
    try:
        return int(running.opener().open(request, timeout=30).status)
    except urllib.error.HTTPError as error:
        return int(error.code)
    except OSError:
        return 0

"""One emulator that runs jobs, for the tests of a module."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from azml_contract.emulator.clock import RunningClock
from azml_contract.emulator.execution.keeping import Limits
from azml_contract.emulator.server import Emulator
from azml_contract.emulator.store import Body
from tests.emulator.conftest import ArmClient

TERMINAL = ("Completed", "Failed", "Canceled")
LIMITS = Limits(time_s=60, disk_mb=40, memory_mb=700)


class Bench:
    """An emulator, and what tests of jobs ask of it."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.client = ArmClient(emulator)
        storage = emulator.blobs.storage
        assert storage is not None
        self.storage = storage
        found = self.client.get("datastores/workspaceblobstore").json()["properties"]
        self.container = found["containerName"]
        image = {"properties": {"image": "mcr.microsoft.com/x"}}
        made = self.client.put("environments/e/versions/1", image)
        self.environment = made.json()["id"]

    def put(self, name: str, **properties: Any) -> Body:
        """A new job, a command unless it says otherwise."""
        whole = {"jobType": "Command", "environmentId": self.environment, **properties}
        if whole["jobType"] != "Command":
            del whole["environmentId"]
        answer = self.client.put(f"jobs/{name}", {"properties": whole})
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["properties"])

    def wait(self, name: str, *, until: tuple[str, ...] = TERMINAL) -> Body:
        """A job when it has reached one of these states."""
        end = time.monotonic() + 90
        while time.monotonic() < end:
            # A child may not be there yet.
            found = self.client.get(f"jobs/{name}").json().get("properties") or {}
            if found.get("status") in until:
                return dict(found)
            time.sleep(0.05)
        raise AssertionError(f"{name} never gets there: {self.log(name)}")

    def run(self, name: str, command: str, **properties: Any) -> Body:
        """A command job at its end."""
        self.put(name, command=command, **properties)
        return self.wait(name)

    def log(self, name: str) -> str:
        """What a job printed."""
        place = f"ExperimentRun/dcid.{name}/user_logs/std_log.txt"
        return (self.storage.get("azureml", place) or b"").decode()

    def upload(self, path: str, text: str) -> str:
        """A blob, and how a job names it."""
        self.storage.put(self.container, path, text.encode())
        return f"azureml://datastores/workspaceblobstore/paths/{path}"

    def code(self, name: str, **files: str) -> str:
        """A code version with these files, `main` for ``main.py``."""
        for file, text in files.items():
            self.upload(f"code/{name}/{file}.py", text)
        uri = f"azureml://datastores/workspaceblobstore/paths/code/{name}"
        body = {"properties": {"codeUri": uri}}
        return str(self.client.put(f"codes/{name}/versions/1", body).json()["id"])

    def read(self, path: str) -> str:
        """A blob of the workspace's own container."""
        return (self.storage.get(self.container, path) or b"").decode()

    def session(self, token: str) -> requests.Session:
        """A client that finds the emulator by real host names."""
        session = requests.Session()
        session.trust_env = False
        session.proxies = {"https": self.emulator.gateway_url}
        session.verify = str(self.emulator.ca_bundle)
        session.headers["Authorization"] = f"Bearer {token}"
        return session


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with Emulator(clock=RunningClock(1000), execute=LIMITS) as emulator:
        emulator.wait_ready()
        yield Bench(emulator)
        assert emulator.bugs == []

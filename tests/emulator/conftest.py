"""A fresh emulator for each test, and a client that judges all it sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from azml_contract.emulator.server import Emulator
from azml_contract.exchange import Exchange, Request, Response, make_headers
from azml_contract.finding import Finding
from azml_contract.validation.validator import Profile, Validator

VERSIONS = (
    "2021-03-01-preview",
    "2022-05-01",
    "2023-10-01",
    "2024-04-01",
    "2026-05-01",
)
LEGACY = "2021-03-01-preview"


class ArmClient:
    """Plain requests to an emulator, at one api-version unless told otherwise.

    Every exchange is kept, and judged in both profiles by `findings`.
    """

    def __init__(self, emulator: Emulator, api_version: str = "2024-04-01") -> None:
        self.emulator = emulator
        self.api_version = api_version
        self.workspace = emulator.settings.workspace_id
        self.exchanges: list[Exchange] = []
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(emulator.ca_bundle)
        self.session.headers["Authorization"] = f"Bearer {emulator.issue_token()}"

    def at(self, api_version: str) -> ArmClient:
        """The same emulator at another api-version."""
        return ArmClient(self.emulator, api_version)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        **params: str,
    ) -> requests.Response:
        """One call; `path` is relative to the workspace, or an id, or a URL."""
        if path.startswith("https://"):
            url, query = path, dict(params)
            if "api-version" not in path:
                query["api-version"] = self.api_version
        else:
            start = "" if path.startswith("/subscriptions") else f"{self.workspace}/"
            url = f"{self.emulator.url}{start}{path}".rstrip("/")
            query = {"api-version": self.api_version, **params}
        answer = self.session.request(
            method, url, params=query, json=body, data=data, headers=headers, timeout=30
        )
        self._keep(answer)
        return answer

    def get(self, path: str, **params: str) -> requests.Response:
        return self.call("GET", path, **params)

    def put(self, path: str, body: Any, **params: str) -> requests.Response:
        return self.call("PUT", path, body, **params)

    def post(self, path: str, body: Any = None, **params: str) -> requests.Response:
        return self.call("POST", path, body, **params)

    def delete(self, path: str, **params: str) -> requests.Response:
        return self.call("DELETE", path, **params)

    def states(self, job: str, *, most: int = 60) -> list[str]:
        """The states of a job as one poll after the other sees them."""
        seen: list[str] = []
        for _ in range(most):
            state = self.get(f"jobs/{job}").json()["properties"]["status"]
            seen.append(state)
            if state in ("Completed", "Failed", "Canceled"):
                return seen
        raise AssertionError(f"{job} never ends: {seen}")

    def findings(self, profile: Profile) -> list[Finding]:
        """What the contract has to say about everything that was seen."""
        validator = Validator(profile=profile)
        return [f for e in self.exchanges for f in validator.check(e).findings]

    def _keep(self, answer: requests.Response) -> None:
        sent = answer.request
        body = sent.body or b""
        request = Request(
            str(sent.method),
            str(sent.url),
            make_headers(sent.headers),
            body.encode() if isinstance(body, str) else body,
        )
        headers = make_headers(answer.headers)
        response = Response(answer.status_code, headers, answer.content)
        self.exchanges.append(Exchange(request, response))


class Workflow:
    """The calls of the documented workflow, in the words of each api-version."""

    def __init__(self, client: ArmClient) -> None:
        self.client = client
        self.is_legacy = client.api_version == LEGACY
        pascal = client.api_version == "2022-02-01-preview"
        self.file_type = "UriFile" if pascal else "uri_file"

    def make_compute(self, name: str = "cpu-cluster") -> str:
        """PUT a cluster and wait for it."""
        inner = {
            "vmSize": "Standard_DS3_v2",
            "vmPriority": "Dedicated",
            "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4},
        }
        answer = self.client.put(
            f"computes/{name}",
            {
                "location": "westeurope",
                "properties": {"computeType": "AmlCompute", "properties": inner},
            },
        )
        assert answer.status_code == 201, answer.text
        status_url = answer.headers["Azure-AsyncOperation"]
        while self.client.get(status_url).json()["status"] == "InProgress":
            pass
        return str(answer.json()["id"])

    def make_environment(self, name: str = "lightgbm", version: str = "1") -> str:
        image = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"
        docker = {"dockerSpecificationType": "Image", "dockerImageUri": image}
        properties: dict[str, Any] = {
            "condaFile": "channels:\n- conda-forge\ndependencies:\n- python=3.8\n",
            **({"docker": docker} if self.is_legacy else {"image": image}),
        }
        path = f"environments/{name}/versions/{version}"
        answer = self.client.put(path, {"properties": properties})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def make_data(self, name: str = "iris", version: str = "1") -> str:
        place = "azureml://datastores/workspaceblobstore/paths/"
        properties: dict[str, Any] = {
            "dataType": self.file_type,
            "dataUri": place + "i.csv",
        }
        if self.is_legacy:
            store = f"{self.client.workspace}/datastores/workspaceblobstore"
            properties = {
                "datasetType": "Simple",
                "datastoreId": store,
                "path": "i.csv",
            }
        path = f"data/{name}/versions/{version}"
        answer = self.client.put(path, {"properties": properties})
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["id"])

    def make_code(self, name: str = "train", version: str = "1") -> str:
        store = self.client.get("datastores/workspaceblobstore").json()
        inner = store["properties"].get("contents", store["properties"])
        host = f"https://{inner['accountName']}.blob.core.windows.net"
        uri = f"{host}/{inner['containerName']}/LocalUpload/src"
        properties: dict[str, Any] = {"codeUri": uri}
        if self.is_legacy:
            properties = {"datastoreId": store["id"], "path": "LocalUpload/src"}
        path = f"codes/{name}/versions/{version}"
        answer = self.client.put(path, {"properties": properties})
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["id"])

    def make_assets(self) -> dict[str, str]:
        """Everything that a job refers to."""
        return {
            "compute": self.make_compute(),
            "environment": self.make_environment(),
            "data": self.make_data(),
            "code": self.make_code(),
        }

    def command_body(
        self, assets: dict[str, str], command: str = "python train.py"
    ) -> dict[str, Any]:
        properties: dict[str, Any] = {
            "jobType": "Command",
            "experimentName": "iris",
            "codeId": assets["code"],
            "environmentId": assets["environment"],
            "command": command,
        }
        if self.is_legacy:
            bindings = {"iris": {"dataId": assets["data"]}}
            compute = {"target": assets["compute"], "instanceCount": 1}
            properties |= {"inputDataBindings": bindings, "compute": compute}
        else:
            inputs = {"iris": {"jobInputType": self.file_type, "uri": assets["data"]}}
            properties |= {"inputs": inputs, "computeId": assets["compute"]}
        return {"properties": properties}

    def sweep_body(self, assets: dict[str, str]) -> dict[str, Any]:
        space = {
            "rate": ["uniform", [0.05, 0.8]],
            "boosting": ["choice", [["gbdt", "dart"]]],
        }
        command = "train ${{search_space.rate}} ${{search_space.boosting}}"
        trial: dict[str, Any] = {
            "codeId": assets["code"],
            "environmentId": assets["environment"],
            "command": command,
        }
        limits = {"maxTotalTrials": 4, "maxConcurrentTrials": 2, "timeout": "PT2H"}
        shared = {
            "jobType": "Sweep",
            "experimentName": "iris",
            "searchSpace": space,
            "objective": {"primaryMetric": "loss", "goal": "Minimize"},
            "trial": trial,
            "earlyTermination": {
                "policyType": "MedianStopping",
                "delayEvaluation": 5,
                "evaluationInterval": 1,
            },
        }
        if self.is_legacy:
            trial["inputDataBindings"] = {"iris": {"dataId": assets["data"]}}
            compute = {"target": assets["compute"], "instanceCount": 1}
            own = {"algorithm": "Random", "compute": compute, **limits}
        else:
            own = {
                "samplingAlgorithm": {"samplingAlgorithmType": "Random"},
                "limits": {"jobLimitsType": "Sweep", **limits},
                "inputs": {
                    "iris": {"jobInputType": self.file_type, "uri": assets["data"]}
                },
                "computeId": assets["compute"],
            }
        return {"properties": shared | own}


@pytest.fixture
def service() -> Iterator[Emulator]:
    """An emulator without blob storage; it starts within milliseconds."""
    with Emulator(azurite=False) as emulator:
        yield emulator
        assert emulator.bugs == []


@pytest.fixture
def client(service: Emulator) -> ArmClient:
    """Calls to `service`."""
    return ArmClient(service)


@pytest.fixture
def workflow(client: ArmClient) -> Workflow:
    """The workflow at the client's api-version."""
    return Workflow(client)


@pytest.fixture
def workflow_at(service: Emulator) -> Callable[[str], Workflow]:
    """The workflow at any api-version, all on the same emulator."""
    return lambda api_version: Workflow(ArmClient(service, api_version))


@pytest.fixture(scope="session")
def _storing_emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def storing(_storing_emulator: Emulator) -> Emulator:
    """An emulator with blob storage, as it was when it started."""
    _storing_emulator.reset()
    return _storing_emulator


@pytest.fixture
def arm_client() -> Callable[..., ArmClient]:
    """Makes clients: ``arm_client(emulator, api_version)``."""
    return ArmClient

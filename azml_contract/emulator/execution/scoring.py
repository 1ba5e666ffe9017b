"""Online endpoints that really score: a process for each deployment.

In: requests to an endpoint's own host. Out: what the deployment's ``run()`` makes of
them. Keys and tokens are those that the endpoint lists; traffic goes to deployments
in the proportion that it names. A deployment's process starts with the first request.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from azml_contract.emulator.execution.batch import BatchInvocations
from azml_contract.emulator.execution.bindings import own_variables
from azml_contract.emulator.execution.executor import Executor
from azml_contract.emulator.execution.keeping import (
    SCORER,
    Limits,
    base_variables,
    start_keeper,
)
from azml_contract.emulator.execution.places import (
    Place,
    Unreachable,
    locate,
    log_of,
    model_of,
)
from azml_contract.emulator.identity import Identity, TokenState
from azml_contract.emulator.resources.slots import make_key
from azml_contract.emulator.store import Resource
from azml_contract.emulator.world import World
from azml_contract.errors import EmulatorError
from azml_contract.exchange import Request, Response

HOST = ".inference.ml.azure.com"
_READY_S, _ANSWER_S, _LOOK_S = 60.0, 60.0, 0.05
_DEPLOYMENT = "azureml-model-deployment"
_JSON = ("Content-Type", "application/json")


class Scoring:
    """Answers for the endpoints of a workspace. Thread-safe.

    Args:
        world: What there is.
        executor: Whose limits hold, and whose blobs.
        identity: Judges bearer tokens.
        folder: Where deployments have their folders.
    """

    def __init__(
        self, world: World, executor: Executor, identity: Identity, folder: Path
    ) -> None:
        self._world, self._executor, self._identity = world, executor, identity
        self._folder = folder
        self._serving: dict[str, _Deployment] = {}
        self._given: dict[str, dict[str, float]] = {}
        self._lock = threading.Lock()
        self._batch = BatchInvocations(world, executor)

    def answer(self, request: Request) -> Response:
        """The response of an endpoint."""
        name = request.host.partition(".")[0]
        with self._world.store.lock:
            online = self._find("onlineEndpoints", name)
            batch = None if online else self._find("batchEndpoints", name)
        endpoint = online or batch
        if endpoint is None:
            return _refuse(404, f"There is no endpoint {name}")
        if not self._may(endpoint, request):
            return _refuse(401, "The key or token is missing, or not the endpoint's")
        if batch is not None:
            return self._batch.answer(batch, request)
        return self._score(endpoint, request)

    def close(self) -> None:
        """End every deployment."""
        with self._lock:
            serving, self._serving = list(self._serving.values()), {}
        for deployment in serving:
            deployment.close()

    def _find(self, kind: str, name: str) -> Resource | None:
        return self._world.store.get(f"{self._world.workspace_id}/{kind}/{name}")

    def _may(self, endpoint: Resource, request: Request) -> bool:
        scheme, _, given = (request.header("Authorization") or "").partition(" ")
        given = given.strip()
        if scheme.lower() != "bearer" or not given:
            return False
        mode = str((endpoint.body.get("properties") or {}).get("authMode") or "")
        names = {"key": ("Primary", "Secondary"), "amltoken": ("token",)}
        known = names.get(mode.lower())
        if known is None:
            return self._identity.check_token(given).state is TokenState.VALID
        return given in {make_key(self._world.seed, endpoint, one) for one in known}

    # -- one request ----------------------------------------------------------------

    def _score(self, endpoint: Resource, request: Request) -> Response:
        name = request.header(_DEPLOYMENT) or self._choose(endpoint)
        if not name:
            return _refuse(424, f"No traffic of {endpoint.name} goes to a deployment")
        with self._world.store.lock:
            deployment = self._world.store.get(f"{endpoint.id}/deployments/{name}")
        if deployment is None:
            return _refuse(404, f"{endpoint.name} has no deployment {name}")
        try:
            return self._serve(deployment).score(request, deployment.name)
        except (EmulatorError, OSError, HTTPException) as error:
            return _refuse(502, f"{name} does not answer: {error}", name)

    def _choose(self, endpoint: Resource) -> str:
        """The deployment whose turn it is, so that shares come out exactly."""
        traffic: Mapping[str, Any] = (endpoint.body.get("properties") or {}).get(
            "traffic"
        ) or {}
        shares = {n: float(s) for n, s in traffic.items() if float(s or 0) > 0}
        if not shares:
            return ""
        with self._lock:
            given = self._given.setdefault(endpoint.id, {})
            for name, share in shares.items():
                given[name] = given.get(name, 0.0) + share
            chosen = max(shares, key=lambda one: given[one])
            given[chosen] -= sum(shares.values())
        return chosen

    def _serve(self, deployment: Resource) -> _Deployment:
        key = deployment.id.lower()
        with self._lock:
            known = self._serving.get(key)
            if known is not None and known.of == deployment.body:
                return known
            folder = self._folder / f"{deployment.name}-{time.monotonic_ns()}"
            made = _Deployment(self._world, self._executor, deployment, folder)
            self._serving[key] = made
        if known is not None:
            known.close()
        return made


class _Deployment:
    """A process that scores, from its first request on."""

    def __init__(
        self, world: World, executor: Executor, deployment: Resource, folder: Path
    ) -> None:
        self.of = deployment.body
        self._world, self._executor = world, executor
        self._deployment, self._folder = deployment, folder
        # Short: the path of a socket may have 100 letters, and folders are deep.
        self._place = Path(tempfile.mkdtemp(prefix="azml-"))
        self._socket = str(self._place / "s")
        self._starting = threading.Lock()
        self._keeper: subprocess.Popen[bytes] | None = None
        self._log = log_of(deployment)

    def score(self, request: Request, name: str) -> Response:
        """What the script answers."""
        with self._starting:
            if self._keeper is None or self._keeper.poll() is not None:
                self._start()
        connection = _connect(self._socket, _ANSWER_S)
        try:
            method = "POST" if request.method == "POST" else "GET"
            head = {"Content-Type": request.header("Content-Type") or ""}
            connection.request(method, request.path, request.body, head)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        failed = "true" if answer.status >= 500 else "false"
        headers = (
            ("Content-Type", answer.getheader("Content-Type") or "application/json"),
            (_DEPLOYMENT, name),
            ("x-ms-run-function-failed", failed),
            ("x-ms-server-version", "azml-contract-emulator"),
        )
        return Response(answer.status, headers, body)

    def close(self) -> None:
        """End the process."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            if keeper.stdin is not None:
                keeper.stdin.close()
            keeper.wait()
        for folder in (self._folder, self._place):
            shutil.rmtree(folder, ignore_errors=True)

    def _start(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        Path(self._socket).unlink(missing_ok=True)
        self._folder.mkdir(parents=True)
        limits = replace(self._executor.limits, time_s=None)
        command = [limits.python, str(SCORER), "serve", self._socket]
        variables = self._prepare(limits)
        self._keeper = start_keeper(
            command, self._folder, variables, limits, beside=self._place
        )
        keeper = self._keeper
        self._executor.start_thread("deployment", lambda: self._follow(keeper))
        self._wait(keeper)

    def _follow(self, keeper: subprocess.Popen[bytes]) -> None:
        """Take what the script prints into the deployment's log."""
        storage = self._executor.storage
        storage.begin_log(self._log.container, self._log.path)
        assert keeper.stdout is not None
        with keeper.stdout as output:
            while data := os.read(output.fileno(), 65536):
                storage.append(self._log.container, self._log.path, data)

    def _wait(self, keeper: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _READY_S
        while time.monotonic() < until and keeper.poll() is None:
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                _connect(self._socket, 1.0).close()
                return
            time.sleep(_LOOK_S)
        raise EmulatorError(
            "its init() did not succeed; what it said is in the deployment's logs"
        )

    def _prepare(self, limits: Limits) -> dict[str, str]:
        """Fetch model and code; the variables of the process."""
        properties = self._deployment.body.get("properties") or {}
        code, models = self._folder / "code", self._folder / "models"
        code.mkdir()
        models.mkdir()
        variables = {
            **base_variables(self._folder, limits.python),
            **own_variables(properties),
            "AZUREML_MODEL_DIR": str(models),
        }
        model = model_of(properties)
        if model:
            place = locate(self._world, model, "models")
            target = models / (place.name or "model")
            self._fetch(place, target, target, f"the model {model}")
        told = properties.get("codeConfiguration") or {}
        if told.get("codeId"):
            place = locate(self._world, str(told["codeId"]), "codes")
            self._fetch(place, code / place.name, code, f"the code {told['codeId']}")
            script = str(told.get("scoringScript") or "score.py")
            variables["AZML_SCRIPT"] = str(code / script)
        return variables

    def _fetch(self, place: Place, file: Path, folder: Path, what: str) -> None:
        storage = self._executor.storage
        if not storage.fetch_either(place.container, place.path, file, folder):
            raise Unreachable(f"{what} has no files")


class _Connection(HTTPConnection):
    """To a deployment: no call of the client's, so no part of a recording."""

    is_unrecorded = True


def _connect(place: str, timeout_s: float) -> HTTPConnection:
    connection = _Connection("localhost", timeout=timeout_s)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.settimeout(timeout_s)
    try:
        connection.sock.connect(place)
    except OSError:
        connection.close()
        raise
    return connection


def _refuse(status: int, message: str, deployment: str = "") -> Response:
    headers = (_JSON, *(((_DEPLOYMENT, deployment),) if deployment else ()))
    body = {"error": {"code": "UserError", "message": f"{message}."}}
    return Response(status, headers, json.dumps(body).encode())

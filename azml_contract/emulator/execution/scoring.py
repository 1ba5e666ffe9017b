"""Online endpoints that really score: a process for each deployment.

In: requests to an endpoint's own host. Out: what the deployment's ``run()`` makes of
them. Keys and tokens are those that the endpoint lists; traffic goes to deployments
in the proportion that it names. A deployment's process starts with the first request.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from azml_contract.emulator.execution.batch import BatchInvocations
from azml_contract.emulator.execution.executor import Executor
from azml_contract.emulator.execution.places import (
    Place,
    Unreachable,
    locate,
    log_of,
)
from azml_contract.emulator.execution.run import KEEPER
from azml_contract.emulator.identity import Identity, TokenState
from azml_contract.emulator.resources.slots import make_key
from azml_contract.emulator.store import Resource
from azml_contract.emulator.world import World
from azml_contract.errors import EmulatorError
from azml_contract.exchange import Request, Response

SCORER = Path(__file__).with_name("scorer.py")
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
        self._batch = BatchInvocations(world, executor, SCORER)

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
        except (EmulatorError, Unreachable, OSError, HTTPException) as error:
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
            number = len(self._serving)
            made = _Deployment(
                self._world,
                self._executor,
                deployment,
                self._folder / f"{number}-{deployment.name}-{time.monotonic_ns()}",
            )
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
        environ = self._prepare()
        limits = self._executor.limits
        python = limits.python or sys.executable
        order = {
            "command": [python, str(SCORER), "serve", self._socket],
            "cwd": str(self._folder / "code"),
            "env": environ,
            "folder": str(self._folder),
            "beside": str(self._place),
            "time_s": None,
            "disk_mb": limits.disk_mb,
            "memory_mb": limits.memory_mb,
            "result": str(self._folder / "result.json"),
        }
        written = self._folder / "order.json"
        written.touch(mode=0o600)
        written.write_text(json.dumps(order), encoding="utf-8")
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", str(KEEPER), str(written)],
            cwd=self._folder,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
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
            if Path(self._socket).exists():
                connection = _connect(self._socket, 1.0)
                connection.close()
                return
            time.sleep(_LOOK_S)
        raise EmulatorError(
            "its init() did not succeed; what it said is in the deployment's logs"
        )

    def _prepare(self) -> dict[str, str]:
        """Fetch model and code; the variables of the process."""
        properties = self._deployment.body.get("properties") or {}
        storage = self._executor.storage
        code = self._folder / "code"
        code.mkdir()
        return {
            **self._executor.variables(self._folder),
            **fetch_scoring(
                properties,
                lambda ref, kind: locate(self._world, ref, kind),
                lambda place, target: _fetch(storage, place, target),
                self._folder,
            ),
        }


def fetch_scoring(
    properties: Mapping[str, Any],
    find: Callable[[str, str], Place],
    fetch: Callable[[Place, Path], bool],
    folder: Path,
) -> dict[str, str]:
    """A deployment's model and code in a folder, and the variables that name them.

    Raises:
        Unreachable: One of them is not there.
    """
    environ = {
        str(k): str(v)
        for k, v in (properties.get("environmentVariables") or {}).items()
    }
    model = properties.get("model")
    reference = model.get("assetId") if isinstance(model, Mapping) else model
    models = folder / "models"
    models.mkdir()
    if reference:
        place = find(str(reference), "models")
        name = place.path.rstrip("/").rpartition("/")[2] or "model"
        if not fetch(place, models / name):
            raise Unreachable(f"the model {reference} has no files")
    environ["AZUREML_MODEL_DIR"] = str(models)
    told = properties.get("codeConfiguration") or {}
    if told.get("codeId"):
        code = folder / "code"
        if not fetch(find(str(told["codeId"]), "codes"), code):
            raise Unreachable(f"the code {told['codeId']} has no files")
        script = str(told.get("scoringScript") or "score.py")
        environ["AZML_SCRIPT"] = str(code / script)
    return environ


def _fetch(storage: Any, place: Place, target: Path) -> bool:
    """Fetch a blob as a file, or what is below a path as a folder."""
    data = storage.get(place.container, place.path) if place.path else None
    if data is None:
        return bool(storage.fetch(place.container, place.path, target))
    if target.is_dir():
        target = target / place.path.rpartition("/")[2]
    target.write_bytes(data)
    return True


def _connect(place: str, timeout_s: float) -> HTTPConnection:
    connection = HTTPConnection("localhost", timeout=timeout_s)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.settimeout(timeout_s)
    connection.sock.connect(place)
    return connection


def _refuse(status: int, message: str, deployment: str = "") -> Response:
    headers = (_JSON, *(((_DEPLOYMENT, deployment),) if deployment else ()))
    body = {"error": {"code": "UserError", "message": f"{message}."}}
    return Response(status, headers, json.dumps(body).encode())

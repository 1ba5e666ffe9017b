"""The emulator as a whole: identity, ARM, gateway and blob storage, started and ended.

In: a seed, a clock, where Azurite is. Out: `Emulator`, a context manager with
everything that an unmodified client needs to talk to it. Works on loopback
only; its certificates are known to nobody but those who are handed its bundle.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import Self

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.emulator.arm import Arm
from azml_contract.emulator.azurite import Azurite, find_azurite
from azml_contract.emulator.blobs import Blobs
from azml_contract.emulator.bodies import Gate
from azml_contract.emulator.clock import EmulatorClock, SteppingClock
from azml_contract.emulator.execution.executor import Executor
from azml_contract.emulator.execution.keeping import Limits
from azml_contract.emulator.execution.pipeline import run_pipeline
from azml_contract.emulator.execution.scoring import HOST as SCORING_HOST
from azml_contract.emulator.execution.scoring import Scoring
from azml_contract.emulator.execution.sweep import run_sweep
from azml_contract.emulator.faults import Fault, FaultKind, Faults
from azml_contract.emulator.gatekeeper import ARM_HOST
from azml_contract.emulator.headers import MARK
from azml_contract.emulator.history import answer_history, answers_history
from azml_contract.emulator.identity import Identity
from azml_contract.emulator.journal import SqliteJournal
from azml_contract.emulator.mlflow.server import MlflowServer, answers_mlflow
from azml_contract.emulator.neighbours.stubs import seed_stubs
from azml_contract.emulator.neighbours.subscriptions import describe_cloud
from azml_contract.emulator.portal import (
    answer_portal,
    answers_portal,
    as_front,
    as_registry,
)
from azml_contract.emulator.replies import EMPTY, Reply
from azml_contract.emulator.resources.computes import seed_compute
from azml_contract.emulator.resources.datastores import seed_datastores
from azml_contract.emulator.seed import Seed
from azml_contract.emulator.state_folder import hold_folder, hold_state
from azml_contract.emulator.store import Resource, Store
from azml_contract.emulator.world import World
from azml_contract.errors import EmulatorError
from azml_contract.exchange import Request, Response, take_apart
from azml_contract.gateway.certificates import Certificates, make_certificates
from azml_contract.gateway.environment import Doors, make_environment, open_doors
from azml_contract.gateway.https import TlsServer
from azml_contract.gateway.proxy import Gateway, lead_inside
from azml_contract.gateway.usual import Written
from azml_contract.settings import Settings

COMPUTE = "cpu-cluster"
LOG_NAME = "emulator.log"
_ARM_HOSTS = (ARM_HOST, "localhost")
_OF_ARM = ("/subscriptions/", "/tenants")
_TOKEN_OF_JOB_S = 24 * 3600.0


MISSING_HOSTS = {
    "*.dfs.core.windows.net": "Data Lake storage is not emulated, use a blob datastore",
    "*.file.core.windows.net": "file shares are not emulated, use a blob datastore",
    "*.queue.core.windows.net": "storage queues are not emulated",
    "*.table.core.windows.net": "storage tables are not emulated",
    "*.vault.azure.net": "secrets of a key vault are not emulated",
    "*.azurecr.io": "a registry's images are not emulated",
    "mcr.microsoft.com": "a registry's images are not emulated",
    "*.inference.ml.azure.com": "endpoints score with --execute alone",
}


class Emulator:
    """A running emulator.

    Usage::

        with Emulator() as emulator:
            subprocess.run(["python", "client.py"], env=os.environ | emulator.environ)

    `bugs` holds what went wrong in the emulator itself; the client was answered
    500, and the traceback is in ``emulator.log`` of the state folder.

    Args:
        port: Of the emulator's own TLS server; 0 picks a free one.
        gateway_port: Of the gateway that clients name as their proxy; as `port`.
        azurite: False for no blob storage: uploads are then refused.
        azurite_path: Where Azurite is; empty to look for it.
        eager: Start Azurite at once, and not with the first call that needs it: for
            programs, which may wait for blob storage a second at most.
        clock: Time of the emulated service; a `SteppingClock` by default.
        state_dir: Where certificates and logs go; a private temporary folder,
            removed at the end, by default.
        seed: What exists from the start.
        compute: Name of the cluster that the settings name.
        host: A loopback address.
        public_roots: Whether the CA bundle also trusts public authorities.
        faults: What shall go wrong from the start.
        state: Folder of what outlives the emulator; None for memory alone.
        execute: What a job may use that really runs; None for no job that does.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        gateway_port: int = 0,
        azurite: bool = True,
        azurite_path: str = "",
        eager: bool = False,
        clock: EmulatorClock | None = None,
        state_dir: Path | None = None,
        seed: Seed | None = None,
        compute: str = "",
        host: str = "127.0.0.1",
        public_roots: bool = False,
        faults: Faults | None = None,
        state: Path | None = None,
        execute: Limits | None = None,
    ) -> None:
        self.clock: EmulatorClock = clock or SteppingClock()
        self.faults = faults or Faults()
        self.bugs: list[Exception] = []
        self.seed = seed or Seed()
        self._ending = contextlib.ExitStack()
        self._given_dir = state_dir or state
        self._state = state
        self._journal = self._open_journal(state) if state else None
        self.store = Store(guid_seed=self.seed.guid_seed, journal=self._journal)
        self._port, self._gateway_port = port, gateway_port
        self._host, self._compute = host, compute or _name_compute(self.seed)
        self._command = find_azurite(azurite_path) if azurite else []
        self._eager = eager
        self._public_roots = public_roots
        self._execute = execute
        self._blobs: Blobs | None = None
        self._doors: Doors | None = None
        self._scoring: Scoring | None = None
        self._executor: Executor | None = None

    # -- start and end ----------------------------------------------------------

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start everything but Azurite, which becomes ready when it is needed.

        Raises:
            EmulatorError: A port is taken, or Azurite or Node is missing.
        """
        # For a program that ends without closing: the folder holds keys.
        atexit.register(self.close)
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        self.state_dir = self._make_state_dir()
        certificates = make_certificates(
            self.state_dir if self._state is None else self._state / "tls",
            public_roots=self._public_roots,
            keep=self._state is not None,
            more=self.scoring_hosts(),
        )
        self.ca_bundle = certificates.bundle
        self._blobs = self._start_blobs(certificates)
        self._identity = Identity(self.seed)
        executor = self._executor = self._make_executor()
        self._world = World(
            self.seed, self.store, self.clock, self._blobs, load_contract, executor
        )
        self._arm = Arm(
            self._world,
            self._identity,
            versions=known_versions(),
            gate=Gate(),
        )
        self._mlflow = MlflowServer(self._world, self._identity)
        server = TlsServer(
            self.answer,
            certificates.server_context(),
            host=self._host,
            port=self._port,
        )
        self._ending.callback(server.close)
        gateway = Gateway(
            lead_inside(
                adopt=server.serve,
                find_azurite=self._blobs.address,
                missing=MISSING_HOSTS,
                more=self.scoring_hosts(),
            ),
            host=self._host,
            port=self._gateway_port,
        )
        self._ending.callback(gateway.close)
        self.url, self.gateway_url = server.url, gateway.url
        if len(self.store) == 0:
            self._populate()
        self.store.commit(self.clock.now())
        server.start()
        gateway.start()
        if executor is not None and self._blobs.storage is not None:
            self._ending.callback(executor.close)
            executor.start(
                self._world,
                self._blobs.storage,
                self._environ_of_job,
                self._open_doors().files,
            )
            self._scoring = Scoring(
                self._world, executor, self._identity, self.state_dir / "deployments"
            )
            self._ending.callback(self._scoring.close)

    def scoring_hosts(self) -> tuple[str, ...]:
        """Where endpoints score, if they do; a star stands for one label alone."""
        if self._execute is None:
            return ()
        return (f"*.{self.seed.location}{SCORING_HOST}",)

    def _make_executor(self) -> Executor | None:
        if self._execute is None:
            return None
        if not self._command:
            raise EmulatorError(
                "Jobs that really run need blob storage: leave out --azurite none"
            )
        if sys.platform == "win32":
            raise EmulatorError("Jobs really run on Linux and macOS only, not here")
        return Executor(
            self.state_dir / "runs",
            self._execute,
            {"Sweep": run_sweep, "Pipeline": run_pipeline},
        )

    def _environ_of_job(self, job: Resource) -> dict[str, str]:
        """Variables by which a job finds the emulator, and what it is part of."""
        ours = {k: v for k, v in self.environ.items() if not k.startswith("AZML_")}
        del ours["AZURE_CLIENT_SECRET"], ours["AZURE_CLIENT_ID"]
        seed = self.seed
        region = f"{seed.location}.api.azureml.ms"
        token = self.issue_token(lifetime_s=_TOKEN_OF_JOB_S)
        experiment = str(job.body["properties"].get("experimentName") or "Default")
        parent = str(job.facts.get("parent") or job.name)
        return {
            **ours,
            "AZUREML_RUN_ID": job.name,
            "AZUREML_ROOT_RUN_ID": parent,
            "AZUREML_EXPERIMENT_NAME": experiment,
            "AZUREML_ARM_SUBSCRIPTION": seed.subscription,
            "AZUREML_ARM_RESOURCEGROUP": seed.resource_group,
            "AZUREML_ARM_WORKSPACE_NAME": seed.workspace,
            "AZUREML_RUN_TOKEN": token,
            "MLFLOW_TRACKING_URI": (
                f"https://{region}/mlflow/v1.0{self._world.workspace_id}"
            ),
            "MLFLOW_TRACKING_TOKEN": token,
            "MLFLOW_RUN_ID": job.name,
            "MLFLOW_EXPERIMENT_NAME": experiment,
        }

    def _make_state_dir(self) -> Path:
        if self._given_dir is not None:
            self._given_dir.mkdir(parents=True, exist_ok=True)
            return self._given_dir
        return self._ending.enter_context(hold_folder())

    def _open_journal(self, state: Path) -> SqliteJournal:
        self._ending.enter_context(hold_state(state))
        journal = SqliteJournal(state)
        self._ending.callback(journal.close)
        self.clock.go_on_from(journal.now_s)
        return journal

    def _start_blobs(self, certificates: Certificates) -> Blobs:
        if not self._command:
            return Blobs(None)
        azurite = Azurite(
            self._command,
            account=self.seed.storage_account,
            key=self.seed.storage_key,
            certificates=certificates,
            state_dir=self.state_dir,
            folder=self._state / "blobs" if self._state else None,
        )
        self._ending.callback(azurite.close)
        blobs = Blobs(azurite)
        self._ending.callback(blobs.close)
        if self._eager:
            blobs.start()
        return blobs

    def close(self) -> None:
        """End everything. Safe to call twice."""
        atexit.unregister(self.close)
        self._ending.close()

    def reset(self) -> None:
        """Go back to the state and time of the start; blobs get new containers.

        Tokens stay valid, ports and secrets stay the same.

        Raises:
            EmulatorError: Azurite ended.
        """
        if self._scoring is not None:
            self._scoring.close()
        if self._executor is not None:
            self._executor.end_all()
        with self.store.lock:
            self.store.clear()
            self.clock.reset()
            self.faults.clear()
            self._populate()
        # A connection to Azurite that is open already would not wait by itself.
        if self.azurite_pid is not None:
            self.wait_ready()

    def _populate(self) -> None:
        assert self._blobs is not None
        now = self.clock.now()
        body = {"location": self.seed.location, "properties": {}}
        self.store.put(
            Resource(
                self._world.workspace_id, body, now, now, self.seed.user_name, "User"
            )
        )
        seed_stubs(self._world)
        self._blobs.promise_containers(
            seed_datastores(self._world, self._world.workspace_id)
        )
        for name in self.seed.computes:
            seed_compute(self._world, name)

    # -- for clients ------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """Settings of a client that goes through the gateway."""
        return self.seed.settings(
            compute=self._compute, proxy=self.gateway_url, ca_bundle=str(self.ca_bundle)
        )

    @property
    def environ(self) -> dict[str, str]:
        """Environment of an unmodified client that goes through the gateway."""
        return make_environment(self._open_doors(), self.variables)

    @property
    def variables(self) -> dict[str, str]:
        """What a client finds its identity and its workspace by."""
        seed = self.seed
        return {
            "AZURE_TENANT_ID": seed.tenant,
            "AZURE_CLIENT_ID": seed.client_id,
            "AZURE_CLIENT_SECRET": seed.client_secret,
            "AZURE_SUBSCRIPTION_ID": seed.subscription,
            "AZURE_RESOURCE_GROUP": seed.resource_group,
            "AZML_WORKSPACE": seed.workspace,
            "AZML_COMPUTE": self._compute,
            "AZML_STORAGE_ACCOUNT": seed.storage_account,
        }

    def _open_doors(self) -> Doors:
        if self._doors is None or self._doors.proxy != self.gateway_url:
            self._doors = open_doors(self.state_dir, self.gateway_url, self.ca_bundle)
        return self._doors

    def issue_token(
        self,
        audience: str = "https://management.azure.com",
        *,
        lifetime_s: float = 3599,
        client_id: str = "",
    ) -> str:
        """A bearer token, without a call to the token endpoint."""
        return self._identity.issue_token(
            audience, lifetime_s=lifetime_s, client_id=client_id
        )

    @property
    def azurite_pid(self) -> int | None:
        """Process id of Azurite; None without it, and before it is needed."""
        return self._blobs.pid if self._blobs else None

    @property
    def blobs(self) -> Blobs:
        """Blob storage, or what stands for it."""
        assert self._blobs is not None
        return self._blobs

    def wait_ready(self) -> None:
        """Return when blob storage answers too.

        Raises:
            EmulatorError: Azurite ended, or is not ready in time.
        """
        assert self._blobs is not None
        self._blobs.wait_ready()

    # -- requests ---------------------------------------------------------------

    def answer(self, request: Request) -> Response | None:
        """The response to one request; None to close the connection."""
        fault = self.faults.take(request) if self.faults.planned else None
        if fault is None:
            return self._answer_safely(request, None)
        if fault.kind is FaultKind.DROP:
            return None
        if fault.kind is FaultKind.TRUNCATE:
            whole = self._answer_safely(request, None)
            length = ("Content-Length", str(len(whole.body)))
            half = whole.body[: len(whole.body) // 2]
            return Response(whole.status, (*whole.headers, length), half)
        if fault.kind is FaultKind.SLOW:
            time.sleep(fault.delay_s)
            fault = None
        return self._answer_safely(request, fault)

    def _answer_safely(self, request: Request, fault: Fault | None) -> Response:
        host, path, _ = take_apart(request.url)
        try:
            if path.startswith(_OF_ARM) and host in _ARM_HOSTS:
                response = self._arm.answer(request, fault)
            else:
                response = self._answer(request, fault)
        except EmulatorError as error:
            response = _as_response(_failure(503, "EmulatorError", str(error)))
        except Exception as error:  # noqa: BLE001 - else the client sees no answer
            response = self._answer_bug(request, error)
        if isinstance(response, Written) or response.headers[-1] is MARK:
            return response
        return Response(response.status, (*response.headers, MARK), response.body)

    def _answer(self, request: Request, fault: Fault | None) -> Response:
        path = request.path
        if path.rstrip("/").lower() == "/metadata/endpoints":
            return _as_response(Reply(200, describe_cloud()))
        if self._identity.answers(request):
            return _as_response(self._identity.answer(request))
        if self._scoring is not None and request.host.endswith(SCORING_HOST):
            return self._scoring.answer(request)
        if answers_mlflow(request):
            return self._mlflow.answer(request)
        front = as_front(request)
        if front is not None:
            return as_registry(self._arm.answer(front, fault))
        if answers_history(request):
            return _as_response(answer_history(self._world, request))
        if answers_portal(request):
            return _as_response(answer_portal(self._world, request))
        return self._arm.answer(request, fault)

    def _answer_bug(self, request: Request, error: Exception) -> Response:
        self.bugs.append(error)
        with (self.state_dir / LOG_NAME).open("a", encoding="utf-8") as log:
            log.write(f"{request}\n{''.join(traceback.format_exception(error))}\n")
        message = (
            f"A defect of the azml-contract emulator: {type(error).__name__}: {error}. "
            f"The traceback is in {self.state_dir / LOG_NAME}."
        )
        return _as_response(_failure(500, "EmulatorDefect", message))


def _name_compute(seed: Seed) -> str:
    """The cluster that clients are told of: one that exists where any does."""
    if seed.computes and COMPUTE not in seed.computes:
        return seed.computes[0]
    return COMPUTE


def _failure(status: int, code: str, message: str) -> Reply:
    return Reply(status, {"error": {"code": code, "message": message}})


def _as_response(reply: Reply) -> Response:
    text = (
        json.dumps(reply.body, separators=(",", ":")) if reply.body is not EMPTY else ""
    )
    headers = (("Content-Type", "application/json; charset=utf-8"), *reply.headers)
    return Response(reply.status, headers, text.encode())

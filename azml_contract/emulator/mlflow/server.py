"""MLflow's REST on the emulator's host: experiments, runs, models, artifacts.

In: requests below ``/mlflow/v1.0{workspace}/api/2.0/``. Out: what MLflow's own server
answers, errors included. Runs are jobs of the workspace or begun by a client; what
they log is kept by `tracking`. Source: MLflow's REST documentation, and what
mlflow-skinny 3.17 and azureml-mlflow 1.63 ask for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from azml_contract.emulator.execution.tracking import Tracking
from azml_contract.emulator.identity import Identity, TokenState
from azml_contract.emulator.mlflow.artifacts import Artifacts
from azml_contract.emulator.mlflow.errors import Refused
from azml_contract.emulator.mlflow.models import Models
from azml_contract.emulator.mlflow.runs import Runs
from azml_contract.emulator.world import World
from azml_contract.exchange import Request, Response

Handler = Callable[[Mapping[str, Any]], Any]
_PATH = re.compile(
    r"/mlflow/v\d\.\d(?P<workspace>/subscriptions/[^/]+/resourcegroups/[^/]+"
    r"/providers/[^/]+/workspaces/[^/]+)/api/[23]\.0(?:/preview)?"
    r"/(?P<kind>mlflow|mlflow-artifacts)/(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_JSON = (("Content-Type", "application/json"),)


def answers_mlflow(request: Request) -> bool:
    """Whether a request is for the tracking server."""
    return _PATH.fullmatch(unquote(request.path)) is not None


class MlflowServer:
    """Answers MLflow's clients.

    Args:
        world: What there is.
        identity: Judges bearer tokens.
    """

    def __init__(self, world: World, identity: Identity) -> None:
        self._world = world
        self._identity = identity

    def answer(self, request: Request) -> Response:
        """The response to one request."""
        matched = _PATH.fullmatch(unquote(request.path))
        assert matched is not None
        try:
            if self._world.store.get(matched["workspace"]) is None:
                raise Refused(404, "RESOURCE_DOES_NOT_EXIST", "No such workspace")
            tracking = Tracking(self._world, self._world.workspace_id)
            split = urlsplit(request.url)
            own = f"{split.scheme}://{split.netloc}{split.path}"
            base = (
                own[: own.lower().index("/mlflow-artifacts/")]
                if matched["kind"] == "mlflow-artifacts"
                else own[: own.lower().rindex("/mlflow/")]
            )
            artifacts = Artifacts(self._world, base)
            if matched["kind"] == "mlflow-artifacts":
                return artifacts.answer(request, matched["rest"], self._may(request))
            if not self._may(request):
                raise Refused(401, "UNAUTHENTICATED", "A valid bearer token is missing")
            asked = _read(request)
            with self._world.store.lock:
                runs = Runs(self._world, tracking, artifacts)
                models = Models(self._world, tracking, artifacts)
                found = self._carry_out(
                    request.method, matched["rest"].strip("/"), asked, runs, models
                )
                self._world.store.commit(self._world.clock.now())
            return Response(200, _JSON, json.dumps(found or {}).encode())
        except Refused as refused:
            told = {"error_code": refused.code, "message": str(refused)}
            return Response(refused.status, _JSON, json.dumps(told).encode())

    def _may(self, request: Request) -> bool:
        scheme, _, token = (request.header("Authorization") or "").partition(" ")
        if scheme.lower() != "bearer":
            return False
        return self._identity.check_token(token.strip()).state is TokenState.VALID

    def _carry_out(
        self,
        method: str,
        path: str,
        asked: Mapping[str, Any],
        runs: Runs,
        models: Models,
    ) -> Any:
        handlers: dict[str, Handler] = {**runs.handlers(), **models.handlers()}
        handler = handlers.get(path)
        if handler is not None:
            return handler(asked)
        first, _, rest = path.partition("/")
        if first == "logged-models":
            return models.logged(method, rest, asked)
        raise Refused(
            404, "ENDPOINT_NOT_FOUND", f"The emulator's MLflow server has no {path}"
        )


def _read(request: Request) -> dict[str, Any]:
    """What is asked for: the query of a GET, the body of everything else."""
    asked: dict[str, Any] = {}
    for name, value in request.query:
        if name in asked:
            before = asked[name]
            asked[name] = [*(before if isinstance(before, list) else [before]), value]
        else:
            asked[name] = value
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Refused(400, "BAD_REQUEST", f"The body is no JSON: {error}") from error
    return {**asked, **body} if isinstance(body, dict) else asked

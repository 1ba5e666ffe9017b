"""Artifacts of runs, by MLflow's proxied REST: files in blob storage.

In: requests below ``mlflow-artifacts/artifacts/{signature}/{run}``. Out: bytes, and
lists. The signature stands for a token, as that of a SAS does: MLflow's client sends
none to an artifact's address unless its environment holds one.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from azml_contract.emulator.execution.places import Place, artifacts_of
from azml_contract.emulator.mlflow.errors import Refused
from azml_contract.emulator.world import World
from azml_contract.exchange import Request, Response

_ENDPOINT = "mlflow-artifacts/artifacts"
_DIGITS = 24


class Artifacts:
    """Reads and writes artifacts.

    Args:
        world: What there is.
        base: URL below which ``mlflow-artifacts`` is.
    """

    def __init__(self, world: World, base: str) -> None:
        self._world, self._base = world, base

    def uri_of(self, run: str, path: str = "") -> str:
        """Where a client of MLflow finds the artifacts of a run."""
        inside = "/".join(
            p for p in (self._sign(run), quote(run), path.strip("/")) if p
        )
        return f"{self._base}/{_ENDPOINT}/{inside}"

    def place_of(self, uri: str) -> Place | None:
        """The blobs that such an address means; None for another one."""
        _, found, tail = uri.partition(f"{_ENDPOINT}/")
        if not found:
            return None
        _, _, rest = unquote(urlsplit(tail).path).partition("/")
        run, _, path = rest.partition("/")
        return artifacts_of(run).below(path)

    def answer(self, request: Request, rest: str, may: bool) -> Response:
        """Read, write or list artifacts."""
        _, _, path = rest.partition("artifacts")
        path = path.strip("/")
        if not path:
            path = next((v for k, v in request.query if k == "path"), "").strip("/")
            return self._list(self._check(path, may))
        place = self._check(path, may)
        storage = self._world.blobs.storage
        if storage is None:
            raise Refused(503, "TEMPORARILY_UNAVAILABLE", "There is no blob storage")
        if request.method not in ("GET", "PUT"):
            raise Refused(405, "BAD_REQUEST", f"Artifacts have no {request.method}")
        if request.method == "PUT":
            storage.put(place.container, place.path, request.body)
            return _as_json({})
        data = storage.get(place.container, place.path)
        if data is None:
            raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"No artifact {place.path}")
        head = (("Content-Type", "application/octet-stream"),)
        return Response(200, head, data)

    def _check(self, path: str, may: bool) -> Place:
        signature, _, rest = path.partition("/")
        run, _, inside = rest.partition("/")
        known = self._sign(run).encode()
        if not hmac.compare_digest(signature.encode(), known) and not may:
            raise Refused(403, "PERMISSION_DENIED", "The address is not signed")
        if ".." in inside.split("/"):
            raise Refused(400, "INVALID_PARAMETER_VALUE", f"Invalid path: {inside}")
        return artifacts_of(run).below(inside)

    def files(self, place: Place) -> Iterator[dict[str, Any]]:
        """What is directly below a place; paths are relative to it."""
        prefix = f"{place.path.strip('/')}/"
        seen: set[str] = set()
        storage = self._world.blobs.storage
        for name in storage.list(place.container, prefix) if storage else ():
            first, is_folder, _ = name.removeprefix(prefix).partition("/")
            if first not in seen:
                seen.add(first)
                yield {"path": first, "is_dir": bool(is_folder)}

    def _list(self, place: Place) -> Response:
        return _as_json({"files": list(self.files(place))})

    def _sign(self, run: str) -> str:
        key = self._world.seed.storage_key.encode()
        return hmac.digest(key, f"artifacts/{run}".encode(), "sha256").hex()[:_DIGITS]


def _as_json(value: Any) -> Response:
    head = (("Content-Type", "application/json"),)
    return Response(200, head, json.dumps(value).encode())

"""Where in blob storage lies what a job, a model or an endpoint names.

In: a URI, an ARM id or a short name. Out: container and path. Knows the ways in
which clients name things; does not look whether anything is there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from azml_contract.emulator.paths import split_asset_id
from azml_contract.emulator.store import Resource
from azml_contract.emulator.world import World
from azml_contract.errors import EmulatorError

ARTIFACTS = "azureml"
_OUTPUTS = "workspaceblobstore"
_SHORT = re.compile(r"azureml:([^:/@]+)(?::([^:/@]+)|@(latest))")
_DATASTORE = re.compile(r"azureml://(?:.*/)?datastores/([^/]+)(?:/paths/(.*))?")
_OUTPUT = re.compile(r"azureml://(?:.*/)?jobs/([^/]+)/outputs/([^/]+)(?:/paths/(.*))?")
_RUN = re.compile(r"runs:/([^/]+)/?(.*)")
_WASBS = re.compile(r"wasbs?://([^@/]+)@[^/]+/?(.*)")
_FIELDS = {"data": "dataUri", "models": "modelUri", "codes": "codeUri"}
_MOST_STEPS = 5


class Unreachable(EmulatorError):
    """What is named lies where the emulator cannot look."""


@dataclass(frozen=True, slots=True)
class Place:
    """A blob, or all blobs below a path."""

    container: str
    path: str

    @property
    def name(self) -> str:
        """Of the blob or the folder; "" for a container."""
        return self.path.rstrip("/").rpartition("/")[2]

    def below(self, more: str) -> Place:
        """A place inside of this one."""
        parts = (self.path.strip("/"), more.strip("/"))
        return Place(self.container, "/".join(part for part in parts if part))


def artifacts_of(run: str) -> Place:
    """Where a run's logs and artifacts are."""
    return Place(ARTIFACTS, f"ExperimentRun/dcid.{run}")


def log_of(deployment: Resource) -> Place:
    """Where the log of a deployment is."""
    _, endpoint, _, name = deployment.id.rsplit("/", 3)
    return artifacts_of(f"{endpoint}.{name}").below("logs/console.log")


def model_of(deployment: Mapping[str, Any]) -> str:
    """What a deployment's properties name as its model; "" for none."""
    model = deployment.get("model")
    reference = model.get("assetId") if isinstance(model, Mapping) else model
    return str(reference or "")


def output_of(world: World, run: str, name: str) -> Place:
    """Where a run's output goes that names no place of its own."""
    return _in_datastore(world, _OUTPUTS, f"azureml/{run}/{name}")


def uri_of_output(run: str, name: str) -> str:
    """How a job names such a place."""
    return f"azureml://datastores/{_OUTPUTS}/paths/azureml/{run}/{name}"


def describe(world: World, place: Place) -> str:
    """A place as the service names it: by the datastore that it is in."""
    datastores = world.store.list(f"{world.workspace_id}/datastores")
    for datastore in datastores:
        properties = datastore.body.get("properties") or {}
        contents = properties.get("contents") or properties
        if contents.get("containerName") == place.container:
            return f"azureml://datastores/{datastore.name}/paths/{place.path}"
    raise Unreachable(f"no datastore stands on the container {place.container}")


def locate(world: World, reference: str, kind: str = "data") -> Place:
    """The place that a reference means.

    Args:
        world: What there is.
        reference: URI, ARM id of a version, or ``azureml:name:version``.
        kind: Collection in which a short name is looked up.

    Raises:
        Unreachable: It is elsewhere, or nothing; says what.
    """
    for _ in range(_MOST_STEPS):
        target = _resolve(world, reference, kind)
        if target is None:
            return _as_place(world, reference)
        reference = target
    raise Unreachable(f"{reference} leads nowhere")


def _resolve(world: World, reference: str, kind: str) -> str | None:
    """What a version of an asset points to; None for what is no asset."""
    asset_id = ""
    if reference.startswith("azureml:/subscriptions/"):
        reference = reference.removeprefix("azureml:")
    if split_asset_id(reference) is not None:
        asset_id = reference
    matched = _SHORT.fullmatch(reference)
    if matched is not None:
        base = f"{world.workspace_id}/{kind}/{matched[1]}/versions"
        newest = world.store.newest(base) if matched[3] else None
        asset_id = newest.id if newest else f"{base}/{matched[2]}"
    if not asset_id:
        return None
    resource = world.store.get(asset_id)
    if resource is None:
        raise Unreachable(f"{reference} does not exist")
    found = resource.body.get("properties") or {}
    kind_of_id = (split_asset_id(resource.id) or ("",))[0]
    target = found.get(_FIELDS.get(kind_of_id, "")) or found.get("path")
    if not target:
        raise Unreachable(f"{reference} points to nothing")
    return str(target)


def _as_place(world: World, uri: str) -> Place:
    for pattern, make in (
        (_OUTPUT, _of_output),
        (_DATASTORE, _in_datastore),
        (_RUN, _of_run),
    ):
        matched = pattern.fullmatch(uri)
        if matched is not None:
            return make(world, *(unquote(group or "") for group in matched.groups()))
    matched = _WASBS.fullmatch(uri)
    if matched is not None:
        return Place(matched[1], matched[2])
    split = urlsplit(uri)
    account = f"{world.seed.storage_account}.blob.core.windows.net"
    if split.scheme == "https" and (split.hostname or "") == account:
        container, _, path = unquote(split.path).strip("/").partition("/")
        return Place(container, path)
    raise Unreachable(
        f"{uri} is not on this machine: an emulated job reads blobs of the storage "
        f"account {world.seed.storage_account} alone"
    )


def _of_run(_: World, run: str, path: str) -> Place:
    return artifacts_of(run).below(path)


def _of_output(world: World, run: str, name: str, path: str) -> Place:
    if name in ("artifacts", "default"):
        return artifacts_of(run).below(path)
    return output_of(world, run, name).below(path)


def _in_datastore(world: World, name: str, path: str) -> Place:
    store = world.store.get(f"{world.workspace_id}/datastores/{name}")
    properties = store.body.get("properties") or {} if store else {}
    contents = properties.get("contents") or properties
    container = contents.get("containerName")
    if not container:
        raise Unreachable(f"datastore {name} does not exist, or is no blob container")
    return Place(str(container), path)

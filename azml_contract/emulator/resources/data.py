"""Data assets.

Neutral form: ``dataType`` in today's names and ``dataUri``, long form. At
2021-03-01-preview an asset is a path, on a datastore or anywhere;
``Simple`` reads as a file where the path ends in a name with a dot, else as a
folder, and ``Dataflow`` as an MLTable.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import ClassVar

from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.assets import AssetContainers, AssetVersions
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.versions import (
    LEGACY_ENDS,
    PASCAL_ENDS,
    PASCAL_TYPES,
    SNAKE_TYPES,
)
from azml_contract.emulator.world import Call

_SHORT = re.compile(r"azureml://datastores/([^/]+)/paths/(.*)")
_LONG = re.compile(
    r"azureml://subscriptions/[^/]+/resourcegroups/[^/]+/workspaces/[^/]+"
    r"/datastores/([^/]+)/paths/(.*)"
)


class DataContainers(AssetContainers):
    """``workspaces/data``."""

    def write(self, call: Call, resource: Resource, body: Body) -> Body:
        """The shape of the call's api-version."""
        return {"properties": _write_type(call, body["properties"])}


class DataVersions(AssetVersions):
    """``workspaces/data/versions``."""

    default_tags: ClassVar[Body | None] = None

    def read_properties(self, call: Call, properties: Body) -> Body:
        """The neutral form."""
        if call.is_before(LEGACY_ENDS):
            return _read_legacy(properties, self._workspace_path())
        kind = str(properties.get("dataType") or "uri_folder")
        properties["dataType"] = SNAKE_TYPES.get(kind, kind)
        properties["dataUri"] = lengthen(
            str(properties.get("dataUri") or ""),
            self._workspace_path(),
            is_folder=properties["dataType"] != "uri_file",
        )
        return properties

    def write(self, call: Call, resource: Resource, body: Body) -> Body:
        """The shape of the call's api-version."""
        properties = body["properties"]
        if call.is_before(LEGACY_ENDS):
            workspace_id = resource.id.partition("/data/")[0]
            return {"properties": _write_legacy(properties, workspace_id)}
        return {"properties": _write_type(call, properties)}

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """A version; where it points cannot change."""
        if existing is not None:
            before, after = existing.body["properties"], body["properties"]
            if before["dataUri"] != after["dataUri"]:
                raise _immutable()
        return super().admit(call, body, existing)

    def container_properties(self, version: Resource) -> Body:
        """A container has the type of its first version."""
        return {
            "isArchived": False,
            "dataType": version.body["properties"].get("dataType"),
        }

    def answer_put(self, call: Call, resource: Resource, *, is_new: bool) -> Reply:
        """201 for a new version, 200 for one that was there."""
        body = self.render(call, resource)
        if is_new:
            return Reply(201, body, (("Location", call.link(resource.id)),))
        return Reply(200, body)

    def missing(self, call: Call) -> Refusal:
        """The error for a version that is not there."""
        name, version = call.path.names[-2:]
        return Refusal(
            404,
            "UserError",
            f"Data version {name}:{version} (dataContainerName:version) not found.",
            "NotFoundError",
        )

    def _workspace_path(self) -> str:
        seed = self.world.seed
        return (
            f"azureml://subscriptions/{seed.subscription}"
            f"/resourcegroups/{seed.resource_group}/workspaces/{seed.workspace}"
        )


def _immutable() -> Refusal:
    return Refusal(
        400,
        "UserError",
        "A data version with this name and version already exists. If you are trying "
        "to create a new data version, use a different name or version. If you are "
        "trying to update an existing data version, the existing asset's data uri "
        "cannot be changed. Only tags, description, and isArchived can be updated.",
        "Immutable",
        "DataVersionPropertyImmutable",
    )


def lengthen(uri: str, workspace_path: str, *, is_folder: bool) -> str:
    """The long form of a short datastore path; others stay as they are."""
    matched = _SHORT.fullmatch(uri)
    if matched is None:
        return uri
    path = matched[2]
    if is_folder and not path.endswith("/"):
        path += "/"
    return f"{workspace_path}/datastores/{matched[1]}/paths/{path}"


def _write_type(call: Call, properties: Body) -> Body:
    kind = properties.get("dataType")
    if kind and call.is_before(PASCAL_ENDS):
        return {**properties, "dataType": PASCAL_TYPES.get(kind, kind)}
    return properties


def _read_legacy(old: Body, workspace_path: str) -> Body:
    properties = dict(old)
    path = str(properties.pop("path", ""))
    datastore = str(properties.pop("datastoreId", "") or "").rpartition("/")[2]
    kind = properties.pop("datasetType", None)
    is_file = bool(PurePosixPath(path).suffix)
    data_type = (
        "mltable" if kind == "Dataflow" else "uri_file" if is_file else "uri_folder"
    )
    uri = path
    if datastore:
        uri = f"{workspace_path}/datastores/{datastore}/paths/{path.lstrip('/')}"
    if kind:
        properties["legacy"] = {"datasetType": kind}
    return {**properties, "dataType": data_type, "dataUri": uri}


def _write_legacy(properties: Body, workspace_id: str) -> Body:
    old = dict(properties)
    kept = old.pop("legacy", None) or {}
    uri, data_type = str(old.pop("dataUri")), old.pop("dataType")
    matched = _LONG.fullmatch(uri) or _SHORT.fullmatch(uri)
    if matched:
        old["datastoreId"] = f"{workspace_id}/datastores/{matched[1]}"
    old["path"] = matched[2] if matched else uri
    old["datasetType"] = kept.get(
        "datasetType", "Dataflow" if data_type == "mltable" else "Simple"
    )
    return old

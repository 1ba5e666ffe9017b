"""Code assets, and where their files are uploaded to.

Neutral form: ``codeUri``. At 2021-03-01-preview a code is a path on a
datastore. Facts: PUT of a version that exists answers 200 with the stored
``codeUri``; a list with ``hash`` finds a version by its content, and is empty
for a code that does not exist; ``isAnonymous`` comes back false.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.assets import AssetContainers, AssetVersions
from azml_contract.emulator.resources.generic import Kind
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.versions import LEGACY_ENDS
from azml_contract.emulator.world import Call

_BLOB_URL = re.compile(r"https://([^./]+)\.blob\.[^/]+/([^/]+)/(.*)")


class CodeContainers(AssetContainers):
    """``workspaces/codes``."""


class CodeVersions(AssetVersions):
    """``workspaces/codes/versions``."""

    def read_properties(self, call: Call, properties: Body) -> Body:
        """The neutral form."""
        if call.is_before(LEGACY_ENDS):
            return self._read_legacy(call, properties)
        return properties

    def write(self, call: Call, resource: Resource, body: Body) -> Body:
        """The shape of the call's api-version."""
        if call.is_before(LEGACY_ENDS):
            return {"properties": self._write_legacy(resource, body["properties"])}
        return body

    def view(self, call: Call, resource: Resource) -> Body:
        """What the service adds."""
        body = super().view(call, resource)
        body["properties"]["isAnonymous"] = False
        return body

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """A version; a second PUT changes when it was modified, not where it is."""
        if existing is None:
            return super().admit(call, body, None)
        properties = {
            **existing.body["properties"],
            **{
                name: value
                for name, value in body["properties"].items()
                if name in ("description", "tags", "properties", "isArchived")
            },
        }
        now = self.world.clock.now()
        return replace(existing, body={"properties": properties}, modified_s=now)

    def members(self, call: Call) -> Iterable[Resource]:
        """Versions; with ``hash``, those of that content, whichever code has them."""
        wanted = call.query.get("hash")
        if not wanted:
            return super().members(call)
        codes = self.world.store.list(call.path.id.rpartition("/")[0])
        return [
            version
            for code in codes
            for version in self.world.store.list(f"{code.id}/versions")
            if _content_hash(version) == wanted
        ]

    def list(self, call: Call) -> Reply:
        """Versions; a content is looked for in codes that are not there, too."""
        if call.query.get("hash"):
            return Kind.list(self, call)
        return super().list(call)

    def answer_missing_container(self, call: Call) -> Reply:
        """A code that does not exist has no versions."""
        return Reply(200, {"value": []})

    def _read_legacy(self, call: Call, old: Body) -> Body:
        properties = dict(old)
        path = str(properties.pop("path", ""))
        datastore_id = properties.pop("datastoreId", None)
        datastore = self.world.store.get(str(datastore_id)) if datastore_id else None
        if datastore is None:
            return {**properties, "codeUri": path}
        inner = datastore.body["properties"]
        uri = (
            f"https://{inner.get('accountName')}.blob.{inner.get('endpoint')}"
            f"/{inner.get('containerName')}/{path.lstrip('/')}"
        )
        return {**properties, "codeUri": uri, "legacy": {"datastoreId": datastore.id}}

    def _write_legacy(self, resource: Resource, properties: Body) -> Body:
        old = dict(properties)
        kept = old.pop("legacy", None) or {}
        uri = str(old.pop("codeUri", "") or "")
        matched = _BLOB_URL.fullmatch(uri.replace(":443/", "/"))
        datastore_id = kept.get("datastoreId")
        if matched and not datastore_id:
            datastore_id = self._find_datastore(resource, matched[1], matched[2])
        if matched and datastore_id:
            return {**old, "datastoreId": datastore_id, "path": matched[3]}
        return {**old, "path": uri}

    def _find_datastore(
        self, resource: Resource, account: str, container: str
    ) -> str | None:
        workspace_id = resource.id.partition("/codes/")[0]
        for datastore in self.world.store.list(f"{workspace_id}/datastores"):
            inner = datastore.body["properties"]
            if (inner.get("accountName"), inner.get("containerName")) == (
                account,
                container,
            ):
                return datastore.id
        return None


def _content_hash(version: Resource) -> str:
    properties = version.body["properties"].get("properties") or {}
    return str(properties.get("hash_sha256", ""))

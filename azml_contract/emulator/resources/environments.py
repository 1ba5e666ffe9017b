"""Environments: YAML goes in, JSON comes out.

Neutral form: ``image`` or ``build``, ``condaFile`` as it was sent. At
2021-03-01-preview the image stands in ``docker``; a ``dockerfile`` of that
version is text where newer ones have a path, so it comes back only there.
"""

from __future__ import annotations

import json
from functools import lru_cache

import yaml

from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.assets import AssetContainers, AssetVersions
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.versions import LEGACY_ENDS
from azml_contract.emulator.world import Call

_FIXED = ("image", "build", "inferenceConfig")


class EnvironmentContainers(AssetContainers):
    """``workspaces/environments``."""

    def missing(self, call: Call) -> Refusal:
        """The error for an environment that is not there."""
        return _missing(call.path.names[-1], "")


class EnvironmentVersions(AssetVersions):
    """``workspaces/environments/versions``."""

    def read_properties(self, call: Call, properties: Body) -> Body:
        """The neutral form; refuses conda files that are no YAML."""
        if call.is_before(LEGACY_ENDS):
            properties = _read_legacy(properties)
        _read_conda(properties.get("condaFile"))
        return properties

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """A version; what it is made of cannot change."""
        if existing is not None:
            before, after = existing.body["properties"], body["properties"]
            if _fingerprint(before) != _fingerprint(after):
                raise _immutable(*call.path.names[-2:])
        return super().admit(call, body, existing)

    def write(self, call: Call, resource: Resource, body: Body) -> Body:
        """The shape of the call's api-version."""
        if call.is_before(LEGACY_ENDS):
            return {"properties": _write_legacy(body["properties"])}
        return body

    def view(self, call: Call, resource: Resource) -> Body:
        """What the service adds, and the conda file as JSON text."""
        body = super().view(call, resource)
        properties = body["properties"]
        conda = _read_conda(properties.get("condaFile"))
        properties |= {
            "environmentType": "UserCreated",
            "condaFile": json.dumps(conda, indent=2, default=str) if conda else "",
        }
        properties.setdefault("stage", "Logged")
        return body

    def answer_put(self, call: Call, resource: Resource, *, is_new: bool) -> Reply:
        """201, also when the version was there."""
        location = (("Location", call.link(resource.id)),)
        return Reply(201, self.render(call, resource), location)

    def answer_missing_container(self, call: Call) -> Reply:
        """A list of versions of nothing."""
        raise _missing(call.path.names[-1], "")

    def missing(self, call: Call) -> Refusal:
        """The error for a version that is not there."""
        return _missing(call.path.names[-2], call.path.names[-1])


def _fingerprint(properties: Body) -> list[object]:
    conda = _read_conda(properties.get("condaFile"))
    return [conda, *(properties.get(name) or None for name in _FIXED)]


def _immutable(name: str, version: str) -> Refusal:
    return Refusal(
        409,
        "UserError",
        f"Environment {name} with version {version} is already registered and cannot "
        "be changed.",
        "Immutable",
        "EnvironmentVersionImmutable",
    )


def _missing(name: str, version: str) -> Refusal:
    return Refusal(
        404,
        "UserError",
        f"No environment exists for name: {name}, version: {version}, label: ",
        "NotFoundError",
    )


@lru_cache(maxsize=64)
def _read_conda(text: object) -> object:
    if not isinstance(text, str) or not text.strip():
        return None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Refusal(
            400,
            "UserError",
            f"The conda file is not valid YAML: {str(error).splitlines()[0]}",
            "BadArgument",
            "ArgumentInvalid",
        ) from error


def _read_legacy(old: Body) -> Body:
    properties = dict(old)
    docker = properties.pop("docker", None) or {}
    if docker.get("dockerImageUri"):
        properties["image"] = docker["dockerImageUri"]
    if docker.get("dockerfile"):
        properties["build"] = {
            "contextUri": docker.get("context") or ".",
            "dockerfilePath": "Dockerfile",
        }
    if "inferenceContainerProperties" in properties:
        properties["inferenceConfig"] = properties.pop("inferenceContainerProperties")
    if docker:
        properties["legacy"] = docker
    return properties


def _write_legacy(properties: Body) -> Body:
    old = dict(properties)
    docker = dict(old.pop("legacy", None) or {})
    build = old.pop("build", None) or {}
    image = old.pop("image", None)
    if image:
        docker |= {"dockerSpecificationType": "Image", "dockerImageUri": image}
    elif build and not docker:
        docker = {
            "dockerSpecificationType": "Build",
            "dockerfile": build.get("dockerfilePath") or "Dockerfile",
            "context": build.get("contextUri"),
        }
    if docker:
        old["docker"] = docker
    if "inferenceConfig" in old:
        old["inferenceContainerProperties"] = old.pop("inferenceConfig")
    old["environmentSpecificationType"] = old.pop("environmentType")
    return old

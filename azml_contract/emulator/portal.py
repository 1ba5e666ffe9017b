"""``{region}.api.azureml.ms`` and ``ml.azure.com``, as far as clients look there.

In: requests to those hosts. Out: the addresses of the service's parts and of
registries, and where a registry's resources are asked for. Run history is in
`history`; the resources themselves in `arm`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from azml_contract.contract.catalog import known_versions
from azml_contract.emulator.job_lives import JobLives
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.uploads import make_reference
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import World
from azml_contract.exchange import Request, Response
from azml_contract.settings import PROVIDER

_API_HOST = ".api.azureml.ms"
_STUDIO = "ml.azure.com"
_FRONT = "/mferp/managementfrontend/"
_FRONT_VERSION = "2023-10-01"
_REGISTRY = re.compile(r"/registrymanagement/v1\.0/registries/([^/]+)/discovery/?")
_UPLOAD = re.compile(
    rf"{_FRONT}subscriptions/[^/]+/resourceGroups/[^/]+/providers/[^/]+"
    r"/registries/[^/]+/tempdatarefs/[^/]+/versions/[^/]+",
    re.IGNORECASE,
)
_ASSET_ID = re.compile(
    rb'"id":"/subscriptions/[^"]+/registries/([^/"]+)/([^/"]+/[^/"]+/versions/[^/"]+)"'
)
_INVOKED = re.compile(
    rf"{_FRONT}subscriptions/[^/]+/resourceGroups/[^/]+/providers/[^/]+"
    r"/workspaces/[^/]+/batchEndpoints/([^/]+)/jobs",
    re.IGNORECASE,
)
_PUBLIC = ("azureml",)
"""Registries of Microsoft that every client may name."""


def answers_portal(request: Request) -> bool:
    """Whether a request is for one of these hosts, or for their addresses."""
    path = unquote(request.path)
    if _UPLOAD.fullmatch(path):
        return request.method == "PUT"
    if _INVOKED.fullmatch(path):
        return request.method == "GET"
    return (
        request.host.endswith(_API_HOST)
        or request.host == _STUDIO
        or path.rstrip("/").endswith("/discovery")
    )


def as_front(request: Request) -> Request | None:
    """A call to a registry's own front, as ARM would get it; None for others.

    azure-ai-ml asks there at a version of its own, whose bodies are those of
    `_FRONT_VERSION`.
    """
    split = urlsplit(request.url)
    if request.host.endswith(_API_HOST) and split.path.startswith("/subscriptions/"):
        return request  # a poll of what was begun at this front
    path = unquote(split.path)
    if not path.startswith(_FRONT):
        return None
    if _UPLOAD.fullmatch(path) or _INVOKED.fullmatch(path):
        return None
    url = request.url.replace(_FRONT, "/", 1)
    version = request.api_version or ""
    if version not in known_versions():
        url = url.replace(f"api-version={version}", f"api-version={_FRONT_VERSION}")
    return replace(request, url=url)


def as_registry(response: Response) -> Response:
    """An answer of ARM as a registry's own front gives it: assets have short ids.

    azure-ai-ml takes the ids of a workspace's assets and these, no others.
    """
    body = _ASSET_ID.sub(rb'"id":"azureml://registries/\1/\2"', response.body)
    return Response(response.status, response.headers, body)


def answer_portal(world: World, request: Request) -> Reply:
    """The addresses of the service's parts; 404 for everything else."""
    split = urlsplit(request.url)
    path = unquote(split.path)
    if _UPLOAD.fullmatch(path):
        return Reply(200, make_reference(world))
    invoked = _INVOKED.fullmatch(path)
    if invoked:
        return Reply(200, {"value": list(_list_invocations(world, invoked[1]))})
    registry = _REGISTRY.fullmatch(path)
    if registry:
        return _discover_registry(world, registry[1])
    if path.rstrip("/").endswith("/discovery"):
        region = f"https://{world.seed.location}{_API_HOST}"
        parts = ("api", "history", "experimentation", "metrics", "artifact")
        return Reply(200, dict.fromkeys(parts, region))
    return _refuse(
        "NotFound",
        f"The azml-contract emulator has nothing at {split.netloc}{split.path}: "
        "artifacts, metrics and the studio are not emulated.",
    )


def _list_invocations(world: World, endpoint: str) -> Iterator[Body]:
    """The jobs that invocations of a batch endpoint made."""
    lives = JobLives(world)
    base = f"{world.workspace_id}/batchEndpoints/{endpoint}/jobs"
    for job in lives.invocations_of(endpoint):
        status = lives.state_of(job).status
        yield {
            "id": f"{base}/{job.name}",
            "name": job.name,
            "type": f"{PROVIDER}/workspaces/batchEndpoints/jobs",
            "properties": {"name": job.name, "status": status},
        }


def _discover_registry(world: World, name: str) -> Reply:
    found = _find_registry(world, name)
    if found is None:
        return _refuse("UserError", f"Registry {name} not found")
    location = str(found.body.get("location") or world.seed.location).lower()
    return Reply(
        200,
        {
            "registryName": found.name,
            "tenantId": world.seed.tenant,
            "subscriptionId": world.seed.subscription,
            "resourceGroup": found.id.split("/resourceGroups/")[1].split("/")[0],
            "workspaceName": None,
            "primaryRegion": location,
            "primaryRegionResourceProviderUri": f"https://{location}{_API_HOST}/",
            "regions": [location],
        },
    )


def _find_registry(world: World, name: str) -> Resource | None:
    for group in world.groups():
        found = world.store.get(f"{group}/providers/{PROVIDER}/registries/{name}")
        if found is not None:
            return found
    if name.lower() not in _PUBLIC:
        return None
    group = world.groups()[0]
    made = world.new_resource(
        f"{group}/providers/{PROVIDER}/registries/{name}",
        {"location": world.seed.location, "properties": {"regionDetails": []}},
    )
    world.store.put(made)
    return made


def _refuse(code: str, message: str) -> Reply:
    return Reply(404, {"error": {"code": code, "message": message}})

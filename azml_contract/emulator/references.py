"""Whether what a job refers to exists.

In: a job in its neutral form. Out: nothing, or the error that the service
answers. Curated environments (``AzureML-...``) and registries exist without
being in the store.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from azml_contract.emulator.paths import parse_arm_path, split_asset_id
from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.resources.computes import find_compute
from azml_contract.emulator.world import World

_SHORT = re.compile(r"azureml:([^:/@]+)(?::([^:/@]+)|@latest)")
_CURATED = "azureml-"
_SERVERLESS = "serverless"


def check_references(world: World, name: str, properties: Mapping[str, Any]) -> None:
    """Refuse a job whose compute, environment, code or data is not there.

    Args:
        world: Where they would be.
        name: Name of the job, for the message.
        properties: Of the job, in the neutral form.

    Raises:
        Refusal: 400 for a compute, 404 for an asset.
    """
    _check_compute(world, name, properties)
    trial = properties.get("trial") or {}
    for holder in (properties, trial):
        _check_asset(world, holder.get("environmentId"), "environments")
        _check_asset(world, holder.get("codeId"), "codes")
    for item in _inputs(properties):
        _check_asset(world, item.get("uri"), "data")


def _inputs(properties: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for item in (properties.get("inputs") or {}).values():
        if isinstance(item, Mapping):
            yield item


def _check_compute(world: World, name: str, properties: Mapping[str, Any]) -> None:
    compute_id = str(properties.get("computeId") or "")
    if not compute_id or compute_id.rpartition("/")[2].lower() == _SERVERLESS:
        return
    if parse_arm_path(compute_id).kind != "workspaces/computes":
        bare = compute_id.removeprefix("azureml:")
        compute_id = f"{world.workspace_id}/computes/{bare}"
    if find_compute(world, compute_id) is None:
        experiment = properties.get("experimentName", "Default")
        raise Refusal(
            400, "UserError", f"{experiment}: Compute Not Found for run ID : {name}"
        )


def _check_asset(world: World, reference: object, kind: str) -> None:
    if not isinstance(reference, str) or not reference:
        return
    asset_id = _as_id(world, reference, kind)
    if asset_id is None or world.store.get(asset_id) is not None:
        return
    raise Refusal(404, "NotFound", f"key: {asset_id} was not found.", bare=True)


def _as_id(world: World, reference: str, kind: str) -> str | None:
    """The id that must exist; None for what is not in the workspace."""
    asset = split_asset_id(reference)
    if asset is not None:
        return None if _is_curated(asset[1]) else reference
    matched = _SHORT.fullmatch(reference)
    if matched is None or _is_curated(matched[1]):
        return None
    container = f"{world.workspace_id}/{kind}/{matched[1]}"
    return f"{container}/versions/{matched[2]}" if matched[2] else container


def _is_curated(name: str) -> bool:
    return name.lower().startswith(_CURATED)

"""Places for uploads: a fresh container, and a SAS for it.

In: ``startPendingUpload`` of a code, a data asset or a model, in a workspace or
a registry; ``datareferences`` of a registry. Out: where a client may put its
files, or fetch them. Source: 19 observed answers.
"""

from __future__ import annotations

from azml_contract.emulator.replies import Reply
from azml_contract.emulator.sas import sign_upload
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import (
    Call,
    World,
    storage_account_id,
    workspace_guid_of,
)


def answer_upload(call: Call, world: World, resource: Resource | None) -> Reply:
    """A container of one's own; what was asked for comes back as ``None``."""
    return Reply(
        200,
        {
            **make_reference(world),
            "pendingUploadId": world.store.draw_guid(),
            "pendingUploadType": "None",
        },
    )


def make_reference(world: World) -> Body:
    """A fresh container, and how a client may fill it."""
    workspace_guid = workspace_guid_of(world.workspace_id)
    container = f"{workspace_guid[:8]}-0-{world.store.draw_guid()}"
    world.blobs.make_containers([container])
    return {"blobReferenceForConsumption": _reference(world, container)}


def answer_reference(call: Call, world: World, resource: Resource | None) -> Reply:
    """A SAS for the files behind an asset of a registry."""
    asked = str((call.body or {}).get("blobUri") or "")
    container = asked.partition(".blob.core.windows.net")[2].strip("/:43").split("/")[0]
    return Reply(
        200,
        {"blobReferenceForConsumption": _reference(world, container or "azureml")},
    )


def _reference(world: World, container: str) -> Body:
    seed = world.seed
    host = f"{seed.storage_account}.blob.core.windows.net"
    sas = sign_upload(seed.storage_account, seed.storage_key, container)
    return {
        "blobUri": f"https://{host}:443/{container}",
        "storageAccountArmId": storage_account_id(
            world.workspace_id, seed.storage_account
        ),
        "credential": {
            "credentialType": "SAS",
            "sasUri": f"https://{host}/{container}?{sas}",
        },
    }

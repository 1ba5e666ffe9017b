"""Remove from Azure what a scenario created, newest first.

In: a workspace client that kept its answers. Out: nothing; what could not be
removed is named on the progress line and left. Computes, jobs and asset
versions are deleted, and a job that still runs is cancelled before.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from azml_contract.errors import AzmlContractError

if TYPE_CHECKING:
    from azml_contract.client import Workspace

_ENDED = {"Completed", "Failed", "Canceled"}


def remove_created(workspace: Workspace, *, spare: Collection[str] = ()) -> list[str]:
    """Delete every resource that this workspace client created with a 201.

    Args:
        workspace: The client of a scenario that has ended.
        spare: Paths of resources to leave alone.

    Returns:
        One line for each resource that is still there, and why.
    """
    left = []
    for resource_id in reversed(workspace.created):
        if resource_id in spare:
            continue
        try:
            _remove(workspace, resource_id)
        except AzmlContractError as error:
            left.append(f"{resource_id} was left behind: {error}")
    return left


def _remove(workspace: Workspace, resource_id: str) -> None:
    if "/jobs/" in resource_id:
        _end_job(workspace, resource_id)
    action = (
        {"underlyingResourceAction": "Delete"} if "/computes/" in resource_id else {}
    )
    answer = workspace.arm("DELETE", resource_id, params=action)
    answer.expect(200, 202, 204)
    if answer.status == 202:
        workspace.wait(answer)


def _end_job(workspace: Workspace, resource_id: str) -> None:
    status = workspace.arm("GET", resource_id).expect(200).json["properties"]["status"]
    if status not in _ENDED:
        workspace.arm("POST", f"{resource_id}/cancel").expect(200, 202)
        workspace.wait(resource_id)

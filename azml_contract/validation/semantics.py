"""Check what a request body means, beyond its schema.

In: a parsed body and where the call goes. Out: findings about ARM ids, command
bindings and search spaces. These checks always run, whatever the judge says.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from azml_contract.finding import Finding
from azml_contract.validation.arm_ids import Place, check_ids, check_related
from azml_contract.validation.bindings import check_bindings, is_usual_job
from azml_contract.validation.calls import Scope
from azml_contract.validation.deviation import Path
from azml_contract.validation.grade import Grader
from azml_contract.validation.pipelines import check_pipeline
from azml_contract.validation.search_space import check_search_space, is_usual_space

NAMES = frozenset(
    (
        *("action", "jobDefinition", "jobs", "properties", "searchSpace", "trial"),
        *("command", "component", "componentId", "componentSpec"),
        *("inputs", "outputs", "inputDataBindings", "outputDataBindings"),
        *("environmentVariables", "tags"),
    )
)
"""The names that these checks look up; ids are told in any case."""

_PROPERTIES: Path = (None, "properties")


def check_meaning(
    grader: Grader, body: Any, place: Place | None, *, has_plain_ids: bool = False
) -> list[Finding]:
    """Findings about the meaning of a request body.

    Args:
        grader: Of the request.
        body: The parsed body, mended where its text was broken, its names
            written as the contract does.
        place: The workspace that ids should name, if any.
        has_plain_ids: Nothing can be wrong with an id of the body.
    """
    found = [] if has_plain_ids else check_ids(grader, body, place)
    if is_usual(grader, body):
        return found
    if grader.operation.startswith("Workspaces_"):
        found += check_related(grader, body)
    properties = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(properties, dict):
        return found
    _check_job(grader, properties, _PROPERTIES, found)
    action = properties.get("action")
    if isinstance(action, dict) and isinstance(action.get("jobDefinition"), dict):
        path = ((_PROPERTIES, "action"), "jobDefinition")  # of a schedule
        _check_job(grader, action["jobDefinition"], path, found)
    return found


def is_usual(grader: Grader, body: Any) -> bool:
    """Whether all but its ids is right in a body as most are; False says nothing."""
    job = body.get("properties") if type(body) is dict else None
    if type(job) is not dict or grader.operation[:11] == "Workspaces_":
        return False
    if "jobs" in job or "action" in job or "componentSpec" in job:
        return False
    space = job.get("searchSpace")
    return is_usual_job(job, space) and (space is None or is_usual_space(space))


def _check_job(
    grader: Grader, job: dict[str, Any], path: Path, found: list[Finding]
) -> None:
    found += check_bindings(grader, job, path)
    if "jobs" in job or "componentSpec" in job:
        found += check_pipeline(grader, job, path)
    if "searchSpace" in job:
        found += check_search_space(grader, job["searchSpace"], (path, "searchSpace"))


def choose_place(values: Mapping[str, str], scope: Scope) -> Place | None:
    """The workspace that ids should name; None where the call goes to none."""
    if scope.workspace:
        return _place(scope.subscription, scope.resource_group, scope.workspace, True)
    workspace = values.get("workspaceName", "")
    if not workspace or scope.names_are_ours:
        return None
    subscription = values.get("subscriptionId", "")
    return _place(subscription, values.get("resourceGroupName", ""), workspace)


_place = lru_cache(maxsize=64)(Place)

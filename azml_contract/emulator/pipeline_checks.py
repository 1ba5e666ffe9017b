"""What the service refuses about the nodes of a pipeline job.

In: a pipeline job in its neutral form, and the components that there are. Out:
nothing, or the refusal. Only what a node's inputs and outputs bind is looked
at. Source: 33 observed refusals, two of them with their text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.world import World

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_BOUND = re.compile(r"parent\.(inputs|outputs|jobs)\.(\S+)")
_LITERAL = ("string", "number", "integer", "boolean", "enum")


def check_pipeline(world: World, properties: Mapping[str, Any]) -> None:
    """Refuse bindings that name nothing.

    Raises:
        Refusal: 400.
    """
    for name, node in (properties.get("jobs") or {}).items():
        if isinstance(node, Mapping):
            _check_node(world, properties, str(name), node)


def _check_node(
    world: World, pipeline: Mapping[str, Any], name: str, node: Mapping[str, Any]
) -> None:
    declared = _declared_inputs(world, node)
    for group in ("inputs", "outputs"):
        bound = node.get(group)
        for key, item in bound.items() if isinstance(bound, Mapping) else ():
            text = _text_of(item)
            _check_text(pipeline, name, text)
            if group == "inputs" and declared is not None:
                _check_declared(declared, name, str(key), text)


def _text_of(item: Any) -> str:
    if isinstance(item, Mapping):
        item = item.get("value") or item.get("uri") or item.get("path")
    return item if isinstance(item, str) else ""


def _check_text(pipeline: Mapping[str, Any], node: str, text: str) -> None:
    for expression in _EXPRESSION.findall(text):
        if not expression.startswith("parent."):
            continue  # filled in when the node runs, as ${{name}}
        matched = _BOUND.fullmatch(expression)
        if matched is None or not _is_known(pipeline, matched[1], matched[2]):
            raise Refusal(
                400,
                "UserError",
                f"Invalid expression '${{{{{expression}}}}}' in job {node}: it names "
                "no input, output or job of the pipeline.",
                "BadArgument",
                "ArgumentInvalid",
                "InvalidPipelineJob",
                "InvalidExpressionInJob",
            )


def _is_known(pipeline: Mapping[str, Any], kind: str, path: str) -> bool:
    known = pipeline.get(kind) or {}
    # Inputs of a group are declared one by one, GROUP.NAME, or as the group.
    return path in known or any(
        name == path.partition(".")[0] or name.startswith(f"{path}.") for name in known
    )


def _declared_inputs(world: World, node: Mapping[str, Any]) -> Any:
    """Inputs of the node's component; None where it is not known here."""
    component = world.store.get(
        str(node.get("componentId") or "").removeprefix("azureml:")
    )
    if component is None:
        return None
    spec = (component.body.get("properties") or {}).get("componentSpec")
    if not isinstance(spec, Mapping) or "inputs" not in spec:
        return None
    return spec["inputs"]


def _check_declared(declared: Any, node: str, key: str, text: str) -> None:
    found = declared.get(key) if isinstance(declared, Mapping) else None
    if found is None and not any(str(n).startswith(f"{key}.") for n in declared):
        found = declared.get(key.partition(".")[0])
    is_path = (
        isinstance(found, Mapping) and str(found.get("type")).lower() not in _LITERAL
    )
    # A path takes the whole of an input, not a path within it.
    is_partial = "${{" in text and _EXPRESSION.fullmatch(text) is None
    if found is None or (is_path and is_partial):
        raise Refusal(
            400,
            "UserError",
            f"Invalid component job since input {key} for component job {node} does "
            "not exist.",
            "BadArgument",
            "ArgumentInvalid",
            "InvalidPipelineJob",
            "InvalidComponentJobInput",
        )

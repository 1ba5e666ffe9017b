"""Check what the nodes of a pipeline bind against what the pipeline has.

In: the properties of a job or a component. Out: ``${{parent.inputs.x}}``,
``${{parent.outputs.x}}`` and ``${{parent.jobs.n...}}`` that name nothing, and
commands of nodes that read what their node does not bind. Nodes are free-form
in every specification, so each text of a node counts, wherever it stands.
Which inputs and outputs a node's component has is in no body, and not checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from azml_contract.finding import Finding
from azml_contract.validation.bindings import check_bindings
from azml_contract.validation.deviation import Path, to_pointer
from azml_contract.validation.grade import Grader
from azml_contract.validation.nearest import find_nearest
from azml_contract.validation.phrases import list_names

_PARENT = re.compile(r"\$\{\{\s*parent\.(inputs|outputs|jobs)\.([^}]*?)\s*\}\}")
_NOUNS = {"inputs": "input", "outputs": "output", "jobs": "job"}


def check_pipeline(grader: Grader, job: dict[str, Any], path: Path) -> list[Finding]:
    """Findings about the nodes of a pipeline job, or of a pipeline component.

    Args:
        grader: Of the request.
        job: The properties of the resource; anything but a pipeline has none.
        path: Where they stand.
    """
    return list(_walk(grader, job, path, None))


def _walk(
    grader: Grader, value: Any, path: Path, parent: dict[str, Any] | None
) -> Iterator[Finding]:
    """Everything below `value`; `parent` is the pipeline that holds it, if any."""
    if isinstance(value, str):
        if parent is not None and "${{" in value:
            yield from _check_text(grader, value, path, parent)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(grader, item, (path, index), parent)
    elif isinstance(value, dict):
        for key, item in value.items():
            place: Path = (path, key)
            if key == "jobs" and isinstance(item, dict):
                for name, node in item.items():
                    yield from _check_command(grader, node, (place, name))
                yield from _walk(grader, item, place, value)
            else:
                yield from _walk(grader, item, place, parent)


def _check_command(grader: Grader, node: Any, path: Path) -> list[Finding]:
    # What the component of a node declares is not in the body.
    if not isinstance(node, dict) or node.get("componentId"):
        return []
    if "component" in node:
        return check_bindings(grader, node["component"], (path, "component"))
    return check_bindings(grader, node, path)


def _check_text(
    grader: Grader, text: str, path: Path, parent: dict[str, Any]
) -> Iterator[Finding]:
    for kind, name in dict.fromkeys(_PARENT.findall(text)):
        known = parent.get(kind)
        names = tuple(known) if isinstance(known, dict) else ()
        # Inputs of a group are declared one by one, GROUP.NAME, or as the group.
        if name not in names and name.partition(".")[0] not in names:
            yield _find_unbound(grader, kind, name, names, path)


def _find_unbound(
    grader: Grader, kind: str, name: str, known: tuple[str, ...], path: Path
) -> Finding:
    noun = _NOUNS[kind]
    seen = name.partition(".")[0] if kind == "jobs" else name
    near = find_nearest(seen, known)
    listed = f"; it has {list_names(known)}" if known else ""
    return grader.find(
        "AZC175",
        f"${{{{parent.{kind}.{name}}}}} names no {noun} of the pipeline{listed}.",
        cure=f"Did you mean {near[0]}?"
        if near
        else f"Add {seen} to `{kind}` of the pipeline.",
        pointer=to_pointer(path),
        expected=near or known,
        seen=seen,
    )

"""Check what the nodes of a pipeline bind against what the pipeline has.

In: the properties of a job or a component. Out: ``${{parent.inputs.x}}``,
``${{parent.outputs.x}}`` and ``${{parent.jobs.n...}}`` that name nothing, what
the service was seen to refuse in an input of a node, and
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
_OTHER = re.compile(r"\$\{\{\s*parent\.(?!(?:inputs|outputs|jobs)\.)([^}]*?)\s*\}\}")
_TEXT_INPUTS = ("", "literal")


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
        elif kind == "inputs" and _is_input(path) and _is_glued(text, parent, name):
            yield _find_glued(grader, name, text, path)
    for other in dict.fromkeys(_OTHER.findall(text)) if _is_input(path) else ():
        yield _find_no_part(grader, other, path)


def _is_input(path: Path) -> bool:
    """Whether a text is an input of a node, or the value of one."""
    steps: list[str | int] = []
    while path is not None and len(steps) < 3:
        path, step = path
        steps.append(step)
    return "inputs" in steps[1:]


def _is_glued(text: str, parent: dict[str, Any], name: str) -> bool:
    """Whether a text adds something to an input of the pipeline that is data."""
    declared = parent["inputs"].get(name)
    tag = declared.get("jobInputType") if isinstance(declared, dict) else ""
    is_data = isinstance(tag, str) and tag.casefold() not in _TEXT_INPUTS
    return is_data and _PARENT.fullmatch(text.strip()) is None


def _find_glued(grader: Grader, name: str, text: str, path: Path) -> Finding:
    binding = f"${{{{parent.inputs.{name}}}}}"
    return grader.find(
        "AZC176",
        f"{binding} is data, and other text stands beside it; data is bound whole.",
        cure=f"Send {binding} alone, and let the command add the rest.",
        pointer=to_pointer(path),
        seen=text,
        owner="PipelineJob",
        name="glued",
    )


def _find_no_part(grader: Grader, name: str, path: Path) -> Finding:
    return grader.find(
        "AZC176",
        f"${{{{parent.{name}}}}} is nothing that a node can read of its pipeline: "
        "inputs, outputs and jobs are.",
        cure="Declare an input of the pipeline, and bind ${{parent.inputs.NAME}}.",
        pointer=to_pointer(path),
        seen=name,
        owner="PipelineJob",
        name=f"parent.{name}",
    )


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

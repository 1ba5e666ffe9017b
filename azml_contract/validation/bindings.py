"""Check what the command of a job reads against what the job binds.

In: the properties of a job. Out: ``${{inputs.x}}``, ``${{outputs.x}}``,
``${{search_space.x}}`` and ``$AZURE_ML_INPUT_x`` that nothing binds, and
parameters of a search space that nothing reads. Names are looked up in either
family of bodies (``inputs`` and ``inputDataBindings``). Knows no schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from azml_contract.finding import Finding
from azml_contract.validation.deviation import Path, to_pointer
from azml_contract.validation.grade import Grader
from azml_contract.validation.nearest import find_nearest
from azml_contract.validation.phrases import list_names

_EXPRESSION = re.compile(r"\$\{\{\s*([A-Za-z_]+)\.([^}]*?)\s*\}\}")
_VARIABLE = re.compile(r"AZURE_ML_(INPUT|OUTPUT)_([A-Za-z0-9_]+)")
_INPUTS = ("inputs", "inputDataBindings")
_OUTPUTS = ("outputs", "outputDataBindings")


class _Command(NamedTuple):
    """A command line, where it stands, what it reads, and the names it may read."""

    text: str
    path: Path
    reads: tuple[tuple[str, str], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    variables: tuple[str, ...]
    space: tuple[str, ...] | None


def check_bindings(grader: Grader, job: Any, path: Path) -> Iterator[Finding]:
    """Findings about the command of a job, of a sweep's trial, of a component.

    Args:
        grader: Of the request.
        job: The properties of the resource.
        path: Where they stand.
    """
    for command in _find_commands(job, path):
        yield from _check_expressions(grader, command)
        yield from _check_variables(grader, command)
        if command.space is not None:
            yield from _check_unread(grader, command, path)


def _find_commands(job: Any, path: Path) -> Iterator[_Command]:
    if not isinstance(job, dict):
        return
    if isinstance(job.get("command"), str):
        yield _read_command(job, (job,), path, None)
    trial = job.get("trial")
    if isinstance(trial, dict) and isinstance(trial.get("command"), str):
        space = job.get("searchSpace")
        names = tuple(space) if isinstance(space, dict) else ()
        yield _read_command(trial, (job, trial), (path, "trial"), names)
    component = job.get("componentSpec")
    if isinstance(component, dict) and isinstance(component.get("command"), str):
        yield _read_command(component, (component,), (path, "componentSpec"), None)


def _read_command(
    holder: dict[str, Any],
    binders: tuple[dict[str, Any], ...],
    path: Path,
    space: tuple[str, ...] | None,
) -> _Command:
    text = holder["command"]
    return _Command(
        text,
        (path, "command"),
        tuple(dict.fromkeys(_EXPRESSION.findall(text))),
        _collect(binders, _INPUTS),
        _collect(binders, _OUTPUTS),
        _collect(binders, ("environmentVariables",)),
        space,
    )


def _collect(
    binders: tuple[dict[str, Any], ...], keys: tuple[str, ...]
) -> tuple[str, ...]:
    names: list[str] = []
    for binder in binders:
        for key in keys:
            bound = binder.get(key)
            if isinstance(bound, dict):
                names += bound
    return tuple(names)


def _check_expressions(grader: Grader, command: _Command) -> Iterator[Finding]:
    for kind, name in command.reads:
        if kind == "search_space":
            if name not in (command.space or ()):
                yield _find_unbound(grader, command, "AZC171", kind, name)
        elif kind in ("inputs", "outputs"):
            bound = command.inputs if kind == "inputs" else command.outputs
            # An output called default is added by the service.
            known = name in bound or name.split(".")[0] in bound
            if not known and not (kind == "outputs" and name == "default"):
                yield _find_unbound(grader, command, "AZC170", kind, name)


def _find_unbound(
    grader: Grader, command: _Command, code: str, kind: str, name: str
) -> Finding:
    noun, bound = {
        "inputs": ("input", command.inputs),
        "outputs": ("output", command.outputs),
        "search_space": ("parameter of the search space", command.space or ()),
    }[kind]
    near = find_nearest(name, bound)
    return grader.find(
        code,
        f"The command reads ${{{{{kind}.{name}}}}}, and no {noun} {name} is declared"
        f"{_list_others(bound, 'declared')}.",
        cure=f"Did you mean {near[0]}?" if near else f"Declare {name}, or drop it.",
        pointer=to_pointer(command.path),
        expected=near or bound,
        seen=name,
    )


def _list_others(names: tuple[str, ...], what: str) -> str:
    """The end of a sentence about a name that is missing; empty without others."""
    if not names:
        return ""
    verb = "is" if len(names) == 1 else "are"
    return f"; {what} {verb}: {list_names(names)}"


def _check_variables(grader: Grader, command: _Command) -> Iterator[Finding]:
    for kind, name in dict.fromkeys(_VARIABLE.findall(command.text)):
        bound = command.inputs if kind == "INPUT" else command.outputs
        variable = f"AZURE_ML_{kind}_{name}"
        folded = {other.replace("-", "_").casefold() for other in bound}
        if name.casefold() in folded or variable in command.variables:
            continue
        near = find_nearest(name, bound)
        yield grader.find(
            "AZC174",
            f"The command reads ${variable}, and no {kind.lower()} {name} is bound"
            f"{_list_others(bound, 'bound')}.",
            cure=f"Did you mean {near[0]}?" if near else f"Bind {name}, or drop it.",
            pointer=to_pointer(command.path),
            expected=near or bound,
            seen=name,
        )


def _check_unread(grader: Grader, command: _Command, path: Path) -> Iterator[Finding]:
    read = {name for kind, name in command.reads if kind == "search_space"}
    for name in command.space or ():
        # Names with dashes are appended to the command as arguments.
        if name not in read and not name.startswith("-"):
            yield grader.find(
                "AZC172",
                f"The command never reads {name} of the search space.",
                cure=f"Add ${{{{search_space.{name}}}}} to the command.",
                pointer=to_pointer(((path, "searchSpace"), name)),
                seen=name,
            )

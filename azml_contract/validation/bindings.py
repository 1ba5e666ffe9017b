"""Check what the command of a job reads against what the job binds.

In: the properties of a job. Out: ``${{inputs.x}}``, ``${{outputs.x}}``,
``${{search_space.x}}`` and ``$AZURE_ML_INPUT_x`` that nothing binds, and
parameters of a search space that nothing reads. Names are looked up in either
family of bodies (``inputs`` and ``inputDataBindings``). Knows no schema.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from azml_contract.finding import Finding
from azml_contract.validation.deviation import Path, to_pointer
from azml_contract.validation.grade import Grader
from azml_contract.validation.nearest import find_nearest
from azml_contract.validation.phrases import list_names

_EXPRESSION = re.compile(r"\$\{\{\s*([A-Za-z_]+)\.([^}]*?)\s*\}\}")
_VARIABLE = re.compile(r"AZURE_ML_(INPUT|OUTPUT)_([A-Za-z0-9_]+)")
_BINDERS = {
    "inputs": ("inputs", "inputDataBindings"),
    "outputs": ("outputs", "outputDataBindings"),
    "variables": ("environmentVariables",),
}
_NOUNS = {
    "inputs": "input",
    "outputs": "output",
    "search_space": "parameter of the search space",
}


class _Command(NamedTuple):
    """A command line, where it stands, and the objects that bind what it reads.

    `space` is the search space of a sweep, None outside of one.
    """

    text: str
    path: Path
    binders: tuple[dict[str, Any], ...]
    space: Mapping[str, Any] | None = None

    def bound(self, kind: str) -> tuple[str, ...]:
        """The names that the binders bind: ``inputs``, ``outputs``, ..."""
        names: list[str] = []
        for binder in self.binders:
            for key in _BINDERS[kind]:
                given = binder.get(key)
                if isinstance(given, dict):
                    names += given
        return tuple(names)


def check_bindings(grader: Grader, job: Any, path: Path) -> list[Finding]:
    """Findings about the command of a job, of a sweep's trial, of a component.

    Args:
        grader: Of the request.
        job: The properties of the resource.
        path: Where they stand.
    """
    found: list[Finding] = []
    for command in _find_commands(job, path):
        text = command.text
        reads = dict.fromkeys(_EXPRESSION.findall(text)) if "${{" in text else {}
        found += _check_expressions(grader, command, reads)
        if "AZURE_ML_" in text:
            found += _check_variables(grader, command)
        if command.space:
            found += _check_unread(grader, command.space, reads, path)
    return found


def _find_commands(job: Any, path: Path) -> list[_Command]:
    found: list[_Command] = []
    if not isinstance(job, dict):
        return found
    text = job.get("command")
    if isinstance(text, str):
        found.append(_Command(text, (path, "command"), (job,)))
    for name in ("trial", "componentSpec"):
        holder = job.get(name)
        if not isinstance(holder, dict) or not isinstance(holder.get("command"), str):
            continue
        text, place = holder["command"], ((path, name), "command")
        if name == "trial":
            space = job.get("searchSpace")
            given = space if isinstance(space, dict) else {}
            found.append(_Command(text, place, (job, holder), given))
        else:
            found.append(_Command(text, place, (holder,)))
    return found


def _check_expressions(
    grader: Grader, command: _Command, reads: Iterable[tuple[str, str]]
) -> Iterator[Finding]:
    for kind, name in reads:
        if kind == "search_space":
            if name not in (command.space or ()):
                yield _find_unbound(grader, command, "AZC171", kind, name)
        elif kind in ("inputs", "outputs"):
            bound = command.bound(kind)
            # An output called default is added by the service.
            known = name in bound or name.split(".")[0] in bound
            if not known and not (kind == "outputs" and name == "default"):
                yield _find_unbound(grader, command, "AZC170", kind, name)


def _find_unbound(
    grader: Grader, command: _Command, code: str, kind: str, name: str
) -> Finding:
    noun = _NOUNS[kind]
    space = kind == "search_space"
    bound = tuple(command.space or ()) if space else command.bound(kind)
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
        bound = command.bound(f"{kind.lower()}s")
        variable = f"AZURE_ML_{kind}_{name}"
        folded = {other.replace("-", "_").casefold() for other in bound}
        if name.casefold() in folded or variable in command.bound("variables"):
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


def _check_unread(
    grader: Grader, space: Iterable[str], reads: Container[tuple[str, str]], path: Path
) -> Iterator[Finding]:
    for name in space:
        # Names with dashes are appended to the command as arguments.
        if ("search_space", name) not in reads and not name.startswith("-"):
            yield grader.find(
                "AZC172",
                f"The command never reads {name} of the search space.",
                cure=f"Add ${{{{search_space.{name}}}}} to the command.",
                pointer=to_pointer(((path, "searchSpace"), name)),
                seen=name,
            )

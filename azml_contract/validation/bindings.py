"""Check what the command of a job reads against what the job binds.

In: the properties of a job. Out: ``${{inputs.x}}``, ``${{outputs.x}}``,
``${{search_space.x}}`` and ``$AZURE_ML_INPUT_x`` that nothing binds, and
parameters of a search space that nothing reads. Names are looked up in either
family of bodies (``inputs`` and ``inputDataBindings``). Knows no schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from azml_contract.finding import Finding
from azml_contract.validation.deviation import Path, to_pointer
from azml_contract.validation.grade import Grader
from azml_contract.validation.nearest import find_nearest
from azml_contract.validation.phrases import list_names

_EXPRESSION = re.compile(r"\$\{\{\s*([A-Za-z_]+)\.([^}]*)\}\}")
_VARIABLE = re.compile(r"AZURE_ML_(INPUT|OUTPUT)_([A-Za-z0-9_]+)")
_BINDERS = {
    "inputs": ("inputs", "inputDataBindings"),
    "outputs": ("outputs", "outputDataBindings"),
}
# Nodes of pipelines are written with underscores.
_VARIABLES = ("environmentVariables", "environment_variables")
_PLURALS = {"INPUT": "inputs", "OUTPUT": "outputs"}
_NOUNS = {
    "inputs": "input",
    "outputs": "output",
    "search_space": "parameter of the search space",
}


_Wanted = tuple[tuple[str, ...], tuple[tuple[tuple[str, str], str], ...]]
"""Parameters of the search space, and all else: where it may be bound, and its name."""


class _Command(NamedTuple):
    """A command line, where it stands, and the objects that bind what it reads.

    `space` is the search space of a sweep, None outside of one.
    """

    text: str
    path: Path
    binders: tuple[dict[str, Any], ...]
    space: Mapping[str, Any] | None = None

    def list_bound(self, kind: str) -> tuple[str, ...]:
        """The names that are bound: ``inputs``, ``outputs`` or ``search_space``."""
        if kind == "search_space":
            return tuple(self.space or ())
        given = [binder.get(key) for binder in self.binders for key in _BINDERS[kind]]
        return tuple(name for one in given if isinstance(one, dict) for name in one)

    def binds(self, kind: str, name: str) -> bool:
        """Whether ``${{kind.name}}`` is bound; kinds that are not known here are."""
        if kind == "search_space":
            return name in (self.space or ())
        keys = _BINDERS.get(kind)
        if keys is None:
            return True
        for binder in self.binders:
            for key in keys:
                given = binder.get(key)
                if given is None or not isinstance(given, dict):
                    continue
                if name in given or ("." in name and name.split(".")[0] in given):
                    return True
        # An output called default is added by the service.
        return kind == "outputs" and name == "default"

    def binds_variable(self, kind: str, name: str) -> bool:
        """Whether ``$AZURE_ML_INPUT_name`` is bound; dashes become underscores."""
        plural = _PLURALS[kind]
        if self.binds(plural, name):
            return True
        folded = name.casefold()
        bound = self.list_bound(plural)
        if any(other.replace("-", "_").casefold() == folded for other in bound):
            return True
        given = [binder.get(key) for binder in self.binders for key in _VARIABLES]
        variable = f"AZURE_ML_{kind}_{name}"
        return any(isinstance(one, dict) and variable in one for one in given)


def check_bindings(grader: Grader, job: Any, path: Path) -> list[Finding]:
    """Findings about the command of a job, of a sweep's trial, of a component.

    Args:
        grader: Of the request.
        job: The properties of the resource.
        path: Where they stand.
    """
    found: list[Finding] = []
    if not isinstance(job, dict):
        return found
    for command in _find_commands(job, path):
        if not _is_bound(command[0], *command[2:]):
            _tell_unbound(grader, _Command(*command), path, found)
    return found


def is_usual_job(job: dict[str, Any], space: Any) -> bool:
    """Whether a job or a sweep, as most are one, is right: False says nothing.

    A component within it is not looked at; `space` is its search space, if any.
    """
    text, trial = job.get("command"), job.get("trial")
    if text is not None and not (type(text) is str and _is_bound(text, (job,))):
        return False
    if type(trial) is not dict or type(text := trial.get("command")) is not str:
        return True
    return _is_bound(text, (trial, job), space if type(space) is dict else None)


def _is_bound(
    text: str,
    binders: Sequence[dict[str, Any]],
    space: Mapping[str, Any] | None = None,
) -> bool:
    """Whether a command reads what is bound, and all of it: False says nothing."""
    wanted = _find_wanted(text)
    if wanted is None:
        return False
    parameters, others = wanted
    for (usual, former), name in others:
        for binder in binders:
            given = binder.get(usual)
            if type(given) is dict and name in given:
                break
            given = binder.get(former)
            if type(given) is dict and name in given:
                break
        else:
            return False
    if not space:
        return not parameters
    for name in parameters:
        if name not in space:
            return False
    if len(space) > len(parameters):
        for name in space:
            if name[:1] != "-" and name not in parameters:
                return False
    return True


def _tell_unbound(
    grader: Grader, command: _Command, path: Path, found: list[Finding]
) -> None:
    reads = _find_reads(command.text)
    for kind, name in reads:
        if not command.binds(kind, name):
            found.append(_find_unbound(grader, command, kind, name))
    for kind, name in _find_variables(command.text):
        if not command.binds_variable(kind, name):
            found.append(_find_unbound_variable(grader, command, kind, name))
    read = [name for kind, name in reads if kind == "search_space"]
    for name in command.space or ():
        if _is_unread(name, read):
            found.append(_find_unread(grader, name, path))


# A client sends the same command again and again: it is taken apart once.


@lru_cache(maxsize=64)
def _find_reads(text: str) -> tuple[tuple[str, str], ...]:
    """What expressions name: kind and name, each once, in their order."""
    named = _EXPRESSION.findall(text) if "${{" in text else ()
    return tuple(dict.fromkeys((kind, name.rstrip()) for kind, name in named))


@lru_cache(maxsize=64)
def _find_variables(text: str) -> tuple[tuple[str, str], ...]:
    """What variables name: ``INPUT`` or ``OUTPUT``, and the name, each once."""
    return tuple(dict.fromkeys(_VARIABLE.findall(text)))


@lru_cache(maxsize=64)
def _find_wanted(text: str) -> _Wanted | None:
    """What a command needs bound; None where it reads what is not known here."""
    reads = _find_reads(text)
    if any(kind != "search_space" and kind not in _BINDERS for kind, _ in reads):
        return None
    bound = [(_BINDERS[kind], name) for kind, name in reads if kind in _BINDERS]
    bound += [(_BINDERS[_PLURALS[kind]], name) for kind, name in _find_variables(text)]
    parameters = tuple(name for kind, name in reads if kind == "search_space")
    return parameters, tuple(dict.fromkeys(bound))


def _is_unread(name: str, read: Sequence[str]) -> bool:
    """Whether a command never reads a parameter; those with dashes are appended."""
    return name[:1] != "-" and name not in read


def _find_commands(job: dict[str, Any], path: Path) -> list[tuple[Any, ...]]:
    """The fields of each `_Command`, which is made where something is to be told."""
    found: list[tuple[Any, ...]] = []
    text, trial = job.get("command"), job.get("trial")
    if isinstance(text, str):
        found.append((text, (path, "command"), (job,)))
    text = trial.get("command") if isinstance(trial, dict) else None
    if isinstance(text, str):
        space = job.get("searchSpace")
        given = space if isinstance(space, dict) else {}
        found.append((text, ((path, "trial"), "command"), (job, trial), given))
    component = job.get("componentSpec")
    text = component.get("command") if isinstance(component, dict) else None
    if isinstance(text, str):
        place = ((path, "componentSpec"), "command")
        found.append((text, place, (component,)))
    return found


def _find_unbound(grader: Grader, command: _Command, kind: str, name: str) -> Finding:
    noun, bound = _NOUNS[kind], command.list_bound(kind)
    near = find_nearest(name, bound)
    return grader.find(
        "AZC171" if kind == "search_space" else "AZC170",
        f"The command reads ${{{{{kind}.{name}}}}}, and no {noun} {name} is declared"
        f"{_list_others(bound, 'declared')}.",
        cure=f"Did you mean {near[0]}?" if near else f"Declare {name}, or drop it.",
        pointer=to_pointer(command.path),
        expected=near or bound,
        seen=name,
    )


def _find_unbound_variable(
    grader: Grader, command: _Command, kind: str, name: str
) -> Finding:
    bound = command.list_bound(_PLURALS[kind])
    near = find_nearest(name, bound)
    return grader.find(
        "AZC174",
        f"The command reads $AZURE_ML_{kind}_{name}, and no {kind.lower()} {name} "
        f"is bound{_list_others(bound, 'bound')}.",
        cure=f"Did you mean {near[0]}?" if near else f"Bind {name}, or drop it.",
        pointer=to_pointer(command.path),
        expected=near or bound,
        seen=name,
    )


def _find_unread(grader: Grader, name: str, path: Path) -> Finding:
    return grader.find(
        "AZC172",
        f"The command never reads {name} of the search space.",
        cure=f"Add ${{{{search_space.{name}}}}} to the command.",
        pointer=to_pointer(((path, "searchSpace"), name)),
        seen=name,
    )


def _list_others(names: tuple[str, ...], what: str) -> str:
    """The end of a sentence about a name that is missing; empty without others."""
    if not names:
        return ""
    verb = "is" if len(names) == 1 else "are"
    return f"; {what} {verb}: {list_names(names)}"

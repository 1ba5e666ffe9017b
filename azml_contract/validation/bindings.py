"""Check what the command of a job reads against what the job binds.

In: the properties of a job. Out: ``${{inputs.x}}``, ``${{outputs.x}}``,
``${{search_space.x}}`` and ``$AZURE_ML_INPUT_x`` that nothing binds, and
parameters of a search space that nothing reads. Names are looked up in either
family of bodies (``inputs`` and ``inputDataBindings``). Knows no schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
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
    if _is_usual(job, path):
        return found
    for command in _find_commands(job, path):
        if not _is_bound(*command):
            _tell_unbound(grader, _Command(*command), path, found)
    return found


def _is_usual(job: dict[str, Any], path: Path) -> bool:
    """Whether a job or a sweep, as most are one, is bound: False says nothing."""
    if "componentSpec" in job:
        return False
    text, trial = job.get("command"), job.get("trial")
    if text is not None and not (type(text) is str and _is_bound(text, path, (job,))):
        return False
    if trial is None:
        return True
    if type(trial) is not dict or type(trial.get("command")) is not str:
        return False
    space = job.get("searchSpace")
    given = space if type(space) is dict else {}
    return _is_bound(trial["command"], path, (job, trial), given)


def _is_bound(
    text: str, path: Path, binders: Sequence[dict[str, Any]], space: Any = None
) -> bool:
    """Whether a command reads what is bound, and all of it: False says nothing."""
    reads = _find_reads(text)
    for kind, name in reads:
        if kind == "search_space":
            if not space or name not in space:
                return False
        elif kind not in _BINDERS or not _holds(binders, _BINDERS[kind], name):
            return False
    for kind, name in _find_variables(text):
        if not _holds(binders, _BINDERS[_PLURALS[kind]], name):
            return False
    return not space or not _find_unread_names(space, reads)


def _holds(binders: Sequence[dict[str, Any]], keys: tuple[str, ...], name: str) -> bool:
    """Whether a name is declared as it is read, in an object under one of `keys`."""
    for binder in binders:
        for key in keys:
            given = binder.get(key)
            if type(given) is dict and name in given:
                return True
    return False


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
    for name in _find_unread_names(command.space or (), reads):
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


def _find_unread_names(
    space: Iterable[str], reads: Sequence[tuple[str, str]]
) -> list[str]:
    # Names with dashes are appended to the command as arguments.
    return [
        name
        for name in space
        if ("search_space", name) not in reads and name[:1] != "-"
    ]


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

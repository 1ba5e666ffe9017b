"""Check the expressions of a sweep's search space.

In: the value of ``searchSpace``. Out: distributions that do not exist, or that
have the wrong number or kind of arguments. Values that are objects, as the
specification has them, are left to the schema.

Source: azure-ai-ml, sweep search spaces (choice, uniform, ... and their
arguments), and every recorded sweep: ``["uniform", [0.05, 0.8]]``,
``["choice", [["gbdt", "dart"]]]``.
"""

from __future__ import annotations

from typing import Any

from azml_contract.finding import Finding
from azml_contract.validation.deviation import Path, to_pointer
from azml_contract.validation.grade import Grader
from azml_contract.validation.nearest import find_nearest
from azml_contract.validation.phrases import list_names, show

DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "choice": ("values",),
    "randint": ("upper",),
    "uniform": ("min", "max"),
    "quniform": ("min", "max", "q"),
    "loguniform": ("min", "max"),
    "qloguniform": ("min", "max", "q"),
    "normal": ("mu", "sigma"),
    "qnormal": ("mu", "sigma", "q"),
    "lognormal": ("mu", "sigma"),
    "qlognormal": ("mu", "sigma", "q"),
}
"""Name of each distribution to the names of its arguments, in order."""

_NUMBERS = (float, int)
_POSITIVE = ("sigma", "q", "upper")


def check_search_space(grader: Grader, space: Any, path: Path) -> list[Finding]:
    """Findings about each parameter of a search space, in document order."""
    found: list[Finding] = []
    for name, expression in space.items() if isinstance(space, dict) else ():
        fault = None if isinstance(expression, dict) else find_fault(expression)
        if fault is not None:
            message, cure = fault
            found.append(
                grader.find(
                    "AZC173",
                    f"The search space of {name}: {message}.",
                    cure=cure,
                    pointer=to_pointer((path, name)),
                    expected=tuple(DISTRIBUTIONS),
                    seen=expression if isinstance(expression, str) else None,
                )
            )
    return found


def is_usual_space(space: Any) -> bool:
    """Whether all is right, written in the two most usual ways; False says nothing."""
    for expression in space.values() if type(space) is dict else ():
        if type(expression) is dict:
            continue
        if type(expression) is not list or len(expression) != 2:
            return False
        name, arguments = expression
        if type(arguments) is not list:
            return False
        if name == "choice":
            if (
                len(arguments) != 1
                or type(arguments[0]) is not list
                or not arguments[0]
            ):
                return False
        elif name not in ("uniform", "loguniform") or len(arguments) != 2:
            return False
        else:
            low, high = arguments
            if not (type(low) in _NUMBERS and type(high) in _NUMBERS and low < high):
                return False
    return True


def find_fault(expression: Any) -> tuple[str, str] | None:
    """What is wrong with one expression, and its cure; None when it is fine."""
    if not isinstance(expression, list) or len(expression) != 2:
        return (
            f"{show(expression)} is no distribution with its arguments",
            'Write ["uniform", [0.05, 0.8]] or ["choice", [["a", "b"]]].',
        )
    name, arguments = expression
    if not isinstance(name, str) or name not in DISTRIBUTIONS:
        near = find_nearest(str(name), DISTRIBUTIONS)
        known = list_names(tuple(DISTRIBUTIONS))
        cure = f'Did you mean "{near[0]}"?' if near else f"Use one of {known}."
        return f"{show(name)} is no distribution", cure
    if name == "choice":
        return _find_choice_fault(arguments)
    fault = _find_arguments_fault(name, DISTRIBUTIONS[name], arguments)
    if not fault:
        return None
    return fault, f'Write ["{name}", [{", ".join(DISTRIBUTIONS[name])}]].'


def _find_choice_fault(arguments: Any) -> tuple[str, str] | None:
    right = 'Write ["choice", [["a", "b"]]], the values in a list of their own.'
    if not isinstance(arguments, list):
        return "choice has no list of arguments", right
    if len(arguments) != 1 or not isinstance(arguments[0], list):
        return "choice takes one argument, the list of values", right
    return None if arguments[0] else ("choice has no values", "Give it values.")


def _find_arguments_fault(name: str, wanted: tuple[str, ...], arguments: Any) -> str:
    """What is wrong with the arguments of any distribution but choice; "" if none."""
    if not isinstance(arguments, list) or len(arguments) != len(wanted):
        count = len(arguments) if isinstance(arguments, list) else 0
        return f"{name} takes {', '.join(wanted)}, not {count} arguments"
    for argument, value in zip(wanted, arguments, strict=True):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return f"{argument} of {name} is {show(value)}, not a number"
        if argument in _POSITIVE and value <= 0:
            return f"{argument} of {name} must be above 0"
        if argument == "upper" and value != int(value):
            return f"{argument} of {name} must be whole"
    if wanted[0] == "min" and arguments[0] >= arguments[1]:
        return f"min of {name} is not below max"
    return ""

"""A job's command and environment, with its inputs and outputs filled in.

In: the properties of a command job in their neutral form, and where its inputs and
outputs lie on this machine. Out: the command, the variables. Both families are
bound: ``$AZURE_ML_INPUT_x`` and ``${{inputs.x}}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_BINDING = re.compile(r"\$\{\{\s*(inputs|outputs|search_space)\.([^\s}]+)\s*\}\}")
_OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
_NO_NAME = re.compile(r"\W")
Values = Mapping[str, Mapping[str, str]]


def fill_in(command: str, values: Values) -> str:
    """A command with its bindings replaced.

    ``$[[...]]`` is left out where an input in it has no value, as the service does.
    What has no value stays as it is, so that it is seen.
    """

    def replace(found: re.Match[str]) -> str:
        value = values.get(found[1], {}).get(found[2])
        return found[0] if value is None else value

    def keep_if_bound(found: re.Match[str]) -> str:
        names = _BINDING.findall(found[1])
        bound = all(name in values.get(group, {}) for group, name in names)
        return found[1] if bound else ""

    return _BINDING.sub(replace, _OPTIONAL.sub(keep_if_bound, command))


def find_unbound(command: str) -> list[str]:
    """Bindings that a command still holds."""
    return [found[0] for found in _BINDING.finditer(command)]


def append_parameters(command: str, parameters: Mapping[str, Any]) -> str:
    """A trial's command: what it does not name of a search space is appended.

    So the old family has it, whose search spaces name options.
    """
    named = {name for _, name in _BINDING.findall(command)}
    filled = fill_in(
        command, {"search_space": {k: as_word(v) for k, v in parameters.items()}}
    )
    for name, value in parameters.items():
        if name not in named:
            option = name if name.startswith("-") else f"--{name}"
            filled += f" {option} {as_word(value)}"
    return filled


def as_word(value: Any) -> str:
    """A value as a command line has it."""
    return value if isinstance(value, str) else json.dumps(value)


def variables_of(values: Values) -> dict[str, str]:
    """``AZURE_ML_INPUT_x`` and ``AZURE_ML_OUTPUT_x``."""
    made: dict[str, str] = {}
    for group, word in (("inputs", "INPUT"), ("outputs", "OUTPUT")):
        for name, value in values.get(group, {}).items():
            made[f"AZURE_ML_{word}_{_NO_NAME.sub('_', name)}"] = value
    return made


def own_variables(properties: Mapping[str, Any]) -> dict[str, str]:
    """The variables that a job or a deployment names itself."""
    given = properties.get("environmentVariables") or {}
    return {str(name): str(value) for name, value in given.items()}


def distribution_variables(properties: Mapping[str, Any], port: int) -> dict[str, str]:
    """What a framework for many processes is told; here there is one of them."""
    distribution = properties.get("distribution") or {}
    kind = str(distribution.get("distributionType") or "").lower()
    if kind == "pytorch":
        return {
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
            "NODE_RANK": "0",
            "RANK": "0",
            "LOCAL_RANK": "0",
            "WORLD_SIZE": "1",
        }
    if kind == "tensorflow":
        task = {"type": "worker", "index": 0}
        cluster = {"worker": [f"127.0.0.1:{port}"]}
        return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}
    if kind == "mpi":
        names = ("RANK", "LOCAL_RANK", "NODE_RANK")
        ranks = dict.fromkeys((f"OMPI_COMM_WORLD_{name}" for name in names), "0")
        return {**ranks, "OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_LOCAL_SIZE": "1"}
    return {}

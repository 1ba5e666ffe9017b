"""Write statements of a test as ruff would format them, and the texts of a module.

In: names and values. Out: lines of Python. Knows no calls of any service.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

WIDTH = 88


@dataclass(frozen=True, slots=True)
class Call:
    """A call as Python writes it: ``head(arguments)tail``."""

    head: str
    arguments: tuple[str | Call, ...]
    tail: str = ""

    def __str__(self) -> str:
        return f"{self.head}({', '.join(map(str, self.arguments))}){self.tail}"

    def wrap(self, start: str, end: str, indent: int) -> list[str]:
        """Its lines; `start` and `end` stand around it."""
        blanks = " " * indent
        whole = f"{blanks}{start}{self}{end}"
        inner = ", ".join(map(str, self.arguments))
        if len(whole) <= WIDTH:
            return [whole]
        before, bracket, last = self.tail.partition("(")
        first = f"{blanks}{start}{self.head}({inner}){before}("
        if bracket and len(first) <= WIDTH:
            return [first, f"{blanks}    {last[:-1]}", f"{blanks}){end}"]
        lines = [f"{blanks}{start}{self.head}("]
        if indent + 4 + len(inner) <= WIDTH:
            lines.append(f"{blanks}    {inner}")
        else:
            for one in self.arguments:
                if isinstance(one, Call):
                    lines += one.wrap("", ",", indent + 4)
                else:
                    lines.append(f"{blanks}    {one},")
        return [*lines, f"{blanks}){self.tail}{end}"]


@dataclass(slots=True)
class Line:
    """A statement; `target` names its value where something uses it."""

    text: str | Call
    target: str = ""
    is_used: bool = False


def quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def literal(value: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{quote(k)}: {quote(v)}" for k, v in value.items()) + "}"


def index_of(steps: Iterable[str]) -> str:
    return "".join(
        f"[{one}]" if one.isdecimal() else f"[{quote(one)}]" for one in steps
    )


def assert_read(answer: str, steps: Sequence[str]) -> str:
    """That an answer holds what is read of it; ``*`` is each item, of none too."""
    if "*" in steps:
        names = [f"one_{n}" if n else "one" for n in range(steps.count("*"))]
        loops, at, rest = [], answer, list(steps)
        for name in names:
            cut = rest.index("*")
            loops.append(f"for {name} in {at}{index_of(rest[:cut])}")
            at, rest = name, rest[cut + 1 :]
        read = f"{at}{index_of(rest)}"
        told = f"assert all({' '.join([read, *loops])})"
        if len(told) + 4 <= WIDTH:
            return told
        lines = [" ".join([read, *loops])]
        if len(lines[0]) + 8 > WIDTH:
            lines = [read, *loops]
        return "assert all(\n        " + "\n        ".join(lines) + "\n    )"
    told = f"assert {answer}{index_of(steps)}"
    if len(told) + 4 > WIDTH:
        last = index_of(steps[-1:])[1:-1]
        told = f"assert {answer}{index_of(steps[:-1])}[\n        {last}\n    ]"
    return told


CLUSTER = """{
  "location": "{{ location }}",
  "properties": {
    "computeType": "AmlCompute",
    "properties": {
      "vmSize": "STANDARD_DS3_V2",
      "vmPriority": "Dedicated",
      "scaleSettings": {
        "minNodeCount": 0,
        "maxNodeCount": 2,
        "nodeIdleTimeBeforeScaleDown": "PT2M"
      }
    }
  }
}
"""
ENSURE = '''

def ensure_cluster(azml: Workspace) -> None:
    """The configured cluster, which is created where it is missing."""
    name = azml.settings.compute
    if all(one["name"] != name for one in azml.list("computes")):
        workspace = azml.arm("GET", azml.settings.workspace_id).expect(200).json
        body = azml.body("{body}", location=workspace["location"])
        azml.wait(azml.put(f"computes/{{name}}", body).expect(200, 201))
'''

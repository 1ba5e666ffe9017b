"""The table of docs/emulator.md: what the emulator does, and on what evidence.

In: the tables and kinds that the emulator works from, and the counts of what
live services did. Out: Markdown. `python -m azml_contract.emulator.page` writes
it into the page; a test compares both.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from azml_contract.contract.catalog import load_contract
from azml_contract.emulator.faults import FaultKind
from azml_contract.emulator.neighbours.stubs import load_stubs
from azml_contract.emulator.paths import parse_arm_path
from azml_contract.emulator.resources import KINDS
from azml_contract.emulator.resources.actions import load_actions
from azml_contract.emulator.resources.shapes import load_shapes
from azml_contract.validation.evidence import (
    count_exchanges,
    observed_operations,
    observed_versions,
)
from azml_contract.whole_file import write_whole

BEGIN, END = "<!-- table: made by emulator/page.py -->", "<!-- end of table -->"
_HEAD = "| operation or behaviour | what it does | evidence |\n|---|---|---|\n"


def render_table() -> str:
    """The rows, in the order of the code."""
    rows = [*_kinds(), *_shapes(), *_actions(), *_neighbours(), *_faults()]
    return _HEAD + "".join(f"| {a} | {b} | {c} |\n" for a, b, c in rows)


def _kinds() -> Iterator[tuple[str, str, str]]:
    for kind, made in KINDS.items():
        told = (sys.modules[made.__module__].__doc__ or "").split("\n\n")[0]
        yield f"`{kind}`", _one_line(told), _evidence_of(kind)
    yield (
        "every other resource type",
        "kept by id, and shown as the contract of the call's version declares",
        "assumed",
    )


def _shapes() -> Iterator[tuple[str, str, str]]:
    for kind, entry in load_shapes().items():
        said = []
        for name, noun in (("null", "null"), ("unsaid", "left out"), ("fill", "added")):
            if entry.get(name):
                said.append(f"{len(entry[name])} {noun}")
        if "system_data" in entry:
            told = entry["system_data"]
            names = told if isinstance(told, str) else ", ".join(told)
            said.append(f"systemData: {names}")
        yield f"answers of `{kind}`", "; ".join(said) or "-", _evidence_of(kind)


def _actions() -> Iterator[tuple[str, str, str]]:
    for key, entry in load_actions().items():
        method = "GET" if entry.get("list") else "POST"
        if "effect" in entry:
            does = f"{entry['effect']}s"
        elif "same_as" in entry:
            does = f"answers as {entry['same_as']}"
        elif "answer" in entry:
            does = f"answers the {entry['answer']}"
        else:
            does = f"answers {', '.join(entry.get('body', {})) or 'nothing'}"
        yield f"{method} `{key}`", does, str(entry["evidence"])
    yield (
        "POST of any other word",
        "answers the least that its contract requires",
        "assumed",
    )


def _neighbours() -> Iterator[tuple[str, str, str]]:
    for entry in load_stubs().values():
        yield f"`{entry['type']}`", "kept and shown, without behaviour", "documented"
    yield (
        "`Microsoft.Resources/deployments`",
        "templates are evaluated and carried out; validate, what-if, operations",
        "documented",
    )


def _faults() -> Iterator[tuple[str, str, str]]:
    for kind in FaultKind:
        yield f"fault `{kind.value}`", "on request only", "-"


def _evidence_of(kind: str) -> str:
    observed = _observed().get(kind.partition(" ")[0], 0)
    return f"observed {observed:,} times" if observed else "documented"


@cache
def _observed() -> dict[str, int]:
    """How many exchanges there are of each resource type."""
    found: dict[str, int] = {}
    for operation_id in observed_operations():
        for version in observed_versions(operation_id):
            operation = load_contract(version).operations.get(operation_id)
            counted = count_exchanges(operation_id, version)
            if operation is None or counted is None:
                continue
            path = parse_arm_path(operation.path)
            is_list = bool(path.tail) and operation.method == "GET"
            kind = path.collection_kind if is_list else path.kind
            found[kind] = found.get(kind, 0) + counted.n
    return found


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("``", "`")


def write_into(page: str) -> str:
    """A page with the table between its marks made anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{render_table()}\n{END}{after}"


if __name__ == "__main__":
    path = Path(__file__).parents[2] / "docs" / "emulator.md"
    write_whole(path, write_into(path.read_text("utf-8")))

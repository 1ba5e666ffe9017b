"""Find the scripts that stand in other files.

In: the text of a workflow, a document, a notebook or a file of requests. Out: its
blocks: what language each is in, and its text with the place of every character
in the file. Blocks of a shell are joined, as a reader would run them one after
another. Knows no commands.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from azml_contract.scripts.text import Source
from azml_contract.source.json_places import JsonPlaces

_SHELLS = (
    *("bash", "sh", "shell", "zsh", "ksh", "console", "shell-session", "shellscript"),
    *("azurecli", "azurecli-interactive", ""),
)
_LANGUAGES = {
    **dict.fromkeys(_SHELLS, "shell"),
    "http": "http",
    "rest": "http",
    "python": "python",
    "py": "python",
    "powershell": "powershell",
    "pwsh": "powershell",
    "azurepowershell": "powershell",
}
_KEYS = {
    "run": "shell",
    "script": "shell",
    "bash": "shell",
    "inlineScript": "shell",
    "Inline": "powershell",
    "pwsh": "powershell",
    "powershell": "powershell",
}
_LISTS = frozenset(("before_script", "script", "after_script"))
"""Where GitLab lists commands, which one shell runs."""
_TASKS = {
    "PowerShell": "powershell",
    "AzurePowerShell": "powershell",
    "PythonScript": "python",
}
"""Tasks of Azure Pipelines whose script is in no shell."""
_FENCE = re.compile(
    r"^(?P<indent>[ \t>]{0,80})(?P<mark>`{3,}|~{3,})[ \t]*\{?\.?(?P<kind>[\w-]*)"
    r"(?P<rest>[^\n]*)$",
    re.MULTILINE,
)
_PROMPT = re.compile(r"[ \t]*\$ ")
_EXPRESSION = re.compile(
    r"(?<!\\)\$\{\{\s*(?P<context>env|vars|secrets|github|steps|needs|matrix|runner|"
    r"job|strategy|parameters|variables)\.(?P<name>[\w.-]+)[^}]*\}\}|"
    r"(?<!\\)\$\{\{\s+inputs\.(?P<input>[\w.-]+)\s+\}\}"
)
_NAME = re.compile(r"[A-Za-z_]\w*")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


@dataclass(slots=True)
class Block:
    """A piece of a file in one language; `shifts` as of a `Source`."""

    kind: str
    text: str = ""
    shifts: list[tuple[int, int]] = field(default_factory=list)

    def add(self, text: str, place: int) -> None:
        """Add characters that stand at a place of the file."""
        self.shifts.append((len(self.text), place))
        self.text += text


def find_blocks(kind: str, whole: Source) -> list[tuple[str, Source]]:
    """The blocks of a file, those of a shell joined to one, which is the first.

    So are those of Python, which are one program, but for those that are no Python.
    """
    find = {"workflow": _find_steps, "markdown": _find_fences, "notebook": _find_cells}
    found = list(find[kind](whole.text))
    joined = _join("shell", (one for one in found if one.kind == "shell"))
    cells = [one for one in found if one.kind == "python" and _is_python(one.text)]
    others = [one for one in found if one.kind != "shell" and one not in cells]
    others += [_join("python", cells)] if kind != "workflow" else cells
    return [
        (block.kind, Source(whole.file, block.text, tuple(block.shifts) or ((0, 0),)))
        for block in (joined, *others)
        if block.text.strip() or block is joined
    ]


def _join(kind: str, blocks: Iterable[Block]) -> Block:
    joined = Block(kind)
    for block in blocks:
        base = len(joined.text)
        joined.shifts += [(base + a, b) for a, b in block.shifts]
        joined.text += block.text if block.text.endswith("\n") else f"{block.text}\n"
    return joined


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


# --- workflows ----------------------------------------------------------------------


def _find_steps(text: str) -> Iterator[Block]:
    """The steps of GitHub Actions and of Azure Pipelines, and what they set."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        yield Block("shell", text, [(0, 0)])  # no YAML: its commands still count
        return
    names: set[str] = set()
    yield from _walk(text, root, names, set())


def _walk(
    text: str, node: Any, names: set[str], seen: set[int], of_task: str = ""
) -> Iterator[Block]:
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _walk(text, item, names, seen)
    if not isinstance(node, yaml.MappingNode):
        return
    members = {str(key.value): value for key, value in node.value}
    shell = getattr(members.get("shell"), "value", "")
    kind = getattr(members.get("scriptType"), "value", "")
    task = getattr(members.get("task"), "value", "").partition("@")[0]
    of_task = _TASKS.get(task, of_task)
    for key in ("env", "variables"):
        for pairs in _list_variables(members.get(key)):
            yield _set_variables(text, pairs, names, is_azure=key == "variables")
    for key, value in members.items():
        if key in _KEYS and isinstance(value, yaml.ScalarNode):
            language = of_task or _KEYS[key]
            if shell.startswith(("pwsh", "powershell")) or kind in ("ps", "pscore"):
                language = "powershell"
            language = "python" if shell.startswith("python") else language
            yield _read_scalar(text, value, language, names)
        elif key in _LISTS and isinstance(value, yaml.SequenceNode):
            lines = (one for one in value.value if isinstance(one, yaml.ScalarNode))
            yield from (_read_scalar(text, one, "shell", names) for one in lines)
        else:
            yield from _walk(text, value, names, seen, of_task)


def _list_variables(node: Any) -> list[list[tuple[Any, Any]]]:
    """The names and values of a table, or of a list of tables that tell both."""
    if isinstance(node, yaml.MappingNode):
        return [node.value]
    found = []
    for item in node.value if isinstance(node, yaml.SequenceNode) else ():
        if isinstance(item, yaml.MappingNode):
            members = {str(key.value): value for key, value in item.value}
            if "name" in members and "value" in members:
                found.append((members["name"], members["value"]))
    return [found] if found else []


def _set_variables(
    text: str, pairs: Iterable[tuple[Any, Any]], names: set[str], *, is_azure: bool
) -> Block:
    """Assignments of a shell, which sees variables of Azure Pipelines in capitals."""
    block = Block("shell")
    for key, value in pairs:
        name = str(key.value)
        if not isinstance(value, yaml.ScalarNode) or not _NAME.fullmatch(name):
            continue
        opens = ("${{", "$(", "$") if is_azure else ("${{", "$(")  # "$": of GitLab
        is_open = any(one in value.value for one in opens)
        if re.search(r"[\"`\\]" if is_open else "'", value.value):
            continue
        mark = '"' if is_open else "'"
        place = value.start_mark.index + (value.style in ("'", '"'))
        block.add(f"{name}={mark}", value.start_mark.index)
        if is_open:
            _add_line(block, value.value, place, names)
        else:
            block.add(value.value, place)
        block.add(f"{mark}\n", place + len(value.value))
        names.add(name)
        if is_azure and name.upper() != name:
            block.add(f'{name.upper()}="${name}"\n', value.start_mark.index)
    return block


def _read_scalar(text: str, node: Any, kind: str, names: set[str]) -> Block:
    """The lines of a scalar, without their common indent."""
    block = Block(kind)
    start, end = node.start_mark.index, node.end_mark.index
    if node.style not in ("|", ">"):
        first = start + (node.style in ("'", '"'))
        raw = text[first : end - (node.style in ("'", '"'))]
        _add_line(block, raw, first, names)
        block.add("\n", end)
        return block
    at = text.find("\n", start) + 1
    indent = None
    while 0 < at < end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        line = text[at:stop]
        if indent is None and line.strip():
            indent = len(line) - len(line.lstrip(" "))
        cut = min(indent or 0, len(line) - len(line.lstrip(" ")))
        _add_line(block, line[cut:], at + cut, names)
        block.add(" " if node.style == ">" and line.strip() else "\n", stop)
        at = stop + 1
    block.add("\n", end)
    return block


def _add_line(block: Block, line: str, place: int, names: set[str]) -> None:
    """A line; what the runner puts in before the shell sees it is a variable."""
    for found in re.finditer(r"\$\((\w+)\)", line):
        if found[1] in names:  # a variable of Azure Pipelines
            line = f"{line[: found.start()]}${{{found[1]}}}{line[found.end() :]}"
    at = 0
    for found in _EXPRESSION.finditer(line):
        block.add(line[at : found.start()], place + at)
        name = found["name"] or found["input"]
        bare = name if found["context"] in ("env", "variables") else ""
        bare = bare or f"{found['context'] or 'inputs'}_{name}"
        block.add("${" + re.sub(r"\W", "_", bare) + "}", place + found.start())
        at = found.end()
    block.add(line[at:], place + at)


# --- documents and notebooks --------------------------------------------------------


def _find_fences(text: str) -> Iterator[Block]:
    for found, place, end in _pair_fences(text):
        kind = _LANGUAGES.get(found["kind"].lower())
        if kind is None:
            continue
        block = Block(kind)
        inner = text[place:end]
        quote = re.compile(r"[ \t]*> ?" if ">" in found["indent"] else "")
        for line in re.finditer(r"[^\n]*\n?", inner):
            quoted = quote.match(line[0])
            skip = quoted.end() if quoted else 0
            if not quoted or not skip:  # of an item of a list
                deep = len(line[0]) - len(line[0].lstrip(" \t"))
                skip = min(len(found["indent"]), deep)
            prompt = _PROMPT.match(line[0], skip) if kind == "shell" else None
            skip = prompt.end() if prompt else skip
            block.add(line[0][skip:], place + line.start() + skip)
        yield block


def _pair_fences(text: str) -> Iterator[tuple[re.Match[str], int, int]]:
    """Each fence that is closed, and where the text between begins and ends."""
    opened: re.Match[str] | None = None
    for found in _FENCE.finditer(text):
        closes = not found["kind"] and not found["rest"].strip(" \t\r")
        if opened is None:
            opened = found
        elif closes and found["mark"] == opened["mark"]:
            yield opened, opened.end() + 1, found.start()
            opened = None


def _find_cells(text: str) -> Iterator[Block]:
    """Cells of a notebook: those of a shell, and the lines of others that call one."""
    data = json.loads(text)
    places = JsonPlaces(text)
    cells = data.get("cells")
    for index, cell in enumerate(cells if isinstance(cells, list) else ()):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", "")
        pointer = f"/cells/{index}/source"
        whole = Block("python")
        many = [pointer] if isinstance(source, str) else []
        if isinstance(source, list):
            lines = enumerate(source)
            many = [f"{pointer}/{n}" for n, line in lines if isinstance(line, str)]
        for one in many:
            place = places.find(one)
            _add_json(whole, text, place.value + 1, place.end - 1)
        yield from _split_cell(whole)


def _add_json(block: Block, text: str, start: int, end: int) -> None:
    """The characters of a JSON text, each at its place."""
    at = start
    for found in _ESCAPE.finditer(text, start, end):
        block.add(text[at : found.start()], at)
        code, char = found[1], found[2]
        block.add(
            chr(int(code, 16)) if code else _ESCAPES.get(char, char), found.start()
        )
        at = found.end()
    block.add(text[at:end], at)


def _split_cell(cell: Block) -> Iterable[Block]:
    magic = re.match(r"\s*%%(bash|sh|script\s+bash|script\s+sh)[^\n]*\n", cell.text)
    if magic:
        yield _cut(cell, "shell", magic.end(), len(cell.text))
        return
    for line in re.finditer(
        r"^[ \t]*(?:\w+\s*=\s*)?!((?:[^\n\\]|\\.|\\\n)*)", cell.text, re.M
    ):
        yield _name_slots(_cut(cell, "shell", line.start(1), line.end(1)))
    if not re.match(r"\s*%%", cell.text):
        plain = re.sub(
            r"^[ \t]*[!%][^\n]*", lambda m: "#" * len(m[0]), cell.text, flags=re.M
        )
        yield Block("python", plain, cell.shifts)


def _name_slots(line: Block) -> Block:
    """With ``${NAME}`` for ``{NAME}``, which the notebook puts in."""
    block, at = Block(line.kind), 0
    pieces = []
    for found in re.finditer(r"(?<!\$)(?=\{[A-Za-z_]\w*\})", line.text):
        pieces.append((at, found.start(), "$"))
        at = found.start()
    for start, end, mark in [*pieces, (at, len(line.text), "")]:
        piece = _cut(line, line.kind, start, end)
        block.shifts += [(len(block.text) + a, b) for a, b in piece.shifts]
        block.text += piece.text + mark
    return block


def _cut(block: Block, kind: str, start: int, end: int) -> Block:
    """A part of a block."""
    shifts = [(a - start, b) for a, b in block.shifts if start <= a < end]
    before = [(a, b) for a, b in block.shifts if a < start]
    if before and (not shifts or shifts[0][0] > 0):
        place, there = before[-1]
        shifts.insert(0, (0, there + start - place))
    return Block(kind, block.text[start:end], shifts)

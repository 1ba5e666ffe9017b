"""Take the steps that turn a body of one api-version into one of another.

In: the ``properties`` of a body, and `upgrade_steps.toml`. Out: the same object
changed in place, a line for each step taken, and marks where a person has to
decide. Knows no contracts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from azml_contract.api_version import sort_key
from azml_contract.json_pointer import escape, steps_of

_TABLE = Path(__file__).with_name("upgrade_steps.toml")
_INPUT = re.compile(r"\$(?:\{AZURE_ML_INPUT_(\w+)\}|AZURE_ML_INPUT_(\w+))")
_DATASTORE = re.compile(r"(?i).*/datastores/([^/]+)$")
_DEFAULT_DATASTORE = "workspaceblobstore"
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Decision:
    """A place where a person has to look, and why; a pointer into the body."""

    pointer: str
    reason: str


@dataclass(slots=True)
class Taken:
    """What was done to one body, in order."""

    edits: list[str] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)


def take_steps(
    properties: dict[str, Any], definition: str, old: str, new: str
) -> Taken:
    """Change `properties` from the form of `old` to that of `new`.

    Args:
        properties: Changed in place.
        definition: What they are at `old`, such as ``CommandJob``.
        old: The api-version they were written for.
        new: The api-version they are to be written for.

    Returns:
        What was done; empty where nothing had to be. Pointers begin with
        ``/properties``.
    """
    walk = _Walk(properties)
    for step in load_steps():
        since = sort_key(step["since"])
        due = sort_key(old) < since <= sort_key(new)
        if due and definition in step["definitions"]:
            walk.take(step)
    return walk.taken


@cache
def load_steps() -> tuple[dict[str, Any], ...]:
    """All steps, in the order of the table."""
    import tomllib

    return tuple(tomllib.loads(_TABLE.read_text("utf-8"))["step"])


class _Walk:
    def __init__(self, properties: dict[str, Any]) -> None:
        self._body = properties
        self.taken = Taken()
        self._verbs: dict[str, Callable[[dict[str, Any]], None]] = {
            "move": self._move,
            "each": self._each,
            "uri": self._uri,
            "spread": self._spread,
            "set": self._set,
            "look": self._look,
            "text": self._text,
            "flags": self._flags,
            "drop": self._drop,
        }

    def take(self, step: dict[str, Any]) -> None:
        """Take one step, where the body has what it is about."""
        only = step.get("only")
        if only is None or get(self._body, only[0]) == only[1]:
            self._verbs[step["do"]](step)

    def _move(self, step: dict[str, Any]) -> None:
        value = pop(self._body, step["from"])
        if value is _ABSENT:
            return
        moved = value
        if isinstance(value, str):
            moved = step.get("values", {}).get(value, value)
        put(self._body, step["to"], moved)
        became = f" as {moved!r}" if moved != value else ""
        self._note(f"{step['from']} -> {step['to']}{became}")
        self._mark(step, step["to"], value)

    def _each(self, step: dict[str, Any]) -> None:
        entries = pop(self._body, step["from"])
        if not isinstance(entries, dict):
            return
        for name, entry in entries.items():
            at = f"{step['to']}/{escape(name)}"
            rest = dict(entry) if isinstance(entry, dict) else {}
            made = dict(step["add"])
            put(self._body, at, made)
            for old, new in step["members"].items():
                if old in rest:
                    value = rest.pop(old)
                    made[new] = step["values"].get(str(value), value)
            if "uri" in step:
                self._place(step["uri"], rest, made, at)
            self._mark(step, f"{at}/{next(iter(step['add']))}", None)
            for left, value in rest.items():
                place = at[1:].replace("/", ".")
                reason = f"`{left}` has no place any more; it was {value!r}. "
                reason += f"The command names the place as ${{{{{place}}}}}."
                self._decide(at, reason)
        self._note(f"{step['from']} -> {step['to']}")

    def _place(
        self, step: dict[str, str], rest: dict[str, Any], made: dict[str, Any], at: str
    ) -> None:
        """Put the URI of an output, where its path is told, into what is `made`."""
        path = rest.pop(step["path"], None)
        if path is None:
            return
        store = rest.pop(step["datastore"], None)
        made[step["to"]] = _join(path, store)
        self._doubt_store(f"{at}/{step['to']}", path, store)

    def _doubt_store(self, at: str, path: Any, store: Any) -> None:
        """Mark a URI that names the default datastore for want of another name."""
        told = isinstance(store, str) and _DATASTORE.match(store)
        if not told and (store is not None or _join(path, None) != path):
            reason = f"Is the datastore {_DEFAULT_DATASTORE}? The body does not tell."
            self._decide(at, reason)

    def _uri(self, step: dict[str, Any]) -> None:
        datastore = pop(self._body, step["datastore"])
        path = pop(self._body, step["from"])
        if path is _ABSENT:
            if datastore is not _ABSENT:
                self._note(f"{step['datastore']} removed")
            return
        store = None if datastore is _ABSENT else datastore
        uri = _join(path, store)
        put(self._body, step["to"], uri)
        self._note(f"{step['from']} -> {step['to']}, with the datastore's name")
        self._doubt_store(step["to"], path, store)
        self._mark(step, step["to"], uri)

    def _spread(self, step: dict[str, Any]) -> None:
        members = pop(self._body, step["from"])
        if not isinstance(members, dict):
            return
        for name, value in members.items():
            put(self._body, f"{step['to']}/{escape(name)}", value)
        self._note(f"{step['from']}/* -> {step['to'] or ''}/*")

    def _set(self, step: dict[str, Any]) -> None:
        if get(self._body, step["when"]) is _ABSENT:
            return
        if get(self._body, step["to"]) is _ABSENT:
            put(self._body, step["to"], step["value"])
            self._note(f"{step['to']} added: {step['value']!r}")
            self._mark(step, step["to"], None)

    def _look(self, step: dict[str, Any]) -> None:
        value = get(self._body, step["from"])
        if value is not _ABSENT:
            self._mark(step, step["at"], value)

    def _text(self, step: dict[str, Any]) -> None:
        text = get(self._body, step["from"])
        if not isinstance(text, str):
            return
        bound = get(self._body, "/inputs")
        known = set(bound) if isinstance(bound, dict) else set()

        def swap(found: re.Match[str]) -> str:
            name = found[1] or found[2]
            return f"${{{{inputs.{name}}}}}" if name in known else found[0]

        made = _INPUT.sub(swap, text)
        if made != text:
            put(self._body, step["from"], made)
            self._note(f"{step['from']}: $AZURE_ML_INPUT_name -> ${{{{inputs.name}}}}")
        left = _INPUT.search(made)
        if left is not None:
            reason = f"The command reads {left[0]}, and no input binds it."
            self._decide(step["from"], reason)

    def _flags(self, step: dict[str, Any]) -> None:
        space = get(self._body, step["from"])
        if not isinstance(space, dict) or not any(n.startswith("-") for n in space):
            return
        made = {name.lstrip("-").replace("-", "_"): v for name, v in space.items()}
        put(self._body, step["from"], made)
        self._note(f"{step['from']}: names without their dashes")
        command = get(self._body, step["to"])
        if isinstance(command, str):
            flags = [
                f" {name} ${{{{search_space.{name.lstrip('-').replace('-', '_')}}}}}"
                for name in space
                if name.startswith("-")
            ]
            put(self._body, step["to"], command + "".join(flags))
            self._note(f"{step['to']}: passes each parameter as an argument")

    def _drop(self, step: dict[str, Any]) -> None:
        value = pop(self._body, step["from"])
        if value is _ABSENT:
            return
        if value != {}:
            self._note(f"{step['from']} removed")
        self._mark(step, step["from"], value)

    def _note(self, edit: str) -> None:
        self.taken.edits.append(edit)

    def _decide(self, pointer: str, reason: str) -> None:
        self.taken.decisions.append(Decision(f"/properties{pointer}", reason))

    def _mark(self, step: dict[str, Any], pointer: str, value: Any) -> None:
        clear = step.get("unless")
        if "decide" in step and not (clear and re.search(clear, str(value))):
            self._decide(pointer, step["decide"])


def _join(path: Any, datastore: Any) -> Any:
    """The URI of a path on a datastore; a URI stays what it is."""
    if not isinstance(path, str) or "://" in path:
        return path
    found = _DATASTORE.match(datastore) if isinstance(datastore, str) else None
    name = found[1] if found else _DEFAULT_DATASTORE
    return f"azureml://datastores/{name}/paths/{path.lstrip('/')}"


# --- JSON pointers ------------------------------------------------------------------


def get(body: Any, pointer: str) -> Any:
    """The value at a pointer through objects; `_ABSENT` where there is none."""
    for step in steps_of(pointer):
        if isinstance(body, list) and step.isdecimal() and int(step) < len(body):
            body = body[int(step)]
        elif isinstance(body, dict) and step in body:
            body = body[step]
        else:
            return _ABSENT
    return body


def pop(body: Any, pointer: str) -> Any:
    """Take out the value at a pointer; an object that it leaves empty stays."""
    parent, _, last = pointer.rpartition("/")
    holder = get(body, parent)
    name = next(steps_of(f"/{last}"))
    return holder.pop(name, _ABSENT) if isinstance(holder, dict) else _ABSENT


def put(body: dict[str, Any], pointer: str, value: Any) -> None:
    """Set the value at a pointer, and make the objects on the way."""
    *parents, last = steps_of(pointer)
    holder: Any = body
    for step in parents:
        if isinstance(holder, list) and step.isdecimal():
            holder = holder[int(step)]
        else:
            holder = holder.setdefault(step, {})
    if isinstance(holder, list):
        holder[int(last)] = value
    else:
        holder[last] = value

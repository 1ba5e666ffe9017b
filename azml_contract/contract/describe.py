"""Contracts and their changes in words, for a terminal or a pipe.

In: definitions, operations, changes. Out: lines of at most 80 columns, but
for single words that are longer. Knows no command line and no colours.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from azml_contract.contract.change import Change, ChangeKind
from azml_contract.contract.contract import Contract
from azml_contract.contract.model import Definition, Operation, Property
from azml_contract.contract.notation import split_words, write_property, write_type
from azml_contract.finding import Side

WIDTH = 80
_WORDS = {
    "!": "required",
    "?": "may be null",
    "ro": "read-only",
    "wo": "write-only",
    "unique": "unique elements",
}


def describe_operation(operation: Operation) -> Iterator[str]:
    """One operation, a line a fact."""
    yield from _wrap_path(f"{operation.method} ", operation.path)
    if operation.assumed and operation.carried_from:
        yield from _wrap(
            "",
            f"assumed: carried over from {operation.carried_from}, because "
            "bicep types do not list such operations",
        )
    elif operation.carried_from:
        yield from _wrap(
            "",
            "status codes, queries and flow carried over from "
            f"{operation.carried_from}",
        )
    rows = list(_operation_rows(operation))
    yield ""
    yield from _table(rows)


def _operation_rows(operation: Operation) -> Iterator[tuple[str, str]]:
    for parameter in operation.parameters:
        prop = Property(parameter.name, parameter.type, parameter.required)
        yield f"{parameter.place} {parameter.name}", _spell(write_property(prop))
    if not operation.queries_known:
        yield "query", "unknown: no swagger of this operation has been seen"
    if operation.body:
        required = ", required" if operation.body_required else ""
        yield "body", _spell(write_type(operation.body)) + required
    if operation.result:
        yield "success", _spell(write_type(operation.result))
    if operation.responses is None:
        yield "status codes", "unknown: no swagger of this operation has been seen"
    for status, answer in (operation.responses or {}).items():
        body = _spell(write_type(answer.body)) if answer.body else "no body"
        headers = f"; headers {', '.join(answer.headers)}" if answer.headers else ""
        yield status, body + headers
    if operation.long_running:
        via = operation.final_state_via
        yield "long-running", f"final state via {via}" if via else "yes"
    if operation.paging:
        yield "paging", f"next page at {operation.paging}"


def describe_definition(definition: Definition) -> Iterator[str]:
    """One definition, a property a line."""
    if definition.base:
        yield from _wrap(
            "", f"variant {definition.discriminator_value!r} of {definition.base}"
        )
    if definition.carried_from:
        yield f"carried over from {definition.carried_from}"
    yield ""
    yield from _table(
        (name, _spell(write_property(prop)))
        for name, prop in sorted(definition.properties.items())
    )
    if definition.additional:
        yield from _table([("(others)", _spell(write_type(definition.additional)))])
    if definition.variants:
        yield ""
        yield f"variants by {definition.discriminator}:"
        yield from _table(definition.variants.items())


def describe_templates(contract: Contract) -> Iterator[str]:
    """Every operation of a contract, ordered by path."""
    for operation in sorted(
        contract.operations.values(), key=lambda o: (o.path.lower(), o.method)
    ):
        yield operation.id
        yield from _wrap_path(f"  {operation.method:<7}", operation.path)


def describe_changes(changes: Sequence[Change]) -> Iterator[str]:
    """Changes grouped by what they are about, the operations first."""
    by_subject: dict[str, list[Change]] = {}
    for change in changes:
        by_subject.setdefault(change.subject, []).append(change)
    for subject, group in by_subject.items():
        yield ""
        yield from _heading(subject, group[0])
        for change in group:
            yield from _wrap(f"  {_mark(change):<9}", _phrase(change))


def count_changes(changes: Iterable[Change]) -> str:
    """``7 changes, 2 break requests, 1 breaks responses``."""
    listed = list(changes)
    if not listed:
        return "no change"
    text = f"{len(listed)} {'change' if len(listed) == 1 else 'changes'}"
    for side in (Side.REQUEST, Side.RESPONSE):
        broken = sum(side in change.breaks for change in listed)
        text += f", {broken} {'breaks' if broken == 1 else 'break'} {side}s"
    return text


def _heading(subject: str, change: Change) -> Iterator[str]:
    if change.operation in ("", subject):
        yield subject
        return
    pointer = change.pointer.replace("<", " <") or "the body"
    yield from _wrap("", f"{subject}  ({change.operation}: {pointer})")


def _mark(change: Change) -> str:
    if len(change.breaks) > 1:
        return "both"
    return str(change.breaks[0]) if change.breaks else "-"


def _phrase(change: Change) -> str:
    kind, name = change.kind, change.name
    way = f" [{change.way}]" if change.way else ""
    verb = str(kind).rpartition(" ")[2]
    if kind is ChangeKind.OPERATION_RENAMED:
        return f"was {change.before}"
    if kind is ChangeKind.OPERATION_ADDED:
        return f"new: {change.after}"
    if kind is ChangeKind.OPERATION_REMOVED:
        return f"gone: {change.before}{way}"
    if kind in (ChangeKind.VARIANT_CHANGED, ChangeKind.BODY_CHANGED):
        what = "value" if kind is ChangeKind.VARIANT_CHANGED else "body"
        return f"{what} {change.before or 'none'} -> {change.after or 'none'}{way}"
    noun = {"variant": "value ", "status": "status "}.get(str(kind).split(" ")[0], "")
    if verb == "added":
        return f"{noun}{name} added: {_spell(change.after)}{way}"
    if verb == "removed":
        return f"{noun}{name} removed{way}"
    if kind is ChangeKind.FLOW_CHANGED or kind is ChangeKind.STATUS_CHANGED:
        return f"{noun}{name}: {change.before or 'no'} -> {change.after or 'no'}{way}"
    return f"{name}: {_difference(change.before, change.after)}{way}"


def _difference(before: str, after: str) -> str:
    """What the words of two properties say differently."""
    old, new = split_words(before), split_words(after)
    phrases = []
    if old[0] != new[0]:
        phrases.append(_type_difference(old[0], new[0]))
    phrases += [f"now {_spell_word(word)}" for word in new[1:] if word not in old[1:]]
    phrases += [
        f"no longer {_spell_word(word)}"
        for word in old[1:]
        if word not in new[1:] and not _is_replaced(word, new[1:])
    ]
    return ", ".join(phrases)


def _is_replaced(word: str, others: Sequence[str]) -> bool:
    name, is_fact, _ = word.partition("=")
    return bool(is_fact) and any(other.startswith(f"{name}=") for other in others)


def _type_difference(old: str, new: str) -> str:
    if not (old.startswith("(") and new.startswith("(")):
        return f"{_spell_word(old)} -> {_spell_word(new)}"
    before, after = old[1:-1].split("|"), new[1:-1].split("|")
    changes = [f"+{value}" for value in after if value not in before]
    changes += [f"-{value}" for value in before if value not in after]
    return "values " + " ".join(changes) if changes else "order of values"


def _spell(words: str) -> str:
    """The notation of the data files in plain words."""
    return ", ".join(_spell_word(word) for word in split_words(words))


def _spell_word(word: str) -> str:
    if word[0] in "[{":
        inner = word[1:-1]
        elements = inner.removesuffix(" ?")
        null = "" if elements == inner else " or null"
        return f"{'array' if word[0] == '[' else 'map'} of {_spell(elements)}{null}"
    if word.startswith("("):
        values = word[1:-1].split("|")
        others = " (others may come)" if values[-1] == "*" else ""
        return " | ".join(v for v in values if v != "*") + others
    if word.startswith("use="):
        return f"for {word.removeprefix('use=').replace(',', '/')}"
    return _WORDS.get(word, word)


def _table(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    listed = list(rows)
    width = min(max((len(name) for name, _ in listed), default=0), 32)
    for name, text in listed:
        yield from _wrap(f"  {name:<{width}}  ", text, hang=width + 4)


def _wrap(first: str, text: str, hang: int | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * (len(first) if hang is None else hang),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]


def _wrap_path(first: str, path: str) -> Iterator[str]:
    """A path broken before its slashes."""
    line = first
    for segment in path.strip("/").split("/"):
        if len(line) + len(segment) + 1 > WIDTH and line.strip():
            yield line
            line = " " * len(first)
        line += f"/{segment}"
    yield line

"""Follow a shell script as a shell would, and run nothing.

In: a script whose quoting is mended. Out: its commands in the order in which
they would run, each with its words, its input and where it stands; a command
that a loop or a function repeats comes with each set of words. Conditions are
not decided: every branch is followed. What only running would tell is a hole.

Source: POSIX.1-2024, Shell Command Language; arrays and `<<<` as in bash 5.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from azml_contract.errors import InputError
from azml_contract.scripts.chunks import cut
from azml_contract.scripts.command import (
    Command,
    decide,
    find,
    find_inner,
    logical_line_end,
    reads,
    strip_tabs,
)
from azml_contract.scripts.effort import Effort
from azml_contract.scripts.files import Files
from azml_contract.scripts.parse import Node, parse, span
from azml_contract.scripts.text import (
    EMPTY,
    Hole,
    Holes,
    Part,
    Source,
    Style,
    Text,
    join,
)
from azml_contract.scripts.words import Value, Variables, Words

_LONGEST = 10_000
_MOST_COMMANDS = 2_000
_MOST_ITEMS = 50
_DEEPEST = 20
_DECLARES = ("export", "local", "readonly", "declare", "typeset")
_SHELLS = re.compile(r"(?:.*/)?(?:bash|sh|zsh|dash)")
_WORDS = frozenset(("string", "word", "concatenation", "expansion"))
_FUNCTION_HOLES = "123456789@*"
_BRANCHES = frozenset(
    (
        "while_statement",
        "for_statement",
        "c_style_for_statement",
        "case_statement",
        "function_definition",
        "list",
    )
)


Listen = Callable[["Shell", Command], Text | None]


@dataclass(slots=True)
class _State:
    """What is true while one part of a script runs."""

    level: int = 0
    captured: bool = False
    loops: tuple[tuple[int, int], ...] = ()
    in_function: bool = False
    depth: int = 0


class Shell:
    """Follows one script.

    Args:
        source: The script, mended.
        files: Those that it may read.
        listen: Is told of each command; returns what it writes, None where that
            is not known.
    """

    def __init__(self, source: Source, files: Files, listen: Listen) -> None:
        self.source = source
        self.files = files
        self.effort = Effort()
        self.holes = Holes()
        self.known = Variables()
        self.words = Words(self.known, self.holes, self._substitute)
        self.functions: dict[str, tuple[Source, int, int]] = {}
        self.assigned: dict[str, list[tuple[Source, int]]] = {}
        self.options: set[str] = set()
        self._listen = listen
        self._state = _State()
        self._called: set[str] = set()
        self._left = _MOST_COMMANDS
        self._seen: set[tuple[int, int]] = set()
        self._order: list[tuple[int, int]] | None = None
        self._now, self._base = source, 0

    # --- what others ask ------------------------------------------------------------

    def run(self, calls: Iterable[int] = (), lines: Sequence[int] = ()) -> None:
        """Follow the script, its functions, and what the tree left out.

        Args:
            calls: Where words stand that send calls.
            lines: Where lines begin that are in no quotes.

        Raises:
            InputError: It takes too much work.
        """
        for start, end in cut(self.source.text, lines):
            self._run_range(self.source, start, end)
        self._run_uncalled()
        read = 0
        for place in calls:
            covered = self._covers(place, lines)
            if not covered and place >= read:
                read = end = logical_line_end(self.source.text, place)
                self._run_range(self.source, place, end)
                self._run_uncalled()

    def _covers(self, place: int, lines: Sequence[int]) -> bool:
        """Whether a place is in a command that was read.

        A command ends with its line: where the grammar goes on in the next one, it has
        lost its way, and took whole commands for words.
        """
        if self._order is None or len(self._order) != len(self._seen):
            self._order = sorted(self._seen)
        at = bisect_right(self._order, (place, len(self.source.text)))
        nested = self._order[max(at - _DEEPEST, 0) : at]
        at = bisect_right(lines, place)
        line = lines[at - 1] if at else 0
        return any(start <= place < end and start >= line for start, end in nested)

    def run_text(self, text: Text) -> Text | None:
        """Follow a script that stands in a text, such as that of ``bash -c``."""
        if self._state.depth > _DEEPEST or not text.parts:
            return None
        first = text.parts[0]
        if len(text.parts) == 1 and first.is_even:
            return self._run_range(first.source, first.start, first.end)
        shifts, at = [], 0
        for part in text.parts:
            shifts.append((at, part.source.origin(part.start)))
            at += len(part.text)
        made = Source(first.source.file, text.flat, tuple(shifts), is_editable=False)
        return self._run_range(made, 0, len(made.text))

    # --- ranges and nodes -----------------------------------------------------------

    def _substitute(self, source: Source, start: int, end: int) -> Text | None:
        if self._state.depth > _DEEPEST:
            return None
        was = self._state.captured
        self._state.captured = True
        output = self._run_range(source, start, end)
        self._state.captured = was
        return output

    def _run_range(self, source: Source, start: int, end: int) -> Text | None:
        root = parse(source.text[start:end], self.effort)
        before = self._now, self._base
        self._now, self._base = source, start
        self._state.depth += 1
        output = self._visit_all(root.children)
        self._state.depth -= 1
        self._now, self._base = before
        return output

    def _span(self, node: Node) -> tuple[int, int]:
        start, end = span(node)
        return start + self._base, end + self._base

    def _raw(self, node: Node) -> str:
        start, end = self._span(node)
        return self._now.text[start:end]

    def _visit_all(
        self, nodes: Iterable[Node], stdin: Text | None = None
    ) -> Text | None:
        """What commands one after another write."""
        outputs: list[Text] = []
        known = True
        for node in nodes:
            output = self._visit(node, stdin)
            known = known and output is not None
            if output is not None:
                outputs.append(output)
        return join(outputs) if known else None

    def _visit(self, node: Node, stdin: Text | None = None) -> Text | None:
        if not node.is_named or node.type == "comment":
            return EMPTY
        self.effort.require()
        act = getattr(self, f"_visit_{node.type.lower()}", None)
        if act is not None:
            return act(node, stdin)  # type: ignore[no-any-return]
        if node.type in _BRANCHES:
            self._state.level += 1
            output = self._visit_all(node.children, stdin)
            self._state.level -= 1
            return output
        if node.type in _WORDS:
            self.words.read(self._now, *self._span(node))
            return EMPTY
        return self._visit_all(node.children, stdin)

    def _visit_error(self, node: Node, stdin: Text | None) -> Text | None:
        """What the grammar does not understand: its commands count, no word does."""
        return self._visit_all(
            (child for child in node.children if child.type not in _WORDS), stdin
        )

    def _visit_test_command(self, node: Node, stdin: Text | None) -> Text | None:
        for name in re.findall(r"\$\{?(\w+)", self._raw(node)):
            self.known.used.setdefault(name, (self._now, self._span(node)[0]))
        for child in find(node, "command_substitution"):
            start, end = self._span(child)
            self._substitute(self._now, start + 2, end - 1)
        return EMPTY

    def _visit_if_statement(self, node: Node, stdin: Text | None) -> Text | None:
        """The branch that is taken, where the condition tells; else each of them.

        Calls of a branch that no run takes are read in the end, see `run`.
        """
        parts: list[list[Node]] = [[]]
        for child in node.children:
            if child.type in ("then", "elif_clause", "else_clause", "fi"):
                parts.append([])
            parts[-1].append(child)
        condition, body, *others = parts
        tests = [child for child in condition if child.is_named]
        taken = self._decide(tests[0]) if len(tests) == 1 else None
        chosen = [*condition, *body] if taken is not False else list(condition)
        if taken is not True:
            chosen += [child for part in others for child in part]
        self._state.level += 1
        self._visit_all(chosen, stdin)
        self._state.level -= 1
        return None

    def _decide(self, node: Node) -> bool | None:
        """What a test of one text, or of two, comes to; None where a run tells."""
        if node.type != "test_command":
            return None

        def read(start: int, end: int) -> Text:
            return self.words.read_one(self._now, start, end)

        return decide(self._now.text, *self._span(node), read)

    def _visit_subshell(self, node: Node, stdin: Text | None) -> Text | None:
        return self._visit_all(node.children, stdin)

    def _visit_command_substitution(
        self, node: Node, stdin: Text | None
    ) -> Text | None:
        start, end = self._span(node)
        self._substitute(self._now, start + 2, end - 1)
        return EMPTY

    def _visit_pipeline(self, node: Node, stdin: Text | None) -> Text | None:
        return self._pipe(node.named_children, stdin)

    def _pipe(self, nodes: Sequence[Node], stdin: Text | None) -> Text | None:
        nodes = [one for one in nodes if one.type != "comment"]
        was = self._state.captured
        for index, node in enumerate(nodes):
            self._state.captured = was or index < len(nodes) - 1
            stdin = self._visit(node, stdin)
            if stdin is None:
                start, end = self._span(node)
                stdin = self._make_output(start, end)
        self._state.captured = was
        return stdin

    def _make_output(self, start: int, end: int) -> Text:
        shown = self._now.text[start:end].split()
        hole = Hole(f"{shown[0] if shown else ''} ...")
        return self.words.hole(self._now, start, end, hole)

    def _visit_negated_command(self, node: Node, stdin: Text | None) -> Text | None:
        return self._visit_all(node.named_children, stdin)

    def _visit_variable_assignment(self, node: Node, stdin: Text | None) -> Text:
        name_node, *rest = node.children
        name = self._raw(name_node)
        adds = any(child.type == "+=" for child in rest)
        values = [child for child in rest if child.is_named]
        if name_node.type == "subscript":
            return EMPTY
        value: Value = EMPTY
        if values and values[0].type == "array":
            value = tuple(
                word
                for child in values[0].named_children
                for word in self.words.read(self._now, *self._span(child))
            )
        elif values:
            start, end = self._span(values[0])
            end = max(end, self._span(values[-1])[1])
            value = self.words.read_one(self._now, start, end)
        self.assign(name, value, self._span(node)[0], adds=adds)
        return EMPTY

    def assign(
        self, name: str, value: Value, place: int, *, adds: bool = False
    ) -> None:
        """Remember what a variable holds; a reader knows it by its own name."""
        if adds:
            before = self.known.get(name)
            if isinstance(before, tuple) and isinstance(value, tuple):
                value = (*before, *value)
            elif isinstance(before, Text) and isinstance(value, Text):
                value = before + value
        if isinstance(value, Text) and value.whole_token:
            value = self._rename(name, value)
        self.assigned.setdefault(name, []).append((self._now, place))
        self.known.values[name] = value

    def _rename(self, name: str, value: Text) -> Text:
        (hole,) = self.holes.find(value.flat)
        shown = f"${name}"
        if hole.shown == shown:
            return value
        found = value.locate(0)
        source, start = found if found is not None else (self._now, 0)
        return self.words.hole(source, start, start, replace(hole, shown=shown))

    def _visit_variable_assignments(
        self, node: Node, stdin: Text | None
    ) -> Text | None:
        return self._visit_all(node.children)

    def _visit_declaration_command(self, node: Node, stdin: Text | None) -> Text | None:
        return self._visit_all(
            child
            for child in node.named_children
            if child.type == "variable_assignment"
        )

    def _visit_unset_command(self, node: Node, stdin: Text | None) -> Text:
        for name in self._raw(node).split()[1:]:
            self.known.values.pop(name, None)
        return EMPTY

    def _visit_function_definition(self, node: Node, stdin: Text | None) -> Text:
        name = next(
            (self._raw(one) for one in node.named_children if one.type == "word"), ""
        )
        body = node.child_by_field_name("body")
        if name and body is not None:
            self.functions[name] = (self._now, *self._span(body))
        return EMPTY

    def _run_uncalled(self) -> None:
        """Functions that nothing calls; their arguments are not known."""
        for name in list(self.functions):
            if name not in self._called:
                self._run_function(name, None)

    def _run_function(self, name: str, words: Sequence[Text] | None) -> Text | None:
        first_time = name not in self._called
        self._called.add(name)
        source, start, end = self.functions[name]
        values = self.known.values
        kept = {one: values.get(one) for one in _FUNCTION_HOLES}
        for one in _FUNCTION_HOLES:
            values.pop(one, None)
        if words is not None:
            for index, word in enumerate(words[:9], start=1):
                values[str(index)] = word
            for index in range(len(words) + 1, 10):
                values[str(index)] = EMPTY
            values["@"] = values["*"] = tuple(words)
        state = self._state
        before = state.in_function, state.level
        state.in_function = True
        state.level += words is None
        output: Text | None = None
        if first_time or (state.depth <= _DEEPEST and self._left > 0):
            output = self._run_range(source, start, end)
        state.in_function, state.level = before
        for one, value in kept.items():
            values.pop(one, None)
            if value is not None:
                values[one] = value
        return output

    # --- loops ----------------------------------------------------------------------

    def _visit_for_statement(self, node: Node, stdin: Text | None) -> Text | None:
        named = [child for child in node.named_children if child.type != "comment"]
        name = self._raw(named[0]) if named else ""
        groups = [child for child in named if child.type == "do_group"]
        items = [
            word
            for child in named[1:]
            if child.type != "do_group"
            for word in self.words.read(self._now, *self._span(child))
        ]
        state = self._state
        state.loops = (*state.loops, self._span(node))
        state.level += 1
        if not items or len(items) > _MOST_ITEMS or self._left < 0:
            start, end = self._span(node)
            items = [self.words.hole(self._now, start, end, Hole(f"${name}"))]
        for item in items:
            plain = re.search(r"[*?]", item.flat) is None
            start, end = self._span(node)
            hole = self.words.hole(self._now, start, end, Hole(f"${name}"))
            self.known.values[name] = item if plain else hole
            self._visit_all(groups, stdin)
        state.level -= 1
        state.loops = state.loops[:-1]
        return None

    def _visit_while_statement(self, node: Node, stdin: Text | None) -> Text | None:
        state = self._state
        state.loops = (*state.loops, self._span(node))
        state.level += 1
        self._visit_all(node.children, stdin)
        state.level -= 1
        state.loops = state.loops[:-1]
        return None

    _visit_c_style_for_statement = _visit_while_statement

    def _visit_case_statement(self, node: Node, stdin: Text | None) -> Text | None:
        self._state.level += 1
        for item in node.named_children:
            if item.type == "case_item":
                patterns = [
                    child
                    for index, child in enumerate(item.named_children)
                    if item.field_name_for_named_child(index) != "value"
                ]
                self._visit_all(patterns)
            elif item.type not in ("word", "comment"):
                self.words.read(self._now, *self._span(item))
        self._state.level -= 1
        return None

    # --- redirections ---------------------------------------------------------------

    def _visit_redirected_statement(
        self, node: Node, stdin: Text | None
    ) -> Text | None:
        bodies, pipes, others = [], [], []
        target = ""
        for child in node.named_children:
            if child.type == "heredoc_redirect":
                stdin = self._read_document(child)
                redirects = [
                    one for one in child.named_children if one.type == "file_redirect"
                ]
                target = self._find_target(redirects) or target
                for inner in child.named_children:
                    if inner.type == "pipeline":
                        pipes += inner.named_children
                    elif not inner.type.startswith(("heredoc", "file_")):
                        others.append(inner)
            elif child.type == "herestring_redirect":
                stdin = self._read_string(child)
            elif child.type == "file_redirect":
                found = self._read_input(child)
                stdin = found if found is not None else stdin
                target = self._find_target([child]) or target
            else:
                bodies.append(child)
        was = self._state.captured
        self._state.captured = was or bool(target) or bool(pipes)
        if not bodies:
            output: Text | None = stdin
        elif bodies[-1].type == "pipeline" and stdin is not None and not reads(node):
            output = self._pipe_last(bodies[-1], stdin)
        else:
            output = self._visit_all(bodies, stdin)
        self._state.captured = was
        if pipes:
            fed = output
            if fed is None:
                fed = self._make_output(*self._span(node))
            output = self._pipe(pipes, fed)
        if target:
            name = target.lstrip("+")
            before = self.files.written.get(name, EMPTY) if target[0] == "+" else EMPTY
            if output is not None:
                self.files.written[name] = before + output
            output = EMPTY
        self._visit_all(others)
        return output

    def _pipe_last(self, node: Node, stdin: Text) -> Text | None:
        """A here-document after a pipe feeds the last command of it."""
        *first, last = node.named_children
        was = self._state.captured
        self._state.captured = True
        self._visit_all(first)
        self._state.captured = was
        return self._visit(last, stdin)

    def _read_document(self, node: Node) -> Text:
        start_node = next(
            (one for one in node.named_children if one.type == "heredoc_start"), None
        )
        body = next(
            (one for one in node.named_children if one.type == "heredoc_body"), None
        )
        if body is None or start_node is None:
            return EMPTY
        mark = self._raw(start_node)
        start, end = self._span(body)
        strips = any(child.type == "<<-" for child in node.children)
        if any(quote in mark for quote in "'\"\\"):
            text = self._now.text[start:end]
            part = Part(text, self._now, start, end, Style.VERBATIM)
            made = Text((part,))
        else:
            made = self.words.read_one(self._now, start, end, Style.DOCUMENT)
        return strip_tabs(made) if strips else made

    def _read_string(self, node: Node) -> Text:
        start, end = self._span(node.named_children[-1])
        return self.words.read_one(self._now, start, end)

    def _read_input(self, node: Node) -> Text | None:
        kinds = {child.type for child in node.children if not child.is_named}
        if "<" not in kinds or not node.named_children:
            return None
        start, end = self._span(node.named_children[-1])
        name = self.words.read_one(self._now, start, end)
        return self.files.read(name.flat) or self.name_file(name, start, end)

    def name_file(self, name: Text, start: int, end: int) -> Text:
        """The hole of a file that is not there."""
        self.files.miss(name)
        shown = self.holes.show(name.flat)
        return self.words.hole(
            self._now, start, end, Hole(f"the file {shown}", file=shown)
        )

    def _find_target(self, nodes: Iterable[Node]) -> str:
        """The file that the output goes to, with a plus where it is added."""
        for node in nodes:
            kinds = {child.type for child in node.children if not child.is_named}
            fd = next(
                (c for c in node.named_children if c.type == "file_descriptor"), None
            )
            if fd is not None and self._raw(fd) != "1":
                continue
            if kinds & {">", ">>", ">|", "&>", "&>>"} and node.named_children:
                start, end = self._span(node.named_children[-1])
                name = self.words.read_one(self._now, start, end).flat
                return f"+{name}" if ">>" in kinds or "&>>" in kinds else name
        return ""

    # --- commands -------------------------------------------------------------------

    def _visit_command(self, node: Node, stdin: Text | None) -> Text | None:
        start, end = self._span(node)
        ranges: list[tuple[int, int]] = []
        for child in node.named_children:
            if child.type == "variable_assignment":
                self._visit(child)
            elif child.type == "herestring_redirect":
                stdin = self._read_string(child)
            elif child.type == "file_redirect":
                found = self._read_input(child)
                stdin = found if found is not None else stdin
            elif child.type != "comment":
                first, last = self._span(child)
                if ranges and self._touch(ranges[-1][1], first):
                    ranges[-1] = (ranges[-1][0], last)
                else:
                    ranges.append((first, last))
        if self._now is self.source:
            self._seen.add((start, end))
            if len(self._seen) > _LONGEST:
                raise InputError(f"it is a script of more than {_LONGEST} commands")
        self._left -= 1
        words = []
        for one in ranges:
            self.effort.require()
            words += self.words.read(self._now, *one)
        state = self._state
        command = Command(
            words,
            self._now,
            start,
            end,
            stdin,
            captured=state.captured,
            level=state.level,
            loops=state.loops,
            in_function=state.in_function,
            raw=tuple(ranges),
        )
        return self._run_command(command)

    def _touch(self, end: int, start: int) -> bool:
        """Whether two pieces are one word; a continued line is no gap."""
        return self._now.text[end:start] in ("", "\\\n")

    def _run_command(self, command: Command) -> Text | None:
        name = command.name
        if name in self.functions and name not in ("curl", "az"):
            self._listen(self, command)
            if self._state.depth > _DEEPEST:
                return None
            return self._run_function(name, command.words[1:])
        if name == "shift":
            self._shift()
        elif name in ("source", ".") and len(command.words) > 1:
            found = self.files.read(command.words[1].flat)
            if found is not None:
                self.run_text(found)
            else:
                self.files.miss(command.words[1])
        elif name == "read":
            self._read_variable(command)
        elif name == "set":
            self.options.update(word.flat for word in command.words[1:])
        elif name in ("eval",) and len(command.words) > 1:
            return self.run_text(join(command.words[1:], " "))
        elif _SHELLS.fullmatch(name):
            inner = find_inner(command)
            if inner is not None:
                return self.run_text(inner)
        elif name in _DECLARES:
            return EMPTY
        return self._listen(self, command)

    def _shift(self) -> None:
        words = self.known.values.get("@")
        if isinstance(words, tuple):
            rest = words[1:]
            for index in range(1, 10):
                self.known.values[str(index)] = (
                    rest[index - 1] if index <= len(rest) else EMPTY
                )
            self.known.values["@"] = self.known.values["*"] = rest

    def _read_variable(self, command: Command) -> None:
        """`read`: whole documents with ``-d ''``, else what is not known."""
        flats = [word.flat for word in command.words[1:]]
        whole = "-d" in flats or any(
            one.startswith("-") and "d" in one for one in flats
        )
        names = [one for one in flats if re.fullmatch(r"[A-Za-z_]\w*", one)]
        for name in names[-1:] if whole else names:
            if whole and command.stdin is not None:
                self.assign(name, command.stdin.strip_end(), command.start)
            else:
                hole = Hole(f"${name}")
                text = self.words.hole(self._now, command.start, command.end, hole)
                self.assign(name, text, command.start)

"""Follow a shell script as a shell would, and run nothing.

In: a script whose quoting is mended. Out: its commands in the order in which
they would run, each with its words, its input and where it stands; a command
that a loop or a function repeats comes with each set of words. Conditions are
not decided: every branch is followed. What only running would tell is a hole.

Source: POSIX.1-2024, Shell Command Language; arrays and `<<<` as in bash 5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from azml_contract.scripts.branches import (
    MEMBER,
    choose,
    leaves,
    list_bodies,
    list_cases,
    list_ways,
    names_files,
)
from azml_contract.scripts.chunks import cut
from azml_contract.scripts.command import (
    Command,
    decide,
    find,
    logical_line_end,
    reads,
)
from azml_contract.scripts.covered import Covered
from azml_contract.scripts.effort import Effort
from azml_contract.scripts.files import Files
from azml_contract.scripts.parse import Node, parse
from azml_contract.scripts.redirects import Redirects, Stretch
from azml_contract.scripts.shell_builtins import (
    DECLARES,
    SHELLS,
    find_blank,
    find_run,
    find_script,
    find_script_file,
    run_builtin,
)
from azml_contract.scripts.text import (
    EMPTY,
    Hole,
    Source,
    Text,
    join,
)
from azml_contract.scripts.turns import Turn
from azml_contract.scripts.words import Value, Variables, Words

_MOST_COMMANDS = 2_000
_MOST_ITEMS = 50
_DEEPEST = 20
_LIST = re.compile(r"\$[@*]|\$\{(?:[@*]|\w+\[[@*]\])[^}]*\}")
_OPTION = re.compile(r"\$\{?(?:OPTARG|[1-9])\b")
_OUTPUT = r"\$\((?:[^()\"]|\"[^\"]*\")*\)"
_REST = re.compile(
    rf"(?:\\.|'[^']*'|\"(?:\\.|{_OUTPUT}|[^\"\\])*\"|`[^`]*`|\$\{{[^{{}}]*\}}|{_OUTPUT}"
    r"|[^\s;&|()<>'\"`\\])*",
    re.DOTALL,
)
"""What still belongs to a value: the grammar ends it at a backtick or a broken line."""
_WORDS = frozenset(("string", "word", "concatenation", "expansion"))
_BRANCHES = frozenset(
    (
        "while_statement",
        "for_statement",
        "c_style_for_statement",
        "case_statement",
        "function_definition",
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
    stdin: Text | None = None


class Shell:
    """Follows one script.

    Args:
        source: The script, mended.
        files: Those that it may read.
        listen: Is told of each command; returns what it writes, None where that
            is not known.
        effort: What reading it may cost.
        turn: Which branches are followed of choices that only a run would make.
    """

    def __init__(
        self,
        source: Source,
        files: Files,
        listen: Listen,
        effort: Effort,
        turn: Turn,
    ) -> None:
        self.source = source
        self.files = files
        self.effort = effort
        self.turn = turn
        self.holes = files.holes
        self.known = Variables()
        self.words = Words(self.known, self.holes, self._substitute)
        self.functions: dict[str, tuple[Source, int, int]] = {}
        self.assigned: dict[str, list[tuple[Source, int]]] = {}
        self.options: set[str] = set()
        self._listen = listen
        self._state = _State()
        self._called: set[str] = set()
        self._at_exit: list[Text] = []
        self._left_out: list[tuple[int, int]] = []
        self._left = _MOST_COMMANDS
        self._covered = Covered(len(source.text), _DEEPEST)
        self._here = Stretch(source, 0)
        self._redirects = Redirects(self.words, files)

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
        for text in self._at_exit:
            self.run_text(text)
        self._run_uncalled()
        read = 0
        for place in calls:
            if place >= read and not self._covered.holds(place, lines):
                read = end = self._find_end(place)
                self._run_range(self.source, place, end)
                self._run_uncalled()

    def _find_end(self, place: int) -> int:
        """Where the commands end that begin at a place: with their branch or line."""
        inside = (end for start, end in self._left_out if start <= place < end)
        return min(inside, default=logical_line_end(self.source.text, place))

    def run_text(self, text: Text) -> Text | None:
        """Follow a script that stands in a text, such as that of ``bash -c``."""
        if self._state.depth > _DEEPEST or not text.parts:
            return None
        first = text.parts[0]
        if len(text.parts) == 1 and first.is_even:
            return self._run_range(first.source, first.start, first.end)
        made = text.as_source()
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
        before, self._here = self._here, Stretch(source, start)
        self._state.depth += 1
        output = self._visit_all(root.children)
        self._state.depth -= 1
        self._here = before
        return output

    @property
    def _now(self) -> Source:
        return self._here.source

    def _span(self, node: Node) -> tuple[int, int]:
        return self._here.span(node)

    def _raw(self, node: Node) -> str:
        return self._here.raw(node)

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
        if taken is None:
            turned = self._take(list_ways(self._here, condition, [body, *others]))
            chosen = chosen if turned is None else [*condition, *turned]
        self._state.level += 1
        self._visit_all(chosen, stdin)
        self._state.level -= 1
        return None

    def _take(self, branches: Sequence[Sequence[Node]]) -> Sequence[Node] | None:
        """The branch of this turn; None where all are followed.

        One that ends the script, or its function, is no way to what follows.
        """
        here, known = self._here, self.functions
        return self.turn.take([one for one in branches if not leaves(here, one, known)])

    def _visit_list(self, node: Node, stdin: Text | None) -> Text | None:
        """``a && b``, ``a || b``: whether the second sets something is a choice."""
        first, second = node.named_children[0], node.named_children[-1]
        runs_on = any(one.type == "&&" for one in node.children)
        branches = [[second], []] if runs_on else [[], [second]]
        sets = next(iter(find(node, "variable_assignment")), None) is not None
        turned = self._take(branches) if sets else None
        chosen = node.children if turned is None else [first, *turned]
        self._state.level += 1
        output = self._visit_all(chosen, stdin)
        self._state.level -= 1
        return output

    def _decide(self, node: Node) -> bool | None:
        """What a test of one text, or of two, comes to; None where a run tells."""
        if node.type != "test_command":
            return None

        def read(start: int, end: int) -> Text:
            return self.words.read_one(self._now, start, end)

        return decide(self._now.text, *self._span(node), read)

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

    def _visit_variable_assignment(self, node: Node, stdin: Text | None) -> Text:
        name_node, *rest = node.children
        name = self._raw(name_node)
        adds = any(child.type == "+=" for child in rest)
        values = [child for child in rest if child.is_named]
        value: Value = EMPTY
        if values and values[0].type == "array":
            value = tuple(
                word
                for child in values[0].named_children
                for word in self.words.read(self._now, *self._span(child))
            )
            for word in value:
                if found := MEMBER.match(word.flat):
                    key = f"{name}[{found['key']}]"
                    self.assign(key, word.cut(found.end()), self._span(node)[0])
        elif values:
            start, end = self._span(values[0])
            end = max(end, self._span(values[-1])[1])
            behind = _REST.match(self._now.text, end)
            end = behind.end() if behind is not None else end
            value = self.words.read_one(self._now, start, end)
        self.assign(name, value, self._span(node)[0], adds=adds)
        return EMPTY

    def assign(
        self, name: str, value: Value, place: int, *, adds: bool = False
    ) -> None:
        """Remember what a variable holds; a reader knows it by its own name."""
        if adds:
            value = self.known.lengthen(name, value)
        if isinstance(value, Text) and value.whole_token:
            if self._is_option(name, value):
                return
            value = self._rename(name, value)
        self.assigned.setdefault(name, []).append((self._now, place))
        self.known.values[name] = value

    def _is_option(self, name: str, value: Text) -> bool:
        """Whether a loop over options may set what has a value without them."""
        (hole,) = self.holes.find(value.flat)
        default = self.known.values.get(name)
        return (
            bool(self._state.loops)
            and _OPTION.match(hole.shown) is not None
            and isinstance(default, Text)
            and bool(default.flat)
            and not default.whole_token
        )

    def _rename(self, name: str, value: Text) -> Text:
        (hole,) = self.holes.find(value.flat)
        shown = f"${name}"
        if hole.shown == shown:
            return value
        found = value.locate(0)
        source, start = found if found is not None else (self._now, 0)
        return self.words.hole(source, start, start, replace(hole, shown=shown))

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
                self._run_function(name, None, None)

    def _run_function(
        self, name: str, words: Sequence[Text] | None, stdin: Text | None
    ) -> Text | None:
        """Follow a function: what feeds it feeds the commands in it."""
        first_time = name not in self._called
        self._called.add(name)
        source, start, end = self.functions[name]
        kept = self._bind(words)
        state = self._state
        before = state.in_function, state.level, state.stdin
        state.in_function = True
        state.stdin = stdin if stdin is not None else state.stdin
        state.level += words is None
        output: Text | None = None
        if first_time or (state.depth <= _DEEPEST and self._left > 0):
            output = self._run_range(source, start, end)
        state.in_function, state.level, state.stdin = before
        self.known.restore(kept)
        return output

    def _bind(self, words: Sequence[Text] | None) -> dict[str, Value | None]:
        """Set the arguments; those from a list on that is not known are not known."""
        told = 0
        while words is not None and told < len(words) and not self._lists(words[told]):
            told += 1
        if words is None or told == len(words):
            return self.known.bind(words)
        return self.known.bind(words[:told], is_all=False)

    def _lists(self, word: Text) -> bool:
        """Whether a word stands for a list that only running would tell."""
        holes = self.holes.find(word.flat) if word.whole_token else ()
        return any(_LIST.fullmatch(one.shown) for one in holes)

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
            plain = not (names_files(item) or self._lists(item))
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
        for _ in range(_MOST_ITEMS):
            before = self.known.count_arguments()
            self._visit_all(node.children, stdin)
            # A loop that takes its arguments away goes on until none is left.
            if not 0 < self.known.count_arguments() < before or self._left <= 0:
                break
        state.level -= 1
        state.loops = state.loops[:-1]
        return None

    _visit_c_style_for_statement = _visit_while_statement

    def _visit_case_statement(self, node: Node, stdin: Text | None) -> Text | None:
        """The branch whose pattern fits, where the word tells; else each of them."""
        named = [child for child in node.named_children if child.type != "comment"]
        items = [child for child in named if child.type == "case_item"]
        words = [child for child in named if child.type != "case_item"]
        value = join(self.words.read_one(self._now, *self._span(one)) for one in words)
        taken = choose(self._here, items, value.flat, self.words)
        if taken is None:
            turned = self._take(list_cases(self._here, items))
            if turned is not None:
                self._state.level += 1
                self._visit_all(turned)
                self._state.level -= 1
                return None
        self._state.level += 1
        for item in items:
            if taken is None or item in taken:
                self._visit_all(list_bodies(item))
            elif self._now is self.source:
                self._left_out.append(self._span(item))
        self._state.level -= 1
        return None

    # --- redirections ---------------------------------------------------------------

    def _visit_redirected_statement(
        self, node: Node, stdin: Text | None
    ) -> Text | None:
        parts = self._redirects.sort(self._here, node, stdin)
        bodies, stdin = parts.bodies, parts.stdin
        was = self._state.captured
        self._state.captured = was or bool(parts.target) or bool(parts.pipes)
        if not bodies:
            output: Text | None = stdin
        elif bodies[-1].type == "pipeline" and stdin is not None and not reads(node):
            output = self._pipe_last(bodies[-1], stdin)
        else:
            output = self._visit_all(bodies, stdin)
        self._state.captured = was
        if parts.pipes:
            fed = output
            if fed is None:
                fed = self._make_output(*self._span(node))
            output = self._pipe(parts.pipes, fed)
        if parts.target:
            self._redirects.write(parts.target, output)
            output = EMPTY
        self._visit_all(parts.others)
        return output

    def _pipe_last(self, node: Node, stdin: Text) -> Text | None:
        """A here-document after a pipe feeds the last command of it."""
        *first, last = node.named_children
        was = self._state.captured
        self._state.captured = True
        self._visit_all(first)
        self._state.captured = was
        return self._visit(last, stdin)

    def name_file(self, name: Text, start: int, end: int) -> Text:
        """The hole of a file that is not there."""
        return self._redirects.name_file(name, self._now, start, end)

    # --- commands -------------------------------------------------------------------

    def _visit_command(self, node: Node, stdin: Text | None) -> Text | None:
        start, end = self._span(node)
        ranges: list[tuple[int, int]] = []
        assigned = start
        for child in node.children:
            if child.type == "variable_assignment":
                self._visit(child)
                assigned = self._span(child)[1]
            elif child.type in ("herestring_redirect", "file_redirect"):
                stdin = self._redirects.feed(self._here, child, stdin)
            elif child.type != "comment" and (child.is_named or child.type == "-"):
                first, last = self._span(child)
                if ranges and self._touch(ranges[-1][1], first):
                    ranges[-1] = (ranges[-1][0], last)
                else:
                    ranges.append((first, last))
        if ranges and self._breaks(assigned, ranges[0][0]):
            start = ranges[0][0]
        if self._now is self.source:
            self._covered.add(start, end)
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
            stdin if stdin is not None else state.stdin,
            captured=state.captured,
            level=state.level,
            loops=state.loops,
            in_function=state.in_function,
            raw=tuple(ranges),
        )
        return self._run_command(command)

    def _run_file(
        self, text: Text, words: Sequence[Text], *, is_all: bool = True
    ) -> Text | None:
        """Follow another script, with its arguments."""
        kept = self._bind(words) if is_all else self.known.bind(words, is_all=False)
        output = self.run_text(text)
        self.known.restore(kept)
        return output

    def _touch(self, end: int, start: int) -> bool:
        """Whether two pieces are one word; a continued line is no gap."""
        return not self._now.text[end:start].replace("\\\n", "")

    def _breaks(self, end: int, start: int) -> bool:
        """Whether a line ends between: the grammar reads on after ``A=1 B=2``."""
        return "\n" in self._now.text[end:start].replace("\\\n", "")

    def _blank(self, word: Text, mark: str) -> Text:
        """A word with holes for what a program puts in for its mark."""
        pieces, at = [], 0
        for found in re.finditer(re.escape(mark), word.flat):
            part, _ = word.find_part(found.start())
            hole = self.words.hole(part.source, part.start, part.end, Hole(mark))
            pieces += [word.cut(at, found.start()), hole]
            at = found.end()
        return join([*pieces, word.cut(at)]) if pieces else word

    def _run_command(self, command: Command) -> Text | None:
        mark = find_blank(command)
        if mark:
            filled = [self._blank(word, mark) for word in command.words]
            command = replace(command, words=filled)
        at = find_run(command)
        run = command.words[at].flat if at else ""
        if run in self.functions or SHELLS.fullmatch(run):
            command = replace(command, words=command.words[at:], raw=command.raw[at:])
        name = command.name
        if name in self.functions and name not in ("curl", "az"):
            self._listen(self, command)
            if self._state.depth > _DEEPEST:
                return None
            return self._run_function(name, command.words[1:], command.stdin)
        script = find_script(command)
        if script is not None:
            text, words, is_all = script
            if words is None:
                return self.run_text(text)
            return self._run_file(text, words, is_all=is_all)
        file = find_script_file(command)
        found = self.files.read(command.words[file].flat) if file >= 0 else None
        if found is not None:
            return self._run_file(found, command.words[file + 1 :])
        if name == "trap" and len(command.words) > 1:
            self._at_exit.append(command.words[1])
        if name in DECLARES:
            return EMPTY
        run_builtin(self, command)
        return self._listen(self, command)

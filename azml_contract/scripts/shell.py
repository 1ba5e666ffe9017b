"""Read the commands of a shell script, nothing run.

In: the text of a script, and how to read files it names. Out: its simple
commands in order of the text, each with its words and its standard input.
Quotes, here-documents, line continuations and variables that the script sets
to text are understood. What only running the script would tell, such as
``$(date)`` or ``$1``, stays as a mark that says where it came from. Branches,
loops and functions are read once, from top to bottom.

Source: POSIX.1-2024, Shell Command Language; `$'...'` and `<<<` as in bash.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?)=(.*)", re.DOTALL)
_WITH_DEFAULT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*):?[-=](.*)", re.DOTALL)
_SPECIAL = "0123456789@*#?$!-"
_ENDS = "\n;&|()"
_RESERVED = frozenset(
    ("if", "then", "else", "elif", "while", "until", "do", "{", "}", "!", "time")
)
_SETTERS = frozenset(("export", "local", "readonly", "declare", "typeset"))
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_SHOWN = 40
_DEEPEST = 20
_MOST_READ = 16 * 1024 * 1024
_BREAK = re.compile(r"\n")
_FILE = re.compile(r"\$\((?:cat|<) *([^|;&]+)\)")


def find_marks(text: str) -> tuple[str, ...]:
    """What stands in `text` for values that the script does not tell."""
    return tuple(_MARK.findall(text))


def find_file(text: str) -> str:
    """The file whose content `text` wholly is, ``$(cat FILE)``; "" without."""
    mark = _MARK.fullmatch(text)
    found = _FILE.fullmatch(mark[1]) if mark else None
    return found[1].strip().strip("'\"") if found else ""


def replace_marks(text: str, write: Callable[[str], str]) -> str:
    """`text` with each mark written by `write`, which gets what it stands for."""
    return _MARK.sub(lambda found: write(found[1]), text)


def show_marks(text: str) -> str:
    """`text` as a reader of the script would write it: ``$NAME``."""
    return replace_marks(text, str)


@dataclass(frozen=True, slots=True)
class Word:
    """One word, its quotes removed, and the line it begins at.

    `exact` says that its lines are those of the script.
    """

    text: str
    line: int
    exact: bool = True


@dataclass(slots=True)
class Command:
    """A simple command; `stdin` is None where nothing in the script feeds it."""

    line: int
    words: list[Word] = field(default_factory=list)
    stdin: Word | None = None
    reads_file: str = ""


def read_commands(text: str) -> list[Command]:
    """Every simple command of a script, those in ``$(...)`` before their own."""
    return _Shell(text.replace("\r\n", "\n"), 1, _Variables()).run()


class _Variables:
    """What the script sets; once it is read out too often, marks come instead."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._left = _MOST_READ

    def read(self, name: str) -> str:
        value = self._values.get(name)
        if value is None or len(value) > self._left:
            return _mark(f"${name}")
        self._left -= len(value)
        return value

    def is_empty(self, name: str) -> bool:
        return not self._values.get(name)

    def remember(self, name: str, value: str) -> None:
        self._values[name] = value


class _Shell:
    """Reads one text; substitutions are read by another one with its variables."""

    def __init__(self, text: str, line: int, known: _Variables, depth: int = 0) -> None:
        self._text = text
        self._first = line
        self._known = known
        self._depth = depth
        self._breaks = [found.start() for found in _BREAK.finditer(text)]
        self._at = 0
        self._inner: list[Command] = []
        self._waiting: list[tuple[Command, str, bool, bool]] = []

    def run(self) -> list[Command]:
        commands: list[Command] = []
        pipes: list[tuple[Command, Command]] = []
        before: Command | None = None
        while self._at < len(self._text):
            command = self._read_command()
            if before is not None:
                pipes.append((before, command))
            before = command if self._take_end() else None
            commands += self._inner
            self._inner.clear()
            self._assign(command)
            if command.words:
                commands.append(command)
        for source, command in pipes:
            _feed(source, command)
        return commands

    def _read_command(self) -> Command:
        command = Command(self._line())
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in " \t":
                self._at += 1
            elif self._text.startswith("\\\n", self._at):
                self._at += 2
            elif char == "#":
                self._at = self._find("\n")
            elif char in _ENDS:
                break
            elif char in "<>" or self._is_numbered_redirect():
                self._redirect(command)
            else:
                self._add(command, self._read_word())
        return command

    def _add(self, command: Command, word: Word) -> None:
        if not command.words:
            command.line = word.line
            if word.text in _RESERVED:
                return
        command.words.append(word)

    def _take_end(self) -> bool:
        """Step over what ends a command; whether that was a pipe."""
        if self._at >= len(self._text):
            return False
        char = self._text[self._at]
        self._at += 1
        if char == "\n":
            self._read_documents()
        is_pipe = char == "|" and not self._text.startswith("|", self._at)
        if char in "|&" and self._text[self._at : self._at + 1] in ("|", "&"):
            self._at += 1
        if is_pipe:  # the next command may stand on the next line
            while self._text[self._at : self._at + 1].isspace():
                self._at += 1
        return is_pipe

    def _is_numbered_redirect(self) -> bool:
        return re.compile(r"\d+[<>]").match(self._text, self._at) is not None

    def _redirect(self, command: Command) -> None:
        found = re.compile(r"\d*(<<<|<<-?|<>|<&|<|>>|>&|>\||>)").match(
            self._text, self._at
        )
        if found is None:
            self._at += 1
            return
        self._at = found.end()
        while self._text[self._at : self._at + 1] in (" ", "\t"):
            self._at += 1
        start = self._at
        if found[1] in ("<<", "<<-"):
            word = self._read_word()
            raw = self._text[start : self._at]
            quoted = any(mark in raw for mark in "'\"\\")
            self._waiting.append((command, word.text, quoted, found[1] == "<<-"))
            return
        word = self._read_word()
        if found[1] == "<<<":
            command.stdin = word
        elif found[1] == "<":
            command.reads_file = word.text

    def _read_documents(self) -> None:
        """The here-documents that the line just ended announced."""
        for command, end, quoted, strips in self._waiting:
            line, start = self._line(), self._at
            lines: list[str] = []
            while self._at < len(self._text):
                stop = self._find("\n")
                one = self._text[self._at : stop]
                self._at = min(stop + 1, len(self._text))
                one = one.lstrip("\t") if strips else one
                if one == end:
                    break
                lines.append(one)
            body = "\n".join(lines)
            if not quoted:
                body = self._expand(body, line)
            count = self._text.count("\n", start, self._at) - 1
            exact = body.count("\n") <= max(count, 0)
            command.stdin = Word(body, line, exact)
        self._waiting.clear()

    def _expand(self, text: str, line: int) -> str:
        if self._depth >= _DEEPEST:
            return _mark(text)
        inner = _Shell(text, line, self._known, self._depth + 1)
        expanded = inner._read_quoted(end="")
        self._inner += inner._inner
        return expanded

    def _read_word(self) -> Word:
        start, line = self._at, self._line()
        parts: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in " \t<>" or char in _ENDS:
                break
            parts.append(self._read_part(char))
        text = "".join(parts)
        if self._at == start:
            self._at += 1
        raw = self._text[start : self._at]
        return Word(text, line, raw.count("\n") == text.count("\n"))

    def _read_part(self, char: str) -> str:
        self._at += 1
        if char == "'":
            return self._read_until("'")
        if char == '"':
            return self._read_quoted('"')
        if char == "\\":
            follows = self._text[self._at : self._at + 1]
            self._at += 1
            return "" if follows == "\n" else follows
        if char == "`":
            return self._substitute(self._read_until("`"))
        if char == "$":
            return self._read_dollar(quoted=False)
        return char

    def _read_until(self, end: str) -> str:
        stop = self._find(end)
        text = self._text[self._at : stop]
        self._at = stop + 1
        return text

    def _read_quoted(self, end: str) -> str:
        """Text in double quotes, or a here-document where `end` is empty."""
        parts: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char == end:
                break
            follows = self._text[self._at : self._at + 1]
            if char == "\\" and follows and follows in f"$`\\\n{end}":
                self._at += 1
                parts.append("" if follows == "\n" else follows)
            elif char == "`":
                parts.append(self._substitute(self._read_until("`")))
            elif char == "$":
                parts.append(self._read_dollar(quoted=True))
            else:
                parts.append(char)
        return "".join(parts)

    def _read_dollar(self, *, quoted: bool) -> str:
        """What follows a dollar sign that is already read."""
        follows = self._text[self._at : self._at + 1]
        if follows == "'" and not quoted:
            self._at += 1
            return self._read_ansi()
        if self._text.startswith("((", self._at):
            return _mark(f"$({self._read_brackets()})")
        if follows == "(":
            return self._substitute(self._read_brackets())
        if follows == "{":
            self._at += 1
            return self._look_up_braced(self._read_until("}"))
        name = _NAME.match(self._text, self._at)
        if name is not None:
            self._at = name.end()
            return self._known.read(name[0])
        if follows and follows in _SPECIAL:
            self._at += 1
            return _mark(f"${follows}")
        return "$"

    def _read_ansi(self) -> str:
        parts: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char == "'":
                break
            if char == "\\":
                follows = self._text[self._at : self._at + 1]
                self._at += 1
                char = _ESCAPES.get(follows, f"\\{follows}")
            parts.append(char)
        return "".join(parts)

    def _read_brackets(self, nested: int = 0) -> str:
        """What stands in the round brackets that open here; quotes may hold any."""
        start, depth = self._at + 1, 0
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char == "\\":
                self._at += 1
            elif char == "'":
                self._at = self._find("'") + 1
            elif char == '"':
                self._skip_quoted(nested)
            elif char == "(":
                depth += 1
            elif char == ")":
                depth -= 1
                if not depth:
                    return self._text[start : self._at - 1]
        return self._text[start:]

    def _skip_quoted(self, nested: int) -> None:
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char == '"':
                return
            if char == "\\":
                self._at += 1
            elif char == "$" and nested < _DEEPEST and self._opens():
                self._read_brackets(nested + 1)

    def _opens(self) -> bool:
        return self._text.startswith("(", self._at)

    def _substitute(self, script: str) -> str:
        """The mark of a command's output; the command itself is read too."""
        line = self._line() - script.count("\n")
        if self._depth < _DEEPEST:
            inner = _Shell(script, line, self._known, self._depth + 1)
            self._inner += inner.run()
        short = " ".join(script.split())
        short = short if len(short) <= _SHOWN else f"{short[:_SHOWN]}..."
        return _mark(f"$({short})")

    def _look_up_braced(self, inside: str) -> str:
        if _NAME.fullmatch(inside):
            return self._known.read(inside)
        default = _WITH_DEFAULT.fullmatch(inside)
        if default is None:
            return _mark(f"${{{inside}}}")
        if not self._known.is_empty(default[1]):
            return self._known.read(default[1])
        return self._expand(default[2].strip("'\""), self._line())

    def _assign(self, command: Command) -> None:
        """Take assignments off the front of a command, and remember them."""
        words = command.words
        if words and words[0].text in _SETTERS:
            words = words[1:]
            command.words = []
        taken = 0
        for word in words:
            found = _ASSIGNMENT.fullmatch(word.text)
            if found is None:
                break
            self._remember(found[1], found[2], found[3])
            taken += 1
        if command.words:
            command.words = words[taken:]

    def _remember(self, name: str, plus: str, value: str) -> None:
        if plus:
            value = (
                "" if self._known.is_empty(name) else self._known.read(name)
            ) + value
        # A reader knows the variable better than what it was made of.
        whole = _MARK.fullmatch(value)
        is_output = whole is not None and not _FILE.fullmatch(whole[1])
        self._known.remember(name, _mark(f"${name}") if is_output else value)

    def _line(self) -> int:
        return self._first + bisect_left(self._breaks, self._at)

    def _find(self, text: str) -> int:
        found = self._text.find(text, self._at)
        return len(self._text) if found < 0 else found


def _mark(what: str) -> str:
    return f"{_OPEN}{what}{_CLOSE}"


def _feed(source: Command, command: Command) -> None:
    """Give a command what the one before its pipe writes, where words say so."""
    if command.stdin is not None or command.reads_file or not source.words:
        return
    name, *words = source.words
    if name.text == "echo":
        said = [word for word in words if word.text not in ("-n", "-e")]
        text = " ".join(word.text for word in said)
        first = said[0] if said else name
        command.stdin = Word(text, first.line, all(word.exact for word in said))
    elif name.text == "cat" and len(words) == 1:
        command.reads_file = words[0].text
    elif name.text == "cat" and not words:
        command.stdin, command.reads_file = source.stdin, source.reads_file
    else:
        command.stdin = Word(_mark(f"{name.text} ..."), name.line)

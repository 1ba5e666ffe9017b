"""Expand the words of a shell script, nothing run.

In: a range of a script, what variables hold, and a function that tells what a
command writes. Out: texts that know where they were written. What only running
would tell is a hole that a reader would call ``$NAME``.

Source: POSIX.1-2024, Shell Command Language, 2.6; expansions as in bash 5.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from azml_contract.scripts.text import (
    BLANK,
    EMPTY,
    TOKEN,
    Hole,
    Holes,
    Part,
    Source,
    Style,
    Text,
    join,
)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = {
    Style.BARE: re.compile(r"[^'\"\\$`<>{\n]+"),
    Style.DOUBLE: re.compile(r"[^\"\\$`]+"),
    Style.DOCUMENT: re.compile(r"[^\\$`]+"),
}
_ESCAPED = {Style.DOUBLE: '$`"\\\n', Style.DOCUMENT: "$`\\\n"}
_ANSI = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "e": "\033"}
_OPERATOR = re.compile(
    r"(#|!)?([A-Za-z_]\w*|[0-9]+|[@*#?$!-])(\[[^\]]*\])?(.*)", re.DOTALL
)
_FOLDER = re.compile(r"\$\{(?:0|BASH_SOURCE(?:\[0\])?)%/\*\}")
_SHOWN = 40
_ARGUMENTS = "123456789@*"
_MOST_READ = 8 * 1024 * 1024

Value = Text | tuple[Text, ...]


@dataclass(slots=True)
class Variables:
    """What the script has set; a name that is not there may come from outside."""

    values: dict[str, Value] = field(default_factory=dict)
    used: dict[str, tuple[Source, int]] = field(default_factory=dict)
    left: int = _MOST_READ

    def get(self, name: str) -> Value | None:
        """What a name holds; None where the script never set it."""
        value = self.values.get(name)
        if value is None:
            return None
        self.left -= sum(len(one.flat) for one in _list(value))
        return value if self.left > 0 else None

    def lengthen(self, name: str, value: Value) -> Value:
        """What a name holds with more of the same kind behind it."""
        before = self.get(name)
        if isinstance(before, tuple) and isinstance(value, tuple):
            return (*before, *value)
        if isinstance(before, Text) and isinstance(value, Text):
            return before + value
        return value

    def bind(
        self, words: Sequence[Text] | None, *, is_all: bool = True
    ) -> dict[str, Value | None]:
        """Set the arguments of a function; with None they are not known.

        Args:
            words: The arguments.
            is_all: Whether there are no more; else what follows is not known.

        Returns:
            What they were before, for `restore`.
        """
        before = {name: self.values.pop(name, None) for name in _ARGUMENTS}
        if words is not None:
            for index in range(1, 10):
                if index <= len(words):
                    self.values[str(index)] = words[index - 1]
                elif is_all:
                    self.values[str(index)] = EMPTY
            if is_all:
                self.values["@"] = self.values["*"] = tuple(words)
        return before

    def count_arguments(self) -> int:
        """How many arguments there are; 0 where they are not known."""
        value = self.values.get("@")
        return len(value) if isinstance(value, tuple) else 0

    def restore(self, before: Mapping[str, Value | None]) -> None:
        """Set the arguments back to what they were."""
        for name, value in before.items():
            self.values.pop(name, None)
            if value is not None:
                self.values[name] = value


def _list(value: Value) -> tuple[Text, ...]:
    return (value,) if isinstance(value, Text) else value


Substitute = Callable[[Source, int, int], Text | None]


class Words:
    """Expands words with one set of variables.

    Args:
        known: What variables hold; looked up when a word is read.
        holes: Where what is not known is kept.
        substitute: What the commands in a range write; None where only running
            them would tell.
    """

    def __init__(self, known: Variables, holes: Holes, substitute: Substitute) -> None:
        self.known = known
        self.holes = holes
        self._substitute = substitute

    def hole(self, source: Source, start: int, end: int, hole: Hole) -> Text:
        """A text that is one hole."""
        token = self.holes.token(hole)
        return Text((Part(token, source, start, end, Style.BARE),))

    def read(self, source: Source, start: int, end: int) -> list[Text]:
        """The words that one word of a script becomes: one, mostly."""
        reader = _Reader(self, source, start, end)
        reader.run(Style.BARE)
        return reader.finish()

    def read_one(
        self, source: Source, start: int, end: int, style: Style = Style.BARE
    ) -> Text:
        """The same as one text, as an assignment or a here-document reads it."""
        reader = _Reader(self, source, start, end, splits=False)
        reader.run(style)
        return Text(tuple(reader.parts))

    def substitute(self, source: Source, start: int, end: int) -> Text | None:
        """What the commands in a range write."""
        return self._substitute(source, start, end)


class _Reader:
    """Reads one word, or a text in quotes, from its start to its end."""

    def __init__(
        self, words: Words, source: Source, start: int, end: int, *, splits: bool = True
    ) -> None:
        self._words = words
        self._source = source
        self._text = source.text
        self._at = start
        self._end = end
        self._splits = splits
        self._done: list[Text] = []
        self._quoted = False
        self.parts: list[Part] = []

    def finish(self) -> list[Text]:
        if self.parts or self._quoted:
            self._done.append(Text(tuple(self.parts)))
        return self._done

    def run(self, style: Style, stop: str = "") -> None:
        """Read on in `style`, until `stop` or the end."""
        plain = _PLAIN[style]
        while self._at < self._end:
            found = plain.match(self._text, self._at, self._end)
            if found:
                self._add_plain(found, style)
                self._at = found.end()
                continue
            char = self._text[self._at]
            if char == stop:
                self._at += 1
                return
            self._read_special(char, style)

    def _add(self, text: str, start: int, end: int, style: Style) -> None:
        self.parts.append(Part(text, self._source, start, end, style))

    def _add_plain(self, found: re.Match[str], style: Style) -> None:
        if not self._splits or style is not Style.BARE:
            self._add(found[0], self._at, found.end(), style)
            return
        for piece in re.finditer(r"\s+|\S+", found[0]):
            if piece[0].isspace():
                self.finish()
                self.parts, self._quoted = [], False
            else:
                start, end = (self._at + place for place in piece.span())
                self._add(piece[0], start, end, style)

    def _read_special(self, char: str, style: Style) -> None:
        start = self._at
        if char == "\\":
            self._read_escape(style)
        elif char == "$":
            self._read_dollar(style)
        elif char == "`":
            self._read_backtick(style)
        elif style is not Style.BARE:
            self._add(char, start, start + 1, style)
            self._at += 1
        elif char == '"':
            self._at += 1
            self._quoted = True
            self.run(Style.DOUBLE, '"')
        elif char == "'":
            self._read_single()
        elif char == "<" and (blank := BLANK.match(self._text, start)):
            self._at = blank.end()
            self._hole(blank[0], start)
        elif char in "<>" and self._text.startswith("(", start + 1):
            self._at = self._find_bracket(start + 1)
            self._words.substitute(self._source, start + 2, self._at - 1)
            self._hole(self._text[start : self._at], start)
        elif char == "{" and (
            found := re.compile(r"\{[^{}\s'\"]*(?:,|\.\.)[^{}\s]*\}").match(
                self._text, start, self._end
            )
        ):
            self._at = found.end()
            self._hole(found[0], start)
        else:
            self._add(char, start, start + 1, style)
            self._at += 1

    def _read_escape(self, style: Style) -> None:
        start = self._at
        follows = self._text[start + 1 : start + 2]
        self._at += 2
        if style is Style.BARE or (follows and follows in _ESCAPED[style]):
            if follows != "\n":
                self._add(follows, start, min(start + 2, self._end), style)
        else:
            self._at = start + 1
            self._add("\\", start, start + 1, style)

    def _read_single(self) -> None:
        start = self._at + 1
        stop = self._text.find("'", start, self._end)
        stop = self._end if stop < 0 else stop
        self._quoted = True
        if stop > start:
            self._add(self._text[start:stop], start, stop, Style.SINGLE)
        self._at = stop + 1

    def _read_ansi(self) -> None:
        self._at += 2
        self._quoted = True
        while self._at < self._end and self._text[self._at] != "'":
            start = self._at
            if self._text[start] == "\\":
                follows = self._text[start + 1 : start + 2]
                self._at += 2
                self._add(
                    _ANSI.get(follows, f"\\{follows}"), start, self._at, Style.ANSI
                )
            else:
                self._at += 1
                self._add(self._text[start], start, self._at, Style.ANSI)
        self._at += 1

    def _read_backtick(self, style: Style) -> None:
        start = self._at
        stop = self._text.find("`", start + 1, self._end)
        stop = self._end - 1 if stop < 0 else stop
        self._at = stop + 1
        self._put_output(start, start + 1, stop, style)

    def _read_dollar(self, style: Style) -> None:
        start = self._at
        follows = self._text[start + 1 : start + 2]
        if follows == "'" and style is Style.BARE:
            self._read_ansi()
        elif follows == '"' and style is Style.BARE:
            self._at += 1
        elif self._text.startswith("((", start + 1):
            self._at = self._find_bracket(start + 1)
            self._hole(self._text[start : self._at], start)
        elif follows == "(":
            self._at = self._find_bracket(start + 1)
            self._put_output(start, start + 2, self._at - 1, style)
        elif follows == "{":
            self._at = self._find_bracket(start + 1)
            self._read_braced(start, self._text[start + 2 : self._at - 1], style)
        elif name := _NAME.match(self._text, start + 1, self._end):
            self._at = name.end()
            self._look_up(start, name[0], style)
        elif follows and follows in "0123456789@*#?$!-":
            self._at += 2
            self._look_up(start, follows, style)
        else:
            self._add("$", start, start + 1, style)
            self._at += 1

    # --- expansions -----------------------------------------------------------------

    def _hole(self, shown: str, start: int) -> None:
        short = " ".join(shown.split())
        short = short if len(short) <= _SHOWN else f"{short[:_SHOWN]}..."
        hole = Hole(short, is_folder=_FOLDER.fullmatch(shown) is not None)
        token = self._words.holes.token(hole)
        self.parts.append(Part(token, self._source, start, self._at, Style.BARE))

    def _put_output(self, start: int, inner: int, end: int, style: Style) -> None:
        output = self._words.substitute(self._source, inner, end)
        if output is None:
            self._hole(f"$({self._text[inner:end].strip()})", start)
        else:
            self._put(output.strip_end(), start, style)

    def _put(self, value: Text, start: int, style: Style) -> None:
        """Put in what an expansion stands for; unquoted, it may become words."""
        if style is not Style.BARE or not self._splits:
            self._expand(value, start)
            return
        words = value.split()
        for index, word in enumerate(words):
            if index:
                self._done.append(Text(tuple(self.parts)))
                self.parts = []
            self._expand(word, start)

    def _expand(self, value: Text, start: int) -> None:
        if value.flat:
            part = Part(value.flat, self._source, start, self._at, Style.BARE, value)
            self.parts.append(part)

    def _look_up(
        self, start: int, name: str, style: Style, subscript: str = ""
    ) -> None:
        known = self._words.known
        known.used.setdefault(name, (self._source, start))
        member = known.get(f"{name}{subscript}") if subscript else None
        value = member if member is not None else known.get(name)
        if value is None:
            self._hole(self._text[start : self._at], start)
        elif isinstance(value, Text):
            self._put(value, start, style)
        elif subscript in ("[@]", "[*]") or name in ("@", "*"):
            self._put_list(value, start)
        else:
            index = int(subscript[1:-1]) if subscript[1:-1].isdecimal() else 0
            if index < len(value):
                self._put(value[index], start, style)

    def _put_list(self, values: tuple[Text, ...], start: int) -> None:
        for index, value in enumerate(values):
            if index:
                self._done.append(Text(tuple(self.parts)))
                self.parts = []
            self._quoted = True
            self._expand(value, start)

    def _read_braced(self, start: int, inside: str, style: Style) -> None:
        found = _OPERATOR.fullmatch(inside)
        pointed = self._words.known.get(inside[1:]) if inside[:1] == "!" else None
        if isinstance(pointed, Text) and _NAME.fullmatch(pointed.flat):
            self._look_up(start, pointed.flat, style)
            return
        if found is None or found[1] == "!":
            self._hole(f"${{{inside}}}", start)
            return
        _, name, subscript, rest = found.groups()
        if found[1] == "#":
            self._hole(f"${{{inside}}}", start)
        elif not rest:
            self._look_up(start, name, style, subscript or "")
        else:
            self._operate(start, inside, name, rest, style)

    def _operate(
        self, start: int, inside: str, name: str, rest: str, style: Style
    ) -> None:
        known = self._words.known
        known.used.setdefault(name, (self._source, start))
        value = known.get(name)
        text = value if isinstance(value, Text) else None
        default = re.match(r":?([-=+?])", rest)
        if default is None:
            made = _change(text, rest) if text is not None else None
            if made is None:
                self._hole(f"${{{inside}}}", start)
            else:
                self._put(made, start, style)
            return
        first = start + 2 + len(inside) - len(rest) + len(default[0])
        others = self._read_default(first, style)
        other = join(others, " ")
        is_set = text is not None and bool(text.flat)
        if default[1] == "+":
            chosen = other if is_set else EMPTY
        elif default[1] == "?":
            chosen = text or EMPTY
        else:
            chosen = text if is_set and text is not None else other
            if default[1] == "=":
                known.values[name] = chosen
        told = default[1] == "+" or is_set
        if not told and (default[1] == "?" or _is_hidden(chosen)):
            self._hole(f"${name}", start)
        elif chosen is other:
            self._put_list(tuple(others), start)
        else:
            self._put(chosen, start, style)

    def _read_default(self, first: int, style: Style) -> Sequence[Text]:
        """What stands for a variable: words, parted by blanks outside of quotes."""
        end = self._at - 1
        if style is Style.BARE and self._splits:
            return self._words.read(self._source, first, end)
        inner = Style.DOUBLE if style in _ESCAPED else Style.BARE
        return [self._words.read_one(self._source, first, end, inner)]

    def _find_bracket(self, at: int) -> int:
        """Past the bracket that closes the one at `at`; quotes may hold any."""
        opens = self._text[at]
        closes = {"(": ")", "{": "}"}[opens]
        depth, end = 0, self._end
        pattern = re.compile(rf"\\.|'[^']*'|[\"\{opens}\{closes}]", re.DOTALL)
        quoted = False
        while found := pattern.search(self._text, at, end):
            char, at = found[0], found.end()
            if char == '"':
                quoted = not quoted
            elif char[0] == "'" and quoted:
                at = found.start() + 1
            elif quoted and char == closes and opens == "(" and depth > 1:
                depth -= 1
            elif quoted and char in (opens, closes):
                depth += self._counts(char, opens, found.start())
            elif char == opens:
                depth += 1
            elif char == closes:
                depth -= 1
                if not depth:
                    return at
        return end

    def _counts(self, char: str, opens: str, at: int) -> int:
        """In quotes only a substitution opens a bracket."""
        return 1 if char == opens and self._text[at - 1] == "$" else 0


def _is_hidden(value: Text) -> bool:
    """Whether a default is itself something that only running would tell."""
    return TOKEN.search(value.flat) is not None and value.whole_token != ""


def _change(value: Text, rest: str) -> Text | None:
    """``${X%...}`` and its like, of a value that is known; None where it is not."""
    flat = value.flat
    if rest[0] == ":" and (found := re.fullmatch(r":\s*(\d+)(?::\s*(\d+))?", rest)):
        if TOKEN.search(flat):
            return None
        start = int(found[1])
        return value.cut(start, start + int(found[2]) if found[2] else None)
    if "$" in rest or "`" in rest:
        return None
    operator = re.match(r"%%?|##?|//?", rest)
    if operator is None:
        return None
    pattern = rest[operator.end() :]
    if operator[0][0] == "/":
        old, _, new = pattern.partition("/")
        return _replace(value, old.replace("\\/", "/"), new, every=operator[0] == "//")
    greedy = len(operator[0]) == 2
    if operator[0][0] == "%":
        starts = range(len(flat), -1, -1) if not greedy else range(len(flat) + 1)
        hits = (at for at in starts if _matches(flat[at:], pattern))
        return value.cut(0, next(hits, len(flat)))
    ends = range(len(flat) + 1) if not greedy else range(len(flat), -1, -1)
    return value.cut(next((at for at in ends if _matches(flat[:at], pattern)), 0))


def _matches(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern.replace("\\", ""))


def _replace(value: Text, old: str, new: str, *, every: bool) -> Text | None:
    if not old or re.search(r"[*?\[]", old):
        return None
    made, at = EMPTY, 0
    while (found := value.flat.find(old, at)) >= 0:
        part, _ = value.find_part(found)
        piece = Part(new, part.source, part.start, part.end, Style.MADE)
        made += value.cut(at, found) + Text((piece,))
        at = found + len(old)
        if not every:
            break
    return made + value.cut(at)

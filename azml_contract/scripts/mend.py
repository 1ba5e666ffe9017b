"""Mend the quoting of a script, so that no fault of it hides what follows.

In: the text of a script. Out: the same with quotes put where they were meant,
the faults that this mends, and where words stand that send calls. Nothing here
knows what commands do.

A quote is at fault where a string runs over lines and then into a word, and
takes whole commands with it. It is closed at the end of its line, a JSON body
where its braces close; a quote inside of a body is taken for an escaped one.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from itertools import accumulate

from azml_contract.scripts.text import Source

_MOST_FAULTS = 50
_CLIENT = r"(?:curl(?:\.exe)?|wget|xh|az[ \t]+rest)(?=[ \t\n\\])"
_CODE = re.compile(rf"[\\'\"`#$<&()\n]|(?<![^\s;|&(`!{{]){_CLIENT}")
_QUOTED = re.compile(r"[\\\"`$]")
_CALL_LINE = re.compile(
    r"^[ \t]*(?:[A-Za-z_]\w*=)?\"?(?:\$\(|`)?[ \t]*(?:curl|wget|xh|az[ \t]+rest)[ \t]",
    re.MULTILINE,
)
_PIPED = re.compile(rf"(?:\||&&|;|\$\()[ \t]*{_CLIENT}")
_JSON = re.compile(r"\s*[{\[]\s*(?:\\?\"|\\?'|[}\]]|\w+\\?\"\s*:|\w+\s*:)")
_BRACE = re.compile(r"[{}\[\]\n\"]")
_DOCUMENT = re.compile(r"<<(-?)[ \t]*(\\?[\w.-]+|'[^'\n]*'|\"[^\"\n]*\")")
_AMPERSAND = re.compile(r"&(?=[A-Za-z$][\w.$%-]*=)")
_AFTER_STRING = " \t\n;|&)<>\"'$\\`}],:"
_GLUED = re.compile(r"[\w/.%+*~@#({-]")


@dataclass(frozen=True, slots=True)
class Mend:
    """A fault of quoting at `place` of the file's own text; `what` is its kind."""

    place: int
    what: str  # quote, inner, document, ampersand
    detail: str = ""


@dataclass(slots=True)
class Mended:
    """A script that reads as it was meant; `calls` are places of words in it.

    `lines` are the places where lines begin that are in no quotes, no brackets and
    no here-document.
    """

    source: Source
    faults: tuple[Mend, ...]
    calls: tuple[int, ...]
    lines: tuple[int, ...] = ()


def mend(source: Source) -> Mended:
    """Mend a script; one without faults of quoting comes back as it is."""
    source = join_lines(source)
    scan = _Scan(source.text)
    scan.run()
    mended = insert(source, scan.inserted)
    faults = tuple(
        Mend(source.origin(one.place), one.what, one.detail) for one in scan.faults
    )
    moved = _Mover(scan.inserted)
    calls = tuple(moved(place) for place in sorted(scan.calls))
    return Mended(mended, faults, calls, tuple(map(moved, scan.lines)))


def insert(source: Source, inserted: dict[int, str]) -> Source:
    """`source` with texts put in before places of its text."""
    if not inserted:
        return source
    moved = _Mover(inserted)
    parts, at, shifts = [], 0, [(moved(a), b) for a, b in source.shifts]
    for place, text in sorted(inserted.items()):
        parts += [source.text[at:place], text]
        at = place
        there = source.origin(place)
        end = moved(place)
        shifts += [(end - len(text), there), (end, there)]
    parts.append(source.text[at:])
    shifts.sort()
    return replace(source, text="".join(parts), shifts=tuple(shifts))


class _Mover:
    """Places after texts were put in."""

    def __init__(self, inserted: dict[int, str]) -> None:
        self._places = sorted(inserted)
        self._sums = [0, *accumulate(len(inserted[one]) for one in self._places)]

    def __call__(self, place: int) -> int:
        return place + self._sums[bisect_right(self._places, place)]


def join_lines(source: Source) -> Source:
    """Line breaks of one character; the shell of a Windows user's script is ours."""
    if "\r\n" not in source.text:
        return source
    gone = [found.start() for found in re.finditer("\r\n", source.text)]
    moved = {place - bisect_left(gone, place): there for place, there in source.shifts}
    for index, place in enumerate(gone):
        # What ends at the break ends before both characters of it.
        moved[place - index + 1] = source.origin(place + 2)
    text = source.text.replace("\r\n", "\n")
    return replace(source, text=text, shifts=tuple(sorted(moved.items())))


@dataclass(slots=True)
class _Level:
    """What is open: ``$(``, a backtick or the script itself."""

    end: str
    depth: int = 0


@dataclass(slots=True)
class _Scan:
    text: str
    inserted: dict[int, str] = field(default_factory=dict)
    faults: list[Mend] = field(default_factory=list)
    calls: set[int] = field(default_factory=set)
    lines: list[int] = field(default_factory=list)
    _suspect: int = -1
    _unclosed: int = 0
    _waiting: list[tuple[int, str, bool]] = field(default_factory=list)

    def run(self) -> None:
        at = 0
        levels = [_Level("")]
        while found := _CODE.search(self.text, at):
            at = self._step(found, levels)
            if found[0] == "\n" and len(levels) == 1 and not levels[0].depth:
                self.lines.append(at)

    def _step(self, found: re.Match[str], levels: list[_Level]) -> int:
        """Read what begins at a character of meaning; where to go on."""
        at, char = found.start(), found[0]
        level = levels[-1]
        if len(char) > 1:
            self.calls.add(at)
        elif char == "\\":
            return at + 2
        elif char == "#" and (at == 0 or self.text[at - 1] in " \t\n;(&|`"):
            stop = self.text.find("\n", at)
            return len(self.text) if stop < 0 else stop
        elif char in "'\"":
            return self._read_string(at, char)
        elif char == "$":
            return self._open_dollar(at, levels)
        elif char == "`":
            if level.end == "`":
                levels.pop()
            else:
                levels.append(_Level("`"))
        elif char == "<":
            return self._announce(at)
        elif char == "&":
            self._check_ampersand(at)
        elif char == "\n":
            return self._read_documents(at + 1)
        elif char == "(":
            level.depth += 1
        elif char == ")":
            if level.end == ")" and level.depth == 0:
                levels.pop()
            level.depth -= level.depth > 0
        return found.end()

    def _open_dollar(self, at: int, levels: list[_Level]) -> int:
        follows = self.text[at + 1 : at + 2]
        if follows == "(":
            levels.append(_Level(")"))
            return at + 2
        if follows == "{":
            return self._skip_braces(at + 2)
        if follows == "'":
            stop = re.compile(r"(?:[^'\\]|\\.)*'", re.DOTALL).match(self.text, at + 2)
            return stop.end() if stop else at + 2
        if follows == '"':
            return at + 1
        return at + 2 if follows and follows in "#$?!*@-" else at + 1

    def _skip_braces(self, at: int) -> int:
        stop = re.compile(r"[^\n{}]*\}").match(self.text, at)
        return stop.end() if stop else at

    # --- strings ------------------------------------------------------------------

    def _read_string(self, at: int, quote: str) -> int:
        """Read a string; mend it where it does not end where it was meant to."""
        stop = self._find_close(at + 1, quote)
        if stop >= 0 and "\n" not in self.text[at:stop] and not self._is_glued(stop):
            return stop + 1
        if stop >= 0 and self._cuts_body(at, stop):
            return self._close_body(at, stop, quote)
        swallowed = self._swallows(at, stop) or self._runs_on(at, stop)
        if len(self.faults) >= _MOST_FAULTS:
            return stop + 1 if stop >= 0 else len(self.text)
        if stop < 0 or swallowed:
            at = self._suspect if self._suspect >= 0 else at
            self._suspect = -1
            return self._close_line(at, self.text[at])
        if "\n" in self.text[at:stop] and self._is_glued(stop) and self._suspect < 0:
            self._suspect = at
        return stop + 1

    def _find_close(self, at: int, quote: str) -> int:
        if quote == "'":
            return self.text.find("'", at)
        while found := _QUOTED.search(self.text, at):
            char, at = found[0], found.end()
            if char == "\\":
                at += 1
            elif char == '"':
                return found.start()
            elif self.text.startswith("(", at) and self._unclosed < _MOST_FAULTS:
                at = self._skip_command(at + 1)
        return -1

    def _skip_command(self, at: int) -> int:
        """Past the bracket that closes ``$(`` in a string, if it does soon."""
        depth, start = 0, at
        for found in re.compile(
            r"\\.|'[^']*'|[()]|\"(?:[^\"\\]|\\.)*\"", re.DOTALL
        ).finditer(self.text, at, at + 4000):
            if found[0] == "(":
                depth += 1
            elif found[0] == ")":
                depth -= 1
                if depth < 0:
                    self._note_calls(start, found.start())
                    return found.end()
        self._unclosed += 1
        return start

    def _note_calls(self, start: int, end: int) -> None:
        for found in _CODE.finditer(self.text, start, end):
            if len(found[0]) > 1:
                self.calls.add(found.start())

    def _is_glued(self, stop: int) -> bool:
        follows = self.text[stop + 1 : stop + 2]
        return _GLUED.match(follows) is not None

    def _cuts_body(self, at: int, stop: int) -> bool:
        """Whether a string ends inside of the braces of a JSON body."""
        inner = self.text[at + 1 : stop]
        if not _JSON.match(self.text, at + 1) or self._swallows(at, stop, glued=False):
            return False
        follows = self.text[stop + 1 : stop + 2]
        is_open = inner.count("{") + inner.count("[") > inner.count("}") + inner.count(
            "]"
        )
        return is_open and (self._is_glued(stop) or follows in (":", ","))

    def _swallows(self, at: int, stop: int, *, glued: bool = True) -> bool:
        """Whether a string holds whole commands that it was not meant to hold."""
        end = len(self.text) if stop < 0 else stop
        call = _CALL_LINE.search(self.text, min(self._line_end(at) + 1, end), end)
        call = call or (_PIPED.search(self.text, at, end) if glued else None)
        if call is None:
            return False
        before, behind = self.text[at - 1 : at], self.text[at + 1 : at + 2]
        turned = (before.isalnum() or before in ("}", "]")) and behind in "\n |;)"
        return not glued or stop < 0 or self._is_glued(stop) or turned

    def _runs_on(self, at: int, stop: int) -> bool:
        """Whether a string goes on for lines after the body that it holds."""
        if stop < 0 or not _JSON.match(self.text, at + 1):
            return False
        end = self._find_body_end(at + 1)
        rest = self.text[end:stop] if 0 <= end < stop else ""
        follows = self.text[stop + 1 : stop + 2]
        return "\n" in rest and bool(rest.strip()) and follows not in ("", *" \t\n;|&)")

    def _close_body(self, at: int, stop: int, quote: str) -> int:
        """Escape the quotes inside of a body, up to where its braces close."""
        self.faults.append(Mend(stop, "inner", quote))
        end = self._find_body_end(at + 1)
        limit = len(self.text) if end < 0 else end
        call = _CALL_LINE.search(self.text, stop, limit)
        limit = call.start() if call else limit
        escape = "\\" if quote == '"' else "'\\"
        for found in re.compile(r"\\.|" + quote, re.DOTALL).finditer(
            self.text, at + 1, limit
        ):
            if found[0] == quote:
                self.inserted[found.start()] = escape
                if quote == "'":
                    self.inserted[found.end()] = "'"
        if self.text.startswith(quote, limit):
            return limit + 1
        self.inserted[limit] = self.inserted.get(limit, "") + quote
        return limit

    def _find_body_end(self, at: int) -> int:
        """Past the brace that closes a body."""
        depth = 0
        for found in _BRACE.finditer(self.text, at):
            if found[0] in "{[":
                depth += 1
            elif found[0] in "}]":
                depth -= 1
                if depth <= 0:
                    return found.end()
        return -1

    def _close_line(self, at: int, quote: str) -> int:
        """Close a string that never ends: a body after its braces, else its line."""
        self.faults.append(Mend(at, "quote", quote))
        end = self._line_end(at)
        if _JSON.match(self.text, at + 1):
            body = self._find_body_end(at + 1)
            call = _CALL_LINE.search(self.text, at + 1)
            if body >= 0 and (call is None or body <= call.start()):
                end = body
            elif call is not None:
                end = call.start() - 1
        line = self.text[at:end]
        end = at + max(len(line.rstrip("\\ \t")), 1)
        self.inserted[end] = self.inserted.get(end, "") + quote
        return end

    def _line_end(self, at: int) -> int:
        stop = self.text.find("\n", at)
        return len(self.text) if stop < 0 else stop

    # --- here-documents and ampersands ----------------------------------------------

    def _announce(self, at: int) -> int:
        if self.text.startswith("<<<", at):
            return at + 3
        found = _DOCUMENT.match(self.text, at)
        if found is None:
            return at + 1
        self._waiting.append((at, found[2].strip("\\'\""), found[1] == "-"))
        return found.end()

    def _read_documents(self, at: int) -> int:
        for start, end, strips in self._waiting:
            tabs = "\t*" if strips else ""
            stop = re.compile(rf"^{tabs}{re.escape(end)}[ \t]*$", re.MULTILINE).search(
                self.text, at
            )
            sound = stop is not None and stop[0].strip("\t") == end
            if stop is not None and sound and not self._hides(end, at, stop.start()):
                at = stop.end()
            else:
                at = self._close_document(start, end, at)
        self._waiting.clear()
        return at

    def _hides(self, end: str, at: int, stop: int) -> bool:
        """Whether a document goes on to the end of another one, over commands."""
        if not self._has_call(at, stop) or len(self.faults) >= _MOST_FAULTS:
            return False
        near = self._find_loose(end, at, stop)
        if near is not None:
            return self._has_call(near.end(), stop)
        again = re.compile(rf"<<-?[ \t]*[\\'\"]?{re.escape(end)}\b")
        return again.search(self.text, at, stop) is not None

    def _has_call(self, start: int, end: int) -> bool:
        found = _CALL_LINE.search(self.text, start, end)
        return (found or _PIPED.search(self.text, start, end)) is not None

    def _find_loose(self, end: str, at: int, stop: int) -> re.Match[str] | None:
        """A line that is almost the last one of a document."""
        loose = rf"^[ \t]*{re.escape(end)}(?:[ \t]*|[;)|&].*|\w)$"
        return re.compile(loose, re.MULTILINE).search(self.text, at, stop)

    def _close_document(self, start: int, end: str, at: int) -> int:
        """End a here-document whose last line is missing, or is not quite it."""
        self.faults.append(Mend(start, "document", end))
        loose = self._find_loose(end, at, len(self.text))
        body = self._find_body_end(at) if _JSON.match(self.text, at) else -1
        call = _CALL_LINE.search(self.text, at)
        if loose is not None and (call is None or loose.start() < call.start()):
            stop = loose.start()
        elif body >= 0 and (call is None or body <= call.start()):
            stop = min(self._line_end(body) + 1, len(self.text))
        else:
            stop = call.start() if call else len(self.text)
        mark = f"{end}\n"
        if stop and self.text[stop - 1] != "\n":
            mark = f"\n{mark}"
        self.inserted[stop] = mark
        if loose is not None and stop == loose.start():
            self.inserted[stop] += "# "  # what it was meant to be is no command
        return stop

    def _check_ampersand(self, at: int) -> None:
        if not _AMPERSAND.match(self.text, at) or self.text[at - 1 : at] in " \t\n&":
            return
        line = self.text.rfind("\n", 0, at) + 1
        word = re.split(r"[ \t]", self.text[line:at])[-1]
        if "?" in word and len(self.faults) < _MOST_FAULTS:
            self.faults.append(Mend(at, "ampersand"))
            self.inserted[at] = "\\"

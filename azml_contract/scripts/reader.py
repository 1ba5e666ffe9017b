"""Read a shell script: the calls that it makes, and what it reads of answers.

In: the text of a script and its folder. Out: a `Script`: its calls in their
order, the paths of answers that jq and `az --query` look at, and notes of what
else matters to faults. Runs nothing, knows no contracts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

from azml_contract.scripts.calls import Client, find_tool, read_requests
from azml_contract.scripts.command import Command
from azml_contract.scripts.effort import Effort
from azml_contract.scripts.files import Files
from azml_contract.scripts.folders import Folders
from azml_contract.scripts.jq import build, find_paths
from azml_contract.scripts.mend import mend
from azml_contract.scripts.programs import find_calls
from azml_contract.scripts.script import Call, Read, Script
from azml_contract.scripts.shell import Shell
from azml_contract.scripts.shell_turns import REFERENCE, take_turns
from azml_contract.scripts.text import (
    EMPTY,
    TOKEN,
    Hole,
    Part,
    Source,
    Style,
    Text,
    join,
)
from azml_contract.scripts.turns import Turn
from azml_contract.scripts.uploads import read_upload

_SECRET_NAME = re.compile(
    r"(?i)\$\{?\w*(?:token|secret|passw|accountkey|account_key)\w*"
)


def read_source(source: Source, files: Files) -> Script:
    """Read a script that stands in a file, or in a part of one.

    Raises:
        InputError: It takes more work than a script of people.
    """
    mended = mend(source)

    def read(files: Files, effort: Effort, turn: Turn) -> Script:
        reader = _Reader()
        shell = Shell(mended.source, files, reader.listen, effort, turn)
        reader.script = Script(mended.source, shell, mended.faults)
        shell.run(mended.calls, mended.lines)
        return reader.script

    script = read(files, Effort(), Turn())
    if script.calls:
        take_turns(script, files, read)
    return script


class _Reader:
    """Listens to a shell."""

    script: Script

    def __init__(self) -> None:
        self._writers: dict[str, Callable[[Shell, Command], Text | None]] = {
            "echo": self._echo,
            "printf": self._printf,
            "cat": self._cat,
            "tee": self._tee,
            "jq": self._jq,
            "tr": self._pass,
            "sed": self._pass,
            "xargs": self._pass,
            "head": self._pass,
            "tail": self._pass,
            "exit": self._exit,
            "az": self._az,
            "envsubst": self._substitute,
            **Folders().writers,
        }
        for name in (
            "true",
            ":",
            "sleep",
            "test",
            "[",
            "mkdir",
            "return",
            "shift",
        ):
            self._writers[name] = self._nothing
        for name in (
            "break",
            "continue",
            "rm",
            "wait",
            "trap",
            "set",
            "false",
            "unset",
        ):
            self._writers[name] = self._nothing

    def listen(self, shell: Shell, command: Command) -> Text | None:
        """Take note of one command; what it writes, where that is known."""
        self.script.commands.append(command)
        if not command.words:
            return EMPTY if command.stdin is None else command.stdin
        tool, at = find_tool(command.words)
        if tool:
            return self._call(shell, command, tool, at)
        write = self._writers.get(command.name)
        if write is not None:
            return write(shell, command)
        if command.name not in shell.functions:
            self._tell(shell, command)
        return None

    def _tell(self, shell: Shell, command: Command) -> None:
        """Note the calls of a program that is no client."""
        for found in find_calls(command, shell.holes):
            index = len(self.script.calls)
            self.script.calls.append(Call(index, *found, level=command.level))

    # --- calls ------------------------------------------------------------------------

    def _call(self, shell: Shell, command: Command, tool: str, at: int) -> Text | None:
        words = command.words[at + 1 :]
        client = Client(shell.files.read, shell.holes.show)
        output: Text | None = None
        for request in read_requests(tool, words, command.stdin, client):
            index = len(self.script.calls)
            call = Call(
                index,
                tool,
                request,
                command.source,
                command.start,
                command.end,
                command.level,
                command.loops,
                command.in_function,
                command.captured,
            )
            self.script.calls.append(call)
            output = self._answer(shell, command, call)
        return output

    def _answer(self, shell: Shell, command: Command, call: Call) -> Text | None:
        """The hole of an answer, put where the client writes it."""
        shown = " ".join(command.source.text[command.start : command.end].split())
        short = shown if len(shown) <= 40 else f"{shown[:40]}..."
        hole = Hole(f"$({short})", call.index)
        text = shell.words.hole(command.source, command.start, command.end, hole)
        request = call.request
        if request.query is not None:
            text = self._query(shell, call, request.query)
        if request.output and request.output != "-":
            shell.files.written[request.output] = text
            return None if request.writes_out else EMPTY
        return text

    def _query(self, shell: Shell, call: Call, query: Text) -> Text:
        """`az --query`: the paths of JMESPath that are names and indexes alone."""
        flat = query.flat
        hole = Hole("$(az ...)")
        steps = tuple(
            "*" if step in ("", "*") else step
            for step in re.findall(r"[A-Za-z_]\w*|\[\d*\*?\]", flat)
            for step in (step.strip("[]"),)
        )
        place = query.locate(0)
        if re.fullmatch(r"(?:[A-Za-z_]\w*|\[\d*\*?\]|\.)+", flat) and place is not None:
            source, start = place
            read = Read(
                call.index,
                steps,
                source,
                start,
                start + len(flat),
                call.request.raw,
                "az",
            )
            self.script.reads.append(read)
            index = len(self.script.reads) - 1
            hole = Hole(f"$(az ... {flat})", call.index, steps, index)
        return shell.words.hole(call.source, call.start, call.end, hole)

    # --- what writes ------------------------------------------------------------------

    def _nothing(self, shell: Shell, command: Command) -> Text:
        return EMPTY

    def _echo(self, shell: Shell, command: Command) -> Text:
        words = command.words[1:]
        while words and re.fullmatch(r"-[neE]+", words[0].flat):
            words = words[1:]
        self._note_printed(shell, command, words)
        return join(words, " ")

    def _printf(self, shell: Shell, command: Command) -> Text | None:
        words = command.words[1:]
        if len(words) > 1 and words[0].flat == "-v":
            inner = replace(
                command, words=[command.words[0], *words[2:]], captured=True
            )
            text = self._printf(shell, inner)
            if text is not None:
                shell.assign(words[1].flat, text, command.start)
            return EMPTY
        self._note_printed(shell, command, words)
        if not words:
            return EMPTY
        pieces, at, left = [], 0, list(words[1:])
        form = words[0]
        for found in re.finditer(r"%(s|d|q|%|b)|\\n|\\t|\\\\|\\\"|%", form.flat):
            pieces.append(form.cut(at, found.start()))
            at = found.end()
            if found[1] == "%":
                pieces.append(form.cut(found.start(), found.start() + 1))
            elif found[1]:
                pieces.append(left.pop(0) if left else EMPTY)
            elif found[0] == "%":
                return None
            else:
                place = form.cut(found.start(), found.end()).parts[0]
                char = {"n": "\n", "t": "\t"}.get(found[0][1], found[0][1])
                part = Part(char, place.source, place.start, place.end, Style.MADE)
                pieces.append(Text((part,)))
        return join([*pieces, form.cut(at)])

    def _note_printed(self, shell: Shell, command: Command, words: list[Text]) -> None:
        if command.captured or not words or "::add-mask::" in words[0].flat:
            return
        for part in (part for word in words for part in word.parts):
            shown = part.source.text[part.start : part.end]
            holes = shell.holes.find(part.text)
            if _SECRET_NAME.fullmatch(shown) or any(one.is_secret for one in holes):
                self.script.printed.append((part.source, part.start, shown))

    def _cat(self, shell: Shell, command: Command) -> Text | None:
        names = [word for word in command.words[1:] if not word.flat.startswith("-")]
        if not names:
            return command.stdin
        texts = []
        for name in names:
            text = shell.files.read(name.flat)
            if text is None and not TOKEN.search(name.flat):
                text = shell.name_file(name, command.start, command.end)
            if text is None:
                return None
            texts.append(text)
        return join(texts)

    def _tee(self, shell: Shell, command: Command) -> Text | None:
        for word in command.words[1:]:
            if command.stdin is not None and not word.flat.startswith("-"):
                shell.files.written[word.flat] = command.stdin
        return command.stdin

    def _pass(self, shell: Shell, command: Command) -> Text | None:
        """What only trims: an answer's field stays that field."""
        if command.stdin is None or not command.stdin.whole_token:
            return None
        (hole,) = shell.holes.find(command.stdin.flat)
        if hole.call < 0:
            return None
        made = Hole(hole.shown, hole.call, hole.path, -1, hole.is_secret)
        return shell.words.hole(command.source, command.start, command.end, made)

    def _substitute(self, shell: Shell, command: Command) -> Text | None:
        """envsubst: names in a text become what the environment has."""
        text = command.stdin
        if text is None or text.whole_token:
            return None
        pieces, at = [], 0
        for found in REFERENCE.finditer(text.flat):
            name = found[1] or found[2]
            known = shell.known.get(name)
            place = text.cut(found.start(), found.end()).parts[0]
            hole = shell.words.hole(
                place.source, place.start, place.end, Hole(f"${name}")
            )
            pieces += [
                text.cut(at, found.start()),
                known if isinstance(known, Text) else hole,
            ]
            at = found.end()
        return join([*pieces, text.cut(at)])

    def _exit(self, shell: Shell, command: Command) -> Text:
        if command.level == 0 and not command.in_function and not command.captured:
            count = len(self.script.calls)
            self.script.exits.append((command.source, command.start, count))
        return EMPTY

    def _az(self, shell: Shell, command: Command) -> Text | None:
        flats = [word.flat for word in command.words]
        if flats[1:3] == ["account", "get-access-token"]:
            shown = "$(az account get-access-token ...)"
            hole = Hole(shown, is_secret=True)
            return shell.words.hole(command.source, command.start, command.end, hole)
        known = shell.known.values.get("AZURE_STORAGE_ACCOUNT")
        upload = read_upload(
            command.words,
            len(self.script.calls),
            known if isinstance(known, Text) else EMPTY,
            command.source,
            command.start,
        )
        if upload is not None:
            self.script.uploads.append(upload)
            shell.files.miss(upload.local)
        self._tell(shell, command)
        return None

    # --- jq ---------------------------------------------------------------------------

    def _jq(self, shell: Shell, command: Command) -> Text | None:
        options, known, others = _sort_jq(command, shell)
        if not others:
            return None
        filter_, files = others[0], others[1:]
        stdin = command.stdin
        if files:
            stdin = shell.files.read(files[0].flat)
            if stdin is None:
                shell.files.miss(files[0])
        if "R" in options and "s" in options and filter_.flat.strip() == ".":
            return self._quote(shell, command, stdin)
        if "n" in options or not re.match(r"\s*\.", filter_.flat):
            built = build(filter_, known, _make_hole(shell))
            if built is not None:
                return built
        if stdin is not None and stdin.whole_token:
            return self._read(shell, command, stdin, filter_, options)
        if filter_.flat.strip() == "." and stdin is not None:
            return stdin
        return None

    def _quote(self, shell: Shell, command: Command, stdin: Text | None) -> Text:
        if stdin is not None and not TOKEN.search(stdin.flat):
            text = json.dumps(stdin.flat)
            part = Part(text, command.source, command.start, command.end, Style.MADE)
            return Text((part,))
        hole = Hole("$(jq -Rs . ...)")
        return shell.words.hole(command.source, command.start, command.end, hole)

    def _read(
        self, shell: Shell, command: Command, stdin: Text, filter_: Text, options: str
    ) -> Text | None:
        (hole,) = shell.holes.find(stdin.flat)
        if hole.call < 0:
            return None
        raw = "r" in options or "j" in options
        paths = find_paths(filter_.flat)
        index = -1
        for path in paths:
            place = filter_.locate(path.start)
            if place is None:
                continue
            source, start = place
            end = start + path.end - path.start
            steps = hole.path + path.steps
            self.script.reads.append(Read(hole.call, steps, source, start, end, raw))
            index = len(self.script.reads) - 1
        if filter_.flat.strip() in (".", ""):
            return stdin
        if len(paths) != 1:
            return None
        steps = hole.path + paths[0].steps
        shown = f"$(jq {' '.join(filter_.flat.split())[:40]})"
        secret = steps[-1] in ("access_token", "accessToken", "key", "primaryKey")
        made = Hole(shown, hole.call, steps, -1 if raw else index, secret)
        return shell.words.hole(command.source, command.start, command.end, made)


def _make_hole(shell: Shell) -> Callable[[str, Source, int, int], Text]:
    return lambda shown, source, start, end: shell.words.hole(
        source, start, end, Hole(shown)
    )


def _sort_jq(command: Command, shell: Shell) -> tuple[str, dict[str, Text], list[Text]]:
    """Letters of the options, the variables by name, and filter and files."""
    letters, known, others = "", {}, []
    long = {"--null-input": "n", "--raw-output": "r", "--raw-input": "R"}
    long |= {"--slurp": "s", "--join-output": "j", "--compact-output": "c"}
    waiting = iter(command.words[1:])
    for word in waiting:
        flat = word.flat
        if flat in ("--arg", "--argjson", "--rawfile", "--slurpfile"):
            name, value = next(waiting, None), next(waiting, None)
            if name is None or value is None:
                break
            if flat == "--arg":
                known[name.flat] = value
            elif flat == "--argjson":
                known[f"{name.flat}:json"] = value
            elif flat == "--rawfile":
                read = shell.files.read(value.flat)
                shown = Hole(f"the file {shell.holes.show(value.flat)}")
                hole = shell.words.hole(
                    command.source, command.start, command.end, shown
                )
                known[name.flat] = read if read is not None else hole
                if read is None:
                    shell.files.miss(value)
            else:
                hole_text = Hole(f"${name.flat}")
                known[f"{name.flat}:json"] = shell.words.hole(
                    command.source, command.start, command.end, hole_text
                )
        elif flat in ("--indent", "--tab", "-f", "--from-file", "-L"):
            value = next(waiting, None) if flat != "--tab" else None
            if flat in ("-f", "--from-file") and value is not None:
                read = shell.files.read(value.flat)
                others = [read] if read is not None else []
                if read is None:
                    shell.files.miss(value)
        elif flat.startswith("--"):
            letters += long.get(flat, "")
        elif flat.startswith("-") and len(flat) > 1:
            letters += flat[1:]
        else:
            others.append(word)
    return letters, known, others

"""Find the calls that the `curl` commands of a script make.

In: the text of a script and its folder. Out: a call for each `curl` that names
a URL, its body read from the script or from the file that it names, and what
could not be told. Runs nothing, knows no contracts.

Source: curl 8, manual page, the options that make a request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from azml_contract.scripts.shell import (
    Command,
    Word,
    find_file,
    find_marks,
    read_commands,
    show_marks,
)

_SCRIPT = re.compile(r"\A\s*#!|(?:^|[\s;|&(`])curl\s+\S", re.MULTILINE)
_NOT_RUN = frozenset(("echo", "printf", "which", "command", "type", "alias", "man"))
_DATA = frozenset(("--data", "--data-raw", "--data-binary", "--data-ascii", "--json"))
_SHORT = {"d": "--data", "X": "--request", "G": "--get", "I": "--head"}
_TAKES_VALUE = frozenset("AbcCdDeEFhHKmoPQrtTuUwxXyYz")
_LONG_WITH_VALUE = frozenset(
    (
        *_DATA,
        "--request",
        "--url",
        "--header",
        "--output",
        "--user",
        "--user-agent",
        "--write-out",
        "--data-urlencode",
        "--form",
        "--upload-file",
        "--cookie",
        "--cookie-jar",
        "--dump-header",
        "--referer",
        "--config",
        "--proxy",
        "--cert",
        "--cacert",
        "--capath",
        "--key",
        "--max-time",
        "--connect-timeout",
        "--max-redirs",
        "--retry",
        "--retry-delay",
        "--retry-max-time",
        "--resolve",
        "--connect-to",
        "--limit-rate",
        "--range",
        "--oauth2-bearer",
    )
)
_LIST = re.compile(r"\$[@*]|\$\{[^}]*\[[@*]\]\}")


@dataclass(frozen=True, slots=True)
class ScriptCall:
    """One call: `body` stands at `line` of `file`, the script where it is "".

    `unknown` says in a sentence why the call cannot be judged; "" where it can.
    Texts hold marks for what the script does not tell, see `shell`.
    """

    command_line: int
    method: str = "GET"
    url: str = ""
    body: str = ""
    file: str = ""
    line: int = 0
    exact: bool = True
    unknown: str = ""


def looks_like_script(text: str) -> bool:
    """Whether a text is a shell script, or holds a `curl` command."""
    return _SCRIPT.search(text) is not None


def read_script(text: str, folder: Path) -> tuple[ScriptCall, ...]:
    """The calls of a script, in its order.

    Args:
        text: The script.
        folder: Where it stands: files that it names are looked for in the
            working directory, then there.
    """
    calls = (_read_call(command, folder) for command in read_commands(text))
    return tuple(call for call in calls if call is not None)


def _read_call(command: Command, folder: Path) -> ScriptCall | None:
    names = [word.text for word in command.words]
    if "curl" not in names or names[0] in _NOT_RUN:
        return None
    options, others = _sort_words(command.words[names.index("curl") + 1 :])
    given = dict(options)
    if "--url" in given:
        others.insert(0, given["--url"])
    lists = [word.text for word in others if _is_list(word.text)]
    urls = [word.text for word in others if _is_url(word.text)]
    data = [(name, word) for name, word in options if name in _DATA]
    line = command.line
    if not urls:
        known = show_marks(" ".join(lists))
        why = f"its options come from {known}" if lists else ""
        return ScriptCall(line, unknown=why) if why else None
    if lists and "--request" not in given:
        why = f"its options come from {show_marks(lists[0])}"
        return ScriptCall(line, url=urls[0], unknown=why)
    method = given["--request"].text if "--request" in given else _imply(given, data)
    call = ScriptCall(line, method, urls[0])
    return _read_body(call, data, command, folder) if data else call


def _imply(
    given: dict[str, Word], data: list[tuple[str, Word]]
) -> str:  # what curl does without -X
    if "--get" in given:
        return "GET"
    if "--upload-file" in given:
        return "PUT"
    return "HEAD" if "--head" in given else "POST" if data else "GET"


def _sort_words(words: list[Word]) -> tuple[list[tuple[str, Word]], list[Word]]:
    """Options by their long names, with their values, and what is no option."""
    options: list[tuple[str, Word]] = []
    others: list[Word] = []
    waiting = iter(words)
    for word in waiting:
        text = word.text
        if text.startswith("--"):
            has_value = text in _LONG_WITH_VALUE
            value = next(waiting, None) if has_value else word
            options += [(text, value)] if value is not None else []
        elif text.startswith("-") and len(text) > 1:
            options += _read_short(word, waiting)
        else:
            others.append(word)
    return options, others


def _read_short(word: Word, waiting: Iterator[Word]) -> list[tuple[str, Word]]:
    """Letters of ``-sXPUT``: the first that takes a value takes the rest."""
    found: list[tuple[str, Word]] = []
    for at, letter in enumerate(word.text[1:], start=2):
        name = _SHORT.get(letter, f"-{letter}")
        if letter not in _TAKES_VALUE:
            found.append((name, word))
            continue
        rest = word.text[at:]
        value = Word(rest, word.line, word.exact) if rest else next(waiting, None)
        return [*found, (name, value)] if value is not None else found
    return found


def _is_list(text: str) -> bool:
    return any(_LIST.fullmatch(mark) for mark in find_marks(text))


def _is_url(text: str) -> bool:
    if _is_list(text):
        return False
    return "://" in text or "/subscriptions/" in text or bool(find_marks(text))


def _read_body(
    call: ScriptCall, data: list[tuple[str, Word]], command: Command, folder: Path
) -> ScriptCall:
    if len(data) > 1:
        text = "&".join(word.text for _, word in data)
        return _place(call, Word(text, data[0][1].line, exact=False))
    name, word = data[0]
    file = find_file(word.text)
    if word.text.startswith("@") and name != "--data-raw":
        file = word.text[1:]
        if file == "-":
            file = command.reads_file
            if not file and command.stdin is None:
                return _give_up(call, "its body comes from the standard input")
            word = command.stdin or word
            file = file or find_file(word.text)
    return _read_file(call, file, folder) if file else _place(call, word)


def _place(call: ScriptCall, word: Word) -> ScriptCall:
    marks = find_marks(word.text)
    if marks and show_marks(word.text).strip() == marks[0].strip():
        return _give_up(call, f"its body is {marks[0]}, which the script does not tell")
    return ScriptCall(
        call.command_line,
        call.method,
        call.url,
        word.text,
        line=word.line,
        exact=word.exact,
    )


def _read_file(call: ScriptCall, name: str, folder: Path) -> ScriptCall:
    shown = show_marks(name)
    if find_marks(name):
        why = f"its body is the file {shown}, a name which the script does not tell"
        return _give_up(call, why)
    for path in (Path(name), folder / name):
        try:
            text = path.read_text("utf-8-sig")
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            return _give_up(
                call, f"its body, the file {shown}, cannot be read: {error}"
            )
        return ScriptCall(
            call.command_line, call.method, call.url, text, file=str(path), line=1
        )
    return _give_up(call, f"its body is the file {shown}, and there is none")


def _give_up(call: ScriptCall, why: str) -> ScriptCall:
    return ScriptCall(call.command_line, call.method, call.url, unknown=why)

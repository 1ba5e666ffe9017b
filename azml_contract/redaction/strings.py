"""What strings and JSON within a text hold.

In: a text, and what rewrites one. Out: the text with its strings and its JSON
rewritten, where they hold something else then. Time is linear in the length of the
text, whatever it repeats. Knows nothing of secrets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

_DOUBLE = r"\"(?:[^\"\\\n]|\\.)*+(?P<end>\"?)"
_SINGLE = r"'(?:[^'\\\n]|\\.)*+(?P<last>'?)"
_STRING = re.compile(f"{_DOUBLE}|{_SINGLE}")
_OTHER = {'"': re.compile(_SINGLE), "'": re.compile(_DOUBLE)}
_OBJECT = re.compile(r"[{\[](?=[{\[\s]{0,16}\")")
_MOST_BROKEN, _BROKEN_COST = 20, 64
_JSON = json.JSONDecoder()
_LITERAL = re.compile(
    r"\\(?:([\\'\"abfnrtv])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(000[0-9a-fA-F]{5})"
    r"|([0-7]{1,3}))"
)
_LETTERS = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))


def rewrite_strings(text: str, rewrite: Callable[[str], str]) -> str:
    """Apply `rewrite` to what strings of JSON or Python with escapes hold."""
    if "\\" not in text:
        return text
    pieces: list[str] = []
    done = 0
    for found in _strings(text):
        pieces += [text[done : found.start()], _rewrite_string(found[0], rewrite)]
        done = found.end()
    return "".join([*pieces, text[done:]]) if pieces else text


def _strings(text: str) -> Iterator[re.Match[str]]:
    """Each string of a text.

    Behind a quote that nothing closes all is read again, until that is twenty times
    the text; from then on only what the other quotes of its line hold.
    """
    at, left = 0, _MOST_BROKEN * len(text)
    while found := _STRING.search(text, at):
        at, quote = found.end(), found[0][0]
        if found["end"] or found["last"]:
            yield found
            continue
        left -= len(found[0])
        if left > 0:
            at = found.start() + 1
            continue
        others = _OTHER[quote].finditer(text, found.start() + 1, at)
        yield from (one for one in others if one[1])


def _rewrite_string(run: str, rewrite: Callable[[str], str]) -> str:
    read, write = (json.loads, json.dumps) if run[0] == '"' else (_literal, repr)
    try:
        plain = read(run) if "\\" in run else ""
    except ValueError:
        return run
    clean = rewrite(plain)
    return run if clean == plain else write(clean)


def _literal(run: str) -> str:
    """What a string of Python holds; escapes that Python does not know stay."""
    return _LITERAL.sub(_read_escape, run[1:-1])


def _read_escape(found: re.Match[str]) -> str:
    letter, byte, short, long, octal = found.groups()
    if letter:
        return _LETTERS.get(letter, letter)
    return chr(int(octal, 8) if octal else int(byte or short or long, 16))


class _Unlined(str):
    """A text as one line: an error would count those before it, each time."""

    def count(self, *_: Any) -> int:
        return 0

    def rfind(self, *_: Any) -> int:
        return -1


def rewrite_objects(text: str, rewrite: Callable[[str], str]) -> str:
    """Apply `rewrite` to the JSON that stands within a text.

    What begins like JSON and breaks off is left, until all that was read in vain is
    twenty times the text: such a text would be read once a brace.
    """
    pieces: list[str] = []
    done = at = 0
    plain, left = _Unlined(text), _MOST_BROKEN * len(text)
    while left > 0 and (found := _OBJECT.search(text, at)):
        start = found.start()
        try:
            end = _JSON.raw_decode(plain, start)[1]
        except (ValueError, RecursionError) as error:
            broke = error.pos if isinstance(error, json.JSONDecodeError) else len(text)
            left -= broke - start + _BROKEN_COST
            at = found.end()
            continue
        pieces += [text[done:start], rewrite(text[start:end])]
        done = at = end
    return "".join([*pieces, text[done:]]) if pieces else text

"""Every way in which one value is written in URLs, headers and bodies.

In: values and what stands for each. Out: a `Replacer`, which finds a value in
plain, percent-encoded, JSON-escaped, XML-escaped and base64 form, whatever its
case. Knows nothing of what the values mean.
"""

from __future__ import annotations

import base64
import json
import quopri
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from html import escape
from urllib.parse import quote, quote_plus, unquote, unquote_plus

_BEFORE = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf]))"
_AFTER = r"(?![A-Za-z0-9])"
_ANYWHERE_LENGTH, _LONG_VALUE = 8, 16
_ALONE = "(?<![A-Za-z0-9+/_-]){}(?![A-Za-z0-9+/_-])"
_MARGIN, _REACH = 64, 8192
# Looked for where a run begins only, or a long run would be read once a character.
_ENCODED = re.compile(
    r"(?<![A-Za-z0-9_.~+/*-])"
    r"[A-Za-z0-9_.~+/*-]*%[0-9A-Fa-f]{2}[A-Za-z0-9_.~+/*%-]*"
)
_ESCAPE = re.compile(r"\\{1,4}(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2})")
_PLAIN = r"[A-Za-z0-9_.~+/*=:@-]"
_ESCAPED = re.compile(
    rf"(?<!{_PLAIN}){_PLAIN}*{_ESCAPE.pattern}(?:{_PLAIN}|{_ESCAPE.pattern})*"
)
_SHORTEST_RUN, _SPARSE = 12, 8
_RUN = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
# What words and ids decode to says nothing; texts and what is compressed do.
_SAYS = re.compile(
    rb"[\x20-\x7e]{8}|^[\t\n\r\x20-\x7e]+$|^\x1f\x8b|^PK\x03\x04|^x[\x01\x5e\x9c\xda]"
    rb"|^\x28\xb5\x2f\xfd|^\xfd7zXZ|^BZh"
    rb"|(?:[\x20-\x7e]\x00){4}|(?:\x00[\x20-\x7e]){4}|^\xff\xfe|^\xfe\xff"
)
_WRAPPED = re.compile(
    r"(?<![A-Za-z0-9+/])(?P<first>[A-Za-z0-9+/]{60,})(?P<between>\r?\n[ \t]*|[ \t])"
    r"(?:[A-Za-z0-9+/]{60,}(?:\r?\n[ \t]*|[ \t]))*[A-Za-z0-9+/]+={0,2}"
)
_BREAK = re.compile(r"[ \n]")
QUOTED = re.compile(r"=([0-9A-F]{2})|=\r?\n")
"""What quoted-printable writes: a byte, or that the line goes on."""
_PRINTED = frozenset(b"\t\r\n" + bytes(range(32, 127))) - {ord("=")}
_QUOTED_SIGN = "=3D"
_BYTE = re.compile(r"=[0-9A-F]{2}")
_PADDED = re.compile(r"[A-Za-z0-9+/_-]*=\Z")
_SHORTEST_PADDED = 8
_FOLD = r"\r?\n[ \t]+"
_FOLDED = re.compile(_FOLD)
_HEX = re.compile(
    r"(?:(?<=0x)|(?<![0-9A-Za-z]))(?:(?:[0-9a-fA-F]{2}){12,}"
    r"|[0-9a-fA-F]{2}(?P<between>[: ])[0-9a-fA-F]{2}(?:(?P=between)[0-9a-fA-F]{2}){6,})"
    r"(?![0-9A-Za-z])"
)
_SHORTEST_HEX = 24
# Text, or text of two bytes a character; digests are neither.
_READS = re.compile(
    rb"[\t\n\r\x20-\x7e]+|(?:\xff\xfe)?(?:[\t\n\r\x20-\x7e]\x00)+"
    rb"|(?:\xfe\xff)?(?:\x00[\t\n\r\x20-\x7e])+"
)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Replacer:
    """Replaces values, in all their forms, by what stands for them.

    A value of eight characters and more is replaced wherever it stands; a
    shorter one only where neither neighbour is a letter or a digit.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Prepare for `pairs` of value and stand-in; equal ones are skipped."""
        self._text: dict[str, str] = {}
        self._exact: dict[str, str] = {}
        for value, stand_in in pairs:
            if not value or value == stand_in:
                continue
            for form, new in zip(_all(value), _all(stand_in), strict=True):
                self._text.setdefault(form.lower(), new)
            for form, new in zip(_padded(value), _padded(stand_in), strict=True):
                self._exact.setdefault(form, new)
        self._text_pattern = _alternation(self._text, re.IGNORECASE)
        self._exact_pattern = _alternation(self._exact, 0)
        self._alone_pattern = _alternation(self._exact, 0, alone=_ALONE)
        self._whole_pattern: re.Pattern[str] | None = None

    def __bool__(self) -> bool:
        return bool(self._text)

    def replace_whole(self, text: str) -> str:
        """The text without values that are long, or no part of a longer one.

        A short value may begin another, which is told by other means first.
        """
        if not (self._text and _any_in(self._text, text.lower())):
            return text
        if self._whole_pattern is None:
            forms = sorted(self._text, key=len, reverse=True)
            bounded = (
                rf"(?<![\w.-]){re.escape(one)}(?![\w-])"
                if len(one) < _LONG_VALUE
                else re.escape(one)
                for one in forms
            )
            self._whole_pattern = re.compile("|".join(bounded), re.IGNORECASE)
        return self._whole_pattern.sub(self._new_text, text)

    def replace(self, text: str) -> str:
        """The text with every form of every value replaced.

        But for base64 that goes on before or after the value: who decodes it replaces
        what is in it, and leaves the rest whole.
        """
        # Looking for each form first is much faster than the alternation.
        if self._text_pattern and _any_in(self._text, text.lower()):
            text = self._text_pattern.sub(self._new_text, text)
        return self._replace_exact(self._alone_pattern, text)

    def replace_within(self, text: str) -> str:
        """The text without values in base64 that goes on, where none was decoded."""
        return self._replace_exact(self._exact_pattern, text)

    def _replace_exact(self, pattern: re.Pattern[str] | None, text: str) -> str:
        if pattern and _any_in(self._exact, text):
            return pattern.sub(lambda m: self._exact[m[0]], text)
        return text

    def _new_text(self, found: re.Match[str]) -> str:
        """What stands for a form that was found, whatever its case.

        Lower case alone does not tell which it was: a long s, a dotted capital I and
        the sign for Kelvin match letters of ASCII as well.
        """
        new = self._text.get(found[0].lower())
        if new is not None:
            return new
        return next(
            new
            for form, new in self._text.items()
            if re.fullmatch(re.escape(form), found[0], re.IGNORECASE)
        )

    def replace_folded(self, text: str) -> str:
        """The text without values that a folded line cuts in two.

        Those that stand in one line are left for `replace`.
        """
        whole = unfolded(text)
        if whole == text:
            return text
        for forms, said, flags in (
            (self._text, whole.lower(), re.IGNORECASE),
            (self._exact, whole, 0),
        ):
            for form, new in forms.items():
                if form in said:
                    text = _replace_cut(text, form, new, flags)
        return text

    def find(self, text: str) -> bool:
        """Whether any form of any value stands in the text."""
        return self.replace_within(self.replace(text)) != text

    @property
    def needles(self) -> tuple[bytes, ...]:
        """Every form but base64 in lower case, to be looked for in bytes."""
        return tuple(form.encode() for form in self._text)


def find_needles(lowered: bytes, needles: Iterable[bytes]) -> list[int]:
    """Where in bytes, turned to lower case, any needle starts; ascending."""
    found: list[int] = []
    for needle in needles:
        at = lowered.find(needle)
        while at >= 0:
            found.append(at)
            at = lowered.find(needle, at + len(needle))
    return sorted(found)


def merge_windows(places: Iterable[int], length: int) -> list[tuple[int, int]]:
    """Surroundings of places, joined where they overlap."""
    windows: list[tuple[int, int]] = []
    for place in places:
        start, end = max(0, place - _MARGIN), min(length, place + _REACH)
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((start, end))
    return windows


def _any_in(forms: Iterable[str], text: str) -> bool:
    for form in forms:  # noqa: SIM110 - a generator takes twice as long
        if form in text:
            return True
    return False


def _all(value: str) -> list[str]:
    """Forms by position, repeats kept, so that two values can be zipped."""
    once = quote(value, safe="")
    escaped = json.dumps(value)[1:-1]
    return [
        value,
        quote(value),
        once,
        quote_plus(value),
        quote(value, safe="@:/+=,;"),
        quote(once, safe=""),
        escaped,
        json.dumps(escaped)[1:-1],
        escape(value),
        value.replace("-", "") if _GUID.fullmatch(value) else value,
        value.encode().hex() if len(value) >= _ANYWHERE_LENGTH else value,
        "\\x00".join(value) if len(value) >= _ANYWHERE_LENGTH else value,
    ]


def _padded(value: str) -> list[str]:
    raw = value.encode()
    standard = base64.b64encode(raw).decode()
    safe = base64.urlsafe_b64encode(raw).decode()
    return [
        standard,
        safe,
        standard.rstrip("="),
        safe.rstrip("="),
        quote(standard, safe=""),
    ]


def _alternation(
    forms: Iterable[str], flags: int, alone: str = "{}"
) -> re.Pattern[str] | None:
    ordered = sorted(forms, key=len, reverse=True)
    if not ordered:
        return None
    any_of = "|".join(_bounded(form) for form in ordered)
    return re.compile(alone.format(f"(?:{any_of})"), flags)


def _bounded(form: str, between: str = "") -> str:
    """A form as a pattern; `between` may stand after each of its characters."""
    pattern = between.join(map(re.escape, form))
    if len(form) >= _ANYWHERE_LENGTH:
        return pattern
    return f"{_BEFORE}{pattern}{_AFTER}"


def _replace_cut(text: str, form: str, new: str, flags: int) -> str:
    cut = re.compile(_bounded(form, f"(?:{_FOLD})?"), flags)
    return cut.sub(lambda m: new if "\n" in m[0] else m[0], text)


def unfolded(text: str) -> str:
    """A text with its folded lines joined, as a value cut in two would be read."""
    return _FOLDED.sub("", text) if "\n" in text else text


def rewrite_percent(text: str, rewrite: Callable[[str], str]) -> str:
    """Apply `rewrite` inside every percent-encoded run; others stay as they are."""
    if "%" not in text:
        return text
    return _ENCODED.sub(lambda m: _rewrite_encoded(m[0], rewrite), text)


def _rewrite_encoded(run: str, rewrite: Callable[[str], str]) -> str:
    if "/" in run:  # of a path, perhaps, whose parts stay parts
        pieces = [_rewrite_encoded(piece, rewrite) for piece in run.split("/")]
        if (joined := "/".join(pieces)) != run:
            return joined
    safe = "/" if "/" in run else ""
    decoded = unquote(run)
    rewritten = rewrite(decoded)
    if rewritten != decoded:
        return quote(rewritten, safe=safe)
    if "+" not in run:
        return run
    decoded = unquote_plus(run)
    rewritten = rewrite(decoded)
    return run if rewritten == decoded else quote_plus(rewritten, safe=safe)


def rewrite_escaped(text: str, rewrite: Callable[[str], str]) -> str:
    """Apply `rewrite` inside every run with escapes of JSON or Python."""
    if "\\u" not in text and "\\x" not in text:
        return text
    return _ESCAPED.sub(lambda m: _rewrite_escaped(m[0], rewrite), text)


def _rewrite_escaped(run: str, rewrite: Callable[[str], str]) -> str:
    plain = _ESCAPE.sub(lambda m: chr(int(m[1][1:], 16)), run)
    clean = rewrite(plain)
    if clean == plain:
        return run
    return "".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in clean)


def rewrite_base64(text: str, rewrite: Callable[[bytes], bytes]) -> str:
    """Apply `rewrite` to what each run of base64 holds; others stay as they are.

    A run that stands in lines is one, where something is to be replaced in it.
    """
    if len(text) < _SHORTEST_RUN:
        return text

    def each(part: str) -> str:
        return _RUN.sub(lambda m: _rewrite_segments(m[0], rewrite), part)

    pieces: list[str] = []
    done = 0
    for found in _WRAPPED.finditer(text) if _BREAK.search(text) else ():
        clean = _rewrite_wrapped(found, rewrite)
        if clean != found[0]:
            pieces += [each(text[done : found.start()]), clean]
            done = found.end()
    return "".join([*pieces, each(text[done:])])


def _rewrite_wrapped(found: re.Match[str], rewrite: Callable[[bytes], bytes]) -> str:
    run = "".join(found[0].split())
    new = _rewrite_run(run, rewrite)
    if new == run:
        return found[0]
    width = len(found["first"])
    lines = (new[at : at + width] for at in range(0, len(new), width))
    return found["between"].join(lines)


def wrapped_runs(text: str) -> Iterator[str]:
    """Each run of base64 that stands in lines, as one."""
    for found in _WRAPPED.finditer(text) if _BREAK.search(text) else ():
        yield "".join(found[0].split())


def unquote_printable(text: str) -> str:
    """A text as it was before it was written as quoted-printable."""
    raw = quopri.decodestring(text.encode("utf-8", "replace"))
    return as_text(raw) if "=" in text else text


def rewrite_quoted(text: str, rewrite: Callable[[str], str]) -> str:
    """Apply `rewrite` to what is written as quoted-printable."""
    if QUOTED.search(text) is None or not _is_quoted(text):
        return text
    plain = unquote_printable(text)
    clean = rewrite(plain)
    return text if clean == plain else _quote_printable(clean)


def _is_quoted(text: str) -> bool:
    """Whether a text is quoted-printable; the padding of base64 ends lines as well.

    In a line without another escape, what may be padding is taken for that.
    """
    return (
        _QUOTED_SIGN in text
        or len(QUOTED.findall(text)) * _SPARSE > len(text)
        or any(
            line.endswith("=")
            and not line.endswith("==")  # a sign itself would be written as a byte
            and (_BYTE.search(line) or (" " in line and not _is_padded(line)))
            for line in text.splitlines()
        )
    )


def _is_padded(line: str) -> bool:
    """Whether the end of a line is base64, with the padding that its length needs."""
    start = max(line.rfind(sign, 0, -1) for sign in " \t:\"',;=") + 1
    size = len(line) - start
    is_long = size >= _SHORTEST_PADDED and size % 4 == 0
    return is_long and _PADDED.match(line, start) is not None


def _quote_printable(text: str) -> str:
    """Quoted-printable in lines as they are: a break would hide what is there."""
    return "".join(
        chr(byte) if byte in _PRINTED else f"={byte:02X}" for byte in text.encode()
    )


def rewrite_hex(text: str, rewrite: Callable[[bytes], bytes]) -> str:
    """Apply `rewrite` to the text that each run of hex digits holds."""
    if len(text) < _SHORTEST_HEX:
        return text
    return _HEX.sub(lambda m: _rewrite_hex(m, rewrite), text)


def _rewrite_hex(found: re.Match[str], rewrite: Callable[[bytes], bytes]) -> str:
    run, between = found[0], found["between"] or ""
    raw = _from_hex(run)
    if not _READS.fullmatch(raw):
        return run
    rewritten = rewrite(raw)
    if rewritten == raw:
        return run
    new = between.join(f"{byte:02x}" for byte in rewritten)
    return new.upper() if run.isupper() else new


def _from_hex(run: str) -> bytes:
    return bytes.fromhex(run.replace(":", ""))


def base64_runs(text: str) -> Iterator[str]:
    """The decoded content of each run of base64 in a text."""
    for matched in _RUN.finditer(text):
        run = matched[0]
        pieces = dict.fromkeys([run, *run.split("/")]) if "/" in run else (run,)
        for piece in pieces:
            raw = _decode(piece) if len(piece) >= _SHORTEST_RUN else None
            if raw is not None:
                yield as_text(raw)


def hex_runs(text: str) -> Iterator[bytes]:
    """What each run of hex digits in a text holds."""
    return (_from_hex(found[0]) for found in _HEX.finditer(text))


def as_text(raw: bytes) -> str:
    """Bytes as a text, each byte a character where they are none."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _rewrite_segments(run: str, rewrite: Callable[[bytes], bytes]) -> str:
    rewritten = _rewrite_run(run, rewrite)
    if rewritten != run or "/" not in run:
        return rewritten
    # Either base64 with slashes in it, or a path with base64 in it.
    return "/".join(_rewrite_run(piece, rewrite) for piece in run.split("/"))


def _rewrite_run(run: str, rewrite: Callable[[bytes], bytes]) -> str:
    raw = _decode(run) if len(run) >= _SHORTEST_RUN else None
    if raw is None:
        return run
    rewritten = rewrite(raw)
    if rewritten == raw:
        return run
    encoded = base64.b64encode(rewritten).decode()
    if "-" in run or "_" in run:
        encoded = encoded.replace("+", "-").replace("/", "_")
    return encoded.rstrip("=") if len(run) % 4 else encoded


@lru_cache(maxsize=65_536)
def _decode(run: str) -> bytes | None:
    """What a run holds, where that says anything."""
    body = run.rstrip("=").replace("-", "+").replace("_", "/")
    if len(body) % 4 == 1:
        return None
    raw = base64.b64decode(body + "=" * (-len(body) % 4))
    return raw if _SAYS.search(raw) else None

"""Keep the secrets of a live run out of logs and out of what is said of it.

In: redaction rules, and exchanges as they happen. Out: texts without secrets,
and a context in which log records are written without them. Names of the
recorded side stay: whoever reads a log wants to find what it speaks of.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from azml_contract.exchange import Exchange
from azml_contract.redaction.learn import learn
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules
from azml_contract.redaction.shapes import REDACTED

_CUT = re.compile(r"\.{3}")
_SHORTEST_END = 4


class Discretion:
    """What a live run must not say. Safe to use from any thread."""

    def __init__(self, rules: RedactionRules) -> None:
        """Prepare.

        Args:
            rules: What the settings and the contract know; names do not count.
        """
        self._rules = replace(rules, identifiers=(), people=False)
        self._lock = threading.Lock()
        self._learned: frozenset[str] = frozenset()
        self._redactor = Redactor(self._rules)

    def note(self, exchange: Exchange) -> None:
        """Learn the secrets that a live exchange shows."""
        found = learn([exchange], self._rules).secrets
        with self._lock:
            if not found <= self._learned:
                self._learned |= found
                self._redactor = Redactor(self._rules, self._learned)

    def redact(self, text: str) -> str:
        """A text of any kind without secrets, nor the ends of one cut in its middle."""
        redactor, learned = self._redactor, self._learned
        text = redactor.message(text)
        cuts = [*_CUT.finditer(text)]
        return _without_ends(text, cuts, {*self._rules.secrets, *learned} - {""})

    @contextmanager
    def over_logs(self) -> Iterator[None]:
        """While entered, log records of this process are made without secrets."""
        before = logging.getLogRecordFactory()
        # Somebody may put a factory of their own around this one, and keep it.
        entered = True

        def make(*args: object, **kwargs: object) -> logging.LogRecord:
            record = before(*args, **kwargs)
            if entered:
                _redact_record(record, self.redact)
            return record

        logging.setLogRecordFactory(make)
        try:
            yield
        finally:
            entered = False
            if logging.getLogRecordFactory() is make:
                logging.setLogRecordFactory(before)


def _without_ends(text: str, cuts: list[re.Match[str]], secrets: set[str]) -> str:
    """A text without what secrets begin and end with, on both sides of an ellipsis.

    So `pytest` and `reprlib` shorten what is long; an end may be most of a password.
    """
    if not cuts or not secrets:
        return text
    longest, turned = max(map(len, secrets)), {one[::-1] for one in secrets}
    pieces: list[str] = []
    done = 0
    for found in cuts:
        start, end = found.span()
        before = _begun(text[max(0, start - longest) : start], secrets)
        # Turned around, what a value ends with is what it begins with.
        after = _begun(text[end : end + longest][::-1], turned)
        for first, behind in ((start - before, start), (end, end + after)):
            if max(first, done) < behind:
                pieces += [text[done:first], REDACTED]
                done = behind
    return "".join([*pieces, text[done:]])


def _begun(text: str, secrets: set[str]) -> int:
    """How many characters at the end of a text a longer value begins with.

    Fewer than four are none: they say nothing, and stand everywhere.
    """
    end = text[-_SHORTEST_END:]
    if len(end) < _SHORTEST_END:
        return 0
    return max((_length(one, text) for one in secrets if end in one), default=0)


def _length(value: str, text: str) -> int:
    lengths = range(len(value) - 1, _SHORTEST_END - 1, -1)
    return next((n for n in lengths if text.endswith(value[:n])), 0)


def _redact_record(record: logging.LogRecord, redact: Callable[[str], str]) -> None:
    try:
        said = record.getMessage()
    except (TypeError, ValueError):
        said = f"{record.msg!s} {record.args!r}"
    clean = redact(said)
    if clean != said:
        record.msg, record.args = clean, ()
    if record.exc_info and record.exc_info[0] is not None:
        trace = logging.Formatter().formatException(record.exc_info)
        clean = redact(trace)
        if clean != trace:
            # Formatters take a text that is there already.
            record.exc_text, record.exc_info = clean, None

"""Keep the secrets of a live run out of logs and out of what is said of it.

In: redaction rules, and exchanges as they happen. Out: texts without secrets,
and a context in which log records are written without them. Names of the
recorded side stay: whoever reads a log wants to find what it speaks of.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from azml_contract.exchange import Exchange
from azml_contract.redaction.learn import learn
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules


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
        """A text of any kind without secrets."""
        return self._redactor.message(text)

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

"""Keep the secrets of live scenarios out of everything that pytest says.

In: what each live run has seen, as a function that redacts. Out: reports and warnings
without it, also of tests and threads that come later in the same session. Of replays
the latest counts: a secret that a test sent stands in what is said of that test.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator
from typing import Any

import pytest

Redact = Callable[[str], str]

_SAID = ("longrepr", "sections", "user_properties", "wasxfail")


class Discreet:
    """A plugin of pytest's; one for a session."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._known: list[Redact] = []
        self._latest: list[Redact] = []

    def also(self, redact: Redact, *, replayed: bool = False) -> None:
        """From now on nothing that this function takes out is said.

        Args:
            redact: Of one run.
            replayed: It is a replay: it counts until the next one.
        """
        if replayed:
            self._latest = [redact]
        else:
            self._known.append(redact)

    def redact(self, text: str) -> str:
        """A text without the secrets of any live run so far, and the latest replay."""
        for redact in (*self._known, *self._latest):
            text = redact(text) if text else text
        return text

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Take secrets out of a report.

        Tracebacks show values, and the output and logs of all fixtures are beside
        them. The report is rewritten in the form in which xdist sends it.
        """
        report = yield
        if not (self._known or self._latest) or not _says_anything(report):
            return report
        hook = self._config.hook
        data = hook.pytest_report_to_serializable(config=self._config, report=report)
        if data is None:
            return report
        said = {name: data[name] for name in _SAID if name in data}
        clean = _each_text(said, self.redact)
        if clean == said:
            return report
        data |= clean
        return hook.pytest_report_from_serializable(config=self._config, data=data)

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Take secrets out of the summary of warnings, which has exceptions too.

        Those that nobody could catch, of finalisers and threads, become warnings.
        """
        if not (self._known or self._latest):
            return
        said = str(warning_message.message)
        clean = self.redact(said)
        if clean != said:
            warning_message.message = _reworded(warning_message.message, clean)


DISCREET_KEY = pytest.StashKey[Discreet]()


def _says_anything(report: Any) -> bool:
    return any(getattr(report, name, None) for name in _SAID)


def _reworded(message: Warning | str, text: str) -> Warning:
    kind = type(message) if isinstance(message, Warning) else UserWarning
    try:
        return kind(text)
    except TypeError:  # its own takes more than a text
        return UserWarning(text)


def _each_text(value: Any, rewrite: Redact) -> Any:
    if isinstance(value, str):
        return rewrite(value)
    if isinstance(value, list | tuple):  # a skip is told by a tuple
        return type(value)(_each_text(one, rewrite) for one in value)
    if isinstance(value, dict):
        return {name: _each_text(one, rewrite) for name, one in value.items()}
    return value

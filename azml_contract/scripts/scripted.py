"""Judge the calls that a shell script makes.

In: the calls of a script, and a validator. Out: a verdict for each call, its
findings placed in the script, or a sentence that says why there is none. What
only running the script would tell is never found wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from azml_contract.exchange import Request
from azml_contract.finding import Finding, Location
from azml_contract.scripts.curl import ScriptCall
from azml_contract.scripts.shell import find_marks, replace_marks, show_marks
from azml_contract.seen import Calls
from azml_contract.settings import PLACEHOLDERS
from azml_contract.source.excerpt import Source
from azml_contract.validation.destination import ANOTHER_PROVIDER, name_destination
from azml_contract.validation.jsontext import Locator, parse_text
from azml_contract.validation.parsed import BROKEN
from azml_contract.validation.validator import Validator

_ARM_PATH = re.compile(r"/(?:subscriptions|providers)/", re.IGNORECASE)
_UNSET_VERSION = re.compile("(?i)([?&]api-version=)([^&#]*\ue002[^&#]*)")
_TOKEN = re.compile("\ue002([0-9]+)\ue003")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_UNKNOWN_PATH = "AZC150"
_ABOUT_PATHS = frozenset((_UNKNOWN_PATH, "AZC151", "AZC152"))
# That a command never reads something cannot be told from a part of it.
_NEVER_READ = "AZC172"


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one call of a script."""

    findings: tuple[Finding, ...]
    requests: int
    calls: Calls


def judge_call(
    validator: Validator, call: ScriptCall, name: str, api_version: str
) -> Judged:
    """Judge one call of a script.

    Args:
        validator: Of requests.
        call: As the script makes it.
        name: The script, for the places of findings.
        api_version: Stands in where the script does not tell its own.
    """
    values = _Values()
    url = _complete(values.keep(call.url), api_version)
    skipped = name_destination(Request("", url)) if url else ""
    if skipped and skipped != ANOTHER_PROVIDER:
        return Judged((), 0, Calls(skipped={skipped: 1}))
    unknown = call.unknown or _find_unknown(call, url)
    body, bare = values.keep_in_json(call.body)
    if bare and any(one.kind == BROKEN for one in parse_text(body).defects):
        unknown = unknown or f"its JSON cannot be read without {bare[0]}"
    if unknown:
        return _give_up(validator, call, name, values.show(unknown), bool(url))
    request = Request(call.method.upper(), url, (), body.encode())
    verdict = validator.check_request(request)
    if _hangs_on_a_kind(verdict.findings, request.path):
        unknown = f"its path is {request.path}, which the script does not tell"
        return _give_up(validator, call, name, values.show(unknown), True)
    locator = Locator(body)
    found = tuple(
        values.show_finding(_place(finding, call, name, body, locator))
        for finding in verdict.findings
        if not _is_open(finding, body)
    )
    return Judged(found, verdict.requests, verdict.calls)


def _give_up(
    validator: Validator, call: ScriptCall, name: str, reason: str, certain: bool
) -> Judged:
    """A call that was seen and cannot be judged; `certain`: of the provider."""
    told = validator.tell_not_judged(reason, certain=certain)
    place = Location(name, call.command_line, 1)
    calls = Calls(not_judged={reason: 1})
    return Judged((told._replace(location=place),), 0, calls)


def _complete(url: str, api_version: str) -> str:
    """An absolute URL; "" where the script does not tell enough of it."""
    url = _UNSET_VERSION.sub(rf"\g<1>{api_version}", url) if api_version else url
    path = _ARM_PATH.search(url)
    if re.match(r"(?i)https?://", url):
        return url if path or not _TOKEN.search(url) else ""
    if path is not None:
        return f"{PLACEHOLDERS.endpoint}{url[path.start() :]}"
    return "" if _TOKEN.search(url) else f"https://{url}"


def _find_unknown(call: ScriptCall, url: str) -> str:
    if not url:
        return f"its URL is {call.url}, which the script does not tell"
    if find_marks(call.method):
        return f"its verb is {call.method}, which the script does not tell"
    version = _UNSET_VERSION.search(url)
    if version is None:
        return ""
    return (
        f"its api-version is {version[2]}, which the script does not tell: "
        "give --api-version V"
    )


def _hangs_on_a_kind(findings: Sequence[Finding], path: str) -> bool:
    """Whether a path is unknown because a kind of resource in it is."""
    if all(finding.code != _UNKNOWN_PATH for finding in findings):
        return False
    below = re.split(r"(?i)/providers/[^/]+/", path)[-1]
    return any(_TOKEN.search(kind) for kind in below.split("/")[::2])


def _is_open(finding: Finding, body: str) -> bool:
    """Whether a finding hangs on what the script does not tell."""
    if finding.code == _NEVER_READ:
        return _TOKEN.search(body) is not None
    if finding.code in _ABOUT_PATHS:
        return False
    values = (finding.seen, *finding.expected)
    return any(isinstance(one, str) and _TOKEN.search(one) for one in values)


def _place(
    finding: Finding, call: ScriptCall, name: str, body: str, locator: Locator
) -> Finding:
    if finding.location is None and not finding.pointer:
        return finding._replace(location=Location(name, call.command_line, 1))
    seen = finding.location or Source("", body).locate(locator.find(finding.pointer))
    line, column = seen.line, seen.column
    if call.file:
        return finding._replace(location=Location(call.file, line, column))
    # Quotes and escapes of the shell move columns, not lines.
    line = call.line + (line - 1 if call.exact else 0)
    return finding._replace(location=Location(name, line, 1))


class _Values:
    """Stands in for what the script does not tell, in a form that JSON can hold."""

    def __init__(self) -> None:
        self._shown: list[str] = []

    def keep(self, text: str) -> str:
        """`text` with tokens for its marks."""
        return replace_marks(text, self._make)

    def keep_in_json(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The same, tokens outside of strings in quotes; and those, as shown."""
        parts: list[str] = []
        bare: list[str] = []
        at = 0
        for string in _STRING.finditer(text):
            parts.append(self._quote(text[at : string.start()], bare))
            parts.append(self.keep(string[0]))
            at = string.end()
        parts.append(self._quote(text[at:], bare))
        return "".join(parts), tuple(bare)

    def _quote(self, text: str, bare: list[str]) -> str:
        bare += find_marks(text)
        return replace_marks(text, lambda shown: f'"{self._make(shown)}"')

    def _make(self, shown: str) -> str:
        self._shown.append(shown)
        # The same variable has the same value: ids in body and URL compare.
        return f"\ue002{self._shown.index(shown)}\ue003"

    def show(self, text: str) -> str:
        """`text` as a reader of the script would write it."""
        shown = _TOKEN.sub(lambda found: self._shown[int(found[1])], text)
        return show_marks(shown)

    def show_finding(self, finding: Finding) -> Finding:
        """The finding in words of the script."""
        return finding._replace(
            message=self.show(finding.message),
            cure=self.show(finding.cure),
            pointer=self.show(finding.pointer),
            seen=self._show_value(finding.seen),
            expected=tuple(map(self._show_value, finding.expected)),
        )

    def _show_value(self, value: Any) -> Any:
        return self.show(value) if isinstance(value, str) else value


def judge_script(
    validator: Validator, calls: Sequence[ScriptCall], name: str, api_version: str
) -> list[Judged]:
    """Judge every call of a script, in its order."""
    return [judge_call(validator, call, name, api_version) for call in calls]

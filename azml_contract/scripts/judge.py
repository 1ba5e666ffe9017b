"""Judge the calls of a shell script, and the script itself.

In: a script that was read, and a validator. Out: a verdict for each place that
makes a call, its findings placed in the script or in the file that holds the
body, and the account of the calls. What only running the script would tell is
never found wrong; a call that hangs on it is told as not judged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any

from azml_contract.exchange import Request
from azml_contract.finding import Finding, Location
from azml_contract.scripts.absent import find_absent_path
from azml_contract.scripts.faults import SUBSCRIPTIONS, Faults
from azml_contract.scripts.hidden_places import find_hidden, tell_hidden
from azml_contract.scripts.script import Call, Script
from azml_contract.scripts.text import EMPTY, TOKEN, Hole, Part, Style, Text, join
from azml_contract.seen import NOTHING, Calls, add_up
from azml_contract.settings import PLACEHOLDERS
from azml_contract.source import excerpt
from azml_contract.validation.destination import (
    ANOTHER_PROVIDER,
    find_fault,
    name_destination,
)
from azml_contract.validation.jsontext import Locator, parse_text
from azml_contract.validation.parsed import BROKEN
from azml_contract.validation.validator import Validator

_ARM_PATH = re.compile(r"/+(?:subscriptions|providers)/", re.IGNORECASE)
_OURS = re.compile(r"(?i)/providers/microsoft\.machinelearningservices(?:/|$)")
_UNSET_VERSION = re.compile("(?i)([?&]api-version=)([^&#]*\ue002[^&#]*)")
_UNSET_QUERY = re.compile("[?&](\ue002[0-9]+\ue003)(?=&|#|$)")
_VERSION = re.compile("(?i)[?&]api-version=([^&#]*)")
_DOCUMENTS = frozenset(("markdown", "http"))
_SLOT = re.compile(r"(?<=/)(?:<[^<>/?]+>|\{[^{}/?]+\})(?=[/?]|$)")
_WHOLE_BODIES = ("", "/properties")
"""Where a hole stands for all that is to be judged."""
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f]")
_LINES = re.compile(r" Line \d+, column \d+\.")  # of the body, not of the script
_UNKNOWN_PATH = "AZC150"
_CUT_OFF = re.compile(r"System\.(?:Collections\.Hashtable|Object\[\])")
_DEEPER = "Give ConvertTo-Json -Depth 20: deeper than 2 it writes names of types."
_NO_VERSION = "AZC140"
_NO_ID = re.compile(r"(?i)https?://|subscriptions/|/.*(?:/$|//)")
"""What is no ARM id, whatever its holes are."""
_ABOUT_PATHS = frozenset((_UNKNOWN_PATH, "AZC151", "AZC152"))
# That a command never reads something cannot be told where it is not known.
_NEVER_READ = frozenset(("AZC172",))


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one place that makes a call, or of the whole script."""

    findings: tuple[Finding, ...]
    requests: int
    calls: Calls


@dataclass(frozen=True, slots=True)
class Sent:
    """A call as it can be judged: holes are tokens, those of JSON in quotes."""

    request: Request
    url: Text
    body: Text
    unknown: str = ""
    skipped: str = ""
    broken: tuple[Part, ...] = ()


def judge_script(
    validator: Validator, script: Script, api_version: str, to: str = ""
) -> Judged:
    """Judge every call of a script, and the script; findings in its order.

    Args:
        validator: Of requests.
        script: As it was read.
        api_version: Stands in where the script does not tell its own.
        to: Judge as if every call were made at this api-version.
    """
    judged = _Judge(validator, script, api_version, to).run()
    found = (finding for one in judged for finding in one.findings)
    return Judged(
        tuple(sorted(found, key=_place_of)),
        sum(one.requests for one in judged),
        add_up(one.calls for one in judged),
    )


def _place_of(finding: Finding) -> tuple[str, int, int]:
    spot = finding.location
    return (spot.file, spot.line, spot.column) if spot is not None else ("", 0, 0)


class _Judge:
    def __init__(
        self, validator: Validator, script: Script, api_version: str, to: str
    ) -> None:
        self._to = to
        self._validator = validator
        self._script = script
        self._version = api_version
        self._ours: dict[int, Request] = {}
        self._faults = Faults(validator.profile, script, api_version)

    def run(self) -> list[Judged]:
        sites: dict[tuple[str, int], list[Call]] = {}
        for call in (*self._script.turns, *self._script.calls):
            sites.setdefault(call.site, []).append(call)
        written = tuple(self._faults.find_written())  # what others show is hidden then
        judged = [self._judge_site(calls) for calls in sites.values()]
        ours = [call for call in self._script.calls if call.index in self._ours]
        whole = (*written, *self._faults.find(ours), *self._find_absent(ours))
        return [*judged, Judged(whole, 0, NOTHING)]

    def _find_absent(self, ours: Sequence[Call]) -> Iterator[Finding]:
        """Paths of answers that the api-version in use does not have."""
        for read in self._script.reads:
            request = self._ours.get(read.call)
            if request is not None:
                yield from find_absent_path(self._validator.profile, read, request)

    def _judge_site(self, calls: Sequence[Call]) -> Judged:
        """One place; what several runs of it have in common is told once.

        So is the account: a place counts as judged, and once for each reason why a run
        of it is not judged, or skipped.
        """
        each = [self._judge_call(call) for call in calls]
        found = {_key(one): one for judged in each for one in judged.findings}
        account = reduce(or_, (one.calls for one in each))
        return Judged(tuple(found.values()), max(one.requests for one in each), account)

    def _judge_call(self, call: Call) -> Judged:
        sent = prepare(self._script, call, self._version, self._to)
        if sent.skipped:
            return Judged((), 0, Calls(skipped={sent.skipped: 1}))
        self._ours[call.index] = sent.request
        own = tuple(self._faults.find_in_call(call, sent.broken))
        if sent.unknown:
            told = any(finding.code == "AZC507" for finding in own)
            certain = _OURS.search(sent.url.flat) is not None
            return self._give_up(call, sent.unknown, own, told, certain=certain)
        verdict = self._validator.check_request(sent.request)
        path = sent.request.path
        if _hangs_on_a_kind(verdict.findings, path):
            shown = self._script.show(path)
            why = f"its path is {shown}, which the script does not tell"
            return self._give_up(call, why, own)
        body = sent.body.flat
        found = tuple(
            show_finding(self._script, one)
            for one in self._place_all(call, sent, verdict.findings)
            if not _is_open(one, body)
        )
        hidden = list(find_hidden(self._validator, sent.request, verdict.findings))
        for one in hidden:
            if one.pointer in _WHOLE_BODIES:
                shown = self._script.show(str(one.seen))
                why = f"its body is {shown}, which the script does not tell"
                return self._give_up(call, why, (*own, *found))
        parts = [
            show_finding(self._script, tell_hidden(one))
            for one in self._place_all(call, sent, hidden)
        ]
        return Judged((*own, *found, *parts), verdict.requests, verdict.calls)

    def _give_up(
        self,
        call: Call,
        reason: str,
        found: tuple[Finding, ...],
        is_told: bool = False,
        *,
        certain: bool = True,
    ) -> Judged:
        """A call that was seen and is not judged; `certain`: of the provider."""
        calls = Calls(not_judged={reason: 1})
        if is_told:
            return Judged(found, 0, calls)
        told = self._validator.tell_not_judged(reason, certain=certain)
        told = told._replace(location=call.source.locate(call.start))
        return Judged((*found, told), 0, calls)

    def _place_all(
        self, call: Call, sent: Sent, findings: Iterable[Finding]
    ) -> Iterator[Finding]:
        text = sent.body
        flat = text.flat
        locator = Locator(flat)
        lines = excerpt.Source("", flat)
        for finding in findings:
            seen = finding.location
            if seen is None and not finding.pointer:
                yield finding._replace(location=_find_in_url(call, sent, finding))
                continue
            if seen is None:
                offset = locator.find(finding.pointer)
            else:
                offset = lines.find_offset(seen.line, seen.column)
            yield finding._replace(location=_locate(text, offset, call))


def _key(finding: Finding) -> tuple[Any, ...]:
    return finding.code, finding.pointer, _place_of(finding)


def _locate(text: Text, offset: int, call: Call) -> Location:
    found = text.locate(offset)
    if found is None:
        return call.source.locate(call.start)
    return found[0].locate(found[1])


def _find_in_url(call: Call, sent: Sent, finding: Finding) -> Location:
    """The place of what a finding is about: a piece of the URL, else the command."""
    seen = finding.seen if isinstance(finding.seen, str) else ""
    told = (one for one in reversed(seen.split("/")) if one and not TOKEN.search(one))
    last = next(told, "")
    hits = [
        hit.start()
        for hit in re.finditer(
            rf"(?<=[/=?&]){re.escape(last)}(?![\w-])", sent.url.flat, re.IGNORECASE
        )
        if last
    ]
    if finding.code == _NO_VERSION and "?" in sent.url.flat:
        begins = sent.url.locate(sent.url.flat.index("?"))
        outside = begins is not None and not call.start <= begins[1] < call.end
        hits = [sent.url.flat.index("?")] if outside else []
    found = sent.url.locate(hits[-1]) if hits else None
    if found is None or found[0].name != call.source.name:
        return call.source.locate(call.start)
    return found[0].locate(found[1])


def prepare(script: Script, call: Call, api_version: str, to: str = "") -> Sent:
    """What a call sends, as far as the script tells; at `to`, where that is given."""
    request = call.request
    url = _complete(_drop_breaks(request.url), api_version)
    if url is not None and script.kind in _DOCUMENTS:
        url = _leave_blank(script, url)
    if url is not None and to and (found := _VERSION.search(url.flat)):
        version = _made(to, url, found.start(1))
        url = join([url.cut(0, found.start(1)), version, url.cut(found.end(1))])
    method = request.method if isinstance(request.method, str) else request.method.flat
    empty = Request(method.upper(), url.flat if url else "")
    body = request.body or EMPTY
    fault = find_fault(empty)
    if fault:
        lost = Request(method.upper(), "")
        return Sent(lost, url or request.url, body, unknown=fault)
    skipped = name_destination(empty) if url else ""
    if url is not None and not skipped_for_good(skipped, url):
        skipped = ""
    if skipped and skipped != ANOTHER_PROVIDER:
        return Sent(empty, url or request.url, body, skipped=skipped)
    whole, broken = escape_values(body)
    quoted, bare = _quote_holes(script, whole)
    unknown = request.unknown or _find_unknown(script, call, url, method)
    if not unknown and bare and _is_broken(quoted.flat):
        unknown = f"its JSON cannot be read without {bare[0]}"
    target = url if url is not None else request.url
    sent = Request(method.upper(), target.flat, (), quoted.flat.encode())
    return Sent(sent, target, quoted, unknown, broken=tuple(broken))


def skipped_for_good(skipped: str, url: Text) -> bool:
    """Whether a call goes elsewhere, and not to a path that is written wrongly."""
    return not (skipped == "another host" and _OURS.search(url.flat))


def _is_broken(flat: str) -> bool:
    return any(one.kind == BROKEN for one in parse_text(flat).defects)


def _complete(url: Text, api_version: str) -> Text | None:
    """An absolute URL with the path that was meant; None where too little is told."""
    flat = url.flat
    if api_version and (found := _UNSET_VERSION.search(flat)):
        version = _made(api_version, url, found.start(2))
        url = join([url.cut(0, found.start(2)), version, url.cut(found.end(2))])
        flat = url.flat
    near = SUBSCRIPTIONS.search(flat)
    if near is not None and _OURS.search(flat) and near[0].lower() != "/subscriptions/":
        right = _made("/subscriptions/", url, near.start())
        url = join([url.cut(0, near.start()), right, url.cut(near.end())])
        flat = url.flat
    path = _ARM_PATH.search(flat)
    if host := re.match(r"(?i)https?://[^/?#]*", flat):
        told = path or not TOKEN.search(host[0]) or _is_elsewhere(flat)
        return url if told else None
    if path is not None:
        endpoint = _made(PLACEHOLDERS.endpoint, url, path.start())
        return join([endpoint, url.cut(path.start())])
    if TOKEN.search(flat) or not flat:
        return None
    return join([_made("https://", url, 0), url])


def _is_elsewhere(url: str) -> bool:
    """Whether what is told of a host says that it is none of ARM's."""
    request = Request("GET", url)
    return not find_fault(request) and name_destination(request) not in (
        "",
        "another host",
    )


def _made(text: str, near: Text, at: int) -> Text:
    """A text of ours at the place of a character."""
    part, within = near.find_part(at)
    start = part.start + (within if part.is_even else 0)
    return Text((Part(text, part.source, start, start, Style.MADE),))


def _leave_blank(script: Script, url: Text) -> Text:
    """With holes where a document says what its reader is to write."""
    pieces, at = [], 0
    for found in _SLOT.finditer(url.flat):
        token = script.shell.holes.token(Hole(found[0]))
        pieces += [url.cut(at, found.start()), _made(token, url, found.start())]
        at = found.end()
    return join([*pieces, url.cut(at)]) if pieces else url


def _drop_breaks(text: Text) -> Text:
    """Without continued lines in single quotes, which the shell leaves in."""
    if "\\\n" not in text.flat:
        return text
    pieces, at = [], 0
    for found in re.finditer(r"\\\n[ \t]*", text.flat):
        pieces.append(text.cut(at, found.start()))
        at = found.end()
    return join([*pieces, text.cut(at)])


def escape_values(body: Text) -> tuple[Text, list[Part]]:
    """A body without continued lines, what breaks a JSON text being escaped.

    Returns:
        The body, and the expansions whose text breaks the JSON around them.
    """
    broken: list[Part] = []
    pieces, _ = _mend_parts(_drop_breaks(body).parts, broken, inside=False)
    return Text(tuple(pieces)), broken


def _mend_parts(
    parts: Iterable[Part], broken: list[Part], *, inside: bool
) -> tuple[list[Part], bool]:
    pieces: list[Part] = []
    for part in parts:
        if part.inner is None:
            pieces.append(part)
            inside = _ends_inside(part.text, inside)
        elif inside and _breaks(part):
            escaped = json.dumps(part.text, ensure_ascii=False)[1:-1]
            pieces.append(replace(part, text=escaped, inner=None))
            broken.append(part)
        else:
            made, inside = _mend_parts(part.inner.parts, broken, inside=inside)
            inner = Text(tuple(made))
            pieces.append(replace(part, text=inner.flat, inner=inner))
    return pieces, inside


def _breaks(part: Part) -> bool:
    """Whether a value, put into a JSON text, breaks it."""
    return _CONTROL.search(part.text) is not None


def _ends_inside(text: str, inside: bool) -> bool:
    for found in re.finditer(r'\\.|"', text, re.DOTALL):
        if found[0] == '"':
            inside = not inside
    return inside


def _quote_holes(script: Script, text: Text) -> tuple[Text, list[str]]:
    """Holes outside of JSON texts are put in quotes; and those, as shown."""
    flat = text.flat
    if not TOKEN.search(flat):
        return text, []
    pieces: list[Text] = []
    bare: list[str] = []
    at = 0

    def quote(start: int, end: int) -> None:
        nonlocal at
        for hole in TOKEN.finditer(flat, start, end):
            mark = _made('"', text, hole.start())
            pieces.extend([text.cut(at, hole.start()), mark])
            pieces.extend([text.cut(hole.start(), hole.end()), mark])
            bare.append(script.show(hole[0]))
            at = hole.end()

    before = 0
    for string in _STRING.finditer(flat):
        quote(before, string.start())
        before = string.end()
    quote(before, len(flat))
    return join([*pieces, text.cut(at)]), bare


def _find_unknown(script: Script, call: Call, url: Text | None, method: str) -> str:
    show = script.show
    if url is None:
        return (
            f"its URL is {show(call.request.url.flat)}, which the script does not tell"
        )
    if TOKEN.search(method):
        return f"its verb is {show(method)}, which the script does not tell"
    version = _UNSET_VERSION.search(url.flat)
    query = _UNSET_QUERY.search(url.flat)
    if version is None and query is not None and not _VERSION.search(url.flat):
        return f"its query is {show(query[1])}, which the script does not tell"
    if version is None:
        return ""
    return f"its api-version is {show(version[2])}, which the script does not tell"


def _hangs_on_a_kind(findings: Sequence[Finding], path: str) -> bool:
    """Whether a path is unknown because a kind of resource in it is."""
    if all(finding.code != _UNKNOWN_PATH for finding in findings):
        return False
    below = re.split(r"(?i)/providers/[^/]+/", path)[-1]
    return any(TOKEN.search(kind) for kind in below.split("/")[::2])


def _is_open(finding: Finding, body: str) -> bool:
    """Whether a finding hangs on what the script does not tell."""
    if finding.code in _NEVER_READ:
        command = re.search(r'"command"\s*:\s*("(?:[^"\\]|\\.)*")', body)
        return command is None or TOKEN.search(command[1]) is not None
    if finding.code in _ABOUT_PATHS:
        return False
    if finding.code == "AZC162" and _NO_ID.match(finding.seen):
        return False
    values = (finding.seen, *finding.expected)
    return any(isinstance(one, str) and TOKEN.search(one) for one in values)


def show_finding(script: Script, finding: Finding) -> Finding:
    """A finding in words of the script."""

    def show(value: Any) -> Any:
        return script.show(value) if isinstance(value, str) else value

    seen = finding.seen
    is_cut = isinstance(seen, str) and _CUT_OFF.fullmatch(seen) is not None
    return finding._replace(
        message=_LINES.sub("", script.show(finding.message)),
        cure=_DEEPER if is_cut else script.show(finding.cure),
        pointer=script.show(finding.pointer),
        seen=show(finding.seen),
        expected=tuple(map(show, finding.expected)),
    )

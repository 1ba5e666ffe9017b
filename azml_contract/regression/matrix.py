"""Judge recorded calls under every other api-version.

In: recordings, and the contracts. Out: rows of cells, one row for each recorded
call of the provider, one cell for each api-version. It sends nothing. Calls
that differ only in what a scenario draws anew each time are judged once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.recordings import Call, Recording, from_cassette
from azml_contract.contract.catalog import (
    find_stand_in,
    known_versions,
    load_contract,
    require_judgeable,
)
from azml_contract.contract.contract import Contract, Route
from azml_contract.contract.model import Operation, SourceKind
from azml_contract.exchange import Request
from azml_contract.finding import Evidence, Finding, Severity
from azml_contract.regression.alike import Alike
from azml_contract.regression.answers import Answer, Comparer
from azml_contract.regression.counterparts import (
    Counterpart,
    Counterparts,
    Meeting,
    Name,
)
from azml_contract.regression.drawn import Disguise, disguise
from azml_contract.regression.memory import Memory
from azml_contract.regression.outcome import (
    Cell,
    Outcome,
    Row,
    Shared,
    Status,
)
from azml_contract.regression.outline import outline
from azml_contract.seen import Calls
from azml_contract.validation.codes import CODES, Consequence
from azml_contract.validation.destination import is_status_path, name_destination
from azml_contract.validation.validator import NO_OPERATION, UNTOLD, Profile, Validator

_CAPACITY, _HALVES = 20_000, 500
Findings = tuple[Finding, ...]
_OK = Cell(Status.OK)
_UNKNOWN = re.compile("[\ue002\ue003]")


def build_matrix(
    cassettes: Iterable[Cassette | Recording], *, versions: Sequence[str] | None = None
) -> list[Row]:
    """Judge every recorded call of the provider under each of `versions`.

    Args:
        cassettes: What was recorded.
        versions: Api-versions in the order of the columns; all known ones
            when None.

    Returns:
        One row for each recorded call, in recorded order. Calls of other
        providers and hosts, and polls of operations, have no row.

    Raises:
        UnknownApiVersion: A call was recorded at a version without a contract.
    """
    judge = Judge(versions)
    return [row for one in cassettes for row in judge.judge(one)]


@dataclass(frozen=True, slots=True)
class _Known:
    """What a call was judged to be; `quotes` where a finding names a stand-in."""

    outcome: Outcome
    quotes: bool


@dataclass(frozen=True, slots=True)
class Account:
    """The rows of one recording, and what became of all its calls.

    `is_whole` unless a call was not judged, or was judged by the contract of another
    api-version than its own.
    """

    rows: tuple[Row, ...]
    calls: Calls
    is_whole: bool


class Judge:
    """Judges recordings, and remembers what it judged.

    Args:
        versions: As in `build_matrix`.
    """

    def __init__(self, versions: Sequence[str] | None = None) -> None:
        self.versions = tuple(versions or known_versions())
        self._validator = Validator(profile=Profile.SERVICE, compiles=False)
        self._known: Memory[tuple[bytes, Name, Answer], _Known] = Memory(_CAPACITY)
        self._asked: Memory[bytes, list[Findings]] = Memory(_HALVES)
        self._answered: Memory[tuple[Name, Answer], list[Findings]] = Memory(_HALVES)
        self._shared = Shared()
        self._alike = Alike()
        self._counterparts = Counterparts(self.versions, self._alike)
        self.judged = 0
        """How many calls were judged; the others were remembered."""

    def judge(self, recording: Cassette | Recording) -> Iterator[Row]:
        """The rows of one recording.

        Raises:
            UnknownApiVersion: A call names a version without a contract.
        """
        if isinstance(recording, Cassette):
            recording = from_cassette(recording)
        for call in recording.calls():
            if _skip(recording, call):
                continue
            require_judgeable(_version_of(call, recording.api_version))
            outcome = self._judge_call(recording, call)
            if outcome is not None:
                yield Row(recording.scenario, call.step, outcome)

    def judge_known(self, recording: Recording) -> Account:
        """The rows of one recording, and the account of every call in it."""
        rows: list[Row] = []
        skipped = Counter(recording.skipped)
        not_judged = Counter(recording.untold)
        is_whole = not recording.untold
        for call in recording.calls():
            elsewhere = _skip(recording, call)
            if elsewhere:
                skipped[elsewhere] += 1
                continue
            version = _version_of(call, recording.api_version)
            outcome, reason = None, _find_gap(recording, call, version)
            if not reason:
                outcome = self._judge_call(recording, call)
                reason = "" if outcome is not None else _explain_missing(version)
            is_whole = is_whole and not reason and find_stand_in(version) == version
            if outcome is not None:
                rows.append(Row(recording.scenario, call.step, outcome))
            else:
                not_judged[reason] += 1
        return Account(tuple(rows), Calls(len(rows), skipped, not_judged), is_whole)

    def _judge_call(self, recording: Recording, call: Call) -> Outcome | None:
        recorded = _version_of(call, recording.api_version)
        masked = disguise(call.exchange.request, recording.variables)
        path, url = self._counterparts.generalise(masked.request, recorded)
        meeting = self._counterparts.find(masked.request.method, path, recorded)
        if meeting is None:
            return None
        request = replace(masked.request, url=url)
        answer = self._read_answer(meeting, call)
        key = _digest(request, recorded), meeting.name, answer
        known = self._known.find(
            key, lambda: self._judge_masked(masked, request, answer, meeting, recorded)
        )
        return masked.reveal(known.outcome) if known.quotes else known.outcome

    def _judge_masked(
        self,
        masked: Disguise,
        request: Request,
        answer: Answer,
        meeting: Meeting,
        recorded: str,
    ) -> _Known:
        self.judged += 1
        outcome = self._judge_anew(request, answer, meeting, recorded)
        return _Known(outcome, masked.reveal(outcome) is not outcome)

    def _read_answer(self, meeting: Meeting, call: Call) -> Answer:
        response, body = call.exchange.response, None
        if call.reads != ():
            try:
                body = response.parse_json()
            except (ValueError, RecursionError):
                body = None
        own, tags = meeting.own.contract, self._alike.tags
        status = response.status
        seen = outline(own, meeting.operation, status, body, call.reads, tags)
        return Answer(status, seen, call.reads is not None, call.reads != ())

    def _judge_anew(
        self, request: Request, answer: Answer, meeting: Meeting, recorded: str
    ) -> Outcome:
        asked = self._asked.find(
            _digest(request, recorded), lambda: self._ask(request, meeting)
        )
        answered = self._answered.find(
            (meeting.name, answer), lambda: self._compare(meeting, answer)
        )
        cells = {
            one.contract.api_version: _make_cell(one, meeting, *findings)
            for one, *findings in zip(meeting.there, asked, answered, strict=True)
        }
        own = cells.get(recorded)
        if own is None:
            found = self._ask_one(meeting.own, request)
            own = _make_cell(meeting.own, meeting, found, ())
        label = label_call(request, meeting.operation.path)
        outcome = Outcome(meeting.operation.id, label, recorded, own, cells)
        return self._shared.find(outcome)

    def _ask(self, request: Request, meeting: Meeting) -> list[Findings]:
        """What each version has to say of a request."""
        clean: set[object] = set()
        found: list[Findings] = []
        for one in meeting.there:
            told: Findings = ()
            if one.operation is not None and one.key not in clean:
                told = self._ask_one(one, request)
                if not told:
                    clean.add(one.key)
            found.append(told)
        return found

    def _ask_one(self, one: Counterpart, request: Request) -> Findings:
        """Findings about a request that count, and what a reader sees of them."""
        assert one.operation is not None
        route = Route(one.operation, one.read_names(request))
        found = self._validator.check_found(one.contract, route, request)
        about = (
            f for f in found.findings if f.code != "AZC307"
        )  # told once, at the cell
        return tuple(_drop_inner(map(_show_unknown, filter(_is_told, about))))

    def _compare(self, meeting: Meeting, answer: Answer) -> list[Findings]:
        """What becomes of an answer at each version."""
        own = meeting.own
        compare = Comparer(own.contract, meeting.operation, answer, self._alike)
        clean: set[object] = set()
        found: list[Findings] = []
        looked = answer.looked or answer.status >= 300
        for one in meeting.there:
            told: Findings = ()
            is_other = one.contract is not own.contract and one.key not in clean
            if looked and is_other and one.operation is not None:
                compared = compare.compare(one.contract, one.operation)
                told = compared.findings
                if compared.is_clean:
                    clean.add(one.key)
            found.append(told)
        return found


def _make_cell(
    there: Counterpart, meeting: Meeting, asked: Findings, answered: Findings
) -> Cell:
    """One call at one version, of what that says of its two sides."""
    if there.operation is None:
        was = meeting.operation
        call = f"{was.method} {was.path}"
        return _absent(there.contract.api_version, there.contract.source, was.id, call)
    findings = (*asked, *answered)
    if there.operation.assumed and there.contract is not meeting.own.contract:
        findings += (_assumed(there.contract, there.operation),)
    return Cell(_classify(findings), findings) if findings else _OK


def _skip(recording: Recording, call: Call) -> str:
    """Why a call has no row and needs none; "" for one to judge."""
    request = call.exchange.request
    elsewhere = name_destination(request)
    if elsewhere or not is_status_path(request.path):
        return elsewhere or ("no answer" if call.step in recording.silent else "")
    return "poll of an operation"


def _find_gap(recording: Recording, call: Call, version: str) -> str:
    """What keeps a call from being judged; "" for nothing.

    Answers of one version below requests of another are no recording of either: what
    is wrong with them now would count as wrong from the beginning.
    """
    if recording.upgraded_from:
        return "upgraded and not recorded"
    if call.step in recording.lost:
        return "its body is not in the recording"
    return "" if version and find_stand_in(version) else "no known api-version"


def _explain_missing(version: str) -> str:
    stand_in = find_stand_in(version)
    is_told = load_contract(stand_in or version).source is SourceKind.SWAGGER
    return NO_OPERATION if is_told else UNTOLD


def _version_of(call: Call, default: str) -> str:
    return (call.exchange.request.api_version or default).lower()


def _digest(request: Request, recorded: str) -> bytes:
    digest = blake2b(digest_size=16)
    head = f"{recorded} {request.method} {request.url}".encode()
    digest.update(len(head).to_bytes(8, "big") + head + request.body)
    return digest.digest()


@lru_cache(maxsize=4096)
def _absent(version: str, source: SourceKind, name: str, call: str) -> Cell:
    if source is SourceKind.SWAGGER:
        finding = Finding(
            "AZC301",
            Severity.ERROR,
            f"{version} has no operation {name}.",
            cure="Stay at a version that has it, or call what took its place.",
            operation=name,
            api_version=version,
            seen=call,
        )
        return Cell(Status.GONE, (finding,))
    finding = Finding(
        "AZC307",
        Severity.INFO,
        f"The source of {version} does not tell whether {name} is there.",
        cure="Try the call.",
        operation=name,
        api_version=version,
        evidence=Evidence.UNKNOWN,
    )
    return Cell(Status.UNKNOWN, (finding,))


def _assumed(contract: Contract, now: Operation) -> Finding:
    carried = f"; carried over from {now.carried_from}" if now.carried_from else ""
    return Finding(
        "AZC307",
        Severity.INFO,
        f"The source of {contract.api_version} does not tell whether {now.id} is "
        f"there{carried}.",
        cure="Try the call.",
        operation=now.id,
        api_version=contract.api_version,
        evidence=Evidence.UNKNOWN,
    )


def _is_told(finding: Finding) -> bool:
    """Whether a finding does not hang on what a script leaves to a run."""
    if finding.code in ("AZC150", "AZC151"):
        return True
    values = (finding.seen, *finding.expected)
    return not any(isinstance(one, str) and _UNKNOWN.search(one) for one in values)


def _show_unknown(finding: Finding) -> Finding:
    if not _UNKNOWN.search(finding.message + finding.pointer):
        return finding
    message = _UNKNOWN.sub("", finding.message)
    return finding._replace(message=message, pointer=_UNKNOWN.sub("", finding.pointer))


def _drop_inner(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out what lies inside a property that is dropped as a whole."""
    found = list(findings)
    dropped = tuple(
        f"{finding.pointer}/"
        for finding in found
        if CODES[finding.code].consequence is Consequence.IGNORED and finding.pointer
    )
    return (f for f in found if not dropped or not f.pointer.startswith(dropped))


def _classify(findings: Sequence[Finding]) -> Status:
    errors = [f for f in findings if f.severity is Severity.ERROR]
    if errors:
        return max((_consequence(f) for f in errors), key=_WORSE.__getitem__)
    if any(finding.severity is Severity.WARNING for finding in findings):
        return Status.WARNS
    told = any(finding.code == "AZC307" for finding in findings)
    return Status.UNKNOWN if told else Status.OK


# A body that is refused is not accepted with a part of it dropped.
_WORSE = {Status.GONE: 0, Status.IGNORED: 1, Status.REFUSED: 2}


def _consequence(finding: Finding) -> Status:
    if finding.code.startswith("AZC3"):
        return Status.GONE
    refused = CODES[finding.code].consequence is Consequence.REFUSED
    return Status.REFUSED if refused else Status.IGNORED


def label_call(request: Request, template: str) -> str:
    """A short name of a call: verb, resource type, action, and the job's type.

    For example ``PUT environments``, ``PUT jobs Command`` or ``POST listSecrets``.
    """
    tail = template.partition("/workspaces/{workspaceName}/")[2]
    words = [word for word in tail.split("/") if word and not word.startswith("{")]
    if "{version}" in tail and "versions" in words:
        words.remove("versions")
    if request.method == "POST":
        words = words[-1:]
    kind = re.search(rb'"jobType":\s*"(\w+)"', request.body)
    kinds = [kind[1].decode()] if kind else []
    return " ".join([request.method, *(words or ["workspace"]), *kinds])

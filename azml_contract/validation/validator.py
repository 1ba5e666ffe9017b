"""Check calls against the contract of their api-version.

In: requests, responses, exchanges. Out: verdicts: the operation, how many
sides were validated, and every finding in one pass. `judge` decides,
`explain` runs only where it says no, `semantics` always. Knows no files, no
recordings and no reports.

Only calls of the provider are judged; others are skipped, and the verdict says
where they went. Polls of long-running operations stand in no specification and
are judged by the protocol of Azure Resource Manager.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from azml_contract.contract.catalog import (
    find_stand_in,
    is_newer_than_known,
    load_contract,
)
from azml_contract.contract.contract import Contract, NoRoute, Route
from azml_contract.contract.model import Operation, ResponseSpec, Type, View
from azml_contract.contract.views import Lens
from azml_contract.errors import ContractError, UnknownApiVersion
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.finding import Finding, Side
from azml_contract.validation import calls
from azml_contract.validation.body import BodyCheck, compile_body
from azml_contract.validation.calls import Scope
from azml_contract.validation.defects import find_defect, is_told
from azml_contract.validation.destination import (
    ANOTHER_PROVIDER,
    find_fault,
    is_status_path,
    name_destination,
    name_provider,
)
from azml_contract.validation.envelope import check_envelope
from azml_contract.validation.grade import Grader, Profile
from azml_contract.validation.jsontext import parse_json
from azml_contract.validation.nearest import find_abbreviated, find_nearest
from azml_contract.validation.parsed import Parsed
from azml_contract.validation.polls import check_poll, check_polled
from azml_contract.validation.retirement import check_retirement
from azml_contract.validation.semantics import choose_place
from azml_contract.validation.settled import (
    Key,
    Settled,
    find_pattern,
    is_settled,
    split,
)
from azml_contract.validation.verdict import Verdict
from azml_contract.validation.whole_body import judge_at

__all__ = ["NO_OPERATION", "UNTOLD", "Profile", "Scope", "Validator", "Verdict"]

NO_OPERATION = "no known operation"
UNTOLD = "its api-version's source cannot tell"
_MOST_SETTLED = 64
_VIEWS = {"PATCH": View.UPDATE}


class _Call(NamedTuple):
    """A request whose operation is known."""

    contract: Contract
    route: Route


class _Recognised(NamedTuple):
    """What a request is: a call, a poll, or why it is neither."""

    call: _Call | None = None
    findings: tuple[Finding, ...] = ()
    is_poll: bool = False
    skipped: str = ""
    not_judged: str = ""


class Validator:
    """Checks calls; verdicts never depend on their order.

    Args:
        profile: `service` judges by what the live service is known to do,
            `strict` by the written contract.
        scope: Where calls are meant to go; empty fields are not checked.
        load: Where contracts come from, by api-version.
        compiles: Whether schemas are compiled where many bodies come. That pays where
            most keep their contract; off, verdicts are the same, and a fifth of a
            megabyte is saved for each schema.
    """

    def __init__(
        self,
        *,
        profile: Profile = Profile.SERVICE,
        scope: Scope = Scope(),  # noqa: B008 - immutable
        load: Callable[[str], Contract] = load_contract,
        compiles: bool = True,
    ) -> None:
        self.profile = profile
        self.scope = scope
        self._load = load
        self._compiles = compiles
        self._latest: tuple[bytes, Parsed] = (b"", Parsed(None))
        self._settled: dict[Key, Settled | None] = {}

    def check_request(self, request: Request) -> Verdict:
        """Check a request: path, verb, query, names, body and what the body means."""
        parts = split(request)
        if parts is None:
            return self._judge_request(self._recognise(request), request)
        key, name = parts
        settled = self._settled.get(key)
        if settled is not None and settled.takes(name):
            quick = self._judge_settled(settled, request.body)
            if quick is not None:
                return quick
        known = self._recognise(request)
        if settled is None and known.call is not None and not known.findings:
            # To settle takes longer than to judge, and pays where more such come.
            if key in self._settled:
                self._settle(key, name, known.call, request)
            else:
                self._keep(key, None)
        return self._judge_request(known, request)

    def check_found(
        self, contract: Contract, route: Route, request: Request
    ) -> Verdict:
        """Check a request whose operation the caller has found in a contract."""
        return self._judge_request(_Recognised(_Call(contract, route)), request)

    def check_response(self, request: Request, response: Response) -> Verdict:
        """Check the answer to a request: status, headers and body."""
        known = self._recognise(request, tells=False)
        return self._judge_response(known, request, response)

    def check(self, exchange: Exchange) -> Verdict:
        """Check a request and its answer; of one that the network cut, the request."""
        known = self._recognise(exchange.request)
        if exchange.response.status < 100 and not known.skipped:
            return Verdict("", (), skipped="no answer")
        asked = self._judge_request(known, exchange.request)
        if exchange.failure is not None:
            return asked
        answered = self._judge_response(known, exchange.request, exchange.response)
        found = asked.findings + answered.findings
        return replace(asked, findings=found, responses=answered.responses)

    def check_body(self, api_version: str, operation: str, body: bytes) -> Verdict:
        """Check a request body alone, sent to an operation; no path, no query.

        Raises:
            UnknownApiVersion: No contract is known for `api_version`, and it is not
                newer than those that are.
            ContractError: It has no such operation; names the nearest.
        """
        contract = self._load_or_newest(api_version)
        known = contract.operations.get(operation)
        if known is None:
            raise _make_unknown_operation(contract, operation)
        call = _Call(contract, Route(known, {}))
        grader = self._grader(call, Side.REQUEST)
        found = tuple(self._check_body(grader, call, body))
        if contract.api_version != api_version:
            told = self._plain_grader(api_version)
            found = (calls.find_unknown_version(told, api_version, ()), *found)
        return Verdict(operation, found, requests=1, contract=contract.api_version)

    def tell_not_judged(self, reason: str, *, certain: bool = True) -> Finding:
        """The finding of a call that cannot even be handed to this validator."""
        return calls.tell_not_judged(self._plain_grader(""), reason, certain=certain)

    def _judge_request(self, known: _Recognised, request: Request) -> Verdict:
        call = known.call
        if call is None:
            grader = Grader(self.profile, "", "", Side.REQUEST)
            found = tuple(check_poll(grader, request)) if known.is_poll else ()
            return Verdict(
                "",
                known.findings + found,
                requests=int(known.is_poll),
                skipped=known.skipped,
                not_judged=known.not_judged,
            )
        grader = self._grader(call, Side.REQUEST)
        found = (*known.findings, *self._check_request(grader, call, request))
        judged_by = call.contract.api_version
        return Verdict(call.route.operation.id, found, requests=1, contract=judged_by)

    def _judge_response(
        self, known: _Recognised, request: Request, response: Response
    ) -> Verdict:
        call = known.call
        if call is None:
            grader = Grader(self.profile, "", "", Side.RESPONSE)
            found = tuple(check_retirement(grader, response))
            if known.is_poll:
                found += tuple(check_polled(grader, request, response))
            return Verdict(
                "",
                found,
                responses=int(known.is_poll),
                skipped=known.skipped,
                not_judged=known.not_judged,
            )
        grader = self._grader(call, Side.RESPONSE)
        found = tuple(self._check_response(grader, call, response))
        judged_by = call.contract.api_version
        return Verdict(call.route.operation.id, found, responses=1, contract=judged_by)

    def _grader(self, call: _Call, side: Side) -> Grader:
        version, operation = call.contract.api_version, call.route.operation.id
        return Grader(self.profile, version, operation, side)

    def _recognise(self, request: Request, *, tells: bool = True) -> _Recognised:
        """The operation of a request, or why there is none.

        With `tells` off, nobody wants the finding of a path that no operation has,
        which takes as long as hundreds of others.
        """
        fault = find_fault(request)
        if fault:
            told = calls.tell_not_judged(self._plain_grader(""), fault)
            return _Recognised(findings=(told,), not_judged=fault)
        version = request.api_version
        grader = self._plain_grader(version or "")
        skipped = name_destination(request)
        if skipped:
            other = skipped == ANOTHER_PROVIDER
            provider = name_provider(request.path)
            found = (_note_other_provider(grader, provider),) if other else ()
            return _Recognised(findings=found, skipped=skipped)
        findings = tuple(calls.check_host(grader, request))
        if is_status_path(request.path):
            return _Recognised(findings=findings, is_poll=True)
        contract, nearest = self._find_contract(version)
        finding = calls.check_api_version(grader, version, nearest, self.scope)
        findings += (finding,) if finding is not None else ()
        if contract is None:
            why = "no known api-version"
            return _Recognised(findings=findings, not_judged=why)
        route = contract.find(request.method, request.path)
        if isinstance(route, NoRoute):
            untold = calls.tell_untold(grader, request, contract.source)
            why = UNTOLD if untold else NO_OPERATION
            if tells:
                told = untold or calls.check_route(grader, request, route)
                findings = (*findings, told)
            return _Recognised(findings=findings, not_judged=why)
        return _Recognised(_Call(contract, route), findings)

    def _plain_grader(self, version: str) -> Grader:
        return Grader(self.profile, version, "", Side.REQUEST)

    def _find_contract(
        self, version: str | None
    ) -> tuple[Contract | None, tuple[str, ...] | None]:
        if not version:
            return None, None
        try:
            return self._load(version.lower()), None
        except UnknownApiVersion as error:
            stand_in = find_stand_in(version.lower())
            contract = self._load(stand_in) if stand_in else None
            return contract, tuple(error.nearest)

    def _load_or_newest(self, version: str) -> Contract:
        """The contract of a version, or what stands in for one that is newer."""
        try:
            return self._load(version)
        except UnknownApiVersion:
            stand_in = find_stand_in(version)
            if stand_in is None or not is_newer_than_known(version):
                raise
            return self._load(stand_in)

    def _check_request(
        self, grader: Grader, call: _Call, request: Request
    ) -> Iterator[Finding]:
        yield from self._check_around(grader, call, request)
        yield from self._check_body(grader, call, request.body)

    def _check_around(
        self, grader: Grader, call: _Call, request: Request
    ) -> Iterator[Finding]:
        yield from calls.tell_assumed(grader, call.route.operation)
        yield from calls.check_names(grader, call.route, scope=self.scope)
        yield from calls.check_query(grader, call.route.operation, request.query)

    def _settle(self, key: Key, name: str, call: _Call, request: Request) -> None:
        """Remember a request where nothing is to be said but of its body."""
        grader, route = self._grader(call, Side.REQUEST), call.route
        if route.operation.body is None or not is_settled(request, route, name):
            return
        if any(self._check_around(grader, call, request)):
            return
        judged_by = call.contract.api_version
        settled = Settled(
            grader,
            self._compile(call, route.operation.body),
            choose_place(route.values, self.scope),
            call.contract.words,
            find_pattern(route),
            Verdict(route.operation.id, (), requests=1, contract=judged_by),
        )
        self._keep(key, settled)

    def _keep(self, key: Key, settled: Settled | None) -> None:
        """Remember that a request came, and what was settled of it."""
        if len(self._settled) >= _MOST_SETTLED and key not in self._settled:
            self._settled.clear()
        self._settled[key] = settled

    def _judge_settled(self, known: Settled, body: bytes) -> Verdict | None:
        """The verdict; None where the text of the body is no good JSON."""
        if not body.strip():
            return None
        parsed = self._parse(body)
        if parsed.defects or not parsed.readable:
            return None
        found = judge_at(
            known.grader, known.check, parsed.value, known.place, self._compiles
        )
        if not found:
            return known.verdict
        verdict, by = known.verdict, known.verdict.contract
        return Verdict(verdict.operation, tuple(found), requests=1, contract=by)

    def _compile(self, call: _Call, body: Type) -> BodyCheck:
        lens = Lens(_VIEWS.get(call.route.operation.method, View.CREATE))
        bounded = self.profile is Profile.SERVICE
        return compile_body(call.contract, body, lens, is_bounded=bounded)

    def _check_body(
        self, grader: Grader, call: _Call, body: bytes
    ) -> Iterator[Finding]:
        operation = call.route.operation
        is_empty = not body.strip()
        if operation.body is None or is_empty:
            yield from _check_presence(grader, operation, is_empty)
            return
        parsed = self._parse(body)
        for defect in parsed.defects:
            yield find_defect(grader, defect)
        if not parsed.readable:
            return
        check = self._compile(call, operation.body)
        place = choose_place(call.route.values, self.scope)
        found = judge_at(grader, check, parsed.value, place, self._compiles)
        yield from (one for one in found if not is_told(one, parsed))

    def _parse(self, body: bytes) -> Parsed:
        """A body as parsed; one that is judged at many versions in a row, once."""
        known, parsed = self._latest
        if known is not body:
            parsed = parse_json(body)
            self._latest = body, parsed
        return parsed

    def _check_response(
        self, grader: Grader, call: _Call, response: Response
    ) -> Iterator[Finding]:
        operation = call.route.operation
        yield from check_retirement(grader, response)
        yield from calls.check_status(grader, operation, response)
        parsed = Parsed(None)
        if response.body.strip():
            parsed = parse_json(response.body)
        for defect in parsed.defects:
            yield find_defect(grader, defect, str(response.status))
        if parsed.readable:
            found = self._check_answer(grader, call, response, parsed.value)
            yield from (one for one in found if not is_told(one, parsed))
        yield from calls.check_long_running(grader, operation, response, parsed.value)

    def _check_answer(
        self, grader: Grader, call: _Call, response: Response, value: Any
    ) -> Iterator[Finding]:
        spec = _find_spec(call.route.operation, response.status)
        if spec is None:
            return
        # Services write "no body" as null or {} too.
        empty = value is None or value == {}
        if spec.body is None:
            if not empty:
                yield grader.find(
                    "AZC222",
                    f"{grader.operation} answered {response.status} with a body; "
                    "none is documented.",
                )
            return
        if value is None:
            yield grader.find(
                "AZC221",
                f"{grader.operation} answered {response.status} without a body.",
                name=str(response.status),
                owner=grader.operation,
            )
            return
        lens = Lens(View.RESPONSE, reveals=call.route.operation.method == "POST")
        check = compile_body(call.contract, spec.body, lens)
        for deviation in check.check(value):
            yield check.grade(grader, deviation)
        definitions = call.contract.definitions
        yield from check_envelope(grader, definitions, spec.body, value)


def _check_presence(
    grader: Grader, operation: Operation, is_empty: bool
) -> Iterator[Finding]:
    if operation.body is None and not is_empty:
        message = f"{operation.id} takes no body, and one was sent."
        yield grader.find("AZC122", message, cure="Send none.")
    elif operation.body is not None and operation.body_required:
        message = f"{operation.id} needs a body."
        yield grader.find("AZC121", message, cure="Send a JSON object.")


def _find_spec(operation: Operation, status: int) -> ResponseSpec | None:
    responses: Mapping[str, ResponseSpec] | None = operation.responses
    if responses is None:
        return None
    found = responses.get(str(status))
    return found or (responses.get("default") if status >= 400 else None)


def _note_other_provider(grader: Grader, provider: str) -> Finding:
    name = provider or "Azure Resource Manager itself"
    return grader.find(
        "AZC152",
        f"This call goes to {name}; only Microsoft.MachineLearningServices is judged.",
        seen=provider,
    )


def _make_unknown_operation(contract: Contract, operation: str) -> ContractError:
    near = (
        find_nearest(operation, contract.operations)
        or find_abbreviated(operation, contract.operations)[:3]
    )
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return ContractError(
        f"{contract.api_version} has no operation {operation!r}.{hint}\n"
        "All operations: azml-contract contract show "
        f"--api-version {contract.api_version}"
    )

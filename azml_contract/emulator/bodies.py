"""Which bodies and queries the service refuses, and in which words.

In: a request to an operation. Out: nothing, or the error of a call that breaks its
contract: something required is missing, a type is wrong, a value is not allowed. What
the live service has been seen to take (names and values in another case,
unknown properties) is not refused, and neither is what a body means; whether
the things exist that it refers to is not looked at here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from azml_contract.contract.contract import Contract, Route
from azml_contract.contract.model import Operation, View
from azml_contract.contract.views import Lens
from azml_contract.emulator.body_text import Sent
from azml_contract.emulator.refusal import Json, refuse_body
from azml_contract.exchange import Request
from azml_contract.finding import Evidence, Finding, Severity, Side
from azml_contract.validation.body import BodyCheck, compile_body
from azml_contract.validation.calls import matches
from azml_contract.validation.codes import CODES, Consequence
from azml_contract.validation.grade import Grader
from azml_contract.validation.validator import Profile, Validator

_WRONG_TYPE = "AZC104"
_BAD_ENUM = "AZC106"
_TEXT_MAPS = ("tags", "properties")
_BOOLEANS = ("true", "false")
_CATEGORY = "/properties/category"
_ENCRYPTION = "/properties/encryption/keyVaultProperties/"
_NOT_JSON = "AZC130"
# From here on codes are about paths, which ARM's front judges, and about what
# a body means, which the service finds out when it runs the job.
_FIRST_OF_MEANING = "AZC150"
_MOST = 2000


class Gate:
    """Judges requests to operations. It keeps what it knows of operations, no request.

    Most requests ask for nothing that their operation does not know, name things as it
    wants and have a body that is good JSON: of those the body alone is judged, and read
    by nobody twice. All others are left to the validator.
    """

    def __init__(self) -> None:
        self._validator = Validator(profile=Profile.SERVICE)
        self._expected: dict[tuple[str, str], Expected] = {}

    def pass_body(
        self,
        request: Request,
        contract: Contract,
        route: Route,
        sent: Sent,
        expected: Expected,
        *,
        is_usual: bool,
    ) -> bool:
        """Let a body pass.

        Args:
            request: With the body.
            contract: Of its api-version.
            route: Its operation.
            sent: The body, read.
            expected: What the operation wants, see `expect`.
            is_usual: What `expected.is_usual` says of the request.

        Returns:
            Whether it keeps its contract: each name and word is as it stands there.

        Raises:
            Refusal: 400, the service would not take it.
        """
        check = expected.check
        if check is None or not sent.is_good or not is_usual:
            if is_usual and check is None:
                return False
            verdict = self._validator.check_found(contract, route, request)
            _refuse_broken(verdict.findings)
            return False
        deviations = check.check(sent.value)
        if deviations:
            grader = expected.grader
            _refuse_broken([check.grade(grader, one) for one in deviations[:_MOST]])
        return not deviations

    def expect(self, contract: Contract, operation: Operation) -> Expected:
        """What an operation wants; made when it is first called."""
        key = (contract.api_version, operation.id)
        known = self._expected.get(key)
        if known is None or known.operation is not operation:
            known = self._expected[key] = _expect(contract, operation)
        return known


class Expected(NamedTuple):
    """What an operation wants of a request."""

    operation: Operation
    grader: Grader
    check: BodyCheck | None
    patterns: tuple[tuple[str, str], ...]
    """Of names in the path, by parameter."""
    wants_query: bool

    def is_usual(self, request: Request, route: Route) -> bool:
        """Whether nothing can be wrong with a request but its body."""
        if self.wants_query or len(request.query) != 1:
            return False
        values = route.values
        for name, pattern in self.patterns:
            if name in values and not matches(pattern, values[name]):
                return False
        return True


def _expect(contract: Contract, operation: Operation) -> Expected:
    named = operation.parameters if operation.method == "PUT" else ()
    lens = Lens(View.UPDATE if operation.method == "PATCH" else View.CREATE)
    body = operation.body
    return Expected(
        operation,
        Grader(Profile.SERVICE, contract.api_version, operation.id, Side.REQUEST),
        compile_body(contract, body, lens, is_bounded=True) if body else None,
        tuple(
            (one.name, one.type.pattern)
            for one in named
            if one.place == "path" and one.type.pattern
        ),
        any(
            one.required
            for one in operation.parameters
            if one.place == "query" and one.name.lower() != "api-version"
        ),
    )


def _refuse_broken(findings: Iterable[Finding]) -> None:
    broken = [f for f in findings if _is_refused(f)]
    if broken:
        raise refuse_body([_detail(one) for one in broken])


def _is_refused(finding: Finding) -> bool:
    code = CODES[finding.code]
    if code.consequence is not Consequence.REFUSED or finding.code == _NOT_JSON:
        return False
    if finding.code >= _FIRST_OF_MEANING or _is_left_empty(finding):
        return False
    if finding.code == _WRONG_TYPE and (
        _is_taken_as_text(finding) or _is_taken_as_boolean(finding)
    ):
        return False
    if finding.code == _BAD_ENUM:
        if finding.pointer == _CATEGORY:
            return False  # azure-ai-ml's template names categories of later versions
        # A warning to a reader, since the specification leaves every enum open;
        # the service itself is known to refuse what it does not know.
        return finding.evidence is not Evidence.LIVE
    return finding.severity is Severity.ERROR


def _is_left_empty(finding: Finding) -> bool:
    """Whether it is a key that was not filled in.

    azure-ai-ml 1.35.2 makes every workspace from a template that sends the key vault
    and the key of an encryption empty, with the status ``Disabled``.
    """
    return finding.pointer.startswith(_ENCRYPTION) and finding.seen in ("", None, 0)


def _is_taken_as_text(finding: Finding) -> bool:
    """Whether it is a number or a truth value in a map of texts.

    azure-ai-ml 1.35.2 sends ``hash_version`` as a number with every code.
    """
    if finding.pointer.count("/") <= 2:  # the body itself, or no map in a resource
        return False
    parent = finding.pointer.rsplit("/", 2)[-2]
    return parent in _TEXT_MAPS and isinstance(finding.seen, bool | int | float)


def _is_taken_as_boolean(finding: Finding) -> bool:
    """Whether it is ``"true"`` or ``"false"``, as templates of ARM write them."""
    return str(finding.seen).lower() in _BOOLEANS and "boolean" in finding.message


def _detail(finding: Finding) -> Json:
    message = finding.message
    if finding.code == _BAD_ENUM:
        field = finding.pointer.rpartition("/")[2]
        allowed = ",".join(str(value) for value in finding.expected)
        message = (
            "The value provided is not a valid enum value. "
            f"Field: {field}. Allowed values: {allowed}."
        )
    return {"code": "RequestInvalid", "message": message, "target": finding.pointer}

"""Which bodies and queries the service refuses, and in which words.

In: a request to an operation. Out: nothing, or the error of a call that breaks its
contract: something required is missing, a type is wrong, a value is not allowed. What
the live service has been seen to take (names and values in another case,
unknown properties) is not refused, and neither is what a body means; whether
the things exist that it refers to is not looked at here.
"""

from __future__ import annotations

from collections.abc import Callable

from azml_contract.contract.contract import Contract, NoRoute
from azml_contract.emulator.refusal import Json, Refusal
from azml_contract.exchange import Request
from azml_contract.finding import Evidence, Finding, Severity
from azml_contract.validation.codes import CODES, Consequence
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


def make_refuse_body() -> Callable[[Request, Contract], Refusal | None]:
    """A judge of requests; it keeps no state."""
    validator = Validator(profile=Profile.SERVICE)

    def refuse(request: Request, contract: Contract) -> Refusal | None:
        route = contract.find(request.method, request.path)
        if isinstance(route, NoRoute):  # HEAD, which has no body
            return None
        verdict = validator.check_found(contract, route, request)
        broken = [f for f in verdict.findings if _is_refused(f)]
        return _as_refusal(broken) if broken else None

    return refuse


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


def _as_refusal(findings: list[Finding]) -> Refusal:
    return Refusal(
        400,
        "UserError",
        "Request is invalid and/or missing fields.",
        "BadArgument",
        "RequestInvalid",
        details=[_detail(finding) for finding in findings],
    )


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

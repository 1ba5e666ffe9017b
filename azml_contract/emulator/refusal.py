"""How the service says no: two error envelopes and who writes them.

In: status, code, message. Out: `Refusal`, which a handler raises, and the JSON
of both envelopes. Source: the recorded errors of the live service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from azml_contract.emulator.clock import as_iso
from azml_contract.errors import ArmError

Json = dict[str, Any]


class Refusal(ArmError):
    """A request that the emulated service answers with an error.

    Args:
        status: HTTP status.
        code: ``error.code``.
        message: ``error.message``.
        inner_codes: ``InnerError`` chain, outermost first.
        by: ``gateway`` for ARM's front, ``service`` for Azure ML itself, or the
            name of a part of it that writes an envelope of its own.
        details: ``error.details``.
        parameters: ``MessageParameters``; empty leaves them out.
        headers: Besides those that every answer has.
        bare: Without ``additionalInfo``, as some errors of the service are.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *inner_codes: str,
        by: str = "service",
        details: Sequence[Json] = (),
        parameters: Mapping[str, str] | None = None,
        message_format: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        bare: bool = False,
    ) -> None:
        super().__init__(
            status=status, code=code, message=message, inner_codes=inner_codes
        )
        self.by = by
        self.parts = list(details)
        self.parameters = dict(parameters or {})
        self.message_format = message_format
        self.headers = headers
        self.bare = bare


def refuse_at_gateway(
    status: int,
    code: str,
    message: str,
    *,
    headers: tuple[tuple[str, str], ...] = (),
) -> Refusal:
    """An error of ARM's front: ``{"error": {"code", "message"}}``."""
    return Refusal(status, code, message, by="gateway", headers=headers)


def refuse_body(details: Sequence[Json] = ()) -> Refusal:
    """The service's error for a body that it does not take, whatever is wrong."""
    return Refusal(
        400,
        "UserError",
        "Request is invalid and/or missing fields.",
        "BadArgument",
        "RequestInvalid",
        details=details,
    )


def refuse_resource_not_found(path_type: str, name: str, group: str) -> Refusal:
    """ARM's error for a top-level resource that is not there."""
    return refuse_at_gateway(
        404,
        "ResourceNotFound",
        f"The Resource '{path_type}/{name}' under resource group '{group}' was not "
        "found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def write_envelope(
    refusal: Refusal, *, region: str, now_s: float, draw_hex: Callable[[int], str]
) -> Json:
    """The JSON body of an error.

    Args:
        refusal: What is wrong.
        region: Where the service says that it runs.
        now_s: Time of the emulated service.
        draw_hex: Draws that many hex digits, for the correlation ids.
    """
    error: Json = {"code": refusal.code, "message": refusal.message}
    if refusal.by == "gateway":
        return {"error": error}
    if refusal.by != "service":
        return _write_flat(refusal, region=region, now_s=now_s, draw_hex=draw_hex)
    error["details"] = refusal.parts
    if refusal.bare:
        return {"error": error}
    error["additionalInfo"] = [
        _info("ComponentName", "managementfrontend"),
        _info("Correlation", {"operation": draw_hex(32), "request": draw_hex(16)}),
        _info("Environment", region),
        _info("Location", region),
        _info("Time", as_iso(now_s)),
    ]
    if refusal.inner_codes:
        error["additionalInfo"].append(_info("InnerError", _chain(refusal.inner_codes)))
    if refusal.message_format:
        error["additionalInfo"].append(_info("MessageFormat", refusal.message_format))
    if refusal.parameters:
        error["additionalInfo"].append(_info("MessageParameters", refusal.parameters))
    return {"error": error}


def _write_flat(
    refusal: Refusal, *, region: str, now_s: float, draw_hex: Callable[[int], str]
) -> Json:
    """The envelope of registries and connections: nothing in ``additionalInfo``."""
    return {
        "error": {
            "code": refusal.code,
            "severity": None,
            "message": refusal.message,
            "messageFormat": refusal.message_format or None,
            "messageParameters": refusal.parameters or None,
            "referenceCode": None,
            "detailsUri": None,
            "target": None,
            "details": refusal.parts,
            "innerError": _chain(refusal.inner_codes),
            "debugInfo": None,
            "additionalInfo": None,
        },
        "correlation": {"operation": draw_hex(32), "request": draw_hex(16)},
        "environment": region,
        "location": region,
        "time": as_iso(now_s),
        "componentName": refusal.by,
    }


def _info(name: str, value: object) -> Json:
    return {"type": name, "info": {"value": value}}


def _chain(codes: Sequence[str]) -> Json | None:
    chain: Json | None = None
    for code in reversed(codes):
        chain = {"code": code, "innerError": chain}
    return chain

"""What planned faults do to calls of ARM.

In: a fault, and the reply that there would be. Out: the service's own refusal, or the
reply as the fault leaves it. Which call has which fault is told by `faults`.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from azml_contract.emulator.faults import Fault, FaultKind
from azml_contract.emulator.refusal import Refusal, refuse_at_gateway
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.store import Store
from azml_contract.settings import PROVIDER

_SERVER_ERRORS = {
    500: ("InternalServerError", "Received 500 from a service request."),
    502: (
        "BadGatewayConnection",
        (
            f"The network connectivity issue encountered for '{PROVIDER}'; cannot "
            "fulfill the request."
        ),
    ),
    503: ("ServiceUnavailable", "The service is temporarily unavailable."),
    504: (
        "TransientError",
        "Service invocation timed out. Request: the call took longer than allowed.",
    ),
}
_FOR_EVER_S = 1e12


def raise_fault(fault: Fault) -> None:
    """Refuse a call as the fault has it.

    Raises:
        Refusal: It is throttled, or the service failed.
    """
    if fault.kind is FaultKind.THROTTLE:
        after = fault.retry_after_s
        header = (("Retry-After", str(after)),) if fault.retry_after_header else ()
        raise Refusal(
            429,
            "UserError",
            "Received too many requests in a short amount of time. Retry again after "
            f"{after} seconds.",
            "QuotaExceeded",
            "TooManyRequests",
            headers=header,
        )
    if fault.kind is FaultKind.SERVER_ERROR:
        code, message = _SERVER_ERRORS.get(fault.status, ("ServiceError", "Error."))
        raise refuse_at_gateway(fault.status, code, message)


def spoil(reply: Reply, fault: Fault, store: Store) -> Reply:
    """An answer as the faults of long operations and of pages leave it."""
    if fault.kind is FaultKind.NEVER_ENDS:
        for _, value in reply.headers:
            operation_id = urlsplit(value).path.rpartition("/")[2]
            begun = store.get_operation(operation_id)
            if begun is not None:
                store.add_operation(replace(begun, duration_s=_FOR_EVER_S))
    if fault.kind is FaultKind.CHANGING_PAGE and isinstance(reply.body, dict):
        # Somebody removed what stood first while the client was reading.
        page = reply.body.get("value")
        if isinstance(page, list):
            return replace(reply, body={**reply.body, "value": page[1:]})
    return reply

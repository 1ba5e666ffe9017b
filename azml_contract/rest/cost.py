"""Which calls start what costs money.

In: verb and path of a call. Out: nothing, or a `UsageError` that says how to allow
it. Knows no prices: clusters, jobs and endpoints run on machines that are billed.
"""

from __future__ import annotations

import re

from azml_contract.errors import UsageError

_BILLED = re.compile(
    r"/workspaces/[^/]+/(computes|jobs|schedules|onlineEndpoints|batchEndpoints"
    r"|serverlessEndpoints|inferencePools)/[^?]*",
    re.IGNORECASE,
)
_STARTING = re.compile(r"/(start|restart|resize)/?$", re.IGNORECASE)


def refuse_cost(method: str, path: str) -> None:
    """Refuse a call that would start something billed.

    Args:
        method: Verb, upper case.
        path: From ``/subscriptions/`` on, without the query.

    Raises:
        UsageError: It would.
    """
    billed = find_billed(method, path)
    if billed:
        raise UsageError(
            f"{method} {billed} may start what Azure bills, and was not sent. Mark the "
            "scenario compute=True and run it with --azml-allow-compute; or, where it "
            "costs nothing, mark it compute=False."
        )


def find_billed(method: str, path: str) -> str:
    """The kind of resource that a call would start and Azure bills; "" for none."""
    billed = _BILLED.search(path)
    starts = method == "PUT" or (method == "POST" and _STARTING.search(path))
    return billed[1] if billed and starts else ""

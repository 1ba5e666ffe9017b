"""Check the polls of long-running operations, which no specification describes.

In: a call to the status or the result of an operation. Out: what breaks the
protocol of Azure Resource Manager. Bodies of results are those of the resource,
and are not looked into.

Source: ARM resource provider contract, async-api-reference.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from azml_contract.exchange import Request, Response
from azml_contract.finding import Finding
from azml_contract.validation.grade import Grader
from azml_contract.validation.jsontext import parse_json

_RESULT = re.compile(r"operationresults/", re.IGNORECASE)


def check_poll(grader: Grader, request: Request) -> Iterator[Finding]:
    """An operation can be polled, and nothing else."""
    if request.method.upper() not in ("GET", "HEAD"):
        yield grader.find(
            "AZC151",
            f"{request.method} is not allowed on {request.path}; it knows GET.",
            cure="Send GET.",
            expected=("GET",),
            seen=request.method,
        )


def check_polled(
    grader: Grader, request: Request, response: Response
) -> Iterator[Finding]:
    """The answer to a poll: the state of the operation, or its result."""
    if response.status >= 400 or not response.body.strip():
        return
    parsed = parse_json(response.body)
    for defect in parsed.defects[:1]:
        yield grader.find("AZC230", defect.message, pointer=defect.pointer)
    is_state = response.status == 200 and not _RESULT.search(request.path)
    if not parsed.readable or not is_state:
        return
    state = parsed.value.get("status") if isinstance(parsed.value, dict) else None
    if state is None:
        yield grader.find("AZC201", "The state of an operation lacks its `status`.")
    elif not isinstance(state, str):
        message = "`status` of an operation must be a string."
        yield grader.find("AZC204", message, pointer="/status", seen=state)

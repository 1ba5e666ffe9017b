"""Find the holes of a body that hide what would be judged.

In: a request whose holes are tokens, and what was found. Out: the places where a
hole stands for an object or a list whose members have a contract, or for the kind
of an object: what stands there, nobody judged. A hole that stands for a text, a
number or a table of texts hides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from azml_contract.exchange import Request
from azml_contract.finding import Finding
from azml_contract.scripts.text import TOKEN
from azml_contract.validation.codes import CODES
from azml_contract.validation.validator import Validator

_KIND = "AZC108"
_TYPE = "AZC104"
_PART = "AZC517"
_PROBES: dict[str, Any] = {"map": {"x": ""}, "array": [""]}
"""Members that a table, and a list, of texts may have."""


def find_hidden(
    validator: Validator, request: Request, findings: Iterable[Finding]
) -> Iterator[Finding]:
    """Those findings that a hole made which hides what would be judged."""
    for one in findings:
        if not (isinstance(one.seen, str) and TOKEN.fullmatch(one.seen)):
            continue
        if one.code == _KIND:
            yield one
        elif one.code == _TYPE and one.expected:
            probe = _PROBES.get(one.expected[0])
            if one.expected[0] == "ref" or (
                probe is not None and _is_judged(validator, request, one, probe)
            ):
                yield one


def _is_judged(
    validator: Validator, request: Request, finding: Finding, probe: Any
) -> bool:
    """Whether a text, in place of the hole, is found wrong."""
    token = json.dumps(finding.seen, ensure_ascii=False)
    body = request.body.decode("utf-8", "replace")
    moved = replace(request, body=body.replace(token, json.dumps(probe)).encode())
    found = validator.check_request(moved).findings
    return any(one.pointer.startswith(f"{finding.pointer}/") for one in found)


def tell_hidden(finding: Finding) -> Finding:
    """The finding of a part that was not judged, in place of that of the hole."""
    return Finding(
        code=_PART,
        severity=CODES[_PART].strict,
        message=f"{finding.pointer} was not judged: it is {finding.seen}, which the "
        "script does not tell.",
        pointer=finding.pointer,
        cure="Write what is missing, if it is to be judged.",
        operation=finding.operation,
        api_version=finding.api_version,
        evidence=CODES[_PART].evidence,
        location=finding.location,
    )

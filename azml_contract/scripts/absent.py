"""Find the paths that a script reads, and that no answer has.

In: a path that jq reads, and the call whose answer it reads. Out: a finding where
the api-version of the call declares no such thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from azml_contract.api_version import sort_key
from azml_contract.exchange import Request
from azml_contract.finding import Finding
from azml_contract.scripts.faults import make_finding
from azml_contract.scripts.script import Read
from azml_contract.validation.answer_paths import (
    explain_path,
    find_versions,
    judged_at,
)
from azml_contract.validation.grade import Profile


def find_absent_path(
    profile: Profile, read: Read, request: Request
) -> Iterator[Finding]:
    """The finding of a path that the answer to `request` does not have."""
    missing = explain_path(request, read.steps)
    if missing is None:
        return
    version = judged_at(request)
    has, _ = find_versions(request.method, request.path, read.steps)
    before = [one for one in has if sort_key(one) < sort_key(version)]
    after = [one for one in has if sort_key(one) > sort_key(version)]
    known = (
        f"; {before[-1]} had it" if before else f"; {after[0]} has it" if after else ""
    )
    cure = f"Read {show_path(missing.instead)}." if missing.instead else ""
    yield make_finding(
        profile,
        "AZC509",
        f"The answer of {missing.operation} at {version} has no "
        f"{show_path(read.steps)}{known}: what is read is null.",
        cure,
        read.source.locate(read.start),
        seen=show_path(read.steps),
        api_version=version,
    )._replace(operation=missing.operation)


def show_path(steps: Sequence[str]) -> str:
    """Steps as jq writes them."""
    written = ""
    for step in steps:
        if step == "*":
            written += "[]"
        elif step.lstrip("-").isdecimal():
            written += f"[{step}]"
        else:
            written += f".{step}"
    return written

"""Verdicts for programs: a body or a call in, findings out.

In: values. Out: lists of `Finding`, in the order of the text. No HTTP, no pytest, no
files; nothing is kept between calls, and threads may share it. An empty list means
that the call was judged and is clean: what cannot be judged is an error.

    from azml_contract import check_body

    for finding in check_body(body, "jobs/train-1", "2024-04-01"):
        print(finding.code, finding.pointer, finding.message)
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from azml_contract.contract.catalog import is_newer_than_known, load_contract
from azml_contract.errors import NothingToCheck, UnknownApiVersion
from azml_contract.exchange import Request, Response
from azml_contract.finding import Finding
from azml_contract.settings import PLACEHOLDERS
from azml_contract.validation.validator import Profile, Validator, Verdict

Folder = str | os.PathLike[str] | None


def check_body(
    body: Any,
    where: str,
    api_version: str,
    *,
    method: str = "PUT",
    status: int | None = None,
    profile: str = "service",
    contracts: Folder = None,
) -> list[Finding]:
    """Check one JSON body.

    Args:
        body: Its bytes or text as sent, or a value that is JSON. Raw text can
            hold more faults: duplicate keys, raw line breaks.
        where: An operation, such as ``Jobs_CreateOrUpdate``, or where it is sent:
            a URL, an ARM path, or a path below the workspace such as
            ``jobs/train-1``.
        api_version: At which it is judged, unless a URL names its own. One that is
            newer than all known ones is judged by the newest, and told: AZC148.
        method: The verb, where `where` is a URL or a path.
        status: The body is that of the answer with this status; only with a URL
            or a path.
        profile: ``service``, what the live service is known to do, or ``strict``,
            the written contract.
        contracts: Path of a folder that ``contract import`` filled, looked at as
            well.

    Raises:
        NothingToCheck: The call is none of Microsoft.MachineLearningServices.
        UnknownApiVersion: No contract is known for `api_version`.
        ContractError: There is no such operation; names the nearest.
        InputError: `contracts` is no such folder.
        TypeError, ValueError: `body` is no JSON value, or `profile` is neither.
    """
    raw = _to_bytes(body)
    if "/" not in where:
        return _found(
            _validator(profile, _folder(contracts)).check_body(api_version, where, raw)
        )
    if api_version:
        _require_judgeable(api_version, contracts)
    url = complete_url(where, api_version)
    if status is None:
        return check_request(
            Request(method.upper(), url, (), raw), profile=profile, contracts=contracts
        )
    return check_response(
        Request(method.upper(), url),
        Response(status, (), raw),
        profile=profile,
        contracts=contracts,
    )


def check_request(
    request: Request,
    api_version: str | None = None,
    *,
    profile: str = "service",
    contracts: Folder = None,
) -> list[Finding]:
    """Check a request: path, verb, query, names, body and what the body means.

    Args:
        request: As it was sent.
        api_version: Judge it as if it had been sent at this version; by default
            at its own, which is a part of the call: that it is missing or unknown is
            a finding.
        profile: See `check_body`.
        contracts: See `check_body`.

    Raises:
        NothingToCheck: The call is none of Microsoft.MachineLearningServices.
        UnknownApiVersion: No contract is known for the argument `api_version`.
        TypeError: `request` is no `Request`.
        ValueError: `profile` is neither ``service`` nor ``strict``.
    """
    asked = _at(request, api_version, contracts)
    return _found(_validator(profile, _folder(contracts)).check_request(asked))


def check_response(
    request: Request,
    response: Response,
    api_version: str | None = None,
    *,
    profile: str = "service",
    contracts: Folder = None,
) -> list[Finding]:
    """Check the answer to a request: status, headers and body.

    Args:
        request: What was asked; its body is not looked at.
        response: What came back.
        api_version: See `check_request`.
        profile: See `check_body`.
        contracts: See `check_body`.

    Raises:
        NothingToCheck: The call is none of Microsoft.MachineLearningServices.
        UnknownApiVersion: No contract is known for the argument `api_version`.
        TypeError: `request` is no `Request`.
        ValueError: `profile` is neither ``service`` nor ``strict``.
    """
    asked = _at(request, api_version, contracts)
    return _found(
        _validator(profile, _folder(contracts)).check_response(asked, response)
    )


def complete_url(url: str, api_version: str) -> str:
    """Make an absolute URL of a path, and add the api-version where it lacks one."""
    if not url.lower().startswith(("https://", "http://")):
        path = url if url.startswith("/") else f"{_find_root(url)}/{url}"
        url = f"{PLACEHOLDERS.endpoint}{path}"
    if api_version and "api-version=" not in url.lower():
        url = f"{url}{'&' if '?' in url else '?'}api-version={api_version}"
    return url


def _find_root(path: str) -> str:
    """What a path stands below: the provider for its own kinds, else the workspace."""
    workspace: str = PLACEHOLDERS.workspace_id
    kind = path.partition("/")[0].lower()
    above = workspace.rpartition("/workspaces/")[0]
    return above if kind in ("workspaces", "registries") else workspace


def _to_bytes(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    text = body if isinstance(body, str) else json.dumps(body, allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


def _require_judgeable(api_version: str, contracts: Folder) -> None:
    try:
        load_contract(api_version, _folder(contracts))
    except UnknownApiVersion:
        if not is_newer_than_known(api_version):
            raise


def _at(request: Request, api_version: str | None, contracts: Folder) -> Request:
    """The request as it would have been sent at a version."""
    _require_call(request)
    if api_version is None:
        return request
    load_contract(api_version, _folder(contracts))  # UnknownApiVersion has the nearest
    parts = urlsplit(request.url)
    others = [
        pair
        for pair in parts.query.split("&")
        if pair and pair.partition("=")[0].lower() != "api-version"
    ]
    query = "&".join([*others, f"api-version={api_version}"])
    return replace(request, url=urlunsplit(parts._replace(query=query)))


def _require_call(request: object) -> None:
    if not isinstance(request, Request):
        told = type(request).__name__
        raise TypeError(f'the call is a Request, as in Request("GET", url), not {told}')


def _folder(contracts: Folder) -> Path | None:
    return None if contracts is None else Path(contracts)


@lru_cache(maxsize=32)
def _validator(profile: str, folder: Path | None) -> Validator:
    if profile not in list(Profile):
        raise ValueError(f"profile is {' or '.join(Profile)}, not {profile!r}")
    return Validator(
        profile=Profile(profile), load=lambda version: load_contract(version, folder)
    )


def _found(verdict: Verdict) -> list[Finding]:
    if verdict.skipped and not verdict.findings:
        raise NothingToCheck(
            f"nothing was judged: this call goes to {verdict.skipped}, and only those "
            "of Microsoft.MachineLearningServices are"
        )
    return list(verdict.findings)

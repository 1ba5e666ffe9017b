"""Tell the story of a cassette: each call once, with what came back.

In: cassettes. Out: labels and answers for people, and the findings of a
cassette judged again. Knows no terminal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from azml_contract.cassette.cassette import Cassette
from azml_contract.contract.catalog import load_contract
from azml_contract.contract.contract import Route
from azml_contract.exchange import Exchange, Request
from azml_contract.finding import Finding, Severity
from azml_contract.regression.matrix import label_call
from azml_contract.validation.validator import Validator


def describe_steps(cassette: Cassette) -> list[tuple[str, str]]:
    """Each distinct call in the order of its first appearance, and its answers.

    Returns:
        Pairs such as ``("PUT jobs Command", "201")``,
        ``("PUT blob", "201 x3")``.
    """
    statuses: dict[str, list[int]] = {}
    for interaction in cassette.interactions:
        label = label_any_call(interaction.request, cassette.api_version)
        answers = [interaction.response.status] * interaction.times
        statuses.setdefault(label, []).extend(answers)
    return [(label, _summarise(codes)) for label, codes in statuses.items()]


def _summarise(codes: list[int]) -> str:
    distinct = "/".join(str(code) for code in dict.fromkeys(codes))
    return distinct if len(codes) == 1 else f"{distinct} x{len(codes)}"


def label_any_call(request: Request, api_version: str) -> str:
    """A short name for a call of any host that a workflow talks to."""
    path = unquote(urlsplit(request.url).path)
    found = load_contract(api_version).find(request.method, path)
    if isinstance(found, Route):
        return label_call(request, found.operation.path)
    if ".blob." in request.host:
        return f"{request.method} blob"
    if "Operation" in path:
        return f"{request.method} operation status"
    if re.search(r"/oauth2/|openid-configuration", path):
        return f"{request.method} token" if "/token" in path else "GET login"
    return f"{request.method} {path.rsplit('/', 1)[-1]}"


def find_faults(cassettes: Iterable[Cassette]) -> list[Finding]:
    """Findings above info of these cassettes, judged again, each once."""
    validator = Validator()
    found: dict[tuple[str, str, str], Finding] = {}
    for cassette in cassettes:
        for interaction in cassette.interactions:
            exchange = Exchange(interaction.request, interaction.response)
            for finding in validator.check(exchange).findings:
                if finding.severity is not Severity.INFO:
                    key = (finding.code, finding.operation, finding.pointer)
                    found.setdefault(key, finding)
    return list(found.values())

"""Every answer of every emulator of a test, judged by the written contract.

In: the emulators that a test runs in this process. Out: what the contract has to
say against their answers, but for what live services were counted doing. Answers
that a fault spoilt are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from azml_contract.emulator.faults import Fault
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.validation.validator import Profile, Validator
from tests.emulator.seen_live import unexpected


def keep_answers(exchanges: list[Exchange], monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at every answer from now on, until the patch is undone."""
    # Whoever restores modules for a test of its own leaves another class than ours.
    from azml_contract.emulator.server import Emulator

    answer = Emulator._answer_safely

    def keep(emulator: object, request: Request, fault: Fault | None) -> Response:
        response = answer(emulator, request, fault)
        if fault is None:
            exchanges.append(Exchange(request, response))
        return response

    monkeypatch.setattr(Emulator, "_answer_safely", keep)


def judge(exchanges: Iterable[Exchange]) -> list[str]:
    """What is wrong with answers in ``strict``, each fault once."""
    validator = Validator(profile=Profile.STRICT)
    wrong: dict[str, None] = {}
    for exchange in exchanges:
        verdict = validator.check_response(exchange.request, exchange.response)
        for one in unexpected(verdict.findings):
            told = f"{one.code} {one.operation} {one.api_version} {one.pointer}"
            wrong[f"{told}: {one.message}"] = None
    return list(wrong)

"""The watch over all answers sees what is wrong, and what live services do alike."""

from __future__ import annotations

import importlib
import json
import sys

import pytest
from when_imported import when_imported

from azml_contract.emulator.server import Emulator
from azml_contract.exchange import Exchange, Request, Response
from tests.emulator.judging import judge, keep_answers

PROVIDER = "/providers/Microsoft.MachineLearningServices"
WORKSPACE = f"/subscriptions/s/resourceGroups/g{PROVIDER}/workspaces/w"
HEAD = {"id": "/x", "name": "n", "type": "t"}


def answered(path: str, properties: dict[str, object]) -> Exchange:
    url = f"https://management.azure.com{WORKSPACE}/{path}?api-version=2022-10-01"
    body = json.dumps({**HEAD, "properties": properties}).encode()
    return Exchange(Request("GET", url), Response(200, (), body))


def test_an_answer_that_breaks_its_contract_is_told():
    told = judge([answered("environments/e/versions/1", {"image": 3})])
    assert len(told) == 1
    assert "AZC204 EnvironmentVersions_Get 2022-10-01 /properties/image" in told[0]


def test_what_live_answers_hold_without_a_contract_is_not_told():
    cluster = {"computeType": "AmlCompute", "resourceId": None, "description": None}
    assert judge([answered("computes/c", cluster)]) == []


@pytest.mark.parametrize("is_faulty", [False, True])
def test_every_answer_but_a_spoilt_one_is_kept(monkeypatch, is_faulty):
    exchanges: list[Exchange] = []
    keep_answers(exchanges, monkeypatch)
    with Emulator(azurite=False) as emulator:
        if is_faulty:
            emulator.faults.fail()
        emulator.answer(Request("GET", f"{emulator.url}{WORKSPACE}"))
    assert len(exchanges) == (0 if is_faulty else 1)


def test_who_imports_the_emulator_in_the_test_itself_is_watched(tmp_path, monkeypatch):
    """As the fixture of all tests does, with a small module in the emulator's place."""
    tmp_path.joinpath("imported_late.py").write_text("READY = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    seen = []
    with when_imported("imported_late", lambda: seen.append(whole())):
        assert seen == []
        importlib.import_module("imported_late")
        assert seen == [True]
        del sys.modules["imported_late"]
        importlib.import_module("imported_late")
        assert seen == [True, True]
    with when_imported("imported_late", lambda: seen.append(whole())):
        assert seen == [True] * 3
    monkeypatch.delitem(sys.modules, "imported_late")
    importlib.import_module("imported_late")
    assert seen == [True] * 3


def whole() -> bool:
    return sys.modules["imported_late"].READY

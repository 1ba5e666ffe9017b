"""Clients that know nothing of us, in a scenario: to the emulator, never past it."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

SCENARIO = """
import os

import httpx
import pytest
import requests

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_list(azml):
    token = azml.get_credential().get_token("https://management.azure.com/.default")
    sent = {"Authorization": f"Bearer {token.token}"}
    by_requests = requests.get(azml.url_of("datastores"), headers=sent)
    by_httpx = httpx.get(azml.url_of("datastores"), headers=sent)
    assert by_requests.json() == by_httpx.json() == azml.get("datastores").json
"""
AFTERWARDS = """
import os

def test_the_environment_is_as_it_was():
    assert "AZURE_CLIENT_SECRET" not in os.environ
    assert "HTTPS_PROXY" not in os.environ
"""


def test_requests_and_httpx_reach_the_emulator_and_are_replayed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    pytester.path.joinpath("test_story.py").write_text(SCENARIO)
    pytester.path.joinpath("test_without.py").write_text(AFTERWARDS)
    for mode in ("record", "verify", "replay"):
        result = pytester.runpytest_subprocess(
            "-p", "no:cacheprovider", "--azml-mode", mode
        )
        result.assert_outcomes(passed=2)

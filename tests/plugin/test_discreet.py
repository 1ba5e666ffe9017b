"""What a live scenario has seen is said nowhere in the session, not even later."""

from __future__ import annotations

import re

import pytest

pytest_plugins = ["pytester"]

LEAKS = """
import threading, warnings
import pytest

KEPT = []

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_warns(azml):
    azml.get("jobs/x").status
    secret = azml.settings.client_secret
    KEPT.append(secret)
    warnings.warn(f"said {secret}")

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_expected_to_fail(azml):
    azml.get("jobs/x").status
    pytest.xfail(f"because {azml.settings.client_secret}")

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_in_a_thread(azml):
    azml.get("jobs/x").status
    secret = azml.settings.client_secret
    def work():
        raise RuntimeError(f"in a thread {secret}")
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_in_a_finaliser(azml):
    azml.get("jobs/x").status
    secret = azml.settings.client_secret
    class Late:
        def __del__(self):
            raise RuntimeError(f"at last {secret}")
    Late()

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_hex(azml):
    azml.get("jobs/x").status
    secret = azml.settings.client_secret
    assert (secret.encode().hex(), secret.encode("utf-16-le")) == 1

def test_of_no_scenario_later():
    print("kept", KEPT)
    assert 0
"""


@pytest.mark.slow
def test_warnings_reasons_threads_and_later_tests_hold_no_secret(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(test_story=LEAKS)
    options = ("-p", "no:cacheprovider", "-p", "no:randomly", "-rA")

    result = pytester.runpytest_subprocess(*options, "--azml-mode", "record")

    said = result.stdout.str()
    for told in ("said", "because", "in a thread", "at last"):
        assert f"{told} REDACTED" in said, told
        assert not re.search(rf"{told} (?!REDACTED|{{)\S", said), told
    assert "kept ['REDACTED']" in said
    assert f"'{b'REDACTED'.hex()}'" in said


MISSES = """
import os, warnings
import pytest

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_cluster(azml):
    nodes = int(os.environ["NODES"])
    word = os.environ["WORD"]
    warnings.warn(f"warned {word}")
    print("printed", word, word.encode().hex())
    account = {"adminUserName": "ada", "adminUserPassword": word}
    properties = {"vmSize": "S", "userAccountCredentials": account,
                  "scaleSettings": {"maxNodeCount": nodes}}
    azml.put(f"computes/c1?note={word}", {"location": "westeurope", "properties":
        {"computeType": "AmlCompute", "properties": properties}}).status
"""


@pytest.mark.slow
def test_what_is_said_of_a_replay_that_misses_holds_no_secret(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(test_story=MISSES)
    options = ("-p", "no:cacheprovider", "-p", "no:randomly", "--azml-allow-compute")
    monkeypatch.setenv("NODES", "1")
    monkeypatch.setenv("WORD", "Tr0ub4dor-and-3")
    recorded = pytester.runpytest_subprocess(*options, "--azml-mode", "record")
    recorded.assert_outcomes(passed=1, warnings=1)

    monkeypatch.setenv("NODES", "2")
    monkeypatch.setenv("WORD", "An0ther-word-4")
    missed = pytester.runpytest_subprocess(*options, "-l", "--showlocals")

    missed.assert_outcomes(failed=1, warnings=1)
    said = missed.stdout.str() + missed.stderr.str()
    assert "maxNodeCount: sent 2, recorded 1" in said
    for told in ("warned REDACTED", "printed REDACTED"):
        assert told in said
    for word in ("Tr0ub4dor-and-3", "An0ther-word-4"):
        assert word not in said
        assert word.encode().hex() not in said

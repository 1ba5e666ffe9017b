"""The library: a body or a call in, findings out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from azml_contract import (
    AzmlContractError,
    Request,
    Response,
    check_body,
    check_request,
    check_response,
)

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "library.md").read_text("utf-8")
V = "2024-04-01"
ENVIRONMENT = {"properties": {"image": "mcr.microsoft.com/azureml/base:1"}}
URL = (
    "https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000000"
    "/resourceGroups/resource-group/providers/Microsoft.MachineLearningServices"
    "/workspaces/workspace/environments/e/versions/1?api-version="
)


def codes(findings: list) -> list[tuple[str, str]]:
    return [(one.code, one.pointer) for one in findings]


@pytest.mark.parametrize(
    "body", [ENVIRONMENT, json.dumps(ENVIRONMENT), json.dumps(ENVIRONMENT).encode()]
)
@pytest.mark.parametrize(
    "where",
    ["environments/e/versions/1", "EnvironmentVersions_CreateOrUpdate", URL + V],
)
def test_a_good_body_has_no_findings_however_it_is_given(body, where):
    assert check_body(body, where, V) == []


def test_a_value_and_its_text_have_the_same_findings():
    body = {"properties": {"Image": "x", "osType": "linux", "nope": 1}}

    found = codes(check_body(body, "environments/e/versions/1", V))

    assert ("AZC102", "/properties/nope") in found
    assert ("AZC103", "/properties/Image") in found
    assert codes(check_body(json.dumps(body), "environments/e/versions/1", V)) == found


def test_text_can_hold_more_faults_than_a_value():
    found = check_body(
        b'{"properties": {"image": "a", "image": "b"}}',
        "environments/e/versions/1",
        V,
    )

    assert [one.code for one in found] == ["AZC133"]


def test_a_request_is_judged_at_another_version_when_asked():
    request = Request(
        "PUT", URL + "2021-03-01-preview", (), json.dumps(ENVIRONMENT).encode()
    )

    assert "AZC111" in {one.code for one in check_request(request)}
    assert check_request(request, V) == []


def test_an_answer_is_judged_by_its_status():
    request = Request("GET", URL + V)
    answer = Response(200, (), json.dumps({"properties": {"image": 3}}).encode())

    assert ("AZC204", "/properties/image") in codes(check_response(request, answer))
    body = {"properties": {"image": 3}}
    told = check_body(body, "environments/e/versions/1", V, method="GET", status=200)
    assert ("AZC204", "/properties/image") in codes(told)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: check_request(
                Request("GET", "https://login.microsoftonline.com/t")
            ),
            "nothing was judged",
        ),
        (lambda: check_body({}, "Jobs_CreateOrUpdat", V), "Jobs_CreateOrUpdate"),
        (lambda: check_body({}, "Jobs_CreateOrUpdate", "2024-04-02"), "2024-04-01"),
        (lambda: check_body({}, "jobs/train-1", "2024-04-02"), "2024-04-01"),
        (lambda: check_body({}, "jobs/train-1", "soon"), "No contract for .* 'soon'"),
        (lambda: check_request(Request("PUT", URL + V), "1999-01-01"), "2018-03-01"),
        (lambda: check_body({}, "jobs/train-1", V, contracts="nope"), "nope"),
    ],
)
def test_what_cannot_be_judged_is_an_error_not_an_empty_list(call, message):
    with pytest.raises(AzmlContractError, match=message):
        call()


def test_the_api_version_of_a_call_is_a_part_of_it_and_a_finding():
    for version, code in (("", "AZC140"), ("soon", "AZC141"), ("2999-01-01", "AZC148")):
        found = check_request(Request("GET", URL + version))
        assert code in [one.code for one in found]
    for where in ("environments/e/versions/1", "EnvironmentVersions_CreateOrUpdate"):
        assert codes(check_body(ENVIRONMENT, where, "2999-01-01")) == [("AZC148", "")]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: check_body({}, "jobs/j", V, profile="lax"),
            ValueError,
            "profile is service or strict, not 'lax'",
        ),
        (lambda: check_request(URL + V), TypeError, r'Request\("GET", url\), not str'),
        (lambda: check_response(URL + V, Response(200)), TypeError, "not str"),
        (lambda: check_body({"a": {1}}, "jobs/j", V), TypeError, "set"),
    ],
)
def test_an_argument_of_a_wrong_kind_is_an_error_of_python(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_threads_share_it():
    bodies = [{"properties": {"image": "x", f"n{i}": 1}} for i in range(200)]

    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(
                lambda body: check_body(body, "environments/e/versions/1", V), bodies
            )
        )

    assert [codes(one) for one in found] == [
        [("AZC102", f"/properties/n{i}")] for i in range(200)
    ]


def test_examples_of_the_page_run(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) >= 2
    for number, block in enumerate(blocks):
        script = tmp_path / f"example_{number}.py"
        script.write_text(block, "utf-8")
        done = subprocess.run(
            [sys.executable, str(script)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        told = re.findall(r"^# prints: (.*)$", block, re.MULTILINE)
        assert done.stdout.splitlines() == told


@pytest.mark.slow
def test_a_program_that_uses_it_passes_mypy_strict(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)), "utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(program)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout

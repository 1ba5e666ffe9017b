"""Every envelope of the service becomes the same exception."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from azml_contract.rest.arm_errors import parse_arm_error

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings31"


def parse(body: Any, status: int = 400, headers: dict[str, str] | None = None) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_arm_error(status, headers or {}, raw, request="GET https://x")


GATEWAY = {
    "error": {
        "code": "ResourceNotFound",
        "message": "The Resource 'Microsoft.MachineLearningServices/workspaces/W' "
        "under resource group 'RG' was not found.",
    }
}
SERVICE = {
    "error": {
        "code": "UserError",
        "message": "The pipeline run R is in terminal status, it can't be canceled.",
        "details": [],
        "additionalInfo": [
            {"type": "ComponentName", "info": {"value": "managementfrontend"}},
            {
                "type": "Correlation",
                "info": {"value": {"operation": "o" * 32, "request": "r" * 16}},
            },
            {
                "type": "InnerError",
                "info": {
                    "value": {
                        "code": "BadArgument",
                        "innerError": {
                            "code": "ArgumentInvalid",
                            "innerError": {
                                "code": "CancelPipelineRunInTerminalStatus",
                                "innerError": None,
                            },
                        },
                    }
                },
            },
        ],
    }
}
OLDER = {
    "error": {
        "code": "UserError",
        "severity": None,
        "message": "",
        "messageFormat": "Registry {name} does not exist.",
        "messageParameters": {"name": "r1"},
        "innerError": {"code": "NotFoundError", "innerError": None},
    },
    "correlation": {"operation": "abc", "request": "def"},
    "environment": "eastus",
}


def test_an_error_of_the_gateway() -> None:
    error = parse(GATEWAY, 404, {"x-ms-request-id": "id-1"})
    assert (error.status, error.code, error.inner_codes) == (
        404,
        "ResourceNotFound",
        (),
    )
    assert error.request_id == "id-1"
    assert str(error) == (
        "404 ResourceNotFound: The Resource "
        "'Microsoft.MachineLearningServices/workspaces/W' under resource group 'RG' "
        "was not found.\nRequest: GET https://x\nRequest id: id-1"
    )


def test_an_error_of_the_service_with_its_inner_codes() -> None:
    error = parse(SERVICE)
    assert error.inner_codes == (
        "BadArgument",
        "ArgumentInvalid",
        "CancelPipelineRunInTerminalStatus",
    )
    assert str(error).startswith(
        "400 UserError/BadArgument/ArgumentInvalid/CancelPipelineRunInTerminalStatus: "
        "The pipeline run R is in terminal status"
    )
    assert error.request_id == "r" * 16


def test_an_error_of_the_older_shape() -> None:
    error = parse(OLDER, 404)
    assert error.code == "UserError"
    assert error.message == "Registry r1 does not exist."
    assert error.inner_codes == ("NotFoundError",)
    assert error.request_id == "def"


def test_details_are_told_line_by_line() -> None:
    error = parse(
        {
            "error": {
                "code": "UserError",
                "message": "Request is invalid and/or missing fields.",
                "details": [
                    {"code": "RequestInvalid", "message": "Field: F."},
                    {"message": "Allowed values: A,B."},
                ],
            }
        }
    )
    assert error.details == ("RequestInvalid: Field: F.", "Allowed values: A,B.")
    assert str(error).splitlines()[1:3] == [
        "  RequestInvalid: Field: F.",
        "  Allowed values: A,B.",
    ]


def test_an_empty_body() -> None:
    error = parse(b"", 404, {"x-ms-correlation-request-id": "c-1"})
    assert (error.code, error.message, error.request_id) == ("", "", "c-1")
    assert str(error).startswith("404 no error body: (no message)")


@pytest.mark.parametrize("body", [b"null", b"  ", b"[]", b"{}", b"3"])
def test_a_body_that_says_nothing(body: bytes) -> None:
    error = parse(body, 502)
    assert (error.code, error.message) == ("", "")


def test_a_body_that_is_not_json_is_quoted_in_part() -> None:
    error = parse(b"<html>\n <h1>Bad Gateway</h1>" + b"x" * 5000, 502)
    assert error.message.startswith("the body is not JSON: <html> <h1>Bad Gateway</h1>")
    assert len(error.message) < 250
    assert str(error).startswith("502 no error code: the body is not JSON")


def test_a_body_that_is_not_even_text() -> None:
    assert parse(b"\xff\xfe\x00", 502).message.startswith("the body is not JSON")


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"code": "C", "message": "M"}, "C", "M"),
        ({"Message": "An error has occurred."}, "", "An error has occurred."),
        ({"error": {"code": "C", "message": None}}, "C", ""),
        ({"error": "invalid_client", "error_description": "D"}, "invalid_client", "D"),
        ({"error": {"code": 5, "message": ["x"], "details": "no"}}, "", ""),
        ({"error": {"additionalInfo": {}, "innerError": "x"}}, "", ""),
        ({"error": {"additionalInfo": [1, {"type": "InnerError"}]}}, "", ""),
        ({"error": {"code": "C", "innererror": {"code": "I"}}}, "C", ""),
    ],
)
def test_other_shapes_do_not_break_it(body: Any, code: str, message: str) -> None:
    error = parse(body)
    assert (error.code, error.message) == (code, message)


def test_an_endless_inner_chain_ends() -> None:
    inner: dict[str, Any] = {"code": "Last"}
    for _ in range(100):
        inner = {"code": "I", "innerError": inner}
    assert len(parse({"error": {"code": "C", "innerError": inner}}).inner_codes) == 32


RECORDED = sorted(RECORDINGS.glob("*__*.json"))


@pytest.mark.skipif(not RECORDED, reason="no recordings beside the checkout")
def test_errors_that_the_live_service_was_recorded_with() -> None:
    """Every ARM error of the recordings has a code, but those with empty bodies."""
    seen = set()
    for path in RECORDED:
        recording = json.loads(path.read_text("utf-8"))
        for entry in recording["Entries"]:
            if entry["StatusCode"] < 400 or "management." not in entry["RequestUri"]:
                continue
            body = entry["ResponseBody"]
            raw = b"" if body is None else json.dumps(body).encode()
            headers = {
                name: value
                for name, value in entry["ResponseHeaders"].items()
                if isinstance(value, str)
            }
            error = parse_arm_error(entry["StatusCode"], headers, raw)
            assert bool(error.code) == bool(raw)
            assert error.request_id
            seen.add((error.status, "/".join((error.code, *error.inner_codes))))
    assert seen >= {
        (
            400,
            "UserError/BadArgument/ArgumentInvalid/CancelPipelineRunInTerminalStatus",
        ),
        (404, ""),
        (404, "UserError/NotFoundError"),
        (429, "UserError/QuotaExceeded/TooManyRequests"),
    }

"""azure-ai-ml archives a job: null stands at properties of other api-versions."""

from __future__ import annotations

from typing import Any

import pytest

from azml_contract import check_body

PLACES: list[tuple[str, dict[str, Any]]] = [
    ("/properties/secretsConfiguration", {"secretsConfiguration": None}),
    ("/properties/autologgerSettings", {"autologgerSettings": None}),
    ("/properties/resources/locations", {"resources": {"locations": None}}),
    (
        "/properties/resources/maxInstanceCount",
        {"resources": {"maxInstanceCount": None}},
    ),
    (
        "/properties/outputs/model/autoDeleteSetting",
        {
            "outputs": {
                "model": {"jobOutputType": "uri_folder", "autoDeleteSetting": None}
            }
        },
    ),
]


def check(more: dict[str, Any], profile: str = "service") -> list[Any]:
    job = {
        "jobType": "Command",
        "command": "python train.py",
        "environmentId": "azureml:train:1",
        "isArchived": True,
    }
    body = {"properties": job | more}
    found = check_body(body, "jobs/train-1", "2025-01-01-preview", profile=profile)
    return [one for one in found if one.code == "AZC111"]


@pytest.mark.parametrize(("pointer", "more"), PLACES)
def test_null_sent_back_is_a_warning_with_its_counts(
    pointer: str, more: dict[str, Any]
) -> None:
    (found,) = check(more)
    assert (found.pointer, str(found.severity)) == (pointer, "warning")
    assert "nulls-sent-back" in found.message
    assert "183 of 183" in found.message
    assert [str(one.severity) for one in check(more, "strict")] == ["error"]


def test_a_value_at_that_place_is_an_error_still() -> None:
    (found,) = check({"secretsConfiguration": {"word": {"uri": "x"}}})
    assert str(found.severity) == "error"
    assert "nulls-sent-back" not in found.message

"""The workspace client against a scripted service on loopback TLS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from azml_contract.client import Workspace
from azml_contract.errors import ArmError, UsageError

ROOT = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg"
    "/providers/Microsoft.MachineLearningServices/workspaces/ws"
)


def test_a_relative_path_is_below_the_workspace(service: Any, azml: Workspace) -> None:
    service.reply(200, {"name": "j1"})

    answer = azml.get("jobs/j1")

    assert answer.status == 200
    assert answer.json == {"name": "j1"}
    (request,) = service.requests
    assert request.target == f"{ROOT}/jobs/j1?api-version=2024-04-01"
    assert request.headers["authorization"] == "Bearer token-1"
    assert request.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("", f"{ROOT}?api-version=2024-04-01"),
        ("?x=1", f"{ROOT}?x=1&api-version=2024-04-01"),
        ("/subscriptions/s", "/subscriptions/s?api-version=2024-04-01"),
        ("jobs?$skip=5", f"{ROOT}/jobs?$skip=5&api-version=2024-04-01"),
        ("jobs?API-Version=2022-05-01", f"{ROOT}/jobs?API-Version=2022-05-01"),
        ("data/my data", f"{ROOT}/data/my%20data?api-version=2024-04-01"),
    ],
)
def test_paths_become_urls(
    path: str, target: str, service: Any, azml: Workspace
) -> None:
    service.reply()
    azml.get(path)
    assert service.requests[0].target == target


def test_parameters_are_encoded_and_none_is_left_out(
    service: Any, azml: Workspace
) -> None:
    service.reply()
    azml.get(
        "datastores",
        params={
            "isDefault": True,
            "$orderBy": "createdtime desc",
            "names": ["a", "b&c"],
            "count": None,
        },
    )
    assert service.requests[0].target == (
        f"{ROOT}/datastores?api-version=2024-04-01&isDefault=true"
        "&$orderBy=createdtime%20desc&names=a&names=b%26c"
    )


def test_another_provider_is_called_in_its_own_api_version(
    service: Any, azml: Workspace
) -> None:
    service.reply()
    azml.arm("post", "/subscriptions/s/x/listKeys", api_version="2023-01-01")
    assert service.requests[0].method == "POST"
    assert service.requests[0].query == {"api-version": "2023-01-01"}


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({"a": [1, "ü"]}, '{"a": [1, "ü"]}'.encode()),
        ([1], b"[1]"),
        ('{"broken": "\n', b'{"broken": "\n'),
        (b"\x00\xff", b"\x00\xff"),
    ],
)
def test_a_body_is_sent_as_it_is_written(
    body: Any, sent: bytes, service: Any, azml: Workspace
) -> None:
    service.reply()
    azml.put("jobs/j1", body)
    assert service.requests[0].body == sent
    assert service.requests[0].headers["content-type"] == "application/json"


def test_headers_of_the_caller_win(service: Any, azml: Workspace) -> None:
    service.reply()
    azml.put("jobs/j1", b"x", headers={"Content-Type": "text/plain", "If-Match": "*"})
    assert service.requests[0].headers["content-type"] == "text/plain"
    assert service.requests[0].headers["if-match"] == "*"


@pytest.mark.parametrize("body", [{"a": object()}, {"a": float("nan")}])
def test_a_body_that_is_no_json_is_refused_before_it_is_sent(
    body: Any, service: Any, azml: Workspace
) -> None:
    with pytest.raises(UsageError, match="The body is not JSON"):
        azml.put("jobs/j1", body)
    assert service.requests == []


def test_an_unencrypted_url_is_refused(azml: Workspace) -> None:
    with pytest.raises(UsageError, match="not https"):
        azml.arm("GET", "http://localhost/x")


def test_verbs_reach_the_service(service: Any, azml: Workspace) -> None:
    for _ in range(5):
        service.reply()
    azml.get("a")
    azml.put("a", {})
    azml.patch("a", {})
    azml.post("a")
    azml.delete("a", params={"underlyingResourceAction": "Delete"})
    assert [r.method for r in service.requests] == [
        "GET", "PUT", "PATCH", "POST", "DELETE",
    ]  # fmt: skip
    assert service.requests[4].query["underlyingResourceAction"] == "Delete"


def test_the_token_never_goes_to_another_host(
    service: Any, azml: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Neither our token nor a password of `.netrc` reaches another origin."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    service.reply()
    other = service.url.replace("localhost", "127.0.0.1")
    azml.arm("GET", f"{other}/jobs")
    assert "authorization" not in service.requests[0].headers

    service.reply()
    azml.get("jobs")
    assert service.requests[1].headers["authorization"] == "Bearer token-1"


def test_redirects_are_answers_and_are_not_followed(
    service: Any, azml: Workspace
) -> None:
    service.reply(307, headers={"Location": "https://127.0.0.1:1/elsewhere"})
    assert azml.get("jobs").status == 307


def test_expect_returns_the_answer_or_raises_with_what_was_wanted(
    service: Any, azml: Workspace
) -> None:
    service.reply(201, {"name": "x"})
    assert azml.put("data/x/versions/1", {}).expect(200, 201).json["name"] == "x"

    service.reply(404, {"error": {"code": "ResourceNotFound", "message": "Not here."}})
    with pytest.raises(ArmError) as caught:
        azml.put("data/x/versions/1", {}).expect(200, 201)
    assert str(caught.value) == (
        "404 ResourceNotFound: Not here.\n"
        f"Request: PUT {service.url}{ROOT}/data/x/versions/1?api-version=2024-04-01\n"
        "Expected status: 200 or 201"
    )

    service.reply(200, {})
    with pytest.raises(ArmError, match="200 is no error") as caught:
        azml.put("data/x/versions/1", {}).expect(201)
    assert "Expected status: 201" in str(caught.value)


def test_an_error_is_a_value_until_it_is_asked_for(
    service: Any, azml: Workspace
) -> None:
    service.reply(400, {"error": {"code": "UserError", "message": "No."}})
    answer = azml.get("jobs/x")
    assert answer.error is not None
    assert answer.error.code == "UserError"
    with pytest.raises(ArmError, match="400 UserError: No"):
        answer.raise_for_status()

    service.reply(200, {})
    assert azml.get("jobs/x").error is None


def test_failures_that_nobody_looked_at_are_remembered(
    service: Any, azml: Workspace
) -> None:
    for _ in range(6):
        service.reply(404, {"error": {"code": "X", "message": "m"}})
    service.reply(200, {})

    unseen = azml.put("data/a", {})
    assert unseen.headers["content-type"].startswith("application/json")
    assert unseen.json["error"]["code"] == "X"
    assert b"error" in unseen.raw
    assert azml.get("data/b").status == 404
    assert azml.get("data/c").error is not None
    with pytest.raises(ArmError):
        azml.get("data/d").expect(200)
    with pytest.raises(ArmError):
        azml.get("data/e").raise_for_status()
    with pytest.raises(ArmError):
        azml.list("data")
    azml.get("data/f")

    assert azml.unacknowledged == [unseen]
    assert repr(unseen) == (
        f"<ArmResponse 404 to PUT {service.url}{ROOT}/data/a?api-version=2024-04-01>"
    )
    assert azml.unacknowledged == [unseen]


def test_an_empty_body_is_none_and_a_body_that_is_no_json_is_an_error(
    service: Any, azml: Workspace
) -> None:
    service.reply(200)
    assert azml.get("x").json is None

    service.reply(200, body=b"<html>Sign in</html>")
    with pytest.raises(ArmError, match="the body is not JSON: <html>Sign in</html>"):
        azml.get("x").json  # noqa: B018


def test_json_is_wrapped_once_with_its_response(
    service: Any, make_workspace: Any
) -> None:
    seen: list[int] = []

    def wrap(body: Any, response: Any) -> Any:
        seen.append(response.status_code)
        return {"wrapped": body}

    azml = make_workspace(wrap=wrap)
    service.reply(200, {"a": 1})
    answer = azml.get("x")
    assert seen == []
    assert answer.json is answer.json
    assert answer.json == {"wrapped": {"a": 1}}
    assert seen == [200]


def test_variables_are_drawn_through_the_recorder(make_workspace: Any) -> None:
    assert make_workspace().var("run_id", lambda: "drawn") == "drawn"
    replay = make_workspace(draw=lambda name, make: f"recorded {name}")
    assert replay.var("run_id", lambda: "drawn") == "recorded run_id"


def test_what_a_put_created_is_remembered_once(service: Any, azml: Workspace) -> None:
    for status in (201, 201, 200, 400):
        service.reply(status, {})
    azml.put("jobs/j%201", {})
    azml.put("jobs/j%201", {})
    azml.put("jobs/j2", {})
    azml.put("jobs/j3", {}).error  # noqa: B018
    assert azml.created == [f"{ROOT}/jobs/j 1"]


@pytest.mark.parametrize(
    ("made", "counts"),
    [
        ("2026-01-31T11:59:58.1234567+00:00", True),
        ("2026-01-31T11:59:58", True),
        ("2026-01-31T11:00:00Z", False),
        ("2023-05-04T03:02:01.0000001Z", False),
        ("yesterday", True),
        (None, True),
    ],
)
def test_what_a_201_met_was_not_created(
    service: Any, azml: Workspace, made: str | None, counts: bool
) -> None:
    date = {"Date": "Sat, 31 Jan 2026 12:00:00 GMT"}
    service.reply(201, {"systemData": {"createdAt": made}}, headers=date)
    azml.put("environments/e/versions/1", {})
    assert bool(azml.created) is counts


def test_sending_an_answer_back_reads_nothing(
    service: Any, make_workspace: Any
) -> None:
    from azml_contract.regression.reads import track

    noted: list[str] = []
    azml = make_workspace(wrap=lambda body, response: track(body, noted.append))
    service.reply(200, {"properties": {"description": "x"}})
    service.reply(200, {})
    azml.put("data/x", azml.get("data/x").json)
    assert service.requests[1].json == {"properties": {"description": "x"}}
    assert noted == []


# --- paging -------------------------------------------------------------------


def test_a_list_follows_every_next_link_as_it_is(service: Any, azml: Workspace) -> None:
    """Short and empty pages do not end it; the opaque link is not touched."""
    jobs = f"{service.url}{ROOT}/jobs?api-version=2024-04-01"
    link = f"{jobs}&tag=a+b&$skipToken=H4s%2BA+/=="
    service.reply(200, {"value": [{"name": "1"}], "nextLink": link})
    service.reply(200, {"value": [], "nextLink": link + "2"})
    service.reply(200, {"value": None, "nextLink": f"{ROOT}/jobs?$skipToken=3"})
    service.reply(200, {"value": [{"name": "2"}, {"name": "3"}], "nextLink": None})

    items = azml.list("jobs", params={"tag": "a b"})

    assert [item["name"] for item in items] == ["1", "2", "3"]
    targets = [request.target for request in service.requests]
    assert targets[1] == link.removeprefix(service.url)
    assert targets[2] == link.removeprefix(service.url) + "2"
    assert targets[3] == f"{ROOT}/jobs?$skipToken=3&api-version=2024-04-01"


def test_a_next_link_with_a_space_is_followed(service: Any, azml: Workspace) -> None:
    link = f"{service.url}{ROOT}/jobs?api-version=2024-04-01&$orderBy=created desc"
    service.reply(200, {"value": [], "nextLink": link})
    service.reply(200, {"value": [1]})
    assert azml.list("jobs") == [1]
    assert service.requests[1].query["$orderBy"] == "created desc"


def test_a_next_link_that_repeats_is_an_error(service: Any, azml: Workspace) -> None:
    link = f"{service.url}{ROOT}/jobs?api-version=2024-04-01&$skipToken=1"
    service.always(200, {"value": [], "nextLink": link})
    with pytest.raises(ArmError, match="its nextLink came before"):
        azml.list("jobs")
    assert len(service.requests) == 2


@pytest.mark.parametrize(
    ("body", "why"),
    [({"name": "x"}, "it has no value"), ([], "it has no value"),
     ({"value": {}}, "its value is no list")],
)  # fmt: skip
def test_what_is_no_page_is_an_error(
    body: Any, why: str, service: Any, azml: Workspace
) -> None:
    service.reply(200, body)
    with pytest.raises(ArmError, match=f"not a page of a list: {why}"):
        azml.list("jobs")


def test_an_error_on_a_later_page_is_raised(service: Any, azml: Workspace) -> None:
    service.reply(200, {"value": [1], "nextLink": f"{ROOT}/jobs?$skipToken=1"})
    service.reply(403, {"error": {"code": "AuthorizationFailed", "message": "No."}})
    with pytest.raises(ArmError, match="403 AuthorizationFailed: No"):
        azml.list("jobs")


def test_json_bodies_survive_as_they_were_written(
    service: Any, azml: Workspace
) -> None:
    """Text keeps duplicate keys, order and spaces; a dict keeps its order."""
    service.reply()
    service.reply()
    azml.put("x", '{"a": 1,  "a": 2}')
    azml.put("x", {"b": 1, "a": 2})
    assert service.requests[0].body == b'{"a": 1,  "a": 2}'
    assert list(json.loads(service.requests[1].body)) == ["b", "a"]

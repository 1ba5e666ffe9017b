"""Rules about a call without its body, each by itself: queries, names, statuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from azml_contract.contract.catalog import known_versions
from azml_contract.contract.contract import Route
from azml_contract.contract.model import Operation, Parameter, ResponseSpec, Type
from azml_contract.exchange import Response
from azml_contract.finding import Finding, Severity, Side
from azml_contract.validation.calls import (
    Scope,
    check_api_version,
    check_long_running,
    check_names,
    check_query,
    check_status,
)
from azml_contract.validation.grade import Grader, Profile

GRADER = Grader(Profile.STRICT, "2024-04-01", "Jobs_Put", Side.REQUEST)
TEXT = Type("string")
CHOICE = Type("string", enum=("All", "ActiveOnly"))


def query(name: str, kind: Type = TEXT, *, required: bool = False) -> Parameter:
    return Parameter(name, "query", kind, required)


PUT = Operation(
    "Jobs_Put",
    "PUT",
    "/jobs/{id}",
    parameters=(
        Parameter("id", "path", Type("string", pattern="^[a-z]+$"), True),
        Parameter("x-own", "header", TEXT, True),
        query("api-version", required=True),
        query("view", CHOICE),
        query("count", Type("integer")),
        query("share", Type("number")),
        query("isDefault", Type("boolean")),
    ),
    responses={},
)


def ask(*pairs: tuple[str, str], operation: Operation = PUT) -> list[Finding]:
    return list(check_query(GRADER, operation, list(pairs)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api-version", "anything"),
        ("View", "All"),
        *(("count", "5"), ("count", "-5"), ("share", "0.5"), ("share", "5")),
        *(("isDefault", "true"), ("isDefault", "False")),
    ],
)
def test_a_query_that_is_declared_is_fine(name: str, value: str) -> None:
    assert ask((name, value)) == []


@pytest.mark.parametrize(
    ("name", "value", "wanted", "cure"),
    [
        ("view", "None", "one of All, ActiveOnly", "Send one of All, ActiveOnly."),
        ("view", "activeonly", "one of All, ActiveOnly", "Did you mean ActiveOnly?"),
        ("view", "ActivOnly", "one of All, ActiveOnly", "Did you mean ActiveOnly?"),
        ("count", "many", "an integer", "Send an integer."),
        ("count", "1.5", "an integer", "Send an integer."),
        ("share", "half", "a number", "Send a number."),
        ("isDefault", "yes", "true or false", "Send true or false."),
    ],
)
def test_a_value_of_a_query_is_of_its_type(
    name: str, value: str, wanted: str, cure: str
) -> None:
    (found,) = ask((name, value))

    assert found.code == "AZC145"
    assert found.message == f'"{value}" is no {name}: it must be {wanted}.'
    assert found.cure == cure
    assert found.seen == value
    is_case = value == "activeonly"
    assert found.severity is (Severity.WARNING if is_case else Severity.ERROR)
    kinds = {"count": "integer", "share": "number", "isDefault": "boolean"}
    assert found.expected == (CHOICE.enum if name == "view" else (kinds[name],))


def test_an_unknown_query_is_told_with_what_is_known() -> None:
    (near,) = ask(("cuont", "1"))
    (far,) = ask(("zzz", "1"))
    (none,) = ask(
        ("zzz", "1"), operation=replace(PUT, parameters=(query("api-version"),))
    )

    assert near.message == (
        "Jobs_Put has no query parameter cuont; it knows view, count, share, isDefault."
    )
    assert (near.cure, near.expected) == ("Did you mean count?", ("count",))
    assert far.cure == "Remove it."
    assert far.expected == ("view", "count", "share", "isDefault")
    assert none.message.endswith("it knows none but api-version.")
    assert ask(("zzz", "1"), operation=replace(PUT, queries_known=False)) == []


def test_only_where_answers_are_paged_a_token_is_known() -> None:
    token = ("$skipToken", "x")

    assert ask(token, operation=replace(PUT, paging="nextLink")) == []
    assert ask(token, operation=replace(PUT, paging=None)) == []
    (found,) = ask(token)
    assert found.code == "AZC143"
    assert len(ask(("skip", "x"), operation=replace(PUT, paging="nextLink"))) == 1


@pytest.mark.parametrize(
    ("kind", "example"),
    [
        (CHOICE, "All"),
        (Type("boolean"), "true"),
        (Type("integer"), "1"),
        (Type("number"), "1"),
        (TEXT, "..."),
    ],
)
def test_a_query_that_is_needed_is_told_with_an_example(
    kind: Type, example: str
) -> None:
    needed = replace(PUT, parameters=(query("Mode", kind, required=True),))

    (found,) = ask(operation=needed)

    assert found.code == "AZC144"
    assert found.message == "Jobs_Put needs the query parameter Mode."
    assert found.cure == f"Add ?Mode={example}."
    assert ask(("mode", example), operation=needed) == []


def names(values: dict[str, str], scope: Scope, **more: Any) -> list[Finding]:
    route = Route(replace(PUT, **more), values)
    return list(check_names(GRADER, route, scope=scope))


def test_a_name_is_held_against_its_pattern_when_something_is_made() -> None:
    (found,) = names({"id": "A1"}, Scope())

    assert found.message == '"A1" is no id: it must match ^[a-z]+$.'
    assert found.cure == "Choose a name that matches ^[a-z]+$."
    assert (found.code, found.expected, found.seen) == ("AZC146", ("^[a-z]+$",), "A1")
    assert names({"id": "a"}, Scope()) == names({}, Scope()) == []
    assert names({"id": "A1"}, Scope(), method="GET") == []


@pytest.mark.parametrize(
    ("field", "name", "noun", "variable"),
    [
        ("subscription", "subscriptionId", "subscription", "AZURE_SUBSCRIPTION_ID"),
        (
            "resource_group",
            "resourceGroupName",
            "resource group",
            "AZURE_RESOURCE_GROUP",
        ),
        ("workspace", "workspaceName", "workspace", "AZML_WORKSPACE"),
    ],
)
def test_a_call_goes_where_the_settings_say(
    field: str, name: str, noun: str, variable: str
) -> None:
    scope = Scope(**{field: "Mine"})

    (found,) = names({name: "other"}, scope)

    assert found.message == f"The call goes to {noun} other; configured is Mine."
    assert found.cure == (
        f"Use Mine, as {variable} says in a test, or change that setting."
    )
    assert (found.code, found.expected, found.seen) == ("AZC163", ("Mine",), "other")
    assert names({name: "mine"}, scope) == names({}, scope) == []
    assert names({name: "other"}, Scope()) == []


def version(sent: str | None, nearest: Any = None, configured: str = "") -> Any:
    return check_api_version(GRADER, sent, nearest, Scope(api_version=configured))


def test_an_api_version_is_sent_known_and_the_one_configured() -> None:
    assert version("2024-04-01") is None
    assert version("2024-04-01-PREVIEW", None, "2024-04-01-preview") is None
    for sent in (None, ""):
        missing = version(sent)
        assert (missing.code, missing.expected) == ("AZC140", ("api-version",))
        assert missing.cure == "Add ?api-version=2024-04-01."
    assert version(None, None, "2022-05-01").cure == "Add ?api-version=2022-05-01."
    other = version("2024-04-01", None, "2022-05-01")
    assert other.code == "AZC142"
    assert other.message == (
        "The call uses api-version 2024-04-01; configured is 2022-05-01."
    )
    assert (other.cure, other.expected) == ("Use 2022-05-01.", ("2022-05-01",))


def test_an_api_version_that_is_not_known_says_what_judges_instead() -> None:
    unknown = version("2024-04-02", ("2024-04-01",))
    newer = version("2099-01-01", ("2026-05-01",))
    none = version("tomorrow", ())

    assert unknown.code == "AZC141"
    assert unknown.message.startswith("2024-04-02 is no known api-version.")
    assert unknown.cure == "Nearest: 2024-04-01."
    assert newer.code == "AZC148"
    assert newer.message == (
        "2099-01-01 is newer than every api-version known here. "
        f"The call is judged as at {known_versions()[-1]}."
    )
    assert "contract import --specs DIR" in newer.cure
    assert none.message == "tomorrow is no known api-version."
    assert none.cure == "Nearest: azml-contract contract list."


def status(code: int, **more: Any) -> list[Finding]:
    documented = {"200": ResponseSpec(None), "default": ResponseSpec(None)}
    operation = replace(PUT, **({"responses": documented} | more))
    return list(check_status(GRADER, operation, Response(code)))


def test_a_success_that_is_not_documented_is_told() -> None:
    (found,) = status(206)

    assert (found.code, found.expected, found.seen) == ("AZC240", ("200",), 206)
    assert found.message == "Jobs_Put answered 206; documented: 200."
    assert status(200) == status(300) == status(404) == []
    assert status(206, responses=None) == []


ASYNC = {"201": ResponseSpec(None, ("Location",))}


def end(
    code: int,
    headers: Any = (),
    body: Any = None,
    long_running: Any = True,
    **more: Any,
) -> list[Finding]:
    operation = replace(PUT, long_running=long_running, **more)
    return list(check_long_running(GRADER, operation, Response(code, headers), body))


def test_an_answer_that_goes_on_says_where_its_end_is_found() -> None:
    (accepted,) = end(202)
    (created,) = end(201, responses=ASYNC)

    assert accepted.code == created.code == "AZC250"
    assert accepted.message == (
        "Jobs_Put answered 202 with neither Azure-AsyncOperation nor Location, "
        "so its end cannot be found."
    )
    assert (accepted.severity, created.severity) == (Severity.ERROR, Severity.WARNING)
    for name in ("Azure-AsyncOperation", "location"):
        assert end(202, ((name, "https://host/x"),)) == []
    assert end(202, long_running=None) != []
    assert end(202, long_running=False) == end(200) == end(404) == []


def test_a_creation_may_tell_its_state_or_promise_nothing() -> None:
    told = {"properties": {"provisioningState": "Creating"}}

    assert end(201, body=told, responses=ASYNC) == []
    assert end(202, body=told) != []
    for body in ({"properties": {}}, {"properties": []}, [], None):
        assert end(201, body=body, responses=ASYNC) != []
    assert end(201) == end(201, responses=None) == []
    assert end(201, responses={"201": ResponseSpec(None, ("x-own",))}) == []

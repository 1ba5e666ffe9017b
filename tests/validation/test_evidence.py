"""What live services were seen to do: the numbers, and where they come from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from azml_contract import check_body
from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.exchange import Request, Response
from azml_contract.finding import Evidence, Finding, Severity, Side
from azml_contract.validation import compile_evidence, evidence
from azml_contract.validation.deviation import Rule
from azml_contract.validation.evidence import Count
from azml_contract.validation.testimony import (
    find_absence,
    find_status,
    find_testimony,
)
from azml_contract.validation.validator import Validator

LIMIT_BYTES = 300_000
ROWS: list[dict[str, Any]] = [
    {
        "operation": "Things_Put",
        "api_version": "2022-05-01",
        "status": status,
        "n": n,
        "tests": 2,
        "headers": {"location": n, "date": n - 1},
        "request": {
            "/": {"object": n},
            "/properties": {"object": n},
            "/properties/new": {"string?": n - 1},
            "/properties/tags/*": {"null": 1, "string": n},
        },
        "answer": {"/": {"object": n}, "/value/*/name": {"string": n}},
    }
    for status, n in ((200, 4), (400, 2))
]


@pytest.fixture
def things(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Evidence of a service of our own."""
    file = tmp_path / "observed.txt"
    file.write_text(compile_evidence.write_evidence(ROWS), "utf-8")
    monkeypatch.setattr(evidence, "DATA", file)
    forget()
    yield
    forget()


def forget() -> None:
    evidence._blocks.cache_clear()
    evidence.find_observed.cache_clear()


def test_rows_are_written_by_operation_version_and_status_whatever_their_order() -> (
    None
):
    older = [{**row, "api_version": "2021-03-01-preview"} for row in ROWS]
    other = [{**row, "operation": "Things_Get"} for row in ROWS]
    rows = [*other, *older, *ROWS]

    written = compile_evidence.write_evidence(rows)

    assert written == compile_evidence.write_evidence(rows[::-1])
    heads = [block.split("\n")[0].split()[:3] for block in written.split("\n\n")]
    assert heads == [
        [row["operation"], row["api_version"], str(row["status"])] for row in rows
    ]


@pytest.mark.usefixtures("things")
def test_accepted_counts_successes_of_all_exchanges() -> None:
    def accepted(pointer: str, types: str = "") -> Count | None:
        return evidence.count_accepted("Things_Put", "2022-05-01", pointer, types)

    assert accepted("") == (4, 6, "2022-05-01")
    assert accepted("/properties/new") == (3, 6, "2022-05-01")
    assert accepted("/properties/new", "?") == (3, 6, "2022-05-01")
    assert accepted("/properties", "?") == (0, 6, "2022-05-01")
    assert accepted("/properties/other") == (0, 6, "2022-05-01")


@pytest.mark.usefixtures("things")
def test_indexes_and_keys_fall_under_a_star_and_an_exchange_counts_once() -> None:
    args = ("Things_Put", "2022-05-01")

    assert evidence.count_accepted(*args, "/properties/tags/mine") == (4, 6, args[1])
    nulls = evidence.count_accepted(*args, "/properties/tags/a", "null")
    assert nulls == (1, 6, args[1])
    assert evidence.count_returned(*args, "/value/7/name") == (4, 4, args[1])


@pytest.mark.usefixtures("things")
def test_without_an_exchange_nothing_is_known() -> None:
    assert evidence.count_exchanges("Things_Put", "2024-04-01") is None
    assert evidence.count_accepted("Things_Get", "2022-05-01", "/x") is None
    assert evidence.count_returned("Things_Get", "2022-05-01", "/x") is None
    refused = evidence.count_exchanges("Things_Put", "2022-05-01", 400)
    assert refused == (2, 6, "2022-05-01")
    assert evidence.observed_versions("Things_Put") == ("2022-05-01",)
    assert evidence.observed_operations() == ("Things_Put",)


@pytest.mark.usefixtures("things")
def test_a_place_falls_under_no_more_than_was_seen() -> None:
    known = {"/a/*/b": 1, "/a/*": 1, "/a": 1, "/a/x": 1, "/a/x/b": 1}

    assert evidence.generalise("/a/1/b", known) == "/a/*/b"
    assert evidence.generalise("/a/x/b", known) == "/a/x/b"
    assert evidence.generalise("/a/x/c", known) is None
    assert evidence.generalise("/b", known) is None
    assert evidence.generalise("", known) is None
    assert evidence.generalise("", {"": 1}) == ""


@pytest.fixture
def seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., None]]:
    """Makes evidence of what was sent and answered, each four times, by operation."""
    file = tmp_path / "observed.txt"

    def write(**rows: tuple[Any, Any]) -> None:
        table = [_make_row(*one) for one in rows.items()]
        file.write_text(compile_evidence.write_evidence(table), "utf-8")
        monkeypatch.setattr(evidence, "DATA", file)
        forget()

    yield write
    forget()


def _make_row(operation: str, bodies: tuple[Any, Any]) -> dict[str, Any]:
    sent, answered = bodies
    return {
        "operation": operation,
        "api_version": "2022-05-01",
        "status": 200,
        "n": 4,
        "tests": 1,
        "headers": {"date": 4},
        "request": {"/": {"object": 4}, **sent},
        "answer": {"/": {"object": 4}, **answered},
    }


SENT = {"/new": {"string?": 4}}


@pytest.mark.parametrize(
    ("rows", "said", "works"),
    [
        ({"Things_Put": (SENT, {})}, " The service drops it: Things_Put", False),
        (
            {"Things_Put": (SENT, SENT)},
            " Things_Put returned it in 4 of 4 exchanges at 2022-05-01.",
            True,
        ),
        (
            {"Things_Put": (SENT, {"/new": {"null?": 4}})},
            " Things_Put returned it as null in 4 of 4 exchanges at 2022-05-01.",
            True,
        ),
        (
            {"Things_Put": (SENT, {"/new": {"null?": 1, "string?": 3}})},
            " Things_Put returned it in 4 of 4 exchanges at 2022-05-01.",
            True,
        ),
    ],
)
def test_what_became_of_a_property_that_is_not_written_is_told(
    seen: Callable[..., None], rows: Any, said: str, works: bool
) -> None:
    seen(**rows)
    place = ("Things_Put", "2022-05-01", "/new")

    told = find_testimony(Rule.UNKNOWN, Side.REQUEST, *place)

    assert told is not None
    accepted = " Live services accepted it in 4 of 4 exchanges at 2022-05-01."
    assert told.says.startswith(accepted + said)
    assert told.works is works
    assert told.severity is Severity.WARNING
    assert told.observed == ("accepted", 4, 4, "2022-05-01")


def test_where_it_is_only_read_again_that_is_told(
    seen: Callable[..., None],
) -> None:
    deep = {"/a": {"object": 4}, "/a/new": {"string?": 4}}
    seen(Things_Put=(deep, {}), Things_Get=({}, deep))
    place = ("Things_Put", "2022-05-01", "/a/new")
    get = ("Things_Get", "2022-05-01", "/a/new")

    told = find_testimony(Rule.UNKNOWN, Side.REQUEST, *place)
    known = find_testimony(Rule.UNKNOWN, Side.REQUEST, *get)
    answered = find_testimony(Rule.FOREIGN, Side.RESPONSE, *get)
    secret = find_testimony(Rule.USE, Side.RESPONSE, *get)
    lacking = find_absence("Things_Get", "2022-05-01", "/a/other")
    there = find_absence("Things_Get", "2022-05-01", "/a/new")
    status = find_status("Things_Get", "2022-05-01", 200)
    other = find_status("Things_Get", "2022-05-01", 404)

    assert told is not None
    assert told.says.endswith(
        " Things_Get returned it in 4 of 4 exchanges at 2022-05-01."
    )
    assert known is not None
    assert known.says.startswith(
        " The service knows it: live answers held it in 4 of 4"
    )
    assert (known.severity, known.works) == (Severity.WARNING, False)
    assert answered is not None
    assert answered.severity is Severity.INFO
    assert secret is None
    assert lacking is not None
    assert lacking.says == " Live answers lacked it in 4 of 4 exchanges at 2022-05-01."
    assert lacking.observed == ("returned", 0, 4, "2022-05-01")
    assert there is None
    assert status is not None
    assert (
        status.says == " Live services answered so in 4 of 4 exchanges at 2022-05-01."
    )
    assert other is None


def test_what_is_written_is_read_back(facts_folder: Path) -> None:
    rows = json.loads((facts_folder / "observed.json").read_text("utf-8"))

    assert sum(row["n"] for row in rows) == 19_863
    for row in rows:
        read = evidence.find_observed(row["operation"], row["api_version"])
        (one,) = [r for r in read if r.status == row["status"]]
        assert (one.n, one.tests) == (row["n"], row["tests"])
        assert one.headers == row["headers"]
        for side in ("request", "answer"):
            places = {p or "/": t for p, t in getattr(one, side).items() if t}
            assert places == row[side]


def test_no_drift(facts_folder: Path) -> None:
    observed = str(facts_folder / "observed.json")

    assert compile_evidence.main(["--observed", observed, "--check"]) == 0


def test_drift_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compile_evidence, "DATA", tmp_path / "observed.txt")
    file = tmp_path / "observed.json"
    file.write_text(json.dumps(ROWS))
    arguments = ["--observed", str(file)]

    assert compile_evidence.main([*arguments, "--check"]) == 1
    assert "differs from what" in capsys.readouterr().err
    assert compile_evidence.main(arguments) == 0
    assert compile_evidence.main([*arguments, "--check"]) == 0


def test_the_data_is_small_and_every_operation_seen_is_one_of_the_contract() -> None:
    assert evidence.DATA.stat().st_size <= LIMIT_BYTES
    assert set(evidence.observed_versions()) <= set(known_versions())
    for operation in evidence.observed_operations():
        for version in evidence.observed_versions(operation):
            assert operation in load_contract(version).operations


PLACE = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/"
    "Microsoft.MachineLearningServices"
)


def judge(path: str, version: str, body: Any) -> dict[str, Finding]:
    """The findings of a PUT, by pointer."""
    url = f"https://management.azure.com{PLACE}/{path}?api-version={version}"
    request = Request("PUT", url, (), json.dumps(body).encode())
    found = Validator().check_request(request).findings
    return {finding.pointer: finding for finding in found}


def test_what_live_services_accepted_is_a_warning_with_its_count() -> None:
    inner = {"authType": "None", "category": "Git", "target": "t", "credentials": {}}
    found = judge(
        "workspaces/wrk/connections/one", "2022-01-01-preview", {"properties": inner}
    )

    told = found["/properties/credentials"]
    assert (told.severity, told.evidence) == (Severity.WARNING, Evidence.LIVE)
    assert "Live services accepted it in 16 of 16 exchanges" in told.message
    assert "Create returned it as null in 16 of 16" in told.message
    assert told.to_json()["observed"] == {
        "accepted": 16,
        "of": 16,
        "api_version": "2022-01-01-preview",
    }


def test_what_comes_back_is_said() -> None:
    body = {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {"managedResourceGroupTags": {"a": "b"}, "regionDetails": []},
    }
    told = judge("registries/reg", "2022-10-01-preview", body)

    finding = told["/properties/managedResourceGroupTags"]
    assert finding.severity is Severity.WARNING
    assert "Registries_Get returned it in 12 of 12 exchanges" in finding.message


@pytest.mark.parametrize("version", ["2022-05-01", "2024-04-01"])
def test_what_nobody_has_seen_is_no_claim_about_the_service(version: str) -> None:
    inner = {"image": "python:3", "nowhereSeen": 1}
    found = judge(
        "workspaces/wrk/environments/e/versions/1", version, {"properties": inner}
    )

    told = found["/properties/nowhereSeen"]
    assert (told.severity, told.evidence) == (Severity.ERROR, Evidence.UNKNOWN)
    assert "whether the service drops it is not known" in told.message
    assert "drops" not in told.cure
    assert told.observed is None


def test_an_unwritten_property_of_an_answer_is_information_where_it_was_counted() -> (
    None
):
    url = f"https://management.azure.com{PLACE}/workspaces/wrk?api-version="
    answer = json.dumps(
        {"id": "/i", "name": "n", "type": "t", "etag": None, "never": 1}
    ).encode()
    found = {
        version: {
            finding.pointer: finding.severity
            for finding in Validator()
            .check_response(
                Request("GET", url + version, (), b""), Response(200, (), answer)
            )
            .findings
        }
        for version in ("2022-10-01-preview", "2024-04-01")
    }

    assert found["2022-10-01-preview"]["/etag"] is Severity.INFO
    assert found["2022-10-01-preview"]["/never"] is Severity.WARNING
    assert found["2024-04-01"]["/etag"] is Severity.WARNING


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("inputs", "${{parent.name}}", "AZC176"),
        ("inputs", "${{ parent.name }}", "AZC176"),
        ("inputs", "${{parent.inputs.folder}}/a.csv", "AZC176"),
        ("inputs", "${{parent.inputs.folder}}", ""),
        ("inputs", "${{parent.inputs.words}}/a.csv", ""),
        ("outputs", "azureml://x/${{parent.name}}/", ""),
    ],
)
def test_what_a_recorded_answer_refused_is_an_error(
    name: str, value: str, code: str
) -> None:
    node = {
        "type": "command",
        "componentId": "azureml:c:1",
        name: {"a": {"job_input_type": "literal", "value": value}},
    }
    inputs = {
        "folder": {"jobInputType": "uri_folder", "uri": "azureml:data:1"},
        "words": {"jobInputType": "literal", "value": "w"},
    }
    inner = {"jobType": "Pipeline", "inputs": inputs, "jobs": {"n": node}}
    found = judge(
        "workspaces/wrk/jobs/train", "2023-02-01-preview", {"properties": inner}
    )

    codes = {finding.code: finding for finding in found.values()}
    assert set(codes) == ({code} if code else set())
    if code:
        assert codes[code].severity is Severity.ERROR
        assert codes[code].evidence is Evidence.LIVE


def test_what_microsofts_own_client_sends_is_no_error() -> None:
    body = {
        "properties": {
            "codeUri": "https://account.blob.core.windows.net/c/p",
            "properties": {"hash_version": 202208, "other": 3},
        }
    }
    found = check_body(body, "CodeVersions_CreateOrUpdate", api_version="2023-04-01")
    assert [(one.pointer, one.severity) for one in found] == [
        ("/properties/properties/hash_version", "warning"),
        ("/properties/properties/other", "error"),
    ]
    assert "1,861" in found[0].message

"""Which paths the answer of an operation has, and the smallest answer that has them."""

from __future__ import annotations

from typing import Any

import pytest

from azml_contract.contract.contract import Contract
from azml_contract.contract.model import (
    Definition,
    Operation,
    Property,
    ResponseSpec,
    SourceKind,
    Type,
)
from azml_contract.exchange import Request
from azml_contract.validation.answer_paths import (
    Absent,
    Answered,
    explain_path,
    find_elsewhere,
    find_in_answer,
    find_versions,
    sample_answer,
)

TEXT, COUNT = Type("string"), Type("integer")
UNKNOWN = Answered(is_known=False, found=True)
WORKSPACE = (
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices"
    "/workspaces/w"
)


def ref(name: str) -> Type:
    return Type("ref", ref=name)


def define(name: str, /, **properties: Type) -> Definition:
    return Definition(
        name, {key: Property(key, one) for key, one in properties.items()}
    )


DEFINITIONS = [
    define(
        "Job",
        name=TEXT,
        count=COUNT,
        share=Type("number"),
        done=Type("boolean"),
        state=Type("string", enum=("Running", "Done")),
        anything=Type("any"),
        free=Type("object"),
        lost=ref("Nowhere"),
        names=Type("array", items=TEXT),
        parts=Type("array", items=ref("Part")),
        tags=Type("map", items=TEXT),
        loose=Type("array"),
        properties=ref("Base"),
    ),
    define("Part", size=COUNT),
    Definition(
        "Base",
        {"kind": Property("kind", TEXT)},
        discriminator="kind",
        variants={"A": "VarA", "B": "VarB", "Lost": "Nowhere"},
    ),
    define("VarA", kind=TEXT, alpha=ref("Part")),
    define("VarB", kind=TEXT, alpha=TEXT, beta=COUNT),
    Definition("Open", {"a": Property("a", TEXT)}, additional=TEXT),
]


def make_operation(body: Type | None = None, **more: Any) -> Operation:
    responses = {"404": ResponseSpec(ref("Open")), "200": ResponseSpec(body)}
    return Operation(
        "Jobs_Get", "GET", "/jobs/{id}", **({"responses": responses} | more)
    )


@pytest.fixture(scope="module")
def contract() -> Contract:
    definitions = {one.name: one for one in DEFINITIONS}
    return Contract("2030-01-01", SourceKind.SWAGGER, definitions, {})


@pytest.fixture
def find(contract: Contract):
    """What a path with dots leads to in the answer of a body."""

    def run(path: str, body: Type | None = ref("Job"), **more: Any) -> Answered:  # noqa: B008
        steps = tuple(path.split(".")) if path else ()
        return find_in_answer(contract, make_operation(body, **more), steps)

    return run


@pytest.mark.parametrize(
    ("path", "sample", "is_text"),
    [
        ("", {}, False),
        ("name", {"name": "..."}, True),
        ("count", {"count": 1}, False),
        ("share", {"share": 1}, False),
        ("done", {"done": True}, False),
        ("state", {"state": "Running"}, True),
        ("names", {"names": []}, False),
        ("names.*", {"names": ["..."]}, True),
        ("names.0", {"names": ["..."]}, True),
        ("names.-1", {"names": ["..."]}, True),
        ("parts.*.size", {"parts": [{"size": 1}]}, False),
        ("tags.mine", {"tags": {"mine": "..."}}, True),
        ("properties.kind", {"properties": {"kind": "..."}}, True),
        ("properties.alpha", {"properties": {"kind": "A", "alpha": {}}}, False),
        ("properties.beta", {"properties": {"kind": "B", "beta": 1}}, False),
        (
            "properties.alpha.size",
            {"properties": {"kind": "A", "alpha": {"size": 1}}},
            False,
        ),
    ],
)
def test_a_path_that_is_declared_has_a_smallest_answer(find, path, sample, is_text):
    assert find(path) == Answered(True, True, sample, is_text=is_text)


@pytest.mark.parametrize(
    "path",
    ["anything", "anything.a", "free.a", "free.a.b", "loose.0", "error", "error.code"],
)
def test_what_the_contract_leaves_open_is_not_known(find, path):
    found = find(path)

    assert found.found
    assert found.is_known is (path == "anything")


def test_without_a_body_or_with_further_names_nothing_is_known(find):
    assert find("a", None) == UNKNOWN
    assert find("a", responses=None) == UNKNOWN
    assert find("b", ref("Open")) == UNKNOWN
    assert find("a", ref("Open")) == Answered(True, True, {"a": "..."}, is_text=True)
    named = find("name", responses=None, result=ref("Job"))
    assert named.sample == {"name": "..."}
    created = {"201": ResponseSpec(None), "202": ResponseSpec(ref("Part"))}
    assert find("size", responses=created).sample == {"size": 1}


@pytest.mark.parametrize(
    ("path", "missing", "owner", "near"),
    [
        ("nam", 0, "Job", ("name",)),
        ("zzz", 0, "Job", ()),
        ("name.x", 1, "Job", ()),
        ("names.x", 1, "Job", ()),
        ("names.*.x", 2, "Job", ()),
        ("parts.0.sise", 2, "Part", ("size",)),
        ("properties.bete", 1, "Base", ("beta",)),
        ("properties.alpha.x", 2, "Part", ()),
        ("lost.x", 1, "Job", ()),
    ],
)
def test_a_path_that_is_not_there_is_told_where_it_ends(
    find, path, missing, owner, near
):
    assert find(path) == Answered(True, False, None, missing, owner, near)


def test_a_list_or_a_text_that_is_the_whole_answer_says_so(find):
    listed = Type("array", items=TEXT)

    assert find("x", listed) == Answered(True, False, None, 0, "a list")
    assert find("0", listed) == Answered(True, True, ["..."], is_text=True)
    assert find("x", TEXT) == Answered(True, False, None, 0, "a string")


@pytest.mark.parametrize(
    ("path", "instead"),
    [
        ("properties.name", ""),
        ("outer.count", "count"),
        ("parts.0.inner.size", "parts.0.size"),
        ("properties.bete", "properties.beta"),
        ("properties.propertees.beta", "properties.beta"),
        ("nam", "name"),
        ("zzz", ""),
    ],
)
def test_the_same_may_stand_without_a_step_or_under_a_name_alike(
    contract, find, path, instead
):
    steps = tuple(path.split("."))
    missing = find(path).missing

    found = find_elsewhere(contract, make_operation(ref("Job")), steps, missing)

    assert ".".join(found) == instead


def ask(path: str, version: str = "2024-04-01", method: str = "GET") -> Request:
    url = f"https://management.azure.com{WORKSPACE}/{path}?api-version={version}"
    return Request(method, url)


def test_api_versions_are_told_by_whether_their_answer_has_a_path() -> None:
    path = f"{WORKSPACE}/jobs/j"
    has, lacks = find_versions("GET", path, ("properties", "environmentId"))

    assert "2024-04-01" in has
    has, lacks = find_versions("GET", path, ("properties", "notebookInstance", "x"))
    assert has == ()
    assert "2024-04-01" in lacks
    assert find_versions("GET", f"{WORKSPACE}/unheard/of", ("a",)) == ((), ())


def test_a_path_that_an_answer_does_not_have_is_explained() -> None:
    assert explain_path(ask("jobs/j"), ("properties", "status")) is None
    assert explain_path(ask("jobs/j"), ("status",)) == Absent("Jobs_Get", ())
    assert explain_path(ask("jobs/j"), ("properties", "job", "status")) == Absent(
        "Jobs_Get", ("properties", "status")
    )
    assert explain_path(ask("jobs/j", "1999-99-99"), ("x",)) is None
    assert explain_path(ask("unheard/of"), ("x",)) is None
    assert explain_path(ask("jobs/j", "2024-04-01".upper()), ("status",)) is not None


def test_a_sample_has_all_paths_that_are_declared() -> None:
    paths = [
        ("value", "*", "name"),
        ("value", "0", "properties", "status"),
        ("nextLink",),
        ("unheard",),
    ]
    status, body = sample_answer(ask("jobs"), paths)

    (item,) = body["value"]
    assert status == 200
    assert item["name"] == "..."
    assert set(item["properties"]) == {"status"}
    assert body["nextLink"] == "..."
    assert "unheard" not in body
    assert sample_answer(ask("jobs", "1999-99-99"), paths) == (200, {})
    assert sample_answer(ask("unheard/of"), paths) == (200, {})
    assert sample_answer(ask("jobs/j/cancel", method="POST"), [])[0] in (200, 202)
    status, body = sample_answer(ask("jobs/j"), [("id",), ("name",), ("id",)])
    assert body == {"id": "...", "name": "..."}
    _, body = sample_answer(
        ask("jobs"), [("value",), ("value", "0", "name"), ("value",)]
    )
    assert body == {"value": [{"name": "..."}]}

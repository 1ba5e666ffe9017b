"""Each change of one operation as a value: what it was, what it is, whom it breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from azml_contract.contract.change import Change, ChangeKind
from azml_contract.contract.model import Operation, Parameter, ResponseSpec, Type
from azml_contract.contract.operation_diff import compare_operations, pair_bodies
from azml_contract.finding import Side

TEXT, JOB, PART = Type("string"), Type("ref", ref="Job"), Type("ref", ref="Part")
LIST = Type("array", items=JOB)
REQUEST, RESPONSE = (Side.REQUEST,), (Side.RESPONSE,)
PLAIN = Operation("Jobs_Put", "PUT", "/jobs/{id}", responses={})


def parameter(place: str = "query", kind: Type = TEXT, **more: Any) -> Parameter:
    return Parameter("top", place, kind, **({"required": False} | more))


def tell(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Changes of an operation that has these facts, told in short."""
    changes = list(compare_operations(replace(PLAIN, **old), replace(PLAIN, **new)))
    assert all((one.subject, one.operation) == ("Jobs_Put",) * 2 for one in changes)
    return [
        (one.kind.value, one.name, one.before, one.after, one.breaks, one.way)
        for one in changes
    ]


def with_parameters(*parameters: Parameter) -> dict[str, Any]:
    return {"parameters": parameters}


NONE: dict[str, Any] = {}
NEEDED = parameter(required=True)


@pytest.mark.parametrize(
    ("old", "new", "kind", "before", "after", "breaks", "way"),
    [
        ((), (parameter(),), "added", "", "string", (), ""),
        ((), (NEEDED,), "added", "", "string !", REQUEST, "refused"),
        ((parameter(),), (), "removed", "string", "", REQUEST, "ignored"),
        (
            (parameter(),),
            (NEEDED,),
            "changed",
            "string",
            "string !",
            REQUEST,
            "refused",
        ),
        ((NEEDED,), (parameter(),), "changed", "string !", "string", (), ""),
        (
            (parameter(),),
            (parameter(kind=Type("integer")),),
            *("changed", "string", "integer", REQUEST, "refused"),
        ),
    ],
)
def test_a_parameter_comes_goes_and_changes(
    old: Any, new: Any, kind: str, before: str, after: str, breaks: Any, way: str
) -> None:
    assert tell(with_parameters(*old), with_parameters(*new)) == [
        (f"parameter {kind}", "query top", before, after, breaks, way)
    ]


def test_parameters_are_told_apart_by_place_and_those_of_the_path_are_not_told() -> (
    None
):
    header = parameter("header")
    moved = tell(with_parameters(header), with_parameters(parameter()))

    assert [one[:2] for one in moved] == [
        ("parameter removed", "header top"),
        ("parameter added", "query top"),
    ]
    path = with_parameters(parameter("path"))
    assert tell(NONE, path) == tell(path, NONE) == []
    unknown = {"queries_known": False}
    query = with_parameters(parameter())
    assert tell(query, unknown) == tell(unknown, query) == []


ASYNC = "azure-async-operation"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({}, {"long_running": True}, ("long-running", "", "long-running", RESPONSE)),
        ({"long_running": True}, {}, ("long-running", "long-running", "", RESPONSE)),
        (
            {"long_running": True},
            {"long_running": True, "final_state_via": ASYNC},
            ("long-running", "long-running", f"final state via {ASYNC}", ()),
        ),
        ({"long_running": None}, {"long_running": True}, None),
        ({"long_running": True}, {"long_running": None}, None),
        ({}, {"paging": "nextLink"}, ("paging", "", "nextLink", RESPONSE)),
        ({"paging": None}, {"paging": "nextLink"}, None),
        ({"paging": "nextLink"}, {"paging": None}, None),
    ],
)
def test_how_an_answer_is_read_changes(
    old: dict[str, Any], new: dict[str, Any], told: tuple[Any, ...] | None
) -> None:
    wanted = [] if told is None else [("flow changed", *told, "")]

    assert tell(old, new) == wanted


@pytest.mark.parametrize(
    ("old", "new", "before", "after", "breaks"),
    [
        ({}, {"body": JOB}, "", "Job", False),
        ({}, {"body": JOB, "body_required": True}, "", "Job", True),
        ({"body": JOB}, {}, "Job", "", True),
        ({"body": JOB}, {"body": LIST}, "Job", "[Job]", True),
        (
            {"body": JOB},
            {"body": PART, "body_required": True},
            *("optional", "required", True),
        ),
    ],
)
def test_a_body_comes_goes_and_changes_its_kind(
    old: dict[str, Any], new: dict[str, Any], before: str, after: str, breaks: bool
) -> None:
    sides, way = (REQUEST, "refused") if breaks else ((), "")

    assert tell(old, new) == [("body changed", "", before, after, sides, way)]


def test_a_body_of_another_name_or_that_is_no_longer_needed_is_no_change() -> None:
    assert tell({"body": JOB}, {"body": PART}) == []
    assert tell({"body": JOB, "body_required": True}, {"body": JOB}) == []


def answers(**bodies: Type | None) -> dict[str, Any]:
    specs = {name.strip("_"): ResponseSpec(one) for name, one in bodies.items()}
    return {"responses": specs}


@pytest.mark.parametrize(
    ("old", "new", "kind", "name", "before", "after", "breaks"),
    [
        ({}, {"_201": JOB}, "added", "201", "", "Job", RESPONSE),
        ({"_202": None}, {}, "removed", "202", "no body", "", RESPONSE),
        ({}, {"default": PART}, "added", "default", "", "Part", ()),
        ({"_200": JOB}, {"_200": None}, "changed", "200", "Job", "no body", RESPONSE),
        ({"_200": None}, {"_200": JOB}, "changed", "200", "no body", "Job", ()),
        ({"_200": JOB}, {"_200": LIST}, "changed", "200", "Job", "[Job]", RESPONSE),
    ],
)
def test_a_status_comes_goes_and_changes_its_body(
    old: Any, new: Any, kind: str, name: str, before: str, after: str, breaks: Any
) -> None:
    assert tell(answers(**old), answers(**new)) == [
        (f"status {kind}", name, before, after, breaks, "")
    ]


def test_where_statuses_are_not_known_none_has_changed() -> None:
    some = answers(_200=JOB)

    assert tell(some, {"responses": None}) == tell({"responses": None}, some) == []
    assert tell(some, answers(_200=PART)) == []


def test_an_operation_comes_goes_and_gets_another_name() -> None:
    other = replace(PLAIN, id="Job_Put")

    assert list(compare_operations(None, PLAIN)) == [
        Change(
            ChangeKind.OPERATION_ADDED,
            "Jobs_Put",
            after="PUT /jobs/{id}",
            operation="Jobs_Put",
        )
    ]
    assert list(compare_operations(PLAIN, None)) == [
        Change(
            ChangeKind.OPERATION_REMOVED,
            "Jobs_Put",
            before="PUT /jobs/{id}",
            breaks=REQUEST,
            way="refused",
            operation="Jobs_Put",
        )
    ]
    assert list(compare_operations(PLAIN, other)) == [
        Change(
            ChangeKind.OPERATION_RENAMED, "Job_Put", before="Jobs_Put", after="Job_Put"
        )
    ]
    assert list(compare_operations(PLAIN, PLAIN)) == []


def pair(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[Any, ...]]:
    return list(pair_bodies(replace(PLAIN, **old), replace(PLAIN, **new)))


def test_bodies_are_paired_where_both_versions_have_one() -> None:
    assert pair({"body": JOB}, {"body": PART}) == [(JOB, PART, Side.REQUEST)]
    assert pair({"body": JOB}, {}) == pair({}, {"body": JOB}) == []
    old = answers(_404=PART, _200=JOB, _204=None, _201=JOB)
    new = answers(_200=PART, _404=JOB, _204=JOB, _202=JOB)
    assert pair(old, new) == [
        (JOB, PART, Side.RESPONSE),
        (PART, JOB, Side.RESPONSE),
    ]
    named = {"responses": None, "result": LIST}
    assert pair(old, named) == [(JOB, LIST, Side.RESPONSE)]
    assert pair(named, old) == [(LIST, JOB, Side.RESPONSE)]
    assert pair(answers(_404=PART, _204=None), named) == []
    assert pair({"responses": None}, named) == []

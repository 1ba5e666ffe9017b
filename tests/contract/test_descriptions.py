"""What a contract and its changes are told as: whole texts of small ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from azml_contract.contract.change import Change, ChangeKind
from azml_contract.contract.describe import (
    count_changes,
    describe_changes,
    describe_definition,
    describe_operation,
)
from azml_contract.contract.model import (
    Definition,
    Operation,
    Parameter,
    Property,
    ResponseSpec,
    Type,
)
from azml_contract.finding import Side

TEXT = Type("string")
JOB = Type("ref", ref="Job")
REQUEST, RESPONSE = Side.REQUEST, Side.RESPONSE
UNKNOWN = "unknown: no swagger of this operation has been seen"


def tell(lines: Iterator[str]) -> list[str]:
    return "\n".join(lines).split("\n")


def test_an_operation_is_told_a_fact_a_line() -> None:
    operation = Operation(
        "Jobs_Put",
        "PUT",
        "/jobs/{id}",
        parameters=(
            Parameter("id", "path", Type("string", min_length=1), required=True),
            Parameter("$top", "query", Type("integer"), required=False),
        ),
        body=JOB,
        body_required=True,
        responses={
            "200": ResponseSpec(JOB, headers=("Location", "Retry-After")),
            "204": ResponseSpec(None),
        },
        long_running=True,
        final_state_via="azure-async-operation",
        paging="nextLink",
    )

    assert tell(describe_operation(operation)) == [
        "PUT /jobs/{id}",
        "",
        "  path id       string, minLength=1, required",
        "  query $top    integer",
        "  body          Job, required",
        "  200           Job; headers Location, Retry-After",
        "  204           no body",
        "  long-running  final state via azure-async-operation",
        "  paging        next page at nextLink",
    ]


def test_what_no_source_says_of_an_operation_is_told_as_unknown() -> None:
    operation = Operation(
        "Jobs_Put", "PUT", "/jobs", queries_known=False, body=JOB, result=JOB
    )

    assert tell(describe_operation(operation)) == [
        "PUT /jobs",
        "",
        f"  query         {UNKNOWN}",
        "  body          Job",
        "  success       Job",
        f"  status codes  {UNKNOWN}",
    ]


def test_what_is_carried_over_and_what_is_assumed_differ() -> None:
    operation = Operation("Jobs_Get", "GET", "/jobs", responses={})
    long_running = replace(operation, long_running=True)
    carried = replace(operation, carried_from="2024-04-01")

    assert tell(describe_operation(long_running))[2:] == ["  long-running  yes"]
    assert tell(describe_operation(operation)) == ["GET /jobs", ""]
    assert tell(describe_operation(carried)) == [
        "GET /jobs",
        "status codes, queries and flow carried over from 2024-04-01",
        "",
    ]
    assert tell(describe_operation(replace(carried, assumed=True))) == [
        "GET /jobs",
        "assumed: carried over from 2024-04-01, because bicep types do not list such",
        "operations",
        "",
    ]


def test_a_long_path_is_broken_before_its_slashes_at_80_columns() -> None:
    path = f"/{'a' * 40}/{'b' * 34}/{'c' * 35}/d/{'e' * 38}/{'X' * 90}/"

    assert tell(describe_operation(Operation("x", "GET", path, responses={}))) == [
        f"GET /{'a' * 40}/{'b' * 34}",
        f"    /{'c' * 35}/d",
        f"    /{'e' * 38}",
        f"    /{'X' * 90}",
        "",
    ]


def test_a_definition_is_told_a_property_a_line_in_plain_words() -> None:
    listed = Type("array", items=TEXT, items_nullable=True, unique_items=True)
    many = Type("array", items=Type("map", items=Type("ref", ref="Part")))
    open_choice = Type("string", enum=("a", "b"), enum_open=True)
    created = frozenset({"create", "read"})
    properties = (
        Property("id", TEXT, required=True, read_only=True),
        Property("key", TEXT, nullable=True, write_only=True, secret=True),
        Property("kind", open_choice, mutability=created),
        Property("state", Type("string", enum=("on",))),
        Property("tags", listed),
        Property("many", many),
    )
    definition = Definition(
        "Thing",
        {one.name: one for one in properties},
        additional=Type("map", items=TEXT, items_nullable=True),
        discriminator="kind",
        variants={"A": "ThingA", "Long": "ThingLong"},
        base="Base",
        discriminator_value="Thing",
        carried_from="2024-04-01",
    )

    assert tell(describe_definition(definition)) == [
        "variant 'Thing' of Base",
        "carried over from 2024-04-01",
        "",
        "  id     string, read-only, required",
        "  key    string, secret, write-only, may be null",
        "  kind   a | b (others may come), for create/read",
        "  many   array of map of Part",
        "  state  on",
        "  tags   array of string or null, unique elements",
        "  (others)  map of string or null",
        "",
        "variants by kind:",
        "  A     ThingA",
        "  Long  ThingLong",
    ]
    assert tell(describe_definition(Definition("Empty"))) == [""]


def test_long_facts_hang_below_their_first_word_and_words_stay_whole() -> None:
    values = tuple(f"value-of-{'x' * 18}-{number}" for number in range(3))
    pattern = Type("string", pattern=f"^{'[a-z-]' * 15}$")
    properties = {
        "kind": Property("kind", Type("string", enum=values)),
        "name": Property("name", pattern),
    }

    assert tell(describe_definition(Definition("Thing", properties))) == [
        "",
        f"  kind  {values[0]} | {values[1]} |",
        f"        {values[2]}",
        "  name  string,",
        f'        pattern="^{"[a-z-]" * 15}$"',
    ]


PROPERTY, STATUS = ChangeKind.PROPERTY_CHANGED, ChangeKind.STATUS_CHANGED


@pytest.mark.parametrize(
    ("kind", "before", "after", "phrase"),
    [
        (ChangeKind.OPERATION_RENAMED, "Old_Put", "New_Put", "was Old_Put"),
        (ChangeKind.OPERATION_ADDED, "", "PUT /x", "new: PUT /x"),
        (ChangeKind.OPERATION_REMOVED, "PUT /x", "", "gone: PUT /x"),
        (ChangeKind.BODY_CHANGED, "Job", "", "body Job -> none"),
        (ChangeKind.BODY_CHANGED, "", "Job", "body none -> Job"),
        (
            ChangeKind.VARIANT_CHANGED,
            "UriFile",
            "uri_file",
            "value UriFile -> uri_file",
        ),
        (ChangeKind.VARIANT_ADDED, "", "Part", "value x added: Part"),
        (ChangeKind.VARIANT_REMOVED, "Part", "", "value x removed"),
        (ChangeKind.STATUS_ADDED, "", "Job", "status x added: Job"),
        (ChangeKind.STATUS_REMOVED, "Job", "", "status x removed"),
        (STATUS, "Job", "", "status x: Job -> no"),
        (ChangeKind.FLOW_CHANGED, "", "yes", "x: no -> yes"),
        (ChangeKind.PARAMETER_ADDED, "", "string !", "x added: string, required"),
        (ChangeKind.PROPERTY_REMOVED, "string !", "", "x removed"),
        (PROPERTY, "string", "[string]", "x: string -> array of string"),
        (PROPERTY, "(a|b)", "string", "x: a | b -> string"),
        (PROPERTY, "string", "(a|b|*)", "x: string -> a | b (others may come)"),
        (PROPERTY, "(a|b)", "(b|c|*)", "x: values +c +* -a"),
        (PROPERTY, "(a|b)", "(b|a)", "x: order of values"),
        (PROPERTY, "string ! ro", "string ro", "x: no longer required"),
        (PROPERTY, "string ro", "string ro !", "x: now required"),
        (
            PROPERTY,
            "string ro !",
            "string ? !",
            "x: now may be null, no longer read-only",
        ),
        (
            PROPERTY,
            "string ! ro",
            "string",
            "x: no longer required, no longer read-only",
        ),
        (PROPERTY, "string maxLength=5", "string maxLength=9", "x: now maxLength=9"),
        (PROPERTY, "integer max=5", "integer min=9", "x: now min=9, no longer max=5"),
    ],
)
def test_a_change_is_told_in_one_phrase(
    kind: ChangeKind, before: str, after: str, phrase: str
) -> None:
    change = Change(kind, "Job", "x", before, after)

    assert "\n".join(describe_changes([change])) == f"\nJob\n  -        {phrase}"


def test_changes_stand_below_what_they_are_about_with_the_side_that_breaks() -> None:
    gone = ChangeKind.PROPERTY_REMOVED
    changes = [
        Change(gone, "Part", "a", breaks=(REQUEST, RESPONSE), way="ignored"),
        Change(gone, "Jobs_Put", "b", breaks=(RESPONSE,), operation="Jobs_Put"),
        Change(
            gone, "Job", "c", operation="Jobs_Put", breaks=(REQUEST,), way="refused"
        ),
        Change(gone, "Part", "d"),
        Change(gone, "Run", "e", operation="Jobs_Put", pointer="/properties<Command>"),
    ]

    assert tell(describe_changes(changes)) == [
        "",
        "Part",
        "  both     a removed [ignored]",
        "  -        d removed",
        "",
        "Jobs_Put",
        "  response b removed",
        "",
        "Job  (Jobs_Put: the body)",
        "  request  c removed [refused]",
        "",
        "Run  (Jobs_Put: /properties <Command>)",
        "  -        e removed",
    ]
    assert count_changes(changes) == ("5 changes, 2 break requests, 2 break responses")


def test_one_change_is_counted_as_one() -> None:
    change = Change(PROPERTY, "Job", breaks=(REQUEST,))

    assert count_changes([change]) == "1 change, 1 breaks requests, 0 break responses"
    assert count_changes([]) == "no change"

"""An answer that was read, at a version that promises another one.

The contracts are made for each case. Their operation is one that nobody ever called,
unless what live services were seen to answer is to count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
from azml_contract.finding import Evidence, Finding, Observed, Severity, Side
from azml_contract.regression.answers import Answer, Compared, Comparer
from azml_contract.regression.outline import outline

TEXT, NUMBER, ANY, FREE = Type("string"), Type("number"), Type("any"), Type("object")
THING = Type("ref", "Thing")
READ = frozenset({"create"})


def texts(*values: str) -> Type:
    return Type("string", enum=values)


def listed(kind: Type) -> Type:
    return Type("array", items=kind)


def mapped(kind: Type) -> Type:
    return Type("map", items=kind)


def thing(name: str = "Thing", more: Mapping[str, Any] | None = None, **types: Type):
    properties = {one: Property(one, kind) for one, kind in types.items()}
    return Definition(name, properties, **(more or {}))


def contract(
    version: str, body: Type | None, *definitions: Definition, **fields: Any
) -> Contract:
    answers = {"200": ResponseSpec(body)}
    operation = Operation("Things_Get", "GET", "/things", responses=answers)
    operation = replace(operation, **fields)
    named = {one.name: one for one in definitions}
    return Contract(version, SourceKind.SWAGGER, named, {operation.id: operation})


def compare(
    old: Contract,
    new: Contract,
    body: Any,
    reads: tuple[str, ...] | None = None,
    *,
    status: int = 200,
    known: bool = True,
) -> Compared:
    (was,), (now,) = old.operations.values(), new.operations.values()
    tags = [one.discriminator for one in old.definitions.values()]
    seen = outline(old, was, status, body, reads, tags)
    return Comparer(old, was, Answer(status, seen, known)).compare(new, now)


def find(old: Any, new: Any, body: Any, **options: Any) -> tuple[Finding, ...]:
    """What is found of an answer whose type or definition changed so."""
    sides = []
    for version, one in (("2029-01-01", old), ("2030-01-01", new)):
        definitions = [one] if isinstance(one, Definition) else []
        sides.append(contract(version, THING if definitions else one, *definitions))
    return compare(*sides, body, **options).findings


@pytest.mark.parametrize(
    ("old", "new", "body", "message"),
    [
        (TEXT, NUMBER, "a", "The answer is a number there, and was a string."),
        (TEXT, Type("integer"), "a", "The answer is a number there, and was a string."),
        (FREE, listed(TEXT), {}, "The answer is an array there, and was an object."),
        (listed(TEXT), FREE, [], "The answer is an object there, and was an array."),
        (Type("integer"), NUMBER, 1, ""),
        (NUMBER, Type("integer"), 1.5, ""),
        (THING, FREE, {}, ""),
        (mapped(TEXT), THING, {}, ""),
        (ANY, TEXT, 1, ""),
        (TEXT, ANY, "a", ""),
        (listed(TEXT), listed(ANY), ["a"], ""),
    ],
)
def test_an_answer_of_another_type_is_told(old, new, body, message):
    found = find(old, new, body)
    assert [one.message for one in found] == ([message] if message else [])
    for one in found:
        assert (one.code, one.pointer, one.side) == ("AZC303", "", Side.RESPONSE)
        assert (one.severity, one.evidence) == (Severity.ERROR, Evidence.SPEC)
        assert (one.operation, one.api_version) == ("Things_Get", "2030-01-01")
        assert one.cure == f"Read it as {message[14:].partition(' there')[0]}."


@pytest.mark.parametrize(
    ("old", "new", "body", "pointers"),
    [
        (thing(a=TEXT, b=TEXT), thing(b=TEXT), {"a": "x", "b": "x"}, ["/a"]),
        (thing(b=TEXT), thing(c=TEXT), {"a": "x", "b": "x"}, ["/b"]),
        (thing(), thing(), {"a": "x"}, []),
        (thing(a=TEXT), thing(more={"additional": TEXT}), {"a": "x"}, []),
        (thing(a=TEXT), thing(more={"additional": NUMBER}), {"a": "x"}, ["/a"]),
        (thing(a=THING), thing(a=FREE), {"a": {"a": {}}}, []),
        (
            thing(a=listed(THING), b=TEXT),
            thing(a=listed(THING)),
            {"b": "x", "a": [{"b": "x"}, {"a": [], "b": "x"}]},
            ["/b", "/a/0/b"],
        ),
        (
            thing(a=mapped(NUMBER), b=mapped(listed(NUMBER))),
            thing(a=mapped(TEXT), b=mapped(listed(TEXT))),
            {"a": {"k": 1}, "b": {"k": [1]}},
            ["/a/*", "/b/*/0"],
        ),
        (thing(**{"a/b": TEXT}), thing(), {"a/b": "x"}, ["/a~1b"]),
        (thing(a=Type("map")), thing(a=mapped(TEXT)), {"a": {"k": 1}}, []),
    ],
)
def test_what_was_read_is_looked_for_at_its_place(old, new, body, pointers):
    assert [one.pointer for one in find(old, new, body)] == pointers


def test_what_is_gone_and_what_has_another_type_are_told_with_their_owner():
    old = thing(gone=TEXT, other=TEXT, items=listed(TEXT))
    new = thing(other=listed(TEXT), items=listed(NUMBER))
    gone, other, items = find(old, new, {"gone": "x", "other": "x", "items": ["x"]})
    assert gone.code == "AZC302"
    assert gone.message == "The answer has no `gone` in Thing."
    assert (gone.cure, gone.seen, gone.expected) == ("Do not read it.", "gone", ())
    assert other.code == items.code == "AZC303"
    assert other.message == "`other` of Thing is an array there, and was a string."
    assert (other.seen, other.expected) == ("string", ("array",))
    assert items.message == "`0` of Thing is a number there, and was a string."


def test_where_nobody_knows_what_was_read_it_is_a_warning():
    for known, severity in ((True, Severity.ERROR), (False, Severity.WARNING)):
        (found,) = find(thing(a=TEXT), thing(), {"a": "x"}, known=known)
        assert found.severity is severity


def test_only_what_was_read_counts():
    old, new = thing(a=TEXT, b=listed(TEXT)), thing()
    body = {"a": "x", "b": ["x"]}
    for reads, pointers in ((None, ["/a", "/b"]), (("/b/0",), ["/b"]), ((), [])):
        found = find(old, new, body, reads=reads)
        assert [one.pointer for one in found] == pointers


def test_a_fault_of_many_items_is_told_once():
    items = [{"a": "x"}, {"a": "x", "b": "x"}, {"a": "x", "b": "x", "c": "x"}]
    sides = [
        contract(version, listed(THING), thing(**dict.fromkeys(names, TEXT)))
        for version, names in (("2029-01-01", "abc"), ("2030-01-01", ""))
    ]
    found = compare(*sides, items).findings
    assert [one.pointer for one in found] == ["/0/a", "/1/b", "/2/c"]


@pytest.mark.parametrize(
    ("fields", "method", "is_gone"),
    [
        ({"write_only": True}, "GET", True),
        ({"secret": True}, "GET", True),
        ({"mutability": READ}, "GET", True),
        ({"secret": True}, "POST", False),
        ({"read_only": True}, "GET", False),
    ],
)
def test_what_is_never_sent_back_is_gone(fields, method, is_gone):
    sides = []
    for version, more in (("2029-01-01", {}), ("2030-01-01", fields)):
        owner = Definition("Thing", {"a": Property("a", TEXT, **more)})
        sides.append(contract(version, THING, owner, method=method))
    found = compare(*sides, {"a": "x"}).findings
    told = "The answer holds no value of `a` of Thing. It is not sent back."
    assert [one.message for one in found] == ([told] if is_gone else [])


@pytest.mark.parametrize(
    ("name", "version", "message", "cure"),
    [
        (
            "docker",
            "2022-05-01",
            (
                "The answer has no `docker` in EnvironmentVersion. "
                "It is `image` and `build` since 2022-02-01-preview."
            ),
            "Read `image` and `build` in its place.",
        ),
        (
            "image",
            "2021-03-01-preview",
            (
                "The answer has no `image` in EnvironmentVersion. "
                "It is `docker` before 2022-02-01-preview."
            ),
            "Read `docker` in its place.",
        ),
    ],
)
def test_the_name_that_a_field_has_now_is_told(name, version, message, cure):
    kind = Type("ref", "EnvironmentVersion")
    old = contract("2029-01-01", kind, thing("EnvironmentVersion", **{name: TEXT}))
    new = contract(version, kind, thing("EnvironmentVersion"))
    (found,) = compare(old, new, {name: "x"}).findings
    assert (found.message, found.cure) == (message, cure)


REST = "Read `datastoreType` and `credentials` in place of the rest."


@pytest.mark.parametrize(
    ("reads", "cure"),
    [
        (("/contents/a",), "Read /a."),
        (("/contents/a", "/contents/b"), "Read /a and /b."),
        (("/contents/b", "/contents/old"), f"Read /b. {REST}"),
        (("/contents/old",), "Read `datastoreType` and `credentials` in its place."),
        (("/contents",), "Read `datastoreType` and `credentials` in its place."),
        (
            ("/contents/a", "/contents/b", "/contents/c", "/contents/d/e"),
            "Read /a, /b, /c and 1 more.",
        ),
    ],
)
def test_what_a_wrapper_held_is_read_where_it_is_now(reads, cure):
    """As `check` and `upgrade` say of a script that reads the same."""
    kind, inner = Type("ref", "Datastore"), Type("ref", "Contents")
    kept: Any = {"a": TEXT, "b": TEXT, "c": TEXT, "d": mapped(TEXT)}
    old = contract(
        "2029-01-01",
        kind,
        thing("Datastore", contents=inner),
        thing("Contents", old=TEXT, **kept),
    )
    new = contract("2022-05-01", kind, thing("Datastore", **kept))
    held = {"a": "1", "b": "2", "c": "3", "d": {"e": "4"}, "old": "5"}
    (found,) = compare(old, new, {"contents": held}, reads).findings
    assert (found.pointer, found.cure) == ("/contents", cure)


@pytest.mark.parametrize(
    ("before", "after", "value", "is_told"),
    [
        (("a", "b"), ("a", "c"), "b", True),
        (("a", "b"), ("a", "c"), "a", False),
        (("a", "b"), ("a", "c"), "x", False),
        (("a", "b"), (), "a", False),
        ((), ("a",), "b", False),
    ],
)
def test_a_value_that_is_no_longer_listed_is_a_warning(before, after, value, is_told):
    found = find(thing(a=texts(*before)), thing(a=texts(*after)), {"a": value})
    if not is_told:
        assert found == ()
        return
    (one,) = found
    assert (one.code, one.severity, one.pointer) == ("AZC304", Severity.WARNING, "/a")
    assert one.message == (
        "The answer's value 'b' is not listed there; it is one of a, c."
    )
    assert one.cure == "Compare with the new values too."
    assert (one.expected, one.seen) == (("a", "c"), "b")


# Variants

BASE = {"discriminator": "kind", "variants": {"one_a": "One", "B": "Two"}}


@pytest.mark.parametrize(
    ("variants", "tag", "pointers"),
    [
        ({"oneA": "One", "B": "Two"}, "ONEA", ["/x"]),  # as One has no `x`
        ({"B": "Two"}, "one_a", []),  # the version tells nothing of that variant
        ({"one_a": "Missing"}, "one_a", []),
        ({"one_a": "One", "B": "Two"}, "B", []),
        ({}, "one_a", ["/x"]),  # no union: it is what it is
    ],
)
def test_an_answer_is_of_the_variant_that_it_names(variants, tag, pointers):
    before = thing("Base", BASE, kind=TEXT)
    old = contract(
        "2029-01-01",
        Type("ref", "Base"),
        before,
        thing("One", kind=TEXT, x=TEXT),
        thing("Two", kind=TEXT, x=TEXT),
    )
    new = contract(
        "2030-01-01",
        Type("ref", "Base"),
        thing("Base", {**BASE, "variants": variants}, kind=TEXT),
        thing("One", kind=TEXT),
        thing("Two", kind=TEXT, x=TEXT),
    )
    found = compare(old, new, {"kind": tag, "x": "x"}).findings
    assert [one.pointer for one in found] == pointers


def test_without_its_tag_only_what_all_variants_share_is_known():
    old, new = (
        contract(
            version,
            Type("ref", "Base"),
            thing("Base", BASE, **dict.fromkeys(shared, TEXT)),
            thing("One", x=TEXT),
            thing("Two"),
        )
        for version, shared in (("2029-01-01", "ab"), ("2030-01-01", "b"))
    )
    found = compare(old, new, {"a": "x", "b": "x", "x": "x"}).findings
    assert [one.pointer for one in found] == ["/a"]


# Statuses


def answering(version: str, **bodies: Type | None) -> Contract:
    answers = {code.strip("_"): ResponseSpec(body) for code, body in bodies.items()}
    return contract(version, None, thing(a=TEXT), responses=answers)


def test_a_status_that_is_no_longer_documented_is_a_warning_and_compared_all_the_same():
    old = answering("2029-01-01", _200=TEXT)
    new = answering("2030-01-01", _404=TEXT, _202=None, _201=NUMBER, _204=TEXT)
    status, retyped = compare(old, new, "a").findings
    assert (status.code, status.severity, status.pointer) == (
        "AZC306",
        Severity.WARNING,
        "",
    )
    assert status.message == (
        "Things_Get documents no 200 there, but 404, 202, 201, 204."
    )
    assert status.cure == "Expect the other success statuses as well."
    assert (status.expected, status.seen) == (("404", "202", "201", "204"), "200")
    assert retyped.message == "The answer is a number there, and was a string."


def test_with_no_success_documented_nothing_is_compared():
    old, new = answering("2029-01-01", _200=TEXT), answering("2030-01-01", _404=NUMBER)
    assert [one.code for one in compare(old, new, "a").findings] == ["AZC306"]


def test_an_error_is_of_the_default_where_its_status_has_none():
    old = answering("2029-01-01", _200=TEXT, default=THING)
    new = answering("2030-01-01", _200=NUMBER, default=TEXT)
    (found,) = compare(old, new, {"a": "x"}, status=400).findings
    assert found.message == "The answer is a string there, and was an object."
    assert compare(old, new, "a", status=399).findings == ()


@pytest.mark.parametrize("body", [{"a": "x"}, {"b": "x"}])
def test_an_answer_that_has_no_body_there_is_gone(body):
    old, new = answering("2029-01-01", _200=THING), answering("2030-01-01", _200=None)
    found = compare(old, new, body).findings
    if "b" in body:  # nothing that was ever declared
        assert found == ()
    else:
        (one,) = found
        assert (one.code, one.message) == ("AZC302", "The answer has no body.")
        assert (one.cure, one.seen) == ("Do not read it.", None)
    assert compare(new, old, body).findings == ()


def test_what_a_source_cannot_tell_of_answers_is_unknown():
    old = answering("2029-01-01", _200=TEXT)
    new = contract("2030-01-01", None, responses=None)
    (found,) = compare(old, new, "a").findings
    assert (found.code, found.severity) == ("AZC307", Severity.INFO)
    assert found.message == (
        "The source of 2030-01-01 does not tell what Things_Get answers."
    )
    assert (found.cure, found.evidence) == ("Try the call.", Evidence.UNKNOWN)
    assert compare(new, old, "a").findings == ()


@pytest.mark.parametrize(("status", "count"), [(200, 1), (299, 1), (300, 0)])
def test_a_result_is_what_any_success_answers(status, count):
    sides = [
        contract(version, None, responses=None, result=kind)
        for version, kind in (("2029-01-01", TEXT), ("2030-01-01", NUMBER))
    ]
    found = compare(*sides, "a", status=status).findings
    assert [one.code for one in found] == ["AZC303"] * count


# What live services were seen to answer: 239 workspaces at 2022-10-01


def seen_live(old: Type | Definition, new: Any, body: Any, **fields: Any) -> Compared:
    sides = []
    for version, one in (("2029-01-01", old), ("2022-10-01", new)):
        named = {"id": "Workspaces_Get", **fields}
        more = {} if version == "2029-01-01" else named
        kind = THING if isinstance(one, Definition) else one
        owner = [one] if isinstance(one, Definition) else []
        sides.append(contract(version, kind, *owner, **more))
    return compare(*sides, body)


@pytest.mark.parametrize(
    ("name", "value", "is_told"),
    [
        ("etag", "x", True),  # always null
        ("kind", "x", False),
        ("sku", {}, False),
        ("nobody", "x", True),
    ],
)
def test_a_field_is_gone_only_where_no_live_answer_held_it(name, value, is_told):
    kind = FREE if value == {} else TEXT
    compared = seen_live(thing(**{name: kind}), thing(), {name: value})
    assert not compared.is_clean
    assert [one.pointer for one in compared.findings] == [f"/{name}"] * is_told
    for one in compared.findings:
        assert one.message == (
            f"The answer has no `{name}` in Thing. "
            "Of 239 live answers seen there none held such a value."
        )
        assert one.observed == Observed("returned", 0, 239, "2022-10-01")
        assert one.evidence is Evidence.LIVE


@pytest.mark.parametrize(
    ("name", "kind", "value", "is_told"),
    [
        ("location", TEXT, "x", False),
        ("location", NUMBER, 1, True),
        ("kind", TEXT, "x", False),  # which the contract of that version lacks
        ("sku", FREE, {}, False),
        ("sku", TEXT, "x", True),
    ],
)
def test_a_type_is_another_only_where_no_live_answer_had_it(name, kind, value, is_told):
    old, new = thing(**{name: kind}), thing(**{name: listed(TEXT)})
    compared = seen_live(old, new, {name: value})
    assert not compared.is_clean
    assert [one.code for one in compared.findings] == ["AZC303"] * is_told


def test_below_what_is_free_any_type_was_seen():
    """Of a component's specification live answers held anything."""
    old, new = (thing(componentSpec=mapped(kind)) for kind in (TEXT, NUMBER))
    sides = [
        contract(
            version,
            THING,
            thing(properties=Type("ref", "Inner")),
            replace(one, name="Inner"),
            id="ComponentVersions_Get",
        )
        for version, one in (("2029-01-01", old), ("2022-10-01", new))
    ]
    compared = compare(*sides, {"properties": {"componentSpec": {"name": "x"}}})
    assert (compared.findings, compared.is_clean) == ((), False)


def test_a_listed_value_is_compared_whatever_was_seen():
    (found,) = seen_live(
        thing(location=texts("a", "b")), thing(location=texts("b")), {"location": "a"}
    ).findings
    assert (found.code, found.observed) == ("AZC304", None)


def test_a_status_that_was_seen_there_is_no_finding():
    answers = {"201": ResponseSpec(TEXT)}
    compared = seen_live(TEXT, TEXT, "x", responses=answers)
    assert (compared.findings, compared.is_clean) == ((), False)


def test_where_nothing_was_found_or_passed_over_it_is_clean():
    same = [contract(v, THING, thing(a=TEXT)) for v in ("2029-01-01", "2030-01-01")]
    assert compare(*same, {"a": "x"}) == Compared((), is_clean=True)
    other = contract("2030-01-01", THING, thing(a=NUMBER))
    assert not compare(same[0], other, {"a": "x"}).is_clean


def test_equal_names_of_definitions_that_differ_are_followed():
    """A type that is written alike leads to what each version says of the name."""
    inner = [thing("Inner", a=TEXT), thing("Inner")]
    for kind in (
        Type("ref", "Inner"),
        listed(Type("ref", "Inner")),
        mapped(Type("ref", "Inner")),
    ):
        old, new = (
            contract(version, THING, thing(x=kind), one)
            for version, one in zip(("2029-01-01", "2030-01-01"), inner, strict=True)
        )
        item = {"a": "x"}
        body = {"x": {"ref": item, "array": [item], "map": {"k": item}}[kind.kind]}
        (found,) = compare(old, new, body).findings
        assert found.pointer.endswith("/a")

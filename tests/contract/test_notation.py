"""What is written can be read back, word for word."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from soak import FULL, sized

from azml_contract.contract.model import Property, Type
from azml_contract.contract.notation import (
    blur,
    quote_word,
    read_property,
    read_type,
    split_words,
    unquote_word,
    write_property,
    write_type,
)
from azml_contract.contract.version_set import Membership, write_versions

TEXT = st.text(max_size=12)
BOUND = st.none() | st.integers(0, 9)
REGEX = st.sampled_from(["", "^a b$", "[a-z]{2}", 'x"\\]', "a@b"])
SCALARS = st.builds(
    Type,
    kind=st.sampled_from(["string", "integer", "number", "boolean", "object", "any"]),
    format=st.sampled_from(["", "int32", "date-time"]),
    pattern=REGEX,
    min_length=BOUND,
    max_length=BOUND,
    minimum=st.none() | st.floats(-5, 5),
    maximum=BOUND,
)
ENUMS = st.builds(
    Type,
    kind=st.just("string"),
    enum=st.lists(TEXT.filter(lambda t: t != "*"), min_size=1, max_size=3).map(tuple),
    enum_open=st.booleans(),
)
REFERENCES = st.builds(
    Type,
    kind=st.just("ref"),
    ref=st.from_regex(r"[A-Z][A-Za-z0-9_.]{0,8}", fullmatch=True),
)


def _collections(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    return st.builds(
        Type,
        kind=st.sampled_from(["array", "map"]),
        items=inner,
        items_nullable=st.booleans(),
        min_items=BOUND,
        unique_items=st.booleans(),
    )


TYPES = st.recursive(SCALARS | ENUMS | REFERENCES, _collections, max_leaves=3)
USES = st.none() | st.frozensets(
    st.sampled_from(["create", "read", "update"]), min_size=1
)


@st.composite
def properties(draw: Any) -> Property:
    has_default = draw(st.booleans())
    read_only = draw(st.booleans())
    return Property(
        name=draw(TEXT),
        type=draw(TYPES),
        required=draw(st.booleans()),
        read_only=read_only,
        write_only=draw(st.booleans()),
        secret=draw(st.booleans()),
        nullable=draw(st.booleans()),
        mutability=frozenset({"read"}) if read_only else draw(USES),
        has_default=has_default,
        default=draw(TEXT | st.integers() | st.dictionaries(TEXT, TEXT, max_size=2))
        if has_default
        else None,
    )


@pytest.mark.soak
@settings(deadline=None, max_examples=sized(60, 5000), derandomize=not FULL)
@given(TYPES)
def test_types_survive(kind: Type) -> None:
    assert read_type(write_type(kind)) == kind


@pytest.mark.soak
@settings(deadline=None, max_examples=sized(60, 5000), derandomize=not FULL)
@given(properties())
def test_properties_survive(prop: Property) -> None:
    text = write_property(prop)
    assert "\n" not in text
    assert " @ " not in text
    assert read_property(prop.name, text) == prop
    assert read_property(prop.name, f"{text} ~") == blur(prop)


@pytest.mark.soak
@settings(deadline=None, max_examples=sized(60, 5000), derandomize=not FULL)
@given(TEXT)
def test_any_name_is_one_word(name: str) -> None:
    word = quote_word(name)
    assert unquote_word(word) == name
    assert not set(word) & set(" \n@")
    assert not word.startswith(".")


def test_a_property_in_words() -> None:
    prop = Property(
        "mode",
        Type("string", enum=("Read Only", "Direct"), enum_open=True),
        required=True,
        nullable=True,
        mutability=frozenset({"create", "read"}),
        has_default=True,
        default="Read Only",
    )
    text = r'(Read%20Only|Direct|*) default="Read\u0020Only" use=create,read ? !'
    assert write_property(prop) == text


def test_brackets_keep_words_together() -> None:
    assert split_words('[string pattern="a]b" ?] minItems=1 !') == [
        '[string pattern="a]b" ?]',
        "minItems=1",
        "!",
    ]
    assert split_words("{Job}") == ["{Job}"]


# -- sets of versions --------------------------------------------------------

VERSIONS = [
    "2021-03-01-preview",
    "2021-07-01",
    "2022-02-01-preview",
    "2022-05-01",
    "2023-02-01-preview",
    "2023-04-01",
]


@pytest.mark.parametrize(
    ("members", "text"),
    [
        (VERSIONS, ""),
        (["2023-04-01"], "2023-04-01.."),
        (["2022-05-01"], "2022-05-01"),
        (["2021-07-01", "2022-05-01"], "2021-07-01..2022-05-01"),
        (
            ["2021-03-01-preview", "2023-02-01-preview"],
            "2021-03-01-preview 2023-02-01-preview..",
        ),
        (VERSIONS[2:], "2022-02-01-preview.. 2022-05-01.."),
    ],
)
def test_a_set_of_versions_is_ranges_within_its_tracks(
    members: list[str], text: str
) -> None:
    """Stable versions and previews interleave, so each has ranges of its own."""
    assert write_versions(members, VERSIONS) == text


@pytest.mark.soak
@settings(deadline=None, max_examples=sized(60, 5000), derandomize=not FULL)
@given(st.sets(st.sampled_from(VERSIONS)), st.sets(st.sampled_from(VERSIONS)))
def test_sets_of_versions_survive(members: set[str], others: set[str]) -> None:
    universe = members | others
    text = write_versions(members, universe)
    if members:
        read = {version for version in universe if Membership(version)(text)}
        assert read == members


def test_a_new_version_that_changes_nothing_changes_no_text() -> None:
    before = write_versions(VERSIONS[3:], VERSIONS)
    newer = [*VERSIONS, "2024-01-01", "2024-01-01-preview"]
    assert write_versions(newer[3:], newer) == before


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Type("number", minimum=0.0, maximum=1.5), "number min=0 max=1.5"),
        (Type("number", minimum=1.0, maximum=0), "number min=1.0 max=0"),
        (Type("string", min_length=0, max_length=9), "string minLength=0 maxLength=9"),
        (Type("string", pattern="^a b@$"), r'string pattern="^a\u0020b\u0040$"'),
        (Type("string", format="date time"), "string format=date%20time"),
        (Type("ref", ref="A b"), "A%20b"),
        (
            Type("array", items=Type("string"), min_items=1, max_items=2),
            "[string] minItems=1 maxItems=2",
        ),
        (
            Type("map", items=Type("any"), items_nullable=True, unique_items=True),
            "{any ?} unique",
        ),
        (Type("string", enum=("a", "b|c", "")), "(a|b%7Cc|%)"),
        (Type("string", enum=(".a",), enum_open=True), "(%2Ea|*)"),
    ],
)
def test_a_type_is_written_in_these_words(kind: Type, words: str) -> None:
    assert write_type(kind) == words
    assert read_type(words) == kind


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "string"),
        ({"required": True, "nullable": True}, "string ? !"),
        ({"nullable": None}, "string ~"),
        ({"read_only": True, "mutability": frozenset({"read"})}, "string ro"),
        (
            {"read_only": True, "mutability": frozenset({"read", "create"})},
            "string use=create,read ro",
        ),
        ({"mutability": frozenset({"read"})}, "string use=read"),
        ({"write_only": True, "secret": True}, "string secret wo"),
        ({"has_default": True, "default": "a b"}, r'string default="a\u0020b"'),
        ({"has_default": True, "default": None}, "string default=null"),
    ],
)
def test_a_property_is_written_in_these_words(facts: Any, words: str) -> None:
    prop = Property("x", Type("string"), **facts)

    assert write_property(prop) == words
    assert read_property("x", words) == prop


def test_what_bicep_types_cannot_say_is_left_out() -> None:
    full = Property(
        "x",
        Type("string", format="duration", pattern="a"),
        required=True,
        read_only=True,
        write_only=True,
        secret=True,
        mutability=frozenset({"create"}),
        has_default=True,
        default="a",
    )

    assert write_property(blur(full)) == 'string pattern="a" ~ secret ro wo !'
    kept = Property("x", Type("string", format="uuid"), nullable=False)
    assert write_property(blur(kept)) == "string format=uuid ~"
    listed = Type("array", items=Type("object"), items_nullable=True, unique_items=True)
    assert write_property(blur(Property("x", listed))) == "[any] ~"


def test_words_of_a_text_are_apart_but_for_what_is_in_brackets() -> None:
    assert split_words("string ! ro") == ["string", "!", "ro"]
    assert split_words('[{string pattern="]}"} ?] unique !') == [
        *('[{string pattern="]}"} ?]', "unique", "!"),
    ]
    assert split_words("{any}") == ["{any}"]
    assert split_words("") == [""]

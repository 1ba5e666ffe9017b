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

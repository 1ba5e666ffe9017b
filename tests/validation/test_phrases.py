"""Every sentence that a deviation is told in, and its cure in words and as an edit."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from azml_contract.contract.model import Type
from azml_contract.contract.views import Use
from azml_contract.finding import Act, Edit, Fix
from azml_contract.validation.deviation import Deviation, Guess, Home, Rule
from azml_contract.validation.migrations import Migration
from azml_contract.validation.phrases import describe, describe_type, list_names, show

PLACE = ((None, "properties"), "size")
POINTER = "/properties/size"
TEXT, COUNT = Type("string"), Type("integer")


def tell(
    rule: Rule,
    seen: Any = None,
    *expected: Any,
    hint: Any = None,
    path: Any = PLACE,
    owner: str = "Job",
    name: str = "size",
) -> Any:
    """Message, cure and fix of one deviation at a usual place."""
    deviation = Deviation(rule, path, seen, expected, owner, name, hint)
    return tuple(describe(deviation, "2024-04-01"))


def fix(
    act: Act, value: Any = None, *, certain: bool = False, pointer: str = POINTER
) -> Fix:
    return Fix((Edit(act, pointer, value),), certain)


def test_what_is_missing_is_told_with_its_type_or_what_stands_for_it() -> None:
    missing = "`size` is required in Job and missing."

    assert tell(Rule.MISSING, hint=(TEXT, "")) == (
        missing,
        'Add "size": a string.',
        None,
    )
    assert tell(Rule.MISSING, hint=(TEXT, "sizes"))[:2] == (
        missing,
        "`sizes` seems to stand for it; see there.",
    )


def test_an_unknown_name_is_renamed_removed_or_moved() -> None:
    message = "`sise` is not a property of Job."

    def cure(*expected: str, hint: Home | None = None) -> Any:
        told, *others = tell(Rule.UNKNOWN, "sise", *expected, hint=hint)
        assert told == message
        return tuple(others)

    assert cure() == ("Remove it.", fix(Act.REMOVE))
    assert cure("size", "side") == (
        "Did you mean `size` or `side`?",
        fix(Act.RENAME, "size"),
    )
    limits = (None, "limits")
    assert cure(hint=Home(limits)) == (
        "Move it below /limits.",
        fix(Act.MOVE, "/limits/sise", certain=True),
    )
    assert cure(hint=Home(limits, is_only=False)) == (
        "Move it below /limits, or to another object that knows it.",
        fix(Act.MOVE, "/limits/sise"),
    )
    assert cure(hint=Home(None, is_there=False)) == (
        "Move it to the top of the body.",
        None,
    )
    taken = "has it already: remove it here."
    assert cure(hint=Home(limits, is_taken=True)) == (
        f"/limits {taken}",
        fix(Act.REMOVE),
    )
    assert cure(hint=Home(None, is_taken=True))[0] == f"The top of the body {taken}"


def test_a_name_in_another_case_is_renamed_where_nobody_has_the_right_one() -> None:
    message = "`Size` is written `size` in Job."

    assert tell(Rule.CASE, "Size", "size") == (
        message,
        "Rename `Size` to `size`.",
        fix(Act.RENAME, "size", certain=True),
    )
    assert tell(Rule.CASE, "Size", "size", hint=True) == (
        message,
        "`size` is there already: remove one of them.",
        fix(Act.REMOVE),
    )


@pytest.mark.parametrize(
    ("kind", "seen", "shown", "cure", "meant"),
    [
        (COUNT, "5", '"5"', "Remove the quotes: 5.", 5),
        (COUNT, "5.0", '"5.0"', "Remove the quotes: 5.", 5),
        (COUNT, "5.5", '"5.5"', "Send an integer.", None),
        (COUNT, "1e999", '"1e999"', "Send an integer.", None),
        (COUNT, "true", '"true"', "Send an integer.", None),
        (COUNT, "many", '"many"', "Send an integer.", None),
        (COUNT, "[5]", '"[5]"', "Send an integer.", None),
        (COUNT, "2147483648", '"2147483648"', "Remove the quotes: 2147483648.", None),
        (COUNT, "-2147", '"-2147"', "Remove the quotes: -2147.", -2147),
        (
            COUNT,
            "2147483647",
            '"2147483647"',
            "Remove the quotes: 2147483647.",
            2**31 - 1,
        ),
        (Type("integer", minimum=1), "5", '"5"', "Remove the quotes: 5.", None),
        (Type("integer", maximum=9), "5", '"5"', "Remove the quotes: 5.", None),
        (Type("number"), "0.5", '"0.5"', "Remove the quotes: 0.5.", 0.5),
        (Type("number"), 1, "1", "Send a number.", None),
        (
            Type("boolean"),
            " True ",
            '" True "',
            "Send true or false without quotes.",
            True,
        ),
        (
            Type("boolean"),
            "false",
            '"false"',
            "Send true or false without quotes.",
            False,
        ),
        (Type("boolean"), "on", '"on"', "Send true or false without quotes.", None),
        (Type("boolean"), 1, "1", "Send a boolean.", None),
        (TEXT, 5, "5", 'Put it in quotes: "5".', "5"),
        (TEXT, True, "true", 'Put it in quotes: "true".', "true"),
        (TEXT, 0.5, "0.5", 'Put it in quotes: "0.5".', None),
        (TEXT, [1], "an array of 1", "Send a string.", None),
        *(
            (limited, 5, "5", 'Put it in quotes: "5".', None)
            for limited in (
                Type("string", pattern="x"),
                Type("string", format="uri"),
                Type("string", min_length=1),
                Type("string", max_length=1),
            )
        ),
        (Type("ref", ref="Part"), 5, "5", "Send an object (Part).", None),
        (Type("array", items=TEXT), {}, "an object", "Send an array.", None),
    ],
)
def test_a_value_of_another_type_is_set_where_it_is_certain_what_was_meant(
    kind: Type, seen: Any, shown: str, cure: str, meant: Any
) -> None:
    wanted = describe_type(kind)

    message, told, made = tell(Rule.TYPE, seen, hint=kind)

    assert message == f"Job.size must be {wanted}, not {shown}."
    assert told == cure
    assert made == (None if meant is None else fix(Act.SET, meant, certain=True))
    assert made is None or type(made.edits[0].value) is type(meant)


@pytest.mark.parametrize(
    ("path", "owner", "name", "subject"),
    [
        (PLACE, "Job", "size", "Job.size"),
        (PLACE, "Job", "Size", "Job.Size"),
        (PLACE, "", "size", "size"),
        (PLACE, "Job", "sizes", 'Job.sizes["size"]'),
        ((None, 3), "Job", "sizes", "Job.sizes[3]"),
        (None, "Job", "size", "Job.size"),
        (PLACE, "", "", "The body"),
    ],
)
def test_a_place_is_said_by_its_owner_and_its_name(
    path: Any, owner: str, name: str, subject: str
) -> None:
    message = tell(Rule.TYPE, [], hint=TEXT, path=path, owner=owner, name=name)[0]

    assert message == f"{subject} must be a string, not an array of 0."


def test_null_is_left_out_where_that_is_allowed() -> None:
    message = "Job.size may not be null."

    assert tell(Rule.NULL, hint=(TEXT, True)) == (message, "Send a string.", None)
    leave = "Leave it out, or send a string."
    assert tell(Rule.NULL, hint=(TEXT, False)) == (message, leave, fix(Act.REMOVE))
    item = tell(Rule.NULL, hint=(TEXT, False), path=(None, 0), name="sizes")
    assert item == ("Job.sizes[0] may not be null.", leave, None)
    assert tell(Rule.NULL, hint=(TEXT, False), path=None)[2] is None


def test_a_value_that_is_not_listed_is_told_with_the_nearest() -> None:
    assert tell(Rule.ENUM, "larg", "large", "small") == (
        '"larg" is not a value of Job.size: large, small.',
        'Did you mean "large"?',
        fix(Act.SET, "large"),
    )
    assert tell(Rule.ENUM, 7, "large", "small")[1:] == (
        "Use one of large, small.",
        None,
    )
    assert tell(Rule.ENUM_CASE, "Large", "large") == (
        '"Large" of Job.size is written "large".',
        'Write "large".',
        fix(Act.SET, "large", certain=True),
    )


class Elsewhere(NamedTuple):
    span: str
    best: str


def test_an_unknown_variant_is_guessed_in_every_way_there_is() -> None:
    message = '"Comand" is no Job.size: Command, Sweep'

    def cure(*guess: Any) -> Any:
        told = tell(
            Rule.VARIANT_UNKNOWN, "Comand", "Command", "Sweep", hint=Guess(*guess)
        )
        assert told[0] == f"{message}."
        return told[1:]

    made = fix(Act.SET, "Command")
    assert cure("Command", "name") == ('Did you mean "Command"?', made)
    assert cure("Command", "properties") == (
        'Send "size": "Command"; the other properties look like it.',
        made,
    )
    assert cure("Command", "only") == ('Send "size": "Command".', made)
    assert cure() == ('Send "size" with one of Command, Sweep.', None)
    elsewhere = Guess("Command", "name", elsewhere=Elsewhere("2020 to 2021", "2021"))
    values = ("Command", "Sweep")
    assert tell(Rule.VARIANT_UNKNOWN, "Comand", *values, hint=elsewhere)[:2] == (
        f"{message}; it exists in 2020 to 2021 only.",
        'Did you mean "Command"? Or use 2021.',
    )


def test_a_missing_discriminator_may_stand_under_another_name() -> None:
    message = "`size` is missing, one of Command, Sweep for a Job."
    values = ("Command", "Sweep")

    guess = Guess("Command", "only")
    assert tell(Rule.VARIANT_MISSING, None, *values, hint=guess) == (
        message,
        'Send "size": "Command".',
        fix(Act.SET, "Command"),
    )
    for path, pointer in ((PLACE, "/properties/kind"), (None, "/kind")):
        guess = Guess("Command", "twin", "kind")
        assert tell(Rule.VARIANT_MISSING, None, *values, hint=guess, path=path) == (
            message,
            '`kind` holds "Command": rename it to `size`.',
            fix(Act.RENAME, "size", pointer=pointer),
        )


def test_another_variant_than_can_stand_there_is_named() -> None:
    assert tell(Rule.VARIANT_OTHER, "Sweep", "Command", hint="SweepJob") == (
        '`size` is "Sweep", which makes a SweepJob; here only Job can stand.',
        'Send "size": "Command".',
        fix(Act.SET, "Command"),
    )


@pytest.mark.parametrize(
    ("move", "message", "cure", "made"),
    [
        (
            Migration("a", ("b",), "2022", False, "", ""),
            "`a` of Job is `b` since 2022.",
            "Rename it to `b`.",
            fix(Act.RENAME, "b"),
        ),
        (
            Migration("a", ("b", "c"), "2022", False, "", ""),
            "`a` of Job is `b` and `c` since 2022.",
            "Rename it to `b` and `c`.",
            None,
        ),
        (
            Migration("a", (), "2022", False, "", ""),
            "`a` is gone from Job since 2022.",
            "Leave it out.",
            fix(Act.REMOVE),
        ),
        (
            Migration("a", ("b",), "2025", True, "", ""),
            "`a` of Job exists only since 2025; 2024-04-01 has `b`.",
            "Rename it to `b`.",
            fix(Act.RENAME, "b"),
        ),
        (
            Migration("a", (), "2025", True, "", ""),
            "`a` of Job exists only since 2025; 2024-04-01 has nothing in its place.",
            "Leave it out.",
            fix(Act.REMOVE),
        ),
        (
            Migration("a", ("b",), "2025", True, "Do so.", "", "It moved."),
            "It moved.",
            "Do so.",
            None,
        ),
    ],
)
def test_a_property_that_changed_its_name_is_told_by_when(
    move: Migration, message: str, cure: str, made: Fix | None
) -> None:
    assert tell(Rule.RENAMED, "a", hint=move) == (message, cure, made)


def test_what_stands_where_it_may_not_is_left_out() -> None:
    assert tell(Rule.FOREIGN, "size", hint=("A", "B")) == (
        "`size` is not a property of Job; it belongs to A, B.",
        "Remove it, or change the discriminator.",
        fix(Act.REMOVE),
    )
    assert tell(Rule.USE, hint=Use.READ_ONLY) == (
        "Job.size is read-only: only the service sets it.",
        "Leave it out.",
        fix(Act.REMOVE, certain=True),
    )
    came = "and came back in an answer."
    assert tell(Rule.USE, hint=Use.SECRET) == (
        f"Job.size is a secret, {came}",
        "",
        None,
    )
    assert tell(Rule.USE, hint=Use.WRITE_ONLY)[0] == f"Job.size is write-only, {came}"
    assert tell(Rule.FIXED) == (
        "Job.size can be set when creating, not when updating.",
        "Leave it out, or create a new resource.",
        fix(Act.REMOVE),
    )


@pytest.mark.parametrize(
    ("low", "high", "span"),
    [
        (1, None, "at least 1"),
        (None, 9, "at most 9"),
        (1, 9, "1 to 9"),
        (0, 0.5, "0 to 0.5"),
    ],
)
def test_bounds_are_told_as_they_are(low: Any, high: Any, span: str) -> None:
    assert tell(Rule.RANGE, 10, low, high) == (
        f"10 of Job.size is out of range: {span}.",
        f"Send a number {span}.",
        None,
    )
    assert tell(Rule.LENGTH, "", low, high, hint=("characters", 0)) == (
        f"Job.size has 0 characters; allowed: {span} characters.",
        f"Send {span} characters.",
        None,
    )


def test_texts_that_have_no_right_form_are_told_with_one() -> None:
    assert tell(Rule.LENGTH, [1, 1], None, None, hint="unique") == (
        "Job.size holds an item twice.",
        "Send each item once.",
        None,
    )
    assert tell(Rule.PATTERN, "b", "^a") == (
        '"b" of Job.size does not match ^a.',
        "Send text that matches ^a.",
        None,
    )
    for name, cure in (
        ("date-time", "Write it as 2026-01-31T12:00:00Z."),
        ("uuid", "Write it as 12345678-1234-1234-1234-123456789abc."),
        ("uri", ""),
    ):
        assert tell(Rule.FORMAT, "x", name) == (
            f'"x" in Job.size is not a {name}.',
            cure,
            None,
        )


@pytest.mark.parametrize(
    ("seen", "number"),
    [
        ("30", "30"),
        (" 30 ", "30"),
        (30, "30"),
        ("half", ""),
        (True, ""),
        ("\u0663", ""),
    ],
)
def test_a_number_in_place_of_a_duration_is_minutes_or_seconds(
    seen: Any, number: str
) -> None:
    message, cure, made = tell(Rule.DURATION, seen)

    assert message == f"{show(seen)} in Job.size is not an ISO 8601 duration."
    if number:
        assert cure == f'Write "PT{number}M" for minutes, "PT{number}S" for seconds.'
    else:
        assert cure.startswith('Write hours, minutes and seconds as in "PT2H30M", days')
    assert made is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("abc", '"abc"'),
        ("a b", '"a b"'),
        ("\u00fc\n", '"\u00fc\\n"'),
        ("x" * 58, f'"{"x" * 58}"'),
        ("x" * 59, f'"{"x" * 59}...'),
        (5, "5"),
        (-5, "-5"),
        (10**60, "a number of 200 bits"),
        (-(10**60), "a number of 200 bits"),
        (10**60 - 1, "9" * 60),
        (True, "true"),
        (None, "null"),
        (0.5, "0.5"),
        ({"a": 1}, "an object"),
        ([], "an array of 0"),
        ([1, 2], "an array of 2"),
    ],
)
def test_a_value_is_shown_as_it_was_sent_and_long_ones_are_cut(
    value: Any, shown: str
) -> None:
    assert show(value) == shown


def test_types_and_lists_of_names_are_said_in_a_word_or_two() -> None:
    twelve = tuple(range(12))
    assert list_names(twelve) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"
    assert list_names((*twelve, 12, 13)) == f"{list_names(twelve)} and 2 more"
    assert describe_type(Type("string", enum=("a", "b"))) == "one of a, b"
    duration = "an ISO 8601 duration such as PT2H"
    assert describe_type(Type("string", format="duration")) == duration
    for kind, words in (
        ("string", "a string"),
        ("integer", "an integer"),
        ("number", "a number"),
        ("boolean", "a boolean"),
        ("array", "an array"),
        ("map", "an object with names of your choice"),
        ("object", "an object"),
        ("any", "a value"),
    ):
        assert describe_type(Type(kind)) == words
    assert describe_type(Type("ref", ref="Part")) == "an object (Part)"

"""Mutants are small changes that parse, at the places that tests can reach."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest
from mutants import AREAS, Place, Watched, Without, draw, list_places
from mutate import Mutant, find_mutants

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("x = a == b", ["x = a != b"]),
        ("x = a not in b", ["x = a in b"]),
        ("x = a and b", ["x = ((a) or (b))"]),
        ("x = not a", ["x = (a)"]),
        ("x = a + b", ["x = (a) - (b)"]),
        ("x = 1", ["x = 2"]),
        ("x = 10", []),
        ("x = 'name'", ["x = 'nameXX'"]),
        ("x = 'a sentence'", []),
        ("x = True", ["x = False"]),
        ("if a:\n    f()", ["if (not a):\n    f()", "if a:\n    pass"]),
        (
            "while a:\n    break",
            ["while (not a):\n    break", "while a:\n    continue"],
        ),
        ("def f():\n    return a", ["def f():\n    return None"]),
        ("def f(a: 'b' = 1):\n    '''c'''", ["def f(a: 'b' = 2):\n    '''c'''"]),
        ("@cache(1)\ndef f(): ...", []),
        ("assert a == 1", []),
        ("__slots__ = ('a',)", []),
        ("if TYPE_CHECKING:\n    x = 1", []),
        ("é = 'ü'; x = 1", ["é = 'üXX'; x = 1", "é = 'ü'; x = 2"]),
    ],
)
def test_a_change_is_made_where_a_test_can_tell(text: str, changed: list[str]) -> None:
    assert [one.apply(text) for one in find_mutants(text)] == changed


def test_every_mutant_of_a_module_parses_and_differs() -> None:
    module = ROOT / "azml_contract" / "validation" / "bindings.py"
    text = module.read_text("utf-8")
    mutants = find_mutants(text)
    assert len(mutants) > 50
    for one in mutants:
        made = ast.parse(one.apply(text))
        assert ast.dump(made) != ast.dump(ast.parse(text)), one


def test_a_sample_is_the_same_for_a_seed_and_lies_in_its_area() -> None:
    assert "cassette" in AREAS
    found = draw("cassette", 5, seed=3)
    assert found == draw("cassette", 5, seed=3)
    assert found != draw("cassette", 5, seed=4)
    assert len(found) == 5
    assert set(found) <= set(list_places("cassette"))


def test_the_quickest_test_of_a_statement_comes_first() -> None:
    place = Place("a", "m.py", Mutant(0, "x", "y", line=3, last=4))
    tests = {"m.py": {2: ["no"], 3: ["slow", ""], 4: ["quick", "slow"]}}
    watched = Watched(1.0, {"slow": 2.0, "quick": 0.1}, tests)
    assert watched.find_tests(place) == ["quick", "slow"]


def test_what_has_passed_already_is_not_run_again() -> None:
    items = [SimpleNamespace(nodeid=name) for name in ("a", "ab", "b")]
    Without(["a", "c"]).pytest_collection_modifyitems(items)
    assert [one.nodeid for one in items] == ["ab", "b"]

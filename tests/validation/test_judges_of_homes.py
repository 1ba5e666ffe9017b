"""Judges of workspaces are compiled where it pays, however many workspaces come."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from azml_contract.validation import judges_of_homes
from azml_contract.validation.judge import Accept
from azml_contract.validation.judges_of_homes import JudgesOfHomes

MOST = judges_of_homes._MOST_JUDGES
ENOUGH = 20


class Counted:
    """Judges that accept everything, and what was compiled for them."""

    def __init__(self, enough: int = ENOUGH) -> None:
        self.compiled: Counter[str] = Counter()
        self.judges: JudgesOfHomes[str] = JudgesOfHomes(enough, self._compile)

    def _compile(self, key: str) -> Accept:
        self.compiled[key] += 1
        return lambda _: True

    def ask(self, key: str, times: int = 1) -> int:
        """How many of so many bodies were accepted at once."""
        return sum(self.judges[key]({}) for _ in range(times))


@pytest.mark.parametrize("homes", [MOST + 1, MOST + 8, 5 * MOST])
def test_more_workspaces_in_turn_than_judges_compile_seldom(homes: int) -> None:
    """Never more than one judge for so many bodies as one saves."""
    counted = Counted()
    accepted = 0
    for _ in range(10 * ENOUGH):
        accepted += sum(counted.ask(f"home {one}") for one in range(homes))
    bodies = 10 * ENOUGH * homes
    assert counted.compiled.total() <= bodies / ENOUGH
    assert accepted > bodies * MOST / homes / 2


def test_one_workspace_too_many_costs_next_to_nothing() -> None:
    counted = Counted()
    rounds = 10 * ENOUGH
    for _ in range(rounds):
        for one in range(MOST + 1):
            counted.ask(f"home {one}")
    assert counted.compiled.total() <= MOST + 1 + rounds / ENOUGH


def test_workspaces_that_come_late_and_come_back_get_a_judge() -> None:
    counted = Counted()
    for _ in range(3):
        for one in range(3 * MOST):
            assert counted.ask(f"home {one}", 2 * ENOUGH) == ENOUGH
    assert set(counted.compiled.values()) == {3}


def test_the_oldest_judge_makes_room_and_the_others_stay() -> None:
    counted = Counted()
    for one in range(MOST + 1):
        counted.ask(f"home {one}", ENOUGH)
    assert [counted.ask(f"home {one}") for one in range(MOST + 1)] == [0] + [1] * MOST
    assert counted.compiled.total() == MOST + 1


def test_workspaces_that_come_once_do_not_keep_another_from_its_judge(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(judges_of_homes, "_MOST_ASKED", 10)
    counted = Counted()
    for number in range(ENOUGH):
        counted.ask("ours")
        for other in range(9):
            counted.ask(f"other {number} {other}")
    assert counted.ask("ours") == 1
    assert counted.compiled == {"ours": 1}
    assert len(counted.judges._asked) <= 10


def test_threads_that_ask_at_once_compile_once() -> None:
    counted = Counted(enough=500)
    threads = [
        threading.Thread(target=counted.ask, args=("home", 200)) for _ in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert counted.compiled == {"home": 1}


def test_a_judge_is_that_of_its_key() -> None:
    def compile_for(key: str) -> Accept:
        return lambda value: bool(value == key)

    judges: JudgesOfHomes[str] = JudgesOfHomes(1, compile_for)
    values: list[Any] = ["a", "b"]
    for key in values:
        assert not judges[key](key)  # compiles
    assert [[judges[k](v) for v in values] for k in values] == [
        [True, False],
        [False, True],
    ]

"""What was worked out last is remembered."""

from __future__ import annotations

from azml_contract.regression.memory import Memory


def test_what_was_asked_for_longest_ago_is_forgotten():
    worked_out: list[str] = []
    memory: Memory[str, str | None] = Memory(2)

    def ask(key: str) -> None:
        def work_out() -> str | None:
            worked_out.append(key)
            return key if key != "c" else None

        assert memory.find(key, work_out) == (key if key != "c" else None)

    for key in "aabacbca":
        ask(key)

    # "a" was asked for after "b", so "c" took the place of "b"; then "b" that of "a".
    assert "".join(worked_out) == "abcba"

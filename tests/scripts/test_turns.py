"""What a branch sets is judged, whichever of them the last is."""

from __future__ import annotations

import pytest

from tests.scripts.conftest import Judge, places

WRONG = '\'{"properties": {"imagee": "x"}}\''
RIGHT = '\'{"properties": {"image": "x"}}\''
PUT = 'curl -X PUT "WORKSPACE/environments/e/versions/1?api-version=2024-04-01" -d'
STYLES = [
    f'if [ "$X" = a ]; then\nB={WRONG}\nelse\nB={RIGHT}\nfi\n{PUT} "$B"',
    f'if x; then\nB={WRONG}\nelif y; then B={RIGHT}\nelse die; fi\n{PUT} "$B"',
    f'B={RIGHT}\nB={WRONG}\n[ -z "$X" ] || B={RIGHT}\n{PUT} "$B"',
    f'case $1 in\na) B={WRONG} ;;\nb) B={RIGHT} ;;\nesac\n{PUT} "$B"',
    f'[ "$X" ] &&\nB={WRONG} || B={RIGHT}\n{PUT} "$B"',
    f"if x; then :\necho {WRONG} > b\nelse echo {RIGHT} > b; fi\n{PUT} @b",
    f'if x; then F=w\nB={WRONG}\nelse F=r; fi\nw() {{ {PUT} "$B"; }}\nr() {{ :; }}\n$F',
]


@pytest.mark.parametrize("text", STYLES)
def test_each_branch_is_judged(judge: Judge, text: str) -> None:
    found = judge(f"{text}\n")

    line = text[: text.index("imagee")].count("\n") + 1
    assert [place[:2] for place in places(found)] == [("AZC102", line)]
    assert (found.calls.seen, found.calls.judged) == (1, 1)


@pytest.mark.parametrize(
    "text",
    [
        f'if x; then B={RIGHT}; else echo no; exit 1; fi\n{PUT} "$B"',
        f'no() {{ echo no; exit 1; }}\nif x; then B={RIGHT}; else no; fi\n{PUT} "$B"',
        f'case $1 in a) B={RIGHT} ;; *) echo no >&2; exit 2 ;; esac\n{PUT} "$B"',
        f'[ -f f ] && B={RIGHT}\n{PUT} "$B"',
        f"if [ -f f ]; then echo {RIGHT} > b.json; fi\n{PUT} @b.json",
        f'B={WRONG}\nif x; then B={RIGHT}; else B={RIGHT}; fi\n{PUT} "$B"',
    ],
)
def test_a_way_that_no_run_takes_is_not_judged(judge: Judge, text: str) -> None:
    """One that ends before the call, or leaves a variable to be set from outside."""
    found = judge(f"{text}\n")

    assert places(found) == []
    assert (found.calls.seen, found.calls.judged) == (1, 1)


def test_values_of_one_branch_go_together(judge: Judge) -> None:
    found = judge(
        f"if x; then K=environments B={RIGHT}\n"
        'else K=codes; B=\'{"properties": {"codeUri": "x"}}\'; fi\n'
        'curl -X PUT "WORKSPACE/$K/e/versions/1?api-version=2024-04-01" -d "$B"\n'
    )
    assert places(found) == []


def test_what_a_branch_does_not_tell_is_said(judge: Judge) -> None:
    found = judge(f'if x; then B=$(make); else B={RIGHT}; fi\n{PUT} "$B"\n')

    assert [place[:2] for place in places(found)] == [("AZC153", 2)]
    assert found.calls.judged == 1

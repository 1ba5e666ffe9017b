"""What a branch sets is judged, whichever of them the last is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from azml_contract.scripts.containers import read_container
from azml_contract.scripts.effort import Effort
from azml_contract.scripts.judge import Judged, judge_script
from azml_contract.validation.validator import Validator
from tests.scripts.conftest import WORKSPACE, Judge, places

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


PYTHON = f"""\
import requests, sys
def put(body, kind="environments"):
    url = f"{WORKSPACE}/{{kind}}/e/versions/1"
    return requests.put(url, params={{"api-version": "2024-04-01"}}, json=body)
WRONG = {{"properties": {{"imagee": "x"}}}}
RIGHT = {{"properties": {{"image": "x"}}}}
"""
POWERSHELL = f"""\
$u = "{WORKSPACE}/environments/e/versions/1?api-version=2024-04-01"
$wrong = '{{"properties": {{"imagee": "x"}}}}'
$right = '{{"properties": {{"image": "x"}}}}'
"""
PUT_POWERSHELL = "irm $u -Method PUT -Body $b"
OTHERS = [
    ("python", "if x:\n    b = WRONG\nelse:\n    b = RIGHT\nput(b)"),
    ("python", "b = WRONG\nif x:\n    b = RIGHT\nput(b)"),
    ("python", "if x: b = RIGHT\nelif y: b = WRONG\nelse: b = RIGHT\nput(b)"),
    ("python", "try:\n    b = WRONG\nexcept OSError:\n    b = RIGHT\nput(b)"),
    ("python", "match x:\n    case 1: b = WRONG\n    case _: b = RIGHT\nput(b)"),
    (
        "python",
        (
            "def main(x):\n    b = WRONG\n    if x: b = RIGHT\n    put(b)\n"
            "if __name__ == '__main__': c = main(sys.argv)"
        ),
    ),
    (
        "powershell",
        f"if ($x) {{ $b = $wrong }} else {{ $b = $right }}\n{PUT_POWERSHELL}",
    ),
    ("powershell", f"$b = $wrong\nif ($x) {{ $b = $right }}\n{PUT_POWERSHELL}"),
    (
        "powershell",
        (
            "if ($x) { $b = $right } elseif ($y) { $b = $wrong } else { $b = $right }\n"
            f"{PUT_POWERSHELL}"
        ),
    ),
    (
        "powershell",
        (
            "switch ($x) {\n 'a' { $b = $wrong; break }\n default { $b = $right }\n}\n"
            f"{PUT_POWERSHELL}"
        ),
    ),
]


@pytest.mark.parametrize(("kind", "text"), OTHERS)
def test_each_branch_of_other_languages_is_judged(
    tmp_path: Path, kind: str, text: str
) -> None:
    start = PYTHON if kind == "python" else POWERSHELL
    script = read_container(kind, "a", f"{start}{text}\n", tmp_path)
    found = judge_script(Validator(), script, "")

    assert [place[0] for place in places(found)] == ["AZC102"]
    assert (found.calls.seen, found.calls.judged) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("python", "if x:\n    b = RIGHT\nelse:\n    sys.exit(1)\nput(b)"),
        ("python", "if x:\n    b = RIGHT\nelse:\n    raise OSError\nput(b)"),
        ("python", "b = None\nif x:\n    b = RIGHT\nput(b)"),
        ("python", "if x:\n    b = RIGHT\nput(b)"),
        (
            "powershell",
            f"if ($x) {{ $b = $right }} else {{ exit 1 }}\n{PUT_POWERSHELL}",
        ),
        ("powershell", f"$b = $null\nif ($x) {{ $b = $right }}\n{PUT_POWERSHELL}"),
        (
            "powershell",
            "$p = @{ Uri = $u; Method = 'PUT' }\nif ($x) { $p.Body = $right }\nirm @p",
        ),
    ],
)
def test_a_way_that_is_not_taken_is_no_fault(
    tmp_path: Path, kind: str, text: str
) -> None:
    start = PYTHON if kind == "python" else POWERSHELL
    script = read_container(kind, "a", f"{start}{text}\n", tmp_path)
    found = judge_script(Validator(), script, "")

    assert places(found) == []
    assert found.calls.judged == 1


def write_choice(kind: str, count: int) -> str:
    """A script whose body is one of so many, or it ends."""
    bodies = [json.dumps({"properties": {"image": str(n)}}) for n in range(count)]
    if kind == "shell":
        ways = "".join(f"  c{n}) B='{one}' ;;\n" for n, one in enumerate(bodies))
        return f'case $1 in\n{ways}  *) exit 1 ;;\nesac\n{PUT} "$B"\n'
    if kind == "python":
        ways = "".join(f"    case {n}: b = {one}\n" for n, one in enumerate(bodies))
        return f"{PYTHON}match x:\n{ways}    case _: sys.exit(1)\nput(b)\n"
    ways = "".join(f" '{n}' {{ $b = '{one}' }}\n" for n, one in enumerate(bodies))
    choice = f"switch ($x) {{\n{ways} default {{ exit 1 }}\n}}\n"
    return f"{POWERSHELL}{choice}{PUT_POWERSHELL}\n"


@pytest.mark.parametrize("kind", ["shell", "python", "powershell"])
def test_branches_that_are_too_many_are_told(tmp_path: Path, kind: str) -> None:
    def run(count: int) -> Judged:
        text = write_choice(kind, count).replace("WORKSPACE", WORKSPACE)
        script = read_container(kind, "a", text, tmp_path)
        return judge_script(Validator(), script, "")

    assert (places(run(8)), run(8).calls.seen) == ([], 1)
    found = run(9)
    (told,) = found.findings
    assert told.code == "AZC153"
    assert "a choice has 9 branches, of which 8 are followed" in told.message
    assert (found.calls.seen, found.calls.judged) == (2, 1)


def test_many_branches_that_set_nothing_are_no_gap(judge: Judge) -> None:
    cases = "".join(f"  c{n}) echo {n} ;;\n" for n in range(20))
    found = judge(f'B={RIGHT}\ncase $1 in\n{cases}esac\n{PUT} "$B"\n')

    assert (places(found), found.calls.judged) == ([], 1)


def test_where_branches_take_too_much_work_the_script_is_judged_without_them(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f'if x; then B={RIGHT}; else B={WRONG}; fi\n{PUT} "$B"\n'
    monkeypatch.setattr(
        "azml_contract.scripts.shell_turns.Effort", lambda: Effort(-1.0)
    )
    found = judge(text)

    assert sorted(place[0] for place in places(found)) == ["AZC102", "AZC153"]
    assert found.calls.judged == 1

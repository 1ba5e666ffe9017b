"""The words that a script gives to its client are those that bash gives to it."""

from __future__ import annotations

import random
import subprocess

import pytest
from soak import sized

from tests.scripts.conftest import Judge, places, read_script

BEGIN = 'set -- one "two words"\nA=hello\nB=\nC=c1\nD="d 2"\nLIST=(zero "o ne")\n'
PIECES = [
    *("a", "/x/", ".b", "-", "_", "=", "@", ":", "?k=", "%20", "+", "[0]", '\\"'),
    *('"q r"', "'s t'", "$'x\\ty'", "'$A'", "'{\"k\":1}'", '"{\\"k\\":\\"$A\\"}"'),
    *('"$A"', "${A}", '"${A}/z"', "$1", '"$1"', "${1}", "$2", '"$2"', "${2:-}"),
    *("${B:-dd}", '"${B:-d d}"', "${U:-x}", "${U-}", "${U+z}", "${A:?e}", "${A:0:2}"),
    *('${A:+"p q"}', '${A:+-d "$2"}', '${A:+-d"$2" $C}', '${B:+"p"}', "${A%e*}"),
    *("${A/l/L}", "${LIST[0]}", "${LIST[1]}", "$(echo hi)", '"$(echo "a b")"'),
    *("`echo yo`", '"a\\\nb"', "\\\n"),
]
CLIENT = "curl() { printf '%s\\0' \"$@\"; printf '\\1'; }\nset -f\n"


def make_word(rng: random.Random) -> str:
    word = "".join(rng.choices(PIECES, k=rng.randint(1, 6)))
    return f"a{word}b" if "\\\n" in (word[:2], word[-2:]) else word


def make_script(rng: random.Random) -> str:
    text = BEGIN
    for _ in range(rng.randint(0, 3)):
        end = rng.choice(["\n", " F=1\n", "; "])
        text += f"{rng.choice('CDE')}{rng.choice(['=', '+='])}{make_word(rng)}{end}"
    more = [make_word(rng), "$C", '"$D"', f"-d{make_word(rng)}"]
    words = ["X", "https://x.example/", *rng.choices(more, k=rng.randint(1, 4))]
    between = rng.choice([" ", " \\\n  "])
    return f"{text}curl {between.join(words)}\n"


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(sized(40, 2000)))
def test_words_are_those_of_bash(seed, tmp_path):
    text = make_script(random.Random(seed))

    run = subprocess.run(["bash", "-c", CLIENT + text], capture_output=True, text=True)
    script = read_script(text, "x.sh", tmp_path)

    passed = [call.split("\0")[:-1] for call in run.stdout.split("\1")[:-1]]
    found = [
        [script.show(word.flat) for word in command.words[1:]]
        for command in script.commands
        if command.name == "curl"
    ]
    assert len(passed) == 1, run.stderr
    assert found == passed, text


def test_arguments_within_a_word_do_not_cut_it(judge: Judge) -> None:
    """A URL that loses its end would go to another provider, and be skipped."""
    space = "https://management.azure.com/subscriptions/$1/resourceGroups/$2/providers"
    found = judge(
        f"B={space}/Microsoft.MachineLearningServices/workspaces/$3\n"
        "curl -X DELETE $B/job/j?api-version=2024-04-01\n"
    )
    assert [place[:2] for place in places(found)] == [("AZC150", 2)]
    assert found.calls.skipped == {}


def test_a_body_within_a_default_is_one_word(judge: Judge) -> None:
    found = judge(
        'put() { curl -X PUT "WORKSPACE/$1?api-version=2024-04-01" ${2:+-d "$2"}; }\n'
        'put environments/e/versions/1 \'{"properties": {"imagee": "a b"}}\'\n'
    )
    assert [place[:2] for place in places(found)] == [("AZC102", 2)]


def test_a_line_of_assignments_is_no_part_of_the_next_command(judge: Judge) -> None:
    found = judge(
        "V=2024-04-01 N=e\n"
        'curl -X PUT "WORKSPACE/environments/$N/versions/1?api-version=$V" -d @- <<E\n'
        '{"properties": {"imagee": "x"}}\n'
        "E\n"
    )
    assert [place[:2] for place in places(found)] == [("AZC102", 3)]
    assert found.calls.seen == 1

"""No call is lost: what was put into a script is what is found in it."""

from __future__ import annotations

import contextlib
import random
import time
from pathlib import Path

import pytest
from soak import sized

from azml_contract.errors import InputError
from azml_contract.scripts.containers import read_container
from azml_contract.scripts.judge import judge_script
from azml_contract.scripts.parse import LONGEST
from azml_contract.scripts.recognise import LARGEST, tell_kind
from azml_contract.validation.validator import Validator
from tests.scripts.conftest import INPUTS, read_script
from tests.scripts.test_styles import BODY, ESCAPED

HOST = "https://management.azure.com/subscriptions/s/resourceGroups/r/providers"
SPACE = f"{HOST}/Microsoft.MachineLearningServices/workspaces/abc"
NOISE = [
    "# don't touch \"this\n",
    "set -euo pipefail\n",
    'echo "it\'s fine"\n',
    "X=$(date +%s)\n",
    "[ -n \"$X\" ] && echo 'yes' || true\n",
    "cat <<'EOF' > notes.txt\ncurl is a \"program\nEOF\n",
    "for i in 1 2; do\n  sleep $i\ndone\n",
    'if [[ $X == a* ]]; then\n  echo "b"\nfi\n',
    "case $X in\n  a) echo 1 ;;\n  *) echo 2 ;;\nesac\n",
    "\n\n",
]
FAULTS = [
    "",
    'echo "not closed\n',
    "echo don't\n",
    'Y="unclosed\n',
    "cat > f <<EOF\ntext\n EOF\n",
]


def make_call(rng: random.Random, name: str) -> str:
    """A PUT of a data asset in some style."""
    url = f"{SPACE}/data/{name}/versions/1?api-version=2024-04-01"
    put = f'curl -sS -X PUT "{url}"'
    broken = ESCAPED.replace('\\"uri_file\\"', '"uri_file\\"')
    return rng.choice(
        [
            f"{put} -d '{BODY}'\n",
            f'{put} \\\n  -H "a: b" \\\n  -d "{ESCAPED}"\n',
            f"{put} -d @- <<EOF\n{BODY}\nEOF\n",
            f"B='{BODY}'\n{put} -d \"$B\"\n",
            f'B=$(cat <<EOF\n{BODY}\nEOF\n)\n{put} -d "$B"\n',
            f"R=$({put} -d '{BODY}' | jq -r .id)\n",
            f"if true; then\n  {put} -d '{BODY}'\nfi\n",
            f"echo '{BODY}' | {put} -d @-\n",
            f"az rest -m put -u '{url}' -b '{BODY}'\n",
            f'{put} -d "{broken}"\n',
            f'{put} -d "{ESCAPED}\n',
            f'{put} -d \'{{"properties": {{"a": "it\'s", "dataUrl": 1}}}}\'\n',
        ]
    )


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(sized(25, 1000)))
def test_every_call_put_in_is_found(seed, tmp_path):
    rng = random.Random(seed)
    names = [f"asset{index}" for index in range(rng.randint(1, 6))]
    pieces = []
    for name in names:
        pieces += [rng.choice(NOISE), rng.choice(FAULTS), make_call(rng, name)]
    text = "".join([*pieces, rng.choice(NOISE)])

    script = read_script(text, "x.sh", tmp_path)
    judged = judge_script(Validator(), script, "")

    found = [
        call.request.url.flat.split("/data/")[1].split("/")[0] for call in script.calls
    ]
    assert sorted(found) == sorted(names), text
    assert judged.calls.judged == len(names), text


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(sized(20, 1000)))
def test_any_text_is_read_to_its_end(seed, tmp_path):
    rng = random.Random(seed)
    text = rng.choice([path.read_text("utf-8") for path in INPUTS.glob("*.sh")])
    for _ in range(rng.randint(1, 12)):
        at = rng.randrange(len(text))
        noise = rng.choice("\"'`$(){}<>|&;\\\n#= \t\0\ue002é∂")
        text = text[:at] + noise * rng.randint(0, 2) + text[at + rng.randint(0, 5) :]

    judged = judge_script(Validator(), read_script(text, "x.sh", tmp_path), "")

    assert judged.calls.seen >= 1
    shown = "".join(one.message + one.cure for one in judged.findings)
    assert not any("\ue000" <= char <= "\ue003" for char in shown)


PIECES = [
    *("$(", '"', "'", "`", "{", "}", "(", ")", "|", "&", ";", "\\", "\n", "<<<", "#"),
    *("<<EOF\n", "EOF\n", "curl ", "[[ ", "${", "$((", "<(", "f() {", "}\n", "\\\n"),
    *("for i in a b; do ", "done\n", "if ", "then ", "fi\n", "case x in ", "esac\n"),
    *("$X", '"$X"', "X=", "X+=", "[a]=", "eval ", "jq -n ", "'{a:", "-d ", "@", "f "),
    *("run: |\n", "- name: x\n", "```\n", "```sh\n", "~~~sh\n", "%s", "printf ", "é"),
    *("\0", "\ue002", "${X//a/b}", "import requests\n", "GET https://h/x\n", "0", "*"),
    "https://management.azure.com/subscriptions/s/",
]
MOST_S = 2.0


def work(text: str, folder: Path) -> float:
    """Seconds that `check` works on a text, whatever kind it takes it for."""
    began = time.thread_time()
    kind = tell_kind(text)
    if kind and len(text) <= LARGEST:
        with contextlib.suppress(InputError):
            script = read_container(kind, "x", text, folder)
            judge_script(Validator(), script, "")
    return time.thread_time() - began


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(sized(6, 600)))
def test_any_text_costs_at_most_two_seconds(seed, tmp_path):
    """Random mixtures of what means something, and each of it alone."""
    rng = random.Random(seed)
    some = rng.sample(PIECES, rng.choice([1, 1, 2, 3, 5, len(PIECES)]))
    size = rng.choice([40_000, LARGEST])
    text = "curl https://management.azure.com/x\n"
    text += "".join(rng.choices(some, k=size // min(map(len, some))))

    assert work(text[:size], tmp_path) <= MOST_S, some


@pytest.mark.parametrize(
    "text",
    [
        random.Random(1).randbytes(10_000_000).decode("latin-1"),
        "lorem ipsum dolor sit amet, curl https://x.example/ consetetur\n" * 150_000,
        "def f(x):\n    return {'a': [x, \"b\"]}\n\n" * 250_000,
    ],
    ids=["noise", "prose", "python"],
)
def test_ten_megabytes_of_anything_cost_at_most_two_seconds(text, tmp_path):
    assert work(text, tmp_path) <= MOST_S


@pytest.mark.parametrize(
    "lost",
    [
        "  --header 'a' | jq -r '.b' | jq -r '.c')\n",
        "X=$Y --header 'a' | jq -r '.b')\n",
        "f () {\n  while true\n  do\n    x=$y a | jq -r '.b')\n    sleep 1 done\n}\n",
    ],
)
def test_a_bracket_too_many_takes_no_call_with_it(lost, tmp_path):
    """The grammar takes the lines that follow for words of a command."""
    calls = "".join(f'curl "{SPACE}/jobs/{n}?api-version=2024-04-01"\n' for n in "abc")

    script = read_script(lost + calls, "x.sh", tmp_path)

    named = [str(one.request.url).partition("/jobs/")[2][0] for one in script.calls]
    assert named == ["a", "b", "c"]


def test_a_long_script_is_read_like_a_short_one(tmp_path):
    short = (INPUTS / "howto_2021.sh").read_text("utf-8")
    whole = f"main() {{\n{short}\n}}\n"

    def count(text: str) -> tuple[int, int]:
        script = read_container("shell", "x.sh", text, tmp_path)
        judged = judge_script(Validator(), script, "")
        return judged.calls.seen, judged.calls.judged

    seen, judged = count(short)
    assert count(short * 20) == (seen * 20, judged * 20)
    assert len(short * 20) > 2 * LONGEST
    assert count(f"{short * 20}{whole}main\n") == (seen * 21, judged * 21)


def test_what_is_too_long_to_be_parsed_is_told(tmp_path):
    text = "curl https://management.azure.com/x\nX=$(\n" + "run: |\n" * 20_000

    with pytest.raises(InputError, match="has more than 32768 characters"):
        read_container("shell", "x.sh", text, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        '"' * (LARGEST // 4),
        '"$(' * (LARGEST // 9),
        "${" * (LARGEST // 20),
        "cat <<EOF\n" * 9000,
        "A=x\n" + "A=$A$A\n" * 60 + "curl https://x.example/$A\n",
        "f() { f; f; f; curl https://x.example/y; }\nf\n",
        "for a in 1 2 3 4 5 6 7 8 9; do " * 6
        + "curl https://x.example/$a; "
        + "done; " * 6,
    ],
    ids=["quotes", "open", "braces", "documents", "doubling", "recursion", "loops"],
)
def test_texts_that_grow_are_bounded(text, tmp_path):
    try:
        script = read_script(text, "x.sh", tmp_path)
    except InputError as error:
        assert "none of its calls was judged" in str(error)  # noqa: PT017
        return
    assert len(script.calls) <= 3000
    assert all(len(call.request.url.flat) < 10**7 for call in script.calls)


def test_a_script_without_end_is_one_line(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from azml_contract.cli import cli

    monkeypatch.chdir(tmp_path)
    Path("x.sh").write_text("curl https://x.example/\n" * 500_000)

    done = CliRunner().invoke(cli, ["check", "x.sh"])

    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1

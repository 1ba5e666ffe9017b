"""No call is lost: what was put into a script is what is found in it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from soak import sized

from azml_contract.scripts.judge import judge_script
from azml_contract.scripts.recognise import LARGEST
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
@pytest.mark.parametrize("seed", range(sized(40, 1000)))
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
@pytest.mark.parametrize("seed", range(sized(30, 1000)))
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
    script = read_script(text, "x.sh", tmp_path)

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

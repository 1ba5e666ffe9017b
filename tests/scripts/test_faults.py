"""Faults of the shell are found once, at their place, and hide nothing after them."""

from __future__ import annotations

import pytest

from azml_contract.scripts.judge import judge_script
from azml_contract.validation.validator import Validator
from tests.scripts.conftest import INPUTS, places, read_script

GET = "curl 'WORKSPACE/jobs?api-version=2024-04-01'\n"
CODE = "WORKSPACE/codes/c/versions/1?api-version=2024-04-01"
STORES = "WORKSPACE/datastores?api-version=2024-04-01"
GET_STORE = 'curl "WORKSPACE/datastores/$N?api-version=2024-04-01"'
OLD_PATH = "value[0].properties.contents.accountName"
PORT = [
    ("AZC512", 1, 1),
    ("AZC510", 16, 5),
    ("AZC509", 28, 53),
    ("AZC509", 29, 56),
    ("AZC515", 31, 67),
    ("AZC131", 44, 26),
    ("AZC513", 50, 1),
    ("AZC514", 67, 20),
    ("AZC111", 81, 9),
    ("AZC502", 88, 24),
    ("AZC132", 100, 50),
    ("AZC174", 105, 13),
    ("AZC130", 109, 34),
    ("AZC107", 112, 13),
    ("AZC172", 115, 13),
    ("AZC107", 118, 13),
    ("AZC132", 120, 40),
]


def check_input(name, folder):
    """A script of the inputs, as if it stood in a folder."""
    text = (INPUTS / name).read_text("utf-8")
    return judge_script(Validator(), read_script(text, name, folder), "")


def test_each_defect_of_the_port_is_found_once_at_its_place(tmp_path):
    (tmp_path / ".git").mkdir()

    judged = check_input("howto_port.sh", tmp_path)

    assert places(judged) == PORT
    assert (judged.calls.judged, judged.calls.seen) == (7, 7)


def test_the_script_before_the_port_has_one_warning(tmp_path):
    judged = check_input("howto_2021.sh", tmp_path)

    assert places(judged) == [("AZC104", 126, 13)]
    assert (judged.calls.judged, judged.calls.seen) == (7, 7)


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ('echo "made it\n', [("AZC501", 1, 6)]),
        ("echo don't\n", [("AZC501", 1, 9)]),
        ('X="a\nY=b\n', [("AZC501", 1, 3)]),
        ("cat > f <<EOF\n{}\nEOFF\n", [("AZC503", 1, 9)]),
        ("cat > f <<EOF\n{}\n  EOF\n", [("AZC503", 1, 9)]),
        (
            f'curl -X PUT "{CODE}" -d "{{\n  \\"properties\\": {{}}\n}}\n',
            [("AZC501", 1, 186)],
        ),
    ],
)
def test_what_is_never_closed_ends_where_it_was_meant_to(judge, fault, found):
    judged = judge(fault + GET * 2)

    assert places(judged) == found
    assert judged.calls.seen == judged.calls.judged == 2 + fault.count("curl")


@pytest.mark.parametrize(
    "sound",
    [
        "bash -c '\ncurl \"WORKSPACE/jobs?api-version=2024-04-01\"\n'\n",
        'echo "usage:\n  curl URL\n"\n',
        "echo 'it'\\''s'\n",
        'A="one\ntwo"\necho "$A"three\n',
        "python3 - <<'EOF'\nprint(\"it's\")\nEOF\n",
        "# don't\n",
        'case $x in a) echo "b";; esac\n',
        'echo "$(echo "nested" | tr -d "\\"")"\n',
    ],
)
def test_sound_quotes_are_no_fault(judge, sound):
    judged = judge(sound + GET)

    assert places(judged) == []
    assert judged.calls.seen >= 1


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("A=x\ncurl WORKSPACE/jobs?api-version=$V\nV=2024-04-01", [("AZC507", 2, 149)]),
        ("curl WORKSPACE/jobs?api-version=$V", [("AZC507", 1, 149)]),
        (
            f'N=$(curl "{STORES}" | jq .value[0].name)\n{GET_STORE}',
            [("AZC508", 1, 177)],
        ),
        (
            f"az rest --uri '{STORES}' --query {OLD_PATH}",
            [("AZC509", 1, 185)],
        ),
        ("TOKEN=x$(date)\n" + GET + "echo $TOKEN", [("AZC511", 3, 6)]),
        ("if [ -z $A ]; then exit 1; fi\n" + GET, []),
        ("TOKEN=$(az account get-access-token)\nX=$(echo $TOKEN)\n" + GET, []),
    ],
)
def test_faults_stand_at_their_place(judge, script, found):
    assert places(judge(script)) == found


@pytest.mark.parametrize(
    "ends",
    [
        '[ "$S" = null ] && exit 1; [ "$S" = Failed ] && exit 1',
        "i=$((i+1)); [ $i -lt 9 ] || break",
        'case "$S" in Completed) break;; *) exit 1;; esac',
    ],
)
def test_a_loop_that_an_error_ends_is_none_for_ever(judge, ends):
    loop = (
        "while :; do\n  S=$(curl -s 'WORKSPACE/jobs/j?api-version=2024-04-01' | "
        f"jq -r .properties.status)\n  {ends}\ndone"
    )

    assert places(judge(loop)) == []


JOB = "curl -fs 'WORKSPACE/jobs/j?api-version=2024-04-01' | jq -r .properties.status"
ALONE = "while [ $S != Completed ]; do S=$(ASK); done"
EACH = "while [[ $S != Completed && $S != Failed ]]; do S=$(ASK); done"
ASKS = "until S=$(ASK); [[ $S = Completed || $S = Failed ]]; do sleep 5; done"


@pytest.mark.parametrize(
    ("head", "loop", "says"),
    [
        ("", ALONE, "success alone: what fails or is canceled, and an answer"),
        ("set -eo pipefail", ALONE, "success alone: what fails or is canceled, keeps"),
        ("set -o errexit -o pipefail", EACH, ""),
        ("set -e", EACH, "jq writes null"),
        ("", EACH, "jq writes null"),
        ("set -euo pipefail", ASKS, "jq writes null"),
        ("set -e -o pipefail\nask() { ASK; }", EACH.replace("ASK", "ask"), ""),
        ("set -e -o pipefail\nask() { ASK; }", ASKS.replace("ASK", "ask"), "null"),
    ],
)
def test_a_loop_is_left_by_what_ends_the_shell_or_by_each_state(
    judge, head, loop, says
):
    found = judge(f"{head}\n{loop}".replace("ASK", JOB)).findings

    assert [one.code for one in found] == ["AZC510"] * bool(says)
    assert all(says in one.message for one in found)


@pytest.mark.parametrize(
    ("line", "absent"),
    [
        ("X=$(cat conda/env.yml)", "conda, where it looks for conda/env.yml"),
        ("X=$(< env.yml)", "env.yml"),
        ("X=$(jq -Rs . there/env.yml)", "there/env.yml"),
        ("source lib.sh", "lib.sh"),
        ("az storage blob upload-batch -d box -s src/a", "src, where"),
        ("az storage blob upload -c box -f=src/a", "src, where"),
        ("X=$(cat there/b there/c); Y=$(cat there/c)", "there/b"),
        ("X=$(cat there/a)", ""),
        ("X=$(cat ../scripts/there/a)", ""),
        ("X=$(cat top.yml)", ""),
        ("X=$(cat /etc/none); Y=$(cat ~/none); Z=$(cat ../../../none)", ""),
        ("cd there && X=$(cat none)", ""),
        ("echo {} > none; X=$(cat none)", ""),
        ('X=$(cat "$F")', ""),
        ("X=$(cat *.yml)", ""),
    ],
)
def test_files_that_the_repository_lacks_are_told_in_a_repository(
    line, absent, tmp_path
):
    folder = tmp_path / "scripts"
    (folder / "there").mkdir(parents=True)
    (folder / "there" / "a").write_text("{}")
    (tmp_path / "top.yml").write_text("a: 1")
    text = f"{line}\n"

    def check() -> list[str]:
        judged = judge_script(Validator(), read_script(text, "x.sh", folder), "")
        return [one.message for one in judged.findings if one.code == "AZC515"]

    assert check() == []  # nothing tells where names are meant from
    (tmp_path / ".git").mkdir()
    found = check()
    assert len(found) == (2 if "there/b" in line else bool(absent))
    assert all(f"has no {absent}" in one for one in found[:1])


@pytest.mark.parametrize(
    ("compute", "is_wrong"),
    [
        ("https://management.azure.com/subscriptions/$S/resourceGroups/g/x", True),
        ("$BASE/computes/cpu", True),
        ("subscriptions/$S/resourceGroups/g/x", True),
        ("/subscriptions/$S/resourceGroups//x", True),
        ("/subscriptions/$S/resourceGroups/g/x/", True),
        ("/subscriptions/$S/resourceGroups/g/$x", False),  # which may be `x/y`
        ("$S/computes/cpu", False),
    ],
)
def test_an_id_is_none_whatever_the_script_does_not_tell_of_it(
    judge, compute, is_wrong
):
    body = (
        '{"properties": {"jobType": "Command", "command": "x", '
        f'"environmentId": "azureml:e:1", "computeId": "{compute}"' + "}}"
    )

    judged = judge(
        'BASE="https://management.azure.com/subscriptions/$S/x"\n'
        'curl -X PUT "WORKSPACE/jobs/j?api-version=2024-04-01" -d @- <<EOF\n'
        f"{body}\nEOF\n"
    )

    assert [code for code, _, _ in places(judged)] == ["AZC162"] * is_wrong
    assert judged.calls.judged == 1

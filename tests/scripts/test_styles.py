"""A body is read however a script writes it, and findings stand at its keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from azml_contract.scripts.judge import judge_script
from azml_contract.validation.validator import Validator
from tests.scripts.conftest import WORKSPACE, Judge, places, read_script

URL = "WORKSPACE/data/iris/versions/1?api-version=2024-04-01"
BODY = '{"properties": {"dataType": "uri_file", "dataUrl": "https://x.example/i"}}'
BACKSLASH = '\\"'
MIDDLE = BODY[9:40].replace('"', BACKSLASH)
ESCAPED = BODY.replace('"', '\\"')
PUT = f'curl -X PUT "{URL}"'
STYLES = {
    "single": f"{PUT} -d '{BODY}'",
    "double": f'{PUT} -d "{ESCAPED}"',
    "glued": f"curl -XPUT '{URL}' -d'{BODY}'",
    "json": f"{PUT} --json '{BODY}'",
    "ansi": f"{PUT} -d $'{BODY}'",
    "document": f"{PUT} -d @- <<EOF\n{BODY}\nEOF",
    "tabs": f"{PUT} -d @- <<-EOF\n\t{BODY}\n\tEOF",
    "string": f"{PUT} -d @- <<< '{BODY}'",
    "pipe": f"echo '{BODY}' | {PUT} -d @-",
    "printf": f"printf '%s' '{BODY}' | {PUT} --data-binary @-",
    "cat": f"cat <<'EOF' | {PUT} -d @-\n{BODY}\nEOF",
    "file": f"cat > b.json <<EOF\n{BODY}\nEOF\n{PUT} -d @b.json",
    "file first": f"cat <<EOF > b.json\n{BODY}\nEOF\n{PUT} -d @b.json",
    "tee": f"echo '{BODY}' | tee b.json > /dev/null\n{PUT} -T b.json",
    "variable": f"B='{BODY}'\n{PUT} -d \"$B\"",
    "export": f"export B='{BODY}'\n{PUT} -d \"${{B}}\"",
    "substitution": f'B=$(cat <<EOF\n{BODY}\nEOF\n)\n{PUT} -d "$B"',
    "read": f"read -r -d '' B <<'EOF' || true\n{BODY}\nEOF\n{PUT} -d \"$B\"",
    "default": f"{PUT} -d \"${{B:-$(echo '{BODY}')}}\"",
    "appended": f"B='{BODY[:20]}'\nB+='{BODY[20:]}'\n{PUT} -d \"$B\"",
    "spliced": f"{PUT} -d '{BODY[:9]}'\"{MIDDLE}\"'{BODY[40:]}'",
    "function": f'put() {{ curl -X PUT "$1" -d "$2"; }}\nput "{URL}" \'{BODY}\'',
    "all": f'put() {{ curl -X PUT "$@"; }}\nput "{URL}" -d \'{BODY}\'',
    "shift": f"put() {{ shift; {PUT} -d \"$1\"; }}\nput x '{BODY}'",
    "shift by two": 'call() { local m=$1 u=$2; shift 2; curl -X $m "$u" "$@"; }\n'
    f"call PUT \"{URL}\" -d '{BODY}'",
    "fed function": f"put() {{ {PUT} -d @-; }}\nput <<EOF\n{BODY}\nEOF",
    "function in a pipe": f"put() {{ {PUT} -d @-; }}\necho '{BODY}' | put",
    "function that reads": f"put() {{ b=$(cat); {PUT} -d \"$b\"; }}\nput <<< '{BODY}'",
    "array": f'A=(-X PUT -d \'{BODY}\')\ncurl "${{A[@]}}" "{URL}"',
    "array added": f'A=(-X PUT)\nA+=(-d \'{BODY}\')\ncurl "${{A[@]}}" "{URL}"',
    "loop": f"for n in iris; do\n{PUT.replace('iris', '$n')} -d '{BODY}'\ndone",
    "config": f'cat > c <<\'E\'\nurl = "{URL}"\nrequest = PUT\ndata = "{ESCAPED}"\nE\n'
    "curl -K c",
    "next": f"curl https://x.example/ --next -X PUT '{URL}' -d '{BODY}'",
    "az": f"az rest --method put --url '{URL}' --body '{BODY}'",
    "az short": f"az rest -m put -u '{URL}' -b '{BODY}'",
    "wget": f"wget -qO- --method=PUT --body-data='{BODY}' '{URL}'",
    "http": f"http PUT '{URL}' properties:='{BODY[15:-1]}'",
    "raw": f"xh put '{URL}' --raw '{BODY}'",
    "eval": f"eval \"curl -X PUT '{URL}' -d '{ESCAPED}'\"",
    "shell": f"bash <<'END'\n{PUT} -d '{BODY}'\nEND",
    "prefix": f"retry 3 timeout 9 {PUT} -d '{BODY}' || exit 1",
    "condition": f"if ! {PUT} -d '{BODY}' > /dev/null 2>&1; then exit 1; fi",
    "backtick": f"X=`{PUT} -d '{BODY}'`",
    "jq": f'jq -n --arg t uri_file \'{{properties: {{dataType: $t, "dataUrl": '
    f'("https://" + "x.example/i")}}}}\' | {PUT} -d @-',
    "jq json": f"B=$(jq -nc --argjson p '{BODY[15:-1]}' '{{properties: $p}}')\n"
    f'{PUT} -d "$B"',
    "printf into a variable": f"printf -v B '%s' '{BODY}'\n{PUT} -d \"$B\"",
    "file of a temporary name": f'T=$(mktemp)\necho \'{BODY}\' > "$T"\n{PUT} -d @"$T"',
    "names filled in": f"echo '{BODY}' | envsubst | {PUT} -d @-",
    "table": f"declare -A M=([url]='{URL}')\nM[body]='{BODY}'\n"
    'curl -X PUT "${M[url]}" -d "${M[body]}"',
    "name of a name": f"A='{BODY}'\nN=A\n{PUT} -d \"${{!N}}\"",
    "at the end": f"trap '{PUT} -d \"$B\"' EXIT\nB='{BODY}'",
    "elsewhere": f"ssh host '{PUT} -d \"{ESCAPED}\"'",
    "in an image": f"docker run registry.example/curl:8 -X PUT '{URL}' -d '{BODY}'",
    "arguments set": f"set -- -X PUT -d '{BODY}'\ncurl \"$@\" '{URL}'",
    "another script": f'cat > put.sh <<\'E\'\ncurl -X PUT "$1" -d "$2"\nE\n'
    f"bash put.sh '{URL}' '{BODY}'",
    "script by itself": f'cat > put.sh <<\'E\'\ncurl -X PUT "$1" -d "$2"\nE\n'
    f"put.sh '{URL}' '{BODY}'",
    "options of a function": "put() { while [ $# -gt 0 ]; do case $1 in --body) b=$2;"
    ' shift 2;; --url) u=$2; shift 2;; esac; done; curl -X PUT "$u" -d "$b"; }\n'
    f"put --url '{URL}' --body '{BODY}'",
    "config as input": f'curl -K - <<E\nurl = "{URL}"\nrequest = PUT\n'
    f'data = "{ESCAPED}"\nE',
    "upload as input": f"curl '{URL}' -T - <<E\n{BODY}\nE",
    "array of URLs": f'U=(\'{URL}\')\nfor u in "${{U[@]}}"; do curl -X PUT "$u" '
    f"-d '{BODY}'; done",
    "lines of windows": f'B="{ESCAPED}"\r\n{PUT} \\\r\n  -d "$B"\r\n',
}
PROGRAMS = {
    "document": f"python3 - <<'E'\nfrom requests import put\n"
    f"put('{URL}', json={BODY})\nE",
    "word": f"python3 -c \"import requests; requests.put('{URL}', data='{ESCAPED}')\"",
}
"""Python within a script, which is judged and not rewritten."""


def test_a_run_of_a_function_that_is_not_judged_is_told_beside_one_that_is(judge):
    """What the arguments of one run are wrong with, others do not hide."""
    judged = judge(
        'call() { curl -X "$1" "WORKSPACE/$2?api-version=2024-04-01" -d "$3"; }\n'
        "call GET jobs ''\n"
        "call GET jobz ''\n"
        'call PUT data/iris/versions/1 "$UNKNOWN"\n'
    )

    assert places(judged) == [("AZC153", 1, 10), ("AZC150", 3, 10)]
    assert judged.calls.judged == 1
    assert judged.calls.not_judged == {
        "no known operation": 1,
        "its body is $UNKNOWN, which the script does not tell": 1,
    }


@pytest.mark.parametrize(
    ("line", "program"),
    [
        ("node -e \"fetch('WORKSPACE/jobs?api-version=2024-04-01')\"", "node"),
        ("pwsh -c 'irm WORKSPACE/jobs?api-version=2024-04-01'", "pwsh"),
        ("ruby <<'E'\nget('WORKSPACE/jobs?api-version=2024-04-01')\nE", "ruby"),
        ("c WORKSPACE/jobs?api-version=2024-04-01", "c"),
        ('"$GET" WORKSPACE/jobs?api-version=2024-04-01', "$GET"),
        (
            "az vm run-command --scripts 'curl WORKSPACE/jobs?api-version=2024-04-01'",
            "az",
        ),
    ],
)
def test_a_program_that_is_given_a_url_and_is_not_read_is_told(judge, line, program):
    judged = judge(f"curl 'WORKSPACE/jobs?api-version=2024-04-01'\n{line}\n")

    assert places(judged) == [("AZC153", 2, 1)]
    assert judged.calls.judged == 1
    why = f"{program} makes it, which is not read here"
    assert judged.calls.not_judged == {why: 1}


def test_what_only_prints_or_looks_for_a_url_makes_no_call(judge):
    judged = judge(
        "U=WORKSPACE/jobs?api-version=2024-04-01\n"
        'echo "$U"\nprintf "%s" "$U"\ngrep -q "$U" log\n[ "$U" = x ]\nexport U\n'
        'curl "$U"\n'
    )

    assert judged.findings == ()
    assert (judged.calls.judged, judged.calls.not_judged) == (1, {})


def test_the_branch_of_a_choice_that_is_taken_sets_what_follows(judge):
    """Calls of the others are judged all the same."""
    judged = judge(
        "set_kind() {\n  case $1 in\n    d*) KIND=data ;;\n"
        "    *) KIND=x; curl WORKSPACE/jobz?api-version=2024-04-01 ;;\n  esac\n}\n"
        "set_kind data\ncurl WORKSPACE/$KIND?api-version=2024-04-01\n"
    )

    assert [found[:2] for found in places(judged)] == [("AZC150", 4)]
    assert judged.calls.judged == 1
    assert judged.calls.not_judged == {"no known operation": 1}


def test_how_far_arguments_move_may_be_unknown(judge):
    judged = judge(
        'put() { shift "$N"; curl -X PUT "$1" -d "$2"; }\n'
        "put x WORKSPACE/jobs/a?api-version=2024-04-01 '{}'\n"
    )

    assert judged.calls.judged == 0
    assert [code for code, *_ in places(judged)] == ["AZC153"]


def test_a_missing_version_is_found_where_the_query_begins(judge):
    judged = judge(
        'call() { curl "WORKSPACE/$1?api-version=2024-04-01"; }\ncall jobs?skip=3\n'
    )

    assert places(judged) == [("AZC140", 2, 10)]


def test_only_the_branch_that_is_taken_is_judged(judge):
    judged = judge(
        "arm() {\n"
        '  if [[ -n "${2:-}" ]]; then\n'
        f'    curl -X "$1" "{URL}" -d "$2"\n'
        f'  else\n    curl -X "$1" "{URL}"\n  fi\n'
        "}\n"
        f"arm PUT '{BODY.replace('dataUrl', 'dataUri')}'\narm GET\n"
    )

    assert places(judged) == []
    assert judged.calls.judged == 2


def test_a_branch_that_no_run_takes_is_judged_too(judge):
    judged = judge(
        f"V=b\nif [ \"$V\" = a ]; then\n  {PUT} -d '{BODY}'\nelse\n  echo b\nfi\n"
    )

    assert [one.code for one in judged.findings] == ["AZC101", "AZC102"]


@pytest.mark.parametrize("text", [*STYLES.values(), *PROGRAMS.values()])
def test_a_body_is_judged_in_every_style(judge, text):
    judged = judge(text)

    found = {(one.code, one.pointer) for one in judged.findings}
    assert found == {
        ("AZC102", "/properties/dataUrl"),
        ("AZC101", "/properties/dataUri"),
    }
    assert judged.calls.judged == 1
    assert judged.calls.not_judged == {}


@pytest.mark.parametrize("style", ["single", "double", "document", "jq", "variable"])
def test_findings_stand_at_the_key(judge, style):
    judged = judge(STYLES[style])

    (place,) = [one.location for one in judged.findings if one.code == "AZC102"]
    line = STYLES[style].replace("WORKSPACE", WORKSPACE).splitlines()[place.line - 1]
    assert line[place.column - 1 :].lstrip('\\"').startswith("dataUrl")


@pytest.mark.parametrize(
    "filter_", ["'.properties.x = 1' t.json", "-n 'input | map(.x)'", "-n '[range(3)]'"]
)
def test_what_jq_would_compute_is_not_judged(judge, filter_):
    judged = judge(f"jq {filter_} | {PUT} -d @-")

    (finding,) = judged.findings
    assert finding.code == "AZC153"
    assert "its body is jq ..." in finding.message


def test_what_only_a_value_of_jq_would_tell_is_no_fault(judge):
    judged = judge(
        'jq -n --slurpfile s s.json \'{properties: {dataType: "uri_file", '
        f"dataUri: $s[0].uri, tags: (now | todate)}}}}' | {PUT} -d @-"
    )

    assert places(judged) == []
    assert judged.calls.judged == 1


def test_files_outside_of_the_folders_are_not_read(judge, tmp_path):
    outside = tmp_path.parent / "outside.json"
    outside.write_text(BODY)

    judged = judge(f"{PUT} -d @{outside}\n{PUT} -d @../outside.json")

    assert [one.code for one in judged.findings] == ["AZC153", "AZC153"]


def test_a_file_in_a_json_text_is_told_at_its_expansion(tmp_path):
    (tmp_path / "env.yml").write_text('name: x\nchannels:\n  - "conda-forge"\n')
    url = (
        "https://management.azure.com/subscriptions/s/resourceGroups/r/providers/"
        "Microsoft.MachineLearningServices/workspaces/abc/environments/e/versions/1"
    )
    for value, column in (("$(cat env.yml)", 37), ("$C", 37)):
        text = (
            f'C=$(cat env.yml)\ncurl -X PUT "{url}?api-version=2024-04-01" -d "{{\n'
            f'  \\"properties\\": {{\\"condaFile\\": \\"{value}\\", '
            '\\"osType\\": \\"linux\\"}}"\n'
        )
        script = read_script(text, "call.sh", tmp_path)
        judged = judge_script(Validator(), script, "")
        assert ("AZC131", 3, column) in places(judged)
        assert {one.code for one in judged.findings} == {"AZC131", "AZC107"}


def test_sourced_files_set_variables(tmp_path):
    (tmp_path / "settings.env").write_text("V=2024-04-01\n")
    text = (
        "source settings.env\n"
        'curl "https://management.azure.com/subscriptions/s/providers/'
        'Microsoft.MachineLearningServices/workspaces?api-version=$V"\n'
    )

    judged = judge_script(Validator(), read_script(text, "x.sh", tmp_path), "")

    assert (judged.findings, judged.calls.judged) == ((), 1)


def test_the_cases_give_what_is_right(shared_scripts: Path):
    """What the table of the cases says, by file."""
    right = {
        "A1_unescaped_quote": {"AZC502", "AZC101"},
        "A11_unterminated": {"AZC501", "AZC150"},
        "A2_substitution_value": set(),
        "A3_cat_heredoc": {"AZC102", "AZC101"},
        "A4_read_heredoc": {"AZC102", "AZC101"},
        "A5_function_args": {"AZC102", "AZC101"},
        "A7_condafile": {"AZC131"},
        "A7b_condafile_direct": {"AZC131"},
        "A8_host_typo": {"AZC147"},
        "A9_never_read_control": {"AZC172"},
        "A9_never_read_masked": {"AZC172"},
        "A18_near_miss_urls": {"AZC150", "AZC506"},
        "B03_docs_continued_url": {"AZC150"},
    }
    for name, codes in right.items():
        path = shared_scripts / f"{name}.sh"
        script = read_script(path.read_text("utf-8"), path.name, path.parent)
        judged = judge_script(Validator(), script, "")
        assert {one.code for one in judged.findings} == codes, name

    whole = shared_scripts / "whole_train.sh"
    script = read_script(whole.read_text("utf-8"), whole.name, whole.parent)
    judged = judge_script(Validator(), script, "")
    assert judged.calls.to_json()["judged"] == 8
    assert judged.calls.skipped == {"login": 1}
    assert judged.calls.not_judged == {}


def test_three_variables_in_a_word_without_quotes(judge: Judge) -> None:
    """The grammar of the parser sees two of them, and cuts the word."""
    found = judge(
        "URL=https://management.azure.com/subscriptions/$S/resourceGroups/$G/providers"
        "/Microsoft.MachineLearningServices/workspaces/$W\n"
        'curl -X POST "$URL/listKey?api-version=2024-04-01"\n'
    )
    assert [place[:2] for place in places(found)] == [("AZC150", 2)]


def test_a_loop_over_a_list_that_a_command_fills(judge: Judge) -> None:
    """Its item names a part of the URL; the call is judged all the same."""
    found = judge(
        "mapfile -t jobs < <(list_jobs)\n"
        'for j in "${jobs[@]}"; do\n'
        '  curl -X POST "WORKSPACE/jobs/$j/abort?api-version=2024-04-01"\n'
        "done\n"
    )
    assert [place[:2] for place in places(found)] == [("AZC150", 3)]


OPTIONS = {
    "getopts": 'while getopts "g:v:" o; do case $o in g) G=$OPTARG ;; v) V=$OPTARG ;;'
    " esac; done\n",
    "shift": 'while [[ $# -gt 0 ]]; do case $1 in -g) G="$2"; shift 2 ;; -v) V="$2";'
    ' shift 2 ;; --v=*) V="${1#*=}"; shift ;; esac; done\n',
    "function": 'p() { while [ $# -gt 0 ]; do case "$1" in -g) G="$2"; shift ;; -v)'
    ' V="$2"; shift ;; esac; shift; done; }\np "$@"\n',
}


@pytest.mark.parametrize("how", OPTIONS)
def test_options_have_the_value_that_stands_before(judge: Judge, how: str) -> None:
    """What nobody gives is not empty, and a default is judged."""
    script = (
        f"G=rg V=2024-04-01\n{OPTIONS[how]}"
        "URL=https://management.azure.com/subscriptions/s/resourceGroups/$G/providers"
        "/Microsoft.MachineLearningServices/workspaces/wks12\n"
        'curl -X PUT $URL/environments/e/versions/1?api-version=$V -d \'{"properties":'
        ' {"imagee": "x"}}\'\n'
    )
    (place,) = places(judge(script))
    assert place[:2] == ("AZC102", script.count("\n"))


def test_read_takes_a_document_and_sends_nothing(judge: Judge) -> None:
    """A URL of the provider in what `read` is fed is no call."""
    found = judge(
        "read -r -d '' BODY <<EOF\n"
        '{"properties": {"image": "WORKSPACE/x"}}\nEOF\n'
        "curl -X PUT WORKSPACE/environments/e/versions/1?api-version=2024-04-01 "
        '-d "$BODY"\n'
    )
    assert not places(found)


def test_a_wrong_path_is_told_where_its_caller_writes_it(judge: Judge) -> None:
    """Its last name hangs on a run; the one before it stands in the script."""
    found = judge(
        'api() { curl -X "$1" "WORKSPACE/$2?api-version=2024-04-01"; }\n'
        'NAME="train-$(date +%s)"\n'
        'api GET "job/$NAME"\n'
    )
    assert places(found) == [("AZC150", 3, 10)]


@pytest.mark.parametrize(
    "run",
    [
        'time put $P "$B"',
        'timeout -k 5s 1m put $P "$B"',
        'nice -n 5 env A=b put $P "$B"',
        'if ! command put $P "$B"; then :; fi',
    ],
)
def test_what_another_program_runs_is_followed(judge: Judge, run: str) -> None:
    """A function of the script, or the script of a shell."""
    found = judge(
        "P=environments/e/versions/1\n"
        'B=\'{"properties": {"imagee": "x"}}\'\n'
        'put() { curl -X PUT "WORKSPACE/$1?api-version=2024-04-01" -d "$2"; }\n'
        f"{run}\n"
    )
    assert [place[:2] for place in places(found)] == [("AZC102", 2)]


def test_a_shell_that_another_program_runs_is_followed(judge: Judge) -> None:
    found = judge("timeout 30 bash -c 'curl WORKSPACE/job?api-version=2024-04-01'\n")
    assert [place[:2] for place in places(found)] == [("AZC150", 1)]


@pytest.mark.parametrize(
    "run",
    [
        "ls | xargs -n1 -I% sh -c 'curl \"$W/job/%?$V\"'",
        "find . -name '*.json' -exec bash -c 'curl \"$W/job/$1?$V\"' _ {} \\;",
        'docker run --rm -e W alpine sh -c "curl $W/job/j?$V"',
        "parallel -j4 'curl \"$W/job/{}?$V\"' ::: a b",
        'su - me -c "curl $W/job/j?$V"',
        "bash -c 'curl \"$W/$1/j?$V\"' _ job",
    ],
)
def test_a_text_that_another_program_runs_is_followed(judge: Judge, run: str) -> None:
    found = judge(f"W=WORKSPACE V=api-version=2024-04-01\n{run}\n")
    assert [place[:2] for place in places(found)] == [("AZC150", 2)]
    assert found.calls.seen == 1


def test_arguments_that_another_program_adds_are_not_known(judge: Judge) -> None:
    """They are not those of the function around."""
    found = judge(
        "all() { ls | xargs sh -c 'curl \"WORKSPACE/$1?api-version=2024-04-01\"' _; }\n"
        "all job\n"
    )
    assert [place[:2] for place in places(found)] == [("AZC153", 1)]


def test_az_rest_takes_its_body_from_its_input(judge: Judge) -> None:
    found = judge(
        "az rest -m put -b @- -u "
        "'WORKSPACE/environments/e/versions/1?api-version=2024-04-01' <<E\n"
        '{"properties": {"imagee": "x"}}\n'
        "E\n"
    )
    assert [place[:2] for place in places(found)] == [("AZC102", 2)]


@pytest.mark.parametrize(
    "folder",
    [
        '"$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"',
        '"$( cd -- "$(dirname -- "$0")" >/dev/null 2>&1 && pwd -P )"',
        '$(dirname "$(readlink -f "$0")")',
        "${0%/*}",
        '"$(cd "$(dirname "$0")/bodies/.." && pwd)"',
    ],
)
def test_files_beside_the_script_are_found_by_its_folder(
    judge: Judge, tmp_path: Path, folder: str
) -> None:
    (tmp_path / "bodies").mkdir()
    (tmp_path / "bodies" / "e.json").write_text('{"properties": {"imagee": "x"}}')
    found = judge(
        f"HERE={folder}\n"
        'curl -X PUT "WORKSPACE/environments/e/versions/1?api-version=2024-04-01" \\\n'
        '  -d @"$HERE/bodies/e.json"\n'
    )
    assert [place[:2] for place in places(found)] == [("AZC102", 1)]


def test_a_folder_that_is_not_known_is_not_the_script_s(
    judge: Judge, tmp_path: Path
) -> None:
    (tmp_path / "e.json").write_text('{"properties": {"imagee": "x"}}')
    found = judge(
        "cd /elsewhere\n"
        'curl -X PUT "WORKSPACE/environments/e/versions/1?api-version=2024-04-01" \\\n'
        '  -d @"$(pwd)/e.json"\n'
    )
    assert [place[:2] for place in places(found)] == [("AZC153", 2)]


@pytest.mark.parametrize(
    ("url", "is_many"),
    [
        ('"WORKSPACE/jobs/[1-3]?api-version=2024-04-01"', True),
        ('"WORKSPACE/{jobs,models}?api-version=2024-04-01"', True),
        ('-g "WORKSPACE/jobs/{a}?api-version=2024-04-01"', False),
    ],
)
def test_a_url_that_stands_for_several_is_told(
    judge: Judge, url: str, is_many: bool
) -> None:
    found = judge(f"curl {url}\n")

    reasons = [*found.calls.not_judged]
    assert any(one.startswith("its URL stands for several") for one in reasons) is (
        is_many
    )

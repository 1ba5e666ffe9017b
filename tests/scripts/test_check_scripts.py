"""`azml-contract check SCRIPT.sh`: the calls that a script makes with curl."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from azml_contract.cli import cli
from azml_contract.errors import InputError
from tests.scripts.conftest import read_script

WORKSPACE = (
    "https://management.azure.com/subscriptions/$SUB/resourceGroups/$RG/providers"
    "/Microsoft.MachineLearningServices/workspaces/$WS"
)
HOW_TO = r"""#!/bin/bash
SUB=$(az account show --query id -o tsv)
API_VERSION="2021-03-01-preview"
wait_for () {
    operation_id=$1
    result=$(curl --location --request GET $operation_id --header "a: $TOKEN")
}
# curl -X PUT https://management.azure.com/subscriptions/commented/out
response=$(curl --location --request GET \
"WORKSPACE/datastores?api-version=$API_VERSION&isDefault=true" \
--header "Authorization: Bearer $TOKEN")
ENV_VERSION=$RANDOM
curl --location --request PUT \
"WORKSPACE/environments/lightgbm/versions/$ENV_VERSION?api-version=$API_VERSION" \
--header "Content-Type: application/json" \
--data-raw "{
    \"properties\":{
        \"condaFile\": \"channels:\\n  - conda-forge\",
        \"Docker\": {
            \"dockerSpecificationType\": \"Image\",
            \"dockerImageUri\": \"$IMAGE\"
        }
    }
}"
curl -sX PUT "WORKSPACE/jobs/$run_id?api-version=$API_VERSION" -d @- <<EOF
{"properties": {"jobType": "Command", "command": "train \$AZURE_ML_INPUT_iris",
  "experimentName": "$EXPERIMENT", "inputDataBindings": {"iris": {"dataId": "$DATA"}},
  "compute": {"target": "WORKSPACE_ID/computes/$COMPUTE", "instanceCount": $COUNT}}}
EOF
""".replace("WORKSPACE_ID", WORKSPACE[28:]).replace("WORKSPACE", WORKSPACE)


class Check:
    """Runs the command on one script in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, script: str, *arguments: str) -> tuple[int, Any, str]:
        """Exit code, the JSON that was printed, and what went to standard error."""
        text = script.replace("WORKSPACE", WORKSPACE)
        (self.folder / "call.sh").write_text(text, "utf-8")
        given = ["check", "call.sh", "--format", "json", *arguments]
        done = CliRunner().invoke(cli, given)
        return done.exit_code, json.loads(done.stdout), done.stderr


@pytest.fixture
def check(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Check(tmp_path)


def places(shown):
    return [
        (one["code"], one["pointer"], one["location"]["line"])
        for one in shown["findings"]
    ]


def test_the_how_to_is_judged_and_findings_stand_at_its_lines(check):
    code, shown, errors = check.run(HOW_TO)

    assert places(shown) == [
        ("AZC153", "", 6),
        ("AZC103", "/properties/Docker", 19),
    ]
    assert shown["validated"] == {"requests": 3, "responses": 0}
    why = "its URL is $operation_id, which the script does not tell"
    assert shown["calls"]["not_judged_because"] == {why: 1}
    assert errors == ""
    assert code == 0


def test_a_script_that_bash_reads_the_same_way(tmp_path):
    """Bodies and verbs are what a program called curl is given."""
    bash = shutil.which("bash")
    assert bash
    log = tmp_path / "log"
    fake = f'curl() {{ printf "%s\\0" "$@" >> {log}; }}\n'
    script = (
        "A=one; export B='two words'; C=\"$A-$B\"\n"
        'curl -XPUT "https://h/$A" -d "{\\"a\\": \\"$C\\"}"\n'
        "curl --request 'POST' https://h/x --data '{\"q\": \"it'\\''s\"}' # no\n"
        "if true; then curl \\\n https://h/${A}y?z=${NONE:-9} --data-raw $'a\\tb'; fi\n"
        "curl -d '' https://h/a || curl -X DELETE https://h/b\n"
        "curl https://h/c &\nwait\n"
    )
    run = tmp_path / "run.sh"
    run.write_text(fake + script)

    subprocess.run([bash, str(run)], check=True, timeout=60)

    given = log.read_text().split("\0")
    calls = [call.request for call in read_script(script, "run.sh", tmp_path).calls]
    for call in calls[:4]:
        assert call.url.flat in given
        assert call.body is None or call.body.flat in given
    assert [str(call.method) for call in calls] == [
        "PUT",
        "POST",
        "POST",
        "POST",
        "DELETE",
        "GET",
    ]


def test_what_the_script_does_not_tell_is_never_found_wrong(check):
    body = (
        '{"properties": {"jobType": "$TYPE", "command": "$COMMAND", '
        '"environmentId": "$ENV", "isArchived": $FLAG, "identity": $IDENTITY, '
        '"limits": {"jobLimitsType": "Command", "timeout": "PT${HOURS}H"}, '
        '"computeId": "/subscriptions/$SUB/resourceGroups/$RG/providers/'
        'Microsoft.MachineLearningServices/workspaces/$OTHER/computes/c"}}'
    )
    script = (
        f"curl -X PUT WORKSPACE/jobs/$J?api-version=2024-04-01 -d @- <<E\n{body}\nE"
    )

    code, shown, errors = check.run(script)

    # What stands in an object that only a run would tell has no judge.
    told = [(one["code"], one["pointer"]) for one in shown["findings"]]
    assert told == [
        ("AZC517", "/properties/jobType"),
        ("AZC517", "/properties/identity"),
    ]
    assert (code, errors) == (0, "")
    assert shown["validated"]["requests"] == 1


@pytest.mark.parametrize(
    ("member", "is_told"),
    [
        ('"inputs": $X', True),
        ('"inputs": {"a": $X}', True),
        ('"resources": $X', True),
        ('"tags": $X', False),
        ('"environmentVariables": $X', False),
        ('"isArchived": $X', False),
        ('"displayName": "$X"', False),
    ],
)
def test_what_a_hole_hides_is_told_where_it_has_a_contract(judge, member, is_told):
    judged = judge(
        "curl -X PUT 'WORKSPACE/jobs/a?api-version=2024-04-01' -d @- <<E\n"
        '{"properties": {"jobType": "Command", "command": "x", '
        f'"environmentId": "azureml:a:1", {member}}}}}\nE'
    )

    assert [one.code for one in judged.findings] == ["AZC517"] * is_told
    assert judged.calls.judged == 1


def test_a_body_whose_properties_only_a_run_would_tell_is_not_judged(judge):
    judged = judge(
        "curl -X PUT 'WORKSPACE/jobs/a?api-version=2024-04-01' "
        '-d "{\\"properties\\": $PROPS}"'
    )

    assert [one.code for one in judged.findings] == ["AZC153"]
    why = "its body is $PROPS, which the script does not tell"
    assert judged.calls.not_judged == {why: 1}


def test_what_it_tells_is_and_variables_are_named_as_written(check):
    script = (
        'KIND=jobz\nB=\'{"properties": {"jobType": "Comand"}}\'\n'
        "curl -X PUT WORKSPACE/$KIND/x?api-version=2024-04-01 -d '{}'\n"
        'curl -X PUT WORKSPACE/jobs/x?api-version=2024-04-01 --json "$B"\n'
    )

    code, shown, _ = check.run(script)

    found = {one["code"]: one for one in shown["findings"]}
    path, kind = found["AZC150"], found["AZC108"]
    assert (path["location"]["line"], kind["location"]["line"]) == (3, 2)
    assert "/subscriptions/$SUB/" in path["seen"]
    assert "$SUB" in path["seen"]
    assert kind["cure"] == 'Did you mean "Command"?'
    assert code == 1


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("$URL -X PUT -d '{}'", "its URL is $URL, which the script does not tell"),
        ("-X $M WORKSPACE/jobs/x?api-version=2024-04-01", "its verb is $M, which"),
        ("WORKSPACE/$KIND/x?api-version=2024-04-01", "$WS/$KIND/x, which the script"),
        ('"${ARGS[@]}" WORKSPACE/jobs/x', "its options come from ${ARGS[@]}"),
        ("-X PUT WORKSPACE/jobs/x -d $BODY", "its body is $BODY, which the script"),
        ("-X PUT WORKSPACE/jobs/x -d @no.json", "the file no.json, and there is none"),
        ("-X PUT WORKSPACE/jobs/x -d @-", "its body comes from the standard input"),
        (
            "-X PUT WORKSPACE/jobs/x?api-version=2024-04-01 -d '{'$MORE'}'",
            "its JSON cannot be read without $MORE",
        ),
    ],
)
def test_a_call_that_cannot_be_judged_says_why(check, call, reason):
    code, shown, _ = check.run(f"curl {call}")

    (finding,) = shown["findings"]
    assert (finding["code"], finding["location"]["line"]) == ("AZC153", 1)
    assert reason in finding["message"]
    certain = finding["severity"] == "error"
    assert code == (1 if certain else 2)
    assert shown["calls"]["not_judged"] == 1


def test_the_api_version_may_be_given_where_the_script_has_none(check):
    script = "curl WORKSPACE/jobs/x?api-version=$V"

    code, shown, errors = check.run(script, "--api-version", "2024-04-01")

    assert (code, errors, shown["validated"]["requests"]) == (0, "", 1)


@pytest.mark.parametrize(
    "feeding",
    [
        "-d @body.json",
        "-d @- < body.json",
        '-d "$(cat body.json)"',
        '--data-binary "$B"',
    ],
)
def test_a_body_in_a_file_has_its_findings_there(check, feeding):
    body = (
        '{"properties": {"jobType": "Command",\n"command": "a", "environmentID": "e"}}'
    )
    (check.folder / "body.json").write_text(body)

    call = f"curl -X PUT WORKSPACE/jobs/x?api-version=2024-04-01 {feeding}"
    _, shown, _ = check.run(f"B=$(cat body.json)\n{call}")

    (finding,) = shown["findings"]
    assert finding["code"] == "AZC103"
    assert finding["location"] == {"file": "body.json", "line": 2, "column": 17}


@pytest.mark.parametrize(
    "script",
    [
        "echo '{\"a\": 1}' | curl -d @- https://h",
        "cat <<'E' | curl -d @- https://h\n{\"a\": 1}\nE",
        'curl -d @- https://h <<-E\n\t{"a": 1}\n\tE',
        "curl -d @- https://h <<< '{\"a\": 1}'",
        "x=$(curl -s https://h -d '{\"a\": 1}' | jq .)",
        "x=`curl -s https://h -d '{\"a\": 1}'`",
        "curl -H 'x: y' --url https://h --data \\\n '{\"a\": 1}'",
        "retry 3 curl -sSf -o /dev/null -d'{\"a\": 1}' https://h > log 2>&1",
    ],
)
def test_bodies_are_found_wherever_a_shell_lets_them_stand(script, tmp_path):
    (call,) = read_script(script, "run.sh", tmp_path).calls
    request = call.request

    assert (str(request.method), request.url.flat) == ("POST", "https://h")
    assert request.body.flat.strip() == '{"a": 1}'


@pytest.mark.parametrize(
    "script",
    [
        "'",
        '"$(',
        "$((",
        "${",
        "<<",
        "<<E",
        "\\",
        "`",
        "$'",
        "|",
        "a=(",
        "$(" * 5000,
        '"$(' * 5000,
    ],
)
def test_broken_scripts_end(script, tmp_path):
    for text in (script, f"curl https://h/{script}"):
        script_read = read_script(text, "run.sh", tmp_path)
        for call in script_read.calls:
            shown = script_read.show(call.request.url.flat)
            assert shown.startswith(("https://h", "$"))


@pytest.mark.parametrize("url", ["https://[::1/a", "https://[x/subscriptions/$S/a"])
def test_a_url_that_cannot_be_read_is_told_at_its_call(judge, url):
    judged = judge(f'echo\ncurl "{url}?api-version=2024-04-01"\n')

    (finding,) = judged.findings
    assert (finding.code, finding.location.line) == ("AZC153", 2)
    assert "its URL is malformed" in finding.message


def test_a_script_that_is_nested_too_deep_is_one_line(tmp_path):
    text = "curl https://x.example/\n" + "( " * 3000 + ") " * 3000

    with pytest.raises(InputError, match="nested too deep"):
        read_script(text, "x.sh", tmp_path)


def test_a_folder_says_which_programs_it_did_not_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("node_modules", "src", ".github/workflows"):
        Path(folder).mkdir(parents=True)
    url = f"{WORKSPACE}/jobs?api-version=2024-04-01"
    program = f"// jobs\nawait fetch('{url}');\n"
    for name in ("src/jobs.ts", "src/other.ts", "node_modules/jobs.ts"):
        Path(name).write_text(program if "jobs.ts" in name else "// nothing\n")
    collection = {"item": [{"request": {"method": "GET", "url": url}}]}
    Path("a.postman_collection.json").write_text(json.dumps(collection))
    Path("Makefile").write_text(f"jobs:\n\tcurl '{url}'\n")
    step = f"on: push\njobs:\n  a:\n    steps:\n      - run: curl '{url}'\n"
    Path(".github/workflows/ci.yml").write_text(step)

    done = CliRunner().invoke(cli, ["check", ".", "--format", "json"])

    shown = json.loads(done.stdout)
    told = [
        (one["code"], one["location"]["file"], one["location"]["line"])
        for one in shown["findings"]
    ]
    assert told == [
        ("AZC406", "Makefile", 2),
        ("AZC406", "a.postman_collection.json", 1),
        ("AZC406", "src/jobs.ts", 2),
    ]
    assert (done.exit_code, shown["calls"]["judged"]) == (0, 1)
    named = CliRunner().invoke(cli, ["check", "Makefile"])
    assert "1 call seen: 1 judged." in named.output


def test_a_subscription_that_is_empty_is_no_slash_too_many(check):
    script = (
        'SUB=\nhost=https://management.azure.com\ncurl "$host/subscriptions/$SUB'
        "/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
        '/jobs?api-version=2024-04-01"\n'
    )

    _, shown, _ = check.run(script)

    (finding,) = shown["findings"]
    assert finding["code"] == "AZC150"
    assert finding["message"] == "In .../jobs nothing is named after /subscriptions/."

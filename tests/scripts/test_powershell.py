"""PowerShell: what its cmdlets send, however it is put together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from azml_contract.cli import cli
from azml_contract.scripts.containers import read_container
from azml_contract.scripts.judge import judge_script
from azml_contract.scripts.script import Script
from azml_contract.validation.validator import Validator

WORKSPACE = (
    "https://management.azure.com/subscriptions/s/resourceGroups/r/providers"
    "/Microsoft.MachineLearningServices/workspaces/w"
)
PATH = f"{WORKSPACE.partition('.com')[2]}/jobs/j?api-version=2022-05-01"
START = f"""$api = '2022-05-01'
$base = "{WORKSPACE}"
$uri = "$base/jobs/j?api-version=$api"
$inner = @{{ jobType = 'Command'; tags = @{{}}; n = @(1, 'b', $true) }}
$table = [ordered]@{{ properties = $inner }}
$json = $table | ConvertTo-Json -Depth 9
"""
SENT = {"properties": {"jobType": "Command", "tags": {}, "n": [1, "b", True]}}
TEXT = json.dumps(SENT)


def read(text: str, folder: Path) -> Script:
    return read_container("powershell", "a.ps1", text, folder)


@pytest.mark.parametrize(
    "line",
    [
        "Invoke-RestMethod -Method Put -Uri $uri -Body $json",
        "Invoke-RestMethod -Me 'put' -U $uri -Bo ($json) -SkipCertificateCheck",
        "irm $uri -Method:PUT -Headers @{ A = 'b' } `\n -Body ($table|ConvertTo-Json)",
        "$r = IWR ($base + '/jobs/j?api-version=' + $api) -Method PUT -Body $JSON",
        'try { irm "$($uri)" -M PUT -Body (ConvertTo-Json $table) } catch { exit 1 }',
        "$a = @{ Uri = $uri; Method = 'PUT'; Body = $json }\nInvoke-RestMethod @a",
        "irm $uri -Method PUT -Body (ConvertTo-Json -InputObject $table -Depth 4)",
        "irm $uri -Method PUT -Body (Get-Content body.json -Raw)",
        'irm $uri -Method PUT -Body (Get-Content "$PSScriptRoot/body.json" -Raw)',
        "irm $uri -Method PUT -InFile body.json",
        f"irm $uri -Method PUT -Body '{TEXT}'",
        f'$x = @"\n{TEXT}\n"@\nirm $uri -Method PUT -Body $x',
        f"$x = @'\n{TEXT}\n'@\nirm $uri -Method PUT -Body $x",
        'irm $uri -Method PUT -Body "' + TEXT.replace('"', '`"') + '"',
        'irm $uri -Method PUT -Body "' + TEXT.replace('"', '""') + '"',
        (
            "$u = '{0}/jobs/{1}?api-version={2}' -f $base, 'j', $api\n"
            "irm $u -Method PUT -Body $json"
        ),
        (
            "function U { param($p, $v = '2022-05-01')\n"
            '  "$base/${p}?api-version=$v" }\n'
            "irm (U jobs/j) -Method PUT -Body $json"
        ),
        (
            'function U($p) {\n  $u = "$base/$p"\n  return "${u}?api-version=$api" }\n'
            "$u = U -p 'jobs/j'\nirm -Uri $u -Method PUT -Body $json"
        ),
        "az rest --method put --url $uri --body $json",
        "curl.exe -X PUT $uri -d $json",
        f"Invoke-AzRestMethod -Path '{PATH}' -Method PUT -Payload $json",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_call_is_read_as_it_is_sent(line, end, tmp_path):
    (tmp_path / "body.json").write_text(TEXT)

    (call,) = read((START + line + "\n").replace("\n", end), tmp_path).calls

    request = call.request
    assert not request.unknown
    assert str(request.method).upper() == "PUT"
    assert str(request.url) == f"{WORKSPACE}/jobs/j?api-version=2022-05-01"
    assert json.loads(str(request.body)) == SENT


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("irm $uri -Method PUT -Body $other", "its body is $other"),
        ("irm $uri -Method PUT -Body @{ a = 'b' }", "its body is a table"),
        (
            "irm $uri -Method PUT -InFile absent.json",
            "its body is the file",
        ),
        ("irm @PSBoundParameters", "its arguments come from"),
        ("Invoke-AzRestMethod -Method GET -Name w", "its URL is put together"),
        ("$x = ((((' \nInvoke-RestMethod -Uri $uri", "cannot be read"),
    ],
)
def test_what_only_running_would_tell_is_said(line, why, tmp_path):
    (call,) = read(START + line + "\n", tmp_path).calls

    assert why in call.request.unknown


FUNCTION = """function Send-Aml {
  [CmdletBinding()]
  param([Parameter(Mandatory)][string]$Method, [string]$Path, $Body, $Api = $api)
  $u = "$base/$Path`?api-version=$Api"
  $params = @{ Uri = $u; Method = $Method }
  if ($Body) { $params.Body = $Body | ConvertTo-Json -Depth 9 }
  Invoke-RestMethod @params
}
"""


@pytest.mark.parametrize(
    "line",
    [
        "Send-Aml -Method PUT -Path jobs/j -Body $table",
        "Send-Aml -Body $table -Path 'jobs/j' -Method:PUT",
        "send-aml PUT jobs/j $table",
        "Send-Aml PUT -Pa jobs/j $table '2022-05-01'",
        "function Put($p, $b) { Send-Aml PUT $p -Body $b }\nPut jobs/j $table",
        "function Put { param($b)\n if ($x) { Send-Aml PUT jobs/j $b } }\nPut $table",
        "$Method = 'GET'; $Body = 1\nSend-Aml PUT jobs/j $table",
    ],
)
def test_a_function_is_followed_with_what_it_is_given(line, tmp_path):
    (call,) = read(f"{START}{FUNCTION}{line}\n", tmp_path).calls

    request = call.request
    assert not request.unknown
    assert str(request.method) == "PUT"
    assert str(request.url) == f"{WORKSPACE}/jobs/j?api-version=2022-05-01"
    assert json.loads(str(request.body)) == SENT


def test_each_call_of_a_function_is_one_with_its_own_arguments(tmp_path):
    text = f"{START}{FUNCTION}Send-Aml GET jobs\nSend-Aml PUT jobs/j @{{ a = 1 }}\n"

    first, second = read(text, tmp_path).calls

    assert str(first.request.method) == "GET"
    assert first.request.body is None or not str(first.request.body)
    assert json.loads(str(second.request.body)) == {"a": 1}


@pytest.mark.parametrize(
    "line",
    [
        "Send-Aml PUT jobs/j $unknown",
        "Send-Aml @arguments",
        "",
        "$t = @{ a = 1 }\n$t.a = 2\nirm $uri -Method PUT -Body ($t | ConvertTo-Json)",
        "$t = @{}\n$t.Add('a', 2)\nirm $uri -Method PUT -Body ($t | ConvertTo-Json)",
        "foreach ($t in $all) { irm $uri -Method PUT -Body ($t | ConvertTo-Json) }",
        "function A($b) { B $b }\nfunction B($b) { A $b }\nA 1\nSend-Aml PUT x $b",
    ],
)
def test_what_a_function_is_not_told_is_said(line, tmp_path):
    """Of a function that nobody calls, of a changed table, of what a loop sets."""
    function = "" if "irm" in line else FUNCTION
    (call,) = read(f"{START}{function}{line}\n", tmp_path).calls

    assert "which the script does not tell" in call.request.unknown or (
        "\ue002" in str(call.request.url)
    )


def test_of_two_functions_of_one_name_both_are_read(tmp_path):
    text = "function P($x) { irm $x }\nfunction P { irm $uri }\nP 1\n"

    first, second = read(START + text, tmp_path).calls

    assert first.request.unknown == ""
    assert str(second.request.url) == f"{WORKSPACE}/jobs/j?api-version=2022-05-01"


def test_values_of_a_run_are_holes_at_their_places(tmp_path):
    text = START + "$t = @{ properties = @{ jobType = 'Command'; command = $env:C } }\n"
    text += "irm $uri -Method PUT -Body ($t | ConvertTo-Json)\n"
    (tmp_path / "a.ps1").write_text(text)

    done = CliRunner().invoke(
        cli, ["check", str(tmp_path / "a.ps1"), "--format", "json"]
    )

    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["code"], finding["pointer"]) == (
        "AZC101",
        "/properties/environmentId",
    )
    assert finding["location"]["line"] == 7


def test_what_a_variable_holds_is_what_it_was_last_set_to(tmp_path):
    text = "$u = 'https://management.azure.com/a'\n$u = $u + '/b'\nirm $u\n$u = 'c'\n"

    (call,) = read(text, tmp_path).calls

    assert str(call.request.url) == "https://management.azure.com/a/b"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 20_000,
        '@"' * 9_000,
        "@{a=" * 9_000,
        "$x = " * 9_000,
        "irm $u -Body " + "@(" * 5_000,
    ],
)
def test_no_text_is_too_much(text, tmp_path):
    (tmp_path / "a.ps1").write_text("Invoke-RestMethod $uri\n" + text)

    done = CliRunner().invoke(cli, ["check", str(tmp_path / "a.ps1")])

    assert done.exit_code in (1, 2)
    assert "Traceback" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_a_parameter_of_the_script_has_its_default(tmp_path):
    (call,) = read(
        "param(\n  [Parameter(Mandatory)] [string] $Group,\n"
        "  [string] $Api = '2022-05-01')\n"
        f'irm "{WORKSPACE}/$Group?api-version=$Api"\n',
        tmp_path,
    ).calls
    assert call.request.url.flat.endswith("?api-version=2022-05-01")


@pytest.mark.parametrize("name", ["$Api", "$env:API", "$config.version"])
def test_a_version_from_outside_is_no_fault(name, tmp_path):
    """Of PowerShell it is not known what sets a variable."""
    script = read(
        f"param($Api)\n$config = Get-Config\nirm ('{WORKSPACE}/jobs?api-version='"
        f" + {name})\n",
        tmp_path,
    )
    judged = judge_script(Validator(), script, "")
    assert [one.code for one in judged.findings] == ["AZC153"]


def test_a_text_that_doubles_is_not_read_to_its_end(tmp_path):
    """Two to the fortieth of it would fill memory."""
    text = "$a = 'https://management.azure.com'\n" + "$a = '{0}{0}' -f $a\n" * 40
    (call,) = read(f"{text}irm $a\n", tmp_path).calls
    assert len(call.request.url.flat) < 10_000_000


@pytest.mark.parametrize(
    ("convert", "is_cut"),
    [
        ("$table | ConvertTo-Json", True),
        ("ConvertTo-Json $table -Compress", True),
        ("ConvertTo-Json $table -Depth 2", True),
        ("$table | ConvertTo-Json -Depth 3", False),
        ("$table | ConvertTo-Json -d:9 -Compress", False),
        ("$table | ConvertTo-Json -Depth $deep", False),
    ],
)
def test_what_is_too_deep_is_the_name_of_its_type(convert, is_cut, tmp_path):
    """ConvertTo-Json goes two levels deep, if it is not told another number."""
    text = (
        f'$u = "{WORKSPACE}ks/computes/c?api-version=2023-10-01"\n'
        "$scale = @{ maxNodeCount = 4 }\n"
        "$inner = @{ vmSize = 'x'; scaleSettings = $scale }\n"
        "$table = @{ location = 'l'; properties = @{\n"
        "  computeType = 'AmlCompute'; properties = $inner } }\n"
        f"irm $u -Method PUT -Body ({convert})\n"
    )
    found = judge_script(Validator(), read(text, tmp_path), "").findings

    assert [(one.code, one.seen) for one in found] == (
        [("AZC104", "System.Collections.Hashtable")] if is_cut else []
    )
    assert all("-Depth" in one.cure for one in found)


@pytest.mark.parametrize(
    "line",
    [
        '$c.PutAsync("$base/jobz/j?api-version=2022-05-01", $content).Result',
        "[System.Net.Http.HttpClient]::new().SendAsync($message).Wait()",
        '$r = [Net.WebRequest]::Create("$base/jobz")',
        '[Net.WebClient]::new().UploadString($uri, "PUT", $json)',
    ],
)
def test_what_net_sends_is_told_as_not_judged(line, tmp_path):
    script = read(f"{START}irm $uri\n# $c.GetAsync($uri)\n{line}\n", tmp_path)

    calls = judge_script(Validator(), script, "").calls

    assert calls.judged == 1
    assert dict(calls.not_judged) == {
        "it is made through .NET, which is not read here": 1
    }

"""Calls are found in every kind of file that holds some, at their place in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from azml_contract.cli import cli
from azml_contract.scripts.containers import read_container
from azml_contract.scripts.judge import judge_script
from azml_contract.validation.validator import Validator
from tests.scripts.test_styles import BODY, URL

WORKSPACE = (
    "https://management.azure.com/subscriptions/s/resourceGroups/rg/providers"
    "/Microsoft.MachineLearningServices/workspaces/wks"
)
ADDRESS = URL.replace("WORKSPACE", WORKSPACE)
VARIABLE = ADDRESS.replace("2024-04-01", "{{v}}")
PLAIN = ADDRESS.partition("?")[0]
PUT = f"curl -X PUT \"{ADDRESS}\" -d '{BODY}'"
SCHEMA = (
    "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
)
TEMPLATE = {
    "$schema": SCHEMA,
    "resources": [
        {
            "type": "Microsoft.MachineLearningServices/workspaces",
            "apiVersion": "2024-04-01",
            "name": "[parameters('name')]",
            "properties": {"storageAccount": "[resourceId('x')]"},
            "resources": [
                {
                    "type": "data/versions",
                    "name": "iris/1",
                    "apiVersion": "2024-04-01",
                    "properties": json.loads(BODY)["properties"],
                }
            ],
        },
        {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2021-01-01"},
    ],
}
NESTED = {"properties": {"mode": "Incremental", "template": TEMPLATE}}
CELLS = {
    "cells": [
        {"cell_type": "markdown", "source": ["curl the service"]},
        {"cell_type": "code", "source": ["%%bash\n", f"{PUT}\n"]},
    ],
    "nbformat": 4,
}
LINES = {
    "cells": [{"cell_type": "code", "source": f"x = 1\n!{PUT}\nprint(x)"}],
    "nbformat": 4,
}
FILES = {
    "actions.yml": "name: t\non: push\nenv:\n  V: 2024-04-01\njobs:\n  a:\n    steps:\n"
    f"      - name: put\n        run: |\n          # é\n          {PUT}\n",
    "gitlab.yml": f"stages: [a]\nvariables:\n  B: {WORKSPACE.replace('wks12', '$WS')}\n"
    "a:\n  stage: a\n  before_script:\n    - export V=2024-04-01\n  script:\n"
    "    - echo a\n    - |\n      "
    + PUT.replace(WORKSPACE, "$B").replace("2024-04-01", "$V")
    + "\n",
    "plain.yml": f"on: push\njobs:\n  a:\n    steps:\n      - run: {PUT}\n",
    "env.yaml": "---\non: push\nenv:\n  V: '2024-04-01'\njobs:\n  a:\n    steps:\n"
    f"      - run: >\n          {PUT.replace('2024-04-01', '${{ env.V }}')}\n",
    "pipeline.yml": "trigger: [main]\nvariables:\n  v: 2024-04-01\nsteps:\n"
    "- task: AzureCLI@2\n  inputs:\n    scriptType: bash\n    inlineScript: |\n"
    f"      {PUT.replace('2024-04-01', '$(v)')}\n- script: echo done\n",
    "list.yml": "trigger: [main]\nvariables:\n- name: v\n  value: 2024-04-01\n"
    f"- group: g\nsteps:\n- bash: |\n    {PUT.replace('2024-04-01', '$V')}\n",
    "base.yml": "on: push\nenv:\n  BASE: https://management.azure.com/subscriptions/"
    "${{ secrets.SUB }}/resourceGroups/${{ vars.RG }}/providers/"
    "Microsoft.MachineLearningServices/workspaces/${{ vars.WS }}\njobs:\n  a:\n"
    f"    steps:\n      - run: |\n          {PUT.replace(WORKSPACE, '$BASE')}\n",
    "both.yml": f"variables:\n  base: {WORKSPACE}\n  v: 2024-04-01\nsteps:\n"
    "- script: |\n    "
    + PUT.replace(WORKSPACE, "$(base)")
    .replace("2024-04-01", "$(v)")
    .replace("iris", "${{ parameters.name }}")
    + "\n",
    "inline.yml": "steps:\n- task: AzurePowerShell@5\n  inputs:\n    Inline: |\n"
    f"      Invoke-RestMethod -Method PUT '{ADDRESS}' -Body '{BODY}'\n",
    "task.yml": "steps:\n- task: PowerShell@2\n  inputs:\n    script: |\n"
    f"      Invoke-RestMethod -Method PUT '{ADDRESS}' -Body '{BODY}'\n",
    "item.md": "1. Then:\n\n   ```python\n   import requests\n   requests.put('"
    f"{ADDRESS}',\n       json={BODY})\n   ```\n",
    "names.md": "```bash\n"
    + PUT.replace("wks12", "<workspace>").replace("iris", "<name>")
    + "\n```\n",
    "braces.md": "```http\nPUT "
    + ADDRESS.replace("wks12", "{ws}").replace("iris", "{name}")
    + f"\n\n{BODY}\n```\n",
    "handler.http": f"PUT {ADDRESS}\n\n{BODY}\n\n> {{% client.log(1); %}}\n"
    f"\n###\nGET {PLAIN}?api-version=2024-04-01\n\n> handler.js\n",
    "page.md": f"# How\n\ndon't\n\n```bash\n{PUT}\n```\n",
    "quoted.md": f"# How\n\n> ```console\n> $ {PUT}\n> ```\n",
    "shared.md": "```sh\nV=2024-04-01\n```\n\nthen\n\n~~~azurecli\n"
    f"{PUT.replace('2024-04-01', '$V')}\n~~~\n",
    "cell.ipynb": json.dumps(CELLS, indent=1),
    "line.ipynb": json.dumps(LINES, indent=1),
    "call.http": f"@v = 2024-04-01\n### put\nPUT {VARIABLE}\n"
    f"Authorization: Bearer {{{{token}}}}\n\n{BODY}\n\n### end\n",
    "lines.rest": f"PUT {PLAIN} HTTP/1.1\n    ?api-version=2024-04-01\n\n{BODY}\n",
    "json.py": f"import requests\nBASE = '{WORKSPACE}'\nbody = {BODY}\nrequests.put(\n"
    '    f"{BASE}/data/iris/versions/1", json=body,\n'
    "    params={'api-version': '2024-04-01'},\n"
    ")\n",
    "dumps.py": "import httpx, json\nclient = httpx.Client()\nclient.request('PUT', "
    f"'{ADDRESS}', content=json.dumps({BODY}))\n",
    "text.py": f"import requests\nrequests.put('{ADDRESS}', data='{BODY}')\n",
    "here.ps1": f"$v = '2024-04-01'\n$body = @'\n{BODY}\n'@\n# irm $uri\n"
    f'irm "{PLAIN}?api-version=$v" -Method Put -Body $body\n',
    "steps.yml": "on: push\njobs:\n  a:\n    steps:\n      - pwsh: |\n"
    f"          Invoke-RestMethod -Method:PUT '{ADDRESS}' -Body '{BODY}'\n",
    "template.json": json.dumps(TEMPLATE, indent=2),
    "nested.json": json.dumps(NESTED, indent=2),
}


def check(folder: Path, *names: str):
    given = ["check", *(str(folder / name) for name in names), "--format", "json"]
    done = CliRunner().invoke(cli, given)
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", FILES)
def test_a_call_is_judged_wherever_it_stands(name, end, tmp_path):
    (tmp_path / name).write_bytes(FILES[name].replace("\n", end).encode())

    code, shown = check(tmp_path, name)

    found = {(one["code"], one["pointer"]) for one in shown["findings"]}
    assert found == {
        ("AZC102", "/properties/dataUrl"),
        ("AZC101", "/properties/dataUri"),
    }
    (place,) = [f["location"] for f in shown["findings"] if f["code"] == "AZC102"]
    line = FILES[name].splitlines()[place["line"] - 1]
    assert line[place["column"] - 1 :].lstrip('\\"').startswith("dataUrl")
    assert shown["calls"]["not_judged"] == 0
    assert code == 1


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        (
            "a.ps1",
            "Invoke-RestMethod -Uri $uri -Body $body\n",
            "its body is $body, which the script does not tell",
        ),
        (
            "b.yml",
            "on: push\njobs:\n a:\n  steps:\n  - pwsh: Invoke-WebRequest -Uri $u\n",
            "its URL is $u, which the script does not tell",
        ),
        (
            "c.py",
            f"import requests\ndef put(body):\n requests.put('{ADDRESS}', json=body)\n",
            "its body is {body}, which the program does not tell",
        ),
        (
            "d.http",
            f"PUT {ADDRESS}\n\n< body.json\n",
            "its body is the file body.json, and there is none",
        ),
    ],
)
def test_what_is_not_read_is_counted_and_named(name, text, why, tmp_path):
    (tmp_path / name).write_text(text)

    _, shown = check(tmp_path, name)

    assert shown["calls"]["not_judged_because"] == {why: 1}
    (finding,) = shown["findings"]
    assert finding["code"] == "AZC153"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", "import requests\nrequests.get('https://pypi.org/simple')\n"),
        ("b.py", "import requests\nx = {}.get('a')\ndef f(session): pass\n"),
        ("c.py", "import requests\ndef broken(:\n"),
        ("d.md", "```bash\ncurl https://example.com\n```\n"),
        ("d.ps1", "Invoke-WebRequest https://example.com/x.zip -OutFile x.zip\n"),
        (
            "e.yml",
            "on: push\njobs:\n  a:\n    steps:\n      - run: curl https://x.y/z\n",
        ),
    ],
)
def test_files_that_call_others_have_no_finding(name, text, tmp_path):
    (tmp_path / name).write_text(text)

    _, shown = check(tmp_path, name)

    assert shown["findings"] == []
    assert shown["calls"]["judged"] == 0


def test_a_folder_is_walked_and_what_holds_no_call_is_left_out(tmp_path):
    for name in ("actions.yml", "page.md", "json.py", "template.json", "call.http"):
        (tmp_path / name).write_text(FILES[name], "utf-8")
    (tmp_path / "README.md").write_text("# Nothing here\n")
    (tmp_path / "setup.py").write_text("print()\n")

    code, shown = check(tmp_path, "")

    assert shown["calls"]["judged"] == 6
    assert len(shown["findings"]) == 10
    assert code == 1


def test_requests_in_any_case_and_without_a_verb_are_read(tmp_path):
    text = (
        f"@base = {WORKSPACE}\n"
        "# first\n"
        "{{base}}/jobs?api-version=2024-04-01\n"
        f"###\n// then\n{WORKSPACE}/jobs?api-version=2024-04-01\n"
        f"### put\nput {ADDRESS}\n\n{BODY}\nhttps://x.example/\n"
        f"###\nGET {WORKSPACE}/jobs?api-version=2024-04-01\n"
    )
    calls = read_container("http", "a.http", text, tmp_path).calls

    assert [call.request.method for call in calls] == ["GET", "PUT", "GET"]


def test_cells_of_a_notebook_are_one_program(tmp_path):
    """But for one that is no Python; a shell is given what braces name."""
    sources = [
        f"import requests\nB = '{WORKSPACE}'\n",
        "print 'old'\n",
        "requests.get(B + '/job?api-version=2024-04-01')\n!curl {B}/jobs\n",
    ]
    cells = [{"cell_type": "code", "source": one} for one in sources]
    text = json.dumps({"cells": cells, "nbformat": 4})

    script = read_container("notebook", "a.ipynb", text, tmp_path)
    judged = judge_script(Validator(), script, "")

    assert sorted(one.code for one in judged.findings) == ["AZC150", "AZC153"]
    assert dict(judged.calls.not_judged) == {
        "its URL is ${B}/jobs, which the script does not tell": 1,
        "no known operation": 1,
    }


@pytest.mark.parametrize("name", ["<RG>", "<rg>", "<my group>"])
def test_what_a_document_leaves_blank_in_a_path_is_a_name(tmp_path, name):
    space = WORKSPACE.replace("/rg/", f"/{name}/")
    call = "curl $WS/job?api-version=2024-04-01"
    text = f"```bash\nexport WS={space}\n{call}\n```\n```\nx\n```\n"
    script = read_container("markdown", "a.md", text, tmp_path)

    judged = judge_script(Validator(), script, "")

    assert [one.code for one in judged.findings] == ["AZC150"]

"""`azml-contract contract` as a terminal, a pipe and a program see it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from azml_contract.cli import cli
from azml_contract.contract.catalog import (
    DEFINITIONS,
    find_data_file,
    load_contract,
)
from azml_contract.errors import (
    ContractError,
    InputError,
    SpecificationError,
    UnknownApiVersion,
    UsageError,
)

ROOT = Path(__file__).parents[2]


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["contract", *arguments], catch_exceptions=False)


def _json(*arguments: str) -> Any:
    result = _run(*arguments, "--format", "json")
    assert result.exit_code == 0
    return json.loads(result.output)


def test_list_shows_every_version_and_its_source() -> None:
    lines = _run("list").output.splitlines()
    assert len(lines) == 52
    told = {line.split()[0]: line.split()[1:] for line in lines[1:]}
    assert told["2024-04-01"] == ["swagger", "212", "532", "5,928", "5,928", "0"]
    assert lines[-1].split()[:2] == ["2026-05-15-preview", "bicep-types"]


def test_list_as_json_counts_what_is_carried_and_assumed() -> None:
    rows = {row["api_version"]: row for row in _json("list")["versions"]}
    assert rows["2024-04-01"]["operations_carried"] == 0
    assert rows["2024-10-01"]["operations_assumed"] == 28


def test_show_an_operation() -> None:
    text = _run("show", "Jobs_CreateOrUpdate", "--api-version", "2024-04-01").output
    assert text.startswith("Jobs_CreateOrUpdate  2024-04-01 (swagger)\nPUT /subscr")
    assert "  body                    JobBaseResource, required\n" in text
    assert "  201                     JobBaseResource\n" in text


def test_show_says_what_is_carried_over_and_assumed() -> None:
    text = _run("show", "Jobs_Cancel", "--api-version", "2026-05-01").output
    assert "assumed: carried over from 2024-04-01" in text
    text = _run("show", "Jobs_Get", "--api-version", "2026-05-01").output
    assert "status codes, queries and flow carried over from 2024-04-01" in text


def test_show_says_what_is_unknown() -> None:
    text = _run("show", "CapabilityHosts_CreateOrUpdate").output
    assert "status codes" in text
    assert "unknown: no swagger of this operation has been seen" in text


def test_show_a_definition_in_any_case() -> None:
    text = _run("show", "commandjob", "--api-version", "2024-04-01").output
    assert text.startswith(
        "CommandJob  2024-04-01 (swagger)\nvariant 'Command' of JobBase"
    )
    assert "  codeId                string, for create/read, may be null\n" in text


def test_show_a_base_with_its_variants() -> None:
    text = _run("show", "JobBase", "--api-version", "2024-04-01").output
    assert "variants by jobType:\n" in text
    assert "  Command   CommandJob\n" in text


def test_show_takes_the_newest_stable_version_that_has_the_name() -> None:
    assert "2021-03-01-preview (swagger)" in _run("show", "InputDataBinding").output
    assert "2026-05-01 (bicep-types)" in _run("show", "CommandJob").output


def test_show_without_a_name_lists_operations() -> None:
    text = _run("show", "--api-version", "2021-07-01").output
    assert "Compute_CreateOrUpdate\n  PUT    /subscriptions/" in text
    assert len(_json("show", "--api-version", "2021-07-01")["operations"]) == 40


def test_show_as_json() -> None:
    shown = _json("show", "CommandJob", "--api-version", "2024-04-01")
    assert shown["name"] == "CommandJob"
    assert shown["discriminator_value"] == "Command"
    command = shown["properties"]["command"]
    assert command["type"] == {
        "kind": "string",
        "pattern": "[a-zA-Z0-9_]",
        "min_length": 1,
    }
    assert command["mutability"] == ["create", "read"]
    shown = _json("show", "Jobs_CreateOrUpdate", "--api-version", "2024-04-01")
    assert shown["responses"]["200"]["body"] == {
        "kind": "ref",
        "ref": "JobBaseResource",
    }


def test_show_suggests_names() -> None:
    with pytest.raises(UsageError) as caught:
        _run("show", "CommandJobs")
    assert "no operation or definition 'CommandJobs'. Did you mean CommandJob" in str(
        caught.value
    )


def test_an_unknown_version_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownApiVersion, match="Nearest known: 2024-04-01"):
        _run("show", "--api-version", "2024-04-02")


def test_diff_tells_which_side_breaks() -> None:
    text = _run(
        "diff",
        "2021-03-01-preview",
        "2022-02-01-preview",
        "--operation",
        "Jobs_CreateOrUpdate",
    ).output
    assert text.startswith(
        "2021-03-01-preview (swagger) -> 2022-02-01-preview (swagger)\n"
    )
    assert "CommandJob  (Jobs_CreateOrUpdate: /properties <Command>)\n" in text
    assert "  both     compute removed [ignored]\n" in text
    assert "  request  environmentId: now pattern=" in text
    assert "  -        computeId added: string, for create/read, may be null\n" in text


def test_diff_shows_only_the_values_of_an_enum_that_changed() -> None:
    text = _run("diff", "2024-04-01", "2024-10-01").output
    assert (
        "  response category: values +Pinecone +Elasticsearch +ManagedOnlineEndpoint\n"
        in text
    )


def test_diff_of_equal_versions() -> None:
    assert _run("diff", "2026-03-01", "2026-05-01").output.endswith("\nno change\n")


def test_diff_can_leave_out_what_breaks_nothing() -> None:
    result = _json("diff", "2024-04-01", "2024-10-01", "--breaking")
    assert [change["subject"] for change in result["changes"]] == [
        "WorkspaceConnectionPropertiesV2"
    ]
    assert result["changes"][0]["breaks"] == ["response"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("show", "--api-version", "2026-05-15-preview"),
        ("show", "WorkspaceProperties", "--api-version", "2024-04-01"),
        ("show", "Compute_CreateOrUpdate"),
        ("diff", "2021-03-01-preview", "2026-05-01"),
    ],
)
def test_text_fits_into_80_columns(arguments: tuple[str, ...]) -> None:
    """But for single words that are longer, such as patterns."""
    for line in _run(*arguments).output.splitlines():
        longest = max((len(word) for word in line.split()), default=0)
        assert len(line) <= 80 or longest > 40, line


def test_text_that_is_piped_holds_no_escape_codes() -> None:
    assert "\x1b" not in _run("diff", "2024-04-01", "2024-10-01").output


def test_verify() -> None:
    result = _run("verify")
    assert (result.exit_code, result.output) == (0, "51 api-versions, data unaltered\n")


def test_a_version_of_ones_own_is_imported_and_used(
    tmp_path: Path, swaggers: Any
) -> None:
    swaggers.define(
        {"Novelty": {"properties": {"x": {"type": "string"}}}},
        paths=swaggers.job_path(get=swaggers.operation()),
    )
    folder = tmp_path / "mine"
    result = _run("import", "--specs", str(swaggers.root), "--to", str(folder))
    assert result.output == f"2030-01-01 added to {folder}\n"
    own = ("--contracts", str(folder))
    assert "2030-01-01         swagger" in _run(*own, "list").output
    assert "  x  string\n" in _run(*own, "show", "Novelty").output
    assert "gone: PUT" in _run(*own, "diff", "2026-05-01", "2030-01-01").output
    assert _run(*own, "verify").output == "52 api-versions, data unaltered\n"
    find_data_file(folder, DEFINITIONS).write_text("")
    result = _run(*own, "verify")
    assert result.exit_code == 1
    assert re.search(r"definitions-\w+\.txt was altered", result.output)


def test_a_malformed_specification_gives_one_error(
    tmp_path: Path, swaggers: Any
) -> None:
    swaggers.write("mfe.json", {"swagger": "2.0", "paths": []})
    with pytest.raises(SpecificationError, match="#/paths: expected an object"):
        _run("import", "--specs", str(swaggers.root), "--to", str(tmp_path / "mine"))
    assert not (tmp_path / "mine").exists()


def test_a_folder_that_is_no_import_gives_one_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="contract import --specs DIR --to FOLDER"):
        _run("--contracts", str(tmp_path), "list")


def test_a_program_can_load_a_folder_of_its_own(tmp_path: Path, swaggers: Any) -> None:
    swaggers.define({"Novelty": {"properties": {}}})
    where = ("--specs", str(swaggers.root), "--to", str(tmp_path / "mine"))
    told = json.loads(_run("import", *where, "--format", "json").output)
    schemas = json.loads(ROOT.joinpath("docs", "output.schema.json").read_text("utf-8"))
    schema = {"$ref": "#/$defs/contract%20import", "$defs": schemas["$defs"]}
    Draft202012Validator(schema).validate(told)
    assert told["added"] == [swaggers.version]
    contract = load_contract(swaggers.version, tmp_path / "mine")
    assert list(contract.definitions) == ["Novelty"]


def test_show_says_which_versions_have_a_name() -> None:
    with pytest.raises(UsageError) as caught:
        _run("show", "Jobs_Cancel", "--api-version", "2021-07-01")
    assert (
        "'Jobs_Cancel'. It exists in 2022-05-01 to 2026-05-01, 2021-03-01-preview and "
        "2022-02-01-preview to 2026-05-15-preview." in str(caught.value)
    )


def test_schema_is_what_a_foreign_validator_reads() -> None:
    made = _json_of("schema", "Jobs_CreateOrUpdate", "--api-version", "2024-04-01")
    validator = Draft202012Validator(made)
    Draft202012Validator.check_schema(made)
    job = {
        "jobType": "Command",
        "command": "python train.py",
        "environmentId": "azureml:e:1",
    }

    assert validator.is_valid({"properties": job})
    assert not validator.is_valid({"properties": {**job, "commnad": "x"}})
    assert not validator.is_valid({"properties": {**job, "jobType": "Comand"}})
    assert made["title"] == "Jobs_CreateOrUpdate 2024-04-01, create body"


def test_schema_of_an_answer_lets_nothing_secret_through() -> None:
    made = _json_of(
        "schema", "Datastores_Get", "--view", "response", "--api-version", "2024-04-01"
    )
    credentials = {"credentialsType": "AccountKey", "secrets": {"secretsType": "x"}}
    store = {
        "datastoreType": "AzureBlob",
        "credentials": credentials,
        "accountName": "a",
        "containerName": "c",
    }
    validator = Draft202012Validator(made)

    assert not validator.is_valid({"properties": store})
    credentials.pop("secrets")
    assert validator.is_valid({"properties": store})


def test_schema_of_a_body_that_is_not_there_says_which_are() -> None:
    with pytest.raises(ContractError, match=r"There is: --view response --status 200"):
        _run("schema", "Jobs_List", "--api-version", "2024-04-01")


def _json_of(*arguments: str) -> Any:
    return json.loads(_run(*arguments).output)


def test_a_difference_can_be_proven() -> None:
    asked = ("diff", "2021-03-01-preview", "2022-05-01", "--prove")
    one = ("--operation", "DataVersions_CreateOrUpdate")

    assert _run(*asked, *one).output.splitlines() == [
        "no       DataVersions_CreateOrUpdate",
        '         {"properties": {"path": "a"}}',
        "Is every body of 2021-03-01-preview one of 2022-05-01? 1 no.",
    ]
    assert _json(*asked, *one)["operations"] == [
        {
            "operation": "DataVersions_CreateOrUpdate",
            "proven": "no",
            "body": {"properties": {"path": "a"}},
        }
    ]
    with pytest.raises(UsageError, match="no operation Jobs_Get with a body"):
        _run(*asked, "--operation", "Jobs_Get")


def test_every_operation_is_told_and_why_one_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = ("diff", "2022-05-01", "2024-04-01", "--prove")
    monkeypatch.setenv("COLUMNS", "80")

    lines = _run(*asked).output.splitlines()
    last = next(at for at, line in enumerate(lines) if line.startswith("Is every"))

    assert "yes      CodeVersions_CreateOrUpdate" in lines
    assert len(lines[:last]) == 30
    assert lines[last].endswith("26 yes, 4 unknown.")
    told = " ".join(lines[last + 1 :])
    assert told.startswith("Unknown, Datastores_CreateOrUpdate, Jobs_CreateOrUpdate, ")
    assert told.endswith("See what changed: the same without --prove.")
    assert max(map(len, lines)) <= 80


def test_a_proof_without_jsonschema_rs_says_what_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = ("diff", "2022-05-01", "2024-04-01", "--prove")
    one = ("--operation", "CodeVersions_CreateOrUpdate")
    assert _json(*asked, *one)["operations"][0]["proven"] == "yes"

    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)

    (told,) = _json(*asked, *one)["operations"]
    assert told["proven"] == "unknown"
    assert told["reason"].endswith("pip install -U 'azml-contract[fast]'")
    assert told["reason"] in " ".join(_run(*asked, *one).output.split())


def test_settings_of_an_editor_know_every_body(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "bodies" / "2022-05-01"
    folder.mkdir(parents=True)
    job = {"jobType": "Command", "command": "{{ it }}", "environmentId": "{{ env }}"}
    limits = {"jobLimitsType": "Command", "timeout": "{{ limit }}"}
    text = json.dumps({"properties": {**job, "limits": limits}})
    (folder / "job.json").write_text(text)
    (folder / "cluster.json").write_text(
        '{"location": "eastus", "properties": {"computeType": "AmlCompute", '
        '"properties": {"scaleSettings": {"maxNodeCount": {{ nodes }} }}}}'
    )
    (folder / "odd.json").write_text('{"nothing": "we know"}')
    scale = {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 3}}}}
    (folder / "compute_scale.json").write_text(json.dumps(scale))

    shape = json.loads(_run("schema", "--vscode", "bodies").stdout)

    schemas = {one["fileMatch"][0]: one["schema"] for one in shape["json.schemas"]}
    assert set(schemas) == {
        "/bodies/2022-05-01/job.json",
        "/bodies/2022-05-01/cluster.json",
        "/bodies/2022-05-01/compute_scale.json",
    }
    of_change = schemas["/bodies/2022-05-01/compute_scale.json"]
    assert of_change["title"] == "Compute_Update 2022-05-01, update body"
    assert Draft202012Validator(of_change).is_valid(scale)
    checker = Draft202012Validator(schemas["/bodies/2022-05-01/job.json"])
    assert checker.is_valid(json.loads(text))
    assert not checker.is_valid(json.loads(text.replace("{{ limit }}", "120")))
    assert not checker.is_valid(json.loads(text.replace("limits", "limit")))
    with pytest.raises(UsageError, match="Name an OPERATION, or --vscode DIR"):
        _run("schema")
    with pytest.raises(InputError, match="holds no body"):
        _run("schema", "--vscode", "nowhere")


def test_settings_of_an_editor_are_put_beside_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    body = tmp_path / "bodies" / "2024-04-01" / "job.json"
    body.parent.mkdir(parents=True)
    body.write_text('{"properties": {"jobType": "Command", "command": "a"}}')
    asked = ("schema", "--vscode", "bodies", "--write")
    settings = Path(".vscode", "settings.json")

    done = _run(*asked)
    assert (done.stdout, done.exit_code) == ("", 0)
    assert done.stderr == "Wrote .vscode/settings.json: the schema of 1 body.\n"
    (ours,) = json.loads(settings.read_text())["json.schemas"]
    assert ours["fileMatch"] == ["/bodies/2024-04-01/job.json"]

    theirs = {"fileMatch": ["/other.json"], "url": "./other.schema.json"}
    held = {"editor.tabSize": 2, "json.schemas": [ours, theirs]}
    settings.write_text(json.dumps(held, indent=3))
    _run(*asked)
    after = settings.read_text()
    assert json.loads(after) == {"editor.tabSize": 2, "json.schemas": [theirs, ours]}
    assert after.startswith('{\n   "editor.tabSize"')

    settings.write_text('// mine\n{"a": 1}\n')
    with pytest.raises(InputError, match="comments would be lost"):
        _run(*asked)
    assert settings.read_text() == '// mine\n{"a": 1}\n'
    with pytest.raises(UsageError, match="--vscode DIR"):
        _run("schema", "Jobs_CreateOrUpdate", "--write")


def test_a_body_that_nothing_tells_apart_is_noted_without_foreign_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    job = '{"properties": {"jobType": "Command", "command": "a"}}'
    for name, text in (("a", "{}"), ("job", job)):
        body = tmp_path / "bodies" / "2024-04-01" / f"{name}.json"
        body.parent.mkdir(parents=True, exist_ok=True)
        body.write_text(text)

    told = _run("schema", "--vscode", "bodies").stderr

    assert "bodies/2024-04-01/a.json: what the body is for is not clear (" in told
    assert "--operation" not in told


@pytest.mark.parametrize("version", ["2021-03-01-preview", "2024-04-01"])
def test_a_schema_lists_the_values_of_a_discriminator(version: str) -> None:
    schema = _json_of("schema", "Jobs_CreateOrUpdate", "--api-version", version)
    body = {"properties": {"jobType": "Comand", "command": "a"}}

    (wrong,) = Draft202012Validator(schema).iter_errors(body)

    assert list(wrong.path) == ["properties", "jobType"]
    assert wrong.message.startswith("'Comand' is not one of ['")
    assert "'Command'" in wrong.message

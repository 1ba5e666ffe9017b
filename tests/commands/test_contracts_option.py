"""Contracts of a user's own, in every command that judges or answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from azml_contract.cli import cli
from azml_contract.contract.catalog import (
    DEFINITIONS,
    OPERATIONS,
    find_data_file,
    known_versions,
    use_folder,
)
from azml_contract.contract.user_folder import import_to_folder

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
CASSETTE = ROOT / "cassettes" / "train_and_sweep" / "asset_to_sweep" / "2024-04-01.json"
VERSION = "2030-01-01"
PROVIDER = "Microsoft.MachineLearningServices"
PATH = (
    "/subscriptions/{s}/resourceGroups/{g}/providers/"
    f"{PROVIDER}/workspaces/{{w}}/jobs/{{id}}"
)
BODY = {
    "in": "body",
    "name": "body",
    "required": True,
    "schema": {"$ref": "#/definitions/Novelty"},
}


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    """A specification of one version, whose jobs have but one property."""
    names = ("s", "g", "w", "id")
    of_path = [
        {"name": n, "in": "path", "required": True, "type": "string"} for n in names
    ]
    put = {
        "operationId": "Jobs_CreateOrUpdate",
        "parameters": [*of_path, BODY],
        "responses": {"200": {"description": ""}},
    }
    document = {
        "swagger": "2.0",
        "info": {"title": "t", "version": VERSION},
        "paths": {PATH: {"put": put}},
        "definitions": {
            "Novelty": {"properties": {"novel": {"type": "string"}}, "type": "object"}
        },
    }
    file = tmp_path / "specs" / PROVIDER / "stable" / VERSION / "mfe.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(document), "utf-8")
    return tmp_path / "specs"


@pytest.fixture
def folder(specs: Path, tmp_path: Path) -> Iterator[Path]:
    import_to_folder(specs, tmp_path / "mine")
    yield tmp_path / "mine"
    use_folder(None)


@pytest.fixture
def body(tmp_path: Path) -> Path:
    file = tmp_path / "body.json"
    file.write_text('{"novel": "yes"}')
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(one) for one in arguments])


def check(body: Path, *options: object) -> set[str]:
    asked = ("--url", "jobs/train", "--api-version", VERSION, "--format", "json")
    done = run("check", body, *asked, *options)
    return {finding["code"] for finding in json.loads(done.stdout)["findings"]}


@pytest.mark.parametrize(
    "name", ["check", "regress", "upgrade", "emulator", "contract"]
)
def test_every_command_that_judges_or_answers_has_it(name: str) -> None:
    assert "--contracts DIR" in run(name, "--help").output


def test_check_judges_by_it_and_without_it_by_the_newest_older(
    body: Path, folder: Path
) -> None:
    assert check(body, "--contracts", folder) == set()
    assert {"AZC148", "AZC102"} <= check(body)


def test_a_project_says_it_once(
    body: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    setting = '[tool.azml-contract]\ncontracts = "mine"\n'
    (tmp_path / "pyproject.toml").write_text(setting)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")

    assert check(body) == set()


@pytest.mark.parametrize("value", ['"nowhere"', "3"])
def test_a_project_that_names_no_folder_is_told(
    body: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    setting = f"[tool.azml-contract]\ncontracts = {value}\n"
    (tmp_path / "pyproject.toml").write_text(setting)
    monkeypatch.chdir(tmp_path)

    done = subprocess.run(
        [sys.executable, "-m", "azml_contract", "check", str(body), "--url", "jobs/j"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "[tool.azml-contract] contracts names" in done.stderr
    assert "Traceback" not in done.stderr


def test_regress_judges_at_it_in_one_process_and_in_many(folder: Path) -> None:
    asked = ("regress", CASSETTE, "--to", VERSION, "--format", "json")
    assert run(*asked).exit_code != 0

    done = run(*asked, "--contracts", folder)

    rows = json.loads(done.stdout)["rows"]
    assert {row["versions"][VERSION]["status"] for row in rows} >= {"gone"}


def test_upgrade_goes_to_it(folder: Path) -> None:
    done = run("upgrade", CASSETTE, "--to", VERSION, "--contracts", folder)

    assert "No contract for" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_a_folder_without_contracts_is_told_with_what_fills_it(tmp_path: Path) -> None:
    told = str(run("contract", "--contracts", tmp_path, "list").exception)

    assert told.startswith(f"{tmp_path}/catalog.json cannot be read: No such file")
    assert "azml-contract contract import --specs DIR --to FOLDER" in told
    assert "Errno" not in told


def test_another_command_does_not_inherit_it(body: Path, folder: Path) -> None:
    run("contract", "--contracts", folder, "list")

    assert "AZC148" in check(body)
    assert VERSION not in known_versions()


@pytest.mark.parametrize("name", ["catalog.json", DEFINITIONS, OPERATIONS])
@pytest.mark.parametrize("spoil", ["remove", "cut"])
def test_a_half_filled_folder_is_mended_by_importing_again(
    body: Path, folder: Path, specs: Path, name: str, spoil: str
) -> None:
    file = folder / name if name == "catalog.json" else find_data_file(folder, name)
    if spoil == "remove":
        file.unlink()
    else:
        file.write_text(file.read_text()[:9])

    done = run("contract", "import", "--specs", specs, "--to", folder)

    assert done.exit_code == 0
    assert "was left half filled, and is made anew" in done.stderr
    assert check(body, "--contracts", folder) == set()


def test_pytest_runs_at_it(pytester: pytest.Pytester, folder: Path) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.azml(api_versions=["{VERSION}"])
        def test_version(api_version):
            assert api_version == "{VERSION}"
        """
    )
    unknown = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    known = pytester.runpytest_subprocess(f"--azml-contracts={folder}")

    unknown.stdout.fnmatch_lines([f"*No contract for api-version '{VERSION}'*"])
    known.assert_outcomes(passed=1)


def test_the_summary_says_how_strong_the_contract_is(tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_text(
        '{"properties": {"jobType": "Command", "command": "true", '
        '"environmentId": "azureml:e:1"}}'
    )
    sent = ("check", file, "--url", "jobs/train", "--api-version")

    told = " ".join(run(*sent, "2026-05-01").output.split())
    whole = run(*sent, "2024-04-01").output
    shape = json.loads(run(*sent, "2026-05-01", "--format", "json").output)

    assert "5,786 of 6,136 facts (nulls, formats, statuses) known, all from an" in told
    assert "Contract of" not in whole
    assert shape["calls"]["contracts"]["2026-05-01"] == {
        "known": 5786,
        "possible": 6136,
        "carried": 5786,
    }

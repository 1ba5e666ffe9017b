"""A script at other api-versions: `check --to` and `regress`."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from azml_contract.cli import cli
from azml_contract.contract.catalog import known_versions
from tests.scripts.conftest import INPUTS

HOWTO = str(INPUTS / "howto_2021.sh")


def run(*arguments: str):
    done = CliRunner().invoke(cli, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done


def test_check_to_says_at_the_keys_what_another_version_would_say():
    done = run("check", HOWTO, "--to", "2024-04-01", "--format", "json")

    shown = json.loads(done.stdout)
    found = {(one["code"], one["location"]["line"]) for one in shown["findings"]}
    assert {("AZC509", 33), ("AZC509", 34), ("AZC111", 47), ("AZC111", 94)} <= found
    assert {one["api_version"] for one in shown["findings"]} == {"2024-04-01"}
    assert shown["calls"]["judged"] == 7


def test_a_version_without_a_contract_is_judged_as_its_stand_in_paths_included():
    newest, later = (
        json.loads(run("check", HOWTO, "--to", one, "--format", "json").stdout)
        for one in (known_versions()[-1], "2999-01-01")
    )

    told = [one for one in later["findings"] if one["code"] != "AZC148"]
    assert told == newest["findings"]
    assert sum(one["code"] == "AZC509" for one in told) == 2


def test_regress_gives_the_matrix_of_a_script(tmp_path):
    done = run("regress", HOWTO, "--to", "2024-04-01", "--format", "json")

    rows = json.loads(done.stdout)["rows"]
    found = {row["operation"]: row["versions"]["2024-04-01"]["status"] for row in rows}
    assert found["Datastores_List"] == "gone"
    assert found["DataVersions_CreateOrUpdate"] == "refused"
    assert found["EnvironmentSpecificationVersions_CreateOrUpdate"] == "ignored"
    assert {row["recorded"] for row in rows} == {"2021-03-01-preview"}
    assert len(rows) == 7
    assert done.exit_code == 1


def test_regress_after_upgrade_finds_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("howto.sh").write_text(Path(HOWTO).read_text("utf-8"), "utf-8")
    assert run("upgrade", "howto.sh", "--to", "2024-10-01", "--write").exit_code == 0

    done = run("regress", "howto.sh", "--to", "2024-10-01", "--to", "2026-05-01")

    assert done.exit_code == 0, done.output


def test_what_a_script_leaves_open_breaks_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    url = (
        "https://management.azure.com/subscriptions/$S/resourceGroups/$R/providers/"
        "Microsoft.MachineLearningServices/workspaces/$W/jobs/$J?api-version=2023-04-01"
    )
    body = (
        '{\\"properties\\": {\\"jobType\\": \\"Command\\", \\"command\\": \\"$C\\", '
        '\\"environmentId\\": \\"$E\\", \\"identity\\": $I, \\"isArchived\\": $A}}'
    )
    Path("a.sh").write_text(f'curl -X PUT "{url}" -d "{body}"\n')

    done = run("regress", "a.sh", "--to", "2024-04-01", "--format", "json")

    (row,) = json.loads(done.stdout)["rows"]
    assert row["versions"]["2024-04-01"]["findings"] == []
    assert "\ue002" not in done.stdout


def test_folders_are_walked_and_other_scripts_left_out(tmp_path):
    (tmp_path / "howto.sh").write_text(Path(HOWTO).read_text("utf-8"), "utf-8")
    (tmp_path / "deploy.sh").write_text("#!/bin/sh\nmake deploy\n")

    done = run("regress", str(tmp_path), "--to", "2024-04-01", "--format", "json")

    rows = json.loads(done.stdout)["rows"]
    assert {Path(row["scenario"]).name for row in rows} == {"howto.sh"}
    assert done.exit_code == 1


WORKSPACE = (
    "https://management.azure.com/subscriptions/s/resourceGroups/rg/providers/"
    "Microsoft.MachineLearningServices/workspaces/wks12"
)
STORES = f"{WORKSPACE}/datastores?api-version=2021-03-01-preview"


def write_every_kind(folder: Path) -> None:
    """One call in each kind of file, and one in a language that nobody reads."""
    call = f"curl -s '{STORES}'\n"
    step = f"on: push\njobs:\n  a:\n    steps:\n      - run: {call}"
    cell = {"cell_type": "code", "source": f"!{call}", "metadata": {}, "outputs": []}
    texts = {
        "train.sh": call,
        "train.ps1": f"Invoke-RestMethod -Uri '{STORES}'\n",
        "train.py": f"import requests\nrequests.get('{STORES}')\n",
        "train.md": f"---\ntitle: [a: b: c]\n---\n```bash\n{call}```\n",
        "train.ipynb": json.dumps({"nbformat": 4, "cells": [cell]}),
        "train": f"#!/usr/bin/env bash\n{call}",
        "base.sh": f"BASE={WORKSPACE}\n",
        "sourced.sh": '. ./base.sh\ncurl "$BASE/jobs?api-version=2022-05-01"\n',
        ".github/workflows/ci.yml": step,
        "train.go": f'http.Get("{STORES}")\n',
        "node_modules/other.md": f"```bash\n{call}```\n",
        "page.md": "---\ntitle: [a: b: c]\n---\nNo call.\n",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_regress_judges_of_a_folder_what_check_judges(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_every_kind(tmp_path)

    checked = json.loads(run("check", ".", "--format", "json").stdout)
    told = run("regress", ".", "--to", "2024-04-01", "--format", "json")
    regressed = json.loads(told.stdout)

    assert checked["calls"]["judged"] == regressed["calls"]["judged"] == 8
    assert {row["scenario"] for row in regressed["rows"]} == {
        *("train", "train.sh", "train.ps1", "train.py", "train.md", "train.ipynb"),
        *("sourced.sh", ".github/workflows/ci.yml"),
    }
    for shown in (checked, regressed):
        found = [(one["code"], one["location"]["file"]) for one in shown["findings"]]
        assert found == [("AZC406", "train.go")]
    assert told.exit_code == 0


def test_joined_parts_of_a_folder_of_every_kind_say_what_one_run_says(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    write_every_kind(tmp_path)
    told = ("--to", "2024-04-01", "--format")
    parts = []
    for part in ("1", "2"):
        done = run("regress", ".", "--shard", f"{part}/2", *told, "json2")
        parts.append(f"part{part}.txt")
        Path(parts[-1]).write_text(done.stdout)

    joined = run("regress", "--merge", *parts, *told, "json").stdout

    assert joined == run("regress", ".", *told, "json").stdout


def test_what_of_a_folder_is_no_text_is_told_where_it_may_hold_calls(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("train.sh").write_text(f"curl '{STORES}'\n")
    Path("__init__.py").write_text("")
    Path("notes.md").write_bytes("caf\u00e9".encode("latin-1"))
    Path("library.py").write_text("import requests\n" + "x = 1\n" * 60_000)
    found = [run(command, ".", "--format", "json") for command in ("check", "regress")]
    for done in found:
        assert (json.loads(done.stdout)["findings"], done.exit_code) == ([], 0)

    Path("calls.md").write_bytes(f"caf\u00e9 {STORES}".encode("latin-1"))
    Path("empty.json").write_text("")
    for command in ("check", "regress"):
        done = run(command, ".", "--format", "json")
        told = {one["location"]["file"] for one in json.loads(done.stdout)["findings"]}
        assert (told, done.exit_code) == ({"calls.md", "empty.json"}, 1)


def test_a_folder_that_is_not_read_is_no_all_clear(tmp_path):
    (tmp_path / "train.go").write_text(f'http.Get("{STORES}")\n')

    for command in ("check", "regress"):
        done = run(command, str(tmp_path))
        assert done.exit_code == 2
        assert "AZC406" in done.output
        assert "0 calls seen" in done.output


def test_a_page_says_that_programs_were_not_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_every_kind(tmp_path)

    done = run("regress", ".", "--format", "html", "-o", "page.html")

    assert done.stderr.startswith("Note: AZC406 train.go:1: This file names")


def test_regress_counts_calls_of_others_as_check_does(tmp_path, monkeypatch):
    """Once for each place and reason, whatever loop or function is around it."""
    monkeypatch.chdir(tmp_path)
    script = f"""
get() {{ curl "$1"; }}
get '{STORES}'
get https://example.org/a
for i in 1 2 3; do curl "https://example.org/$i"; done
"""
    (tmp_path / "mixed.sh").write_text(script)
    (tmp_path / "other.sh").write_text("curl https://example.org/x\n")

    shapes = {}
    for command in ("check", "regress"):
        done = run(command, "mixed.sh", "--format", "json")
        shapes[command] = json.loads(done.stdout)["calls"]
        alone = run(command, "other.sh")
        assert alone.exit_code == 2
        assert "1 call seen: 0 judged, 1 skipped (1 another host)." in alone.output
    assert shapes["check"] == shapes["regress"]
    assert shapes["check"]["skipped"] == 2


def test_what_nobody_recorded_is_not_called_recorded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.sh").write_text(f"curl '{STORES}'\n")
    (tmp_path / "bare.sh").write_text(f"curl '{WORKSPACE}/jobs'\n")

    done = run("regress", "train.sh", "--to", "2024-04-01")
    assert done.output.startswith("train.sh, at 2021-03-01-preview\n")
    assert run("regress", "bare.sh").output.startswith("error AZC140\n")

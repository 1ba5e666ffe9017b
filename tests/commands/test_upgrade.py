"""`azml-contract upgrade` as a user meets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from recorded_stories import FIRST, MODERN

ROOT = Path(__file__).parents[2]
DOCUMENTED = ROOT / "scenarios" / "bodies" / "2021-03-01-preview" / "documented"


@pytest.fixture
def run(azml_contract: Callable[..., Any]) -> Callable[..., Any]:
    """The command line, with paths as they are."""
    return lambda *arguments: azml_contract(*map(str, arguments))


def test_upgrade_prints_a_diff_with_marks_for_a_person(run):
    done = run("upgrade", FIRST, "--to", "2026-05-01")

    assert done.code == 0
    assert '+    "image": "mcr.microsoft.com/' in done.out
    assert "# DECIDE /properties/inputs/iris/jobInputType: Is this" in done.out
    assert "/interactions/15/request/body/json" in done.out


def test_upgrade_prints_operations_of_rfc_6902(run):
    body = DOCUMENTED / "command_job.json"
    done = run(
        "upgrade",
        body,
        *("--from", "2021-03-01-preview", "--to", "2026-05-01", "--format", "json"),
    )
    (shape,) = json.loads(done.out)["bodies"]

    assert shape["operation"] == "Jobs_CreateOrUpdate"
    assert {"op": "remove", "path": "/properties/compute"} in shape["patch"]
    assert shape["findings"] == []
    decide = next(op for op in shape["patch"] if "decide" in op)
    assert decide["path"] == "/properties/inputs"


def test_upgrade_prints_the_new_body(run):
    done = run(
        "upgrade",
        DOCUMENTED / "environment.txt",
        *("--from", "2021-03-01-preview", "--to", "2026-05-01", "--format", "body"),
    )

    assert set(json.loads(done.out)["properties"]) == {"condaFile", "image"}


def test_upgrade_exits_1_where_something_is_left_to_do(run, tmp_path):
    file = tmp_path / "job.json"
    file.write_text('{"properties": {"jobType": "Command", "command": "x"}}')

    done = run("upgrade", file, "--from", "2021-03-01-preview", "--to", "2026-05-01")

    assert done.code == 1
    assert "# DECIDE /properties/environmentId" in done.out


def test_upgrade_needs_to_know_what_a_body_was_written_for(run, tmp_path):
    done = run("upgrade", DOCUMENTED / "data.json", "--to", "2026-05-01")
    assert done.code == 2
    assert "--from V" in done.err

    unknown = run("upgrade", FIRST, "--to", "2026-05-02")
    assert unknown.code == 2
    assert "2026-05-01" in unknown.err

    missing = run("upgrade", tmp_path / "none.json", "--to", "2026-05-01")
    assert missing.code == 2
    assert "none.json" in missing.err
    assert "Traceback" not in missing.err


def test_a_body_that_may_be_several_things_has_to_be_named(run, tmp_path):
    file = tmp_path / "body.json"
    file.write_bytes((DOCUMENTED / "code.json").read_bytes())
    moves = ("--from", "2021-03-01-preview", "--to", "2024-04-01")

    done = run("upgrade", file, *moves)

    assert done.code == 2
    assert done.err.endswith("; name it: --operation ID\n")
    named = run("upgrade", file, *moves, "--operation", "CodeVersions_CreateOrUpdate")
    assert named.code == 0


def test_upgrade_of_a_folder_names_it(run, tmp_path):
    (tmp_path / "d").mkdir()
    done = run("upgrade", tmp_path / "d", "--to", "2024-04-01")
    assert done.code == 2
    assert "Error: d: the folder holds no recording" in done.err


def test_a_body_that_cannot_be_rewritten_leaves_the_others(run, tmp_path):
    cassette = json.loads(FIRST.read_text("utf-8"))
    sent = [one["request"] for one in cassette["interactions"]]
    job = next(one for one in sent if "/jobs/" in one["uri"] and one.get("body"))
    job["body"] = {"json": [1]}
    file = tmp_path / "list.json"
    file.write_text(json.dumps(cassette))

    done = run("upgrade", file, "--to", "2026-05-01")

    assert done.code == 1
    assert "list.json: PUT workspaces/workspace/jobs/" in done.err
    assert ": the body is no JSON object: it is [1]." in done.err
    assert "# PUT environments" in done.out
    assert "# PUT jobs Sweep" in done.out


def test_one_file_among_others_that_cannot_be_read_is_a_finding(run, tmp_path):
    (tmp_path / "cut.json").write_text('{"log": {"entries": [')

    done = run("upgrade", FIRST, tmp_path / "cut.json", "--to", "2021-03-01-preview")
    alone = run("upgrade", tmp_path / "cut.json", "--to", "2021-03-01-preview")

    assert (done.code, alone.code) == (1, 2)
    assert "# 0 bodies, 0 edited" not in done.out
    (told,) = [line for line in done.err.splitlines() if line.startswith("Error: ")]
    assert told.startswith("Error: AZC404 ")
    assert "cut.json" in told
    shape = json.loads(
        run(
            *("upgrade", FIRST, tmp_path / "cut.json"),
            *("--to", "2021-03-01-preview", "--format", "json"),
        ).out
    )
    assert [one["code"] for one in shape["findings"]] == ["AZC404"]


def test_a_call_that_the_target_does_not_have_is_told(run):
    done = run("upgrade", FIRST, "--to", "2021-07-01")

    assert done.code == 1
    assert "2021-07-01 has no operation Datastores_List" in done.err


def test_what_cannot_be_carried_back_is_left_for_a_person(run):
    done = run("upgrade", MODERN, "--to", "2021-03-01-preview")

    assert done.code == 1
    assert "# 6 bodies, 0 edited; something is left to decide in 5" in done.err
    assert "# DECIDE /properties/image: `image` of" in done.out


@pytest.mark.parametrize(
    "where",
    [
        ("--url", "environments/e/versions/1", "--from", "2021-03-01-preview"),
        ("--url", "environments/e/versions/1?api-version=2021-03-01-preview"),
        (
            "--method",
            "put",
            "--url",
            "environments/e/versions/1?api-version=2021-03-01-preview",
        ),
    ],
)
def test_where_a_body_is_sent_is_told_as_in_check(run, tmp_path, where):
    body = tmp_path / "any.json"
    body.write_text('{"properties": {"docker": {"dockerImageUri": "ubuntu"}}}')

    done = run("upgrade", body, *where, "--to", "2024-04-01", "--format", "body")

    assert (done.code, json.loads(done.out)) == (0, {"properties": {"image": "ubuntu"}})


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (("--url", "jobs/j"), "--url needs the version that the body is for: --from V"),
        (("--url", "jobs/j?api-version=2021-13-01"), "'2021-13-01'. Nearest known:"),
        (("--url", "nowhere/j?api-version=2024-04-01"), "No PUT of 2024-04-01 goes to"),
        (
            ("--url", "jobs/j?api-version=2024-04-01", "--method", "delete"),
            "Jobs_Delete, DELETE of 2024-04-01, takes no body; say how yours is sent",
        ),
    ],
)
def test_where_no_body_is_sent_is_wrong_usage(run, tmp_path, where, message):
    body = tmp_path / "any.json"
    body.write_text("{}")

    done = run("upgrade", body, *where, "--to", "2024-10-01")

    assert done.code == 2
    assert message in done.err


BASE = (
    "https://management.azure.com/subscriptions/$S/resourceGroups/$G/providers/"
    "Microsoft.MachineLearningServices/workspaces/$W"
)
ELSEWHERE = "curl https://example.org/x\n"
TO = ("--to", "2024-04-01")


def test_a_script_without_a_call_of_the_provider_is_no_success(run, tmp_path):
    (tmp_path / "other.sh").write_text(ELSEWHERE, "utf-8")
    ours = f'curl "{BASE}/jobs?api-version=2022-05-01"\ncurl "{BASE}/jobs?api-version='
    (tmp_path / "ours.sh").write_text(f'{ours}2022-05-01"\n', "utf-8")

    done = run("upgrade", "other.sh", *TO)
    assert (done.code, done.out) == (2, "")
    assert "no call of Microsoft.MachineLearningServices; 1 call seen: 0" in done.err
    checked = run("check", "other.sh")
    assert checked.err.partition("; ")[2].strip() in done.err  # the same account

    both = run("upgrade", "other.sh", "ours.sh", *TO)
    assert both.code == 0
    assert "# ours.sh: 2 edits\n# other.sh: it holds no call" in both.err


def test_a_recording_without_a_call_of_the_provider_is_no_success(run, tmp_path):
    asked = {"method": "GET", "uri": "https://example.org/x", "headers": {}}
    shape = json.loads(FIRST.read_text("utf-8"))
    shape["interactions"] = [
        {"request": asked, "response": {"status": 200, "headers": {}}, "times": 1}
    ]
    shape["reads"] = {}
    (tmp_path / "elsewhere.json").write_text(json.dumps(shape), "utf-8")

    done = run("upgrade", "elsewhere.json", *TO, "--write")
    assert (done.code, len(list(tmp_path.iterdir()))) == (2, 1)
    assert "no call of Microsoft.MachineLearningServices" in done.err
    none = run("upgrade", FIRST, *TO, "--from", "2022-05-01")
    assert none.code == 2
    assert "no call of Microsoft.MachineLearningServices at 2022-05-01" in none.err


def test_the_errors_that_are_left_in_a_script_are_told(run, tmp_path):
    (tmp_path / "nov.sh").write_text(f'\ncurl "{BASE}/jobs"\n', "utf-8")

    done = run("upgrade", "nov.sh", *TO)

    assert done.code == 1
    assert "# AZC140 nov.sh:2: The query parameter api-version is missing" in done.err
    assert "Add ?api-version=2024-04-01." in done.err
    assert "# nov.sh: 0 edits; 1 error left\n" in done.err
    (tmp_path / "nov.sh").write_text(f'curl "{BASE}/jobs"\n' * 7, "utf-8")
    many = run("upgrade", "nov.sh", *TO).err
    assert many.count("# AZC140") == 5
    assert "# ... and 2 more: azml-contract check nov.sh\n" in many


def test_scripts_of_a_folder_have_to_be_named(run, tmp_path):
    folder = tmp_path / "calls"
    folder.mkdir()
    (folder / "other.sh").write_text(ELSEWHERE, "utf-8")
    assert "the folder holds no recording" in run("upgrade", "calls", *TO).err
    for name in ("a.sh", "b.http"):
        (folder / name).write_text(f'curl "{BASE}/jobs?api-version=V"\n', "utf-8")

    done = run("upgrade", "calls", *TO)
    assert done.code == 2
    assert "where they are named: calls/a.sh calls/b.http\n" in done.err
    (folder / FIRST.name).write_bytes(FIRST.read_bytes())
    done = run("upgrade", "calls", *TO)
    assert done.code == 0
    assert "# not rewritten, for scripts have to be named: calls/a.sh" in done.err


@pytest.mark.parametrize("told", [(), ("--url", "jobs/x")])
def test_a_body_that_is_broken_off_is_told_to_be_no_json(run, tmp_path, told):
    (tmp_path / "broken.json").write_text('{"properties": ', "utf-8")

    done = run("upgrade", "broken.json", "--from", "2022-05-01", *TO, *told)

    assert (done.code, done.out) == (2, "")
    assert "broken.json: the body is no JSON object: The body ends where" in done.err
    assert "DECIDE" not in done.err

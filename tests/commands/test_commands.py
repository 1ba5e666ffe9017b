"""The command line as a user meets it: exit codes, one clear message, no traceback."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import jsonschema
import pytest
from recorded_stories import CASSETTES, FIRST, MODERN, levelled, read_files

from azml_contract.commands.lazy import LazyGroup
from azml_contract.shipped import DEMO

ROOT = Path(__file__).parents[2]


def run(
    *arguments: str, cwd: Path = ROOT, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "azml_contract", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=env,
    )


def test_help_names_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    for command in (
        "check",
        "contract",
        "demo",
        "doctor",
        "emulator",
        "regress",
        "upgrade",
    ):
        assert f"\n  {command} " in done.stdout


def test_an_unknown_command_is_wrong_usage() -> None:
    done = run("regres")
    assert done.returncode == 2
    assert "No such command 'regres'" in done.stderr


def test_regress_says_which_calls_break_and_exits_1() -> None:
    done = run("regress", str(FIRST), "--to", "2022-05-01")
    assert done.returncode == 1
    assert "PUT data" in done.stdout
    assert "refused" in done.stdout
    assert "`compute` of CommandJob is `computeId`" in " ".join(done.stdout.split())
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_regress_exits_0_where_nothing_breaks() -> None:
    done = run("regress", str(MODERN), "--to", "2024-04-01", "--to", "2026-05-01")
    assert done.returncode == 0
    assert "Newest version it can move to unchanged: 2026-05-01" in done.stdout


def test_regress_json_has_the_published_shape() -> None:
    done = run("regress", str(FIRST), "--to", "2022-05-01", "--format", "json")
    shape = json.loads(done.stdout)
    assert shape["format"] == 1
    assert shape["newest_unchanged"] == {"train_and_sweep/asset_to_sweep": ""}
    row = next(
        row
        for row in shape["rows"]
        if row["operation"] == "DataVersions_CreateOrUpdate"
    )
    assert row["recorded"] == "2021-03-01-preview"
    cell = row["versions"]["2022-05-01"]
    assert cell["status"] == "refused"
    assert "/properties/dataType" in {f["pointer"] for f in cell["findings"]}


def test_regress_says_gone_only_where_a_swagger_lacks_the_operation() -> None:
    done = run("regress", str(FIRST), "--to", "2021-07-01", "--format", "json")
    statuses = {
        row["operation"]: row["versions"]["2021-07-01"]["status"]
        for row in json.loads(done.stdout)["rows"]
    }
    assert statuses["Jobs_CreateOrUpdate"] == "gone"
    assert statuses["Compute_List"] == "ok"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such file or folder"),
        ("", "it is empty"),
        ('{"format": 1', "not JSON"),
        ('{"format": 99}', "format"),
        ("<<<<<<< ours\n{}\n>>>>>>> theirs\n", "merge"),
        ("[1, 2]", "cassette"),
    ],
)
def test_regress_refuses_what_is_no_cassette(
    tmp_path: Path, content: str | None, message: str
) -> None:
    file = tmp_path / "broken.json"
    if content is not None:
        file.write_text(content)
    done = run("regress", str(file))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "broken.json" in done.stderr
    assert message in done.stderr


def test_regress_names_the_nearest_api_version() -> None:
    done = run("regress", str(FIRST), "--to", "2022-05-02")
    assert done.returncode == 2
    assert "2022-05-01" in done.stderr


def test_an_empty_folder_holds_no_cassette(tmp_path: Path) -> None:
    done = run("regress", str(tmp_path))
    assert done.returncode == 2
    assert "the folder holds no script and no recording" in done.stderr


def test_demo_of_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    done = run("demo", "--scenarios", "nowhere", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "Error: There is no folder nowhere; --scenarios names one.\n"
    )


def test_demo_takes_no_folder_that_holds_files_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azml_contract.cli import cli
    from azml_contract.commands import demo
    from azml_contract.errors import EmulatorError, UsageError

    monkeypatch.setattr(demo, "_unpack", lambda folder: folder / "scenarios")
    monkeypatch.setattr(demo, "_run_pytest", lambda *_: 1 / 0)
    monkeypatch.setattr(demo, "provide_azurite", Mock(side_effect=EmulatorError("no")))
    mine = tmp_path / "mine" / "cassettes" / "story.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("{}", "utf-8")
    with pytest.raises(UsageError, match=r"mine holds files, and no \.azml-demo says"):
        cli.main(["demo", "--keep", str(tmp_path / "mine")], standalone_mode=False)
    assert mine.read_text("utf-8") == "{}"
    with pytest.raises(UsageError, match=r"story\.json: Not a directory\. Name"):
        cli.main(["demo", "--keep", str(mine)], standalone_mode=False)

    empty = tmp_path / "empty"
    empty.mkdir()
    for _ in range(2):  # its own folder is taken again
        with pytest.raises(ZeroDivisionError):
            cli.main(["demo", "--keep", str(empty)], standalone_mode=False)
        assert (empty / "cassettes").is_dir()


def test_demo_shows_what_comes_along_where_nothing_can_be_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from azml_contract import cli
    from azml_contract.commands import demo
    from azml_contract.errors import EmulatorError

    def refuse() -> None:
        raise EmulatorError("no npm here.\nGet it.")

    modes = []
    monkeypatch.setattr(demo, "provide_azurite", refuse)
    monkeypatch.setattr(demo, "find_lacking", lambda: ["pandas"])
    monkeypatch.setattr(demo, "_run_pytest", lambda *words: modes.append(words[3]))
    monkeypatch.chdir(tmp_path)
    cli.cli.main(["demo"], standalone_mode=False)
    said = capsys.readouterr().out
    assert "Not here: no npm here. Get it." in said
    assert "PUT jobs Sweep" in said
    assert "Simulated only" in said
    assert "To train for real: pip install 'azml-contract[training]'" in said
    sent, answers = said.partition("4/6")[2].partition("5/6")[0].split("\nAnd ")
    assert "\nEnvironmentSpecificationVersions_CreateOrUpdate\nAZC" in sent
    assert "AZC103 warning /properties/Docker\n" in sent
    assert "AZC202" not in sent
    assert answers.startswith("17 findings in answers")
    assert modes == ["replay"]
    replayed = tmp_path / ".azml/demo/cassettes/train_and_sweep/asset_to_sweep"
    assert len(list(replayed.glob("*.json"))) == 5


def test_doctor_names_what_is_missing_and_shows_no_secret(tmp_path: Path) -> None:
    empty = {"PATH": "/usr/bin:/bin"}
    done = run("doctor", cwd=tmp_path, env=empty | {"AZURE_CLIENT_ID": "x"})
    assert done.returncode == 2
    assert "subscription: set AZURE_SUBSCRIPTION_ID" in done.stderr
    done = run(
        "doctor", "--format", "json", cwd=tmp_path, env=empty | {"AZURE_CLIENT_ID": "x"}
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["azure"]["AZURE_CLIENT_ID"] == "x"

    settings = {
        "AZML_PROXY": "http://me:planted-secret-value@localhost:8080",
        "AZURE_SUBSCRIPTION_ID": "11111111-1111-4111-8111-111111111111",
        "AZURE_RESOURCE_GROUP": "group",
        "AZML_WORKSPACE": "space",
        "AZURE_TENANT_ID": "22222222-2222-4222-8222-222222222222",
        "AZURE_CLIENT_ID": "33333333-3333-4333-8333-333333333333",
        "AZURE_CLIENT_SECRET": "planted-secret-value",
    }
    done = run("doctor", cwd=tmp_path, env=empty | settings)
    assert done.returncode == 0, done.stderr
    assert "planted-secret-value" not in done.stdout + done.stderr
    assert "(set)" in done.stdout


def test_doctor_tells_what_waits_beside_cassettes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from azml_contract.commands import doctor

    monkeypatch.setattr(doctor, "_emulator", lambda _: ())
    monkeypatch.setattr(doctor, "collect_values", lambda *_, **__: {})
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "cassettes" / "story" / "test"
    folder.mkdir(parents=True)
    for name in ("2024-04-01.json", "2024-04-01.new.json", "2023-10-01.unproven"):
        folder.joinpath(name).write_text("{}", "utf-8")
    doctor.command.main([], standalone_mode=False)
    said = capsys.readouterr().out
    assert "  cassettes       1 in ./cassettes\n" in said
    assert "  to review       1 recorded anew: azml-contract cassette review\n" in said
    assert "  unproven        1 that would not replay, beside: *.unproven\n" in said


def test_doctor_and_the_list_of_contracts_fit_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from azml_contract.commands import contract, doctor

    missing = (
        f"no: {'not here, ' * 20}\nInstall it with: azml-contract doctor --install"
    )
    monkeypatch.setattr(doctor, "_emulator", lambda _: [("Azurite", missing)])
    monkeypatch.setattr(doctor, "collect_values", lambda *_, **__: {})
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    doctor.command.main([], standalone_mode=False)
    contract.list_versions.main([], standalone_mode=False)
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 80
    assert f"\n{' ' * 18}Install it with: azml-contract doctor --install\n" in said
    doctor.command.main(["--format", "json"], standalone_mode=False)
    told = json.loads(capsys.readouterr().out)["emulator"]["Azurite"]
    assert "here, Install it with: azml-contract doctor --install" in told


def test_a_file_that_may_not_be_read_is_told_of_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """click would refuse the whole line; the command goes on with the others."""
    from azml_contract.cli import cli

    closed = tmp_path / "closed.json"
    closed.write_bytes(MODERN.read_bytes())
    real = Path.read_bytes

    def read(path: Path) -> bytes:
        if path == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    monkeypatch.setattr("os.access", lambda path, _: Path(path) != closed)
    code = cli.main(
        ["regress", str(closed), str(MODERN), "--to", "2024-04-01"],
        standalone_mode=False,
    )
    said = capsys.readouterr()
    assert code == 1
    assert "closed.json" in said.out + said.err
    assert "Permission denied" in said.out + said.err


def test_doctor_is_content_where_nobody_wants_azure(tmp_path: Path) -> None:
    done = run("doctor", cwd=tmp_path, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    assert "cassettes       none here" in done.stdout
    assert "AZML_COMPUTE            cpu-cluster (default)" in done.stdout
    assert "Nothing is set; nothing but Azure itself needs it." in done.stdout


@pytest.mark.slow
@pytest.mark.long
def test_the_demo_runs_and_tells_the_whole_story(tmp_path: Path) -> None:
    done = run("demo", "--keep", str(tmp_path / "kept"), "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    for heading in ("1/6", "2/6", "3/6", "4/6", "5/6", "6/6"):
        assert heading in done.stderr
    assert "mode record, target emulator: 37 scenarios" in done.stderr
    assert "mode replay, recorded from emulator: 37 scenarios" in done.stderr
    assert "/properties/Docker/DockerImageUri" in done.stderr
    told = json.loads(done.stdout)
    definitions = json.loads((ROOT / "docs/output.schema.json").read_text())["$defs"]
    jsonschema.validate(told, {"$ref": "#/$defs/demo", "$defs": definitions})
    answers = {
        (one["api_version"], one["call"]): one["answers"] for one in told["calls"]
    }
    assert answers["2021-03-01-preview", "PUT jobs Sweep"] == "201"
    assert told["not_recorded"] == ""
    broken = {(one["call"], one["since"]) for one in told["breaks"]}
    assert ("PUT jobs Sweep", "2022-05-01") in broken
    assert told["newest"] == {"train_and_sweep/asset_to_sweep": "2021-03-01-preview"}
    lines = done.stderr.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    made, cassettes = levelled(read_files(tmp_path / "kept/cassettes")), {}
    for story in DEMO:
        cassettes |= read_files(CASSETTES / story, CASSETTES)
    assert made == levelled(cassettes), "as they are committed, but for what is drawn"


def test_an_output_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    page = tmp_path / "no" / "page.html"
    done = run("regress", str(MODERN), "--format", "html", "-o", str(page))
    assert done.returncode == 2
    reason = f"there is no folder {page.parent}"
    assert done.stderr == f"Error: {page} could not be written: {reason}.\n"


def test_a_baseline_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    file = str(tmp_path / "no" / "baseline.json")
    done = run("regress", str(MODERN), "--baseline", file, "--write-baseline")
    assert done.returncode == 2
    reason = f"there is no folder {tmp_path / 'no'}"
    assert done.stderr == f"Error: {file} could not be written: {reason}.\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
@pytest.mark.parametrize("arguments", ["regress", "check"])
def test_a_full_disk_is_one_line(arguments: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "azml_contract", arguments, str(MODERN)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "Error: No space left on device\n"


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_reader_that_leaves_early_is_no_error(form: str) -> None:
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "azml_contract", "regress"),
            *(str(FIRST.parent), "--format", form),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == ""


@pytest.mark.parametrize("group", ["", "cassette"])
def test_the_list_of_commands_says_what_each_says_itself(group: str) -> None:
    """The list costs no import, so it is held to the commands here."""
    from azml_contract.cli import cli

    listed = cli.get_command(None, group) if group else cli  # type: ignore[arg-type]
    assert isinstance(listed, LazyGroup)
    for name, told in listed.helps.items():
        command = listed.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        words = set(re.findall(r"[a-z]{4,}", (command.help or "").lower()))
        assert len(told) <= 66
        assert set(re.findall(r"[a-z]{4,}", told.lower())) & words, name


def test_an_unknown_command_names_the_nearest() -> None:
    done = run("chek")

    assert done.returncode == 2
    assert "No such command 'chek'. Did you mean check?" in done.stderr

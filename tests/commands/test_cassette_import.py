"""`cassette import`, `export` and `prune` as a user meets them."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from forked import copied

from azml_contract.cassette.cassette import load_cassette
from azml_contract.commands.cassette import prune

from .conftest import BASE, NAMES, PLANTED, SECRETS, WORKSPACE

ROOT = Path(__file__).parents[2]
CANCEL = ROOT / "cassettes" / "failures" / "cancel" / "2024-04-01.json"
FOREIGN = [name for name in PLANTED if name != "2024-04-01.json"]
TARGET = "cassettes/story/test/2024-04-01.json"


@pytest.mark.parametrize("name", FOREIGN)
def test_an_import_holds_no_secret_and_no_name(name, azml_contract, planted, tmp_path):
    done = azml_contract("cassette", "import", planted(name), "--to", TARGET)

    assert (done.code, done.err) == (0, "")
    assert "story/test at 2024-04-01, recorded from azure" in done.out
    text = (tmp_path / TARGET).read_text("utf-8")
    for value in (*SECRETS.values(), *NAMES):
        assert value not in text, value
    cassette = load_cassette(tmp_path / TARGET)
    assert cassette.target == "azure"
    assert "imported from a" in cassette.recorder
    assert len(cassette.interactions) == 4
    linted = azml_contract("cassette", "lint", TARGET, "--fail-on", "warning")
    assert linted.code == 0, linted.out


def test_all_formats_of_one_conversation_give_one_cassette(
    azml_contract, planted, tmp_path
):
    for number, name in enumerate(FOREIGN):
        target = f"{number}/a/b/2024-04-01.json"
        azml_contract("cassette", "import", planted(name), "--to", target)
        document = json.loads((tmp_path / target).read_text("utf-8"))
        document["variables"] = {}
        (tmp_path / target).write_text(json.dumps(document), "utf-8")

    first = "0/a/b/2024-04-01.json"
    for number in range(1, len(FOREIGN)):
        other = f"{number}/a/b/2024-04-01.json"
        done = azml_contract("cassette", "diff", first, other)
        assert done.out == "No differences.\n", FOREIGN[number]


def test_what_is_known_of_a_recording_is_kept(azml_contract, planted, tmp_path):
    azml_contract("cassette", "import", planted("proxy.json"), "--to", TARGET)

    cassette = load_cassette(tmp_path / TARGET)

    assert cassette.recorded_at == "2026-11-20T09:30:00Z"
    assert cassette.variables == {"job": "train-1"}
    assert cassette.api_version == "2024-04-01"
    assert cassette.scenario == "story/test"


def test_options_win_over_what_is_told(azml_contract, planted, tmp_path):
    azml_contract(
        "cassette", "import", planted("proxy.json"), "--to", TARGET, "--scenario",
        "other/name", "--api-version", "2024-10-01", "--target", "emulator",
    )  # fmt: skip

    cassette = load_cassette(tmp_path / TARGET)

    assert (cassette.scenario, cassette.api_version) == ("other/name", "2024-10-01")
    assert cassette.target == "emulator"


def write_vcr(path: Path, url: str) -> None:
    response = {"status": {"code": 200}, "headers": {}, "body": {"string": "{}"}}
    request = {"method": "GET", "uri": url, "headers": {}, "body": None}
    one = {"request": request, "response": response}
    path.write_text(yaml.safe_dump({"version": 1, "interactions": [one]}), "utf-8")


def test_a_recording_of_another_host_never_passes_for_azure(azml_contract, tmp_path):
    write_vcr(tmp_path / "v.yaml", "https://localhost:8443/x?api-version=2024-04-01")

    for options in ((), ("--target", "azure")):
        done = azml_contract("cassette", "import", "v.yaml", "--to", TARGET, *options)
        assert done.code == 2
        assert "calls hosts that are not Azure's (localhost)" in done.err
    told = ("--target", "emulator")
    assert (
        azml_contract("cassette", "import", "v.yaml", "--to", TARGET, *told).code == 0
    )


def har_entry(method, url, status, **headers):
    pairs = [
        {"name": name.replace("_", "-"), "value": headers[name]} for name in headers
    ]
    return {
        "startedDateTime": "2026-11-22T10:00:00.000Z",
        "request": {
            "method": method,
            "url": url,
            "headers": [{"name": ":authority", "value": "x"}, *pairs],
        },
        "response": {
            "status": status,
            "headers": [],
            "content": {"mimeType": "application/json", "text": "{}"},
        },
    }


def test_what_a_browser_notes_beside_calls_is_left_out(azml_contract, tmp_path):
    call = f"{BASE}/computes?api-version=2024-04-01"
    entries = [
        har_entry("OPTIONS", call, 204, access_control_request_method="GET"),
        har_entry("GET", call, 0),
        har_entry("GET", call, 200),
        har_entry("GET", "wss://push.azure.com/", 101),
        har_entry("GET", "data:image/png;base64,AAAA", 200),
    ]
    telemetry = har_entry("POST", "https://telemetry.example/", 200)
    for name, listed in (("own", entries), ("all", [*entries, telemetry])):
        content = json.dumps({"log": {"version": "1.2", "entries": listed}})
        (tmp_path / f"{name}.har").write_text(content, "utf-8")

    done = azml_contract("cassette", "import", "own.har", "--to", "own.json")
    assert done.code == 0, done.err
    assert "left out: 4 records" in done.out
    (one,) = load_cassette(tmp_path / "own.json").interactions
    assert (one.request.method, one.response.status) == ("GET", 200)

    to = ("--to", "all.json")
    refused = azml_contract("cassette", "import", "all.har", *to)
    assert refused.code == 2
    assert "not Azure's (telemetry.example)" in refused.err
    assert "--azure-only" in refused.err
    done = azml_contract("cassette", "import", "all.har", *to, "--azure-only")
    assert done.code == 0, done.err
    assert "left out: 5 records" in done.out
    assert len(load_cassette(tmp_path / "all.json").interactions) == 1


def test_an_export_of_the_emulator_never_comes_back_as_azure(azml_contract, tmp_path):
    for form, file in (("har", "e.har"), ("vcrpy", "e.yaml")):
        azml_contract("cassette", "export", str(CANCEL), "--format", form, "-o", file)
        to = ("--to", f"{form}.json")

        done = azml_contract("cassette", "import", file, *to, "--target", "azure")

        assert done.code == 2
        assert f"{file} says that it was recorded from emulator, not azure" in done.err
        assert azml_contract("cassette", "import", file, *to).code == 0
        assert load_cassette(tmp_path / f"{form}.json").target == "emulator"


def test_a_cassette_that_is_there_is_replaced_only_by_force(azml_contract, planted):
    name = planted("proxy.json")
    assert azml_contract("cassette", "import", name, "--to", "c.json").code == 0

    done = azml_contract("cassette", "import", name, "--to", "c.json")

    assert done.code == 2
    assert "c.json exists; replace it with --force." in done.err
    assert (
        azml_contract("cassette", "import", name, "--to", "c.json", "--force").code == 0
    )


def test_an_empty_recording_is_nothing_to_import(azml_contract, tmp_path):
    (tmp_path / "p.json").write_text('{"Entries": [], "Variables": {}}', "utf-8")

    done = azml_contract("cassette", "import", "p.json", "--to", "c.json")

    assert done.code == 2
    assert "p.json: it holds no call" in done.err


def test_what_still_looks_secret_is_not_imported(azml_contract, tmp_path):
    secret = b"abc8Q~dEfGhIjKlMnOpQrStUvWxYz0123456789.-"
    hidden = "".join(f"={byte:02X}" for byte in secret)  # quoted-printable
    write_vcr(tmp_path / "v.yaml", f"{BASE}/jobs/{hidden}?api-version=2024-04-01")

    done = azml_contract("cassette", "import", "v.yaml", "--to", "c.json")

    assert done.code == 1
    assert "c.json was not written: it would hold what looks secret." in done.err
    assert hidden not in done.err
    assert WORKSPACE not in done.err
    assert not (tmp_path / "c.json").exists()


def test_a_place_that_cannot_be_written_is_named(azml_contract, planted, tmp_path):
    (tmp_path / "file").write_text("x", "utf-8")

    done = azml_contract(
        "cassette", "import", planted("proxy.json"), "--to", "file/c.json"
    )

    assert done.code == 2
    assert "could not be written" in done.err


# --- prune ----------------------------------------------------------------------

SCENARIO = """
import pytest

@pytest.mark.azml(api_versions=["2023-10-01", "2024-04-01"])
def test_played(azml):
    raise AssertionError("collected, never run")

@pytest.mark.azml(api_versions=["2024-04-01"])
@pytest.mark.parametrize("size", ["small"])
def test_sized(azml, size):
    pass
"""
PLAYED = ("played/2023-10-01", "played/2024-04-01", "sized-small/2024-04-01")


@pytest.fixture
def project(tmp_path):
    """Scenarios, their cassettes, and two cassettes more with a side file."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "test_story.py").write_text(SCENARIO, "utf-8")
    for name in (*PLAYED, "played/2022-05-01", "gone/2024-04-01"):
        path = tmp_path / "cassettes" / "story" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CANCEL.read_bytes())
    blobs = tmp_path / "cassettes" / "story" / "played" / "blobs"
    blobs.mkdir()
    (blobs / ("0" * 64)).write_bytes(b"nobody names me")
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Another process: pytest collects the scenarios in it."""
    return subprocess.run(
        [*copied("azml_contract"), "cassette", "prune", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.slow
def test_prune_lists_and_then_deletes_what_nothing_names(project):
    story = project / "cassettes" / "story"

    listed = run(project)

    assert listed.returncode == 1, listed.stderr
    assert listed.stdout.replace("\\", "/").splitlines() == [
        "cassettes/story/gone/2024-04-01.json: no scenario plays it",
        "cassettes/story/played/2022-05-01.json: no scenario plays it",
        f"cassettes/story/played/blobs/{'0' * 64}: no cassette names it",
        "3 files to delete, with --yes.",
    ]
    assert (story / "gone" / "2024-04-01.json").exists()

    deleted = run(project, "--yes")

    assert deleted.returncode == 0
    left = sorted(
        p.relative_to(story).as_posix() for p in story.rglob("*") if p.is_file()
    )
    assert left == sorted(f"{name}.json" for name in PLAYED)
    assert not (story / "gone").exists()
    assert run(project).stdout == "Nothing to prune.\n"


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_was_deleted_is_told_where_one_file_cannot_be(
    project, form, monkeypatch, azml_contract
):
    """The files before it and those after it, whichever form is asked for."""
    monkeypatch.chdir(project)
    root = Path("cassettes")
    played = {root / "story" / f"{name}.json" for name in PLAYED}
    monkeypatch.setattr(prune, "collect_cassettes", lambda *_: played)
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.stem == "2022-05-01":
            raise PermissionError(errno.EACCES, "Permission denied")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    done = azml_contract("cassette", "prune", "--yes", "--format", form)

    kept = "cassettes/story/played/2022-05-01.json"
    gone = [
        "cassettes/story/gone/2024-04-01.json",
        f"cassettes/story/played/blobs/{'0' * 64}",
    ]
    if form == "json":
        told = json.loads(done.out)
        assert [one["path"] for one in told["files"]] == gone
        (problem,) = told["problems"]
        assert kept in problem.replace("\\", "/")
    else:
        lines = done.out.replace("\\", "/").splitlines()
        assert [line.partition(": ")[0] for line in lines[:2]] == gone
        assert lines[2:] == ["2 files deleted."]
    assert done.code == 2
    said = f"Error: {kept} could not be deleted: Permission denied."
    assert done.err.replace("\\", "/").strip() == said
    assert (project / kept).exists()
    assert not any((project / one).exists() for one in gone)


@pytest.mark.slow
def test_scenarios_that_cannot_be_collected_prune_nothing(project):
    (project / "scenarios" / "test_other.py").write_text(
        "import nothing_there", "utf-8"
    )

    done = run(project, "--yes")

    assert done.returncode == 2
    assert "pytest cannot collect scenarios, so nothing is pruned:" in done.stderr
    assert "nothing_there" in done.stderr
    assert (project / "cassettes" / "story" / "gone" / "2024-04-01.json").exists()


@pytest.mark.slow
def test_an_interrupt_while_scenarios_are_collected_prunes_nothing(project):
    """Ctrl-C meets the import of a module, or what pytest itself does."""
    (project / "scenarios" / "test_other.py").write_text(
        "raise KeyboardInterrupt", "utf-8"
    )

    done = run(project, "--yes")

    assert (done.returncode, done.stderr.strip()) == (130, "Interrupted.")
    assert (project / "cassettes" / "story" / "gone" / "2024-04-01.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "conftest", "ini"),
    [
        ('import pytest\npytest.importorskip("not_installed")\n', "", ""),
        ("", 'collect_ignore = ["test_story.py"]', ""),
        ("", "", "addopts = --ignore=scenarios/test_story.py"),
    ],
)
def test_what_pytest_leaves_out_here_keeps_its_cassettes(
    project, source, conftest, ini
):
    folder = project / "scenarios"
    other = SCENARIO.replace("_played", "_other").replace("_sized", "_another")
    (folder / "test_more.py").write_text(other, "utf-8")
    (folder / "test_story.py").write_text(source + SCENARIO, "utf-8")
    (folder / "conftest.py").write_text(conftest, "utf-8")
    (project / "pytest.ini").write_text(f"[pytest]\n{ini}\n", "utf-8")

    done = run(project, "--yes")

    assert done.returncode == 2
    assert "test_story.py: pytest collects no scenario from it here" in done.stderr
    left = project / "cassettes" / "story"
    assert all((left / f"{name}.json").exists() for name in PLAYED)
    assert (left / "gone" / "2024-04-01.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("conftest", "ini"),
    [
        ("", "addopts = --azml-api-version 2024-04-01"),
        ("", "addopts = -k sized"),
        ("def pytest_collection_modifyitems(items):\n    del items[0]", ""),
    ],
)
def test_settings_that_narrow_a_run_do_not_narrow_what_is_kept(project, conftest, ini):
    (project / "scenarios" / "conftest.py").write_text(conftest, "utf-8")
    (project / "pytest.ini").write_text(f"[pytest]\n{ini}\n", "utf-8")

    assert run(project, "--yes").returncode == 0

    story = project / "cassettes" / "story"
    assert all((story / f"{name}.json").exists() for name in PLAYED)
    assert not (story / "gone").exists()


@pytest.mark.slow
def test_a_broken_cassette_keeps_its_side_files(project):
    played = project / "cassettes" / "story" / "played"
    (played / "2024-04-01.json").write_text("{", "utf-8")

    done = run(project, "--yes")

    assert done.returncode == 2
    assert (played / "blobs" / ("0" * 64)).exists()


@pytest.mark.slow
def test_a_folder_without_scenarios_prunes_nothing(project):
    (project / "empty").mkdir()

    assert "so nothing is pruned" in run(project, "--scenarios", "empty").stderr
    assert "There is no folder nope" in run(project, "--scenarios", "nope").stderr
    one = "scenarios/test_story.py"
    assert f"There is no folder {one}" in run(project, "--scenarios", one).stderr
    assert "no such folder of cassettes" in run(project, "--cassettes", "x").stderr

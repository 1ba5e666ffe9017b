"""`azml-contract init`: what it writes is green at once, and what is there stays."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from shell_lines import shell

from azml_contract.cassette.cassette import load_cassette
from azml_contract.starter.project import TEMPLATE, requirement_of

WORKFLOW = Path(".github/workflows/azml-contract.yml")
CASSETTE = Path("cassettes/first_job/runs_to_its_end/2024-04-01.json")


@pytest.mark.slow
def test_an_empty_folder_is_green_at_once_and_records_and_replays(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "my calls"
    done = run("init", folder)
    assert done.code == 0
    assert done.out.count("wrote ") == 9
    assert f"cd '{folder}' && pytest" in done.out

    first = shell("pytest", folder)
    assert first.returncode == 0, first.stdout
    assert "mode replay, recorded from emulator: 1 scenario, 8 interactions" in (
        first.stdout
    )
    (folder / CASSETTE).unlink()
    recorded = shell("pytest --azml-mode record", folder)
    assert recorded.returncode == 0, recorded.stdout
    again = shell("pytest", folder)
    assert again.returncode == 0, again.stdout

    # What is shipped is what the emulator says.
    def compared(file: Path) -> Any:
        whole = json.loads(file.read_text("utf-8"))
        job = whole.pop("variables")["job"]
        del whole["recorded_at"]
        return json.loads(json.dumps(whole).replace(job, "job"))

    assert compared(folder / CASSETTE) == compared(TEMPLATE / CASSETTE)


@pytest.mark.slow
def test_every_step_of_the_workflow_and_every_hook_ends_green(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    assert run("init").code == 0
    jobs = yaml.safe_load((tmp_path / WORKFLOW).read_text("utf-8"))["jobs"]
    lines = [s["run"] for job in jobs.values() for s in job["steps"] if "run" in s]
    installs = [line for line in lines if "pip install" in line]
    assert len(installs) == 2
    for line in set(lines) - set(installs):
        done = shell(line, tmp_path)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
    report = json.loads((tmp_path / "regress.sarif").read_text("utf-8"))
    assert report["version"] == "2.1.0"

    hooks = yaml.safe_load((tmp_path / ".pre-commit-config.yaml").read_text("utf-8"))
    for hook in hooks["repos"][0]["hooks"]:
        assert re.search(hook["files"], CASSETTE.as_posix())
        done = shell(f"{hook['entry']} {shlex.quote(str(CASSETTE))}", tmp_path)
        assert done.returncode == 0, (hook["entry"], done.stdout)


def test_what_the_workflow_installs_is_what_is_installed(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    done = run("init")
    text = (tmp_path / WORKFLOW).read_text("utf-8")
    assert 'pip install "azml-contract[fast]' in text
    assert "{{ requirement }}" not in text + done.out


@pytest.mark.parametrize(
    ("told", "requirement", "reachable"),
    [
        (None, "azml-contract[fast]>=1.2", True),
        ({"url": "file:///wheels/a.whl", "archive_info": {}}, None, False),
        ({"url": "file:///checkout", "dir_info": {"editable": True}}, None, False),
        (
            {
                "url": "file:///checkout",
                "vcs_info": {"vcs": "git", "commit_id": "c0ffee"},
            },
            None,
            False,
        ),
        (
            {
                "url": "https://git.example.org/a.git",
                "vcs_info": {"vcs": "git", "commit_id": "c0ffee"},
            },
            "azml-contract[fast] @ git+https://git.example.org/a.git@c0ffee",
            True,
        ),
        (
            {"url": "https://files.example.org/a.whl", "archive_info": {}},
            "azml-contract[fast] @ https://files.example.org/a.whl",
            True,
        ),
    ],
)
def test_a_requirement_leads_to_where_this_came_from(
    told: Any, requirement: str | None, reachable: bool
) -> None:
    found = requirement_of("1.2", json.dumps(told) if told else None)
    assert found == (requirement or "azml-contract[fast]>=1.2", reachable)


def test_a_second_run_changes_nothing(run: Callable[..., Any], tmp_path: Path) -> None:
    run("init")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    done = run("init")
    assert done.code == 0
    assert done.out.count("it says the same already") == 9
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_what_is_there_is_kept_and_completed(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    mine = {
        "pyproject.toml": '[project]\nname = "mine"\nversion = "1"\n',
        ".gitignore": "build/\n.env",
        "AGENTS.md": "Mine.\n",
        "scenarios/test_first_job.py": "# mine\n",
    }
    (tmp_path / "scenarios").mkdir()
    for name, text in mine.items():
        (tmp_path / name).write_text(text, "utf-8")

    done = run("init")

    assert done.code == 0
    said = dict(
        re.findall(r"^(?:wrote|added|kept) +(\S+?)(?:: (.*))?$", done.out, re.M)
    )
    assert said["AGENTS.md"] == "it is there already"
    assert said["scenarios/test_first_job.py"] == "it is there already"
    assert said[".gitignore"] == ".azml/, *.unproven, __pycache__/"
    assert "[tool.pytest.ini_options]" in said["pyproject.toml"]
    assert (tmp_path / "AGENTS.md").read_text("utf-8") == mine["AGENTS.md"]
    held = tomllib.loads((tmp_path / "pyproject.toml").read_text("utf-8"))
    assert held["project"]["name"] == "mine"
    assert held["tool"]["pytest"]["ini_options"]["testpaths"] == ["scenarios"]
    ignored = (tmp_path / ".gitignore").read_text("utf-8").splitlines()
    assert ignored[:2] == ["build/", ".env"]
    assert "*.unproven" in ignored
    assert run("init").out.count("added") == 0


@pytest.mark.parametrize(
    ("name", "text", "note"),
    [
        ("pyproject.toml", "[broken", "it is no valid TOML"),
        ("pyproject.toml", b"\xff\xfe", "no text that can be read"),
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\n[tool.azml-contract]\n",
            "it has tables of these names",
        ),
    ],
)
def test_what_cannot_be_completed_stays_as_it_is(
    run: Callable[..., Any], tmp_path: Path, name: str, text: str | bytes, note: str
) -> None:
    content = text.encode() if isinstance(text, str) else text
    (tmp_path / name).write_bytes(content)
    done = run("init")
    assert done.code == 0
    assert re.search(rf"kept +{re.escape(name)}: .*{note}", done.out)
    assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize("project", ['[project]\nname = "a"\n', None])
@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pytest.ini", ""),
        ("tox.ini", "[tox]\n\n[pytest]\naddopts = -q\n"),
        ("setup.cfg", "[metadata]\nname = a\n[tool:pytest]\n"),
    ],
)
def test_settings_of_pytest_in_another_file_are_not_hidden(
    run: Callable[..., Any], tmp_path: Path, file: str, text: str, project: str | None
) -> None:
    (tmp_path / file).write_text(text, "utf-8")
    if project is not None:
        (tmp_path / "pyproject.toml").write_text(project, "utf-8")
    assert list(tools_after_init(run, tmp_path)) == ["azml-contract"]


def tools_after_init(run: Callable[..., Any], folder: Path) -> dict[str, Any]:
    assert run("init").code == 0
    tools: dict[str, Any] = tomllib.loads(
        (folder / "pyproject.toml").read_text("utf-8")
    )["tool"]
    return tools


def test_a_native_table_of_pytest_is_one_of_settings(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    """pytest refuses a project that has both kinds of table."""
    (tmp_path / "pyproject.toml").write_text("[tool.pytest]\nstrict = true\n", "utf-8")
    tools = tools_after_init(run, tmp_path)
    assert tools["pytest"] == {"strict": True}
    assert "azml-contract" in tools


def test_other_sections_of_tox_are_no_settings_of_pytest(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "tox.ini").write_text("[tox]\n[testenv]\n", "utf-8")
    assert "ini_options" in tools_after_init(run, tmp_path)["pytest"]


def test_a_folder_below_a_repository_is_told_of_its_workflow(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / ".git").mkdir()
    assert "note: GitHub reads" not in run("init").out
    done = run("init", "below/it")
    assert f"GitHub reads .github/workflows of {tmp_path} alone" in done.out


def test_a_file_is_no_folder(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    done = run("init", "file")
    assert done.code == 2
    assert done.err == "Error: file is a file; name a folder.\n"


def test_the_shipped_recording_is_at_the_version_of_its_scenario() -> None:
    cassette = load_cassette(TEMPLATE / CASSETTE)
    assert cassette.target == "emulator"
    assert cassette.api_version == CASSETTE.stem

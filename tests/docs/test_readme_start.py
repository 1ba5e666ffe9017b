"""The first screen of the README takes a stranger to a green replay of a script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from shell_lines import shell

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
SCRIPT = re.findall(r"```bash\n(.*?)```", TUTORIAL, re.DOTALL)[0]


@pytest.mark.slow
def test_every_line_of_the_tutorial_runs(tmp_path: Path) -> None:
    """At another api-version the script may have findings; nothing else fails."""
    (tmp_path / "my_script.sh").write_text(SCRIPT, "utf-8")
    lines = [line.strip() for line in re.findall(r"^    (.*)$", TUTORIAL, re.M)]
    assert len(lines) == 11
    done = shell("\n".join(lines), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    told = re.findall(r"mode (\w+).*?: (\d+) scenarios?", done.stdout)
    assert told == [("record", "2"), ("replay", "2"), ("record", "2")]
    cassette = re.findall(r"cassette show (\S+)`", TUTORIAL)[0]
    assert (tmp_path / "my-calls" / cassette).is_file()


@pytest.mark.slow
def test_every_line_of_the_first_screen_runs(tmp_path: Path) -> None:
    block = re.search(r"\n    pip install .*?\n\n", README, re.DOTALL)
    assert block
    lines = [line.strip() for line in block[0].strip().splitlines()]
    # Both are tried from a wheel, by tests/clients/test_wheel.py.
    assert lines[0].startswith("pip install")
    assert lines[-1].startswith("azml-contract demo")
    (tmp_path / "my_script.sh").write_text(SCRIPT, "utf-8")
    done = shell("\n".join(lines[1:-1]), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    told = re.findall(r"mode (\w+).*?: (\d+) scenarios?", done.stdout)
    assert told == [("replay", "1"), ("record", "2"), ("replay", "2")]
    assert (tmp_path / "my-calls/cassettes/my_script/my_script").is_dir()

"""The wheel, installed elsewhere: strict types hold, and a program runs.

Not part of `make test`, as it builds with what pip downloads: `make test-clients`.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAM = HERE / "typed_program.py"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of an environment that has the wheel and nothing of ours else."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    subprocess.run(
        [*pip, "wheel", "--no-deps", "-w", str(folder), str(HERE.parents[1])],
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    home = folder / "environment"
    venv.create(home, with_pip=True)
    made = str(next(home.glob("*/python")))
    subprocess.run(
        [made, "-m", "pip", "install", "--quiet", f"{wheel}[fast]"], check=True
    )
    return made


def test_a_program_that_uses_the_wheel_is_typed_strictly(
    python: str, tmp_path: Path
) -> None:
    def check(text: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "program.py"
        file.write_text(text, "utf-8")
        words = ["--strict", "--python-executable", python, str(file)]
        return subprocess.run(
            [sys.executable, "-m", "mypy", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    text = PROGRAM.read_text("utf-8")
    right = check(text)
    wrong = check(text.replace("list[str]:", "list[int]:", 1))

    assert right.returncode == 0, right.stdout
    assert "Success" in right.stdout
    assert wrong.returncode == 1, "the types of the wheel were not seen"


def test_the_program_runs_with_the_wheel(python: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [python, str(PROGRAM)], cwd=tmp_path, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == [
        "AZC104 /properties/command",
        "AZC204 /properties",
        "",
    ]

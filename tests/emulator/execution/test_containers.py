"""Jobs in containers: what docker or podman is told, by one that tells of it.

The engine here is a program that writes down its words and runs the command in place,
with nothing of its own environment; no real engine was asked.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from azml_contract.emulator.clock import RunningClock
from azml_contract.emulator.execution.container import Engine, contain, find_engine
from azml_contract.emulator.server import Emulator
from azml_contract.errors import UsageError
from tests.emulator.execution.conftest import LIMITS, Bench

REASON = "azml-contract.error"
ENGINE = """#!{python}
import json, os, sys
words = sys.argv[1:]
with open("{told}", "a") as told:
    print(json.dumps([words, os.environ.get("OF_THE_ENGINE")]), file=told)
if words[0] != "run":
    sys.exit()
if "no-such-image" in words:
    print("Unable to find image")
    sys.exit(125)
at = words.index("--entrypoint")
os.chdir(words[words.index("--workdir") + 1])
os.execve(words[at + 1], [words[at + 1], *words[at + 3:]], {{"PATH": "/usr/bin:/bin"}})
"""


class Engines:
    """A folder with an engine, and what it was told."""

    def __init__(self, folder: Path) -> None:
        self.bins, self._told = folder / "bin", folder / "told.jsonl"
        self.bins.mkdir()
        self.environ = {"PATH": str(self.bins), "OF_THE_ENGINE": "kept"}

    def install(self, name: str) -> None:
        text = ENGINE.format(python=sys.executable, told=self._told)
        self.bins.joinpath(name).write_text(text)
        self.bins.joinpath(name).chmod(0o755)

    def told(self, name: str) -> list[list[str]]:
        """What was said of one container, oldest first."""
        said = self._told.read_text() if self._told.exists() else ""
        lines = [json.loads(line) for line in said.splitlines()]
        assert {known for _, known in lines} <= {"kept"}
        return [words for words, _ in lines if any(f"-{name}-" in w for w in words)]

    def wait(self, name: str) -> None:
        """Until a container was begun; a job is running a moment before."""
        end = time.monotonic() + 30
        while not self.told(name) and time.monotonic() < end:
            time.sleep(0.05)


@pytest.fixture(scope="module")
def engines(tmp_path_factory) -> Engines:
    made = Engines(tmp_path_factory.mktemp("engines"))
    made.install("docker")
    return made


@pytest.fixture(scope="module")
def bench(engines) -> Iterator[Bench]:
    limits = replace(LIMITS, engine=find_engine(engines.environ))
    with Emulator(clock=RunningClock(1000), execute=limits) as emulator:
        emulator.wait_ready()
        yield Bench(emulator)
        assert emulator.bugs == []


@pytest.mark.slow
def test_a_job_runs_in_a_container_of_its_image(bench, engines, monkeypatch):
    monkeypatch.setenv("OF_THE_CALLER", "secret")
    code = bench.code("contained", main="import os; print(sorted(os.environ))")
    command = f"{sys.executable} main.py; echo $GREETING; echo made > outputs/a.txt"
    done = bench.run(
        "inside",
        f"mkdir -p outputs; {command}",
        codeId=code,
        environmentVariables={"GREETING": "it's 'quoted'\nand long", "odd-name": "x"},
    )
    log = bench.log("inside")
    assert done["status"] == "Completed", log
    assert "The job runs in a container of mcr.microsoft.com/x, by docker." in log
    assert "it's 'quoted' and long" in log.replace("\n", " ")
    assert "OF_THE_CALLER" not in log
    assert "'AZUREML_RUN_ID'" in log
    assert "'odd-name'" in log
    artifact = "ExperimentRun/dcid.inside/outputs/a.txt"
    assert bench.storage.get("azureml", artifact) == b"made\n"
    run, remove = engines.told("inside")
    assert remove == ["rm", "--force", run[run.index("--name") + 1]]
    assert run[run.index("--memory") + 1] == "700m"
    assert run[run.index("--network") + 1] == "host"
    assert run[run.index("--user") + 1] == f"{os.getuid()}:{os.getgid()}"
    assert "mcr.microsoft.com/x" in run
    bundle = str(bench.emulator.ca_bundle)
    assert f"{bundle}:{bundle}:ro" in run
    assert not [word for word in run if "quoted" in word or "TOKEN" in word]


@pytest.mark.slow
def test_a_cancelled_job_leaves_no_container(bench, engines):
    bench.put("stopped", command="echo begun; exec sleep 7373")
    engines.wait("stopped")
    assert bench.client.post("jobs/stopped/cancel").status_code == 202
    assert bench.wait("stopped")["status"] == "Canceled"
    assert [words[0] for words in engines.told("stopped")] == ["run", "rm"]


@pytest.mark.slow
def test_a_container_that_does_not_start_says_so(bench, engines):
    made = bench.client.put(
        "environments/absent/versions/1", {"properties": {"image": "no-such-image"}}
    )
    done = bench.run("nowhere", "true", environmentId=made.json()["id"])
    assert done["status"] == "Failed"
    assert done["properties"][REASON].endswith("docker could not start the container.")
    assert "Unable to find image" in bench.log("nowhere")


@pytest.mark.slow
def test_what_a_conda_file_asks_for_is_not_installed_and_said(bench):
    conda = "dependencies:\n- python=3.8\n- pip:\n  - lightgbm\n  - pandas>=2\n"
    body = {"properties": {"image": "mcr.microsoft.com/y", "condaFile": conda}}
    made = bench.client.put("environments/conda/versions/1", body)
    bench.run("lacking", "true", environmentId=made.json()["id"])
    asked = "nothing is installed into the image; asked for: lightgbm, pandas."
    assert asked in bench.log("lacking")


@pytest.mark.slow
def test_an_emulator_that_ends_removes_its_containers(engines):
    limits = replace(LIMITS, engine=find_engine(engines.environ))
    with Emulator(clock=RunningClock(1000), execute=limits) as emulator:
        emulator.wait_ready()
        bench = Bench(emulator)
        bench.put("abandoned", command="exec sleep 7373")
        engines.wait("abandoned")
    assert [words[0] for words in engines.told("abandoned")] == ["run", "rm"]


def test_values_of_variables_stand_on_no_command_line(tmp_path):
    (tmp_path / "code").mkdir()
    engine = Engine("/usr/bin/docker", {})
    variables = {"KEY": "it's $ecret\n", "UID": "7", "odd-name": "x", "PATH": "/no"}

    found = contain(engine, "i", "printenv KEY", tmp_path, variables, memory_mb=5)

    assert not [word for word in found.run if "ecret" in word]
    start = Path(found.run[-1])
    assert "ecret" not in start.read_text().partition("exec ")[2]
    said = subprocess.run(["/bin/sh", start], capture_output=True, check=True)
    assert said.stdout == b"it's $ecret\n\n"


@pytest.mark.parametrize("shell", [["dash"], ["bash", "--posix"], ["/bin/sh"]])
def test_variables_that_a_shell_sets_itself_reach_the_job(tmp_path, shell):
    if shutil.which(shell[0]) is None:
        shell = ["/bin/sh"]
    (tmp_path / "code").mkdir()
    variables = dict.fromkeys(("OPTIND", "SECONDS", "RANDOM", "LINENO", "UID"), "abc")
    variables |= dict.fromkeys(("GROUPS", "FUNCNAME", "DIRSTACK"), "abc") | {"KEY": "x"}
    engine = Engine("/usr/bin/docker", {})

    # Not a shell, which has its own: what it is started with.
    command = "tr '\\0' '\\n' </proc/$$/environ"
    found = contain(engine, "i", command, tmp_path, variables, memory_mb=5)

    words = [*shell, found.run[-1]]
    told = subprocess.run(words, capture_output=True, check=True, text=True).stdout
    assert {f"{name}={value}" for name, value in variables.items()} <= {
        *told.splitlines()
    }


def test_podman_serves_where_there_is_no_docker(tmp_path):
    engines = Engines(tmp_path)
    engines.install("podman")
    engine = find_engine(engines.environ)
    assert engine.name == "podman"
    found = contain(engine, "i", "true", tmp_path, {"A": "b"}, memory_mb=5)
    # Its containers' root is the user outside.
    assert "--user" not in found.run
    engines.install("docker")
    assert find_engine(engines.environ).name == "docker"


def test_without_an_engine_the_option_is_refused(tmp_path):
    with pytest.raises(UsageError, match="neither docker nor podman is on the PATH"):
        find_engine({"PATH": str(tmp_path)})

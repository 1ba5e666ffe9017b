"""`regress` and `check` on a Dask cluster say what one process says, byte for byte."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".clients" / "dask" / "bin" / "python"
STORIES = tuple(
    f"cassettes/{one}" for one in ("train_and_sweep", "failures", "archive_and_restore")
)
# A scheduler and workers, as `dask scheduler` and `dask worker` start them.
SCHEDULER = """
import asyncio, sys
from distributed import Scheduler
async def run():
    how = dict(port=0, host="127.0.0.1", dashboard=False)
    async with Scheduler(protocol=sys.argv[1], **how) as made:
        print(made.address, flush=True)
        await made.finished()
asyncio.run(run())
"""
WORKER = """
import asyncio, sys
from distributed import Worker
async def run():
    async with Worker(sys.argv[1], nthreads=1, dashboard=False) as made:
        await made.finished()
if len(sys.argv) > 2:
    import importlib.metadata as metadata
    real = metadata.version
    fake = {"azml-contract": sys.argv[2]}
    metadata.version = lambda name: fake.get(name) or real(name)
asyncio.run(run())
"""
WATCHER = """
import sys, time
from distributed import Client
with Client(sys.argv[1]) as client:
    print("watching", flush=True)
    end = time.monotonic() + 50
    while len(work := client.processing()) < 2 or not all(work.values()):
        assert time.monotonic() < end, work
        time.sleep(0.01)
"""
# What an authority signs, written as `dask scheduler --tls-ca-file` and others take it.
CERTIFY = """
import sys
from pathlib import Path
from distributed.security import Security
made = Security.temporary()
Path(sys.argv[1], "ca.pem").write_text(made.tls_ca_file)
Path(sys.argv[1], "cert.pem").write_text(made.tls_client_cert)
Path(sys.argv[1], "key.pem").write_text(made.tls_client_key)
"""
CONFIG = "DASK_DISTRIBUTED__COMM__TLS"

Done = subprocess.CompletedProcess[str]
pytestmark = pytest.mark.slow


class Cluster:
    """A scheduler, and workers that come and go."""

    def __init__(self, folder: Path, protocol: str = "tcp", **more: str) -> None:
        self._folder = folder
        self._environ = os.environ | {"DASK_DISTRIBUTED__WORKER__DAEMON": "false"}
        self._environ |= more
        self._scheduler = self._start(SCHEDULER, protocol, stdout=subprocess.PIPE)
        assert self._scheduler.stdout is not None
        self.address = self._scheduler.stdout.readline().decode().strip()
        self.workers: list[subprocess.Popen[bytes]] = []

    def _start(self, program: str, *words: str, **how: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(PYTHON), "-c", program, *words],
            cwd=self._folder,
            env=self._environ,
            stderr=subprocess.DEVNULL,
            **how,
        )

    def add_worker(self, *version: str) -> None:
        self.workers.append(self._start(WORKER, self.address, *version))

    def run(self, *words: str, cluster: bool = True, **more: str) -> Done:
        where = ("--cluster", self.address) if cluster else ()
        return subprocess.run(
            [str(PYTHON), "-m", "azml_contract", *words, *where],
            cwd=ROOT,
            env=os.environ | more,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def wait_for(self, count: int) -> None:
        code = (
            "import sys; from distributed import Client;"
            "Client(sys.argv[1]).wait_for_workers(int(sys.argv[2]), timeout=60)"
        )
        command = [str(PYTHON), "-c", code, self.address, str(count)]
        subprocess.run(command, check=True, env=self._environ)

    def end(self) -> None:
        for one in (*self.workers, self._scheduler):
            one.kill()
            one.wait()
        if self._scheduler.stdout is not None:
            self._scheduler.stdout.close()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    yield made
    made.end()


@pytest.mark.parametrize("form", ["json2", "text"])
def test_a_report_of_two_workers_is_that_of_one_process(cluster, form) -> None:
    cluster.add_worker()
    cluster.add_worker()
    cluster.wait_for(2)
    asked = ("regress", *STORIES, "--format", form)

    there = cluster.run(*asked)
    here = cluster.run(*asked, cluster=False)

    assert there.stderr == here.stderr
    assert (there.returncode, there.stdout) == (here.returncode, here.stdout)
    checked = [
        cluster.run("check", *STORIES, "nowhere.json", "--format", "json", cluster=one)
        for one in (True, False)
    ]
    assert checked[0].stdout == checked[1].stdout
    assert {one.returncode for one in checked} == {1}


def test_a_worker_that_dies_is_replaced_by_another(cluster) -> None:
    cluster.add_worker()
    cluster.add_worker()
    cluster.wait_for(2)
    asked = ("regress", "cassettes", "--format", "json2")
    # It ends once both have work, and so while the one that is killed has some.
    watcher = subprocess.Popen(
        [str(PYTHON), "-c", WATCHER, cluster.address], stdout=subprocess.PIPE
    )
    assert watcher.stdout is not None
    assert watcher.stdout.readline() == b"watching\n"
    running = subprocess.Popen(
        [str(PYTHON), "-m", "azml_contract", *asked, "--cluster", cluster.address],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert watcher.wait(timeout=60) == 0
    watcher.stdout.close()
    assert running.poll() is None
    cluster.workers[0].send_signal(signal.SIGKILL)
    said, _ = running.communicate(timeout=300)
    assert said.decode() == cluster.run(*asked, cluster=False).stdout


def test_a_worker_of_another_version_is_refused(cluster) -> None:
    cluster.add_worker()
    cluster.add_worker("0.0.1")
    cluster.wait_for(2)
    done = cluster.run("regress", *STORIES)
    assert done.returncode == 2
    assert "has azml-contract 0.0.1; this is" in done.stderr


def test_a_cluster_that_is_not_there_is_one_line(cluster) -> None:
    done = cluster.run("regress", *STORIES)
    assert (done.returncode, done.stderr) == (
        2,
        f"Error: --cluster {cluster.address}: it has no worker.\n",
    )
    asked = ("regress", *STORIES, "--cluster", "tcp://127.0.0.1:9")
    done = cluster.run(*asked, cluster=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: --cluster tcp://127.0.0.1:9: nobody answers")
    assert len(done.stderr.splitlines()) == 1


def certify(folder: Path) -> dict[str, str]:
    """The variables by which each part of Dask finds certificates of one authority."""
    folder.mkdir()
    subprocess.run([str(PYTHON), "-c", CERTIFY, str(folder)], check=True)
    files = {
        f"{CONFIG}__{part}__{kind.upper()}": str(folder / f"{kind}.pem")
        for part in ("CLIENT", "SCHEDULER", "WORKER")
        for kind in ("cert", "key")
    }
    return {f"{CONFIG}__CA_FILE": str(folder / "ca.pem")} | files


def test_a_cluster_behind_tls_takes_who_has_its_certificates(tmp_path) -> None:
    ours, others = certify(tmp_path / "ours"), certify(tmp_path / "others")
    lost = {f"{CONFIG}__CLIENT__KEY": "/nowhere/key.pem"}
    cluster = Cluster(tmp_path, "tls", **ours)
    try:
        assert cluster.address.startswith("tls://127.0.0.1:")
        cluster.add_worker()
        cluster.wait_for(1)
        asked = ("regress", STORIES[0], "--format", "json2")

        there = cluster.run(*asked, **ours)
        here = cluster.run(*asked, cluster=False)
        refused = [cluster.run(*asked, **more) for more in ({}, others, ours | lost)]
    finally:
        cluster.end()

    assert (there.returncode, there.stdout) == (here.returncode, here.stdout)
    start = f"Error: --cluster {cluster.address}"
    for done, told in zip(
        refused,
        (
            f"{start} needs the authority's certificate: set {CONFIG}__CA_FILE to its",
            f"{start}: nobody answers (TLS certificate does not match.",
            f"{start}: {CONFIG}__CLIENT__KEY is /nowhere/key.pem, and there is no",
        ),
        strict=True,
    ):
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(told)
        assert len(done.stderr.splitlines()) == 1

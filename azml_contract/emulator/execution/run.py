"""One run of a command: its folder, its process, its log, what it leaves behind.

In: a command job in its neutral form, where blobs are, limits. Out: how it ended;
the log grows in blob storage while it runs, outputs and artifacts are stored when
it is over. Knows no states of jobs and no sweeps: `executor` does.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from azml_contract.emulator.execution.bindings import (
    as_word,
    distribution_variables,
    fill_in,
    find_unbound,
    own_variables,
    variables_of,
)
from azml_contract.emulator.execution.container import (
    ENGINE_FAILED,
    Engine,
    contain,
)
from azml_contract.emulator.execution.keeping import (
    RESULT,
    SCORER,
    Limits,
    base_variables,
    start_keeper,
)
from azml_contract.emulator.execution.missing import (
    image_of,
    tell_contained,
    tell_missing,
)
from azml_contract.emulator.execution.places import (
    Place,
    Unreachable,
    artifacts_of,
    locate,
    output_of,
)
from azml_contract.emulator.execution.storage import Storage
from azml_contract.emulator.job_lives import ENDPOINT_TAG
from azml_contract.emulator.store import Resource
from azml_contract.emulator.world import World
from azml_contract.errors import EmulatorError

LOG = "user_logs/std_log.txt"
_FLUSH_S = 0.5
_MOST_HELD = 1024 * 1024
_UPLOADED = ("outputs", "logs")
_UNSAFE = re.compile(r"[^\w.-]")


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended: ``Completed``, ``Failed`` or ``Canceled``, and why."""

    status: str
    error: str = ""


_REASONS = {
    "timeout": "The job took longer than its limit of {time_s:g} seconds",
    "memory": "The job used more than {memory_mb} MB of memory",
    "disk": "The job wrote more than {disk_mb} MB into its folder",
}


@dataclass
class Run:
    """A command that runs, or is about to.

    Args:
        world: What there is.
        storage: Where code and inputs come from, and outputs go.
        job: A command job in its neutral form.
        folder: Of this run; made, and removed unless it shall be kept.
        environ: Variables that every job here is given.
        limits: What it may use.
        began: Called when the command starts.
        shared: Files that `environ` names.
    """

    world: World
    storage: Storage
    job: Resource
    folder: Path
    environ: Mapping[str, str]
    limits: Limits
    began: Callable[[], None]
    shared: Sequence[Path] = ()
    _keeper: subprocess.Popen[bytes] | None = None
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def go(self) -> End:
        """Run it to its end."""
        log = _Log(self.storage, artifacts_of(self.job.name).below(LOG))
        try:
            return self._go(log)
        except (EmulatorError, OSError) as error:
            log.say(f"The job could not be run: {error}.")
            if self._cancelled.is_set():  # nobody waits for what it lacked
                return End("Canceled")
            return End("Failed", str(error))
        finally:
            log.flush()
            if not self.limits.keep:
                shutil.rmtree(self.folder, ignore_errors=True)

    def cancel(self) -> None:
        """End it, politely first."""
        with self._lock:
            self._cancelled.set()
            if self._keeper is not None and self._keeper.stdin is not None:
                # It may have ended by itself.
                with contextlib.suppress(OSError, ValueError):
                    self._keeper.stdin.write(b"cancel\n")
                    self._keeper.stdin.flush()

    def abandon(self) -> None:
        """End it without a word: the emulator ends."""
        with self._lock:
            self._cancelled.set()
            if self._keeper is not None and self._keeper.stdin is not None:
                self._keeper.stdin.close()

    def _go(self, log: _Log) -> End:
        properties = self.job.body["properties"]
        self.folder.mkdir(parents=True)
        code = self.folder / "code"
        code.mkdir()
        self._fetch_code(properties, code)
        values = {
            "inputs": self._fetch_inputs(properties),
            "outputs": self._make_outputs(properties),
        }
        command = fill_in(str(properties.get("command") or ""), values)
        for binding in find_unbound(command):
            log.say(f"Warning: {binding} has no value.")
        for line in self._tell_lacking(properties):
            log.say(line)
        if self._cancelled.is_set():
            return End("Canceled")
        variables = {
            **variables_of(values),
            **distribution_variables(properties, _free_port()),
            **own_variables(properties),
        }
        end = self._keep(command, variables, log)
        if end.status != "Canceled":
            self._store(properties, code, values["outputs"])
        return end

    # -- before ------------------------------------------------

    def _fetch_code(self, properties: Mapping[str, Any], code: Path) -> None:
        code_id = properties.get("codeId")
        if not code_id:
            return
        place = locate(self.world, str(code_id), "codes")
        if self._fetch(place, code) is None:
            raise Unreachable(f"the code {code_id} has no files at {_show(place)}")

    def _fetch(self, place: Place, folder: Path) -> Path | None:
        """A blob in a folder, or the folder with all below a path; None for nothing."""
        file = folder / (place.name or "data")
        return self.storage.fetch_either(place.container, place.path, file, folder)

    def _fetch_inputs(self, properties: Mapping[str, Any]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, given in (properties.get("inputs") or {}).items():
            if not isinstance(given, Mapping):
                continue
            if given.get("value") is not None:
                found[name] = as_word(given["value"])
                continue
            uri = str(given.get("uri") or "")
            if not uri:
                continue
            kind = "models" if "model" in str(given.get("jobInputType")) else "data"
            place = locate(self.world, uri, kind)
            if str(given.get("mode")) == "Direct":
                found[name] = uri
                continue
            fetched = self._fetch(place, self.folder / "inputs" / _safe(name))
            if fetched is None:
                raise Unreachable(f"the input {name} has no files at {_show(place)}")
            found[name] = str(fetched)
        return found

    def _make_outputs(self, properties: Mapping[str, Any]) -> dict[str, str]:
        made: dict[str, str] = {}
        for name, given in (properties.get("outputs") or {}).items():
            if name == "default" or not isinstance(given, Mapping):
                continue
            place = self.folder / "outputs" / _safe(name)
            is_file = given.get("jobOutputType") == "uri_file"
            (place.parent if is_file else place).mkdir(parents=True, exist_ok=True)
            made[name] = str(place)
        return made

    # -- while it runs ------------------------------------------------

    @property
    def _scores(self) -> bool:
        """Whether it is an invocation of a batch endpoint."""
        return ENDPOINT_TAG in (self.job.body["properties"].get("properties") or {})

    @cached_property
    def _container(self) -> tuple[Engine, str] | None:
        """What runs the job and its image; None for this machine.

        What an endpoint scores with is a program of this machine.
        """
        properties = self.job.body["properties"]
        engine = self.limits.engine
        if engine is None or self._scores:
            return None
        image = image_of(self.world, properties)
        return (engine, image) if image else None

    def _tell_lacking(self, properties: Mapping[str, Any]) -> Iterator[str]:
        contained = self._container
        if contained is not None:
            return tell_contained(self.world, properties, contained[0].name)
        return tell_missing(self.world, properties, self.limits.python)

    def _start(
        self, command: str, variables: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        own = {**base_variables(self.folder, self.limits.python), **self.environ}
        if self._scores:
            # What the job shows of itself names no place of this machine.
            own |= {"AZML_PYTHON": self.limits.python, "AZML_SCORER": str(SCORER)}
        whole = {**own, **variables}
        contained = self._container
        if contained is None:
            words = ["/bin/bash", "-c", command]
            return start_keeper(words, self.folder, whole, self.limits)
        engine, image = contained
        found = contain(
            engine,
            image,
            command,
            self.folder,
            whole,
            shared=self.shared,
            memory_mb=self.limits.memory_mb,
        )
        return start_keeper(
            found.run, self.folder, engine.environ, self.limits, after=found.remove
        )

    def _keep(self, command: str, variables: Mapping[str, str], log: _Log) -> End:
        keeper = self._start(command, variables)
        with self._lock:
            self._keeper = keeper
        if self._cancelled.is_set():
            self.cancel()
        self.began()
        assert keeper.stdout is not None
        with keeper.stdout as output:
            log.follow(output)
        keeper.wait()
        with self._lock, contextlib.suppress(OSError):
            assert keeper.stdin is not None
            keeper.stdin.close()
        return self._conclude(log)

    def _conclude(self, log: _Log) -> End:
        try:
            text = (self.folder / RESULT).read_text("utf-8")
            result: dict[str, Any] = json.loads(text)
        except (OSError, ValueError):
            result = {"why": "lost"}
        why, code = result["why"], result.get("code")
        if why == "exited" and code == 0:
            return End("Completed")
        if self._cancelled.is_set() and why in ("cancelled", "lost"):
            log.say("The job was cancelled.")
            return End("Canceled")
        if why == "exited":
            reason = f"The command ended with exit code {code}"
            contained = self._container
            if contained is not None and code == ENGINE_FAILED:
                reason += f"; {contained[0].name} could not start the container"
            if code in (153, -25):  # SIGXFSZ, by way of the shell or not
                reason += f"; a file may not be larger than {self.limits.disk_mb} MB"
        elif why in _REASONS:
            known = {
                "time_s": self.limits.time_s or 0,
                "memory_mb": self.limits.memory_mb,
                "disk_mb": self.limits.disk_mb,
            }
            reason = _REASONS[why].format(**known)
        else:
            reason = f"The job was lost: {result.get('detail') or why}"
        log.say(f"{reason}.")
        return End("Failed", f"{reason}.")

    # -- after ------------------------------------------------

    def _store(
        self, properties: Mapping[str, Any], code: Path, outputs: Mapping[str, str]
    ) -> None:
        artifacts = artifacts_of(self.job.name)
        for name in _UPLOADED:
            place = artifacts.below(name)
            self.storage.store(code / name, place.container, place.path)
        for name, made in outputs.items():
            given = properties["outputs"][name]
            uri = str(given.get("uri") or "")
            place = (
                locate(self.world, uri)
                if uri
                else output_of(self.world, self.job.name, name)
            )
            self.storage.store(Path(made), place.container, place.path)


class _Log:
    """A log in blob storage that grows; made when something is said first."""

    def __init__(self, storage: Storage, place: Place) -> None:
        self._storage, self._place = storage, place
        self._held = bytearray()
        self._flushed = time.monotonic()
        self._storage.begin_log(place.container, place.path)

    def say(self, line: str) -> None:
        """A line of the emulator's own."""
        if self._held and not self._held.endswith(b"\n"):
            self._held += b"\n"
        self._held += f"[azml-contract] {line}\n".encode()

    def follow(self, output: IO[bytes]) -> None:
        """Take over what a process prints, until it and its children have ended."""
        number = output.fileno()
        while True:
            ready, _, _ = select.select([number], [], [], _FLUSH_S)
            if ready:
                data = os.read(number, 256 * 1024)
                if not data:
                    return
                self._held += data
            late = time.monotonic() - self._flushed > _FLUSH_S
            if len(self._held) > _MOST_HELD or (self._held and late):
                self.flush()

    def flush(self) -> None:
        """Write down what is held."""
        held, self._held = bytes(self._held), bytearray()
        self._flushed = time.monotonic()
        if held:
            self._storage.append(self._place.container, self._place.path, held)


def _show(place: Place) -> str:
    return f"{place.container}/{place.path}"


def _safe(name: str) -> str:
    return _UNSAFE.sub("_", name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

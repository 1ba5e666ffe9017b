"""Runs jobs: what happens to one between its PUT and its end.

In: jobs as they are put, and wishes to cancel. Out: facts of the jobs in the store:
the states they went through, and why they failed. A command runs as a `Run`; sweeps
and pipelines make children, which are jobs, and wait for them. Each job has a thread.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from azml_contract.emulator.courses import TERMINAL
from azml_contract.emulator.execution.keeping import Limits
from azml_contract.emulator.execution.run import End, Run
from azml_contract.emulator.execution.storage import Storage
from azml_contract.emulator.execution.tracking import Tracking
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.sweeps import duration_s
from azml_contract.emulator.world import World
from azml_contract.errors import EmulatorError

Environ = Callable[[Resource], dict[str, str]]
RunsKind = Callable[["Executor", Resource], End]
MOST_AT_ONCE = 4
"""How many commands run at the same time."""
_LOOK_S = 0.1
_FIRST = {"Command": "Starting", "Sweep": "Running", "Pipeline": "Preparing"}
_UNSAFE = re.compile(r"[^\w.-]")
_LEAVE_S = 15.0
_LONGEST_WAIT_S = 1800.0


class Executor:
    """Runs the jobs of an emulator. Thread-safe.

    Args:
        folder: Where runs have their folders.
        limits: What one job may use.
        kinds: What runs jobs that are no commands, by their type.
    """

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        kinds: Mapping[str, RunsKind],
    ) -> None:
        self._kinds = kinds
        self.limits = limits
        self._folder = folder
        self._slots = threading.Semaphore(MOST_AT_ONCE)
        self._cancelled: dict[str, threading.Event] = {}
        self._runs: dict[str, Run] = {}
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._closing = False
        self._count = 0
        self.changed = threading.Condition()

    def start(
        self,
        world: World,
        storage: Storage,
        environ: Environ,
        shared: Sequence[Path] = (),
    ) -> None:
        """Begin; jobs that an earlier emulator left running have failed.

        Args:
            world: What there is.
            storage: Where jobs read and write.
            environ: The variables of a job.
            shared: Files that those name.
        """
        self.world, self.storage, self._environ = world, storage, environ
        self._shared = shared
        shutil.rmtree(self._folder, ignore_errors=True)
        with world.store.lock:
            for job in list(world.store):
                run = job.facts.get("run")
                if run and run["steps"][-1][0] not in TERMINAL:
                    self.mark(job.id, "Failed", "The emulator ended while the job ran.")

    def runs(self, properties: Mapping[str, Any]) -> bool:
        """Whether jobs of this type really run."""
        return properties.get("jobType") in _FIRST

    def begin(self, job: Resource) -> Resource:
        """A new job with its first state; `submit` comes when it is in the store."""
        first = _FIRST[job.body["properties"]["jobType"]]
        return replace(job, facts={**job.facts, "run": {"steps": [[first, 0.0]]}})

    def submit(self, job: Resource) -> None:
        """Run a job that is in the store."""
        job_type = job.body["properties"]["jobType"]
        kind = Executor.run_command if job_type == "Command" else self._kinds[job_type]
        self.start_thread(job.name, lambda: self._conclude(job, kind))

    def start_thread(self, name: str, work: Callable[[], None]) -> None:
        """Do something beside; the emulator's end waits for it."""

        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name=f"azml-job-{name}", daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def cancel(self, job_id: str) -> None:
        """Ask a job to end, and its children."""
        self.was_cancelled(job_id).set()
        if self.state_of(job_id) not in (*TERMINAL, "CancelRequested"):
            self.mark(job_id, "CancelRequested")
        with self._lock:
            run = self._runs.get(job_id.lower())
        if run is not None:
            run.cancel()

    def was_cancelled(self, job_id: str) -> threading.Event:
        """Set when somebody wants a job to end."""
        with self._lock:
            event = self._cancelled.setdefault(job_id.lower(), threading.Event())
            if self._closing:
                event.set()
            return event

    def settle(self, job_id: str) -> None:
        """Return when a job has ended, if it is one that runs."""
        until = time.monotonic() + _LONGEST_WAIT_S
        while time.monotonic() < until:
            with self.world.store.lock:
                job = self.world.store.get(job_id)
            run = job.facts.get("run") if job else None
            if run is None or run["steps"][-1][0] in TERMINAL:
                return
            self.wait()

    def end_all(self) -> None:
        """End every job, whatever becomes of it."""
        with self._lock:
            self._closing = True
            runs, threads = list(self._runs.values()), list(self._threads)
            for event in self._cancelled.values():
                event.set()
        for run in runs:
            run.abandon()
        for thread in threads:
            thread.join(_LEAVE_S)
        with self._lock:
            self._closing = False
            self._cancelled.clear()

    def close(self) -> None:
        """End every job, and wait until their folders are gone."""
        self.end_all()
        if not self.limits.keep:
            shutil.rmtree(self._folder, ignore_errors=True)

    # -- for kinds of jobs ------------------------------------------------

    def add_child(self, child: Resource) -> Resource:
        """Put a child of a job into the store, and run it."""
        begun = self.begin(child)
        with self.world.store.lock:
            self.world.store.put(begun)
            self.world.store.commit(self.world.clock.now())
        self.submit(begun)
        return begun

    def add_ended(self, child: Resource, end: End) -> None:
        """Put a child into the store that need not, or cannot, run."""
        begun = self.begin(child)
        with self.world.store.lock:
            self.world.store.put(begun)
            self.mark(begun.id, end.status, end.error)

    def state_of(self, job_id: str) -> str:
        """The state of a job; ``Canceled`` where it was deleted."""
        with self.world.store.lock:
            job = self.world.store.get(job_id)
        return str(job.facts["run"]["steps"][-1][0]) if job else "Canceled"

    def note(self, job_id: str, text: str) -> None:
        """Tell those who look at a job what was done otherwise than it asked."""
        with self.world.store.lock:
            job = self.world.store.get(job_id)
            if job is not None:
                run = {**job.facts["run"], "note": text}
                self.world.store.put(replace(job, facts={**job.facts, "run": run}))
                self.world.store.commit(self.world.clock.now())

    def wait(self, timeout_s: float = 0.5) -> None:
        """Until a job's state changes, or a while."""
        with self.changed:
            self.changed.wait(timeout_s)

    def tracking(self) -> Tracking:
        """What runs logged."""
        return Tracking(self.world, self.world.workspace_id)

    # -- one job ------------------------------------------------

    def _conclude(self, job: Resource, kind: RunsKind) -> None:
        try:
            end = kind(self, job)
        except EmulatorError as error:
            end = End("Failed", str(error))
        except Exception as error:  # noqa: BLE001 - a job must have an end
            end = End("Failed", f"A defect of the emulator: {error!r}.")
        if not self._closing:
            self.mark(job.id, end.status, end.error)

    def run_command(self, job: Resource) -> End:
        """Run a command as soon as there is room."""
        event = self.was_cancelled(job.id)
        self.mark(job.id, "Queued")
        while not self._slots.acquire(timeout=_LOOK_S):
            if event.is_set():
                return End("Canceled")
        try:
            if event.is_set():
                return End("Canceled")
            return self._go(job)
        finally:
            self._slots.release()

    def _go(self, job: Resource) -> End:
        with self._lock:
            self._count += 1
            name = f"{self._count}-{_UNSAFE.sub('_', job.name)[:60]}"
        limits = self.limits
        told = (job.body["properties"].get("limits") or {}).get("timeout")
        seconds = duration_s(told)
        if seconds is not None:
            limits = replace(limits, time_s=min(seconds, limits.time_s or seconds))
        run = Run(
            world=self.world,
            storage=self.storage,
            job=job,
            folder=self._folder / name,
            environ=self._environ(job),
            limits=limits,
            began=lambda: self.mark(job.id, "Running"),
            shared=self._shared,
        )
        with self._lock:
            self._runs[job.id.lower()] = run
        try:
            if self.was_cancelled(job.id).is_set():
                run.cancel()
            return run.go()
        finally:
            with self._lock:
                del self._runs[job.id.lower()]

    def mark(self, job_id: str, state: str, error: str = "") -> None:
        """Note that a job reached a state; what is over, or gone, stays as it is."""
        with self.world.store.lock, contextlib.suppress(EmulatorError):
            job = self.world.store.get(job_id)
            if job is None or "run" not in job.facts:
                return
            run: Body = job.facts["run"]
            last = run["steps"][-1][0]
            if last in TERMINAL or last == state:
                return
            if last == "CancelRequested" and state not in TERMINAL:
                return
            now = self.world.clock.now()
            steps = [*run["steps"], [state, now - job.created_s]]
            changed = {**run, "steps": steps} | ({"error": error} if error else {})
            self.world.store.put(replace(job, facts={**job.facts, "run": changed}))
            self.world.store.commit(now)
        with self.changed:
            self.changed.notify_all()

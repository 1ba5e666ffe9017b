"""Regression on a Dask cluster of this machine: from which size it pays.

Live traffic of `traffic.py` in files of 16 calls, judged by one process, by two
processes, and by a cluster of one and of two workers of one thread each, that was
started before. `seconds` are those of the whole command, with its start; `processor_s`
those of the processor in all processes that took part. `pays_from` is the number of
calls from which it is sooner than one process, on the lines through the smallest and
the largest size. It needs `../shared` and `make .clients/dask/installed`.
"""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from measure import Row, make_parser, show
from traffic import SEEDS, write_recordings

ROOT = Path(__file__).parents[1]
DASK = ROOT / ".clients" / "dask" / "bin" / "dask"
SIZES, EACH, EACH_BYTES = (2_000, 8_000, 33_000), 16, 51_000
WAIT = """
import sys
from distributed import Client
Client(sys.argv[1]).wait_for_workers(int(sys.argv[2]), timeout=60)
"""


@contextmanager
def start_cluster(workers: int) -> Iterator[tuple[str, list[int]]]:
    """A scheduler and its workers: its address, and the ids of all processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    worker = ("worker", address, "--nthreads", "1", "--no-nanny")
    commands = [("scheduler", "--port", str(port)), *[worker] * workers]
    shared = ("--host", "127.0.0.1", "--no-dashboard")
    with tempfile.TemporaryDirectory() as folder:
        running = [
            subprocess.Popen(
                [str(DASK), *command, *shared], cwd=folder, stderr=subprocess.DEVNULL
            )
            for command in commands
        ]
        try:
            python = str(DASK.with_name("python"))
            subprocess.run([python, "-c", WAIT, address, str(workers)], check=True)
            yield address, [one.pid for one in running]
        finally:
            for one in reversed(running):
                one.terminate()
                one.wait()


def judge(folder: Path, options: Sequence[str], helpers: Sequence[int] = ()) -> Row:
    """Seconds of one run, and those of the processor with what `helpers` took."""
    program = str(DASK.with_name("azml-contract"))
    before = sum(map(find_processor, helpers)) + find_own_processor()
    started = time.perf_counter()
    done = subprocess.run(
        [program, "regress", str(folder), *options], capture_output=True, check=False
    )
    seconds = time.perf_counter() - started
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode())
    after = sum(map(find_processor, helpers)) + find_own_processor()
    return {"seconds": seconds, "processor_s": after - before}


def find_own_processor() -> float:
    """Seconds of the processor that ended processes of ours have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def find_processor(pid: int) -> float:
    """Seconds of the processor that a running process has taken (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def measure(folder: Path, count: int) -> Iterator[Row]:
    """One row for each contender at one size."""
    for jobs in (1, 2):
        figures = judge(folder, ("--jobs", str(jobs)))
        yield {"contender": f"--jobs {jobs}", "n": count, **figures}
    for workers in (1, 2):
        with start_cluster(workers) as (address, helpers):
            judge(folder / "00000.json", ("--cluster", address))  # as one that is used
            figures = judge(folder, ("--cluster", address), helpers)
        yield {"contender": f"--cluster, {workers} workers", "n": count, **figures}


def add_crossings(rows: list[Row]) -> None:
    """From how many calls each is sooner than one process; none where it never is."""
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(row["contender"], []).append(row)
    (first, *_, last), *others = by_name.values()
    for least, *_, most in others:
        gained = most["seconds"] - least["seconds"] - last["seconds"] + first["seconds"]
        if gained < 0:
            ahead = (first["seconds"] - least["seconds"]) * (last["n"] - first["n"])
            most["pays_from"] = max(0, round(first["n"] + ahead / gained))


def main() -> None:
    """Measure growing folders."""
    parser = make_parser(__doc__ or "")
    parser.add_argument("--sizes", type=int, nargs="+", help="numbers of calls")
    args = parser.parse_args()
    rows: list[Row] = []
    missing = next((one for one in (SEEDS, DASK) if not one.exists()), None)
    if missing is not None:
        absent = f"there is no {os.path.relpath(missing, ROOT)}"
        rows = [{"contender": "--cluster", "absent": absent}]
    else:
        for count in args.sizes or ((2 * EACH, 4 * EACH) if args.quick else SIZES):
            with tempfile.TemporaryDirectory() as folder:
                write_recordings(Path(folder), -(-count // EACH), EACH_BYTES)
                rows += measure(Path(folder), count)
        add_crossings(rows)
    show("cluster", rows, [], as_json=args.json)


if __name__ == "__main__":
    main()

"""Load a contract, and compile the validator of a job PUT, at every api-version.

Each run starts with nothing cached but Python's modules: the load reads the
data files and finds the operation; the validator is compiled and has judged
one command job. Contracts materialise what is asked for; `whole_ms` is all that
there is at that version, definitions and operations, which no command needs.
The versions take turns, and medians are published, by
the processor's clock, so that what else the machine does stays out.

Next to it: oav, warm in a Node of its own, loading the specification files of
one api-version, and of all. It too compiles validators when they are asked for.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jobs
from measure import Figures, Row, Target, find_medians, make_parser, show
from oav import Oav, find_files, why_absent

from azml_contract.contract import catalog
from azml_contract.contract.model import View
from azml_contract.contract.views import Lens
from azml_contract.validation.body import compile_body

OURS, OAV = "ours", "oav"
COUNTS = ("definitions", "operations")
OAV_VERSIONS = ("2021-03-01-preview", "2023-10-01", "2024-04-01")


@contextmanager
def clocked(row: Figures, name: str) -> Iterator[None]:
    """Note the milliseconds of the processor that a block takes."""
    started = time.process_time()
    yield
    row[name] = (time.process_time() - started) * 1000


def run_once(api_version: str, body: Any) -> Figures:
    """The milliseconds of each step, nothing cached before."""
    catalog.forget_cached()
    gc.collect()
    row: Figures = {}
    with clocked(row, "load_ms"):
        contract = catalog.load_contract(api_version)
        found = contract.find("PUT", f"{jobs.WORKSPACE}/jobs/train-1")
    operation = getattr(found, "operation", None)
    if operation is not None and operation.body is not None:
        with clocked(row, "validator_ms"):
            check = compile_body(contract, operation.body, Lens(View.CREATE))
            check.accepts(body)
    with clocked(row, "whole_ms"):
        for kind in (contract.definitions, contract.operations):
            for name in kind:
                kind[name]
    row["definitions"] = len(contract.definitions)
    row["operations"] = len(contract.operations)
    return row


def publish(api_version: str, runs: list[Figures]) -> Row:
    """The medians of one api-version."""
    counts = {name: value for name, value in runs[0].items() if name in COUNTS}
    medians = find_medians(runs)
    return {"contender": OURS, "api_version": api_version, **medians, **counts}


def measure_oav(specs: Path, api_version: str, rounds: int) -> Row:
    """The same of oav: its load, and its first verdict on a job PUT."""
    files = find_files(specs, api_version)
    loads, firsts = [], []
    version = api_version if api_version in jobs.VERSIONS else jobs.VERSIONS[-1]
    body = jobs.make_jobs("command", version, 1, valid=True)
    url = jobs.job_url("train-1", version if api_version == "*" else api_version)
    for _ in range(rounds):
        with Oav(files, specs) as oav:
            loads.append(oav.load_s * 1000)
            firsts.append(oav.judge("PUT", [url], body)["seconds"] * 1000)
    return {
        "contender": OAV,
        "api_version": "all" if api_version == "*" else api_version,
        "load_ms": statistics.median(loads),
        "validator_ms": statistics.median(firsts),
        "files": len(files),
    }


def main() -> None:
    """Measure and print."""
    args = make_parser(__doc__ or "", specs=True).parse_args()
    specs = Path(args.specs)
    rounds = 1 if args.quick else 15
    body: Any = {"properties": {"jobType": "Command"}}
    versions = catalog.known_versions()
    runs: dict[str, list[Figures]] = {version: [] for version in versions}
    for _ in range(rounds):
        for version, found in runs.items():
            found.append(run_once(version, body))
    rows = [publish(version, found) for version, found in runs.items()]
    measured = rows[:]
    if why_absent(specs):
        rows.append({"contender": OAV, "absent": why_absent(specs)})
    else:
        wanted = OAV_VERSIONS[1:2] if args.quick else (*OAV_VERSIONS, "*")
        rows += [measure_oav(specs, version, min(rounds, 3)) for version in wanted]
    data_bytes = sum(file.stat().st_size for file in catalog.DATA.iterdir())
    targets = [
        Target(
            "ms to load one version, the slowest",
            max(row["load_ms"] for row in measured),
            20,
        ),
        Target(
            "ms more for the validator of a job PUT, the slowest",
            max(row.get("validator_ms", 0.0) for row in measured),
            5,
        ),
        Target("MB of data, uncompressed", data_bytes / 1e6, 1),
    ]
    show("contract", rows, targets, as_json=args.json)


if __name__ == "__main__":
    main()

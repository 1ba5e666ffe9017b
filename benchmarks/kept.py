"""Benchmarks at small size beside the ratios kept in the repository.

Each figure is how much of a plain piece of work is done in the time of one of ours,
in this very run: more is better, and another machine changes both. Times are of the
processor, of this process or of those it starts; the two take turns, and the median
of the rounds counts. A figure that falls by more than a third is measured again, and
fails where it stays there.

    python benchmarks/kept.py            compares with benchmarks/kept.json
    python benchmarks/kept.py --write    renews it
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jobs
from measure import render_table, round_figure
from verdicts import EXPLAINED, FULL, OURS, Case, make_judges

from azml_contract.contract import catalog
from azml_contract.exchange import Request
from azml_contract.validation.validator import Validator
from cassettes import CONTENDERS, FLOOR, URLLIB3, make_calls
from cassettes import OURS as REPLAY

HERE = Path(__file__).parent
ROOT = HERE.parent
KEPT = HERE / "kept.json"
LEAST = 2 / 3
ROUNDS, ROUND_S = 5, 0.05
VERSION = "2023-10-01"


class Pair(NamedTuple):
    """Our work and the plain work beside it; each does it once, and more often."""

    ours: Callable[[], object]
    plain: Callable[[], object]


def measure(pair: Pair) -> float:
    """How many times the plain work is done in the time of ours."""
    take(pair.ours), take(pair.plain)  # warm
    turns = [(take(pair.plain), take(pair.ours)) for _ in range(ROUNDS)]
    return statistics.median(plain / ours for plain, ours in turns)


def take(work: Callable[[], object]) -> float:
    """Seconds of the processor, in this process and in those it started and awaited."""
    started = os.times()
    work()
    done = os.times()
    return sum(done[:4]) - sum(started[:4]) or 1e-6


def measure_steady(pair: Pair) -> float:
    """As `measure`, for work that is far shorter than what the clock can tell."""
    ours, plain = repeat(pair.ours), repeat(pair.plain)
    ours(), plain()
    turns = [(plain(), ours()) for _ in range(ROUNDS)]
    return statistics.median(beside / mine for beside, mine in turns)


def repeat(work: Callable[[], object]) -> Callable[[], float]:
    """Work as often as fits; the seconds of the processor that one takes."""

    def run() -> float:
        count, started = 0, time.process_time()
        while time.process_time() - started < ROUND_S:
            work()
            count += 1
        return (time.process_time() - started) / count

    return run


def judge_bodies() -> dict[str, Pair]:
    """Verdicts on parsed bodies and on whole calls, beside parsing their text."""
    pairs: dict[str, Pair] = {}
    validator, url = Validator(), jobs.job_url("train-1", VERSION)
    for valid in (True, False):
        kind = "valid" if valid else "invalid"
        case = Case("command", VERSION, valid, 600, 5)
        bodies = [json.loads(text) for text in case.texts]
        requests = [Request("PUT", url, (), text.encode()) for text in case.texts]
        judges = make_judges(case)
        plain = every(json.loads, case.texts)
        for name in (OURS, EXPLAINED, FULL):
            pairs[f"{name}, {kind} body"] = Pair(every(judges[name], bodies), plain)
        calls = every(validator.check_request, requests)
        pairs[f"whole call, {kind} body"] = Pair(calls, plain)
    return pairs


def every(work: Callable[[Any], object], values: list[Any]) -> Callable[[], object]:
    """The same work on each of some values."""
    return lambda: [work(value) for value in values]


def load_contracts() -> dict[str, Pair]:
    """A contract from the disk, beside reading its data."""

    def load() -> None:
        catalog.forget_cached()
        contract = catalog.load_contract(VERSION)
        contract.find("PUT", f"{jobs.WORKSPACE}/jobs/train-1")

    files = list(catalog.DATA.iterdir())
    return {"load a contract": Pair(load, lambda: [f.read_text() for f in files])}


def start_processes(folder: Path) -> dict[str, Pair]:
    """`check` of one body from process start, beside Python alone."""
    body = folder / "body.json"
    body.write_text(jobs.make_jobs("command", VERSION, 1, valid=True)[0])
    url = jobs.job_url("train-1", VERSION)
    check = ["-m", "azml_contract", "check", str(body), "--url", url]
    return {"check a body": Pair(starter(check), starter(["-c", "pass"]))}


def starter(arguments: list[str]) -> Callable[[], object]:
    """A Python process, awaited."""
    env = {**os.environ}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, env=env, check=True, capture_output=True)


def replay_requests(folder: Path) -> dict[str, Pair]:
    """Requests answered from a cassette, beside a dictionary behind requests."""
    calls = make_calls(40)
    known = {one.name: one for one in CONTENDERS}

    def open_one(name: str) -> Callable[[], object]:
        contender = known[name]
        file = folder / f"{contender.write.__name__}{contender.suffix}"
        if not file.exists():
            contender.write(file, calls)

        def run() -> None:
            with contender.open(file) as send:
                for call in calls:
                    send(call)

        return run

    plain = open_one(FLOOR)
    return {
        f"replay 40 requests, {name}": Pair(open_one(name), plain)
        for name in (REPLAY, URLLIB3)
    }


def measure_all(wanted: set[str] | None = None) -> dict[str, float]:
    """Every figure, or those wanted."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        here = {**judge_bodies(), **load_contracts(), **replay_requests(folder)}
        started = start_processes(folder)
        pairs = {**here, **started}
        return {
            one: (measure if one in started else measure_steady)(pair)
            for one, pair in pairs.items()
            if wanted is None or one in wanted
        }


def find_fallen(now: dict[str, float], kept: dict[str, float]) -> set[str]:
    """The figures that are less than two thirds of the kept ones."""
    return {name for name, figure in now.items() if figure < LEAST * kept[name]}


def main() -> int:
    """Measure, and compare or keep; 1 where a figure has fallen twice."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="keep these figures")
    given = parser.parse_args()
    now = measure_all()
    if given.write:
        kept = {name: round_figure(figure) for name, figure in now.items()}
        KEPT.write_text(json.dumps(kept, indent=1) + "\n")
        return 0
    kept = json.loads(KEPT.read_text())
    if now.keys() != kept.keys():
        print(f"{KEPT.name} names other figures: python benchmarks/kept.py --write")
        return 1
    fallen = find_fallen(now, kept)
    if fallen:
        again = measure_all(fallen)
        now.update({one: max(now[one], again[one]) for one in fallen})
        fallen = find_fallen(again, kept)
    rows = [
        {
            "figure": name,
            "kept": kept[name],
            "now": round_figure(figure),
            "part": round_figure(figure / kept[name]),
            "": "FELL" if name in fallen else "",
        }
        for name, figure in now.items()
    ]
    print(render_table(rows))
    if fallen:
        print("A figure fell by more than a third, twice. Mend it, or keep it:")
        print("python benchmarks/kept.py --write")
    return 1 if fallen else 0


if __name__ == "__main__":
    sys.exit(main())

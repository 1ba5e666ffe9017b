"""How long `azml-contract regress` takes for many recordings, and in what memory.

    python benchmarks/regress.py [--json] [--recordings N]

Recordings are copies of the committed ones with run ids of their own, and, in
every fifth interaction's body, a text of its own. Judged at every known
api-version, through the command line, in processes of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

ROOT = Path(__file__).parents[1]
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def make_recordings(folder: Path, count: int, *, distinct: bool) -> int:
    """Write `count` recordings; returns how many interactions they have."""
    sources = [
        json.loads(path.read_text("utf-8"))
        for path in sorted((ROOT / "cassettes").rglob("*.json"))
    ]
    draw = random.Random(5)
    total = 0
    for number in range(count):
        source = sources[number % len(sources)]
        made = json.loads(renew(json.dumps(source), draw))
        made["scenario"] = f"{source['scenario']}-{number}"
        if distinct:
            mark_bodies(made, number)
        total += len(made["interactions"])
        target = folder / f"{number // 100:04}" / f"{number}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(made, indent=2), "utf-8")
    return total


def renew(text: str, draw: random.Random) -> str:
    """The recording of another run: run ids and versions drawn anew."""
    variables = json.loads(text)["variables"].values()
    for value in map(str, variables):
        if GUID.fullmatch(value):
            text = text.replace(value, str(UUID(int=draw.getrandbits(128), version=4)))
        elif value.isdecimal():
            text = text.replace(value, str(draw.randrange(10**9, 2 * 10**9)))
    return text


def mark_bodies(made: dict, number: int) -> None:
    """Give the body of every fifth request a text that no other has."""
    bodies = [
        one["request"]["body"]["json"]
        for one in made["interactions"]
        if "json" in (one["request"].get("body") or {})
    ]
    for index, body in enumerate(bodies):
        if (number + index) % 5 == 0 and isinstance(body.get("properties"), dict):
            body["properties"]["description"] = f"recording {number}, body {index}"


def measure(folder: Path, jobs: int) -> tuple[float, float, float]:
    """Seconds, CPU seconds of all processes, peak MB of the largest process."""
    command = [
        *(sys.executable, "-m", "azml_contract", "regress", str(folder)),
        *("--jobs", str(jobs)),
    ]
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, stdout=output, cwd=ROOT)
        _, _, usage = os.wait4(child.pid, 0)
        child.returncode = 0
    seconds = time.perf_counter() - started
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Measure growing folders with one and with two processes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--recordings", type=int, default=10_000)
    options = parser.parse_args()
    sizes = [n for n in (100, 1000) if n < options.recordings] + [options.recordings]
    rows = []
    for distinct in (False, True):
        for count in sizes:
            with tempfile.TemporaryDirectory() as folder:
                calls = make_recordings(Path(folder), count, distinct=distinct)
                for jobs in (1, 2):
                    seconds, cpu_s, memory_mb = measure(Path(folder), jobs)
                    rows.append(
                        {
                            "contender": "azml-contract",
                            "n": count,
                            "interactions": calls,
                            "distinct_bodies": "1 in 5" if distinct else "run ids only",
                            "processes": jobs,
                            "seconds": round(seconds, 2),
                            "cpu_s": round(cpu_s, 2),
                            "peak_mb": round(memory_mb),
                            "verdicts_per_s": round(calls * 34 / seconds),
                        }
                    )
                    if not options.json:
                        print(rows[-1], flush=True)
    if options.json:
        print(json.dumps({"benchmark": "regress", "rows": rows}))


if __name__ == "__main__":
    main()

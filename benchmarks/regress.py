"""Regression over many recordings: time, memory, verdicts a second, and growth.

Every recording has 30 interactions: the committed workflow of one api-version, and
the first calls of another scenario of it. Run ids are drawn for each recording, and
one request body in five holds a text that no other has; a different fifth in each of
five recordings. All are judged at every known api-version through the command line,
in a process of its own, with one and with two workers.

Live traffic is 33,000 exchanges of `traffic.py` in files of 16: answers of the service
hardly repeat, nor do the bodies sent to it. It needs `../shared`, and says so.

A verdict is one call at one api-version. `distinct_per_s` counts the calls whose
body is in no other recording. `rss_mb` is the most that all processes together held,
looked at every 50 ms (Linux). `growth` is the exponent of the processor's time from the
smallest folder to this one, the start of the program left out; what else the machine
does is not in it.
"""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from measure import Row, Target, make_parser, show
from traffic import SEEDS
from traffic import write_recordings as write_traffic

from azml_contract.contract.catalog import known_versions

ROOT = Path(__file__).parents[1]
INTERACTIONS, DISTINCT = 30, 5
WORKFLOW, MORE = "train_and_sweep/asset_to_sweep", "failures/immutable_job"
MARK = "@mark@"
SIZES = (100, 1_000, 10_000)
SECONDS, MEGABYTES, EXPONENT = 90, 500, 1.05
TRAFFIC, EACH, EACH_BYTES = 33_000, 16, 51_000
TRAFFIC_SECONDS, TRAFFIC_MEGABYTES = 60, 400


@dataclass(frozen=True)
class Template:
    """The text of a recording, with marks where each recording has its own."""

    text: str
    drawn: tuple[str, ...]
    calls: int
    distinct: int


def make_templates() -> list[Template]:
    """One for each committed api-version and each fifth of the bodies."""
    found = []
    for file in sorted((ROOT / "cassettes" / WORKFLOW).glob("*.json")):
        made = json.loads(file.read_text("utf-8"))
        more = json.loads((ROOT / "cassettes" / MORE / file.name).read_text("utf-8"))
        made["interactions"] += more["interactions"]
        del made["interactions"][INTERACTIONS:]
        found += [make_template(made, fifth) for fifth in range(DISTINCT)]
    return found


def make_template(recording: dict[str, Any], fifth: int) -> Template:
    """Mark one body in five, and note what is drawn anew."""
    made = json.loads(json.dumps(recording))
    made["scenario"] += f"-{MARK}"
    bodies = [
        one["request"]["body"]["json"]
        for one in made["interactions"]
        if "json" in (one["request"].get("body") or {})
    ]
    marked = [
        body
        for number, body in enumerate(bodies)
        if number % DISTINCT == fifth and isinstance(body.get("properties"), dict)
    ]
    for body in marked:
        body["properties"]["description"] = f"of recording {MARK}"
    calls = sum(
        "/Microsoft.MachineLearningServices/" in one["request"]["uri"]
        for one in made["interactions"]
    )
    drawn = tuple(map(str, made["variables"].values()))
    return Template(json.dumps(made, indent=2), drawn, calls, len(marked))


def write_recordings(folder: Path, count: int) -> tuple[int, int]:
    """Write `count` recordings; how many calls, and calls of their own, they hold."""
    templates = make_templates()
    draw = random.Random(5)
    calls = distinct = 0
    for number in range(count):
        template = templates[number % len(templates)]
        text = template.text.replace(MARK, str(number))
        for value in template.drawn:
            text = text.replace(value, renew(value, draw))
        target = folder / f"{number // 100:04}" / f"{number}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
        calls += template.calls
        distinct += template.distinct
    return calls, distinct


def renew(value: str, draw: random.Random) -> str:
    """Another run id, or another version."""
    if value.isdecimal():
        return str(draw.randrange(10**9, 2 * 10**9))
    return str(UUID(int=draw.getrandbits(128), version=4))


def judge(folder: Path, workers: int) -> tuple[float, float, float | None]:
    """Seconds, seconds of the processor, and MB of all processes at the worst time."""
    arguments = ("regress", str(folder), "--jobs", str(workers))
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "azml_contract", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        )
        most = 0.0
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            most = max(most, sum(find_rss(child.pid)))
            time.sleep(0.05)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in (0, 1):
            output.seek(0)
            raise SystemExit(output.read().decode())
    seconds = time.perf_counter() - started
    return seconds, usage.ru_utime + usage.ru_stime, most or None


def find_rss(pid: int) -> Iterator[float]:
    """MB that a process and those it started hold, one after the other."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        yield pages * os.sysconf("SC_PAGE_SIZE") / 1e6
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from find_rss(int(child))
    except OSError:
        return  # it is gone, or this is not Linux


def measure(count: int, workers: tuple[int, ...]) -> list[Row]:
    """One row for each number of workers."""
    rows: list[Row] = []
    versions = len(known_versions())
    with tempfile.TemporaryDirectory() as folder:
        calls, distinct = write_recordings(Path(folder), count)
        for number in workers:
            seconds, processor, rss = judge(Path(folder), number)
            rows.append(
                {
                    "contender": "azml-contract regress",
                    "n": count,
                    "calls": calls,
                    "workers": number,
                    "seconds": seconds,
                    "processor_s": processor,
                    "rss_mb": rss,
                    "verdicts_per_s": calls * versions / seconds,
                    "distinct_per_s": distinct * versions / seconds,
                }
            )
    return rows


def measure_traffic(count: int, workers: tuple[int, ...]) -> list[Row]:
    """The same for so many exchanges of live traffic; `n` is their number."""
    contender = "azml-contract regress, live traffic"
    if not SEEDS.is_dir():
        return [{"contender": contender, "absent": f"there is no folder {SEEDS}"}]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        write_traffic(Path(folder), -(-count // EACH), EACH_BYTES)
        for number in workers:
            seconds, processor, rss = judge(Path(folder), number)
            rows.append(
                {
                    "contender": contender,
                    "n": count,
                    "workers": number,
                    "seconds": seconds,
                    "processor_s": processor,
                    "rss_mb": rss,
                }
            )
    return rows


def make_traffic_targets(rows: list[Row]) -> list[Target]:
    """What was expected of live traffic, with the most workers."""
    last = rows[-1]
    told = f"live traffic, {last.get('workers', 2)} workers"
    return [
        Target(f"seconds, {told}", last.get("seconds"), TRAFFIC_SECONDS),
        Target(f"MB of all processes, {told}", last.get("rss_mb"), TRAFFIC_MEGABYTES),
    ]


def add_growth(rows: list[Row], nothing_s: float) -> None:
    """The exponent of the processor's time, for each number of workers."""
    first = {row["workers"]: row for row in reversed(rows)}
    for row in rows:
        least = first[row["workers"]]
        if row is not least:
            spent = [max(one["processor_s"] - nothing_s, 0.001) for one in (row, least)]
            row["growth"] = math.log(spent[0] / spent[1]) / math.log(
                row["n"] / least["n"]
            )


def make_targets(rows: list[Row]) -> list[Target]:
    """What was expected of the largest folder."""
    last = rows[-1]
    size = f"n={last['n']:,}"
    workers = f"{size}, {last['workers']} workers"
    return [
        Target(f"seconds, {workers}", last["seconds"], SECONDS),
        Target(f"MB of all processes, {workers}", last["rss_mb"], MEGABYTES),
        *(
            Target(
                f"growth exponent, {size}, {row['workers']} workers",
                row.get("growth"),
                EXPONENT,
            )
            for row in rows
            if row["n"] == last["n"]
        ),
    ]


def main() -> None:
    """Measure growing folders with one worker and with two."""
    parser = make_parser(__doc__ or "")
    parser.add_argument("--sizes", type=int, nargs="+", help="numbers of recordings")
    parser.add_argument("--traffic", type=int, help="number of live exchanges")
    args = parser.parse_args()
    rows: list[Row] = []
    for count in args.sizes or ((4, 8) if args.quick else SIZES):
        rows += measure(count, (1, 2))
    [nothing] = measure(1, (1,))
    add_growth(rows, nothing["processor_s"])
    count = args.traffic or (2 * EACH if args.quick else TRAFFIC)
    live = measure_traffic(count, (1,) if args.quick else (1, 2))
    targets = make_targets(rows) + make_traffic_targets(live)
    show("regress", rows + live, targets, as_json=args.json)


if __name__ == "__main__":
    main()

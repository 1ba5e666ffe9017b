"""Replay: time a request and time to load, by the size of the cassette.

Half GET, half PUT, JSON of about 2 KB, asked for in the order recorded. Every
round opens its cassette anew. For all contenders scrubbing and validation are
off, but for the row that says otherwise; ours compares bodies, the others do
not unless they say so. `load_ms` ends when the first request can be sent.
`save_ms` is one run of writing the cassette by each contender's own means,
which in ours includes scrubbing and scanning for secrets; they cannot be
switched off. Times are of the processor: replay waits for nothing, and what
else the machine does stays out. All take turns on one core.

Contenders that slow down with each interaction answer a sample of requests,
evenly spaced over the whole cassette, which costs the same on average: their
search does not depend on what was played before.
"""

from __future__ import annotations

import gc
import json
import math
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from measure import (
    SETUP,
    Figures,
    Row,
    Target,
    find_medians,
    find_ratio,
    interleave,
    is_installed,
    make_parser,
    pin,
    show,
)

from cassettes import (
    CONTENDERS,
    FLOOR,
    OURS,
    URLLIB3,
    Call,
    Contender,
    make_calls,
)

SIZES = (10, 100, 1000, 5000)
ROUND = 100
"""Requests that a round of a small cassette sends, unless it shall be quick."""
SAMPLE, SLOW_SIZE = 25, 1000


def choose_sample(contender: Contender, calls: Sequence[Call]) -> Sequence[Call]:
    """All calls, or those that a contender whose search is linear is asked."""
    if not contender.quadratic or len(calls) <= SAMPLE:
        return calls
    step = len(calls) / SAMPLE
    return [calls[int((i + 0.5) * step)] for i in range(SAMPLE)]


def make_runner(
    contender: Contender, file: Path, calls: Sequence[Call], requests: int
) -> Callable[[], Figures]:
    """A round: open and send, as often as it takes to send so many requests."""
    sample = choose_sample(contender, calls)
    repeats = max(1, requests // len(calls))

    def run() -> Figures:
        return find_medians([run_once(contender, file, sample) for _ in range(repeats)])

    return run


def run_once(contender: Contender, file: Path, calls: Sequence[Call]) -> Figures:
    """Open a cassette, and send."""
    context = contender.open(file)
    gc.collect()
    started = time.process_time()
    with context as send:
        loaded = time.process_time()
        for call in calls:
            send(call)
        done = time.process_time()
    return {
        "per_request_ms": (done - loaded) / len(calls) * 1000,
        "load_ms": (loaded - started) * 1000,
    }


def check_answers(contender: Contender, file: Path, calls: Sequence[Call]) -> None:
    """Every contender must give the right answers before it is measured."""
    with contender.open(file) as send:
        for call in choose_sample(contender, calls):
            if json.loads(send(call)) != json.loads(call.answer):
                raise SystemExit(f"{contender.name} gave a wrong answer to {call.url}")


Key = tuple[str, int]


def measure(
    contenders: Sequence[Contender],
    sizes: Sequence[int],
    folder: Path,
    *,
    rounds: int,
    requests: int,
) -> list[Row]:
    """One row for each contender at each size; all take turns."""
    calls = {size: make_calls(size) for size in sizes}
    runs: dict[Key, Callable[[], Figures]] = {}
    saves: dict[Key, float] = {}
    for size in sizes:
        for contender in contenders:
            key = (contender.name, size)
            file = folder / f"{size}-{contender.write.__name__}{contender.suffix}"
            if not file.exists():
                started = time.process_time()
                contender.write(file, calls[size])
                saves[key] = (time.process_time() - started) * 1000
            check_answers(contender, file, calls[size])
            runs[key] = make_runner(contender, file, calls[size], requests)
    slow = {one.name for one in contenders if one.quadratic}
    seldom = {key for key in runs if key[0] in slow and key[1] >= SLOW_SIZE}
    found = interleave(runs, rounds, seldom=seldom)
    rows = [
        make_row(
            one,
            calls[size],
            found[one.name, size],
            saves.get((one.name, size)),
            found[FLOOR, size],
        )
        for size in sizes
        for one in contenders
    ]
    add_growth(rows, found)
    return rows


def make_row(
    contender: Contender,
    calls: Sequence[Call],
    rounds: Sequence[Figures],
    save_ms: float | None,
    floor: Sequence[Figures],
) -> Row:
    """What is published of one contender at one size."""
    figures = find_medians(rounds)
    row: Row = {
        "contender": contender.name,
        "n": len(calls),
        "per_request_ms": figures["per_request_ms"],
        "times_floor": find_ratio(rounds, floor, "per_request_ms"),
        "load_ms": figures["load_ms"],
    }
    if save_ms is not None:
        row["save_ms"] = save_ms
    asked = len(choose_sample(contender, calls))
    if asked < len(calls):
        row["sampled"] = f"{asked} requests"
    return row


def add_growth(rows: list[Row], found: Mapping[Key, Sequence[Figures]]) -> None:
    """The exponent of the whole replay's time in n, over the two largest sizes."""
    sizes = sorted({row["n"] for row in rows})
    if len(sizes) < 2:
        return
    below, top = sizes[-2:]
    for row in rows:
        if row["n"] == top:
            name = row["contender"]
            dearer = find_ratio(found[name, top], found[name, below], "per_request_ms")
            row["growth_exponent"] = 1 + math.log(dearer) / math.log(top / below)


def make_targets(rows: Sequence[Row]) -> list[Target]:
    """What was expected of ours."""
    ours = [row for row in rows if row["contender"] == OURS]
    stubs = [row for row in rows if row["contender"] == URLLIB3]
    targets = [
        Target(
            f"times a dictionary, requests, n={row['n']}",
            row["times_floor"],
            1.5 if row["n"] == 5000 else 1.6,
        )
        for row in ours
    ]
    targets += [
        Target(f"times a dictionary, stubs, n={row['n']}", row["times_floor"], 1.5)
        for row in stubs
    ]
    for row in [*ours[-1:], *stubs[-1:]]:
        name = f"growth exponent, {row['contender']}"
        targets.append(Target(name, row.get("growth_exponent"), 1.05))
    return targets + [
        Target(f"ms until ready, n={row['n']}", row["load_ms"], 120)
        for row in ours[-1:]
    ]


def is_wanted(contender: Contender, only: Sequence[str] | None) -> bool:
    """Whether a contender takes part; the floor always does."""
    return only is None or contender.name in (FLOOR, *only)


def main() -> None:
    """Measure and print."""
    parser = make_parser(__doc__ or "")
    parser.add_argument("--sizes", type=int, nargs="+", help="cassette sizes")
    parser.add_argument("--only", nargs="+", help="contenders besides a dictionary")
    args = parser.parse_args()
    pin()
    wanted = [one for one in CONTENDERS if is_wanted(one, args.only)]
    here = [one for one in wanted if is_installed(one.module)]
    sizes = args.sizes or ((4, 10) if args.quick else SIZES)
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(
            here,
            sizes,
            Path(folder),
            rounds=2 if args.quick else 3,
            requests=0 if args.quick else ROUND,
        )
    absent: list[Row] = [
        {"contender": one.name, "absent": SETUP} for one in wanted if one not in here
    ]
    show("replay", [*rows, *absent], make_targets(rows), as_json=args.json)


if __name__ == "__main__":
    main()

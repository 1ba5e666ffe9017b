"""Cold start: from nothing to the first verdict on a job PUT.

Contenders: `azml-contract check`, a process a run; oav's live validator in a
Node process that loads the specification of one api-version, and no more; and
oav's own command line, on the same specification. The empty interpreters show
what nobody can save. Then what help costs, what pytest costs with the plugin
installed and unused, and the modules whose import costs `check` most.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import jobs
from measure import (
    Figures,
    Row,
    Target,
    find_medians,
    find_ratio,
    interleave,
    make_parser,
    show,
)
from oav import HERE, find_files, find_node, why_absent

VERSION = "2023-10-01"
OURS, OAV, OAV_CLI = "azml-contract check", "oav (live validator)", "oav (command line)"
HELPS = ("--help", "check --help", "cassette --help")
PLUGIN, NO_PLUGIN = "pytest, plugin unused", "pytest, plugin off"
PYTHON, NODE = "python, nothing done", "node, nothing done"
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|(\s+)(\S+)")
_ONCE = """
const { LiveValidator } = require("oav");
const [folder, file, url, body] = process.argv.slice(1);
const validator = new LiveValidator({
  directory: folder, swaggerPaths: [file], swaggerPathsPattern: [],
  git: { shouldClone: false }, loadValidatorInBackground: false,
}, () => {});
validator.initialize()
  .then(() => validator.validateLiveRequest(
    { method: "PUT", url, body: JSON.parse(body) }))
  .then((verdict) => { process.exitCode = verdict.isSuccessful ? 0 : 1; });
"""


def make_runner(command: Sequence[str], *, clean: bool = True) -> Callable[[], Figures]:
    """A round: seconds that a process takes; `clean` demands a good verdict."""
    env = {**os.environ, "NODE_NO_WARNINGS": "1"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody compiles anew each time

    def run() -> Figures:
        started = time.perf_counter()
        done = subprocess.run(
            command, cwd=HERE, env=env, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - started
        if clean and done.returncode:
            raise SystemExit(f"{command[:3]} failed: {done.stdout}{done.stderr}")
        return {"cold_ms": seconds * 1000}

    return run


def find_command() -> list[str]:
    """The command line as users start it."""
    script = Path(sys.executable).with_name("azml-contract")
    return [str(script)] if script.exists() else [sys.executable, "-m", "azml_contract"]


def make_check(body: Path) -> list[str]:
    """The arguments of a check of one body."""
    url = jobs.job_url("train-1", VERSION)
    return ["check", str(body), "--method", "PUT", "--url", url]


def make_contenders(body: Path, specs: Path) -> dict[str, Callable[[], Figures]]:
    """Everything that can run here."""
    runs = {
        PYTHON: make_runner([sys.executable, "-c", "pass"]),
        OURS: make_runner([*find_command(), *make_check(body)]),
    }
    if why_absent(specs):
        return runs
    node = find_node() or "node"
    file = next(f for f in find_files(specs, VERSION) if f.endswith("mfe.json"))
    url, text = jobs.job_url("train-1", VERSION), body.read_text()
    runs[NODE] = make_runner([node, "-e", "0"])
    runs[OAV] = make_runner([node, "-e", _ONCE, str(specs.resolve()), file, url, text])
    traffic = write_traffic(body)
    cli = [node, "node_modules/oav/dist/cli.js", "validate-traffic", traffic, file]
    # Its exit code counts answers that were never given, too.
    runs[OAV_CLI] = make_runner([*cli, "--logLevel", "off"], clean=False)
    return runs


def make_starts(folder: Path) -> dict[str, Callable[[], Figures]]:
    """What starting costs where nothing is checked."""
    test = folder / "test_one.py"
    test.write_text("def test_one(): pass\n")
    (folder / "pytest.ini").write_text("[pytest]\n")
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
    return {
        PYTHON: make_runner([sys.executable, "-c", "pass"]),
        **{one: make_runner([*find_command(), *one.split()]) for one in HELPS},
        PLUGIN: make_runner(pytest),
        NO_PLUGIN: make_runner([*pytest, "-p", "no:azml_contract"]),
    }


def find_extra(mine: list[Figures], other: list[Figures]) -> float:
    """The median of what a round costs more, in milliseconds."""
    return statistics.median(
        a["cold_ms"] - b["cold_ms"] for a, b in zip(mine, other, strict=True)
    )


def write_traffic(body: Path) -> str:
    """The call in the form that oav's command line reads; a path."""
    url = jobs.job_url("train-1", VERSION)
    value = json.loads(body.read_text())
    answer = jobs.make_answer(body.read_text(), "train-1")
    traffic = {
        "liveRequest": {"method": "PUT", "url": url, "headers": {}, "body": value},
        "liveResponse": {"statusCode": "200", "headers": {}, "body": answer},
    }
    path = body.with_name("traffic.json")
    path.write_text(json.dumps(traffic))
    return str(path)


def find_imports(body: Path, count: int) -> list[Row]:
    """The modules whose own import costs `check` most, in milliseconds."""
    command = [sys.executable, "-X", "importtime", "-m", "azml_contract"]
    done = subprocess.run(
        [*command, *make_check(body)], capture_output=True, text=True, check=True
    )
    found = [(int(own), name) for own, _, _, name in _IMPORT.findall(done.stderr)]
    found.sort(reverse=True)
    return [
        {"contender": "import", "module": name, "own_ms": own / 1000}
        for own, name in found[:count]
    ]


def main() -> None:
    """Measure and print."""
    args = make_parser(__doc__ or "", specs=True).parse_args()
    specs = Path(args.specs)
    with tempfile.TemporaryDirectory() as folder:
        body = Path(folder, "body.json")
        body.write_text(jobs.make_jobs("command", VERSION, 1, valid=True)[0])
        contenders = make_contenders(body, specs)
        for run in contenders.values():
            run()  # writes .pyc files, fills the disk's cache
        found = interleave(contenders, 1 if args.quick else 15)
        starts = make_starts(Path(folder))
        for run in starts.values():
            run()
        started = interleave(starts, 1 if args.quick else 15)
        imports = find_imports(body, 12)
    rows: list[Row] = [
        {
            "contender": name,
            "cold_ms": find_medians(rounds)["cold_ms"],
            "times_ours": find_ratio(rounds, found[OURS], "cold_ms"),
        }
        for name, rounds in found.items()
    ]
    rows += [
        {"contender": name, "cold_ms": find_medians(started[name])["cold_ms"]}
        for name in (*HELPS, PLUGIN, NO_PLUGIN)
    ]
    why = why_absent(specs)
    if why:
        rows += [{"contender": name, "absent": why} for name in (OAV, OAV_CLI)]
    ratio = find_ratio(found[OURS], found[OAV], "cold_ms") if OAV in found else None
    target = Target("cold start, as a part of oav's", ratio, 0.2)
    targets = [target]
    for name in HELPS:
        extra = find_extra(started[name], started[PYTHON])
        targets.append(Target(f"{name}, ms more than python", extra, 90))
    extra = find_extra(started[PLUGIN], started[NO_PLUGIN])
    targets.append(Target("pytest with the plugin unused, ms more", extra, 30))
    show("cold", [*rows, *imports], targets, as_json=args.json)


if __name__ == "__main__":
    main()

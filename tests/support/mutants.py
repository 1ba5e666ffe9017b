"""Which small faults the tests of an area notice: `make mutants`.

In: the areas below, and a seed. Out: how many mutants of a sample were killed, and
those that were not, each with its place, so that somebody writes the test or deletes
the code. Ends with 1 where fewer are killed than should be.

The project is copied once. A first run of an area's tests notes which test runs which
line. Then, for each mutant, a copy of this process, which has the libraries imported,
runs the tests of the line, the quickest first, until one fails; where none does, all
others of the area, as a value may have been worked out for an earlier test. Slow tests
are left out. A run that takes far longer than the first, or gigabytes of memory, has a
mutant that does not end.

    python tests/support/mutants.py --count 60 --seed 2 validation cassette
    python tests/support/mutants.py --again     # those that survived last time
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pickle
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, NamedTuple

from mutate import Mutant, find_mutants

_RECORDED = (
    *("recording/test_extend.py", "recording/test_misses.py"),
    *("recording/test_bodies_by_value.py", "recording/test_drawn_names.py"),
)
_SCRUBBED = (
    *("redaction/test_odd_places.py", "redaction/test_other_accounts.py"),
    *("redaction/test_people.py", "redaction/test_user_rules.py"),
)
AREAS = {
    "validation": ("validation", "commands/test_check*.py", "unit/test_library.py"),
    "redaction": ("redaction", "documents", *_RECORDED),
    "recording": ("recording", "plugin/test_modes.py", *_SCRUBBED),
    "cassette": ("cassette", "commands/test_cassette_*.py", "commands/test_review.py"),
    "regression": (
        "regression",
        "commands/test_regress*.py",
        "commands/test_upgrade*.py",
    ),
    "contract": (
        *("contract", "commands/test_contracts_option.py"),
        *("validation/test_schemas.py", "validation/test_ids_in_bodies.py"),
    ),
}
"""Where the tests of each stand, below `tests`: commands show what a module does."""
LEAST = 0.9
ROOT = Path(__file__).parents[2]
KEPT = ROOT / "build" / "mutants.json"
_LIBRARIES = (
    *("pytest", "requests", "vcr", "yaml", "jsonschema", "jsonschema_rs"),
    *("cryptography.x509", "aiohttp", "httpx", "click", "h11", "h2", "tomllib"),
)
_OPTIONS = ("-q", "-x", "-m", "not slow", "-p", "no:cacheprovider", "-p", "no:xdist")
_LONGEST = 4.0
"""How much longer than the first run a run may take, beside `_SLACK_S`."""
_SLACK_S = 60.0
_MOST_BYTES = 4 << 30
"""How much memory a run may take: a mutant that does not end may fill all there is."""
_NO_SUCH_TEST, _NONE_RUN = 4, 5
"""What pytest ends with where a test of that name is not there, or none was run."""


class Place(NamedTuple):
    """A mutant, and the module that it changes, relative to the project."""

    area: str
    module: str
    mutant: Mutant

    def tell(self, text: str) -> dict[str, str | int]:
        """The line that a reader looks for, and what becomes of it."""
        line = text.splitlines()[self.mutant.line - 1].strip()
        return {
            "area": self.area,
            "module": self.module,
            "line": self.mutant.line,
            "text": line,
            "old": self.mutant.old,
            "new": self.mutant.new,
        }


class Watched(NamedTuple):
    """What a first run of an area's tests showed: seconds, and tests by line."""

    seconds: float
    durations: dict[str, float]
    tests: dict[str, dict[int, list[str]]]

    def find_tests(self, place: Place) -> list[str]:
        """The tests that run the statement, the quickest first."""
        lines = self.tests.get(place.module, {})
        span = range(place.mutant.line, place.mutant.last + 1)
        found = {test for line in span for test in lines.get(line, ()) if test}
        return sorted(found, key=lambda test: (self.durations.get(test, 0.0), test))


class Watch:
    """A plugin of pytest: which lines each test runs, and how long each takes."""

    def __init__(self, folder: Path, out: Path) -> None:
        import coverage

        self._folder, self._out = folder, out
        self._durations: dict[str, float] = {}
        source = [str(folder / "azml_contract")]
        self._coverage = coverage.Coverage(data_file=None, source=source)
        self._coverage.start()

    def pytest_runtest_setup(self, item: Any) -> None:
        self._coverage.switch_context(item.nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        before = self._durations.get(report.nodeid, 0.0)
        self._durations[report.nodeid] = before + report.duration

    def pytest_unconfigure(self) -> None:
        self._coverage.stop()
        data = self._coverage.get_data()
        tests = {
            str(Path(file).relative_to(self._folder)): data.contexts_by_lineno(file)
            for file in data.measured_files()
        }
        self._out.write_bytes(pickle.dumps((self._durations, tests)))


class Without:
    """A plugin of pytest: leaves out tests that have passed already."""

    def __init__(self, tests: Iterable[str]) -> None:
        self._tests = frozenset(tests)

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = [one for one in items if one.nodeid not in self._tests]


@contextmanager
def copy_project() -> Iterator[Path]:
    """The project in a folder of its own, its siblings beside it."""
    # A `TemporaryDirectory` would be removed by whatever copy of this process ends as
    # processes do, with the functions that are registered for its end.
    made = Path(tempfile.mkdtemp(prefix="mutants-"))
    try:
        folder = made / ROOT.name
        listed = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        names = subprocess.check_output(listed, cwd=ROOT).decode().split("\0")
        for name in filter(None, names):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        for link in (ROOT / "node_modules", ROOT.parent / "shared"):
            target = made if link.parent != ROOT else folder
            if link.exists():
                (target / link.name).symlink_to(link)
        words = [sys.executable, "-m", "compileall", "-q", "azml_contract", "tests"]
        subprocess.run(words, cwd=folder, check=True)
        yield folder
    finally:
        shutil.rmtree(made, ignore_errors=True)


def run_tests(
    folder: Path,
    words: Iterable[str],
    longest: float,
    *,
    watch: Path | None = None,
    without: Iterable[str] = (),
) -> int | None:
    """The exit code of pytest in a copy of this process; None where it did not end."""
    child = os.fork()
    if not child:
        _work(folder, list(words), watch, without)
    until = time.monotonic() + longest
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            _end(child)
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    _end(child)
    os.waitpid(child, 0)
    return None


def _end(child: int) -> None:
    """End what a run has left."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        return


def _work(
    folder: Path, words: list[str], watch: Path | None, without: Iterable[str]
) -> None:
    code = 1
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_BYTES, _MOST_BYTES))
        os.chdir(folder)
        os.environ["PYTHONPATH"] = str(folder)
        sys.path[:0] = [str(folder)]
        sys.dont_write_bytecode = True
        log = os.open(folder.parent / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for output in (1, 2):
            os.dup2(log, output)
        import pytest

        plugins: list[Any] = [Without(without)]
        plugins += [] if watch is None else [Watch(folder, watch)]
        code = int(pytest.main([*_OPTIONS, *words], plugins))
    except BaseException:  # noqa: BLE001 - a copy of a process ends here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def watch_area(folder: Path, area: str) -> Watched:
    """Run the tests of an area as they are."""
    out = folder.parent / "watched"
    started = time.monotonic()
    code = run_tests(folder, list_tests(area), 3600.0, watch=out)
    if code != 0:
        log = (folder.parent / "log").read_text("utf-8", "replace")
        raise SystemExit(f"{log}\nThe tests of {area} fail without a mutant.")
    durations, tests = pickle.loads(out.read_bytes())
    return Watched(time.monotonic() - started, durations, tests)


@contextmanager
def changed(folder: Path, place: Place) -> Iterator[None]:
    """The copy of the project with a mutant in it."""
    module = folder / place.module
    compiled = Path(cache_from_source(str(module)))
    text, code, times = module.read_bytes(), compiled.read_bytes(), module.stat()
    module.write_text(place.mutant.apply(text.decode()), "utf-8")
    compiled.unlink()
    try:
        yield
    finally:
        module.write_bytes(text)
        os.utime(module, ns=(times.st_atime_ns, times.st_mtime_ns))
        compiled.write_bytes(code)


def is_killed(folder: Path, place: Place, watched: Watched) -> bool:
    """Whether a test of the area fails, or does not end."""
    longest = watched.seconds * _LONGEST + _SLACK_S
    tests = watched.find_tests(place)
    with changed(folder, place):
        passed = (0, _NO_SUCH_TEST, _NONE_RUN)
        code = run_tests(folder, tests, longest) if tests else 0
        if code not in passed:
            return True
        known = tests if code == 0 else ()
        others = list_tests(place.area)
        left = run_tests(folder, others, longest, without=known)
        return left not in (0, _NONE_RUN)


def list_tests(area: str) -> list[str]:
    """The folders and files of an area's tests, relative to the project."""
    found = (one for name in AREAS[area] for one in (ROOT / "tests").glob(name))
    return sorted(str(one.relative_to(ROOT)) for one in found)


def list_places(area: str) -> list[Place]:
    """Every mutant of an area."""
    modules = sorted((ROOT / "azml_contract" / area).rglob("*.py"))
    return [
        Place(area, str(module.relative_to(ROOT)), mutant)
        for module in modules
        for mutant in find_mutants(module.read_text("utf-8"))
    ]


def draw(area: str, count: int, seed: int) -> list[Place]:
    """A sample of an area's mutants."""
    places = list_places(area)
    chosen = random.Random(f"{seed} {area}").sample(places, min(count, len(places)))
    return sorted(chosen)


def list_survivors() -> dict[str, list[Place]]:
    """Those of the last time that are still there."""
    kept = json.loads(KEPT.read_text("utf-8"))["survived"]
    wanted = {_key(one) for one in kept}
    found: dict[str, list[Place]] = {}
    for area in dict.fromkeys(one["area"] for one in kept):
        for place in list_places(area):
            if _key(place.tell((ROOT / place.module).read_text("utf-8"))) in wanted:
                found.setdefault(area, []).append(place)
    return found


def _key(told: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(told[name]) for name in ("module", "text", "old", "new"))


def try_all(
    chosen: dict[str, list[Place]],
) -> tuple[dict[str, int], list[dict[str, str | int]]]:
    """How many were tried of each area, and those that no test noticed, printed."""
    survived: list[dict[str, str | int]] = []
    with copy_project() as folder:
        for area, places in chosen.items():
            watched = watch_area(folder, area)
            print(f"{area}: {watched.seconds:.0f} s without a mutant", flush=True)
            for place in places:
                if not is_killed(folder, place, watched):
                    told = place.tell((folder / place.module).read_text("utf-8"))
                    survived.append(told)
                    print(_say(told), flush=True)
    return {area: len(places) for area, places in chosen.items()}, survived


def main() -> int:
    """Print the figures by area, and the survivors."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("areas", nargs="*", default=[*AREAS], metavar="AREA")
    parser.add_argument("--count", type=int, default=300, help="of all areas together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="last time's survivors")
    args = parser.parse_args()
    if args.again:
        chosen = list_survivors()
    else:
        each = -(-args.count // len(args.areas))
        chosen = {area: draw(area, each, args.seed) for area in args.areas}
    for name in _LIBRARIES:
        importlib.import_module(name)
    tried, survived = try_all(chosen)
    KEPT.parent.mkdir(exist_ok=True)
    document = {"seed": args.seed, "tried": tried, "survived": survived}
    KEPT.write_text(json.dumps(document, indent=1), "utf-8")
    for area, count in tried.items():
        lived = sum(one["area"] == area for one in survived)
        print(f"{area}: {count - lived} of {count} killed")
    total = sum(tried.values())
    killed = total - len(survived)
    print(f"all: {killed} of {total} killed, {killed / max(total, 1):.0%}")
    return int(killed < LEAST * total)


def _say(told: dict[str, str | int]) -> str:
    return (
        f"  {told['module']}:{told['line']}: {told['text']}\n"
        f"      {told['old']!r} -> {told['new']!r}"
    )


if __name__ == "__main__":
    sys.exit(main())

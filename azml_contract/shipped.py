"""Files that come with the program beside its modules.

In: the name of a file or folder. Out: where it is: in a wheel inside the package,
where `setup.py` has put it, and in a checkout at its root.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

_PACKAGE = Path(__file__).parent
DEMO = ("documented_workflow", "failures", "train_and_sweep")
"""Scenarios that the demo runs, and a wheel holds; the others are for reading."""
_LEFT_OUT = ("__pycache__", "*.unproven", ".*")
_OF_OTHERS = ("test_*.py", "story.py", "scoring", "stories")
SCHEMAS = ("cassette", "output", "regression-report", "regression-report-2")
"""Of what the program writes."""
NAMES = (
    *("scenarios", "cassettes", "package.json", "package-lock.json"),
    *(f"docs/{one}.schema.json" for one in SCHEMAS),
)


def find_shipped(name: str) -> Path:
    """Path of one of `NAMES`."""
    assert name in NAMES
    inside = _PACKAGE / "shipped" / name
    return inside if inside.exists() else _PACKAGE.parent / name


def read_schema(name: str) -> str:
    """The text of one of `SCHEMAS`."""
    return find_shipped(f"docs/{name}.schema.json").read_text("utf-8")


def leave_out(folder: str, names: Iterable[str]) -> set[str]:
    """What `shutil.copytree` shall not take along of the scenarios or recordings."""
    kept = {f"test_{one}.py" for one in DEMO}
    of_others = () if Path(folder).name == "cassettes" else _OF_OTHERS
    return {
        name
        for name in names
        if any(fnmatch(name, one) for one in _LEFT_OUT)
        or (name not in kept and any(fnmatch(name, one) for one in of_others))
        or (Path(folder).name == "cassettes" and name not in DEMO)
    }

"""Files that come with the program beside its modules.

In: the name of a file or folder. Out: where it is: in a wheel inside the package,
where `setup.py` has put it, and in a checkout at its root.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
NAMES = ("scenarios", "cassettes", "package.json", "package-lock.json")


def find_shipped(name: str) -> Path:
    """Path of one of `NAMES`."""
    assert name in NAMES
    inside = _PACKAGE / "shipped" / name
    return inside if inside.exists() else _PACKAGE.parent / name

"""What lies beside a cassette and is none: what waits for review, or would not replay.

In: paths. Out: paths. ``2024-04-01.new.json`` waits for ``2024-04-01.json``, and
``2024-04-01.unproven`` failed its proof.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

SUFFIX = ".new.json"
UNPROVEN = ".unproven"


def pending_of(cassette: Path) -> Path:
    """Where a recording waits that would change this cassette."""
    return cassette.with_suffix(SUFFIX)


def cassette_of(pending: Path) -> Path:
    """The cassette that a waiting recording would change."""
    return pending.with_name(pending.name.removesuffix(SUFFIX) + ".json")


def is_pending(path: Path) -> bool:
    """Whether a file is no cassette, but waits to become one."""
    return path.name.endswith(SUFFIX)


def find_pending(paths: Iterable[Path]) -> list[Path]:
    """What waits in folders, or for cassettes; sorted, each once."""
    found: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found.update(path.rglob(f"*{SUFFIX}"))
        else:
            found.add(path if is_pending(path) else pending_of(path))
    return sorted(one for one in found if one.is_file())

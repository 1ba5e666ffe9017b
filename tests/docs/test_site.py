"""The site: every page has its place, and what is made of code is as the code says.

Whether it builds without a warning is for `make docs-site`, which `.ci/run` calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import reference
import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CONFIGURED = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))


def pages_in(nav: Any) -> Iterator[str]:
    """The pages below a part of the navigation."""
    if isinstance(nav, str):
        yield nav
    for one in nav if isinstance(nav, list) else ():
        yield from pages_in(one)
    for one in nav.values() if isinstance(nav, dict) else ():
        yield from pages_in(one)


def test_every_page_stands_once_in_the_navigation() -> None:
    pages = {file.relative_to(DOCS).as_posix() for file in DOCS.rglob("*.md")}
    above = {file.name for file in ROOT.glob("*.md")} - {"README.md"} | {"index.md"}
    placed = [*pages_in(CONFIGURED["nav"])]
    assert sorted(placed) == sorted(pages | above)
    kinds = [next(iter(one)) for one in CONFIGURED["nav"]]
    assert kinds == ["Home", "Tutorial", "How to", "Reference", "Explanation"]


def test_reference_pages_are_as_made_of_the_code() -> None:
    assert reference.main(["--check"]) == 0


def test_ci_builds_the_site_strictly() -> None:
    assert "\nmake docs-site\n" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert CONFIGURED["strict"] is True
    assert CONFIGURED["theme"]["font"] is False

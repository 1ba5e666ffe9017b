"""The site: every page has its place, and what is made of code is as the code says.

Whether it builds without a warning is for `make docs-site`, which `.ci/run` calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import reference
import site_hooks
import yaml

from azml_contract.cli import cli

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


def test_every_option_stands_in_the_section_of_its_command() -> None:
    """Beside --help, which all have."""
    page = (DOCS / "reference" / "commands.md").read_text("utf-8")
    sections = dict(part.split("\n", 1) for part in page.split("\n## ")[1:])
    top = click.Context(cli, info_name="azml-contract")
    commands = {
        reference.name_of(one): one for one in reference.walk_commands(cli, top)
    }
    assert list(sections) == list(commands)
    for name, context in commands.items():
        for one in context.command.params:
            if isinstance(one, click.Option) and not one.hidden:
                assert one.opts[-1] in _told_in(sections[name]), (name, one.opts)


def test_no_name_is_broken_in_a_line_of_usage() -> None:
    page = reference.render_commands()
    assert "{cassette|output|regression-report|regression-report-2}" in page


def _told_in(section: str) -> set[str]:
    """Options that a table has a row of."""
    cells = re.findall(r"^\| `([^`]*)` \|", section, re.MULTILINE)
    return {word.rstrip(",") for cell in cells for word in cell.split()}


def test_a_link_to_a_missing_page_stays_and_code_is_left_alone() -> None:
    """The one is for mkdocs to find; the other is no link."""
    text = (
        "[a](../azure.md#x) [b](../gone.md) [c](../../Makefile) [d](commands.md)\n"
        "`[e](../../Makefile)` ``[`f`](../../Makefile)`` [`g`](../../README.md)\n\n"
        "    [h](../../Makefile)\n\n"
        "```\n[i](../../Makefile)\n```\n[j](../../setup.py)"
    )
    assert site_hooks.lead_links(text, "reference/formats.md") == (
        "[a](../azure.md#x) [b](../gone.md) c [d](commands.md)\n"
        "`[e](../../Makefile)` ``[`f`](../../Makefile)`` [`g`](../index.md)\n\n"
        "    [h](../../Makefile)\n\n"
        "```\n[i](../../Makefile)\n```\nj"
    )
    assert site_hooks.lead_links("[a](docs/gone.md)", "index.md") == "[a](gone.md)"


def test_ci_builds_the_site_strictly() -> None:
    assert "\nmake docs-site\n" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert CONFIGURED["strict"] is True
    # --quiet turns off what --strict counts.
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (recipe,) = (line for line in makefile.splitlines() if "mkdocs build" in line)
    assert recipe.endswith(" -m mkdocs build --strict")
    assert CONFIGURED["theme"]["font"] is False

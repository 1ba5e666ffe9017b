"""What the site needs beyond `docs/`: the pages at the root of the repository.

In: files and pages of mkdocs. Out: README.md as the first page, ARCHITECTURE.md and its
neighbours as pages, and links that hold in both places. A link to a file outside of
these (a workflow, a module) becomes its words; one to a page that is missing stays a
link, so that mkdocs says so. Code is left as it is.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
ABOVE = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "ARCHITECTURE.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "SECURITY.md": "SECURITY.md",
    "CHANGELOG.md": "CHANGELOG.md",
}
_LINK = r"(?<!!)\[([^\]]*)\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)"
_CODE = r"^(?:```|~~~)[\s\S]*?^(?:```|~~~)|^    .*$|(?<!`)(`+)(?!`)[^\n]*?(?<!`)\4(?!`)"
_LINK_OR_CODE = re.compile(f"{_LINK}|{_CODE}", re.MULTILINE)
_PICTURE = re.compile(r"<picture>.*?</picture>", re.DOTALL)
_PICTURES = (
    "![The page of regress: calls by api-versions](images/matrix.png#only-light)\n"
    "![The page of regress: calls by api-versions](images/matrix-dark.png#only-dark)"
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from above."""
    from mkdocs.structure.files import File

    for name, page in ABOVE.items():
        text = (ROOT / name).read_text("utf-8")
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    """Lead links to where their pages are on the site."""
    led = lead_links(markdown, page.file.src_uri)
    return _PICTURE.sub(_PICTURES, led) if page.file.src_uri in ABOVE.values() else led


def lead_links(markdown: str, place: str) -> str:
    """The text of the page that is at a place of the site, with links that hold there.

    Args:
        markdown: As it is in the repository.
        place: Such as ``reference/commands.md``.
    """
    # Where the page stands in the repository, and so what its links are relative to.
    is_above = place in ABOVE.values()
    folder = "" if is_above else posixpath.dirname(f"docs/{place}")

    def lead(found: re.Match[str]) -> str:
        words, target, anchor = found[1], found[2], found[3] or ""
        if words is None:
            return found[0]
        meant = posixpath.normpath(posixpath.join(folder, target))
        there = ABOVE.get(meant) or meant.removeprefix("docs/")
        on_site = meant in ABOVE or meant.startswith("docs/")
        if not on_site:
            return words
        start = posixpath.dirname(place)
        return f"[{words}]({posixpath.relpath(there, start or '.')}{anchor})"

    return _LINK_OR_CODE.sub(lead, markdown)

"""What the site needs beyond `docs/`: the pages at the root of the repository.

In: files and pages of mkdocs. Out: README.md as the first page, ARCHITECTURE.md and its
neighbours as pages, and links that hold in both places. A link to a file that is no
page (a workflow, a module) becomes its name.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
ABOVE = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "ARCHITECTURE.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "SECURITY.md": "SECURITY.md",
    "CHANGELOG.md": "CHANGELOG.md",
}
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)")
_PICTURE = re.compile(r"<picture>.*?</picture>", re.DOTALL)
_PICTURES = (
    "![The page of regress: calls by api-versions](images/matrix.png#only-light)\n"
    "![The page of regress: calls by api-versions](images/matrix-dark.png#only-dark)"
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from above."""
    for name, page in ABOVE.items():
        text = (ROOT / name).read_text("utf-8")
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    """Lead links to where their pages are on the site."""
    pages = {there: here for here, there in ABOVE.items()}
    above = page.file.src_uri in pages
    # Where the page stands in the repository, and so what its links are relative to.
    folder = "" if above else posixpath.dirname(f"docs/{page.file.src_uri}")

    def lead(found: re.Match[str]) -> str:
        words, target, anchor = found[1], found[2], found[3] or ""
        meant = posixpath.normpath(posixpath.join(folder, target))
        there = ABOVE.get(meant) or meant.removeprefix("docs/")
        on_site = meant in ABOVE or meant.startswith("docs/")
        if not on_site or files.get_file_from_path(there) is None:
            return words
        start = posixpath.dirname(page.file.src_uri)
        return f"[{words}]({posixpath.relpath(there, start or '.')}{anchor})"

    led = _LINK.sub(lead, markdown)
    return _PICTURE.sub(_PICTURES, led) if above else led

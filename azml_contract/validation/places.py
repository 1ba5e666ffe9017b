"""Give findings about a body their place in the file that the body came from.

In: findings, whose pointers or positions count in the body alone, and the body as
an excerpt of its file. Out: the same findings, with lines and columns of the file.
"""

from __future__ import annotations

from collections.abc import Callable

from azml_contract.finding import Finding, Location
from azml_contract.source.excerpt import Excerpt, Source
from azml_contract.validation.jsontext import Locator


class Placer:
    """Places findings about one body; what is read, is read for the first of them.

    Args:
        read: The body, as an excerpt of its file.
        head: Where the call starts: the place of what is in no body.
    """

    def __init__(
        self, read: Callable[[], Excerpt], head: Callable[[], Location]
    ) -> None:
        self._read = read
        self._head = head
        self._opened: tuple[Excerpt, Source, Locator] | None = None

    def place(self, finding: Finding) -> Finding:
        """The finding at its place in the file."""
        seen = finding.location
        if seen is None and not finding.pointer:
            return finding._replace(location=self._head())
        excerpt, text, locator = self._open()
        if seen is None or excerpt.packed:
            offset = locator.find(finding.pointer)
        else:
            offset = text.find_offset(seen.line, seen.column)
        return finding._replace(location=excerpt.locate(offset))

    def _open(self) -> tuple[Excerpt, Source, Locator]:
        if self._opened is None:
            excerpt = self._read()
            text = excerpt.text
            self._opened = (excerpt, Source("", text), Locator(text))
        return self._opened

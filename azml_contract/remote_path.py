"""URLs that became paths, which takes one of two slashes away.

In: text such as ``abfs:/container/folder``. Out: the URL. Opens nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

URL = re.compile(r"([a-z][a-z0-9+.-]+(?:::[a-z][a-z0-9+.-]+)*):/+(.*)", re.DOTALL)


def url_of(path: Path | str) -> str:
    """The URL that became a path; empty where none did."""
    found = URL.fullmatch(path if isinstance(path, str) else path.as_posix())
    return f"{found[1]}://{found[2]}" if found else ""

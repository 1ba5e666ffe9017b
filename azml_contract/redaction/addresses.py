"""Which texts are addresses or ids, and nothing else.

In: a text. Out: yes or no. What is one can be taken apart at its slashes and its
query; nothing in it stands across the parts.
"""

from __future__ import annotations

import re

_ROOTS = ("/subscriptions/", "/providers/", "https://", "http://", "azureml://")
_PATH = re.compile(r"(?:[a-z]+://[\w.:-]*)?(?:/[\w.:-]*)*", re.ASCII)
# Secrets of which more than one piece is a part.
_SPANNING = re.compile(r"hooks\.slack|discord|webhook|\.logic\.", re.IGNORECASE)


def is_path(text: str) -> bool:
    """Whether a text is an id of a resource or an address, and nothing else."""
    return (
        text.startswith(_ROOTS)
        and _PATH.fullmatch(text) is not None
        and _SPANNING.search(text) is None
    )


def is_url(text: str) -> bool:
    """Whether a text is an absolute URL with a query, and nothing else."""
    return (
        text.startswith(("https://", "http://"))
        and "?" in text
        and not any(char.isspace() for char in text)
    )

"""Show where a call goes without the way to its workspace, the same in most calls.

In: a URL, or its path. Out: what is shown of it. Knows nothing else of ARM.
"""

from __future__ import annotations

import re

_WORKSPACE = re.compile(
    r"^(?:https://[^/?]+)?/subscriptions/[^/?]*/resourceGroups/[^/?]*/providers/"
    r"Microsoft\.MachineLearningServices/workspaces/[^/?]*/",
    re.IGNORECASE,
)


def shorten(place: str) -> str:
    """A URL or a path below a workspace as ``.../jobs/x``; any other as it is."""
    return _WORKSPACE.sub(".../", place)

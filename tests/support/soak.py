"""The size of tests that try many cases: a seeded sample, or all of them.

The suite runs the sample; `make soak` sets AZML_SOAK and runs the full size of
every test that is marked `soak`.
"""

from __future__ import annotations

import os

FULL = os.environ.get("AZML_SOAK") == "1"


def sized(sample: int, full: int) -> int:
    """How many cases a test tries in this run."""
    return full if FULL else sample

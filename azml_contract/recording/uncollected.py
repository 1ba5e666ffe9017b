"""Hold back the collector of reference cycles while many values are made that stay.

In: a block of work. Out: the same, sooner: each of its collections would walk through
all that was made so far, and find nothing. What is dropped is freed all the same, for
it stands in no cycle. Knows nothing of the work.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing is collected within; blocks may nest, and any may end by an exception."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

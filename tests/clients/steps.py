"""Runs the steps of a client, and writes one JSON line for each.

A program that knows nothing of the emulator: it takes all from the environment.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any


def step(name: str, do: Callable[[], Any], check: Callable[[Any], Any] = bool) -> Any:
    """Carry out one step; what it returns must satisfy `check`."""
    try:
        result = do()
        told = "" if check(result) else f"unexpected: {result!r}"
    except Exception as error:  # noqa: BLE001 - the next step goes on
        result, told = None, f"{type(error).__name__}: {error}"
        traceback.print_exc(file=sys.stderr)
    sys.stdout.write(json.dumps({"step": name, "wrong": told[:1000]}) + "\n")
    sys.stdout.flush()
    return result


def refused(do: Callable[[], Any]) -> str:
    """The error that something ends with; empty where it does not."""
    try:
        do()
    except Exception as error:  # noqa: BLE001 - it is what is asked for
        return f"{type(error).__name__}: {error}"
    return ""

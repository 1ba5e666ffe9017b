"""The command line as a program: `azml-contract`, or `python -m azml_contract`."""

from __future__ import annotations

import gc
import os
import sys

from azml_contract.interrupts import note_interrupts

_MANY_OBJECTS = 50_000


def run() -> None:
    """Run it; an interrupt while modules are still imported ends it in one word."""
    # A start makes many objects, and none that has to be collected.
    gc.set_threshold(_MANY_OBJECTS, *gc.get_threshold()[1:])
    try:
        note_interrupts()
        from azml_contract.cli import main

        main()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.stderr.flush()
        os._exit(130)
    finally:
        gc.freeze()  # what lives now lives to the end: no search for what does not


if __name__ == "__main__":
    run()

"""The command line as a program: `azml-contract`, or `python -m azml_contract`."""

from __future__ import annotations

import os
import sys

from azml_contract.interrupts import note_interrupts


def run() -> None:
    """Run it; an interrupt while modules are still imported ends it in one word."""
    try:
        note_interrupts()
        from azml_contract.cli import main

        main()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.stderr.flush()
        os._exit(130)


if __name__ == "__main__":
    run()

"""An interrupt that Python drops is not lost."""

from __future__ import annotations

import subprocess
import sys

DROPPED = """
import os, signal, weakref
from azml_contract.interrupts import note_interrupts, was_interrupted
note_interrupts()
class Thing: pass
thing = Thing()
kept = weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.SIGINT))
del thing
assert was_interrupted()
from azml_contract.commands.emulator import until_interrupted
with until_interrupted() as interrupted:
    print(interrupted.is_set())
"""


def test_a_server_ends_for_an_interrupt_that_came_before_it_waited():
    done = subprocess.run(
        [sys.executable, "-c", DROPPED], capture_output=True, text=True, check=False
    )

    assert "KeyboardInterrupt" in done.stderr  # Python tells of it, and goes on
    assert done.stdout == "True\n"


def test_an_interrupt_while_modules_are_imported_gives_130_too():
    early = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "azml_contract.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Finder())
from azml_contract.__main__ import run
run()
"""
    done = subprocess.run(
        [sys.executable, "-c", early], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")

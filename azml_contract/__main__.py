"""`python -m azml_contract`: the command line."""

from __future__ import annotations

from azml_contract.cli import main

main()

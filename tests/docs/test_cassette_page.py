"""docs/cassettes.md names every subcommand of `cassette` and every code of `lint`."""

from __future__ import annotations

import re
from pathlib import Path

from azml_contract.commands.cassette import SUBCOMMANDS
from azml_contract.validation.codes import CODES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cassettes.md").read_text("utf-8")


def test_every_subcommand_is_documented_and_no_other():
    assert re.findall(r"^\| `([a-z]+)[ `]", PAGE, re.MULTILINE) == list(SUBCOMMANDS)


def test_every_code_is_documented_and_no_other():
    assert re.findall(r"^\| (AZC\d+)", PAGE, re.MULTILINE) == [
        code for code in CODES if code.startswith("AZC4")
    ]

"""The table of docs/emulator.md is the one that the code makes."""

from __future__ import annotations

from pathlib import Path

from azml_contract.emulator.page import write_into

PAGE = Path(__file__).parents[2] / "docs" / "emulator.md"


def test_the_page_holds_the_table_of_the_code():
    page = PAGE.read_text("utf-8")
    assert write_into(page) == page, "run: python -m azml_contract.emulator.page"

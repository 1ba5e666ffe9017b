"""What the end of a run says of what it lacked."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from azml_contract.plugin.summary import describe_missing_storage, write_summary
from azml_contract.report.run import describe_findings


class Terminal:
    """A reporter of pytest's that keeps what is written."""

    def __init__(self, *reports: object) -> None:
        self.stats = {"passed": reports}
        self.config = SimpleNamespace(invocation_params=SimpleNamespace(args=()))
        self._tw = SimpleNamespace(fullwidth=60)
        self.lines: list[str] = []

    def section(self, title: str) -> None:
        """Its head is pytest's."""

    def write_line(self, line: str, **_: object) -> None:
        self.lines.append(line)


def test_the_account_of_calls_is_as_wide_as_the_terminal():
    figures = {
        "cassette": "a.json",
        "absent": False,
        "target": "emulator",
        "exchanges": 30,
        "requests": 2,
        "responses": 2,
        "judged": 2,
        "skipped": {"login": 12, "blob storage": 9, "another resource provider": 7},
        "not_judged": {},
        "findings": [],
        "unseen": [],
        "programs": [],
    }
    report = SimpleNamespace(
        nodeid="t", when="call", failed=False, user_properties=[("azml", figures)]
    )
    terminal = Terminal(report)

    write_summary(terminal, "replay", ())

    assert terminal.lines[-3:] == [
        "30 calls seen: 2 judged, 28 skipped (12 login, 9 blob",
        "  storage, 7 another resource provider)",
        "findings: none",
    ]


def run(target: str, *, blobs: int) -> dict[str, object]:
    return {"target": target, "skipped": {"login": 2, "blob storage": blobs}}


def test_every_kind_of_error_is_told_and_ten_of_what_is_milder():
    found = [["warning", f"AZC2{n:02}", "w", False] for n in range(14)]
    found += [["error", f"AZC1{n:02}", "e", False] for n in range(12)]

    head, *lines = describe_findings([{"findings": found}])

    assert head == "findings: 0 as expected, 26 others"
    assert [line.split()[0] for line in lines] == 12 * ["error"] + 10 * ["warning"] + [
        "and"
    ]
    assert lines[-1].startswith("and 4 more kinds; all, with their places: azml-con")


@pytest.mark.parametrize(
    ("mode", "target", "blobs", "installed", "is_told"),
    [
        ("record", "emulator", 3, False, True),
        ("verify", "emulator", 1, False, True),
        ("record", "emulator", 3, True, False),
        ("record", "emulator", 0, False, False),
        ("record", "azure", 3, False, False),
        ("replay", "emulator", 3, False, False),
    ],
)
def test_storage_that_is_missing_is_told_with_what_installs_it(
    mode, target, blobs, installed, is_told, monkeypatch
):
    monkeypatch.setattr(
        "azml_contract.emulator.azurite.is_installed", lambda: installed
    )

    told = describe_missing_storage([run(target, blobs=blobs)], mode)

    assert any("azml-contract doctor --install" in line for line in told) is is_told

"""What tests need that not every machine has: a browser, and data for reading.

Browser tests run where a Chromium or Chrome is, and say so where none is. Tests
that read official specifications or recordings of the live service skip where the
folder beside this repository is absent.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from forked import copied
from when_imported import when_imported

from azml_contract.exchange import Exchange

COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
PLACES = (
    "/usr/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
MISSING = (
    "no Chromium or Chrome on this machine, so the tests marked `browser` are left "
    "out; on Debian: make setup-browser"
)

SHARED = Path(__file__).parents[1].parent / "shared"


def find_browser() -> str | None:
    """The program of a browser that speaks Chrome's protocol; None without one."""
    found = (shutil.which(name) for name in COMMANDS)
    places = (place for place in PLACES if Path(place).exists())
    return next((name for name in (*found, *places) if name), None)


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """What a shell starts in the background ignores interrupts; so would children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _light_children() -> Iterator[None]:
    """Runs of pytest that tests start do without what takes long to import.

    Beside what the developer's own variable asks for.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest", prepend=" ")
        yield


@pytest.fixture
def pytester(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """pytest's own, whose runs begin with everything imported."""
    monkeypatch.setattr(pytester, "_getpytestargs", lambda: copied("pytest"))
    return pytester


@pytest.fixture(scope="session")
def browser_program() -> str:
    program = find_browser()
    assert program is not None, MISSING
    return program


@pytest.fixture(scope="session")
def facts_folder() -> Path:
    """The folder of facts about the service."""
    folder = SHARED / "facts"
    if not folder.is_dir():
        pytest.skip("the facts about the service are not on this machine")
    return folder


@pytest.fixture(scope="session")
def facts(facts_folder: Path) -> str:
    """Tables that were drawn from the specifications by other means."""
    return (facts_folder / "aml_rest_facts.md").read_text("utf-8")


@pytest.fixture(scope="session")
def shared_specs() -> Path:
    """The folder of official specifications."""
    folder = SHARED / "specs51" / "specification"
    if not folder.is_dir():
        pytest.skip("the official specifications are not on this machine")
    return folder


@pytest.fixture(scope="session")
def shared_recordings() -> Path:
    """The folder of recordings of the live service."""
    folder = SHARED / "recordings31"
    if not folder.is_dir():
        pytest.skip("the recordings are not on this machine")
    return folder


@pytest.fixture(autouse=True)
def answers_of_emulators_are_judged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No answer of an emulator of this process breaks the written contract.

    But for what live services were counted doing, and what a fault spoilt. Watching
    begins when the emulator is imported, by the test itself, too: to import it here
    would cost each process of tests half a second.
    """
    exchanges: list[Exchange] = []

    def watch() -> None:
        from tests.emulator.judging import keep_answers

        keep_answers(exchanges, monkeypatch)

    with when_imported("azml_contract.emulator.server", watch):
        yield
    if exchanges:
        from tests.emulator.judging import judge

        assert judge(exchanges) == []


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    # At the end one worker would run them while the other has nothing to do.
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    if find_browser() is not None:
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    items[:] = [item for item in items if not item.get_closest_marker("browser")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)


def pytest_report_header() -> str:
    return f"browser: {find_browser() or MISSING}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if find_browser() is None:
        terminalreporter.write_line(f"Note: {MISSING}", yellow=True)

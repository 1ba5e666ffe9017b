"""Reports to render, and real pages in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from azml_contract.report.html import render_html

Shape = dict[str, Any]
VERSIONS = ("2021-03-01-preview", "2022-05-01", "2024-04-01", "2026-05-15-preview")
QUIET = ("--disable-gpu", "--disable-quic")


def make_finding(code: str, pointer: str, message: str, **rest: Any) -> Shape:
    return {
        "code": code,
        "severity": "error",
        "message": message,
        "pointer": pointer,
        "cure": "",
        "side": "request",
        "evidence": "spec",
        "expected": [],
        "seen": None,
        **rest,
    }


MOVED = make_finding(
    "AZC111",
    "/properties/docker",
    "`docker` is `image` since 2022-02-01-preview.",
    cure="Send docker.dockerImageUri as `image`.",
    seen="docker",
    expected=["image", "build"],
)
MISSING = make_finding(
    "AZC101",
    "/properties/dataType",
    "`dataType` is required and missing.",
    cure="Send dataType.",
)


def make_row(scenario: str, step: int, operation: str, **rest: Any) -> Shape:
    """A row that is ok everywhere but for `statuses`: version to status, findings."""
    statuses = rest.pop("statuses", {})
    return {
        "scenario": scenario,
        "step": step,
        "operation": operation,
        "label": rest.pop("label", operation),
        "recorded": rest.pop("recorded", VERSIONS[0]),
        "versions": {
            version: {
                "status": statuses.get(version, ("ok",))[0],
                "findings": list(statuses.get(version, ("ok",))[1:]),
            }
            for version in VERSIONS
        },
        **rest,
    }


def make_small_report() -> Shape:
    """Two scenarios: one breaks from 2022-05-01 on, the other never does."""
    newer = VERSIONS[1:]
    body = {
        "properties": {
            "description": "line\nbreak",
            "docker": {"dockerImageUri": "ubuntu"},
        }
    }
    rows = [
        make_row(
            "train/first",
            0,
            "Environments_CreateOrUpdate",
            label="PUT environments",
            statuses=dict.fromkeys(newer, ("ignored", MOVED)),
            request=_request("PUT", "environments/e", {"json": body}),
        ),
        make_row(
            "train/first",
            1,
            "DataVersions_CreateOrUpdate",
            label="PUT data",
            statuses=dict.fromkeys(newer, ("refused", MISSING)),
            request=_request("PUT", "data/d", {"json": {"properties": {"path": "p"}}}),
        ),
        make_row("train/second", 0, "Jobs_Get", label="GET jobs"),
        make_row(
            "train/second",
            1,
            "Jobs_Cancel",
            label="POST cancel",
            statuses={VERSIONS[2]: ("unknown",), VERSIONS[1]: ("gone", MOVED)},
        ),
    ]
    return {"format": 1, "rows": rows, "newest_unchanged": {}}


def _request(method: str, path: str, body: Shape) -> Shape:
    start = "https://management.azure.com/subscriptions/0/providers/x/workspaces/w/"
    return {"method": method, "uri": f"{start}{path}?api-version=1", "body": body}


@pytest.fixture
def small_report() -> Shape:
    return make_small_report()


@pytest.fixture
def row() -> Callable[..., Shape]:
    return make_row


@pytest.fixture
def finding() -> Callable[..., Shape]:
    return make_finding


@pytest.fixture
def small_coverage() -> Shape:
    kind = {
        "exercised": 1,
        "in_reach": 2,
        "total": 4,
        "hit": {"Jobs": ["Jobs_Get"]},
        "missed": {"Jobs": ["Jobs_List"]},
        "beyond": {"Compute": ["Compute_Get", "Compute_List"]},
    }
    kinds = ("operations", "discriminator_values", "properties", "status_codes")
    version = {
        "api_version": "2024-04-01",
        "source": "swagger",
        "calls": 3,
        "operations_without_status_codes": 0,
        **dict.fromkeys(kinds, kind),
    }
    return {"format": 1, "other_calls": 2, "versions": [version]}


# One browser a module: Playwright keeps an event loop running for as long as it
# lives, and other tests of the same process start loops of their own.
@pytest.fixture(scope="module")
def browser(browser_program: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=browser_program, args=list(QUIET)
        )
        yield started
        started.close()


class Shown:
    """A page in the browser, and what went on while it was open."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda said: (
                self.errors.append(said.text) if said.type == "error" else None
            ),
        )

    def labels(self) -> list[str]:
        """What stands in the name column, top to bottom."""
        return self.page.locator(".r .name .text").all_text_contents()

    def versions(self) -> list[str]:
        found = self.page.locator("[role=columnheader].v")
        return [one.get_attribute("aria-label") or "" for one in found.all()]

    def focused(self) -> str:
        """What has the focus, by its label."""
        label = "document.activeElement.getAttribute('aria-label')"
        return str(self.page.evaluate(label))

    def cell(self, label: str, version: str) -> Locator:
        row = self.page.locator(".r", has_text=label)
        return row.locator(f".c[aria-label*='at {version}']").first


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Shown]]:
    """Render a report and open it; a script error fails the test."""
    opened: list[Shown] = []

    def show_page(
        report: Shape, coverage: Shape | None = None, *, at: str = "", **context: Any
    ) -> Shown:
        file = tmp_path / "page.html"
        title = context.pop("title", "cassettes")
        file.write_text(render_html(report, coverage, title), "utf-8")
        context.setdefault("viewport", {"width": 1280, "height": 800})
        shown = Shown(browser.new_context(**context).new_page())
        shown.page.set_default_timeout(10_000)
        shown.page.goto(f"{file.as_uri()}{at}")
        opened.append(shown)
        return shown

    yield show_page
    for shown in opened:
        shown.page.context.close()
    assert not [error for shown in opened for error in shown.errors]

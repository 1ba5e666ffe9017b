"""A cell of the page in a real browser: its findings, request and cure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Shape = dict[str, Any]
Show = Callable[..., Any]


def test_a_cell_shows_request_pointer_and_cure_side_by_side(
    show: Show, small_report: Shape
) -> None:
    shown = show(small_report)
    page = shown.page
    shown.cell("PUT environments", "2024-04-01").click()
    panel = page.locator("#panel")
    expect(panel.get_by_role("heading", level=2)).to_have_text(
        "PUT environments at 2024-04-01"
    )
    call = panel.get_by_role("region", name="Recorded call")
    found = panel.get_by_role("region", name="Findings")
    expect(call.locator(".uri")).to_have_text("PUT …/environments/e?api-version=1")
    expect(call.locator(".line.error")).to_have_count(3)
    expect(call.locator(".line.error").first).to_contain_text('"docker": {')
    expect(found.locator(".pointer")).to_have_text("/properties/docker")
    expect(found).to_contain_text("docker is image since 2022-02-01-preview.")
    expect(found.locator(".cure")).to_contain_text("Send docker.dockerImageUri")
    expect(found.locator(".expected")).to_contain_text("image, build")
    left, right = call.bounding_box(), found.bounding_box()
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    assert left["y"] == right["y"]


def test_what_is_missing_is_marked_where_it_is_missing(
    show: Show, small_report: Shape
) -> None:
    shown = show(small_report)
    page = shown.page
    shown.cell("PUT data", "2022-05-01").click()
    marked = page.locator("#panel .line.error")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text('"properties": {')
    expect(marked.locator(".badge")).to_have_text("1 missing")


def test_a_pointer_leads_to_its_line_in_a_long_body(
    show: Show, row: Callable[..., Shape], finding: Callable[..., Shape]
) -> None:
    body = {"json": {"list": [{"a/b": {"~": n}} for n in range(5000)]}}
    request = {"method": "PUT", "uri": "u", "body": body}
    bad = finding("AZC101", "/list/4321/a~1b/~0", "Wrong.")
    made = row("s", 0, "Op", request=request, statuses={"2024-04-01": ("refused", bad)})
    shown = show({"rows": [made]})
    page = shown.page
    shown.cell("Op", "2024-04-01").click()
    assert page.locator("#panel .line").count() < 100
    marked = page.locator("#panel .line.error")
    expect(marked).to_have_text('"~": 43211')
    page.locator("#panel .pointer").click()
    expect(marked).to_be_in_viewport()
    page.get_by_role("button", name="lines not shown").first.click()
    assert page.locator("#panel .line").count() > 25_000


def test_a_body_that_is_no_json_is_shown_as_it_was_sent(
    show: Show, row: Callable[..., Shape], finding: Callable[..., Shape]
) -> None:
    text = '{"properties": {\n  "other": 1,\n  "docker": {"condaFile": "a\n b"}}}'
    request = {"method": "PUT", "uri": "u", "body": {"text": text}}
    bad = finding("AZC111", "/properties/docker/condaFile", "Moved.")
    made = row("s", 0, "Op", request=request, statuses={"2024-04-01": ("refused", bad)})
    shown = show({"rows": [made]})
    page = shown.page
    shown.cell("Op", "2024-04-01").click()
    expect(page.locator("#panel .line")).to_have_count(4)
    expect(page.locator("#panel .line.error")).to_contain_text('"docker"')


def test_a_finding_about_the_answer_shows_the_answer(
    show: Show, row: Callable[..., Shape], finding: Callable[..., Shape]
) -> None:
    bad = finding("AZC301", "/properties/status", "No longer there.", side="response")
    made = row(
        "s",
        0,
        "Op",
        request={"method": "GET", "uri": "u", "body": None},
        response={"status": 200, "body": {"json": {"properties": {"status": "Done"}}}},
        statuses={"2024-04-01": ("gone", bad)},
    )
    shown = show({"rows": [made]})
    page = shown.page
    shown.cell("Op", "2024-04-01").click()
    expect(page.get_by_role("heading", name="Response 200")).to_be_visible()
    expect(page.locator("#panel .line.error")).to_contain_text('"status": "Done"')


def test_a_scenarios_cell_lists_its_calls_and_the_edits(
    show: Show, small_report: Shape
) -> None:
    small_report["recordings"] = [
        {
            "scenario": "train/first",
            "recorded": "2021-03-01-preview",
            "target": "emulator",
            "goal": "2026-05-15-preview",
            "edits": ["PUT data: Send `dataType`."],
        }
    ]
    shown = show(small_report)
    page = shown.page
    expect(page.locator("#summary")).to_contain_text("recorded from emulator")
    shown.cell("first", "2024-04-01").click()
    panel = page.locator("#panel")
    expect(panel).to_contain_text("Newest version at which no call breaks: 2021-03-01")
    expect(panel.locator(".edits li")).to_have_text(["PUT data: Send dataType."])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel.get_by_role("button", name="Copy").click()
    expect(panel.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "PUT data: Send `dataType`."
    panel.get_by_role("button", name="PUT data").click()
    expect(page.locator("#panel-title")).to_have_text("PUT data at 2024-04-01")
    expect(panel.locator(".edits li")).to_have_text(["PUT data: Send dataType."])
    shown.cell("PUT environments", "2024-04-01").click()
    assert panel.locator(".edits").count() == 0  # they are of another call


def test_what_was_wrong_when_recorded_is_no_break(
    show: Show, row: Callable[..., Shape], finding: Callable[..., Shape]
) -> None:
    bad = finding("AZC101", "/properties/x", "Wrong.")
    worse = finding("AZC101", "/properties/y", "Wrong, too.")
    statuses = {
        "2021-03-01-preview": ("refused", bad),
        "2022-05-01": ("refused", bad),
        "2024-04-01": ("refused", bad, worse),
    }
    page = show({"rows": [row("s", 0, "Op", statuses=statuses)]}).page
    expect(page.locator("#summary")).to_contain_text("0 of 1 break at 2026-05-15")
    marks = page.locator(".r:not(.group) .c").evaluate_all(
        "all => all.map((one) => one.classList.contains('before'))"
    )
    assert marks == [True, True, False, False]

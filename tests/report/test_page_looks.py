"""How the page looks in a real browser: themes, phones, print, other views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from azml_contract.contract.catalog import known_versions

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Shape = dict[str, Any]
Show = Callable[..., Any]
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
CONTRAST = """(selector) => {
  const settings = { willReadFrequently: true };
  const canvas = document.createElement("canvas").getContext("2d", settings);
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const drawn = canvas.getImageData(0, 0, 1, 1).data;
    const [r, g, b] = [...drawn].map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const style = getComputedStyle(document.querySelector(selector));
  const both = [light(style.color), light(style.backgroundColor)];
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
}"""


# --- looks ---------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(
    show: Show, row: Callable[..., Shape], scheme: str
) -> None:
    names = ["ok", "unknown", "warns", "gone", "refused", "ignored"]
    made = row("s", 0, "Op")
    made["versions"] = {
        f"2024-0{i}-01": {"status": name, "findings": []}
        for i, name in enumerate(names, 1)
    }
    page = show({"rows": [made]}, color_scheme=scheme).page
    for name in names:
        assert page.evaluate(CONTRAST, f".chip.{name} b") >= 4.5, name
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background) == "rgb(20, 23, 27)"
    assert dark is (scheme == "dark")


def test_the_theme_can_be_chosen_and_is_remembered(
    show: Show, small_report: Shape
) -> None:
    page = show(small_report, color_scheme="light").page
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    theme = page.get_by_role("button", name="Theme")
    theme.click()
    expect(theme).to_have_text("Theme: light")
    theme.click()
    expect(theme).to_have_text("Theme: dark")
    assert page.evaluate(background) == "rgb(20, 23, 27)"
    page.reload()
    assert page.evaluate(background) == "rgb(20, 23, 27)"
    theme.click()
    assert page.evaluate(background) == "rgb(255, 255, 255)"


def test_a_phone_scrolls_the_matrix_and_not_the_page(
    show: Show, small_report: Shape, small_coverage: Shape
) -> None:
    shown = show(small_report, small_coverage, **PHONE)
    page = shown.page
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) == 360
    shown.cell("PUT environments", "2022-05-01").tap()
    box = page.locator("#panel").bounding_box()
    assert box is not None
    assert (box["x"], box["width"], box["height"]) == (0, 360, 740)
    assert page.evaluate(width) == 360
    page.get_by_role("button", name="Newer version").tap()
    expect(page.locator("#panel-title")).to_contain_text("2024-04-01")
    page.get_by_role("button", name="Close").tap()
    expect(page.locator("#panel")).to_be_hidden()
    page.get_by_role("tab", name="Coverage").tap()
    assert page.evaluate(width) == 360


def test_many_versions_scroll_inside_a_phone_with_the_names_in_place(
    show: Show, row: Callable[..., Shape]
) -> None:
    made = row("suite/story", 0, "Jobs_Get")
    fine = {"status": "ok", "findings": []}
    made["versions"] = dict.fromkeys(known_versions(), fine)
    shown = show({"rows": [made]}, **PHONE)
    page = shown.page
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    grid = page.locator("#grid")
    assert grid.evaluate("grid => grid.scrollWidth > 3 * grid.clientWidth")
    page.locator("#unfold").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    newest = known_versions()[-1]
    assert shown.focused() == f"ok at {newest}, newest unchanged"
    box = page.locator(":focus").bounding_box()
    name = page.locator(".group .name").bounding_box()
    assert box is not None
    assert name is not None
    assert name["x"] == 0
    assert name["width"] <= box["x"]
    assert box["x"] + box["width"] <= 360


def test_long_names_stay_within_the_panel_of_a_phone(
    show: Show, row: Callable[..., Shape], finding: Callable[..., Shape]
) -> None:
    bad = ("refused", finding("AZC101", "/properties/x", "Wrong."))
    label = f"PUT workspaces/{'onlineEndpoints/' * 4}score"
    fares = ({"2024-04-01": bad}, {"2024-04-01": ("unknown",)})
    rows = [row("s" * 80, n, "Op", label=label, statuses=fares[n]) for n in range(2)]
    shown = show({"rows": rows}, **PHONE)
    page = shown.page
    shown.cell("s" * 8, "2024-04-01").tap()
    panel = page.locator("#panel")
    expect(panel.get_by_role("button", name="PUT workspaces")).to_have_count(2)
    assert panel.evaluate("panel => panel.scrollWidth") == 360
    for name in ("#panel-title", ".row span:last-of-type"):
        fits = "e => e.scrollWidth <= e.clientWidth"
        assert panel.locator(name).last.evaluate(fits), name
    heights = "all => all.map((one) => one.getBoundingClientRect().height)"
    assert max(panel.locator(".row .tag").evaluate_all(heights)) < 24  # one line


# --- links, print, coverage ----------------------------------------------------


def test_the_address_leads_back_to_the_same_cell_and_filter(
    show: Show, small_report: Shape
) -> None:
    shown = show(small_report)
    page = shown.page
    page.get_by_role("searchbox").fill("first")
    expect(page.locator(".group")).to_have_count(1)
    shown.cell("PUT data", "2024-04-01").click()
    address = page.url.partition("#")[2]
    shown = show(small_report, at=f"#{address}")
    again = shown.page
    expect(again.locator("#panel-title")).to_have_text("PUT data at 2024-04-01")
    expect(again.get_by_role("searchbox")).to_have_value("first")
    assert shown.labels() == ["train/first", "PUT environments", "PUT data"]


def test_an_address_that_leads_nowhere_shows_the_matrix(
    show: Show, small_report: Shape
) -> None:
    at = "#view=nonsense&scenario=x&at=1999&step=7&status=foo&from=never&extra=1"
    shown = show(small_report, at=at)
    page = shown.page
    expect(page.locator("#panel")).to_be_hidden()
    assert len(shown.versions()) == 4


def test_print_has_every_row_and_the_screen_few(
    show: Show, row: Callable[..., Shape]
) -> None:
    rows = [row(f"s{i:03}", 0, "Jobs_Get") for i in range(300)]
    page = show({"rows": rows}).page
    assert page.locator(".r").count() < 60
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".r").count() == 300
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".r").count() < 60


def test_coverage_lists_what_is_not_exercised(
    show: Show, small_report: Shape, small_coverage: Shape
) -> None:
    page = show(small_report, small_coverage).page
    page.get_by_role("tab", name="Matrix").focus()
    page.keyboard.press("ArrowRight")
    view = page.get_by_role("tabpanel", name="Coverage")
    expect(view.get_by_role("row").last).to_contain_text("1 of 4 25 %, 50 % of 2 in")
    expect(view).to_contain_text("2 calls of other providers and hosts")
    missed = view.locator("details").first
    expect(missed).not_to_contain_text("Jobs_List")
    missed.locator("summary").click()
    expect(missed).to_contain_text("Jobs_List")
    assert "view=coverage" in page.url


def test_without_coverage_there_is_no_such_view(
    show: Show, small_report: Shape
) -> None:
    page = show(small_report, at="#view=coverage").page
    expect(page.get_by_role("tablist")).to_be_hidden()
    expect(page.locator("#matrix")).to_be_visible()

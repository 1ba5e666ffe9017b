"""The matrix of the page in a real browser: filters, and the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Shape = dict[str, Any]
Show = Callable[..., Any]


# --- filters -------------------------------------------------------------------


def test_a_status_leaves_the_calls_that_have_it(
    show: Show, small_report: Shape
) -> None:
    shown = show(small_report)
    page = shown.page
    expect(shown.cell("first", "2024-04-01")).to_have_text("RI")
    assert shown.labels() == [
        "train/first",
        "PUT environments",
        "PUT data",
        "train/second",
        "GET jobs",
        "POST cancel",
    ]
    page.get_by_role("button", name="refused").click()
    assert shown.labels() == ["train/first", "PUT data"]
    expect(page.locator(".head .name")).to_contain_text("1 of 4 calls")
    expect(shown.cell("first", "2024-04-01")).to_have_text("R")
    page.get_by_role("button", name="gone").click()
    assert shown.labels() == ["train/first", "PUT data", "train/second", "POST cancel"]
    page.get_by_role("button", name="Clear").click()
    assert len(shown.labels()) == 6


def test_kinds_of_versions_and_the_oldest_choose_the_columns(
    show: Show, small_report: Shape
) -> None:
    shown = show(small_report)
    page = shown.page
    every = shown.versions()
    assert every == [
        "2021-03-01-preview",
        "2022-05-01",
        "2024-04-01",
        "2026-05-15-preview",
    ]
    page.get_by_label("Which versions").select_option("stable")
    assert shown.versions() == every[1:3]
    page.get_by_label("Which versions").select_option("preview")
    assert shown.versions() == [every[0], every[3]]
    page.get_by_label("Which versions").select_option("all")
    page.get_by_label("Oldest version shown").select_option("2024-04-01")
    assert shown.versions() == every[2:]
    assert page.locator(".group .c").count() == 2 * 2


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("second", ["train/second", "GET jobs", "POST cancel"]),
        ("jobs_get", ["train/second", "GET jobs"]),
        ("/properties/datatype", ["train/first", "PUT data"]),
        ("azc111 first", ["train/first", "PUT environments"]),
        ("no such thing", []),
    ],
)
def test_search_looks_at_scenarios_operations_and_pointers(
    show: Show, small_report: Shape, words: str, found: list[str]
) -> None:
    page = show(small_report).page
    page.get_by_role("searchbox").fill(words)
    expect(page.locator(".r .name .text")).to_have_text(found)
    if not found:
        expect(page.locator("#grid")).to_contain_text("No call passes the filter.")


def totals(page: Page) -> dict[str, int]:
    """What each chip says of how many cells have its status."""
    chips = page.locator(".chip").all()
    return {
        str(one.get_attribute("data-status")): int(one.locator(".total").inner_text())
        for one in chips
    }


def test_counts_follow_the_filter(show: Show, small_report: Shape) -> None:
    page = show(small_report).page
    whole = totals(page)
    assert (whole["ok"], whole["refused"], whole["gone"]) == (8, 3, 1)
    page.get_by_role("searchbox").fill("put data")
    expect(page.locator(".r:not(.group)")).to_have_count(1)
    assert totals(page) == dict.fromkeys(whole, 0) | {"ok": 1, "refused": 3}
    page.get_by_label("Which versions").select_option("stable")
    assert totals(page) == dict.fromkeys(whole, 0) | {"refused": 2}
    page.get_by_role("button", name="Clear").click()
    assert totals(page) == whole


def test_a_scenario_shows_what_is_new_and_both_ways_to_break(
    show: Show, row: Callable[..., Shape], finding: Callable[..., Shape]
) -> None:
    """What was wrong when it was recorded hides nothing."""
    bad, new = (finding("AZC101", f"/properties/{one}", "Wrong.") for one in "ab")
    was = dict.fromkeys(
        ("2021-03-01-preview", "2022-05-01", "2024-04-01"), ("ignored", bad)
    )
    rows = [
        row("s", 0, "A", statuses=was),
        row("s", 1, "B", statuses={"2022-05-01": ("refused", new)}),
        row(
            "t",
            0,
            "A",
            recorded="2022-05-01",
            statuses={"2024-04-01": ("ignored", new)},
        ),
        row(
            "t",
            1,
            "B",
            recorded="2022-05-01",
            statuses={"2024-04-01": ("refused", new)},
        ),
    ]
    page = show({"rows": rows}).page
    cells = page.locator(".r.group .c")
    assert cells.all_inner_texts() == ["I", "R", "I", "·", "·", "·", "RI", "·"]
    classes = [one.get_attribute("class") or "" for one in cells.all()]
    assert [one for one in range(8) if "before" in classes[one]] == [0, 2]
    assert [one for one in range(8) if "older" in classes[one]] == [4]
    assert "also-ignored" in classes[6]


def test_equal_polls_are_one_row(show: Show, row: Callable[..., Shape]) -> None:
    url = {"method": "GET", "uri": "https://example.org/jobs/j", "body": None}
    asked = {"label": "GET jobs", "request": url}
    rows = [
        row("s", 3, "Jobs_Get", **asked),
        row("s", 5, "Jobs_Get", **asked),
        row("s", 6, "Jobs_Get", **asked),
        row("s", 7, "Jobs_Cancel", label="POST cancel"),
        row("s", 8, "Jobs_Get", **asked),
        row("s", 9, "Jobs_Get", label="GET jobs", request=url | {"uri": "https://o/"}),
        row("t", 10, "Jobs_Get", **asked),
    ]
    shown = show({"rows": rows}, at="#scenario=s&recorded=2021-03-01-preview&step=5"
                 "&at=2024-04-01")  # fmt: skip
    page = shown.page
    assert shown.labels() == [
        *("s", "GET jobs", "POST cancel", "GET jobs", "GET jobs"),
        *("t", "GET jobs"),
    ]
    first = page.locator(".r:not(.group) .name").first
    expect(first).to_contain_text("\u00d73")
    expect(page.locator("#summary")).to_contain_text("7 calls")
    expect(page.locator("#panel .quiet").first).to_contain_text("steps 3 to 6")


def test_few_versions_fill_the_width(show: Show, small_report: Shape) -> None:
    page = show(small_report, viewport={"width": 1600, "height": 700}).page
    right = "e => e.getBoundingClientRect().right"
    assert page.locator(".head .v").last.evaluate(right) > 1500
    assert page.evaluate("document.getElementById('grid').scrollWidth") <= 1600


@pytest.mark.parametrize("width", [768, 1280])
def test_a_long_name_loses_its_middle(
    show: Show, row: Callable[..., Shape], width: int
) -> None:
    names = [f"story/{'as_long_as_it_gets_' * 3}{end}" for end in ("upload", "delete")]
    versions = {f"20{n}-01-01": {"status": "ok", "findings": []} for n in range(10, 50)}
    rows = [{**row(name, 0, "Op"), "versions": versions} for name in names]
    page = show({"rows": rows}, viewport={"width": width, "height": 700}).page
    for name, end in zip(names, ("upload", "delete"), strict=True):
        header = page.locator(f".group .name[title^='{name}']")
        tail, start = header.locator(".tail"), header.locator(".start")
        assert tail.inner_text().endswith(end)
        assert tail.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
        assert start.evaluate(
            "e => e.clientWidth > 40 && e.scrollWidth > e.clientWidth"
        )


def test_the_heading_says_when_and_of_what_the_page_is(
    show: Show, small_report: Shape
) -> None:
    made = {
        "at": "2026-11-29 18:00 UTC",
        "commit": "0e70377b",
        "sources": ["cassettes", "calls.har"],
        "version": "azml-contract 0.1.0",
    }
    page = show({**small_report, "made": made}).page
    expect(page.locator("#made")).to_have_text(
        "2026-11-29 18:00 UTC · commit 0e70377b · of cassettes, calls.har · "
        "azml-contract 0.1.0"
    )


YEARS = [f"{year}-05-01" for year in range(2010, 2030)]


def make_years(row: Callable[..., Shape], recorded: str) -> Shape:
    """A call that is gone before 2012 and refused from 2026 on."""
    fares = {
        year: {"status": "gone" if year < "2012" else "ok", "findings": []}
        for year in YEARS
    }
    return {**row(f"s/{recorded}", 0, "Op", recorded=recorded), "versions": fares}


def test_versions_older_than_all_recordings_wait_to_be_chosen(
    show: Show, row: Callable[..., Shape]
) -> None:
    report = {"rows": [make_years(row, year) for year in (YEARS[8], YEARS[12])]}
    shown = show(report)
    page = shown.page
    assert shown.versions() == YEARS[8:]
    assert totals(page)["gone"] == 0
    choice = page.get_by_label("Oldest version shown")
    assert choice.locator("option:checked").inner_text() == f"from {YEARS[8]}"
    choice.select_option(label=f"from {YEARS[0]} (older)")
    assert shown.versions() == YEARS
    assert totals(page)["gone"] == 4
    page.get_by_role("button", name="Clear").click()
    assert shown.versions() == YEARS[8:]
    # An address that names an older one, as somebody shared it, still leads there.
    at = f"#scenario=s/{YEARS[8]}&at={YEARS[1]}"
    old = show(report, at=at)
    assert old.versions() == YEARS[1:]
    expect(old.page.locator("#panel-title")).to_contain_text(f"at {YEARS[1]}")


def test_marks_are_explained_beside_the_matrix(show: Show, small_report: Shape) -> None:
    page = show(small_report, viewport={"width": 390, "height": 800}).page
    marks = page.locator(".head .mark")
    assert marks.all_inner_texts() == [
        *("recorded here", "newest unchanged", "as recorded", "older")
    ]
    head = page.locator(".head").evaluate("e => e.scrollHeight <= e.clientHeight + 1")
    assert head
    cell = page.locator(".r.group .c").nth(2)
    assert cell.get_attribute("title") == "refused and ignored at 2024-04-01"


@pytest.mark.parametrize("width", [768, 1440])
def test_a_name_below_a_long_folder_is_whole_or_says_that_it_is_cut(
    show: Show, row: Callable[..., Shape], width: int
) -> None:
    names = [f"documented_{'x' * 9}/{n}" for n in ("score", "as_the_prose_says")]
    report = {"rows": [{**make_years(row, YEARS[0]), "scenario": n} for n in names]}
    page = show(report, viewport={"width": width, "height": 800}).page
    inside = """e => e.getBoundingClientRect().right
        <= e.closest(".text").getBoundingClientRect().right + 1"""
    for end in page.locator(".group .story > :last-child").all():
        assert end.evaluate(inside)
        assert end.evaluate("e => e.scrollWidth <= e.clientWidth + 1")


def test_a_long_folder_gives_way_to_the_name_that_tells_scenarios_apart(
    show: Show, row: Callable[..., Shape]
) -> None:
    names = [f"{'folder_' * 6}/as_{name}_says" for name in ("code", "prose")]
    rows = [row(name, 0, "Op") for name in names]
    page = show({"rows": rows}).page

    stories = page.locator(".story")
    assert stories.all_text_contents() == ["as_code_says", "as_prose_says"]
    for story in stories.all():
        assert story.evaluate("e => e.scrollWidth <= e.clientWidth")
    assert page.locator(".folder").first.evaluate("e => e.clientWidth > 10")


def test_a_page_without_calls_says_so(show: Show) -> None:
    page = show({"rows": []}).page

    expect(page.locator("#grid")).to_contain_text("No call was judged.")


# --- keyboard ------------------------------------------------------------------


def test_the_keyboard_alone_searches_moves_opens_and_closes(
    show: Show, small_report: Shape
) -> None:
    shown = show(small_report)
    page = shown.page
    press = page.keyboard.press
    press("/")
    page.keyboard.type("first")
    press("Enter")
    assert shown.focused().startswith("train/first, recorded at 2021-03-01-preview")
    press("ArrowDown")
    press("ArrowRight")
    press("ArrowRight")
    assert shown.focused() == "ignored at 2022-05-01"
    outline = "getComputedStyle(document.activeElement).outlineWidth"
    assert page.evaluate(outline) == "3px"
    press("Enter")
    assert page.evaluate("document.activeElement.id") == "panel-title"
    press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    assert shown.focused() == "ignored at 2022-05-01"


def test_open_findings_follow_the_arrows(show: Show, small_report: Shape) -> None:
    shown = show(small_report)
    page = shown.page
    shown.cell("PUT environments", "2022-05-01").click()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#panel-title")).to_have_text("PUT data at 2022-05-01")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#panel-title")).to_have_text("PUT data at 2021-03-01-preview")
    assert shown.focused() == "ok at 2021-03-01-preview, recorded here"
    marked = page.locator("#grid [data-open]")
    expect(marked).to_have_count(1)
    expect(marked).to_be_focused()
    page.keyboard.press("Escape")
    expect(marked).to_have_count(0)


def test_one_place_of_the_matrix_is_reached_by_tab(
    show: Show, small_report: Shape
) -> None:
    shown = show(small_report)
    page = shown.page
    assert page.locator("#grid [tabindex='0']").count() == 1
    page.locator("#unfold").focus()
    page.keyboard.press("Tab")
    assert shown.focused().startswith("train/first")
    page.keyboard.press("Control+End")
    assert shown.focused() == "ok at 2026-05-15-preview"
    assert page.locator("#grid [tabindex='0']").count() == 1
    page.keyboard.press("Control+Home")
    assert shown.focused().startswith("train/first")


def test_scenarios_fold_and_breaks_are_found_by_key(
    show: Show, small_report: Shape
) -> None:
    shown = show(small_report)
    page = shown.page
    press = page.keyboard.press
    page.locator("#unfold").focus()
    press("Tab")
    press("Enter")
    assert shown.labels() == ["train/first", "train/second", "GET jobs", "POST cancel"]
    group = page.locator(".group").first
    assert group.get_attribute("aria-expanded") == "false"
    press("+")
    assert group.get_attribute("aria-expanded") == "true"
    press("ArrowRight")
    press("ArrowRight")
    press("n")
    press("n")
    assert shown.focused() == "refused at 2022-05-01"
    press("n")
    press("n")
    assert shown.focused() == "gone at 2022-05-01"
    press("p")
    press("p")
    assert shown.focused() == "refused at 2022-05-01"
    press("-")
    assert shown.labels()[:2] == ["train/first", "train/second"]


def test_help_explains_each_status_and_returns_the_focus(
    show: Show, small_report: Shape
) -> None:
    page = show(small_report).page
    page.get_by_role("button", name="Help").focus()
    page.keyboard.press("Enter")
    about = page.get_by_role("dialog")
    expect(about).to_contain_text("the call succeeds and does something else")
    page.keyboard.press("Escape")
    expect(about).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "help"


def test_every_status_has_a_letter_and_a_name_beside_its_colour(
    show: Show, small_report: Shape
) -> None:
    page = show(small_report).page
    for one in page.locator(".r .c").all():
        text, name = one.inner_text(), one.get_attribute("aria-label") or ""
        marks = {"ok": "·", "unknown": "?", "warns": "W"}
        named = name.partition(" at ")[0].split(" and ")
        assert text == "".join(marks.get(one, one[0].upper()) for one in named)
    roles = page.locator("#grid").evaluate(
        "grid => [...new Set([...grid.querySelectorAll('[role]')].map(e => e.role))]"
    )
    assert sorted(roles) == ["columnheader", "gridcell", "row", "rowgroup", "rowheader"]
    assert page.locator("#grid").get_attribute("aria-rowcount") == "7"


# --- rows that are written anew ---------------------------------------------------

# All that a reader, a screen reader or the pointer gets from the matrix.
SHOWN = """() => [...document.querySelectorAll("#grid .r")].map((row) => [
  row.className, row.style.top, row.ariaRowIndex, row.ariaLevel, row.ariaExpanded,
  ...[...row.children].map((cell) => [cell.role, cell.className, cell.title,
    cell.ariaLabel, cell.ariaColIndex, cell.innerHTML].join(" | ")),
])"""
ADDRESSES = (
    "q=first",
    "status=refused",
    "versions=stable",
    "status=gone&versions=preview",
    "status=unknown+ignored&from=2024-04-01",
    "q=no+such+thing",
    "q=second&status=gone",
    "",
)


def test_rows_that_are_written_anew_say_what_a_fresh_page_says(
    show: Show, small_report: Shape
) -> None:
    page = show(small_report).page
    for address in ADDRESSES:
        page.evaluate(f"location.hash = '{address}'")
        expect(page.locator("#search")).to_have_value(
            address.partition("q=")[2].partition("&")[0].replace("+", " ")
        )
        fresh = show(small_report, at=f"#{address}").page
        assert page.evaluate(SHOWN) == fresh.evaluate(SHOWN), address


def test_rows_stand_in_their_order_wherever_one_scrolls(
    show: Show, row: Callable[..., Shape]
) -> None:
    rows = [row(f"s{n // 8}", n % 8, f"Op{n}") for n in range(160)]
    page = show({"rows": rows}).page
    page.locator("#grid [tabindex='0']").focus()
    for top in (260, 273, 1400, 1100, 4000, 0, 1e6, 900):
        page.evaluate(
            """(top) => new Promise((done) => {
              document.getElementById("grid").scrollTop = top;
              requestAnimationFrame(() => setTimeout(done));
            })""",
            top,
        )
        all_rows = page.locator(".r").all()
        said = [int(one.get_attribute("aria-rowindex") or 0) for one in all_rows]
        assert said == sorted(said)
        assert said[0] == 2  # the active row stays, and so does the focus
        names = page.locator(".r .name .text").all_inner_texts()
        expected = [f"s{n // 9}" if n % 9 == 0 else f"Op{n - n // 9 - 1}"
                    for n in (one - 2 for one in said)]  # fmt: skip
        assert names == expected
        of_groups = ".r:not(.group)[aria-expanded], .r:not(.group) .name[aria-label]"
        assert page.locator(of_groups).count() == 0
        focused = "document.activeElement.parentElement.ariaRowIndex"
        assert page.evaluate(focused) == "2"


def test_the_focus_stays_in_the_matrix_when_it_is_filtered(
    show: Show, small_report: Shape
) -> None:
    shown = show(small_report)
    page = shown.page
    shown.cell("PUT data", "2024-04-01").click()
    page.keyboard.press("Escape")
    page.evaluate("location.hash = 'status=refused'")
    expect(page.locator(".r")).to_have_count(2)
    assert shown.focused() == "refused at 2024-04-01"
    page.keyboard.press("ArrowLeft")
    assert shown.focused() == "refused at 2022-05-01"

"""The page in a real browser: by mouse, by keyboard, on a phone, at full size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from azml_contract.contract.catalog import known_versions
from azml_contract.recording.cassette import load_cassette
from azml_contract.regression.matrix import build_matrix
from azml_contract.regression.outcome import newest_unchanged
from azml_contract.regression.recordings import from_cassette

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
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


def labels(page: Page) -> list[str]:
    """What stands in the name column, top to bottom."""
    return page.locator(".r .name .text").all_inner_texts()


def versions(page: Page) -> list[str]:
    found = page.locator("[role=columnheader].v")
    return [one.get_attribute("aria-label") or "" for one in found.all()]


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.getAttribute('aria-label')"))


def cell(page: Page, label: str, version: str) -> Any:
    row = page.locator(".r", has_text=label)
    return row.locator(f".c[aria-label*='at {version}']").first


def make_suite(row: Callable[..., Shape], finding: Callable[..., Shape]) -> Shape:
    """500 scenarios of 20 calls by 34 versions, each with a body of its own."""
    every = known_versions()
    moved = finding(
        "AZC111", "/properties/docker", "`docker` is `image`.", cure="Move."
    )
    fares = []
    for kind in range(5):
        broken = {"status": "ignored", "findings": [moved] * (kind % 2)}
        fine = {"status": "ok", "findings": []}
        since = 5 * kind + 3
        fares.append({v: broken if i > since else fine for i, v in enumerate(every)})
    rows = []
    for story in range(500):
        for step in range(20):
            made = row(f"suite_{story % 20:02}/story_{story:03}", step, f"Op{step}_Get")
            body = {"json": {"properties": {"docker": {"name": f"{story}-{step}"}}}}
            uri = f"https://management.azure.com/{story}/{step}?api-version=1"
            request = {"method": "PUT", "uri": uri, "body": body}
            cells = fares[(story + step) % 5]
            rows.append(made | {"versions": cells, "request": request})
    return {"rows": rows}


# --- filters -------------------------------------------------------------------


def test_a_status_leaves_the_calls_that_have_it(
    show: Show, small_report: Shape
) -> None:
    page = show(small_report).page
    expect(cell(page, "first", "2024-04-01")).to_have_text("I")
    assert labels(page) == [
        "train/first",
        "PUT environments",
        "PUT data",
        "train/second",
        "GET jobs",
        "POST cancel",
    ]
    page.get_by_role("button", name="refused").click()
    assert labels(page) == ["train/first", "PUT data"]
    expect(page.locator(".head .name")).to_contain_text("1 of 4 calls")
    expect(cell(page, "first", "2024-04-01")).to_have_text("R")
    page.get_by_role("button", name="gone").click()
    assert labels(page) == ["train/first", "PUT data", "train/second", "POST cancel"]
    page.get_by_role("button", name="Clear").click()
    assert len(labels(page)) == 6


def test_kinds_of_versions_and_the_oldest_choose_the_columns(
    show: Show, small_report: Shape
) -> None:
    page = show(small_report).page
    every = versions(page)
    assert every == [
        "2021-03-01-preview",
        "2022-05-01",
        "2024-04-01",
        "2026-05-15-preview",
    ]
    page.get_by_label("Which versions").select_option("stable")
    assert versions(page) == every[1:3]
    page.get_by_label("Which versions").select_option("preview")
    assert versions(page) == [every[0], every[3]]
    page.get_by_label("Which versions").select_option("all")
    page.get_by_label("Oldest version shown").select_option("2024-04-01")
    assert versions(page) == every[2:]
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


# --- a cell --------------------------------------------------------------------


def test_a_cell_shows_request_pointer_and_cure_side_by_side(
    show: Show, small_report: Shape
) -> None:
    page = show(small_report).page
    cell(page, "PUT environments", "2024-04-01").click()
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
    page = show(small_report).page
    cell(page, "PUT data", "2022-05-01").click()
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
    page = show({"rows": [made]}).page
    cell(page, "Op", "2024-04-01").click()
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
    page = show({"rows": [made]}).page
    cell(page, "Op", "2024-04-01").click()
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
    page = show({"rows": [made]}).page
    cell(page, "Op", "2024-04-01").click()
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
    page = show(small_report).page
    expect(page.locator("#summary")).to_contain_text("recorded from emulator")
    cell(page, "first", "2024-04-01").click()
    panel = page.locator("#panel")
    expect(panel).to_contain_text("Newest version at which no call breaks: 2021-03-01")
    expect(panel.locator(".edits li")).to_have_text(["PUT data: Send dataType."])
    panel.get_by_role("button", name="PUT data").click()
    expect(page.locator("#panel-title")).to_have_text("PUT data at 2024-04-01")


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


# --- keyboard ------------------------------------------------------------------


def test_the_keyboard_alone_searches_moves_opens_and_closes(
    show: Show, small_report: Shape
) -> None:
    page = show(small_report).page
    press = page.keyboard.press
    press("/")
    page.keyboard.type("first")
    press("Enter")
    assert focused(page).startswith("train/first, recorded at 2021-03-01-preview")
    press("ArrowDown")
    press("ArrowRight")
    press("ArrowRight")
    assert focused(page) == "ignored at 2022-05-01"
    outline = "getComputedStyle(document.activeElement).outlineWidth"
    assert page.evaluate(outline) == "3px"
    press("Enter")
    assert page.evaluate("document.activeElement.id") == "panel-title"
    press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    assert focused(page) == "ignored at 2022-05-01"


def test_open_findings_follow_the_arrows(show: Show, small_report: Shape) -> None:
    page = show(small_report).page
    cell(page, "PUT environments", "2022-05-01").click()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#panel-title")).to_have_text("PUT data at 2022-05-01")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#panel-title")).to_have_text("PUT data at 2021-03-01-preview")
    assert focused(page) == "ok at 2021-03-01-preview, recorded here"


def test_one_place_of_the_matrix_is_reached_by_tab(
    show: Show, small_report: Shape
) -> None:
    page = show(small_report).page
    assert page.locator("#grid [tabindex='0']").count() == 1
    page.locator("#unfold").focus()
    page.keyboard.press("Tab")
    assert focused(page).startswith("train/first")
    page.keyboard.press("Control+End")
    assert focused(page) == "ok at 2026-05-15-preview"
    assert page.locator("#grid [tabindex='0']").count() == 1
    page.keyboard.press("Control+Home")
    assert focused(page).startswith("train/first")


def test_scenarios_fold_and_breaks_are_found_by_key(
    show: Show, small_report: Shape
) -> None:
    page = show(small_report).page
    press = page.keyboard.press
    page.locator("#unfold").focus()
    press("Tab")
    press("Enter")
    assert labels(page) == ["train/first", "train/second", "GET jobs", "POST cancel"]
    group = page.locator(".group").first
    assert group.get_attribute("aria-expanded") == "false"
    press("+")
    assert group.get_attribute("aria-expanded") == "true"
    press("ArrowRight")
    press("ArrowRight")
    press("n")
    press("n")
    assert focused(page) == "refused at 2022-05-01"
    press("n")
    press("n")
    assert focused(page) == "gone at 2022-05-01"
    press("p")
    press("p")
    assert focused(page) == "refused at 2022-05-01"
    press("-")
    assert labels(page)[:2] == ["train/first", "train/second"]


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
    for one in page.locator(".c").all():
        text, name = one.inner_text(), one.get_attribute("aria-label") or ""
        marks = {"ok": "·", "unknown": "?", "warns": "W"}
        status = name.split()[0]
        assert text == marks.get(status, status[0].upper())
    roles = page.locator("#grid").evaluate(
        "grid => [...new Set([...grid.querySelectorAll('[role]')].map(e => e.role))]"
    )
    assert sorted(roles) == ["columnheader", "gridcell", "row", "rowgroup", "rowheader"]
    assert page.locator("#grid").get_attribute("aria-rowcount") == "7"


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
    page = show(small_report, small_coverage, **PHONE).page
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) == 360
    cell(page, "PUT environments", "2022-05-01").tap()
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
    page = show({"rows": [made]}, **PHONE).page
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    grid = page.locator("#grid")
    assert grid.evaluate("grid => grid.scrollWidth > 3 * grid.clientWidth")
    page.locator("#unfold").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    newest = known_versions()[-1]
    assert focused(page) == f"ok at {newest}, newest unchanged"
    box = page.locator(":focus").bounding_box()
    name = page.locator(".group .name").bounding_box()
    assert box is not None
    assert name is not None
    assert name["x"] == 0
    assert name["width"] <= box["x"]
    assert box["x"] + box["width"] <= 360


# --- links, print, coverage -------------------------------------------------------


def test_the_address_leads_back_to_the_same_cell_and_filter(
    show: Show, small_report: Shape
) -> None:
    page = show(small_report).page
    page.get_by_role("searchbox").fill("first")
    expect(page.locator(".group")).to_have_count(1)
    cell(page, "PUT data", "2024-04-01").click()
    address = page.url.partition("#")[2]
    again = show(small_report, at=f"#{address}").page
    expect(again.locator("#panel-title")).to_have_text("PUT data at 2024-04-01")
    expect(again.get_by_role("searchbox")).to_have_value("first")
    assert labels(again) == ["train/first", "PUT environments", "PUT data"]


def test_an_address_that_leads_nowhere_shows_the_matrix(
    show: Show, small_report: Shape
) -> None:
    at = "#view=nonsense&scenario=x&at=1999&step=7&status=foo&from=never&extra=1"
    page = show(small_report, at=at).page
    expect(page.locator("#panel")).to_be_hidden()
    assert len(versions(page)) == 4


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


# --- safety, truth and size -------------------------------------------------------


def test_nothing_is_fetched_and_nothing_can_be(show: Show, small_report: Shape) -> None:
    shown = show(small_report)
    cell(shown.page, "PUT data", "2024-04-01").click()
    assert [url.partition("#")[0] for url in shown.requests] == [
        shown.page.url.partition("#")[0]
    ]
    refused = shown.page.evaluate(
        """async () => {
          const seen = [];
          document.addEventListener("securitypolicyviolation",
            (event) => seen.push(event.effectiveDirective));
          await fetch("http://127.0.0.1:9/").catch(() => {});
          new Image().src = "http://127.0.0.1:9/x.png";
          const script = document.createElement("script");
          script.textContent = "window.broken = true";
          document.body.append(script);
          await new Promise((done) => setTimeout(done, 50));
          return [seen.sort(), window.broken];
        }"""
    )
    assert refused == [["connect-src", "img-src", "script-src-elem"], None]
    shown.errors.clear()


def test_recorded_text_is_shown_and_never_run(
    show: Show, row: Callable[..., Shape], finding: Callable[..., Shape]
) -> None:
    bad = "</script><script>window.broken=1</script><img src=x onerror=window.broken=1>"
    quoted = '" onmouseover="window.broken=1" \' {{script}} `b` &lt;'
    found = finding(bad, f"/{quoted}", bad, cure=quoted, seen=bad, expected=[bad])
    made = row(
        bad,
        0,
        quoted,
        request={"method": bad, "uri": bad, "body": {"json": {quoted: bad}}},
        statuses={"2024-04-01": ("refused", found)},
    )
    page = show({"rows": [made]}, title=bad).page
    expect(page.get_by_role("heading", level=1)).to_have_text(bad)
    page.locator(".r:not(.group) .refused").click()
    expect(page.locator("#panel .what + p")).to_have_text(bad)
    expect(page.locator("#panel .line.error")).to_contain_text("onerror=window.broken")
    assert page.locator("img").count() == 0
    assert page.evaluate("window.broken") is None


def test_the_page_says_of_the_committed_cassettes_what_regress_says(
    show: Show,
) -> None:
    folder = ROOT / "cassettes"
    recordings = [from_cassette(load_cassette(p)) for p in folder.rglob("*.json")]
    rows = build_matrix(recordings)
    page = show({"rows": [row.to_json() for row in rows]}).page
    said = [
        one.get_attribute("aria-label") or ""
        for one in page.locator(".group .name").all()
    ]
    assert said
    for name in said:
        scenario, _, rest = name.partition(", recorded at ")
        recorded = rest.partition(",")[0]
        group = [
            row for row in rows if (row.scenario, row.recorded) == (scenario, recorded)
        ]
        assert name.endswith(f"newest unchanged: {newest_unchanged(group)[scenario]}")


@pytest.mark.slow
def test_ten_thousand_calls_never_fill_the_document(
    show: Show, row: Callable[..., Shape], finding: Callable[..., Shape]
) -> None:
    """What is in the document fits the screen; benchmarks/html_page.py tells times."""
    page = show(make_suite(row, finding)).page
    grid = page.locator("#grid")
    search = page.get_by_role("searchbox")

    def require_few() -> None:
        assert page.evaluate("document.getElementsByTagName('*').length") < 4_000

    require_few()
    page.locator("#unfold").click()
    assert grid.get_attribute("aria-rowcount") == "10501"
    for top in (*range(0, 250_000, 25_000), 1_000_000):
        grid.evaluate(f"grid => {{ grid.scrollTop = {top} }}")
        require_few()
    expect(page.locator(".r").last).to_contain_text("Op19_Get")
    page.get_by_role("button", name="ignored").click()
    require_few()
    search.fill("story_123 op7")
    expect(page.locator(".r:not(.group)")).to_have_count(1)
    page.locator(".r:not(.group) .ignored").last.click()
    expect(page.locator("#panel-title")).to_contain_text("Op7_Get")
    expect(page.locator("#panel .code")).to_contain_text('"name": "123-7"')
    page.get_by_role("button", name="Clear").click()
    require_few()

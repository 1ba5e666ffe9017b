"""The page in a real browser: nothing runs or is fetched, nothing is wrong or slow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from azml_contract.cassette.cassette import load_cassette
from azml_contract.cassette.recordings import from_cassette
from azml_contract.contract.catalog import known_versions
from azml_contract.regression.matrix import build_matrix
from azml_contract.regression.outcome import newest_unchanged

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Shape = dict[str, Any]
Show = Callable[..., Any]
ROOT = Path(__file__).parents[2]


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


def test_nothing_is_fetched_and_nothing_can_be(show: Show, small_report: Shape) -> None:
    shown = show(small_report)
    shown.cell("PUT data", "2024-04-01").click()
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


# What is done, and how many nodes it may write: the rows in sight have 1,500 cells.
WRITTEN = {
    "press('ArrowRight')": 40,
    "click('.r:not(.group) .c.ignored')": 40,
    "press('ArrowDown')": 120,
    "scroll(26)": 200,
}
REUSED = ("scroll(1e9)", "scroll(-500)", "click('.chip.ignored')", "find('story_005')")
TOUCH = """async (code) => {
  const grid = document.getElementById("grid");
  const all = new Set(grid.querySelectorAll(".r"));
  const seen = [];
  const observer = new MutationObserver((found) => seen.push(...found));
  const watched = { subtree: true, childList: true, attributes: true };
  observer.observe(grid, watched);
  const click = (selector) => document.querySelector(selector).click();
  const press = (key) => document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true }));
  const find = (text) => {
    const search = document.getElementById("search");
    search.value = text;
    search.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
  };
  const scroll = (by) => { grid.scrollTop += by; };
  new Function("click", "press", "scroll", "find", code)(click, press, scroll, find);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  observer.disconnect();
  const made = [...grid.querySelectorAll(".r")].filter((row) => !all.has(row));
  return [seen.length, made.length];
}"""


def test_what_stays_as_it_is_is_not_written_again(
    show: Show, row: Callable[..., Shape], finding: Callable[..., Shape]
) -> None:
    page = show(make_suite(row, finding)).page
    page.locator("#unfold").click()
    page.locator("#grid [tabindex='0']").focus()
    for code, most in WRITTEN.items():
        written, made = page.evaluate(TOUCH, code)
        assert (written <= most, made <= 1) == (True, True), code
    for code in REUSED:
        written, made = page.evaluate(TOUCH, code)
        assert made < 10, code  # those that stand where there were fewer

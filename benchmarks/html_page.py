"""The HTML page of a large suite: its size, and how long each thing one does takes.

500 scenarios of 20 calls by every known api-version, each call with a body of its
own, in a Chromium or Chrome that is on the machine. An action is timed in the
page, from its event to the frame after it. `elements` is how many elements the
document then holds. Without a browser only the writing of the page is measured.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measure import (
    SETUP,
    Figures,
    Row,
    Target,
    find_medians,
    is_installed,
    make_parser,
    show,
)

from azml_contract.contract.catalog import known_versions
from azml_contract.report.html import render_html

if TYPE_CHECKING:
    from playwright.sync_api import Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LIMIT_MS = 100
ACTIONS = {
    "expand all": "document.getElementById('unfold').click()",
    "jump to the end": "document.getElementById('grid').scrollTop = 1e9",
    "scroll a screen": "document.getElementById('grid').scrollTop -= 600",
    "filter by status": "document.querySelector('[data-status=ignored]').click()",
    "search": "type('story_005 docker')",
    "open a cell": "document.querySelector('.r:not(.group) .c.ignored').click()",
    "next cell by key": "press('ArrowRight')",
    "stable only": "pick('kinds', 'stable')",
    "clear": "document.getElementById('clear').click()",
}
TIMED = """async (code) => {
  const type = (text) => {
    const search = document.getElementById("search");
    search.value = text;
    search.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
  };
  const press = (key) => document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true }));
  const pick = (id, value) => {
    document.getElementById(id).value = value;
    document.getElementById(id).dispatchEvent(new Event("change"));
  };
  const started = performance.now();
  new Function("type", "press", "pick", code)(type, press, pick);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return [performance.now() - started, document.getElementsByTagName("*").length];
}"""


def make_report(stories: int) -> dict[str, Any]:
    """A report of `stories` scenarios."""
    return {"rows": list(make_rows(stories))}


def make_rows(stories: int) -> Iterator[dict[str, Any]]:
    """Calls that break at one of five versions, and stay broken."""
    versions = known_versions()
    fares = [dict(zip(versions, make_cells(5 * n + 3), strict=True)) for n in range(5)]
    for story in range(stories):
        for step in range(20):
            name = f"{story}-{step}"
            body = {"properties": {"docker": {"dockerImageUri": name}}}
            uri = f"https://management.azure.com/jobs/{name}?api-version=2021-03-01"
            yield {
                "scenario": f"suite_{story % 20:02}/story_{story:03}",
                "step": step,
                "operation": f"Operation{step}_CreateOrUpdate",
                "label": f"PUT environments {step}",
                "recorded": versions[0],
                "versions": fares[(story + step) % 5],
                "request": {"method": "PUT", "uri": uri, "body": {"json": body}},
            }


def make_cells(since: int) -> Iterator[dict[str, Any]]:
    """A cell for each version; from index `since` on the call breaks."""
    for index, version in enumerate(known_versions()):
        finding = {
            "code": "AZC111",
            "severity": "error",
            "message": f"`docker` is `image` at {version}.",
            "pointer": "/properties/docker",
            "cure": "Send docker.dockerImageUri as `image`.",
        }
        broken = index >= since
        status = "ignored" if broken else "ok"
        yield {"status": status, "findings": [finding] if broken else []}


def time_actions(page: Page) -> Iterator[tuple[str, Figures]]:
    """Each action once, in the order of `ACTIONS`."""
    for name, code in ACTIONS.items():
        took, elements = page.evaluate(TIMED, code)
        yield name, {"ms": took, "elements": float(elements)}


def measure_page(file: Path, program: str, rounds: int) -> dict[str, Figures]:
    """The medians of loading the page, and of each action on it."""
    from playwright.sync_api import sync_playwright

    found: dict[str, list[Figures]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        for _ in range(rounds):
            context = browser.new_context(bypass_csp=True)
            page = context.new_page()
            page.goto(file.as_uri())
            loaded = "performance.timing.domComplete - performance.timing.fetchStart"
            size = "document.getElementsByTagName('*').length"
            figures = {"ms": page.evaluate(loaded), "elements": page.evaluate(size)}
            found.setdefault("load", []).append(figures)
            for name, taken in time_actions(page):
                found.setdefault(name, []).append(taken)
            context.close()
        browser.close()
    return {name: find_medians(each) for name, each in found.items()}


def main() -> None:
    """Measure and print."""
    args = make_parser(__doc__ or "").parse_args()
    report = make_report(20 if args.quick else 500)
    started = time.perf_counter()
    text = render_html(report, None, "suite")
    rows: list[Row] = [
        {
            "contender": "render",
            "calls": len(report["rows"]),
            "versions": len(known_versions()),
            "ms": (time.perf_counter() - started) * 1000,
            "bytes": len(text.encode()),
        }
    ]
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    slowest = None
    if program is None or not is_installed("playwright"):
        why = "make setup-browser" if program is None else SETUP
        rows += [{"contender": name, "absent": why} for name in ("load", *ACTIONS)]
    else:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "page.html")
            file.write_text(text, "utf-8")
            medians = measure_page(file, program, 1 if args.quick else 5)
        rows += [{"contender": name, **figures} for name, figures in medians.items()]
        slowest = max(medians[name]["ms"] for name in ACTIONS)
    target = Target("slowest action, ms", slowest, LIMIT_MS)
    show("html_page", rows, [target], as_json=args.json)


if __name__ == "__main__":
    main()

"""The picture of the README: the page of `regress`, as a browser shows it.

In: the recordings of the workflow. Out: ``docs/images/matrix.png`` and, for dark
screens, ``docs/images/matrix-dark.png``. Needs a Chromium: `make setup-browser`.

    python docs/tools/picture.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
STORY = "cassettes/train_and_sweep"
SIZE = {"width": 1180, "height": 640}


def main() -> int:
    """Make the page, open it, and keep what it shows."""
    browser_program = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder, "matrix.html")
        asked = ("regress", STORY, "--format", "html", "-o", str(page_file))
        command = [sys.executable, "-m", "azml_contract", *asked]
        done = subprocess.run(command, cwd=ROOT, check=False)
        if done.returncode not in (0, 1):
            return done.returncode
        browser = playwright.chromium.launch(
            executable_path=browser_program, args=["--no-sandbox"]
        )
        for scheme, name in (("light", "matrix.png"), ("dark", "matrix-dark.png")):
            page = browser.new_page(
                viewport=SIZE, color_scheme=scheme, device_scale_factor=1
            )
            page.goto(page_file.as_uri())
            page.wait_for_timeout(500)
            page.screenshot(path=IMAGES / name)
            page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

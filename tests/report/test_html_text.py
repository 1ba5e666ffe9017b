"""The page as text: self-contained, small, and closed to what was recorded."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recorded_stories import FIRST

from azml_contract.report.html import render_html

ROOT = Path(__file__).parents[2]
HOSTILE = "</script><script>alert(1)</script><!-- \"'>&amp; {{data}} \u2028"


def data_of(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert found is not None
    return json.loads(found[1])


def unpack(data: Any) -> list[dict[str, Any]]:
    """Rows again, from the tables."""
    names = ("code", "severity", "message", "pointer", "cure", "side", "evidence")
    rows = []
    for group, step, operation, label, request, _, pattern, _ in data["rows"]:
        versions = {}
        cells = data["patterns"][pattern]
        for version, cell in zip(data["versions"], cells, strict=True):
            status, _, *found = data["cells"][cell]
            findings = []
            for packed in (data["findings"][index] for index in found):
                texts = (data["texts"][index] for index in packed[: len(names)])
                finding = dict(zip(names, texts, strict=True))
                findings.append(finding | {"expected": packed[-2], "seen": packed[-1]})
            versions[version] = {
                "status": data["statuses"][status],
                "findings": findings,
            }
        row = {
            "scenario": data["groups"][group][0],
            "step": step,
            "operation": data["texts"][operation],
            "label": data["texts"][label],
            "recorded": data["groups"][group][1],
            "versions": versions,
        }
        rows.append(
            row | ({"request": data["exchanges"][request]} if request >= 0 else {})
        )
    return rows


def test_packing_loses_nothing(small_report: dict[str, Any]) -> None:
    page = render_html(small_report, None, "t")
    assert unpack(data_of(page)) == small_report["rows"]


def test_versions_stand_in_order_of_time_whatever_order_they_come_in(
    row: Callable[..., dict[str, Any]],
) -> None:
    made = row("s", 0, "Jobs_Get")
    cell = {"status": "ok", "findings": []}
    names = ["2024-04-01", "2023-10-01", "2024-04-01-preview"]
    made["versions"] = dict.fromkeys(names, cell)
    data = data_of(render_html({"rows": [made]}, None, "t"))
    assert data["versions"] == ["2023-10-01", "2024-04-01-preview", "2024-04-01"]


def test_what_repeats_is_held_once(small_report: dict[str, Any]) -> None:
    once = len(render_html(small_report, None, "t"))
    rows = small_report["rows"]
    many = [row | {"scenario": f"s{i}"} for i in range(250) for row in rows]
    grown = len(render_html({"rows": many}, None, "t")) - once
    assert grown / len(many) < 40  # bytes a call; one has 34 cells and a body


def test_the_policy_allows_the_one_script_and_style_and_no_connection(
    small_report: dict[str, Any],
) -> None:
    page = render_html(small_report, None, "t")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    allowed = policy[1].replace("&#x27;", "'")
    assert allowed.startswith("default-src 'none'; ")
    assert "unsafe" not in allowed
    for name in ("script", "style"):
        inline = re.findall(rf"<{name}>(.*?)</{name}>", page, re.DOTALL)
        assert len(inline) == 1
        digest = base64.b64encode(hashlib.sha256(inline[0].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in allowed


def test_the_page_names_no_other_file_or_host() -> None:
    page = render_html({"rows": []}, None, "t")
    assert re.findall(r"""(?:src|href)=["']?([^"'\s>]+)""", page) == ["data:,"]
    assert not re.findall(r"https?://|@import|url\(", page)


def test_recorded_text_cannot_become_markup(
    row: Callable[..., dict[str, Any]], finding: Callable[..., dict[str, Any]]
) -> None:
    bad = finding("AZC101", f"/{HOSTILE}", HOSTILE, cure=HOSTILE, seen=HOSTILE)
    request = {"method": "PUT", "uri": HOSTILE, "body": {"json": {HOSTILE: HOSTILE}}}
    made = row(
        HOSTILE,
        0,
        HOSTILE,
        request=request,
        statuses={"2024-04-01": ("refused", bad)},
    )
    page = render_html({"rows": [made]}, None, HOSTILE)
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert "alert(1)</" not in page
    assert unpack(data_of(page)) == [made]
    assert data_of(page)["title"] == HOSTILE


def test_text_that_is_no_unicode_can_still_be_written(
    row: Callable[..., dict[str, Any]],
) -> None:
    made = row("\udc80", 0, "Jobs_Get")
    page = render_html({"rows": [made]}, None, "t")
    page.encode("utf-8")
    assert data_of(page)["groups"][0][0] == "\udc80"


def test_every_part_of_the_page_is_shipped() -> None:
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = shipped["tool"]["setuptools"]["package-data"]["azml_contract"]
    for part in (ROOT / "azml_contract" / "report" / "html_page").iterdir():
        assert f"**/*{part.suffix}" in patterns, part.name


def test_regress_writes_the_page_with_bodies_coverage_and_edits(tmp_path: Path) -> None:
    file = tmp_path / "out.html"
    command = [sys.executable, "-m", "azml_contract", "regress", str(FIRST)]
    done = subprocess.run([*command, "--format", "html", "-o", str(file)], check=False)
    assert done.returncode == 1
    data = data_of(file.read_text("utf-8"))
    (group,) = data["groups"]
    scenario, recorded, target, goal, edits = group
    assert (scenario, recorded) == (
        "train_and_sweep/asset_to_sweep",
        "2021-03-01-preview",
    )
    assert target == "emulator"
    assert goal == data["versions"][-1]
    assert "PUT jobs Command: /compute/target -> /computeId" in edits
    assert all(request >= 0 for _, _, _, _, request, *_ in data["rows"])
    (covered,) = data["coverage"]["versions"]
    assert covered["api_version"] == "2021-03-01-preview"
